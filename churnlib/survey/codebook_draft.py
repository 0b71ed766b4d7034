"""A first codebook for an export: its questions, their kinds and levels, and what is a guess."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from math import isfinite
from typing import Any

import pandas as pd

from churnlib.evidence import LANGUAGES
from churnlib.survey.answer_order import OrderedAnswers, ordered_answers, without_marks
from churnlib.survey.answer_text import CONTROL, as_text, normalise, parse_band
from churnlib.survey.answer_values import (
    MOST_ANSWERS,
    NOT_TICKED,
    TICKED,
    are_different,
    separator_of,
    units_of_numbers,
)
from churnlib.survey.codebook import Codebook, wording
from churnlib.survey.codebook_file import codebook_text
from churnlib.survey.levels import ANY_NUMBER, Level, Variable

_CODE = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")
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
    missing: tuple[str, ...] | None = None  # where it is not what the codebook says of all
    name: str = ""  # its short name, if the file has one
    codes: Sequence[str] = ()  # answers in the order of their codes, if the file has codes
    ordinal: bool | None = None  # whether the file says that this order means something


@dataclass(frozen=True)
class Matrix:
    """Columns next to each other that are parts of one question: by header, its option or row."""

    stem: str
    parts: Mapping[str, str]
    ticks: bool  # whether each column says whether its option was ticked


@dataclass(frozen=True)
class DraftedQuestion:
    """A drafted variable and what about it could not be known."""

    variable: Variable
    guesses: tuple[str, ...] = ()


def draft(
    raw: pd.DataFrame, codebook: Codebook, name: str, reading: Mapping[str, Any] | None = None
) -> str:
    """Write a codebook for an export, as TOML for `load_codebook`.

    Each different answer becomes a level; nothing is taken from another study but the words for
    missing answers. Columns that are left out are named in lines of their own; an export without
    a question that has answers to choose from is a `ValueError`.

    Parameters
    ----------
    raw : DataFrame
        From `read_answers`.
    codebook : Codebook
        Its missing answers are looked for, and its words are no names of questions.
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
        words = (_slug(name) or _slug(_QUESTION.sub("", header))).replace("+", "")
        key = f"q{int(number[1])}_{words}".strip("_") if number and not name else words
        place = f"q{headers.index(header) + 1 if header in headers else 1}"
        if not key or key[0].isdigit():
            key = f"{place}_{key}".strip("_")
        while key in taken:
            key = f"{key}_2" if key.startswith(f"{place}_") else f"{place}_{key}"
        taken.add(key)
        return key

    matrices = _matrices(columns.values())
    matrix_of = {header: matrix for matrix in matrices for header in matrix.parts}
    drafted: dict[str, DraftedQuestion] = {}
    notes = [f"# NOTE: {note}" for note in raw.attrs.get("notes", [])]
    for header, column in columns.items():
        matrix = matrix_of.get(header)
        if matrix and matrix.ticks:
            if header == next(iter(matrix.parts)):
                drafted[header] = _ticked_question(key_of(matrix.stem), matrix)
        elif reason := _no_question(column):
            notes.append(f"# NOTE: left out, {reason}: {header!r}")
        else:
            key = key_of(header)
            if matrix:  # its rows share their answers and their order
                column = replace(column, given=[t for h in matrix.parts for t in columns[h].given])
            drafted[header] = _question(key, column, codebook.missing)
    questions = [*drafted.values(), *_scales(matrices, drafted, key_of)]
    questions += [
        DraftedQuestion(_variable(key_of(header), header, questions=(header,), kind="text"))
        for header in raw.attrs.get("texts", [])
        if not _ABOUT_THE_SHEET.fullmatch(normalise(header))
    ]
    if not any(q.variable.kind not in {"text", "weight"} for q in questions):
        raise ValueError(
            f"{name} has no column with 2 to {MOST_ANSWERS} different answers, with numbers or "
            "with options; a codebook is for questions with answers to choose from"
        )
    head = [*_HEAD.format(name=CONTROL.sub("", name)).splitlines(), *notes]
    guesses = {q.variable.key: q.guesses for q in questions}
    variables = [q.variable for q in questions]
    return codebook_text(head, variables, guesses, codebook.missing, reading or {})


