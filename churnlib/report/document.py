"""A report as a list of paragraphs and exhibits, numbered and then written as a Word document."""

from __future__ import annotations

import io
import re
import zipfile
from collections import Counter
from collections.abc import Sequence
from copy import deepcopy
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import docx
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.image.exceptions import UnrecognizedImageError
from docx.opc.exceptions import PackageNotFoundError
from docx.oxml.ns import nsdecls, qn
from docx.oxml.parser import OxmlElement, parse_xml
from docx.shared import Emu, Pt, RGBColor

from churnlib.evidence import Origin
from churnlib.report.report_text import REFERENCE, Block, Exhibit, Text, Words
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
_LATIN_PART = re.compile(r"([\[(]?[−.0-9][−.,0-9 %]*[\])]?)")
_IN_NUMBER = re.compile(r"(?<=\d)-(?=\d)")
_ANCHOR = "_Toc{:06d}"
_SHORT_TABLE, _TALLEST = 16, Pt(400)


def write_document(
    blocks: Sequence[Block], path: Path, words: Words, template: Path | None = None
) -> Path:
    """Write the blocks as a Word document, the same bytes every time.

    A template or a picture that is missing or something else is an error that names it.
    """
    writer = _Writer(open_document(template), words, blocks)
    for block in blocks:
        writer.write(block)
    writer.page_numbers()
    titles = [b.text for b in blocks if isinstance(b, Text) and b.role == "title"]
    properties, buffer = writer.document.core_properties, io.BytesIO()
    properties.title, properties.author = xml_safe([*titles, path.stem][0]), "churnlib"
    writer.document.save(buffer)
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(buffer) as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            entry = zipfile.ZipInfo(name, (2020, 11, 30, 0, 0, 0))
            entry.compress_type, entry.create_system = zipfile.ZIP_DEFLATED, 3
            new.writestr(entry, old.read(name))
    return path


def open_document(template: Path | None) -> Document:
    """Return an empty document with all the styles of a report.

    A template lends its styles, page, header and footer, and is lent ours of the styles that it
    lacks. One that is missing is a FileNotFoundError; one that is no Word document, a ValueError.
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


def _elements(xml: str) -> list[Any]:
    """Return the elements that some of Word's XML stands for."""
    return list(parse_xml(f"<w:p {nsdecls('w')}>{xml}</w:p>"))


def _field(instruction: str, shown: str = "") -> list[Any]:
    """Return the parts of a field, which shows a text until Word updates it."""
    dirty = ' w:dirty="true"' if instruction.startswith("TOC") else ""  # updated when opened
    text = f"<w:r><w:t>{shown}</w:t></w:r>" if shown else ""
    return _elements(
        f'<w:r><w:fldChar w:fldCharType="begin"{dirty}/></w:r>'
        f'<w:r><w:instrText xml:space="preserve"> {instruction} </w:instrText></w:r>'
        f'<w:r><w:fldChar w:fldCharType="separate"/></w:r>{text}'
        '<w:r><w:fldChar w:fldCharType="end"/></w:r>'
    )


