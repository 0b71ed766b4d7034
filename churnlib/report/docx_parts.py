"""Parts of a Word document that python-docx does not make: styles lent, fields, column widths."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Sequence
from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING, Any

import docx
from docx.enum.style import WD_STYLE_TYPE
from docx.opc.exceptions import PackageNotFoundError
from docx.oxml.ns import nsdecls
from docx.oxml.parser import parse_xml

from churnlib.figures import width
from churnlib.report.text_table import TextTable

if TYPE_CHECKING:
    from docx.document import Document
    from docx.text.paragraph import Paragraph

TEMPLATE = Path(__file__).with_name("template.docx")
"""Our page and styles, edited in Word; letters are of 8.5 points or more."""
STYLES = {
    "title": ("Title", "标题"),
    "subtitle": ("Subtitle", "副标题"),
    "heading_1": ("Heading 1", "标题 1", "一级标题"),
    "heading_2": ("Heading 2", "标题 2", "二级标题"),
    "body": ("Body Text", "正文文本", "论文正文", "Normal", "正文"),
    "caption": ("Caption", "题注"),
    "note": ("Exhibit note", "图表注"),
    "contents": ("Contents line", "目录行"),
    "reference": ("Bibliography", "参考文献"),
    "cell": ("Table text", "表格文字", "表文"),
    "table": ("Three-line table", "三线表"),
}
"""Names that a style may have, the first in our own template."""
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def open_document(template: Path | None) -> Document:
    """Return an empty document with all the styles of a report.

    Parameters
    ----------
    template : Path, optional
        A .docx whose styles, page, header and footer are used; it is lent ours of the styles that
        it lacks.

    Raises
    ------
    FileNotFoundError, ValueError
        If there is no such template, or it is not a Word document.
    """
    ours = docx.Document(str(TEMPLATE))
    if template is None:
        return ours
    if not template.is_file():
        raise FileNotFoundError(
            f"there is no template at {template}; give the path of a .docx file"
        )
    try:
        document = docx.Document(str(template))
    except (PackageNotFoundError, zipfile.BadZipFile, KeyError, ValueError, SyntaxError) as error:
        raise ValueError(
            f"{template.name} is not a Word document; open it in Word and save it as .docx "
            f"({error})"
        ) from error
    document.element.body.clear_content()
    document.element.body.get_or_add_sectPr()
    for names in STYLES.values():
        if find_style(document, names) is None:
            lent = find_style(ours, names)
            document.styles.element.append(deepcopy(lent.element))
            find_style(document, names).base_style = document.styles.default(lent.type)
    return document


def find_style(document: Document, names: Sequence[str]) -> Any:
    """The document's first style with one of these names, capitals aside, or None."""
    kinds = {WD_STYLE_TYPE.PARAGRAPH, WD_STYLE_TYPE.TABLE}
    styles = {(s.name or "").lower(): s for s in document.styles if s.type in kinds}
    return next((styles[name.lower()] for name in names if name.lower() in styles), None)


def xml_safe(text: object) -> str:
    r"""Text as XML can hold it: what no XML may contain becomes the mark of a lost character.

    Examples
    --------
    >>> xml_safe("a\x00b & <c>")
    'a�b & <c>'
    """
    return _NOT_XML.sub("\ufffd", str(text))


def elements(xml: str) -> list[Any]:
    """Return the elements that some of Word's XML stands for."""
    return list(parse_xml(f"<w:p {nsdecls('w')}>{xml}</w:p>"))


def open_field(paragraph: Paragraph, instruction: str) -> None:
    """Begin a field; what follows up to `close_field` is what it shows until Word updates it."""
    dirty = ' w:dirty="true"' if instruction.startswith("TOC") else ""  # updated when opened
    paragraph._p.extend(
        elements(
            f'<w:r><w:fldChar w:fldCharType="begin"{dirty}/></w:r>'
            f'<w:r><w:instrText xml:space="preserve"> {instruction} </w:instrText></w:r>'
            '<w:r><w:fldChar w:fldCharType="separate"/></w:r>'
        )
    )


def close_field(paragraph: Paragraph) -> None:
    """End a field, which may have begun in an earlier paragraph."""
    paragraph._p.extend(elements('<w:r><w:fldChar w:fldCharType="end"/></w:r>'))


def add_field(paragraph: Paragraph, instruction: str, shown: str) -> None:
    """Add a field that stands in one paragraph."""
    open_field(paragraph, instruction)
    paragraph.add_run(shown)
    close_field(paragraph)


_LETTER, _MARGIN = 4.9, 7.0  # points of half a Chinese character in a cell, and beside its text


def column_widths(texts: TextTable, room: float) -> list[float]:
    """Widths of the columns in points, in a room of so many points.

    A column is as wide as its longest text. Where the room is less, it is as wide as its longest
    word, and the rest is shared in proportion to what its texts on average exceed that by.
    """
    columns = texts.columns
    across = (room - len(columns) * _MARGIN) / _LETTER
    widths = [max(1.2 * _width(head), *map(_width, cells)) for head, *cells in columns]
    if sum(widths) > across:
        least = [max(1.2 * _longest_word(h), *map(_longest_word, cells)) for h, *cells in columns]
        if sum(least) > across:  # rather a broken word in a header than a broken number
            least = [max(map(_longest_word, cells), default=1) for _, *cells in columns]
        excess = [
            sum(max(0.0, _width(text) - n) for text in column) / len(column)
            for column, n in zip(columns, least, strict=True)
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


def save(document: Document, path: Path, title: str) -> None:
    """Write a document so that the same content always gives the same bytes."""
    document.core_properties.title, document.core_properties.author = xml_safe(title), "churnlib"
    buffer = io.BytesIO()
    document.save(buffer)
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(buffer) as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            entry = zipfile.ZipInfo(name, (2020, 11, 30, 0, 0, 0))
            entry.compress_type, entry.create_system = zipfile.ZIP_DEFLATED, 3
            new.writestr(entry, old.read(name))
