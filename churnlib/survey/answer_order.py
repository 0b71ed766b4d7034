"""The order of answers: by the file's codes, by option marks, else by what their words say."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from churnlib.survey.answer_text import (
    INFINITY,
    Interval,
    normalise,
    parse_band,
    side_of,
    without_marks,
)

_ZERO = re.compile(r"never.*|none|no(?:income|ne)?|zero|从不|从未.*|从来不|没有.*|无.*|暂无.*")
_UNITS = {
    "halfyear|半年": 2, "day|dai|天|日": 365, "week|周|星期|礼拜": 52, "quarter|季": 4,
    "month|月": 12, "year|annual|年": 1,
}  # fmt: skip
_COUNTS = {"once|一次": 1, "twice|两次|二次": 2, "several|few|几次|多次|数次|times": 3}

_WORDS = r"""
never|notatall|从不|从来不|从来没有|从未|从没有?|没有过|完全没有|没[用听]过
< almostnever|hardlyever|几乎不|几乎从不|几乎没有|极少
< rarely|seldom|veryrarely|很少|较少|不经常|不常 < occasionally|onceinawhile|偶尔用?|偶而
< sometimes|有时|有时候|有的时候 < often|frequently|regularly|fairlyoften|经常用?|常常|时常|较多
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

once|一次 < twice|两次 < (?:three|several|many)times.*|三次.*|多次

