"""A table as it is to be read, every cell already text; written as CSV, LaTeX and HTML."""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from html import escape
from pathlib import Path
from typing import Any

import pandas as pd

from churnlib.evidence import LANGUAGES, Origin, WithOrigin, p_alone
from churnlib.figures import Label, export, languages, outputs, width
from churnlib.studies import exhibit_entries
from churnlib.survey import Codebook

NONE = "—"
P_VALUES = {
    "p", "p_value", "p_simulated", "p_trend", "p_exact", "holm", "benjamini_hochberg",
    "games_howell", "dunn_holm", "spearman_p",
}  # fmt: skip
_KEYED = {"variable", "level", "group", "verdict", "predictor", "other", "test"}
"""Columns that hold keys of the codebook, which are worded; other texts stand as they are."""
_NUMBER = re.compile(r"[-−+<>= ]*[\d.,]*\d ?%?( [(\[][\d., %−-]+[)\]])?|[—–-]?|NaN")
_LETTER, _MARGIN = 4.9, 7.0  # points of half a Chinese character in a cell, and beside its text
_LONG = 16  # in LaTeX a column with a text longer than this is broken into lines


@dataclass(frozen=True)
class TextTable:
    """A table of text: worded, rounded, nothing escaped; the row names are the first column.

    Examples
    --------
    >>> TextTable(("level", "n"), (("a", "1"), ("b", "12"))).numeric
    (False, True)
    """

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    @classmethod
    def of(
        cls, frame: pd.DataFrame, label: Label, *, lang: str = "en", digits: int = 3
    ) -> TextTable:
        """Word and round a frame.

        Names and keys get their label where the codebook has one, a level that of its variable.
        Of the columns ``x`` and ``x_zh`` the one in `lang` is shown. Numbers get as many decimals
        as their column needs, at most `digits`; p-values three.
        """
        chinese = [c for c in frame if str(c).endswith("_zh") and c[:-3] in frame]
        if lang != "en":
            frame = frame.assign(**{c[:-3]: frame[c] for c in chinese})
        frame = frame.drop(columns=chinese)

        def word(key: Any, owner: Any = None) -> str:
            for name in (f"{owner}.{key}", str(key)):
                with suppress(KeyError):
                    return label(name)
            return str(key)

        names = pd.Series(frame.index, name=frame.index.name or "")
        columns = [names, *(frame[key] for key in frame)]
        owners = [c for c in columns if c.name in {"variable", "predictor"}][:1]

        def texts(column: pd.Series) -> list[str]:
            if owners and column.name == "level":
                pairs = zip(column, *owners, strict=True)
                return [_text(key, partial(word, owner=owner)) for key, owner in pairs]
            return [*map(word, column)] if column is names else _cells(column, word, digits)

        header = tuple(word(column.name) for column in columns)
        return cls(header, tuple(zip(*map(texts, columns), strict=True)))

    @classmethod
    def read(cls, path: Path) -> TextTable:
        """Read the text of an exhibit's table as it was written beside the figures."""
        with path.open(encoding="utf-8", newline="") as file:
            header, *rows = csv.reader(file)
        return cls(tuple(header), tuple(map(tuple, rows)))

    @property
    def csv(self) -> str:
        """The texts separated by commas, for `read`."""
        lines = pd.DataFrame([self.header, *self.rows])
        return lines.to_csv(header=False, index=False, quoting=csv.QUOTE_ALL, lineterminator="\n")

    @property
    def columns(self) -> list[tuple[str, ...]]:
        """The texts of each column, its header first."""
        return list(zip(self.header, *self.rows, strict=True))

    @property
    def numeric(self) -> tuple[bool, ...]:
        """Which columns after the first hold nothing but numbers."""
        numbers = (
            bool(cells) and all(_NUMBER.fullmatch(cell.strip()) for cell in cells)
            for _, *cells in self.columns[1:]
        )
        return (False, *numbers)

    def widths(self, room: float) -> list[float]:
        """Widths of the columns in Word, where they have room for so many points.

        Each is that of the longest text; where room lacks, that of the longest word, and the rest
        is shared in proportion to what the texts of a column on average exceed that by.
        """
        across = (room - len(self.columns) * _MARGIN) / _LETTER
        widths = [max(1.2 * _width(head), *map(_width, cells)) for head, *cells in self.columns]
        if sum(widths) > across:
            words = [[*map(_longest_word, column)] for column in self.columns]
            least = [max(1.2 * head, *cells) for head, *cells in words]
            if sum(least) > across:  # rather a broken word in a header than a broken number
                least = [max(cells, default=1) for _, *cells in words]
            excess = [
                sum(max(0.0, _width(text) - n) for text in column) / len(column)
                for column, n in zip(self.columns, least, strict=True)
            ]
            share = max(0.0, across - sum(least)) / (sum(excess) or 1)
            widths = [n + share * more for n, more in zip(least, excess, strict=True)]
        letter = _LETTER * min(1, across / sum(widths))
        return [letter * n + _MARGIN for n in widths]


