"""Word documents opened again: what stands in them, and what no text may do to them."""

import re
import zipfile

import docx
import pytest
from docx.enum.style import WD_STYLE_TYPE
from docx.oxml.ns import qn
from docx.shared import Cm, Pt
from PIL import Image

from churnlib.evidence.origin import Origin
from churnlib.report.document import TEMPLATE, write_document, xml_safe
from churnlib.report.report_text import Exhibit, Text, reference, report_words
from churnlib.report.text_table import TextTable

LEVELS = TextTable(("level", "n"), (("a", "1"), ("b", "12")))


def table(key="t", caption="Levels", grid=LEVELS, note="", origin=Origin.OBSERVED):
    return Exhibit(key, caption, note, origin, grid)


@pytest.fixture
def picture(tmp_path):
    path = tmp_path / "p.png"
    Image.new("RGB", (3000, 1000), "white").save(path, dpi=(300, 300))
    return path


@pytest.fixture
def write(tmp_path):
    def written(*blocks, lang="en", template=None, name="x.docx"):
        return write_document(blocks, tmp_path / name, report_words(lang), template)

    return written


def fields(path) -> list[str]:
    document = docx.Document(str(path))
    return [element.text.strip() for element in document.element.iter(qn("w:instrText"))]


def bookmarks(path) -> list[str]:
    document = docx.Document(str(path))
    return [element.get(qn("w:name")) for element in document.element.iter(qn("w:bookmarkStart"))]


def part(path, name: str) -> str:
    with zipfile.ZipFile(path) as archive:
        return archive.read(name).decode()


def test_a_caption_is_numbered_by_a_field_and_referred_to_by_one(write):
    path = write(Text(f"See {reference('two')}."), table("one"), table("two"))
    assert fields(path) == ["REF table_2 \\h", "SEQ Table \\* ARABIC", "SEQ Table \\* ARABIC"]
    assert bookmarks(path) == ["table_1", "table_2"]
    texts = [paragraph.text for paragraph in docx.Document(str(path)).paragraphs]
    assert texts[:2] == ["See Table 2.", "Table 1. Levels"]

    body = part(path, "word/document.xml")  # a bookmark spans the label and the number alone
    marked = re.search(r"<w:bookmarkStart[^>]*table_1[^>]*/>(.*?)<w:bookmarkEnd", body, re.S)[1]
    assert "".join(re.findall(r"<w:t[ >][^<]*?>?([^<>]*)</w:t>", marked)) == "Table 1"


def test_captions_are_in_the_language_of_the_report(write, picture):
    figure = Exhibit("f", "占比", "", Origin.PUBLISHED, picture, "占比图")
    path = write(figure, table(caption="频数"), lang="zh-Hans")
    texts = [paragraph.text for paragraph in docx.Document(str(path)).paragraphs]
    assert "图 1　占比" in texts
    assert "表 1　频数" in texts
    assert fields(path) == ["SEQ 图 \\* ARABIC", "SEQ 表 \\* ARABIC"]


def test_a_table_is_native_with_three_lines_and_a_header_on_every_page(write):
    (made,) = docx.Document(str(write(table()))).tables
    assert [[cell.text for cell in row.cells] for row in made.rows] == [
        ["level", "n"], ["a", "1"], ["b", "12"],
    ]  # fmt: skip
    drawn = made.style.element.xpath("w:tblPr/w:tblBorders/*")
    assert {(e.tag.split("}")[1], e.get(qn("w:sz"))) for e in drawn} == {
        ("top", "12"), ("bottom", "12"),
    }  # fmt: skip
    (first,) = made.style.element.xpath("w:tblStylePr")
    below = first.find(f".//{qn('w:bottom')}").get(qn("w:sz"))
    assert (below, first.find(f".//{qn('w:b')}") is not None) == ("6", True)
    assert made.rows[0]._tr.trPr.find(qn("w:tblHeader")) is not None
    assert made.rows[1]._tr.trPr.find(qn("w:tblHeader")) is None


