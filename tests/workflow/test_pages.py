"""Pages follow the notebooks: made with them, again when one has changed, put back when lost."""

import json
from dataclasses import asdict
from pathlib import Path

import nbformat
import pytest

from churnlib.workflow import pages
from churnlib.workflow.pages import keep_pages
from churnlib.workflow.store import Record, Store, digest

NAMES = ["01_a", "02_b", "03_c"]


def notebook(project: Path, name: str, text: str) -> None:
    """A notebook in its place, which is also what its last run made."""
    written = nbformat.v4.new_notebook()
    written.cells = [nbformat.v4.new_markdown_cell(f"# {text}", id="first")]
    for folder in (project, Store(project).outputs):
        (folder / "notebooks").mkdir(exist_ok=True, parents=True)
        nbformat.write(written, folder / "notebooks" / f"{name}.ipynb")
    keep(project, name, f"notebooks/{name}.ipynb")


def keep(project: Path, name: str, *files: str) -> None:
    """Note in the store that these are what a notebook made."""
    store = Store(project)
    outputs = {file: digest(store.outputs / file) for file in files}
    record = store.folder / "records" / f"{name}.json"
    record.parent.mkdir(exist_ok=True)
    record.write_text(json.dumps(asdict(Record("", outputs, 0.0))))


def listed(project: Path, caption: str, document: str = "churn-report.en.docx") -> None:
    """What notebook 03 makes: a list of exhibits and a report."""
    made = Store(project).outputs
    for folder in ("figures", "report"):
        (made / folder).mkdir(exist_ok=True)
    (made / "figures" / "manifest.json").write_text(manifest(caption))
    (made / "report" / document).touch()
    keep(project, "03_c", "notebooks/03_c.ipynb", "figures/manifest.json", f"report/{document}")


def manifest(caption: str) -> str:
    """A list of one exhibit, of notebook 02."""
    entry = {
        "exhibit": "Table 1", "kind": "table", "name": "a", "notebook": "02_b",
        "origin": "PUBLISHED", "caption": {"en": caption, "zh-Hans": "一"}, "verdict": "reproduced",
        "files": [],
    }  # fmt: skip
    return json.dumps({"exhibits": [entry]})


@pytest.fixture
def project(tmp_path):
    for name in NAMES:
        notebook(tmp_path, name, f"The title of {name}")
    listed(tmp_path, "A caption")
    return tmp_path


@pytest.fixture
def made(monkeypatch):
    """The pages that were made, in turn."""
    names: list[str] = []
    write = pages.write_page

    def noted(path: Path, text: str) -> Path:
        names.append(path.stem)
        return write(path, text)

    monkeypatch.setattr(pages, "write_page", noted)
    return names


def publish(project: Path, inputs: str = "") -> dict[str, str]:
    store = Store(project)
    store.publish(keep_pages(store, NAMES, inputs))
    files = (project / "report" / "html").glob("*.html")
    return {path.stem: path.read_text(encoding="utf-8") for path in sorted(files)}


def test_every_notebook_has_its_page_and_the_index_leads_to_pages_and_reports(project):
    written = publish(project)
    assert list(written) == [*NAMES, "index"]
    assert "The title of 02_b" in written["02_b"]
    assert all(f'href="{link}"' in written["index"]
               for link in ("01_a.html", "02_b.html", "../churn-report.en.docx"))  # fmt: skip


def test_a_page_is_made_again_when_its_notebook_has_changed_and_only_then(project, made):
    before = publish(project)
    assert publish(project) == before
    assert made == [*NAMES, "index"]
    notebook(project, "02_b", "Another title")
    after = publish(project)
    assert made[4:] == [*NAMES, "index"]
    assert "Another title" in after["02_b"]
    assert after["01_a"] == before["01_a"]


def test_a_page_that_was_deleted_or_edited_is_put_back_without_making_any(project, made):
    before = publish(project)
    (project / "report" / "html" / "01_a.html").unlink()
    (project / "report" / "html" / "index.html").write_text("edited")
    assert publish(project) == before
    assert len(made) == 4


def test_the_page_of_a_notebook_that_was_edited_while_it_ran_waits_for_its_next_run(project, made):
    before = publish(project)
    path = project / "notebooks" / "02_b.ipynb"
    edited = nbformat.read(path, 4)
    edited.cells.append(nbformat.v4.new_code_cell("1 + 1", id="new"))
    nbformat.write(edited, path)
    assert publish(project) == before
    assert len(made) == 4


def test_a_project_without_a_list_of_exhibits_has_no_pages(project, made):
    keep(project, "03_c", "notebooks/03_c.ipynb")  # what an earlier run made lies there still
    assert publish(project) == {}
    assert made == []


def test_the_index_leads_to_reports_that_are_made_and_to_no_earlier_ones(project):
    listed(project, "A caption", document="another-report.docx")
    index = publish(project)["index"]
    assert "../another-report.docx" in index
    assert "churn-report" not in index


def test_pages_follow_churnlib_and_the_data(project, made):
    publish(project, inputs="before")
    publish(project, inputs="after")
    assert made == [*NAMES, "index"] * 2


def test_a_change_of_the_words_around_the_code_is_shown(project):
    publish(project)
    path = project / "notebooks" / "01_a.ipynb"
    path.write_text(path.read_text().replace("The title of 01_a", "A new heading"))
    assert "A new heading" in publish(project)["01_a"]
