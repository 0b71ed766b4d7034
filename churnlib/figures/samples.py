"""Figures of samples: how many of them find a difference, beside the power that was computed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from churnlib.figures.figure_style import BLUE, GREY, Label, beside, six_digits

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def found_by_size(found: pd.DataFrame, power: pd.DataFrame, label: Label, ax: Axes) -> Axes:
    """Draw the share of samples in which a test finds the difference, by size, and its power.

    Parameters
    ----------
    found : DataFrame
        One row a sample size: ``size``, ``found``, ``low`` and ``high``, shares from 0 to 1, as
        from `found_in_samples` for one test.
    power : DataFrame
        Computed power, a curve: ``size`` and ``power``, from 0 to 1.
    label, ax
        As for `accounts_by_month`.
    """
    found, power = six_digits(found), six_digits(power)
    ax.plot(power["size"], 100 * power["power"], color=GREY, linewidth=1.2, zorder=1)
    error = [found["found"] - found["low"], found["high"] - found["found"]]
    ax.errorbar(
        found["size"],
        100 * found["found"],
        yerr=[100 * e for e in error],
        fmt="o",
        color=BLUE,
        markersize=4,
        elinewidth=1,
        capsize=2.5,
    )
    for row in found.itertuples():
        beside(ax, (row.size, 100 * row.high), f"{100 * row.found:.0f}", "black", 3)
    ax.set_xscale("log")
    ax.minorticks_off()
    ax.set_xticks(found["size"], [f"{size:,}" for size in found["size"]])
    ax.set_ylim(0, 112)
    ax.set_yticks([0, 20, 40, 60, 80, 100])
    ax.set_xlabel(label("people_in_sample"))
    ax.set_ylabel(label("percent_of_samples"))
    return ax
