"""Search for the extremes of a statistic where nothing can be proved: best found, and said so."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations, permutations

import numpy as np

from churnlib.margins.integer_programs import solve
from churnlib.margins.table_sets import TableSet

STARTS, EVALUATIONS, SEED = 12, 12_000, 20201130


def highest_found(
    tables: TableSet,
    of: Callable[[np.ndarray], np.ndarray],
    *,
    evaluations: int = EVALUATIONS,
) -> np.ndarray:
    """The best table that climbing from several corners of the set reaches.

    A step moves the same number of people round a closed path of cells, which keeps both margins:
    a rectangle, and where constraints may bar rectangles also a hexagon. It is the best of all
    such steps, long ones first. Corners are found by integer
    programs with random weights from a fixed seed, so that the same question has one answer.

    Parameters
    ----------
    tables : TableSet
        With at least one table.
    of : callable
        From a stack of tables to what is to be large; NaN where it is undefined.
    evaluations : int
        About how many tables to look at.

    Returns
    -------
    array
        Any table, if all that were met leave the statistic undefined.
    """
    rng = np.random.default_rng(SEED)
    moves = _rounds(tables.shape, 3 if tables.constraints else 2)
    reached: list[tuple[float, np.ndarray]] = []
    left = evaluations
    for _ in range(STARTS):
        table = solve(tables, rng.standard_normal(tables.shape)).table
        value = _defined(of(table[None])).max()
        step = int(tables.upper.max())
        while step and left > 0:
            near = table + step * moves
            near = near[tables.admits(near)]
            values = _defined(of(near)) if len(near) else np.array([-np.inf])
            left -= len(near)
            if values.max() > value:
                table, value = near[values.argmax()], values.max()
            else:
                step //= 2
        reached.append((value, table))
    return max(reached, key=lambda end: end[0])[1]


def _defined(values: np.ndarray) -> np.ndarray:
    return np.where(np.isfinite(values), values, -np.inf)


def _rounds(shape: tuple[int, int], longest: int) -> np.ndarray:
    """All ways to move one person round a path that visits 2 to `longest` rows and columns."""
    moves = []
    for length in range(2, longest + 1):
        for rows in combinations(range(shape[0]), length):
            for first, *others in permutations(range(shape[1]), length):
                move = np.zeros(shape, dtype=np.int64)
                columns = [first, *others]
                move[rows, columns] += 1
                move[rows, [*others, first]] -= 1
                moves += [move, -move]
    return np.unique(np.array(moves, dtype=np.int64).reshape(-1, *shape), axis=0)
