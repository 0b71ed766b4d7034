"""Time the written report and the pages: ``python benchmarks/report.py``.

Each is written from the committed exhibits into a folder that is thrown away. One table: what was
asked, and the median of repeated runs in this process on this machine, after one that is not
counted; the share of the machine that others took while it ran is beside it.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import churnlib as cl
from churnlib.provenance import PROJECT
from churnlib.report import write_html, write_report, write_survey_report
from churnlib.report_words import LANGUAGES

ASKED = 10.0


def seconds(run: Callable[[], object], times: int) -> tuple[float, float]:
    """Median time by the wall clock, and by this process's own, after a call not counted."""
    run()
    wall, own = [], []
    for _ in range(times):
        started, used = time.perf_counter(), time.process_time()
        run()
        wall.append(time.perf_counter() - started)
        own.append(time.process_time() - used)
    return median(wall), median(own)


def main() -> None:
    """Print the table."""
    raw = cl.read_answers(PROJECT / "data" / "synthetic" / "answers.csv")
    book = cl.load_codebook()
    survey = cl.clean(raw, book, origin=cl.Origin.SYNTHETIC, on_error="set_aside")
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        for name in ("figures", "notebooks"):
            shutil.copytree(PROJECT / name, folder / name)
        timed = {
            "report on the thesis, both languages": (
                lambda: [write_report(folder, lang) for lang in LANGUAGES],
                f"{ASKED:.0f} s",
            ),
            "report on a survey of four questions, both languages": (
                lambda: [write_survey_report(survey, folder, lang) for lang in LANGUAGES],
                f"{ASKED:.0f} s",
            ),
            "pages of all notebooks": (
                lambda: write_html(folder / "notebooks", folder / "report" / "html"),
                "-",
            ),
        }
        print(f"load before: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
        print(f"{'what':54} {'asked':>6} {'wall':>7} {'own':>7}")
        for what, (run, asked) in timed.items():
            wall, own = seconds(run, 3)
            print(f"{what:54} {asked:>6} {wall:>6.1f}s {own:>6.1f}s")


if __name__ == "__main__":
    main()
