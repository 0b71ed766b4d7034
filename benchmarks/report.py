"""Time the written report and the pages: ``python -m benchmarks report``.

Each is written from the committed exhibits into a folder that is thrown away; the median of
repeated runs in this process, after one that is not counted.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pandas as pd

import churnlib as cl
from benchmarks.harness import seconds, show, table
from churnlib.evidence.origin import LANGUAGES, PROJECT
from churnlib.report import write_html, write_report, write_survey_report

ASKED = 10.0


def measure() -> pd.DataFrame:
    """One row a report."""
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
                "",
            ),
        }
        found = [(what, asked, f"{seconds(run, 3):.1f} s") for what, (run, asked) in timed.items()]
    return table(found)


if __name__ == "__main__":
    show(measure())
