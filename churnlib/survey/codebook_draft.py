"""A first codebook for an export: questions, answers and guesses, each guess marked for review."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from churnlib.survey.answer_order import ranks
from churnlib.survey.answer_text import CONTROL, INFINITY, Interval, as_text, normalise, parse_band
from churnlib.survey.levels import Level, Variable
from churnlib.survey.option_marks import without_marks
from churnlib.survey.question_columns import wording

if TYPE_CHECKING:
    import pandas as pd

    from churnlib.survey.codebook import Codebook

MOST_ANSWERS = 20
"""A column with more different answers is taken for free text."""
_QUESTION = re.compile(r"^\s*[QqＱ]?(\d{1,3})\s*[、.．:：)）]\s*")
_ABOUT_THE_SHEET = re.compile(
    r"序号|编号|答卷编号|总分|得分|no\.?|id|index|row|unnamed:0|status|responsetype|progress|finished|"
    r"(?:response|respondent|collector|interview)id|distributionchannel|userlanguage|"
    r"(?:start|last)page|startlanguage|seed|completed|提交方式|答题状态"
)
_PLATFORM = re.compile(r"序号|提交答卷时间|所用时间|来自ip|来源详情|总分")
_SIDE = re.compile(
    "以上|以下|以内|更|至|不|超|大于|小于|多于|少于|高于|低于|over|above|more|old|up|under|below|less|few|young|least|most|than"
)
"""Words that leave a side of a band open; no unit has one in it."""
_CODE = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")
_REVIEW = "# REVIEW: "
_HEAD = """\
# A draft made from {name}. Read every line marked REVIEW: it is a guess.
# Levels are shown in this order; ordered = true says that it means something. Correct labels; merge
# spellings of one answer under "aliases". A model explains the last question, and of two answers
# to it the odds of the second: put "left" after "stayed". Then try it:
#   python -m churnlib check {name} --codebook THIS_FILE
"""


@dataclass(frozen=True)
class _Order:
    """Answers of a question in the order of their levels, and how that is known."""

    answers: list[str]
    ordered: bool
    guess: str


def draft(
    raw: pd.DataFrame, known: Codebook, name: str, reading: Mapping[str, Any] | None = None
) -> str:
    """Write a codebook for an export, as TOML.

    Each different answer becomes a level; nothing is taken from another study but the words for
    missing answers.

    Parameters
    ----------
    raw : DataFrame
        From `read_answers`.
    known : Codebook
        Its missing answers are looked for, and its words are no names of questions.
    name : str
        The file's name, for the first line.
    reading : mapping, optional
        What `read_answers` was given, to be given it again.

    Returns
    -------
    str
        Read by `load_codebook`; columns left out are named in lines of their own.

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
    headers = list(map(str, raw.columns))
    dropped = raw.attrs.get("dropped", [])
    recognised = any(_PLATFORM.fullmatch(normalise(h)) for h in [*headers, *dropped])
    codes = [text for text in known.missing if _CODE.fullmatch(normalise(text))]
    blocks: list[str] = []
    notes = [f"# NOTE: {note}" for note in raw.attrs.get("notes", [])]
    taken = {"n", *known.words, *known.common}
    for place, header in enumerate(headers, 1):
        texts = raw.iloc[:, place - 1].map(as_text)
        given = [text for text in texts if normalise(text) not in known.missing_spellings]
        numbers = [text for text in given if _CODE.fullmatch(normalise(text))]
        # A code such as -3 is missing where a platform writes it or all else is words, and no
        # other answer is negative.
        scale = any(float(normalise(text)) < 0 for text in numbers)
        missing = codes if not scale and (recognised or not numbers) else []
        if not missing:
            lost = known.missing_spellings - {*map(normalise, codes)}
            given = [text for text in texts if normalise(text) not in lost]
        if reason := _no_question(header, given, raw.attrs):
            notes.append(f"{_REVIEW}left out, {reason}: {header!r}")
            continue
        key = _key_of(header, raw.attrs.get("names", {}).get(header, ""), place, taken)
        taken.add(key)
        variable, guesses = _guessed(key, header, given, raw.attrs)
        skipped = None if missing or not codes else [m for m in known.missing if m not in codes]
        own = skipped if skipped is not None and {*codes} & {*map(normalise, given)} else None
        blocks.append("\n".join(_block(variable, guesses, own)))
    if not blocks:
        raise ValueError(
            f"{name} has no column with 2 to {MOST_ANSWERS} different answers; a codebook is for "
            "questions with answers to choose from"
        )
    export = dict(reading or {})
    top = [f"keep = {_list(export.pop('keep'))}"] if export.get("keep") else []
    top += [f"missing = {_list(known.missing)}"]
    said = [f"{option} = {_text(value)}" for option, value in export.items() if value]
    tables = ["[export]", *said] if said else []
    return "\n".join(
        [_HEAD.format(name=CONTROL.sub("", name)), *notes, *top, "", *tables, "", *blocks]
    )


