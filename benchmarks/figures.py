"""How long all figures take, in both languages and three formats: ``python benchmarks/figures.py``.

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

from churnlib import figures
from churnlib.pipeline import notebooks

CLAIM = 40.0


def timed(publish: Callable[..., None], taken: dict[str, float]) -> Callable[..., None]:
    """The same function, which notes how long each figure takes."""

    def noted(name: str, *arguments: object) -> None:
        started = time.process_time()
        publish(name, *arguments)
        taken[name] = time.process_time() - started
        plt.close("all")

    return noted


def main() -> None:
    """Draw every figure and print what each took."""
    taken: dict[str, float] = {}
    figures.publish = timed(figures.publish, taken)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["CHURNLIB_OUTPUT"] = folder
        for path in notebooks():
            os.chdir(path.parent)
            names: dict[str, object] = {"__name__": path.stem}
            for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
                if cell["cell_type"] == "code" and "solution" not in cell["metadata"].get(
                    "tags", []
                ):
                    with redirect_stdout(StringIO()):
                        exec("".join(cell["source"]), names)
    for name, seconds in taken.items():
        print(f"{name:24}{seconds:6.1f} s")
    total = sum(taken.values())
    print(
        f"{len(taken)} figures, two languages, three formats: {total:.1f} s (claim: {CLAIM:.0f} s)"
    )
    raise SystemExit(total > CLAIM)


if __name__ == "__main__":
    main()
