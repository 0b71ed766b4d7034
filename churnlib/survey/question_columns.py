"""The columns of an export that hold the answers to each question of a codebook."""

from __future__ import annotations

import re
from collections.abc import Sequence
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
    not read: they have none.

    Raises
    ------
    ValueError
        If a variable has no column or more than one, or an option none.
    """
    headers = list(raw.columns)
    columns = {}
    try:
        for key in codebook.of_kind("single", "multiple", "number", "text"):
            options = [level.column for level in codebook[key].levels if level.column]
            columns[key] = [
                _header({wording(option)}, headers, f"{key!r}, option {option!r},", codebook, key)
                for option in options
            ] or [column_of(headers, codebook, key)]
    except ValueError as error:
        if dropped := raw.attrs.get("dropped"):
            raise ValueError(
                f"{error}. Dropped as personal were {', '.join(dropped)}; keep = [HEADER] in the "
                "codebook or --keep HEADER keeps one"
            ) from None
        raise
    return columns


def column_of(headers: Sequence[Any], codebook: Codebook, variable: str) -> Any:
    """Find the column of one variable, as `question_columns` does.

    Raises
    ------
    KeyError
        If the codebook has no such variable.
    ValueError
        If it has no column or more than one.
    """
    question = codebook[variable]
    wordings = {
        wording(text) for text in (variable, *question.labels.values(), *question.questions)
    }
    return _header(wordings, headers, repr(variable), codebook, variable)


def _header(
    wordings: set[str], headers: Sequence[Any], what: str, codebook: Codebook, variable: str
) -> Any:
    matching = [header for header in headers if wording(str(header)) in wordings]
    # [single choice] behind a question is a remark; in "Question [Row]" it tells the rows apart.
    matching = matching or [h for h in headers if wording(_BRACKETS.sub("", str(h))) in wordings]
    if len(matching) != 1:
        several = f"several columns: {', '.join(map(str, matching))}" if matching else "no column"
        raise ValueError(
            f"the question {what} has {several}; the columns are "
            f"{', '.join(map(str, headers))}. Say its wording in 'questions' under "
            f"[variables.{variable}] in {codebook.where}, or remove the column that is not meant"
        )
    return matching[0]


def wording(header: str) -> str:
    """What a question asks, in one spelling, without its number and closing marks.

    Examples
    --------
    >>> wording("3、您的学历？")
    '您的学历'
    """
    return normalise(_CLOSING.sub("", QUESTION_NUMBER.sub("", header.strip())))
