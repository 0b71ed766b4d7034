"""What a statistic is once the margins are fixed, and how its extremes are then proved."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import inf

import numpy as np

from churnlib.margins.searches import (
    Extreme,
    Values,
    best_found,
    branch_and_bound,
    climb,
    closed_paths,
    solve,
)
from churnlib.margins.table_sets import TableSet

PROGRAM = "integer program"

CALLS, TABLES = 12_000, 500_000  # tables looked at in a search, by calls and by a formula
CELLS, SECANTS = 30, 40_000  # in a table whose closed paths are all tried, and in one program
RESOLVED = 10_000  # people among whom the solver's tolerances are finer than steps of a sum


@dataclass(frozen=True, eq=False)
class Form:
    """A function of tables, NaN where undefined, and how to reach its two ends in a set."""

    values: Values
    least: Callable[[TableSet], Extreme]
    greatest: Callable[[TableSet], Extreme]


def free(values: Values) -> Form:
    """Return the form of which nothing is known but its values: both ends are searched."""
    return Form(
        values,
        lambda tables: best_found(tables, lambda stack: -values(stack), CALLS),
        lambda tables: best_found(tables, values, CALLS),
    )


def linear(weights: np.ndarray) -> Form:
    """Return a weighted sum of the cells: correlations of scores, kappa, people in some cells."""
    return Form(
        lambda stack: np.asarray((stack * weights).sum(axis=(1, 2))),
        lambda tables: Extreme(solve(tables, weights), True, PROGRAM),
        lambda tables: Extreme(solve(tables, -weights), True, PROGRAM),
    )


def distance(weights: np.ndarray, expected: np.ndarray) -> Form:
    """Return how far a weighted sum is from that of the expected cells, on either side."""
    total, centre = linear(weights), float((weights * expected).sum())

    def values(stack: np.ndarray) -> np.ndarray:
        return abs(total.values(stack) - centre)

    def least(tables: TableSet) -> Extreme:
        sides = np.array([weights.ravel(), -weights.ravel()])
        return _least_of_largest(tables, sides, np.array([-centre, centre]), np.ones((2, 1)))

    def greatest(tables: TableSet) -> Extreme:
        ends = total.least(tables), total.greatest(tables)
        return max(ends, key=lambda end: values(end.table[None])[0])

    return Form(values, least, greatest)


def peaks(*, by_row: bool, by_column: bool) -> Form:
    """Return the largest cell of each row, of each column, or of both, added up: lambda."""

    def values(stack: np.ndarray) -> np.ndarray:
        in_rows, in_columns = stack.max(axis=2).sum(axis=1), stack.max(axis=1).sum(axis=1)
        return np.asarray(by_row * in_rows + by_column * in_columns, dtype=float)

    def corners(tables: TableSet) -> tuple[np.ndarray, np.ndarray]:
        """Each cell as often as it is in a line, and that line, both as unit vectors."""
        lines = [limit.mask.ravel() for limit in tables.margins]
        lines = lines[: tables.shape[0]] * by_row + lines[tables.shape[0] :] * by_column
        line, cell = np.nonzero(lines)
        return np.eye(tables.upper.size)[cell], np.eye(len(lines))[line]

    def least(tables: TableSet) -> Extreme:
        cells, lines = corners(tables)
        return _least_of_largest(tables, cells, np.zeros(len(cells)), lines)

    def greatest(tables: TableSet) -> Extreme:
        """With a variable a line, no larger than the one cell of it that is chosen."""
        cells, lines = corners(tables)
        reach, (n_choices, n_lines) = float(tables.upper.max()), lines.shape
        below_chosen = [np.hstack([-cells, lines]), reach * np.eye(n_choices)]
        one_chosen = [np.zeros((n_lines, cells.shape[1] + n_lines)), -lines.T]
        table = solve(
            tables,
            conditions=np.block([below_chosen, one_chosen]),
            most=np.repeat([reach, -1.0], [n_choices, n_lines]),
            extra=[(-1.0, 0.0, reach, 0)] * n_lines + [(0.0, 0.0, 1.0, 1)] * n_choices,
        )
        return Extreme(table, bool(tables.rows.sum() <= RESOLVED), PROGRAM)

    return Form(values, least, greatest)


def convex_sum(cost: Values) -> Form:
    """Return a sum of convex functions of single cells: χ², G², tau, a table's improbability."""

    def values(stack: np.ndarray) -> np.ndarray:
        return np.asarray(cost(stack).sum(axis=(1, 2)))

    def least(tables: TableSet) -> Extreme:
        if tables.upper.size <= CELLS and not tables.sums:
            moves = closed_paths(tables.shape, min(tables.shape))
            table = climb(tables, lambda stack: -values(stack), solve(tables), moves)
            return Extreme(table, True, "closed paths")
        if tables.upper.size * tables.upper.max() <= SECANTS:
            return _above_secants(tables, cost)
        return best_found(tables, lambda stack: -values(stack), TABLES)

    return Form(values, least, lambda tables: branch_and_bound(tables, cost))


