import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from notebook_checks import execute, faults, write_notebook

from churnlib.evidence import PROJECT
from churnlib.workflow.notebook import NotebookError, notebooks
from churnlib.workflow.reproduction import reproduce


def test_a_kernel_that_dies_is_reported(tmp_path):
    write_notebook(tmp_path, "01_a", "import os; os._exit(1)")
    with pytest.raises(NotebookError, match="notebook 01_a failed in code cell 1: the kernel died"):
        reproduce(tmp_path)


def test_a_file_that_is_no_notebook_is_reported(tmp_path):
    path = tmp_path / "01_a.ipynb"
    path.write_text("{")
    with pytest.raises(NotebookError, match="failed in code cell 0: it is not a notebook"):
        execute(path)


def test_a_folder_without_notebooks_is_reported(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no notebooks in .*; run this in a clone"):
        notebooks(tmp_path)


def cell(source="1", count=1, outputs=({"output_type": "execute_result"},)):
    return {
        "cell_type": "code",
        "source": source,
        "execution_count": count,
        "outputs": list(outputs),
    }


# The guard against notebooks that nbval would pass without comparing anything.


@pytest.mark.parametrize(
    ("cells", "fault"),
    [
        ([cell(count=None, outputs=())], "not executed 1 to 1 in order"),
        ([cell(count=2), cell(count=1)], "not executed 1 to 2 in order"),
        ([cell(count=1), cell(count=3)], "not executed 1 to 2 in order"),
        ([cell(outputs=())], "no cell has an output"),
        ([cell(outputs=[{"output_type": "error", "ename": "E"}])], "shows an error, E"),
        ([cell(outputs=[{"output_type": "stream", "name": "stderr"}])], "shows a warning"),
    ],
)  # fmt: skip
def test_a_notebook_that_checks_nothing_is_faulted(cells, fault):
    assert any(fault in found for found in faults({"cells": cells}))


def test_an_empty_cell_and_a_silent_cell_are_no_faults():
    silent = cell(count=2, outputs=())
    assert faults({"cells": [cell(), silent, cell(source="", count=None, outputs=())]}) == []


def shown(path: Path, text: str) -> None:
    """Let the only cell of a notebook have been executed, with this result."""
    notebook = nbformat.read(path, 4)
    (only,) = notebook.cells
    result = {"text/plain": text}
    only.update(execution_count=1)
    only.outputs = [nbformat.v4.new_output("execute_result", result, execution_count=1)]
    nbformat.write(notebook, path)


def test_plain_pytest_with_nbval_passes_on_the_same_result_alone(tmp_path):
    first, second, _ = (
        write_notebook(tmp_path, name, "6 * 7") for name in ("01_a", "02_b", "03_c")
    )
    shown(first, "42")
    shown(second, "43")
    (tmp_path / "tests").mkdir()
    for name in ("conftest.py", "pyproject.toml", "tests/likeness.py", "tests/notebook_checks.py"):
        shutil.copy(PROJECT / name, tmp_path / name)
    command = [sys.executable, "-m", "pytest", "--nbval", "notebooks/", "-p", "no:cacheprovider"]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert result.returncode == 1
    failed = re.findall(r"^FAILED (\S+)", result.stdout, re.MULTILINE)
    assert failed == ["notebooks/02_b.ipynb::Cell", "notebooks/03_c.ipynb::hygiene"]
    assert "03_c.ipynb: code cells are not executed 1 to 1 in order" in result.stdout
