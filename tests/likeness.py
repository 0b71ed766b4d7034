"""Whether what a run made is what was kept: numbers and words exactly, pictures nearly."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd

TOLERANCE = 2.0
"""Root mean square of the difference of two pictures, of 255, that smoothing of edges explains."""


def unlike(made: Path, kept: Path) -> str:
    """In what a file differs from the one that was kept; empty if in nothing that matters.

    Equal bytes are for one locked environment. Elsewhere an edge is smoothed otherwise or a last
    digit falls the other way, so a picture is compared by its pixels with a tolerance, an SVG by
    its words, a CSV by its numbers to five digits, and text as it is. A PDF is compared through
    the PNG and the SVG that were drawn with it.

    Parameters
    ----------
    made, kept : Path
        Two files of the same kind.

    Returns
    -------
    str
        A sentence that names what is unlike.
    """
    for file in (made, kept):
        if not file.exists():
            return f"{file.name} was not made" if file is made else f"{file.name} was not kept"
    if made.read_bytes() == kept.read_bytes():
        return ""
    found = {".png": _pixels, ".svg": _words, ".csv": _numbers, ".pdf": _nothing}
    return found.get(kept.suffix, _text)(made, kept)


def words(svg: Path) -> list[str]:
    """Every text of a figure, which matplotlib keeps in comments beside its outlines."""
    return re.findall("<!-- (.*?) -->", svg.read_text(encoding="utf-8"), re.DOTALL)


def _pixels(made: Path, kept: Path) -> str:
    from matplotlib.image import imread

    new, old = (imread(file)[..., :3].astype(float) for file in (made, kept))
    if new.shape != old.shape:
        return f"{kept.name} has {new.shape[:2]} pixels and had {old.shape[:2]}"
    difference = 255 * float(np.sqrt(np.mean((new - old) ** 2)))
    return f"{kept.name} looks different by {difference:.1f} of 255" * (difference > TOLERANCE)


def _words(made: Path, kept: Path) -> str:
    new, old = words(made), words(kept)
    if new == old:
        return ""
    return (
        f"{kept.name} says {set(new) - set(old) or new} where it said {set(old) - set(new) or old}"
    )


def _numbers(made: Path, kept: Path) -> str:
    new, old = (pd.read_csv(file) for file in (made, kept))
    try:
        pd.testing.assert_frame_equal(new, old, rtol=1e-4, atol=1e-9)
    except AssertionError as error:
        return f"{kept.name} has other numbers: {' '.join(str(error).split())}"
    return ""


def _nothing(made: Path, kept: Path) -> str:
    return ""


def _text(made: Path, kept: Path) -> str:
    return f"{kept.name} has another text"
