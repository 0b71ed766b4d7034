"""One raw answer as typed: its text without marks, and the band or date that it is."""

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


def as_text(raw: Any) -> str:
    """Return what a cell holds as text; an empty cell, ``None`` and NaN as the empty text.

    Examples
    --------
    >>> as_text(2.0), as_text(None), as_text(float("nan")), as_text("男")
    ('2', '', '', '男')
    """
    if raw is None or raw != raw or str(raw) in {"<NA>", "NaT"}:
        return ""
    return str(int(raw) if isinstance(raw, float) and raw.is_integer() else raw)


@lru_cache(maxsize=10_000)  # a handful of answers stands in any number of rows
def normalise(text: str) -> str:
    """One spelling for all ways to type the same: widths, dashes, case and spaces.

    Space between two digits stays, so that ``3 5`` never becomes 35. A whole number loses the
    ``.0`` that programs add where a column has missing answers.

    Examples
    --------
    >>> normalise(" １８ 岁～２２岁 "), normalise("3 5"), normalise("34.0"), normalise("4.5")
    ('18岁-22岁', '3 5', '34', '4.5')
    """
    plain = unicodedata.normalize("NFKC", text).casefold().replace("’", "'")
    plain = plain.translate(_SIMPLIFIED)
    plain = _ZERO_WIDTH.sub("", unicodedata.normalize("NFKC", plain)).strip()
    plain = re.sub(r"\s+", " ", _SPACE.sub("", _DASH.sub("-", plain)))
    plain = re.sub(r"\A(-?[0-9]+)\.0+\Z", r"\1", plain)
    return plain if plain == text else normalise(plain)  # what was held apart may now combine


def hides_digits(text: str) -> bool:
    """Return True if a character only looks like a digit, such as ``²`` or ``①``."""
    others = re.sub("[0-9０-９]", "", text)
    return any(c.isdigit() for c in unicodedata.normalize("NFKC", others))


def marked(text: str) -> tuple[int, str] | None:
    """Return the place that an option mark gives (2 for ``B.``) and the answer behind it.

    Examples
    --------
    >>> marked("B．初中"), marked("④40-59岁"), marked("(1) 男"), marked("1-2次")
    ((2, '初中'), (4, '40-59岁'), (1, '男'), None)
    """
    text = _ZERO_WIDTH.sub("", text).strip()
    if not (mark := _MARK.match(text)) or not (bare := text[mark.end() :].strip()):
        return None
    sign = re.search("[0-9]+|[A-Z]", unicodedata.normalize("NFKC", mark[0]).upper())
    if sign is None:
        return 0, bare
    return (int(sign[0]) if sign[0].isdecimal() else ord(sign[0]) - ord("A") + 1), bare


def strip_mark(text: str) -> str:
    """Return an answer without the option marks in front of it."""
    while mark := marked(text):
        text = mark[1]
    return _ZERO_WIDTH.sub("", text).strip()


