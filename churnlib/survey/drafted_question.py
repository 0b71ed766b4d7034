"""One question of a draft: its kind, its levels in order, and what about it is a guess."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from churnlib.survey.answer_order import ranks
from churnlib.survey.answer_text import CONTROL, INFINITY, Interval, normalise, parse_band
from churnlib.survey.draft_kinds import (
    MOST_ANSWERS,
    Matrix,
    is_weight,
    separator_of,
    units_of_numbers,
)
from churnlib.survey.levels import Level, Variable
from churnlib.survey.option_marks import without_marks
from churnlib.survey.question_columns import wording

QUESTION = re.compile(r"^\s*[QqＱ]?(\d{1,3})\s*[、.．:：)）]\s*")
_SIDE = re.compile(
    "以上|以下|以内|更|至|不|超|大于|小于|多于|少于|高于|低于|over|above|more|old|up|under|below|less|few|young|least|most|than"
)
"""Words that leave a side of a band open; no unit has one in it."""
CODE = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")


@dataclass(frozen=True)
class DraftedQuestion:
    """A drafted variable and what about it could not be known."""

    variable: Variable
    guesses: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Order:
    """Answers of a question in the order of their levels, and how that is known."""

    answers: list[str]
    ordered: bool
    guess: str


def ticked_question(key: str, matrix: Matrix) -> DraftedQuestion:
    """Draft a multiple-choice question of one column an option."""
    levels = _levels(key, _Order(list(matrix.parts.values()), False, ""))
    columns = zip(levels, matrix.parts, strict=True)
    levels = [replace(level, column=header) for level, header in columns]
    text = question_text(matrix.stem)
    variable = Variable(key, same_label(text), tuple(levels), False, kind="multiple")
    return DraftedQuestion(variable, (f"its options are {len(levels)} columns with ticks",))


def question_text(header: str) -> str:
    """Return what a header asks, without its number."""
    return CONTROL.sub("", QUESTION.sub("", header.strip()).strip() or header)


def drafted_question(
    key: str,
    header: str,
    given: Sequence[str],
    attrs: Mapping[Any, Any],
    missing: list[str] | None,
    missing_everywhere: Sequence[str],
) -> DraftedQuestion:
    """Draft the question of one column.

    Parameters
    ----------
    key, header : str
    given : sequence of str
        Its answers, without missing ones.
    attrs : mapping
        What the reader of the file knows of the order of answers.
    missing : list of str or None
        What stands for no answer in this column, where it is not what the codebook says.
    missing_everywhere : sequence of str
        What the codebook says.
    """
    text, wordings = same_label(question_text(header)), (wording(header),)
    own = tuple(missing) if missing is not None else None
    if is_weight(header, given):
        guess = "it is taken for the weight of each answer sheet"
        return DraftedQuestion(Variable(key, text, (), False, wordings, kind="weight"), (guess,))
    stored = header in attrs.get("orders", {})
    if not stored and (separator := separator_of(given)):
        parts = [part.strip() for cell in given for part in cell.split(separator) if part.strip()]
        order = _order(parts, header, attrs)
        variable = Variable(
            key, text, tuple(_levels(key, order)), False, wordings, missing=own, kind="multiple"
        )
        return DraftedQuestion(
            variable, (f"several answers stand in one cell, parted by {separator!r}",)
        )
    if numeric := units_of_numbers(given):
        units, words = numeric
        doubts: tuple[str, ...] = ()
        if words:
            own = (*(own or missing_everywhere), *words)
            doubts = (f"{' and '.join(map(repr, words))} are taken for no answer",)
        variable = Variable(
            key, text, (), False, wordings, tuple(units), missing=own, kind="number"
        )
        return DraftedQuestion(variable, doubts)
    different = {normalise(t) for t in without_marks(list(dict.fromkeys(given))).values()}
    once = len(different) > 10 and len(different) == len(given)
    if len(different) > MOST_ANSWERS or (once and not stored):
        return DraftedQuestion(Variable(key, text, (), False, (header,), missing=own, kind="text"))
    order = _order([t for t in given if "┋" not in t], header, attrs)
    guesses = [order.guess] if "order is that" not in order.guess or not order.ordered else []
    guesses = [guess for guess in guesses if len(order.answers) > 2]
    if numbered := [t for t in order.answers if CODE.fullmatch(normalise(t))]:
        if len(numbered) == len(order.answers):
            guesses.append("codes without labels: say what they mean; an order may not be meant")
        if {"-2", "-3"} & {*map(normalise, numbered)}:
            guesses.append("if -3 or -2 is no answer, name it in 'missing' and delete its level")
    if twice := [t for t in order.answers if re.fullmatch(r".+ \([0-9]+\)", t)]:
        guesses.append(f"codes with one label: {', '.join(twice)}; aliases if they mean the same")
    levels = tuple(_levels(key, order))
    variable = Variable(key, text, levels, order.ordered, wordings, missing=own)
    return DraftedQuestion(variable, tuple(guesses))


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
    bounded = len(known) == len(bands) and _apart(known) and not all(map(CODE.fullmatch, plain))
    taken: set[str] = set()
    levels = []
    for place, text in enumerate(order.answers, 1):
        level_key = slug(text) or f"{key}_{place}"
        while level_key in taken or level_key in {*plain} - {plain[place - 1]}:
            level_key += "_2"
        taken.add(level_key)
        low, high = _bounds(bands[place - 1]) if bounded else (None, None)
        levels.append(Level(level_key, same_label(CONTROL.sub("", text)), low, high))
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


def slug(text: str) -> str:
    """Return an ASCII name made of a text's words or number; empty if it has none."""
    plain = normalise(text)
    if CODE.fullmatch(plain):
        return plain.replace("-", "minus_").replace(".", "_")
    words = re.findall(r"[a-z0-9+]+", text.casefold()) if text.isascii() else []
    return "_".join(words)[:30].strip("_")


def same_label(text: str) -> dict[str, str]:
    """Return the same label in both languages."""
    return {"en": text, "zh-Hans": text}
