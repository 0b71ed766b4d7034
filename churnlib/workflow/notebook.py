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


@dataclass(eq=False)
class NotebookError(RuntimeError):
    """A notebook raised an error; nothing of this run was put in place.

    `cell` is the code cell, counted from 1, or 0 if the notebook never started; `ran` the
    notebook as far as it came; `others` the notebooks that failed in the same run.
    """

    notebook: str
    cell: int
    cause: str
    ran: NotebookNode | None = None
    others: Sequence[NotebookError] = ()
    kept: Path | None = None

    def save(self, folder: Path) -> None:
        """Put every notebook that failed into a folder, as far as it came."""
        for error in (self, *self.others):
            with suppress(OSError):  # a full disk may be why it failed
                folder.mkdir(exist_ok=True)
                if error.ran:
                    kept = folder / f"{error.notebook}.ipynb"
                    kept.write_text(text_of(error.ran), encoding="utf-8", newline="\n")
                    error.kept = kept

    def __str__(self) -> str:
        text = (
            f"notebook {self.notebook} failed in code cell {self.cell}: {self.cause}\n"
            "The notebooks and figures of the last good run were left as they are."
        )
        if self.kept:
            text += f"\nThe failed notebook, with its error, is kept: {self.kept}"
        if self.others:
            text += f"\nAlso failed: {', '.join(error.notebook for error in self.others)}."
        return text


def silent(_: str) -> None:
    """Tell nobody."""


@dataclass(frozen=True)
class Task:
    """A notebook to run: where its code runs, and what is added to this process's environment."""

    name: str
    notebook: NotebookNode
    folder: Path
    environment: Mapping[str, str]


def run(tasks: Sequence[Task], *, jobs: int = 1, tell: Tell = silent) -> dict[str, float]:
    """Run `jobs` notebooks at a time, give each its outputs, and return the seconds each took.

    When all have been run, the first NotebookError is raised, which names the others. A process
    that is stopped leaves no kernel.
    """
    seconds: dict[str, float] = {}
    failures: list[NotebookError] = []
    clients: list[NotebookClient] = []
    with ThreadPoolExecutor(jobs) as pool:
        names = {pool.submit(_execute, task, clients, tell): task.name for task in tasks}
        waiting = set(names)
        try:
            while waiting:  # a wait without end would not hear of Ctrl-C on every system
                ended, waiting = wait(waiting, timeout=0.1, return_when=FIRST_COMPLETED)
                for future in ended:
                    name = names[future]
                    try:
                        seconds[name] = future.result()
                        tell(f"{name}: done in {seconds[name]:.1f} s")
                    except NotebookError as error:
                        failures.append(error)
                        tell(f"{name}: failed")
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            while not all(future.done() for future in names):  # one may be about to start a kernel
                for client in clients:
                    if process := getattr(getattr(client.km, "provisioner", None), "process", None):
                        process.kill()
                time.sleep(0.05)
            raise
    if failures:
        first, *others = sorted(failures, key=lambda error: error.notebook)
        first.others = others
        raise first
    return seconds


def _execute(task: Task, clients: list[NotebookClient], tell: Tell) -> float:
    from jupyter_client.kernelspec import NoSuchKernel
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, DeadKernelError

    client = NotebookClient(
        task.notebook,
        timeout=None,
        coalesce_streams=True,
        record_timing=False,
        # The kernel's own log is about transport; errors still show.
        extra_arguments=["--log-level=ERROR"],
        resources={"metadata": {"path": str(task.folder)}},
    )
    clients.append(client)
    environment = {**os.environ, "PYDEVD_DISABLE_FILE_VALIDATION": "1", **task.environment}
    count = sum(bool(cell.source.strip()) for cell in code_cells(task.notebook))
    started = time.perf_counter()
    tell(f"{task.name}: running, {count} cells")
    try:
        asyncio.run(client.async_execute(env=environment))
    except CellExecutionError as error:
        cause = f"{error.ename}: {error.evalue}"
    except DeadKernelError:
        cause = "the kernel died"
    except NoSuchKernel as error:
        cause = f"{error}; install it, or choose another kernel in the notebook"
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
    """Return the text of its file without what a kernel notes of itself and of the clock."""
    import nbformat

    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
    if kernel_of(notebook) == "python3":
        notebook.metadata = _METADATA
    return f"{nbformat.writes(notebook)}\n"


