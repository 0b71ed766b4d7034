"""Named checks, and the rules that use them: what one printed number must be, given others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, partial, reduce
from itertools import chain, product
from math import ceil, floor, inf, isnan, isqrt, nan
from operator import add, sub
from typing import Any

import numpy as np
from scipy import stats
from scipy.optimize import lsq_linear

from churnlib.evidence import Reported


@dataclass(frozen=True)
class Interval:
    """A computed number, and all that it may be since what it is made of was rounded."""

    value: Fraction  # of the numbers as printed
    low: Fraction
    high: Fraction

    @classmethod
    def of(cls, number: Reported | Fraction | int) -> Interval:
        """Return a printed number with its rounding, or a number without any."""
        if isinstance(number, Reported):
            return cls(Fraction(number.value), number.low, number.high)
        return cls(*3 * (Fraction(number),))

    def meets(self, printed: Reported) -> bool:
        """Return True if some value within prints so."""
        return self.low <= printed.high and printed.low <= self.high


def spread(f: Callable[..., Any], *numbers: Interval) -> Interval:
    """Return a function of rounded numbers, monotone in each, with all that it may be."""
    corners = [f(*corner) for corner in product(*((x.low, x.high) for x in numbers))]
    return Interval(f(*(x.value for x in numbers)), min(corners), max(corners))


def added(numbers: Iterable[Interval]) -> Interval:
    """Return a sum of rounded numbers."""
    return reduce(partial(spread, add), numbers)


# Where a printed number stands: exhibit or claim, row and column; a claim's row is "".
Cell = tuple[str, str, str]
# What is added up before a check uses it: one cell, the cells of a column, or a whole number.
Operand = tuple[Cell | int, ...]
Numbers = Sequence[Interval]
Scale = Sequence[int] | None
# From the printed number, the others and the options to what it must be; None: it cannot be.
Formula = Callable[..., Interval | None]


@dataclass(frozen=True)
class Check:
    """One kind of rule between printed numbers."""

    formula: Formula
    keys: Mapping[str, int]  # what a rule must name beside "target", how many of each; 0 is any
    words: str  # what follows the target's name; each key stands for names of numbers
    options: tuple[str, ...] = ()  # that it may have; "percent" where the target's unit matters
    sign: str = "+"  # between several names


@dataclass(frozen=True, eq=False)
class Rule:
    """One printed number, the target, that must follow from others."""

    check: Check
    exhibit: str  # the exhibit, or claim, that it is counted under
    target: Cell
    operands: Mapping[str, tuple[Operand, ...]]  # by the check's keys
    options: Mapping[str, Any]

    @cached_property
    def sources(self) -> tuple[Cell, ...]:
        """The cells it follows from."""
        operands = chain.from_iterable(self.operands.values())
        return tuple(part for each in operands for part in each if not isinstance(part, int))

    @property
    def name(self) -> str:
        """The rule in words, by the check's pattern."""
        words = {
            key: f" {self.check.sign} ".join(map(self._name, operands))
            for key, operands in self.operands.items()
        }
        return f"{name_of(self.target, self.exhibit)} {self.check.words.format(**words)}"

    def _name(self, operand: Operand) -> str:
        first, *more = operand
        if isinstance(first, int):
            return str(first)
        if not more:
            return name_of(first, self.exhibit, self.target[1])
        column = name_of((first[0], "", first[2]), self.exhibit)
        return "the rows" if first[2] == self.target[2] else f"the rows of {column}"


def name_of(cell: Cell, exhibit: str = "", row: str = "") -> str:
    """Return where a number stands, without what the reader knows already."""
    parts = ("" if cell[0] == exhibit else cell[0], "" if cell[1] == row else cell[1], cell[2])
    return " ".join(filter(None, parts))


def _total(printed: Reported, of: Numbers, percent: bool) -> Interval:
    total = added(of)
    if percent and total.low <= 100 <= total.high and printed.value != total.value:
        return Interval(total.value, Fraction(100), Fraction(100))  # parts of one whole
    return total


def _difference(printed: Reported, of: Numbers) -> Interval:
    return reduce(partial(spread, sub), of)


def _ratio(printed: Reported, of: Numbers, percent: bool) -> Interval | None:
    unit = 100 if percent else 1
    zero = of[1].low <= 0 <= of[1].high
    return None if zero else spread(lambda top, bottom: unit * top / bottom, *of)


