"""A first codebook for an export: its questions, their kinds and levels, and what is a guess."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from math import isfinite
from typing import Any

import pandas as pd

from churnlib.evidence import LANGUAGES
from churnlib.survey.answer_order import OrderedAnswers, ordered_answers
from churnlib.survey.answer_text import CONTROL, as_text, normalise, parse_band, without_marks
from churnlib.survey.answer_values import (
    FEW,
    MOST_ANSWERS,
    NOT_TICKED,
    NUMBER,
    TICKED,
    separator_of,
)
from churnlib.survey.codebook import Codebook, wording
from churnlib.survey.codebook_file import codebook_text
from churnlib.survey.levels import ANY_NUMBER, Level, Variable

_is_code = re.compile(r"-?[0-9]+(?:\.[0-9]+)?").fullmatch
_QUESTION = re.compile(r"^\s*[QqＱ]?(\d{1,3})\s*[、.．:：)）]\s*")
_PLATFORM = re.compile(r"序号|提交答卷时间|所用时间|来自ip|来源详情|总分")
_ABOUT_THE_SHEET = re.compile(
    r"序号|编号|答卷编号|总分|得分|no\.?|id|index|row|unnamed:0|status|responsetype|progress|finished|"
    r"(?:response|respondent|collector|interview)id|distributionchannel|userlanguage|"
    r"(?:start|last)page|startlanguage|seed|completed|提交方式|答题状态|deviceid|.*instanceid|"
    r"-+(?:id|uuid|index|version|notes|status|tags|submitted-by|validation-status|submission-time)-*"
)
_MOMENT = re.compile(r"[0-9]{4}[-/.][0-9]{1,2}[-/.][0-9]{1,2}[T ][0-9]{1,2}:[0-9]{2}.*")
_WEIGHT = re.compile(r"(?:.*[_ ])?(?:weights?|wt|wgt|pweight|pw|sampleweight)|权重|加权|权数|权")
_PARTS = (
    re.compile(r"(?P<stem>.*\S)\s*[\[【](?P<part>[^\[\]【】]+)[\]】]\s*"),
    re.compile(r"(?P<stem>.*\S)\s*[(（](?P<part>[^()（）]+)[)）]\s*"),
    re.compile(r"(?P<stem>[^/]*\S)\s*/\s*(?P<part>[^/]+)"),
    re.compile(r"(?P<stem>.*\S)(?:\s+[-–—]+\s+|\s*—+\s*|\s*[:：]\s*)(?P<part>.+)"),
)
_FEWEST_NUMBERS = 12  # different numbers from which on they are no codes of answers
_LONGEST = 15  # signs of a number that a float holds to the last digit
_HEAD = """\
# A draft made from {name}. What it could not know stands in the list of guesses, each with the line
# to change; delete an entry when it is decided. `analyse` runs with the guesses and repeats them.
# Levels are shown in their order here; ordered = true says that it means something. Merge spellings
# of one answer under "aliases". Of two answers to the response a model explains the odds of the
# second: put "left" after "stayed". Kinds: single, multiple, scale, number, text, weight, id.
"""


@dataclass(frozen=True)
class Column:
    """What was answered in one column, and what the file says of it."""

    header: str
    given: Sequence[str]  # without the missing answers
    missing: tuple[str, ...] | None  # where it is not what the codebook says of all
    name: str  # its short name, if the file has one
    codes: Sequence[str]  # answers in the order of their codes, if the file has codes
    ordinal: bool | None  # whether the file says that this order means something


def draft(
    raw: pd.DataFrame, codebook: Codebook, name: str, reading: Mapping[str, Any] | None = None
) -> str:
    """Write a codebook for an export, as TOML for `load_codebook`.

    Each different answer becomes a level; columns that are left out are named. An export without
    a question that has answers to choose from is a `ValueError`.

    Parameters
    ----------
    raw : DataFrame
        From `read_answers`.
    codebook : Codebook
        Its missing answers are looked for, and its words are no names of questions; nothing else
        is taken from it.
    name : str
        The file's name, for the first line.
    reading : mapping, optional
        What `read_answers` was given, to be given it again.

    Examples
    --------
    >>> import pandas as pd
    >>> from churnlib.survey import load_codebook
    >>> raw = pd.DataFrame({"1、Do you bank online?": ["A. Yes", "B. No", "Yes", "(跳过)"]})
    >>> text = draft(raw, load_codebook(), "export.csv")
    >>> [line for line in text.splitlines() if line.startswith("key")]
    ['key = "yes"', 'key = "no"']
    """
    columns = {column.header: column for column in _columns(raw, codebook)}
    headers = [*columns, *raw.attrs.get("dropped", [])]
    taken = {"n", *codebook.words, *codebook.common}

    def key_of(header: str) -> str:
        """A name from the question's short name, number and words, its place if it has none."""
        name, number = columns[header].name if header in columns else "", _QUESTION.match(header)
        key = (_slug(name) or _slug(_QUESTION.sub("", header))).replace("+", "")
        if number and not name:
            key = f"q{int(number[1])}_{key}".strip("_")
        place = f"q{headers.index(header) + 1 if header in headers else 1}"
        if not key or key[0].isdigit():
            key = f"{place}_{key}".strip("_")
        while key in taken:
            key = f"{key}_2" if key.startswith(f"{place}_") else f"{place}_{key}"
        taken.add(key)
        return key

    matrices = _matrices(columns)
    stem_of = {header: stem for stem, parts in matrices.items() for header in parts}
    variables: dict[str, Variable] = {}
    guesses: dict[str, list[str]] = defaultdict(list)
    notes = list(raw.attrs.get("notes", []))
    for header, column in columns.items():
        parts = matrices.get(stem := stem_of.get(header, ""), {})
        if parts and all(_ticks(columns[each], part) for each, part in parts.items()):
            if header == next(iter(parts)):
                key = key_of(stem)
                options = zip(_levels(key, [*parts.values()]), parts, strict=True)
                levels = tuple(replace(level, column=each) for level, each in options)
                variables[header] = _variable(key, stem, kind="multiple", levels=levels)
                guesses[key].append(f"its options are {len(parts)} columns with ticks")
        elif reason := _no_question(column):
            notes.append(f"left out, {reason}: {header!r}")
        else:  # the rows of a matrix share their answers and their order
            given = [text for each in parts or [header] for text in columns[each].given]
            key, shared = key_of(header), replace(column, given=given)
            variables[header] = _question(key, shared, codebook.missing, guesses[key])
    for stem, parts in matrices.items():
        rows = [variables[header] for header in parts if header in variables]
        lengths = {len(row.levels) if row.ordered else 0 for row in rows}
        if len(rows) == len(parts) and len(lengths) == 1 and 0 not in lengths:
            key, items = key_of(f"{stem} scale"), tuple(row.key for row in rows)
            variables[key] = _variable(key, stem, kind="scale", items=items)
            guesses[key].append(
                f"{len(rows)} questions are taken for one scale; name those that are asked the "
                "other way round under reversed, or delete it"
            )
    for header in raw.attrs.get("texts", []):
        if not _ABOUT_THE_SHEET.fullmatch(normalise(header)):
            key = key_of(header)
            variables[header] = _variable(key, header, questions=(header,), kind="text")
    if {variable.kind for variable in variables.values()} <= {"text", "weight"}:
        raise ValueError(
            f"{name} has no column with 2 to {MOST_ANSWERS} different answers, with numbers or "
            "with options; a codebook is for questions with answers to choose from"
        )
    head = [*_HEAD.format(name=CONTROL.sub("", name)).splitlines()]
    head += [f"# NOTE: {note}" for note in notes]
    return codebook_text(head, [*variables.values()], guesses, codebook.missing, reading or {})


