"""What the cells of one question become: a level, several, a number, or whether there was text."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from churnlib.evidence import NAN
from churnlib.survey.answer_text import as_text, normalise
from churnlib.survey.codebook import Codebook
from churnlib.survey.levels import LabelError, Variable

SEPARATORS = ("┋", "；", ";", "|", ", ", ",", "、", "\n")
"""What stands between the answers in one cell of a multiple-choice question; KoBo's space too."""
TICKED = frozenset(
    [
        "1",
        "yes",
        "y",
        "true",
        "x",
        "✓",
        "√",
        "checked",
        "selected",
        "quoted",
        "mentioned",
        "是",
        "有",
        "选中",
        "已选",
        "选择",
    ]
)
NOT_TICKED = frozenset(
    [
        "0",
        "no",
        "n",
        "false",
        "unchecked",
        "notselected",
        "notquoted",
        "notmentioned",
        "否",
        "无",
        "未选中",
        "未选",
    ]
)
_NUMBER = re.compile(r"[-+]?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]+)?|[-+]?\.[0-9]+")
_CURRENCY = "¥￥$€£"


@dataclass(frozen=True, eq=False)
class Values:
    """The answers to one question.

    Parameters
    ----------
    given : Series
        Levels, tuples of levels, numbers, or 1 for text; NaN where nothing was answered.
    shown : Series of str
        What may be printed of each raw answer; empty for text.
    errors : dict
        By row and header: why an answer cannot be used.
    """

    given: pd.Series
    shown: pd.Series
    errors: dict[tuple[Any, str], LabelError] = field(default_factory=dict)


def number_of(variable: Variable, raw: str) -> float:
    """Read an answer as a number within the limits of its question.

    Raises
    ------
    LabelError
        If it is no number, or none that can be meant.

    Examples
    --------
    >>> from churnlib.survey.answer_text import Interval
    >>> income = Variable("income", {}, (), False, units=("元",), limits=Interval(0, 10**6))
    >>> number_of(income, "￥1,250.5 元")
    1250.5
    """
    text = normalise(raw).strip(_CURRENCY)
    for unit in sorted(map(normalise, variable.units), key=len, reverse=True):
        text = text.removesuffix(unit)
    if not _NUMBER.fullmatch(text):
        raise LabelError(variable.key, raw, "it is no number")
    number = float(text.replace(",", ""))
    if not variable.limits.low <= number <= variable.limits.high:
        raise LabelError(variable.key, raw, "no such number can be meant")
    return number


def options_of(codebook: Codebook, key: str, raw: str) -> tuple[str, ...] | None:
    """Read one cell of a multiple-choice question, ``None`` where nothing was answered.

    A cell that is one level as it stands is that level, whatever signs are in it.

    Raises
    ------
    LabelError
        If part of it is no level of the question.
    """
    try:
        one = codebook.resolve(key, raw)
        return None if one is None else (one,)
    except LabelError:
        pass
    variable = codebook[key]
    for separator in (*SEPARATORS, " "):
        parts = [part for part in raw.split(separator) if part.strip()]
        if len(parts) > 1:
            try:
                ticked = {variable.level_of(part) for part in parts}
            except LabelError:
                continue
            return tuple(level for level in variable.keys if level in ticked)
    raise LabelError(key, raw, "it is no level and no list of levels")


def ticked_options(variable: Variable, cells: Mapping[str, str]) -> tuple[str, ...] | None:
    """Read one cell an option, by level; ``None`` where all are empty.

    A cell ticks its option if it says yes, or holds the option's own text or header.

    Raises
    ------
    LabelError
        If a cell is neither yes, no, empty nor the option itself.
    """
    if not any(cells.values()):
        return None
    ticked = []
    for level in variable.levels:
        text = normalise(cells[level.key])
        own = {normalise(word) for word in (level.key, level.column, *level.labels.values())}
        if text in TICKED or text in own:
            ticked.append(level.key)
        elif text and text not in NOT_TICKED:
            raise LabelError(variable.key, cells[level.key], "it neither ticks the option nor not")
    return tuple(ticked)


def values_of(column: pd.Series, read: Callable[[str], Any], *, shown: bool = True) -> Values:
    """Read each different text of a column once."""
    texts = column.map(as_text)
    values: dict[str, Any] = {}
    wrong: dict[str, LabelError] = {}
    for text in texts.unique():
        try:
            values[text] = read(text)
        except LabelError as error:
            wrong[text] = error
    errors = {(row, str(column.name)): wrong[text] for row, text in texts.items() if text in wrong}
    return Values(texts.map(values), texts if shown else texts.map(lambda _: ""), errors)


def numbers_in(column: pd.Series, codebook: Codebook, key: str) -> Values:
    """Read the column of a number or a weight."""
    missing = codebook.missing_in(key)

    def read(text: str) -> float:
        return NAN if normalise(text) in missing else number_of(codebook[key], text)

    got = values_of(column, read)
    return Values(got.given.astype(float), got.shown, got.errors)


def texts_in(column: pd.Series, codebook: Codebook, key: str) -> Values:
    """Read the column of a free text, of which nothing is kept but whether there is one."""
    missing = codebook.missing_in(key)
    got = values_of(column, lambda text: NAN if normalise(text) in missing else 1.0, shown=False)
    return Values(got.given.astype(float), got.shown, got.errors)


def choices_in(raw: pd.DataFrame, headers: list[str], codebook: Codebook, key: str) -> Values:
    """Read a multiple-choice question from its one column, or from one column an option."""
    variable = codebook[key]
    if not variable.levels[0].column:
        got = values_of(raw[headers[0]], lambda text: options_of(codebook, key, text))
        return Values(got.given.astype(object).where(got.given.notna()), got.shown, got.errors)
    missing = codebook.missing_in(key)
    texts = raw[headers].map(as_text)
    texts = texts.where(~texts.map(lambda text: normalise(text) in missing), "")
    values, errors = {}, {}
    for cells in texts.itertuples():
        row, given = cells[0], dict(zip(variable.keys, cells[1:], strict=True))
        try:
            values[row] = ticked_options(variable, given)
        except LabelError as error:
            errors[row, headers[list(given.values()).index(error.raw)]] = error
    column = pd.Series([values.get(row) for row in raw.index], raw.index, dtype=object)
    shown = column.map(lambda ticked: "" if ticked is None else "┋".join(ticked))
    return Values(column.where(column.notna()), shown, errors)


def item_scores(frame: pd.DataFrame, scale: Variable, codebook: Codebook) -> pd.DataFrame:
    """Return the number that each item's answer counts as, the reversed ones turned round.

    Parameters
    ----------
    frame : DataFrame
        Of a clean survey.
    scale : Variable
        Of kind ``scale``.
    codebook : Codebook
        Its items are there.
    """
    scores = {}
    for item in scale.items:
        numbers = codebook[item].scores
        given = frame[item].map(numbers).astype(float)
        ends = min(numbers.values()) + max(numbers.values())
        scores[item] = ends - given if item in scale.reversed_items else given
    return pd.DataFrame(scores, index=frame.index)
