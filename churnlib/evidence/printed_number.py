"""A printed number is text; this is what the text says about the number behind it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cached_property

_NUMBER = re.compile(r"[-+−]?(?=\.?[0-9])([0-9]+|[0-9]{1,3}(,[0-9]{3})+)?(\.[0-9]+)?")


@dataclass(frozen=True)
class Reported:
    """A printed number: text, and with it the interval of values that print so.

    Parameters
    ----------
    text : str
        The number as printed, ``"43.5"``; a percent sign may follow.
    where : str
        Place in the source, for messages.

    Raises
    ------
    TypeError
        If the number is not text: ``43.50`` and ``43.5`` are one float but two prints.
    ValueError
        If the text is not a number.

    Examples
    --------
    >>> share = Reported("43.5")
    >>> share.low, share.high
    (Fraction(869, 20), Fraction(871, 20))
    >>> share.admits(Fraction(100 * 87, 200))
    True
    """

    text: str
    where: str = ""

    def __post_init__(self) -> None:
        place = f"{self.where}: " if self.where else ""
        if not isinstance(self.text, str):
            raise TypeError(
                f"{place}the printed number {self.text!r} must be quoted text, or its last "
                f'digits are lost; write "{self.text}" with the digits that were printed'
            )
        if not _NUMBER.fullmatch(self._digits):
            raise ValueError(f'{place}{self.text!r} is not a printed number such as "43.5"')

    @property
    def _digits(self) -> str:
        return self.text.strip().removesuffix("%").strip()

    @cached_property
    def value(self) -> Decimal:
        """The number with as many decimals as were printed."""
        return Decimal(self._digits.replace(",", "").replace("−", "-"))

    @property
    def decimals(self) -> int:
        """Digits printed after the point."""
        exponent = self.value.as_tuple().exponent
        return -int(exponent)

    @property
    def _half_unit(self) -> Fraction:
        return Fraction(1, 2 * 10**self.decimals)

    @property
    def low(self) -> Fraction:
        """Smallest value that prints so under either rounding rule for ties."""
        return Fraction(self.value) - self._half_unit

    @property
    def high(self) -> Fraction:
        """Largest value that prints so under either rounding rule for ties."""
        return Fraction(self.value) + self._half_unit

    def admits(self, exact: Fraction | int) -> bool:
        """Whether an exactly known value prints so, a tie being rounded up or to even."""
        return self.low <= exact <= self.high


def possible_counts(share: str | Decimal | Reported, n: int) -> list[int]:
    """Counts out of `n` whose percentage prints as `share`; none means the two disagree.

    Parameters
    ----------
    share : str, Decimal or Reported
        A percentage as printed, ``"43.5"`` or ``"43.5%"``.
    n : int
        The base of the percentage.

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
    printed = share if isinstance(share, Reported) else _reported(share)
    first = max(-((-printed.low * n) // 100), 0)
    last = min(printed.high * n // 100, n)
    return list(range(int(first), int(last) + 1))


def _reported(share: str | Decimal) -> Reported:
    return Reported(format(share, "f") if isinstance(share, Decimal) else share)
