"""How long all figures take, in both languages and three formats: ``python -m benchmarks figures``.

The code of the notebooks is run here, and `publish` alone is timed, in seconds of one core:
drawing, checking the glyphs, writing PDF, SVG, PNG and the numbers behind them. The claim: 40 s.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from io import StringIO

os.environ["MPLBACKEND"] = "agg"

import matplotlib.pyplot as plt
import pandas as pd

from benchmarks.harness import show, table
from churnlib import figures
from churnlib.workflow import notebooks

CLAIM = 40.0


def timed(publish: Callable[..., None], taken: dict[str, float]) -> Callable[..., None]:
    """The same function, which notes how long each figure takes."""

    def noted(name: str, *arguments: object) -> None:
        started = time.process_time()
        publish(name, *arguments)
        taken[name] = time.process_time() - started
        plt.close("all")

    return noted


def measure() -> pd.DataFrame:
    """Draw every figure: what all took together."""
    taken: dict[str, float] = {}
    figures.publish = timed(figures.publish, taken)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["CHURNLIB_OUTPUT"] = folder
        for path in notebooks():
            os.chdir(path.parent)
            names: dict[str, object] = {"__name__": path.stem, "display": lambda *_: None}
            for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
                if cell["cell_type"] == "code" and "solution" not in cell["metadata"].get(
                    "tags", []
                ):
                    with redirect_stdout(StringIO()):
                        exec("".join(cell["source"]), names)
    claim = f"{len(taken)} figures, two languages, three formats, one core"
    return table([(claim, f"{CLAIM:.0f} s", f"{sum(taken.values()):.1f} s")])


if __name__ == "__main__":
    show(measure())
