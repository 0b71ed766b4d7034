"""Executed notebooks as web pages that need nothing but themselves, by nbconvert."""

from __future__ import annotations

import base64
import copy
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from churnlib.figures import FONT
from churnlib.report.manifest import MANIFEST, Entry, read_manifest
from churnlib.report.report_text import report_words

if TYPE_CHECKING:
    from nbformat import NotebookNode

# Kinds of outputs that neither run nor load, the first that an output has being shown.
_SHOWN = ["text/html", "text/markdown", "image/svg+xml", "image/png", "image/jpeg", "text/plain"]
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
_STYLE_BLOCK = re.compile(r"<style\b[^>]*>.*?</style>", re.DOTALL | re.IGNORECASE)
_HEADING = re.compile(r'<h([23])\b[^>]*?\bid="([^"]*)"[^>]*>(.*?)</h\1>', re.DOTALL)
_MARKUP = re.compile(r"<a class=\"anchor-link\".*?</a>|<[^>]+>")
_EXPORTED = re.compile(r"\b(?:export|publish)\(\s*[\"']([\w-]+)[\"']")
_TEXT = re.compile(">([^<]+)<")
_WHOLE = re.compile(r"[^\s<&/]*[\w.][-–—]\w[^\s<&/]*|&[lg]t; [\d.]+")
_CHINESE = re.compile("[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]")


def write_html(notebooks: Path, output: Path) -> list[Path]:
    """Write a page for each executed notebook, and an index, which comes first in the list.

    A page holds its pictures, its Chinese font and its style; it runs no script and asks nothing of
    any host. The same notebooks give the same bytes.

    Parameters
    ----------
    notebooks : Path
        Holds executed notebooks. If ``figures/manifest.json`` lies beside the folder, its captions
        become the texts of the pictures and the index lists the exhibits.
    output : Path
        Where to write; the index leads to the Word documents that lie one folder above.

    Raises
    ------
    FileNotFoundError, ValueError
        If the folder holds no notebook, or one cannot be read.
    """
    import nbformat

    read = {}
    for path in sorted(notebooks.glob("*.ipynb")):
        try:
            read[path.stem] = nbformat.read(path, as_version=4)
        except (nbformat.reader.NotJSONError, nbformat.ValidationError) as error:
            raise ValueError(f"{path} is not a notebook ({error})") from error
    if not read:
        raise FileNotFoundError(f"no notebooks in {notebooks}; name the folder that holds them")
    listed = (notebooks.parent / MANIFEST).exists()
    entries = read_manifest(notebooks.parent) if listed else []
    documents = sorted(path.name for path in output.parent.glob("*.docx"))
    texts = pages(read, entries, documents)
    output.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (output / f"{name}.html").write_text(text, encoding="utf-8", newline="\n")
    return [output / f"{name}.html" for name in texts]


def pages(
    notebooks: Mapping[str, NotebookNode], entries: Sequence[Entry], documents: Sequence[str]
) -> dict[str, str]:
    """Return the index and the page of each notebook, by name of the file without ending.

    `entries` is what the manifest lists; `documents` are Word documents one folder above.
    """
    from nbformat.v4 import new_markdown_cell, new_notebook

    cell = new_markdown_cell(_index(notebooks, entries, documents), id="index")
    texts = {"index": _page(new_notebook(cells=[cell]), with_contents=False)}
    for name, notebook in notebooks.items():
        captions = {each.name: each.caption["en"] for each in entries if each.notebook == name}
        texts[name] = _page(_with_alternatives(notebook, captions))
    return texts


def _page(notebook: NotebookNode, *, with_contents: bool = True) -> str:
    words = report_words("en")
    named = {key: words(f"html.{key}") for key in ("code", "solution", "index")}
    named["contents"] = words("words.contents")
    resources = {"title": _title(notebook), "words": named, "with_contents": with_contents}
    return str(_exporter().from_notebook_node(notebook, resources)[0]).strip() + "\n"


@cache
def _exporter() -> Any:
    try:
        from nbconvert import HTMLExporter
        from traitlets.config import Config
    except ImportError:
        raise ImportError(
            "pages of notebooks need nbconvert; install it with: pip install 'churnlib[notebooks]'"
        ) from None

    template = Path(__file__).with_name("page.html.j2").read_text(encoding="utf-8")
    shown = Config({"NbConvertBase": {"display_data_priority": _SHOWN}})
    exporter = HTMLExporter(config=shown, template_name="classic", raw_template=template)
    exporter.register_filter("sanitize", lambda html: _unbroken(sanitize(html)))
    exporter.register_filter("headings", _headings)
    exporter.register_filter("font", _font)
    return exporter