def kernel_of(notebook: Mapping[str, Any]) -> str:
    """Return the name of the kernel that it asks for."""
    return str(notebook.get("metadata", {}).get("kernelspec", {}).get("name", "python3"))


def code_cells(notebook: Mapping[str, Any]) -> list[Any]:
    """Return its code cells, in order."""
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def program(notebook: Mapping[str, Any]) -> list[str]:
    """Return its kernel and the sources of its code cells: what it does, without the words."""
    return [kernel_of(notebook), *("".join(cell["source"]) for cell in code_cells(notebook))]


def digest(file: Path) -> str:
    """Return a file's checksum, of a notebook that of its code and results, or "absent"."""
    if not file.is_file():
        return "absent"
    content = file.read_bytes()
    if file.suffix == ".ipynb":
        with suppress(ValueError, KeyError, TypeError):
            code = code_cells(json.loads(content))
            return checksum([[c["source"], c["outputs"], c["execution_count"]] for c in code])
    return hashlib.sha256(content).hexdigest()


def files_in(folder: Path) -> list[str]:
    """Return every file below a folder, by its relative path with slashes."""
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def checksum(*content: object) -> str:
    """Return the checksum of what JSON can hold."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


_SENTENCE = re.compile(r"Solutions are in the folded cells below[^\n]*")
_ANSWERS = "Insert cells for your answers; solutions are in the project's own notebooks."
_ASIDE = """import os

os.environ["CHURNLIB_OUTPUT"] = ".."  # figures go beside this folder, not into the project"""
_README = """# Notebooks without solutions

`notebooks/` has the project's notebooks, their outputs cleared; insert cells for your answers.
Open them in the environment in which churnlib is installed, for instance with

    python -m jupyterlab notebooks

They read the copy of the project's data in `data/`. churnlib itself takes the printed tables, the
codebook and the scenarios from the project unless you name a file, as in
`cl.load_codebook("../data/codebook.toml")`. What they write goes to `figures/` in this folder.
"""


def write_student_copy(folder: str | Path, project: Path = PROJECT) -> list[Path]:
    """Write every notebook without its solutions, the data beside them; return the notebooks.

    Raises
    ------
    FileExistsError
        If the folder is a file or holds anything; then nothing is written.

    Examples
    --------
    >>> import tempfile
    >>> written = write_student_copy(Path(tempfile.mkdtemp(), "course"))
    >>> written[0].name, sorted(path.name for path in written[0].parent.parent.iterdir())
    ('01_thesis_tables.ipynb', ['README.md', 'data', 'notebooks'])
    """
    folder = Path(folder).expanduser()
    if folder.is_file() or (folder.exists() and any(folder.iterdir())):
        raise FileExistsError(
            f"{folder} is there already, and nothing of yours is replaced; choose a new or an "
            "empty folder"
        )
    shutil.copytree(
        project / "data", folder / "data", copy_function=shutil.copyfile, dirs_exist_ok=True
    )
    copies = {folder / "notebooks" / path.name: path for path in notebooks(project)}
    texts = {copy: text_of(without_solutions(read(path))) for copy, path in copies.items()}
    (folder / "notebooks").mkdir()
    for path, text in {**texts, folder / "README.md": _README}.items():
        path.write_text(text, encoding="utf-8", newline="\n")
    return list(copies)


def without_solutions(document: Mapping[str, Any]) -> NotebookNode:
    """Return a notebook without solutions and outputs, which writes its figures aside."""
    from nbconvert.preprocessors import ClearOutputPreprocessor, TagRemovePreprocessor
    from nbformat.v4 import new_code_cell

    notebook = runnable(document)
    for preprocessor in (
        TagRemovePreprocessor(remove_cell_tags={SOLUTION}, enabled=True),
        ClearOutputPreprocessor(enabled=True),
    ):
        notebook, _ = preprocessor(notebook, {})
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = _SENTENCE.sub(_ANSWERS, cell.source)
    notebook.cells.insert(1, new_code_cell(_ASIDE, id="figures-aside"))  # below the title
    return notebook