def _share(printed: Reported, of: Numbers, percent: bool) -> Interval | None:
    return _ratio(printed, of, percent) if 0 <= of[0].value <= of[1].value else None


def _same(printed: Reported, of: Numbers) -> Interval:
    (other,) = of
    # One number is not rounded up in one place and down in another.
    hair = (other.high - other.low) / 10**9
    return Interval(other.value, other.low + hair, other.high - hair)


def _mean(
    printed: Reported, n: Numbers, percent: bool, scale: Scale = None, items: int = 1
) -> Interval | None:
    """GRIM (Brown and Heathers, 2017): the mean is a whole sum over n."""
    unit, size = 100 if percent else 1, n[0].value
    sums = _sums(spread(lambda x: x / unit, Interval.of(printed)), size, scale, items)
    return Interval.of(unit * sums[0] / size / items) if sums else None


def _sd(
    printed: Reported, mean: Numbers, n: Numbers, scale: Scale = None, items: int = 1
) -> Interval | None:
    """GRIMMER (Anaya, 2016): so is the sum of squares; DEBIT on the scale from 0 to 1."""
    (average,), size = mean, n[0].value
    if scale == [0, 1] and average.value > 1:  # a share of yes printed in per cent
        average = spread(lambda x: x / 100, average)
    sds = [
        sd
        for total in _sums(average, size, scale, items)
        if size > 1 and average.low <= total / (size * items) <= average.high
        for sd in _sds(printed, total, int(size), scale, items)
    ]
    nearest = min(sds, key=lambda sd: abs(sd - Fraction(printed.value)), default=None)
    return None if nearest is None else Interval.of(nearest)


