"""A first codebook for an export: questions, answers and guesses, each guess marked for review."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

from churnlib.survey.answer_text import INFINITY, Band, as_text, normalise, parse_band, strip_mark
from churnlib.survey.cleaning import wording
from churnlib.survey.levels import LabelError, Level, Variable

if TYPE_CHECKING:
    import pandas as pd

    from churnlib.survey.codebook import Codebook

MOST_ANSWERS = 20
"""A column with more different answers is taken for free text."""
_NUMBER = re.compile(r"^\d{1,3}\s*[、.．:：]\s*")
_SIDE = re.compile(
    "以上|以下|以内|更|至|不|超|大于|小于|多于|少于|高于|低于|over|above|more|old|up|under|below|less|few|young|least|most|than"
)
"""Words that leave a side of a band open; no unit has one in it."""
_STRANGE = 0.2  # of its spellings may be unknown in a question that is taken over
_REVIEW = "# REVIEW: "
_HEAD = """\
# A draft made from {name}. Read every line marked REVIEW: it is a guess.
# Order the levels of each question as they should be shown; say ordered = true where their order
# means something; correct labels; merge spellings of one answer under "aliases". A model explains
# the last question, and of two answers to it the odds of the second: put "left" after "stayed".
# Then try it:
#   python -m churnlib check {name} --codebook THIS_FILE
"""


@dataclass(frozen=True)
class _Spelling:
    text: str
    plain: str
    mark: str


def draft(raw: pd.DataFrame, known: Codebook, name: str) -> str:
    """Write a codebook for an export, as TOML.

    Where a question and most of its answers are known from another codebook, they are taken over;
    otherwise each different answer becomes a level.

    Parameters
    ----------
    raw : DataFrame
        From `read_answers`.
    known : Codebook
        Where known questions are looked up.
    name : str
        The file's name, for the first line.

    Returns
    -------
    str
        Read by `load_codebook`; answers without a level in it are named in a line of its own.

    Raises
    ------
    ValueError
        If no column looks like a question with answers to choose from.

    Examples
    --------
    >>> import pandas as pd
    >>> from churnlib.survey import load_codebook
    >>> raw = pd.DataFrame({"1、Do you bank online?": ["A. Yes", "B. No", "Yes", "(跳过)"]})
    >>> text = draft(raw, load_codebook(), "export.csv")
    >>> [line for line in text.splitlines() if line.startswith("key")]
    ['key = "yes"', 'key = "no"']
    """
    blocks, passed_over = [], []
    keys: set[str] = set()
    for header in _questions(list(map(str, raw.columns))):
        spellings = _spellings(raw[header].map(as_text), known)
        taken_over = _taken_over(header, spellings, known, keys)
        if not taken_over and not 1 < len({s.plain for s in spellings}) <= MOST_ANSWERS:
            passed_over.append(header)
            continue
        variable, guesses = taken_over or _guessed(header, spellings, keys)
        keys.add(variable.key)
        blocks.append("\n".join(_block(variable, guesses)))
    if not blocks:
        raise ValueError(
            f"{name} has no column with 2 to {MOST_ANSWERS} different answers; a codebook is for "
            "questions with answers to choose from"
        )
    notes = [f"{_REVIEW}left out, one answer only or too many: {h!r}" for h in passed_over]
    missing = f"missing = {_list(known.missing)}"
    return "\n".join([_HEAD.format(name=name) + "\n".join(notes), missing, "", *blocks])


def _questions(headers: Sequence[str]) -> list[str]:
    # A platform numbers its questions; what stands before them is about the sheet.
    numbered = [header for header in headers if _NUMBER.match(header)]
    return numbered or list(headers)


def _spellings(column: pd.Series, known: Codebook) -> list[_Spelling]:
    found = []
    for text in column.unique():
        bare = strip_mark(text)
        if not {normalise(text), normalise(bare)} & known.missing_spellings:
            mark = text[: text.find(bare)].strip() if bare in text else ""
            found.append(_Spelling(text, normalise(bare), mark))
    return found


def _taken_over(
    header: str, spellings: Sequence[_Spelling], known: Codebook, taken: set[str]
) -> tuple[Variable, list[str]] | None:
    for variable in known.variables.values():
        known_as = (variable.key, *variable.labels.values(), *variable.questions)
        if variable.key in taken or wording(header) not in set(map(wording, known_as)):
            continue
        strange = []
        for spelling in spellings:
            try:
                known.resolve(variable.key, spelling.text)
            except LabelError as error:
                strange.append(f"{spelling.text!r} has no level: {error.reason}")
        if len(strange) <= _STRANGE * len(spellings):
            note = f"taken over from {known.where}; leave out what does not apply"
            return replace(variable, questions=(wording(header),)), [note, *strange]
    return None


def _guessed(
    header: str, spellings: Sequence[_Spelling], taken: set[str]
) -> tuple[Variable, list[str]]:
    text = _NUMBER.sub("", header.strip()).strip()
    single = [s for s in spellings if "┋" not in s.text]
    several = [f"{s.text!r} is more than one answer" for s in spellings if "┋" in s.text]
    key = _key(text, taken, f"q{len(taken) + 1}")
    levels, ordered = _levels(key, single)
    guess = "the name and the labels" if ordered else "the name, the labels and the order"
    variable = Variable(key, _labels(text), tuple(levels), ordered, (wording(header),))
    return variable, [guess, *several]


def _levels(key: str, spellings: Sequence[_Spelling]) -> tuple[list[Level], bool]:
    firsts: dict[str, _Spelling] = {}
    for spelling in spellings:
        firsts.setdefault(spelling.plain, spelling)
    bands = {plain: parse_band(plain, _units(plain)) for plain in firsts}
    known = [band for band in bands.values() if band]
    ordered = len(known) == len(bands) and _apart(known)
    if ordered:
        order = sorted(firsts, key=lambda plain: (bands[plain] or Band(0, 0)).low)
    else:
        order = sorted(firsts, key=lambda plain: (firsts[plain].mark == "", firsts[plain].mark))
    taken: set[str] = set()
    levels = []
    for place, plain in enumerate(order, 1):
        level_key = _key(plain, taken, f"{key}_{place}")
        taken.add(level_key)
        low, high = _bounds(bands[plain]) if ordered else (None, None)
        text = strip_mark(firsts[plain].text)
        levels.append(Level(level_key, _labels(text), low, high))
    return levels, ordered


def _apart(bands: Sequence[Band]) -> bool:
    """Whether no whole number lies in two bands."""
    by_low = sorted(bands, key=lambda band: (band.low, band.high))
    return all(one.high < other.low for one, other in pairwise(by_low))


def _bounds(band: Band | None) -> tuple[int | None, int | None]:
    if band is None:
        return None, None
    low = None if band.low == -INFINITY else int(band.low)
    return low, None if band.high == INFINITY else int(band.high)


def _units(plain: str) -> list[str]:
    """The shortest beginnings of the words beside the numbers that leave a band to be read."""
    words = re.findall(r"[^\W\d_]+", plain)
    for length in range(max(map(len, words), default=0) + 1):
        units = {word[:length] for word in words if not _SIDE.search(word[:length])} - {""}
        if parse_band(plain, sorted(units)):
            return sorted(units)
    return []


def _key(text: str, taken: set[str], otherwise: str) -> str:
    key = "_".join(re.findall(r"[a-z0-9+]+", text.casefold())) if text.isascii() else otherwise
    key = key[:30].strip("_") or otherwise
    while key in taken:
        key += "_2"
    return key


def _labels(text: str) -> dict[str, str]:
    return {"en": text, "zh-Hans": text}


def _block(variable: Variable, guesses: Sequence[str]) -> Iterator[str]:
    yield from (f"{_REVIEW}{guess}" for guess in guesses)
    name = variable.key if re.fullmatch(r"[\w-]+", variable.key, re.ASCII) else _text(variable.key)
    yield f"[variables.{name}]"
    yield f"label = {_table(variable.labels)}"
    yield f"questions = {_list(variable.questions)}"
    if variable.units:
        yield f"units = {_list(variable.units)}"
    if variable.limits.high != INFINITY:
        yield f"limits = {{ low = {variable.limits.low}, high = {variable.limits.high} }}"
    if variable.numbers:
        yield f"numbers = {_text(variable.numbers)}"
    if variable.ordered:
        yield "ordered = true"
    for level in variable.levels:
        yield f"[[variables.{name}.levels]]"
        yield f"key = {_text(level.key)}"
        yield f"label = {_table(level.labels)}"
        if level.aliases:
            yield f"aliases = {_list(level.aliases)}"
        if level.code is not None:
            yield f"code = {level.code}"
        bounds = {"low": level.low, "high": level.high}
        if said := ", ".join(f"{side} = {n}" for side, n in bounds.items() if n is not None):
            yield f"bounds = {{ {said} }}"
    yield ""


def _table(labels: Mapping[str, str]) -> str:
    return "{ " + ", ".join(f"{lang} = {_text(text)}" for lang, text in labels.items()) + " }"


def _list(texts: Sequence[str]) -> str:
    return "[" + ", ".join(map(_text, texts)) + "]"


def _text(text: str) -> str:
    # A JSON string is a TOML string, but for the delete character.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
