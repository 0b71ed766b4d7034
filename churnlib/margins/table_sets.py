"""All tables that have given margins and meet given constraints."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any

import numpy as np
import pandas as pd

from churnlib.evidence import Origin, derived
from churnlib.margins.constraints import Constraint, Limit
from churnlib.tables import Crosstab, FrequencyTable, whole_counts

CHUNK = 1 << 17
"""Tables held in memory at a time."""

QUICK, MOST = 1 << 20, 1 << 25
"""Numbers to remember while counting tables: without being asked to, and at all."""


@dataclass(frozen=True, eq=False)
class TableSet:
    """The tables that could be the unpublished one. Make it with `of`, which checks the margins.

    Parameters
    ----------
    rows, columns : Series of int
        The margins, by level.
    constraints : tuple of Constraint
    origin : Origin
        Kind of evidence the margins are.
    """

    rows: pd.Series
    columns: pd.Series
    constraints: tuple[Constraint, ...]
    origin: Origin

    @classmethod
    def of(cls, row: Any, column: Any, constraints: Sequence[Constraint] = ()) -> TableSet:
        """Make the set from two margins.

        Parameters
        ----------
        row, column : FrequencyTable, Series, mapping or sequence of int
            People by level. A sequence's levels are 0, 1, ….
        constraints : sequence of Constraint

        Raises
        ------
        ValueError
            If a margin is empty, fractional or negative, or the two count different people.
        TypeError
            If a margin is no list of counts.
        """
        rows, columns = _margin(row, "row margin"), _margin(column, "column margin")
        if rows.sum() != columns.sum():
            raise ValueError(
                f"the row margin counts {rows.sum()} people and the column margin "
                f"{columns.sum()}; both must count the same people"
            )
        if isinstance(constraints, Constraint):
            constraints = (constraints,)
        for each in constraints:
            if not isinstance(each, Constraint):
                raise TypeError(
                    f"a constraint is for instance AtLeast((row, column), 3); given {each!r}"
                )
        origins = [m.origin for m in (row, column) if isinstance(m, FrequencyTable)]
        origin = derived(*origins) if origins else Origin.OBSERVED
        return cls(rows, columns, tuple(constraints), origin)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return len(self.rows), len(self.columns)

    @cached_property
    def limits(self) -> tuple[Limit, ...]:
        """The constraints in numbers."""
        return tuple(each.limit(self.rows, self.columns) for each in self.constraints)

    @cached_property
    def sums(self) -> tuple[Limit, ...]:
        """Those limits that hold for several cells together and not for each alone."""
        return tuple(x for x in self.limits if x.mask.sum() > 1 and (x.low, x.high) != (0, 0))

    @cached_property
    def lower(self) -> np.ndarray:
        """Fewest people in each cell, by the constraints on that cell alone."""
        lower = np.zeros(self.shape, dtype=np.int64)
        for limit in self.limits:
            if limit.mask.sum() == 1:
                lower[limit.mask] = np.maximum(lower[limit.mask], limit.low)
        return lower

    @cached_property
    def upper(self) -> np.ndarray:
        """Most people in each cell, by its margins and the constraints on it."""
        upper = np.minimum.outer(self.rows.to_numpy(), self.columns.to_numpy())
        for limit in self.limits:
            upper[limit.mask] = np.minimum(upper[limit.mask], limit.high)
        return upper

    def admits(self, stack: np.ndarray) -> np.ndarray:
        """Which of many tables with these margins meet the constraints."""
        fits = np.all((stack >= self.lower) & (stack <= self.upper), axis=(1, 2))
        for limit in self.sums:
            people = stack[:, limit.mask].sum(axis=1)
            fits &= (people >= limit.low) & (people <= limit.high)
        return fits

    def table(self, counts: np.ndarray) -> Crosstab:
        """One table of the set with its levels; their order is that of the margins."""
        frame = pd.DataFrame(counts, self.rows.index, self.columns.index)
        return Crosstab(frame, self.origin, (True, True))

    def stacks(self) -> Iterator[np.ndarray]:
        """Every table, many at a time: arrays of shape (tables, rows, columns)."""
        empty = np.zeros((1, *self.shape), dtype=np.int64)
        for stack in self._filled(empty, 0):
            fitting = stack[self.admits(stack)]
            if len(fitting):
                yield fitting

    def _filled(self, stack: np.ndarray, cell: int) -> Iterator[np.ndarray]:
        """Fill the cells from this one on, column by column, in every way that can be completed."""
        n_rows, n_columns = self.shape
        if cell == n_rows * n_columns:
            yield stack
            return
        j, i = divmod(cell, n_rows)
        left = self.rows.to_numpy() - stack.sum(axis=2)
        open_column = self.columns.iloc[j] - stack[:, :, j].sum(axis=1)
        # What the later cells of this column and of this row can take at most and at least.
        below = np.minimum(left[:, i + 1 :], self.upper[i + 1 :, j]).sum(axis=1)
        low = np.maximum(open_column - below, left[:, i] - self.upper[i, j + 1 :].sum())
        high = np.minimum(open_column, left[:, i] - self.lower[i, j + 1 :].sum())
        low, high = np.maximum(low, self.lower[i, j]), np.minimum(high, self.upper[i, j])
        ways = np.maximum(high - low + 1, 0)
        # Never more than a chunk at a time, unless one table alone branches as often.
        block = np.cumsum(ways) // CHUNK
        for part in np.split(np.arange(len(stack)), np.flatnonzero(np.diff(block)) + 1):
            repeated = np.repeat(part, ways[part])
            if len(repeated) == 0:
                continue
            starts = np.repeat(np.cumsum(ways[part]) - ways[part], ways[part])
            grown = stack[repeated]
            grown[:, i, j] = low[repeated] + np.arange(len(repeated)) - starts
            yield from self._filled(grown, cell + 1)

    def count(self) -> int:
        """How many tables there are, without listing them; constraints on sums are not counted.

        Each row in turn is dealt to the columns: what is remembered is how many tables so far
        have left how much of each column, for all columns but the largest.

        Raises
        ------
        ValueError
            If too much would have to be remembered.
        """
        if (size := _size(self)) > MOST:
            raise ValueError(
                f"counting these tables means remembering {size:.0e} numbers at a time, more than "
                f"{MOST:.0e}; combine some levels first"
            )
        approximate = _dealt(self, np.float64)
        # Whole numbers of the machine are exact modulo 2⁶⁴, hence exact if the count is below.
        kind: Any = np.int64 if approximate < 2**62 else object
        return int(_dealt(self, kind))

    def at_most(self, budget: int) -> bool:
        """Whether there are so few tables, as far as that can be told quickly."""
        # (r − 1)(c − 1) cells determine the others; those that vary most bound the count.
        ranges = np.sort((self.upper - self.lower + 1.0).clip(0).ravel())[::-1].tolist()
        if prod(ranges[: (self.shape[0] - 1) * (self.shape[1] - 1)]) <= budget:
            return True
        if _size(self) > QUICK:
            return False
        return bool(_dealt(self, np.float64) <= budget)


def _margin(given: Any, what: str) -> pd.Series:
    if isinstance(given, FrequencyTable):
        given = given.counts
    if isinstance(given, str) or not isinstance(given, Iterable):
        raise TypeError(f"the {what} is a list of counts, one a level; given {given!r}")
    series = given if isinstance(given, pd.Series) else None
    if series is None:
        is_map = isinstance(given, Mapping)
        series = pd.Series(dict(given) if is_map else list(given), dtype=object)
    if len(series) == 0 or any(np.ndim(count) for count in series):
        raise ValueError(f"the {what} is a list of counts, one a level; given {given!r}")
    if not series.index.is_unique:
        raise ValueError(f"a level stands twice in the {what}: {list(series.index)}")
    whole = whole_counts(series.to_numpy(dtype=object), f"counts of the {what}")
    if whole.sum() == 0:
        raise ValueError(f"the {what} counts nobody")
    return pd.Series(whole, series.index, name="n")


def _oriented(tables: TableSet) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Rows, columns and cell limits, turned so that little must be remembered, largest last."""
    rows, columns = tables.rows.to_numpy(), tables.columns.to_numpy()
    lower, upper = tables.lower, tables.upper
    if _states(rows) < _states(columns):
        rows, columns, lower, upper = columns, rows, lower.T, upper.T
    order = np.argsort(columns, kind="stable")
    return rows, columns[order], lower[:, order], upper[:, order]