文盲|未上过学|没上过学|未受教育|noformal|noschool|uneducated < 小学|primary|elementary
< 初中|middleschool|juniorhigh|lowersecondary
< 高中|中专|技校|职高|中技|highschool|secondary|vocational|ged
< 大专|专科|高职|somecollege|associate|juniorcollege|diploma|college
< 本科|学士|大学|bachelor|undergraduate < 硕士|研究生|master|(?<!under)graduate < 博士|doctor|ph\.?d
"""
*_SCALES, _SCHOOLS = (re.split(r"\s+<\s+", scale.strip()) for scale in _WORDS.split("\n\n"))
_STRENGTH = {
    "notatall|根本不|一点也不|完全不|毫不": -6, "not(?:very|so|too)|不[太大很]|不怎么": -0.8,
    "extremely|completely|totally|absolutely|definitely|entirely|fully|"
    "完全|极其|极度|极为|极|绝对|一定|肯定": 4,
    "非常|十分|特别|strongly": 3.5, "very|highly|really|很": 3,
    "mostly|fairly|quite|rather|比较|较为|较": 1.7, "moderately|基本上?|大致": 1.5,
    "somewhat|slightly|alittle|abit|mildly|partly|probably|generally|tendto|"
    "有点|有些|稍微|略|略微|稍|偏|可能|大概": 1,
}  # fmt: skip
_NEUTRAL = re.compile(
    r"neutral|neither.*|undecided|unsure|notsure|so-?so|okay|ok|fair|average|medium|moderate|middle|"
    r"normal|same|aboutthesame|nochange|一般|一般般|中立|普通|无所谓|不确定|说不清|说不准|不好说|"
    r"中等|中|适中|还行|还可以|尚可|无意见"
)
_PAIRS = """
poor/good bad/good disagree/agree low/high small/large few/many difficult/easy hard/easy weak/strong
negative/positive worse/better slow/fast oppose/support short/long
差/好 坏/好 低/高 小/大 少/多 难/易 困难/容易 慢/快 弱/强 轻/重 短/长 反对/赞成 远/近
"""
_OPPOSITES = dict(re.findall(r"(\S+)/(\S+)", _PAIRS))
_ENDS = {"excellent": "extremelygood", "terrible": "extremelybad", "awful": "extremelybad"}


@dataclass(frozen=True)
class OrderedAnswers:
    """The different answers of a question in the order of their levels."""

    answers: Sequence[str]
    ordered: bool  # whether the order means something
    in_file: bool  # whether it is that of the file's codes or of option marks


def ordered_answers(
    given: Iterable[str], codes: Sequence[str] = (), ordinal: bool | None = None
) -> OrderedAnswers:
    """Order by the codes of the file or the option marks, else by what the answers say.

    `codes` are answers in the order of their codes; `ordinal` is what the file says of this order.
    """
    declared = (label for label in codes if not label.startswith("undeclared code "))
    bare = without_marks([*given, *declared])
    labels: dict[str, str] = {}
    for label in bare.values():
        labels.setdefault(normalise(label), label)
    marked = [text for text, label in bare.items() if label != text.strip()]
    coded = dict.fromkeys(normalise(bare.get(text, text)) for text in codes or marked)
    in_file = coded.keys() >= labels.keys()
    places = dict(zip(labels, ranks([*labels]), strict=False))
    answers = [plain for plain in coded if plain in labels] if in_file else [*labels]
    if places and not in_file:
        answers.sort(key=places.__getitem__)
    ranked = [places[plain] for plain in answers if places]
    runs = bool(ranked) and ranked in (sorted(ranked), sorted(ranked)[::-1])
    ordered = runs if ordinal is None or not in_file else ordinal
    texts = [labels[plain] for plain in answers]
    return OrderedAnswers(texts, ordered and len(texts) > 2, in_file)


def ranks(plain: Sequence[str]) -> list[float]:
    """Give each normalised answer its place in an order that the words have; none without one."""
    plain = [text.rstrip(".。") for text in plain]
    scales = ([_level(text, scale) for text in plain] for scale in _SCALES)
    schools = map(_school, plain)
    for order in (_numbers(plain), map(_rate, plain), *scales, _degrees(plain), schools):
        places = [place for place in order if place is not None]
        if len(plain) == len(places) == len({*places}):
            return places
    return []


def _numbers(plain: Sequence[str]) -> list[float]:
    """Numbers and bands that do not overlap, though one may begin where another ends."""
    bands = [band for text in plain if (band := _band(text))]
    ends = sorted((band.low, band.high) for band in bands)
    apart = all(first[1] <= second[0] for first, second in pairwise(ends))
    a_period = any(re.search("每[周月年]|perweek|amonth", text) for text in plain)
    numeric = re.search("[0-9]", "".join(plain)) and not a_period
    return [band.high for band in bands] if numeric and apart else []


def _band(text: str) -> Interval | None:
    if re.fullmatch(r"-?[0-9]+(?:\.[0-9]+)?", text):
        return Interval(float(text), float(text))
    if _ZERO.fullmatch(text):
        return Interval(-INFINITY, -INFINITY)
    band = parse_band(text, None)
    return band if band and band.low <= band.high else None


def _rate(text: str) -> float | None:
    """How often in a year."""
    if _ZERO.fullmatch(text):
        return 0
    if re.fullmatch("几乎[不没].*|almostnever|hardlyever|rarely", text):
        return 0.01
    if re.fullmatch("less(?:often|frequently)|更少", text):
        return 0.1
    units = [times for words, times in _UNITS.items() if re.search(words, text)]
    counts = [float(n) for n in re.findall("[0-9]+", text)]
    counts = counts or [n for words, n in _COUNTS.items() if re.search(words, text)] or [1]
    side = side_of(text) - ("almost" in text or "几乎" in text)
    return units[0] * sum(counts) / len(counts) * (1 + 0.05 * side) if units else None


def _level(text: str, scale: Sequence[str]) -> float | None:
    return next((float(i) for i, words in enumerate(scale) if re.fullmatch(words, text)), None)


def _school(text: str) -> float | None:
    schools = [i for i, words in enumerate(_SCHOOLS) if re.search(words, text)]
    side = side_of(text)
    return schools[0 if side < 0 else -1] + 0.1 * side if schools else None


def _degrees(plain: Sequence[str]) -> list[float]:
    """Degrees of one quality, such as agreement, from its opposite to its fullest."""
    degrees = {text: _degree(text) for text in plain if not _NEUTRAL.fullmatch(text)}
    qualities = {quality for quality, _ in degrees.values()}
    for text, (quality, degree) in degrees.items():
        positive = re.sub("^(?:un|dis|in|im|ir)", "", quality)
        if positive != quality and positive in qualities:
            degrees[text] = positive, -degree
    qualities = {quality for quality, _ in degrees.values()}
    if len(qualities) != 1 or len(degrees) < 2 or len(plain) - len(degrees) > 1:
        return []
    return [degrees[text][1] if text in degrees else 0 for text in plain]


def _degree(text: str) -> tuple[str, float]:
    """The quality that is meant and how much of it, below 0 for its opposite."""
    text, degree, sign = _ENDS.get(text, text), 2.0, 1
    for _ in range(3):
        for words, strength in _STRENGTH.items():
            if adverb := re.match(rf"(?:{words})", text) or re.search(rf"(?:{words})$", text):
                text, degree = text[: adverb.start()] + text[adverb.end() :], strength
                break
        if negation := re.match("not|不|没有?", text):
            text, sign = text[negation.end() :], -sign
    if text in _OPPOSITES:
        text, sign = _OPPOSITES[text], -sign
    return text, sign * degree
