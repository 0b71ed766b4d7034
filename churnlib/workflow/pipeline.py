"""The notebooks run as far as anything has changed, and what they make put in place together."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from churnlib.evidence import PROJECT
from churnlib.workflow.execution import NotebookError as NotebookError
from churnlib.workflow.execution import Progress as Progress
from churnlib.workflow.notebook import faults as faults
from churnlib.workflow.pages import Pages
from churnlib.workflow.scheduling import build
from churnlib.workflow.store import Store
from churnlib.workflow.tasks import Task
from churnlib.workflow.traces import Snapshot

if TYPE_CHECKING:
    from nbformat import NotebookNode


@dataclass(frozen=True)
class Run:
    """One notebook of a run: its name, how long it took, and ``"done"`` or ``"unchanged"``."""

    notebook: str
    seconds: float
    state: str = "done"


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


def reproduce(
    project: Path = PROJECT,
    *,
    jobs: int = 1,
    progress: Progress | None = None,
    finished: Callable[[str, float | None], None] | None = None,
) -> list[Run]:
    """Run every notebook that has changed; replace outputs only if none of them fails.

    A notebook has changed if its code cells have, or the lock, or anything that it read, loaded
    or showed in its last good run. The first run in a fresh clone runs all of them.

    Parameters
    ----------
    project : Path
        A clone of the project.
    jobs : int
        How many notebooks to run at a time.
    progress : callable, optional
        Told of every cell before it runs.
    finished : callable, optional
        Told of every notebook that has run: its name and seconds, ``None`` if it failed.

    Raises
    ------
    NotebookError
        If a cell raises; the outputs of the last good run stay as they were, and the notebook
        is kept as it failed in ``.churnlib/failed/``. What the others made is not lost.
    RuntimeError
        If another run is at work in the same tree.
    OSError
        If an output folder cannot be written, or the disk is full.
    """
    if jobs < 1:
        raise ValueError(f"at least one notebook runs at a time, given jobs={jobs}")
    paths = notebooks(project)
    store, snapshot = Store(project), Snapshot(project)
    ran: set[str] = set()

    def note(name: str, seconds: float | None) -> None:
        ran.add(name)
        if finished:
            finished(name, seconds)

    with store.locked():
        tasks = _tasks(paths, store, snapshot)
        names = [task.name for task in tasks]
        pages = Pages(store, names)
        if not all(task.is_current for task in tasks):
            store.require_writable(_places(store, names))
            snapshot.prime()
            failures = build(
                tasks, jobs=jobs, progress=progress, finished=note, beside=pages.prepare
            )
            if failures:
                raise _together(failures)
        store.publish([*names, *pages.finish()])
        return [_run(task, task.name in ran) for task in tasks]


def execute(path: Path, progress: Progress | None = None) -> NotebookNode:
    """Run one notebook in a fresh kernel and return it with its outputs.

    Raises
    ------
    NotebookError
        If it cannot be read or one of its cells raises.
    """
    import nbformat

    from churnlib.workflow.execution import run
    from churnlib.workflow.notebook import with_outputs

    read = _read(path)
    environment = {"PYDEVD_DISABLE_FILE_VALIDATION": "1"}
    ran = run(
        nbformat.from_dict(read), path.stem, path.parent, progress=progress, environment=environment
    )
    return nbformat.from_dict(with_outputs(read, ran))


def _tasks(paths: list[Path], store: Store, snapshot: Snapshot) -> list[Task]:
    tasks: list[Task] = []
    for path in paths:
        document = _read(path)
        after = tuple(task.name for task in tasks) if _reads_outputs(document) else ()
        tasks.append(Task(path.stem, document, store, snapshot, after))
    return tasks


def _read(path: Path) -> Any:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if not all(isinstance(cell["cell_type"], str) for cell in document["cells"]):
            raise ValueError("a cell has no type")
    except (ValueError, KeyError, TypeError) as error:
        raise NotebookError(path.stem, 0, f"it is not a notebook ({error})") from error
    return document


def _reads_outputs(document: Mapping[str, Any]) -> bool:
    """Whether the row "Reads" of its first cell names what other notebooks write."""
    first = "".join(document["cells"][0]["source"]) if document["cells"] else ""
    rows = [line for line in first.splitlines() if line.startswith("| Reads")]
    return any(f"{folder}/" in row for row in rows for folder in ("figures", "notebooks", "report"))


def _places(store: Store, names: list[str]) -> list[str]:
    known = [record.outputs for name in names if (record := store.record(name))]
    return [f"notebooks/{names[0]}.ipynb", "figures/x", *(f for files in known for f in files)]


def _together(failures: list[NotebookError]) -> NotebookError:
    first, *first.others = failures
    return first


def _run(task: Task, ran: bool) -> Run:
    record = task.record
    seconds = record.seconds if record and ran else 0.0
    return Run(task.name, seconds, "done" if ran else "unchanged")


def workers() -> int:
    """How many notebooks this machine runs well at a time."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on macOS and Windows
        return os.cpu_count() or 1
