"""A report as a list of paragraphs and exhibits, numbered and then written as a Word document."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.image.exceptions import UnrecognizedImageError
from docx.oxml.ns import qn
from docx.shared import Emu, Pt, RGBColor

from churnlib.evidence import Origin
from churnlib.report.docx_parts import (
    STYLES,
    add_field,
    close_field,
    column_widths,
    elements,
    find_style,
    open_document,
    open_field,
    save,
    xml_safe,
)
from churnlib.report.report_text import Words
from churnlib.report.text_table import TextTable

if TYPE_CHECKING:
    from docx.document import Document
    from docx.text.paragraph import Paragraph

_REFERENCE = re.compile("\x02(.+?)\x03")  # no text of a user holds these after `xml_safe`
_LATIN_PART = re.compile(r"([\[(]?[−.0-9][−.,0-9 %]*[\])]?)")
_IN_NUMBER = re.compile(r"(?<=\d)-(?=\d)")
_ANCHOR = "_Toc{:06d}"
_SHORT_TABLE, _TALLEST = 16, Pt(400)


@dataclass(frozen=True)
class Text:
    """A paragraph, in which every `reference` becomes a field.

    Its role is one of `STYLES`; ``"contents"`` is where the table of contents stands.
    """

    text: str
    role: str = "body"


@dataclass(frozen=True)
class Exhibit:
    """A table or the path of a picture, with a numbered caption and a note on its origin."""

    key: str
    caption: str
    note: str
    origin: Origin
    content: TextTable | Path
    alternative: str = ""

    @property
    def kind(self) -> str:
        """``"table"`` or ``"figure"``."""
        return "table" if isinstance(self.content, TextTable) else "figure"


Block = Text | Exhibit


def reference(key: str) -> str:
    """Put into a `Text` or a note, this becomes a cross-reference to the exhibit of that key."""
    return f"\x02{key}\x03"


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
    save(writer.document, path, [*titles, path.stem][0])
    return path


class _Writer:
    """Puts one block after the other; knows the numbers of exhibits and counts bookmarks."""

    def __init__(self, document: Document, words: Words, blocks: Sequence[Block]) -> None:
        self.document, self.words = document, words
        self.styles = {role: find_style(document, names) for role, names in STYLES.items()}
        self.headings = [b for b in blocks if isinstance(b, Text) and b.role[:7] == "heading"]
        self.bookmarks, self.heading = count(1), count(1)
        counts = {"table": count(1), "figure": count(1)}
        exhibits = [block for block in blocks if isinstance(block, Exhibit)]
        self.numbers = {each.key: (each.kind, next(counts[each.kind])) for each in exhibits}

    def word(self, key: str) -> str:
        return self.words(f"words.{key}")

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
            case Text():
                paragraph = self._paragraph(block.role, block.text)
                if block.role[:7] == "heading":
                    self._bookmark(paragraph, 1, _ANCHOR.format(next(self.heading)))

    def page_numbers(self) -> None:
        """Number the pages below, unless the template's own footer is there already."""
        footer = self.document.sections[-1].footer
        if footer._element.xpath(".//w:t | .//w:instrText | .//w:drawing | .//w:fldSimple"):
            return
        paragraph = footer.paragraphs[0]
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
        for part in re.split(r"(\{\w+\})", self.word("page")):
            if part in {"{page}", "{pages}"}:
                add_field(paragraph, "PAGE" if part == "{page}" else "NUMPAGES", "1")
            else:
                self._run(paragraph, part)

    def _paragraph(self, role: str, text: str = "") -> Paragraph:
        paragraph = self.document.add_paragraph(style=self.styles[role])
        self._text(paragraph, text)
        return paragraph

    def _text(self, paragraph: Paragraph, text: str) -> None:
        for place, part in enumerate(_REFERENCE.split(text)):
            if place % 2 == 0:
                self._run(paragraph, part)
            else:
                kind, number = self.numbers[part]
                add_field(paragraph, f"REF {kind}_{number} \\h", f"{self.word(kind)} {number}")

    def _run(self, paragraph: Paragraph, text: str) -> None:
        """Add text; no line ends in 3-1, nor in Chinese in a number, which is a run of its own."""
        chinese = self.words.lang == "zh-Hans"
        for place, piece in enumerate(_IN_NUMBER.split(xml_safe(text))):
            if place:
                paragraph.add_run()._r.extend(elements("<w:noBreakHyphen/>"))
            for part in filter(None, _LATIN_PART.split(piece) if chinese else [piece]):
                run = paragraph.add_run(part)
                if chinese and not _LATIN_PART.fullmatch(part):  # punctuation in the Chinese font
                    run._r.get_or_add_rPr().get_or_add_rFonts().set(qn("w:hint"), "eastAsia")

    def _caption(self, block: Exhibit) -> None:
        kind, number = self.numbers[block.key]
        paragraph = self._paragraph("caption")
        paragraph.paragraph_format.keep_with_next = True
        first = len(paragraph._p)
        self._run(paragraph, f"{self.word(kind)} ")
        add_field(paragraph, f"SEQ {self.word(kind)} \\* ARABIC", str(number))
        self._bookmark(paragraph, first, f"{kind}_{number}")
        self._run(paragraph, self.word("caption").format(block.caption))

    def _note(self, block: Exhibit) -> None:
        paragraph = self._paragraph("note", block.origin.mark(self.words.lang))
        if block.origin >= Origin.HYPOTHETICAL:
            paragraph.runs[0].bold = True
            paragraph.runs[0].font.color.rgb = RGBColor(0xA3, 0x3B, 0x20)
        if block.note:
            self._text(paragraph, f" · {block.note}")

    def _table(self, texts: TextTable) -> None:
        """Add a native three-line table whose header is repeated on every page."""
        lines = (texts.header, *texts.rows)
        table = self.document.add_table(len(lines), len(texts.header), self.styles["table"])
        table.alignment, table.autofit = WD_TABLE_ALIGNMENT.CENTER, False
        widths = [Pt(w) for w in column_widths(texts, self.document._block_width.pt)]
        for column, width in zip(table.columns, widths, strict=True):
            column.width = width
        # A short table stays on one page; a long one may break, but its header is never alone
        # with the caption, nor the note below it alone on a page.
        last = len(texts.rows)
        together = {0, 1, last - 2, last - 1, last} if last > _SHORT_TABLE else {*range(last + 1)}
        style_id = self.styles["cell"].style_id  # else looked up anew for every cell
        for place, (row, line) in enumerate(zip(table.rows, lines, strict=True)):
            header = "" if place else "<w:tblHeader/>"
            row._tr.get_or_add_trPr().extend(elements(f"<w:cantSplit/>{header}"))
            cells = zip(row.cells, line, widths, texts.numeric, strict=True)
            for cell, text, width, is_numeric in cells:
                cell.width = width
                paragraph = cell.paragraphs[0]
                paragraph._p.style = style_id
                if is_numeric:
                    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
                paragraph.paragraph_format.keep_with_next = True if place in together else None
                self._run(paragraph, text)

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
        for place, heading in enumerate(self.headings, 1):
            paragraph = self._paragraph("contents")
            paragraph.paragraph_format.left_indent = Pt(18 * (heading.role == "heading_2"))
            if place == 1:
                open_field(paragraph, 'TOC \\o "1-2" \\h \\z \\u')
            before = len(paragraph.runs)
            self._run(paragraph, heading.text)
            (link,) = elements(f'<w:hyperlink w:anchor="{_ANCHOR.format(place)}" w:history="1"/>')
            link.extend([run._r for run in paragraph.runs[before:]])
            paragraph._p.append(link)
            if place == len(self.headings):
                close_field(paragraph)

    def _bookmark(self, paragraph: Paragraph, first: int, name: str) -> None:
        """Bookmark what stands in a paragraph from its child `first` to its end."""
        mark = f'w:id="{next(self.bookmarks)}"'
        start, end = elements(f'<w:bookmarkStart {mark} w:name="{name}"/><w:bookmarkEnd {mark}/>')
        paragraph._p.insert(first, start)
        paragraph._p.append(end)
