"""Figures of a survey: shares with intervals, groups side by side, rows through cleaning."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from churnlib.canvas import GROUPS, PALE, VERMILION, Label, beside

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def shares(table: pd.DataFrame, label: Label, ax: Axes) -> Axes:
    """Draw the share of each level as a bar with its interval.

    Parameters
    ----------
    table : DataFrame
        One row a level; columns ``share``, ``low`` and ``high``, from 0 to 1.
    label, ax
        As for `accounts_by_month`.
    """
    names = [label(key) for key in table.index]
    error = [table["share"] - table["low"], table["high"] - table["share"]]
    ax.barh(names, 100 * table["share"], color=PALE, height=0.65)
    ax.errorbar(
        100 * table["share"],
        names,
        xerr=[100 * e for e in error],
        fmt="none",
        ecolor="black",
        elinewidth=0.9,
        capsize=2.5,
    )
    for name, row in zip(names, table.itertuples(), strict=True):
        ax.annotate(
            f"{100 * row.share:.1f}",
            (100 * row.high, name),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
        )
    ax.invert_yaxis()
    ax.margins(x=0.12)
    ax.set_xlabel(label("percent_of_people"))
    return ax


def shares_by_group(table: pd.DataFrame, label: Label, ax: Axes) -> Axes:
    """Draw the shares of several groups side by side, each with its interval.

    Parameters
    ----------
    table : DataFrame
        One row a group and level, columns ``group``, ``level``, ``share``, ``low`` and
        ``high``, shares from 0 to 1.
    label, ax
        As for `accounts_by_month`.
    """
    levels, groups = table["level"].unique(), table["group"].unique()
    width = 0.8 / len(groups)
    for place, (group, colour) in enumerate(zip(groups, GROUPS, strict=False)):
        rows = table[table["group"] == group]
        x = [position + (place - (len(groups) - 1) / 2) * width for position in range(len(rows))]
        error = [rows["share"] - rows["low"], rows["high"] - rows["share"]]
        ax.bar(x, 100 * rows["share"], width=0.94 * width, color=colour, label=label(group))
        ax.errorbar(
            x,
            100 * rows["share"],
            yerr=[100 * e for e in error],
            fmt="none",
            ecolor="black",
            elinewidth=0.9,
            capsize=2.5,
        )
        for position, row in zip(x, rows.itertuples(), strict=True):
            beside(ax, (position, 100 * row.high), f"{100 * row.share:.0f}", "black", 2)
        beside(ax, (x[0], 0), label(group), "white", 4)
    ax.set_xticks(range(len(levels)), [label(level) for level in levels])
    ax.set_ylabel(label("percent_of_group"))
    ax.margins(y=0.12)
    return ax


def flow_of_rows(flow: pd.Series, label: Label, ax: Axes) -> Axes:
    """Draw how many raw rows were read, set aside, kept, and complete.

    Parameters
    ----------
    flow : Series of int
        From `Survey.flow`.
    label, ax
        As for `accounts_by_month`.
    """
    names = [label(step) for step in flow.index]
    aside = flow["rows_set_aside"]
    starts = [flow["rows_kept"] if step == "rows_set_aside" else 0 for step in flow.index]
    colours = [VERMILION if step == "rows_set_aside" else PALE for step in flow.index]
    ax.barh(names, flow, left=starts, color=colours, height=0.6)
    for name, step, count, start in zip(names, flow.index, flow, starts, strict=True):
        ax.annotate(
            f"−{count:,}" if step == "rows_set_aside" and aside else f"{count:,}",
            (start + count, name),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
        )
    ax.invert_yaxis()
    ax.margins(x=0.1)
    ax.set_xlabel(label("answer_sheets"))
    return ax
