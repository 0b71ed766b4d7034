"""The reviewer's protocol on a small project, and each thing that it must find."""

import json
import os
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest
from notebook_checks import write_notebook as notebook

from churnlib.__main__ import COMMANDS, main
from churnlib.workflow import reproduction as module
from churnlib.workflow.reproduction import digest, files_in, reproduce, verify

FIGURE = """import os, pathlib
out = pathlib.Path(os.environ["CHURNLIB_OUTPUT"], "figures")
out.mkdir(exist_ok=True)
_ = (out / "{name}").write_text({text})
"""


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
    call = module._call

    def run_here(clone: Path, *command: str) -> str:
        if command[0] == "git":
            return call(clone, *command)
        reproduce(clone, tell=[].append)
        return ""

    monkeypatch.setattr(module, "_call", run_here)
    monkeypatch.setattr(module, "resources", lambda _: {})
    return folder


def described(data: Path) -> dict[str, SimpleNamespace]:
    return {"n.csv": SimpleNamespace(path=data / "n.csv", is_intact=lambda: False)}


def state(folder: Path) -> dict[str, str]:
    return {file: digest(folder / file) for file in files_in(folder) if ".git/" not in file}


def test_what_is_reproduced_is_identical_and_the_project_is_not_touched(project, capsys):
    before = state(project)
    found = verify(project=project)
    assert (found["good"], found["outputs"]) == (True, 3)
    assert state(project) == before
    assert capsys.readouterr().out.splitlines() == [
        "cloning what is committed …", "first run, from nothing …", "second run, from nothing …",
        "3 outputs were made twice from nothing.", "all is reproduced",
    ]  # fmt: skip


def test_each_thing_that_is_not_reproduced_is_named(project, monkeypatch, capsys):
    (project / "data").mkdir()
    (project / "data" / "n.csv").write_text("1")
    monkeypatch.setattr(module, "resources", described)
    (project / "figures" / "a.csv").write_text("v\n0.12345679\n")
    (project / "report").mkdir(exist_ok=True)
    (project / "report" / "old.docx").write_bytes(b"nobody makes me")
    chance = FIGURE.format(name="chance.csv", text="os.urandom(8).hex()")
    notebook(project, "02_b", chance, "_ = pathlib.Path('..', 'stray.txt').write_text('x')", "'c'")
    commit(project)
    found = verify(project=project)
    assert not found["good"]
    assert found["committed"] == [
        "M\tfigures/a.csv", "A\tfigures/chance.csv", "M\tnotebooks/02_b.ipynb",
        "D\treport/old.docx", "A\tstray.txt",
    ]  # fmt: skip
    assert found["repeated"] == ["M\tfigures/chance.csv"]
    assert found["faults"] == ["data/n.csv is not the released file: its checksum differs"]
    told = capsys.readouterr().out
    assert "tests/likeness.py" in told
    assert "differs between the two runs: M\tfigures/chance.csv\n" in told
    assert told.endswith("NOT all is reproduced\n")


def test_without_a_clone_it_says_what_is_needed(tmp_path):
    notebook(tmp_path, "01_a", "1")
    with pytest.raises(RuntimeError, match="verify needs git and a clone of the project"):
        verify(project=tmp_path)


def test_a_run_in_the_copy_is_that_of_the_command_line_and_its_failure_is_told(
    tmp_path, monkeypatch
):
    asked = []

    def run(command, *, cwd, env, **_):
        asked.append((command[1:], env["PYTHONPATH"].split(os.pathsep)[0] == str(cwd)))
        return subprocess.CompletedProcess(command, command[0] != "git", "", "error: it died\n")

    monkeypatch.setattr(subprocess, "run", run)
    with pytest.raises(RuntimeError, match="-m churnlib reproduce failed: error: it died"):
        verify(3, tmp_path)
    assert asked[-1] == (("-m", "churnlib", "reproduce", "--jobs", "3", "--json"), True)


@pytest.mark.parametrize("good", [True, False])
def test_the_command_exits_by_what_was_found(project, capsys, monkeypatch, good):
    if not good:
        (project / "figures" / "a.csv").write_text("v\n0.12345679\n")
        commit(project)
    monkeypatch.setitem(
        COMMANDS, "verify", (lambda jobs: verify(jobs, project), ["--jobs N", "--json"])
    )
    assert main(["verify", "--json"]) == (0 if good else 1)
    told = json.loads(capsys.readouterr().out)
    assert (told["good"], told["outputs"]) == (good, 3)