@pytest.mark.parametrize(("rows", "together"), [(3, [0, 1, 2, 3]), (40, [0, 1, 38, 39, 40])])
def test_a_short_table_stays_on_a_page_and_a_long_one_leaves_no_line_alone(write, rows, together):
    grid = TextTable(("level", "n"), tuple(("a", str(n)) for n in range(rows)))
    (made,) = docx.Document(str(write(table(grid=grid)))).tables
    kept = [
        all(cell.paragraphs[0].paragraph_format.keep_with_next for cell in row.cells)
        for row in made.rows
    ]
    assert [place for place, with_next in enumerate(kept) if with_next] == together
    assert all(row._tr.trPr.find(qn("w:cantSplit")) is not None for row in made.rows)


def test_a_picture_has_a_text_and_is_no_wider_than_the_page(write, picture):
    path = write(Exhibit("f", "Shares", "", Origin.PUBLISHED, picture, "Shares by age"))
    document = docx.Document(str(path))
    (shape,) = document.inline_shapes
    assert shape._inline.docPr.get("descr") == "Shares by age"
    section = document.sections[0]
    assert shape.width == section.page_width - section.left_margin - section.right_margin
    assert shape.width / shape.height == pytest.approx(3, rel=0.01)


@pytest.mark.parametrize("origin", list(Origin))
def test_every_exhibit_says_its_origin_in_the_language_of_the_report(write, picture, origin):
    figure = Exhibit("f", "F", "n = 3", origin, picture, "F")
    document = docx.Document(str(write(figure, table(origin=origin))))
    notes = [p.text for p in document.paragraphs if p.text.startswith(origin.mark("en"))]
    assert notes == [f"{origin.mark('en')} · n = 3", origin.mark("en")]


def test_fonts_of_both_scripts_are_named_with_their_alternatives_and_none_is_embedded(write):
    path = write(Text("x"))
    for font in ("SimSun", "SimHei"):
        assert f'w:eastAsia="{font}"' in part(path, "word/styles.xml")
        assert f'w:name="{font}"><w:altName w:val="' in part(path, "word/fontTable.xml")
    assert 'w:eastAsia="zh-CN"' in part(path, "word/styles.xml")
    with zipfile.ZipFile(path) as archive:
        assert [name for name in archive.namelist() if "font" in name.lower()] == [
            "word/fontTable.xml"
        ]


def test_no_letters_are_smaller_than_8_points():
    sizes = re.findall(r'<w:sz w:val="(\d+)"', part(TEMPLATE, "word/styles.xml"))
    assert min(map(int, sizes)) / 2 >= 8


def test_the_same_blocks_give_the_same_bytes_with_fixed_dates(write, picture):
    blocks = (
        Text("T", "title"), Text("", "contents"), Text("H", "heading_1"), table(),
        Exhibit("f", "F", "", Origin.PUBLISHED, picture, "F"),
    )  # fmt: skip
    first, second = write(*blocks, name="a.docx"), write(*blocks, name="b.docx")
    assert first.read_bytes() == second.read_bytes()
    with zipfile.ZipFile(first) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(2020, 11, 30, 0, 0, 0)}
        assert "docProps/thumbnail.jpeg" not in archive.namelist()
    assert docx.Document(str(first)).core_properties.author == "churnlib"


def test_pages_are_numbered_by_a_field(write):
    footer = docx.Document(str(write(Text("x")))).sections[0].footer
    instructions = [e.text.strip() for e in footer._element.iter(qn("w:instrText"))]
    assert instructions == ["PAGE", "NUMPAGES"]
    assert footer.paragraphs[0].text == "Page 1 of 1"


