"""Sums of convex functions of single cells: where they are smallest, and where largest."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from churnlib.margins.extremal_forms import PROGRAM, Extreme
from churnlib.margins.integer_programs import solve
from churnlib.margins.table_sets import TableSet

Cost = Callable[[np.ndarray], np.ndarray]
BRANCHES = "branch and bound"
PATHS = "closed paths"
NODES = 4_000
"""Parts of the set that are looked at before the search is broken off."""

RESOLVED = 10_000
"""People among whom the solver's tolerances are finer than the steps of a sum."""

TOLERANCE = 1e-10
"""Difference, as a part of all cells' largest costs, below which two sums are the same."""


@dataclass(frozen=True, eq=False)
class Separable:
    """A sum of convex functions of single cells: χ², G², tau, and the probability of a table.

    Parameters
    ----------
    cost : callable
        From a stack of tables to the function of each cell, of the same shape.
    """

    cost: Cost

    def values(self, stack: np.ndarray) -> np.ndarray:
        """The sum for each table."""
        return np.asarray(self.cost(stack).sum(axis=(1, 2)))

    def least(self, tables: TableSet) -> Extreme:
        """By closed paths where margins alone bind, else by cutting planes.

        At whole numbers a convex function is the largest of its secants. An integer program puts
        a variable above some secants of each cell's function. Where the table that it finds costs
        more, the secants at that table are added.
        """
        if not tables.sums:
            return Extreme(settled(tables, self.cost, solve(tables).table), True, PATHS)
        size = int(np.prod(tables.shape))
        # The solver's tolerances are absolute: let the costs be large beside them.
        scale = 1e4 / (abs(self.cost(tables.upper[None])).sum() or 1.0)
        expected = np.outer(tables.rows.astype(float), tables.columns) / tables.rows.sum()
        points = [np.floor(expected * part) for part in (0, 0.5, 1, 2)]
        best = solve(tables).table
        rows: list[np.ndarray] = []
        most: list[np.ndarray] = []
        seen: set[bytes] = set()
        while True:
            for point in points:
                slope, height = self._secants(point, scale)
                rows.append(np.hstack([np.diag(slope), -np.eye(size)]))
                most.append(slope * point.ravel() - height)
            found = solve(
                tables,
                conditions=np.vstack(rows),
                most=np.concatenate(most),
                extra=[(1.0, -np.inf, np.inf, 0)] * size,
            )
            best = min(best, found.table, key=lambda table: self.values(table[None])[0])
            above = scale * self.values(best[None])[0] - found.value
            # A table met again was the best for functions that were exact there.
            if above <= 1e-6 or found.table.tobytes() in seen:
                return Extreme(best, bool(tables.rows.sum() <= RESOLVED), PROGRAM)
            seen.add(found.table.tobytes())
            points = [np.maximum(found.table - 1.0, 0), found.table * 1.0]

    def _secants(self, point: np.ndarray, scale: float) -> tuple[np.ndarray, np.ndarray]:
        """Slope from each whole number to the next, and the height at the first."""
        here, there = scale * self.cost(np.stack([point, point + 1]))
        return (there - here).ravel(), here.ravel()

    def greatest(self, tables: TableSet) -> Extreme:
        """By branch and bound: a convex function lies below its chord, and meets it at both ends.

        With every cell replaced by its chord an integer program bounds the sum from above. The
        cell where chord and function differ most has its range cut in two, the best bound first.

        References
        ----------
        Falk, J. E. & Soland, R. M. (1969). An algorithm for separable nonconvex programming
        problems. Manag. Sci. 15, 550–569.
        """
        start = self._part(tables, tables.lower, tables.upper)
        if start is None:
            raise LookupError("there is no table to begin with")
        best, most = start.table, self.values(start.table[None])[0]
        largest = self.cost(np.stack([tables.lower, tables.upper])).max(axis=0).sum()
        heap, made = [(-start.bound, 0, start)], 1
        while heap and made < NODES:
            _, _, part = heapq.heappop(heap)
            if part.bound <= most + TOLERANCE * largest:
                return Extreme(best, True, BRANCHES)
            value = self.values(part.table[None])[0]
            if value > most:
                best, most = part.table, value
            for half in self._halves(tables, part):
                if half is not None:
                    heapq.heappush(heap, (-half.bound, made, half))
                made += 1
        return Extreme(best, not heap, f"{BRANCHES}, broken off" if heap else BRANCHES)

    def _part(self, tables: TableSet, lower: np.ndarray, upper: np.ndarray) -> _Part | None:
        low, high = self.cost(np.stack([lower, upper]))
        slope = (high - low) / np.maximum(upper - lower, 1)
        try:
            table = solve(tables, -slope, lower=lower, upper=upper).table
        except LookupError:
            return None
        chord = low + slope * (table - lower)
        gap = chord - self.cost(table[None])[0]
        return _Part(chord.sum(), table, gap, lower, upper)

    def _halves(self, tables: TableSet, part: _Part) -> list[_Part | None]:
        """The part cut in two at the cell with the largest gap; none where there is no gap."""
        cell = np.unravel_index(part.gap.argmax(), part.gap.shape)
        if part.gap[cell] <= 0:
            return []
        # A gap means that the cell is inside its range, so that both halves are smaller.
        upper, lower = part.upper.copy(), part.lower.copy()
        upper[cell], lower[cell] = part.table[cell], part.table[cell] + 1
        return [
            self._part(tables, part.lower, upper),
            self._part(tables, lower, part.upper),
        ]


