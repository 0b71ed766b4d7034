"""What kind of question a column of an export holds, as far as its answers and header tell."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from churnlib.survey.answer_text import normalise
from churnlib.survey.answer_values import NOT_TICKED, SEPARATORS, TICKED
from churnlib.survey.option_marks import without_marks

MOST_ANSWERS = 20
"""A column with more different answers than these holds numbers or free text."""
_FEWEST_NUMBERS = 12  # different numbers from which on they are no codes of answers
_LONGEST = 15  # signs of a number that a float holds to the last digit
_FEW_WORDS = 0.1  # share of words in a column of numbers, or of answers of one's own in a list
_WEIGHT = re.compile(r"(?:.*[_ ])?(?:weights?|wt|wgt|pweight|pw|sampleweight)|权重|加权|权数|权")
_NUMBER = re.compile(r"([-+]?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]+)?)([^\W\d_]*)")
_PARTS = (
    re.compile(r"(?P<stem>.*\S)\s*[\[【](?P<part>[^\[\]【】]+)[\]】]\s*"),
    re.compile(r"(?P<stem>.*\S)\s*[(（](?P<part>[^()（）]+)[)）]\s*"),
    re.compile(r"(?P<stem>[^/]*\S)\s*/\s*(?P<part>[^/]+)"),
    re.compile(r"(?P<stem>.*\S)(?:\s+[-–—]+\s+|\s*——\s*|\s*[:：]\s*)(?P<part>.+)"),
)


@dataclass(frozen=True)
class Matrix:
    """Columns next to each other that are parts of one question.

    Parameters
    ----------
    stem : str
        The question.
    parts : mapping of str to str
        By header, the option or the row.
    ticks : bool
        Whether each column says whether its option was ticked.
    """

    stem: str
    parts: Mapping[str, str]
    ticks: bool


def matrices(columns: Mapping[str, Sequence[str]]) -> list[Matrix]:
    """Find the questions that take several columns.

    Parameters
    ----------
    columns : mapping of str to sequence of str
        The answers that were given, by header.

    Examples
    --------
    >>> ticks = {"Use [card]": ["1", "0"], "Use [loan]": ["0", "1"], "Sex": ["m", "f"]}
    >>> [(found.stem, *found.parts.values()) for found in matrices(ticks)]
    [('Use', 'card', 'loan')]
    """
    found: list[Matrix] = []
    for pattern in _PARTS:
        matches = {header: pattern.fullmatch(header.strip()) for header in columns}
        stems = [(header, match["stem"] if match else "") for header, match in matches.items()]
        taken = {header for matrix in found for header in matrix.parts}
        for stem, group in groupby(stems, key=lambda pair: pair[1]):
            headers = [header for header, _ in group if header not in taken]
            if not stem or len(headers) < 2:
                continue
            parts = {h: match["part"].strip() for h in headers if (match := matches[h])}
            if len(set(parts.values())) == len(parts):
                ticks = all(_ticks(columns[h], h, part) for h, part in parts.items())
                found.append(Matrix(stem, parts, ticks))
    return found


def _ticks(given: Sequence[str], header: str, part: str) -> bool:
    """Whether a column only says whether its option was ticked."""
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
        codes = all(re.fullmatch(r"[a-z0-9_]+", part) for part in company)
        bound = {part for part, c in company.items() if len(c) == 1 and (part,) not in c}
        written_in = sum(times[text] for text, parts in lists.items() if {*parts} & bound)
        if (
            len(company) > 2
            and len({len(parts) for parts in lists.values()}) > 1
            and all(len(set(parts)) == len(parts) for parts in lists.values())
            and written_in <= _FEW_WORDS * n
            and (separator != " " or codes)
        ):
            return separator
    return None


def units_of_numbers(given: Sequence[str]) -> tuple[list[str], list[str]] | None:
    """Return the units of a column of numbers and the few words in it, ``None`` for another one.

    Examples
    --------
    >>> units_of_numbers([f"{n}岁" for n in range(20, 40)] + ["保密"])
    (['岁'], ['保密'])
    """
    plain = Counter(map(normalise, given))
    matches = {text: _NUMBER.fullmatch(text) for text in plain}
    numbers = {text for text, match in matches.items() if match}
    words = [text for text in plain if text not in numbers]
    if len(numbers) < _FEWEST_NUMBERS or len(words) > 2 or max(map(len, numbers)) > _LONGEST:
        return None
    if sum(plain[text] for text in words) > _FEW_WORDS * len(given):
        return None
    units = {match[2] for match in matches.values() if match} - {""}
    if len(units) > 2:
        return None
    typed = dict.fromkeys(text for text in given if normalise(text) in words)
    return sorted(units), list(typed)


def numbers_people(given: Sequence[str]) -> bool:
    """Return True if the answers number the sheets: whole, all different, in one run."""
    if len(given) < MOST_ANSWERS or len(set(given)) < len(given):
        return False
    if not all(re.fullmatch("[0-9]{1,15}", text) for text in map(normalise, given)):
        return False
    numbers = [int(normalise(text)) for text in given]
    return max(numbers) - min(numbers) < 2 * len(numbers)


def is_weight(header: str, given: Sequence[str]) -> bool:
    """Return True for a column of positive numbers that is called a weight."""
    if not _WEIGHT.fullmatch(normalise(header).replace("-", "_")):
        return False
    try:
        return bool(given) and all(float(normalise(text)) > 0 for text in given)
    except ValueError:
        return False
