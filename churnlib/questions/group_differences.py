"""A number compared between groups: means, medians, tests and effect sizes."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from churnlib.evidence import NAN, Estimate, Origin, Test, joined, require_level
from churnlib.questions.people import numbers_with, people_with
from churnlib.tables import origin_of

_FEWEST = 2  # a variance needs two people


@dataclass(frozen=True, eq=False)
class GroupComparison:
    """A number in each group, and whether and by how much the groups differ.

    Parameters
    ----------
    variable, by : str
    groups : DataFrame
        By group: ``n``, ``missing``, ``mean``, ``sd``, ``median``, ``q1``, ``q3``.
    means : Test
        Welch's t-test of two groups, Welch's analysis of variance of more.
    ranks : Test
        Mann–Whitney's test of two groups, Kruskal–Wallis's of more.
    effects : tuple of Estimate
        Hedges' g and the rank-biserial correlation of two groups, first less second; η² of more.
    post_hoc : DataFrame
        Of three groups or more, by pair: ``difference``, ``low``, ``high``, ``games_howell``,
        ``dunn_holm``.
    origin : Origin
    """

    variable: str
    by: str
    groups: pd.DataFrame
    means: Test
    ranks: Test
    effects: tuple[Estimate, ...]
    post_hoc: pd.DataFrame
    origin: Origin

    @property
    def n(self) -> int:
        """People with a number and a group."""
        return int(self.groups["n"].sum())

    def _repr_html_(self) -> str:
        return f"{self.origin.badge_html}{self.groups.round(2)._repr_html_()}"


def compare_groups(data: Any, variable: str, by: str, *, level: float = 0.95) -> GroupComparison:
    """Compare a number between the groups that a question makes.

    Parameters
    ----------
    data : Survey or DataFrame
    variable : str
        A number or a scale.
    by : str
        A question with one answer of several.
    level : float
        Of the intervals.

    Returns
    -------
    GroupComparison
        People without the number or the group are in no test and counted as missing. Groups with
        fewer than two people, or all with one and the same number, are in no test of means, which
        its note says.

    Raises
    ------
    KeyError
        If there is no such variable.
    ValueError
        If `variable` holds no numbers, or nobody has both.

    References
    ----------
    Welch, B. L. (1951). On the comparison of several mean values. Biometrika 38, 330–336. Hedges,
    L. V. (1981). Distribution theory for Glass's estimator of effect size. J. Educ. Stat. 6,
    107–128. Games, P. A. & Howell, J. F. (1976). J. Educ. Stat. 1, 113–125. Dunn, O. J. (1964).
    Multiple comparisons using rank sums. Technometrics 6, 241–252.

    Examples
    --------
    >>> people = pd.DataFrame({"sex": list("mmmmffff"), "age": [20, 30, 40, 50, 35, 45, 55, 65]})
    >>> compared = compare_groups(people, "age", "sex")
    >>> round(compared.means.statistic, 2), round(compared.means.df, 1)
    (1.64, 6.0)
    """
    require_level(level)
    numbers, origin = numbers_with(data, variable), origin_of(data, None)
    group = people_with(data, [by])[by]
    levels = (
        list(group.cat.categories) if hasattr(group, "cat") else sorted(group.dropna().unique())
    )
    samples = {key: numbers[(group == key).to_numpy()] for key in levels}
    if not any(sample.notna().any() for sample in samples.values()):
        raise ValueError(f"nobody answered both {variable!r} and {by!r}")
    table = pd.DataFrame({key: summary_of(sample) for key, sample in samples.items()}).T
    table = table.astype({"n": int, "missing": int}).rename_axis(by)
    answered = {key: s.dropna().to_numpy() for key, s in samples.items() if s.notna().any()}
    varied = {key: x for key, x in answered.items() if len(x) >= _FEWEST and _varies(x)}
    left_out = [key for key in answered if key not in varied]
    note = f"without {', '.join(map(str, left_out))}: too few or equal numbers" * bool(left_out)
    several = pd.DataFrame(columns=["difference", "low", "high", "games_howell", "dunn_holm"])
    if len(varied) > 2:
        several = _post_hoc(varied, level)
    return GroupComparison(
        variable, by, table, _means(varied, origin, note), _ranks(answered, origin),
        tuple(_effects(varied, level, origin, note)), several, origin,
    )  # fmt: skip


def _varies(numbers: np.ndarray) -> bool:
    return bool(np.ptp(numbers) > 1e-9 * np.abs(numbers).max())  # else no digit of it is left


def summary_of(numbers: pd.Series) -> pd.Series:
    """Return ``n, missing, mean, sd, median, q1, q3`` of a number."""
    q1, median, q3 = numbers.quantile([0.25, 0.5, 0.75])
    return pd.Series(
        {
            "n": numbers.notna().sum(), "missing": numbers.isna().sum(), "mean": numbers.mean(),
            "sd": numbers.std(), "median": median, "q1": q1, "q3": q3,
        }
    )  # fmt: skip


def _means(groups: dict[Any, np.ndarray], origin: Origin, note: str) -> Test:
    from scipy.stats import ttest_ind
    from statsmodels.stats.oneway import anova_oneway

    samples = list(groups.values())
    n = sum(map(len, samples))
    if len(samples) < 2:
        return _undefined(
            "welch_t", n, origin, joined(note, "fewer than two groups can be compared")
        )
    if len(samples) == 2:
        t = ttest_ind(*samples, equal_var=False)
        return _asymptotic("welch_t", t.statistic, t.df, t.pvalue, n, origin, note)
    f = anova_oneway(samples, use_var="unequal")
    between, within = map(float, f.df)
    return _asymptotic("welch_anova", f.statistic, between, f.pvalue, n, origin, note, within)


def _ranks(groups: dict[Any, np.ndarray], origin: Origin) -> Test:
    from scipy.stats import kruskal, mannwhitneyu

    samples = list(groups.values())
    n = sum(map(len, samples))
    name = "mann_whitney" if len(samples) <= 2 else "kruskal_wallis"
    if len(samples) < 2 or not _varies(np.concatenate(samples)):
        return _undefined(
            name, n, origin, "fewer than two groups can be compared, or all are equal"
        )
    if len(samples) == 2:
        u = mannwhitneyu(*samples)
        return _asymptotic(name, u.statistic, NAN, u.pvalue, n, origin)
    h = kruskal(*samples)
    return _asymptotic(name, h.statistic, len(samples) - 1, h.pvalue, n, origin)


def _effects(
    groups: dict[Any, np.ndarray], level: float, origin: Origin, note: str
) -> list[Estimate]:
    from scipy.stats import f_oneway, t
    from statsmodels.stats.oneway import confint_noncentrality

    samples = list(groups.values())
    sizes = np.array(list(map(len, samples)))
    n = int(sizes.sum())
    if len(samples) < 2:
        return []
    if len(samples) > 2:
        f, between, within = float(f_oneway(*samples).statistic), len(samples) - 1, n - len(samples)
        low, high = (
            noncentral / (noncentral + n)  # Steiger (2004)
            for noncentral in confint_noncentrality(f, (between, within), alpha=1 - level)
        )
        value = f * between / (f * between + within)
        return [Estimate("eta_squared", value, low, high, level, NAN, n, origin, note)]
    first, second = samples
    df = n - 2
    pooled = np.sqrt(((sizes - 1) * [first.var(ddof=1), second.var(ddof=1)]).sum() / df)
    g = (1 - 3 / (4 * n - 9)) * (first.mean() - second.mean()) / pooled
    se = np.sqrt(n / sizes.prod() + g**2 / (2 * n))
    reach = t.isf((1 - level) / 2, df) * se
    r, r_low, r_high = _rank_biserial(first, second, level)
    return [
        Estimate("hedges_g", float(g), g - reach, g + reach, level, float(se), n, origin, note),
        Estimate("rank_biserial", r, r_low, r_high, level, NAN, n, origin, note),
    ]


def _rank_biserial(
    first: np.ndarray, second: np.ndarray, level: float
) -> tuple[float, float, float]:
    """The correlation and its limits; Brunner and Munzel's variance is 0 without overlap."""
    from statsmodels.stats.nonparametric import rank_compare_2indep

    if first.min() > second.max() or second.min() > first.max():
        return float(np.sign(first[0] - second[0])), NAN, NAN
    ranks = rank_compare_2indep(first, second)
    low, high = ranks.conf_int(alpha=1 - level)
    return float(2 * ranks.prob1 - 1), float(2 * low - 1), float(2 * high - 1)


