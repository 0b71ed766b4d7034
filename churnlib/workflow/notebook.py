"""Notebooks read, run by nbclient in kernels of their own, and copied without solutions."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import re
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from churnlib.evidence import PROJECT

if TYPE_CHECKING:
    from nbclient import NotebookClient
    from nbformat import NotebookNode

Tell = Callable[[str], object]
"""Called with a sentence when a notebook starts and when it ends."""
SOLUTION = "solution"  # tag of the cells that a student's copy leaves out
_METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def print_line(text: str) -> None:
    """Print a line at once, whole even where several threads print."""
    print(f"{text}\n", end="", flush=True)


@dataclass(eq=False)
class NotebookError(RuntimeError):
    """A notebook raised an error; nothing of this run was put in place.

    `cell` is the code cell, counted from 1, or 0 if it never started; `ran` the notebook as far as
    it came, and `kept` the file of it; `others` are those that failed in the same run.
    """

    notebook: str
    cell: int
    cause: str
    ran: NotebookNode | None = None
    others: Sequence[NotebookError] = ()
    kept: Path | None = None

    def keep(self, folder: Path) -> None:
        """Write every notebook that failed to a folder."""
        for error in (self, *self.others):
            with suppress(OSError):  # a full disk may be why it failed
                if error.ran:
                    error.kept = write(folder / f"{error.notebook}.ipynb", text_of(error.ran))

    def __str__(self) -> str:
        kept = f"\nThe failed notebook, with its error, is kept: {self.kept}" if self.kept else ""
        others = ", ".join(error.notebook for error in self.others)
        also = f"\nAlso failed: {others}." if others else ""
        return (
            f"notebook {self.notebook} failed in code cell {self.cell}: {self.cause}\n"
            f"The notebooks and figures of the last good run were left as they are.{kept}{also}"
        )


@dataclass(frozen=True)
class Task:
    """A notebook to run: where its code runs, and what is added to this process's environment."""

    name: str
    notebook: NotebookNode
    folder: Path
    environment: Mapping[str, str]


def run(tasks: Sequence[Task], *, jobs: int = 1, tell: Tell = print_line) -> dict[str, float]:
    """Run `jobs` notebooks at a time, give each its outputs, and return the seconds each took.

    When all have been run, the first NotebookError is raised, which names the others. A process
    that is stopped leaves no kernel.
    """
    clients: list[NotebookClient] = []
    with ThreadPoolExecutor(jobs) as pool:
        names = {pool.submit(_execute, task, clients, tell): task.name for task in tasks}
        waiting = set(names)
        try:
            while waiting:  # a wait without end would not hear of Ctrl-C on every system
                ended, waiting = wait(waiting, timeout=0.1, return_when=FIRST_COMPLETED)
                for future in ended:
                    how = "failed" if future.exception() else f"done in {future.result():.1f} s"
                    tell(f"{names[future]}: {how}")
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            while not all(future.done() for future in names):  # one may be about to start a kernel
                for client in clients:
                    if process := getattr(getattr(client.km, "provisioner", None), "process", None):
                        process.kill()
                time.sleep(0.05)
            raise
    errors = [error for future in names if isinstance(error := future.exception(), NotebookError)]
    if errors:
        first, *first.others = sorted(errors, key=lambda error: error.notebook)
        raise first
    return {name: future.result() for future, name in names.items()}


def _execute(task: Task, clients: list[NotebookClient], tell: Tell) -> float:
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, DeadKernelError

    client = NotebookClient(
        task.notebook,
        kernel_name="python3",  # of this environment, whatever JupyterLab wrote into the notebook
        timeout=None,
        coalesce_streams=True,
        record_timing=False,
        # The kernel's own log is about transport; errors still show.
        extra_arguments=["--log-level=ERROR"],
        resources={"metadata": {"path": str(task.folder)}},
    )
    clients.append(client)
    environment = {**os.environ, "PYDEVD_DISABLE_FILE_VALIDATION": "1", **task.environment}
    started = time.perf_counter()
    tell(
        f"{task.name}: running, {sum(bool(code.strip()) for code in program(task.notebook))} cells"
    )
    try:
        asyncio.run(client.async_execute(env=environment))
    except CellExecutionError as error:
        cause = f"{error.ename}: {error.evalue}"
    except DeadKernelError:
        cause = "the kernel died"
    else:
        return time.perf_counter() - started
    raise NotebookError(task.name, client.code_cells_executed, cause, task.notebook)


