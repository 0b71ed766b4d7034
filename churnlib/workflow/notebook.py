"""A notebook as the JSON document it is: its code, its outputs, and faults in them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

KERNEL = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
"""The metadata of every notebook of ours."""


def code_of(notebook: Mapping[str, Any]) -> list[str]:
    r"""The sources of its code cells, in order.

    Examples
    --------
    >>> code_of({"cells": [{"cell_type": "markdown", "source": "# 1"},
    ...                    {"cell_type": "code", "source": ["1 + 1\n", "2"]}]})
    ['1 + 1\n2']
    """
    return ["".join(c["source"]) for c in notebook["cells"] if c["cell_type"] == "code"]


def results_of(notebook: Mapping[str, Any]) -> list[Any]:
    """Return its code and outputs, cell by cell."""
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    return [[c["source"], c["outputs"], c["execution_count"]] for c in code]


def with_outputs(now: Mapping[str, Any], ran: Mapping[str, Any]) -> dict[str, Any]:
    """The notebook as it stands now, with the outputs of a run of the same code."""
    made = iter([cell for cell in ran["cells"] if cell["cell_type"] == "code"])
    cells = []
    for cell in now["cells"]:
        metadata = {k: v for k, v in cell["metadata"].items() if k != "execution"}
        if cell["cell_type"] == "code":
            source = next(made)
            fresh = {key: source[key] for key in ("execution_count", "outputs")}
            cells.append({**cell, "metadata": metadata, **fresh})
        else:
            cells.append({**cell, "metadata": metadata})
    # What a kernel notes about itself differs between machines and says nothing of the results.
    metadata = KERNEL if kernel_of(now) == "python3" else now["metadata"]
    return {**now, "cells": cells, "metadata": metadata}


def kernel_of(notebook: Mapping[str, Any]) -> str:
    """The kernel that it asks for."""
    return str(notebook.get("metadata", {}).get("kernelspec", {}).get("name", "python3"))


def document(notebook: Mapping[str, Any]) -> bytes:
    """The bytes of a notebook file, as Jupyter writes them."""
    text = json.dumps(notebook, sort_keys=True, indent=1, ensure_ascii=False)
    return f"{text}\n".encode()


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
