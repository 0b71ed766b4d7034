"""What the command line shows a person: a live table of notebooks, the table of exhibits."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.table import Table


def console() -> Console:
    """Where to print; of a fixed width where nobody looks on, so that a log reads like a screen."""
    return Console(width=None if sys.stdout.isatty() else 118, highlight=False)


def exhibit_table(rows: Sequence[Mapping[str, str]], last: str = "verdict") -> Table:
    """Every exhibit, one row each; `last` is the heading and key of the last column."""
    table = Table("exhibit", "notebook", "file", last, title="Exhibits", title_justify="left")
    for row in rows:
        table.add_row(row["exhibit"], row["notebook"], row["file"] or "—", row[last])
    return table


class Watch(AbstractContextManager["Watch"]):
    """A table with the state and seconds of each notebook, live on a screen, lines in a log.

    Parameters
    ----------
    names : sequence of str
        The notebooks.
    out : Console
        Where to show it.
    """

    def __init__(self, names: Sequence[str], out: Console) -> None:
        self.out = out
        self._states = dict.fromkeys(names, "waiting")
        self._cells = dict.fromkeys(names, "")
        self._started: dict[str, float] = {}
        self._seconds: dict[str, float] = {}
        self._live = Live(
            get_renderable=self._table, console=out, refresh_per_second=4, transient=False
        )

    def __enter__(self) -> Watch:
        if self.out.is_terminal:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.out.is_terminal:
            self._live.stop()

    def progress(self, name: str, done: int, cells: int) -> None:
        """Take news of a cell that is about to run."""
        self._cells[name] = f"{done}/{cells}"
        if name not in self._started:
            self._started[name] = time.perf_counter()
            self._now(name, "running")

    def finished(self, name: str, seconds: float | None) -> None:
        """Take news of a notebook that has run, or failed."""
        started = self._started.get(name, time.perf_counter())
        self._seconds[name] = time.perf_counter() - started if seconds is None else seconds
        self._now(name, "failed" if seconds is None else "done")

    def unchanged(self, name: str) -> None:
        """Take news of a notebook that need not run."""
        self._now(name, "unchanged")

    def _now(self, name: str, state: str) -> None:
        self._states[name] = state
        if not self.out.is_terminal:
            seconds = f" in {self._seconds[name]:.1f} s" if name in self._seconds else ""
            self.out.print(f"{name}: {state}{seconds}")

    def _table(self) -> Table:
        table = Table("notebook", "state", "cells")
        table.add_column("seconds", justify="right")
        for name, state in self._states.items():
            table.add_row(
                name, f"[{_STYLES[state]}]{state}", self._cells[name], self._shown_seconds(name)
            )
        return table

    def _shown_seconds(self, name: str) -> str:
        if name in self._seconds:
            return f"{self._seconds[name]:.1f}"
        started = self._started.get(name)
        return f"{time.perf_counter() - started:.0f}" if started else ""


_STYLES: dict[str, Any] = {
    "waiting": "dim",
    "running": "bold",
    "done": "green",
    "unchanged": "cyan",
    "failed": "bold red",
}