def _sums(mean: Interval, n: Fraction, scale: Scale, items: int) -> list[int]:
    """Sums of n whole numbers whose mean may print so, the nearest first; none without n.

    If none may, the nearest alone. Of very many some thousand, evenly: their SDs differ by less
    than is printed.
    """
    if n < 1 or n.denominator != 1:
        return []
    points = int(n) * items
    least, most = (points * end for end in scale or (-inf, inf))
    first, last = max(least, ceil(mean.low * points)), min(most, floor(mean.high * points))
    nearest = ceil(mean.value * points - Fraction(1, 2))
    if first > last:
        return [int(min(max(nearest, least), most))]
    some = range(int(first), int(last), 1 + int(last - first) // 2000)
    return [int(min(max(nearest, first), last)), *some, int(last)]


def _sds(printed: Reported, total: int, n: int, scale: Scale, items: int) -> list[Fraction]:
    """SDs of n whole numbers with this sum on either side of the printed one.

    Necessary, not sufficient: their squares add up to a number of the parity of the sum, least if
    they are nearly equal, most if they are at the ends of the scale.
    """
    base, above = divmod(total, n)
    least = (n - above) * base**2 + above * (base + 1) ** 2
    most: float = inf
    if scale is not None:
        low, high = (items * end for end in scale)
        at_top, rest = divmod(total - n * low, high - low)
        most = at_top * high**2 + (n - at_top) * low**2 + (low + rest) ** 2 - low**2
    centre = Fraction(total**2, n)
    wanted = floor((n - 1) * (Fraction(printed.value) * items) ** 2 + centre)
    below = wanted - (wanted - total) % 2
    squares = {int(min(max(q, least), most)) for q in (below, below + 2)}
    return [_root((q - centre) / (n - 1)) / items for q in squares]


def _root(square: Fraction) -> Fraction:
    """Return the square root to thirty digits: exact where a finite decimal is one."""
    return Fraction(isqrt(square.numerator * 10**60 // square.denominator), 10**30)


def _p_value(tail: Callable[..., Any], sides: int) -> Formula:
    """Return the formula of a p-value from the upper tail; of two sides, where signs may vary."""

    def p(printed: Reported, statistic: Numbers, df: Numbers = (), tails: int = sides) -> Any:
        x, degrees = statistic[0], [float(each.value) for each in df]
        sizes = x.value, x.high, x.low
        if sides == 2:
            sizes = abs(x.value), max(x.high, -x.low), max(x.low, -x.high, Fraction(0))
        ps = [tails * float(tail(float(size), *degrees)) for size in sizes]
        return None if isnan(ps[0]) else Interval(*map(Fraction, np.nan_to_num(ps)))

    return p


def _r(r: float, df: float) -> float:
    """Upper tail of a correlation: (r + 1) / 2 is a beta variable."""
    return float(stats.beta.sf(r, df / 2, df / 2, loc=-1, scale=2)) if r <= 1 else nan


def _anova(
    printed: Reported, means: Numbers, sds: Numbers, n: Numbers,
    factors: Sequence[int] | None = None, effect: str = "both",
) -> Interval | None:  # fmt: skip
    sizes = np.array([float(size.value) for size in n])
    if sizes.min() < 1 or sizes.sum() <= len(sizes):
        return None
    contrasts = _contrasts(sizes, factors, effect)

    def f(means: Any, sds: Sequence[Any]) -> float:
        within = (sizes - 1) @ np.square(np.array(sds, float)) / (sizes.sum() - len(sizes))
        return np.square(contrasts @ np.array(means, float)).sum() / within if within else inf

    # What the means differ by is convex in them: greatest at a corner of what they may be.
    low, high = (np.array([float(getattr(m, end)) for m in means]) for end in ("low", "high"))
    hair = 1e-12 * np.maximum(1.0, abs(low) + abs(high))  # lsq_linear wants room between them
    closest = lsq_linear(contrasts, 0 * sizes, (low - hair, high + hair), method="bvls").x
    least = f(closest, [sd.high for sd in sds])
    narrow = [max(sd.low, 0) for sd in sds]
    most = max(f(corner, narrow) for corner in product(*zip(low, high, strict=True)))
    value = f([m.value for m in means], [sd.value for sd in sds])
    return None if inf in (value, most) else Interval(*map(Fraction, (value, least, most)))


def _contrasts(sizes: Any, factors: Sequence[int] | None, effect: str) -> Any:
    """Return the matrix that sends the means to the root of the mean square between them.

    With `factors` it is of one effect in a table of two, by unweighted means (Cohen, 2002).
    """
    if factors is None:
        centred = np.eye(len(sizes)) - sizes / sizes.sum()
        return np.sqrt(sizes / (len(sizes) - 1))[:, None] * centred
    mean = [np.full((k, k), 1 / k) for k in factors]
    first = mean[0] if effect == "second" else np.eye(factors[0]) - mean[0]
    second = mean[1] if effect == "first" else np.eye(factors[1]) - mean[1]
    between = np.kron(first, second)
    return between * np.sqrt(len(sizes) / (1 / sizes).sum() / np.trace(between))


def _t_test(printed: Reported, means: Numbers, sds: Numbers, n: Numbers) -> Interval | None:
    square, sign = _anova(printed, means, sds, n), -1 if printed.value < 0 else 1
    return square and spread(lambda f: sign * _root(f), square)


_TEST = {"statistic": 1, "df": 1}
_GROUPS = {"means": 0, "sds": 0, "n": 0}
_WHOLE = ("scale", "items")
CHECKS: Mapping[str, Check] = {  # by the name under which a study declares them
    "total": Check(_total, {"of": 0}, "= sum of {of}", ("percent",)),
    "difference": Check(_difference, {"of": 0}, "= {of}", sign="−"),
    "share": Check(_share, {"of": 2}, "= {of}", ("percent",), sign="÷"),
    "ratio": Check(_ratio, {"of": 2}, "= {of}", ("percent",), sign="÷"),
    "same_as": Check(_same, {"of": 1}, "= {of}"),
    "mean": Check(_mean, {"n": 1}, "can be a mean of {n} whole numbers", (*_WHOLE, "percent")),
    "sd": Check(_sd, {"mean": 1, "n": 1}, "can be the SD of {n} whole numbers", _WHOLE),
    "chi_square": Check(_p_value(stats.chi2.sf, 1), _TEST, "follows from χ² and df"),
    "t": Check(_p_value(stats.t.sf, 2), _TEST, "follows from t and df", ("tails",)),
    "z": Check(_p_value(stats.norm.sf, 2), {"statistic": 1}, "follows from z", ("tails",)),
    "r": Check(_p_value(_r, 2), _TEST, "follows from r and df", ("tails",)),
    "F": Check(_p_value(stats.f.sf, 1), {**_TEST, "df": 2}, "follows from F and its df"),
    "anova": Check(_anova, _GROUPS, "= F of the means, SDs and sizes", ("factors", "effect")),
    "t_test": Check(_t_test, dict.fromkeys(_GROUPS, 2), "= t of the means, SDs and sizes"),
}
