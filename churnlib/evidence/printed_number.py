"""A printed number is text; this is what the text says about the number behind it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cached_property

_SIGNS = "<>≤≥="
_NOT_SIGNIFICANT = re.compile(r"n\.?\s?s\.?", re.IGNORECASE)
_NUMBER = re.compile(r"[-+−–]?(?=\.?[0-9])([0-9]+|[0-9]{1,3}(,[0-9]{3})+)?(\.[0-9]+)?")


@dataclass(frozen=True)
class Reported:
    """A printed number: text, and with it the interval of values that print so.

    Parameters
    ----------
    text, where : str
        The number as printed, ``"43.5"`` or ``"43.5%"``, and its place in the source for
        messages. A probability may be printed as ``"p < .05"`` or ``"ns"``, more than .05.
    rounding : {"nearest", "truncated", "exact"}
        How the digits were made: rounded, a tie up or to even; cut off; or not at all, as of a
        count.

    Raises
    ------
    TypeError, ValueError
        If the number is not text (``43.50`` and ``43.5`` are one float but two prints); if the
        text is not a number, or is a bound such as ``"< .05"`` on no probability.

    Examples
    --------
    >>> share = Reported("43.5")
    >>> share.low, share.high
    (Fraction(869, 20), Fraction(871, 20))
    >>> Reported("< .05").high, Reported("43.5", rounding="truncated").admits(Fraction("43.58"))
    (Fraction(1, 20), True)
    """

    text: str
    where: str = ""
    rounding: str = "nearest"

    def __post_init__(self) -> None:
        place = f"{self.where}: " if self.where else ""
        if not isinstance(self.text, str):
            raise TypeError(
                f"{place}the printed number {self.text!r} must be quoted text, or its last "
                f'digits are lost; write "{self.text}" with the digits that were printed'
            )
        if not _NUMBER.fullmatch(self._digits):
            raise ValueError(f'{place}{self.text!r} is not a printed number such as "43.5"')
        if self.sign and not 0 <= self.value <= 1:
            raise ValueError(f"{place}{self.text!r}: only a probability may be printed as a bound")

    @property
    def sign(self) -> str:
        """``"<"`` or ``">"`` where a bound is printed, else nothing."""
        return {"<": "<", "≤": "<", ">": ">", "≥": ">"}.get(self._bare[:1], "")

    @property
    def _bare(self) -> str:
        """The text without the name of a probability; "not significant" is one above .05."""
        bare = self.text.strip().removeprefix("p").removeprefix("P").strip()
        return "> .05" if _NOT_SIGNIFICANT.fullmatch(bare) else bare

    @property
    def _digits(self) -> str:
        return self._bare.lstrip(_SIGNS).removesuffix("%").strip()

    @cached_property
    def value(self) -> Decimal:
        """The number with as many decimals as were printed."""
        return Decimal(re.sub("[−–]", "-", self._digits.replace(",", "")))

    @property
    def decimals(self) -> int:
        """Digits printed after the point."""
        return -int(self.value.as_tuple().exponent)

    @property
    def low(self) -> Fraction:
        """Smallest value that prints so, a tie rounded up or to even."""
        return self._limits[0]

    @property
    def high(self) -> Fraction:
        """Largest value that prints so."""
        return self._limits[1]

    @cached_property
    def _limits(self) -> tuple[Fraction, Fraction]:
        value, unit = Fraction(self.value), Fraction(1, 10**self.decimals)
        if self.sign:
            return (Fraction(0), value) if self.sign == "<" else (value, Fraction(1))
        if self.rounding == "exact":
            return value, value
        if self.rounding == "nearest":
            return value - unit / 2, value + unit / 2
        rest = unit * (1 - Fraction(1, 10**9))  # the next print itself is not cut off to this one
        return (value - rest if value <= 0 else value), (value + rest if value >= 0 else value)

    def admits(self, exact: Fraction | int) -> bool:
        """Return True if an exactly known value prints so."""
        return self.low <= exact <= self.high


def possible_counts(share: str | Decimal | Reported, n: int) -> list[int]:
    """Counts out of `n` whose percentage prints as `share`; none means the two disagree.

    References
    ----------
    Brown, N. J. L. & Heathers, J. A. J. (2017). The GRIM test. Soc. Psychol. Personal.
    Sci. 8, 363–369.

    Examples
    --------
    >>> possible_counts("43.5", 200)
    [87]
    >>> possible_counts("32.5%", 438)
    []
    """
    if isinstance(n, bool) or not isinstance(n, int) or n < 1:
        raise ValueError(f"n is the number of people, a whole number of 1 or more; given {n!r}")
    text = format(share, "f") if isinstance(share, Decimal) else share
    printed = text if isinstance(text, Reported) else Reported(text)
    first = max(-((-printed.low * n) // 100), 0)
    last = min(printed.high * n // 100, n)
    return list(range(int(first), int(last) + 1))
