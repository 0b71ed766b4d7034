"""What random samples give: simulated p-values, power, and the least difference that shows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import gammaln, xlogy

from churnlib.crosstabs.independence import TOO_SMALL, as_table, observed, remark, untested
from churnlib.crosstabs.ordinal import concordant, discordant
from churnlib.evidence import NAN, Test, joined

TIE = 1e-7
"""Tables whose probability exceeds the observed one by no more than this part count as ties, as in
R's fisher.test: rounding must not decide."""

ALPHA, TRIVIAL = 0.05, 0.1  # level of the tests; a Cramér's V that would not matter
_CHUNK = 25_000  # tables drawn at a time, to bound memory
_SCIPY = 10_000_000  # scipy keeps a logarithm for every person, and crashes where that does not fit
_DRAWABLE = 1_000_000_000  # numpy's generators draw from fewer people than this


def monte_carlo(
    table: Any, statistic: str = "pearson_chi2", *, resamples: int = 10_000, seed: int
) -> Test:
    """Simulate the p-value of a statistic over random tables with the observed margins.

    Tables are drawn as they arise when the two variables are independent (hypergeometric; AS 159),
    not uniformly over all tables.

    Parameters
    ----------
    table : Crosstab or nested counts
    statistic : str
        ``"pearson_chi2"``, ``"likelihood_ratio"``, ``"linear_by_linear"``, ``"gamma"``
        (two-sided) or ``"fisher_exact"`` (tables in the order of their probability).
    resamples, seed : int
        Tables drawn, and a seed without default: a simulated number says with which.

    Returns
    -------
    Test
        ``p_value`` is (k + 1)/(B + 1), as in R, never 0 (Phipson & Smyth 2010, Stat. Appl. Genet.
        Mol. Biol. 9, 39); ``p_interval`` the exact binomial 99 % interval of k/B, where SPSS's
        Monte Carlo p lies. ``exact`` is always false. NaN with a note for a thousand million
        people or more.

    Examples
    --------
    >>> test = monte_carlo([[3, 1], [1, 3]], resamples=2000, seed=1)
    >>> test.exact, test.p_interval[0] < 0.4857 < test.p_interval[1]
    (False, True)
    """
    from scipy.stats import binomtest

    table = as_table(table)
    if statistic not in _STATISTICS:
        raise ValueError(f"no simulation of {statistic!r}; there are {', '.join(_STATISTICS)}")
    if isinstance(resamples, bool) or not isinstance(resamples, int | np.integer) or resamples < 1:
        raise ValueError(f"resamples is a whole number of 1 or more, given {resamples!r}")
    o = observed(table).astype(np.int64)
    if min(o.shape) < 2:
        return untested(statistic, table, TOO_SMALL)
    if table.n >= _DRAWABLE:
        note = f"tables of {_DRAWABLE:,} people or more are not simulated"
        return untested(statistic, table, note)
    rows, columns = o.sum(axis=1), o.sum(axis=0)
    expected = np.outer(rows / rows.sum(), columns)[:, :, None]
    measure = _STATISTICS[statistic]
    here = float(measure(o[:, :, None], expected)[0])
    # Ties count, whatever their rounding. Fisher's statistic is a logarithm.
    threshold = here - 1e-7 * (1.0 if statistic == "fisher_exact" else abs(here))
    k, rng = 0, np.random.default_rng(seed)
    for done in range(0, resamples, _CHUNK):
        drawn = _drawn(rows, columns, min(_CHUNK, resamples - done), rng)
        k += int((measure(drawn, expected) >= threshold).sum())
    interval = binomtest(k, resamples).proportion_ci(0.99, method="exact")
    note = f"Monte Carlo, {resamples:,} tables with the observed margins, seed {seed}"
    return replace(
        untested(statistic, table, joined(note, remark(table))),
        statistic=NAN if statistic == "fisher_exact" else here,
        p_value=(k + 1) / (resamples + 1),
        p_interval=(float(interval.low), float(interval.high)),
    )


def _drawn(
    rows: np.ndarray, columns: np.ndarray, size: int, rng: np.random.Generator
) -> np.ndarray:
    """Draw tables, the last axis; very large ones cell by cell of what row and column have left."""
    from scipy.stats import random_table

    if rows.sum() <= _SCIPY:
        return np.moveaxis(random_table(rows, columns).rvs(size, random_state=rng), 0, 2)
    tables = np.empty((len(rows), len(columns), size), dtype=np.int64)
    left = np.repeat(rows[:, None], size, axis=1)
    for j, column in enumerate(columns[:-1]):
        behind, open_ = left.sum(axis=0), np.full(size, column)
        for i in range(len(rows) - 1):
            behind -= left[i]
            tables[i, j] = rng.hypergeometric(left[i], behind, open_)
            open_ -= tables[i, j]
        tables[-1, j] = open_
        left -= tables[:, j]
    tables[:, -1] = left
    return tables


def _linear_by_linear(o: np.ndarray, e: np.ndarray) -> np.ndarray:
    n = e.sum()
    u, v = (scores - (scores * e).sum() / n for scores in np.indices(e.shape)[:2])
    scale = (e * u**2).sum() * (e * v**2).sum()
    return (n - 1) * (u * v * o).sum(axis=(0, 1)) ** 2 / scale


