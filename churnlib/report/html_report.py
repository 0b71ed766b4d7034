"""Executed notebooks as web pages that need nothing but themselves."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from churnlib.report.html_parts import fitted, harmless, page
from churnlib.report.manifest import Entry, read_manifest
from churnlib.report.report_text import Words, report_words

if TYPE_CHECKING:
    from nbformat import NotebookNode

_SHOWN = ("text/html", "text/markdown", "text/plain", "image/png", "image/jpeg", "image/svg+xml")
_HEADING = re.compile(r'<h([23])\b[^>]*?\bid="([^"]*)"[^>]*>(.*?)</h\1>', re.DOTALL)
_EXPORTED = re.compile(r"\b(?:export|publish)\(\s*[\"']([\w-]+)[\"']")


@dataclass(frozen=True)
class Page:
    """One notebook as it appears in the index.

    Parameters
    ----------
    name : str
        Of the file, without ending.
    title : str
        Its first heading.
    question, evidence : str
        From the table in its first cell; empty where that has none.
    """

    name: str
    title: str
    question: str
    evidence: str


def write_html(
    notebooks: Path, output: Path, *, documents: Sequence[str] | None = None
) -> list[Path]:
    """Write a page for each executed notebook, and an index.

    Parameters
    ----------
    notebooks : Path
        Holds executed notebooks, ``*.ipynb``. If a ``figures/manifest.json`` lies beside the
        folder, its captions become the alternative texts of the pictures and the index lists
        the exhibits.
    output : Path
        Where to write; it is made if it is not there.
    documents : sequence of str, optional
        Word documents one folder above, to which the index leads; all that are there when left
        out.

    Returns
    -------
    list of Path
        The index first. Each page holds its pictures, its letters and its look; it runs no
        script and asks nothing of any host. The same notebooks give the same bytes.

    Raises
    ------
    FileNotFoundError
        If the folder holds no notebook.
    ValueError
        If a notebook cannot be read.
    """
    paths = sorted(notebooks.glob("*.ipynb"))
    if not paths:
        raise FileNotFoundError(f"no notebooks in {notebooks}; name the folder that holds them")
    beside = notebooks.parent
    listed = (beside / "figures" / "manifest.json").exists()
    entries = read_manifest(beside) if listed else []
    output.mkdir(parents=True, exist_ok=True)
    read = {path.stem: _read(path) for path in paths}
    written = [
        write_page(output / f"{name}.html", notebook_page(name, notebook, captions(entries, name)))
        for name, notebook in read.items()
    ]
    if documents is None:
        documents = sorted(path.name for path in output.parent.glob("*.docx"))
    return [write_page(output / "index.html", index_page(read, entries, documents)), *written]


def captions(entries: Sequence[Entry], notebook: str) -> dict[str, str]:
    """From the file name of each exhibit of a notebook to its caption."""
    ours = [entry for entry in entries if entry.notebook == notebook and entry.name]
    return {entry.name: entry.caption["en"] for entry in ours}


def notebook_page(name: str, notebook: NotebookNode, captions: Mapping[str, str]) -> str:
    """One executed notebook as a page.

    Parameters
    ----------
    name : str
        Of its file, without ending.
    notebook : NotebookNode
    captions : mapping of str to str
        From the file name of an exhibit of this notebook to its caption.
    """
    words = report_words("en")
    title = _described(name, notebook).title
    body = _exporter().from_notebook_node(
        _prepared(notebook, captions, words),
        {"words": {key: words(f"html.{key}") for key in ("code", "solution")}},
    )[0]
    headings = _HEADING.findall(body)
    contents = "\n".join(
        f'<li class="h{level}"><a href="#{anchor}">{_text(inner)}</a></li>'
        for level, anchor, inner in headings
    )
    navigation = (
        f'<nav aria-label="{escape(words("words.contents"))}">\n'
        f'<a href="index.html">{escape(words("html.index"))}</a>\n<ol>\n{contents}\n</ol>\n</nav>'
    )
    return page(title, f"{navigation}\n<main>\n{body}\n</main>")


@cache
def _exporter() -> Any:
    from nbconvert import HTMLExporter

    template = Path(__file__).with_name("notebook.html.j2").read_text(encoding="utf-8")
    exporter = HTMLExporter(template_name="classic", raw_template=template, sanitize_html=True)
    exporter.register_filter("harmless", lambda html: fitted(harmless(html)))
    return exporter


def _prepared(notebook: NotebookNode, captions: Mapping[str, str], words: Words) -> NotebookNode:
    """The notebook with outputs of harmless kinds alone, and a text for each picture."""
    import copy

    prepared = copy.deepcopy(notebook)
    named = {name for cell in prepared.cells for name in _EXPORTED.findall(cell.source)}
    # A name put together in the notebook stands for an exhibit that is not named outright.
    unnamed = iter([caption for name, caption in captions.items() if name not in named])
    heading = ""
    for cell in prepared.cells:
        if cell.cell_type == "markdown":
            found = re.findall(r"^#+ +(.+)$", cell.source, re.MULTILINE)
            heading = found[-1] if found else heading
            continue
        exported = _EXPORTED.search(cell.source)
        caption = captions.get(exported[1] if exported else "", "")
        if not exported and "publish(" in cell.source:
            caption = next(unnamed, "")
        alternative = caption or words("html.picture", heading=heading)
        for output in cell.get("outputs", ()):
            if "data" in output:
                output.data = {k: v for k, v in output.data.items() if k in _SHOWN}
                for kind in ("image/png", "image/jpeg", "image/svg+xml"):
                    output.metadata[kind] = {"alt": alternative}
    return prepared


def _described(name: str, notebook: NotebookNode) -> Page:
    first = next((cell.source for cell in notebook.cells if cell.cell_type == "markdown"), "")
    title = re.search(r"^# +(.+)$", first, re.MULTILINE)
    rows = dict(re.findall(r"^\| *(\w+) *\| *(.+?) *\|$", first, re.MULTILINE))
    return Page(
        name, title[1] if title else name, rows.get("Question", ""), rows.get("Evidence", "")
    )


def index_page(
    notebooks: Mapping[str, NotebookNode], entries: Sequence[Entry], documents: Sequence[str]
) -> str:
    """The page that leads to all others.

    Parameters
    ----------
    notebooks : mapping of str to NotebookNode
        By name of the file, without ending.
    entries : sequence of Entry
        What the manifest lists.
    documents : sequence of str
        Word documents one folder above.
    """
    words = report_words("en")
    pages = [_described(name, notebook) for name, notebook in notebooks.items()]

    def row(cells: Sequence[str], tag: str = "td") -> str:
        return "<tr>" + "".join(f"<{tag}>{cell}</{tag}>" for cell in cells) + "</tr>\n"

    def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
        head = row([escape(words(f"html.{column}")) for column in columns], "th")
        body = "".join(map(row, rows))
        return fitted(f"<table>\n<thead>\n{head}</thead>\n<tbody>\n{body}</tbody>\n</table>")

    def link(target: str, text: str) -> str:
        return f'<a href="{escape(target)}">{_marked(text)}</a>'

    known = {each.name for each in pages}
    parts = [
        f"<h1>{escape(words('html.title'))}</h1>",
        f"<p>{escape(words('html.lead'))}</p>",
        table(
            ("notebook", "question", "evidence"),
            [
                (link(f"{p.name}.html", p.title), _marked(p.question), _marked(p.evidence))
                for p in pages
            ],
        ),
    ]
    if documents:
        links = "".join(f"<li>{link(f'../{name}', name)}</li>" for name in documents)
        parts.append(f"<h2>{escape(words('html.documents'))}</h2>\n<ul>{links}</ul>")
    if entries:
        rows = [
            (
                f"<span>{escape(e.exhibit)}</span>",
                f"{escape(e.caption['en'])}<br>{escape(e.caption['zh-Hans'])}",
                e.origin.badge_html,
                link(f"{e.notebook}.html", e.notebook) if e.notebook in known else e.notebook,
                escape(e.verdict),
            )
            for e in entries
        ]
        columns = ("exhibit", "caption", "origin", "notebook", "verdict")
        parts.append(f"<h2>{escape(words('html.exhibits'))}</h2>\n{table(columns, rows)}")
    return page(words("html.title"), "<main>\n" + "\n".join(parts) + "\n</main>")


def _marked(markdown: str) -> str:
    """A cell of a Markdown table: code in backquotes, everything else as it is."""
    return re.sub(r"`([^`]*)`", r"<code>\1</code>", escape(markdown))


def _text(inner: str) -> str:
    """What a heading says, without its tags and its link to itself."""
    return re.sub(r"<a class=\"anchor-link\".*?</a>|<[^>]+>", "", inner).strip()


def _read(path: Path) -> NotebookNode:
    import nbformat

    try:
        return nbformat.read(path, as_version=4)
    except (nbformat.reader.NotJSONError, nbformat.ValidationError) as error:
        raise ValueError(f"{path} is not a notebook ({error})") from error


def write_page(path: Path, text: str) -> Path:
    """Write a page with the same bytes on every system."""
    path.write_text(text, encoding="utf-8", newline="\n")
    return path