def test_the_table_of_contents_links_every_heading(write):
    path = write(Text("", "contents"), Text("One", "heading_1"), Text("Two", "heading_2"))
    anchors = re.findall(r'w:anchor="(\w+)"', part(path, "word/document.xml"))
    assert anchors == [name for name in bookmarks(path) if name.startswith("_Toc")]
    assert len(anchors) == 2
    links = docx.Document(str(path)).element.iter(qn("w:hyperlink"))
    assert ["".join(t.text for t in link.iter(qn("w:t"))) for link in links] == ["One", "Two"]
    body = part(path, "word/document.xml")
    assert body.count('w:fldCharType="begin"') == body.count('w:fldCharType="end"') == 1


def test_a_missing_picture_and_one_that_is_none_are_named(write, tmp_path):
    gone = Exhibit("f", "F", "", Origin.PUBLISHED, tmp_path / "gone.png", "F")
    with pytest.raises(FileNotFoundError, match=r"gone\.png is missing; run the notebook"):
        write(gone)
    (tmp_path / "text.png").write_text("no picture")
    with pytest.raises(ValueError, match=r"text\.png is not a picture"):
        write(Exhibit("f", "F", "", Origin.PUBLISHED, tmp_path / "text.png", "F"))


def test_any_label_stands_in_word_as_it_was_given(write, nasty):
    grid = TextTable((nasty, "n"), ((nasty, "1"),))
    text = xml_safe(nasty)
    path = write(Text(text, "heading_1"), Text(text), table(caption=text, grid=grid))
    document = docx.Document(str(path))
    (made,) = document.tables
    shown = xml_safe(nasty)
    assert [cell.text for cell in made.columns[0].cells] == [shown, shown]
    assert [p.text for p in document.paragraphs][:3] == [shown, shown, f"Table 1. {shown}"]
    # Text stays text: no field, relation or element comes out of it.
    assert fields(path) == ["SEQ Table \\* ARABIC"]
    assert "example.org" not in part(path, "word/_rels/document.xml.rels")


def test_a_long_word_breaks_inside_its_column(write, print_word, words_of_pages):
    long = "W" * 200
    grid = TextTable(("level", long, "n"), ((long, "非常满意" * 60, "1"), ("b", "c", "2")))
    pages = words_of_pages(print_word(write(Text(long), table(grid=grid), name="long.docx")))
    margin = Cm(2.5).pt
    ends = [(left, right) for page in pages for left, right, _ in page.words]
    assert min(left for left, _ in ends) >= margin - 2
    assert max(right for _, right in ends) <= pages[0].width - margin + 2
    assert sum(text.count("W") for page in pages for _, _, text in page.words) == 600


# How the room of a table is shared out.

ROOM = 453.0  # points between margins of 2.5 cm on A4
LONG = "A figure from the literature, given without a source; no data of this study bear on it."


def test_a_table_that_fits_is_as_wide_as_its_texts():
    short, longer = TextTable(("", "n"), (("a", "12"), ("b", "1,234,567"))).widths(ROOM)
    assert short < longer
    assert short + longer < ROOM / 3


def test_a_table_that_does_not_fit_fills_the_room_and_breaks_no_word():
    # Nine digits of 8.5 points are half as wide as they are high: 38 points.
    texts = TextTable(("No.", "Reason", "Sum"), (("1", LONG, "123456789"), ("2", LONG, "1")))
    number, reason, total = texts.widths(ROOM - 100)
    assert number + reason + total == pytest.approx(ROOM - 100)
    assert reason > 3 * total
    assert total > 38


def test_what_is_left_goes_where_texts_are_longer_on_average():
    rows = tuple((LONG, LONG if place else "short") for place in (0, 0, 0, 1))
    first, second = TextTable(("a", "b"), rows).widths(ROOM - 100)
    assert first > 2 * second


def test_rather_than_a_number_a_header_is_broken():
    heads = tuple("Incomprehensibilities" for _ in range(6))
    widths = TextTable(heads, (("1234567890",) * 6,)).widths(ROOM - 50)
    assert sum(widths) == pytest.approx(ROOM - 50)
    assert min(widths) > 10 * 8.5 / 2


