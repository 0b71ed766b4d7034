"""Figures of models: odds ratios with their intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from churnlib.figures.figure_style import BLUE, GREY, Label, six_digits

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def forest(table: pd.DataFrame, label: Label, ax: Axes) -> Axes:
    """Draw odds ratios on a logarithmic axis, one row a level, in blocks by predictor.

    Parameters
    ----------
    table : DataFrame
        One row a level or slope, columns ``predictor``, ``level`` (None for a number),
        ``odds_ratio``, ``low`` and ``high``, as from `OrdinalFit.by_level`. A reference level has
        the odds ratio 1 and no interval.
    label, ax
        As for `accounts_by_month`.
    """
    table = six_digits(table)
    heights, height = [], 0.0
    for place, row in enumerate(table.itertuples()):
        if place and row.predictor != table["predictor"].iloc[place - 1]:
            height += 0.6  # a gap between two predictors
        heights.append(height)
        height += 1
    known = table["low"].notna().to_numpy()
    y, value = np.array(heights), table["odds_ratio"].to_numpy(dtype=float)
    error = np.array([value - table["low"], table["high"] - value], dtype=float)
    ax.axvline(1, color="black", linewidth=0.6)
    ax.errorbar(
        value[known],
        y[known],
        xerr=error[:, known],
        fmt="o",
        color=BLUE,
        markersize=4,
        elinewidth=1,
        capsize=2.5,
    )
    ax.plot(value[~known], y[~known], "D", color="white", markeredgecolor=GREY, markersize=4)
    ax.set_xscale("log")
    for at, row in zip(heights, table.itertuples(), strict=True):
        interval = f" [{row.low:.2f}, {row.high:.2f}]" if row.low == row.low else ""
        text = f"{row.odds_ratio:.2f}{interval}" if interval else label("reference_level")
        ax.annotate(
            text,
            (1, at),
            xycoords=("axes fraction", "data"),
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            color="black" if interval else GREY,
        )
    names = [
        label(row.predictor)
        if pd.isna(row.level)
        else f"{label(row.predictor)}: {label(f'{row.predictor}.{row.level}')}"
        for row in table.itertuples()
    ]
    ax.set_yticks(heights, names)
    ax.invert_yaxis()
    least, most = ax.get_xlim()
    steps = (1, 3) if most > 30 * least else (1, 2, 5)  # as many as have room
    ticks = [t for power in range(-3, 4) for t in (s * 10.0**power for s in steps)]
    ticks = [t for t in ticks if least <= t <= most]
    ax.set_xticks(ticks, [f"{t:g}" for t in ticks])
    ax.minorticks_off()
    ax.set_xlabel(label("odds_ratio_of_more"))
    return ax
