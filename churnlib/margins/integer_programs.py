"""Integer programs over the tables of a set, solved by HiGHS through `scipy.optimize.milp`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from churnlib.margins.constraints import Constraint, ContradictionError
from churnlib.margins.table_sets import TableSet

INFEASIBLE = 2  # HiGHS's status, as scipy passes it on

SUBSETS = 2_000
"""Sets of constraints tried in the search for a smallest contradictory one."""


@dataclass(frozen=True, eq=False)
class Solution:
    """The table with the smallest weighted sum, and that sum."""

    table: np.ndarray
    value: float


def solve(
    tables: TableSet,
    weights: np.ndarray,
    *,
    more: np.ndarray | None = None,
    most: np.ndarray | None = None,
    extra: Sequence[tuple[float, float, float, int]] = (),
) -> Solution:
    """The table of a set with the smallest weighted sum of its cells.

    Parameters
    ----------
    tables : TableSet
        With at least one table.
    weights : array, rows by columns
    more, most : array
        Further conditions ``more @ (cells, extra variables) <= most``.
    extra : sequence of (weight, low, high, whole)
        Variables beside the cells, with their weight in the sum.

    Raises
    ------
    LookupError
        If there is no table.
    """
    found = attempt(tables, weights, more=more, most=most, extra=extra)
    if found is None:
        raise LookupError("no table meets the conditions of the integer program")
    return found


def attempt(
    tables: TableSet,
    weights: np.ndarray,
    *,
    more: np.ndarray | None = None,
    most: np.ndarray | None = None,
    extra: Sequence[tuple[float, float, float, int]] = (),
    lower: np.ndarray | None = None,
    upper: np.ndarray | None = None,
) -> Solution | None:
    """As `solve`, but None if there is no table; `lower` and `upper` narrow the cells further."""
    from scipy.optimize import Bounds, LinearConstraint, milp

    n_cells, n_extra = weights.size, len(extra)
    left, low, high = _equations(tables)
    conditions = [LinearConstraint(np.pad(left, ((0, 0), (0, n_extra))), low, high)]
    if more is not None:
        conditions.append(LinearConstraint(more, -np.inf, most))
    beside = np.array(extra, dtype=float).reshape(n_extra, 4)
    lows = tables.lower if lower is None else lower
    highs = tables.upper if upper is None else upper
    if (lows > highs).any():
        return None
    # With margins and limits of single cells alone every corner has whole numbers by itself.
    whole = 1.0 if tables.sums or n_extra else 0.0
    # HiGHS's presolve stops with an error on a few small programs that it solves without.
    for presolve in (True, False):
        solution = milp(
            np.concatenate([weights.ravel(), beside[:, 0]]),
            integrality=np.concatenate([np.full(n_cells, whole), beside[:, 3]]),
            bounds=Bounds(
                np.concatenate([lows.ravel(), beside[:, 1]]),
                np.concatenate([highs.ravel(), beside[:, 2]]),
            ),
            constraints=conditions,
            options={"mip_rel_gap": 0.0, "presolve": presolve},
        )
        if solution.status in {0, INFEASIBLE}:
            break
    if solution.status == INFEASIBLE:
        return None
    if solution.status != 0:
        raise RuntimeError(f"the solver gave up on an integer program: {solution.message}")
    found = np.rint(solution.x[:n_cells]).astype(np.int64).reshape(tables.shape)
    kept = (found.sum(axis=1) == tables.rows).all() and (found.sum(axis=0) == tables.columns).all()
    if not (kept and tables.admits(found[None])[0]):
        raise RuntimeError("the solver's table does not meet what was asked of it")
    return Solution(found, float(solution.fun))


def _equations(tables: TableSet) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Margins and limits on sums as rows of ``low <= A x <= high``."""
    n_rows, n_columns = tables.shape
    margins = np.vstack(
        [
            np.kron(np.eye(n_rows), np.ones(n_columns)),
            np.kron(np.ones(n_rows), np.eye(n_columns)),
        ]
    )
    totals = np.concatenate([tables.rows, tables.columns])
    masks = np.array([limit.mask.ravel() for limit in tables.sums], dtype=float)
    return (
        np.vstack([margins, masks.reshape(-1, n_rows * n_columns)]),
        np.concatenate([totals, [limit.low for limit in tables.sums]]),
        np.concatenate([totals, [limit.high for limit in tables.sums]]),
    )


def is_empty(tables: TableSet) -> bool:
    """Whether the constraints leave no table."""
    if any(limit.low > limit.high for limit in tables.limits):
        return True
    return attempt(tables, np.zeros(tables.shape)) is None


def require_table(tables: TableSet) -> None:
    """Refuse constraints that no table meets.

    Raises
    ------
    ContradictionError
        Naming a smallest set of constraints that contradict each other.
    """
    if tables.constraints and is_empty(tables):
        raise ContradictionError(smallest_contradiction(tables))


def smallest_contradiction(tables: TableSet) -> tuple[Constraint, ...]:
    """Fewest constraints that no table meets together.

    First constraints are dropped one by one as long as a contradiction remains, which leaves a
    set of which no part is contradictory (Chinneck and Dravnieks's deletion filter). Then all
    smaller sets are tried, unless they are too many; so the set is smallest, or, with very many
    constraints, at least irreducible.

    References
    ----------
    Chinneck, J. W. & Dravnieks, E. W. (1991). Locating minimal infeasible constraint sets in
    linear programs. ORSA J. Comput. 3, 157–168.
    """
    kept = list(tables.constraints)
    for place in reversed(range(len(kept))):
        without = kept[:place] + kept[place + 1 :]
        if _contradictory(tables, without):
            kept = without
    tried = 0
    for size in range(1, len(kept)):
        for few in combinations(tables.constraints, size):
            tried += 1
            if tried > SUBSETS:
                return tuple(kept)
            if _contradictory(tables, few):
                return few
    return tuple(kept)


def _contradictory(tables: TableSet, constraints: Sequence[Constraint]) -> bool:
    return is_empty(replace(tables, constraints=tuple(constraints)))
