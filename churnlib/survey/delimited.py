"""Text files with a delimiter between the cells: csv, tsv, txt."""

from __future__ import annotations

import csv
from collections import Counter
from io import StringIO
from itertools import islice
from pathlib import Path

from churnlib.survey.raw_table import RawTable
from churnlib.survey.text_encoding import decode, encoding_of

DELIMITERS = ",;\t|"
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
    said = first.strip().strip('"').lower().startswith("sep=")
    if said:
        text = "\n" + rest  # a blank line in its place keeps the numbers of the rows
    delimiter = first.strip().strip('"')[4:5] or "\t" if said else _delimiter(text)
    try:
        rows = list(csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise ValueError(
            f"{file.name} is no well-formed CSV file: {error}; export it again, or open it in a "
            "spreadsheet and save it as .xlsx"
        ) from error
    return RawTable(_with_row_names(rows, notes), notes)


def _delimiter(text: str) -> str:
    """The one that cuts most rows into as many cells as the first, and then into most cells."""

    def fit(delimiter: str) -> tuple[float, int]:
        reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter)
        widths = [len(row) for row in islice(filter(any, reader), _LOOKED_AT)]
        if not widths or max(widths) < 2:
            return 0, 0
        width, rows = Counter(w for w in widths if w > 1).most_common(1)[0]
        return rows / len(widths), width

    return max(DELIMITERS, key=fit)


def _with_row_names(rows: list[list[str]], notes: list[str]) -> list[list[str]]:
    """R writes the names of rows without a header above them; they are no answers."""
    held = [row for row in rows if any(row)]
    apart = len({row[0] for row in held[1:]}) == len(held) - 1 > 1
    if apart and all(len(row) == len(held[0]) + 1 for row in held[1:]):
        header = rows.index(held[0])
        notes.append("the first column has no header and holds the names of rows: left out")
        return [row if i <= header else row[1:] for i, row in enumerate(rows)]
    return rows
