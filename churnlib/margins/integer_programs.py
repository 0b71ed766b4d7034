"""Integer programs over the tables of a set, solved by HiGHS through `scipy.optimize.milp`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain, combinations, islice

import numpy as np

from churnlib.margins.constraints import Constraint, ContradictionError
from churnlib.margins.table_sets import TableSet

INFEASIBLE = 2  # HiGHS's status, as scipy passes it on

SUBSETS = 2_000
"""Sets of constraints tried in the search for a smallest contradictory one."""

LARGEST_WEIGHT = 1e4
"""The solver's tolerances are absolute: weights are large beside them."""

LARGEST_COUNT = 1e6


@dataclass(frozen=True, eq=False)
class Solution:
    """The table with the smallest sum, and the part of the sum that is not of its cells."""

    table: np.ndarray
    value: float


def solve(
    tables: TableSet,
    weights: np.ndarray | float = 0.0,
    *,
    conditions: np.ndarray | None = None,
    most: np.ndarray | float = 0.0,
    extra: Sequence[tuple[float, float, float, int]] = (),
    lower: np.ndarray | None = None,
    upper: np.ndarray | None = None,
) -> Solution:
    """Return the table of a set with the smallest weighted sum of its cells, or of more variables.

    Parameters
    ----------
    tables : TableSet
    weights : array, rows by columns
    conditions, most : array
        Further conditions ``conditions @ (cells, extra variables) <= most``.
    extra : sequence of (weight, low, high, whole)
        Variables beside the cells, with their weight in the sum.
    lower, upper : array, rows by columns
        Narrower limits of the cells than the set's own.

    Raises
    ------
    LookupError
        If there is no table.
    """
    from scipy.optimize import milp

    n_rows, n_columns = tables.shape
    n_cells, n_extra = n_rows * n_columns, len(extra)
    added = np.array(extra, dtype=float).reshape(n_extra, 4)
    costs = np.broadcast_to(np.asarray(weights, dtype=float), tables.shape).ravel()
    costs = costs * (LARGEST_WEIGHT / (abs(costs).max() or 1.0))
    sums = [
        np.kron(np.eye(n_rows), np.ones(n_columns)),
        np.kron(np.ones(n_rows), np.eye(n_columns)),
        *(limit.mask.reshape(1, -1) for limit in tables.sums),
    ]
    totals = [*tables.rows, *tables.columns]
    low = np.array([*totals, *(limit.low for limit in tables.sums)])
    high = np.array([*totals, *(limit.high for limit in tables.sums)])
    least = np.append(tables.lower if lower is None else lower, added[:, 1])
    greatest = np.append(tables.upper if upper is None else upper, added[:, 2])
    # With margins and limits of single cells alone every corner has whole numbers by itself, and
    # people may be counted in thousands: the solver stops where numbers reach tens of millions.
    whole = np.full(n_cells, bool(tables.sums or n_extra))
    unit = 1.0 if whole.any() else max(1.0, max(totals) / LARGEST_COUNT)
    rules = [(np.pad(np.vstack(sums), ((0, 0), (0, n_extra))), low / unit, high / unit)]
    if conditions is not None:
        rules.append((conditions, np.full(len(conditions), -np.inf), np.asarray(most)))
    # HiGHS's presolve stops with an error on a few small programs that it solves without.
    for presolve in (True, False):
        result = milp(
            np.append(costs, added[:, 0]),
            integrality=np.append(whole, added[:, 3]),
            bounds=(least / unit, greatest / unit),
            constraints=rules,
            options={"mip_rel_gap": 0.0, "presolve": presolve},
        )
        if result.status == INFEASIBLE:
            raise LookupError("no table meets the conditions of the integer program")
        if result.status == 0:
            break
    else:
        raise RuntimeError(f"the solver gave up on an integer program: {result.message}")
    table = np.rint(unit * result.x[:n_cells]).astype(np.int64).reshape(tables.shape)
    kept = (table.sum(axis=1) == tables.rows).all() and (table.sum(axis=0) == tables.columns).all()
    if not (kept and tables.admits(table[None])[0]):
        raise RuntimeError("the solver's table does not meet what was asked of it")
    return Solution(table, float(added[:, 0] @ result.x[n_cells:]))


def require_table(tables: TableSet) -> None:
    """Refuse constraints that no table meets.

    Raises
    ------
    ContradictionError
        Naming a smallest set of constraints that contradict each other.
    """
    if tables.constraints and _is_empty(tables):
        raise ContradictionError(smallest_contradiction(tables))


def smallest_contradiction(tables: TableSet) -> tuple[Constraint, ...]:
    """Return the fewest constraints that no table meets together.

    First constraints are dropped one by one as long as a contradiction remains, which leaves a
    set of which no part is contradictory (Chinneck and Dravnieks's deletion filter). Then all
    smaller sets are tried, unless they are too many; so the set is smallest, or, with very many
    constraints, at least irreducible.

    References
    ----------
    Chinneck, J. W. & Dravnieks, E. W. (1991). Locating minimal infeasible constraint sets in
    linear programs. ORSA J. Comput. 3, 157–168.
    """
    kept = tables.constraints
    for k in reversed(range(len(kept))):
        without = kept[:k] + kept[k + 1 :]
        if _is_empty(replace(tables, constraints=without)):
            kept = without
    smaller = chain.from_iterable(combinations(tables.constraints, k) for k in range(1, len(kept)))
    empty = (few for few in islice(smaller, SUBSETS) if _is_empty(replace(tables, constraints=few)))
    return next(empty, kept)


def _is_empty(tables: TableSet) -> bool:
    try:
        solve(tables)
    except LookupError:
        return True
    return False
