"""What a statistical procedure returns: a test or an estimate, with where it came from."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Real

from churnlib.evidence.origin import Origin

NAN = float("nan")


@dataclass(frozen=True)
class Test:
    """Outcome of a significance test.

    Parameters
    ----------
    name : str
        Row id of the statistic, for instance ``"pearson_chi2"``.
    statistic : float
        Value of the test statistic; NaN where the test has none.
    df : float
        Degrees of freedom; NaN where the test has none.
    p_value : float
        Two-sided unless `note` says otherwise.
    n : int
        Answers the test rests on.
    exact : bool
        Whether `p_value` is exact: neither asymptotic nor drawn at random.
    p_interval : tuple of float
        99 % interval for the p-value when it was drawn at random, else ``(p, p)``.
    origin : Origin
        Kind of evidence.
    note : str
        What a reader must know before using the number; empty when nothing.
    df_residual : float
        Second degrees of freedom of an F test; NaN for any other.
    """

    __test__ = False  # pytest must not collect it

    name: str
    statistic: float
    df: float
    p_value: float
    n: int
    exact: bool
    p_interval: tuple[float, float]
    origin: Origin
    note: str = ""
    df_residual: float = NAN


@dataclass(frozen=True)
class Estimate:
    """An estimate with its interval.

    Parameters
    ----------
    name : str
        Row id of the statistic, for instance ``"cramers_v"``.
    value, low, high : float
        Point estimate and limits; NaN where the data do not determine one.
    level : float
        Confidence level of the interval, from 0 to 1.
    se : float
        Asymptotic standard error not assuming the null; NaN where none is defined.
    n : int
        Answers the estimate rests on.
    origin : Origin
        Kind of evidence.
    note : str
        What a reader must know before using the number; empty when nothing.
    t : float
        Estimate over its standard error under the null hypothesis, SPSS's "Approx. T".
    p_value : float
        Two-sided p-value of the hypothesis that the true value is 0 (1 for a ratio).
    """

    name: str
    value: float
    low: float
    high: float
    level: float
    se: float
    n: int
    origin: Origin
    note: str = ""
    t: float = NAN
    p_value: float = NAN

    def __post_init__(self) -> None:
        require_level(self.level)


def chi_square_result(
    name: str, statistic: float, df: int, n: int, origin: Origin, note: str = ""
) -> Test:
    """An asymptotic test by the upper tail of χ²; NaN without degrees of freedom."""
    from scipy.stats import chi2

    p = float(chi2.sf(statistic, df)) if df > 0 else NAN
    return Test(name, float(statistic), float(df), p, n, False, (NAN, NAN), origin, note)


def joined(*notes: str) -> str:
    """Return notes as one sentence, each part once and those that say nothing left out."""
    parts = (part for note in notes for part in note.split("; ") if part)
    return "; ".join(dict.fromkeys(parts))


def require_level(level: float) -> None:
    """Refuse a confidence level that is not between 0 and 1, such as 95.

    Raises
    ------
    ValueError
        With the level given.
    """
    if not isinstance(level, Real) or not 0 < level < 1:
        raise ValueError(f"a confidence level lies between 0 and 1, given {level!r}")
