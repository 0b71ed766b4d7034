"""What every web page of the report is made of: harmless, fitting a page, with its own letters."""

from __future__ import annotations

import base64
import io
import re
from functools import cache
from html import escape, unescape
from pathlib import Path
from typing import Any

from churnlib.figures import FONT

# Whatever a page holds, a browser is told to run no script and to ask no host for anything.
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; font-src data:"
_TAGS = [
    "a", "abbr", "b", "blockquote", "br", "caption", "code", "col", "colgroup", "dd", "del",
    "details", "div", "dl", "dt", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "kbd",
    "li", "ol", "p", "pre", "s", "small", "span", "strong", "sub", "summary", "sup", "table",
    "tbody", "td", "tfoot", "th", "thead", "tr", "ul",
]  # fmt: skip
_ATTRIBUTES = {
    "*": ["class", "id", "lang", "style", "title"],
    "a": ["href"],
    "td": ["colspan", "rowspan"],
    "th": ["colspan", "rowspan", "scope"],
}
_STYLES = ["border", "border-radius", "color", "font-size", "font-weight", "padding", "text-align"]

_CHINESE = ((0x2E80, 0x9FFF), (0xF900, 0xFAFF), (0xFF00, 0xFFEF))
"""Characters and punctuation of full width, from first to last."""


def page(title: str, body: str) -> str:
    """A whole page: it holds its look and its letters, and asks nothing of any host.

    Parameters
    ----------
    title : str
        Plain text.
    body : str
        HTML that is known to be harmless.
    """
    style = Path(__file__).with_name("page.css").read_text(encoding="utf-8")
    letters = set(unescape(re.sub(r'"data:[^"]*"', "", body)))
    chinese = "".join(sorted(letter for letter in letters if _is_chinese(letter)))
    # First in the list, for Chinese alone: browsers do not always draw a text again that they
    # have drawn with boxes because a font further down was not there yet.
    ranges = ", ".join(f"U+{low:X}-{high:X}" for low, high in _CHINESE)
    font = (
        f'@font-face {{ font-family: "Report letters"; unicode-range: {ranges}; '
        f'src: url("{_font(chinese)}"); }}\n'
        ':root { --letters: "Report letters", system-ui, "Segoe UI", Roboto, sans-serif; }\n'
    )
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>\n{font}{style}</style>\n</head>\n"
        f"<body>\n{body}\n</body>\n</html>\n"
    )


def _is_chinese(letter: str) -> bool:
    return any(low <= ord(letter) <= high for low, high in _CHINESE)


def _font(letters: str) -> str:
    """The packaged font with these letters alone, for readers whose system has no Chinese."""
    from fontTools import subset

    options = subset.Options(
        flavor="woff", recalc_timestamp=False, layout_features=[], hinting=False
    )
    subsetter = subset.Subsetter(options)
    subsetter.populate(text=letters)
    buffer = io.BytesIO()
    with subset.load_font(str(FONT), options) as font:
        subsetter.subset(font)
        subset.save_font(font, buffer, options)
    return "data:font/woff;base64," + base64.b64encode(buffer.getvalue()).decode()


def harmless(html: str) -> str:
    """HTML without anything that runs or loads: what is not allowed is shown as text.

    Examples
    --------
    >>> harmless('<b onclick="x()">R&amp;D</b><script>x()</script>')
    '<b>R&amp;D</b>&lt;script&gt;x()&lt;/script&gt;'
    """
    return str(_sanitizer().sanitize_html_tags(_STYLE_BLOCK.sub("", html)))


def fitted(html: str) -> str:
    """HTML whose tables fit a printed page: a long word may break, in a wide table any word.

    Examples
    --------
    >>> fitted("<td>" + 30 * "x" + "</td>").startswith('<td><span class="long">xxx')
    True
    """
    breakable = re.sub(r">([^<]+)<", lambda m: f">{_LONG.sub(_SPAN, m[1])}<", html)
    return _TABLE.sub(
        lambda m: f'<div class="tight">{m[0]}</div>' if _width(m[0]) > _LINE else m[0], breakable
    )


_LONG, _SPAN = re.compile(r"\S{25,}"), r'<span class="long">\g<0></span>'
_TABLE = re.compile(r"<table\b.*?</table>", re.DOTALL)
_LINE = 96
"""Letters that a printed line of a table holds."""


def _width(table: str) -> int:
    """Letters that a table needs at least: the longest word of each column, and what is beside."""
    rows = [
        re.findall(r"<t[hd]\b[^>]*>(.*?)</t[hd]>", row, re.DOTALL)
        for row in re.findall(r"<tr\b.*?</tr>", table, re.DOTALL)
    ]
    widths = [0] * max(map(len, rows), default=0)
    for row in rows:
        for place, cell in enumerate(row):
            words = re.split(r"\s|(?<=[-–/,])", unescape(re.sub(r"<[^>]+>", " ", cell)))
            widths[place] = max(widths[place], min(24, max(map(len, words))))
    return sum(widths) + 2 * len(widths)


_STYLE_BLOCK = re.compile(r"<style\b[^>]*>.*?</style>", re.DOTALL | re.IGNORECASE)


@cache
def _sanitizer() -> Any:
    from nbconvert.preprocessors.sanitize import SanitizeHTML

    return SanitizeHTML(tags=list(_TAGS), attributes=_ATTRIBUTES, styles=_STYLES)
