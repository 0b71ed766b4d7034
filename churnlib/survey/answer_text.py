"""One raw answer as typed: its text without marks, its words, and the band or date that it is."""

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
    r"|[(（[【]\s*(?:[A-Za-zＡ-Ｚａ-ｚ]|[0-9０-９]{1,2})\s*[)）\]】]"
    r"|[A-Za-zＡ-Ｚａ-ｚ](?:\s*[.．、:：)）]|\s)"
    # A letter glued to a Han word or a band, but not that of A1.
    r"|[A-Ja-jＡ-Ｊａ-ｊ]-?(?=[\u3400-\u9fff<>≤≥]|[0-9０-９](?![0-9０-９]*\s*$))"
    # A bare number is a mark only before something that is no number: "1、3次" may be a list.
    r"|[0-9０-９]{1,2}\s*(?:[.．、:：)）](?=\s*[^\s0-9０-９])|[.．]\s)"
)
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]")
"""Characters that no document can hold."""
_ZERO_WIDTH = re.compile("[\u00ad\u200b-\u200f\u2060-\u2064\ufe00-\ufe0f\ufeff]")
_DASH = re.compile("[\u2010-\u2015\u2053\u2212\u2500\u2501\u2e3a\u301c\u30fc\u223c~_]+|--+")
_SIMPLIFIED = str.maketrans(
    "歲滿於過兩幾內學歷畢業讀碩專職別齡", "岁满于过两几内学历毕业读硕专职别龄"
)
_SPACE = re.compile(r"(?<![0-9])\s+|\s+(?![0-9\s])")  # but not between two digits


def strip_mark(text: str) -> str:
    """Remove the option marks in front of an answer, but not the ``1-`` of ``1-2次``.

    Examples
    --------
    >>> strip_mark("A．初中"), strip_mark("④40-59岁"), strip_mark("(1) 男"), strip_mark("1-2次")
    ('初中', '40-59岁', '男', '1-2次')
    """
    text = _ZERO_WIDTH.sub("", text).strip()
    while (mark := _MARK.match(text)) and (bare := text[mark.end() :].strip()):
        text = bare
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
    plain = unicodedata.normalize("NFKC", text).casefold().replace("’", "'")
    plain = plain.translate(_SIMPLIFIED)
    plain = _ZERO_WIDTH.sub("", unicodedata.normalize("NFKC", plain)).strip()
    plain = re.sub(r"\s+", " ", _SPACE.sub("", _DASH.sub("-", plain)))
    plain = re.sub(r"\A(-?[0-9]+)\.0+\Z", r"\1", plain)
    return plain if plain == text else normalise(plain)  # what was held apart may now combine


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
    """Return True if a character only looks like a digit, such as ``²`` or ``①``.

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


INCLUSIVE_SIDE = re.compile(
    "(?:及其|及|或者|或|和)(?:以上|以下|更高|更低)$"
    "|(?:or|and)(?:above|below|higher|lower|more|less|over|under)$"
)
"""What opens a level on a side and leaves its own word in it."""
BETWEEN_WORDS = re.compile(
    r"""[、/\\,;|()\[\]·+&"“”「」-]|(?<=\w)(?=[♂♀])|\b(?:or|and|to|including|incl)\b"""
    "|包括|包含|以及|或者|[含和与及或至到等]"
    "|(?<=[\u3400-\u9fff])\\s*(?=[a-z])|(?<=[a-z])\\s*(?=[\u3400-\u9fff])"
)
_UP = re.compile(
    r"(?:及其|及|或者|或|和)?(?:以上|更高)|\b(?:or|and|&) (?:above|higher|more|over|beyond)\b"
    r"|\babove\b"
)
_DOWN = re.compile(
    r"(?:及其|及|或者|或|和)?(?:以下|更低)|\b(?:or|and|&) (?:below|lower|less|under)\b"
    r"|\b(?:below|under|less than|lower than)\b"
)
_BEFORE = re.compile("^(?:我是|非?全日制|在读|在职|普通|统招|成人|自考|已)")
_BEHIND = re.compile(
    "(?:学历|学位|毕业|在读|程度|文化|水平|阶段|[及或]?同等学[历力]"
    "|degrees?|diploma|orequivalent|level|students?|qualification|(?<=school)graduates?|'s)$"
)
_BEHIND_SHORT = re.compile("(?:生|性|士|人|的|者|同学|孩子?|(?<=[a-z]{4})s)$")


def with_sides(text: str) -> str:
    """Put ``↑`` and ``↓`` for words such as 及以上 and ``or below``."""
    return _DOWN.sub("↓", _UP.sub("↑", text))


