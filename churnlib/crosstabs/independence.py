"""Tests of independence by χ², and the effect sizes that follow from it."""

from __future__ import annotations

from typing import Any

import numpy as np

from churnlib.crosstabs.estimates import (
    TOO_SMALL,
    as_table,
    chi_square_test,
    estimate,
    observed,
    remark,
    require_shape,
    undefined,
)
from churnlib.evidence import NAN, Estimate, Test, joined, require_level
from churnlib.tables import Crosstab, deviations

BELOW = "V leans upwards and lies above its interval, which is that of the population's association"


def chi_square(table: Any, *, correction: bool = False) -> Test:
    """Pearson's χ² test of whether the two variables could be independent.

    Parameters
    ----------
    table : Crosstab or nested counts
    correction : bool
        Yates's correction, for a 2×2 table; it never exceeds |O − E|. An effect size must not
        be computed from a corrected statistic.

    Returns
    -------
    Test
        Rows and columns that count nobody are left out, as in SPSS. NaN with a note when fewer
        than two of either are left.

    Raises
    ------
    ValueError
        If a correction is asked for a table that is not 2×2.

    References
    ----------
    Pearson, K. (1900); Yates, F. (1934). J. R. Stat. Soc. Suppl. 1, 217–235.

    Examples
    --------
    >>> test = chi_square([[762, 327, 468], [484, 239, 477]])
    >>> round(test.statistic, 2), int(test.df), f"{test.p_value:.3e}"
    (30.07, 2, '2.954e-07')
    """
    table = as_table(table)
    o = observed(table)
    name = "continuity_correction" if correction else "pearson_chi2"
    if correction:
        require_shape(table, "Yates's correction")
    if min(o.shape) < 2:
        return chi_square_test(name, table, NAN, 0, TOO_SMALL)
    e = table.occupied.expected.to_numpy()
    gap = abs(deviations(o))
    statistic = ((gap - np.minimum(0.5, gap) * correction) ** 2 / e).sum()
    few = int((e < 5).sum())
    note = f"{few} of {e.size} cells expect fewer than 5 (least {e.min():.2f})" if few else ""
    return chi_square_test(name, table, statistic, _df(o), joined(remark(table), note))


def likelihood_ratio(table: Any) -> Test:
    """The likelihood-ratio χ², G² = 2 Σ O ln(O / E).

    Examples
    --------
    >>> round(likelihood_ratio([[279, 73, 225], [165, 47, 191]]).statistic, 4)
    7.0026
    """
    table = as_table(table)
    o = observed(table)
    if min(o.shape) < 2:
        return chi_square_test("likelihood_ratio", table, NAN, 0, TOO_SMALL)
    return chi_square_test("likelihood_ratio", table, g_squared(o), _df(o), remark(table))


def phi(table: Any, *, level: float = 0.95) -> Estimate:
    """Phi, √(χ²/n); for a 2×2 table with the sign of the association, as in SPSS.

    Examples
    --------
    >>> round(phi([[3, 1], [1, 3]]).value, 3)
    0.5
    """
    table = as_table(table)
    o = observed(table)
    if min(o.shape) < 2:
        return undefined("phi", table, level, TOO_SMALL)
    test = chi_square(table)
    sign = -1 if o.shape == (2, 2) and np.linalg.det(o) < 0 else 1
    value = sign * np.sqrt(test.statistic / table.n)
    note = remark(table)
    return estimate("phi", table, value, level=level, p_value=test.p_value, note=note)


