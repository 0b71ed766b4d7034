"""The order of answers: by the file's codes, by option marks, else by what their words say."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from churnlib.survey.answer_text import INFINITY, marked, normalise, parse_band, side_of

Rank = tuple[float, float]

_ZERO = re.compile(r"never.*|none|no(?:income|ne)?|zero|从不|从未.*|从来不|没有.*|无.*|暂无.*")
_UNITS = {
    "halfyear|半年": 2, "day|dai|天|日": 365, "week|周|星期|礼拜": 52, "quarter|季": 4,
    "month|月": 12, "year|annual|年": 1,
}  # fmt: skip
_COUNTS = {"once|一次": 1, "twice|两次|二次": 2, "several|few|几次|多次|数次|times": 3}

_WORDS = """
never|notatall|从不|从来不|从来没有|从未|从没有?|没有过|完全没有
< almostnever|hardlyever|几乎不|几乎从不|几乎没有|极少
< rarely|seldom|veryrarely|很少|较少|不经常|不常 < occasionally|onceinawhile|偶尔|偶而
< sometimes|有时|有时候|有的时候 < often|frequently|regularly|fairlyoften|经常|常常|时常|较多
< usually|mostofthetime|通常|大多数时候|大部分时间
< veryoften|veryfrequently|almostalways|nearlyalways|很经常|几乎总是|非常频繁|频繁
< always|allthetime|总是|一直|每次|everytime

nothing|none|notatall|没有|无|完全没有 < verylittle|很少|极少
< alittle|alittlebit|slightly|一点|有一点|少量|较少
< some|somewhat|moderate|moderately|一些|部分|中等|一般
< alot|much|quitealot|quiteabit|大量|较多|很多 < verymuch|agreatdeal|extremely|全部|非常多

no|否|没有|不是|不会|不|无 < maybe|perhaps|unsure|notsure|也许|可能|不确定 < yes|是|是的|有|会

child|children|儿童|少年 < teen|teenager|青少年 < young|youngadult|青年 < middleaged|中年
< old|elderly|senior|老年

不合格|不及格|差|fail < 合格|及格|pass < 中|中等 < 良|良好|good < 优|优秀|excellent

初级|beginner < 中级|intermediate < 高级|advanced

worse < same|aboutthesame|nochange < better

没用过|没听过 < 偶尔用 < 经常用

