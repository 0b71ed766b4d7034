"""Kernels that start at once: forked from a process that has already imported the heavy parts.

Most of a notebook's time is imports. One process makes them once; each notebook then runs in a
fork of it, with a namespace of its own, as if it had made them itself. Where a process cannot be
forked, the kernel is started in the ordinary way.
"""

from __future__ import annotations

import builtins
import json
import os
import signal
import subprocess
import sys
import threading
import warnings
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import IO, Any

HEAVY = (
    "ipykernel.kernelapp", "IPython.core.completer", "matplotlib.pyplot",
    "matplotlib.backends.backend_agg", "matplotlib.backends.backend_pdf",
    "matplotlib.backends.backend_svg", "pandas", "pandas.io.formats.style",
    "pandera.pandas", "scipy.optimize", "scipy.stats", "statsmodels.api",
)  # fmt: skip
"""What is imported before the first fork. It must not matter to a notebook whether it was."""


class ForkedKernel:
    """A kernel process that is a child of the server, with the face of a `subprocess.Popen`."""

    stdin = stdout = stderr = None

    def __init__(self, server: KernelServer, pid: int) -> None:
        self.server, self.pid = server, pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Exit code, ``None`` while it runs."""
        if self.returncode is None:
            self.returncode = self.server.ask({"poll": self.pid})["code"]
        return self.returncode

    def wait(self) -> int | None:
        """Exit code; only ever asked for once it has ended."""
        return self.poll()

    def send_signal(self, number: int) -> None:
        """Signal it, unless it is known to have ended."""
        if self.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)


class KernelServer:
    """A process that has imported the heavy parts and forks kernels on demand.

    If this process dies, however it dies, the server sees its end of the line closed and ends with
    all its kernels.

    Parameters
    ----------
    log : Path
        Where what it and its kernels say on their way out is written.
    heavy : bool
        Whether to import all of `HEAVY`, or only what every kernel needs.
    """

    def __init__(self, log: Path, *, heavy: bool) -> None:
        self._asking = threading.Lock()
        modules = HEAVY if heavy else HEAVY[:1]
        with log.open("ab") as stderr:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "churnlib.kernels", "--serve", *modules],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                encoding="utf-8",
                start_new_session=True,  # Ctrl-C is for us to pass on
            )

    def close(self) -> None:
        """End the server and every kernel of it."""
        with suppress(OSError):
            self._process.stdin.close()  # type: ignore[union-attr]
        try:
            self._process.wait(timeout=1)
        except subprocess.TimeoutExpired:  # it is still importing
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()  # type: ignore[union-attr]

    def fork(self, command: Sequence[str], env: Mapping[str, str], cwd: str) -> ForkedKernel:
        """Start a kernel with the arguments of a kernel command."""
        started = self.ask({"fork": list(command), "env": dict(env), "cwd": cwd})
        return ForkedKernel(self, started["pid"])

    def ask(self, question: Mapping[str, Any]) -> Any:
        """Send one question and wait for its answer; a server that is gone runs no kernel."""
        with self._asking:
            try:
                to, back = self._process.stdin, self._process.stdout
                print(json.dumps(question), file=to, flush=True)
                return json.loads(back.readline())  # type: ignore[union-attr]
            except (OSError, ValueError):
                return {"code": -signal.SIGKILL, "pid": None}


class Kernels:
    """The kernels of one run, which can all be ended at once.

    To be used in a ``with`` statement.

    Parameters
    ----------
    log, heavy
        As for `KernelServer`.
    warm : bool
        Whether to fork kernels from a server, where that can be.
    """

    def __init__(self, log: Path, *, warm: bool, heavy: bool) -> None:
        self.server = KernelServer(log, heavy=heavy) if warm and can_fork() else None
        self._started: list[Any] = []
        self._stopped = False

    def __enter__(self) -> Kernels:
        return self

    def __exit__(self, *_: object) -> None:
        if self.server:
            self.server.close()

    def wait_until_ready(self) -> None:
        """Return when kernels start at once, if there is a server of them."""
        if self.server:
            self.server.ask({"ready": None})

    def add(self, process: Any) -> None:
        """Take note of a kernel; it ends at once if all are to end."""
        self._started.append(process)
        if self._stopped:
            self.stop()

    def stop(self) -> None:
        """End every kernel, also those yet to come; each notebook then finds its kernel dead."""
        self._stopped = True
        for process in self._started:
            with suppress(OSError):
                process.kill()


def serve(modules: Sequence[str], questions: IO[str], answers: IO[str]) -> None:
    """Import the modules, then fork and poll as asked until nobody asks any more."""
    # What matplotlib and pandas ask a kernel for when they are imported in one.
    os.environ["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"
    builtins.get_ipython = lambda: SimpleNamespace(kernel=None)  # type: ignore[attr-defined]
    for module in modules:
        with suppress(ImportError):
            import_module(module)
    del builtins.get_ipython  # type: ignore[attr-defined]
    children: set[int] = set()
    for line in questions:
        question = json.loads(line)
        if "fork" in question:
            pid = _forked(question)
            children.add(pid)
            answer: dict[str, Any] = {"pid": pid}
        elif "ready" in question:  # whoever hears the answer knows that all is imported
            answer = {}
        else:
            ended, status = os.waitpid(question["poll"], os.WNOHANG)
            children.discard(ended)
            answer = {"code": os.waitstatus_to_exitcode(status) if ended else None}
        print(json.dumps(answer), file=answers, flush=True)
    for pid in children:
        with suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)


def _forked(question: Mapping[str, Any]) -> int:
    with warnings.catch_warnings():
        # NumPy's threads are put away before a fork and come back after it.
        warnings.simplefilter("ignore", DeprecationWarning)
        pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        os.setsid()
        nothing = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1):  # those of the server's conversation
            os.dup2(nothing, stream)
        os.chdir(question["cwd"])
        os.environ.clear()
        os.environ.update(question["env"])
        run(question["fork"])
        code = 0
    finally:
        os._exit(code)


def run(command: Sequence[str]) -> None:
    """Be a kernel until asked to end, and leave a trace of what was used, if one is wanted."""
    from ipykernel.kernelapp import IPKernelApp

    from churnlib.workflow.traces import Recorder

    recorder = Recorder(Path(os.environ.get("CHURNLIB_PROJECT", ".")))
    sys.addaudithook(recorder)
    app = IPKernelApp.instance(parent_handle=os.getppid())  # it ends when its parent does
    app.initialize(command[command.index("-f") :])
    # Every kernel is interrupted before it is asked to end, which is not worth a line to anybody.
    app.log.addFilter(lambda record: "KeyboardInterrupt" not in record.getMessage())
    app.start()
    if wanted := os.environ.get("CHURNLIB_TRACE"):
        Path(wanted).write_text(json.dumps(recorder.trace()), encoding="utf-8")


def can_fork() -> bool:
    """Whether kernels can be forked here; macOS forbids it to processes with system frameworks."""
    return hasattr(os, "fork") and sys.platform != "darwin"


if __name__ == "__main__":
    if sys.argv[1] == "--serve":
        serve(sys.argv[2:], sys.stdin, sys.stdout)
        os._exit(0)  # putting away all that was imported would take a second
    else:
        run(sys.argv)
