"""Figures of models: odds ratios with their intervals."""

import pandas as pd
import seaborn.objects as so
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, MaxNLocator

from churnlib.figures.figure_style import (
    BLUE,
    GREY,
    SMALL,
    Label,
    annotate_point,
    draw_on,
    figure_of,
    six_digits,
)
from churnlib.figures.fonts import wrap


def forest(table: pd.DataFrame, label: Label, ax: Axes) -> Axes:
    """Draw odds ratios on a logarithmic axis, one row a level, in blocks by predictor.

    The figure is made as high as the rows need.

    Parameters
    ----------
    table : DataFrame
        One row a level or slope, columns ``predictor``, ``level`` (None for a number),
        ``odds_ratio``, ``low`` and ``high``, as from `OrdinalFit.by_level`. A reference level has
        the odds ratio 1 and no interval. `forest_parts` divides what is too long for a page.
    """
    names: dict[float, str] = {}
    heights, bottom = [], 0.0
    for predictor, block in table.groupby("predictor", sort=False):
        for level in [None, *block["level"].dropna()]:
            word = label(str(predictor) if level is None else f"{predictor}.{level}")
            name = wrap(word, 40 if level is None else 28, most=3)
            lines = 1 + name.count("\n")
            names[bottom + (lines - 1) / 2] = name
            bottom += lines
        heights += [*names][-len(block) :]
        bottom += 0.4  # a gap between two predictors
    figure = figure_of(ax)
    figure.set_figheight(max(figure.get_figheight(), 0.9 + 0.17 * bottom))
    ax.axvline(1, color="black", linewidth=0.6)
    placed = six_digits(table.assign(height=heights))
    known = placed["low"].notna()
    draw_on(
        ax,
        so.Plot(placed[known], x="odds_ratio", y="height", xmin="low", xmax="high")
        .add(so.Range(color=BLUE, linewidth=1.2), orient="y")
        .add(so.Dot(color=BLUE, pointsize=4)),
    )
    reference = so.Dot(marker="D", color=GREY, fill=False, pointsize=4)
    draw_on(ax, so.Plot(placed[~known], x="odds_ratio", y="height").add(reference))
    for row, height, has_interval in zip(table.itertuples(), heights, known, strict=True):
        interval = f"{row.odds_ratio:.2f} [{row.low:.2f}, {row.high:.2f}]"
        text, colour = (interval, "black") if has_interval else (label("reference_level"), GREY)
        look = {"va": "center", "fontsize": SMALL, "color": colour}
        end = ax.get_yaxis_transform()
        annotate_point(ax, (1, height), text, (6, 0), xycoords=end, **look)
    ax.set_yticks([*names], names.values())
    for tick, height in zip(ax.yaxis.get_major_ticks(), names, strict=True):
        tick.tick1line.set_visible(height in heights)  # not at the heading of a block
    ax.set_ylim(bottom - 0.4, -0.6)
    ax.set_xscale("log")
    ticks = _log_ticks(*ax.get_xlim())
    ax.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    ax.minorticks_off()
    ax.set(xlabel=label("odds_ratio_of_more"), ylabel="")
    return ax


def forest_parts(table: pd.DataFrame, most: int = 26) -> list[pd.DataFrame]:
    """Divide the rows of a forest, between predictors, into parts of at most so many lines.

    A page has room for the default beside a heading and some text.

    Examples
    --------
    >>> rows = pd.DataFrame({"predictor": [*"aaaabbbbcc"]})
    >>> [len(part) for part in forest_parts(rows, most=10)]
    [4, 6]
    """
    parts: list[list[pd.DataFrame]] = []
    lines = most
    for _, block in table.groupby("predictor", sort=False):
        lines += len(block) + 2
        if lines > most:
            parts.append([])
            lines = len(block) + 2
        parts[-1].append(block)
    return [pd.concat(blocks) for blocks in parts]


def _log_ticks(least: float, most: float) -> list[float]:
    """Return three to six round numbers inside the ends of a logarithmic axis."""
    steps = [1], [1, 3], [1, 2, 5], [1, 1.5, 2, 3, 5, 7]
    locators = [LogLocator(subs=every, numticks=99) for every in steps]
    for locator in [*locators, MaxNLocator(5, steps=[1, 2, 5, 10])]:
        inside = [float(t) for t in locator.tick_values(least, most) if least <= t <= most]
        if len(inside) >= 3:
            break
    return inside[:: -(-len(inside) // 6)]  # at most six, so that none covers another