once|一次 < twice|两次 < (?:three|several|many)times.*|三次.*|多次
"""
_SCALES = [re.split(r"\s+<\s+", scale.strip()) for scale in _WORDS.split("\n\n")]
_SCHOOLS = (
    "文盲|未上过学|没上过学|未受教育|noformal|noschool|uneducated",
    "小学|primary|elementary",
    "初中|middleschool|juniorhigh|lowersecondary",
    "高中|中专|技校|职高|中技|highschool|secondary|vocational|ged",
    "大专|专科|高职|somecollege|associate|juniorcollege|diploma|college",
    "本科|学士|大学|bachelor",
    "硕士|研究生|master|graduate",
    "博士|doctor|ph\\.?d",
)

_STRENGTH = {
    "extremely|completely|totally|absolutely|definitely|entirely|fully|"
    "完全|极其|极度|极为|极|绝对|一定|肯定": 4,
    "非常|十分|特别|strongly": 3.5,
    "very|highly|really|很": 3,
    "mostly|fairly|quite|rather|比较|较为|较": 1.7,
    "moderately|基本上?|大致": 1.5,
    "somewhat|slightly|alittle|abit|mildly|partly|probably|generally|tendto|"
    "有点|有些|稍微|略|略微|稍|偏|可能|大概": 1,
}
_HARDLY = {
    "notatall|根本不|一点也不|完全不|毫不": -6.0,
    "not(?:very|so|too)|不[太大很]|不怎么": -0.8,
}
_NEUTRAL = re.compile(
    r"neutral|neither.*|undecided|unsure|notsure|soso|so-so|okay|ok|fair|average|medium|"
    r"moderate|middle|normal|一般|一般般|中立|普通|无所谓|不确定|说不清|说不准|不好说|中等|中|"
    r"适中|还行|还可以|尚可|无意见"
)
_OPPOSITES = {
    "poor": "good", "bad": "good", "disagree": "agree", "low": "high", "small": "large",
    "few": "many", "difficult": "easy", "hard": "easy", "weak": "strong",
    "negative": "positive", "worse": "better", "slow": "fast", "oppose": "support",
    "short": "long", "差": "好", "坏": "好", "低": "高", "小": "大", "少": "多", "难": "易",
    "困难": "容易", "慢": "快", "弱": "强", "轻": "重", "短": "长", "反对": "赞成", "远": "近",
}  # fmt: skip
_ENDS = {"excellent": ("good", 5.0), "terrible": ("good", -5.0), "awful": ("good", -5.0)}


@dataclass(frozen=True)
class OrderedAnswers:
    """The different answers of a question in the order of their levels."""

    answers: Sequence[str]
    ordered: bool = False
    """Whether the order means something."""
    doubt: str = ""
    """Why it is not known whether it does."""


def ordered_answers(
    given: Iterable[str], codes: Sequence[str] = (), ordinal: bool | None = None
) -> OrderedAnswers:
    """Order by the codes of the file or the option marks, else by what the answers say.

    `codes` are answers in the order of their codes; `ordinal` is what the file says of this order.
    """
    marks = _marks(given := list(dict.fromkeys(given)))
    labels: dict[str, str] = {}
    stored = [label for label in codes if not label.startswith("undeclared code ")]
    for label in (*without_marks(given).values(), *stored):
        labels.setdefault(normalise(label), label)
    places = ranks(list(labels.values()))
    by_words = dict(zip(labels, places, strict=True)) if places else {}
    in_file = [*map(normalise, codes or [bare for _, bare in sorted(marks.values())])]
    if {*in_file} >= labels.keys():
        answers = [plain for plain in dict.fromkeys(in_file) if plain in labels]
        ranked = [by_words[plain] for plain in answers] if by_words else []
        runs = bool(ranked) and ranked in (sorted(ranked), sorted(ranked)[::-1])
        ordered = runs if ordinal is None else ordinal
        doubt = "the order is that of the file's codes"
    elif by_words:
        answers, ordered, doubt = sorted(labels, key=by_words.__getitem__), True, ""
    else:
        answers, ordered, doubt = list(labels), False, "no order is known"
    texts = [labels[plain] for plain in answers]
    if ordered or len(texts) < 3:
        return OrderedAnswers(texts, ordered and len(texts) > 2)
    todo = "unordered: move the levels and say ordered = true if they have one"
    return OrderedAnswers(texts, False, f"{doubt}; {todo}")


def without_marks(texts: Iterable[str]) -> dict[str, str]:
    """Take option marks off the answers of a column, if they are marks.

    They are where they run from the first letter or number without a gap and the answers stay
    different without them. Where only some answers have one, it is taken off those that leave an
    answer which others gave without.

    Examples
    --------
    >>> without_marks(["B. No", "A. Yes", "No"]), without_marks(["B.A.", "A lot"])
    ({'B. No': 'No', 'A. Yes': 'Yes', 'No': 'No'}, {'B.A.': 'B.A.', 'A lot': 'A lot'})
    """
    marks = _marks(texts := list(dict.fromkeys(texts)))
    return {text: marks[text][1] if text in marks else text.strip() for text in texts}


def _marks(texts: Sequence[str]) -> dict[str, tuple[int, str]]:
    """The place and the answer of those texts that have an option mark."""
    behind = {text: mark for text in texts if (mark := marked(text))}
    # The B. of B.A. is no mark.
    behind = {t: m for t, m in behind.items() if not re.fullmatch(r"[A-Za-z]?\.?", m[1])}
    pairs = {(place, normalise(bare)) for place, bare in behind.values()}
    places, times = {place for place, _ in pairs}, Counter(bare for _, bare in pairs)
    typed = {normalise(text) for text in texts if text not in behind}
    one_each = len(pairs) == len(places) == len(times) > 1
    if one_each and places == {*range(1, len(places) + 1)} and typed <= times.keys():
        return behind
    certain = {bare for bare in typed if times[bare] == 1 and len(places) > 1}
    return {text: mark for text, mark in behind.items() if normalise(mark[1]) in certain}


def ranks(labels: Sequence[str]) -> list[Rank] | None:
    """Give each answer its place in an order that the words themselves have, ``None`` without one.

    Examples
    --------
    >>> answers = ["Often", "Never", "Sometimes"]
    >>> sorted(answers, key=dict(zip(answers, ranks(answers), strict=True)).get)
    ['Never', 'Sometimes', 'Often']
    >>> ranks(["North", "South"]) is None
    True
    """
    plain = [normalise(label).rstrip(".。") for label in labels]
    for order in (_numbers, _each(_rate), _words, _degrees, _each(_school)):
        places = order(plain)
        if places is not None and len(set(places)) == len(places):
            return places
    return None


def _each(rank: Callable[[str], Rank | None]) -> Callable[[Sequence[str]], list[Rank] | None]:
    def places_of(plain: Sequence[str]) -> list[Rank] | None:
        places = [place for text in plain if (place := rank(text))]
        return places if len(places) == len(plain) else None

    return places_of


def _numbers(plain: Sequence[str]) -> list[Rank] | None:
    """Numbers and bands that do not overlap, though one may begin where another ends."""
    if all(re.fullmatch(r"-?[0-9]+(?:\.[0-9]+)?", text) for text in plain):
        return [(float(text), float(text)) for text in plain]
    if any(re.search("每[周月年]|perweek|amonth", text) for text in plain):
        return None
    bands = _each(_band)(plain) if re.search("[0-9]", "".join(plain)) else None
    apart = bands and all(low[1] <= high[0] for low, high in pairwise(sorted(bands)))
    return bands if apart else None


def _band(text: str) -> Rank | None:
    if _ZERO.fullmatch(text):
        return -INFINITY, -INFINITY
    band = parse_band(text, None)
    return (band.low, band.high) if band and band.low <= band.high else None


def _rate(text: str) -> Rank | None:
    """How often in a year."""
    if _ZERO.fullmatch(text) or re.fullmatch(r"几乎[不没].*|almostnever|hardlyever|rarely", text):
        return 0.0, float(not _ZERO.fullmatch(text))
    if re.fullmatch(r"less(?:often|frequently)|更少", text):
        return 0.1, 0.0
    unit = next((times for words, times in _UNITS.items() if re.search(words, text)), None)
    if unit is None:
        return None
    numbers = [float(n) for n in re.findall(r"[0-9]+", text)]
    in_words = (times for words, times in _COUNTS.items() if re.search(words, text))
    count = sum(numbers) / len(numbers) if numbers else next(in_words, 1)
    side = side_of(text) - ("almost" in text or "几乎" in text)
    return unit * count * (1 + 0.05 * side), 0.0


def _words(plain: Sequence[str]) -> list[Rank] | None:
    for scale in _SCALES:
        rung = {t: i for i, words in enumerate(scale) for t in plain if re.fullmatch(words, t)}
        if len(rung) == len(set(plain)):
            return [(float(rung[text]), 0.0) for text in plain]
    return None


def _school(text: str) -> Rank | None:
    text = text.replace("undergraduate", "bachelor")
    schools = [i for i, words in enumerate(_SCHOOLS) if re.search(words, text)]
    side = side_of(text)
    return (float(schools[0 if side < 0 else -1]), side) if schools else None


def _degrees(plain: Sequence[str]) -> list[Rank] | None:
    """Degrees of one quality, such as agreement, from its opposite to its fullest."""
    others = [text for text in plain if not _NEUTRAL.fullmatch(text)]
    degrees = {text: _degree(text, set(others)) for text in others}
    qualities = {quality for quality, _ in degrees.values()}
    if len(others) < 2 or len(plain) - len(others) > 1 or len(qualities) > 1:
        return None
    return [(degrees[text][1] if text in degrees else 0.0, 0.0) for text in plain]


def _degree(text: str, column: set[str]) -> tuple[str, float]:
    """The quality that is meant and how much of it, below 0 for its opposite."""
    if text in _ENDS:
        return _ENDS[text]
    for words, degree in _HARDLY.items():
        if hardly := re.match(words, text):
            return _quality(text[hardly.end() :], column)[0], degree
    strength, sign = 2.0, 1
    for _ in range(3):
        for words, times in _STRENGTH.items():
            if adverb := re.match(rf"(?:{words})", text) or re.search(rf"(?:{words})$", text):
                text, strength = text[: adverb.start()] + text[adverb.end() :], times
                break
        if negation := re.match("not|不|没有?", text):
            text, sign = text[negation.end() :], -1
    quality, side = _quality(text, column)
    return quality, strength * sign * side


def _quality(text: str, column: set[str]) -> tuple[str, int]:
    """The positive word, and -1 where its opposite was said."""
    if text in _OPPOSITES:
        return _OPPOSITES[text], -1
    prefix = re.match("un|dis|in|im|ir", text)
    bare = text[prefix.end() :] if prefix else ""
    answered = any(other.endswith(bare) and text not in other for other in column)
    return (bare, -1) if len(bare) > 3 and answered else (text, 1)
