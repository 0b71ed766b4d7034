"""What two published margins say of the table that was never published."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from churnlib.evidence import Origin
from churnlib.margins.constraints import Constraint
from churnlib.margins.extremal_forms import Free
from churnlib.margins.integer_programs import require_table, solve
from churnlib.margins.ranges import Attainable, counted, reasoned
from churnlib.margins.statistic_forms import objective
from churnlib.margins.table_sets import TableSet

BUDGET, CALLS = 2_000_000, 20_000
"""Tables that are counted one by one: by an array formula, and by calls of a function."""


@dataclass(frozen=True, eq=False)
class Bounds:
    """Fewest and most people that each cell can hold.

    Parameters
    ----------
    low, high : DataFrame of int
        Each cell's own bound; the cells of `low` do not make up one table.
    origin : Origin
        Kind of evidence the margins are.
    """

    low: pd.DataFrame
    high: pd.DataFrame
    origin: Origin

    def _repr_html_(self) -> str:
        both = self.low.astype(str) + "–" + self.high.astype(str)
        return f"{self.origin.badge_html}{both._repr_html_()}"


def bounds(row_margin: Any, column_margin: Any, constraints: Sequence[Constraint] = ()) -> Bounds:
    """Fréchet's bounds: how few and how many people each cell can hold.

    Parameters
    ----------
    row_margin, column_margin : FrequencyTable, Series, mapping or sequence of int
        People by level.
    constraints : sequence of Constraint
        What else is known. Each bound is then that of an integer program, hence attained.

    Raises
    ------
    ValueError
        If the margins are not whole numbers of 0 or more with the same total.
    ContradictionError
        If no table meets the constraints; it names the fewest that contradict each other.

    References
    ----------
    Fréchet, M. (1951). Sur les tableaux de corrélation dont les marges sont données. Ann.
    Univ. Lyon A 14, 53–77.

    Examples
    --------
    >>> found = bounds({"under 40": 93, "40 and over": 107}, {"no degree": 63, "degree": 137})
    >>> found.low.loc["40 and over"].tolist(), found.high.loc["40 and over"].tolist()
    ([0, 44], [63, 107])
    """
    tables = TableSet.of(row_margin, column_margin, constraints)
    require_table(tables)
    rows, columns = tables.rows.to_numpy(), tables.columns.to_numpy()
    low = np.maximum(0, np.add.outer(rows, columns) - rows.sum())
    high = np.minimum.outer(rows, columns)
    if tables.constraints:
        for cell in np.ndindex(tables.shape):
            weights = np.zeros(tables.shape)
            weights[cell] = 1
            low[cell], high[cell] = (solve(tables, sign * weights).table[cell] for sign in (1, -1))
    labels = (tables.rows.index, tables.columns.index)
    return Bounds(pd.DataFrame(low, *labels), pd.DataFrame(high, *labels), tables.origin)


def enumerate_tables(
    row_margin: Any, column_margin: Any, constraints: Sequence[Constraint] = ()
) -> Iterator[np.ndarray]:
    """Every table with these margins, one at a time, as an array of counts.

    Parameters
    ----------
    row_margin, column_margin, constraints
        As for `bounds`.

    Raises
    ------
    ValueError, ContradictionError
        As for `bounds`, before the first table.

    Examples
    --------
    >>> [table.tolist() for table in enumerate_tables([1, 2], [2, 1])]
    [[[0, 1], [2, 0]], [[1, 0], [1, 1]]]
    """
    tables = TableSet.of(row_margin, column_margin, constraints)
    require_table(tables)
    return (table for stack in tables.stacks() for table in stack)


def count_tables(
    row_margin: Any, column_margin: Any, constraints: Sequence[Constraint] = ()
) -> int:
    """How many tables have these margins, counted without listing them.

    Parameters
    ----------
    row_margin, column_margin, constraints
        As for `bounds`; the constraints must concern single cells or be structural zeros.

    Raises
    ------
    ValueError
        As for `bounds`, or if a constraint is on a sum of cells.

    References
    ----------
    Gail, M. & Mantel, N. (1977). Counting the number of r × c contingency tables with fixed
    margins. J. Am. Stat. Assoc. 72, 859–862.

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
    if any(limit.low > limit.high for limit in tables.limits):
        return 0
    return tables.count()


def attainable(
    row_margin: Any, column_margin: Any, statistic: Any, constraints: Sequence[Constraint] = ()
) -> Attainable:
    """The smallest and the largest value of a statistic over all tables with these margins.

    Parameters
    ----------
    row_margin, column_margin : FrequencyTable, Series, mapping or sequence of int
        People by level; the order of the levels is taken as meant.
    statistic : str, Count or callable
        A row of `statistics(table)`, for instance ``"gamma"``; the people in some cells; or a
        function of a `Crosstab` that gives a number, an `Estimate` (its value counts) or a
        `Test` (its statistic counts, or its p-value where it has none: ``"fisher_exact"``).
    constraints : sequence of Constraint
        What else is known of the table.

    Returns
    -------
    Attainable
        With a table that attains each end.

    Raises
    ------
    ValueError, TypeError
        If the margins are not whole numbers of 0 or more with the same total, or there is no
        such statistic.
    ContradictionError
        If no table meets the constraints; it names the fewest that contradict each other.

    Notes
    -----
    Where there are few enough tables, 2,000,000 or 20,000 for a function of one's own, all of
    them are counted. Otherwise the ends are proved by the form that a statistic has once the
    margins are fixed, see `churnlib.forms`: integer programs for weighted sums, couplings for
    gamma, tau and Somers' d, branch and bound for χ² and what follows from it. What is left,
    functions of one's own and ordinal statistics under constraints that no coupling meets, is
    searched, and `proved` is false.

    A table that leaves the statistic undefined (NaN: an odds ratio with an empty cell in its
    denominator) does not count for the range, and the note says that there are such tables.

    Examples
    --------
    >>> found = attainable([110, 90], [20, 50, 70, 40, 20], "gamma")
    >>> found.low, found.high, found.proved
    (-1.0, 1.0, True)
    >>> found.low_table.counts.to_numpy().tolist()
    [[0, 0, 50, 40, 20], [20, 50, 20, 0, 0]]
    """
    tables = TableSet.of(row_margin, column_margin, constraints)
    require_table(tables)
    asked = objective(statistic, tables)
    own = isinstance(asked.form, Free) and not isinstance(statistic, str)
    few = tables.at_most(CALLS if own else BUDGET)
    return (counted if few else reasoned)(tables, asked)