@dataclass(frozen=True, eq=False)
class _Part:
    """Tables with cells between two limits: no sum is above the bound, which this table is near."""

    bound: float
    table: np.ndarray
    gap: np.ndarray
    lower: np.ndarray
    upper: np.ndarray


def settled(tables: TableSet, cost: Cost, table: np.ndarray) -> np.ndarray:
    """The table with the least sum of convex costs, from any other.

    Moving people round a closed path of cells keeps the margins. The margins' equations are
    totally unimodular, so that a table from which no such move of one person lowers the sum has
    the least of all; limits of single cells do not change that, limits of sums would.

    References
    ----------
    Ahuja, R. K., Magnanti, T. L. & Orlin, J. B. (1993). Network Flows. Prentice Hall, ch. 14.
    """
    step = 1 << int(tables.upper.max()).bit_length()
    while step := step // 2:
        while (move := _saving(tables, cost, table, step)) is not None:
            table = table + step * move
    return table


def _saving(tables: TableSet, cost: Cost, table: np.ndarray, step: int) -> np.ndarray | None:
    """A closed path round which moving so many people lowers the sum (Bellman and Ford)."""
    n_rows, n_columns = tables.shape
    here, more, fewer = cost(np.stack([table, table + step, np.maximum(table - step, 0)]))
    arcs = np.full((n_rows + n_columns, n_rows + n_columns), np.inf)
    # From a row to a column somebody is added to their cell, on the way back taken from it.
    arcs[:n_rows, n_rows:] = np.where(table + step <= tables.upper, more - here, np.inf)
    arcs[n_rows:, :n_rows] = np.where(table - step >= tables.lower, fewer - here, np.inf).T
    noise = 1e-13 * here.max()
    reach, before = np.zeros(len(arcs)), np.zeros(len(arcs), dtype=int)
    for _ in arcs:
        through = reach[:, None] + arcs
        better = through.min(axis=0) < reach - noise
        if not better.any():
            return None
        before[better] = through.argmin(axis=0)[better]
        reach = np.where(better, through.min(axis=0), reach)
    place = int(np.flatnonzero(better)[0])
    for _ in arcs:  # after so many steps back it lies on the path
        place = int(before[place])
    move, end = np.zeros(tables.shape, dtype=np.int64), place
    while True:
        place, after = int(before[place]), place
        if after >= n_rows:
            move[place, after - n_rows] += 1
        else:
            move[after, place - n_rows] -= 1
        if place == end:
            return move
