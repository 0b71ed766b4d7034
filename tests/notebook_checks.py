"""A notebook run as a user runs it, and what would make a check of it check nothing."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat

from churnlib.workflow.notebook import Task, read, run, runnable


def write_notebook(folder: Path, name: str, *cells: str, text: str = "") -> Path:
    """Write a notebook of code cells, below a cell of words if there are any."""
    made = nbformat.v4.new_notebook()
    made.cells = [nbformat.v4.new_markdown_cell(text, id="words")] if text else []
    made.cells += [nbformat.v4.new_code_cell(cell) for cell in cells]
    path = folder / "notebooks" / f"{name}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(made, path)
    return path


def execute(path: Path) -> Any:
    """Run one notebook in a fresh kernel and return it with its outputs."""
    notebook = runnable(read(path))
    run([Task(path.stem, notebook, path.parent, {})])
    return notebook


def faults(notebook: Mapping[str, Any]) -> list[str]:
    """Name what would make a check of this notebook pass without checking anything.

    nbval compares nothing for a cell that was never executed, so a stripped notebook is green.

    Parameters
    ----------
    notebook : mapping
        A notebook as read by nbformat or json.

    Returns
    -------
    list of str
        Empty for a notebook that was run from top to bottom without an error or a warning.

    Examples
    --------
    >>> cell = {"cell_type": "code", "source": "1 + 1", "execution_count": None, "outputs": []}
    >>> faults({"cells": [cell]})
    ['code cells are not executed 1 to 1 in order but [None]', 'no cell has an output']
    """
    code = [
        c for c in notebook["cells"] if c["cell_type"] == "code" and "".join(c["source"]).strip()
    ]
    counts = [cell.get("execution_count") for cell in code]
    found = []
    if counts != list(range(1, len(code) + 1)):
        found.append(f"code cells are not executed 1 to {len(code)} in order but {counts}")
    if not any(cell["outputs"] for cell in code):
        found.append("no cell has an output")
    for place, cell in enumerate(code, 1):
        for output in cell["outputs"]:
            if output["output_type"] == "error":
                found.append(f"code cell {place} shows an error, {output['ename']}")
            if output.get("name") == "stderr":
                found.append(f"code cell {place} shows a warning")
    return found
