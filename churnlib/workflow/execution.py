"""One notebook run from top to bottom by papermill, in a kernel of its own."""

from __future__ import annotations

import logging
import os
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from churnlib.workflow.notebook import kernel_of

if TYPE_CHECKING:
    from nbformat import NotebookNode

    from churnlib.workflow.kernels import Kernels

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

    def report(self) -> str:
        """What a person needs who was not there: where it failed, how, and the last lines."""
        return (
            f"notebook   {self.notebook}\ncode cell  {self.cell}\nexception  {self.cause}\n\n"
            f"{self.lines}\n"
        )


def run(
    notebook: NotebookNode,
    name: str,
    folder: Path,
    *,
    progress: Progress | None = None,
    kernels: Kernels | None = None,
    environment: Mapping[str, str] | None = None,
    parameters: Mapping[str, Any] | None = None,
) -> NotebookNode:
    """Run a notebook in a fresh kernel and return it with its outputs.

    Parameters
    ----------
    notebook : NotebookNode
        Left as it is.
    name : str
        For messages.
    folder : Path
        Where its code runs.
    progress : callable, optional
        Told of every cell before it runs.
    kernels : Kernels, optional
        Where to have the kernel started.
    environment : mapping, optional
        Added to this process's environment.
    parameters : mapping, optional
        Values for its cell tagged ``parameters``.

    Raises
    ------
    NotebookError
        If its kernel is missing or dies, or one of its cells raises.
    """
    import papermill
    from jupyter_client.kernelspec import NoSuchKernel
    from nbclient.exceptions import DeadKernelError

    logging.getLogger("papermill").setLevel(logging.CRITICAL)  # we say it ourselves
    counter = _Counter(name, progress)
    kernel = kernel_of(notebook)
    try:
        ran = papermill.execute_notebook(
            notebook,
            None,
            parameters=dict(parameters or {}),
            kernel_name=kernel,
            language="python",
            progress_bar=False,
            record_timing=False,
            # The kernel's own log is about transport; errors still show.
            extra_arguments=["--log-level=ERROR"],
            resources={"metadata": {"path": str(folder)}},
            kernel_manager_class=_manager(kernels, environment or {}),
            on_notebook_start=counter.begin,
            on_cell_start=counter.starting,
        )
    except papermill.PapermillExecutionError as error:
        cause = f"{error.ename}: {error.evalue}"
        lines = _COLOUR.sub("", "\n".join(error.traceback)).splitlines()[-12:]
        raise NotebookError(name, counter.at, cause, "\n".join(lines), counter.notebook) from None
    except DeadKernelError:
        raise NotebookError(name, counter.at, "the kernel died", ran=counter.notebook) from None
    except NoSuchKernel:
        raise NotebookError(name, 0, _missing(kernel)) from None
    counter.end()
    return ran


class _Counter:
    """Which code cell is running; empty cells do not count."""

    def __init__(self, name: str, progress: Progress | None) -> None:
        self.name, self.progress = name, progress
        self.notebook: NotebookNode | None = None
        self.numbers: dict[int, int] = {}
        self.at = 0

    def begin(self, notebook: NotebookNode) -> None:
        self.notebook = notebook
        code = [
            i for i, c in enumerate(notebook.cells) if c.cell_type == "code" and c.source.strip()
        ]
        self.numbers = {index: place for place, index in enumerate(code, 1)}

    def starting(self, cell: Any, cell_index: int) -> None:
        if cell_index in self.numbers:
            self.at = self.numbers[cell_index]
            self._tell(self.at - 1)

    def end(self) -> None:
        self._tell(len(self.numbers))

    def _tell(self, done: int) -> None:
        if self.progress:
            self.progress(self.name, done, len(self.numbers))


def _manager(kernels: Kernels | None, environment: Mapping[str, str]) -> type:
    from jupyter_client.manager import AsyncKernelManager

    class Manager(AsyncKernelManager):
        """Starts a kernel of this Python with a recorder, and forked where that can be."""

        async def _async_launch_kernel(self, kernel_cmd: list[str], **options: Any) -> None:
            options["env"] = {**options.get("env", os.environ), **environment}
            here: Any = self.provisioner
            if kernel_cmd[:3] == [sys.executable, "-m", "ipykernel_launcher"]:
                kernel_cmd = [sys.executable, "-m", "churnlib.kernels", *kernel_cmd[3:]]
                if kernels and kernels.server:
                    here.process = kernels.server.fork(kernel_cmd, options["env"], options["cwd"])
                    here.pid, here.pgid = here.process.pid, None
                    self._reconcile_connection_info(here.connection_info)
                    kernels.add(here.process)
                    return
            await super()._async_launch_kernel(kernel_cmd, **options)
            if kernels:
                kernels.add(here.process)

    return Manager


def _missing(kernel: str) -> str:
    from jupyter_client.kernelspec import KernelSpecManager

    known = ", ".join(sorted(KernelSpecManager().find_kernel_specs())) or "none"
    return (
        f"it asks for the kernel {kernel!r}, which is not installed here (installed: {known}); "
        "install it, or choose another kernel in the notebook"
    )