def cramers_v(table: Any, *, level: float = 0.95, bias_corrected: bool = False) -> Estimate:
    """Cramér's V: strength of association from 0 to 1, never from a corrected χ².

    The interval inverts the noncentral χ² distribution. It is an interval for the association in
    the population, while V itself leans upwards where few people are expected in a cell or the
    association is weak; the interval can therefore lie below V, and the note says so. It is
    ``"ncchisqadj"`` of R's DescTools; its ``"ncchisq"`` adds the degrees of freedom.

    Parameters
    ----------
    table : Crosstab or nested counts
    level : float
        Confidence level.
    bias_corrected : bool
        Bergsma's correction, for which no interval is given.

    References
    ----------
    Cramér, H. (1946). Mathematical methods of statistics, p. 282. Smithson, M. (2003).
    Confidence intervals, p. 40. Bergsma, W. (2013). A bias-correction for Cramér's V.
    J. Korean Stat. Soc. 42, 323–328.

    Examples
    --------
    >>> v = cramers_v([[279, 73, 225], [165, 47, 191]])
    >>> round(v.value, 3), round(v.low, 3), round(v.high, 3)
    (0.085, 0.0, 0.143)
    """
    require_level(level)
    table = as_table(table)
    name = "cramers_v_corrected" if bias_corrected else "cramers_v"
    o = observed(table)
    if min(o.shape) < 2:
        return undefined(name, table, level, TOO_SMALL)
    test, n = chi_square(table), table.n
    note = remark(table)
    if bias_corrected:
        return _bergsma(table, test, level, note)
    scale = n * (min(o.shape) - 1)
    value = np.minimum(1.0, np.sqrt(test.statistic / scale))
    low, high = (
        np.minimum(1.0, np.sqrt(_noncentrality(test.statistic, test.df, tail) / scale))
        for tail in ((1 - level) / 2, (1 + level) / 2)
    )
    if high < value:
        note = joined(note, BELOW, test.note)
    return Estimate(
        name, float(value), float(low), float(high), level, NAN, n, table.origin, note,
        p_value=test.p_value,
    )  # fmt: skip


def _bergsma(table: Crosstab, test: Test, level: float, note: str) -> Estimate:
    n = table.n
    r, c = table.occupied.counts.shape
    if n < 2:
        return undefined("cramers_v_corrected", table, level, "needs two people")
    phi2 = np.maximum(0.0, test.statistic / n - (r - 1) * (c - 1) / (n - 1))
    rows, columns = r - (r - 1) ** 2 / (n - 1), c - (c - 1) ** 2 / (n - 1)
    room = min(rows, columns) - 1
    if room <= 0:
        return undefined("cramers_v_corrected", table, level, "too few people for the correction")
    value = np.minimum(1.0, np.sqrt(phi2 / room))
    p = test.p_value
    return estimate("cramers_v_corrected", table, value, level=level, p_value=p, note=note)


_LARGE = 1e6


def _noncentrality(statistic: float, df: float, upper_tail: float) -> float:
    """Noncentrality under which a larger χ² than the observed one has this probability."""
    from scipy.optimize import brentq
    from scipy.stats import chi2, ncx2, norm

    if chi2.sf(statistic, df) >= upper_tail:
        return 0.0
    if statistic > _LARGE:
        # The root is then normal with variance 1 about √(nc + df − 1), to eight digits, and the
        # series behind ncx2 takes seconds or does not end.
        return float((np.sqrt(statistic) - norm.isf(upper_tail)) ** 2 - (df - 1))
    # Noncentral χ² has mean df + nc and variance 2 (df + 2 nc): forty deviations are enough.
    ceiling = statistic + 40 * np.sqrt(df + statistic) + 400
    return float(brentq(lambda nc: ncx2.sf(statistic, df, nc) - upper_tail, 1e-9, ceiling))


def contingency_coefficient(table: Any, *, level: float = 0.95) -> Estimate:
    """Pearson's contingency coefficient, √(χ² / (χ² + n)).

    Examples
    --------
    >>> round(contingency_coefficient([[279, 73, 225], [165, 47, 191]]).value, 3)
    0.084
    """
    table = as_table(table)
    test = chi_square(table)
    if min(observed(table).shape) < 2:
        return undefined("contingency_coefficient", table, level, TOO_SMALL)
    value = np.sqrt(test.statistic / (test.statistic + table.n))
    p, note = test.p_value, remark(table)
    return estimate("contingency_coefficient", table, value, level=level, p_value=p, note=note)


def _df(o: np.ndarray) -> int:
    return (o.shape[0] - 1) * (o.shape[1] - 1)


def g_squared(o: np.ndarray) -> float:
    """Return G² = 2 Σ O ln(O / E), cell by cell as 2 E ((1 + d) ln(1 + d) − d), d = (O − E) / E.

    So written, what cancels in the sum has already cancelled in each cell: with 10¹² people the
    plain form would have lost four digits.
    """
    from scipy.special import xlog1py

    gap = deviations(o)
    e = np.outer(o.sum(axis=1) / o.sum(), o.sum(axis=0))
    relative = np.maximum(-1.0, gap / e)
    return float(2 * (e * (xlog1py(1 + relative, relative) - relative)).sum())