def _post_hoc(groups: dict[Any, np.ndarray], level: float) -> pd.DataFrame:
    from scipy.stats import norm, rankdata, tukey_hsd
    from statsmodels.stats.multitest import multipletests

    samples, pairs = list(groups.values()), list(combinations(range(len(groups)), 2))
    howell = tukey_hsd(*samples, equal_var=False)
    limits = howell.confidence_interval(level)
    everybody = np.concatenate(samples)
    n, ranks = len(everybody), rankdata(everybody)
    mean_ranks = [part.mean() for part in np.split(ranks, np.cumsum([*map(len, samples)])[:-1])]
    ties = np.unique(everybody, return_counts=True)[1].astype(float)
    # Dunn (1964): the variance of ranks, less what ties take from it.
    variance = n * (n + 1) / 12 - (ties**3 - ties).sum() / (12 * (n - 1))
    z = [
        (mean_ranks[i] - mean_ranks[j])
        / np.sqrt(variance * (1 / len(samples[i]) + 1 / len(samples[j])))
        for i, j in pairs
    ]
    dunn = multipletests(2 * norm.sf(np.abs(z)), method="holm")[1]
    names = list(groups)
    return pd.DataFrame(
        {
            "difference": [samples[i].mean() - samples[j].mean() for i, j in pairs],
            "low": [limits.low[pair] for pair in pairs],
            "high": [limits.high[pair] for pair in pairs],
            "games_howell": [howell.pvalue[pair] for pair in pairs],
            "dunn_holm": dunn,
        },
        index=pd.MultiIndex.from_tuples([(names[i], names[j]) for i, j in pairs]),
    )


def _asymptotic(
    name: str, statistic: float, df: float, p: float, n: int, origin: Origin, note: str = "",
    df_residual: float = NAN,
) -> Test:  # fmt: skip
    return Test(
        name, float(statistic), float(df), float(p), n, False, (NAN, NAN), origin, note, df_residual
    )


def _undefined(name: str, n: int, origin: Origin, note: str) -> Test:
    return _asymptotic(name, NAN, NAN, NAN, n, origin, note)