class _Writer:
    """Puts one block after the other; knows the numbers of exhibits and counts bookmarks."""

    def __init__(self, document: Document, words: Words, blocks: Sequence[Block]) -> None:
        self.document, self.words = document, words
        self.styles = {role: find_style(document, names) for role, names in STYLES.items()}
        self.headings = [b for b in blocks if isinstance(b, Text) and b.role[:7] == "heading"]
        self.bookmarks, self.heading = count(1), count(1)
        self.numbers, counts = {}, Counter[str]()
        for block in blocks:
            if isinstance(block, Exhibit):
                counts[block.kind] += 1
                self.numbers[block.key] = (block.kind, counts[block.kind])

    def write(self, block: Block) -> None:
        match block:
            case Exhibit(content=TextTable() as texts):
                self._caption(block)
                self._table(texts)
                self._note(block)
            case Exhibit(content=Path() as picture):
                self._picture(picture, block.alternative)
                self._caption(block)
                self._note(block)
            case Text(role="contents"):
                self._contents()
            case Text(role="heading_1" | "heading_2"):
                anchor = _ANCHOR.format(next(self.heading))
                self._paragraph(block.role, self._bookmarked(anchor, self._text(block.text)))
            case Text():
                self._paragraph(block.role, self._text(block.text))

    def page_numbers(self) -> None:
        """Number the pages below, unless the template's own footer is there already."""
        footer = self.document.sections[-1].footer
        if footer._element.xpath(".//w:t | .//w:instrText | .//w:drawing | .//w:fldSimple"):
            return
        paragraph = footer.paragraphs[0]
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
        fields = {"{page}": "PAGE", "{pages}": "NUMPAGES"}
        for part in re.split(r"(\{\w+\})", self.words("words.page")):
            content = _field(fields[part], "1") if part in fields else self._runs(part)
            paragraph._p.extend(content)

    def _paragraph(self, role: str, content: Sequence[Any] = ()) -> Paragraph:
        paragraph = self.document.add_paragraph(style=self.styles[role])
        paragraph._p.extend(content)
        return paragraph

    def _runs(self, text: str) -> list[Any]:
        """Return runs; no line ends in 3-1, nor in Chinese in a number, which is its own run."""
        chinese, runs = self.words.lang == "zh-Hans", []
        for place, piece in enumerate(_IN_NUMBER.split(xml_safe(text))):
            if place:
                runs += _elements("<w:r><w:noBreakHyphen/></w:r>")
            for part in filter(None, _LATIN_PART.split(piece) if chinese else [piece]):
                run: Any = OxmlElement("w:r")
                run.text = part
                if chinese and not _LATIN_PART.fullmatch(part):  # punctuation in the Chinese font
                    run.get_or_add_rPr().get_or_add_rFonts().set(qn("w:hint"), "eastAsia")
                runs.append(run)
        return runs

    def _text(self, text: str) -> list[Any]:
        """Return the runs of a text, and the fields that its references stand for."""
        content = []
        for place, part in enumerate(REFERENCE.split(text)):
            if place % 2 == 0:
                content += self._runs(part)
            else:
                kind, number = self.numbers[part]
                shown = f"{self.words(f'words.{kind}')} {number}"
                content += _field(f"REF {kind}_{number} \\h", shown)
        return content

    def _bookmarked(self, name: str, content: Sequence[Any]) -> list[Any]:
        mark = f'w:id="{next(self.bookmarks)}"'
        start, end = _elements(f'<w:bookmarkStart {mark} w:name="{name}"/><w:bookmarkEnd {mark}/>')
        return [start, *content, end]

    def _caption(self, block: Exhibit) -> None:
        kind, number = self.numbers[block.key]
        word = self.words(f"words.{kind}")
        label = [*self._runs(f"{word} "), *_field(f"SEQ {word} \\* ARABIC", str(number))]
        text = self._runs(self.words("words.caption").format(block.caption))
        marked = self._bookmarked(f"{kind}_{number}", label)
        self._paragraph("caption", [*marked, *text]).paragraph_format.keep_with_next = True

    def _note(self, block: Exhibit) -> None:
        paragraph = self._paragraph("note", self._runs(block.origin.mark(self.words.lang)))
        if block.origin >= Origin.HYPOTHETICAL:
            paragraph.runs[0].bold = True
            paragraph.runs[0].font.color.rgb = RGBColor(0xA3, 0x3B, 0x20)
        if block.note:
            paragraph._p.extend(self._text(f" · {block.note}"))

    def _table(self, texts: TextTable) -> None:
        """Add a native three-line table whose header is repeated on every page."""
        lines = (texts.header, *texts.rows)
        table = self.document.add_table(len(lines), len(texts.header), self.styles["table"])
        table.alignment, table.autofit = WD_TABLE_ALIGNMENT.CENTER, False
        widths = [Pt(w) for w in texts.widths(self.document._block_width.pt)]
        for column, width in zip(table.columns, widths, strict=True):
            column.width = width
        # A short table stays on one page; a long one may break, but its header is never alone
        # with the caption, nor the note below it alone on a page.
        last = len(texts.rows)
        together = {0, 1, last - 2, last - 1, last} if last > _SHORT_TABLE else {*range(last + 1)}
        style_id = self.styles["cell"].style_id  # else looked up anew for every cell
        for place, (row, line) in enumerate(zip(table.rows, lines, strict=True)):
            header = "" if place else "<w:tblHeader/>"
            row._tr.get_or_add_trPr().extend(_elements(f"<w:cantSplit/>{header}"))
            cells = zip(row.cells, line, widths, texts.numeric, strict=True)
            for cell, text, width, is_numeric in cells:
                cell.width = width
                paragraph = cell.paragraphs[0]
                paragraph._p.style = style_id
                if is_numeric:
                    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
                paragraph.paragraph_format.keep_with_next = True if place in together else None
                paragraph._p.extend(self._runs(text))

    def _picture(self, path: Path, alternative: str) -> None:
        """Add a picture no wider than the page, with a text for those who do not see it."""
        advice = "run the notebook that makes it"
        if not path.is_file():
            raise FileNotFoundError(f"the picture {path} is missing; {advice}")
        paragraph = self._paragraph("note")
        paragraph.paragraph_format.keep_with_next = True
        try:
            shape = paragraph.add_run().add_picture(str(path))
        except UnrecognizedImageError:
            raise ValueError(f"{path} is not a picture; {advice}") from None
        scale = min(1, self.document._block_width / shape.width, _TALLEST / shape.height)
        shape.width, shape.height = Emu(shape.width * scale), Emu(shape.height * scale)
        shape._inline.docPr.set("descr", xml_safe(alternative))

    def _contents(self) -> None:
        """Link every heading; Word adds the pages when it opens the document."""
        *begin, end = _field('TOC \\o "1-2" \\h \\z \\u')
        for place, heading in enumerate(self.headings, 1):
            (link,) = _elements(f'<w:hyperlink w:anchor="{_ANCHOR.format(place)}" w:history="1"/>')
            link.extend(self._runs(heading.text))
            content = [*begin, link] if place == 1 else [link]
            paragraph = self._paragraph("contents", content)
            paragraph.paragraph_format.left_indent = Pt(18 * (heading.role == "heading_2"))
            if place == len(self.headings):
                paragraph._p.append(end)