def _width(text: str) -> float:
    """Columns of a text; digits are wider than letters in what replaces Times New Roman."""
    return width(text) + 0.12 * len(re.findall(r"[\d−]", text))


def _longest_word(text: str) -> float:
    """Width of what may not be broken; in Chinese a line may end after any character."""
    words = re.split(r"(?<![<>])\s|(?<=[–/,;])|(?<=-)(?!\d)", text)  # "< .001" and 3-1 are one
    return max(min(_width(word), 24 if word.isascii() else 8) for word in words)


def _cells(values: pd.Series, word: Callable[[Any], str], digits: int) -> list[str]:
    if values.name in P_VALUES:
        return [_text(value, p_alone) for value in values]
    if pd.api.types.is_bool_dtype(values) or not pd.api.types.is_numeric_dtype(values):
        return [_text(value, word if values.name in _KEYED else str) for value in values]
    needed = (len(f"{v:.{digits}f}".rstrip("0").partition(".")[2]) for v in values.dropna())
    decimals = max(needed, default=0)
    return [_text(v, lambda v: f"{v:,.{decimals}f}".replace("-", "−")) for v in values]


def _text(value: Any, written: Callable[[Any], str]) -> str:
    if value is None or value is pd.NA or (isinstance(value, float) and value != value):
        return NONE
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or NONE
    return written(value)


def display_table(
    frame: pd.DataFrame, origin: Origin, book: Codebook, *, lang: str | None = None, digits: int = 3
) -> WithOrigin:
    """Return a table for a notebook, worded and rounded like the published one, with its mark.

    The arguments are those of `publish_table`; `lang` is that of the notebook when left out.
    """
    lang = lang or languages()[0]
    table = TextTable.of(frame, book.labeller(lang), lang=lang, digits=digits)
    shown = pd.DataFrame(table.rows, columns=table.header)
    return WithOrigin(shown.set_index(table.header[0]), origin)


def publish_table(
    name: str,
    frame: pd.DataFrame,
    origin: Origin,
    book: Codebook,
    *,
    digits: int = 3,
    columns: Sequence[str] | None = None,
) -> None:
    """Write a table as it is, and in every language as text in CSV, LaTeX and HTML.

    Parameters
    ----------
    name : str
        File name without ending, as in ``notebooks/exhibits.toml``, which has its title; a name
        that is not there is a KeyError.
    frame : DataFrame
        ``figures/source/`` has it as it is, with every column.
    origin : Origin
        Stands in the caption. Where it is not the exhibit's own, as for a survey of one's own,
        ``figures/source/`` alone is written: the title would speak of other answers.
    book : Codebook
        Where the words stand.
    digits : int
        Most decimals shown.
    columns : sequence of str, optional
        What is shown; all when left out.
    """
    entries = {entry["name"]: entry for entry in exhibit_entries()}
    if name not in entries:
        raise KeyError(f"notebooks/exhibits.toml has no exhibit with a file {name!r}; add it")
    export(name, {name: frame})
    title = entries[name]["title"]
    if origin.name != entries[name]["origin"]:
        return
    shown = frame if columns is None else frame[list(columns)]
    for lang in LANGUAGES:
        table = TextTable.of(shown, book.labeller(lang), lang=lang, digits=digits)
        folder = outputs() / "figures" / lang
        folder.mkdir(parents=True, exist_ok=True)
        for ending, text in (
            ("csv", table.csv),
            ("tex", latex(table, title[lang], origin, name, lang)),
            ("html", html_page(table, title[lang], origin, lang)),
        ):
            (folder / f"{name}.{ending}").write_text(text, encoding="utf-8", newline="\n")


