"""Pages follow the notebooks: made with them, again when one has changed, put back when lost."""

import json
from dataclasses import asdict
from pathlib import Path

import nbformat
import pytest

from churnlib.workflow import pages
from churnlib.workflow.pages import Pages
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
    record.write_text(json.dumps(asdict(Record("", "", {}, outputs, 0.0))))


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


def pages_of(project: Path) -> Pages:
    return Pages(Store(project), NAMES)


def publish(project: Path) -> dict[str, str]:
    Store(project).publish(pages_of(project).finish())
    found = (project / "report" / "html").glob("*.html")
    return {path.stem: path.read_text(encoding="utf-8") for path in sorted(found)}


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
    assert made[4:] == ["02_b", "index"]
    assert "Another title" in after["02_b"]
    assert after["01_a"] == before["01_a"]


def test_a_page_that_was_deleted_or_edited_is_put_back_without_making_any(project, made):
    before = publish(project)
    (project / "report" / "html" / "01_a.html").unlink()
    (project / "report" / "html" / "index.html").write_text("edited")
    assert publish(project) == before
    assert len(made) == 4


def test_a_page_made_before_all_notebooks_have_run_is_made_again_if_its_captions_change(
    project, made
):
    last = project / "figures" / "manifest.json"
    last.parent.mkdir()
    last.write_text(manifest("Of the last run"))
    for name in NAMES:
        pages_of(project).prepare(name)
    listed(project, "Of this run")
    assert set(publish(project)) == {*NAMES, "index"}
    assert made == [*NAMES, "02_b", "index"]


def test_no_page_is_made_early_where_no_exhibits_are_listed_yet(project, made):
    pages_of(project).prepare("01_a")
    assert made == []


def test_the_page_of_a_notebook_that_was_edited_while_it_ran_waits_for_its_next_run(project, made):
    before = publish(project)
    path = project / "notebooks" / "02_b.ipynb"
    edited = nbformat.read(path, 4)
    edited.cells.append(nbformat.v4.new_code_cell("1 + 1", id="new"))
    nbformat.write(edited, path)
    notebook(project, "01_a", "Another title")
    after = publish(project)
    assert "Another title" in after["01_a"]
    assert (after["02_b"], after["index"]) == (before["02_b"], before["index"])


def test_a_project_without_a_list_of_exhibits_has_no_pages(project, made):
    keep(project, "03_c", "notebooks/03_c.ipynb")  # what an earlier run made lies there still
    assert publish(project) == {}
    assert made == []


def test_the_index_leads_to_reports_that_are_made_and_to_no_earlier_ones(project):
    listed(project, "A caption", document="another-report.docx")
    index = publish(project)["index"]
    assert "../another-report.docx" in index
    assert "churn-report" not in index


def test_a_page_follows_the_look_that_it_was_made_with(project, monkeypatch, made):
    """What was tried while notebooks ran, and undone before the end, is not published."""
    last = project / "figures" / "manifest.json"
    last.parent.mkdir()
    last.write_text(manifest("A caption"))
    look, real = ["on trial"], pages.Snapshot.fingerprint
    monkeypatch.setattr(pages.Snapshot, "fingerprint", lambda *given: real(*given) + look[0])
    pages_of(project).prepare("01_a")
    look[0] = "as it was"
    publish(project)
    assert made == ["01_a", *NAMES, "index"]


def test_a_change_of_the_words_around_the_code_is_shown(project):
    publish(project)
    path = project / "notebooks" / "01_a.ipynb"
    path.write_text(path.read_text().replace("The title of 01_a", "A new heading"))
    assert "A new heading" in publish(project)["01_a"]
