"""Variables with their ordered levels, and which answer means which level."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from math import isfinite
from typing import Literal

from churnlib.survey.answer_text import (
    INFINITY,
    Interval,
    date_band,
    hides_digits,
    normalise,
    parse_band,
    strip_mark,
)

_OR = "(?:及其|及|或者|或|和)"
_INCLUSIVE_SIDE = re.compile(  # opens a level on a side and leaves its own word in it
    f"{_OR}(?:以上|以下|更高|更低)$|(?:or|and)(?:above|below|higher|lower|more|less|over|under)$"
)
_BETWEEN_WORDS = re.compile(
    r"""[、/\\,;|()\[\]·+&"“”「」-]|(?<=\w)(?=[♂♀])|\b(?:or|and|to|including|incl)\b"""
    "|包括|包含|以及|或者|[含和与及或至到等]"
    "|(?<=[\u3400-\u9fff])\\s*(?=[a-z])|(?<=[a-z])\\s*(?=[\u3400-\u9fff])"
)
_SIDES = {
    "↑": rf"{_OR}?(?:以上|更高)|\b(?:or|and|&) (?:above|higher|more|over|beyond)\b|\babove\b",
    "↓": rf"{_OR}?(?:以下|更低)|\b(?:or|and|&) (?:below|lower|less|under)\b"
    r"|\b(?:below|under|less than|lower than)\b",
}
_BEFORE = re.compile("^(?:我是|非?全日制|在读|在职|普通|统招|成人|自考|已)")
_BEHIND = re.compile(
    "(?:学历|学位|毕业|在读|程度|文化|水平|阶段|[及或]?同等学[历力]"
    "|degrees?|diploma|orequivalent|level|students?|qualification|(?<=school)graduates?|'s)$"
)
_BEHIND_SHORT = re.compile("(?:生|性|士|人|的|者|同学|孩子?|(?<=[a-z]{4})s)$")
_HAN_WORD = re.compile("[\u3400-\u9fff]{2,}").fullmatch
ANY_NUMBER = Interval(-INFINITY, INFINITY)
Labels = Mapping[str, str]
Numbers = Literal["option", "value"]
Kind = Literal["single", "multiple", "scale", "number", "text", "weight", "id"]


class LabelError(ValueError):
    """An answer that must not be given a level: `variable`, `raw` as typed, and the `reason`.

    `nearest` is the label spelt most like it, only to help a person find a typing error.
    """

    def __init__(self, variable: str, raw: str, reason: str, nearest: str | None = None) -> None:
        hint = f"; did you mean {nearest!r}?" if nearest else ""
        super().__init__(f"{raw!r} is no answer to {variable!r}: {reason}{hint}")
        self.variable, self.raw, self.reason, self.nearest = variable, raw, reason, nearest


@dataclass(frozen=True)
class Level:
    """One answer category; a band of whole numbers has a first and a last one."""

    key: str  # ASCII name used in code and data, for instance "40-59"
    labels: Labels  # by language
    low: int | None = None  # None on an open side, and where it is no band
    high: int | None = None
    assumed: bool = False  # whether the level is ours rather than the source's
    aliases: tuple[str, ...] = ()  # other ways in which people write it
    code: int | None = None  # its option number, where a platform exports numbers
    column: str = ""  # its column, where a multiple-choice question has one an option

    @property
    def names(self) -> tuple[str, ...]:
        """Its labels and aliases, as the codebook writes them."""
        return (*self.labels.values(), *self.aliases)

    @property
    def band(self) -> Interval | None:
        """The numbers it covers; ``None`` for a level that is not a band."""
        low = -INFINITY if self.low is None else self.low
        high = INFINITY if self.high is None else self.high
        return None if self.low is self.high is None else Interval(low, high)

    @property
    def width(self) -> int | None:
        """Number of whole units in the band; ``None`` when a side is open."""
        return None if self.low is None or self.high is None else self.high - self.low + 1


