"""Association of two variables whose levels are ordered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from churnlib.crosstabs.estimates import (
    TOO_SMALL,
    as_table,
    chi_square_test,
    estimate,
    observed,
    remark,
    undefined,
)
from churnlib.evidence import Estimate, Test
from churnlib.tables import Crosstab


@dataclass(frozen=True, eq=False)
class _Pairs:
    """Pairs of people by how their two answers are ordered, in SPSS's symbols.

    P and Q count concordant and discordant pairs twice; D is, cell by cell, how many more people
    are concordant with that cell than discordant; Wr and Wc count pairs not tied on the rows
    and on the columns, twice.
    """

    o: np.ndarray
    C: np.ndarray
    D: np.ndarray
    P: float
    Q: float
    Wr: float
    Wc: float

    @classmethod
    def of(cls, o: np.ndarray) -> _Pairs:
        concordant = _beyond(o) + _beyond(o[::-1, ::-1])[::-1, ::-1]
        discordant = _beyond(o[:, ::-1])[:, ::-1] + _beyond(o[::-1])[::-1]
        n, rows, columns = o.sum(), o.sum(axis=1), o.sum(axis=0)
        return cls(
            o,
            concordant,
            concordant - discordant,
            (o * concordant).sum(),
            (o * discordant).sum(),
            (rows * (n - rows)).sum(),
            (columns * (n - columns)).sum(),
        )

    @property
    def spread(self) -> float:
        """Root of Σ n D² − (P − Q)²/n, in every standard error under the null."""
        between = (self.o * self.D**2).sum() - (self.P - self.Q) ** 2 / self.o.sum()
        return float(np.sqrt(np.maximum(0.0, between)))


def _beyond(o: np.ndarray) -> np.ndarray:
    """People strictly below and to the right of each cell."""
    sums = o[::-1, ::-1].cumsum(axis=0).cumsum(axis=1)[::-1, ::-1]
    return np.pad(sums, ((0, 1), (0, 1)))[1:, 1:]


def gamma(table: Any, *, level: float = 0.95) -> Estimate:
    """Goodman and Kruskal's gamma: of pairs that are not tied, how many more agree than disagree.

    Parameters
    ----------
    table : Crosstab or nested counts
        Levels in their order.
    level : float
        Confidence level.

    Returns
    -------
    Estimate
        With SPSS's asymptotic standard error and approximate T. NaN with a note when every
        pair is tied.

    References
    ----------
    Goodman, L. A. & Kruskal, W. H. (1963). J. Am. Stat. Assoc. 58, 310–364.

    Examples
    --------
    >>> satisfaction = [[1, 3, 10, 6], [2, 3, 10, 7], [1, 6, 14, 12], [0, 1, 9, 11]]
    >>> g = gamma(Crosstab.from_counts(satisfaction, ordered=True))
    >>> round(g.value, 3), round(g.se, 3), round(g.low, 3), round(g.high, 3)
    (0.221, 0.117, -0.009, 0.451)
    """
    table = as_table(table)
    o = observed(table)
    if min(o.shape) < 2:
        return undefined("gamma", table, level, TOO_SMALL)
    x = _Pairs.of(o)
    if x.P + x.Q == 0:
        return undefined("gamma", table, level, "every pair of people is tied")
    value = (x.P - x.Q) / (x.P + x.Q)
    d = x.C - x.D  # discordant, cell by cell
    se = 4 / (x.P + x.Q) ** 2 * np.sqrt((o * (x.Q * x.C - x.P * d) ** 2).sum())
    return _ordinal("gamma", table, value, se, 2 / (x.P + x.Q) * x.spread, level)


def kendall_tau_b(table: Any, *, level: float = 0.95) -> Estimate:
    """Kendall's tau-b: like gamma, with ties counted against it; ±1 only in square tables.

    References
    ----------
    Agresti, A. (2010). Analysis of ordinal categorical data, 2nd ed., section 7.1. The
    standard error is SPSS's and SAS's; R's DescTools differs.

    Examples
    --------
    >>> satisfaction = [[1, 3, 10, 6], [2, 3, 10, 7], [1, 6, 14, 12], [0, 1, 9, 11]]
    >>> round(kendall_tau_b(Crosstab.from_counts(satisfaction, ordered=True)).value, 4)
    0.1524
    """
    table = as_table(table)
    o = observed(table)
    if min(o.shape) < 2:
        return undefined("kendall_tau_b", table, level, TOO_SMALL)
    x = _Pairs.of(o)
    value, se = _tau_b(x)
    return _ordinal("kendall_tau_b", table, value, se, 2 / np.sqrt(x.Wr * x.Wc) * x.spread, level)


def _tau_b(x: _Pairs) -> tuple[float, float]:
    n, w = x.o.sum(), np.sqrt(x.Wr * x.Wc)
    value = (x.P - x.Q) / w
    v = x.o.sum(axis=1, keepdims=True) * x.Wc + x.o.sum(axis=0, keepdims=True) * x.Wr
    inside = (x.o * (2 * w * x.D + value * v) ** 2).sum() - n**3 * value**2 * (x.Wr + x.Wc) ** 2
    return value, np.sqrt(np.maximum(0.0, inside)) / w**2


def stuart_tau_c(table: Any, *, level: float = 0.95) -> Estimate:
    """Stuart's (Kendall's) tau-c: like tau-b, made to reach ±1 in oblong tables.

    Examples
    --------
    >>> opinion = [[34, 24, 15], [42, 74, 67], [28, 111, 292]]
    >>> c = stuart_tau_c(Crosstab.from_counts(opinion, ordered=True))
    >>> round(c.value, 3), round(c.se, 3)
    (0.31, 0.029)
    """
    table = as_table(table)
    o = observed(table)
    if min(o.shape) < 2:
        return undefined("stuart_tau_c", table, level, TOO_SMALL)
    x, n, q = _Pairs.of(o), o.sum(), min(o.shape)
    value = q * (x.P - x.Q) / ((q - 1) * n**2)
    se = 2 * q / ((q - 1) * n**2) * x.spread
    return _ordinal("stuart_tau_c", table, value, se, se, level)


def somers_d(
    table: Any,
    *,
    dependent: Literal["symmetric", "rows", "columns"] = "symmetric",
    level: float = 0.95,
) -> Estimate:
    """Somers' d: of pairs that differ on the other variable, how many more agree than disagree.

    Parameters
    ----------
    dependent : {"symmetric", "rows", "columns"}
        The dependent variable. The symmetric value divides by the mean of the two bases. Its
        standard error is SPSS's, derived from tau-b's; the delta method gives a larger one
        where the two margins differ much.

    References
    ----------
    Somers, R. H. (1962). A new asymmetric measure of association. Am. Sociol. Rev. 27, 799–811.

    Examples
    --------
    >>> opinion = [[34, 24, 15], [42, 74, 67], [28, 111, 292]]
    >>> d = somers_d(Crosstab.from_counts(opinion, ordered=True), dependent="rows")
    >>> round(d.value, 3), round(d.se, 3)
    (0.351, 0.032)
    """
    if dependent not in {"symmetric", "rows", "columns"}:
        raise ValueError(f"dependent is symmetric, rows or columns; given {dependent!r}")
    table = as_table(table)
    name = f"somers_d_{dependent}"
    o = observed(table)
    if min(o.shape) < 2:
        return undefined(name, table, level, TOO_SMALL)
    x = _Pairs.of(o.T if dependent == "rows" else o)
    if dependent == "symmetric":
        half = (x.Wr + x.Wc) / 2
        value, se = (x.P - x.Q) / half, _tau_b(x)[1] * np.sqrt(x.Wr * x.Wc) / half
        return _ordinal(name, table, value, se, 2 / half * x.spread, level)
    value = (x.P - x.Q) / x.Wr
    untied = x.o.sum() - x.o.sum(axis=1, keepdims=True)
    se = 2 / x.Wr**2 * np.sqrt((x.o * (x.Wr * x.D - (x.P - x.Q) * untied) ** 2).sum())
    return _ordinal(name, table, value, se, 2 / x.Wr * x.spread, level)


def _ordinal(
    name: str, table: Crosstab, value: float, se: float, se_null: float, level: float
) -> Estimate:
    note = remark(table, order=True)
    return estimate(name, table, value, se, level=level, se_null=se_null, note=note)


def pearson_r(
    table: Any,
    *,
    row_scores: Sequence[float] | None = None,
    column_scores: Sequence[float] | None = None,
    level: float = 0.95,
) -> Estimate:
    """Pearson's correlation of the levels' scores, 1, 2, 3, … when none are given.

    Returns
    -------
    Estimate
        T is r √((n − 2)/(1 − r²)) and its p-value from Student's t, as in SPSS.

    Examples
    --------
    >>> security = [[16, 8, 14], [19, 17, 60], [9, 11, 56]]
    >>> round(pearson_r(Crosstab.from_counts(security, ordered=True)).value, 4)
    0.2742
    """
    table = as_table(table)
    rows = _scores(table, row_scores, 0)
    columns = _scores(table, column_scores, 1)
    return _correlation("pearson_r", table, rows, columns, level)


def spearman(table: Any, *, level: float = 0.95) -> Estimate:
    """Spearman's correlation: Pearson's of the mid-ranks, with SPSS's standard error.

    Examples
    --------
    >>> security = [[16, 8, 14], [19, 17, 60], [9, 11, 56]]
    >>> round(spearman(Crosstab.from_counts(security, ordered=True)).value, 4)
    0.2633
    """
    table = as_table(table)
    o = observed(table)
    rows, columns = (_mid_ranks(o.sum(axis=axis)) for axis in (1, 0))
    return _correlation("spearman", table, rows, columns, level)


def linear_by_linear(
    table: Any,
    row_scores: Sequence[float] | None = None,
    column_scores: Sequence[float] | None = None,
) -> Test:
    """Mantel's test for a linear trend, (n − 1) r² as in SPSS; Cochran–Armitage uses n r².

    Parameters
    ----------
    row_scores, column_scores : sequence of float, optional
        One score a level, 1, 2, 3, … when left out.

    References
    ----------
    Mantel, N. (1963). Chi-square tests with one degree of freedom. J. Am. Stat. Assoc. 58,
    690–700.

    Examples
    --------
    >>> income = [[1, 3, 10, 6], [2, 3, 10, 7], [1, 6, 14, 12], [0, 1, 9, 11]]
    >>> round(linear_by_linear(income, [7.5, 20, 32.5, 60]).statistic, 4)
    3.8075
    """
    table = as_table(table)
    r = pearson_r(table, row_scores=row_scores, column_scores=column_scores)
    return chi_square_test("linear_by_linear", table, (table.n - 1) * r.value**2, 1, r.note)


def _correlation(
    name: str, table: Crosstab, rows: np.ndarray, columns: np.ndarray, level: float
) -> Estimate:
    from scipy.stats import t as student

    o = observed(table)
    if min(o.shape) < 2:
        return undefined(name, table, level, TOO_SMALL)
    n = o.sum()
    x = (rows - (o.sum(axis=1) * rows).sum() / n)[:, None]
    y = (columns - (o.sum(axis=0) * columns).sum() / n)[None, :]
    sxx, syy, sxy = (o * x**2).sum(), (o * y**2).sum(), (o * x * y).sum()
    if sxx * syy == 0:
        return undefined(name, table, level, "all scores of one variable are equal")
    w = np.sqrt(sxx * syy)
    r = np.clip(sxy / w, -1, 1)
    b = x**2 * syy + y**2 * sxx
    se = np.sqrt((o * (w * x * y - b * sxy / (2 * w)) ** 2).sum()) / w**2
    note = remark(table, order=True)
    if n <= 2:
        return estimate(name, table, r, se, level=level, note=note)
    null = np.sqrt((1 - r**2) / (n - 2))
    made = estimate(name, table, r, se, level=level, se_null=null, note=note)
    return replace(made, p_value=float(2 * student.sf(abs(made.t), n - 2)))


def _scores(table: Crosstab, given: Sequence[float] | None, axis: int) -> np.ndarray:
    length = table.counts.shape[axis]
    if given is None:
        scores = np.arange(1.0, length + 1)
    else:
        scores = np.asarray(given, dtype=float)
        if scores.shape != (length,) or not np.isfinite(scores).all():
            what = ("rows", "columns")[axis]
            raise ValueError(f"one finite score for each of {length} {what}, given {list(given)}")
    totals = (table.row_totals, table.column_totals)[axis].to_numpy()
    return scores[totals > 0]


def _mid_ranks(totals: np.ndarray) -> np.ndarray:
    return totals.cumsum() - (totals - 1) / 2
