"""One notebook run from top to bottom by nbclient, in a kernel of its own."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from churnlib.workflow.notebook import kernel_of

if TYPE_CHECKING:
    from nbformat import NotebookNode

Progress = Callable[[str, int, int], None]
"""Called before each code cell with the notebook's name, the cells done, and their number."""

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


class NotebookError(RuntimeError):
    """A notebook raised an error; nothing of this run was put in place.

    Parameters
    ----------
    notebook : str
        Its name.
    cell : int
        Which code cell, counted from 1; 0 if the notebook never started.
    cause : str
        The exception and its message.
    lines : str
        The end of the traceback, without colours.
    ran : NotebookNode, optional
        The notebook as far as it came, with its outputs.
    """

    def __init__(
        self,
        notebook: str,
        cell: int,
        cause: str,
        lines: str = "",
        ran: NotebookNode | None = None,
    ) -> None:
        super().__init__()
        self.notebook, self.cell, self.cause = notebook, cell, cause
        self.lines, self.ran = lines, ran
        self.kept: Path | None = None
        self.others: Sequence[NotebookError] = ()

    def save(self, folder: Path) -> None:
        """Put the failed notebook, and a report on where and how it failed, into a folder."""
        import nbformat

        report = (
            f"notebook   {self.notebook}\ncode cell  {self.cell}\nexception  {self.cause}\n\n"
            f"{self.lines}\n"
        )
        with suppress(OSError):  # a full disk may be why it failed
            folder.mkdir(exist_ok=True)
            (folder / f"{self.notebook}.txt").write_text(report, encoding="utf-8")
            if self.ran:
                nbformat.write(self.ran, folder / f"{self.notebook}.ipynb")
            self.kept = folder / f"{self.notebook}.txt"

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


class Kernels:
    """The kernels that are running, so that all can be ended from another thread."""

    def __init__(self) -> None:
        self.stopped = False
        self._processes: list[Any] = []

    def add(self, process: Any) -> None:
        """Note the process of a kernel that has started."""
        self._processes.append(process)
        if self.stopped:
            self.stop()

    def stop(self) -> None:
        """End every kernel; the threads that wait for them end with them."""
        self.stopped = True
        for process in self._processes:
            with suppress(OSError):
                process.kill()


@contextmanager
def stoppable() -> Iterator[Kernels]:
    """Let Ctrl-C end the kernels, however often it is pressed; whoever waits looks at `stopped`."""
    kernels = Kernels()
    if threading.current_thread() is not threading.main_thread():
        yield kernels
        return

    def stop(*_: object) -> None:
        if not kernels.stopped:  # else it is ending
            kernels.stop()

    before: dict[int, Any] = {signal.SIGINT: None, signal.SIGTERM: None}
    for number in before:
        before[number] = signal.signal(number, stop)
    try:
        yield kernels
    finally:
        if not kernels.stopped:  # else the process is ending, and hears no more of it
            for number, handler in before.items():
                signal.signal(number, handler)


def run(
    document: Mapping[str, Any],
    name: str,
    folder: Path,
    *,
    kernels: Kernels | None = None,
    progress: Progress | None = None,
    environment: Mapping[str, str] | None = None,
) -> NotebookNode:
    """Run a notebook in a fresh kernel and return it with its outputs.

    Parameters
    ----------
    document : mapping
        The notebook, as read by json; left as it is.
    name : str
        For messages.
    folder : Path
        Where its code runs.
    kernels : Kernels, optional
        Told of the kernel, so that it can be ended.
    progress : callable, optional
        Told of every cell before it runs.
    environment : mapping, optional
        Added to this process's environment.

    Raises
    ------
    NotebookError
        If its kernel is missing or dies, or one of its cells raises.
    """
    import nbformat
    from jupyter_client.kernelspec import NoSuchKernel
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, DeadKernelError

    notebook = nbformat.reads(json.dumps(document), as_version=4)  # joins the lines of each cell
    code = [i for i, c in enumerate(notebook.cells) if c.cell_type == "code" and c.source.strip()]
    numbers = {index: number for number, index in enumerate(code, 1)}
    at = 0

    def tell(done: int) -> None:
        if progress:
            progress(name, done, len(code))

    def begin(**_: Any) -> None:
        if kernels:
            manager: Any = client.km
            kernels.add(manager.provisioner.process)

    def start(cell_index: int, **_: Any) -> None:
        nonlocal at
        if cell_index in numbers:
            at = numbers[cell_index]
            tell(at - 1)

    client = NotebookClient(
        notebook,
        timeout=None,
        kernel_name=kernel_of(notebook),
        coalesce_streams=True,
        record_timing=False,
        # The kernel's own log is about transport; errors still show.
        extra_arguments=["--log-level=ERROR"],
        resources={"metadata": {"path": str(folder)}},
        on_notebook_start=begin,
        on_cell_start=start,
    )
    try:
        client.execute(env={**os.environ, **(environment or {})})
    except CellExecutionError as error:
        lines = _COLOUR.sub("", error.traceback).splitlines()[-12:]
        cause = f"{error.ename}: {error.evalue}"
        raise NotebookError(name, at, cause, "\n".join(lines), notebook) from None
    except DeadKernelError:
        raise NotebookError(name, at, "the kernel died", ran=notebook) from None
    except NoSuchKernel:
        raise NotebookError(name, 0, _missing(kernel_of(notebook))) from None
    finally:
        _close_event_loop()
    tell(len(code))
    return notebook


def side_by_side(works: Sequence[Callable[[Kernels], None]], jobs: int) -> None:
    """Do `jobs` of these at a time, in their order.

    Raises
    ------
    NotebookError
        The first failure, which names the others, when all have been done.
    KeyboardInterrupt
        If it is stopped; no kernel is left then.
    """
    failures: list[NotebookError] = []

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
    if failures:
        first, *others = sorted(failures, key=lambda error: error.notebook)
        first.others = others
        raise first


def _failure(future: Future[None]) -> NotebookError | None:
    error = future.exception()
    if error is None or isinstance(error, NotebookError):
        return error
    raise error


def _close_event_loop() -> None:
    """Close what nbclient opens in each thread and leaves open."""
    with suppress(RuntimeError):
        asyncio.get_event_loop().close()
    asyncio.set_event_loop(None)


def _missing(kernel: str) -> str:
    from jupyter_client.kernelspec import KernelSpecManager

    installed = ", ".join(sorted(KernelSpecManager().find_kernel_specs())) or "none"
    return (
        f"it asks for the kernel {kernel!r}, which is not installed here (installed: {installed}); "
        "install it, or choose another kernel in the notebook"
    )
