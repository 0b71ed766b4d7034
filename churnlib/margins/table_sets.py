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

CHUNK = 1 << 12  # tables that are filled further at a time
QUICK, MOST = 1 << 20, 1 << 25  # numbers remembered in counting, unasked and at all


@dataclass(frozen=True, eq=False)
class TableSet:
    """The tables that could be the unpublished one. Make it with `of`, which checks the margins."""

    rows: pd.Series
    columns: pd.Series
    constraints: tuple[Constraint, ...]
    origin: Origin

    @classmethod
    def of(cls, row: Any, column: Any, constraints: Sequence[Constraint] = ()) -> TableSet:
        """Make the set from two margins; `bounds` says what they and the errors are."""
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
    def expected(self) -> np.ndarray:
        """People expected in each cell under independence."""
        return np.outer(self.rows.astype(float), self.columns) / self.rows.sum()

    @cached_property
    def margins(self) -> tuple[Limit, ...]:
        """The margins as limits of each row and then of each column."""
        row, column = np.indices(self.shape)
        in_rows = [Limit(row == i, n, n) for i, n in enumerate(self.rows)]
        return (*in_rows, *(Limit(column == j, n, n) for j, n in enumerate(self.columns)))

    @cached_property
    def limits(self) -> tuple[Limit, ...]:
        """The constraints in numbers."""
        return tuple(each.limit(self.rows, self.columns) for each in self.constraints)

    @cached_property
    def sums(self) -> tuple[Limit, ...]:
        """Those limits that hold for several cells together and not for each alone."""
        return tuple(x for x in self.limits if x.mask.sum() > 1 and (x.low, x.high) != (0, 0))

    @cached_property
    def cells(self) -> np.ndarray:
        """Fewest and most people in each cell, by its margins and the constraints on it alone."""
        low = np.zeros(self.shape, dtype=np.int64)
        high = np.minimum.outer(self.rows.to_numpy(), self.columns.to_numpy())
        for limit in self.limits:
            high[limit.mask] = np.minimum(high[limit.mask], limit.high)
            if limit.mask.sum() == 1:
                low[limit.mask] = np.maximum(low[limit.mask], limit.low)
        return np.stack([low, high])

    def admits(self, stack: np.ndarray) -> np.ndarray:
        """Which of many tables with these margins meet the constraints."""
        low, high = self.cells
        fits = np.all((stack >= low) & (stack <= high), axis=(1, 2))
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
        return self._filled(np.zeros((1, *self.shape), dtype=np.int64), 0)

    def _filled(self, stack: np.ndarray, cell: int) -> Iterator[np.ndarray]:
        """Fill the cells from this one on, column by column, in every way that can be completed."""
        n_rows, n_columns = self.shape
        if cell == n_rows * n_columns:
            if len(fitting := stack[self.admits(stack)]):
                yield fitting
            return
        j, i = divmod(cell, n_rows)
        least, most = self.cells
        for part in (stack[k : k + CHUNK] for k in range(0, len(stack), CHUNK)):
            left = self.rows.to_numpy() - part.sum(axis=2)
            open_column = self.columns.iloc[j] - part[:, :, j].sum(axis=1)
            # What the later cells of this column and of this row can take at most and at least.
            below = np.minimum(left[:, i + 1 :], most[i + 1 :, j]).sum(axis=1)
            low = np.maximum(open_column - below, left[:, i] - most[i, j + 1 :].sum())
            high = np.minimum(open_column, left[:, i] - least[i, j + 1 :].sum())
            low, high = np.maximum(low, least[i, j]), np.minimum(high, most[i, j])
            ways = np.maximum(high - low + 1, 0)
            before = np.repeat(np.arange(len(part)), ways)
            grown = part[before]
            first = np.cumsum(ways) - ways
            grown[:, i, j] = (low - first)[before] + np.arange(len(before))
            yield from self._filled(grown, cell + 1)

    def count(self) -> int:
        """How many tables there are, without listing them, if no constraint is on a sum."""
        if (size := _remembered(*self._dealt[:2])) > MOST:
            raise ValueError(
                f"counting these tables means remembering {size:.0e} numbers at a time, more than "
                f"{MOST:.0e}; combine some levels first"
            )
        # Whole numbers of the machine are exact modulo 2⁶⁴, hence exact if the count is below.
        return int(_ways(*self._dealt, np.int64 if _ways(*self._dealt) < 2**62 else object))

    def at_most(self, budget: int) -> bool:
        """Return True if there are so few tables, as far as that can be told quickly."""
        # The cells outside one row and one column determine the others.
        free = np.delete(np.ptp(self.cells, axis=0) + 1.0, self.rows.argmax(), axis=0)
        if prod(np.delete(free, self.columns.argmax(), axis=1).ravel().tolist()) <= budget:
            return True
        return _remembered(*self._dealt[:2]) <= QUICK and bool(_ways(*self._dealt) <= budget)

    @property
    def _dealt(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Rows, columns and limits of the cells, turned if less is remembered so."""
        rows, columns = self.rows.to_numpy(), self.columns.to_numpy()
        if _remembered(columns, rows) < _remembered(rows, columns):
            return columns, rows, self.cells.transpose(0, 2, 1)
        return rows, columns, self.cells


def _remembered(rows: np.ndarray, columns: np.ndarray) -> float:
    """Numbers to remember at a time in counting tables."""
    return prod([*(np.sort(columns)[:-1] + 1.0).tolist(), float(rows.max() + 1)])


def _ways(rows: np.ndarray, columns: np.ndarray, cells: np.ndarray, kind: Any = np.float64) -> Any:
    """Number of tables in arithmetic of this kind.

    Rows are dealt to columns one by one: in how many ways is so much in each but the largest?
    """
    *order, last = np.argsort(columns, kind="stable")
    few = columns[order]
    ways = np.zeros(few + 1, dtype=kind)
    ways[(0,) * len(few)] = 1
    for row, low, high in zip(rows, *cells, strict=True):
        # The last axis is what of the present row has been dealt to the columns but the last.
        within = np.zeros((*ways.shape, row + 1), dtype=kind)
        within[..., 0] = ways
        for axis, column in enumerate(order):
            within = _spread(within, axis, low[column], high[column])
        # The rest of it goes to the last, which has its margin if all the others have theirs.
        ways = within[..., max(row - high[last], 0) : max(row - low[last] + 1, 0)].sum(axis=-1)
    return ways[tuple(few)]


def _spread(within: np.ndarray, axis: int, low: int, high: int) -> np.ndarray:
    """Deal `low` to `high` people of the row to one column: sums along the diagonal."""
    sums = np.moveaxis(within, axis, 0).copy()
    for s in range(1, len(sums)):
        sums[s, ..., 1:] += sums[s - 1, ..., :-1]
    return np.moveaxis(_shifted(sums, low) - _shifted(sums, max(low, high + 1)), 0, axis)


def _shifted(sums: np.ndarray, by: int) -> np.ndarray:
    """The array moved along its diagonal of first and last axis."""
    out = np.zeros_like(sums)
    if by < min(len(sums), sums.shape[-1]):
        out[by:, ..., by:] = sums[: len(sums) - by, ..., : sums.shape[-1] - by]
    return out


def _margin(given: Any, what: str) -> pd.Series:
    if isinstance(given, FrequencyTable):
        given = given.counts
    wrong = f"the {what} is a list of counts, one a level; given {given!r}"
    if isinstance(given, str) or not isinstance(given, Iterable):
        raise TypeError(wrong)
    if not isinstance(given, pd.Series):
        given = pd.Series(dict(given) if isinstance(given, Mapping) else list(given), dtype=object)
    if len(given) == 0 or any(np.ndim(count) for count in given):
        raise ValueError(wrong)
    if not given.index.is_unique:
        raise ValueError(f"a level stands twice in the {what}: {list(given.index)}")
    whole = whole_counts(given.to_numpy(dtype=object), f"counts of the {what}")
    if whole.sum() == 0:
        raise ValueError(f"the {what} counts nobody")
    return pd.Series(whole, given.index, name="n")
