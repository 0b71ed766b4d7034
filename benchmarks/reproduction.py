"""Time ``python -m churnlib reproduce`` against nbconvert running the same notebooks.

Both run on a copy of the project in a temporary folder, so that nothing here is overwritten.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pandas as pd

from benchmarks.harness import show, side_by_side, table

ROOT = Path(__file__).resolve().parent.parent
LEFT_OUT = shutil.ignore_patterns(".*", "__pycache__", "tests", "benchmarks")


def measure() -> pd.DataFrame:
    """Ratio of medians of three runs each."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, "project")
        shutil.copytree(ROOT, copy, ignore=LEFT_OUT)
        # The kernels must import the copy, not the project it was taken from.
        environment = {**os.environ, "PYTHONPATH": str(copy)}
        notebooks = sorted(map(str, (copy / "notebooks").glob("*.ipynb")))

        def run(*command: str) -> object:
            whole = [sys.executable, "-m", *command]
            return subprocess.run(whole, cwd=copy, env=environment, check=True, capture_output=True)

        convert = ["nbconvert", "--execute", "--to", "notebook", "--inplace", *notebooks]
        times = side_by_side(
            3, ours=lambda: run("churnlib", "reproduce"), theirs=lambda: run(*convert)
        )
    claim = (
        f"reproduce {len(notebooks)} notebooks with figures and exhibits, to nbconvert --execute"
    )
    text = (
        f"{times['ours'] / times['theirs']:.2f} ({times['ours']:.1f} s to {times['theirs']:.1f} s)"
    )
    return table([(claim, "", text)])


if __name__ == "__main__":
    show(measure())
