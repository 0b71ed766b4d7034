"""Numbers: compared between groups, and correlated with each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from churnlib.evidence import NAN, Estimate, Origin, Test, joined, require_level
from churnlib.questions.people import answers_of, asymptotic, numbers_with
from churnlib.tables import origin_of

_FEWEST, _FEWEST_PAIRS = 2, 4  # a variance needs two people, Fisher's interval n − 3 > 0


@dataclass(frozen=True, eq=False)
class GroupComparison:
    """A number in each group, and whether and by how much the groups differ.

    Parameters
    ----------
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

    Welch (1951), Biometrika 38, 330–336; Hedges (1981), J. Educ. Stat. 6, 107–128; Games & Howell
    (1976), J. Educ. Stat. 1, 113–125; Dunn (1964), Technometrics 6, 241–252.

    Parameters
    ----------
    data : Survey or DataFrame
    variable, by : str
        A number or a scale; a question with one answer of several.
    level : float
        Of the intervals.

    Returns
    -------
    GroupComparison
        Without people who lack the number or the group. Groups with fewer than two people, or all
        with one and the same number, are in no test of means, which its note says.

    Raises
    ------
    KeyError, ValueError
        If there is no such variable, `variable` holds no numbers, or nobody has both.

    Examples
    --------
    >>> people = pd.DataFrame({"sex": list("mmmmffff"), "age": [20, 30, 40, 50, 35, 45, 55, 65]})
    >>> compared = compare_groups(people, "age", "sex")
    >>> round(compared.means.statistic, 2), round(compared.means.df, 1)
    (1.64, 6.0)
    """
    require_level(level)
    numbers, origin = numbers_with(data, variable), origin_of(data, None)
    group = answers_of(data, by).astype("category")
    samples = {key: numbers[(group == key).to_numpy()] for key in group.cat.categories}
    answered = {key: s.dropna().to_numpy() for key, s in samples.items() if s.notna().any()}
    if not answered:
        raise ValueError(f"nobody answered both {variable!r} and {by!r}")
    table = pd.DataFrame({key: summary_of(sample) for key, sample in samples.items()}).T
    table = table.astype({"n": int, "missing": int}).rename_axis(by)
    varied = {key: x for key, x in answered.items() if len(x) >= _FEWEST and _varies(x)}
    left_out = [str(key) for key in answered if key not in varied]
    note = f"without {', '.join(left_out)}: too few or equal numbers" if left_out else ""
    means = list(varied.values())
    return GroupComparison(
        variable, by, table, _means(means, origin, note), _ranks(list(answered.values()), origin),
        tuple(_effects(means, level, origin, note)), _post_hoc(varied, level), origin,
    )  # fmt: skip


def summary_of(numbers: pd.Series) -> pd.Series:
    """Return ``n, missing, mean, sd, median, q1, q3`` of a number."""
    of = numbers.describe()
    return pd.Series(
        {
            "n": of["count"], "missing": len(numbers) - of["count"], "mean": of["mean"],
            "sd": of["std"], "median": of["50%"], "q1": of["25%"], "q3": of["75%"],
        }
    )  # fmt: skip


def holm(p_values: pd.Series) -> pd.Series:
    """Return p-values adjusted for all of them by Holm's method; NaN stays, and counts not."""
    from statsmodels.stats.multitest import multipletests

    tested = p_values.dropna()
    adjusted = multipletests(tested, method="holm")[1] if len(tested) else []
    return pd.Series(adjusted, tested.index, dtype=float).reindex(p_values.index)


def _varies(numbers: np.ndarray) -> bool:
    """Return True for numbers that differ by more than their rounding."""
    return bool(np.ptp(numbers) > 1e-9 * np.abs(numbers).max())


def _means(samples: list[np.ndarray], origin: Origin, note: str) -> Test:
    from scipy.stats import ttest_ind
    from statsmodels.stats.oneway import anova_oneway

    n = sum(map(len, samples))
    if len(samples) < 2:
        note = joined(note, "fewer than two groups can be compared")
        return asymptotic("welch_t", n, origin, note)
    if len(samples) == 2:
        t = ttest_ind(*samples, equal_var=False)
        return asymptotic("welch_t", n, origin, note, t.statistic, t.df, t.pvalue)
    f = anova_oneway(samples, use_var="unequal")
    return asymptotic("welch_anova", n, origin, note, f.statistic, f.df[0], f.pvalue, f.df[1])


def _ranks(samples: list[np.ndarray], origin: Origin) -> Test:
    from scipy.stats import kruskal, mannwhitneyu

    n = sum(map(len, samples))
    name = "mann_whitney" if len(samples) <= 2 else "kruskal_wallis"
    if len(samples) < 2 or not _varies(np.concatenate(samples)):
        return asymptotic(
            name, n, origin, "fewer than two groups can be compared, or all are equal"
        )
    result = mannwhitneyu(*samples) if len(samples) == 2 else kruskal(*samples)
    df = NAN if len(samples) == 2 else len(samples) - 1
    return asymptotic(name, n, origin, "", result.statistic, df, result.pvalue)


