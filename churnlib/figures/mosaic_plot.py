"""The mosaic of a cross-table, shaded by its residuals, with the key to the shades."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from churnlib.figures.figure_style import SMALL, Label, columns_across, figure_of
from churnlib.figures.fonts import longest_word, width, wrap
from churnlib.tables import Crosstab

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SHADES = (
    ("≤ −4", -4.0, "#fd8d3c", "////"),
    ("(−4, −2]", -2.0, "#fdbe85", "//"),
    ("(−2, 2)", 0.0, "#e4e4e4", ""),
    ("[2, 4)", 2.0, "#9ecae1", ""),
    ("≥ 4", 4.0, "#6baed6", ""),
)
"""Words of the key, where the shade begins, colour and hatch, from fewer people to more.

Hatching tells fewer from more where colours cannot be seen.
"""


def mosaic(table: Crosstab, label: Label, ax: Axes) -> Axes:
    """Draw each cell as an area, shaded where it holds more or fewer people than expected.

    Parameters
    ----------
    table : Crosstab
        Rows become rows of tiles, as high as the row is large. A tile too small for its label has
        none. If the table names its variables, levels are labelled as theirs.
    label, ax
        As for `accounts_by_month`. Shades are at adjusted residuals of 2 and 4.
    """
    from matplotlib.patches import Patch, Rectangle

    shares, residuals = table.shares("row"), table.adjusted_residuals
    rows, columns = table.counts.index.name, table.counts.columns.name
    heights = table.row_totals[table.row_totals > 0] / table.n
    room = columns_across(ax)
    # Of the height, some goes to the key; eight lines of small letters make an inch.
    lines = 7 * (ax.get_position().height * figure_of(ax).get_figheight() - 0.2)
    names, top = {}, 0.0
    for group, height in heights.items():
        left = 0.0
        for level, share in shares.loc[group].items():
            _, _, face, hatch = _shade(residuals.loc[group, level])
            tile = Rectangle(
                (left, top), share, height, facecolor=face, edgecolor="white", hatch=hatch
            )
            ax.add_patch(tile)
            people = table.counts.loc[group, level], _signed(residuals.loc[group, level])
            word = _word(label, columns, level)
            ax.annotate(
                _fitted(word, *people, int(room * share), int(lines * height)),
                (left + share / 2, top + height / 2),
                ha="center",
                va="center",
                fontsize=SMALL,
                bbox={"facecolor": face, "edgecolor": "none", "pad": 0.5},
            )
            left += share
        names[top + height / 2] = wrap(_word(label, rows, group), 20, most=2)
        top += height
    ax.set_yticks(_apart([*names], 1.2 / lines), names.values())
    ax.tick_params(left=False, bottom=False, labelbottom=False)
    ax.spines[:].set_visible(False)
    ax.set(xlim=(0, 1), ylim=(1, 0))
    ax.legend(
        handles=[Patch(facecolor=f, hatch=h, edgecolor="white", label=w) for w, _, f, h in SHADES],
        title=wrap(label("adjusted_residual"), room),
        loc="upper left",
        alignment="left",
        handlelength=2,
        bbox_to_anchor=(0, 0),
        ncols=5 if room > 50 else 3,
    )
    return ax


def _word(label: Label, variable: str | None, level: object) -> str:
    return label(f"{variable}.{level}" if variable else str(level))


def _fitted(name: str, count: int, residual: str, room: int, lines: int) -> str:
    """Return as much of a tile's label as has room: name, count and residual, or fewer of them."""
    named = [f"{wrap(name, room)}\n"] if room >= max(2, longest_word(name)) else []
    for word in [*named, ""]:
        for text in (f"{word}{count} ({residual})", f"{word}{count}\n({residual})"):
            parts = text.split("\n")
            if len(parts) <= lines and max(map(width, parts)) <= room:
                return text
    return ""


def _apart(places: list[float], least: float) -> list[float]:
    """Move the names of thin rows down until no two overlap."""
    moved = places[:1]
    for place in places[1:]:
        moved.append(max(place, moved[-1] + least))
    return moved


def _signed(residual: float) -> str:
    if pd.isna(residual):
        return "—"
    return f"{residual:+.1f}".replace("-", "−").replace("−0.0", "0.0").replace("+0.0", "0.0")


def _shade(residual: float) -> tuple[str, float, str, str]:
    strength = 2 if abs(residual) >= 4 else 1 if abs(residual) >= 2 else 0
    return SHADES[2 + (strength if residual > 0 else -strength)]
