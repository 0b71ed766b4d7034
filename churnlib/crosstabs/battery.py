"""Every statistic of a cross-table in one frame, as SPSS's CROSSTABS prints them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from churnlib.crosstabs.estimates import as_table, undefined
from churnlib.crosstabs.exact import fisher_exact
from churnlib.crosstabs.independence import (
    chi_square,
    contingency_coefficient,
    cramers_v,
    likelihood_ratio,
    phi,
)
from churnlib.crosstabs.ordinal import (
    gamma,
    kendall_tau_b,
    linear_by_linear,
    pearson_r,
    somers_d,
    spearman,
    stuart_tau_c,
)
from churnlib.crosstabs.prediction import (
    goodman_kruskal_lambda,
    goodman_kruskal_tau,
    uncertainty_coefficient,
)
from churnlib.crosstabs.ratings import eta, mcnemar_bowker, numbers
from churnlib.crosstabs.risk import kappa, odds_ratio, risk_ratio
from churnlib.evidence import NAN, Test
from churnlib.tables import Crosstab

COLUMNS = ["value", "se", "t", "df", "p_value", "low", "high"]
_WAYS = ("symmetric", "rows", "columns")


def statistics(table: Any, *, level: float = 0.95, exact: bool = True) -> pd.DataFrame:
    """Compute the whole battery of a cross-table.

    Parameters
    ----------
    table : Crosstab or nested counts
    level : float
        Confidence level.
    exact : bool
        Whether to compute the exact p-value, the one statistic that can take long; its row is
        NaN otherwise.

    Returns
    -------
    DataFrame
        One row a statistic, columns ``value, se, t, df, p_value, low, high``, NaN where one
        does not apply. ``se`` is the asymptotic standard error not assuming the null (SPSS
        "ASE1"; of the logarithm for ratios), ``t`` the estimate over its standard error under
        the null (SPSS "Approx. T"). Ordinal statistics are given where each variable is ordered
        or has two levels, those of 2×2 and square tables where the table is: ``kappa``, and
        ``mcnemar_bowker`` where both variables have the same categories. ``eta_rows`` and
        ``eta_columns`` are given where the levels of the dependent variable are numbers.
        ``_rows`` means that the row variable is the dependent one. ``attrs["notes"]`` has the
        notes by row.

    Examples
    --------
    >>> table = Crosstab.from_counts([[25, 25, 12], [0, 1, 3]], ordered=True)
    >>> battery = statistics(table)
    >>> battery.loc["gamma", ["value", "se", "t"]].round(4).tolist()
    [0.8717, 0.125, 1.992]
    """
    table = as_table(table)
    results = [make() for make in _battery(table, level, exact)]
    rows = {}
    for result in results:
        if isinstance(result, Test):
            rows[result.name] = [result.statistic, NAN, NAN, result.df, result.p_value, NAN, NAN]
        else:
            rows[result.name] = [
                result.value, result.se, result.t, NAN, result.p_value, result.low, result.high,
            ]  # fmt: skip
    frame = pd.DataFrame.from_dict(rows, orient="index", columns=COLUMNS).astype(float)
    frame.attrs["notes"] = {result.name: result.note for result in results if result.note}
    frame.attrs["origin"] = table.origin
    return frame


def _battery(table: Crosstab, level: float, exact: bool) -> list[Callable[[], Any]]:
    makers: list[Callable[[], Any]] = [
        lambda: chi_square(table),
        lambda: likelihood_ratio(table),
        lambda: fisher_exact(table) if exact else _left_out(table),
        lambda: phi(table, level=level),
        lambda: cramers_v(table, level=level),
        lambda: cramers_v(table, level=level, bias_corrected=True),
        lambda: contingency_coefficient(table, level=level),
        *(_directed(goodman_kruskal_lambda, table, way, level) for way in _WAYS),
        *(_directed(goodman_kruskal_tau, table, way, level) for way in _WAYS[1:]),
        *(_directed(uncertainty_coefficient, table, way, level) for way in _WAYS),
    ]
    shape = table.counts.shape
    if all(ordered or n == 2 for ordered, n in zip(table.ordered, shape, strict=True)):
        makers += [
            lambda: linear_by_linear(table),
            lambda: gamma(table, level=level),
            lambda: kendall_tau_b(table, level=level),
            lambda: stuart_tau_c(table, level=level),
            *(_directed(somers_d, table, way, level) for way in _WAYS),
            lambda: spearman(table, level=level),
            lambda: pearson_r(table, level=level),
        ]
    if shape == (2, 2):
        makers += [
            lambda: chi_square(table, correction=True),
            lambda: odds_ratio(table, level=level),
            lambda: risk_ratio(table, level=level),
        ]
    if shape[0] == shape[1]:
        differ = "the two variables have not the same categories"
        makers.append(
            lambda: (
                kappa(table, level=level)
                if table.has_same_categories
                else undefined("kappa", table, level, differ)
            )
        )
        if table.has_same_categories:
            makers.append(lambda: mcnemar_bowker(table))
    if numbers(table.counts.index) is not None:
        makers.append(lambda: eta(table, dependent="rows", level=level))
    if numbers(table.counts.columns) is not None:
        makers.append(lambda: eta(table, dependent="columns", level=level))
    return makers


def _left_out(table: Crosstab) -> Test:
    note = "not asked for"
    return Test("fisher_exact", NAN, NAN, NAN, table.n, False, (NAN, NAN), table.origin, note)


def _directed(
    measure: Callable[..., Any], table: Crosstab, way: str, level: float
) -> Callable[[], Any]:
    return lambda: measure(table, dependent=way, level=level)
