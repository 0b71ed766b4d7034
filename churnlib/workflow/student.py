"""A copy of the notebooks to learn from: the exercises are there, their solutions are not."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from churnlib.evidence import PROJECT
from churnlib.workflow.execution import notebooks

if TYPE_CHECKING:
    from nbformat import NotebookNode

SOLUTION = "solution"
"""Tag of the cells that are left out."""
_SENTENCE = re.compile(r"Solutions are in the folded cells below[^\n]*")
_ANSWERS = "Insert cells for your answers; solutions are in the project's own notebooks."
_ASIDE = (
    "import os\n\n"
    'os.environ["CHURNLIB_OUTPUT"] = ".."  # figures go beside this folder, not into the project'
)
_README = """# Notebooks without solutions

`notebooks/` has the project's notebooks; insert cells for your answers. Outputs are cleared:
run each from the top, in the environment in which churnlib is installed, for instance with

    python -m jupyterlab notebooks

`data/` is a copy of the project's data. It is where a path such as `../data/synthetic/answers.csv`
leads; churnlib itself takes the printed tables, the codebook and the scenarios from the project
unless you name a file, as in `cl.load_codebook("../data/codebook.toml")`.

What the notebooks draw and write goes to `figures/` in this folder. Nothing here touches the
project.
"""


def write_student_copy(folder: str | Path, project: Path = PROJECT) -> list[Path]:
    """Write every notebook without its solutions, and the data and a README.md beside them.

    The folder is made if there is none; returned are the notebooks written.

    Raises
    ------
    FileExistsError
        If a file that would be written is there already; then nothing is written.
    NotADirectoryError
        If the folder, or one that would lie in it, is a file.

    Examples
    --------
    >>> import tempfile
    >>> written = write_student_copy(Path(tempfile.mkdtemp(), "course"))
    >>> written[0].name, sorted(path.name for path in written[0].parent.parent.iterdir())
    ('01_thesis_tables.ipynb', ['README.md', 'data', 'notebooks'])
    """
    import nbformat

    folder = Path(folder).expanduser()
    copies = {path: folder / "notebooks" / path.name for path in notebooks(project)}
    data = [folder / p.relative_to(project) for p in (project / "data").rglob("*") if p.is_file()]
    _refuse_to_replace(folder, [*copies.values(), *data, folder / "README.md"])
    shutil.copytree(
        project / "data", folder / "data", copy_function=shutil.copyfile, dirs_exist_ok=True
    )
    (folder / "notebooks").mkdir(exist_ok=True)
    for source, copy in copies.items():
        taken = without_solutions(nbformat.read(source, as_version=4))
        copy.write_text(nbformat.writes(taken) + "\n", encoding="utf-8", newline="\n")
    (folder / "README.md").write_text(_README, encoding="utf-8", newline="\n")
    return list(copies.values())


def without_solutions(notebook: NotebookNode) -> NotebookNode:
    """Return a notebook without solutions and outputs, which writes its figures aside."""
    from nbconvert.preprocessors import ClearOutputPreprocessor, TagRemovePreprocessor
    from nbformat.v4 import new_code_cell

    for preprocessor in (
        TagRemovePreprocessor(remove_cell_tags={SOLUTION}, enabled=True),
        ClearOutputPreprocessor(enabled=True),
    ):
        notebook, _ = preprocessor(notebook, {})
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = _SENTENCE.sub(_ANSWERS, cell.source)
    below_title = int(notebook.cells[0].cell_type == "markdown")
    notebook.cells.insert(below_title, new_code_cell(_ASIDE, id="figures-aside"))
    return notebook


def _refuse_to_replace(folder: Path, files: list[Path]) -> None:
    for path in (folder, folder / "notebooks", folder / "data"):
        if path.exists() and not path.is_dir():
            raise NotADirectoryError(f"{path} is a file; choose another folder for the notebooks")
    there = [p.relative_to(folder).as_posix() for p in files if p.exists() or p.is_symlink()]
    if there:
        more = f" and {len(there) - 1} more" if len(there) > 1 else ""
        raise FileExistsError(
            f"{folder} holds {there[0]}{more} already, and nothing of yours is replaced; "
            "choose an empty folder"
        )
