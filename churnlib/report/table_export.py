"""A table as LaTeX with three lines, and as HTML; whatever its texts are, they stay texts."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from html import escape

import pandas as pd

from churnlib.evidence import Origin
from churnlib.figures import LANGUAGES, export, outputs, width
from churnlib.report.text_table import TextTable
from churnlib.studies import exhibit_entries
from churnlib.survey import Codebook

LONG = 16
"""A column with a text longer than this is broken into lines."""
_LONG_WORD = re.compile(r"[^\s\u2e80-\uffef]{20}(?=[^\s\u2e80-\uffef])")


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
        File name without ending, as in ``notebooks/exhibits.toml``, which has its title.
    frame : DataFrame
        Worded and rounded by `TextTable.of`; ``figures/source/`` has it as it is.
    origin : Origin
        Stands in the caption. Where it is not the exhibit's own, as for a survey of one's own,
        ``figures/source/`` alone is written: the title would speak of other answers.
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
    r"""Return a table with three lines, for the packages booktabs and xltabular.

    A table with sentences is as wide as the line and may run over several pages. Greek letters
    and signs are set in any LaTeX; Chinese takes XeLaTeX and ctex.

    Raises
    ------
    ValueError
        If a text has an emoji: no font that LaTeX takes by itself has it.

    Examples
    --------
    >>> table = TextTable(("", "Share, %"), (("R&D", "12.0"),))
    >>> print(latex(table, "Staff", Origin.PUBLISHED, "staff", "en"))
    % \usepackage{booktabs,xltabular}; for Chinese also {ctex}, and XeLaTeX
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
    columns = zip(zip(table.header, *table.rows, strict=True), table.numeric, strict=True)
    layout = ["r" if n else "X" if max(map(width, texts)) > LONG else "l" for texts, n in columns]
    title = rf"\caption{{{_tex(f'{caption} ({origin.mark(lang)})')}}}\label{{tab:{name}}}"
    head = " & ".join(map(_tex, table.header)) + r" \\"
    body = [" & ".join(map(_tex, row)) + r" \\" for row in table.rows]
    if "X" in layout:
        preamble = "".join(layout).replace("X", r">{\raggedright\arraybackslash}X")
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
            rf"\begin{{tabular}}{{{''.join(layout)}}}",
            *(r"\toprule", head, r"\midrule", *body, r"\bottomrule"),
            *(r"\end{tabular}", r"\end{table}"),
        ]
    needs = r"% \usepackage{booktabs,xltabular}; for Chinese also {ctex}, and XeLaTeX"
    return "\n".join([needs, *lines]) + "\n"


def html_page(table: TextTable, caption: str, origin: Origin, lang: str) -> str:
    """Return a page with the table and its three lines; it asks for nothing from anywhere.

    Examples
    --------
    >>> "<td>&lt;script&gt;</td>" in html_page(
    ...     TextTable(("",), (("<script>",),)), "A & B", Origin.OBSERVED, "en")
    True
    """

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


_STYLE = """body { font-family: "Noto Sans SC", "Noto Sans CJK SC", sans-serif; margin: 2em; }
table { border-collapse: collapse; border-bottom: 1.5px solid; border-top: 1.5px solid; }
caption { padding-bottom: .6em; text-align: left; }
thead { border-bottom: .75px solid; }
th, td { padding: .25em .8em; text-align: left; vertical-align: top; }
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