def sanitize(html: str) -> str:
    """Return HTML without anything that runs or loads: what is not allowed is shown as text."""
    from nbconvert.preprocessors.sanitize import SanitizeHTML

    cleaner = SanitizeHTML(tags=_TAGS, attributes=_ATTRIBUTES, styles=_STYLES)
    return str(cleaner.sanitize_html_tags(_STYLE_BLOCK.sub("", html)))


def _unbroken(html: str) -> str:
    """Return HTML in which no line ends inside "19-29", "Table 3-1" or "< .001"."""

    def keep(word: re.Match[str]) -> str:
        return f'<span class="whole">{word[0]}</span>' if len(word[0]) < 25 else word[0]

    return _TEXT.sub(lambda text: f">{_WHOLE.sub(keep, text[1])}<", html)


def _headings(body: str) -> list[tuple[str, str, str]]:
    """Return level, anchor and text of each heading below the title."""
    headings = _HEADING.findall(body)
    return [(level, anchor, _MARKUP.sub("", text)) for level, anchor, text in headings]


def _font(body: str) -> str:
    """Return the packaged font with the Chinese letters of a page alone, as an address."""
    from fontTools import subset

    options = subset.Options(
        flavor="woff", recalc_timestamp=False, layout_features=[], hinting=False
    )
    subsetter = subset.Subsetter(options)
    letters = set(_CHINESE.findall(unescape(re.sub(r'"data:[^"]*"', "", body))))
    subsetter.populate(text="".join(sorted(letters)))
    buffer = io.BytesIO()
    with subset.load_font(str(FONT), options) as font:
        subsetter.subset(font)
        subset.save_font(font, buffer, options)
    return "data:font/woff;base64," + base64.b64encode(buffer.getvalue()).decode()


def _with_alternatives(notebook: NotebookNode, captions: Mapping[str, str]) -> NotebookNode:
    """Return the notebook with a text for each picture: its caption, or where it stands."""
    notebook, heading = copy.deepcopy(notebook), ""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            heading = (re.findall(r"^#+ +(.+)$", cell.source, re.MULTILINE) or [heading])[-1]
        else:
            named = [captions[name] for name in _EXPORTED.findall(cell.source) if name in captions]
            place = report_words("en")("html.picture", heading=heading)
            cell.metadata["alt"] = [*named, place][0]
    return notebook


def _title(notebook: NotebookNode) -> str:
    """Return the first heading."""
    texts = (cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    return next(iter(re.findall(r"^# +(.+)$", "\n".join(texts), re.MULTILINE)), "Notebook")


def _index(
    notebooks: Mapping[str, NotebookNode], entries: Sequence[Entry], documents: Sequence[str]
) -> str:
    """Return the Markdown of the page that leads to all others."""
    words = report_words("en")

    def table(columns: str, rows: Iterable[Sequence[str]]) -> str:
        heads = [words(f"html.{column}") for column in columns.split()]
        lines = [heads, ["---"] * len(heads), *rows]
        return "\n".join(f"| {' | '.join(line)} |" for line in lines)

    described, exhibits = [], []
    for name, notebook in notebooks.items():
        first = notebook.cells[0].source if notebook.cells else ""
        rows = dict(re.findall(r"^\| *(\w+) *\| *(.+?) *\|$", first, re.MULTILINE))
        link = f"[{_title(notebook)}]({name}.html)"
        described.append((link, rows.get("Question", ""), rows.get("Evidence", "")))
    parts = [f"# {words('html.title')}", words("html.lead")]
    parts.append(table("notebook question evidence", described))
    if documents:
        links = (f"- [{name}](../{name})" for name in documents)
        parts += [f"## {words('html.documents')}", "\n".join(links)]
    for e in entries:
        link = f"[{e.notebook}]({e.notebook}.html)" if e.notebook in notebooks else e.notebook
        caption = "<br>".join(e.caption.values())
        exhibits.append((e.exhibit, caption, e.origin.badge_html, link, e.verdict))
    if exhibits:
        columns = "exhibit caption origin notebook verdict"
        parts += [f"## {words('html.exhibits')}", table(columns, exhibits)]
    return "\n\n".join(parts)
