"""One question of a draft: its kind, its levels in order, and what about it is a guess."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import isfinite

from churnlib.survey.answer_order import ranks
from churnlib.survey.answer_text import CONTROL, INFINITY, normalise, parse_band
from churnlib.survey.draft_kinds import (
    CODE,
    MOST_ANSWERS,
    Column,
    Matrix,
    are_different,
    is_weight,
    separator_of,
    units_of_numbers,
    without_marks,
)
from churnlib.survey.levels import Level, Variable
from churnlib.survey.question_columns import wording

QUESTION = re.compile(r"^\s*[QqＱ]?(\d{1,3})\s*[、.．:：)）]\s*")
_SIDE = re.compile(
    "以上|以下|以内|更|至|不|超|大于|小于|多于|少于|高于|低于|over|above|more|old|up|under|below|less|few|young|least|most|than"
)
"""Words that leave a side of a band open; no unit has one in it."""


@dataclass(frozen=True)
class DraftedQuestion:
    """A drafted variable and what about it could not be known."""

    variable: Variable
    guesses: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Order:
    """Answers in the order of their levels, whether it means something, and what to do if not."""

    answers: list[str]
    ordered: bool = False
    guess: str = ""


def ticked_question(key: str, matrix: Matrix) -> DraftedQuestion:
    """Draft a multiple-choice question of one column an option."""
    levels = _levels(key, _Order(list(matrix.parts.values())))
    columns = zip(levels, matrix.parts, strict=True)
    levels = tuple(replace(level, column=header) for level, header in columns)
    variable = Variable(key, question_label(matrix.stem), levels, False, kind="multiple")
    return DraftedQuestion(variable, (f"its options are {len(levels)} columns with ticks",))


def drafted_question(key: str, column: Column, missing: Sequence[str]) -> DraftedQuestion:
    """Draft the question of one column; `missing` is what the codebook says of all."""
    label, given = question_label(column.header), column.given
    question = Variable(
        key, label, (), False, (wording(column.header),), missing=column.missing
    )  # fmt: skip
    if is_weight(column):
        guess = "it is taken for the weight of each answer sheet"
        return DraftedQuestion(replace(question, missing=None, kind="weight"), (guess,))
    separator = None if column.codes else separator_of(given)
    if separator and not (separator == " " and _order(given, column).ordered):
        parts = [part.strip() for cell in given for part in cell.split(separator) if part.strip()]
        levels = _levels(key, _order(parts, column))
        guess = f"several answers stand in one cell, parted by {separator!r}"
        return DraftedQuestion(replace(question, levels=levels, kind="multiple"), (guess,))
    if numeric := units_of_numbers(given):
        units, words = numeric
        if are_different(units):
            guess = f"numbers in {' and '.join(units)}: write all in one unit to take the mean"
            free = replace(question, questions=(column.header,), kind="text")
            return DraftedQuestion(free, (guess,))
        question = replace(question, units=tuple(units), kind="number")
        if not words:
            return DraftedQuestion(question)
        guess = f"{' and '.join(map(repr, words))} are taken for no answer"
        own = (*(column.missing or missing), *words)
        return DraftedQuestion(replace(question, missing=own), (guess,))
    different = {normalise(t) for t in without_marks(given).values()}
    once = len(different) > 10 and len(different) == len(given)
    if len(different) > MOST_ANSWERS or (once and not column.codes):
        return DraftedQuestion(replace(question, questions=(column.header,), kind="text"))
    order = _order([text for text in given if "┋" not in text], column)
    question = replace(question, levels=_levels(key, order), ordered=order.ordered)
    return DraftedQuestion(question, tuple(_doubts(order)))


def _doubts(order: _Order) -> list[str]:
    doubts = [order.guess] if order.guess else []
    codes = [plain for plain in map(normalise, order.answers) if CODE.fullmatch(plain)]
    if codes and len(codes) == len(order.answers):
        doubts.append("codes without labels: say what they mean; an order may not be meant")
    if {"-2", "-3"} & {*codes}:
        doubts.append("if -3 or -2 is no answer, name it in 'missing' and delete its level")
    if twice := [text for text in order.answers if re.fullmatch(r".+ \([0-9]+\)", text)]:
        doubts.append(f"codes with one label: {', '.join(twice)}; aliases if they mean the same")
    return doubts


def _order(given: Sequence[str], column: Column) -> _Order:
    """Order by the codes of the file or the option marks, else by what the answers say."""
    bare = without_marks(given)
    codes = [label for label in column.codes if not label.startswith("undeclared code ")]
    labels: dict[str, str] = {}
    for label in (*bare.values(), *codes):
        labels.setdefault(normalise(label), label)
    places = ranks(list(labels.values()))
    by_words = dict(zip(labels, places, strict=True)) if places else {}
    in_file = dict.fromkeys(map(normalise, column.codes or [bare[text] for text in bare.marked]))
    if in_file and in_file.keys() >= labels.keys():
        answers = [plain for plain in in_file if plain in labels]
        ranked = [by_words[plain] for plain in answers] if by_words else []
        runs = bool(ranked) and ranked in (sorted(ranked), sorted(ranked)[::-1])
        ordered = runs if column.ordinal is None else column.ordinal
        guess = "the order is that of the file's codes"
    elif by_words:
        answers, ordered, guess = sorted(labels, key=lambda plain: by_words[plain]), True, ""
    else:
        answers, ordered, guess = list(labels), False, "no order is known"
    texts = [labels[plain] for plain in answers]
    if ordered or len(texts) < 3:
        return _Order(texts, ordered and len(texts) > 2)
    todo = "unordered: move the levels and say ordered = true if they have one"
    return _Order(texts, False, f"{guess}; {todo}")


def _levels(key: str, order: _Order) -> tuple[Level, ...]:
    plain = list(map(normalise, order.answers))
    bands = [band for text in plain if (band := parse_band(text, _units(text)))]
    by_low = sorted(bands, key=lambda band: (band.low, band.high))
    apart = all(lower.high < upper.low for lower, upper in pairwise(by_low))
    bounded = len(bands) == len(plain) and apart and not all(map(CODE.fullmatch, plain))
    levels: dict[str, Level] = {}
    for place, text in enumerate(order.answers):
        name = slug(text) or f"{key}_{place + 1}"
        while name in levels or name in {*plain} - {plain[place]}:
            name += "_2"
        ends = (bands[place].low, bands[place].high) if bounded else (INFINITY, INFINITY)
        low, high = (int(end) if isfinite(end) else None for end in ends)
        levels[name] = Level(name, same_label(CONTROL.sub("", text)), low, high)
    return tuple(levels.values())


def _units(plain: str) -> list[str]:
    """The shortest beginnings of the words beside the numbers that leave a band to be read."""
    words = re.findall(r"[^\W\d_]+", plain)
    for length in range(max(map(len, words), default=0) + 1):
        units = {word[:length] for word in words if not _SIDE.search(word[:length])} - {""}
        if parse_band(plain, sorted(units)):
            return sorted(units)
    return []


def slug(text: str) -> str:
    """Return an ASCII name made of a text's words or number; empty if it has none."""
    plain = normalise(text)
    if CODE.fullmatch(plain):
        return plain.replace("-", "minus_").replace(".", "_")
    words = re.findall(r"[a-z0-9+]+", text.casefold()) if text.isascii() else []
    return "_".join(words)[:30].strip("_")


def question_label(header: str) -> dict[str, str]:
    """Return what a header asks, without its number, as a label."""
    return same_label(CONTROL.sub("", QUESTION.sub("", header.strip()).strip() or header))


def same_label(text: str) -> dict[str, str]:
    """Return the same label in both languages."""
    return {"en": text, "zh-Hans": text}
