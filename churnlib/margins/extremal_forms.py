"""What a statistic is once the margins are fixed, and how its extremes are then proved.

With fixed margins most statistics are simple: a weighted sum of the cells, a sum of convex
functions of single cells, a sum of largest cells, or a matter of how far the two variables are in
step. Each form knows the table where it is smallest and the one where it is largest.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from churnlib.margins.integer_programs import solve
from churnlib.margins.local_search import STARTS, highest_found
from churnlib.margins.table_sets import TableSet

PROGRAM = "integer program"
COUPLING = "coupling"
MANY = 500_000
"""Tables looked at in a search by an array formula."""

SEARCH = f"best found by climbing from {STARTS} corners"


@dataclass(frozen=True, eq=False)
class Extreme:
    """A table where a form is smallest or largest, and whether that is proved."""

    table: np.ndarray
    proved: bool
    method: str


class Form(Protocol):
    """What every form can do."""

    def values(self, stack: np.ndarray) -> np.ndarray:
        """Its value for many tables, shape (tables, rows, columns); NaN where undefined."""

    def least(self, tables: TableSet) -> Extreme:
        """A table of the set where it is smallest."""

    def greatest(self, tables: TableSet) -> Extreme:
        """A table of the set where it is largest."""


@dataclass(frozen=True, eq=False)
class Linear:
    """A weighted sum of the cells: correlations of scores, kappa, the people in some cells."""

    weights: np.ndarray

    def values(self, stack: np.ndarray) -> np.ndarray:
        """The sum for each table."""
        return np.asarray((stack * self.weights).sum(axis=(1, 2)))

    def least(self, tables: TableSet) -> Extreme:
        """By an integer program."""
        return Extreme(solve(tables, self.weights).table, True, PROGRAM)

    def greatest(self, tables: TableSet) -> Extreme:
        """By the same with the other sign."""
        return Linear(-self.weights).least(tables)


@dataclass(frozen=True, eq=False)
class Distance:
    """How far a weighted sum is from a centre, on either side."""

    weights: np.ndarray
    centre: float

    def values(self, stack: np.ndarray) -> np.ndarray:
        """The distance for each table."""
        return abs(Linear(self.weights).values(stack) - self.centre)

    def least(self, tables: TableSet) -> Extreme:
        """By an integer program with the distance as a variable."""
        flat = self.weights.ravel()
        sides = np.array([[*flat, -1.0], [*-flat, -1.0]])
        most = np.array([self.centre, -self.centre])
        distance = (1.0, 0.0, np.inf, 0)
        nearest = solve(tables, conditions=sides, most=most, extra=[distance])
        return Extreme(nearest.table, True, PROGRAM)

    def greatest(self, tables: TableSet) -> Extreme:
        """At one of the two ends of the sum."""
        ends = Linear(self.weights).least(tables), Linear(self.weights).greatest(tables)
        return max(ends, key=lambda end: self.values(end.table[None])[0])


@dataclass(frozen=True, eq=False)
class Peaks:
    """The largest cell of each row, of each column, or of both, added up: lambda."""

    by_row: bool
    by_column: bool

    def values(self, stack: np.ndarray) -> np.ndarray:
        """The sum of largest cells for each table."""
        in_rows, in_columns = stack.max(axis=2).sum(axis=1), stack.max(axis=1).sum(axis=1)
        return np.asarray(self.by_row * in_rows + self.by_column * in_columns, dtype=float)

    def least(self, tables: TableSet) -> Extreme:
        """By an integer program with one variable a line, no smaller than each of its cells."""
        lines, size = self._lines(tables.shape), int(np.prod(tables.shape))
        conditions = []
        for place, line in enumerate(lines):
            for cell in line:
                condition = np.zeros(size + len(lines))
                condition[cell], condition[size + place] = 1, -1
                conditions.append(condition)
        solution = solve(
            tables,
            conditions=np.array(conditions),
            most=np.zeros(len(conditions)),
            extra=[(1.0, 0.0, np.inf, 0)] * len(lines),
        )
        return Extreme(solution.table, True, PROGRAM)

    def greatest(self, tables: TableSet) -> Extreme:
        """By one with a variable a line, no larger than the one cell of it that is chosen."""
        lines, size = self._lines(tables.shape), int(np.prod(tables.shape))
        chosen, reach = sum(map(len, lines)), float(tables.upper.max())
        conditions, most, choice = [], [], size + len(lines)
        for place, line in enumerate(lines):
            some_cell = np.zeros(size + len(lines) + chosen)
            for cell in line:
                condition = np.zeros_like(some_cell)
                condition[cell], condition[size + place], condition[choice] = -1, 1, reach
                conditions.append(condition)
                most.append(reach)
                some_cell[choice] = -1
                choice += 1
            conditions.append(some_cell)
            most.append(-1.0)
        solution = solve(
            tables,
            conditions=np.array(conditions),
            most=np.array(most),
            extra=[(-1.0, 0.0, reach, 0)] * len(lines) + [(0.0, 0.0, 1.0, 1)] * chosen,
        )
        return Extreme(solution.table, True, PROGRAM)

    def _lines(self, shape: tuple[int, int]) -> list[np.ndarray]:
        places = np.arange(shape[0] * shape[1]).reshape(shape)
        return [*places] * self.by_row + [*places.T] * self.by_column


@dataclass(frozen=True, eq=False)
class Concordance:
    """How many more pairs of people agree in order than disagree; gamma divides by both.

    Notes
    -----
    Write H for the number of people in or above a row and in or left of a column. For two
    tables with the same margins, if H is nowhere smaller in the first, then the first has no
    fewer concordant pairs P and no more discordant pairs Q. For P counts pairs of people by
    ``[x > x'] [y > y']``, which as a function of (x, y) is a product of two functions that both
    do not fall: supermodular; so its sum over (x, y) does not fall as H grows (Cambanis, Simons
    and Stout). As a function of (x', y') it is a product of two that both do not rise, which is
    supermodular again. Replacing first one person's table and then the other's gives the result
    for P; for Q the kernel ``[x > x'] [y < y']`` is submodular and the inequality turns. So
    P − Q and gamma, which is (1 − Q/P) / (1 + Q/P), grow with H. If the set has a table whose H
    is everywhere the largest that the set allows, then it is extremal for them, as it is for
    every correlation of ordered scores. Without constraints such tables are the comonotone and
    the antimonotone coupling.

    References
    ----------
    Cambanis, S., Simons, G. & Stout, W. (1976). Inequalities for E k(X, Y) when the marginals
    are fixed. Z. Wahrscheinlichkeitstheorie verw. Geb. 36, 285–294.
    """

    relative: bool

    def values(self, stack: np.ndarray) -> np.ndarray:
        """P − Q for each table, or that over P + Q."""
        agree, disagree = _pairs(stack), _pairs(stack[:, :, ::-1])
        if not self.relative:
            return agree - disagree
        with np.errstate(invalid="ignore"):
            return (agree - disagree) / (agree + disagree)

    def least(self, tables: TableSet) -> Extreme:
        """The table most out of step, if the set has one."""
        return self._end(tables, -1)

    def greatest(self, tables: TableSet) -> Extreme:
        """The table most in step, if the set has one."""
        return self._end(tables, 1)

    def _end(self, tables: TableSet, sign: int) -> Extreme:
        table = _coupling(tables, sign)
        if table is not None:
            return Extreme(table, True, COUPLING)
        found = highest_found(tables, lambda x: sign * self.values(x), evaluations=MANY)
        return Extreme(found, False, SEARCH)


@dataclass(frozen=True, eq=False)
class Free:
    """Nothing is known of it but its values."""

    values: Callable[[np.ndarray], np.ndarray]

    def least(self, tables: TableSet) -> Extreme:
        """The smallest that a search finds."""
        return Extreme(highest_found(tables, lambda x: -self.values(x)), False, SEARCH)

    def greatest(self, tables: TableSet) -> Extreme:
        """The largest that a search finds."""
        return Extreme(highest_found(tables, self.values), False, SEARCH)


def _pairs(stack: np.ndarray) -> np.ndarray:
    """Pairs of people of whom one is further down and further right."""
    before = stack.cumsum(axis=1).cumsum(axis=2)[:, :-1, :-1]
    return np.asarray((stack[:, 1:, 1:] * before).sum(axis=(1, 2)), dtype=float)


def _coupling(tables: TableSet, sign: int) -> np.ndarray | None:
    """The table of the set that is most in step (1) or most out of step (−1), if there is one."""
    down, across = tables.rows.to_numpy().cumsum(), tables.columns.to_numpy().cumsum()
    if sign > 0:
        reached = np.minimum.outer(down, across)
    else:
        reached = np.maximum(0, np.add.outer(down, across) - down[-1])
    if tables.constraints:
        for i, j in np.ndindex(tables.shape[0] - 1, tables.shape[1] - 1):
            block = np.zeros(tables.shape)
            block[: i + 1, : j + 1] = -sign
            reached[i, j] = solve(tables, block).table[: i + 1, : j + 1].sum()
    table = np.diff(np.diff(np.pad(reached, ((1, 0), (1, 0))), axis=0), axis=1)
    return table if (table >= 0).all() and tables.admits(table[None])[0] else None