def _columns(raw: pd.DataFrame, codebook: Codebook) -> Iterator[Column]:
    """The answers in each column without those that the codebook has for missing."""
    names, orders, ordinal = (raw.attrs.get(key, {}) for key in ("names", "orders", "ordinal"))
    headers = [*raw.columns, *raw.attrs.get("dropped", [])]
    platform = any(_PLATFORM.fullmatch(normalise(header)) for header in headers)
    lost = codebook.missing_spellings
    words = tuple(text for text in codebook.missing if not _is_code(normalise(text)))
    codes = {text for text in lost if _is_code(text)}
    for header in raw.columns:
        texts = raw[header].map(as_text)
        plain = texts.map(normalise)
        # -3 is missing where a platform writes it or all else is words, and no other is negative.
        numbers = [text for text in {*plain} - lost if _is_code(text)]
        are_answers = any(text[0] == "-" for text in numbers) or (numbers and not platform)
        given = texts[~plain.isin(lost - codes if are_answers else lost)].to_list()
        own = words if are_answers and codes & {*plain} else None
        stored = orders.get(header) or ()
        yield Column(header, given, own, names.get(header, ""), stored, ordinal.get(header))


def _matrices(headers: Iterable[str]) -> dict[str, dict[str, str]]:
    """By stem, the questions of several columns, Use [card] and Use [loan]: the part by header."""
    matrices: dict[str, dict[str, str]] = {}
    for pattern in _PARTS:
        taken = {header for parts in matrices.values() for header in parts}
        matches = [(h, pattern.fullmatch(h)) for h in headers if h not in taken]
        # Only columns next to each other are parts of one question.
        for stem, run in groupby(matches, key=lambda match: match[1]["stem"] if match[1] else ""):
            parts = {header: match["part"].strip() for header, match in run if match}
            if len({*parts.values()}) == len(parts) > 1:
                matrices.setdefault(stem, parts)
    return matrices