def notebooks(project: Path = PROJECT) -> list[Path]:
    """Return the numbered notebooks in their order; that there are none is an error."""
    paths = sorted((project / "notebooks").glob("[0-9][0-9]_*.ipynb"))
    if not paths:
        raise FileNotFoundError(
            f"no notebooks in {project / 'notebooks'}; run this in a clone of the project"
        )
    return paths


def read(path: Path) -> dict[str, Any]:
    """Read a notebook as the JSON document it is: nbformat takes a second to load."""
    try:
        document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        program(document)
    except (ValueError, KeyError, TypeError) as error:
        raise NotebookError(path.stem, 0, f"it is not a notebook ({error})") from error
    return document


def runnable(document: Mapping[str, Any]) -> NotebookNode:
    """Return a copy to run, with the lines of each cell joined."""
    import nbformat

    return nbformat.reads(json.dumps(document), as_version=4)


def text_of(notebook: NotebookNode) -> str:
    """Return the text of its file, without what a kernel notes of itself and of the clock."""
    import nbformat

    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
    notebook.metadata = _METADATA
    return f"{nbformat.writes(notebook)}\n"


def write(path: Path, text: str) -> Path:
    """Write a text with the same bytes on every system, in folders made for it; return the path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")
    return path


def code_cells(notebook: Mapping[str, Any]) -> list[Any]:
    """Return its code cells, in order."""
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def program(notebook: Mapping[str, Any]) -> list[str]:
    """Return the sources of its code cells: what it does, without the words."""
    return ["".join(cell["source"]) for cell in code_cells(notebook)]


def digest(file: Path) -> str:
    """Return a file's checksum, of a notebook that of its code and results, or "absent"."""
    if not file.is_file():
        return "absent"
    if file.suffix == ".ipynb":
        with suppress(ValueError, KeyError, TypeError):
            code = code_cells(json.loads(file.read_bytes()))
            return checksum([[c["source"], c["outputs"], c["execution_count"]] for c in code])
    return hashlib.sha256(file.read_bytes()).hexdigest()


def files_in(folder: Path) -> list[str]:
    """Return every file below a folder, by its relative path with slashes."""
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def checksum(*content: object) -> str:
    """Return the checksum of what JSON can hold."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


_SENTENCE = re.compile(r"Solutions are in the folded cells below[^\n]*")
_ANSWERS = "Insert cells for your answers; solutions are in the project's own notebooks."
_ASIDE = """import os

os.environ["CHURNLIB_OUTPUT"] = ".."  # figures go beside this folder, not into the project
# "../data" is a copy; churnlib itself reads the project's unless a file is named, as in
# cl.load_codebook("../data/codebook.toml")"""


def write_student_copy(folder: str | Path, project: Path = PROJECT) -> list[Path]:
    """Write every notebook without its solutions, the data beside them; return the notebooks.

    A folder that holds anything is a FileExistsError; then nothing is written.

    Examples
    --------
    >>> import tempfile
    >>> written = write_student_copy(Path(tempfile.mkdtemp(), "course"))
    >>> written[0].name, sorted(path.name for path in written[0].parent.parent.iterdir())
    ('01_thesis_tables.ipynb', ['data', 'notebooks'])
    """
    from nbconvert.preprocessors import ClearOutputPreprocessor, TagRemovePreprocessor
    from nbformat.v4 import new_code_cell

    folder = Path(folder).expanduser()
    if folder.is_file() or (folder.exists() and any(folder.iterdir())):
        raise FileExistsError(
            f"{folder} is there already, and nothing of yours is replaced; choose a new or an "
            "empty folder"
        )
    data = folder / "data"
    shutil.copytree(project / "data", data, copy_function=shutil.copyfile, dirs_exist_ok=True)
    written, unsolved = [], TagRemovePreprocessor(remove_cell_tags={SOLUTION})
    for path in notebooks(project):
        copy, _ = unsolved.preprocess(runnable(read(path)), {})
        copy, _ = ClearOutputPreprocessor().preprocess(copy, {})
        for cell in copy.cells:
            if cell.cell_type == "markdown":
                cell.source = _SENTENCE.sub(_ANSWERS, cell.source)
        copy.cells.insert(1, new_code_cell(_ASIDE, id="figures-aside"))  # below the title
        written.append(write(folder / "notebooks" / path.name, text_of(copy)))
    return written