@dataclass(frozen=True)
class Variable:
    """One question with its levels, in the order in which they are always shown.

    Kinds: one answer (``single``) or several (``multiple``) of its levels; the mean of several
    questions (``scale``); a ``number``; ``text``, of which only is kept whether there was one;
    the ``weight`` of an answer sheet; ``id``, what tells who answered, which is not read.
    """

    key: str
    labels: Labels  # by language
    levels: tuple[Level, ...] = ()
    ordered: bool = False  # whether the order of its levels means something
    questions: tuple[str, ...] = ()  # wordings by which its column is found
    units: tuple[str, ...] = ()  # words that may follow a number, such as "岁"
    limits: Interval = ANY_NUMBER  # numbers that can be meant at all: 999 is no age
    numbers: Numbers | None = None  # what a number means that may be an option's or a quantity
    missing: tuple[str, ...] | None = None  # for a missing answer, if not what the codebook says
    kind: Kind = "single"
    items: tuple[str, ...] = ()  # the questions of a scale
    reversed_items: tuple[str, ...] = ()  # those of them that are asked the other way round

    @property
    def keys(self) -> list[str]:
        """Level keys in codebook order."""
        return [level.key for level in self.levels]

    @cached_property
    def scores(self) -> dict[str, float]:
        """What each level counts as in a scale: its label if that is a number, else its place."""
        labels = [normalise(next(iter(level.labels.values()))) for level in self.levels]
        numeric = all(re.fullmatch(r"-?[0-9]+", label) for label in labels)
        numbers = map(float, labels if numeric else range(1, len(labels) + 1))
        return dict(zip(self.keys, numbers, strict=True))

    def __getitem__(self, key: str) -> Level:
        if key not in self.keys:
            names = ", ".join(self.keys)
            raise KeyError(f"{self.key!r} has no level {key!r}; its levels are {names}")
        return self.levels[self.keys.index(key)]

    @cached_property
    def written(self) -> dict[str, str]:
        """Level key by each label and alias as it stands in the codebook."""
        return {name: level.key for level in self.levels for name in level.names}

    @cached_property
    def spellings(self) -> dict[str, str]:
        """Level key by each normalised label, alias and key."""
        return {normalise(n): level.key for level in self.levels for n in (level.key, *level.names)}

    @cached_property
    def codes(self) -> dict[str, str]:
        """Level key by option number, as text."""
        return {str(level.code): level.key for level in self.levels if level.code is not None}

    @cached_property
    def bands(self) -> dict[str, Interval]:
        """Numbers that each level covers, of levels that are bands."""
        return {level.key: level.band for level in self.levels if level.band}

    @cached_property
    def words(self) -> dict[str, str]:
        """Level key by each word of its spellings, ``高中`` of 高中及以下 and of 高中学历."""
        words: dict[str, set[str]] = {}
        for text, key in self.spellings.items():
            for word in _core_words(_INCLUSIVE_SIDE.sub("", text)):
                if not re.search("[0-9]", word):
                    words.setdefault(word, set()).add(key)
        return {word: min(keys) for word, keys in words.items() if len(keys) == 1} | self.spellings

    def level_of(self, raw: str, numbers: Numbers | None = None) -> str:
        """Give the level of an answer that is not missing, or raise `LabelError`."""
        if (plain := raw.strip()) in self.written:
            return self.written[plain]
        if "┋" in raw:
            raise LabelError(self.key, raw, "it is more than one answer to a question with one")
        for bare in (raw, strip_mark(raw)):  # the beginning of a level is no option mark
            text = normalise(bare)
            if text in self.spellings and text not in self.codes and not hides_digits(bare):
                return self.spellings[text]
        if hides_digits(bare):
            raise LabelError(self.key, raw, "it holds a sign that only looks like a digit")
        if text in self.codes:
            return self._numbered(raw, text, numbers or self.numbers)
        names = map(normalise, (self.key, *self.labels.values(), *self.questions))
        if named := re.match(f"(?:{'|'.join(map(re.escape, names))})[ds]?:?(?=.)", text):
            text = bare = text[named.end() :]
        if self.bands:
            if band := parse_band(text, self.units):
                return self._holding(raw, band)
            if marked := re.fullmatch(r"([0-9]{1,2})([.、:)])([0-9]+[^0-9.].*)", text):
                return self._behind_number(raw, *marked.groups())
        return self._worded(raw, bare)

    def dates_among(self, texts: Iterable[str]) -> dict[str, str]:
        """Bands of this variable that a spreadsheet took for dates, where others are bands."""
        keys = {band: key for key, band in self.bands.items()}
        dates = {text: band for text in texts if (band := date_band(text)) in keys}
        others = (parse_band(normalise(strip_mark(t)), self.units) for t in texts if t not in dates)
        return {text: keys[band] for text, band in dates.items()} if any(others) else {}

    def _numbered(self, raw: str, text: str, numbers: Numbers | None) -> str:
        if numbers == "option" or (numbers is None and not self.bands):
            return self.codes[text]
        by_value = self._holding(raw, Interval(int(text), int(text)))
        if numbers == "value" or by_value == self.codes[text]:
            return by_value
        reason = (
            f'it may be option {text} or the number {text}; say numbers = "option" or "value" '
            f"under [variables.{self.key}] in the codebook"
        )
        raise LabelError(self.key, raw, reason)

    def _behind_number(self, raw: str, mark: str, sign: str, text: str) -> str:
        """The level of 2、3-5次, and of 2.3-5次 if its level is option 2."""
        reason, band = "no level is called so", parse_band(text, self.units)
        if band and band.low == band.high:
            reason = f"it may be {text!r} as option {mark}, or {mark!r} and what follows"
        elif band:
            key = self._holding(raw, band)
            if sign != "." or self.codes.get(mark) == key:
                return key
            reason = f"it may be {text!r} as option {mark}, or a number that begins with {mark!r}"
        raise LabelError(self.key, raw, reason)

    def _holding(self, raw: str, band: Interval) -> str:
        low, high = max(band.low, self.limits.low), min(band.high, self.limits.high)
        # A band may begin at 0 where 0 is nobody's number: 0-18.
        ends = [end for end in (band.low or low, band.high) if isfinite(end)]
        if low > high or any(not self.limits.low <= end <= self.limits.high for end in ends):
            raise LabelError(self.key, raw, "no such number can be meant")
        touched = [key for key, at in self.bands.items() if at.low <= high and low <= at.high]
        for key in touched:
            if self.bands[key].low <= low and high <= self.bands[key].high:
                return key  # bands do not overlap
        reason = f"it does not lie inside one level but reaches into {' and '.join(touched)}"
        raise LabelError(self.key, raw, reason if touched else "it lies outside every level")

    def _worded(self, raw: str, bare: str) -> str:
        """The level that each word of an answer names, as in 高中/中专及以下 and 男 (male)."""
        text = _with_sides(unicodedata.normalize("NFKC", bare).casefold())
        sides = {*text} & {"↑", "↓"}
        text = re.sub("[↑↓]", "", text)
        if (numbered := re.fullmatch(r"([0-9]{1,2}) ?=? ?(\D+)", text)) and (
            self._word(numbered[2]) == self.codes.get(numbered[1])
        ):
            text = numbered[2]  # an option number that the codebook confirms
        whole = self._word(raw) or self._word(text)  # B.A. has no option mark
        parts = [p for p in map(normalise, _BETWEEN_WORDS.split(text)) if p and _core_words(p)]
        levels = {whole} if whole else {self._word(part) for part in parts}
        keys = [] if None in levels else [key for key in self.keys if key in levels]
        reason = f"it names {' and '.join(keys)}" if keys else "no level is called so"
        if len(keys) == 1:
            if sides <= {*"".join(map(_with_sides, self[keys[0]].names))}:
                return keys[0]
            reason = f"it reaches beyond {keys[0]}"
        nearest = difflib.get_close_matches(normalise(bare), self.spellings, n=1)
        raise LabelError(self.key, raw, reason, *nearest)

    def _word(self, text: str) -> str | None:
        forms = _core_words(normalise(text), of_answer=True)
        if word := next((form for form in forms if form in self.words), None):
            return self.words[word]
        # 高职专科, 硕士研究生: several words in a row.
        several = re.findall("|".join(sorted(filter(_HAN_WORD, self.words), key=len)[::-1]), text)
        levels = {self.words[word] for word in several if word}
        return levels.pop() if len(levels) == 1 and "".join(several) in forms else None


def _with_sides(text: str) -> str:
    """Put ``↑`` and ``↓`` for words such as 及以上 and ``or below``."""
    for sign, words in _SIDES.items():
        text = re.sub(words, sign, text)
    return text


def _core_words(text: str, *, of_answer: bool = False) -> list[str]:
    """A normalised word without what does not change its meaning: 在读大专生, 大专生, 大专."""
    if not (_BEFORE.sub("", text) and _BEHIND.sub("", text)):
        return []  # in brackets behind a word: 本科生(在读)
    steps = [text, re.sub("[.'-]", "", text)]
    patterns = (_BEFORE, _BEHIND, _BEHIND_SHORT) if of_answer else (_BEFORE, _BEHIND)
    while shorter := next((s for p in patterns if (s := p.sub("", text)) not in {text, ""}), ""):
        text = shorter
        steps.append(text)
    return list(dict.fromkeys(steps))