def _columns(raw: pd.DataFrame, codebook: Codebook) -> Iterator[Column]:
    """The answers in each column without those that the codebook has for missing."""
    # -3 is missing where a platform writes it or all else is words, and no other is negative.
    names, orders, ordinal = (raw.attrs.get(key, {}) for key in ("names", "orders", "ordinal"))
    headers = [*map(str, raw.columns), *raw.attrs.get("dropped", [])]
    platform = any(_PLATFORM.fullmatch(normalise(header)) for header in headers)
    codes = {text for text in codebook.missing if _CODE.fullmatch(normalise(text))}
    for header in map(str, raw.columns):
        plain = {text: normalise(text) for text in raw[header].map(as_text)}
        words = codebook.missing_spellings - codes
        numbers = [t for t in {*plain.values()} - codebook.missing_spellings if _CODE.fullmatch(t)]
        are_answers = any(float(n) < 0 for n in numbers) or (numbers and not platform)
        lost = words if are_answers else codebook.missing_spellings
        given = [text for text in raw[header].map(as_text) if plain[text] not in lost]
        own = tuple(text for text in codebook.missing if text not in codes)
        missing = own if are_answers and codes & {*plain.values()} else None
        stored = orders.get(header) or ()
        yield Column(header, given, missing, names.get(header, ""), stored, ordinal.get(header))


def _matrices(columns: Iterable[Column]) -> list[Matrix]:
    """The questions that take several columns, such as Use [card] and Use [loan]."""
    given = {column.header: column.given for column in columns}
    matrices: list[Matrix] = []
    for pattern in _PARTS:
        taken = {header for matrix in matrices for header in matrix.parts}
        matches = [(h, pattern.fullmatch(h.strip())) for h in given if h not in taken]
        for stem, group in groupby(matches, key=lambda match: match[1]["stem"] if match[1] else ""):
            parts = {header: match["part"].strip() for header, match in group if match}
            if len(parts) > 1 and len({*parts.values()}) == len(parts):
                ticks = all(_ticks(given[header], header, part) for header, part in parts.items())
                matrices.append(Matrix(stem, parts, ticks))
    return matrices


def _ticks(given: Sequence[str], header: str, part: str) -> bool:
    """Return True if a column only says whether its option was ticked."""
    own = {header, part, *without_marks([part]).values()}
    return {*map(normalise, given)} <= TICKED | NOT_TICKED | {*map(normalise, own)}


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
    different = {normalise(text) for text in without_marks(column.given).values()}
    return None if len(different) > 1 else "one answer only"


def _variable(key: str, asked: str, **known: Any) -> Variable:
    label = CONTROL.sub("", _QUESTION.sub("", asked.strip()).strip() or asked)
    return Variable(key, dict.fromkeys(LANGUAGES, label), **known)


def _ticked_question(key: str, matrix: Matrix) -> DraftedQuestion:
    """A multiple-choice question of one column an option."""
    options = zip(_levels(key, OrderedAnswers([*matrix.parts.values()])), matrix.parts, strict=True)
    levels = tuple(replace(level, column=header) for level, header in options)
    question = replace(_variable(key, matrix.stem, kind="multiple"), levels=levels)
    return DraftedQuestion(question, (f"its options are {len(levels)} columns with ticks",))