def core_words(text: str, *, of_answer: bool = False) -> list[str]:
    """A normalised word without what does not change its meaning, step by step.

    Examples
    --------
    >>> core_words("在读大专生", of_answer=True)
    ['在读大专生', '大专生', '大专']
    """
    if not (_BEFORE.sub("", text) and _BEHIND.sub("", text)):
        return []  # in brackets behind a word: 本科生(在读)
    steps = [text, re.sub("[.'-]", "", text)]
    patterns = (_BEFORE, _BEHIND, _BEHIND_SHORT) if of_answer else (_BEFORE, _BEHIND)
    while shorter := next((s for p in patterns if (s := p.sub("", text)) not in {text, ""}), ""):
        text = shorter
        steps.append(text)
    return list(dict.fromkeys(steps))


@dataclass(frozen=True)
class Interval:
    """Whole numbers from `low` to `high`, both included; infinite on an open side."""

    low: float
    high: float


_ONE_WORD = dict(zip("零一二三四五六七八九〇两", [*range(10), 0, 2], strict=True))
_ENGLISH = {
    "once": 1, "twice": 2, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6,
    "seven": 7, "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12,
    "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70,
}  # fmt: skip
# Two words are from one to the other where they are neighbours; 二五 may be 25.
_DIGIT = "一[二两]|[二两]三|三[四五]|四五|五六|六七|七八|八九|[一二两三四五六七八九]"
_NUMBER = (
    r"[1-9]0'?s|(?:[1-9]0|[二三四五六七八九]?十)[多几余]|[0-9]{1,6}"
    rf"|(?:{_DIGIT})?十(?:{_DIGIT})?|{_DIGIT}|零|" + "|".join(_ENGLISH)
)
_SIGNS = {
    # Longer words first: 不超过 holds 超过, and over ends with over.
    "∌": "不(?:含|包括|包含)|exclu(?:sive|ded|ding)",
    "∋": "含|包括|包含|inclu(?:sive|ded|ding)",
    "": "本数|本身",
    "∞": r"[-+]?(?:∞|inf(?:inity)?|正?无穷大?)",
    "↑": r"(?:及其|及|或者|或|和)?(?:以上|更多|更高|更大|往上)|\+|↑|plus"
    r"|(?:or|and|&)(?:over|above|more|older|up|upwards|higher|greater)",
    "↓": r"(?:及其|及|或者|或|和)?(?:以下|以内|之内|更少|更低|往下)|↓"
    r"|(?:or|and|&)(?:under|below|less|younger|fewer|lower)",
    "≥": ">=|=>|[≧⩾]|大于或?等于|不小于|不少于|不低于|至少|最少|年满|(?<![未不])满"
    "|atleast|(?:no|not)(?:less|fewer|younger)than",
    "≤": "<=|=<|[≦⩽]|小于或?等于|不大于|不超过|不多于|不高于|至多|最多"
    "|atmost|upto|(?:no|not)(?:more|older)than",
    "<": "小于|少于|低于|不足|不到|未到|未满|不满|lessthan|fewerthan|youngerthan|under|below",
    ">": "大于|多于|高于|超过|morethan|greaterthan|olderthan|over|above",
}  # fmt: skip


def parse_band(text: str, units: Sequence[str]) -> Interval | None:
    """Read a normalised answer as a band of whole numbers, ``None`` if it is not one.

    ``以上`` and ``以下`` are read in their widest sense, with the number itself, so that a band
    is never thought narrower than its author may have meant. Units are words that may follow a
    number, such as ``岁``.

    Examples
    --------
    >>> parse_band("20岁(含)到30岁(不含)", ["岁"])
    Interval(low=20, high=29)
    >>> parse_band("60岁以上", ["岁"]), parse_band("18<=x<30", [])
    (Interval(low=60, high=inf), Interval(low=18, high=29))
    >>> parse_band("三至五次", ["次"]), parse_band("一周1-3次", ["次"])
    (Interval(low=3, high=5), None)
    """
    words = "|".join(sorted((re.escape(normalise(u)) for u in units), key=len, reverse=True))
    unit = rf"(?:(?:{words})(?:\(s\))?|\((?:{words})\))?" if words else ""
    text = text.replace("廿", "二十")
    for sign, pattern in _SIGNS.items():
        text = re.sub(pattern, sign, text)
    text = re.sub(r"\(([↑↓])\)", r"\1", text)
    # What mathematicians write is two limits: [19,30) and 19<=x<30 are ≥19 and <30.
    of = f"({_NUMBER}|∞){unit}"
    if m := re.fullmatch(rf"([\[(]){of}([,-]){of}([\])]){unit}", text):
        plain = m[1] + m[3] + m[5] == "(-)"  # (19-29) is no open interval
        text = ">≥"[m[1] == "[" or plain] + m[2] + "<≤"[m[5] == "]" or plain] + m[4]
        text = re.sub("[<>≤≥]∞", "", text)
    name = "(?!.*(?:每|周|月|天|日|年(?!龄)|day|week|month|year))[^\\W\\d]{0,8}"
    flipped = str.maketrans("<≤>≥", ">≥<≤")
    text = re.sub(
        rf"^({_NUMBER}){unit}([<>≤≥]){name}(?=[<>≤≥])",
        lambda m: m[2].translate(flipped) + m[1],
        text,
    )
    if sides := _one_sided(text, unit):
        return sides
    # A lower and an upper limit, as in 满19不满30 or ≥19且<30.
    for cut in range(2, len(text) - 1):
        lower = _one_sided(text[:cut], unit)
        upper = lower and _one_sided(
            re.sub("^(?:且|并且|但|,|、|-|至|到|and|&)", "", text[cut:]), unit
        )
        if lower and upper:
            return Interval(max(lower.low, upper.low), min(lower.high, upper.high))
    low, high = (rf"(?P<{side}>{_NUMBER}){unit}" for side in ("low", "high"))
    joined = (
        rf"(?:between|from|介于|从|在)?{low}{_mark('low', unit)}↑?"
        rf"(?P<join>-|到|至|to|through|and|or|和|与|及|或|、|,|一){high}{_mark('high', unit)}{unit}"
        r"(?:之间|间)?"
    )
    if m := re.fullmatch(joined, text):
        first, last = _value(m["low"]), _value(m["high"])
        if not first or not last or (m["join"] in "、," and last.low != first.high + 1):
            return None
        return Interval(first.low + (m["low_mark"] == "∌"), last.high - (m["high_mark"] == "∌"))
    m = re.fullmatch(low, text)
    return _value(m["low"]) if m else None


