"""How much better one variable is guessed when the other is known: lambda, tau, U."""

from __future__ import annotations

from dataclasses import replace
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
from churnlib.crosstabs.independence import g_squared, likelihood_ratio
from churnlib.evidence import NAN, Estimate
from churnlib.tables import deviations

Dependent = Literal["symmetric", "rows", "columns"]


def goodman_kruskal_lambda(
    table: Any, *, dependent: Dependent = "symmetric", level: float = 0.95
) -> Estimate:
    """Lambda: by how much knowing one variable lessens the errors in guessing the other.

    0 does not mean independence: it means that the best guess is the same in every row.

    Parameters
    ----------
    dependent : {"symmetric", "rows", "columns"}
        The variable that is guessed.

    References
    ----------
    Goodman, L. A. & Kruskal, W. H. (1963). Measures of association for cross
    classifications III. J. Am. Stat. Assoc. 58, 310–364.

    Examples
    --------
    >>> vassar = [[19, 26, 8], [21, 13, 5], [6, 12, 27]]
    >>> guess = goodman_kruskal_lambda(vassar, dependent="rows")
    >>> round(guess.value, 3), round(guess.se, 3)
    (0.25, 0.089)
    """
    table = as_table(table)
    name = _named("lambda", dependent)
    o = observed(table)
    if min(o.shape) < 2:
        return undefined(name, table, level, TOO_SMALL)
    if dependent == "rows":
        o = o.T
    value, se, se_null = _lambda_symmetric(o) if dependent == "symmetric" else _lambda(o)
    if value != value:
        return undefined(name, table, level, "everybody has the level that would be guessed")
    return estimate(
        name, table, value, se, level=level, se_null=se_null, note=remark(table), least=0.0
    )


def _lambda(o: np.ndarray) -> tuple[float, float, float]:
    """Columns dependent: value, and its standard errors not assuming and assuming the null."""
    n, best, mode = o.sum(), o.max(axis=1), o.sum(axis=0).argmax()
    c = o.sum(axis=0).max()
    if n == c:
        return NAN, NAN, NAN
    guessed = o.argmax(axis=1)
    value = (best.sum() - c) / (n - c)
    same = best[guessed == mode].sum()
    se = np.sqrt((n - best.sum()) * (best.sum() + c - 2 * same) / (n - c) ** 3)
    # Cells where the guess with and without the row differ: SPSS's δ.
    delta = _hits(guessed, o.shape) - (np.arange(o.shape[1]) == mode)
    se_null = np.sqrt(np.maximum(0.0, (o * delta**2).sum() - (best.sum() - c) ** 2 / n)) / (n - c)
    return value, se, se_null


def _lambda_symmetric(o: np.ndarray) -> tuple[float, float, float]:
    n = o.sum()
    by_row, by_column = o.max(axis=1), o.max(axis=0)
    rows, columns = o.sum(axis=1), o.sum(axis=0)
    k, m = rows.argmax(), columns.argmax()
    w = 2 * n - rows.max() - columns.max()
    if w == 0:
        return NAN, NAN, NAN
    v = 2 * n - by_row.sum() - by_column.sum()
    value = (w - v) / w
    in_row, in_column = o.argmax(axis=1), o.argmax(axis=0)
    x = by_row[in_row == m].sum() + by_column[in_column == k].sum() + o[k].max() + o[:, m].max()
    y = 8 * n - w - v - 2 * x
    hit_row, hit_column = _hits(in_row, o.shape), _hits(in_column, o.T.shape).T
    both = (o * hit_row * hit_column).sum()
    # SAS/STAT, FREQ procedure, "Lambda (symmetric)".
    variance = (w * v * y - 2 * w**2 * (n - both) - 2 * v**2 * (n - o[k, m])) / w**4
    shift = (np.arange(o.shape[1]) == m) + 1.0 * (np.arange(o.shape[0]) == k)[:, None]
    delta = hit_row + hit_column - shift
    null = (o * delta**2).sum() - (w - v) ** 2 / n
    return value, np.sqrt(np.maximum(0.0, variance)), np.sqrt(np.maximum(0.0, null)) / w