def _no_question(header: str, given: Sequence[str], attrs: Mapping[Any, Any]) -> str | None:
    """Why a column is not drafted, ``None`` if it is."""
    short = attrs.get("names", {}).get(header, header)
    if any(_ABOUT_THE_SHEET.fullmatch(normalise(text)) for text in (header, short)):
        return "about the sheet and no question"
    bare = without_marks(list(dict.fromkeys(given)))
    different = {normalise(text) for text in bare.values() if "┋" not in text}
    single = [text for text in given if "┋" not in text]
    if len(single) * 2 < len(given):
        return "several answers in one cell"
    if not 1 < len(different) <= MOST_ANSWERS:
        if different and all(map(_CODE.fullmatch, different)) and len(different) > 1:
            return "numbers; give it levels with bounds"
        return "one answer only or too many"
    once = sum(map([*map(normalise, given)].count, different)) == len(different)
    if header not in attrs.get("orders", {}) and len(different) > 10 and once:
        return "every answer is different"
    return None


def _guessed(
    key: str, header: str, given: Sequence[str], attrs: Mapping[Any, Any]
) -> tuple[Variable, list[str]]:
    text = CONTROL.sub("", _QUESTION.sub("", header.strip()).strip() or header)
    several = [f"{t!r} is more than one answer" for t in dict.fromkeys(given) if "┋" in t]
    order = _order([t for t in given if "┋" not in t], header, attrs)
    guesses = ["the name, the labels; " + order.guess, *several]
    if numbered := [t for t in order.answers if _CODE.fullmatch(normalise(t))]:
        if len(numbered) == len(order.answers):
            guesses.append("codes without labels: say what they mean; an order may not be meant")
        if {"-2", "-3"} & {*map(normalise, numbered)}:
            guesses.append("if -3 or -2 is no answer, name it in 'missing' and delete its level")
    if twice := [t for t in order.answers if re.fullmatch(r".+ \([0-9]+\)", t)]:
        guesses.append(f"codes with one label: {', '.join(twice)}; aliases if they mean the same")
    variable = Variable(
        key, _labels(text), tuple(_levels(key, order)), order.ordered, (wording(header),)
    )
    return variable, guesses


def _order(given: Sequence[str], header: str, attrs: Mapping[Any, Any]) -> _Order:
    """Order by the codes of the file or the option marks, else by what the answers say."""
    bare = without_marks(list(dict.fromkeys(given)))
    firsts: dict[str, str] = {}
    for label in bare.values():
        firsts.setdefault(normalise(label), label)
    stored = [normalise(label) for label in attrs.get("orders", {}).get(header, [])]
    file_order = list(dict.fromkeys(stored or [normalise(bare[text]) for text in bare.marks]))
    for label in attrs.get("orders", {}).get(header, []):
        if not label.startswith("undeclared code "):
            firsts.setdefault(normalise(label), label)
    places = ranks(list(firsts.values()))
    by_words = dict(zip(firsts, places, strict=True)) if places else {}
    ordinal = attrs.get("ordinal", {}).get(header)
    if file_order and set(file_order) >= set(firsts):
        labels = [firsts[plain] for plain in file_order if plain in firsts]
        said = [by_words[plain] for plain in file_order if plain in firsts] if by_words else []
        runs = bool(said) and (said == sorted(said) or said == sorted(said)[::-1])
        ordered = len(labels) > 2 and (runs if ordinal is None else ordinal)
        guess = "the order is that of the file's codes"
    elif by_words:
        labels = [firsts[plain] for plain in sorted(firsts, key=lambda plain: by_words[plain])]
        ordered, guess = len(labels) > 2, "the order is that of the answers' words"
    else:
        labels, ordered, guess = list(firsts.values()), False, "no order is known"
    if not ordered and len(labels) > 2:
        guess += "; unordered: move the levels and say ordered = true if they have one"
    return _Order(labels, ordered, guess)


