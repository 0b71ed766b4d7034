"""How large a difference between two groups must be before so many answers can show it."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pandas as pd

from churnlib.crosstabs.exact import TIE


def frontier(
    first: int, *, n: int, alpha: float = 0.05, trivial: float = 0.1, level: float = 0.95
) -> pd.DataFrame:
    """For every share in the second group, the smallest share in the first that counts.

    Two groups of `first` and ``n - first`` people are asked a question with two answers. For each
    number of people in the second group who answer yes, the frame says how many in the first
    must at least do so for two conclusions.

    Parameters
    ----------
    first : int
        People in the first group, 1 to ``n - 1``.
    n : int
        People in both groups.
    alpha : float
        Level of Fisher's exact test, two-sided.
    trivial : float
        A Cramér's V that would not matter.
    level : float
        Confidence level of the interval of V.

    Returns
    -------
    DataFrame
        One row a number of people in the second group, columns ``second_share``;
        ``significant`` and ``beyond``, the counts in the first group from which on the exact
        test is significant and the interval of V lies above `trivial`; their shares
        ``significant_share`` and ``beyond_share``; ``significant_v``, V there. NaN where even
        the whole first group is not enough.

    Raises
    ------
    ValueError
        If a group has nobody.

    Examples
    --------
    >>> needed = frontier(100, n=200)
    >>> needed.loc[10, ["significant", "beyond"]].tolist()
    [21.0, 29.0]
    """
    second = n - first
    rejected = rejections(first, second, alpha=alpha)
    in_second, in_first = np.ogrid[: second + 1, : first + 1]
    higher = in_first / first > in_second / second
    v = _cramers_v(first, second)
    beyond = v**2 * n > _chi2_beyond(n, trivial, level)
    rows = pd.DataFrame(index=pd.RangeIndex(second + 1, name="second"))
    rows["second_share"] = np.arange(second + 1) / second
    for name, shown in (("significant", rejected), ("beyond", beyond)):
        rows[name] = _first_from(shown & higher)
        rows[f"{name}_share"] = rows[name] / first
    found = rows["significant"].notna().to_numpy()
    at = np.where(found, rows["significant"].fillna(0), 0).astype(int)
    rows["significant_v"] = np.where(found, v[np.arange(second + 1), at], np.nan)
    return rows


@lru_cache(maxsize=512)
def rejections(first: int, second: int, *, alpha: float = 0.05) -> np.ndarray:
    """Which pairs of counts Fisher's exact test, two-sided, calls different.

    Returns
    -------
    array of bool, shape (second + 1, first + 1)
        By people who answer yes in the second and in the first group.

    Examples
    --------
    >>> rejections(4, 4)[0].tolist()
    [False, False, False, False, True]
    """
    from scipy.special import gammaln

    if first < 1 or second < 1:
        raise ValueError(f"each group needs somebody; given {first} and {second} people")
    logs = [gammaln(size + 1) - gammaln(k + 1) - gammaln(size - k + 1)
            for size in (first, second) for k in [np.arange(size + 1.0)]]  # fmt: skip
    rejected = np.zeros((second + 1, first + 1), dtype=bool)
    for yes in range(first + second + 1):
        in_first = np.arange(max(0, yes - second), min(first, yes) + 1)
        weight = logs[0][in_first] + logs[1][yes - in_first]
        probability = np.exp(weight - weight.max())
        probability /= probability.sum()
        order = np.argsort(probability)
        running = probability[order].cumsum()
        # Every table that is no likelier, ties included.
        reach = np.searchsorted(probability[order], probability * (1 + TIE), side="right")
        rejected[yes - in_first, in_first] = running[reach - 1] <= alpha
    rejected.setflags(write=False)
    return rejected


def power(
    first: int, second: int, first_share: float, second_share: float, *, alpha: float = 0.05
) -> float:
    """Probability that the exact test finds a difference that is there.

    Parameters
    ----------
    first, second : int
        People in the two groups, drawn at random.
    first_share, second_share : float
        True shares, from 0 to 1.

    Examples
    --------
    >>> round(power(100, 100, 0.3, 0.1), 3)
    0.935
    """
    from scipy.stats import binom

    rejected = rejections(first, second, alpha=alpha)
    in_first = binom.pmf(np.arange(first + 1), first, first_share)
    in_second = binom.pmf(np.arange(second + 1), second, second_share)
    return float(in_second @ rejected @ in_first)


def power_curves(
    first: int, second: int, second_shares: list[float], *, points: int = 101, alpha: float = 0.05
) -> pd.DataFrame:
    """Power against the share in the first group, one column a share in the second.

    Returns
    -------
    DataFrame
        Indexed by the share in the first group, from 0 to 1.
    """
    shares = np.linspace(0, 1, points)
    curves = {
        given: [power(first, second, share, given, alpha=alpha) for share in shares]
        for given in second_shares
    }
    return pd.DataFrame(curves, index=pd.Index(shares, name="first_share"))


def least_v(n: int, *, alpha: float = 0.05, trivial: float = 0.1, level: float = 0.95) -> pd.Series:
    """V of a 2×2 table of `n` people from which on χ² is significant, or V beyond trivial.

    The same for every split: χ² is n V².

    Returns
    -------
    Series
        ``significant`` and ``beyond``.

    Examples
    --------
    >>> least_v(200).round(3).to_dict()
    {'significant': 0.139, 'beyond': 0.239}
    """
    from scipy.stats import chi2

    reached = [chi2.isf(alpha, 1), _chi2_beyond(n, trivial, level)]
    return pd.Series(np.sqrt(np.array(reached) / n), index=["significant", "beyond"])


def _chi2_beyond(n: int, trivial: float, level: float) -> float:
    """The χ² from which on the interval of V, as `cramers_v` gives it, lies above `trivial`."""
    from scipy.optimize import brentq
    from scipy.stats import ncx2

    nc = n * trivial**2
    tail = (1 - level) / 2
    return float(brentq(lambda x: ncx2.sf(x, 1, nc) - tail, 0, nc + 40 * np.sqrt(1 + nc) + 400))


def _cramers_v(first: int, second: int) -> np.ndarray:
    in_second, in_first = np.ogrid[: second + 1, : first + 1]
    yes = in_first + in_second
    no = first + second - yes
    product = first * second * yes * no
    gap = abs(in_first * second - in_second * first)
    return np.where(product > 0, gap / np.sqrt(np.maximum(product, 1)), 0.0)


def _first_from(shown: np.ndarray) -> np.ndarray:
    """The first count of each row from which on all are shown; NaN where the last is not."""
    hidden_last = shown.shape[1] - 1 - np.argmax(~shown[:, ::-1], axis=1)
    start = np.where(shown.all(axis=1), 0, hidden_last + 1)
    return np.where(start < shown.shape[1], start, np.nan)
