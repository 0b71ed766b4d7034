"""Searches in a set of tables: integer programs by HiGHS, climbing, branch and bound."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import chain, combinations, islice, permutations, product
from math import inf

import numpy as np

from churnlib.margins.constraints import Constraint, ContradictionError
from churnlib.margins.table_sets import TableSet

PROGRAM = "integer program"
SUBSETS = 2_000  # sets of constraints among which a smallest contradictory one is sought
LARGEST_WEIGHT, LARGEST_COUNT = 1e4, 1e6  # the solver's tolerances are absolute
RESOLVED = 10_000  # people among whom they are finer than the steps of a sum
STARTS, SEED = 12, 20201130
NODES = 4_000  # parts of the set that branch and bound looks at
TOLERANCE = 1e-10  # part of the largest costs that is no gain

Values = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True, eq=False)
class Extreme:
    """A table where a function is smallest or largest, and whether that is proved."""

    table: np.ndarray
    proved: bool
    method: str


def solve(
    tables: TableSet,
    weights: np.ndarray | float = 0.0,
    *,
    conditions: np.ndarray | None = None,
    most: np.ndarray | float = 0.0,
    extra: Sequence[tuple[float, float, float, int]] = (),
    limits: np.ndarray | None = None,
) -> np.ndarray:
    """Return the table of a set with the smallest weighted sum of its cells and of more variables.

    `extra` lists those beside the cells as (weight, low, high, whole). For all of them together
    ``conditions @ (cells, extra) <= most``. `limits` are narrower ones of each cell, low and high.
    A LookupError says that there is no such table.
    """
    from scipy.optimize import milp

    added = np.array(extra, dtype=float).reshape(-1, 4)
    costs = np.broadcast_to(np.asarray(weights, dtype=float), tables.shape).ravel()
    costs = costs * (LARGEST_WEIGHT / (abs(costs).max() or 1.0))
    sums = [*tables.margins, *tables.sums]
    masks = np.array([limit.mask.ravel() for limit in sums], dtype=float)
    low, high = np.array([(limit.low, limit.high) for limit in sums]).T
    least, greatest = tables.cells if limits is None else limits
    # With margins and limits of single cells alone every corner has whole numbers by itself, and
    # people may be counted in thousands: the solver stops where numbers reach tens of millions.
    whole = bool(tables.sums or extra)
    unit = 1.0 if whole else max(1.0, high.max() / LARGEST_COUNT)
    rules = [(np.pad(masks, ((0, 0), (0, len(added)))), low / unit, high / unit)]
    if conditions is not None:
        rules.append((conditions, np.full(len(conditions), -inf), np.asarray(most)))
    result = milp(
        np.append(costs, added[:, 0]),
        integrality=np.append(np.full(costs.size, whole), added[:, 3]),
        bounds=(np.append(least / unit, added[:, 1]), np.append(greatest / unit, added[:, 2])),
        constraints=rules,
        # HiGHS's presolve ends with an error on a few small programs that it solves without.
        options={"mip_rel_gap": 0.0, "presolve": False},
    )
    if result.status == 2:
        raise LookupError("no table meets the conditions of the integer program")
    if result.status != 0:
        raise RuntimeError(f"the solver gave up on an integer program: {result.message}")
    table = np.rint(unit * result.x[: costs.size]).astype(np.int64).reshape(tables.shape)
    people = masks @ table.ravel()
    if (people < low).any() or (people > high).any() or not tables.admits(table[None])[0]:
        raise RuntimeError("the solver's table does not meet what was asked of it")
    return table


def least_of_largest(
    tables: TableSet, slopes: np.ndarray, heights: np.ndarray, groups: np.ndarray
) -> Extreme:
    """Return the least sum of variables, each above its group of affine functions of the cells."""
    table = solve(
        tables,
        conditions=np.hstack([slopes, -groups]),
        most=-heights,
        extra=[(1.0, -inf, inf, 0)] * groups.shape[1],
    )
    return Extreme(table, True, PROGRAM)


def above_secants(tables: TableSet, cost: Values) -> Extreme:
    """Return the least sum of convex functions, at whole numbers the largest of their secants."""
    size, reach = tables.expected.size, int(tables.cells[1].max())
    people = np.arange(reach + 1.0)
    heights = cost(np.broadcast_to(people[:, None, None], (reach + 1, *tables.shape)))
    # The solver's tolerances are absolute: let the costs be large beside them.
    heights = heights.reshape(reach + 1, size) * (1e4 / (abs(heights).max() or 1.0))
    slopes, each = np.diff(heights, axis=0), np.tile(np.eye(size), (reach, 1))
    below = heights[:-1] - people[:-1, None] * slopes
    least = least_of_largest(tables, slopes.reshape(-1, 1) * each, below.ravel(), each)
    return if_resolved(least.table)


def if_resolved(table: np.ndarray) -> Extreme:
    """Return what an integer program found, proved where its tolerances are fine enough."""
    if table.sum() <= RESOLVED:
        return Extreme(table, True, PROGRAM)
    return Extreme(table, False, f"{PROGRAM}, not exact beyond {RESOLVED:,} people")


def require_table(tables: TableSet) -> None:
    """Raise a `ContradictionError` with the fewest constraints that no table meets together."""

    def contradict(constraints: tuple[Constraint, ...]) -> bool:
        try:
            solve(replace(tables, constraints=constraints))
        except LookupError:
            return True
        return False

    kept = tables.constraints
    if not kept or not contradict(kept):
        return
    # Chinneck & Dravnieks (1991, ORSA J. Comput. 3, 157–168): this leaves a set of which no part
    # contradicts itself. Then all smaller sets are tried, unless they are too many.
    for k in reversed(range(len(kept))):
        if contradict(without := kept[:k] + kept[k + 1 :]):
            kept = without
    smaller = chain.from_iterable(combinations(tables.constraints, k) for k in range(1, len(kept)))
    raise ContradictionError(next(filter(contradict, islice(smaller, SUBSETS)), kept))


def best_found(tables: TableSet, of: Values, evaluations: int) -> Extreme:
    """Return the best table that climbing from several corners of the set reaches.

    They are found with random weights from a fixed seed, so that the same question has one answer:
    any table, if all that are met leave the function undefined.
    """

    def defined(stack: np.ndarray) -> np.ndarray:
        values = of(stack)
        return np.where(np.isfinite(values), values, -inf)

    rng = np.random.default_rng(SEED)
    # Constraints may bar rectangles; then a hexagon may pass.
    moves = closed_paths(tables.shape, 3 if tables.constraints else 2)
    starts = [solve(tables, rng.standard_normal(tables.shape)) for _ in range(STARTS)]
    ends = [climb(tables, defined, start, moves, evaluations / STARTS) for start in starts]
    best = max(ends, key=lambda table: defined(table[None])[0])
    return Extreme(best, False, f"best found by climbing from {STARTS} corners")


def climb(
    tables: TableSet, of: Values, start: np.ndarray, moves: np.ndarray, evaluations: float = inf
) -> np.ndarray:
    """Move people round closed paths, each time the best way, long steps first.

    With all closed paths and no limits on sums of cells this ends at the greatest value of a sum
    of concave functions of single cells: the margins' equations are totally unimodular, so that
    no better table is left if no such move of one person is better (Ahuja, Magnanti & Orlin,
    1993, Network Flows, ch. 14).
    """
    table, value = start, of(start[None])[0]
    step = int(tables.cells[1].max())
    while step and evaluations > 0:
        near = table + step * moves
        near = near[tables.admits(near)]
        values = of(near) if len(near) else np.array([-inf])
        evaluations -= len(near)
        if values.max() > value:
            table, value = near[values.argmax()], values.max()
        else:
            step //= 2
    return table


def closed_paths(shape: tuple[int, int], longest: int) -> np.ndarray:
    """All ways to move one person round a path that visits 2 to `longest` rows and columns."""
    moves = [np.zeros(shape, dtype=np.int64)]
    for length in range(2, min(longest, *shape) + 1):
        for first, *others in combinations(range(shape[0]), length):
            ways = product(permutations(others), permutations(range(shape[1]), length))
            for rows, columns in ways:
                move = np.zeros(shape, dtype=np.int64)
                move[[first, *rows], columns] = 1
                move[[first, *rows], np.roll(columns, -1)] = -1
                moves.append(move)
    return np.stack(moves)


def branch_and_bound(tables: TableSet, cost: Values) -> Extreme:
    """The greatest sum: a convex function lies below its chord, and meets it at both ends.

    With every cell replaced by its chord an integer program bounds the sum from above. The
    cell where chord and function differ most has its range cut in two, the best bound first
    (Falk & Soland, 1969, Manag. Sci. 15, 550–569).
    """

    def value(table: np.ndarray) -> float:
        return float(cost(table[None]).sum())

    best = solve(tables)
    parts = {(inf, 0): tables.cells}  # limits of the cells by their bound
    slack = TOLERANCE * cost(tables.cells).max(axis=0).sum()
    for node in range(NODES):
        bound, serial = max(parts, default=(-inf, 0))
        if bound <= value(best) + slack:
            return Extreme(best, True, "branch and bound")
        limits = parts.pop((bound, serial))
        low, high = cost(limits)
        slope = (high - low) / np.maximum(limits[1] - limits[0], 1)
        try:
            table = solve(tables, -slope, limits=limits)
        except LookupError:
            continue
        gap = low + slope * (table - limits[0]) - cost(table[None])[0]
        best = max(best, table, key=value)
        # A gap means that the cell is inside its range, so that both halves are smaller.
        cell = np.unravel_index(gap.argmax(), gap.shape)
        if value(table) + gap.sum() > value(best) + slack:
            for side in (0, 1):
                half = limits.copy()
                half[1 - side][cell] = table[cell] + side
                parts[value(table) + gap.sum(), 2 * node + side] = half
    return Extreme(best, False, "branch and bound, broken off")
