"""How wide the columns of a printed table are, and how large its letters."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from churnlib.report.text_table import TextTable


@dataclass(frozen=True)
class Letters:
    """Points of a cell's letters, of half a Chinese character, and of the space beside a text."""

    size: float
    half: float
    padding: float


USUAL = Letters(9.0, 5.2, 14.0)
SMALL = Letters(8.0, 4.62, 5.0)
_BOLD = 1.2
"""How much wider a header is for being bold."""


def has_room(texts: TextTable, room: int, letters: Letters) -> bool:
    """Whether every column can be as wide as its longest word: a number broken is misread."""
    least = [max(map(_longest_word, column)) for column in zip(*texts.rows, strict=True)]
    return sum(least) * letters.half + len(least) * letters.padding <= room / 12700


def column_widths(texts: TextTable, room: int, letters: Letters) -> list[int]:
    """Widths of the columns: what the text needs, or where that is too much, what lets it read.

    Every column is as wide as its longest word; what is left goes where the text is, by its mean
    length, so that one long cell does not starve a column of long ones.
    """
    from docx.shared import Pt

    columns = list(zip(texts.header, *texts.rows, strict=True))
    natural, least = (
        [max(_BOLD * measure(head), *map(measure, cells)) for head, *cells in columns]
        for measure in (_half_widths, _longest_word)
    )
    across = (room / 12700 - len(columns) * letters.padding) / letters.half
    if sum(least) > across:  # rather a broken word in a header than a broken number
        least = [max(map(_longest_word, cells)) for _, *cells in columns]
    if sum(natural) > across:
        spare = across - sum(least)
        means = [sum(map(_half_widths, column)) / len(column) for column in columns]
        asked = [
            max(0.0, mean - low) + (most - low) / 10
            for mean, most, low in zip(means, natural, least, strict=True)
        ]
        share = spare / sum(asked) if spare > 0 else 0.0
        natural = [low + share * ask for low, ask in zip(least, asked, strict=True)]
    widths = [Pt(width * letters.half + letters.padding) for width in natural]
    return [min(width, width * room // sum(widths)) for width in widths]


def _longest_word(text: str) -> int:
    """Width of what may not be broken; in Chinese a line may end after any character."""
    words = re.split(r"(?<![<>])\s|(?<=[-–/,;])", text)  # "< .001" is one
    return max(min(_half_widths(word), 24 if word.isascii() else 8) for word in words)


def _half_widths(text: str) -> int:
    lines = text.splitlines() or [""]
    return max(sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in x) for x in lines)
