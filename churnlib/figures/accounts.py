"""Figures of accounts opened and closed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from churnlib.figures.figure_style import BLUE, GREY, VERMILION, Label, beside, thousands
from churnlib.figures.fonts import wrap

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def accounts_by_month(flows: pd.DataFrame, label: Label, ax: Axes) -> Axes:
    """Draw openings and closings as lines and the net change as bars, month by month.

    Parameters
    ----------
    flows : DataFrame
        One row a month; columns ``opened``, ``closed`` and ``net``, in accounts.
    label : callable
        From a key to its word, from `Codebook.labeller`.
    ax : Axes
        Where to draw.
    """
    months = [_month(row) for row in flows.index]
    ax.bar(months, flows["net"], color="#c9c9c9", width=0.7)
    ax.axhline(0, color="black", linewidth=0.6)
    for column, colour, marker in (("opened", BLUE, "o"), ("closed", VERMILION, "s")):
        ax.plot(months, flows[column], color=colour, marker=marker, markersize=3)
    # Each name stands where its own series is farthest from the others.
    closed, opened, net = flows["closed"].argmax(), flows["opened"].argmin(), flows["net"].argmin()
    beside(ax, (months[closed], flows["closed"].iloc[closed]), label("closed"), VERMILION, 5)
    beside(ax, (months[opened], flows["opened"].iloc[opened]), label("opened"), BLUE, -5)
    beside(ax, (months[net], flows["net"].iloc[net]), label("net"), GREY, -2)
    ax.margins(y=0.1)
    ax.set_xlabel(label("month_2020"))
    ax.set_ylabel(label("accounts"))
    thousands(ax, "y")
    return ax


def total_against_months(sums: pd.Series, printed: int, label: Label, ax: Axes) -> Axes:
    """Draw how the months add up, beside a printed total that they do not reach.

    Parameters
    ----------
    sums : Series of int
        Running sum by month, in accounts.
    printed : int
        The printed total.
    label, ax
        As for `accounts_by_month`.
    """
    months = [_month(row) for row in sums.index]
    reached, last = int(sums.iloc[-1]), len(months) - 1
    ax.fill_between(months, sums, color=VERMILION, alpha=0.15, linewidth=0)
    ax.plot(months, sums, color=VERMILION, marker="s", markersize=3)
    ax.hlines(printed, -0.5, last, color="black", linewidth=1, linestyle=(0, (4, 2)))
    ax.annotate(
        f"{label('printed_total')} {printed:,}",
        (0, printed),
        xytext=(0, 4),
        textcoords="offset points",
        va="bottom",
    )
    gap = label("months_and_gap").format(reached=f"{reached:,}", gap=f"{printed - reached:,}")
    # In the empty corner above the curve, with a line to the gap itself.
    ax.annotate(
        wrap(gap, 26),
        (last - 0.15, (reached + printed) / 2),
        xytext=(0, 0.94 * printed),
        va="top",
        color=VERMILION,
        arrowprops={"arrowstyle": "->", "color": "black", "linewidth": 0.7, "relpos": (1, 0.5)},
    )
    ax.plot([last, last], [reached, printed], color="black", linewidth=2.5, solid_capstyle="butt")
    ax.set_ylim(0, 1.12 * printed)
    ax.set_xlabel(label("month_2020"))
    ax.set_ylabel(label("closed_so_far"))
    thousands(ax, "y")
    return ax


def ratios_by_month(ratios: pd.DataFrame, label: Label, ax: Axes) -> Axes:
    """Draw closings per 100 openings by month with intervals, and their value for all months.

    Parameters
    ----------
    ratios : DataFrame
        One row a month and a last row ``"total"``; columns ``ratio``, ``low``, ``high``.
    label, ax
        As for `accounts_by_month`.
    """
    by_month, overall = ratios.drop(index="total"), ratios.loc["total", "ratio"]
    months = [_month(row) for row in by_month.index]
    error = [by_month["ratio"] - by_month["low"], by_month["high"] - by_month["ratio"]]
    ax.axhline(100, color="black", linewidth=0.6)
    ax.axhline(100 * overall, color=VERMILION, linewidth=0.9, linestyle=(0, (4, 2)))
    ax.errorbar(
        months,
        100 * by_month["ratio"],
        yerr=[100 * e for e in error],
        fmt="o",
        color=BLUE,
        markersize=4,
        elinewidth=1,
        capsize=2.5,
    )
    ax.annotate(
        f"{label('all_months')}\n{100 * overall:.1f}",
        (1, 100 * overall),
        xycoords=("axes fraction", "data"),
        xytext=(3, 0),
        textcoords="offset points",
        color=VERMILION,
        va="center",
    )
    ax.set_ylim(bottom=0)
    ax.set_xlabel(label("month_2020"))
    ax.set_ylabel(label("closed_per_100_opened"))
    return ax


def churn_rate(rates: pd.DataFrame, label: Label, ax: Axes) -> Axes:
    """Draw the churn rate against the number of accounts that was never published.

    Parameters
    ----------
    rates : DataFrame
        Indexed by number of accounts; one column a number of closings, rates from 0 to 1.
    label, ax
        As for `accounts_by_month`.
    """
    styles = zip(rates.columns, (VERMILION, "black"), ("-", (0, (4, 2))), strict=False)
    for closed, colour, line in styles:
        ax.plot(rates.index, 100 * rates[closed], color=colour, linestyle=line)
        side = 1 if colour == "black" else -1
        x = rates.index[len(rates) // 4]
        ax.annotate(
            f"{closed:,} {label('closed_word')}",
            (x, 100 * rates.loc[x, closed]),
            color=colour,
            xytext=(4 * side, 4 * side),
            textcoords="offset points",
            ha="left" if side > 0 else "right",
            va="bottom" if side > 0 else "top",
        )
    ax.set_ylim(bottom=0)
    ax.set_xlabel(label("accounts_open"))
    ax.set_ylabel(label("churn_percent"))
    thousands(ax, "x")
    return ax


def _month(printed: str) -> str:
    return str(int(printed.partition(".")[2]))
