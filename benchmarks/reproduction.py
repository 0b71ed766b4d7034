"""Time ``python -m churnlib reproduce`` against nbconvert running the same notebooks.

Both run on a copy of the project in a temporary folder, so that nothing here is overwritten.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.harness import show, side_by_side, table

ROOT = Path(__file__).resolve().parent.parent
LEFT_OUT = shutil.ignore_patterns(".*", "__pycache__", "tests", "benchmarks")
LABEL = "closed_so_far = { en = "
"""A word on an axis of one figure of notebook 02; notebook 08 gathers all figures."""


def measure() -> pd.DataFrame:
    """Medians of three runs in turn, then what runs again when one label has changed."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, "project")
        shutil.copytree(ROOT, copy, ignore=LEFT_OUT)
        notebooks = sorted(map(str, (copy / "notebooks").glob("*.ipynb")))
        convert = ["nbconvert", "--execute", "--to", "notebook", "--inplace", *notebooks]

        def from_nothing() -> None:
            shutil.rmtree(copy / ".churnlib", ignore_errors=True)
            reproduce(copy)

        full = side_by_side(3, ours=from_nothing, theirs=lambda: run(copy, *convert))
        reproduce(copy)  # nbconvert left its own outputs
        again = side_by_side(5, unchanged=lambda: reproduce(copy))["unchanged"]
        book = copy / "data" / "codebook.toml"
        text = book.read_text(encoding="utf-8")
        book.write_text(text.replace(f'{LABEL}"', f'{LABEL}"All '), encoding="utf-8")
        ran = [one["notebook"] for one in reproduce(copy) if one["state"] == "done"]
    ours, theirs = full["ours"], full["theirs"]
    number = len(notebooks)
    return table(
        [
            (
                f"{number} notebooks, reports and pages, --jobs 2, to nbconvert --execute",
                "at most 0.55",
                f"{ours / theirs:.2f} ({ours:.1f} s to {theirs:.1f} s)",
            ),
            ("nothing changed", "at most 3 s", f"{again:.1f} s"),
            ("nothing changed to all", "at most 0.05", f"{again / ours:.3f}"),
            (
                "one label of one figure changed",
                "what uses it",
                f"{len(ran)} of {number} ran: {', '.join(ran)}",
            ),
        ]
    )


def reproduce(copy: Path) -> list[dict[str, Any]]:
    """Run what has changed, two at a time; what became of each notebook."""
    said = run(copy, "churnlib", "reproduce", "--jobs", "2", "--json")
    return json.loads(said)["notebooks"]


def run(copy: Path, *command: str) -> str:
    """Run a module in the copy, which the kernels must import, not what it was taken from."""
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=copy,
        env={**os.environ, "PYTHONPATH": str(copy)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(command[:3])} failed:\n{done.stderr}")
    return done.stdout


if __name__ == "__main__":
    show(measure())
