"""One raw answer as typed: its text without marks, and the band or date that it is."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any

INFINITY = float("inf")

# By the half-width form of a text, which has as many characters.
_HALF_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_MARK = re.compile(
    # Circled and bracketed numbers and letters, such as ① ⑴ ⒈ ❶ Ⓐ ㈠: one character is one mark.
    "[\u2460-\u249b\u24b6-\u24ff\u2776-\u2793\u3220-\u3229\u3280-\u3289]\\s*[.、:]?"
    r"|[(\[【]\s*(?:[A-Za-z]|[0-9]{1,2})\s*[)\]】]|[A-Za-z](?:\s*[.、:)]|\s)"
    # A letter glued to a Han word or a band, but not that of A1.
    r"|[A-Ja-j]-?(?=[\u3400-\u9fff<>≤≥]|[0-9](?![0-9]*\s*$))"
    # A bare number is a mark only before something that is no number: "1、3次" may be a list.
    r"|[0-9]{1,2}\s*(?:[.、:)](?=\s*[^\s0-9])|\.\s)"
)
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]")
"""Characters that no document can hold."""
_ZERO_WIDTH = re.compile("[\u00ad\u200b-\u200f\u2060-\u2064\ufe00-\ufe0f\ufeff]")
_DASH = re.compile("[\u2010-\u2015\u2053\u2212\u2500\u2501\u2e3a\u301c\u30fc\u223c~_]+|--+")
_SIMPLIFIED = str.maketrans(
    "歲滿於過兩幾內學歷畢業讀碩專職別齡", "岁满于过两几内学历毕业读硕专职别龄"
)
_SPACE = re.compile(r"(?<![0-9])\s+|\s+(?![0-9\s])")  # but not between two digits: 3 5 is not 35


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


@lru_cache(maxsize=100_000)  # a handful of answers stands in any number of rows
def normalise(text: str) -> str:
    """One spelling for all ways to type the same: 18-22岁 for １８～２２ 岁 and 34 for 34.0."""
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


def _marked(text: str) -> tuple[int, str] | None:
    """The place that an option mark gives and the answer behind it: 2 and 初中 of B．初中."""
    text = _ZERO_WIDTH.sub("", text).strip()
    mark = _MARK.match(text.translate(_HALF_WIDTH))
    if not mark or not (bare := text[mark.end() :].strip()):
        return None
    sign = re.search("[0-9]+|[A-Z]", unicodedata.normalize("NFKC", mark[0]).upper())
    return (int(sign[0], 36) - (0 if sign[0].isdecimal() else 9) if sign else 0), bare


def strip_mark(text: str) -> str:
    """Return an answer without the option marks in front of it."""
    while mark := _marked(text):
        text = mark[1]
    return _ZERO_WIDTH.sub("", text).strip()


def without_marks(texts: Iterable[str]) -> dict[str, str]:
    """Take option marks off the answers of a column, if they are marks; these come in their order.

    They are where they run from the first letter or number without a gap and the answers stay
    different without them. An answer may also be given without.
    """
    texts = list(dict.fromkeys(texts))
    behind = {text: mark for text in texts if (mark := _marked(text))}
    # The B. of B.A. is no mark.
    behind = {t: m for t, m in behind.items() if not re.fullmatch(r"[A-Za-z]?\.?", m[1])}
    pairs = {(place, normalise(bare)) for place, bare in behind.values()}
    places, answers = {place for place, _ in pairs}, {bare for _, bare in pairs}
    typed = {normalise(text) for text in texts if text not in behind}
    run = places == {*range(1, len(pairs) + 1)} and len(answers) == len(pairs) > 1
    if not run or not typed <= answers:
        times = Counter(bare for _, bare in pairs)  # off where the answer is given without, too
        sure = {bare for bare in typed if times[bare] == 1 and len(places) > 1}
        marks = {text: bare for text, (_, bare) in behind.items() if normalise(bare) in sure}
        return {text: marks.get(text, text.strip()) for text in texts}
    in_order = sorted(texts, key=lambda text: behind.get(text, (len(texts), "")))
    return {text: behind.get(text, (0, text.strip()))[1] for text in in_order}


@dataclass(frozen=True)
class Interval:
    """Numbers from `low` to `high`, both included; infinite on an open side."""

    low: float
    high: float


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
_TURNED = str.maketrans("<≤>≥", ">≥<≤")
_ENGLISH = {
    "once": 1, "twice": 2, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6,
    "seven": 7, "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12,
    "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70,
}  # fmt: skip
_ENGLISH_NUMBER = rf"(?:(?<![a-z])|(?<=or|to))(?:{'|'.join(sorted(_ENGLISH, reverse=True))})"
_HAN = "零一二三四五六七八九"
# Two words are from one to the other where they are neighbours; 二五 may be 25.
_DIGITS = {word: (n, n) for n, word in enumerate(_HAN)} | {"": (0, 0), "三五": (3, 5)}
_DIGITS |= {f"{a}{b}": (n, n + 1) for n, (a, b) in enumerate(pairwise(_HAN)) if n}
_TIMES = {"k": 1e3, "千": 1e3, "thousand": 1e3, "w": 1e4, "万": 1e4, "million": 1e6, "亿": 1e8}
_AMOUNT = r"[0-9]{1,15}(?:\.[0-9]+)?"
_MULTIPLE = "([千万亿]|thousand|million|[kw](?=to|or|and|[^a-z]|$))(?![0-9])"
_JOIN = re.compile(
    "through|to|and|or|并且|[-到至和与及或、,且但&]"
    "|(?<=[↑↓∋∌])|(?=[a-z]?[<>≤≥])"  # two limits may follow each other
)
_LEADS = (
    r"(?:[~¥$€£\s(（]|rmb|cny|usd|eur|gbp|hkd|约|月收入|年收入|每[天周月年]|年龄|第"
    "|age[ds]?|about|between|from|grade|level|class|stage|year|tier|than)*"
)
_SAID_AGAIN = r"([0-9]+[^0-9↑↓∋∌]*)(?:([^0-9]*[∋∌])\1(?![0-9])|[及或和]\1(?=[↑↓]))"
"""The number in 18岁以下(含18岁) and 60岁及60岁以上."""
_NAME = r"(?!.*(?:每|周|月|天|日|年(?!龄)|day|week|month|year))[^\W\d]{1,8}"
"""What is between 18 and 30 in 18<=x<30, if it is no period."""


def parse_band(text: str, units: Sequence[str] | None) -> Interval | None:
    """Read a normalised answer as a band of whole numbers, ``None`` if it is not one.

    ``以上`` and ``以下`` are read in their widest sense, with the number itself, so that a band
    is never thought narrower than its author may have meant. Units are words that may follow a
    number, such as ``岁``; with ``None``, any word may, and a number may be an amount: 1.5万.
    """
    text = _in_digits(_with_signs(text))
    lead, number, unit = "", "[0-9]{1,6}", " ?"
    if units is None:
        text = _without_multiples(text)
        lead, number, unit = _LEADS, _AMOUNT, f"[^0-9.<>≤≥↑↓∋∌{_HAN}十]*?"
    elif units:
        words = "|".join(sorted((re.escape(normalise(u)) for u in units), key=len, reverse=True))
        text = re.sub(rf"(?<=[0-9↑↓)\]])(?:(?:{words})(?:\(s\))?|\((?:{words})\))", " ", text)
    text = re.sub(_SAID_AGAIN, r"\1\2", text)
    text = re.sub(r"\(([↑↓∋∌])\)", r"\1", text)
    if m := re.fullmatch(rf"([\[(])(.+),(.+)([\])]){unit}", text):  # [19,30) is ≥19 and <30
        text = ">≥"[m[1] == "["] + m[2] + "<≤"[m[4] == "]"] + m[3]
        text = re.sub("[<>≤≥]∞", "", text)
    limit = re.compile(
        rf"{lead}(?:[a-z]?([<>≤≥]))?{lead}({number}){unit}"
        rf"(?:([<>≤≥]){_NAME}|((?:,?[∋∌])?[↑↓]?{unit}(?:,?[∋∌])?))"
    )
    if band := _band(text, limit):
        return band
    # Said twice, as in two languages; a longer text is a free one.
    for cut in re.finditer("(?<![0-9])|(?![0-9])", text) if len(text) < 40 else ():
        halves = [text[: cut.start()].rstrip("(/ "), text[cut.start() :].strip("()/ ")]
        first, second = (None if half.isdecimal() else _band(half, limit) for half in halves)
        if first and first == second:
            return first
    return None


def _with_signs(text: str) -> str:
    for sign, pattern in _SIGNS.items():
        text = re.sub(pattern, sign, text)
    return text


def side_of(text: str) -> int:
    """Return 1 if a normalised answer reaches upwards, as 以上 does, -1 downwards, 0 neither."""
    signs = {*_with_signs(text)}
    return bool(signs & {*">≥↑"}) - bool(signs & {*"<≤↓"})


def _in_digits(text: str) -> str:
    """Write numbers in words as digits: once, 二十五, 三四 as 3-4, 30多 and 30s as 30-39."""
    text = re.sub(_ENGLISH_NUMBER, lambda word: str(_ENGLISH[word[0]]), text)
    text = re.sub("(?<=[0-9])一(?=[0-9])", "-", text.replace("廿", "二十"))
    text = re.sub(f"(?<![0-9.])[{_HAN}十〇两]+(?![0-9])", _numeral, text)
    text = re.sub("(?<![0-9])([1-9])0(?:[多几余]|'?s)", r"\g<1>0–\g<1>9", text)
    # Of a range in words a side leaves one end: 至少三五次 is ≥3, 二十多岁以下 29↓.
    text = re.sub(r"(?<=[>≥])([0-9]+)–[0-9]+|([0-9]+)–[0-9]+(?=[^0-9]*↑)", r"\1\2", text)
    text = re.sub(r"(?<=[<≤])[0-9]+–([0-9]+)|[0-9]+–([0-9]+)(?=[^0-9]*↓)", r"\1\2", text)
    return text.replace("–", "-")


def _numeral(word: re.Match[str]) -> str:
    before, ten, behind = word[0].translate(str.maketrans("〇两", "零二")).rpartition("十")
    tens, ones = _DIGITS.get(before or "一" * len(ten)), _DIGITS.get(behind)
    if not tens or not ones or (len(before) == 2 and behind):
        return word[0]
    low, high = 10 * tens[0] + ones[0], 10 * tens[1] + (9 if len(before) == 2 else ones[1])
    return str(low) if low == high else f"{low}–{high}"


def _without_multiples(text: str) -> str:
    """Write amounts out: 1.5万 as 15000, 5-9k as 5000-9000."""
    text = re.sub("(?<=[0-9]),(?=[0-9]{3}(?![0-9]))", "", text)
    spread = rf"({_AMOUNT})(?=(?:-|至|到|to)\D?({_AMOUNT}){_MULTIPLE})"
    text = re.sub(spread, lambda m: m[1] + (m[3] if float(m[1]) < float(m[2]) else ""), text)
    amount = rf"({_AMOUNT}){_MULTIPLE}"
    return re.sub(amount, lambda m: f"{float(m[1]) * _TIMES[m[2]]:.0f}", text)


def _band(text: str, limit: re.Pattern[str]) -> Interval | None:
    if one := limit.fullmatch(text):
        return None if one[3] else _bounds(one, "=")
    text = re.sub(r"^(?:between|from|介于|从|在|\()|(?:之间|间|\) ?)$", "", text)
    signed = re.search("[<>≤≥↑↓]", text)
    for join in _JOIN.finditer(text):
        first, last = limit.fullmatch(text, 0, join.start()), limit.fullmatch(text, join.end())
        if not first or not last:
            continue
        if (first[1] or first[3]) and not re.search("[<>≤≥↑↓]", last[0]):
            return None  # 至少3-5次 has no upper end
        above, below = _bounds(first, "" if signed else "≥"), _bounds(last, "≤")
        if not above or not below or (signed and join[0] in {"或", "or", "和", "与", "及"}):
            return None
        band = Interval(max(above.low, below.low), min(above.high, below.high))
        in_a_row = signed or join[0] not in "、," or band.high == band.low + 1
        return band if in_a_row and band.high - band.low < INFINITY else None
    return None


def _bounds(limit: re.Match[str], otherwise: str) -> Interval | None:
    """The numbers that a limit leaves; its sign is another where it has none."""
    before, digits, behind, marks = limit.groups("")
    number = float(digits) if "." in digits else int(digits)
    side = before + behind.translate(_TURNED) + re.sub("[^↑↓]", "", marks) or otherwise
    strict = "∌" in marks or (side in {"<", ">"} and "∋" not in marks)
    match side:
        case ">" | "≥" | "↑":
            return Interval(number + strict, INFINITY)
        case "<" | "≤" | "↓":
            return Interval(-INFINITY, number - strict)
        case "=" if not re.search("[∋∌]", marks):
            return Interval(number, number)
    return None


_MONTH, _DAY = "(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*", "([0-9]{1,2})"
_DATE = re.compile(
    f"(?:{_DAY}-{_MONTH}(?:-[0-9]+)?|{_MONTH}-{_DAY}|{_DAY}月{_DAY}日"
    f"|[0-9]{{4}}[-/.年]{_DAY}[-/.月]{_DAY}日?|{_DAY}/{_DAY}/[0-9]{{4}})"
    r"(?:[ t]?0{1,2}:00(?::00)?(?:\.0+)?)?"
)


def date_band(text: str) -> Interval | None:
    """Read a date as the band that a spreadsheet may have made it of: 1-2 of 2-Jan and 1月2日."""
    if not (date := _DATE.fullmatch(normalise(text))):
        return None
    # A month's place in the pattern is its number.
    numbers = [_MONTH.find(n) // 4 + 1 if n.isalpha() else int(n) for n in date.groups() if n]
    return Interval(min(numbers), max(numbers))
