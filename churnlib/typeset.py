"""Tables for print: worded in each language, as LaTeX with three lines and as HTML."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import pandas as pd

from churnlib.apa import p_text
from churnlib.canvas import LANGUAGES, Label, export, outputs
from churnlib.codebook import Codebook
from churnlib.lettering import width
from churnlib.provenance import Origin
from churnlib.verdicts import exhibit_entries

KEYED = {"variable", "level", "group", "verdict"}
"""Columns that hold keys of the codebook, which are worded; other texts stand as they are."""
LONG = 16
"""A column of texts longer than this is broken into lines."""
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


def publish_table(
    name: str,
    frame: pd.DataFrame,
    origin: Origin,
    book: Codebook,
    *,
    digits: int = 4,
    columns: Sequence[str] | None = None,
) -> None:
    """Write a table as CSV, and in every language as LaTeX and HTML.

    Parameters
    ----------
    name : str
        File name without ending, as in ``notebooks/exhibits.toml``, which has its title.
    frame : DataFrame
        Worded and rounded by `Cells.of`; the CSV in ``figures/source/`` has it as it is.
    origin : Origin
        Stands in the caption.
    book : Codebook
        Where the words stand.
    digits : int
        Most decimals shown.
    columns : sequence of str, optional
        What is shown; the CSV has every column in any case.

    Raises
    ------
    KeyError
        If no exhibit has this name.
    """
    titles = {entry["name"]: entry["title"] for entry in exhibit_entries()}
    if name not in titles:
        raise KeyError(f"notebooks/exhibits.toml has no exhibit with a file {name!r}; add it")
    export(name, {name: frame})
    shown = frame if columns is None else frame[list(columns)]
    for lang in LANGUAGES:
        cells = Cells.of(shown, book.labeller(lang), lang=lang, digits=digits)
        folder = outputs() / "figures" / lang
        folder.mkdir(parents=True, exist_ok=True)
        for ending, text in (
            ("tex", latex(cells, titles[name][lang], origin, name, lang)),
            ("html", html_page(cells, titles[name][lang], origin, lang)),
        ):
            (folder / f"{name}.{ending}").write_text(text, encoding="utf-8", newline="\n")


def latex(cells: Cells, caption: str, origin: Origin, name: str, lang: str) -> str:
    r"""A table with three lines, for the package booktabs.

    A table of sentences becomes a ``longtable``, which may run over several pages. The text is
    Unicode, so it takes XeLaTeX or LuaLaTeX, and for Chinese ctex.

    Raises
    ------
    ValueError
        If a text has an emoji: no font that LaTeX takes by itself has it.

    Examples
    --------
    >>> cells = Cells(("", "Share, %"), (("R&D", "12.0"),), (False, True))
    >>> print(latex(cells, "Staff", Origin.PUBLISHED, "staff", "en"))
    % XeLaTeX or LuaLaTeX; \usepackage{booktabs,array,longtable} and, for Chinese, {ctex}
    \begin{table}
    \centering
    \caption{Staff (PUBLISHED)}\label{tab:staff}
    \begin{tabular}{lr}
    \toprule
     & Share, \% \\
    \midrule
    R\&D & 12.0 \\
    \bottomrule
    \end{tabular}
    \end{table}
    <BLANKLINE>
    """
    columns = zip(cells.header, *cells.rows, strict=True)
    widths = [max(map(width, column)) for column in columns]
    long = [w > LONG and not n for w, n in zip(widths, cells.numeric, strict=True)]
    # Longer texts get wider columns, but not in proportion: the shortest must hold a word.
    parts = [w**0.5 if is_long else 0 for w, is_long in zip(widths, long, strict=True)]
    fixed = sum(w for w, is_long in zip(widths, long, strict=True) if not is_long)
    free = max(0.3, 1 - 0.024 * len(widths) - 0.014 * fixed)  # of the line; a letter takes 1.4 %
    layout = "".join(
        rf">{{\raggedright\arraybackslash}}p{{{free * part / sum(parts):.2f}\linewidth}}"
        if part
        else "r"
        if number
        else "l"
        for part, number in zip(parts, cells.numeric, strict=True)
    )
    mark = origin.name if lang == "en" else origin.badge
    title = rf"\caption{{{_tex(f'{caption} ({mark})')}}}\label{{tab:{name}}}"
    head = " & ".join(map(_tex, cells.header)) + r" \\"
    body = [" & ".join(map(_tex, row)) + r" \\" for row in cells.rows]
    if any(long):
        lines = [
            r"{\small\tabcolsep=4pt",
            rf"\begin{{longtable}}{{{layout}}}",
            title + r" \\",
            r"\toprule",
            head,
            r"\midrule",
            r"\endhead",
            r"\bottomrule",
            r"\endfoot",
            *body,
            r"\end{longtable}}",
        ]
    else:
        lines = [
            r"\begin{table}",
            r"\centering",
            title,
            rf"\begin{{tabular}}{{{layout}}}",
            r"\toprule",
            head,
            r"\midrule",
            *body,
            r"\bottomrule",
            r"\end{tabular}",
            r"\end{table}",
        ]
    needs = r"% XeLaTeX or LuaLaTeX; \usepackage{booktabs,array,longtable} and, for Chinese, {ctex}"
    return "\n".join([needs, *lines]) + "\n"


def html_table(cells: Cells, caption: str, origin: Origin) -> str:
    """The element ``<table>`` alone, to stand in a page; every text in it is escaped.

    Examples
    --------
    >>> "<td>&lt;script&gt;</td>" in html_table(
    ...     Cells(("",), (("<script>",),), (False,)), "A & B", Origin.OBSERVED)
    True
    """

    def row(texts: Iterable[str], tag: str) -> str:
        marks = (' class="number"' if number else "" for number in cells.numeric)
        inner = (f"<{tag}{m}>{escape(t)}</{tag}>" for m, t in zip(marks, texts, strict=True))
        return f"<tr>{''.join(inner)}</tr>\n"

    head, body = row(cells.header, "th"), "".join(row(texts, "td") for texts in cells.rows)
    return (
        f"<table>\n<caption>{escape(caption)} {origin.badge_html}</caption>\n"
        f"<thead>\n{head}</thead>\n<tbody>\n{body}</tbody>\n</table>\n"
    )


def html_page(cells: Cells, caption: str, origin: Origin, lang: str) -> str:
    """A page with the table and its three lines; it asks for nothing from anywhere."""
    return (
        f'<!doctype html>\n<html lang="{lang}">\n<meta charset="utf-8">\n'
        f"<title>{escape(caption)}</title>\n<style>\n{_STYLE}</style>\n"
        f"{html_table(cells, caption, origin)}</html>\n"
    )


_STYLE = """body { font-family: "Noto Sans SC", "Noto Sans CJK SC", sans-serif; margin: 2em; }
table { border-collapse: collapse; border-bottom: 1.5px solid; border-top: 1.5px solid; }
caption { padding-bottom: .6em; text-align: left; }
thead { border-bottom: .75px solid; }
th, td { overflow-wrap: anywhere; padding: .25em .8em; text-align: left; vertical-align: top; }
.number { font-variant-numeric: tabular-nums; text-align: right; white-space: nowrap; }
"""

_TEX = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#",
    "%": r"\%", "_": r"\_", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}",
    # An optional argument or a starred line break, were it the first of a row.
    "[": "{[}", "*": "{*}",
    "`": r"\textasciigrave{}", '"': r"\textquotedbl{}",
}  # fmt: skip


def _tex(text: str) -> str:
    for letter in text:
        if ord(letter) > 0xFFFF and unicodedata.category(letter) != "Lo":
            raise ValueError(
                f"{letter!r} (U+{ord(letter):04X}) in {text!r} is in no font that LaTeX takes by "
                "itself; word the label without it"
            )
    plain = "".join(" " if unicodedata.category(letter) == "Cc" else letter for letter in text)
    escaped = "".join(_TEX.get(letter, letter) for letter in plain)
    return re.sub("([-'])(?=\\1)", r"\1{}", escaped)  # LaTeX would join two into one


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
    if values.name in {"p", "p_value"}:
        return [_none(v) or p_text(v).removeprefix("p ").removeprefix("= ") for v in values]
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
