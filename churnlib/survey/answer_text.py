"""One raw answer as typed: what it says once marks, widths and dashes are put aside."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

INFINITY = float("inf")

# Circled and bracketed numbers and letters, such as ① ⑴ ⒈ ❶ Ⓐ ㈠: one character is one mark.
_CHARACTER_MARK = "[\u2460-\u249b\u24b6-\u24ff\u2776-\u2793\u3220-\u3229\u3280-\u3289]"
_MARK = re.compile(
    rf"{_CHARACTER_MARK}\s*[.．、:：]?"
    r"|[(（]\s*(?:[A-Za-zＡ-Ｚａ-ｚ]|[0-9０-９]{1,2})\s*[)）]"
    r"|[A-Za-zＡ-Ｚａ-ｚ](?:\s*[.．、:：)）]|\s)"
    # A bare number is a mark only before something that is no number: "1、3次" may be a list.
    r"|[0-9０-９]{1,2}\s*[.．、:：)）](?=\s*[^\s0-9０-９])"
)
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]")
"""Characters that no document can hold."""
_ZERO_WIDTH = re.compile("[\u00ad\u200b-\u200f\u2060-\u2064\ufe00-\ufe0f\ufeff]")
_DASH = re.compile("[\u2010-\u2015\u2212\u301c\u223c~_]+|--+")
_WHOLE = re.compile(r"(-?[0-9]+)\.0+")
_SPACE = re.compile(r"(?<![0-9])\s+|\s+(?![0-9\s])")  # but not between two digits


def strip_mark(text: str) -> str:
    """Remove the option marks in front of an answer, but not the ``1-`` of ``1-2次``.

    Examples
    --------
    >>> strip_mark("A．初中"), strip_mark("④40-59岁"), strip_mark("(1) 男"), strip_mark("1-2次")
    ('初中', '40-59岁', '男', '1-2次')
    """
    text = _ZERO_WIDTH.sub("", text).strip()
    while (found := _MARK.match(text)) and text[found.end() :].strip():
        text = text[found.end() :].strip()
    return text


@lru_cache(maxsize=10_000)  # a handful of answers stands in any number of rows
def normalise(text: str) -> str:
    """One spelling for all ways to type the same: widths, dashes, case and spaces.

    Space between two digits stays, so that ``3 5`` never becomes 35. A whole number loses the
    ``.0`` that programs add where a column has missing answers.

    Examples
    --------
    >>> normalise(" １８ 岁～２２岁 ")
    '18岁-22岁'
    >>> normalise("3 5"), normalise("34.0"), normalise("4.5")
    ('3 5', '34', '4.5')
    """
    while (plain := _normalised_once(text)) != text:
        text = plain  # what a space or a mark held apart may now combine
    return plain


def _normalised_once(text: str) -> str:
    plain = unicodedata.normalize("NFKC", text).casefold()
    plain = _ZERO_WIDTH.sub("", unicodedata.normalize("NFKC", plain)).strip()
    plain = re.sub(r"\s+", " ", _SPACE.sub("", _DASH.sub("-", plain)))
    return whole[1] if (whole := _WHOLE.fullmatch(plain)) else plain


def as_text(raw: Any) -> str:
    """Return what a cell holds as text; an empty cell, ``None`` and NaN as the empty text.

    Examples
    --------
    >>> as_text(2.0), as_text(None), as_text(float("nan")), as_text("男")
    ('2', '', '', '男')
    """
    if raw is None or raw != raw or str(raw) in {"<NA>", "NaT"}:
        return ""
    if isinstance(raw, float) and raw.is_integer():
        return str(int(raw))
    return str(raw)


def hides_digits(text: str) -> bool:
    """Whether a character only looks like a digit, such as ``²`` or ``①`` within the text.

    Examples
    --------
    >>> hides_digits("40-59²"), hides_digits("４０-59")
    (True, False)
    """
    return any(
        not ("0" <= c <= "9" or "０" <= c <= "９")
        and any(d.isdigit() for d in unicodedata.normalize("NFKC", c))
        for c in text
    )


@dataclass(frozen=True)
class Interval:
    """Whole numbers from `low` to `high`, both included; infinite on an open side."""

    low: float
    high: float


_INCLUSIVE = r"(?P<{}>\(不?(?:含|包括|包含){}\))?"


def parse_band(text: str, units: Sequence[str]) -> Interval | None:
    """Read a normalised answer as a band of whole numbers, ``None`` if it is not one.

    ``以上`` and ``以下`` are read in their widest sense, with the number itself, so that a band
    is never thought narrower than its author may have meant.

    Parameters
    ----------
    text : str
        From `normalise`.
    units : sequence of str
        Words that may follow a number, such as ``岁``.

    Examples
    --------
    >>> parse_band("20岁(含)到30岁(不含)", ["岁"])
    Interval(low=20, high=29)
    >>> parse_band("60岁以上", ["岁"])
    Interval(low=60, high=inf)
    >>> parse_band("一周1-3次", ["次"]) is None
    True
    """
    words = "|".join(sorted((re.escape(normalise(u)) for u in units), key=len, reverse=True))
    unit = rf"(?:{words})?" if words else ""
    number = rf"{{}}{unit}"
    low, high = (number.format(f"(?P<{side}>[0-9]{{1,6}})") for side in ("low", "high"))
    first, last = _INCLUSIVE.format("with_low", ""), _INCLUSIVE.format("with_high", "")
    one = low.replace("low", "n")
    with_n = _INCLUSIVE.format("with_n", rf"(?:本数|(?P=n){unit})?")
    for pattern, read in (
        (rf"{low}{first}(?:-|到|至|to){high}{last}{unit}(?:之间)?", _range),
        (rf"{one}", lambda m: Interval(int(m["n"]), int(m["n"]))),
        (rf"{one}(?:及|或|及其|或者)?(?:以上|更多|更高){with_n}", _at_least),
        (rf"{one}(?:\+|(?:or|and)(?:over|above|more|older|up))", _at_least),
        (rf"(?:≥|>=|至少|atleast|不少于|不低于){one}", _at_least),
        (rf"(?:>|大于|超过|多于|高于|over|above|morethan|olderthan){one}", _more_than),
        (rf"{one}(?:及|或|及其|或者)?(?:以下|以内|更少|更低){with_n}", _at_most),
        (rf"{one}(?:or|and)(?:under|below|less|younger|fewer)", _at_most),
        (rf"(?:≤|<=|至多|atmost|upto|不超过|不多于|不高于){one}", _at_most),
        (rf"(?:<|小于|少于|低于|不到|未满|不满|under|below|lessthan|youngerthan){one}", _less_than),
    ):
        if found := re.fullmatch(pattern, text):
            return read(found)
    return None


def _excludes(mark: str | None) -> bool:
    return mark is not None and mark.startswith("(不")


def _range(m: re.Match[str]) -> Interval:
    return Interval(
        int(m["low"]) + _excludes(m["with_low"]), int(m["high"]) - _excludes(m["with_high"])
    )


def _at_least(m: re.Match[str]) -> Interval:
    return Interval(int(m["n"]) + _excludes(m.groupdict().get("with_n")), INFINITY)


def _more_than(m: re.Match[str]) -> Interval:
    return Interval(int(m["n"]) + 1, INFINITY)


def _at_most(m: re.Match[str]) -> Interval:
    return Interval(-INFINITY, int(m["n"]) - _excludes(m.groupdict().get("with_n")))


def _less_than(m: re.Match[str]) -> Interval:
    return Interval(-INFINITY, int(m["n"]) - 1)
