"""The cells of an export as text, before anybody has said what is a header and what an answer."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from churnlib.survey.answer_text import CONTROL, normalise

TOTAL = re.compile(
    r"合计|总计|小计|总和|总数|平均|平均值|平均数|均值|(?:grand|sub)?total|sum|average|mean"
)


@dataclass(frozen=True)
class RawTable:
    """Rows of cells, and what was noticed and decided while they were read.

    Parameters
    ----------
    rows : sequence of sequence of str
        All rows of the file in order, blank ones too, so that a place is a row number less one.
    notes : sequence of str
        Sentences for the user.
    orders : mapping of str to list of str
        Answers in the order of the codes that the file keeps, by header.
    ordinal : mapping of str to bool
        Whether the file calls a question ordinal, where it says so.
    names : mapping of str to str
        Short names of questions beside their wordings, by header.
    """

    rows: Sequence[Sequence[str]]
    notes: Sequence[str] = ()
    orders: Mapping[str, list[str]] = field(default_factory=dict)
    ordinal: Mapping[str, bool] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)

    def numbered(self) -> list[tuple[int, list[str]]]:
        """Rows that hold something, with their numbers, without control characters."""
        rows = [(i, [CONTROL.sub("", cell) for cell in row]) for i, row in enumerate(self.rows, 1)]
        return [(number, row) for number, row in rows if any(cell.strip() for cell in row)]


Numbered = list[tuple[int, list[str]]]


def without_repeats(header: Sequence[str], answers: Numbered, notes: list[str]) -> Numbered:
    """Leave out rows that repeat the header or sum up the others, and say so.

    A row of totals is one whose only word is such as ``Total`` or ``合计``, which stands nowhere
    else in its column, beside blank cells or the sums, means or counts of those above.
    """
    repeated = [n for n, row in answers if [c.strip() for c in row[: len(header)]] == [*header]]
    if repeated:
        notes.append(f"row {_listed(repeated)} repeats the header and was left out")
    kept = [(number, row) for number, row in answers if number not in repeated]
    for number, row in [entry for entry in kept if _says_total(entry[1])]:
        others = [other for n, other in kept if n != number]
        words = [cell for cell in map(normalise, row) if cell and _number(cell) is None]
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


def _says_total(row: Sequence[str]) -> bool:
    return any(TOTAL.fullmatch(normalise(cell).strip(":")) for cell in row)


def _sums_up(row: Sequence[str], others: Sequence[Sequence[str]]) -> bool:
    """Whether every number in the row is the sum, the mean or the count of its column."""
    for place, cell in enumerate(row):
        if (said := _number(cell)) is None:
            continue
        cells = [other[place] for other in others if place < len(other) and other[place].strip()]
        column = [n for n in map(_number, cells) if n is not None]
        total = sum(column)
        likely = (total, total / max(len(column), 1), len(cells))
        if not any(abs(said - one) <= 0.005 * max(1, abs(one)) for one in likely):
            return False
    return True


def _number(cell: str) -> float | None:
    try:
        return float(normalise(cell).removesuffix("%").replace(",", ""))
    except ValueError:
        return None


def _listed(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers))
