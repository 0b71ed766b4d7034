"""What is said of a cross-table beyond its margins, as small readable objects."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor
from typing import Any, Literal

import numpy as np
import pandas as pd

from churnlib.evidence import Reported
from churnlib.margins.cell_selection import in_words, mask_of

Base = Literal["row", "column", "total"]


class ContradictionError(ValueError):
    """No table has the given margins and meets these constraints together.

    Parameters
    ----------
    constraints : tuple of Constraint
        A set of which no part is contradictory in itself.
    """

    def __init__(self, constraints: tuple[Constraint, ...]) -> None:
        told = "; ".join(f"({place}) {each}" for place, each in enumerate(constraints, 1))
        many = len(constraints) > 1
        super().__init__(
            f"no table with these margins meets {'all of these' if many else 'this constraint'}: "
            f"{told}. "
            + ("Without any one of them there are tables: drop" if many else "Drop")
            + " or correct one"
        )
        self.constraints = constraints


@dataclass(frozen=True)
class Limit:
    """A constraint in numbers: the people in the masked cells are `low` to `high`."""

    mask: np.ndarray
    low: int
    high: int


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

    def limit(self, rows: pd.Series, columns: pd.Series) -> Limit:
        """Translate into counts for a table with these margins.

        Raises
        ------
        KeyError
            If a level is not among the margins.
        """
        mask = mask_of(self.cells, rows.index, columns.index)
        low, high = self._range(mask, rows.to_numpy(), columns.to_numpy())
        return Limit(mask, max(low, 0), min(high, int(rows.sum())))

    def _range(self, mask: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> tuple[int, int]:
        raise NotImplementedError(f"{type(self).__name__} says nothing; use one of its kinds")


@dataclass(frozen=True)
class StructuralZero(Constraint):
    """Nobody can be in these cells.

    Examples
    --------
    >>> print(StructuralZero(("le18", ["bachelor", "master_or_above"])))
    nobody in le18 × (bachelor, master_or_above)
    """

    def _range(self, mask: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> tuple[int, int]:
        return 0, 0

    def __str__(self) -> str:
        return f"nobody in {in_words(self.cells)}"


@dataclass(frozen=True)
class AtLeast(Constraint):
    """So many people or more are in these cells.

    Examples
    --------
    >>> print(AtLeast(("le18", "high_school_or_below"), 14))
    at least 14 in le18 × high_school_or_below
    """

    count: int

    def __post_init__(self) -> None:
        _require_count(self.count)

    def _range(self, mask: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> tuple[int, int]:
        return self.count, int(rows.sum())

    def __str__(self) -> str:
        return f"at least {self.count} in {in_words(self.cells)}"


@dataclass(frozen=True)
class AtMost(Constraint):
    """So many people or fewer are in these cells.

    Examples
    --------
    >>> print(AtMost([("ge60", ...), ("40-59", "bachelor")], 60))
    at most 60 in ge60 × all and 40-59 × bachelor
    """

    count: int

    def __post_init__(self) -> None:
        _require_count(self.count)

    def _range(self, mask: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> tuple[int, int]:
        return 0, self.count

    def __str__(self) -> str:
        return f"at most {self.count} in {in_words(self.cells)}"


@dataclass(frozen=True)
class PrintedShare(Constraint):
    """A percentage was printed for these cells, rounded as its digits show.

    Parameters
    ----------
    cells
        As for every constraint.
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

    def __post_init__(self) -> None:
        _require_base(self.of)
        _reported(self.share)

    def _range(self, mask: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> tuple[int, int]:
        printed = _reported(self.share)
        return _counts(printed.low, printed.high, _base(self.of, mask, rows, columns))

    def __str__(self) -> str:
        return f"{_reported(self.share).text} of the {self.of} in {in_words(self.cells)}"


@dataclass(frozen=True)
class BarHeight(Constraint):
    """A bar of a printed chart, as high as one can measure it.

    Parameters
    ----------
    cells
        As for every constraint.
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

    def __post_init__(self) -> None:
        _require_base(self.of)
        if not (0 <= float(self.height) <= 100 and 0 <= float(self.error) < float("inf")):
            raise ValueError(
                "a bar has a height from 0 to 100 percent and an error of 0 or more; "
                f"given {self.height} ± {self.error}"
            )

    def _range(self, mask: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> tuple[int, int]:
        height, error = _exact(self.height), _exact(self.error)
        return _counts(height - error, height + error, _base(self.of, mask, rows, columns))

    def __str__(self) -> str:
        return (
            f"a bar of {self.height} ± {self.error} % of the {self.of} for {in_words(self.cells)}"
        )


def _base(of: Base, mask: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> int:
    totals = {"row": rows[mask.any(axis=1)], "column": columns[mask.any(axis=0)], "total": rows}
    return int(totals[of].sum())


def _counts(low: Fraction, high: Fraction, base: int) -> tuple[int, int]:
    """Counts out of `base` whose percentage lies between the two; none if low exceeds high."""
    return ceil(low * base / 100), floor(high * base / 100)


def _reported(share: Reported | str) -> Reported:
    return share if isinstance(share, Reported) else Reported(share)


def _exact(number: float | str) -> Fraction:
    return Fraction(Decimal(str(number)))


def _require_count(count: Any) -> None:
    if isinstance(count, bool) or not isinstance(count, int | np.integer) or count < 0:
        raise ValueError(f"a constraint's count is a whole number of 0 or more; given {count!r}")


def _require_base(of: str) -> None:
    if of not in {"row", "column", "total"}:
        raise ValueError(f'a percentage is of a "row", a "column" or the "total"; given {of!r}')