def _ticks(column: Column, part: str) -> bool:
    """Return True if a column only says whether its option was ticked."""
    own = {normalise(column.header), normalise(part)}
    return {*map(normalise, column.given)} <= TICKED | NOT_TICKED | own


def _no_question(column: Column) -> str | None:
    """Return why a column is not drafted, ``None`` if it is."""
    plain = [normalise(text) for text in column.given]
    if any(_ABOUT_THE_SHEET.fullmatch(normalise(text)) for text in (column.header, column.name)):
        return "about the sheet and no question"
    if plain and all(_MOMENT.fullmatch(text.strip()) for text in column.given):
        return "the time of a sheet"
    if len({*plain}) == len(plain) >= MOST_ANSWERS and all(map(str.isdecimal, plain)):
        numbers = [*map(int, plain)]
        if max(numbers) - min(numbers) < 2 * len(numbers):
            return "a different number for each sheet"
    return None if _n_different(column.given) > 1 else "one answer only"


def _n_different(given: Iterable[str]) -> int:
    return len({normalise(text) for text in without_marks(given).values()})


def _variable(key: str, asked: str, **known: Any) -> Variable:
    label = CONTROL.sub("", _QUESTION.sub("", asked.strip()).strip() or asked)
    return Variable(key, dict.fromkeys(LANGUAGES, label), **known)


