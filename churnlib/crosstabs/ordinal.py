"""Association of two variables whose levels are ordered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from churnlib.crosstabs.independence import Dependent, Value, as_table, measure, quotient, spread
from churnlib.evidence import Estimate, Test, chi_square_result
from churnlib.tables import Crosstab


def gamma(table: Any, *, level: float = 0.95) -> Estimate:
    """Goodman and Kruskal's gamma: of pairs that are not tied, how many more agree than disagree.

    With SPSS's standard error and approximate T (Goodman & Kruskal 1963, J. Am. Stat. Assoc. 58,
    310–364). NaN with a note when every pair is tied.

    Parameters
    ----------
    table : Crosstab or nested counts
        Levels in their order.
    level : float
        Confidence level.

    Examples
    --------
    >>> satisfaction = [[1, 3, 10, 6], [2, 3, 10, 7], [1, 6, 14, 12], [0, 1, 9, 11]]
    >>> g = gamma(Crosstab.from_counts(satisfaction, ordered=True))
    >>> round(g.value, 3), round(g.se, 3), round(g.low, 3), round(g.high, 3)
    (0.221, 0.117, -0.009, 0.451)
    """
    return _pairs("gamma", table, level, lambda o: concordant(o) + discordant(o))


def kendall_tau_b(table: Any, *, level: float = 0.95) -> Estimate:
    """Kendall's tau-b: like gamma, with ties counted against it; ±1 only in square tables.

    The standard error is SPSS's and SAS's; R's DescTools differs. Agresti (2010), Analysis of
    ordinal categorical data, section 7.1.

    Examples
    --------
    >>> satisfaction = [[1, 3, 10, 6], [2, 3, 10, 7], [1, 6, 14, 12], [0, 1, 9, 11]]
    >>> round(kendall_tau_b(Crosstab.from_counts(satisfaction, ordered=True)).value, 4)
    0.1524
    """
    return _pairs("kendall_tau_b", table, level, _geometric)


def stuart_tau_c(table: Any, *, level: float = 0.95) -> Estimate:
    """Stuart's (Kendall's) tau-c: like tau-b, made to reach ±1 in oblong tables.

    Examples
    --------
    >>> opinion = [[34, 24, 15], [42, 74, 67], [28, 111, 292]]
    >>> c = stuart_tau_c(Crosstab.from_counts(opinion, ordered=True))
    >>> round(c.value, 3), round(c.se, 3)
    (0.31, 0.029)
    """
    # A constant base does not vary, so that both standard errors are one, as in SPSS.
    return _pairs("stuart_tau_c", table, level, lambda o: 0 * o + o.sum() * (1 - 1 / min(o.shape)))


def somers_d(table: Any, *, dependent: Dependent = "symmetric", level: float = 0.95) -> Estimate:
    """Somers' d: of pairs that differ on the other variable, how many more agree than disagree.

    The symmetric value divides by the mean of the two bases. Its standard error is SPSS's, derived
    from tau-b's; the delta method gives a larger one where the two margins differ much. Somers
    (1962), Am. Sociol. Rev. 27, 799–811.

    Examples
    --------
    >>> opinion = [[34, 24, 15], [42, 74, 67], [28, 111, 292]]
    >>> d = somers_d(Crosstab.from_counts(opinion, ordered=True), dependent="rows")
    >>> round(d.value, 3), round(d.se, 3)
    (0.351, 0.032)
    """
    if dependent not in {"symmetric", "rows", "columns"}:
        raise ValueError(f"dependent is symmetric, rows or columns; given {dependent!r}")

    def formula(o: np.ndarray) -> Value:
        if dependent != "symmetric":
            return _excess(o, _apart(o, 0 if dependent == "rows" else 1))
        mean, geometric = (_apart(o, 0) + _apart(o, 1)) / 2, _geometric(o)
        relative = (o * geometric).sum() / (o * mean).sum()
        return replace(_excess(o, mean), se=_excess(o, geometric).se * relative)

    return measure(f"somers_d_{dependent}", table, formula, level, order=True)


def _pairs(
    name: str, table: Any, level: float, base: Callable[[np.ndarray], np.ndarray]
) -> Estimate:
    return measure(name, table, lambda o: _excess(o, base(o)), level, order=True)


def _excess(o: np.ndarray, base: np.ndarray) -> Value:
    """Concordant less discordant pairs over a base; both for a person in each cell."""
    why_none = "every pair of people is tied"
    return quotient(o, concordant(o) - discordant(o), base, degree=2, why_none=why_none)


def concordant(o: np.ndarray) -> np.ndarray:
    """People above and to the left of each cell, or below and to the right."""
    return _before(o) + _before(o[::-1, ::-1])[::-1, ::-1]


def discordant(o: np.ndarray) -> np.ndarray:
    """People below and to the left of each cell, or above and to the right."""
    return concordant(o[:, ::-1])[:, ::-1]


def _before(o: np.ndarray) -> np.ndarray:
    before = np.zeros_like(o)
    before[1:, 1:] = o[:-1, :-1].cumsum(axis=0).cumsum(axis=1)
    return before


def _apart(o: np.ndarray, axis: int) -> np.ndarray:
    """People in another column (axis 0) or another row (axis 1), for each cell."""
    return o.sum() - o.sum(axis=axis, keepdims=True) + np.zeros(o.shape)


def _geometric(o: np.ndarray) -> np.ndarray:
    """Tau-b's base √(Wr Wc), the geometric mean of the pairs apart on either variable."""
    columns, rows = _apart(o, 0), _apart(o, 1)
    w_columns, w_rows = (o * columns).sum(), (o * rows).sum()
    return (rows * w_columns + columns * w_rows) / (2 * np.sqrt(w_rows * w_columns))


