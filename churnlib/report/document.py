"""A report as a list of blocks, numbered and then written as a Word document."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.shared import Pt, RGBColor

from churnlib.evidence import Origin
from churnlib.report.docx_parts import (
    add_field,
    add_link,
    add_picture,
    add_table,
    add_text,
    bookmark,
    close_field,
    open_field,
    save,
)
from churnlib.report.docx_styles import STYLES, find_style, open_document
from churnlib.report.text_table import TextTable

if TYPE_CHECKING:
    from docx.document import Document
    from docx.text.paragraph import Paragraph

# Control characters, which no text of a user can hold once `plain` has been over it.
_REFERENCE = re.compile("\x02(.+?)\x03")
_ANCHOR = "_Toc{:06d}"


@dataclass(frozen=True)
class Title:
    """The title of the report and the line below it."""

    text: str
    below: str


@dataclass(frozen=True)
class Heading:
    """A heading; level 1 is a chapter."""

    text: str
    level: Literal[1, 2] = 1


@dataclass(frozen=True)
class Text:
    """A paragraph, in which every `reference` becomes a field."""

    text: str
    role: Literal["body", "reference"] = "body"


@dataclass(frozen=True)
class Contents:
    """Where the table of contents stands."""


@dataclass(frozen=True)
class Exhibit:
    """What a table and a picture share: a numbered caption, and a note that says the origin."""

    key: str
    caption: str
    note: str
    origin: Origin


@dataclass(frozen=True)
class TableBlock(Exhibit):
    """A table with its caption above and its note below."""

    table: TextTable


@dataclass(frozen=True)
class FigureBlock(Exhibit):
    """A picture with its caption and its note below."""

    picture: Path
    alternative: str


def reference(key: str) -> str:
    """Put into a `Text` or a note, this becomes a cross-reference to the exhibit of that key."""
    return f"\x02{key}\x03"


Block = Title | Heading | Text | Contents | TableBlock | FigureBlock
Word = Callable[[str], str]


def numbers(blocks: Sequence[Block]) -> dict[str, tuple[str, int]]:
    """The kind and the number of every exhibit by its key, in the order of the blocks.

    Raises
    ------
    ValueError
        If two exhibits have one key.

    Examples
    --------
    >>> texts = TextTable(("n",), (("1",),))
    >>> first, second = (TableBlock(k, k, "", Origin.OBSERVED, texts) for k in ("a", "b"))
    >>> numbers([first, second])
    {'a': ('table', 1), 'b': ('table', 2)}
    """
    found: dict[str, tuple[str, int]] = {}
    seen = {"table": 0, "figure": 0}
    for block in blocks:
        if isinstance(block, Exhibit):
            kind = "table" if isinstance(block, TableBlock) else "figure"
            seen[kind] += 1
            if block.key in found:
                raise ValueError(f"two exhibits have the key {block.key!r}; give each its own")
            found[block.key] = (kind, seen[kind])
    return found


def write_paper(
    blocks: Sequence[Block], path: Path, lang: str, word: Word, template: Path | None = None
) -> Path:
    """Write the blocks as a Word document, the same bytes every time.

    Parameters
    ----------
    blocks : sequence of Block
    path : Path
        Where to write; folders are made.
    lang : {"en", "zh-Hans"}
    word : callable
        From ``"figure"``, ``"table"``, ``"caption"``, ``"page"`` and ``"contents"`` to the words
        of the language.
    template : Path, optional
        A .docx whose styles are to be used.

    Raises
    ------
    KeyError
        If a text refers to an exhibit that is not there.
    FileNotFoundError, ValueError
        If the template or a picture is missing or is something else.
    """
    writer = _Writer(open_document(template), lang, word, blocks)
    for block in blocks:
        writer.write(block)
    writer.page_numbers()
    title = next((block.text for block in blocks if isinstance(block, Title)), path.stem)
    save(writer.document, path, title, lang)
    return path


class _Writer:
    """Puts one block after the other; keeps count of bookmarks."""

    def __init__(self, document: Document, lang: str, word: Word, blocks: Sequence[Block]) -> None:
        self.document, self.lang, self.word = document, lang, word
        self.number = numbers(blocks)
        self.headings = [block for block in blocks if isinstance(block, Heading)]
        self.styles: dict[str, Any] = {
            role: find_style(document, look.names) for role, look in STYLES.items()
        }
        self.bookmarks, self.heading = count(1), count(1)

    def write(self, block: Block) -> None:
        match block:
            case Title():
                self._paragraph("title", block.text)
                self._paragraph("subtitle", block.below)
            case Heading():
                paragraph = self._paragraph(f"heading_{block.level}", block.text)
                self._bookmark(paragraph, 1, _ANCHOR.format(next(self.heading)))
            case Text():
                self._paragraph(block.role, block.text)
            case Contents():
                self._contents()
            case TableBlock():
                self._caption(block)
                add_table(self.document, block.table, self.lang, self.styles["cell"])
                self._note(block)
            case FigureBlock():
                add_picture(self.document, block.picture, block.alternative, self.styles["note"])
                self._caption(block)
                self._note(block)

    def page_numbers(self) -> None:
        """Number the pages below, unless the template's own footer is there already."""
        footer = self.document.sections[-1].footer
        if footer._element.xpath(".//w:t | .//w:instrText | .//w:drawing | .//w:fldSimple"):
            return
        paragraph = footer.paragraphs[0]
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
        before, between, after = re.split(r"\{\w+\}", self.word("page"))
        add_text(paragraph, before, self.lang)
        add_field(paragraph, "PAGE", "1")
        add_text(paragraph, between, self.lang)
        add_field(paragraph, "NUMPAGES", "1")
        add_text(paragraph, after, self.lang)

    def _paragraph(self, role: str, text: str = "") -> Paragraph:
        paragraph = self.document.add_paragraph(style=self.styles[role])
        self._text(paragraph, text)
        return paragraph

    def _text(self, paragraph: Paragraph, text: str) -> None:
        for place, part in enumerate(_REFERENCE.split(text)):
            if place % 2:
                kind, number = self._number(part)
                add_field(paragraph, f"REF {kind}_{number} \\h", f"{self.word(kind)} {number}")
            elif part:
                add_text(paragraph, part, self.lang)

    def _number(self, key: str) -> tuple[str, int]:
        if key not in self.number:
            known = ", ".join(self.number) or "none"
            raise KeyError(f"the text refers to {key!r}, which the report lacks; it has {known}")
        return self.number[key]

    def _caption(self, block: Exhibit) -> None:
        kind, number = self.number[block.key]
        paragraph = self._paragraph("caption")
        paragraph.paragraph_format.keep_with_next = True
        first = len(paragraph._p)
        add_text(paragraph, f"{self.word(kind)} ", self.lang)
        add_field(paragraph, f"SEQ {self.word(kind)} \\* ARABIC", str(number))
        self._bookmark(paragraph, first, f"{kind}_{number}")
        add_text(paragraph, self.word("caption").format(block.caption), self.lang)

    def _note(self, block: Exhibit) -> None:
        paragraph = self._paragraph("note", block.origin.mark(self.lang))
        if block.origin >= Origin.HYPOTHETICAL:
            paragraph.runs[0].bold = True
            paragraph.runs[0].font.color.rgb = RGBColor(0xA3, 0x3B, 0x20)
        if block.note:
            self._text(paragraph, f" · {block.note}")

    def _contents(self) -> None:
        for place, heading in enumerate(self.headings, 1):
            paragraph = self._paragraph("contents")
            paragraph.paragraph_format.left_indent = Pt(18 * (heading.level - 1))
            if place == 1:
                open_field(paragraph, 'TOC \\o "1-2" \\h \\z \\u')
            add_link(paragraph, heading.text, _ANCHOR.format(place), self.lang)
            if place == len(self.headings):
                close_field(paragraph)

    def _bookmark(self, paragraph: Paragraph, first: int, name: str) -> None:
        bookmark(paragraph, first, name, next(self.bookmarks))
