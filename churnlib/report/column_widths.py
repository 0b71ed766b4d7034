"""How wide the columns of a printed table are."""

from __future__ import annotations

import re
import unicodedata

from churnlib.report.text_table import TextTable

LETTERS, MARGIN = 8.5, 3.0
"""Points of a cell's letters, and of the space on each side of its text."""
_HALF = 0.53 * LETTERS
"""Points of half a Chinese character, and of a digit; small letters are narrower on average."""
_BOLD = 1.25
"""How much wider a header is for being bold."""


def column_widths(texts: TextTable, room: float) -> list[float]:
    """Widths of the columns in points, in a room of so many points.

    A column is as wide as its longest text. Where the room is less, a column is as wide as its
    longest word, and the rest is shared in proportion to what its texts on average exceed that by.
    """
    columns = list(zip(texts.header, *texts.rows, strict=True))
    across = room / _HALF - len(columns) * 2 * MARGIN / _HALF
    widths = [max(_BOLD * _half_widths(head), *map(_half_widths, c)) for head, *c in columns]
    if sum(widths) > across:
        widths = [max(_BOLD * _longest_word(head), *map(_longest_word, c)) for head, *c in columns]
        if sum(widths) > across:  # rather a broken word in a header than a broken number
            widths = [float(max(map(_longest_word, cells), default=1)) for _, *cells in columns]
        excess = [
            sum(max(0.0, _half_widths(text) - width) for text in column) / len(column)
            for column, width in zip(columns, widths, strict=True)
        ]
        spare = max(0.0, across - sum(widths)) / (sum(excess) or 1)
        widths = [width + spare * more for width, more in zip(widths, excess, strict=True)]
    shrunk = min(1.0, across / sum(widths))
    return [width * shrunk * _HALF + 2 * MARGIN for width in widths]


def _longest_word(text: str) -> int:
    """Width of what may not be broken; in Chinese a line may end after any character."""
    words = re.split(r"(?<![<>])\s|(?<=[-–/,;])", text)  # "< .001" is one
    return max(min(_half_widths(word), 24 if word.isascii() else 8) for word in words)


def _half_widths(text: str) -> int:
    lines = text.splitlines() or [""]
    return max(sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in x) for x in lines)