def _question(key: str, column: Column, missing: Sequence[str], guesses: list[str]) -> Variable:
    """The question of one column: the first of its kinds that fits the answers."""
    given, header, own = column.given, column.header, column.missing
    question = _variable(key, header, questions=(wording(header),), missing=own)
    text = replace(question, questions=(header,), kind="text")
    weights = pd.to_numeric(pd.Series(given, dtype=object), errors="coerce")
    if _WEIGHT.fullmatch(normalise(header).replace("-", "_")) and (weights > 0).all():
        guesses.append("it is taken for the weight of each answer sheet")
        return replace(question, missing=None, kind="weight")
    separator = None if column.codes else separator_of(given)
    if separator and not (separator == " " and ordered_answers(given).ordered):
        parts = [part.strip() for cell in given for part in cell.split(separator) if part.strip()]
        guesses.append(f"several answers stand in one cell, parted by {separator!r}")
        levels = _levels(key, ordered_answers(parts).answers)
        return replace(question, levels=levels, kind="multiple")
    if number := _number(question, given):
        if len({re.sub("^[周个]|左右$|s$", "", unit) for unit in number.units}) > 1:
            units = " and ".join(number.units)
            guesses.append(f"numbers in {units}: write all in one unit to take the mean")
            return text
        if not (words := number.missing):
            return replace(number, missing=own)
        guesses.append(f"{' and '.join(map(repr, words))} are taken for no answer")
        return replace(number, missing=(*(own or missing), *words))
    n_different = _n_different(given)
    if n_different > MOST_ANSWERS or (10 < n_different == len(given) and not column.codes):
        return text
    order = ordered_answers([t for t in given if "┋" not in t], column.codes, column.ordinal)
    guesses += _doubts(order)
    return replace(question, levels=_levels(key, order.answers), ordered=order.ordered)


def _number(question: Variable, given: Sequence[str]) -> Variable | None:
    """A question for numbers with their units, and as missing the few words among them."""
    times = Counter(map(normalise, given))
    matches = {text: re.fullmatch(rf"({NUMBER})([^\W\d_]*)", text) for text in times}
    units = {text: match[2] for text, match in matches.items() if match}
    words = times.keys() - units
    named = sorted({*units.values()} - {""})
    few = len(words) <= 2 and sum(times[word] for word in words) <= FEW * len(given)
    if len(units) < _FEWEST_NUMBERS or max(map(len, units)) > _LONGEST or len(named) > 2 or not few:
        return None
    missing = dict.fromkeys(text for text in given if normalise(text) in words)
    return replace(question, units=tuple(named), missing=tuple(missing), kind="number")


def _doubts(order: OrderedAnswers) -> Iterator[str]:
    if len(order.answers) > 2 and not order.ordered:
        why = "the order is that of the file's codes" if order.in_file else "no order is known"
        yield f"{why}; unordered: move the levels and say ordered = true if they have one"
    plain = [*map(normalise, order.answers)]
    if plain and all(map(_is_code, plain)):
        yield "codes without labels: say what they mean; an order may not be meant"
    if {"-2", "-3"} & {*plain}:
        yield "if -3 or -2 is no answer, name it in 'missing' and delete its level"
    if twice := [text for text in order.answers if re.fullmatch(r".+ \([0-9]+\)", text)]:
        yield f"codes with one label: {', '.join(twice)}; aliases if they mean the same"


def _levels(key: str, answers: Sequence[str]) -> tuple[Level, ...]:
    """A level an answer, with bounds where all are bands in a row."""
    plain = [*map(normalise, answers)]
    bands = [parse_band(text, None) or ANY_NUMBER for text in plain]
    ends = [(band.low, band.high) for band in bands]
    whole = not any(end % 1 for pair in ends for end in pair if isfinite(end))
    apart = all(lower.high < upper.low for lower, upper in pairwise(bands))
    bounded = ANY_NUMBER not in bands and apart and whole and not all(map(_is_code, plain))
    levels: dict[str, Level] = {}
    for place, text in enumerate(answers):
        name = _slug(text) or f"{key}_{place + 1}"
        while name in levels or name in {*plain} - {plain[place]}:
            name += "_2"
        label = dict.fromkeys(LANGUAGES, CONTROL.sub("", text))
        low, high = (int(e) if bounded and isfinite(e) else None for e in ends[place])
        levels[name] = Level(name, label, low, high)
    return tuple(levels.values())


def _slug(text: str) -> str:
    """Return an ASCII name made of a text's words or number; empty if it has none."""
    plain = normalise(text)
    if _is_code(plain):
        return plain.replace("-", "minus_").replace(".", "_")
    words = re.findall("[a-z0-9+]+", text.casefold()) if text.isascii() else []
    return "_".join(words)[:30].strip("_")