def _effects(
    samples: list[np.ndarray], level: float, origin: Origin, note: str
) -> Iterator[Estimate]:
    from scipy.stats import f_oneway, t, ttest_ind
    from statsmodels.stats.nonparametric import rank_compare_2indep
    from statsmodels.stats.oneway import confint_noncentrality

    sizes = np.array([len(sample) for sample in samples])
    n = int(sizes.sum())
    if len(samples) > 2:
        f, between, within = float(f_oneway(*samples).statistic), len(samples) - 1, n - len(samples)
        limits = np.array(confint_noncentrality(f, (between, within), alpha=1 - level))
        value = f * between / (f * between + within)
        low, high = (limits / (limits + n)).tolist()  # Steiger (2004)
        yield Estimate("eta_squared", value, low, high, level, NAN, n, origin, note)
    if len(samples) != 2:
        return
    first, second = samples
    unit = n / sizes.prod()  # 1/n₁ + 1/n₂
    g = float((1 - 3 / (4 * n - 9)) * ttest_ind(first, second).statistic * np.sqrt(unit))
    se = float(np.sqrt(unit + g**2 / (2 * n)))
    reach = t.isf((1 - level) / 2, n - 2) * se
    yield Estimate("hedges_g", g, g - reach, g + reach, level, se, n, origin, note)
    if first.min() > second.max() or second.min() > first.max():
        # Brunner and Munzel's variance is 0 without overlap.
        r, low, high = float(np.sign(first[0] - second[0])), NAN, NAN
    else:
        ranks = rank_compare_2indep(first, second)
        r, low, high = (float(2 * p - 1) for p in (ranks.prob1, *ranks.conf_int(alpha=1 - level)))
    yield Estimate("rank_biserial", r, low, high, level, NAN, n, origin, note)


def _post_hoc(groups: dict[Any, np.ndarray], level: float) -> pd.DataFrame:
    from scipy.stats import norm, rankdata, tiecorrect, tukey_hsd

    samples = list(groups.values())
    if len(samples) < 3:
        return pd.DataFrame(columns=["difference", "low", "high", "games_howell", "dunn_holm"])
    one, other = pairs = tuple(np.array(list(combinations(range(len(samples)), 2))).T)
    howell = tukey_hsd(*samples, equal_var=False)
    limits = howell.confidence_interval(level)
    ranks, sizes = rankdata(np.concatenate(samples)), np.array([len(sample) for sample in samples])
    mean_ranks = np.array([part.mean() for part in np.split(ranks, np.cumsum(sizes)[:-1])])
    # Dunn (1964): the variance of ranks, less what ties take from it.
    variance = len(ranks) * (len(ranks) + 1) / 12 * tiecorrect(ranks)
    apart = mean_ranks[one] - mean_ranks[other]
    z = apart / np.sqrt(variance * (1 / sizes[one] + 1 / sizes[other]))
    return pd.DataFrame(
        {
            "difference": howell.statistic[pairs],
            "low": limits.low[pairs],
            "high": limits.high[pairs],
            "games_howell": howell.pvalue[pairs],
            "dunn_holm": holm(pd.Series(2 * norm.sf(np.abs(z)))).to_numpy(),
        },
        index=pd.MultiIndex.from_tuples(combinations(groups, 2)),
    )


def correlations(data: Any, variables: Sequence[str], *, level: float = 0.95) -> pd.DataFrame:
    """Correlate every two of some numbers.

    Parameters
    ----------
    data : Survey or DataFrame
    variables : sequence of str
        Numbers or scales.
    level : float
        Of the interval of Pearson's r, by Fisher's transformation.

    Returns
    -------
    DataFrame
        By pair: ``n`` (people with both numbers), ``pearson, low, high, p_value, spearman,
        spearman_p`` and ``p_holm``, Pearson's p-value adjusted for all pairs. NaN where fewer than
        four people have both, or one number does not vary. ``attrs["origin"]`` is the kind of
        evidence.

    Raises
    ------
    KeyError, ValueError
        If there is no such variable, one holds no numbers, or there are fewer than two.

    Examples
    --------
    >>> people = pd.DataFrame({"age": [20, 30, 40, 50, 60], "visits": [1, 2, 2, 5, 4]})
    >>> correlations(people, ["age", "visits"])[["n", "pearson", "spearman"]].round(2)
                n  pearson  spearman
    age visits  5     0.87      0.87
    """
    from scipy.stats import pearsonr, spearmanr

    if len(variables) < 2:
        raise ValueError(f"a correlation needs two variables or more, given {list(variables)}")
    numbers = {name: numbers_with(data, name) for name in variables}
    rows = {}
    for pair in combinations(variables, 2):
        both = pd.concat([numbers[name] for name in pair], axis=1).dropna().to_numpy().T
        values = [NAN] * 6
        if both.shape[1] >= _FEWEST_PAIRS and all(map(_varies, both)):
            r, rho = pearsonr(*both), spearmanr(*both)
            limits = r.confidence_interval(level)
            values = [r.statistic, *limits, r.pvalue, rho.statistic, rho.pvalue]
        rows[pair] = [both.shape[1], *values]
    columns = ["n", "pearson", "low", "high", "p_value", "spearman", "spearman_p"]
    table = pd.DataFrame.from_dict(rows, orient="index", columns=columns)
    table.index = pd.MultiIndex.from_tuples(rows)
    table["p_holm"] = holm(table["p_value"])
    table.attrs["origin"] = origin_of(data, None)
    return table
