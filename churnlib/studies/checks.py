"""Named checks: what one printed number must be, given others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from itertools import product
from math import ceil, floor, inf, isqrt, sqrt
from operator import add
from typing import Any

from churnlib.evidence import Reported


@dataclass(frozen=True)
class Interval:
    """A computed number, and all that it may be since what it is made of was rounded.

    Parameters
    ----------
    value : Fraction
        Of the numbers as printed.
    low, high : Fraction
        Its limits.

    Examples
    --------
    >>> print((Interval.of(Reported("1.5")) + Interval.of(2)).high)
    71/20
    """

    value: Fraction
    low: Fraction
    high: Fraction

    @classmethod
    def of(cls, number: Reported | float | Fraction) -> Interval:
        """Return a printed number with its rounding, or a number without any."""
        if isinstance(number, Reported):
            return cls(Fraction(number.value), number.low, number.high)
        return cls(*3 * (Fraction(number),))

    def __add__(self, other: Interval) -> Interval:
        return Interval(self.value + other.value, self.low + other.low, self.high + other.high)

    def __sub__(self, other: Interval) -> Interval:
        return Interval(self.value - other.value, self.low - other.high, self.high - other.low)

    def __mul__(self, factor: int) -> Interval:
        return Interval(self.value * factor, self.low * factor, self.high * factor)

    def __truediv__(self, other: Interval) -> Interval:
        corners = [a / b for a in (self.low, self.high) for b in (other.low, other.high)]
        return Interval(self.value / other.value, min(corners), max(corners))

    def meets(self, printed: Reported) -> bool:
        """Return True if some value within prints so."""
        return self.low <= printed.high and printed.low <= self.high


Numbers = Mapping[str, Sequence[Interval]]
"""The numbers that a check is given, by key."""

Formula = Callable[[Reported, Numbers, Mapping[str, Any]], Interval | None]
"""From the printed number, the others and the options to what it must be; None: it cannot be."""


@dataclass(frozen=True)
class Check:
    """One kind of rule between printed numbers.

    Parameters
    ----------
    formula : callable
    keys : tuple of str
        What a rule must name beside ``target``; each is one reference or a list of them.
    words : str
        The rule in words; ``{target}`` and each key stand for names of numbers.
    options : tuple of str
        Keys that a rule may have; they hold numbers and not references.
    """

    formula: Formula
    keys: tuple[str, ...]
    words: str
    options: tuple[str, ...] = ()


def _total(printed: Reported, given: Numbers, options: Mapping[str, Any]) -> Interval:
    total = reduce(add, given["of"])
    if options["percent"] and total.low <= 100 <= total.high and printed.value != total.value:
        return Interval(total.value, Fraction(100), Fraction(100))  # parts of one whole
    return Interval.of(total.value) if printed.value == total.value else total


def _difference(printed: Reported, given: Numbers, options: Mapping[str, Any]) -> Interval:
    first, *others = given["of"]
    return reduce(Interval.__sub__, others, first)


def _ratio(printed: Reported, given: Numbers, options: Mapping[str, Any]) -> Interval | None:
    top, bottom = given["of"]
    if bottom.low <= 0 <= bottom.high:
        return None
    return (top * 100 if options["percent"] else top) / bottom


def _share(printed: Reported, given: Numbers, options: Mapping[str, Any]) -> Interval | None:
    part, whole = given["of"]
    return _ratio(printed, given, options) if 0 <= part.value <= whole.value else None


def _same(printed: Reported, given: Numbers, options: Mapping[str, Any]) -> Interval:
    (other,) = given["of"]
    # One number is not rounded up in one place and down in another.
    hair = (other.high - other.low) / 10**9
    return Interval(other.value, other.low + hair, other.high - hair)


def _sums(mean: Interval, given: Numbers, options: Mapping[str, Any]) -> range | None:
    """Sums of n whole numbers whose mean may print so, or the nearest one; None without n."""
    n = given["n"][0].value
    if n < 1 or n.denominator != 1:
        return None
    points = n * options.get("items", 1)
    low, high = (points * end for end in options.get("scale", (-inf, inf)))
    first, last = (max(low, ceil(mean.low * points)), min(high, floor(mean.high * points)))
    if first > last:
        first = last = min(max(low, round(mean.value * points)), high)
    return range(int(first), int(last) + 1)


def _mean(printed: Reported, given: Numbers, options: Mapping[str, Any]) -> Interval | None:
    unit = 100 if options["percent"] else 1
    sums = _sums(Interval.of(printed) / Interval.of(unit), given, options)
    if sums is None:
        return None
    points = given["n"][0].value * options.get("items", 1)
    means = (unit * Fraction(total) / points for total in sums)
    return Interval.of(min(means, key=lambda mean: abs(mean - Fraction(printed.value))))


def _sd(printed: Reported, given: Numbers, options: Mapping[str, Any]) -> Interval | None:
    n, items = given["n"][0].value, options.get("items", 1)
    mean = given["mean"][0]
    if n < 2 or (sums := _sums(mean, given, options)) is None:
        return None
    possible = [
        sd
        for total in sums
        if mean.low <= total / (n * items) <= mean.high
        for sd in _nearest_sds(printed, total, int(n), items, options.get("scale"))
    ]
    if not possible:
        return None
    return Interval.of(min(possible, key=lambda sd: abs(sd - Fraction(printed.value))))


def _nearest_sds(
    printed: Reported, total: int, n: int, items: int, scale: Sequence[int] | None
) -> list[Fraction]:
    """SDs of n whole numbers with this sum on either side of the printed one.

    The sum of squares has the parity of the sum, is least for numbers that are nearly equal, and
    most for numbers at the ends of the scale. These conditions are necessary, not sufficient.
    """
    base, above = divmod(total, n)
    least = (n - above) * base**2 + above * (base + 1) ** 2
    most: float = inf
    if scale is not None:
        low, high = (items * end for end in scale)
        at_top, rest = divmod(total - n * low, high - low)
        most = at_top * high**2 + (n - at_top) * low**2 + (low + rest) ** 2 - low**2
    centre = Fraction(total**2, n)
    wanted = (n - 1) * (Fraction(printed.value) * items) ** 2 + centre
    below = floor(wanted) - (floor(wanted) - total) % 2
    squares = {int(min(max(q, least), most)) for q in (below, below + 2)}
    return [_root((q - centre) / (n - 1)) / items for q in squares]


def _root(square: Fraction) -> Fraction:
    """Return the square root to thirty digits: exact where a finite decimal is one."""
    return Fraction(isqrt(square.numerator * 10**60 // square.denominator), 10**30)


def _p_value(tail: Callable[..., float]) -> Formula:
    def formula(printed: Reported, given: Numbers, options: Mapping[str, Any]) -> Interval | None:
        (x,), df = given["statistic"], [float(each.value) for each in given.get("df", ())]
        if any(each <= 0 for each in df):
            return None
        nearest = 0 if x.low <= 0 <= x.high else min(abs(x.low), abs(x.high))
        sizes = (abs(x.value), max(abs(x.low), abs(x.high)), nearest)
        ps = [tail(float(size), *df) for size in sizes]
        if any(p != p for p in ps[:1]):
            return None
        if options.get("tails") == 1:
            ps = [p / 2 for p in ps]
        return Interval(*(Fraction(0 if p != p else p) for p in ps))

    return formula


def _t(t: float, df: float) -> float:
    from scipy import stats

    return float(2 * stats.t.sf(t, df))


def _z(z: float) -> float:
    from scipy import stats

    return float(2 * stats.norm.sf(z))


def _r(r: float, df: float) -> float:
    return _t(r * sqrt(df / (1 - r**2)), df) if r < 1 else 0.0


def _f(f: float, df: float, df_rest: float) -> float:
    from scipy import stats

    return float(stats.f.sf(f, df, df_rest))


def _chi_square(x: float, df: float) -> float:
    from scipy import stats

    return float(stats.chi2.sf(x, df))


def _anova(printed: Reported, given: Numbers, options: Mapping[str, Any]) -> Interval | None:
    sizes = [float(n.value) for n in given["n"]]
    if min(sizes) < 1 or sum(sizes) <= len(sizes):
        return None

    def f(means: Sequence[Any], sds: Sequence[Any]) -> float:
        grand = sum(n * m for n, m in zip(sizes, means, strict=True)) / sum(sizes)
        between = sum(n * (m - grand) ** 2 for n, m in zip(sizes, means, strict=True))
        within = sum((n - 1) * s**2 for n, s in zip(sizes, sds, strict=True))
        df = len(sizes) - 1, sum(sizes) - len(sizes)
        return between / df[0] / (within / df[1]) if within else inf

    boxes = [(float(m.low), float(m.high)) for m in given["means"]]
    # The least spread pulls every mean towards one centre; the greatest is at a corner.
    least = f(_pulled(boxes, sizes), [float(s.high) for s in given["sds"]])
    narrow = [max(float(s.low), 0.0) for s in given["sds"]]
    most = max(f(means, narrow) for means in product(*boxes))
    value = f(*([float(x.value) for x in given[key]] for key in ("means", "sds")))
    if inf in (value, most):
        return None
    return Interval(*map(Fraction, (value, least, most)))


def _pulled(boxes: Sequence[tuple[float, float]], sizes: Sequence[float]) -> list[float]:
    from scipy.optimize import minimize_scalar

    def pulled(centre: float) -> list[float]:
        return [min(max(centre, low), high) for low, high in boxes]

    def spread(centre: float) -> float:
        return sum(n * (m - centre) ** 2 for n, m in zip(sizes, pulled(centre), strict=True))

    ends = min(low for low, _ in boxes), max(high for _, high in boxes)
    return pulled(minimize_scalar(spread, bounds=ends, method="bounded").x)


def _t_test(printed: Reported, given: Numbers, options: Mapping[str, Any]) -> Interval | None:
    square = _anova(printed, given, options)
    if square is None:
        return None
    sign = -1 if printed.value < 0 else 1
    value, low, high = (sign * _root(x) for x in (square.value, square.low, square.high))
    return Interval(value, min(low, high), max(low, high))


_TEST = ("statistic", "df")
_GROUPS = ("means", "sds", "n")
CHECKS: Mapping[str, Check] = {
    "total": Check(_total, ("of",), "{target} = sum of {of}"),
    "difference": Check(_difference, ("of",), "{target} = {of:−}"),
    "share": Check(_share, ("of",), "{target} = {of:÷}"),
    "ratio": Check(_ratio, ("of",), "{target} = {of:÷}"),
    "same_as": Check(_same, ("of",), "{target} = {of}"),
    "mean": Check(_mean, ("n",), "{target} can be a mean of {n} whole numbers", ("scale", "items")),
    "sd": Check(
        _sd, ("mean", "n"), "{target} can be the SD of {n} whole numbers", ("scale", "items")
    ),
    "chi_square": Check(_p_value(_chi_square), _TEST, "{target} follows from χ² and df"),
    "t": Check(_p_value(_t), _TEST, "{target} follows from t and df", ("tails",)),
    "z": Check(_p_value(_z), ("statistic",), "{target} follows from z", ("tails",)),
    "r": Check(_p_value(_r), _TEST, "{target} follows from r and df", ("tails",)),
    "F": Check(_p_value(_f), _TEST, "{target} follows from F and its df"),
    "anova": Check(_anova, _GROUPS, "{target} = F of the means, SDs and sizes"),
    "t_test": Check(_t_test, _GROUPS, "{target} = t of the means, SDs and sizes"),
}
"""Every check by the name that a study declares it with."""
