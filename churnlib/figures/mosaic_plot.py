"""The mosaic of a cross-table, shaded by its residuals, with the key to the shades."""

from __future__ import annotations

from typing import TYPE_CHECKING

from churnlib.figures.figure_style import Label, columns_across
from churnlib.figures.fonts import width, wrap
from churnlib.tables import Crosstab

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SHADES = (
    ("≤ −4", -4.0, "#e6550d", "////"),
    ("(−4, −2]", -2.0, "#fdbe85", "//"),
    ("(−2, 2)", 0.0, "#eeeeee", ""),
    ("[2, 4)", 2.0, "#9ecae1", ""),
    ("≥ 4", 4.0, "#4292c6", ""),
)
"""Words of the key, a residual of that shade, colour and hatch, from fewer people to more.

Hatching tells fewer from more where colours cannot be seen.
"""
EDGE = "#555555"


def mosaic(table: Crosstab, label: Label, ax: Axes) -> Axes:
    """Draw each cell as an area, shaded where it holds more or fewer people than expected.

    Parameters
    ----------
    table : Crosstab
        Rows become columns of tiles as wide as the row is large. A tile too small for its
        label has none.
    label, ax
        As for `accounts_by_month`. Shades are at adjusted residuals of 2 and 4.
    """
    shares, residuals = table.shares("row"), table.adjusted_residuals
    widths = table.row_totals / table.n
    left = 0.0
    for group in table.counts.index[table.row_totals > 0]:
        room, bottom = int(columns_across(ax, 7) * widths[group]), 0.0
        for level in table.counts.columns:
            height, residual = shares.loc[group, level], residuals.loc[group, level]
            tile = (left + 0.004, bottom + 0.006)
            size = (widths[group] - 0.008, max(0.0, height - 0.012))
            face = _tile(ax, tile, size, residual)
            number = f"{table.counts.loc[group, level]} ({_signed(residual)})"
            if text := _fitted(label(str(level)), number, room, int(15 * height)):
                ax.annotate(
                    text,
                    (left + widths[group] / 2, bottom + height / 2),
                    ha="center",
                    va="center",
                    fontsize=7,
                    bbox={"facecolor": face, "edgecolor": "none", "pad": 1},
                )
            bottom += height
        name = wrap(label(str(group)), max(2, int(0.8 * room)), most=2)
        ax.annotate(name, (left + widths[group] / 2, 1.01), ha="center", va="bottom")
        left += widths[group]
    _key(label, ax)
    ax.set_xlim(0, 1)
    ax.set_ylim(-0.25, 1.08)
    ax.set_axis_off()
    return ax


def _fitted(name: str, number: str, room: int, lines: int) -> str:
    """A tile's label in the room it has; the number is worth more than the name."""
    if lines < 1 or width(number) > room:
        return ""
    if lines == 1:
        both = f"{name}: {number}"
        return both if width(both) <= room else number
    return f"{wrap(name, room, most=lines - 1)}\n{number}"


def _key(label: Label, ax: Axes) -> None:
    ax.annotate(label("adjusted_residual"), (0.004, -0.05), va="top", fontsize=7)
    for place, (words, residual, _, _) in enumerate(SHADES):
        left = 0.004 + 0.2 * place
        _tile(ax, (left, -0.2), (0.19, 0.05), residual)
        ax.annotate(words, (left + 0.095, -0.21), ha="center", va="top", fontsize=7)


def _tile(ax: Axes, corner: tuple[float, float], size: tuple[float, float], residual: float) -> str:
    from matplotlib.patches import Rectangle

    face, hatch = _shade(residual)
    ax.add_patch(
        Rectangle(corner, *size, facecolor=face, edgecolor=EDGE, linewidth=0.6, hatch=hatch)
    )
    return face


def _signed(residual: float) -> str:
    if residual != residual:
        return "—"
    return f"{residual:+.1f}".replace("-", "−").replace("−0.0", "0.0").replace("+0.0", "0.0")


def _shade(residual: float) -> tuple[str, str]:
    strength = 2 if abs(residual) >= 4 else 1 if abs(residual) >= 2 else 0
    _, _, face, hatch = SHADES[2 + (strength if residual > 0 else -strength)]
    return face, hatch
