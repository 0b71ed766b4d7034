"""Text files with a delimiter between the cells: csv, tsv, txt."""

from __future__ import annotations

import csv
from collections import Counter
from io import StringIO
from itertools import islice
from pathlib import Path

from churnlib.survey.raw_table import RawTable
from churnlib.survey.text_encoding import decode, encoding_of

_LOOKED_AT = 200  # rows


def read_delimited(file: Path, encoding: str | None = None) -> RawTable:
    """Read the rows of a text file; its encoding and delimiter are found.

    Raises
    ------
    ValueError
        If the bytes are no text, or quotes are not closed.
    """
    data = file.read_bytes()
    chosen = encoding or encoding_of(data, file.name)
    text = decode(data, file.name, chosen)
    notes = []
    if encoding is None and not chosen.startswith("utf"):
        notes.append(
            f"{file.name} was read as {chosen}; if letters look wrong, say another (--encoding)"
        )
    first, _, rest = text.partition("\n")
    if (named := first.strip().strip('"')).lower().startswith("sep="):
        text = "\n" + rest  # a blank line in its place keeps the numbers of the rows
        delimiter = named[4:5] or "\t"
    else:
        delimiter = max(",;\t|", key=lambda sign: _fit(text, sign))
    try:
        rows = list(csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise ValueError(
            f"{file.name} is no well-formed CSV file: {error}; export it again, or open it in a "
            "spreadsheet and save it as .xlsx"
        ) from error
    held = [row for row in rows if any(row)]
    apart = len({row[0] for row in held[1:]}) == len(held) - 1 > 1
    if apart and all(len(row) == len(held[0]) + 1 for row in held[1:]):
        held[0].insert(0, "")  # R writes the names of rows without a header above them
    return RawTable(rows, notes)


def _fit(text: str, delimiter: str) -> tuple[float, int]:
    """The share of rows that it cuts into equally many cells, and how many these are."""
    reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter)
    widths = [len(row) for row in islice(filter(any, reader), _LOOKED_AT)]
    if not widths or max(widths) < 2:
        return 0, 0
    width, rows = Counter(w for w in widths if w > 1).most_common(1)[0]
    return rows / len(widths), width
