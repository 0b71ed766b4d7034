"""What the cells of one question become: a level, several, a number, or whether there was text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd

from churnlib.evidence import NAN
from churnlib.survey.answer_text import as_text, normalise
from churnlib.survey.codebook import QUESTION_NUMBER, Codebook
from churnlib.survey.levels import LabelError, Numbers, Variable

SEPARATORS = ("┋", "；", ";", "|", ", ", ",", "、", "\n", " ")
"""What stands between the answers in one cell of a multiple-choice question, KoBo's space last."""
_YES = "1 yes y true x ✓ √ checked selected quoted mentioned 是 有 选中 已选 选择"
_NO = "0 no n false unchecked notselected notquoted notmentioned 否 无 未选中 未选"
TICKED, NOT_TICKED = frozenset(_YES.split()), frozenset(_NO.split())
NUMBER = r"[-+]?(?:(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]+)?|\.[0-9]+)"
MOST_ANSWERS = 20
"""A column with more different answers than these holds numbers or free text."""
FEW = 0.1
"""Share of words among numbers, or of answers of one's own in a list, that may be."""


@dataclass(frozen=True, eq=False)
class Values:
    """The answers to one question."""

    given: pd.Series
    """Levels, tuples of levels, numbers, or 1 for text; NaN where nothing was answered."""
    shown: pd.Series
    """What may be printed of each raw answer; empty for text."""
    errors: dict[tuple[Any, str], LabelError] = field(default_factory=dict)
    """By row and header: why an answer cannot be used."""


def values_in(raw: pd.DataFrame, headers: Sequence[str], codebook: Codebook, key: str) -> Values:
    """Read the one column of a question, or its columns of one option each."""
    variable, missing, column = codebook[key], codebook.missing_in(key), raw[headers[0]]
    match variable.kind:
        case "multiple" if variable.levels[0].column:
            return _ticked_columns(raw[headers], variable, missing)
        case "multiple":
            return values_of(column, lambda text: _options_in(codebook, key, text), object)
        case "number":
            return values_of(column, lambda text: number_of(variable, text), missing=missing)
        case "text":  # of which nothing is kept but whether there is one
            texts = values_of(column, lambda _: 1.0, missing=missing)
            return replace(texts, shown=texts.shown.map(lambda _: ""))
    return _levels_in(column, codebook, key)


def values_of(
    column: pd.Series,
    read: Callable[[str], Any],
    dtype: Any = float,
    *,
    missing: frozenset[str] = frozenset(),
) -> Values:
    """Read each different text of a column once: a handful stands for any number of rows."""
    texts = column.map(as_text)
    values: dict[str, Any] = {}
    wrong: dict[str, LabelError] = {}
    for text in texts.unique():
        try:
            value = None if normalise(text) in missing else read(text)
            values[text] = NAN if value is None else value
        except LabelError as error:
            wrong[text] = error
    errors = {(row, str(column.name)): wrong[text] for row, text in texts.items() if text in wrong}
    return Values(texts.map(values).astype(dtype), texts, errors)


def resolved(
    column: pd.Series, codebook: Codebook, variable: str
) -> tuple[pd.Series, dict[str, LabelError]]:
    """Levels of the answers in a column, and why some of its texts have none."""
    levels = _levels_in(column, codebook, variable)
    return levels.given, {error.raw: error for error in levels.errors.values()}


def _levels_in(column: pd.Series, codebook: Codebook, key: str) -> Values:
    question, texts = codebook[key], column.map(as_text).unique()
    dates = question.dates_among(texts)
    numbers: Numbers | None = question.numbers
    if not numbers and QUESTION_NUMBER.match(str(column.name)):
        # A numbered question that holds option numbers alone is as a platform exports it.
        answered = {*map(normalise, texts)} - codebook.missing_in(key)
        numbers = "option" if answered and answered <= question.codes.keys() else None

    def level(text: str) -> str | None:
        return dates.get(text) or codebook.resolve(key, text, numbers=numbers)

    return values_of(column, level, pd.CategoricalDtype(question.keys, ordered=question.ordered))


