"""All that is particular to one survey: variables, words, missing answers, and their columns."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pandas as pd

from churnlib.survey.answer_text import as_text, normalise, strip_mark
from churnlib.survey.levels import Kind, Labels, Numbers, Variable

QUESTION_NUMBER = re.compile(r"^\d{1,3}\s*[、.．:：]\s*")
_CLOSING = re.compile(r"[?？:：。*\s]+$")
_BRACKETS = re.compile(r"(?:[?？:：。*\s]|\[[^\]]*\]|【[^】]*】)+$")


@dataclass(frozen=True, eq=False)
class Codebook:
    """The variables of one survey in the order of its file, and every word about them."""

    variables: Mapping[str, Variable]
    words: Mapping[str, Labels] = field(default_factory=dict)  # of tables and figures, by key
    where: str = "the codebook"  # the file it was read from, for error messages
    missing: tuple[str, ...] = ()  # what stands for a declared missing answer
    sheet: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # columns: its id, its time
    common: Mapping[str, Labels] = field(default_factory=dict)  # words of all surveys; asked last
    reading: Mapping[str, Any] = field(default_factory=dict)  # what `read_answers` is given
    response: str = ""  # the question that an analysis explains, if it is named
    guesses: tuple[str, ...] = ()  # what a draft could not know and nobody has decided yet

    def of_kind(self, *kinds: Kind) -> list[str]:
        """Return the variables of these kinds."""
        return [key for key, variable in self.variables.items() if variable.kind in kinds]

    @cached_property
    def missing_spellings(self) -> frozenset[str]:
        """Normalised texts of a declared missing answer; an empty cell is always one."""
        return frozenset(map(normalise, self.missing)) | {""}

    def missing_in(self, variable: str) -> frozenset[str]:
        """The same for one question, which may have missing answers of its own."""
        own = self[variable].missing
        return self.missing_spellings if own is None else frozenset(map(normalise, own)) | {""}

    def resolve(self, variable: str, raw: Any, *, numbers: Numbers | None = None) -> str | None:
        """Give the level that an answer as typed belongs to, ``None`` for a declared missing one.

        The rules, in this order: remove an option mark; bring widths, dashes and spaces to one
        form; know declared missing answers; know an option number; know a level by its key, its
        labels or its aliases; read a band of whole numbers, which must lie inside one level.
        Nothing is matched by likeness. `numbers` says what a bare number is, an option's number or
        a quantity, where the codebook does not.

        Raises
        ------
        LabelError
            If the answer must not be given a level.
        KeyError
            If there is no such variable.

        Examples
        --------
        >>> from churnlib.survey import load_codebook
        >>> book = load_codebook()
        >>> book.resolve("age", "Ｂ．４０－４９ 岁"), book.resolve("gender", "(跳过)")
        ('40-59', None)
        >>> book.resolve("age", "18-25岁")
        Traceback (most recent call last):
        churnlib.survey.levels.LabelError: '18-25岁' is no answer to 'age': it does not lie inside \
one level but reaches into le18 and 19-29
        """
        question, text = self[variable], as_text(raw)
        bare = text if text.strip() in question.written else strip_mark(text)
        if {normalise(text), normalise(bare)} & self.missing_in(variable):
            return None
        return question.level_of(text, numbers)

    def __getitem__(self, variable: str) -> Variable:
        if variable not in self.variables:
            names = ", ".join(self.variables)
            raise KeyError(f"{self.where} has no variable {variable!r}; it has {names}")
        return self.variables[variable]

    def labeller(self, lang: str) -> Callable[[str], str]:
        """Return the function that words a key in one language.

        A key is a variable (``"age"``), a level (``"age.le18"``, or ``"le18"`` where only one
        variable has it) or one of the other words. A missing label is a `KeyError`: an unlabelled
        bar is a defect, not a default.

        Examples
        --------
        >>> from churnlib.survey import load_codebook
        >>> label = load_codebook().labeller("zh-Hans")
        >>> label("age"), label("le18")
        ('年龄', '18岁及以下')
        """

        def label(key: str) -> str:
            labels = self._labels(key)
            if lang not in labels:
                raise KeyError(
                    f"{self.where}: {key!r} has no label in {lang!r}; it has {', '.join(labels)}"
                )
            return labels[lang]

        return label

    def within(self, label: Callable[[str], str], *variables: str) -> Callable[[str], str]:
        """Narrow a labeller to a table of these variables, whose levels others may have too.

        A level that two of them have under different labels is a `KeyError`.
        """

        def word(key: str) -> str:
            owners = [v for v in variables if key in self[v].keys]
            labels = {label(f"{owner}.{key}") for owner in owners} or {label(key)}
            if len(labels) > 1:
                raise KeyError(
                    f"{self.where}: the level {key!r} means {' and '.join(sorted(labels))} in "
                    f"{' and '.join(owners)}; give it two keys"
                )
            return labels.pop()

        return word

    def _labels(self, key: str) -> Labels:
        if key in self.variables:
            return self.variables[key].labels
        if key in self.words:
            return self.words[key]
        variable, _, level = key.partition(".")
        if level and variable in self.variables:
            return self.variables[variable][level].labels
        owners = [v for v in self.variables.values() if key in v.keys]
        if len(owners) > 1:
            names = ", ".join(f"{v.key}.{key}" for v in owners)
            raise KeyError(f"{self.where}: the level {key!r} is in several variables; say {names}")
        if not owners and key not in self.common:
            raise KeyError(f"{self.where} has no variable, level or word {key!r}; add its label")
        return owners[0][key].labels if owners else self.common[key]


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
            options = [level.column for level in codebook[key].levels if level.column] or [""]
            columns[key] = [column_of(raw.columns, codebook, key, option) for option in options]
    except ValueError as error:
        if not (dropped := raw.attrs.get("dropped")):
            raise
        raise ValueError(
            f"{error}. Dropped as personal were {', '.join(dropped)}; keep = [HEADER] in the "
            "codebook or --keep HEADER keeps one"
        ) from None
    return columns


def column_of(headers: Iterable[Any], codebook: Codebook, variable: str, option: str = "") -> Any:
    """Find the column of one variable, or of one option of it, as `question_columns` does."""
    headers, question = list(headers), codebook[variable]
    texts = [option] if option else [variable, *question.labels.values(), *question.questions]
    wordings = {*map(wording, texts)}
    matching = [header for header in headers if wording(str(header)) in wordings]
    # [single choice] behind a question is a remark; in "Question [Row]" it tells the rows apart.
    matching = matching or [h for h in headers if wording(_BRACKETS.sub("", str(h))) in wordings]
    if len(matching) != 1:
        asked = f"{variable!r}, option {option!r}," if option else repr(variable)
        several = f"several columns: {', '.join(map(str, matching))}" if matching else "no column"
        raise ValueError(
            f"the question {asked} has {several}; the columns are "
            f"{', '.join(map(str, headers))}. Say its wording in 'questions' under "
            f"[variables.{variable}] in {codebook.where}, or remove the column that is not meant"
        )
    return matching[0]


def wording(header: str) -> str:
    """Return what a question asks, in one spelling, without its number and closing marks."""
    return normalise(_CLOSING.sub("", QUESTION_NUMBER.sub("", header.strip())))
