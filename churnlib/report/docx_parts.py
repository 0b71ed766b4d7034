"""Parts of a Word document that python-docx does not make: fields, captions, three-line tables."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import quoteattr

from churnlib.report.column_widths import SMALL, USUAL, column_widths, has_room
from churnlib.report.docx_styles import FALLBACKS, LATIN, TABLE_NAMES, find_style
from churnlib.report.text_table import TextTable

if TYPE_CHECKING:
    from docx.document import Document
    from docx.table import Table
    from docx.text.paragraph import Paragraph

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LATIN_PART = re.compile(r"([\[(]?[−.0-9][−.,0-9 %]*[\])]?)")
_MADE = datetime(2020, 11, 30, tzinfo=UTC)
_ZIP_DATE = (2020, 11, 30, 0, 0, 0)
_SHORT = 16


def xml_safe(text: object) -> str:
    r"""Text as XML can hold it: what no XML may contain becomes the mark of a lost character.

    Examples
    --------
    >>> xml_safe("a\x00b & <c>")
    'a�b & <c>'
    """
    return _NOT_XML.sub("\ufffd", str(text))


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
            run._r.get_or_add_rPr().get_or_add_rFonts().set(_qn("w:hint"), "eastAsia")


def add_field(paragraph: Paragraph, instruction: str, shown: str) -> None:
    """Add a field that Word can update, showing what it stands for until then."""
    open_field(paragraph, instruction)
    paragraph.add_run(xml_safe(shown))
    close_field(paragraph)


def open_field(paragraph: Paragraph, instruction: str) -> None:
    """Begin a field; what follows up to `close_field` is what it shows until updated."""
    start = {"w:fldCharType": "begin"}
    if instruction.startswith("TOC"):
        start["w:dirty"] = "true"  # Word counts the pages when it opens the document
    paragraph.add_run()._r.append(_element("w:fldChar", start))
    text = _element("w:instrText", {"xml:space": "preserve"})
    text.text = f" {instruction} "
    paragraph.add_run()._r.append(text)
    paragraph.add_run()._r.append(_element("w:fldChar", {"w:fldCharType": "separate"}))


def close_field(paragraph: Paragraph) -> None:
    """End a field, which may have begun in an earlier paragraph."""
    paragraph.add_run()._r.append(_element("w:fldChar", {"w:fldCharType": "end"}))


def bookmark(paragraph: Paragraph, first: int, name: str, number: int) -> None:
    """Bookmark what stands in a paragraph from its child `first` to its end."""
    start = _element("w:bookmarkStart", {"w:id": str(number), "w:name": name})
    paragraph._p.insert(first, start)
    paragraph._p.append(_element("w:bookmarkEnd", {"w:id": str(number)}))


def add_link(paragraph: Paragraph, text: str, anchor: str, lang: str) -> None:
    """Add text that leads to a bookmark of the document."""
    add_text(paragraph, text, lang)
    run = paragraph.runs[-1]._r
    link = _element("w:hyperlink", {"w:anchor": anchor, "w:history": "1"})
    run.addprevious(link)
    link.append(run)


def add_table(document: Document, texts: TextTable, lang: str, cell_style: Any) -> Table:
    """Add a native three-line table whose header is repeated on every page.

    A template's own three-line style is used where it has one with lines; otherwise the lines
    are drawn here: thick above and below, thin under the header, none between columns.
    """
    from docx.enum.table import WD_TABLE_ALIGNMENT
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import Pt

    table = document.add_table(1 + len(texts.rows), len(texts.header))
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    table.autofit = False
    style = find_style(document, TABLE_NAMES, table=True)
    if style is not None:
        table.style = style
    if style is None or style.element.find(f".//{_qn('w:tblBorders')}") is None:
        _three_lines(table)
    room = _room(document)[0]
    letters = USUAL if has_room(texts, room, USUAL) else SMALL
    if letters is SMALL:
        _narrow_margins(table)
    widths = column_widths(texts, room, letters)
    for column, width in zip(table.columns, widths, strict=True):
        column.width = width
    numeric = texts.numeric
    style_id = cell_style.style_id  # python-docx would look it up anew for every cell
    for row, cells in zip(table.rows, (texts.header, *texts.rows), strict=True):
        row._tr.get_or_add_trPr().append(_element("w:cantSplit"))
        for place, (cell, text) in enumerate(zip(row.cells, cells, strict=True)):
            cell.width = widths[place]
            paragraph = cell.paragraphs[0]
            paragraph._p.style = style_id
            if numeric[place]:
                paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
            add_text(paragraph, text, lang)
            if letters is SMALL:
                paragraph.runs[-1].font.size = Pt(letters.size)
    table.rows[0]._tr.get_or_add_trPr().append(_element("w:tblHeader"))
    for run in (run for cell in table.rows[0].cells for run in cell.paragraphs[0].runs):
        run.bold = True
    # A short table stays on one page; a long one may break, but its header is never alone with
    # the caption, nor the note below it alone on a page.
    rows = list(table.rows)
    for row in rows if len(texts.rows) <= _SHORT else (*rows[:2], *rows[-3:]):
        for cell in row.cells:
            cell.paragraphs[0].paragraph_format.keep_with_next = True
    return table


def add_picture(document: Document, path: Path, alternative: str, style: Any) -> None:
    """Add a picture no wider than the page, with a text for those who do not see it.

    Raises
    ------
    FileNotFoundError
        If the picture is missing.
    ValueError
        If the file is no picture.
    """
    from docx.image.exceptions import UnrecognizedImageError
    from docx.shared import Emu

    if not path.is_file():
        raise FileNotFoundError(f"the picture {path} is missing; run the notebook that makes it")
    paragraph = document.add_paragraph(style=style)
    paragraph.paragraph_format.keep_with_next = True
    try:
        shape = paragraph.add_run().add_picture(str(path))
    except UnrecognizedImageError:
        raise ValueError(f"{path} is not a picture; run the notebook that makes it") from None
    across, down = _room(document)
    scale = min(1, across / shape.width, down * 3 / 5 / shape.height)
    shape.width, shape.height = Emu(shape.width * scale), Emu(shape.height * scale)
    shape._inline.docPr.set("descr", xml_safe(alternative))


def save(document: Document, path: Path, title: str, lang: str) -> None:
    """Write a document so that the same content always gives the same bytes."""
    properties = document.core_properties
    properties.title, properties.author = xml_safe(title), "churnlib"
    properties.last_modified_by, properties.comments = "churnlib", ""
    properties.created = properties.modified = _MADE.replace(tzinfo=None)
    properties.revision, properties.language = 1, {"en": "en", "zh-Hans": "zh-CN"}[lang]
    buffer = io.BytesIO()
    document.save(buffer)
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(buffer) as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "word/fontTable.xml":
                content = _with_fallbacks(content)
            entry = zipfile.ZipInfo(name, _ZIP_DATE)
            entry.compress_type, entry.create_system = zipfile.ZIP_DEFLATED, 3
            new.writestr(entry, content)


def _with_fallbacks(table: bytes) -> bytes:
    """Say in the table of fonts what may stand in for those that a reader may not have."""
    entries = [f'<w:font w:name="{LATIN}"/>'] if f'"{LATIN}"' not in table.decode() else []
    entries += [
        f"<w:font w:name={quoteattr(name)}><w:altName w:val={quoteattr(others)}/>"
        '<w:charset w:val="86"/></w:font>'
        for name, others in FALLBACKS.items()
        if f'w:name="{name}"' not in table.decode()
    ]
    return table.replace(b"</w:fonts>", "".join(entries).encode() + b"</w:fonts>")


def _three_lines(table: Table) -> None:
    borders = _element("w:tblBorders")
    for side in ("top", "left", "bottom", "right", "insideH", "insideV"):  # the schema's order
        drawn = side in {"top", "bottom"}
        borders.append(_line(side, "12") if drawn else _element(f"w:{side}", {"w:val": "nil"}))
    properties = table._tbl.tblPr
    properties.append(borders)
    # The schema wants the borders before the layout.
    if (layout := properties.find(_qn("w:tblLayout"))) is not None:
        layout.addprevious(borders)
    for cell in table.rows[0].cells:
        lines = _element("w:tcBorders")
        lines.append(_line("top", "12"))
        lines.append(_line("bottom", "6"))
        cell._tc.get_or_add_tcPr().append(lines)
    for cell in table.rows[-1].cells if len(table.rows) > 1 else ():
        lines = _element("w:tcBorders")
        lines.append(_line("bottom", "12"))
        cell._tc.get_or_add_tcPr().append(lines)


def _line(side: str, eighths: str) -> Any:
    look = {"w:val": "single", "w:sz": eighths, "w:space": "0", "w:color": "000000"}
    return _element(f"w:{side}", look)


def _room(document: Document) -> tuple[int, int]:
    """Width and height of the text on a page; a template that is silent has our page."""
    from docx.shared import Cm

    section = document.sections[-1]
    page = (section.page_width or Cm(21), section.page_height or Cm(29.7))
    margins = [
        Cm(2.5) if margin is None else margin
        for margin in (
            section.left_margin, section.right_margin, section.top_margin, section.bottom_margin
        )
    ]  # fmt: skip
    return page[0] - margins[0] - margins[1], page[1] - margins[2] - margins[3]


def _narrow_margins(table: Table) -> None:
    margins = _element("w:tblCellMar")
    for side in ("left", "right"):
        margins.append(_element(f"w:{side}", {"w:w": "40", "w:type": "dxa"}))
    properties = table._tbl.tblPr
    # The schema wants the margins after the layout and before the look.
    if (look := properties.find(_qn("w:tblLook"))) is not None:
        look.addprevious(margins)
    else:
        properties.append(margins)


def _element(tag: str, attributes: dict[str, str] | None = None) -> Any:
    from docx.oxml import OxmlElement

    element = OxmlElement(tag)
    for key, value in (attributes or {}).items():
        element.set(_qn(key), value)
    return element


def _qn(tag: str) -> str:
    from docx.oxml.ns import qn

    return qn(tag)
