"""A table as it is to be read: every cell already text, whatever it is then written into."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from churnlib.evidence import Origin, WithOrigin, p_alone
from churnlib.figures import Label, languages
from churnlib.survey import Codebook

P_VALUES = {"p", "p_value", "p_simulated", "p_trend", "p_exact", "holm", "benjamini_hochberg"}
KEYED = {"variable", "level", "group", "verdict", "predictor", "other", "test"}
"""Columns that hold keys of the codebook, which are worded; other texts stand as they are."""
NONE = "—"
_NUMBER = re.compile(r"[-−+<>= ]*[\d.,]*\d ?%?( [(\[][\d., %−-]+[)\]])?|[—–-]?|NaN")


@dataclass(frozen=True)
class TextTable:
    """A table of text: worded, rounded, nothing escaped.

    Parameters
    ----------
    header : tuple of str
        One text a column, that of the row names first.
    rows : tuple of tuple of str
        Each as long as the header.

    Raises
    ------
    ValueError
        If there is no column, or a row is longer or shorter than the header.

    Examples
    --------
    >>> TextTable(("level", "n"), (("a", "1"), ("b", "12"))).numeric
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

    @classmethod
    def of(
        cls, frame: pd.DataFrame, label: Label, *, lang: str = "en", digits: int = 3
    ) -> TextTable:
        """Word and round a frame.

        Row names, column names and the columns ``variable``, ``level``, ``group`` and
        ``verdict`` get their label where the codebook has one. A column ``x_zh`` is the column
        ``x`` in Chinese.

        Parameters
        ----------
        frame : DataFrame
            Its numbers are rounded here, a whole column to as many decimals as it needs.
        label : callable
            From `Codebook.labeller`.
        lang : str
            Which of two columns ``x`` and ``x_zh`` to take.
        digits : int
            Most decimals shown; p-values have three and end at "< .001".

        Examples
        --------
        >>> frame = pd.DataFrame({"n": [1200, -3]}, index=["a", "b"])
        >>> TextTable.of(frame, lambda key: {"n": "N"}[key]).rows
        (('a', '1,200'), ('b', '−3'))
        """
        chosen = _in_language(frame, lang)
        names = [_worded(str(key), label) for key in chosen.index]
        columns = [_column(chosen[key], label, digits) for key in chosen.columns]
        if owners := _owners(chosen):
            if chosen.index.name == "level":
                names = _levels(owners, chosen.index, label)
            for place, key in enumerate(chosen.columns):
                if key == "level":
                    columns[place] = _levels(owners, chosen[key], label)
        header = [_worded(chosen.index.name or "", label), *(_worded(c, label) for c in chosen)]
        return cls(tuple(header), tuple(zip(names, *columns, strict=True)))

    @classmethod
    def read(cls, path: Path) -> TextTable:
        """Read the text of an exhibit's table as it was written beside the figures.

        Raises
        ------
        FileNotFoundError
            If the file is missing.
        """
        try:
            text = path.read_bytes().decode("utf-8")
        except FileNotFoundError:
            raise FileNotFoundError(
                f"the table {path} is missing; run the notebook that makes it"
            ) from None
        header, *rows = csv.reader(io.StringIO(text, newline=""))
        return cls(tuple(header), tuple(map(tuple, rows)))

    @property
    def csv(self) -> str:
        """The texts separated by commas, for `read`."""
        buffer = io.StringIO(newline="")
        writer = csv.writer(buffer, lineterminator="\n", quoting=csv.QUOTE_ALL)
        writer.writerows([self.header, *self.rows])
        return buffer.getvalue()

    @property
    def numeric(self) -> tuple[bool, ...]:
        """Which columns after the first hold nothing but numbers."""
        columns = list(zip(*self.rows, strict=True)) or [("text",)] * len(self.header)
        numbers = (all(_NUMBER.fullmatch(cell.strip()) for cell in c) for c in columns[1:])
        return (False, *numbers)


def display_table(
    frame: pd.DataFrame, origin: Origin, book: Codebook, *, lang: str | None = None, digits: int = 3
) -> WithOrigin:
    """Return a table for a notebook, worded and rounded like the published one, with its mark.

    Parameters
    ----------
    frame, origin, book, digits
        As for `publish_table`.
    lang : str
        Language of the words; that of the notebook when left out.
    """
    lang = lang or languages()[0]
    table = TextTable.of(frame, book.labeller(lang), lang=lang, digits=digits)
    shown = pd.DataFrame(list(table.rows), columns=list(table.header))
    return WithOrigin(shown.set_index(table.header[0]), origin)


def _in_language(frame: pd.DataFrame, lang: str) -> pd.DataFrame:
    chinese = [c for c in frame if isinstance(c, str) and c.endswith("_zh") and c[:-3] in frame]
    if not chinese:
        return frame
    if lang == "en":
        return frame.drop(columns=chinese)
    return frame.assign(**{c[:-3]: frame[c] for c in chinese}).drop(columns=chinese)


def _owners(frame: pd.DataFrame) -> list[Any]:
    """The variable whose level stands in each row, where a column or the index names it."""
    for name in ("variable", "predictor"):
        if name in frame.columns:
            return list(frame[name])
        if frame.index.name == name:
            return list(frame.index)
    return []


def _levels(owners: list[Any], keys: Iterable[Any], label: Label) -> list[str]:
    """Word levels by their variable: ``low`` may be a level and the heading of a limit."""
    words = []
    for owner, key in zip(owners, keys, strict=True):
        try:
            words.append(label(f"{owner}.{key}"))
        except KeyError:
            words.append(_none(key) or _worded(str(key), label))
    return words


def _worded(key: Any, label: Label) -> str:
    try:
        return label(key)
    except KeyError:
        return str(key)


def _column(values: pd.Series, label: Label, digits: int) -> list[str]:
    if values.name in P_VALUES:
        return [_none(v) or p_alone(v) for v in values]
    if pd.api.types.is_bool_dtype(values) or not pd.api.types.is_numeric_dtype(values):
        return [_none(v) or _text(v, label if values.name in KEYED else str) for v in values]
    decimals = max((_decimals(v, digits) for v in values.dropna()), default=0)
    return [_none(v) or f"{v:,.{decimals}f}".replace("-", "−") for v in values]


def _text(value: Any, label: Label) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or NONE
    return _worded(value, label) if isinstance(value, str) else str(value)


def _none(value: Any) -> str:
    missing = value is None or value is pd.NA or (isinstance(value, float) and value != value)
    return NONE if missing else ""


def _decimals(value: float, digits: int) -> int:
    """How many decimals a number needs after rounding."""
    return len(f"{value:.{digits}f}".rstrip("0").partition(".")[2])
