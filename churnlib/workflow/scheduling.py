"""The tasks handed to pytask, which skips the unchanged and runs the others side by side.

The states that pytask compares are fingerprints of our own, because what a notebook depends on is
known only once it has run. papermill runs the cells, in one thread a task. pytask is given room
for all tasks at once and says which may run; `Turns` says which does, the longest first.
"""

from __future__ import annotations

import asyncio
import hashlib
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from churnlib.workflow.execution import NotebookError, Progress
from churnlib.workflow.kernels import Kernels
from churnlib.workflow.notebook import code_of
from churnlib.workflow.store import Store
from churnlib.workflow.tasks import Task
from churnlib.workflow.turns import Turns

BESIDE = "beside"
"""Comes last in the order of turns: what is done while fewer notebooks run than may."""


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
    beside: Callable[[str], None] | None = None,
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
    beside : callable, optional
        Done for every notebook that has run, while fewer run than may. Its errors do not count,
        and when the last notebook ends, what has not begun is left out.

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
    heavy = any("import pandas" in cell for task in tasks for cell in code_of(task.document))
    # A single notebook makes its own few imports sooner than a server makes all of them.
    warm = sum(not task.is_current for task in tasks) > 1
    kernels = Kernels(folder / "kernels.log", warm=warm, heavy=heavy)
    # The longest first, so that none is left alone at the end.
    longest = sorted(tasks, key=lambda task: task.weight, reverse=True)

    def ready() -> None:
        import_module("papermill")  # while the server makes its own imports
        import_module("jupyter_client.manager")
        kernels.wait_until_ready()

    turns = Turns([*(task.name for task in longest), BESIDE], jobs, ready)
    with kernels, stoppable(kernels) as stopped, one_by_one() as spare:

        def aside(name: str) -> None:
            with turns.turn(BESIDE):
                if beside and not stopped.is_set():
                    beside(name)

        def function_of(task: Task) -> Callable[..., None]:
            def function(**_: object) -> None:
                if task.is_current:  # only pytask's notes on it were lost
                    return
                with turns.turn(task.name):
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
                spare.submit(aside, task.name)

            return function

        raised: dict[str, BaseException] = {}
        # Side by side, the turns are the order; one at a time, it is that of the numbers.
        for group in [tasks] if jobs > 1 else [[task] for task in tasks]:
            with _looking_often():
                raised |= _pytask(group, function_of, folder / "pytask")
            if stopped.is_set():
                raise KeyboardInterrupt
    return _failures(raised, tasks)


@contextmanager
def one_by_one() -> Iterator[ThreadPoolExecutor]:
    """A thread for what can wait; what it has not begun in the end is left out."""
    with ThreadPoolExecutor(1) as thread:
        try:
            yield thread
        finally:
            thread.shutdown(cancel_futures=True)


def close_event_loop() -> None:
    """Close what nbclient opens in each thread and leaves open."""
    with suppress(RuntimeError):
        asyncio.get_event_loop().close()
    asyncio.set_event_loop(None)


def _pytask(
    tasks: Sequence[Task], function_of: Callable[[Task], Callable[..., None]], root: Path
) -> dict[str, BaseException]:
    import pytask

    names = {task.name for task in tasks}.union(*(task.after for task in tasks))
    products = {
        name: Node(f"outputs of {name}", partial(_outputs_of, tasks[0].store, name))
        for name in names
    }

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
        )

    root.mkdir(exist_ok=True)
    (root / ".pytask").mkdir(exist_ok=True)
    config = root / "pyproject.toml"  # keeps pytask's own files out of the project
    config.write_text("[tool.pytask.ini_options]\n", encoding="utf-8")
    options: dict[str, Any] = {
        "paths": [root],
        "config": config,
        "n_workers": len(tasks),
        "parallel_backend": "threads",
        "capture": "no",
        "disable_warnings": True,
        "verbose": 0,
    }
    quiet, pytask.console.quiet = pytask.console.quiet, True
    try:
        session = pytask.build(tasks=[declared(task) for task in tasks], **options)
        if session.exit_code is pytask.ExitCode.CONFIGURATION_FAILED:  # its files are damaged
            shutil.rmtree(root / ".pytask")
            for file in root.glob("pytask.lock*"):
                file.unlink()
            session = pytask.build(tasks=[declared(task) for task in tasks], **options)
    finally:
        pytask.console.quiet = quiet
    reports = session.execution_reports
    return {r.task.name: r.exc_info[1] for r in reports if r.exc_info and r.exc_info[1]}


@contextmanager
def _looking_often() -> Iterator[None]:
    """Let pytask look twenty times a second who has finished; it has no setting for that."""
    from pytask_parallel import execute

    sleeper = getattr(execute, "_Sleeper", None)
    if sleeper is None:  # of another version: a run takes two seconds more
        yield
        return
    before, sleeper.sleep = sleeper.sleep, lambda _: time.sleep(0.05)
    try:
        yield
    finally:
        sleeper.sleep = before


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
