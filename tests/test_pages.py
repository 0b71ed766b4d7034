"""Pages follow the notebooks: made with them, again when one has changed, put back when lost."""

from pathlib import Path

import nbformat
import pytest

from churnlib import pages
from churnlib.html_report import write_html
from churnlib.likeness import unlike
from churnlib.pages import make_pages
from churnlib.provenance import PROJECT
from churnlib.store import Store


def notebook(project: Path, name: str, text: str) -> None:
    """A notebook in its place, which is also what its last run made."""
    written = nbformat.v4.new_notebook()
    written.cells = [nbformat.v4.new_markdown_cell(f"# {text}", id="first")]
    for folder in (project, Store(project).outputs):
        (folder / "notebooks").mkdir(exist_ok=True, parents=True)
        nbformat.write(written, folder / "notebooks" / f"{name}.ipynb")


@pytest.fixture
def project(tmp_path):
    for name in ("01_a", "02_b"):
        notebook(tmp_path, name, f"The title of {name}")
    made = Store(tmp_path).outputs
    (made / "figures").mkdir()
    (made / "figures" / "manifest.json").write_text('{"exhibits": []}')
    (made / "report").mkdir()
    (made / "report" / "churn-report.en.docx").touch()
    return tmp_path


@pytest.fixture
def made(monkeypatch):
    """How often pages were made."""
    times: list[str] = []
    make = pages._make
    monkeypatch.setattr(pages, "_make", lambda *given: times.append(make(*given)))
    return times


def publish(project: Path) -> dict[str, str]:
    store = Store(project)
    store.publish(make_pages(store, ["01_a", "02_b"]))
    found = (project / "report" / "html").glob("*.html")
    return {path.stem: path.read_text(encoding="utf-8") for path in sorted(found)}


def test_every_notebook_has_its_page_and_the_index_leads_to_pages_and_reports(project):
    written = publish(project)
    assert list(written) == ["01_a", "02_b", "index"]
    assert "The title of 02_b" in written["02_b"]
    assert all(f'href="{link}"' in written["index"]
               for link in ("01_a.html", "02_b.html", "../churn-report.en.docx"))  # fmt: skip


def test_pages_are_made_again_when_a_notebook_has_changed_and_only_then(project, made):
    before = publish(project)
    assert publish(project) == before
    assert len(made) == 1
    notebook(project, "02_b", "Another title")
    after = publish(project)
    assert len(made) == 2
    assert "Another title" in after["02_b"]
    assert after["01_a"] == before["01_a"]


def test_a_page_that_was_deleted_or_edited_is_put_back_without_making_any(project, made):
    before = publish(project)
    (project / "report" / "html" / "01_a.html").unlink()
    (project / "report" / "html" / "index.html").write_text("edited")
    assert publish(project) == before
    assert len(made) == 1


def test_a_project_without_a_list_of_exhibits_has_no_pages(project, made):
    (Store(project).outputs / "figures" / "manifest.json").unlink()
    assert publish(project) == {}
    assert made == []


def test_a_change_of_the_words_around_the_code_is_shown(project):
    publish(project)
    path = project / "notebooks" / "01_a.ipynb"
    path.write_text(path.read_text().replace("The title of 01_a", "A new heading"))
    assert "A new heading" in publish(project)["01_a"]


def test_the_committed_pages_are_those_of_the_committed_notebooks(tmp_path):
    kept = PROJECT / "report" / "html"
    documents = sorted(path.name for path in kept.parent.glob("*.docx"))
    for page in write_html(PROJECT / "notebooks", tmp_path, documents=documents):
        assert not unlike(page, kept / page.name)
    assert {page.name for page in kept.iterdir()} == {page.name for page in tmp_path.iterdir()}