def pearson_r(
    table: Any,
    *,
    row_scores: Sequence[float] | None = None,
    column_scores: Sequence[float] | None = None,
    level: float = 0.95,
) -> Estimate:
    """Pearson's correlation of the levels' scores, 1, 2, 3, … when none are given.

    T is r √((n − 2)/(1 − r²)) and its p-value from Student's t, as in SPSS.

    Examples
    --------
    >>> security = [[16, 8, 14], [19, 17, 60], [9, 11, 56]]
    >>> round(pearson_r(Crosstab.from_counts(security, ordered=True)).value, 4)
    0.2742
    """
    table = as_table(table)
    rows, columns = _scores(table, row_scores, 0), _scores(table, column_scores, 1)
    return _correlated("pearson_r", table, level, lambda o: _correlation(o, rows, columns))


def spearman(table: Any, *, level: float = 0.95) -> Estimate:
    """Spearman's correlation: Pearson's of the mid-ranks, with SPSS's standard error.

    Examples
    --------
    >>> security = [[16, 8, 14], [19, 17, 60], [9, 11, 56]]
    >>> round(spearman(Crosstab.from_counts(security, ordered=True)).value, 4)
    0.2633
    """

    def formula(o: np.ndarray) -> Value:
        rows, columns = o.sum(axis=1), o.sum(axis=0)
        mid_ranks = (total.cumsum() - (total - 1) / 2 for total in (rows, columns))
        return _correlation(o, *mid_ranks)

    return _correlated("spearman", as_table(table), level, formula)


def linear_by_linear(
    table: Any,
    row_scores: Sequence[float] | None = None,
    column_scores: Sequence[float] | None = None,
) -> Test:
    """Mantel's test for a linear trend, (n − 1) r² as in SPSS; Cochran–Armitage uses n r².

    Scores are one a level, 1, 2, 3, … when left out. Mantel (1963), J. Am. Stat. Assoc. 58,
    690–700.

    Examples
    --------
    >>> income = [[1, 3, 10, 6], [2, 3, 10, 7], [1, 6, 14, 12], [0, 1, 9, 11]]
    >>> round(linear_by_linear(income, [7.5, 20, 32.5, 60]).statistic, 4)
    3.8075
    """
    table = as_table(table)
    r = pearson_r(table, row_scores=row_scores, column_scores=column_scores)
    statistic = (table.n - 1) * r.value**2
    return chi_square_result("linear_by_linear", statistic, 1, table.n, table.origin, r.note)


def _correlated(
    name: str, table: Crosstab, level: float, formula: Callable[[np.ndarray], Value]
) -> Estimate:
    from scipy.stats import t as student

    r = measure(name, table, formula, level, order=True)
    return replace(r, p_value=float(2 * student.sf(abs(r.t), table.n - 2)))


def _correlation(o: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> Value:
    n = o.sum()
    x = (rows - (o.sum(axis=1) * rows).sum() / n)[:, None]
    y = (columns - (o.sum(axis=0) * columns).sum() / n)[None, :]
    sxx, syy, sxy = (o * x**2).sum(), (o * y**2).sum(), (o * x * y).sum()
    if sxx * syy == 0:
        return Value(why_none="all scores of one variable are equal")
    w = np.sqrt(sxx * syy)
    r = np.clip(sxy / w, -1, 1)
    gradient = (x * y - sxy * (x**2 / sxx + y**2 / syy) / 2) / w
    return Value(r, spread(o, gradient), np.sqrt((1 - r**2) / (n - 2)) if n > 2 else np.nan)


def _scores(table: Crosstab, given: Sequence[float] | None, axis: int) -> np.ndarray:
    length = table.counts.shape[axis]
    scores = np.arange(1.0, length + 1) if given is None else np.asarray(given, dtype=float)
    if scores.shape != (length,) or not np.isfinite(scores).all():
        what = ("rows", "columns")[axis]
        raise ValueError(f"one finite score for each of {length} {what}, given {scores.tolist()}")
    totals = (table.row_totals, table.column_totals)[axis].to_numpy()
    return scores[totals > 0]
