"""The columns of an export: their answers without marks, and the kind of question they hold."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from churnlib.survey.answer_text import as_text, normalise
from churnlib.survey.answer_values import NOT_TICKED, SEPARATORS, TICKED

if TYPE_CHECKING:
    import pandas as pd

    from churnlib.survey.codebook import Codebook

CODE = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")
MOST_ANSWERS = 20
"""A column with more different answers than these holds numbers or free text."""
_FEWEST_NUMBERS = 12  # different numbers from which on they are no codes of answers
_LONGEST = 15  # signs of a number that a float holds to the last digit
_FEW_WORDS = 0.1  # share of words in a column of numbers, or of answers of one's own in a list
_PLATFORM = re.compile(r"序号|提交答卷时间|所用时间|来自ip|来源详情|总分")
_WEIGHT = re.compile(r"(?:.*[_ ])?(?:weights?|wt|wgt|pweight|pw|sampleweight)|权重|加权|权数|权")
_NUMBER = re.compile(r"([-+]?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]+)?)([^\W\d_]*)")
_MARK = re.compile(
    r"\s*(?P<bracket>[(（]\s*)?"
    r"(?P<mark>[A-Za-zＡ-Ｚａ-ｚ]|[0-9０-９]{1,2}|(?P<circled>[\u2460-\u2473\u2776-\u277f\u24b6-\u24e9]))"
    r"(?P<after>\s*[.．、:：)）]+\s*|\s*)(?P<bare>.+)",
    re.DOTALL,
)
_PARTS = (
    re.compile(r"(?P<stem>.*\S)\s*[\[【](?P<part>[^\[\]【】]+)[\]】]\s*"),
    re.compile(r"(?P<stem>.*\S)\s*[(（](?P<part>[^()（）]+)[)）]\s*"),
    re.compile(r"(?P<stem>[^/]*\S)\s*/\s*(?P<part>[^/]+)"),
    re.compile(r"(?P<stem>.*\S)(?:\s+[-–—]+\s+|\s*—+\s*|\s*[:：]\s*)(?P<part>.+)"),
)


@dataclass(frozen=True)
class Column:
    """What was answered in one column, and what the file knows of it."""

    header: str
    given: Sequence[str]
    """Its answers without the missing ones."""
    missing: tuple[str, ...] | None = None
    """What stands for no answer in it, where it is not what the codebook says."""
    name: str = ""
    """Its short name, if the file has one."""
    codes: Sequence[str] = ()
    """Answers in the order of their codes, if the file has codes."""
    ordinal: bool | None = None
    """Whether the file says that this order means something."""


def columns_in(raw: pd.DataFrame, codebook: Codebook) -> list[Column]:
    """Part the answers in each column from what the codebook knows for missing.

    A code such as -3 is missing where a platform writes it or all else is words, and no other
    answer is negative.
    """
    about = {key: raw.attrs.get(key, {}) for key in ("names", "orders", "ordinal")}
    headers = [*map(str, raw.columns)]
    all_headers = [*headers, *raw.attrs.get("dropped", [])]
    platform = any(_PLATFORM.fullmatch(normalise(header)) for header in all_headers)
    codes = {text for text in codebook.missing if CODE.fullmatch(normalise(text))}
    columns = []
    for header in headers:
        texts = [*raw[header].map(as_text)]
        given = [text for text in texts if normalise(text) not in codebook.missing_spellings]
        numbers = [plain for plain in map(normalise, given) if CODE.fullmatch(plain)]
        missing = None
        if any(float(number) < 0 for number in numbers) or (numbers and not platform):
            lost = codebook.missing_spellings - {*map(normalise, codes)}
            given = [text for text in texts if normalise(text) not in lost]
            if codes & {*map(normalise, given)}:
                missing = tuple(text for text in codebook.missing if text not in codes)
        name, order, ordinal = (about[k].get(header) for k in ("names", "orders", "ordinal"))
        columns.append(Column(header, given, missing, name or "", order or (), ordinal))
    return columns


class Bare(dict[str, str]):
    """Answers without their marks, by the answers as typed; `marked` are in the marks' order."""

    marked: Sequence[str] = ()


