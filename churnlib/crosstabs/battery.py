"""All statistics of a cross-table in one frame, and its residuals and columns compared."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import combinations
from string import ascii_uppercase
from typing import Any, Literal

import numpy as np
import pandas as pd

from churnlib.crosstabs import independence, ordinal, prediction, risk
from churnlib.crosstabs.exact import fisher_exact
from churnlib.crosstabs.independence import Value, as_table, estimate, untested
from churnlib.evidence import NAN, Test, require_level
from churnlib.tables import Crosstab

COLUMNS = ["value", "se", "t", "df", "p_value", "low", "high"]
Adjustment = Literal["none", "holm", "bonferroni"]
Measures = dict[str, Callable[..., Any]]


def _by_way(stem: str, measure: Callable[..., Any], *ways: str) -> Measures:
    return {f"{stem}_{way}": partial(measure, dependent=way) for way in ways}


NOMINAL: Measures = {
    "pearson_chi2": independence.chi_square,
    "likelihood_ratio": independence.likelihood_ratio,
    "fisher_exact": fisher_exact,
    "phi": independence.phi,
    "cramers_v": independence.cramers_v,
    "cramers_v_corrected": partial(independence.cramers_v, bias_corrected=True),
    "contingency_coefficient": independence.contingency_coefficient,
    **_by_way("lambda", prediction.goodman_kruskal_lambda, "symmetric", "rows", "columns"),
    **_by_way("gk_tau", prediction.goodman_kruskal_tau, "rows", "columns"),
    **_by_way("uncertainty", prediction.uncertainty_coefficient, "symmetric", "rows", "columns"),
}
ORDINAL: Measures = {
    "linear_by_linear": ordinal.linear_by_linear,
    "gamma": ordinal.gamma,
    "kendall_tau_b": ordinal.kendall_tau_b,
    "stuart_tau_c": ordinal.stuart_tau_c,
    **_by_way("somers_d", ordinal.somers_d, "symmetric", "rows", "columns"),
    "spearman": ordinal.spearman,
    "pearson_r": ordinal.pearson_r,
}
TWO_BY_TWO: Measures = {
    "continuity_correction": partial(independence.chi_square, correction=True),
    "odds_ratio": risk.odds_ratio,
    "risk_ratio": risk.risk_ratio,
}
RATINGS: Measures = {"kappa": prediction.kappa, "mcnemar_bowker": prediction.mcnemar_bowker}
MEASURES = NOMINAL | ORDINAL | TWO_BY_TWO | RATINGS
_TESTS = {
    "pearson_chi2", "likelihood_ratio", "fisher_exact", "linear_by_linear",
    "continuity_correction", "mcnemar_bowker",
}  # fmt: skip


def statistics(table: Any, *, level: float = 0.95, exact: bool = True) -> pd.DataFrame:
    """Compute the whole battery of a cross-table.

    Parameters
    ----------
    table : Crosstab or nested counts
    level, exact : float and bool
        Confidence level; whether to compute the exact p-value, which can take 5 s.

    Returns
    -------
    DataFrame
        One row a statistic, columns ``value, se, t, df, p_value, low, high``, NaN where one
        does not apply. ``se`` is the asymptotic standard error not assuming the null (SPSS
        "ASE1"; of the logarithm for ratios), ``t`` the estimate over its standard error under
        the null (SPSS "Approx. T"). Ordinal statistics are given where each variable is ordered
        or has two levels, ``mcnemar_bowker`` where both have the same categories, ``eta_`` where
        the dependent levels are numbers. ``_rows`` means that the row variable is the dependent
        one. ``attrs["notes"]`` has the notes by row.

    Examples
    --------
    >>> table = Crosstab.from_counts([[25, 25, 12], [0, 1, 3]], ordered=True)
    >>> battery = statistics(table)
    >>> battery.loc["gamma", ["value", "se", "t"]].round(4).tolist()
    [0.8717, 0.125, 1.992]
    """
    require_level(level)  # before the exact p-value, which may take seconds
    table, rows, notes = as_table(table), {}, {}
    for name, measure in _measures(table, exact).items():
        r = measure(table) if name in _TESTS else measure(table, level=level)
        if isinstance(r, Test):
            rows[name] = [r.statistic, NAN, NAN, r.df, r.p_value, NAN, NAN]
        else:
            rows[name] = [r.value, r.se, r.t, NAN, r.p_value, r.low, r.high]
        if r.note:
            notes[name] = r.note
    frame = pd.DataFrame.from_dict(rows, orient="index", columns=COLUMNS).astype(float)
    frame.attrs |= {"notes": notes, "origin": table.origin}
    return frame


def _measures(table: Crosstab, exact: bool) -> Measures:
    """Return the rows of a table's battery."""
    measures, shape = dict(NOMINAL), table.counts.shape
    if not exact:
        measures["fisher_exact"] = partial(untested, "fisher_exact", note="not asked for")
    if all(ordered or n == 2 for ordered, n in zip(table.ordered, shape, strict=True)):
        measures |= ORDINAL
    if shape == (2, 2):
        measures |= TWO_BY_TWO
    if table.has_same_categories:
        measures |= RATINGS
    elif shape[0] == shape[1]:
        differ = Value(why_none="the two variables have not the same categories")
        measures["kappa"] = lambda table, level: estimate("kappa", table, differ, level)
    for way, levels in (("rows", table.counts.index), ("columns", table.counts.columns)):
        if prediction.numbers(levels) is not None:
            measures |= _by_way("eta", prediction.eta, way)
    return measures


