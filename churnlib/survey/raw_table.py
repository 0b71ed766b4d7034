"""The cells of an export as text, before anybody has said what is a header and what an answer."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from churnlib.survey.answer_text import CONTROL, normalise

TOTAL = re.compile(
    r"(?:合计|总计|小计|总和|总数|平均|平均值|平均数|均值|(?:grand|sub)?total|sum|average|mean):*"
)
Numbered = list[tuple[int, list[str]]]


@dataclass(frozen=True)
class RawTable:
    """Rows of cells, and what was noticed and decided while they were read.

    Parameters
    ----------
    rows : sequence of sequence of str
        All rows of the file in order, blank ones too, so that a place is a row number less one.
    notes : sequence of str
        Sentences for the user.
    orders, ordinal, names : mapping
        By header, where the file knows: answers in the order of their codes, whether that order
        means something, and the short name of the question.
    """

    rows: Sequence[Sequence[str]]
    notes: Sequence[str] = ()
    orders: Mapping[str, list[str]] = field(default_factory=dict)
    ordinal: Mapping[str, bool] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)

    def numbered(self) -> Numbered:
        """Rows that hold something, with their numbers, without control characters."""
        rows = [(i, [CONTROL.sub("", cell) for cell in row]) for i, row in enumerate(self.rows, 1)]
        return [(number, row) for number, row in rows if any(cell.strip() for cell in row)]


def without_repeats(header: Sequence[str], answers: Numbered, notes: list[str]) -> Numbered:
    """Leave out rows that repeat the header or sum up the others, and say so.

    A row of totals is one whose only word is such as ``Total`` or ``合计``, which stands nowhere
    else in its column, beside blank cells or the sums, means or counts of those above.
    """
    repeated = [n for n, row in answers if [c.strip() for c in row[: len(header)]] == [*header]]
    if repeated:
        notes.append(f"row {', '.join(map(str, repeated))} repeats the header and was left out")
    kept = [(number, row) for number, row in answers if number not in repeated]
    for number, row in [entry for entry in kept if any(map(_is_total, entry[1]))]:
        others = [other for n, other in kept if n != number]
        words = [cell for cell in map(normalise, row) if re.search(r"[^-\d.,%]", cell)]
        if len(words) > 1 or any(words[0] in map(normalise, other) for other in others):
            continue
        if _sums_up(row, others):
            kept = [entry for entry in kept if entry[0] != number]
            notes.append(f"row {number} holds totals ({words[0]!r}) and was left out")
        else:
            notes.append(
                f"row {number} reads {words[0]!r} and was kept as an answer sheet; if it holds "
                "totals, delete it in the file"
            )
    return kept


def _is_total(cell: str) -> bool:
    return TOTAL.fullmatch(normalise(cell)) is not None


def _sums_up(row: Sequence[str], others: Sequence[Sequence[str]]) -> bool:
    """Whether every number in the row is the sum, the mean or the count of its column."""
    cells = pd.DataFrame([row, *others], dtype="str").fillna("")
    numbers = cells.apply(lambda c: pd.to_numeric(c.str.replace("[,%]", "", regex=True), "coerce"))
    given, column = numbers.iloc[0].dropna(), numbers.iloc[1:]
    likely = pd.DataFrame([column.sum(), column.mean(), cells.iloc[1:].ne("").sum()])[given.index]
    return bool(((likely - given).abs() <= 0.005 * likely.abs().clip(lower=1)).any().all())