def _states(columns: np.ndarray) -> float:
    return prod(np.sort(columns)[:-1].astype(float) + 1)


def _size(tables: TableSet) -> float:
    rows, columns, _, _ = _oriented(tables)
    return _states(columns) * (rows.max() + 1)


def _dealt(tables: TableSet, kind: Any) -> Any:
    """Number of tables in arithmetic of this kind.

    `ways[s, t]` counts the ways to have dealt s to the columns but the last, t of it from the
    present row; the rest of the row goes to the last column.
    """
    rows, columns, lower, upper = _oriented(tables)
    few = columns[:-1]
    ways = np.zeros(few + 1, dtype=kind)
    ways[(0,) * len(few)] = 1
    dealt = 0
    for row, low, high in zip(rows, lower, upper, strict=True):
        dealt += row
        within = np.zeros((*ways.shape, row + 1), dtype=kind)
        within[..., 0] = ways
        for axis in range(len(few)):
            within = _spread(within, axis, int(low[axis]), int(high[axis]))
        first, last = max(row - int(high[-1]), 0), row - int(low[-1])
        ways = within[..., first : last + 1].sum(axis=-1) if last >= first else 0 * ways
        # The last column holds what the others do not, and no more than its margin.
        total = sum(np.ogrid[tuple(slice(0, size) for size in ways.shape)], np.int64(0))
        ways = np.where((dealt - total >= 0) & (dealt - total <= columns[-1]), ways, 0)
    return ways[tuple(few)]


def _spread(within: np.ndarray, axis: int, low: int, high: int) -> np.ndarray:
    """Deal `low` to `high` people of the row to one column: a running sum along the diagonal."""
    lead = np.moveaxis(within, axis, 0)
    size, room = lead.shape[0], lead.shape[-1]
    out = np.zeros_like(lead)
    for s in range(low, size):
        if s:
            out[s, ..., 1:] += out[s - 1, ..., :-1]
        if low < room:
            out[s, ..., low:] += lead[s - low, ..., : room - low]
        if s > high and high + 1 < room:
            out[s, ..., high + 1 :] -= lead[s - high - 1, ..., : room - high - 1]
    return np.moveaxis(out, 0, axis)