def without_marks(texts: Iterable[str]) -> Bare:
    """Take option marks off the answers of a column, if they are marks.

    They are where they run from the first letter or number without a gap and the answers stay
    different without them. Where only some answers have one, it is taken off those that leave an
    answer which others gave without.

    Examples
    --------
    >>> dict(without_marks(["B. No", "A. Yes", "No"]))
    {'B. No': 'No', 'A. Yes': 'Yes', 'No': 'No'}
    >>> dict(without_marks(["B.A.", "A lot"]))
    {'B.A.': 'B.A.', 'A lot': 'A lot'}
    """
    texts = list(dict.fromkeys(texts))
    marked = {text: mark for text in texts if (mark := _marked(text))}
    pairs = {(place, normalise(bare)) for place, bare in marked.values()}
    places = {place for place, _ in pairs}
    places_of = Counter(bare for _, bare in pairs)
    typed = {normalise(text) for text in texts if text not in marked}
    one_each = len(pairs) == len(places) == len(places_of) > 1
    runs = one_each and places == {*range(1, len(places) + 1)} and typed <= places_of.keys()

    def is_mark(plain: str) -> bool:
        return runs or (len(places) > 1 and plain in typed and places_of[plain] == 1)

    bare = {text: answer for text, (_, answer) in marked.items() if is_mark(normalise(answer))}
    answers = Bare({text: bare.get(text, text.strip()) for text in texts})
    if runs:
        answers.marked = sorted(marked, key=lambda text: marked[text][0])
    return answers


def _marked(text: str) -> tuple[int, str] | None:
    """The place of its mark among the letters or numbers, and the answer behind it."""
    match = _MARK.fullmatch(text.replace("\u200b", ""))
    if not match or re.fullmatch(r"[A-Za-z]?\.?", bare := match["bare"].strip()):
        return None
    mark = unicodedata.normalize("NFKC", match["mark"]).upper()
    apart = match["circled"] or (match["after"] if mark.isalpha() else match["after"].strip())
    certain = match["bracket"] or match["circled"] or mark.isalpha()
    if not apart or (bare[0].isdecimal() and not certain):
        return None
    return (int(mark) if mark.isdecimal() else ord(mark) - 64), bare


@dataclass(frozen=True)
class Matrix:
    """Columns next to each other that are parts of one question."""

    stem: str
    parts: Mapping[str, str]
    """By header, the option or the row."""
    ticks: bool
    """Whether each column says whether its option was ticked."""


def matrices(columns: Iterable[Column]) -> list[Matrix]:
    """Find the questions that take several columns.

    Examples
    --------
    >>> ticks = {"Use [card]": ["1", "0"], "Use [loan]": ["0", "1"], "Sex": ["m", "f"]}
    >>> matrix, = matrices(Column(header, given) for header, given in ticks.items())
    >>> matrix.stem, *matrix.parts.values()
    ('Use', 'card', 'loan')
    """
    given = {column.header: column.given for column in columns}
    questions: list[Matrix] = []
    for pattern in _PARTS:
        taken = {header for question in questions for header in question.parts}
        matches = {h: None if h in taken else pattern.fullmatch(h.strip()) for h in given}
        stems = {header: match["stem"] if match else "" for header, match in matches.items()}
        for stem, group in groupby(stems, key=stems.__getitem__):
            parts = {h: match["part"].strip() for h in group if (match := matches[h])}
            if len(parts) > 1 and len({*parts.values()}) == len(parts):
                ticks = all(_ticks(given[h], h, part) for h, part in parts.items())
                questions.append(Matrix(stem, parts, ticks))
    return questions


def _ticks(given: Sequence[str], header: str, part: str) -> bool:
    """Return True if a column only says whether its option was ticked."""
    bare = without_marks([part])[part]
    own = {normalise(text) for text in (header, part, bare)}
    return {*map(normalise, given)} <= TICKED | NOT_TICKED | own


