"""One variable counted: its shares, their intervals, and what a margin alone can test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
import pandas as pd

from churnlib.evidence import NAN, Origin, Test


@dataclass(frozen=True, eq=False)
class FrequencyTable:
    """How often each answer was given.

    Parameters
    ----------
    variable, origin : str and Origin
        The question, as the codebook names it, and its kind of evidence.
    counts : Series of int
        Answers by level, in codebook order; levels nobody chose are kept as 0.
    missing, set_aside : int
        People who gave no answer, in no percentage but always shown; rows left out because a raw
        label has no level.
    ledger : DataFrame or None
        What every raw label became, where raw answers were counted with a codebook.

    Examples
    --------
    >>> age = FrequencyTable.from_counts(
    ...     {"under 40": 93, "40 and over": 107}, variable="age", origin=Origin.PUBLISHED)
    >>> age.n
    200
    >>> age.intervals().round(3).loc["40 and over"].tolist()
    [0.466, 0.603]
    """

    variable: str
    counts: pd.Series
    missing: int
    origin: Origin
    set_aside: int = 0
    ledger: pd.DataFrame | None = None

    @classmethod
    def from_counts(
        cls,
        counts: Mapping[str, Any] | pd.Series,
        *,
        variable: str,
        origin: Origin,
        missing: int = 0,
    ) -> FrequencyTable:
        """Make a table of counts that are already there: whole numbers, not all of them 0."""
        series = pd.Series(dict(counts), dtype=object)
        whole = whole_counts(series, f"counts of {variable!r}")
        if whole.sum() == 0:
            raise ValueError(f"nobody answered {variable!r}: all {whole.size} counts are 0")
        return cls(variable, pd.Series(whole, index=series.index, name="n"), missing, origin)

    @cached_property
    def n(self) -> int:
        """People who answered."""
        return int(self.counts.sum())

    @cached_property
    def shares(self) -> pd.Series:
        """Each level's part of the people who answered, from 0 to 1."""
        return (self.counts / self.n).rename("share")

    def intervals(self, level: float = 0.95) -> pd.DataFrame:
        """Wilson's interval for each share, one level at a time: columns ``low`` and ``high``.

        References
        ----------
        Wilson, E. B. (1927). Probable inference. J. Am. Stat. Assoc. 22, 209–212.
        """
        limits = {key: wilson(count, self.n, level) for key, count in self.counts.items()}
        return pd.DataFrame(limits, index=["low", "high"]).T

    def joint_intervals(self, level: float = 0.95) -> pd.DataFrame:
        """Intervals that hold for all shares at once: Sison and Glaz's, Goodman's for more people.

        References
        ----------
        Sison, C. P. & Glaz, J. (1995). J. Am. Stat. Assoc. 90, 366–369. Goodman, L. A. (1965).
        Technometrics 7, 247–254.
        """
        from statsmodels.stats.proportion import multinomial_proportions_confint

        counts = self.counts.to_numpy(dtype=float)
        # Beyond that statsmodels' Sison-Glaz fails: hundreds of times too narrow from 20,000 on.
        method = "sison-glaz" if self.n <= 5_000 else "goodman"
        limits = multinomial_proportions_confint(counts, 1 - level, method=method)
        return pd.DataFrame(limits, self.counts.index, ["low", "high"])

    @cached_property
    def summary(self) -> pd.DataFrame:
        """As SPSS prints it: n, percent, valid percent, cumulative percent, missing last."""
        everybody = self.n + self.missing
        rows = pd.DataFrame(
            {
                "n": self.counts,
                "percent": 100 * self.counts / everybody,
                "valid_percent": 100 * self.shares,
                "cumulative_percent": 100 * self.counts.cumsum() / self.n,
            }
        )
        rows.loc["(missing)"] = [self.missing, 100 * self.missing / everybody, np.nan, np.nan]
        return rows.astype({"n": int})

    def combined(self, levels: Sequence[str]) -> int:
        """People whose answer is one of `levels`.

        Examples
        --------
        >>> t = FrequencyTable.from_counts(
        ...     {"a": 1, "b": 2, "c": 4}, variable="x", origin=Origin.OBSERVED)
        >>> t.combined(["a", "c"])
        5
        """
        if unknown := [key for key in levels if key not in self.counts.index]:
            there = ", ".join(map(str, self.counts.index))
            raise KeyError(f"{self.variable!r} has no level {unknown[0]!r}; its levels are {there}")
        return int(self.counts.loc[list(levels)].sum())

    def _repr_html_(self) -> str:
        aside = f"<p>{self.set_aside} set aside</p>" if self.set_aside else ""
        return f"{self.origin.badge_html}{self.summary.round(1)._repr_html_()}{aside}"