def _gamma(o: np.ndarray, e: np.ndarray) -> np.ndarray:
    agree, disagree = ((o * pairs(o)).sum(axis=(0, 1)) for pairs in (concordant, discordant))
    total = agree + disagree
    return abs(np.divide(agree - disagree, total, out=np.zeros(total.shape), where=total > 0))


# Of many tables, shape (rows, columns, tables), by what independence expects of each.
_STATISTICS: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "pearson_chi2": lambda o, e: ((o - e) ** 2 / e).sum(axis=(0, 1)),
    "likelihood_ratio": lambda o, e: 2 * xlogy(o, o / e).sum(axis=(0, 1)),
    "linear_by_linear": _linear_by_linear,
    "gamma": _gamma,
    # Less that of the expected ones, so that sums stay small and ties are seen.
    "fisher_exact": lambda o, e: (gammaln(o + 1.0) - gammaln(e + 1.0)).sum(axis=(0, 1)),
}


def frontier(first: int, *, n: int) -> pd.DataFrame:
    """For every share in the second group, the smallest share in the first that counts.

    Two groups of `first` and ``n - first`` people, each of somebody or it is a `ValueError`, are
    asked a question with two answers.

    Returns
    -------
    DataFrame
        One row a number of people in the second group who answer yes, columns ``second_share``;
        ``significant`` and ``beyond``, the counts in the first group from which on Fisher's exact
        test, two-sided, is significant at 5 %, and the 95 % interval of V lies above .1, a V that
        would not matter; their shares ``significant_share`` and ``beyond_share``;
        ``significant_v``, V there. NaN where even the whole first group is not enough.

    Examples
    --------
    >>> needed = frontier(100, n=200)
    >>> needed.loc[10, ["significant", "beyond"]].tolist()
    [21.0, 29.0]
    """
    second = n - first
    significant = rejections(first, second)
    b, a = np.ogrid[: second + 1, : first + 1]
    gap = a * second - b * first
    product = first * second * (a + b) * (n - a - b)
    v = abs(gap) / np.sqrt(np.maximum(product, 1))
    beyond = v > least_v(n)["beyond"]
    rows = pd.DataFrame({"second_share": np.arange(second + 1) / second})
    for name, shown in (("significant", significant), ("beyond", beyond)):
        # The first count from which on all are shown.
        start = np.logical_and.accumulate((shown & (gap > 0))[:, ::-1], axis=1).sum(axis=1)
        rows[name] = np.where(start > 0, first + 1 - start, np.nan)
        rows[f"{name}_share"] = rows[name] / first
    at = rows["significant"].fillna(0).astype(int)
    rows["significant_v"] = np.where(rows["significant"].notna(), v[rows.index, at], np.nan)
    return rows.rename_axis("second")


def rejections(first: int, second: int) -> np.ndarray:
    """Return which counts in the second (down) and first group Fisher's test calls different."""
    from scipy.stats import hypergeom

    if first < 1 or second < 1:
        raise ValueError(f"each group needs somebody; given {first} and {second} people")
    b, a = np.ogrid[: second + 1, : first + 1]
    probability = hypergeom.pmf(a, first + second, a + b, first)
    rejected = np.zeros(probability.shape, dtype=bool)
    for yes in range(first + second + 1):
        in_first = np.arange(max(0, yes - second), min(first, yes) + 1)
        cells = (yes - in_first, in_first)
        p = np.sort(probability[cells])
        # Every table that is no likelier, ties included.
        reach = np.searchsorted(p, probability[cells] * (1 + TIE), side="right")
        rejected[cells] = p.cumsum()[reach - 1] <= ALPHA
    return rejected


def power_curves(
    first: int, second: int, second_shares: list[float], *, points: int = 101
) -> pd.DataFrame:
    """Probability that the exact test finds a difference that is there, in groups drawn at random.

    Returns
    -------
    DataFrame
        Indexed by the true share in the first group, from 0 to 1; one column a share in the second.

    Examples
    --------
    >>> power_curves(100, 100, [0.1, 0.3], points=6).loc[0.4].round(3).tolist()
    [0.999, 0.263]
    """
    from scipy.stats import binom

    shares = np.linspace(0, 1, points)
    in_first = binom.pmf(np.arange(first + 1), first, shares[:, None])
    in_second = binom.pmf(np.arange(second + 1), second, np.array(second_shares)[:, None])
    power = in_first @ rejections(first, second).T @ in_second.T
    return pd.DataFrame(power, pd.Index(shares, name="first_share"), second_shares)


def least_v(n: int) -> pd.Series:
    """V of a 2×2 table of `n` people from which on χ² is significant, or V beyond trivial.

    The same for every split: χ² is n V². ``beyond``: the interval of `cramers_v` lies above .1.

    Examples
    --------
    >>> least_v(200).round(3).to_dict()
    {'significant': 0.139, 'beyond': 0.239}
    """
    from scipy.stats import chi2, ncx2

    reached = np.array([chi2.isf(ALPHA, 1), ncx2.isf(ALPHA / 2, 1, n * TRIVIAL**2)])
    return pd.Series(np.sqrt(reached / n), index=["significant", "beyond"])