def latex(table: TextTable, caption: str, origin: Origin, name: str, lang: str) -> str:
    """Return a table with three lines; with sentences it may run over several pages."""
    layout = "".join(
        "r" if is_numeric else "X" if max(map(width, texts)) > _LONG else "l"
        for texts, is_numeric in zip(table.columns, table.numeric, strict=True)
    )
    title = rf"\caption{{{_tex(f'{caption} ({origin.mark(lang)})')}}}\label{{tab:{name}}}"
    head, *body = (" & ".join(map(_tex, row)) + r" \\" for row in (table.header, *table.rows))
    if "X" in layout:
        preamble = layout.replace("X", r">{\raggedright\arraybackslash}X")
        lines = [
            r"{\small\tabcolsep=4pt",
            rf"\begin{{xltabular}}{{\linewidth}}{{{preamble}}}",
            title + r" \\",
            *(r"\toprule", head, r"\midrule", r"\endhead", r"\bottomrule", r"\endfoot"),
            *body,
            r"\end{xltabular}}",
        ]
    else:
        lines = [
            *(r"\begin{table}", r"\centering", title),
            rf"\begin{{tabular}}{{{layout}}}",
            *(r"\toprule", head, r"\midrule", *body, r"\bottomrule"),
            *(r"\end{tabular}", r"\end{table}"),
        ]
    needs = r"% \usepackage{booktabs,xltabular}; for Chinese also {ctex}, and XeLaTeX"
    return "\n".join([needs, *lines]) + "\n"


_LONG_WORD = re.compile(r"[^\s\u2e80-\uffef]{20}(?=[^\s\u2e80-\uffef])")
_GREEK = {
    "α": "alpha", "β": "beta", "γ": "gamma", "κ": "kappa", "λ": "lambda", "ρ": "rho",
    "σ": "sigma", "τ": "tau", "φ": "varphi", "χ": "chi",
}  # fmt: skip
_TEX = str.maketrans({
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#",
    "%": r"\%", "_": r"\_", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}",
    "`": r"\textasciigrave{}", "<": r"\textless{}", ">": r"\textgreater{}",
    # An optional argument or a starred line break, were it the first of a row.
    "[": "{[}", "*": "{*}", "\u200b": r"\hspace{0pt}",
    # Signs that the usual fonts lack.
    "−": r"\ensuremath{-}", "≤": r"\ensuremath{\le}", "≥": r"\ensuremath{\ge}",
    "×": r"\ensuremath{\times}", "±": r"\ensuremath{\pm}", "²": r"\textsuperscript{2}",
    **{letter: rf"\ensuremath{{\{name}}}" for letter, name in _GREEK.items()},
})  # fmt: skip


def _tex(text: str) -> str:
    for letter in text:
        if ord(letter) > 0xFFFF and unicodedata.category(letter) != "Lo":
            raise ValueError(
                f"{letter!r} (U+{ord(letter):04X}) in {text!r} is in no font that LaTeX takes by "
                "itself; word the label without it"
            )
    plain = re.sub(r"[\x00-\x1f\x7f-\x9f]", " ", text)
    escaped = _LONG_WORD.sub("\\g<0>\u200b", plain).translate(_TEX)
    return re.sub("([-'])(?=\\1)", r"\1{}", escaped)  # LaTeX would join two into one


_STYLE = """body { font-family: "Noto Sans SC", "Noto Sans CJK SC", sans-serif; margin: 2em; }
table { border-collapse: collapse; border-bottom: 1.5px solid; border-top: 1.5px solid; }
caption { padding-bottom: .6em; text-align: left; }
thead { border-bottom: .75px solid; }
th, td { padding: .25em .8em; text-align: left; vertical-align: top; }
.number { font-variant-numeric: tabular-nums; text-align: right; white-space: nowrap; }
"""


def html_page(table: TextTable, caption: str, origin: Origin, lang: str) -> str:
    """Return a page with the table and its three lines; it asks for nothing from anywhere."""

    def row(texts: Iterable[str], tag: str) -> str:
        marks = (' class="number"' if number else "" for number in table.numeric)
        inner = (f"<{tag}{m}>{escape(t)}</{tag}>" for m, t in zip(marks, texts, strict=True))
        return f"<tr>{''.join(inner)}</tr>\n"

    head, body = row(table.header, "th"), "".join(row(texts, "td") for texts in table.rows)
    return (
        f'<!doctype html>\n<html lang="{lang}">\n<meta charset="utf-8">\n'
        f"<title>{escape(caption)}</title>\n<style>\n{_STYLE}</style>\n"
        f"<table>\n<caption>{escape(caption)} {origin.badge_html}</caption>\n"
        f"<thead>\n{head}</thead>\n<tbody>\n{body}</tbody>\n</table>\n</html>\n"
    )