def whole_counts(values: Any, what: str) -> np.ndarray:
    """Check that `values` are counts and return them as integers of the same shape.

    Raises
    ------
    ValueError
        If one is missing, negative or fractional; the message shows it.

    Examples
    --------
    >>> whole_counts([3.0, 4], "votes")
    array([3, 4])
    >>> whole_counts([3.5, 4], "votes")
    Traceback (most recent call last):
    ValueError: votes must be whole numbers of 0 or more; given 3.5. Survey weights are no counts: \
test the people as they were counted, and give weighted shares beside
    """
    given = np.asarray(values, dtype=object)
    numbers = pd.to_numeric(pd.Series(given.ravel()), errors="coerce").to_numpy(float)
    numbers = numbers.reshape(given.shape)
    # Beyond 2**53 not every whole number is a float.
    wrong = ~((numbers >= 0) & (numbers <= 2.0**53) & (numbers == np.floor(numbers)))
    if wrong.any():
        first, number = given[wrong][0], numbers[wrong][0]
        advice = ""
        if number > 2.0**53:
            advice = ", which is beyond 2**53 and not exact"
        elif number > 0:
            advice = (
                ". Survey weights are no counts: test the people as they were counted, and give "
                "weighted shares beside"
            )
        raise ValueError(f"{what} must be whole numbers of 0 or more; given {first!r}{advice}")
    return numbers.astype(np.int64)


def wilson(successes: int, n: int, level: float = 0.95) -> tuple[float, float]:
    """Wilson's interval for a share: the shares that a score test would not reject.

    Examples
    --------
    >>> low, high = wilson(106, 200)
    >>> round(low, 4), round(high, 4)
    (0.4609, 0.598)
    """
    from scipy.stats import binomtest

    interval = binomtest(int(successes), int(n)).proportion_ci(level, method="wilson")
    return float(interval.low), float(interval.high)


def binomial_test(
    successes: int,
    n: int,
    share: float,
    *,
    alternative: Literal["two-sided", "greater", "less"] = "two-sided",
    origin: Origin,
) -> Test:
    """Test exactly whether a share differs from a given one: all that a margin alone allows.

    Parameters
    ----------
    successes, n : int
        How many of how many; their ratio is the ``statistic``.
    share : float
        Under the null hypothesis, from 0 to 1.
    alternative : {"two-sided", "greater", "less"}
        Two-sided adds up all outcomes no more probable than the observed one.

    References
    ----------
    Clopper, C. J. & Pearson, E. S. (1934). Biometrika 26, 404–413.

    Examples
    --------
    >>> test = binomial_test(106, 200, 0.5, origin=Origin.PUBLISHED)
    >>> test.statistic, round(test.p_value, 4)
    (0.53, 0.4368)
    """
    from scipy.stats import binomtest

    successes, n = map(int, whole_counts([successes, n], "successes and n"))
    p = float(binomtest(successes, n, share, alternative).pvalue)
    note = f"against {share:.1%}" + ("" if alternative == "two-sided" else f", {alternative}")
    return Test("binomial", successes / n, NAN, p, n, True, (p, p), origin, note)
