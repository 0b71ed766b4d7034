"""The notebooks run as far as anything has changed, and what they make put in place together."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from churnlib.evidence import PROJECT
from churnlib.workflow.execution import Kernels, NotebookError, Progress, run, stoppable
from churnlib.workflow.notebook import faults as faults
from churnlib.workflow.notebook import with_outputs
from churnlib.workflow.pages import keep_pages
from churnlib.workflow.store import Store, digest, files_in
from churnlib.workflow.task import Task

PACKAGE = Path(__file__).resolve().parents[1]
Finished = Callable[[str, float | None], None]


@dataclass(frozen=True)
class Run:
    """One notebook of a run: its name, how long it took, and ``"done"`` or ``"unchanged"``."""

    notebook: str
    seconds: float
    state: str = "done"


def notebooks(project: Path = PROJECT) -> list[Path]:
    """Return the numbered notebooks in their order.

    Raises
    ------
    FileNotFoundError
        If there are none.
    """
    paths = sorted((project / "notebooks").glob("[0-9][0-9]_*.ipynb"))
    if not paths:
        raise FileNotFoundError(
            f"no notebooks in {project / 'notebooks'}; run this in a clone of the project"
        )
    return paths


def reproduce(
    project: Path = PROJECT,
    *,
    jobs: int = 1,
    progress: Progress | None = None,
    finished: Finished | None = None,
) -> list[Run]:
    """Run every notebook that has changed; replace outputs only if none of them fails.

    A notebook has changed if its code cells have, or any file of churnlib or of ``data/``, or the
    lock; one that reads what others make, if any of that has. The first run in a fresh clone runs
    all of them.

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
    store = Store(project)
    ran: dict[str, float] = {}

    def note(name: str, seconds: float | None) -> None:
        if seconds is not None:
            ran[name] = seconds
        if finished:
            finished(name, seconds)

    with store.locked():
        inputs = _digest_of_inputs(project)
        tasks = [
            Task(path.stem, read, store, inputs, _after(read, paths[:number]))
            for number, path in enumerate(paths)
            if (read := _read(path))
        ]
        names = [task.name for task in tasks]
        # Notebooks that read what others make come when all others have run.
        for stage in ([t for t in tasks if not t.after], [t for t in tasks if t.after]):
            if stale := [task for task in stage if not task.is_current]:
                store.require_writable(_places(store, names))
                _run_all(stale, jobs, progress, note)
        store.publish([*names, *keep_pages(store, names, inputs)])
    return [Run(name, ran.get(name, 0.0), "done" if name in ran else "unchanged") for name in names]


def side_by_side(works: Sequence[Callable[[Kernels], None]], jobs: int) -> list[NotebookError]:
    """Do `jobs` of these at a time, in their order, and return which notebooks failed.

    Raises
    ------
    KeyboardInterrupt
        If it is stopped; no kernel is left then.
    """
    failures = []

    def begin(work: Callable[[Kernels], None]) -> None:
        if not kernels.stopped:
            work(kernels)

    with stoppable() as kernels:
        pool = ThreadPoolExecutor(jobs)
        waiting = {pool.submit(begin, work) for work in works}
        try:
            while waiting:
                # A wait without end would not hear of Ctrl-C on every system.
                done, waiting = wait(waiting, timeout=0.2, return_when=FIRST_COMPLETED)
                if kernels.stopped:
                    raise KeyboardInterrupt
                failures += [e for future in done if (e := _failure(future))]
        except BaseException:
            kernels.stop()
            raise
        finally:
            # A thread may wait for ever for a kernel that was ended, so nobody waits for threads.
            pool.shutdown(wait=not kernels.stopped, cancel_futures=True)
    return failures


def _failure(future: Future[None]) -> NotebookError | None:
    error = future.exception()
    if error is None or isinstance(error, NotebookError):
        return error
    raise error


def _run_all(
    tasks: Sequence[Task], jobs: int, progress: Progress | None, finished: Finished
) -> None:
    def work(task: Task) -> Callable[[Kernels], None]:
        def execute(kernels: Kernels) -> None:
            seconds = None
            try:
                seconds = task.execute(kernels, progress)
            finally:
                if not kernels.stopped:
                    finished(task.name, seconds)

        return execute

    # The longest first, so that none of them is left for the end.
    ordered = sorted(tasks, key=lambda task: -task.weight) if jobs > 1 else tasks
    failures = side_by_side([work(task) for task in ordered], jobs)
    if failures:
        first, *others = sorted(failures, key=lambda error: error.notebook)
        first.others = others
        raise first


def execute(path: Path, progress: Progress | None = None) -> Any:
    """Run one notebook in a fresh kernel and return it with its outputs.

    Raises
    ------
    NotebookError
        If it cannot be read or one of its cells raises.
    """
    import nbformat

    read = _read(path)
    environment = {"PYDEVD_DISABLE_FILE_VALIDATION": "1"}
    ran = run(read, path.stem, path.parent, progress=progress, environment=environment)
    return nbformat.from_dict(with_outputs(read, ran))


def _digest_of_inputs(project: Path) -> str:
    """Checksum of churnlib, the data, the lock, and Python's version."""
    total = hashlib.sha256(platform.python_version().encode())
    for folder in (PACKAGE, project / "data"):
        for file in files_in(folder):
            if "__pycache__" not in file:
                total.update(f"{file}\0{digest(folder / file)}\n".encode())
    total.update(digest(project / "requirements.lock").encode())
    return total.hexdigest()


def _read(path: Path) -> Any:
    try:
        read = json.loads(path.read_text(encoding="utf-8"))
        if not all(isinstance(cell["cell_type"], str) for cell in read["cells"]):
            raise ValueError("a cell has no type")
    except (ValueError, KeyError, TypeError) as error:
        raise NotebookError(path.stem, 0, f"it is not a notebook ({error})") from error
    return read


def _after(read: Mapping[str, Any], earlier: Iterable[Path]) -> tuple[str, ...]:
    """The earlier notebooks, if the row "Reads" of its first cell names what they write."""
    first = "".join(read["cells"][0]["source"]) if read["cells"] else ""
    rows = [line for line in first.splitlines() if line.startswith("| Reads")]
    folders = ("figures/", "notebooks/", "report/")
    reads = any(folder in row for row in rows for folder in folders)
    return tuple(path.stem for path in earlier) if reads else ()


def _places(store: Store, names: Iterable[str]) -> list[str]:
    """Files in every folder that these notebooks write to, as far as is known."""
    outputs = [record.outputs for name in names if (record := store.record(name))]
    return ["notebooks/x", "figures/x", *(file for files in outputs for file in files)]