def concordance(*, relative: bool) -> Form:
    """Return how many more pairs of people agree in order than disagree; gamma divides by both.

    Notes
    -----
    Write H for the number of people in or above a row and in or left of a column. Of two tables
    with the same margins let H be nowhere smaller in the first. Concordant pairs P are counted by
    ``[x > x'] [y > y']``: as a function of (x, y) a product of two that do not fall, of (x', y')
    of two that do not rise, both times supermodular, so that its sum does not fall as H grows
    (Cambanis, Simons & Stout, 1976, Z. Wahrscheinlichkeitstheorie verw. Geb. 36, 285–294).
    Replacing first one person's table and then the other's, the first has no fewer P; for
    discordant pairs Q, ``[x > x'] [y < y']``, all is turned, and it has no more. So P − Q grows
    with H, as does gamma, (1 − Q/P) / (1 + Q/P). A table of the set whose H is everywhere the
    largest that the set allows is extremal for both: without constraints the comonotone coupling.
    """

    def values(stack: np.ndarray) -> np.ndarray:
        agree, disagree = _pairs(stack), _pairs(stack[:, :, ::-1])
        if not relative:
            return agree - disagree
        with np.errstate(invalid="ignore"):
            return (agree - disagree) / (agree + disagree)

    def end(tables: TableSet, sign: int) -> Extreme:
        table = _coupling(tables, sign)
        if table is not None:
            return Extreme(table, True, "coupling")
        return best_found(tables, lambda stack: sign * values(stack), TABLES)

    return Form(values, lambda tables: end(tables, -1), lambda tables: end(tables, 1))


def _least_of_largest(
    tables: TableSet, slopes: np.ndarray, heights: np.ndarray, groups: np.ndarray
) -> Extreme:
    """The least sum of variables, each above all affine functions of the cells in its group."""
    table = solve(
        tables,
        conditions=np.hstack([slopes, -groups]),
        most=-heights,
        extra=[(1.0, -inf, inf, 0)] * groups.shape[1],
    )
    return Extreme(table, True, PROGRAM)


def _above_secants(tables: TableSet, cost: Values) -> Extreme:
    """At whole numbers a convex function is the largest of its secants."""
    size, reach = tables.upper.size, int(tables.upper.max())
    people = np.arange(reach + 1.0)
    heights = cost(np.broadcast_to(people[:, None, None], (reach + 1, *tables.shape)))
    # The solver's tolerances are absolute: let the costs be large beside them.
    heights = heights.reshape(reach + 1, size) * (1e4 / (abs(heights).max() or 1.0))
    slopes, each = np.diff(heights, axis=0), np.tile(np.eye(size), (reach, 1))
    least = _least_of_largest(
        tables,
        slopes.reshape(-1, 1) * each,
        (heights[:-1] - people[:-1, None] * slopes).ravel(),
        each,
    )
    return Extreme(least.table, bool(tables.rows.sum() <= RESOLVED), PROGRAM)


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
            reached[i, j] = solve(tables, block)[: i + 1, : j + 1].sum()
    table = np.diff(np.diff(np.pad(reached, ((1, 0), (1, 0))), axis=0), axis=1)
    return table if (table >= 0).all() and tables.admits(table[None])[0] else None