def _levels(key: str, order: _Order) -> list[Level]:
    plain = list(map(normalise, order.answers))
    bands = [parse_band(text, _units(text)) for text in plain]
    known = [band for band in bands if band]
    bounded = len(known) == len(bands) and _apart(known) and not all(map(_CODE.fullmatch, plain))
    taken: set[str] = set()
    levels = []
    for place, text in enumerate(order.answers, 1):
        level_key = _slug(text) or f"{key}_{place}"
        while level_key in taken or level_key in {*plain} - {plain[place - 1]}:
            level_key += "_2"
        taken.add(level_key)
        low, high = _bounds(bands[place - 1]) if bounded else (None, None)
        levels.append(Level(level_key, _labels(CONTROL.sub("", text)), low, high))
    return levels


def _apart(bands: Sequence[Interval]) -> bool:
    """Whether no whole number lies in two bands."""
    by_low = sorted(bands, key=lambda band: (band.low, band.high))
    return all(one.high < other.low for one, other in pairwise(by_low))


def _bounds(band: Interval | None) -> tuple[int | None, int | None]:
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


def _slug(text: str) -> str:
    plain = normalise(text)
    if _CODE.fullmatch(plain):
        return plain.replace("-", "minus_").replace(".", "_")
    words = re.findall(r"[a-z0-9+]+", text.casefold()) if text.isascii() else []
    return "_".join(words)[:30].strip("_")


def _key_of(header: str, name: str, place: int, taken: set[str]) -> str:
    """A name from the question's own short name, number and words, its place if it has none."""
    own = _QUESTION.match(header)
    slug = _slug(name) or _slug(header[own.end() :] if own else header)
    key = "_".join(filter(None, [f"q{int(own[1])}" if own and not name else "", slug]))
    key = key if key and not key[0].isdigit() else f"q{place}" + f"_{key}" * bool(key)
    while key in taken:
        key = f"q{place}_{key}" if not key.startswith(f"q{place}_") else f"{key}_2"
    return key


def _labels(text: str) -> dict[str, str]:
    return {"en": text, "zh-Hans": text}


def _block(
    variable: Variable, guesses: Sequence[str], missing: Sequence[str] | None
) -> Iterator[str]:
    yield from (f"{_REVIEW}{guess}" for guess in guesses)
    name = variable.key if re.fullmatch(r"[\w-]+", variable.key, re.ASCII) else _text(variable.key)
    yield f"[variables.{name}]"
    yield f"label = {_table(variable.labels)}"
    yield f"questions = {_list(variable.questions)}"
    if missing is not None:
        yield f"missing = {_list(missing)}"
    if variable.ordered:
        yield "ordered = true"
    for level in variable.levels:
        yield f"[[variables.{name}.levels]]"
        yield f"key = {_text(level.key)}"
        yield f"label = {_table(level.labels)}"
        bounds = {"low": level.low, "high": level.high}
        if said := ", ".join(f"{side} = {n}" for side, n in bounds.items() if n is not None):
            yield f"bounds = {{ {said} }}"
    yield ""


def _table(labels: Mapping[str, str]) -> str:
    return "{ " + ", ".join(f"{lang} = {_text(text)}" for lang, text in labels.items()) + " }"


def _list(texts: Sequence[str]) -> str:
    return "[" + ", ".join(map(_text, texts)) + "]"


def _text(text: str | int) -> str:
    # A JSON string or number is a TOML one, but for the delete character.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
