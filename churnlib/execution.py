"""One notebook run from top to bottom by papermill, in a kernel of its own."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nbformat import NotebookNode

    from churnlib.kernels import KernelServer

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
        super().__init__(
            f"notebook {notebook} failed in code cell {cell}: {cause}\n"
            "The notebooks and figures of the last good run were left as they are."
        )
        self.notebook, self.cell, self.cause = notebook, cell, cause
        self.lines, self.ran = lines, ran

    def report(self) -> str:
        """What a person needs who was not there: where it failed, how, and the last lines."""
        return (
            f"notebook   {self.notebook}\ncode cell  {self.cell}\nexception  {self.cause}\n\n"
            f"{self.lines}\n"
        )


def read(path: Path) -> NotebookNode:
    """Read a notebook.

    Raises
    ------
    NotebookError
        If the file is not one.
    """
    import nbformat

    try:
        return nbformat.read(path, as_version=4)
    except (nbformat.reader.NotJSONError, nbformat.ValidationError, UnicodeDecodeError) as error:
        raise NotebookError(path.stem, 0, f"it is not a notebook ({error})") from error


def run(
    notebook: NotebookNode,
    name: str,
    folder: Path,
    *,
    progress: Progress | None = None,
    server: KernelServer | None = None,
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
    server : KernelServer, optional
        Where to have the kernel forked; without one a kernel is started in the ordinary way.
    environment : mapping, optional
        Added to this process's environment.
    parameters : mapping, optional
        Values for its cell tagged ``parameters``.

    Raises
    ------
    NotebookError
        If its kernel is missing or dies, or one of its cells raises.
    """
    from jupyter_client.kernelspec import NoSuchKernel
    from nbclient.exceptions import DeadKernelError

    with _quiet_papermill() as papermill:
        counter = _Counter(name, progress)
        kernel = notebook.metadata.get("kernelspec", {}).get("name", "python3")
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
                kernel_manager_class=_manager(server, environment or {}),
                on_notebook_start=counter.begin,
                on_cell_start=counter.starting,
            )
        except papermill.PapermillExecutionError as error:
            cause = f"{error.ename}: {error.evalue}"
            lines = _COLOUR.sub("", "\n".join(error.traceback)).splitlines()[-12:]
            raise NotebookError(
                name, counter.at, cause, "\n".join(lines), counter.notebook
            ) from None
        except DeadKernelError:
            raise NotebookError(
                name, counter.at, "the kernel died", ran=counter.notebook
            ) from None
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


def plain(notebook: NotebookNode) -> NotebookNode:
    """The notebook without what papermill and the kernel note about themselves, in place."""
    import nbformat

    # It differs between machines and says nothing of the results.
    notebook.metadata = nbformat.from_dict(
        {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        }
    )
    for cell in notebook.cells:
        for note in ("execution", "papermill"):
            cell.metadata.pop(note, None)
        if not cell.metadata.get("tags", True):
            del cell.metadata["tags"]  # papermill adds an empty list
    return notebook


def _manager(server: KernelServer | None, environment: Mapping[str, str]) -> type:
    import sys

    from jupyter_client.manager import AsyncKernelManager

    class Manager(AsyncKernelManager):
        """Starts kernels of this Python with a recorder, forked where a server can."""

        async def _async_launch_kernel(self, kernel_cmd: list[str], **options: Any) -> None:
            options["env"] = {**options.get("env", os.environ), **environment}
            if kernel_cmd[:3] == [sys.executable, "-m", "ipykernel_launcher"]:
                kernel_cmd = [sys.executable, "-m", "churnlib.kernels", *kernel_cmd[3:]]
                if server is not None:
                    self._forked(server, kernel_cmd, options)
                    return
            await super()._async_launch_kernel(kernel_cmd, **options)

        def _forked(self, server: KernelServer, command: list[str], options: Any) -> None:
            here: Any = self.provisioner
            here.process = server.fork(command, options["env"], options["cwd"])
            here.pid, here.pgid = here.process.pid, None
            self._reconcile_connection_info(here.connection_info)

    return Manager


def _missing(kernel: str) -> str:
    from jupyter_client.kernelspec import KernelSpecManager

    known = ", ".join(sorted(KernelSpecManager().find_kernel_specs())) or "none"
    return (
        f"it asks for the kernel {kernel!r}, which is not installed here (installed: {known}); "
        "install it, or choose another kernel in the notebook"
    )


class _quiet_papermill:  # noqa: N801
    """Papermill, saying nothing that we say ourselves."""

    def __enter__(self) -> Any:
        import papermill

        logging.getLogger("papermill").setLevel(logging.CRITICAL)
        return papermill

    def __exit__(self, *_: object) -> None:
        return None
