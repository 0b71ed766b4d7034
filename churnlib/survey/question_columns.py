"""The columns of an export that hold the answers to each question of a codebook."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import pandas as pd

from churnlib.survey.answer_text import normalise
from churnlib.survey.codebook import Codebook

QUESTION_NUMBER = re.compile(r"^\d{1,3}\s*[、.．:：]\s*")
_CLOSING = re.compile(r"[?？:：。*\s]+$")
_BRACKETS = re.compile(r"(?:[?？:：。*\s]|\[[^\]]*\]|【[^】]*】)+$")


def columns_of(raw: pd.DataFrame, codebook: Codebook) -> dict[str, str]:
    """Find the column of each question that has one, as `question_columns` does."""
    columns = question_columns(raw, codebook)
    return {key: headers[0] for key, headers in columns.items() if len(headers) == 1}


def question_columns(raw: pd.DataFrame, codebook: Codebook) -> dict[str, list[str]]:
    """Find the columns of each variable by its key, label or wording, past a leading number.

    A scale is made of other variables, a weight is no question, and what tells who answered is
    not read: they have none. A variable without a column or with more than one is an error.
    """
    columns = {}
    try:
        for key in codebook.of_kind("single", "multiple", "number", "text"):
            options = [level.column for level in codebook[key].levels if level.column]
            columns[key] = [
                _header(raw.columns, [option], codebook, key, f", option {option!r},")
                for option in options
            ] or [column_of(raw.columns, codebook, key)]
    except ValueError as error:
        if dropped := raw.attrs.get("dropped"):
            raise ValueError(
                f"{error}. Dropped as personal were {', '.join(dropped)}; keep = [HEADER] in the "
                "codebook or --keep HEADER keeps one"
            ) from None
        raise
    return columns


def column_of(headers: Iterable[Any], codebook: Codebook, variable: str) -> Any:
    """Find the column of one variable, as `question_columns` does."""
    question = codebook[variable]
    texts = (variable, *question.labels.values(), *question.questions)
    return _header(headers, texts, codebook, variable)


def _header(
    headers: Iterable[Any], texts: Iterable[str], book: Codebook, variable: str, option: str = ""
) -> Any:
    headers, wordings = list(headers), set(map(wording, texts))
    matching = [header for header in headers if wording(str(header)) in wordings]
    # [single choice] behind a question is a remark; in "Question [Row]" it tells the rows apart.
    matching = matching or [h for h in headers if wording(_BRACKETS.sub("", str(h))) in wordings]
    if len(matching) != 1:
        several = f"several columns: {', '.join(map(str, matching))}" if matching else "no column"
        raise ValueError(
            f"the question {variable!r}{option} has {several}; the columns are "
            f"{', '.join(map(str, headers))}. Say its wording in 'questions' under "
            f"[variables.{variable}] in {book.where}, or remove the column that is not meant"
        )
    return matching[0]


def wording(header: str) -> str:
    """Return what a question asks, in one spelling, without its number and closing marks.

    Examples
    --------
    >>> wording("3、您的学历？")
    '您的学历'
    """
    return normalise(_CLOSING.sub("", QUESTION_NUMBER.sub("", header.strip())))
