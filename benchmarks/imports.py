"""Time ``import churnlib`` against ``import pandas``, each in a fresh Python."""

from __future__ import annotations

import subprocess
import sys

import pandas as pd

from benchmarks.harness import show, side_by_side, table


def measure() -> pd.DataFrame:
    """Ratio of medians of eleven starts each."""

    def start(module: str) -> object:
        return subprocess.run([sys.executable, "-c", f"import {module}"], check=True)

    times = side_by_side(11, ours=lambda: start("churnlib"), theirs=lambda: start("pandas"))
    text = (
        f"{times['ours'] / times['theirs']:.2f} ({times['ours']:.2f} s to {times['theirs']:.2f} s)"
    )
    return table([("import churnlib to import pandas", "1.15", text)])


if __name__ == "__main__":
    show(measure())
