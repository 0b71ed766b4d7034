"""Tables as they are to be read: every cell already text, whatever they are then written into."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

_NUMBER = re.compile(r"[-−+<>= ]*[\d.,]*\d ?%?( [(\[][\d., %−-]+[)\]])?|[—–-]?|NaN")


@dataclass(frozen=True)
class Grid:
    """A table of text.

    Parameters
    ----------
    header : tuple of str
    rows : tuple of tuple of str
        Each as long as the header.

    Raises
    ------
    ValueError
        If there is no column, or a row is longer or shorter than the header.

    Examples
    --------
    >>> Grid(("level", "n"), (("a", "1"), ("b", "12"))).numeric
    (False, True)
    """

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def __post_init__(self) -> None:
        if not self.header:
            raise ValueError("a table needs at least one column; given none")
        for row in self.rows:
            if len(row) != len(self.header):
                raise ValueError(
                    f"a row of {len(row)} cells stands under a header of {len(self.header)}: {row}"
                )

    @property
    def numeric(self) -> tuple[bool, ...]:
        """Which columns hold nothing but numbers; they are set in the middle."""
        if not self.rows:
            return (False,) * len(self.header)
        return tuple(
            all(_NUMBER.fullmatch(cell.strip()) for cell in column)
            for column in zip(*self.rows, strict=True)
        )


def read_grid(path: Path) -> Grid:
    """Read the table of an exhibit from its HTML.

    Parameters
    ----------
    path : Path
        A file with one table, as it was exported beside the figures.

    Raises
    ------
    FileNotFoundError
        If the file is missing.
    ValueError
        If it holds no table.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise FileNotFoundError(
            f"the table {path} is missing; run the notebook that makes it"
        ) from None
    reader = _Reader()
    reader.feed(text)
    reader.close()
    if not reader.head or not reader.body:
        raise ValueError(f"{path} holds no table with a header; run the notebook that makes it")
    length = max(map(len, reader.head + reader.body))
    padded = [[*row, *[""] * (length - len(row))] for row in reader.head]
    # Header rows that stand above each other become lines of one header cell.
    header = tuple("\n".join(filter(None, column)) for column in zip(*padded, strict=True))
    body = tuple((*row, *[""] * (length - len(row))) for row in reader.body)
    return Grid(header, body)


class _Reader(HTMLParser):
    """Collects the cells of the first table: ``head`` and ``body``, each a list of rows."""

    def __init__(self) -> None:
        super().__init__()
        self.head: list[list[str]] = []
        self.body: list[list[str]] = []
        self._tables = 0
        self._rows: list[list[str]] | None = None
        self._cell: list[str] | None = None
        self._span = 1

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._tables += tag == "table"
        if self._tables != 1:
            return
        if tag in {"thead", "tbody", "tfoot"}:
            self._rows = self.head if tag == "thead" else self.body
        elif tag == "tr" and self._rows is not None:
            self._rows.append([])
        elif tag in {"td", "th"} and self._rows:
            self._cell, self._span = [], int(dict(attrs).get("colspan") or 1)
        elif tag == "br" and self._cell is not None:
            self._cell.append("\n")

    def handle_data(self, data: str) -> None:
        if self._cell is not None:
            self._cell.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag in {"td", "th"} and self._cell is not None and self._rows:
            text = "".join(self._cell).strip()
            self._rows[-1] += [text] + [""] * (self._span - 1)
            self._cell = None
        elif tag == "table":
            self._tables += 1  # what follows is another one
            self._rows = None
