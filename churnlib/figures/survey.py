"""Figures of a survey: shares with intervals, groups side by side, rows through cleaning."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from churnlib.figures.figure_style import (
    BLUE,
    GREY,
    GROUPS,
    PALE,
    VERMILION,
    Label,
    beside,
    columns_across,
    six_digits,
)
from churnlib.figures.fonts import width, wrap

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NAME = 18
"""Columns of a name beside an axis before it is broken into lines."""


def shares(table: pd.DataFrame, label: Label, ax: Axes) -> Axes:
    """Draw the share of each level as a bar with its interval.

    Parameters
    ----------
    table : DataFrame
        One row a level; columns ``share``, ``low`` and ``high``, from 0 to 1.
    label, ax
        As for `accounts_by_month`.
    """
    places = range(len(table))
    ax.barh(places, 100 * table["share"], color=PALE, height=0.65)
    _interval(ax, 100 * table["share"], places, table, "x", "black")
    for place, row in zip(places, table.itertuples(), strict=True):
        _after(ax, (100 * row.high, place), f"{100 * row.share:.1f}")
    _names(ax, [label(key) for key in table.index])
    ax.margins(x=0.14)
    ax.set_xlabel(label("percent_of_people"))
    return ax


def per_year_of_age(table: pd.DataFrame, label: Label, ax: Axes) -> Axes:
    """Draw people per year of age: as wide as the band, as high as it is dense, its area people.

    Parameters
    ----------
    table : DataFrame
        One row a band; columns ``first`` and ``last``, whole years, both in the band, missing
        where it is open; ``people``; and ``per_year``, missing where the band is open. Such a
        band has no width, so no height can be drawn; it is named at the end where it lies.
    label, ax
        As for `accounts_by_month`.
    """
    closed, highest = table.dropna(subset=["per_year"]), float(table["per_year"].max())
    for row in closed.itertuples():
        span = row.last - row.first + 1
        bar = ax.bar(
            row.first, row.per_year, span, align="edge", color=PALE, edgecolor="white", linewidth=1
        )
        ax.bar_label(bar, [f"{row.per_year:.2f}"], padding=2)
        ax.annotate(
            wrap(f"{label(row.Index)}\n{label('people_in_band').format(n=row.people)}", 2 * span),
            (row.first + span / 2, row.per_year / 2),
            ha="center",
            va="center",
        )
    low, high = closed["first"].min(), closed["last"].max() + 1
    for row in table.drop(closed.index).itertuples():
        below = pd.isna(row.first)
        text = f"{label(row.Index)}\n{label('people_in_band').format(n=row.people)}"
        ax.annotate(
            f"{text}\n{label('open_band')}",
            (low - 0.8 if below else high + 0.8, highest / 2),
            ha="right" if below else "left",
            va="center",
            color=GREY,
        )
    ax.set_xlim(low - 13, high + 13)
    ax.set_ylim(0, 1.15 * highest)
    ax.set_xticks([*closed["first"], high])
    ax.set_xlabel(label("age_in_years"))
    ax.set_ylabel(label("people_per_year"))
    return ax


def shares_by_group(table: pd.DataFrame, label: Label, ax: Axes) -> Axes:
    """Draw the shares of several groups side by side, each with its interval.

    Parameters
    ----------
    table : DataFrame
        One row a group and level, columns ``group``, ``level``, ``share``, ``low`` and
        ``high``, shares from 0 to 1. At most four groups. Where bars are too narrow for their
        numbers, these are left out.
    label, ax
        As for `accounts_by_month`.

    Raises
    ------
    ValueError
        If there are more groups than colours that stay apart in grey.
    """
    table = six_digits(table)
    levels, groups = table["level"].unique(), table["group"].unique()
    if len(groups) > len(GROUPS):
        raise ValueError(
            f"{len(groups)} groups cannot be told apart in grey; draw at most {len(GROUPS)}"
        )
    names = [wrap(label(group), 24, most=1) for group in groups]
    broad = 0.8 / len(groups)
    # A short name stands in its own bar; a long one would not fit and goes into a legend.
    room = columns_across(ax, 7) * 1.2 * broad / len(levels)
    short = max(map(width, names)) <= room
    for order, (group, name, colour) in enumerate(zip(groups, names, GROUPS, strict=False)):
        rows = table[table["group"] == group]
        x = [place + (order - (len(groups) - 1) / 2) * broad for place in range(len(rows))]
        ax.bar(x, 100 * rows["share"], width=0.94 * broad, color=colour, label=name)
        _interval(ax, 100 * rows["share"], x, rows, "y", "black")
        if room >= 3:
            for place, row in zip(x, rows.itertuples(), strict=True):
                beside(ax, (place, 100 * row.high), f"{100 * row.share:.0f}", "black", 2)
        if short:
            ink = "white" if order % 2 == 0 else "black"
            beside(ax, (x[0], 0), name, ink, 4, size=7)
    if not short:
        ax.legend(loc="lower left", bbox_to_anchor=(0, 1), handlelength=1, borderaxespad=0.2)
    across = max(4, columns_across(ax) // len(levels) - 1)
    ax.set_xticks(range(len(levels)), [wrap(label(level), across, most=3) for level in levels])
    ax.set_ylabel(label("percent_of_group"))
    ax.margins(y=0.12)
    return ax


def census(table: pd.DataFrame, label: Label, ax: Axes) -> Axes:
    """Draw shares of the survey with their intervals beside those of a census.

    Parameters
    ----------
    table : DataFrame
        One row a group of people; columns ``share``, ``low`` and ``high`` of the survey and
        ``census``, from 0 to 1. A survey's share that was not published is missing.
    label, ax
        As for `accounts_by_month`.
    """
    known = table["share"].notna()
    places = pd.Series(range(len(table)), index=table.index)
    asked = table[known]
    # A line between the two is read faster than two points.
    ax.hlines(
        places[known], 100 * asked["share"], 100 * asked["census"], color="#d0d0d0", linewidth=4
    )
    _interval(ax, 100 * asked["share"], places[known], asked, "x", BLUE, "o")
    ax.plot(100 * table["census"], places, "D", color=VERMILION, markersize=5)
    for place, row in zip(places, table.itertuples(), strict=True):
        beside(ax, (100 * row.census, place), f"{100 * row.census:.1f}", VERMILION, 5)
        if not pd.isna(row.share):
            beside(ax, (100 * row.share, place), f"{100 * row.share:.1f}", BLUE, 5)
    named = asked.iloc[0] if len(asked) else table.iloc[0]
    for column, name, colour in (("share", "survey", BLUE), ("census", "census_2020", VERMILION)):
        if not pd.isna(named[column]):
            leftmost = named[column] == named[["share", "census"]].min()
            ax.annotate(
                label(name),
                (100 * named[column], places[named.name]),
                xytext=(4 if leftmost else -4, 15),
                textcoords="offset points",
                ha="right" if leftmost else "left",
                color=colour,
            )
    _names(ax, [label(key) for key in table.index], room=26)
    ax.set_xlim(0, 100)
    ax.set_ylim(len(table) - 0.5, -0.8)
    ax.set_xlabel(label("percent_of_people"))
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
    aside = [step == "rows_set_aside" for step in flow.index]
    starts = [flow["rows_kept"] if is_aside else 0 for is_aside in aside]
    colours = [VERMILION if is_aside else PALE for is_aside in aside]
    ax.barh(range(len(flow)), flow, left=starts, color=colours, height=0.6)
    for place, (count, start, is_aside) in enumerate(zip(flow, starts, aside, strict=True)):
        text = f"−{count:,}" if is_aside and count else f"{count:,}"
        _after(ax, (start + count, place), text)
    _names(ax, [label(step) for step in flow.index])
    ax.margins(x=0.1)
    ax.set_xlabel(label("answer_sheets"))
    return ax


def _interval(
    ax: Axes, values: pd.Series, places: Any, limits: pd.DataFrame, axis: str, colour: str,
    mark: str = "none",
) -> None:  # fmt: skip
    error = [values - 100 * limits["low"], 100 * limits["high"] - values]
    across, (x, y) = axis == "x", (values, places) if axis == "x" else (places, values)
    ax.errorbar(
        x,
        y,
        xerr=error if across else None,
        yerr=None if across else error,
        fmt=mark,
        color=colour,
        markersize=5,
        elinewidth=0.9,
        capsize=2.5,
    )


def _after(ax: Axes, point: tuple[float, float], text: str) -> None:
    ax.annotate(text, point, xytext=(4, 0), textcoords="offset points", va="center")


def _names(ax: Axes, names: Sequence[str], room: int = NAME) -> None:
    """Write a name beside each bar, the first on top; two bars may have the same name."""
    ax.set_yticks(range(len(names)), [wrap(name, room, most=3) for name in names])
    ax.invert_yaxis()
