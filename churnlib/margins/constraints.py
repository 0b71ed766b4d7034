"""Cells of a table, and what is said of the people in them beyond the margins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor
from typing import Any, Literal

import numpy as np
import pandas as pd

from churnlib.evidence import Reported
from churnlib.tables import Crosstab

Base = Literal["row", "column", "total"]
People = Mapping[str, int]


class ContradictionError(ValueError):
    """No table has the given margins and meets these `constraints`, but any part of them."""

    def __init__(self, constraints: tuple[Constraint, ...]) -> None:
        listed = "; ".join(f"({number}) {each}" for number, each in enumerate(constraints, 1))
        what, advice = "this constraint", "Drop"
        if len(constraints) > 1:
            what, advice = "all of these", "Without any one of them there are tables: drop"
        super().__init__(
            f"no table with these margins meets {what}: {listed}. {advice} or correct one"
        )
        self.constraints = constraints


@dataclass(frozen=True)
class Limit:
    """A constraint in numbers: the people in the masked cells are `low` to `high`."""

    mask: np.ndarray
    low: int
    high: int


@dataclass(frozen=True)
class Count:
    """How many people are in cells, named as for a `Constraint`: a statistic for `attainable`.

    Examples
    --------
    >>> table = Crosstab.from_counts([[3, 1], [2, 4]], rows=["m", "f"], columns=["a", "b"])
    >>> Count(("f", ...))(table)
    6.0
    """

    cells: Any

    def __call__(self, table: Crosstab) -> float:
        """The count in one table."""
        counts = table.counts
        return float(counts.to_numpy()[mask_of(self.cells, counts.index, counts.columns)].sum())

    def __str__(self) -> str:
        return f"people in {_in_words(self.cells)}"


@dataclass(frozen=True)
class Constraint:
    """Something said of the people in some cells.

    Parameters
    ----------
    cells : pair, or list of pairs
        ``(row, column)``. Each is a level, a list of levels, or ``...`` for all of them; a list
        of pairs means all their cells together.
    """

    cells: Any
    words = "something of {cells}"

    def __str__(self) -> str:
        return self.words.format(self=self, cells=_in_words(self.cells))

    def limit(self, rows: pd.Series, columns: pd.Series) -> Limit:
        """Translate into counts for a table with these margins."""
        mask = mask_of(self.cells, rows.index, columns.index)
        people = {
            "row": int(rows[mask.any(axis=1)].sum()),
            "column": int(columns[mask.any(axis=0)].sum()),
            "total": int(rows.sum()),
        }
        low, high = self._range(people)
        return Limit(mask, max(low, 0), min(high, people["total"]))

    def _range(self, people: People) -> tuple[int, int]:
        """Fewest and most people in the cells, from those in their rows, columns and in all."""
        raise NotImplementedError(f"{type(self).__name__} says nothing; use one of its kinds")


@dataclass(frozen=True)
class StructuralZero(Constraint):
    """Nobody can be in these cells.

    Examples
    --------
    >>> print(StructuralZero(("le18", ["bachelor", "master_or_above"])))
    nobody in le18 × (bachelor, master_or_above)
    """

    words = "nobody in {cells}"

    def _range(self, people: People) -> tuple[int, int]:
        return 0, 0


@dataclass(frozen=True)
class _Counted(Constraint):
    count: int

    def __post_init__(self) -> None:
        count = self.count
        if isinstance(count, bool) or not isinstance(count, int | np.integer) or count < 0:
            raise ValueError(
                f"a constraint's count is a whole number of 0 or more; given {count!r}"
            )


@dataclass(frozen=True)
class AtLeast(_Counted):
    """So many people or more are in these cells.

    Examples
    --------
    >>> print(AtLeast(("le18", "high_school_or_below"), 14))
    at least 14 in le18 × high_school_or_below
    """

    words = "at least {self.count} in {cells}"

    def _range(self, people: People) -> tuple[int, int]:
        return self.count, people["total"]


@dataclass(frozen=True)
class AtMost(_Counted):
    """So many people or fewer are in these cells.

    Examples
    --------
    >>> print(AtMost([("ge60", ...), ("40-59", "bachelor")], 60))
    at most 60 in ge60 × all and 40-59 × bachelor
    """

    words = "at most {self.count} in {cells}"

    def _range(self, people: People) -> tuple[int, int]:
        return 0, self.count


@dataclass(frozen=True)
class PrintedShare(Constraint):
    """A percentage was printed for these cells, rounded as its digits show.

    Parameters
    ----------
    share : Reported or str
        As printed, ``"43.5"`` or ``"43.5%"``.
    of : {"row", "column", "total"}
        The people it is a percentage of: all in the rows named, all in the columns named, or
        everybody.

    Examples
    --------
    >>> print(PrintedShare(("female", "6+"), "30.5%", of="row"))
    30.5% of the row in female × 6+
    """

    share: Reported | str
    of: Base
    words = "{self.reported.text} of the {self.of} in {cells}"

    def __post_init__(self) -> None:
        _require_base(self.of)
        _ = self.reported

    @property
    def reported(self) -> Reported:
        """The share with its rounding interval."""
        return self.share if isinstance(self.share, Reported) else Reported(self.share)

    def _range(self, people: People) -> tuple[int, int]:
        return _counts(self.reported.low, self.reported.high, people[self.of])


@dataclass(frozen=True)
class BarHeight(Constraint):
    """A bar of a printed chart, as high as one can measure it.

    Parameters
    ----------
    height, error : float or str
        In percent: the bar ends between ``height - error`` and ``height + error``.
    of : {"row", "column", "total"}
        As for `PrintedShare`.

    Examples
    --------
    >>> print(BarHeight(("female", "6+"), 30, error=1.5, of="row"))
    a bar of 30 ± 1.5 % of the row for female × 6+
    """

    height: float | str
    error: float | str
    of: Base
    words = "a bar of {self.height} ± {self.error} % of the {self.of} for {cells}"

    def __post_init__(self) -> None:
        _require_base(self.of)
        if not (0 <= float(self.height) <= 100 and 0 <= float(self.error) < float("inf")):
            raise ValueError(
                "a bar has a height from 0 to 100 percent and an error of 0 or more; "
                f"given {self.height} ± {self.error}"
            )

    def _range(self, people: People) -> tuple[int, int]:
        height, error = Fraction(str(self.height)), Fraction(str(self.error))
        return _counts(height - error, height + error, people[self.of])


def mask_of(cells: Any, rows: pd.Index, columns: pd.Index) -> np.ndarray:
    """Cells as an array of truth values, rows by columns."""
    mask = np.zeros((len(rows), len(columns)), dtype=bool)
    for row, column in _pairs(cells):
        mask[np.ix_(_positions(row, rows, "row"), _positions(column, columns, "column"))] = True
    return mask


def _pairs(cells: Any) -> list[tuple[Any, Any]]:
    pairs = cells if isinstance(cells, list) else [cells]
    if not pairs or not all(isinstance(pair, tuple) and len(pair) == 2 for pair in pairs):
        raise ValueError(
            "cells are a pair (row, column) or a list of such pairs, each a level, a list of "
            f"levels or ...; given {cells!r}"
        )
    return pairs


def _positions(chosen: Any, levels: pd.Index, what: str) -> np.ndarray:
    if chosen is ...:
        return np.arange(len(levels))
    chosen = chosen if isinstance(chosen, list) else [chosen]
    for level in chosen:
        if level not in levels:
            raise KeyError(f"no {what} {level!r}; the {what}s are {', '.join(map(str, levels))}")
    return np.asarray(levels.get_indexer(chosen))


def _in_words(cells: Any) -> str:
    """Cells as a reader would name them."""

    def word(levels: Any) -> str:
        if levels is ...:
            return "all"
        return f"({', '.join(map(str, levels))})" if isinstance(levels, list) else str(levels)

    return " and ".join(f"{word(row)} × {word(column)}" for row, column in _pairs(cells))


def _counts(low: Fraction, high: Fraction, base: int) -> tuple[int, int]:
    """Counts out of `base` whose percentage lies between the two; none if low exceeds high."""
    return ceil(low * base / 100), floor(high * base / 100)


def _require_base(of: str) -> None:
    if of not in {"row", "column", "total"}:
        raise ValueError(f'a percentage is of a "row", a "column" or the "total"; given {of!r}')
