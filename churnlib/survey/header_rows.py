"""Headers of two or three rows: names, wordings and import marks above the answers."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from churnlib.survey.answer_text import normalise

_IMPORT = re.compile(r'\s*\{\s*["\']+ImportId')
_NAME = re.compile(r"(?i)[a-z]{1,6}[-_.]?\d+(?:[-_.#]\w+)*|[a-z]+[_.][a-z0-9_.]+")
_RESPONSE = {"response", "open-endedresponse", "回答", "答案"}
_FEW = 8  # answer sheets are too few to call a row strange
_MANY = 1_000  # rows are enough to tell


@dataclass(frozen=True)
class Header:
    """The wordings of the questions, one a column, and their short names where the file has both.

    Parameters
    ----------
    texts : list of str
    names : mapping of str to str
        Short name by wording.
    depth : int
        Rows that it takes.
    """

    texts: list[str]
    names: Mapping[str, str] = field(default_factory=dict)
    depth: int = 1


def header_of(rows: Sequence[Sequence[str]], name: str, depth: int | None = None) -> Header:
    """Read the header of a table: as many rows as given, else as many as are surely headers.

    Raises
    ------
    ValueError
        If a second row looks like a header and may be an answer sheet.

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
    tops = [[cell.strip() for cell in row] + [""] * (width - len(row)) for row in rows]
    depth = depth or _depth(tops, name)
    texts = [row for row in tops[:depth] if not any(map(_IMPORT.match, row))]
    first, *more = texts
    while first and not any(row[len(first) - 1] for row in texts):
        first = first[:-1]
    if not more:
        return Header(first, {}, depth)
    if all(first):
        wordings = [
            next((row[j] for row in reversed(more) if row[j] and not _is_response(row[j])), top)
            for j, top in enumerate(first)
        ]
        twice = {w for w in wordings if wordings.count(w) > 1}
        wordings = [
            f"{w} [{top}]" if w in twice else w for w, top in zip(wordings, first, strict=True)
        ]
        names = {w: top for w, top in zip(wordings, first, strict=True) if w != top}
        return Header(wordings, names, depth)
    return Header(_grouped(first, more), {}, depth)


def _grouped(first: Sequence[str], more: Sequence[Sequence[str]]) -> list[str]:
    """``Question [Row]`` from a question over several columns and the rows below it."""
    headers, question = [], ""
    for j, top in enumerate(first):
        question = top or question
        rows = [row[j] for row in more if row[j] and not _is_response(row[j])]
        headers.append(f"{question} [{' '.join(rows)}]" if rows and question else question)
    return headers


def _is_response(text: str) -> bool:
    return normalise(text) in _RESPONSE


def _depth(rows: Sequence[Sequence[str]], name: str) -> int:
    for place, row in enumerate(rows[1:4], 1):
        if any(map(_IMPORT.match, row)):
            return place + 1
    depth = 1
    while depth < 3 and len(rows) > depth + 1 and (said := _heads(rows, depth)):
        if said == "perhaps":
            raise ValueError(
                f"{name}: row {depth + 1} looks like a second header, since none of its answers is "
                f"given again; say how many rows of headers there are (--header-rows {depth} or "
                f"{depth + 1})"
            )
        depth += 1
    return depth


def _heads(rows: Sequence[Sequence[str]], place: int) -> str | None:
    """Whether a row is part of the header: ``surely``, ``perhaps``, ``None`` if not."""
    row, rest = rows[place], rows[place + 1 : _MANY]
    if any(map(_is_response, row)) and not all(rows[0]):
        return "surely"
    closed = []
    for j, cell in enumerate(row):
        answers = [other[j] for other in rest if j < len(other) and other[j]]
        if len(set(answers)) <= len(answers) / 2 and cell:
            closed.append((cell, {normalise(answer) for answer in answers}))
    if len(closed) < 2 or any(normalise(cell) in answers for cell, answers in closed):
        return None
    cells = [cell for cell, _ in closed]
    asks = sum(cell.rstrip("*").endswith(("?", "？", ":", "：")) for cell in cells)
    words = not any(map(_is_number, cells))
    codes = sum(bool(_NAME.fullmatch(top)) for top in rows[0]) * 2 >= len(rows[0])
    longer = sum(len(cell) > max(map(len, answers)) for cell, answers in closed) * 2 > len(cells)
    numbers = all(map(_is_number, set().union(*(answers for _, answers in closed))))
    if asks * 2 >= len(cells) or (words and (numbers or (codes and longer))):
        return "surely"
    blank = any(not top for top in rows[0]) and all(row)
    return "perhaps" if len(rest) >= _FEW or blank else None


def _is_number(text: str) -> bool:
    return re.fullmatch(r"-?[0-9]+(?:\.[0-9]+)?", normalise(text)) is not None