def _mark(side: str, unit: str) -> str:
    """The pattern of 含 and 不含 behind a number, which may be said again."""
    return rf"(?:,?\(?(?P<{side}_mark>[∋∌])(?:(?P={side}){unit})?\)?)?"


def _one_sided(text: str, unit: str) -> Interval | None:
    number = rf"(?P<n>{_NUMBER}){unit}"
    again = rf"(?:[及或和](?P=n){unit})?"
    first, last = _mark("n", unit), _mark("n", unit).replace("n_mark", "mark")
    m = re.fullmatch(rf"(?:[a-z]?(?P<sign>[<>≤≥])){number}{first}", text)
    m = m or re.fullmatch(rf"{number}{again}{first}(?P<sign>[↑↓]){unit}{last}", text)
    value = m and _value(m["n"])
    if not m or not value:
        return None
    marks = {m["n_mark"], m.groupdict().get("mark")}
    strict = "∌" in marks or (m["sign"] in "<>" and "∋" not in marks)
    if m["sign"] in ">≥↑":
        return Interval(value.low + strict, INFINITY)
    return Interval(-INFINITY, value.high - strict)


def _value(text: str) -> Interval | None:
    """Read a number: 25, 二十五, 三四, 二三十, 30多, 30s, twice."""
    number = int(text) if text.isdecimal() else _ENGLISH.get(text)
    if number is not None:
        return Interval(number, number)
    about = re.fullmatch(r"(.*?)(?:[多几余]|'?s)", text)
    if about and (ten := _value(about[1])):
        return Interval(ten.low, ten.low + 9)
    before, ten_sign, behind = text.rpartition("十")
    tens = [_ONE_WORD[word] * 10 for word in before] or [10 if ten_sign else 0]
    ones = [_ONE_WORD[word] for word in behind] or [0]
    if len(tens) > 1:  # 二三十: from 20 to 39
        return None if behind else Interval(tens[0], tens[1] + 9)
    return Interval(tens[0] + ones[0], tens[0] + ones[-1])


_MONTHS = {
    "jan": 1, "feb": 2, "mar": 3, "apr": 4, "may": 5, "jun": 6,
    "jul": 7, "aug": 8, "sep": 9, "oct": 10, "nov": 11, "dec": 12,
}  # fmt: skip
_MONTH, _DAY = f"({'|'.join(_MONTHS)})[a-z]*", "([0-9]{1,2})"
_DATE = re.compile(
    f"(?:{_DAY}-{_MONTH}(?:-[0-9]+)?|{_MONTH}-{_DAY}|{_DAY}月{_DAY}日"
    f"|[0-9]{{4}}[-/.年]{_DAY}[-/.月]{_DAY}日?|{_DAY}/{_DAY}/[0-9]{{4}})"
    r"(?:[ t]?0{1,2}:00(?::00)?(?:\.0+)?)?"
)


def date_band(text: str) -> Interval | None:
    """Read a date as the band that a spreadsheet may have made it of, ``None`` if it is none.

    Examples
    --------
    >>> date_band("2024-01-02 00:00:00") == date_band("2-Jan") == date_band("1月2日")
    True
    >>> date_band("1-2") is None
    True
    """
    if not (date := _DATE.fullmatch(normalise(text))):
        return None
    numbers = [_MONTHS.get(word) or int(word) for word in date.groups() if word]
    return Interval(min(numbers), max(numbers))
