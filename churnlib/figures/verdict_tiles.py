"""The verdicts on all statements of the thesis in one figure."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from churnlib.evidence import Kind
from churnlib.figures.figure_style import Label

FACES = {
    Kind.REPRODUCED: ("#0072B2", "white"),
    Kind.CAVEAT: ("#9ecae1", "black"),
    Kind.NOT_ESTABLISHED: ("#f0e4b0", "black"),
    Kind.INCOMPLETE: ("#e6c35c", "black"),
    Kind.ARITHMETIC_ERROR: ("#D55E00", "white"),
    Kind.CONTRADICTED: ("#7a3400", "white"),
    Kind.UNTESTABLE: ("#e2e2e2", "black"),
    Kind.EXTERNAL: ("white", "black"),
}
"""Colour of a tile and of its number: what holds first, what cannot be judged last."""


def verdicts(kinds: pd.Series, label: Label, ax: Axes) -> Axes:
    """Draw every statement as a tile with its number, one row of tiles for each verdict.

    Parameters
    ----------
    kinds : Series of str
        The verdict on each statement, indexed by its number, as in `claims`.
    """
    for row, (kind, (face, ink)) in enumerate(FACES.items()):
        numbers = kinds.index[kinds == kind]
        for place, number in enumerate(numbers):
            tile = Rectangle((place, row - 0.4), 0.92, 0.8, facecolor=face)
            ax.add_patch(tile).set(edgecolor="#555555", linewidth=0.5)
            ax.annotate(str(number), (place + 0.46, row), color=ink, ha="center", va="center")
        ax.annotate(str(len(numbers)), (len(numbers) + 0.2, row), va="center", color="#555555")
    ax.set_yticks(range(len(FACES)), [label(kind) for kind in FACES])
    ax.tick_params(left=False, bottom=False, labelbottom=False)
    ax.spines[:].set_visible(False)
    ax.set_xlim(-0.1, kinds.value_counts().max() + 1)
    ax.set_ylim(len(FACES) - 0.5, -0.5)
    return ax
