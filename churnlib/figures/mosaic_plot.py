"""The mosaic of a cross-table, shaded by its residuals, with the key to the shades."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Patch, Rectangle

from churnlib.figures.figure_style import SMALL, Label, columns_across, figure_of
from churnlib.figures.fonts import longest_word, width, wrap
from churnlib.tables import Crosstab

SHADES = (
    ("≤ −4", "#fd8d3c", "////"),
    ("(−4, −2]", "#fdbe85", "//"),
    ("(−2, 2)", "#e4e4e4", ""),
    ("[2, 4)", "#9ecae1", ""),
    ("≥ 4", "#6baed6", ""),
)
"""Residuals, colour and hatch, from fewer people to more; hatches show where colours cannot."""


def mosaic(table: Crosstab, label: Label, ax: Axes) -> Axes:
    """Draw each cell as an area, shaded where it holds more or fewer people than expected.

    Shades are at adjusted residuals of 2 and 4.

    Parameters
    ----------
    table : Crosstab
        Rows become rows of tiles, as high as the row is large. A tile too small for its label has
        none. If the table names its variables, levels are labelled as theirs.
    """
    shares, residuals = table.shares("row"), table.adjusted_residuals
    rows, columns = table.counts.index.name, table.counts.columns.name
    heights = table.row_totals[table.row_totals > 0] / table.n
    room = columns_across(ax)
    # Of the height, some goes to the key; eight lines of small letters make an inch.
    lines = 7 * (ax.get_position().height * figure_of(ax).get_figheight() - 0.2)
    names: dict[float, str] = {}
    top = 0.0
    for group, height in heights.items():
        left, middle = 0.0, top + height / 2
        for level, share in shares.loc[group].items():
            residual = residuals.loc[group, level]
            _, face, hatch = _shade(residual)
            tile = Rectangle((left, top), share, height, facecolor=face, hatch=hatch)
            ax.add_patch(tile).set_edgecolor("white")
            word, people = _word(label, columns, level), str(table.counts.loc[group, level])
            ax.annotate(
                _fitted(word, people, _signed(residual), int(room * share), int(lines * height)),
                (left + share / 2, middle),
                ha="center",
                va="center",
                fontsize=SMALL,
                bbox={"facecolor": face, "edgecolor": "none", "pad": 0.5},
            )
            left += share
        # Names of thin rows move down until no two overlap.
        place = max([middle, *(last + 1.2 / lines for last in [*names][-1:])])
        names[place] = wrap(_word(label, rows, group), 20, most=2)
        top += height
    ax.set_yticks([*names], names.values())
    ax.tick_params(left=False, bottom=False, labelbottom=False)
    ax.spines[:].set_visible(False)
    ax.set(xlim=(0, 1), ylim=(1, 0))
    ax.legend(
        handles=[Patch(facecolor=f, hatch=h, edgecolor="white", label=w) for w, f, h in SHADES],
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


def _fitted(name: str, count: str, residual: str, room: int, lines: int) -> str:
    """Return as much of a tile's label as has room: name, count and residual, or fewer of them."""
    named = [f"{wrap(name, room)}\n"] if room >= max(2, longest_word(name)) else []
    for word in [*named, ""]:
        for text in (f"{word}{count} ({residual})", f"{word}{count}\n({residual})"):
            parts = text.split("\n")
            if len(parts) <= lines and max(map(width, parts)) <= room:
                return text
    return ""


def _signed(residual: float) -> str:
    if pd.isna(residual):
        return "—"
    return f"{residual:+z.1f}".replace("-", "−").replace("+0.0", "0.0")


def _shade(residual: float) -> tuple[str, str, str]:
    strength = sum(abs(residual) >= bound for bound in (2, 4))
    return SHADES[2 + (strength if residual > 0 else -strength)]
