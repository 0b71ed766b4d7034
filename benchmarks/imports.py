"""Time ``import churnlib`` against ``import pandas``, and find imports that no notebook uses."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pandas as pd

from benchmarks.harness import show, side_by_side, table

ROOT = Path(__file__).resolve().parent.parent


def measure() -> pd.DataFrame:
    """Ratio of medians of eleven starts each; unused imports by ruff's rule F401."""

    def start(module: str) -> object:
        return subprocess.run([sys.executable, "-c", f"import {module}"], check=True)

    times = side_by_side(11, ours=lambda: start("churnlib"), theirs=lambda: start("pandas"))
    text = (
        f"{times['ours'] / times['theirs']:.2f} ({times['ours']:.2f} s to {times['theirs']:.2f} s)"
    )
    notebooks = sorted(map(str, (ROOT / "notebooks").glob("*.ipynb")))
    return table(
        [
            ("import churnlib to import pandas", "at most 1.15", text),
            ("imports that a notebook does not use", "none", unused(notebooks) or "none"),
        ]
    )


def unused(notebooks: list[str]) -> str:
    """The names that are imported in vain, with their notebooks."""
    command = ["ruff", "check", "--isolated", "--select=F401", "--output-format=json", *notebooks]
    found = subprocess.run([sys.executable, "-m", *command], capture_output=True, check=False)
    told = json.loads(found.stdout)
    return ", ".join(f"{Path(one['filename']).stem}: {one['message']}" for one in told)


if __name__ == "__main__":
    show(measure())
