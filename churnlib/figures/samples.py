"""Figures of samples: how many of them find a difference, beside the power that was computed."""

import pandas as pd
import seaborn.objects as so
from matplotlib.axes import Axes

from churnlib.figures.figure_style import BLUE, GREY, SMALL, Label, draw_on, percent, six_digits


def found_by_size(found: pd.DataFrame, power: pd.DataFrame, label: Label, ax: Axes) -> Axes:
    """Draw the share of samples in which a test finds the difference, by size, and its power.

    Parameters
    ----------
    found : DataFrame
        One row a sample size: ``size``, ``found``, ``low`` and ``high``, shares from 0 to 1, as
        from `found_in_samples` for one test.
    power : DataFrame
        Computed power, a curve: ``size`` and ``power``, from 0 to 1.
    """
    numbers = found.assign(number=[f"{100 * share:.0f}" for share in found["found"]])
    words = so.Text(color="black", valign="bottom", offset=3, fontsize=SMALL)
    curve = so.Line(color=GREY, linewidth=1.2)
    draw_on(ax, so.Plot(six_digits(power), x="size", y="power").add(curve))
    draw_on(
        ax,
        so.Plot(six_digits(numbers), x="size", y="found", ymin="low", ymax="high")
        .add(so.Range(color=BLUE, linewidth=1.2))
        .add(so.Dot(color=BLUE, pointsize=4))
        .add(words, y="high", text="number"),
    )
    ax.set_xscale("log")
    ax.minorticks_off()
    ax.set_xticks(found["size"], [f"{size:,}" for size in found["size"]])
    ax.set(ylim=(0, 1.12), yticks=[0, 0.2, 0.4, 0.6, 0.8, 1])
    ax.set(xlabel=label("people_in_sample"), ylabel=label("percent_of_samples"))
    percent(ax.yaxis)
    return ax