def number_of(variable: Variable, raw: str) -> float:
    """Read an answer as a number within the limits of its question, or raise `LabelError`."""
    text = normalise(raw).strip("¥￥$€£")
    for unit in sorted(map(normalise, variable.units), key=len, reverse=True):
        text = text.removesuffix(unit)
    if not re.fullmatch(NUMBER, text):
        raise LabelError(variable.key, raw, "it is no number")
    number = float(text.replace(",", ""))
    if not variable.limits.low <= number <= variable.limits.high:
        raise LabelError(variable.key, raw, "no such number can be meant")
    return number


def _options_in(codebook: Codebook, key: str, raw: str) -> tuple[str, ...] | None:
    """One level as the cell stands, else several of which each part is one; ``None`` if missing."""
    variable = codebook[key]
    with suppress(LabelError):
        one = codebook.resolve(key, raw)
        return None if one is None else (one,)
    for separator in SEPARATORS:
        with suppress(LabelError):
            if ticked := {variable.level_of(part) for part in _parts(raw, separator)}:
                return tuple(level for level in variable.keys if level in ticked)
    raise LabelError(key, raw, "it is no level and no list of levels")


def _parts(cell: str, separator: str) -> tuple[str, ...]:
    return tuple(filter(None, map(str.strip, cell.split(separator))))


def _ticked_columns(cells: pd.DataFrame, variable: Variable, missing: frozenset[str]) -> Values:
    """The options whose cell says yes, or holds the option's own text or header."""
    answered = pd.DataFrame(index=cells.index)
    errors: dict[tuple[Any, str], LabelError] = {}
    for level, header in zip(variable.levels, cells, strict=True):
        own = {normalise(word) for word in (level.key, level.column, *level.labels.values())}

        def tick(text: str, own: set[str] = own) -> float:
            if (plain := normalise(text)) not in own | TICKED | NOT_TICKED:
                raise LabelError(variable.key, text, "it neither ticks the option nor not")
            return float(plain not in NOT_TICKED - own)

        option = values_of(cells[header], tick, missing=missing)
        answered[level.key] = option.given
        errors |= option.errors
    rows = answered.to_dict("records")
    ticked = [tuple(key for key, tick in row.items() if tick == 1) for row in rows]
    given = pd.Series(ticked, cells.index, dtype=object).where(answered.notna().any(axis=1))
    return Values(given, given.map("┋".join, na_action="ignore").fillna(""), errors)


def item_scores(frame: pd.DataFrame, scale: Variable, codebook: Codebook) -> pd.DataFrame:
    """Return the number that each item's answer counts as, the reversed ones turned round.

    The frame is a clean survey's; `scale` is a variable of kind ``scale``.
    """
    scores = {}
    for item in scale.items:
        numbers = codebook[item].scores
        given = frame[item].map(numbers).astype(float)
        ends = min(numbers.values()) + max(numbers.values())
        scores[item] = ends - given if item in scale.reversed_items else given
    return pd.DataFrame(scores, index=frame.index)


def separator_of(given: Iterable[str]) -> str | None:
    """Return what stands between several answers in one cell, ``None`` for one answer a cell.

    Several answers are parts that come alone or in other company too, never twice in a cell, and
    not always as many: "Yes, definitely" is one answer.
    """
    times = Counter(given)
    for separator in SEPARATORS:
        cells = {text: _parts(text, separator) for text in times}
        several = sum(times[text] for text, parts in cells.items() if len(parts) > 1)
        lists = {*cells.values()}
        company = Counter(part for parts in lists for part in parts)
        if several < max(0.05 * times.total(), 1) or not 1 < len(company) <= MOST_ANSWERS:
            continue
        if separator == "┋":  # no one types it
            return separator
        bound = {part for part, k in company.items() if k == 1 and (part,) not in lists}
        written_in = sum(times[text] for text, parts in cells.items() if {*parts} & bound)
        if (
            len(company) > 2
            and len({*map(len, lists)}) > 1
            and all(len({*parts}) == len(parts) for parts in lists)
            and written_in <= FEW * times.total()
            and (separator != " " or all(re.fullmatch("[a-z0-9_]+", part) for part in company))
        ):
            return separator
    return None