def _question(key: str, column: Column, missing: Sequence[str]) -> DraftedQuestion:
    """The question of one column: the first of its kinds that fits the answers."""
    given, header, own = column.given, column.header, column.missing
    question = _variable(key, header, questions=(wording(header),), missing=own)
    free_text = DraftedQuestion(replace(question, questions=(header,), kind="text"))
    weights = pd.to_numeric(pd.Series(given, dtype=object), errors="coerce")
    if _WEIGHT.fullmatch(normalise(header).replace("-", "_")) and (weights > 0).all():
        guess = "it is taken for the weight of each answer sheet"
        return DraftedQuestion(replace(question, missing=None, kind="weight"), (guess,))
    separator = None if column.codes else separator_of(given)
    if separator and not (separator == " " and ordered_answers(given).ordered):
        parts = [part.strip() for cell in given for part in cell.split(separator) if part.strip()]
        levels = _levels(key, ordered_answers(parts))
        guess = f"several answers stand in one cell, parted by {separator!r}"
        return DraftedQuestion(replace(question, levels=levels, kind="multiple"), (guess,))
    if numeric := units_of_numbers(given):
        units, words = numeric
        if are_different(units):
            guess = f"numbers in {' and '.join(units)}: write all in one unit to take the mean"
            return replace(free_text, guesses=(guess,))
        number = replace(question, units=tuple(units), kind="number")
        if not words:
            return DraftedQuestion(number)
        guess = f"{' and '.join(map(repr, words))} are taken for no answer"
        return DraftedQuestion(replace(number, missing=(*(own or missing), *words)), (guess,))
    n_different = len({normalise(text) for text in without_marks(given).values()})
    once = 10 < n_different == len(given) and not column.codes
    if n_different > MOST_ANSWERS or once:
        return free_text
    order = ordered_answers([t for t in given if "┋" not in t], column.codes, column.ordinal)
    single = replace(question, levels=_levels(key, order), ordered=order.ordered)
    return DraftedQuestion(single, tuple(_doubts(order)))


def _doubts(order: OrderedAnswers) -> Iterator[str]:
    if order.doubt:
        yield order.doubt
    codes = [plain for plain in map(normalise, order.answers) if _CODE.fullmatch(plain)]
    if codes and len(codes) == len(order.answers):
        yield "codes without labels: say what they mean; an order may not be meant"
    if {"-2", "-3"} & {*codes}:
        yield "if -3 or -2 is no answer, name it in 'missing' and delete its level"
    if twice := [text for text in order.answers if re.fullmatch(r".+ \([0-9]+\)", text)]:
        yield f"codes with one label: {', '.join(twice)}; aliases if they mean the same"


def _levels(key: str, order: OrderedAnswers) -> tuple[Level, ...]:
    plain = [*map(normalise, order.answers)]
    bands = [parse_band(text, None) or ANY_NUMBER for text in plain]
    ends = [(band.low, band.high) for band in bands]
    whole = not any(end % 1 for pair in ends for end in pair if isfinite(end))
    apart = all(lower.high < upper.low for lower, upper in pairwise(bands))
    bounded = ANY_NUMBER not in bands and apart and whole and not all(map(_CODE.fullmatch, plain))
    levels: dict[str, Level] = {}
    for place, text in enumerate(order.answers):
        name = _slug(text) or f"{key}_{place + 1}"
        while name in levels or name in {*plain} - {plain[place]}:
            name += "_2"
        label = dict.fromkeys(LANGUAGES, CONTROL.sub("", text))
        low, high = (int(e) if bounded and isfinite(e) else None for e in ends[place])
        levels[name] = Level(name, label, low, high)
    return tuple(levels.values())


def _scales(
    matrices: Iterable[Matrix],
    drafted: Mapping[str, DraftedQuestion],
    key_of: Callable[[str], str],
) -> Iterator[DraftedQuestion]:
    """A scale for every matrix question whose rows have the same number of ordered answers."""
    for matrix in matrices:
        rows = [drafted[header].variable for header in matrix.parts if header in drafted]
        lengths = {len(row.levels) if row.ordered else 0 for row in rows}
        if len(rows) == len(matrix.parts) and len(lengths) == 1 and 0 not in lengths:
            guess = (
                f"{len(rows)} questions are taken for one scale; name those that are asked the "
                "other way round under reversed, or delete it"
            )
            key, items = key_of(f"{matrix.stem} scale"), tuple(row.key for row in rows)
            yield DraftedQuestion(_variable(key, matrix.stem, kind="scale", items=items), (guess,))


def _slug(text: str) -> str:
    """Return an ASCII name made of a text's words or number; empty if it has none."""
    plain = normalise(text)
    if _CODE.fullmatch(plain):
        return plain.replace("-", "minus_").replace(".", "_")
    words = re.findall("[a-z0-9+]+", text.casefold()) if text.isascii() else []
    return "_".join(words)[:30].strip("_")
