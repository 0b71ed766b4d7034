"""Two-by-two tables: odds, risks, and the agreement of two ratings."""

from __future__ import annotations

from typing import Any

import numpy as np

from churnlib.crosstabs.estimates import (
    as_table,
    estimate,
    ratio_estimate,
    require_shape,
    undefined,
)
from churnlib.evidence import NAN, Estimate, joined
from churnlib.tables import Crosstab, wilson


def odds_ratio(table: Any, *, level: float = 0.95) -> Estimate:
    """Odds of the first column in the first row over those in the second, with Woolf's interval.

    Returns
    -------
    Estimate
        ``se`` is that of the logarithm. With an empty cell the ratio is 0 or unbounded: then
        there is no interval, an unbounded ratio is NaN as everywhere here, and the note says why.

    References
    ----------
    Woolf, B. (1955). On estimating the relation between blood group and disease. Ann. Hum.
    Genet. 19, 251–253.

    Examples
    --------
    >>> ratio = odds_ratio([[20, 80], [15, 135]])
    >>> round(ratio.value, 2), round(ratio.low, 2), round(ratio.high, 2)
    (2.25, 1.09, 4.64)
    """
    table = as_table(table)
    (a, b), (c, d) = _two_by_two(table, "odds_ratio")
    if b * c == 0 or a * d == 0:
        return _empty_cell("odds_ratio", table, level, a * d, b * c)
    return _ratio(
        "odds_ratio", table, a * d / (b * c), np.sqrt(1 / a + 1 / b + 1 / c + 1 / d), level
    )


def risk_ratio(table: Any, *, event: Any = None, level: float = 0.95) -> Estimate:
    """Share of one column in the first row over that in the second.

    Parameters
    ----------
    event : column label, optional
        The column whose share is meant, the first when left out.

    Returns
    -------
    Estimate
        ``se`` is that of the logarithm; see `odds_ratio` for empty cells.

    References
    ----------
    Katz, D. et al. (1978). Obtaining confidence intervals for the risk ratio in cohort studies.
    Biometrics 34, 469–474.

    Examples
    --------
    >>> ratio = risk_ratio([[20, 80], [15, 135]])
    >>> round(ratio.value, 2), round(ratio.low, 2), round(ratio.high, 2)
    (2.0, 1.08, 3.72)
    """
    table = as_table(table)
    counts = _two_by_two(table, "risk_ratio")
    columns = list(table.counts.columns)
    if event is not None and event not in columns:
        raise KeyError(f"the table has no column {event!r}; it has {columns[0]!r}, {columns[1]!r}")
    (a, b), (c, d) = counts if event is None or event == columns[0] else counts[:, ::-1]
    if a * c == 0:
        return _empty_cell("risk_ratio", table, level, a * (c + d), c * (a + b))
    value = (a / (a + b)) / (c / (c + d))
    return _ratio("risk_ratio", table, value, np.sqrt(b / a / (a + b) + d / c / (c + d)), level)


def risk_difference(table: Any, *, level: float = 0.95) -> Estimate:
    """Share of the first column in the first row minus that in the second.

    Returns
    -------
    Estimate
        With Newcombe's interval, made of the two Wilson intervals.

    References
    ----------
    Newcombe, R. G. (1998). Interval estimation for the difference between independent
    proportions: method 10. Stat. Med. 17, 873–890.

    Examples
    --------
    >>> gap = risk_difference([[56, 14], [48, 32]])
    >>> round(gap.value, 4), round(gap.low, 4), round(gap.high, 4)
    (0.2, 0.0524, 0.3339)
    """
    table = as_table(table)
    counts = _two_by_two(table, "risk_difference")
    n1, n2 = counts.sum(axis=1)
    if n1 == 0 or n2 == 0:
        return undefined("risk_difference", table, level, "a row counts nobody")
    p1, p2 = counts[0, 0] / n1, counts[1, 0] / n2
    (l1, u1), (l2, u2) = wilson(counts[0, 0], n1, level), wilson(counts[1, 0], n2, level)
    value = p1 - p2
    low = value - np.sqrt((p1 - l1) ** 2 + (u2 - p2) ** 2)
    high = value + np.sqrt((u1 - p1) ** 2 + (p2 - l2) ** 2)
    q1, q2 = counts[:, 1] / (n1, n2)
    se = np.sqrt(p1 * q1 / n1 + p2 * q2 / n2)
    return Estimate(
        "risk_difference",
        float(value),
        float(low),
        float(high),
        level,
        float(se),
        table.n,
        table.origin,
        table.note,
    )


def kappa(table: Any, *, level: float = 0.95) -> Estimate:
    """Return Cohen's kappa: agreement of two ratings beyond what chance gives.

    Rows and columns are paired by their levels, in whatever order they stand.

    Raises
    ------
    ValueError
        If the two ratings have not the same categories.

    References
    ----------
    Fleiss, J. L., Cohen, J. & Everitt, B. S. (1969). Large sample standard errors of kappa
    and weighted kappa. Psychol. Bull. 72, 323–327.

    Examples
    --------
    >>> k = kappa([[20, 5], [10, 15]])
    >>> round(k.value, 2), round(k.se, 3)
    (0.4, 0.127)
    """
    table = as_table(table)
    require_shape(table, "kappa", square=True)
    o = table.paired.to_numpy(dtype=float)
    p = o / table.n
    row, column, agree = p.sum(axis=1), p.sum(axis=0), np.diag(p)
    chance = (row * column).sum()
    # Disagreement is added up and not taken from 1, where it could be lost.
    differ = (o.sum() - np.trace(o)) / table.n
    by_chance = (row * (table.n - o.sum(axis=0)) / table.n).sum()
    if by_chance == 0:
        return undefined("kappa", table, level, "both ratings always give the same level")
    value = 1 - differ / by_chance
    off = p * (column[:, None] + row[None, :]) ** 2
    inside = (
        (agree * (1 - (row + column) * (1 - value)) ** 2).sum()
        + (1 - value) ** 2 * (off.sum() - np.diag(off).sum())
        - (value - chance * (1 - value)) ** 2
    )
    se = np.sqrt(np.maximum(0.0, inside) / table.n) / by_chance
    null = chance + chance**2 - (row * column * (row + column)).sum()
    se_null = np.sqrt(np.maximum(0.0, null) / table.n) / by_chance
    return estimate("kappa", table, value, se, level=level, se_null=se_null, note=table.note)


def _two_by_two(table: Crosstab, name: str) -> np.ndarray:
    require_shape(table, name)
    return table.counts.to_numpy(dtype=float)


def _ratio(name: str, table: Crosstab, value: float, se: float, level: float) -> Estimate:
    return ratio_estimate(name, value, se, level, table.n, table.origin, table.note)


def _empty_cell(name: str, table: Crosstab, level: float, above: float, below: float) -> Estimate:
    if below > 0:
        value, note = 0.0, "an empty cell leaves the ratio without an interval"
    elif above > 0:
        value, note = NAN, "an empty cell leaves the ratio unbounded and without an interval"
    else:
        value, note = NAN, "empty cells leave the ratio undetermined"
    return Estimate(
        name, value, NAN, NAN, level, NAN, table.n, table.origin, joined(table.note, note)
    )
