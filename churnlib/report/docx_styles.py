"""The look of a Word document: a plain one of ours, or the styles of a university's template."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import docx
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.opc.exceptions import PackageNotFoundError
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor

from churnlib.report.column_widths import LETTERS

if TYPE_CHECKING:
    from docx.document import Document

LATIN, SONG, HEI = "Times New Roman", "SimSun", "SimHei"
# Named, not embedded: both come with Word in Chinese. Elsewhere the alternatives stand in.
FALLBACKS: Mapping[str, str] = {
    SONG: "宋体,Songti SC,Noto Serif CJK SC,Noto Sans SC",
    HEI: "黑体,Heiti SC,Noto Sans CJK SC,Noto Sans SC",
}


@dataclass(frozen=True)
class ParagraphStyle:
    """How one kind of paragraph looks where a template has no style of these names.

    The first of `names` is ours. Sizes and spaces are in points; ``chinese`` is the font of Chinese
    characters, ``with_next`` keeps the paragraph on one page with the next, ``outline`` is its
    depth in the outline, from 0.
    """

    names: tuple[str, ...]
    size: float = 10.5
    chinese: str = SONG
    bold: bool = False
    centred: bool = False
    with_next: bool = False
    before: float = 0
    after: float = 6
    outline: int | None = None


STYLES: Mapping[str, ParagraphStyle] = {
    "title": ParagraphStyle(("Title", "标题"), 20, HEI, bold=True, centred=True, after=6),
    "subtitle": ParagraphStyle(("Subtitle", "副标题"), 11, centred=True, after=18),
    "heading_1": ParagraphStyle(
        ("Heading 1", "标题 1", "一级标题"), 15, HEI, True, with_next=True, before=14, outline=0
    ),
    "heading_2": ParagraphStyle(
        ("Heading 2", "标题 2", "二级标题"), 12, HEI, True, with_next=True, before=10, outline=1
    ),
    "body": ParagraphStyle(("Body Text", "正文文本", "论文正文", "Normal", "正文")),
    "caption": ParagraphStyle(("Caption", "题注"), 9.5, HEI, True, centred=True, before=6, after=4),
    "note": ParagraphStyle(("Exhibit note", "图表注"), 8.5, centred=True, before=3, after=12),
    "contents": ParagraphStyle(("Contents line", "目录行"), after=2),
    "reference": ParagraphStyle(("Bibliography", "参考文献"), 9.5, after=4),
    "cell": ParagraphStyle(("Table text", "表格文字", "表文"), LETTERS, before=1, after=1),
}
TABLE_NAMES = ("Three-line table", "三线表")


def open_document(template: Path | None) -> Document:
    """Return an empty document with all the styles of `STYLES`.

    Parameters
    ----------
    template : Path, optional
        A .docx whose styles, page, header and footer are used; what stands in its body is not.

    Raises
    ------
    FileNotFoundError
        If there is no such template.
    ValueError
        If it is not a Word document.
    """
    document = _template(template) if template else _plain()
    for look in STYLES.values():
        if template is None or find_style(document, look.names) is None:
            _dress(document, look)
    return document


def find_style(document: Document, names: tuple[str, ...], table: bool = False) -> Any:
    """The document's first style with one of `names`, capitals aside, or None."""
    kind = WD_STYLE_TYPE.TABLE if table else WD_STYLE_TYPE.PARAGRAPH
    styles = {(style.name or "").lower(): style for style in document.styles if style.type == kind}
    return next((styles[name.lower()] for name in names if name.lower() in styles), None)


def _template(path: Path) -> Document:
    if not path.is_file():
        raise FileNotFoundError(f"there is no template at {path}; give the path of a .docx file")
    advice = f"{path.name} is not a Word document; open it in Word and save it as .docx"
    try:
        document = docx.Document(str(path))
    except (PackageNotFoundError, zipfile.BadZipFile, KeyError, ValueError, SyntaxError) as error:
        raise ValueError(f"{advice} ({error})") from error
    body = document.element.body
    body.clear_content()
    body.get_or_add_sectPr()
    return document


def _plain() -> Document:
    document = docx.Document()
    # The library's template brings a hundred table styles, a picture of itself and a second copy
    # of its styles; none of them is ours.
    for style in list(document.styles):
        if style.type == WD_STYLE_TYPE.TABLE and style.name != "Normal Table":
            style.delete()
    for rels in (document.part.rels, document.part.package.rels):
        for key in [k for k, r in rels.items() if r.reltype.rpartition("/")[2] in _LEFT_OUT]:
            rels.pop(key)
    page = document.sections[0]
    page.page_width, page.page_height = Cm(21), Cm(29.7)
    page.left_margin = page.right_margin = page.top_margin = page.bottom_margin = Cm(2.5)
    (defaults,) = document.styles.element.xpath("w:docDefaults//w:rPr")
    _fonts(defaults, SONG)
    theme = document.settings.element.find(qn("w:themeFontLang"))
    for language in (defaults.find(qn("w:lang")), theme):
        language.set(qn("w:eastAsia"), "zh-CN")
    return document


_LEFT_OUT = {"thumbnail", "stylesWithEffects", "customXml"}


def _dress(document: Document, look: ParagraphStyle) -> None:
    name, kind = look.names[0], WD_STYLE_TYPE.PARAGRAPH
    style: Any = find_style(document, (name,))
    if style is None:
        style = document.styles.add_style(name, kind)
        style.base_style = document.styles.default(kind)
    for leftover in style.element.xpath("w:pPr | w:rPr"):
        style.element.remove(leftover)
    style.hidden, style.quick_style = False, True
    _fonts(style.element.get_or_add_rPr(), look.chinese)
    font, layout = style.font, style.paragraph_format
    font.size, font.bold, font.italic = Pt(look.size), look.bold, False
    font.color.rgb = RGBColor(0, 0, 0)
    layout.alignment = WD_ALIGN_PARAGRAPH.CENTER if look.centred else WD_ALIGN_PARAGRAPH.LEFT
    layout.space_before, layout.space_after = Pt(look.before), Pt(look.after)
    layout.line_spacing = 1.0 if look.size < 10 else 1.15
    layout.keep_with_next = look.with_next
    if look.outline is not None:
        level = style.element.makeelement(qn("w:outlineLvl"), {qn("w:val"): str(look.outline)})
        style.element.get_or_add_pPr().append(level)


def _fonts(properties: Any, chinese: str) -> None:
    """Name the fonts outright: a theme would choose by the language of the reader's Word."""
    fonts = properties.get_or_add_rFonts()
    fonts.attrib.clear()
    for kind in ("ascii", "hAnsi", "cs"):
        fonts.set(qn(f"w:{kind}"), LATIN)
    fonts.set(qn("w:eastAsia"), chinese)
