"""A copy of the notebooks to learn from: the exercises are there, their solutions are not."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from churnlib.evidence import PROJECT
from churnlib.workflow.pipeline import notebooks

SOLUTION = "solution"
"""Tag of the cells that are left out."""
_SENTENCE = re.compile(r"Solutions are in the folded cells below[^\n]*")
_PLACE = "Your answers go into the cells below; solutions are in the project's own notebooks."
_ASIDE = (
    "import os\n\n"
    'os.environ["CHURNLIB_OUTPUT"] = ".."  # figures go beside this folder, not into the project'
)
_README = """# Notebooks without solutions

`notebooks/` has the project's notebooks with an empty cell for each answer. Outputs are cleared:
run each from the top, in the environment in which churnlib is installed, for instance with

    python -m jupyterlab notebooks

`data/` is a copy of the project's data. It is where a path such as `../data/synthetic/answers.csv`
leads; churnlib itself takes the printed tables, the codebook and the scenarios from the project
unless you name a file, as in `cl.load_codebook("../data/codebook.toml")`.

What the notebooks draw and write goes to `figures/` in this folder. Nothing here touches the
project.
"""


def write_student_copy(folder: str | Path, project: Path = PROJECT) -> list[Path]:
    """Write every notebook without its solutions, and the data beside them.

    Parameters
    ----------
    folder : str or Path
        Made if there is none. It gets ``notebooks/``, ``data/`` and ``README.md``.
    project : Path
        A clone of the project.

    Returns
    -------
    list of Path
        The notebooks written.

    Raises
    ------
    FileExistsError
        If a file that would be written is there already; then nothing is written.
    FileNotFoundError
        If the project has no notebooks.
    NotADirectoryError
        If the folder, or one that would lie in it, is a file.

    Examples
    --------
    >>> import tempfile
    >>> written = write_student_copy(Path(tempfile.mkdtemp(), "course"))
    >>> written[0].name, sorted(path.name for path in written[0].parent.parent.iterdir())
    ('01_thesis_tables.ipynb', ['README.md', 'data', 'notebooks'])
    """
    place = Path(folder).expanduser()
    copies = {place / "notebooks" / path.name: path for path in notebooks(project)}
    data = {
        place / "data" / path.relative_to(project / "data"): path
        for path in sorted((project / "data").rglob("*"))
        if path.is_file()
    }
    readme = place / "README.md"
    _refuse_to_replace(place, [*copies, *data, readme])
    for target, source in data.items():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
    for target, source in copies.items():
        target.parent.mkdir(parents=True, exist_ok=True)
        taken = without_solutions(json.loads(source.read_text(encoding="utf-8")))
        text = json.dumps(taken, ensure_ascii=False, indent=1) + "\n"
        target.write_text(text, encoding="utf-8", newline="\n")
    readme.write_text(_README, encoding="utf-8", newline="\n")
    return list(copies)


def without_solutions(notebook: Mapping[str, Any]) -> dict[str, Any]:
    """A notebook with an empty cell for each solution and no outputs, writing its figures aside.

    Parameters
    ----------
    notebook : mapping
        As read by json.

    Examples
    --------
    >>> cell = {"cell_type": "code", "source": "6 * 7", "outputs": ["42"], "execution_count": 1,
    ...         "metadata": {"tags": ["solution"]}, "id": "a"}
    >>> [cell["source"] for cell in without_solutions({"cells": [cell]})["cells"][1:]]
    ['']
    """
    aside = {"cell_type": "code", "id": "figures-aside", "metadata": {}, "source": _ASIDE}
    cells = [_cleared(aside), *(_taken(cell) for cell in notebook["cells"])]
    if notebook["cells"][0]["cell_type"] == "markdown":
        cells[:2] = cells[1::-1]  # the title stays on top
    return {**notebook, "cells": cells}


def _taken(cell: Mapping[str, Any]) -> dict[str, Any]:
    if SOLUTION in cell["metadata"].get("tags", ()):
        return _cleared({**cell, "metadata": {}, "source": ""})
    if cell["cell_type"] == "markdown":
        return {**cell, "source": _SENTENCE.sub(_PLACE, "".join(cell["source"]))}
    return _cleared(cell)


def _cleared(cell: Mapping[str, Any]) -> dict[str, Any]:
    return {**cell, "execution_count": None, "outputs": []}


def _refuse_to_replace(folder: Path, targets: list[Path]) -> None:
    for path in (folder, folder / "notebooks", folder / "data"):
        if path.exists() and not path.is_dir():
            raise NotADirectoryError(f"{path} is a file; choose another folder for the notebooks")
    there = [p.relative_to(folder).as_posix() for p in targets if p.exists() or p.is_symlink()]
    if there:
        more = f" and {len(there) - 1} more" if len(there) > 1 else ""
        raise FileExistsError(
            f"{folder} holds {there[0]}{more} already, and nothing of yours is replaced; "
            "choose an empty folder"
        )
