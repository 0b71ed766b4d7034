"""Tables for print: worded in one language, rounded, nothing escaped yet."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import pandas as pd

from churnlib.evidence import Marked, Origin, p_alone
from churnlib.figures import Label, languages
from churnlib.survey import Codebook

P_VALUES = {"p", "p_value", "p_simulated", "p_trend", "p_exact", "holm", "benjamini_hochberg"}
KEYED = {"variable", "level", "group", "verdict", "predictor", "other", "test"}
"""Columns that hold keys of the codebook, which are worded; other texts stand as they are."""
NONE = "—"
_NUMBER = re.compile(r"[<>]? ?[−-]?[\d.,]+%?|—")


@dataclass(frozen=True)
class Cells:
    """A table as text, ready to be set: worded, rounded, nothing escaped.

    Parameters
    ----------
    header : tuple of str
        One text a column, that of the row names first.
    rows : tuple of tuple of str
        As long as `header`.
    numeric : tuple of bool
        Which columns hold numbers, to be aligned on the right.

    Examples
    --------
    >>> Cells.of(pd.DataFrame({"n": [1200, -3]}, index=["a", "b"]), lambda key: {"n": "N"}[key])
    Cells(header=('', 'N'), rows=(('a', '1,200'), ('b', '−3')), numeric=(False, True))
    """

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: tuple[bool, ...]

    @classmethod
    def of(cls, frame: pd.DataFrame, label: Label, *, lang: str = "en", digits: int = 4) -> Cells:
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
        """
        chosen = _in_language(frame, lang)
        names = [_worded(key, label) for key in _flat(chosen.index)]
        columns = [_column(chosen[key], label, digits) for key in chosen.columns]
        header = [_worded(chosen.index.name or "", label), *(_worded(c, label) for c in chosen)]
        numeric = [False, *(all(map(_NUMBER.fullmatch, column)) for column in columns)]
        return cls(tuple(header), tuple(zip(names, *columns, strict=True)), tuple(numeric))


def shown(
    frame: pd.DataFrame, origin: Origin, book: Codebook, *, lang: str | None = None, digits: int = 3
) -> Marked:
    """A table for a notebook, worded and rounded like the published one, with its mark.

    Parameters
    ----------
    frame, origin, book, digits
        As for `publish_table`.
    lang : str
        Language of the words; that of the notebook when left out.
    """
    lang = lang or languages()[0]
    cells = Cells.of(frame, book.labeller(lang), lang=lang, digits=digits)
    table = pd.DataFrame(list(cells.rows), columns=list(cells.header))
    return Marked(table.set_index(cells.header[0]), origin)


def _in_language(frame: pd.DataFrame, lang: str) -> pd.DataFrame:
    chinese = [c for c in frame if isinstance(c, str) and c.endswith("_zh") and c[:-3] in frame]
    if not chinese:
        return frame
    if lang == "en":
        return frame.drop(columns=chinese)
    return frame.assign(**{c[:-3]: frame[c] for c in chinese}).drop(columns=chinese)


def _flat(index: pd.Index) -> list[Any]:
    return [key if isinstance(key, str) else str(key) for key in index]


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
