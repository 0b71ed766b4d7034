"""The reviewer's protocol on a small project, and each thing that it must find."""

import json
import os
import subprocess
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest

from churnlib.__main__ import main
from churnlib.workflow import verification as module
from churnlib.workflow.reproduction import digest, files_in, reproduce
from churnlib.workflow.verification import Verification, verify

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


def git(folder: Path, *arguments: str) -> None:
    author = ("-c", "user.name=a", "-c", "user.email=a@localhost")
    subprocess.run(["git", *author, *arguments], cwd=folder, check=True, capture_output=True)


def commit(folder: Path) -> None:
    git(folder, "add", "--all")
    git(folder, "commit", "--message", "all")


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project of two notebooks, reproduced and committed; runs of its clones stay here."""
    folder = tmp_path / "project"
    folder.mkdir()
    git(folder, "init")
    (folder / ".gitignore").write_text(".churnlib/\n")
    notebook(folder, "01_a", FIGURE.format(name="a.csv", text="'v\\n0.12345678\\n'"), "6 * 7")
    notebook(folder, "02_b", "'b'")
    reproduce(folder)
    commit(folder)
    monkeypatch.setattr(module, "_run", lambda copy, jobs: reproduce(copy, jobs=jobs))
    monkeypatch.setattr(module, "resources", lambda _: {})
    return folder


def described(data: Path) -> dict[str, SimpleNamespace]:
    return {"n.csv": SimpleNamespace(path=data / "n.csv", is_intact=lambda: False)}


def state(folder: Path) -> dict[str, str]:
    return {file: digest(folder / file) for file in files_in(folder) if ".git/" not in file}


def test_what_is_reproduced_is_identical_and_the_project_is_not_touched(project):
    before, told = state(project), []
    result = verify(project, tell=told.append)
    assert (result.is_good, result.outputs) == (True, 3)
    assert str(result) == "3 outputs were made twice from nothing.\nall is reproduced"
    assert state(project) == before
    assert told == [
        "cloning what is committed", "first run, from nothing", "second run, from nothing"
    ]  # fmt: skip


def test_each_thing_that_is_not_reproduced_is_named(project, monkeypatch):
    (project / "data").mkdir()
    (project / "data" / "n.csv").write_text("1")
    monkeypatch.setattr(module, "resources", described)
    (project / "figures" / "a.csv").write_text("v\n0.12345679\n")
    (project / "report").mkdir(exist_ok=True)
    (project / "report" / "old.docx").write_bytes(b"nobody makes me")
    chance = FIGURE.format(name="chance.csv", text="os.urandom(8).hex()")
    notebook(project, "02_b", chance, "_ = pathlib.Path('..', 'stray.txt').write_text('x')", "'c'")
    commit(project)
    result = verify(project)
    assert not result.is_good
    assert result.committed == (
        "M\tfigures/a.csv", "A\tfigures/chance.csv", "M\tnotebooks/02_b.ipynb",
        "D\treport/old.docx", "A\tstray.txt",
    )  # fmt: skip
    assert result.repeated == ("M\tfigures/chance.csv",)
    assert result.faults == ("data/n.csv is not the released file: its checksum differs",)
    assert "tests/likeness.py" in str(result)
    assert str(result).endswith("NOT all is reproduced")


def test_without_a_clone_it_says_what_is_needed(tmp_path):
    notebook(tmp_path, "01_a", "1")
    with pytest.raises(RuntimeError, match="verify needs git and a clone of the project"):
        verify(tmp_path)


def test_a_run_in_the_copy_is_that_of_the_command_line_and_its_failure_is_told(
    tmp_path, monkeypatch
):
    asked = {}

    def run(command, *, cwd, env, **_):
        asked.update(command=command[1:], cwd=cwd, paths=env["PYTHONPATH"].split(os.pathsep))
        return subprocess.CompletedProcess(command, 1, "", "error: the kernel died\n")

    monkeypatch.setattr(subprocess, "run", run)
    with pytest.raises(RuntimeError, match="in the scratch copy failed: error: the kernel died"):
        module._run(tmp_path, 3)
    assert asked["command"] == ("-m", "churnlib", "reproduce", "--jobs", "3", "--json")
    assert (asked["cwd"], asked["paths"][0]) == (tmp_path, str(tmp_path))


@pytest.mark.parametrize("good", [True, False])
def test_the_command_exits_by_what_was_found_and_prints_it(monkeypatch, capsys, good):
    result = Verification(3, () if good else ("M\tfigures/a.csv",))
    monkeypatch.setattr("churnlib.workflow.verify", lambda **_: result)
    assert main(["verify"]) == (0 if good else 1)
    out = capsys.readouterr().out
    assert ("NOT all is reproduced" in out) is not good
    assert ("figures/a.csv" in out) is not good
    assert main(["verify", "--json"]) == (0 if good else 1)
    told = json.loads(capsys.readouterr().out)
    assert (told["good"], told["outputs"]) == (good, 3)
