"""Two ratings of the same people, and a category against a number: what SPSS adds to χ²."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pandas as pd

from churnlib.crosstabs.estimates import TOO_SMALL, as_table, undefined
from churnlib.evidence import NAN, Estimate, Test, joined


def mcnemar_bowker(table: Any) -> Test:
    """Test that two ratings of the same people have the same shares, by symmetry of their table.

    Parameters
    ----------
    table : Crosstab or nested counts
        Rows and columns have the same categories; they are paired by name.

    Returns
    -------
    Test
        Of two categories McNemar's exact test: the binomial distribution of those who changed,
        two-sided, as SPSS prints it. Of more Bowker's χ² with k(k − 1)/2 degrees of freedom;
        pairs of categories between which nobody changed add nothing, which the note says. NaN
        where nobody changed.

    Raises
    ------
    ValueError
        If the categories are not the same.

    References
    ----------
    Bowker, A. H. (1948). A test for symmetry in contingency tables. J. Am. Stat. Assoc. 43,
    572–574.

    Examples
    --------
    >>> ratings = [[794, 86], [150, 570]]  # Agresti (2013), table 11.1: 150 against 86
    >>> f"{mcnemar_bowker(ratings).p_value:.6f}"
    '0.000037'
    >>> test = mcnemar_bowker([[20, 10, 5], [3, 30, 15], [0, 5, 40]])
    >>> round(test.statistic, 3), test.df
    (13.769, 3)
    """
    from scipy.stats import binomtest, chi2

    table = as_table(table)
    o = table.paired.to_numpy(dtype=float)  # squares of large whole numbers overflow
    upper = np.triu_indices(len(o), 1)
    there, back = o[upper], o.T[upper]
    changed = there + back
    if not changed.sum():
        note = joined("nobody is off the diagonal", table.note)
        return _test(table, NAN, NAN, NAN, exact=False, note=note)
    if len(o) == 2:
        p = float(binomtest(int(there[0]), int(changed[0])).pvalue)
        return _test(table, NAN, NAN, p, exact=True, note=table.note)
    some = changed > 0
    statistic = float(((there - back)[some] ** 2 / changed[some]).sum())
    df = len(changed)
    empty = "" if some.all() else f"nobody changed between {int((~some).sum())} of {df} pairs"
    p = float(chi2.sf(statistic, df))
    return _test(table, statistic, df, p, exact=False, note=joined(empty, table.note))


def _test(table: Any, statistic: float, df: float, p: float, *, exact: bool, note: str) -> Test:
    interval = (p, p) if exact else (NAN, NAN)
    return Test("mcnemar_bowker", statistic, df, p, table.n, exact, interval, table.origin, note)


def eta(table: Any, *, dependent: Literal["rows", "columns"], level: float = 0.95) -> Estimate:
    """Return η: how much of a number's variation lies between the groups, as its square root.

    Parameters
    ----------
    table : Crosstab or nested counts
    dependent : {"rows", "columns"}
        The variable whose levels are numbers.
    level : float
        Confidence level, for the record: there is no interval.

    Returns
    -------
    Estimate
        From 0 to 1; √(SS between groups / SS in all). NaN where the number does not vary.

    Raises
    ------
    ValueError
        If the levels of that variable are no numbers.

    Examples
    --------
    >>> from churnlib.tables import Crosstab
    >>> table = Crosstab.from_counts([[8, 4, 1], [2, 5, 9]], columns=[0, 1, 2])
    >>> round(eta(table, dependent="columns").value, 4)
    0.5845
    """
    table = as_table(table)
    scores = numbers(table.counts.index if dependent == "rows" else table.counts.columns)
    if scores is None:
        raise ValueError(
            f"eta needs numbers as levels of the {dependent}, given "
            f"{list(table.counts.index if dependent == 'rows' else table.counts.columns)}"
        )
    o = table.counts.to_numpy(dtype=float)
    o = o.T if dependent == "rows" else o  # now the number is across
    o = o[o.sum(axis=1) > 0]
    name = f"eta_{dependent}"
    centred = scores - (o.sum(axis=0) * scores).sum() / o.sum()
    whole = (o.sum(axis=0) * centred**2).sum()
    if len(o) < 2 or whole == 0:
        return undefined(name, table, level, TOO_SMALL)
    people = o.sum(axis=1)
    between = ((o @ centred) ** 2 / people).sum()
    value = float(np.sqrt(between / whole))
    return Estimate(name, value, NAN, NAN, level, NAN, table.n, table.origin, table.note)


def numbers(levels: pd.Index) -> np.ndarray | None:
    """Return the numbers that levels are, or ``None``.

    Numbers and texts of numbers count; the positions that a table of nested counts has for
    want of levels, and True and False, do not.

    Examples
    --------
    >>> numbers(pd.Index(["1", "2.5"])), numbers(pd.Index(["1-2", "6+"])) is None
    (array([1. , 2.5]), True)
    """
    if isinstance(levels, pd.RangeIndex) or any(isinstance(each, bool) for each in levels):
        return None
    try:
        scores = np.array([float(each) for each in levels])
    except (TypeError, ValueError):
        return None
    return scores if np.isfinite(scores).all() else None
