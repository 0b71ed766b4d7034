"""Parts of a Word document that python-docx does not make: fields, bookmarks, three-line tables."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import quoteattr

from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.image.exceptions import UnrecognizedImageError
from docx.oxml.ns import nsdecls, qn
from docx.oxml.parser import parse_xml
from docx.shared import Emu, Pt

from churnlib.report.column_widths import MARGIN, column_widths
from churnlib.report.docx_styles import FALLBACKS, TABLE_NAMES, find_style
from churnlib.report.text_table import TextTable

if TYPE_CHECKING:
    from docx.document import Document
    from docx.table import Table
    from docx.text.paragraph import Paragraph

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LATIN_PART = re.compile(r"([\[(]?[−.0-9][−.,0-9 %]*[\])]?)")
_MADE = datetime(2020, 11, 30)
_SHORT = 16
_TALLEST = Pt(400)


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


def add_text(paragraph: Paragraph, text: str, lang: str) -> None:
    """Add text whose Chinese punctuation is set in the Chinese font.

    Numbers in Chinese text are runs of their own: a line would end within one that is taken for
    Chinese.
    """
    text = xml_safe(text)
    if lang != "zh-Hans":
        paragraph.add_run(text)
        return
    for part in filter(None, _LATIN_PART.split(text)):
        run = paragraph.add_run(part)
        if not _LATIN_PART.fullmatch(part):
            run._r.get_or_add_rPr().get_or_add_rFonts().set(qn("w:hint"), "eastAsia")


def add_field(paragraph: Paragraph, instruction: str, shown: str) -> None:
    """Add a field that Word can update, showing what it stands for until then."""
    open_field(paragraph, instruction)
    paragraph.add_run(xml_safe(shown))
    close_field(paragraph)


def open_field(paragraph: Paragraph, instruction: str) -> None:
    """Begin a field; what follows up to `close_field` is what it shows until updated."""
    # Word counts the pages of a table of contents when it opens the document.
    dirty = ' w:dirty="true"' if instruction.startswith("TOC") else ""
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


def bookmark(paragraph: Paragraph, first: int, name: str, number: int) -> None:
    """Bookmark what stands in a paragraph from its child `first` to its end."""
    start, end = elements(
        f'<w:bookmarkStart w:id="{number}" w:name="{name}"/><w:bookmarkEnd w:id="{number}"/>'
    )
    paragraph._p.insert(first, start)
    paragraph._p.append(end)


def add_link(paragraph: Paragraph, text: str, anchor: str, lang: str) -> None:
    """Add text that leads to a bookmark of the document."""
    before = len(paragraph.runs)
    add_text(paragraph, text, lang)
    (link,) = elements(f'<w:hyperlink w:anchor="{anchor}" w:history="1"/>')
    link.extend([run._r for run in paragraph.runs[before:]])
    paragraph._p.append(link)


def add_table(document: Document, texts: TextTable, lang: str, cell_style: Any) -> None:
    """Add a native three-line table whose header is repeated on every page.

    A template's own three-line style is used where it has one with lines; otherwise the lines
    are drawn here: thick above and below, thin under the header, none between columns.
    """
    style = find_style(document, TABLE_NAMES, table=True)
    table = document.add_table(1 + len(texts.rows), len(texts.header), style)
    table.alignment, table.autofit = WD_TABLE_ALIGNMENT.CENTER, False
    _lay_out(table, lines=style is None or not style.element.xpath(".//w:tblBorders"))
    widths = [Pt(width) for width in column_widths(texts, document._block_width.pt)]
    for column, width in zip(table.columns, widths, strict=True):
        column.width = width
    # A short table stays on one page; a long one may break, but its header is never alone with
    # the caption, nor the note below it alone on a page.
    last = len(texts.rows)
    together = {*range(last + 1)} if last <= _SHORT else {0, 1, last - 2, last - 1, last}
    style_id = cell_style.style_id  # python-docx would look it up anew for every cell
    for place, (row, line) in enumerate(zip(table.rows, (texts.header, *texts.rows), strict=True)):
        header = "" if place else "<w:tblHeader/>"
        row._tr.get_or_add_trPr().extend(elements(f"<w:cantSplit/>{header}"))
        for cell, text, width, number in zip(row.cells, line, widths, texts.numeric, strict=True):
            cell.width = width
            paragraph = cell.paragraphs[0]
            paragraph._p.style = style_id
            if number:
                paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
            paragraph.paragraph_format.keep_with_next = True if place in together else None
            add_text(paragraph, text, lang)
            for run in paragraph.runs if place == 0 else ():
                run.bold = True


def _lay_out(table: Table, *, lines: bool) -> None:
    """Set the space beside the texts of a table and, if so told, its three lines."""

    def line(side: str, eighths: int) -> str:
        return f'<w:{side} w:val="single" w:sz="{eighths}" w:space="0" w:color="000000"/>'

    properties, space = table._tbl.tblPr, f'w:w="{20 * MARGIN:.0f}" w:type="dxa"'
    (margins,) = elements(f"<w:tblCellMar><w:left {space}/><w:right {space}/></w:tblCellMar>")
    properties.insert_element_before(margins, "w:tblLook")
    if not lines:
        return
    sides = ("top", "left", "bottom", "right", "insideH", "insideV")  # the schema's order
    drawn = (line(s, 12) if s in {"top", "bottom"} else f'<w:{s} w:val="nil"/>' for s in sides)
    (borders,) = elements(f"<w:tblBorders>{''.join(drawn)}</w:tblBorders>")
    properties.insert_element_before(borders, "w:tblLayout", "w:tblCellMar", "w:tblLook")
    for cell in table.rows[0].cells:
        header = f"<w:tcBorders>{line('top', 12)}{line('bottom', 6)}</w:tcBorders>"
        cell._tc.get_or_add_tcPr().extend(elements(header))


def add_picture(document: Document, path: Path, alternative: str, style: Any) -> None:
    """Add a picture no wider than the page, with a text for those who do not see it.

    Raises
    ------
    FileNotFoundError
        If the picture is missing.
    ValueError
        If the file is no picture.
    """
    if not path.is_file():
        raise FileNotFoundError(f"the picture {path} is missing; run the notebook that makes it")
    paragraph = document.add_paragraph(style=style)
    paragraph.paragraph_format.keep_with_next = True
    try:
        shape = paragraph.add_run().add_picture(str(path))
    except UnrecognizedImageError:
        raise ValueError(f"{path} is not a picture; run the notebook that makes it") from None
    scale = min(1, document._block_width / shape.width, _TALLEST / shape.height)
    shape.width, shape.height = Emu(shape.width * scale), Emu(shape.height * scale)
    shape._inline.docPr.set("descr", xml_safe(alternative))


def save(document: Document, path: Path, title: str, lang: str) -> None:
    """Write a document so that the same content always gives the same bytes."""
    properties = document.core_properties
    properties.title, properties.author = xml_safe(title), "churnlib"
    properties.last_modified_by, properties.comments = "churnlib", ""
    properties.created = properties.modified = _MADE
    properties.revision, properties.language = 1, {"en": "en", "zh-Hans": "zh-CN"}[lang]
    buffer = io.BytesIO()
    document.save(buffer)
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(buffer) as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "word/fontTable.xml":
                content = _with_fallbacks(content)
            entry = zipfile.ZipInfo(name, _MADE.timetuple()[:6])
            entry.compress_type, entry.create_system = zipfile.ZIP_DEFLATED, 3
            new.writestr(entry, content)


def _with_fallbacks(table: bytes) -> bytes:
    """Say in the table of fonts what may stand in for those that a reader may not have."""
    entries = "".join(
        f"<w:font w:name={quoteattr(name)}><w:altName w:val={quoteattr(others)}/>"
        '<w:charset w:val="86"/></w:font>'
        for name, others in FALLBACKS.items()
        if f'w:name="{name}"' not in table.decode()
    )
    return table.replace(b"</w:fonts>", entries.encode() + b"</w:fonts>")
