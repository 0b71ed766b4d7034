"""Pages follow the notebooks: made with them, again when one has changed, put back when lost."""

import json
import shutil
from pathlib import Path

import pytest
from notebook_checks import write_notebook as notebook

from churnlib.workflow import reproduction
from churnlib.workflow.reproduction import reproduce

MANIFEST = {
    "exhibit": "Table 1", "kind": "table", "name": "a", "notebook": "01_a", "origin": "PUBLISHED",
    "caption": {"en": "A caption", "zh-Hans": "一"}, "verdict": "reproduced", "files": [],
}  # fmt: skip
LIST = f"""import json, os, pathlib
out = pathlib.Path(os.environ["CHURNLIB_OUTPUT"])
for folder in ("figures", "report"):
    (out / folder).mkdir(exist_ok=True)
_ = (out / "figures" / "manifest.json").write_text(json.dumps({{"exhibits": [{MANIFEST!r}]}}))
(out / "report" / "churn-report.en.docx").touch()
"""


@pytest.fixture
def project(tmp_path):
    notebook(tmp_path, "01_a", "'First'", text="# The title of 01_a")
    notebook(tmp_path, "02_b", LIST, text="# The title of 02_b")
    return tmp_path


@pytest.fixture
def times(monkeypatch):
    """Count how often the pages are made."""
    made, pages = [], reproduction.pages
    monkeypatch.setattr(reproduction, "pages", lambda *given: (made.append(1), pages(*given))[1])
    return made


def texts(project: Path) -> dict[str, str]:
    files = sorted((project / "report" / "html").glob("*.html"))
    return {path.stem: path.read_text(encoding="utf-8") for path in files}


def test_pages_follow_their_notebooks_and_are_made_again_only_then(project, times):
    reproduce(project)
    written = texts(project)
    assert list(written) == ["01_a", "02_b", "index"]
    assert "The title of 01_a" in written["01_a"]
    assert "First" in written["01_a"]
    assert all(f'href="{link}"' in written["index"]
               for link in ("01_a.html", "02_b.html", "../churn-report.en.docx"))  # fmt: skip
    reproduce(project)
    assert len(times) == 1

    (project / "report" / "html" / "01_a.html").unlink()
    (project / "report" / "html" / "index.html").write_text("edited")
    reproduce(project)
    assert texts(project) == written

    path = project / "notebooks" / "01_a.ipynb"
    path.write_text(path.read_text().replace("The title of 01_a", "A new heading"))
    runs = reproduce(project)
    assert list(runs.values()) == [None, None]
    assert "A new heading" in texts(project)["01_a"]
    assert "A new heading" in texts(project)["index"]
    assert len(times) == 3


def test_the_page_of_a_notebook_that_was_edited_while_it_ran_waits_for_its_next_run(project):
    def edit(line: str) -> None:
        if line.startswith("01_a: done"):
            path = project / "notebooks" / "01_a.ipynb"
            path.write_text(path.read_text().replace("First", "Last"))

    reproduce(project, tell=edit)
    assert texts(project) == {}
    reproduce(project)
    assert "Last" in texts(project)["01_a"]


def test_a_project_without_a_list_of_exhibits_has_no_pages(project):
    notebook(project, "02_b", "1")
    reproduce(project)
    assert texts(project) == {}


def test_pages_follow_churnlib_and_the_data(project, times):
    reproduce(project)
    (project / "data").mkdir()
    (project / "data" / "n.csv").write_text("1")
    reproduce(project)
    assert len(times) == 2
    shutil.rmtree(project / ".churnlib")
    reproduce(project)
    assert json.loads((project / ".churnlib" / "records.json").read_text())["pages"]
