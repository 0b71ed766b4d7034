"""The reviewer's protocol on a small project, and each thing that it must find."""

import json
import subprocess
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest

from churnlib.__main__ import main
from churnlib.workflow.comparing import Likeness
from churnlib.workflow.pipeline import reproduce
from churnlib.workflow.store import digest, files_in
from churnlib.workflow.verify import Verification, verify

FIGURE = """import os, pathlib
out = pathlib.Path(os.environ["CHURNLIB_OUTPUT"], "figures")
out.mkdir(exist_ok=True)
_ = (out / "{name}").write_text({text})
"""


def notebook(folder: Path, name: str, *cells: str) -> None:
    made = nbformat.v4.new_notebook()
    made.cells = [nbformat.v4.new_code_cell(cell) for cell in cells]
    (folder / "notebooks").mkdir(exist_ok=True)
    nbformat.write(made, folder / "notebooks" / f"{name}.ipynb")


@pytest.fixture
def project(tmp_path, monkeypatch, quick):
    """A project of two notebooks, reproduced; runs of its copies stay in this process."""
    folder = tmp_path / "project"
    folder.mkdir()
    notebook(folder, "01_a", FIGURE.format(name="a.csv", text="'v\\n0.12345678\\n'"), "6 * 7")
    notebook(folder, "02_b", "'b'")
    reproduce(folder)
    monkeypatch.setattr(
        "churnlib.workflow.verify._run", lambda copy, jobs: reproduce(copy, jobs=jobs)
    )
    return folder


def described(folder: Path) -> dict[str, SimpleNamespace]:
    return {"n.csv": SimpleNamespace(path=folder / "n.csv", is_intact=lambda: False)}


def state(folder: Path) -> dict[str, str]:
    return {file: digest(folder / file) for file in files_in(folder)}


def test_what_is_reproduced_is_identical_and_the_project_is_not_touched(project):
    before, told = state(project), []
    found = verify(project, tell=told.append)
    assert found.is_good
    assert {row["file"]: row["result"] for row in found.rows} == {
        "figures/a.csv": "identical",
        "notebooks/01_a.ipynb": "identical",
        "notebooks/02_b.ipynb": "identical",
    }
    assert state(project) == before
    assert told == [
        "copying the project and deleting all outputs", "first run, from nothing",
        "second run, from nothing", "comparing",
    ]  # fmt: skip


def test_each_thing_that_is_not_reproduced_is_found(project, monkeypatch):
    (project / "data").mkdir()
    for file in ("datapackage.json", "n.csv"):
        (project / "data" / file).write_text("{}")
    monkeypatch.setattr("churnlib.workflow.verify.resources", described)
    (project / "figures" / "a.csv").write_text("v\n0.12345679\n")  # another system's last digit
    (project / "report").mkdir()
    (project / "report" / "old.docx").write_bytes(b"nobody makes me")
    chance = FIGURE.format(name="chance.csv", text="os.urandom(8).hex()")
    notebook(project, "02_b", chance, "_ = pathlib.Path('..', 'stray.txt').write_text('x')", "'c'")
    found = verify(project)
    assert not found.is_good
    assert {row["file"]: row["result"] for row in found.rows} == {
        "figures/a.csv": "equal within tolerance",
        "figures/chance.csv": "differs",
        "notebooks/01_a.ipynb": "identical",
        "notebooks/02_b.ipynb": "differs",
        "report/old.docx": "differs",
    }
    assert found.repeated["figures/chance.csv"] is Likeness.DIFFERS
    assert found.faults == (
        "stray.txt was changed by a run",
        "data/n.csv is not the released file: its checksum differs",
    )


def test_a_run_that_fails_is_told_with_what_it_said(tmp_path, monkeypatch):
    notebook(tmp_path, "01_a", "1")

    def failed(*_, **__):
        return subprocess.CompletedProcess([], 1, "", "error: the kernel died\n")

    monkeypatch.setattr(subprocess, "run", failed)
    with pytest.raises(RuntimeError, match="in the scratch copy failed: error: the kernel died"):
        verify(tmp_path)


def test_a_run_in_the_copy_is_that_of_the_command_line(tmp_path, monkeypatch):
    asked = {}

    def run(command, *, cwd, env, **_):
        asked.update(command=command, paths=env["PYTHONPATH"], cwd=cwd)
        assert "CHURNLIB_OUTPUT" not in env  # of this test run
        return subprocess.CompletedProcess(command, 0, "", "")

    from churnlib.workflow import verify as module

    monkeypatch.setattr(subprocess, "run", run)
    module.__dict__["_run"](tmp_path, 3)
    assert asked["command"][1:] == ["-m", "churnlib", "reproduce", "--jobs", "3", "--json"]
    assert asked["cwd"] == tmp_path
    assert asked["paths"].startswith(str(tmp_path))


ENTRY = {"exhibit": "Table 1", "notebook": "01_a", "file": "figures/a.csv"}


def found_with(**files: Likeness) -> Verification:
    likeness = {"figures/a.csv": Likeness.IDENTICAL, "notebooks/01_a.ipynb": Likeness.IDENTICAL}
    likeness |= {file.replace("_", "/"): like for file, like in files.items()}
    exhibit = {**ENTRY, "files": ["figures/a.csv"]}
    return Verification(dict.fromkeys(likeness, Likeness.IDENTICAL), likeness, (), (exhibit,))


def test_an_exhibit_is_as_good_as_the_worst_of_its_files_and_its_notebook():
    assert found_with().rows == [{**ENTRY, "result": "identical"}]
    close = found_with(**{"figures_a.csv": Likeness.CLOSE})
    assert (close.rows[0]["result"], close.is_good) == ("equal within tolerance", True)
    differs = found_with(**{"report_x.docx": Likeness.DIFFERS})
    assert [row["result"] for row in differs.rows] == ["identical", "differs"]
    assert differs.is_good is False


@pytest.mark.parametrize("good", [True, False])
def test_the_command_exits_by_what_was_found_and_prints_the_exhibits(monkeypatch, capsys, good):
    found = found_with(**({} if good else {"figures_a.csv": Likeness.DIFFERS}))
    monkeypatch.setattr("churnlib.workflow.verify.verify", lambda **_: found)
    assert main(["verify"]) == (0 if good else 1)
    out = capsys.readouterr().out
    assert ("NOT all is reproduced" in out) is not good
    assert ("identical" if good else "differs") in out
    assert main(["verify", "--json"]) == (0 if good else 1)
    told = json.loads(capsys.readouterr().out)
    assert (told["good"], told["exhibits"][0]["exhibit"]) == (good, "Table 1")