# A university's template.


@pytest.fixture
def school(tmp_path):
    document = docx.Document()
    for style in list(document.styles):
        if style.type == WD_STYLE_TYPE.TABLE and style.name != "Normal Table":
            style.delete()
    document.add_heading("School of Statistics: remove this")
    document.sections[0].page_width = Cm(18)
    document.sections[0].left_margin = Cm(4)
    document.sections[0].header.paragraphs[0].text = "School of Statistics"
    document.sections[0].footer.paragraphs[0].text = "confidential"
    document.styles["Heading 1"].font.size = Pt(31)
    document.styles.add_style("三线表", WD_STYLE_TYPE.TABLE)
    path = tmp_path / "school.docx"
    document.save(str(path))
    return path


def test_a_template_lends_its_styles_page_header_and_footer(write, school):
    path = write(Text("H", "heading_1"), Text("x"), table(), template=school)
    document = docx.Document(str(path))
    assert [p.text for p in document.paragraphs][:2] == ["H", "x"]
    assert document.sections[0].page_width.cm == pytest.approx(18, abs=0.01)
    assert document.sections[0].header.paragraphs[0].text == "School of Statistics"
    assert document.sections[0].footer.paragraphs[0].text == "confidential"
    assert document.paragraphs[0].style.name == "Heading 1"
    assert document.styles["Heading 1"].font.size == Pt(31)
    assert document.paragraphs[2].style.name == "Caption"
    (made,) = document.tables
    assert made.style.name == "三线表"


def test_a_template_with_chinese_style_names_is_used_too(write, tmp_path):
    document = docx.Document()
    for name in ("Heading 1", "Caption"):
        document.styles[name].delete()
    for name in ("标题 1", "题注"):
        document.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
    document.save(str(tmp_path / "school.docx"))
    path = write(Text("H", "heading_1"), table(), template=tmp_path / "school.docx", lang="zh-Hans")
    used = [p.style.name for p in docx.Document(str(path)).paragraphs]
    assert used[:2] == ["标题 1", "题注"]


def test_a_template_without_the_styles_gets_ours(write, tmp_path):
    document = docx.Document()
    for style in list(document.styles):
        if style.name not in {"Normal", "Normal Table", "Default Paragraph Font", "No List"}:
            style.delete()
    document.save(str(tmp_path / "bare.docx"))
    blocks = (Text("T", "title"), Text("H", "heading_1"), table())
    made = docx.Document(str(write(*blocks, template=tmp_path / "bare.docx")))
    assert made.paragraphs[1].style.name == "Heading 1"
    assert made.paragraphs[1].style.base_style.name == "Normal"
    assert made.tables[0].style.element.xpath("w:tblPr/w:tblBorders/w:top")


def test_a_template_that_is_missing_or_no_document_is_named(write, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"there is no template at .*gone\.docx"):
        write(Text("x"), template=tmp_path / "gone.docx")
    for name, content in (("a.docx", b"text"), ("b.docx", b"\xd0\xcf\x11\xe0old"), ("c.docx", b"")):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ValueError, match=f"{name} is not a Word document; open it in Word"):
            write(Text("x"), template=tmp_path / name)

    with zipfile.ZipFile(tmp_path / "book.docx", "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
    with pytest.raises(ValueError, match=r"book\.docx is not a Word document"):
        write(Text("x"), template=tmp_path / "book.docx")


@pytest.mark.parametrize("lang", ["en", "zh-Hans"])
def test_no_line_ends_at_the_hyphen_within_a_number(write, lang):
    path = write(Text("Table 3-1, well-known"), lang=lang)
    (paragraph,) = [p for p in docx.Document(str(path)).paragraphs if "3-1" in p.text]
    assert paragraph.text == "Table 3-1, well-known"
    assert paragraph._p.xml.count("<w:noBreakHyphen/>") == 1
