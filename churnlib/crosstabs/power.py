"""What samples of two groups can show by a yes-or-no question."""

from __future__ import annotations

import numpy as np
import pandas as pd

from churnlib.crosstabs.exact import TIE

ALPHA, TRIVIAL = 0.05, 0.1  # level of the exact test; a Cramér's V that would not matter


def frontier(first: int, *, n: int) -> pd.DataFrame:
    """For every share in the second group, the smallest share in the first that counts.

    Two groups of `first` and ``n - first`` people, each of somebody or it is a `ValueError`, are
    asked a question with two answers.

    Returns
    -------
    DataFrame
        By number of people in the second group who answer yes: ``second_share``; ``significant``
        and ``beyond``, the counts in the first group from which on Fisher's exact test, two-sided,
        is significant at 5 %, and the 95 % interval of V lies above .1; their shares
        ``significant_share`` and ``beyond_share``; ``significant_v``, V there. NaN where even the
        whole first group is not enough.

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
