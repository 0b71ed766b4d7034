"""Named checks: what one printed number must be, given others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from itertools import product
from math import ceil, floor, inf, isqrt, nan, sqrt
from operator import add
from typing import Any

import numpy as np
from scipy import stats
from scipy.optimize import lsq_linear

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
    keys : mapping of str to int
        What a rule must name beside ``target``, and how many numbers of each; 0 is any.
    words : str
        The rule in words; ``{target}`` and each key stand for names of numbers.
    options : tuple of str
        Names of `OPTIONS` that a rule may have.
    """

    formula: Formula
    keys: Mapping[str, int]
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
    return top / (bottom / Interval.of(100) if options["percent"] else bottom)


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
    if options.get("scale") == [0, 1] and mean.value > 1:
        mean = mean / Interval.of(100)  # a share of yes printed in per cent
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


def _p_value(tail: Callable[..., Any], *, signed: bool = False) -> Formula:
    def formula(printed: Reported, given: Numbers, options: Mapping[str, Any]) -> Interval | None:
        (x,), df = given["statistic"], [float(each.value) for each in given.get("df", ())]
        if any(each <= 0 for each in df):
            return None
        value, low, high = x.value, x.low, x.high
        if signed:
            nearest = Fraction(0) if low <= 0 <= high else min(abs(low), abs(high))
            value, low, high = abs(value), nearest, max(abs(low), abs(high))
        ps = [float(tail(float(size), *df)) for size in (value, high, low)]
        if ps[0] != ps[0]:
            return None
        halves = 2 if options.get("tails") == 1 else 1
        return Interval(*(Fraction(0 if p != p else p) / halves for p in ps))

    return formula


def _t(t: float, df: float) -> float:
    return float(2 * stats.t.sf(t, df))


def _z(z: float) -> float:
    return float(2 * stats.norm.sf(z))


def _r(r: float, df: float) -> float:
    if r >= 1:
        return 0.0 if r == 1 else nan
    return _t(r * sqrt(df / (1 - r**2)), df)


def _anova(printed: Reported, given: Numbers, options: Mapping[str, Any]) -> Interval | None:
    sizes = np.array([float(n.value) for n in given["n"]])
    if sizes.min() < 1 or sizes.sum() <= len(sizes):
        return None
    contrasts = _contrasts(sizes, options)

    def f(means: Any, sds: Sequence[Any]) -> float:
        within = (sizes - 1) @ np.square(np.array(sds, float)) / (sizes.sum() - len(sizes))
        return np.square(contrasts @ np.array(means, float)).sum() / within if within else inf

    means, sds = given["means"], given["sds"]
    # What the means differ by is convex in them: greatest at a corner of what they may be.
    low, high = (np.array([float(getattr(m, end)) for m in means]) for end in ("low", "high"))
    closest = lsq_linear(contrasts, 0 * sizes, (low - 1e-12, high + 1e-12)).x
    least = f(closest, [s.high for s in sds])
    narrow = [max(s.low, 0) for s in sds]
    most = max(f(corner, narrow) for corner in product(*zip(low, high, strict=True)))
    value = f([m.value for m in means], [s.value for s in sds])
    return None if inf in (value, most) else Interval(*map(Fraction, (value, least, most)))


def _contrasts(sizes: Any, options: Mapping[str, Any]) -> Any:
    """Return the matrix that sends the means to the root of the mean square between them.

    With `factors` it is of one effect in a table of two, by unweighted means (Cohen, 2002).
    """
    if "factors" not in options:
        centred = np.eye(len(sizes)) - sizes / sizes.sum()
        return np.sqrt(sizes / (len(sizes) - 1))[:, None] * centred
    mean = [np.full((k, k), 1 / k) for k in options["factors"]]
    centred = [np.eye(len(m)) - m for m in mean]
    first = mean[0] if options.get("effect") == "second" else centred[0]
    second = mean[1] if options.get("effect") == "first" else centred[1]
    effect = np.kron(first, second)
    return effect * np.sqrt(len(sizes) / (1 / sizes).sum() / np.trace(effect))


def _t_test(printed: Reported, given: Numbers, options: Mapping[str, Any]) -> Interval | None:
    square = _anova(printed, given, options)
    if square is None:
        return None
    sign = -1 if printed.value < 0 else 1
    value, low, high = (sign * _root(x) for x in (square.value, square.low, square.high))
    return Interval(value, min(low, high), max(low, high))


_TEST = {"statistic": 1, "df": 1}
_GROUPS = {"means": 0, "sds": 0, "n": 0}
_WHOLE = ("scale", "items")
CHECKS: Mapping[str, Check] = {
    "total": Check(_total, {"of": 0}, "{target} = sum of {of}"),
    "difference": Check(_difference, {"of": 0}, "{target} = {of:−}"),
    "share": Check(_share, {"of": 2}, "{target} = {of:÷}"),
    "ratio": Check(_ratio, {"of": 2}, "{target} = {of:÷}"),
    "same_as": Check(_same, {"of": 1}, "{target} = {of}"),
    "mean": Check(_mean, {"n": 1}, "{target} can be a mean of {n} whole numbers", _WHOLE),
    "sd": Check(_sd, {"mean": 1, "n": 1}, "{target} can be the SD of {n} whole numbers", _WHOLE),
    "chi_square": Check(_p_value(stats.chi2.sf), _TEST, "{target} follows from χ² and df"),
    "t": Check(_p_value(_t, signed=True), _TEST, "{target} follows from t and df", ("tails",)),
    "z": Check(_p_value(_z, signed=True), {"statistic": 1}, "{target} follows from z", ("tails",)),
    "r": Check(_p_value(_r, signed=True), _TEST, "{target} follows from r and df", ("tails",)),
    "F": Check(
        _p_value(stats.f.sf), {"statistic": 1, "df": 2}, "{target} follows from F and its df"
    ),
    "anova": Check(
        _anova, _GROUPS, "{target} = F of the means, SDs and sizes", ("factors", "effect")
    ),
    "t_test": Check(_t_test, dict.fromkeys(_GROUPS, 2), "{target} = t of the means, SDs and sizes"),
}
"""Every check by the name that a study declares it with."""


def _pair(value: Any, least: float = -inf) -> bool:
    whole = isinstance(value, list) and len(value) == 2 and {*map(type, value)} == {int}
    return whole and min(value) >= least


OPTIONS: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "rows": (lambda x: isinstance(x, list), "a list of names of rows"),
    "scale": (lambda x: _pair(x) and x[0] < x[1], "two whole numbers, low first, as [1, 7]"),
    "items": (lambda x: isinstance(x, int) and x >= 1, "a whole number from 1 on"),
    "tails": (lambda x: x in (1, 2), "1 or 2"),
    "factors": (lambda x: _pair(x, 2), "two whole numbers from 2 on, as [2, 3]"),
    "effect": (lambda x: x in ("first", "second", "both"), '"first", "second" or "both"'),
}
"""What each option of a rule may be, and how to say so."""