def separator_of(given: Iterable[str]) -> str | None:
    """Return what stands between several answers in one cell, ``None`` for one answer a cell.

    Several answers are parts that come alone or in other company too, never twice in a cell, and
    not always as many: "Yes, definitely" is one answer.

    Examples
    --------
    >>> separator_of(["card", "card, loan", "loan, app", "card, app, loan"] * 2)
    ', '
    >>> separator_of(["Yes, definitely", "Yes, perhaps", "No, never", "No"]) is None
    True
    """
    times = Counter(given)
    n = times.total()
    for separator in (*SEPARATORS, " "):
        lists = {
            text: [part for part in map(str.strip, text.split(separator)) if part] for text in times
        }
        if sum(times[text] for text, parts in lists.items() if len(parts) > 1) < 0.05 * n or not n:
            continue
        company: dict[str, set[tuple[str, ...]]] = {}
        for parts in lists.values():
            for part in parts:
                company.setdefault(part, set()).add(tuple(parts))
        if not 1 < len(company) <= MOST_ANSWERS:
            continue
        if separator == "┋":  # no one types it
            return separator
        bound = {part for part, c in company.items() if len(c) == 1 and (part,) not in c}
        written_in = sum(times[text] for text, parts in lists.items() if {*parts} & bound)
        if (
            len(company) > 2
            and len({len(parts) for parts in lists.values()}) > 1
            and all(len(set(parts)) == len(parts) for parts in lists.values())
            and written_in <= _FEW_WORDS * n
            and (separator != " " or all(re.fullmatch(r"[a-z0-9_]+", part) for part in company))
        ):
            return separator
    return None


MULTIPLES = {*"十百千万亿kmc", "百万", "千万", "thousand", "million", "kilo", "milli", "centi"}


def units_of_numbers(given: Sequence[str]) -> tuple[list[str], list[str]] | None:
    """Return the units of a column of numbers and the few words in it, ``None`` for another one.

    Examples
    --------
    >>> units_of_numbers([f"{n}岁" for n in range(20, 40)] + ["保密"])
    (['岁'], ['保密'])
    """
    times = Counter(map(normalise, given))
    units = {text: match[2] for text in times if (match := _NUMBER.fullmatch(text))}
    words = times.keys() - units
    if (
        len(units) < _FEWEST_NUMBERS
        or max(map(len, units)) > _LONGEST
        or len(words) > 2
        or sum(times[word] for word in words) > _FEW_WORDS * len(given)
        or len({*units.values()} - {""}) > 2
    ):
        return None
    typed = dict.fromkeys(text for text in given if normalise(text) in words)
    return sorted({*units.values()} - {""}), list(typed)


def numbers_people(given: Sequence[str]) -> bool:
    """Return True if the answers number the sheets: whole, all different, in one run."""
    plain = {normalise(text) for text in given}
    if len(given) < MOST_ANSWERS or len(set(given)) < len(given):
        return False
    if not all(re.fullmatch("[0-9]{1,15}", text) for text in plain):
        return False
    return max(map(int, plain)) - min(map(int, plain)) < 2 * len(given)


def is_weight(column: Column) -> bool:
    """Return True for a column of positive numbers that is called a weight."""
    if not _WEIGHT.fullmatch(normalise(column.header).replace("-", "_")):
        return False
    try:
        return bool(column.given) and all(float(normalise(text)) > 0 for text in column.given)
    except ValueError:
        return False


def are_different(units: Sequence[str]) -> bool:
    """Return True if numbers in two units cannot be added up as they stand.

    Examples
    --------
    >>> are_different(["岁", "周岁"]), are_different(["year", "years"])
    (False, False)
    >>> are_different(["元", "万元"]), are_different(["h", "min"])
    (True, True)
    """
    if len(units) < 2:
        return False
    short, long = sorted(units, key=len)
    return short not in long or long.removesuffix(short) in MULTIPLES
