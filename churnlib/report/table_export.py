"""A table as LaTeX with three lines, and as HTML; whatever its texts are, they stay texts."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from html import escape

import pandas as pd

from churnlib.evidence import Origin
from churnlib.figures import LANGUAGES, export, outputs, width
from churnlib.report.typeset import Cells
from churnlib.studies import exhibit_entries
from churnlib.survey import Codebook

LONG = 16
"""A column of texts longer than this is broken into lines."""
LONGEST = 20
"""A word longer than this may be broken anywhere."""
_WORD = re.compile(r"[^\s\-\u2e80-\uffef]+")  # Chinese breaks anywhere as it is
_LONG_WORD = re.compile(rf"[^\s\u2e80-\uffef]{{{LONGEST}}}(?=[^\s\u2e80-\uffef])")


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
        Stands in the caption. Where it is not the exhibit's own, as for a survey of one's own,
        the CSV alone is written: the title would speak of other answers.
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
    entries = {entry["name"]: entry for entry in exhibit_entries()}
    if name not in entries:
        raise KeyError(f"notebooks/exhibits.toml has no exhibit with a file {name!r}; add it")
    export(name, {name: frame})
    title = entries[name]["title"]
    if origin.name != entries[name]["origin"]:
        return
    shown = frame if columns is None else frame[list(columns)]
    for lang in LANGUAGES:
        cells = Cells.of(shown, book.labeller(lang), lang=lang, digits=digits)
        folder = outputs() / "figures" / lang
        folder.mkdir(parents=True, exist_ok=True)
        for ending, text in (
            ("tex", latex(cells, title[lang], origin, name, lang)),
            ("html", html_page(cells, title[lang], origin, lang)),
        ):
            (folder / f"{name}.{ending}").write_text(text, encoding="utf-8", newline="\n")


def latex(cells: Cells, caption: str, origin: Origin, name: str, lang: str) -> str:
    r"""A table with three lines, for the package booktabs.

    A table of sentences becomes a ``longtable``, which may run over several pages. Greek letters
    and signs are set in any LaTeX; Chinese takes XeLaTeX and ctex.

    Raises
    ------
    ValueError
        If a text has an emoji: no font that LaTeX takes by itself has it.

    Examples
    --------
    >>> cells = Cells(("", "Share, %"), (("R&D", "12.0"),), (False, True))
    >>> print(latex(cells, "Staff", Origin.PUBLISHED, "staff", "en"))
    % \usepackage{booktabs,array,longtable}; for Chinese also {ctex}, and XeLaTeX
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
    layout = "".join(_columns(cells))
    mark = origin.name if lang == "en" else origin.badge
    title = rf"\caption{{{_tex(f'{caption} ({mark})')}}}\label{{tab:{name}}}"
    head = " & ".join(map(_tex, cells.header)) + r" \\"
    body = [" & ".join(map(_tex, row)) + r" \\" for row in cells.rows]
    if r"\raggedright" in layout:
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
    needs = r"% \usepackage{booktabs,array,longtable}; for Chinese also {ctex}, and XeLaTeX"
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
    "`": r"\textasciigrave{}", "<": r"\textless{}", ">": r"\textgreater{}",
    # An optional argument or a starred line break, were it the first of a row.
    "[": "{[}", "*": "{*}",
    # Signs that the usual fonts lack.
    "−": r"\ensuremath{-}", "≤": r"\ensuremath{\le}", "≥": r"\ensuremath{\ge}",
    "×": r"\ensuremath{\times}", "±": r"\ensuremath{\pm}", "²": r"\textsuperscript{2}",
    "α": r"\ensuremath{\alpha}", "β": r"\ensuremath{\beta}", "γ": r"\ensuremath{\gamma}",
    "κ": r"\ensuremath{\kappa}", "λ": r"\ensuremath{\lambda}", "ρ": r"\ensuremath{\rho}",
    "σ": r"\ensuremath{\sigma}", "τ": r"\ensuremath{\tau}", "φ": r"\ensuremath{\varphi}",
    "χ": r"\ensuremath{\chi}",
}  # fmt: skip


def _columns(cells: Cells) -> list[str]:
    """How each column is aligned, and how wide one is that is broken into lines."""
    columns = list(zip(cells.header, *cells.rows, strict=True))
    widths = [max(map(width, column)) for column in columns]
    long = [w > LONG and not n for w, n in zip(widths, cells.numeric, strict=True)]
    # In parts of the line, in small type: a letter takes 1.1 %, the space between columns 2.4 %.
    fixed = sum(w for w, is_long in zip(widths, long, strict=True) if not is_long)
    words = [
        _longest_word(column) if is_long else 0
        for column, is_long in zip(columns, long, strict=True)
    ]
    left = max(0.0, 1 - 0.024 * len(columns) - 0.011 * (fixed + sum(words)))
    texts = sum(w for w, is_long in zip(widths, long, strict=True) if is_long)
    # A broken column has room for its longest word, and for its part of what is left.
    return [
        rf">{{\raggedright\arraybackslash}}p{{{0.011 * word + left * w / texts:.2f}\linewidth}}"
        if word
        else "r"
        if number
        else "l"
        for word, w, number in zip(words, widths, cells.numeric, strict=True)
    ]


def _longest_word(column: Iterable[str]) -> int:
    """Letters of the longest word, up to which it is broken; never below four."""
    return min(LONGEST, max(len(w) for text in column for w in [*_WORD.findall(text), "four"]))


def _tex(text: str) -> str:
    for letter in text:
        if ord(letter) > 0xFFFF and unicodedata.category(letter) != "Lo":
            raise ValueError(
                f"{letter!r} (U+{ord(letter):04X}) in {text!r} is in no font that LaTeX takes by "
                "itself; word the label without it"
            )
    plain = "".join(" " if unicodedata.category(letter) == "Cc" else letter for letter in text)
    broken = _LONG_WORD.sub("\\g<0>\u200b", plain)
    escaped = "".join(_TEX.get(letter, letter) for letter in broken)
    escaped = escaped.replace("\u200b", r"\hspace{0pt}")
    return re.sub("([-'])(?=\\1)", r"\1{}", escaped)  # LaTeX would join two into one
