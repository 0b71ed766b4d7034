"""A student's copy has every exercise, no solution, and touches nothing of anybody's."""

import json
import os
import re
import shutil
import subprocess

import pytest
from notebook_checks import execute

from churnlib.__main__ import main
from churnlib.evidence.origin import PROJECT
from churnlib.workflow.notebook import SOLUTION, notebooks, write_student_copy

NAMES = [path.stem for path in notebooks()]


def cells(path):
    return json.loads(path.read_text(encoding="utf-8"))["cells"]


def source(cell):
    return "".join(cell["source"])


def solutions(path):
    return [cell for cell in cells(path) if SOLUTION in cell["metadata"].get("tags", ())]


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    folder = tmp_path_factory.mktemp("home") / "course"
    write_student_copy(folder)
    return folder


# Exercises of the project's own notebooks.


@pytest.mark.parametrize("name", NAMES)
def test_every_exercise_has_a_folded_solution_that_was_run_and_tests_itself(name):
    path = PROJECT / "notebooks" / f"{name}.ipynb"
    (exercises,) = [source(cell) for cell in cells(path) if "## Exercises" in source(cell)]
    numbers = re.findall(r"^(\d)\. ", exercises, re.MULTILINE)
    assert numbers == [str(i + 1) for i in range(len(numbers))]
    assert 2 <= len(numbers) <= 3
    solved = solutions(path)
    assert len(solved) == len(numbers)
    for cell in solved:
        assert cell["cell_type"] == "code"
        assert cell["metadata"]["jupyter"]["source_hidden"] is True
        assert "assert " in source(cell)
        assert cell["execution_count"]
        assert cell["outputs"]


# The copy.


@pytest.mark.parametrize("name", NAMES)
def test_the_copy_has_every_cell_but_the_solutions_and_says_where_answers_go(copy, name):
    path = PROJECT / "notebooks" / f"{name}.ipynb"
    own = [cell for cell in cells(path) if cell not in solutions(path)]
    title, aside, *rest = cells(copy / "notebooks" / f"{name}.ipynb")
    assert source(title) == source(own[0])
    assert "CHURNLIB_OUTPUT" in source(aside)
    code = [source(cell) for cell in rest if cell["cell_type"] == "code"]
    assert code == [source(cell) for cell in own if cell["cell_type"] == "code"]
    words = [source(cell) for cell in rest if cell["cell_type"] == "markdown"]
    assert len(words) == len(own) - 1 - len(code)
    assert "folded" not in "".join(words)
    assert "Insert cells for your answers" in "".join(words)
    assert all(
        cell["outputs"] == [] and cell["execution_count"] is None
        for cell in rest
        if cell["cell_type"] == "code"
    )


def test_no_line_of_a_solution_is_left(copy):
    for name in NAMES:
        text = (copy / "notebooks" / f"{name}.ipynb").read_text(encoding="utf-8")
        for cell in solutions(PROJECT / "notebooks" / f"{name}.ipynb"):
            tested = [line for line in source(cell).splitlines() if line.startswith("assert ")]
            assert all(json.dumps(line)[1:-1] not in text for line in tested)


def test_a_notebook_of_the_copy_runs_there_and_writes_there_alone(copy, monkeypatch):
    monkeypatch.delenv("CHURNLIB_OUTPUT", raising=False)
    place = copy / "notebooks" / "03_survey_cleaning.ipynb"
    committed = {p: p.stat().st_mtime_ns for p in (PROJECT / "figures").rglob("*")}
    executed = execute(place)
    assert all(cell.get("execution_count") for cell in executed.cells if cell.source and
               cell.cell_type == "code")  # fmt: skip
    assert (copy / "figures" / "en" / "flow_of_rows.html").exists()
    assert committed == {p: p.stat().st_mtime_ns for p in (PROJECT / "figures").rglob("*")}


def test_every_path_that_a_notebook_reads_is_in_the_copy(copy):
    for name in NAMES:
        for cell in cells(copy / "notebooks" / f"{name}.ipynb"):
            if cell["cell_type"] == "code":
                for path in re.findall(r'"(\.\./[^"]+)"', source(cell)):
                    fixed = path.partition("{")[0]  # what follows is filled in as it runs
                    assert (copy / "notebooks" / fixed).exists(), (name, path)


def test_the_data_are_the_same_bytes(copy):
    for path in (PROJECT / "data").rglob("*"):
        if path.is_file():
            assert (copy / path.relative_to(PROJECT)).read_bytes() == path.read_bytes()


# What is there already stays.


@pytest.mark.parametrize("theirs", ["course/notes.txt", "course"])
def test_where_anything_is_already_nothing_is_written(tmp_path, theirs):
    (tmp_path / theirs).parent.mkdir(exist_ok=True)
    (tmp_path / theirs).write_text("mine")
    with pytest.raises(FileExistsError, match=r"is there already, .* choose a new or an empty"):
        write_student_copy(tmp_path / "course")
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == [tmp_path / theirs]
    assert (tmp_path / theirs).read_text() == "mine"


def test_an_empty_folder_will_do(tmp_path):
    assert len(write_student_copy(tmp_path)) == len(NAMES)


# The command.


def test_the_command_says_how_many_and_where(tmp_path, capsys):
    assert main(["student", str(tmp_path / "course")]) == 0
    printed = capsys.readouterr().out
    assert f"{len(NAMES)} notebooks without solutions" in printed
    assert f'jupyterlab "{tmp_path / "course"}"' in printed
    assert main(["student", str(tmp_path / "course")]) == 1
    assert "nothing of yours is replaced" in capsys.readouterr().err


def test_the_command_needs_a_folder(capsys):
    with pytest.raises(SystemExit) as exit_:
        main(["student"])
    assert exit_.value.code == 2
    assert "required: FOLDER" in capsys.readouterr().err


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
def test_make_student_without_a_folder_says_how():
    command = ["make", "student", "-o", ".venv/ready"]
    environment = {name: text for name, text in os.environ.items() if name != "FOLDER"}
    done = subprocess.run(
        command, cwd=PROJECT, capture_output=True, text=True, check=False, env=environment
    )
    assert done.returncode == 2
    assert "make student FOLDER=" in done.stderr
