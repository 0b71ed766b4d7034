"""The pages of the notebooks, as files and in a real browser."""

import re
import shutil
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pandas as pd
import pytest
from likeness import unlike
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from playwright.sync_api import Page, sync_playwright

from churnlib.evidence.origin import PROJECT, Marked, Origin
from churnlib.report.pages import sanitize, write_html

# Nothing may leave the machine, and nothing of the browser's own may be in the way.
QUIET = (
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync",
    "--disable-component-update", "--no-first-run",
)  # fmt: skip


@pytest.fixture(scope="module")
def pages(tmp_path_factory) -> list[Path]:
    folder = tmp_path_factory.mktemp("project")
    for name in ("notebooks", "figures"):
        shutil.copytree(PROJECT / name, folder / name)
    (folder / "report").mkdir()
    for report in (PROJECT / "report").glob("*.docx"):
        shutil.copy(report, folder / "report")
    return write_html(folder / "notebooks", folder / "report" / "html")


class Elements(HTMLParser):
    """Every element of a page with its attributes, and the text of the page."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.found, self.text = [], ""
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data

    def named(self, tag: str) -> list[dict]:
        return [attributes for name, attributes in self.found if name == tag]


def test_there_is_a_page_for_each_notebook_and_an_index_that_links_them(pages):
    names = [path.stem for path in sorted((PROJECT / "notebooks").glob("*.ipynb"))]
    assert [page.stem for page in pages] == ["index", *names]
    links = [attributes["href"] for attributes in Elements(pages[0]).named("a")]
    assert {f"{name}.html" for name in names} <= set(links)


def test_a_page_holds_no_script_and_names_no_other_file_or_host(pages):
    for page in pages:
        elements = Elements(page)
        tags = {tag for tag, _ in elements.found}
        assert not tags & {"script", "iframe", "object", "embed", "link", "form", "video", "audio"}
        for tag, attributes in elements.found:
            assert not [name for name in attributes if name.startswith("on")], page
            if tag == "img":
                assert attributes["src"].startswith("data:image/")
        text = page.read_text(encoding="utf-8")
        assert "url(http" not in text.replace('"', "")
        assert "@import" not in text


def test_every_picture_has_a_text_and_a_figure_has_its_caption(pages):
    pictures = [(page.stem, a["alt"]) for page in pages for a in Elements(page).named("img")]
    assert pictures
    assert all(len(alternative) > 10 for _, alternative in pictures)
    # Literal in the notebook the one, put together from its parameters the other.
    assert (
        "02_account_flows",
        "Accounts by month, and the printed total of closings",
    ) in pictures
    assert any(a.startswith("Visits by gender") for page, a in pictures if page[:2] == "04")


def test_code_and_solutions_are_folded(pages):
    for page in pages[1:]:
        elements = Elements(page)
        folds = elements.named("details")
        assert {fold["class"] for fold in folds} == {"code", "solution"}
        assert not any("open" in fold for fold in folds)
        assert len(folds) == len(elements.named("summary"))


def test_the_same_notebooks_give_the_same_bytes(pages, tmp_path):
    for name in ("03_survey_cleaning", "08_figures_and_report"):
        notebook = pages[0].parents[2] / "notebooks" / f"{name}.ipynb"
        (tmp_path / "notebooks").mkdir(exist_ok=True)
        shutil.copy(notebook, tmp_path / "notebooks")
    shutil.copytree(pages[0].parents[2] / "figures", tmp_path / "figures")
    _, *again = write_html(tmp_path / "notebooks", tmp_path / "again" / "html")
    first = {page.name: page.read_bytes() for page in pages}
    assert len(again) == 2
    assert all(page.read_bytes() == first[page.name] for page in again)


def test_the_committed_pages_are_those_of_the_committed_notebooks(pages):
    kept = PROJECT / "report" / "html"
    assert {page.name for page in kept.iterdir()} == {page.name for page in pages}
    assert not [page.name for page in pages if unlike(page, kept / page.name)]


def test_notebooks_without_a_manifest_beside_them_have_pages_without_exhibits(tmp_path):
    folder = notebook(tmp_path, new_markdown_cell("# A title\n\n## A part"))
    index, page = write_html(folder, tmp_path / "html")
    assert "Tables and figures" not in Elements(index).text
    assert Elements(page).named("a")[-2:] == [
        {"href": "#A-title", "class": "anchor-link"}, {"href": "#A-part", "class": "anchor-link"},
    ]  # fmt: skip


def test_a_folder_without_notebooks_and_a_file_that_is_none_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="no notebooks in"):
        write_html(tmp_path, tmp_path / "html")
    (tmp_path / "a.ipynb").write_text("{")
    with pytest.raises(ValueError, match=r"a\.ipynb is not a notebook"):
        write_html(tmp_path, tmp_path / "html")


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("<b>bold</b>", "<b>bold</b>"),
        ("<style scoped>td {}</style><p>x</p>", "<p>x</p>"),
        ('<a href="javascript:x()">x</a>', "<a>x</a>"),
        ('<p onclick="x()">1</p>', "<p>1</p>"),
        ('<span style="color: red; background: url(http://x)">a</span>',
         '<span style="color: red;">a</span>'),
        ("<iframe src='x'></iframe>", "&lt;iframe src='x'&gt;&lt;/iframe&gt;"),
        ('<svg onload="x()">', '&lt;svg onload="x()"&gt;'),
    ],
)  # fmt: skip
def test_what_runs_or_loads_becomes_text(given, shown):
    assert sanitize(given) == shown


def notebook(folder: Path, *cells) -> Path:
    made = new_notebook(cells=list(cells))
    for place, cell in enumerate(made.cells):
        cell["id"] = f"c{place}"
    (folder / "notebooks").mkdir(exist_ok=True)
    nbformat.write(made, folder / "notebooks" / "01_a.ipynb")
    return folder / "notebooks"


# In a browser.


@pytest.fixture(scope="module")
def browser(program):
    path = program("browser", "chromium", "google-chrome", "chromium-browser")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=list(QUIET))
        yield chromium
        chromium.close()


@pytest.fixture
def visit(browser):
    """Open a page and note what it says, asks for and fails at."""
    page = browser.new_page(viewport={"width": 1000, "height": 800})
    noted: dict[str, list[str]] = {"console": [], "requests": [], "errors": []}
    page.on("console", lambda message: noted["console"].append(message.text))
    page.on("pageerror", lambda error: noted["errors"].append(str(error)))
    page.on("request", lambda request: noted["requests"].append(request.url))

    def opened(path: Path) -> Page:
        page.goto(path.as_uri())
        page.evaluate("document.fonts.ready.then(() => true)")
        page.noted = noted
        return page

    yield opened
    page.close()


def foreign(page: Page) -> list[str]:
    return [u for u in page.noted["requests"] if not u.startswith(("file:", "data:"))]


def test_a_browser_finds_no_fault_and_asks_no_host_for_anything(pages, visit):
    for path in pages:
        page = visit(path)
        assert page.noted["console"] == page.noted["errors"] == foreign(page) == []
        assert all(
            url == path.as_uri() or url.startswith("data:") for url in page.noted["requests"]
        )
        loaded = page.evaluate("[...document.images].map(i => i.complete && i.naturalWidth > 0)")
        assert all(loaded)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        page.noted["requests"].clear()


BROKEN = r"""() => {
    const broken = [], kind = NodeFilter.SHOW_TEXT;
    for (const cell of document.querySelectorAll("td, th")) {
        const walker = document.createTreeWalker(cell, kind);
        for (let node = walker.nextNode(); node; node = walker.nextNode())
            for (const word of node.data.matchAll(/[<>] [\d.]+|[^\s\u2e80-\uffef]+/g)) {
                const range = document.createRange();
                range.setStart(node, word.index);
                range.setEnd(node, word.index + word[0].length);
                const lines = new Set([...range.getClientRects()].map(r => Math.round(r.top)));
                if (lines.size > 1) broken.push(word[0]);
            }
    }
    return broken;
}"""


@pytest.mark.parametrize("across", [1200, 400])
def test_no_word_or_number_of_a_table_is_broken_over_lines(pages, visit, across):
    for path in pages:
        page = visit(path)
        page.set_viewport_size({"width": across, "height": 800})
        assert [w for w in page.evaluate(BROKEN) if len(w) < 25] == [], path
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path


DRAWN = """letters => {
    const canvas = document.createElement("canvas"), pen = canvas.getContext("2d");
    canvas.width = canvas.height = 60;
    return [...letters].map(letter => {
        pen.clearRect(0, 0, 60, 60);
        pen.font = "48px " + getComputedStyle(document.body).fontFamily;
        pen.fillText(letter, 4, 48);
        return pen.getImageData(0, 0, 60, 60).data.join("");
    });
}"""


def test_chinese_text_is_drawn_with_the_letters_of_the_page_and_not_as_boxes(pages, visit):
    page = visit(pages[1])
    letters = sorted(set(re.findall(r"[\u4e00-\u9fff]", Elements(pages[1]).text)))
    assert len(letters) > 50
    assert page.evaluate("[...document.fonts].map(f => [f.family, f.status])") == [
        ["Report letters", "loaded"]
    ]
    drawn = page.evaluate(DRAWN, "".join(letters))
    assert len(set(drawn)) == len(letters)  # boxes would all be alike


BADGES = """() => [...document.querySelectorAll("main span")]
    .filter(span => / · [\\u4e00-\\u9fff]{4}$/.test(span.textContent))
    .map(span => {
        const text = span.firstChild, range = document.createRange();
        range.setStart(text, text.length - 4);
        range.setEnd(text, text.length);
        const size = parseFloat(getComputedStyle(span).fontSize);
        return range.getBoundingClientRect().width / size;
    })"""


def test_the_chinese_of_every_badge_is_as_wide_as_its_letters_and_not_as_boxes(pages, visit):
    for path in pages:
        widths = visit(path).evaluate(BADGES)
        assert widths
        assert all(abs(width - 4) < 0.1 for width in widths), path


FOLLOWED = """() => [...document.querySelectorAll("nav li a")].map(link => {
    link.click();
    const found = document.querySelector(":target");
    const top = found.getBoundingClientRect().top;
    return [link.textContent, found.textContent.replace("¶", "").trim(), top, innerHeight];
})"""


def test_every_line_of_the_table_of_contents_leads_to_its_heading(pages, visit):
    for path in pages[1:]:
        followed = visit(path).evaluate(FOLLOWED)
        assert len(followed) >= 3
        for said, heading, top, height in followed:
            assert heading == said
            assert 0 <= top < height


def test_a_page_prints_with_every_table_inside_the_paper(pages, visit, tmp_path, words_of_pages):
    for path in pages:
        page = visit(path)
        pdf = tmp_path / f"{path.stem}.pdf"
        page.pdf(path=pdf, prefer_css_page_size=True)
        printed = words_of_pages(pdf)
        assert all(a >= 40 and b <= p.width - 40 for p in printed for a, b, _ in p.words), path
        cells = page.evaluate(
            "[...document.querySelectorAll('td, th')]"
            ".filter(cell => cell.checkVisibility()).map(cell => cell.textContent)"
        )
        # A cell is printed over several lines, between those of its neighbours: count letters.
        wanted = Counter(re.sub(r"\s", "", "".join(cells)))
        assert wanted.total() > 100
        assert wanted <= Counter("".join(p.text for p in printed)), path


def test_any_label_stands_in_a_page_as_text(tmp_path, nasty, visit):
    frame = pd.DataFrame({nasty: [nasty, "1"]}, index=[nasty, "x"])
    with pd.option_context("display.max_colwidth", None):
        frames = [Marked(frame, Origin.OBSERVED)._repr_html_(), f"<div>{nasty}</div>"]
    outputs = [new_output("execute_result", {"text/html": html}) for html in frames]
    outputs.append(new_output("stream", text=nasty))
    outputs.append(
        new_output(
            "display_data", {"application/javascript": "window.stolen = 1", "text/plain": "p"}
        )
    )
    widget = {"application/vnd.jupyter.widget-view+json": {"model_id": "m"}, "text/plain": nasty}
    outputs.append(new_output("display_data", widget))
    cells = [
        new_markdown_cell(f"# {nasty}\n\n## {nasty}\n\n{nasty}"),
        new_code_cell(outputs=outputs),
    ]
    _, path = write_html(notebook(tmp_path, *cells), tmp_path / "html")
    page = visit(path)
    assert page.evaluate("window.stolen") is None
    assert page.noted["console"] == page.noted["errors"] == foreign(page) == []
    assert page.evaluate("document.querySelectorAll('script, iframe, [onerror]').length") == 0
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    shown = page.locator("table td").first.text_content()
    # pandas writes a line end as a backslash and a letter; the page a control character as "?".
    wanted = re.sub(r"[\x01-\x08\x0e-\x1f]", "?", re.sub(r"[\s\x00]", "", nasty))
    assert re.sub(r"\\[nt](?=[st])|\s", "", shown) == wanted
    # The layout holds: what comes after the labels is where it belongs, and as wide as the page.
    assert page.locator("main").bounding_box()["width"] <= 1000


def test_labels_in_every_page_are_whole_when_printed(tmp_path, visit, words_of_pages):
    frame = pd.DataFrame({"W" * 200: ["V" * 200], "n": [1]})
    with pd.option_context("display.max_colwidth", None):
        shown = new_output("execute_result", {"text/html": frame.to_html()})
    cell = new_code_cell(outputs=[shown])
    _, path = write_html(notebook(tmp_path, cell), tmp_path / "html")
    visit(path).pdf(path=tmp_path / "p.pdf", prefer_css_page_size=True)
    printed = words_of_pages(tmp_path / "p.pdf")
    text = "".join(p.text for p in printed)
    assert (text.count("W"), text.count("V")) == (200, 200)
    assert all(b <= p.width - 40 for p in printed for _, b, _ in p.words)
