"""Search for the extremes of a statistic where nothing can be proved: best found, and said so."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from churnlib.programs import solve
from churnlib.tablesets import TableSet

STARTS, EVALUATIONS, SEED = 12, 12_000, 20201130


def highest_found(tables: TableSet, of: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """The best table that climbing from several corners of the set reaches.

    A step moves the same number of people along the corners of a rectangle, which keeps both
    margins. It is the best of all such steps, long ones first. Corners are found by integer
    programs with random weights from a fixed seed, so that the same question has one answer.

    Parameters
    ----------
    tables : TableSet
        With at least one table.
    of : callable
        From a stack of tables to what is to be large; NaN where it is undefined.

    Returns
    -------
    array
        Any table, if all that were met leave the statistic undefined.
    """
    rng = np.random.default_rng(SEED)
    moves = _exchanges(tables.shape)
    reached: list[tuple[float, np.ndarray]] = []
    left = EVALUATIONS
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
    return np.where(np.isnan(values), -np.inf, values)


def _exchanges(shape: tuple[int, int]) -> np.ndarray:
    """All ways to move one person along the corners of a rectangle of cells."""
    moves = []
    for i in range(shape[0]):
        for k in range(i + 1, shape[0]):
            for j in range(shape[1]):
                for m in range(j + 1, shape[1]):
                    move = np.zeros(shape, dtype=np.int64)
                    move[i, j] = move[k, m] = 1
                    move[i, m] = move[k, j] = -1
                    moves += [move, -move]
    return np.array(moves, dtype=np.int64).reshape(-1, *shape)
