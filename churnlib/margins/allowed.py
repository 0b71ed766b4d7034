"""What two published margins say of the table that was never published."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from churnlib.evidence import Origin, Test
from churnlib.margins.constraints import Constraint
from churnlib.margins.objectives import Objective, number, objective
from churnlib.margins.searches import Extreme, require_table, solve
from churnlib.margins.table_sets import TableSet
from churnlib.tables import Crosstab

BUDGET, CALLS = 2_000_000, 20_000  # tables counted one by one, by a formula and by calls


@dataclass(frozen=True, eq=False)
class Bounds:
    """Fewest and most people that each cell can hold; the cells of `low` make up no one table."""

    low: pd.DataFrame
    high: pd.DataFrame
    origin: Origin

    def _repr_html_(self) -> str:
        both = self.low.astype(str) + "–" + self.high.astype(str)
        return f"{self.origin.badge_html}{both._repr_html_()}"


@dataclass(frozen=True, eq=False)
class Attainable:
    """The range of a statistic over all tables that could be the unpublished one.

    Parameters
    ----------
    low, high : float
        NaN if the statistic is undefined in every table.
    low_table, high_table : Crosstab
        A table that has it.
    proved : bool
        Whether no table can have less or more. If not, the true range may be wider, without end
        where a ratio has no bound.
    method, note : str
        How the two ends were found; what a reader must know before using them.
    """

    statistic: str
    low: float
    high: float
    low_table: Crosstab
    high_table: Crosstab
    proved: bool
    method: str
    origin: Origin
    note: str = ""

    @property
    def width(self) -> float:
        """How much the margins leave open."""
        return self.high - self.low

    def _repr_html_(self) -> str:
        how = self.method if self.proved else f"{self.method}, not proved"
        ends = f"{self.low:.4g} to {self.high:.4g}"
        return f"{self.origin.badge_html} {self.statistic}: {ends} ({how})"


def bounds(row_margin: Any, column_margin: Any, constraints: Sequence[Constraint] = ()) -> Bounds:
    """Fréchet's bounds: how few and how many people a cell holds (1951, Ann. Univ. Lyon A 14, 53).

    Parameters
    ----------
    row_margin, column_margin : FrequencyTable, Series, mapping or sequence of int
        People by level.
    constraints : sequence of Constraint
        What else is known; each bound is attained under it.

    Raises
    ------
    ValueError
        If the margins are not whole numbers of 0 or more with the same total.
    ContradictionError
        If no table meets the constraints; it names the fewest that contradict each other.

    Examples
    --------
    >>> cells = bounds({"under 40": 93, "40 and over": 107}, {"no degree": 63, "degree": 137})
    >>> cells.low.loc["40 and over"].tolist(), cells.high.loc["40 and over"].tolist()
    ([0, 44], [63, 107])
    """
    tables = _tables(row_margin, column_margin, constraints)
    rows, columns = tables.rows.to_numpy(), tables.columns.to_numpy()
    low = np.maximum(0, np.add.outer(rows, columns) - rows.sum())
    high = np.minimum.outer(rows, columns)
    if tables.constraints:
        for cell, unit in zip(np.ndindex(tables.shape), np.eye(low.size), strict=True):
            weights = unit.reshape(tables.shape)
            low[cell], high[cell] = (solve(tables, sign * weights)[cell] for sign in (1, -1))
    labels = (tables.rows.index, tables.columns.index)
    return Bounds(pd.DataFrame(low, *labels), pd.DataFrame(high, *labels), tables.origin)


def enumerate_tables(
    row_margin: Any, column_margin: Any, constraints: Sequence[Constraint] = ()
) -> Iterator[np.ndarray]:
    """Every table with these margins, one at a time, as an array of counts.

    What it takes and refuses is as for `bounds`; it refuses before the first table.

    Examples
    --------
    >>> [table.tolist() for table in enumerate_tables([1, 2], [2, 1])]
    [[[0, 1], [2, 0]], [[1, 0], [1, 1]]]
    """
    tables = _tables(row_margin, column_margin, constraints)
    return (table for stack in tables.stacks() for table in stack)


def count_tables(
    row_margin: Any, column_margin: Any, constraints: Sequence[Constraint] = ()
) -> int:
    """How many tables have these margins, counted without listing them.

    What it takes and refuses is as for `bounds`; a constraint on a sum of cells that may be above
    0 is a ValueError. Gail & Mantel (1977), J. Am. Stat. Assoc. 72, 859–862.

    Examples
    --------
    >>> count_tables([110, 90], [20, 50, 70, 40, 20])
    804496
    """
    tables = TableSet.of(row_margin, column_margin, constraints)
    if tables.sums:
        raise ValueError(
            "only constraints on single cells can be counted without listing the tables; list "
            "them with enumerate_tables, or leave out what constrains a sum of cells"
        )
    return tables.count()


def attainable(
    row_margin: Any, column_margin: Any, statistic: Any, constraints: Sequence[Constraint] = ()
) -> Attainable:
    """The smallest and the largest value of a statistic over all tables with these margins.

    Parameters
    ----------
    row_margin, column_margin, constraints
        As for `bounds`; the order of the levels is taken as meant.
    statistic : str, Count or callable
        A row of `statistics(table)` but eta's and McNemar's, for instance ``"gamma"``; the people
        in some cells; or a function of a `Crosstab` that gives a number, an `Estimate` (its value
        counts) or a `Test` (its statistic, or its p-value where it has none: ``"fisher_exact"``).

    Returns
    -------
    Attainable
        A table that leaves the statistic undefined (an odds ratio with an empty cell in its
        denominator) does not count, and the note says so.

    Raises
    ------
    ValueError, ContradictionError, TypeError
        As for `bounds`, or if there is no such statistic of a table of this shape.

    Notes
    -----
    Up to 2,000,000 tables, or 20,000 for a function of one's own, are all counted. Beyond, integer
    programs prove the ends of weighted sums and lambda, couplings those of gamma, tau and Somers'
    d, closed paths and branch and bound those of χ² and what follows from it. Not proved but
    searched are functions of one's own, ordinal statistics under constraints that no coupling
    meets, and large tables; nor is lambda's greatest value proved beyond 10,000 people, where the
    solver is not precise enough.

    Examples
    --------
    >>> gamma = attainable([110, 90], [20, 50, 70, 40, 20], "gamma")
    >>> gamma.low, gamma.high, gamma.proved
    (-1.0, 1.0, True)
    >>> gamma.low_table.counts.to_numpy().tolist()
    [[0, 0, 50, 40, 20], [20, 50, 20, 0, 0]]
    """
    tables = _tables(row_margin, column_margin, constraints)
    asked = objective(statistic, tables)
    if tables.at_most(CALLS if asked.slow else BUDGET):
        return _counted(tables, asked)
    return _range(tables, asked, [asked.form.end(tables, sign) for sign in (-1, 1)])


def _tables(row: Any, column: Any, constraints: Sequence[Constraint]) -> TableSet:
    """The tables with these margins, of which there must be one."""
    tables = TableSet.of(row, column, constraints)
    require_table(tables)
    return tables


def _counted(tables: TableSet, asked: Objective) -> Attainable:
    """Both ends by looking at every table."""
    n = unbounded = undefined = 0
    ends: list[np.ndarray] = []
    for stack in tables.stacks():
        values = asked.form.values(stack)
        n += len(stack)
        unbounded += int(np.isinf(values).sum())
        undefined += int(np.isnan(values).sum())
        if (defined := np.isfinite(values)).any():
            some = stack[defined]
            ends += [some[values[defined].argmin()], some[values[defined].argmax()]]
    left_out = {"unbounded": unbounded, "undefined": undefined}
    counts = " and ".join(f"{what} in {many:,}" for what, many in left_out.items() if many)
    note = f"{counts} of {n:,} tables, which are left out" if counts else ""
    best = np.stack(ends or [stack[0]])
    values, method = asked.form.values(best), f"all {n:,} tables counted"
    low_and_high = best[[values.argmin(), values.argmax()]]
    return _range(tables, asked, [Extreme(x, unbounded == 0, method) for x in low_and_high], note)


def _range(tables: TableSet, asked: Objective, ends: list[Extreme], note: str = "") -> Attainable:
    """The statistic of the two tables, the smaller first: some fall where their form rises."""
    both = [tables.table(end.table) for end in ends]
    results = [asked.measure(table) for table in both]
    if number(results[0]) > number(results[1]):
        ends, both, results = ends[::-1], both[::-1], results[::-1]
    low, high = map(number, results)
    if np.isnan([low, high]).all():
        note = "undefined in every table with these margins"
    methods = list(dict.fromkeys(end.method for end in ends))
    method = methods[0] if len(methods) == 1 else f"low: {methods[0]}; high: {methods[1]}"
    proved = all(end.proved for end in ends)
    # The exact p-value of a large table may itself be simulated.
    if any(isinstance(x, Test) and number(x) == x.p_value and not x.exact for x in results):
        proved, method = False, f"{method}; the p-value is simulated"
    return Attainable(
        asked.name, low, high, both[0], both[1], proved, method, tables.origin, note
    )  # fmt: skip