def residual_p_values(table: Any, *, adjust: Adjustment = "none") -> pd.DataFrame:
    """Two-sided p-value of each adjusted residual, adjusted for all cells of the table together.

    ``"holm"`` is Holm (1979), Scand. J. Stat. 6, 65–70. NaN where a row or column counts nobody.

    Examples
    --------
    >>> residual_p_values([[762, 327, 468], [484, 239, 477]]).round(4).iloc[0].tolist()
    [0.0, 0.4843, 0.0]
    """
    from scipy.stats import norm

    residuals = as_table(table).adjusted_residuals
    p = 2 * norm.sf(abs(residuals.to_numpy(dtype=float)))
    occupied = np.isfinite(p)
    p[occupied] = _adjusted(p[occupied], adjust)
    return pd.DataFrame(p, residuals.index, residuals.columns)


def compare_columns(
    table: Any, *, level: float = 0.95, adjust: Adjustment = "bonferroni"
) -> pd.DataFrame:
    """Say row by row which columns have a larger share than which others, in letters.

    The columns are lettered A, B, C, … in their order. A cell shows the letters of the columns
    whose share in that row is significantly *smaller*, as SPSS's custom tables print them: ``"A
    C"`` under B says that B's share is larger than A's and than C's.

    Parameters
    ----------
    table : Crosstab or nested counts
        Of 26 columns at most, else a `ValueError`.
    level, adjust : float and {"none", "holm", "bonferroni"}
        0.95 tests at 5 %, adjusted for the pairs of columns within a row, as in SPSS.

    Returns
    -------
    DataFrame of str
        Like the counts. As in SPSS, a column that counts nobody, or whose share in a row is 0 or
        1, is not compared there; ``attrs["notes"]`` names them by row.

    Examples
    --------
    >>> compare_columns([[20, 60], [80, 40]]).to_numpy().tolist()
    [['', 'A'], ['B', '']]
    """
    from scipy.stats import norm

    table = as_table(table)
    require_level(level)
    if table.counts.shape[1] > len(ascii_uppercase):
        raise ValueError(f"letters reach for 26 columns, given {table.counts.shape[1]}")
    totals = table.column_totals.to_numpy(dtype=float)
    letters = np.full(table.counts.shape, "", dtype=object)
    notes = {}
    for i, counts in enumerate(table.counts.to_numpy(dtype=float)):
        usable = (counts > 0) & (counts < totals)
        if not usable.all():
            left_out = ", ".join(map(str, table.counts.columns[~usable]))
            notes[table.counts.index[i]] = f"not compared, share 0 or 1: {left_out}"
        pairs = list(combinations(np.flatnonzero(usable), 2))
        j, k = np.array(pairs, dtype=int).reshape(-1, 2).T
        pooled = (counts[j] + counts[k]) / (totals[j] + totals[k])
        spread = np.sqrt(pooled * (1 - pooled) * (1 / totals[j] + 1 / totals[k]))
        z = (counts[j] / totals[j] - counts[k] / totals[k]) / spread
        p = _adjusted(2 * norm.sf(abs(z)), adjust)
        for pair, difference, value in zip(pairs, z, p, strict=True):
            if value < 1 - level:
                larger, smaller = pair if difference > 0 else pair[::-1]
                letters[i, larger] = f"{letters[i, larger]} {ascii_uppercase[smaller]}".strip()
    compared = pd.DataFrame(letters, table.counts.index, table.counts.columns)
    compared.attrs.update(notes=notes, note=table.note)
    return compared


def _adjusted(p: np.ndarray, adjust: str) -> np.ndarray:
    from statsmodels.stats.multitest import multipletests

    if adjust not in {"none", "holm", "bonferroni"}:
        raise ValueError(f"adjust is none, holm or bonferroni; given {adjust!r}")
    return p if adjust == "none" or not p.size else multipletests(p, method=adjust)[1]
