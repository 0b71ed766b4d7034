"""The notebooks run in order, and what they make put in place only when all have succeeded."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from churnlib.manifest import write_manifest
from churnlib.provenance import PROJECT

if TYPE_CHECKING:
    from nbformat import NotebookNode

Progress = Callable[[str, int, int], None]
"""Called before each code cell with the notebook's name, the cells done, and their number."""


class NotebookError(RuntimeError):
    """A notebook raised an error; nothing of this run was kept.

    Parameters
    ----------
    notebook : str
        Its name.
    cell : int
        Which code cell, counted from 1; 0 if the notebook never started.
    cause : str
        The exception and its message.
    """

    def __init__(self, notebook: str, cell: int, cause: str) -> None:
        super().__init__(
            f"notebook {notebook} failed in code cell {cell}: {cause}\n"
            "The notebooks and figures of the last good run were left as they are."
        )
        self.notebook, self.cell, self.cause = notebook, cell, cause


@dataclass(frozen=True)
class Run:
    """One executed notebook: its name and how long it took."""

    notebook: str
    seconds: float


def notebooks(project: Path = PROJECT) -> list[Path]:
    """The numbered notebooks in their order.

    Raises
    ------
    FileNotFoundError
        If there are none.

    Examples
    --------
    >>> [path.stem for path in notebooks()][:2]
    ['01_thesis_tables', '02_account_flows']
    """
    found = sorted((project / "notebooks").glob("[0-9][0-9]_*.ipynb"))
    if not found:
        raise FileNotFoundError(
            f"no notebooks in {project / 'notebooks'}; run this in a clone of the project"
        )
    return found


def reproduce(project: Path = PROJECT, *, progress: Progress | None = None) -> list[Run]:
    """Run every notebook; replace notebooks and figures only if all of them succeed.

    Parameters
    ----------
    project : Path
        A clone of the project.
    progress : callable, optional
        Told of every cell before it runs.

    Raises
    ------
    NotebookError
        If a cell raises; the outputs of the last good run stay as they were.
    """
    runs = []
    # Beside the outputs, so that each file reaches its place by one rename.
    (project / ".churnlib").mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory(dir=project / ".churnlib") as scratch,
        _environment(CHURNLIB_OUTPUT=scratch, PYDEVD_DISABLE_FILE_VALIDATION="1"),
    ):
        staging = Path(scratch)
        (staging / "notebooks").mkdir()
        for path in notebooks(project):
            started = time.perf_counter()
            executed = execute(path, progress)
            _write(executed, staging / "notebooks" / path.name)
            runs.append(Run(path.stem, time.perf_counter() - started))
        if (project / "notebooks" / "exhibits.toml").exists():
            write_manifest(staging)
        _publish(staging, project)
    return runs


def execute(path: Path, progress: Progress | None = None) -> NotebookNode:
    """Run one notebook in a fresh kernel and return it with its outputs.

    Raises
    ------
    NotebookError
        If it cannot be read or one of its cells raises.
    """
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, DeadKernelError

    try:
        notebook = nbformat.read(path, as_version=4)
    except (nbformat.reader.NotJSONError, nbformat.ValidationError) as error:
        raise NotebookError(path.stem, 0, f"it is not a notebook ({error})") from error
    code = [i for i, c in enumerate(notebook.cells) if c.cell_type == "code" and c.source.strip()]
    number = {index: place for place, index in enumerate(code, 1)}
    at = 0

    def starting(cell: Any, cell_index: int) -> None:
        nonlocal at
        at = number.get(cell_index, at)
        if progress and cell_index in number:
            progress(path.stem, at - 1, len(code))

    client = NotebookClient(
        notebook,
        kernel_name="python3",
        record_timing=False,
        # The kernel's own log is about transport, not about the notebook; errors still show.
        extra_arguments=["--log-level=ERROR"],
        resources={"metadata": {"path": str(path.parent)}},
        on_cell_start=starting,
    )
    try:
        client.execute()
    except CellExecutionError as error:
        raise NotebookError(path.stem, at, f"{error.ename}: {error.evalue}") from None
    except DeadKernelError:
        raise NotebookError(path.stem, at, "the kernel died") from None
    if progress:
        progress(path.stem, len(code), len(code))
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


def _write(notebook: NotebookNode, path: Path) -> None:
    import nbformat

    # What a kernel notes about itself differs between machines and says nothing of the results.
    notebook.metadata = nbformat.from_dict(
        {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        }
    )
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
    nbformat.write(notebook, path)


def _publish(staging: Path, project: Path) -> None:
    for new in sorted(file for file in staging.rglob("*") if file.is_file()):
        place = project / new.relative_to(staging)
        place.parent.mkdir(parents=True, exist_ok=True)
        if not place.exists() or place.read_bytes() != new.read_bytes():
            shutil.move(new, place)


@contextmanager
def _environment(**values: str) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
