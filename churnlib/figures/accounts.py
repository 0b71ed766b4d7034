"""Figures of accounts opened and closed, month by month."""

import pandas as pd
import seaborn.objects as so
from matplotlib.axes import Axes

from churnlib.figures.figure_style import (
    BLUE,
    DASHED,
    GREY,
    PALE_GREY,
    VERMILION,
    Label,
    annotate_point,
    draw_on,
    percent,
    six_digits,
)
from churnlib.figures.fonts import wrap


def accounts_by_month(flows: pd.DataFrame, label: Label, ax: Axes) -> Axes:
    """Draw openings and closings as lines and the net change as bars.

    Parameters
    ----------
    flows : DataFrame
        One row a month; columns ``opened``, ``closed`` and ``net``, in accounts.
    """
    by_month = _numbered(flows)
    draw_on(
        ax,
        so.Plot(six_digits(by_month), x="month")
        .add(so.Bar(color=PALE_GREY, alpha=1, edgewidth=0, width=0.7), y="net")
        .add(so.Line(color=BLUE, marker="o", pointsize=3.5), y="opened")
        .add(so.Line(color=VERMILION, marker="s", pointsize=3.5), y="closed"),
    )
    ax.axhline(0, color="black", linewidth=0.6)
    # Each name stands where its own series is farthest from the others.
    names = {
        "closed": ("idxmax", VERMILION, 5),
        "opened": ("idxmin", BLUE, -5),
        "net": ("idxmin", GREY, -2),
    }
    for series, (farthest, colour, points) in names.items():
        month = by_month[series].agg(farthest)
        look = {"color": colour, "ha": "center", "va": "bottom" if points > 0 else "top"}
        annotate_point(ax, (month, by_month.loc[month, series]), label(series), (0, points), **look)
    ax.margins(y=0.1)
    _name_axes(ax, by_month, label, "accounts")
    ax.yaxis.set_major_formatter("{x:,.0f}")
    return ax


def total_against_months(sums: pd.Series, printed: int, label: Label, ax: Axes) -> Axes:
    """Draw how the months add up, beside a printed total that they do not reach.

    Parameters
    ----------
    sums : Series of int
        Running sum by month, in accounts.
    printed : int
        The printed total.
    """
    by_month = _numbered(sums.to_frame("sum"))
    first, last, reached = by_month.index[0], by_month.index[-1], int(sums.iloc[-1])
    draw_on(
        ax,
        so.Plot(six_digits(by_month), x="month", y="sum")
        .add(so.Area(color=VERMILION, alpha=0.15, edgewidth=0))
        .add(so.Line(color=VERMILION, marker="s", pointsize=3.5)),
    )
    ax.axhline(printed, color="black", linewidth=1, linestyle=DASHED)
    annotate_point(ax, (first, printed), f"{label('printed_total')} {printed:,}", (0, 4))
    gap = label("months_and_gap").format(reached=f"{reached:,}", gap=f"{printed - reached:,}")
    # In the empty corner above the curve, with a line to the gap itself.
    ax.annotate(
        wrap(gap, 26),
        (last - 0.15, (reached + printed) / 2),
        xytext=(first, 0.94 * printed),
        va="top",
        color=VERMILION,
        arrowprops={"arrowstyle": "->", "color": "black", "linewidth": 0.7, "relpos": (1, 0.5)},
    )
    ax.plot([last, last], [reached, printed], color="black", linewidth=2.5, solid_capstyle="butt")
    ax.set_ylim(0, 1.12 * printed)
    _name_axes(ax, by_month, label, "closed_so_far")
    ax.yaxis.set_major_formatter("{x:,.0f}")
    return ax


def ratios_by_month(ratios: pd.DataFrame, printed: float, label: Label, ax: Axes) -> Axes:
    """Draw closings per 100 openings by month with intervals, for all months, and as printed.

    Parameters
    ----------
    ratios : DataFrame
        One row a month and a last row ``"total"``; columns ``ratio``, ``low``, ``high``.
    printed : float
        The printed ratio for all months.
    """
    by_month, overall = _numbered(ratios.drop(index="total")), ratios.loc["total", "ratio"]
    draw_on(
        ax,
        so.Plot(six_digits(by_month), x="month", y="ratio", ymin="low", ymax="high")
        .add(so.Range(color=BLUE, linewidth=1.2))
        .add(so.Dot(color=BLUE, pointsize=4)),
    )
    ax.axhline(1, color=GREY, linewidth=0.6)
    lines = [(overall, "all_months", VERMILION, "-"), (printed, "printed", "black", DASHED)]
    for value, key, colour, line in lines:
        ax.axhline(value, color=colour, linewidth=0.9, linestyle=line)
        above = value >= max(overall, printed)
        look = {"color": colour, "va": "bottom" if above else "top"}
        words, end = f"{label(key)} {100 * value:.4g}", ax.get_yaxis_transform()
        annotate_point(ax, (1, value), words, (3, 1 if above else -1), xycoords=end, **look)
    ax.set_ylim(0, None)
    _name_axes(ax, by_month, label, "closed_per_100_opened")
    percent(ax.yaxis)
    return ax


def _numbered(by_month: pd.DataFrame) -> pd.DataFrame:
    """Return the rows "2020.01", "2020.02" … by the number of their month."""
    return by_month.rename(lambda row: int(row.partition(".")[2])).rename_axis("month")


def _name_axes(ax: Axes, by_month: pd.DataFrame, label: Label, counted: str) -> None:
    ax.set(xticks=by_month.index, xlabel=label("month_2020"), ylabel=label(counted))
