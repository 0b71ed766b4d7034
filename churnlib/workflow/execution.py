"""Notebooks run from top to bottom by nbclient, each in a kernel of its own."""

from __future__ import annotations

import asyncio
import json
import os
import re
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from churnlib.evidence import PROJECT

if TYPE_CHECKING:
    from nbformat import NotebookNode

Progress = Callable[[str, int, int], None]
"""Called before each code cell with the notebook's name, the cells done, and their number."""
Finished = Callable[[str, float | None], None]
"""Called after each notebook with its name and its seconds, ``None`` if it failed."""
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
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
    lines: str = ""
    ran: NotebookNode | None = None
    others: Sequence[NotebookError] = ()
    kept: Path | None = None

    def save(self, folder: Path) -> None:
        """Put every notebook that failed, and a report on where and how, into a folder."""
        import nbformat

        for error in (self, *self.others):
            report = folder / f"{error.notebook}.txt"
            text = (
                f"notebook   {error.notebook}\ncode cell  {error.cell}\n"
                f"exception  {error.cause}\n\n{error.lines}\n"
            )
            with suppress(OSError):  # a full disk may be why it failed
                folder.mkdir(exist_ok=True)
                report.write_text(text, encoding="utf-8")
                if error.ran:
                    nbformat.write(error.ran, report.with_suffix(".ipynb"))
                error.kept = report

    def __str__(self) -> str:
        text = (
            f"notebook {self.notebook} failed in code cell {self.cell}: {self.cause}\n"
            "The notebooks and figures of the last good run were left as they are."
        )
        if self.kept:
            text += f"\nThe failed notebook and a report on it are kept: {self.kept}"
        if self.others:
            text += f"\nAlso failed: {', '.join(error.notebook for error in self.others)}."
        return text


def silent(*_: object) -> None:
    """Tell nobody."""


@dataclass(frozen=True)
class Task:
    """A notebook to run: where its code runs, and what is added to this process's environment."""

    name: str
    notebook: NotebookNode
    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)


def run(
    tasks: Sequence[Task],
    *,
    jobs: int = 1,
    progress: Progress = silent,
    finished: Finished = silent,
) -> dict[str, float]:
    """Run `jobs` notebooks at a time, give each its outputs, and return the seconds each took.

    Raises
    ------
    NotebookError
        The first failure, which names the others, when all have been run.
    KeyboardInterrupt
        If this process is stopped; no kernel is left then.
    """
    seconds: dict[str, float] = {}
    failures: list[NotebookError] = []
    began: Future[asyncio.Future[Any]] = Future()

    async def in_turn(task: Task, turn: asyncio.Semaphore) -> None:
        async with turn:
            started = time.perf_counter()
            try:
                await _execute(task, progress)
                seconds[task.name] = time.perf_counter() - started
            except NotebookError as error:
                failures.append(error)
            finished(task.name, seconds.get(task.name))

    async def work() -> None:
        turn = asyncio.Semaphore(jobs)
        # One that is stopped or broken must not keep the others from ending their kernels.
        everything = asyncio.gather(*(in_turn(t, turn) for t in tasks), return_exceptions=True)
        began.set_result(everything)
        for error in filter(None, await everything):
            raise error

    # In a thread, where nbclient takes no signals for itself and no other loop is running.
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(asyncio.run, work())
        ended: list[object] = []
        running.add_done_callback(ended.append)
        try:
            while not ended:  # a wait for the thread would not hear of Ctrl-C on every system
                time.sleep(0.1)
        except KeyboardInterrupt:
            everything = began.result()
            everything.get_loop().call_soon_threadsafe(everything.cancel)
            raise
    running.result()
    if failures:
        first, *others = sorted(failures, key=lambda error: error.notebook)
        first.others = others
        raise first
    return seconds


async def _execute(task: Task, progress: Progress) -> None:
    from jupyter_client import AsyncKernelManager
    from jupyter_client.kernelspec import NoSuchKernel
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, DeadKernelError

    cells, kernel = task.notebook.cells, kernel_of(task.notebook)
    code = [i for i, c in enumerate(cells) if c.cell_type == "code" and c.source.strip()]
    at = 0

    def start(cell_index: int, **_: Any) -> None:
        nonlocal at
        if cell_index in code:
            progress(task.name, at, len(code))
            at += 1

    manager = AsyncKernelManager(kernel_name=kernel)
    client = NotebookClient(
        task.notebook,
        manager,
        timeout=None,
        coalesce_streams=True,
        record_timing=False,
        # The kernel's own log is about transport; errors still show.
        extra_arguments=["--log-level=ERROR"],
        resources={"metadata": {"path": str(task.folder)}},
        on_cell_start=start,
    )
    environment = {**os.environ, "PYDEVD_DISABLE_FILE_VALIDATION": "1", **task.environment}
    try:
        await client.async_execute(env=environment)
    except CellExecutionError as error:
        lines = "\n".join(_COLOUR.sub("", error.traceback).splitlines()[-12:])
        cause = f"{error.ename}: {error.evalue}"
        raise NotebookError(task.name, at, cause, lines, task.notebook) from None
    except DeadKernelError:
        if _is_stopped():  # nbclient takes this for a dead kernel
            raise asyncio.CancelledError from None
        raise NotebookError(task.name, at, "the kernel died", ran=task.notebook) from None
    except NoSuchKernel:
        specs = sorted(manager.kernel_spec_manager.find_kernel_specs())
        text = (
            f"it asks for the kernel {kernel!r}, which is not installed here "
            f"(installed: {', '.join(specs) or 'none'}); install it, or choose another kernel in "
            "the notebook"
        )
        raise NotebookError(task.name, 0, text) from None
    finally:
        if client.kc:
            client.kc.stop_channels()
        if manager.has_kernel:
            await manager.shutdown_kernel(now=_is_stopped())
    progress(task.name, len(code), len(code))


def _is_stopped() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


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
    """Return the text of its file without what a kernel notes of itself and of the clock.

    That differs between machines and says nothing of the results.
    """
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