def _hits(guessed: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    return 1.0 * (np.arange(shape[1]) == guessed[:, None])


def goodman_kruskal_tau(
    table: Any, *, dependent: Literal["rows", "columns"] = "columns", level: float = 0.95
) -> Estimate:
    """Goodman and Kruskal's tau: lambda's sibling for guesses drawn in proportion.

    Parameters
    ----------
    dependent : {"rows", "columns"}
        The variable that is guessed.

    Returns
    -------
    Estimate
        The standard error is the delta method's; the p-value that of (n − 1)(c − 1)τ as χ², as
        in SPSS, c being the levels of the dependent variable.

    References
    ----------
    Light, R. J. & Margolin, B. H. (1971). An analysis of variance for categorical data.
    J. Am. Stat. Assoc. 66, 534–544.

    Examples
    --------
    >>> vassar = [[19, 26, 8], [21, 13, 5], [6, 12, 27]]
    >>> round(goodman_kruskal_tau(vassar, dependent="rows").value, 3)
    0.129
    """
    table = as_table(table)
    name = _named("gk_tau", dependent)
    o = observed(table)
    if min(o.shape) < 2:
        return undefined(name, table, level, TOO_SMALL)
    counts = o.T if dependent == "rows" else o
    p = counts / table.n
    row, column = p.sum(axis=1, keepdims=True), p.sum(axis=0)
    within = (p**2 / row).sum()
    spread = (column * (table.n - counts.sum(axis=0)) / table.n).sum()  # 1 − Σ p_j²
    # Σ (p_ij − p_i p_j)² / p_i is within − Σ p_j² without their cancelling.
    value = ((deviations(counts) / table.n) ** 2 / row).sum() / spread
    slope = 2 * p / row - (p**2).sum(axis=1, keepdims=True) / row**2
    gradient = (slope * spread - 2 * column * (1 - within)) / spread**2
    se = np.sqrt((p * (gradient - (p * gradient).sum()) ** 2).sum() / table.n)
    df = (o.shape[0] - 1) * (o.shape[1] - 1)
    statistic = (table.n - 1) * (p.shape[1] - 1) * value
    test = chi_square_test(name, table, statistic, df, "")
    note = remark(table)
    return estimate(name, table, value, se, level=level, p_value=test.p_value, note=note, least=0.0)


def uncertainty_coefficient(
    table: Any, *, dependent: Dependent = "symmetric", level: float = 0.95
) -> Estimate:
    """Theil's U: the part of one variable's entropy that knowing the other removes.

    Parameters
    ----------
    dependent : {"symmetric", "rows", "columns"}
        The variable whose entropy is meant.

    Returns
    -------
    Estimate
        With SPSS's p-value, that of the likelihood-ratio χ².

    References
    ----------
    Theil, H. (1970). On the estimation of relationships involving qualitative variables.
    Am. J. Sociol. 76, 103–154.

    Examples
    --------
    >>> table = [[25, 25, 12], [0, 1, 3]]
    >>> u = uncertainty_coefficient(table, dependent="rows")
    >>> round(u.value, 4), round(u.se, 4)
    (0.2217, 0.1062)
    """
    from scipy.special import xlogy

    table = as_table(table)
    name = _named("uncertainty", dependent)
    o = observed(table)
    if min(o.shape) < 2:
        return undefined(name, table, level, TOO_SMALL)
    p = (o.T if dependent == "rows" else o) / table.n
    row, column = p.sum(axis=1, keepdims=True), p.sum(axis=0, keepdims=True)
    counts = o.T if dependent == "rows" else o
    h_row, h_column = _entropy(counts.sum(axis=1)), _entropy(counts.sum(axis=0))
    shared = g_squared(o) / (2 * table.n)  # the entropies of both less that of the whole
    h_both = h_row + h_column - shared
    # Σ p {…}² with p ln p = 0 for empty cells, which xlogy keeps.
    log_p = np.where(p > 0, xlogy(1, np.where(p > 0, p, 1)), 0)
    if dependent == "symmetric":
        total = h_row + h_column
        value, whole = 2 * shared / total, total / 2
        inner = h_both * np.log(row * column) - total * log_p
        se = 2 / total**2 * np.sqrt((p * inner**2).sum() / table.n)
    else:
        value, whole = shared / h_column, h_column
        inner = h_column * (log_p - np.log(row)) + (h_row - h_both) * np.log(column)
        se = np.sqrt((p * inner**2).sum() / table.n) / h_column**2
    spread = (p * (np.log(row * column) - log_p) ** 2).sum() - shared**2
    se_null = np.sqrt(np.maximum(0.0, spread) / table.n) / whole
    made = estimate(
        name, table, value, se, level=level, se_null=se_null, note=remark(table), least=0.0
    )
    return replace(made, p_value=likelihood_ratio(table).p_value)


def _entropy(totals: np.ndarray) -> float:
    """−Σ p ln p, with the logarithm of a share near 1 taken from what it lacks."""
    n = totals.sum()
    p, lacking = totals / n, (n - totals) / n
    return float(-(p * np.where(p > 0.5, np.log1p(-np.minimum(lacking, 0.5)), np.log(p))).sum())


def _named(stem: str, dependent: str) -> str:
    known = ("rows", "columns") if stem == "gk_tau" else ("symmetric", "rows", "columns")
    if dependent not in known:
        raise ValueError(f"dependent is one of {', '.join(known)}; given {dependent!r}")
    return f"{stem}_{dependent}"
