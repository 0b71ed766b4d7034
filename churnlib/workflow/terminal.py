"""What the command line shows a person: a line for each notebook, the table of exhibits."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence

from rich.console import Console
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


class Lines:
    """Print a line when a notebook starts and one when it ends.

    Parameters
    ----------
    out : Console
        Where to print.
    """

    def __init__(self, out: Console) -> None:
        self.out = out
        self._running: set[str] = set()

    def progress(self, name: str, done: int, cells: int) -> None:
        """Take news of a cell that is about to run."""
        if name not in self._running:
            self._running.add(name)
            self.out.print(f"{name}: running, {cells} cells")

    def finished(self, name: str, seconds: float | None) -> None:
        """Take news of a notebook that has run, or failed."""
        self.out.print(f"{name}: " + ("failed" if seconds is None else f"done in {seconds:.1f} s"))

    def unchanged(self, name: str) -> None:
        """Take news of a notebook that need not run."""
        self.out.print(f"{name}: unchanged")
