"""The cells of an export as text; which rows of it are headers, repeats and totals."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from churnlib.survey.answer_text import normalise

_TOTAL = re.compile(
    r"(?:合计|总计|小计|总和|总数|平均|平均值|平均数|均值|(?:grand|sub)?total|sum|average|mean):*"
)
_IMPORT = re.compile(r'\s*\{\s*["\']+ImportId')
_NAME = re.compile(r"(?i)[a-z]{1,6}[-_.]?\d+(?:[-_.#]\w+)*|[a-z]+[_.][a-z0-9_.]+")
_RESPONSE = {"response", "open-endedresponse", "回答", "答案"}
_FEW = 8  # answer sheets are too few to call a row strange
_MANY = 1_000  # rows are enough to tell
Numbered = Mapping[int, Sequence[str]]
"""Rows of cells by their numbers in the file."""


@dataclass(frozen=True)
class RawTable:
    """All rows of a file in order, blank ones too, and what was decided while they were read.

    By header, where the file knows: answers in the order of their codes, whether that order means
    something, and the short name of the question.
    """

    rows: Sequence[Sequence[str]]
    notes: Sequence[str] = ()
    orders: Mapping[str, list[str]] = field(default_factory=dict)
    ordinal: Mapping[str, bool] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Header:
    """The wordings of the questions, their short names by wording, and how many rows it takes."""

    texts: list[str]
    names: Mapping[str, str]
    depth: int


def header_of(rows: Sequence[Sequence[str]], name: str, depth: int | None = None) -> Header:
    """Read the header of a table: as many rows as given, else as many as are surely headers.

    A second row that looks like a header and may be an answer sheet is an error. Rows below a
    question that takes several columns make ``Question [Row]`` of it.

    Examples
    --------
    >>> rows = [["Q1", "Q2"], ["Your gender?", "Your age?"], ['{"ImportId":"a"}', ""], ["m", "9"]]
    >>> header_of(rows, "export.csv").texts
    ['Your gender?', 'Your age?']
    """
    if depth is not None and not 1 <= depth < max(len(rows), 2):
        raise ValueError(
            f"{name} has {len(rows)} rows that are not blank; given {depth} of headers"
        )
    width = max(map(len, rows[: depth or 3]))
    stripped = [[cell.strip() for cell in row] + [""] * (width - len(row)) for row in rows]
    depth = depth or _depth(stripped, name)
    tops = [row for row in stripped[:depth] if not any(map(_IMPORT.match, row))]
    width = max((j for row in tops for j, cell in enumerate(row, 1) if cell), default=0)
    first, *more = (row[:width] for row in tops)
    below = [[row[j] for row in more if row[j] and not _is_response(row[j])] for j in range(width)]
    texts, names, question = [], {}, ""
    if all(first):
        lowest = [cells[-1] if cells else top for top, cells in zip(first, below, strict=True)]
        for top, text in zip(first, lowest, strict=True):
            texts.append(f"{text} [{top}]" if more and lowest.count(text) > 1 else text)
        names = {text: top for text, top in zip(texts, first, strict=True) if text != top}
    elif more:
        for top, cells in zip(first, below, strict=True):
            question = top or question
            texts.append(f"{question} [{' '.join(cells)}]" if cells and question else question)
    return Header(texts or first, names, depth)


def _is_response(text: str) -> bool:
    return normalise(text) in _RESPONSE


def _is_number(text: str) -> bool:
    return re.fullmatch(r"-?[0-9]+(?:\.[0-9]+)?", normalise(text)) is not None


def _depth(rows: Sequence[Sequence[str]], name: str) -> int:
    for depth, row in enumerate(rows[1:4], 2):
        if any(map(_IMPORT.match, row)):
            return depth
    depth = 1
    while depth < 3 and len(rows) > depth + 1 and (certainty := _heads(rows, depth)):
        if certainty == "perhaps":
            raise ValueError(
                f"{name}: row {depth + 1} looks like a second header, since none of its answers is "
                f"given again; say how many rows of headers there are (--header-rows {depth} or "
                f"{depth + 1})"
            )
        depth += 1
    return depth


def _heads(rows: Sequence[Sequence[str]], at: int) -> str | None:
    """Whether a row is part of the header: ``surely``, ``perhaps``, ``None`` if not."""
    row, rest = rows[at], rows[at + 1 : _MANY]
    if any(map(_is_response, row)) and not all(rows[0]):
        return "surely"
    closed = {}  # by column, the different answers to a question with few
    for j, cell in enumerate(row):
        answers = [other[j] for other in rest if j < len(other) and other[j]]
        if len(set(answers)) <= len(answers) / 2 and cell:
            closed[j] = {normalise(answer) for answer in answers}
    if len(closed) < 2 or any(normalise(row[j]) in answers for j, answers in closed.items()):
        return None
    half = len(closed) / 2
    asks = sum(row[j].rstrip("*").endswith(("?", "？", ":", "：")) for j in closed)
    words = not any(_is_number(row[j]) for j in closed)
    codes = sum(bool(_NAME.fullmatch(top)) for top in rows[0]) * 2 >= len(rows[0])
    longer = sum(len(row[j]) > max(map(len, answers)) for j, answers in closed.items()) > half
    numbers = all(map(_is_number, set().union(*closed.values())))
    if asks >= half or (words and (numbers or (codes and longer))):
        return "surely"
    blank = any(not top for top in rows[0]) and all(row)
    return "perhaps" if len(rest) >= _FEW or blank else None


def without_repeats(header: Sequence[str], answers: Numbered, notes: list[str]) -> Numbered:
    """Leave out rows that repeat the header or sum up the others, and say so.

    A row of totals is one whose only word is such as ``Total`` or ``合计``, which stands nowhere
    else in its column, beside blank cells or the sums, means or counts of those above.
    """
    repeated = [
        n for n, row in answers.items() if [c.strip() for c in row[: len(header)]] == header
    ]
    if repeated:
        notes.append(f"row {', '.join(map(str, repeated))} repeats the header and was left out")
    kept = {n: row for n, row in answers.items() if n not in repeated}
    for number, row in [*kept.items()]:
        words = [cell for cell in map(normalise, row) if re.search(r"[^-\d.,%]", cell)]
        if len(words) != 1 or not _TOTAL.fullmatch(words[0]):
            continue
        others = [other for n, other in kept.items() if n != number]
        if any(words[0] in map(normalise, other) for other in others):
            continue
        if _sums_up(row, others):
            del kept[number]
            notes.append(f"row {number} holds totals ({words[0]!r}) and was left out")
        else:
            notes.append(
                f"row {number} reads {words[0]!r} and was kept as an answer sheet; if it holds "
                "totals, delete it in the file"
            )
    return kept


def _sums_up(row: Sequence[str], others: Sequence[Sequence[str]]) -> bool:
    """Whether every number in the row is the sum, the mean or the count of its column."""
    cells = pd.DataFrame([row, *others], dtype="str").fillna("")
    numbers = cells.apply(lambda c: pd.to_numeric(c.str.replace("[,%]", "", regex=True), "coerce"))
    given, column = numbers.iloc[0].dropna(), numbers.iloc[1:]
    likely = pd.DataFrame([column.sum(), column.mean(), cells.iloc[1:].ne("").sum()])[given.index]
    return bool(((likely - given).abs() <= 0.005 * likely.abs().clip(lower=1)).any().all())
