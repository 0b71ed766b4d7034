"""What every measure of association shares, tests of independence, and effect sizes by χ²."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from scipy.special import chdtrc, chndtrinc, ndtri, xlog1py

from churnlib.evidence import NAN, Estimate, Test, chi_square_result, joined
from churnlib.tables import Crosstab, deviations

Dependent = Literal["symmetric", "rows", "columns"]
TOO_SMALL = "needs two rows and two columns that count somebody"
BELOW = "V leans upwards and lies above its interval, which is that of the population's association"
_ROUNDING = 1e-7  # a root of a rounding error, for one person
_LARGE = 1e6


def as_table(table: Any) -> Crosstab:
    """Return a `Crosstab` as it is, and make one of nested counts."""
    return table if isinstance(table, Crosstab) else Crosstab.from_counts(table)


def observed(table: Crosstab) -> np.ndarray:
    """Counts of the occupied rows and columns as floats."""
    return table.occupied.counts.to_numpy(dtype=float)


def two_by_two(table: Any, what: str) -> tuple[Crosstab, np.ndarray]:
    """Return a table and its counts as floats; a `ValueError` unless it is 2 × 2."""
    table = as_table(table)
    rows, columns = table.counts.shape
    if (rows, columns) != (2, 2):
        raise ValueError(f"{what} needs a 2 × 2 table, given {rows} × {columns}")
    return table, table.counts.to_numpy(dtype=float)


def remark(table: Crosstab, *, order: bool = False) -> str:
    """Say what a reader must know of a table before using a statistic of it."""
    shape = table.occupied.counts.shape
    if min(shape) < 2:
        return TOO_SMALL
    declared = all(o or n <= 2 for o, n in zip(table.ordered, shape, strict=True))
    given = "the order of the levels is taken as given"
    return joined(
        "rows or columns that count nobody are left out" if shape != table.counts.shape else "",
        "" if declared or not order else f"{given}; the table does not say that it means something",
        table.note,
    )


@dataclass(frozen=True)
class Value:
    """What a formula gives, with its standard errors not assuming and assuming the null.

    `p_value` stands where another test than value over `se_null` decides.
    """

    value: float = NAN
    se: float = NAN
    se_null: float = NAN
    p_value: float = NAN
    why_none: str = ""


Formula = Callable[[np.ndarray], Value]


def spread(o: np.ndarray, gradient: np.ndarray) -> float:
    """Standard error by the delta method, from the derivative after each count."""
    mean = (o * gradient).sum() / o.sum()
    return float(np.sqrt((o * (gradient - mean) ** 2).sum()))


def quotient(
    o: np.ndarray, above: np.ndarray, below: np.ndarray, *, numerator: float | None = None,
    degree: int = 1, why_none: str = "",
) -> Value:  # fmt: skip
    """Return the measure Σ o·above / Σ o·below.

    `above` and `below` are the gradients of numerator and denominator over their degree, so that
    by Euler's theorem the sums are the two themselves. The numerator is 0 under the null
    hypothesis, and given apart where its sum would lose digits near independence.
    """
    total = (o * below).sum()
    if total == 0:
        return Value(why_none=why_none)
    value = ((o * above).sum() if numerator is None else numerator) / total
    gradient = degree * (above - value * below) / total
    return Value(value, spread(o, gradient), spread(o, degree * above / total))


def estimate(
    name: str, table: Crosstab, made: Value, level: float, note: str = "", least: float = -1.0
) -> Estimate:
    """Make an estimate on the scale `least` to 1 with its Wald interval and approximate T.

    A standard error of 0 is no certainty but a table at the edge of the formula: no interval.
    """
    from scipy.stats import norm

    if np.isnan(made.value):
        return Estimate(name, NAN, NAN, NAN, level, NAN, table.n, table.origin, made.why_none)
    zero = _ROUNDING / np.sqrt(table.n)
    margin = norm.isf((1 - level) / 2) * made.se if made.se > zero else NAN
    t = made.value / made.se_null if made.se_null > zero else NAN
    p = 2 * norm.sf(abs(t)) if np.isnan(made.p_value) else made.p_value
    edge = "the asymptotic standard error is 0, so there is no interval"
    return Estimate(
        name, float(made.value), float(np.maximum(least, made.value - margin)),
        float(np.minimum(1.0, made.value + margin)), level, float(made.se), table.n, table.origin,
        joined(note, edge if made.se <= zero else ""), float(t), float(p),
    )  # fmt: skip


def measure(
    name: str, table: Any, formula: Formula, level: float, *, order: bool = False,
    least: float = -1.0,
) -> Estimate:  # fmt: skip
    """Estimate by a formula of the counts in occupied rows and columns, two of each at least."""
    table = as_table(table)
    o = observed(table)
    made = formula(o) if min(o.shape) > 1 else Value(why_none=TOO_SMALL)
    return estimate(name, table, made, level, remark(table, order=order), least)


def untested(name: str, table: Crosstab, note: str) -> Test:
    """A test that the table does not allow."""
    return Test(name, NAN, NAN, NAN, table.n, False, (NAN, NAN), table.origin, note)


def _tested(name: str, table: Crosstab, statistic: float, note: str = "") -> Test:
    rows, columns = table.occupied.counts.shape
    df = (rows - 1) * (columns - 1)
    note = joined(remark(table), note if df else "")
    return chi_square_result(name, statistic if df else NAN, df, table.n, table.origin, note)


def chi_square(table: Any, *, correction: bool = False) -> Test:
    """Pearson's χ² test of whether the two variables could be independent.

    Rows and columns that count nobody are left out, as in SPSS; NaN with a note when fewer than
    two of either are left.

    Parameters
    ----------
    table : Crosstab or nested counts
    correction : bool
        Yates's correction (1934, J. R. Stat. Soc. Suppl. 1, 217–235), for a 2×2 table, else a
        `ValueError`; it never exceeds |O − E|.

    Examples
    --------
    >>> test = chi_square([[762, 327, 468], [484, 239, 477]])
    >>> round(test.statistic, 2), int(test.df), f"{test.p_value:.3e}"
    (30.07, 2, '2.954e-07')
    """
    table = as_table(table)
    if correction:
        two_by_two(table, "Yates's correction")
    e = table.occupied.expected.to_numpy()
    gap = abs(deviations(observed(table)))
    statistic = ((gap - np.minimum(0.5, gap) * correction) ** 2 / e).sum()
    few = int((e < 5).sum())
    note = f"{few} of {e.size} cells expect fewer than 5 (least {e.min():.2f})" if few else ""
    return _tested(
        "continuity_correction" if correction else "pearson_chi2", table, statistic, note
    )


def likelihood_ratio(table: Any) -> Test:
    """The likelihood-ratio χ², G² = 2 Σ O ln(O / E).

    Examples
    --------
    >>> round(likelihood_ratio([[279, 73, 225], [165, 47, 191]]).statistic, 4)
    7.0026
    """
    table = as_table(table)
    return _tested("likelihood_ratio", table, g_squared(observed(table)))


def g_squared(o: np.ndarray) -> float:
    """Return G² = 2 Σ O ln(O / E), cell by cell as 2 E ((1 + d) ln(1 + d) − d), d = (O − E) / E.

    With 10¹² people the plain form, which cancels in the sum and not in each cell, loses 4 digits.
    """
    e = np.outer(o.sum(axis=1) / o.sum(), o.sum(axis=0))
    relative = np.maximum(-1.0, deviations(o) / e)
    return float(2 * (e * (xlog1py(1 + relative, relative) - relative)).sum())


def phi(table: Any, *, level: float = 0.95) -> Estimate:
    """Phi, √(χ²/n); for a 2×2 table with the sign of the association, as in SPSS.

    Examples
    --------
    >>> round(phi([[3, 1], [1, 3]]).value, 3)
    0.5
    """
    size = _effect_size("phi", table, lambda chi2, o: np.sqrt(chi2 / o.sum()), level)
    o = observed(as_table(table))
    negative = o.shape == (2, 2) and deviations(o)[0, 0] < 0
    return replace(size, value=-size.value) if negative else size


def contingency_coefficient(table: Any, *, level: float = 0.95) -> Estimate:
    """Pearson's contingency coefficient, √(χ² / (χ² + n)).

    Examples
    --------
    >>> round(contingency_coefficient([[279, 73, 225], [165, 47, 191]]).value, 3)
    0.084
    """
    name = "contingency_coefficient"
    return _effect_size(name, table, lambda chi2, o: np.sqrt(chi2 / (chi2 + o.sum())), level)


def cramers_v(table: Any, *, level: float = 0.95, bias_corrected: bool = False) -> Estimate:
    """Cramér's V: strength of association from 0 to 1, never from a corrected χ².

    The interval inverts the noncentral χ² distribution (Smithson 2003, Confidence intervals,
    p. 40; ``"ncchisqadj"`` of R's DescTools). It is one for the population, while V itself leans
    upwards where few people are expected in a cell or the association is weak: V can lie above
    its interval, and the note then says so. With `bias_corrected` it is Bergsma's Ṽ (2013,
    J. Korean Stat. Soc. 42, 323–328), without an interval.

    Examples
    --------
    >>> v = cramers_v([[279, 73, 225], [165, 47, 191]])
    >>> round(v.value, 3), round(v.low, 3), round(v.high, 3)
    (0.085, 0.0, 0.143)
    """
    table = as_table(table)
    if bias_corrected:
        return _effect_size("cramers_v_corrected", table, _bergsma, level)
    scale = table.n * (min(table.occupied.counts.shape) - 1)
    v = _effect_size("cramers_v", table, lambda chi2, o: np.sqrt(chi2 / scale), level)
    if np.isnan(v.value):
        return v
    test = chi_square(table)
    low, high = (
        float(np.minimum(1.0, np.sqrt(_noncentrality(test.statistic, test.df, tail) / scale)))
        for tail in ((1 - level) / 2, (1 + level) / 2)
    )
    note = joined(v.note, BELOW, test.note) if high < v.value else v.note
    return replace(v, value=float(np.minimum(1.0, v.value)), low=low, high=high, note=note)


def _effect_size(
    name: str, table: Any, size: Callable[[float, np.ndarray], float], level: float
) -> Estimate:
    """An effect size that follows from χ² and has its p-value."""
    test = chi_square(table)
    none = Value(p_value=test.p_value, why_none="too few people for the correction")
    return measure(name, table, lambda o: replace(none, value=size(test.statistic, o)), level)


def _bergsma(chi2: float, o: np.ndarray) -> float:
    n, shape = o.sum(), np.array(o.shape)
    phi2 = np.maximum(0.0, chi2 / n - np.prod(shape - 1) / (n - 1))
    room = (shape - (shape - 1) ** 2 / (n - 1)).min() - 1
    return float(np.minimum(1.0, np.sqrt(phi2 / room))) if room > 0 else NAN


def _noncentrality(statistic: float, df: float, upper_tail: float) -> float:
    """Noncentrality under which a larger χ² than the observed one has this probability."""
    if chdtrc(df, statistic) >= upper_tail:
        return 0.0
    if statistic > _LARGE:
        # The root is then normal with variance 1 about √(nc + df − 1), to eight digits, and the
        # series behind the noncentral distribution no longer ends.
        return float((np.sqrt(statistic) + ndtri(upper_tail)) ** 2 - (df - 1))
    return float(chndtrinc(statistic, df, 1 - upper_tail))
