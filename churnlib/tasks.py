"""The notebooks as tasks of pytask: what each depends on, what it makes, and whether it must run.

pytask orders the tasks, skips the unchanged ones and runs the others side by side; papermill, in
one thread a task, runs the cells. The states that pytask compares are fingerprints of our own,
because what a notebook depends on is known only once it has run.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from churnlib.execution import NotebookError, Progress, run
from churnlib.kernels import Kernels
from churnlib.notebook import code_digest, code_of, document, with_outputs
from churnlib.store import Record, Store, digest, files_in
from churnlib.traces import Snapshot, everything


@dataclass(frozen=True)
class Task:
    """One notebook of a project.

    Parameters
    ----------
    name : str
        Its name without ending.
    document : mapping
        What the file held when the run began.
    store : Store
        Where the results of its last good run lie.
    snapshot : Snapshot
        The project's files when the run began.
    after : tuple of str
        Notebooks whose outputs it reads.
    """

    name: str
    document: Mapping[str, Any]
    store: Store
    snapshot: Snapshot
    after: tuple[str, ...] = ()

    @property
    def code(self) -> str:
        """Checksum of its code cells."""
        return code_digest(self.document)

    @property
    def weight(self) -> float:
        """How long it may take: the seconds of its last run, or else its number of cells."""
        return self.record.seconds if self.record else len(code_of(self.document))

    @property
    def record(self) -> Record | None:
        """Its last good run."""
        return self.store.record(self.name)

    def used(self, trace: Mapping[str, Any]) -> str:
        """Fingerprint, as of now, of all that a trace names and of the outputs it reads."""
        made = [record.outputs if (record := self.store.record(n)) else None for n in self.after]
        said = [self.snapshot.fingerprint(trace), made]
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()

    def used_now(self) -> str:
        """Fingerprint of what its last good run used; of all there is if there was none."""
        record = self.record
        return self.used(record.trace if record else everything(self.store.project))

    @property
    def is_current(self) -> bool:
        """Whether nothing that it depends on has changed since its last good run."""
        record = self.record
        return (
            record is not None
            and record.code == self.code
            and record.used == self.used(record.trace)
        )

    def execute(self, kernels: Kernels, progress: Progress | None) -> None:
        """Run it and keep what it makes, or keep it as it failed and raise `NotebookError`."""
        import nbformat

        started = time.perf_counter()
        with self.store.scratch() as scratch:
            made, trace = scratch / "made", scratch / "trace.json"
            before = self._laid_out(made)
            try:
                ran = run(
                    nbformat.from_dict(self.document),
                    self.name,
                    self.store.project / "notebooks",
                    progress=progress,
                    kernels=kernels,
                    environment={
                        "CHURNLIB_OUTPUT": str(made),
                        "CHURNLIB_PROJECT": str(self.store.project),
                        "CHURNLIB_TRACE": str(trace),
                        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
                    },
                )
            except NotebookError as error:
                self._keep_failed(error)
                raise
            self._write(ran, made / "notebooks" / f"{self.name}.ipynb")
            outputs = {file: digest(made / file) for file in files_in(made)}
            outputs = {file: now for file, now in outputs.items() if before.get(file) != now}
            seen = _read(trace) or everything(self.store.project)
            seconds = time.perf_counter() - started
            record = Record(self.code, self.used(seen), seen, outputs, seconds)
            self.store.keep(self.name, record, made)
            self.store.forget_failed(self.name)

    def _laid_out(self, made: Path) -> dict[str, str]:
        """Give it the outputs that it reads, and note them, so that only its own are kept."""
        made.mkdir()
        for name in self.after:
            record = self.store.record(name)
            for file in record.outputs if record else ():
                place = made / file
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(self.store.outputs / file, place)
        return {file: digest(made / file) for file in files_in(made)}

    def _write(self, ran: Any, path: Path) -> None:
        import nbformat

        path.parent.mkdir(exist_ok=True)
        split = json.loads(nbformat.writes(ran))
        path.write_bytes(document(with_outputs(self.document, split)))

    def _keep_failed(self, error: NotebookError) -> None:
        import nbformat

        ran = nbformat.writes(error.ran).encode() if error.ran else None
        error.kept = self.store.keep_failed(self.name, ran, error.report())


def _read(trace: Path) -> Any:
    try:
        return json.loads(trace.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


@dataclass
class Node:
    """A dependency or product of a task, of which pytask asks the state."""

    name: str
    now: Callable[[], str | None]
    attributes: dict[Any, Any] = field(default_factory=dict)

    @property
    def signature(self) -> str:
        """Its name stands for it."""
        return hashlib.sha256(self.name.encode()).hexdigest()

    def state(self) -> str | None:
        """What it is now; pytask runs a task when this has changed."""
        return self.now()

    def load(self, is_product: bool = False) -> None:
        """Nothing: a notebook finds its files by itself."""

    def save(self, value: Any) -> None:
        """Nothing: a notebook writes its files by itself."""


def build(
    tasks: Sequence[Task],
    *,
    jobs: int,
    progress: Progress | None = None,
    finished: Callable[[str, float | None], None] | None = None,
) -> list[NotebookError]:
    """Run what has changed, several notebooks at a time.

    Parameters
    ----------
    tasks : sequence of Task
        In their order.
    jobs : int
        How many at a time.
    progress : callable, optional
        Told of every cell before it runs.
    finished : callable, optional
        Told of every notebook that has run: its name and seconds, ``None`` if it failed.

    Returns
    -------
    list of NotebookError
        One for each notebook that failed, in order.

    Raises
    ------
    KeyboardInterrupt
        If stopped; every kernel has ended by then.
    """
    folder = tasks[0].store.folder
    heavy = any("churnlib" in cell for task in tasks for cell in code_of(task.document))
    # A single notebook makes its own few imports sooner than a server makes all of them.
    warm = sum(not task.is_current for task in tasks) > 1
    kernels = Kernels(folder / "kernels.log", warm=warm, heavy=heavy)
    with kernels, stoppable(kernels) as stopped:

        def function_of(task: Task) -> Callable[..., None]:
            def function(**_: object) -> None:
                if stopped.is_set():
                    raise KeyboardInterrupt
                seconds = None
                try:
                    task.execute(kernels, progress)
                    seconds = task.record.seconds if task.record else None
                finally:
                    close_event_loop()
                    if finished:
                        finished(task.name, seconds)

            return function

        raised: dict[str, BaseException] = {}
        # Side by side, pytask chooses the order; one at a time, it is that of the numbers.
        for group in [tasks] if jobs > 1 else [[task] for task in tasks]:
            raised |= _pytask(group, function_of, folder / "pytask", jobs)
            if stopped.is_set():
                raise KeyboardInterrupt
    return _failures(raised, tasks)


def close_event_loop() -> None:
    """Close what nbclient opens in each thread and leaves open."""
    with suppress(RuntimeError):
        asyncio.get_event_loop().close()
    asyncio.set_event_loop(None)


def _pytask(
    tasks: Sequence[Task], function_of: Callable[[Task], Callable[..., None]], root: Path, jobs: int
) -> dict[str, BaseException]:
    import pytask

    names = {task.name for task in tasks}.union(*(task.after for task in tasks))
    products = {
        name: Node(f"outputs of {name}", partial(_outputs_of, tasks[0].store, name))
        for name in names
    }
    typical = median(task.weight for task in tasks)

    def declared(task: Task) -> Any:
        depends_on = {
            "code": Node(f"code cells of {task.name}", lambda: task.code),
            "used": Node(f"files, modules and words used by {task.name}", task.used_now),
            **{f"from_{name}": products[name] for name in task.after},
        }
        return pytask.TaskWithoutPath(
            name=task.name,
            function=function_of(task),
            depends_on=depends_on,
            produces={"outputs": products[task.name]},
            markers=[pytask.Mark("try_first", (), {})] if task.weight > typical else [],
        )

    root.mkdir(exist_ok=True)
    config = root / "pyproject.toml"  # keeps pytask's own files out of the project
    config.write_text("[tool.pytask.ini_options]\n", encoding="utf-8")
    quiet, pytask.console.quiet = pytask.console.quiet, True
    try:
        session = pytask.build(
            tasks=[declared(task) for task in tasks],
            paths=[root],
            config=config,
            n_workers=jobs,
            parallel_backend="threads",
            capture="no",
            disable_warnings=True,
            verbose=0,
        )
    finally:
        pytask.console.quiet = quiet
    reports = session.execution_reports
    return {r.task.name: r.exc_info[1] for r in reports if r.exc_info and r.exc_info[1]}


def _outputs_of(store: Store, name: str) -> str | None:
    record = store.record(name)
    if record is None:
        return None
    return hashlib.sha256(repr(sorted(record.outputs.items())).encode()).hexdigest()


def _failures(raised: Mapping[str, BaseException], tasks: Sequence[Task]) -> list[NotebookError]:
    errors = [raised[task.name] for task in tasks if task.name in raised]
    failures = [error for error in errors if isinstance(error, NotebookError)]
    for error in errors:
        if isinstance(error, OSError):
            raise error
    late = [task.name for task in tasks if not task.is_current]
    if late and not failures:
        raise RuntimeError(
            f"{', '.join(late)} did not run to the end ({errors or 'pytask did not start'}); "
            f"remove {tasks[0].store.folder} and run again"
        )
    return failures


@contextmanager
def stoppable(kernels: Kernels) -> Iterator[threading.Event]:
    """Let Ctrl-C end the kernels first: the threads that wait for them end with them."""
    stopped = threading.Event()

    def stop(*_: object) -> None:
        stopped.set()
        kernels.stop()
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield stopped
        return
    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stopped
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