@dataclass(frozen=True)
class Interval:
    """Numbers from `low` to `high`, both included; infinite on an open side."""

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
_TIMES = {"k": 1e3, "千": 1e3, "thousand": 1e3, "w": 1e4, "万": 1e4, "million": 1e6, "亿": 1e8}
_MULTIPLE = re.compile("(?:[千万亿]|thousand|million|[kw](?![a-z]))$")
_AMOUNT = rf"(?:{_NUMBER}|[0-9]+(?:\.[0-9]+)?)(?:{_MULTIPLE.pattern[:-1]})?"
_LEADS = (
    r"(?:[~¥$€£\s(（]|rmb|cny|usd|eur|gbp|hkd|约|月收入|年收入|每[天周月年]|年龄|第"
    "|age[ds]?|about|between|from|grade|level|class|stage|year|tier|than)*"
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
_OF_A_BAND = {*"-到至和与及或、,一", "to", "through", "and", "or"}
"""What stands between the two numbers of a band."""
_OF_LIMITS = {"", *"且但,、-至到&", "并且", "and"}
"""What stands between a lower and an upper limit."""
_JOIN = "|".join(sorted((_OF_A_BAND | _OF_LIMITS) - {""}, key=len, reverse=True))


def parse_band(text: str, units: Sequence[str] | None) -> Interval | None:
    """Read a normalised answer as a band of whole numbers, ``None`` if it is not one.

    ``以上`` and ``以下`` are read in their widest sense, with the number itself, so that a band
    is never thought narrower than its author may have meant. Units are words that may follow a
    number, such as ``岁``; with ``None``, any word may, and a number may be an amount: 1.5万.

    Examples
    --------
    >>> parse_band("20岁(含)到30岁(不含)", ["岁"]), parse_band("60岁以上", ["岁"])
    (Interval(low=20, high=29), Interval(low=60, high=inf))
    >>> parse_band("18<=x<30", []), parse_band("一周1-3次", ["次"])
    (Interval(low=18, high=29), None)
    >>> parse_band("$5k-1.5万", None), parse_band("3-5次(3-5times)", ["次", "times"])
    (Interval(low=5000.0, high=15000.0), Interval(low=3, high=5))
    """
    if band := _band(text, units):
        return band
    # Said twice, as in two languages; a longer text is a free one.
    for cut in re.finditer("(?<![0-9])|(?![0-9])", text) if len(text) < 40 else ():
        halves = [text[: cut.start()].rstrip("(/ "), text[cut.start() :].strip("()/ ")]
        first, second = (None if half.isdecimal() else _band(half, units) for half in halves)
        if first and first == second:
            return first
    return None


def _band(text: str, units: Sequence[str] | None) -> Interval | None:
    text = _with_signs(text.replace("廿", "二十"))
    number, unit = _NUMBER, ""
    if units is None:
        text = re.sub("(?<=[0-9]),(?=[0-9]{3}(?![0-9]))", "", text)
        number, unit = _AMOUNT, f"[^0-9.<>≤≥↑↓∋∌十{''.join(_ONE_WORD)}]*?"
    elif units:
        words = "|".join(sorted((re.escape(normalise(u)) for u in units), key=len, reverse=True))
        unit = rf"(?:(?:{words})(?:\(s\))?|\((?:{words})\))?"
    # What mathematicians write is two limits: [19,30) and 19<=x<30 are ≥19 and <30.
    of = f"({number}|∞){unit}"
    if m := re.fullmatch(rf"([\[(]){of}([,-]){of}([\])]){unit}", text):
        plain = m[1] + m[3] + m[5] == "(-)"  # (19-29) is no open interval
        text = ">≥"[m[1] == "[" or plain] + m[2] + "<≤"[m[5] == "]" or plain] + m[4]
        text = re.sub("[<>≤≥]∞", "", text)
    name = "(?!.*(?:每|周|月|天|日|年(?!龄)|day|week|month|year))[^\\W\\d]{0,8}"
    text = re.sub(
        rf"^({number}){unit}([<>≤≥]){name}(?=[<>≤≥])",
        lambda m: m[2].translate(str.maketrans("<≤>≥", ">≥<≤")) + m[1],
        text,
    )
    first, second = (_limit(end, number, unit, units is None) for end in ("low", "high"))
    # Two limits may follow each other; two numbers need a word between them.
    join = rf"(?P<join>{_JOIN}|(?<=[↑↓)∋∌])|(?=[a-z]?[<>≤≥]))"
    both = rf"(?:between|from|介于|从|在)?{first}{join}{second}{unit}(?:之间|间)?"
    m = re.fullmatch(first, text) or re.fullmatch(both, text)
    return _interval(m.groupdict("")) if m else None


def _with_signs(text: str) -> str:
    for sign, pattern in _SIGNS.items():
        text = re.sub(pattern, sign, text)
    return re.sub(r"\(([↑↓])\)", r"\1", text)


def side_of(text: str) -> int:
    """Return 1 if a normalised answer reaches upwards, as 以上 does, -1 downwards, 0 neither."""
    signs = {*_with_signs(text)}
    return bool(signs & {*">≥↑"}) - bool(signs & {*"<≤↓"})


def _limit(end: str, number: str, unit: str, any_words: bool) -> str:
    """The pattern of a number with its signs: ≥18, 18岁(含)以上, 60岁及60岁以上, 18以下(不含18)."""
    mark, last = (
        rf"(?:,?\(?(?P<{end}_{n}>[∋∌])(?:(?P={end}){unit})?\)?)?" for n in ("mark", "last")
    )
    lead = _LEADS if any_words else ""
    return (
        rf"{lead}(?:[a-z]?(?P<{end}_sign>[<>≤≥]))?{lead}(?P<{end}>{number}){unit}"
        rf"(?:[及或和](?P={end}){unit})?{mark}(?:(?P<{end}_side>[↑↓]){unit}{last})?"
    )


def _interval(m: dict[str, str]) -> Interval | None:
    """The numbers that a limit, a lower and an upper limit, or the ends of a band leave."""
    ends = [end for end in ("low", "high") if m.get(end)]
    values = [value for end in ends if (value := _value(m[end]))]
    signs = [m[f"{end}_sign"] + m[f"{end}_side"] for end in ends]
    marks = [m[f"{end}_mark"] + m[f"{end}_last"] for end in ends]
    if len(values) < len(ends) or max(map(len, signs)) > 1:
        return None
    if all(signs):
        limits = [_one_sided(*limit) for limit in zip(values, signs, marks, strict=True)]
        possible = m.get("join", "") in _OF_LIMITS
        low, high = max(limit.low for limit in limits), min(limit.high for limit in limits)
        return Interval(low, high) if possible else None
    if len(ends) == 1:
        return None if marks[0] else values[0]
    (first, last), join = values, m["join"]
    times = _MULTIPLE.search(m["high"])
    if times and not _MULTIPLE.search(m["low"]) and first.low * _TIMES[times[0]] < last.low:
        first = _value(m["low"] + times[0]) or first  # 5-9k
    in_a_row = join not in "、," or last.low == first.high + 1
    if signs not in (["", ""], ["↑", ""]) or join not in _OF_A_BAND or not in_a_row:
        return None
    return Interval(first.low + ("∌" in marks[0]), last.high - ("∌" in marks[1]))


def _one_sided(value: Interval, sign: str, marks: str) -> Interval:
    strict = "∌" in marks or (sign in "<>" and "∋" not in marks)
    if sign in ">≥↑":
        return Interval(value.low + strict, INFINITY)
    return Interval(-INFINITY, value.high - strict)


def _value(text: str) -> Interval | None:
    """Read a number: 25, 二十五, 三四, 二三十, 30多, 30s, twice, 1.5万."""
    if times := _MULTIPLE.search(text):
        number, factor = _value(text[: times.start()]), _TIMES[times[0]]
        return number and Interval(number.low * factor, number.high * factor)
    if text in _ENGLISH or re.fullmatch("[0-9.]+", text):
        exact = _ENGLISH.get(text) or (float(text) if "." in text else int(text))
        return Interval(exact, exact)
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
