"""The mosaic of a cross-table, shaded by its residuals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from churnlib.canvas import Label
from churnlib.contingency import Crosstab

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def mosaic(table: Crosstab, label: Label, ax: Axes) -> Axes:
    """Draw each cell as an area, shaded where it holds more or fewer people than expected.

    Parameters
    ----------
    table : Crosstab
        Rows become columns of tiles as wide as the row is large.
    label, ax
        As for `accounts_by_month`. Shades are at adjusted residuals of 2 and 4.
    """
    import matplotlib.pyplot as plt

    shares, residuals = table.shares("row"), table.adjusted_residuals
    widths = table.row_totals / table.n
    left = 0.0
    for group in table.counts.index:
        bottom = 0.0
        for level in table.counts.columns:
            height, residual = shares.loc[group, level], residuals.loc[group, level]
            tile = (left + 0.004, bottom + 0.006)
            size = (widths[group] - 0.008, max(0.0, height - 0.012))
            face, hatch = _shade(residual)
            ax.add_patch(
                plt.Rectangle(tile, *size, facecolor=face, edgecolor="#555555", hatch=hatch)
            )
            ax.annotate(
                f"{label(str(level))}\n{table.counts.loc[group, level]} ({_signed(residual)})",
                (left + widths[group] / 2, bottom + height / 2),
                ha="center",
                va="center",
                fontsize=7.5,
                bbox={"facecolor": face, "edgecolor": "none", "pad": 1},
            )
            bottom += height
        ax.annotate(label(str(group)), (left + widths[group] / 2, 1.01), ha="center", va="bottom")
        left += widths[group]
    ax.set_xlim(0, 1)
    ax.set_ylim(0, 1.08)
    ax.set_axis_off()
    return ax


def _signed(residual: float) -> str:
    return f"{residual:+.1f}".replace("-", "−")


def _shade(residual: float) -> tuple[str, str]:
    """More people than expected are blue, fewer are orange and hatched, so that grey tells."""
    strength = 2 if abs(residual) >= 4 else 1 if abs(residual) >= 2 else 0
    if strength == 0:
        return "#eeeeee", ""
    return (
        (("#9ecae1", "#4292c6")[strength - 1], "")
        if residual > 0
        else (("#fdd0a2", "#fd8d3c")[strength - 1], "//")
    )
