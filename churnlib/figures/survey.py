"""Figures of a survey: shares with intervals, groups side by side, people per year of age."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
import seaborn.objects as so
from matplotlib.axes import Axes
from matplotlib.patches import Patch

from churnlib.figures.figure_style import (
    GREY,
    GROUPS,
    PALE,
    SMALL,
    Label,
    columns_across,
    draw_on,
    percent,
    six_digits,
)
from churnlib.figures.fonts import width, wrap


def shares(table: pd.DataFrame, label: Label, ax: Axes) -> Axes:
    """Draw the share of each level as a bar with its interval.

    Parameters
    ----------
    table : DataFrame
        One row a level; columns ``share``, ``low`` and ``high``, from 0 to 1.
    """
    rows = table.assign(level=table.index.astype(str), group="")
    _bars(rows, [label(key) for key in table.index], [PALE], ax)
    ax.set_xlabel(label("percent_of_people"))
    return ax


def shares_by_group(
    table: pd.DataFrame, label: Label, ax: Axes, *, group: str, response: str
) -> Axes:
    """Draw the shares of several groups beside each other, each with its interval.

    Parameters
    ----------
    table : DataFrame
        One row a group and level, columns ``group``, ``level``, ``share``, ``low`` and
        ``high``, shares from 0 to 1. At most four groups.
    group, response : str
        Variables of the groups and of the levels.

    Raises
    ------
    ValueError
        If there are more groups than colours that stay apart in grey.
    """
    levels, groups = table["level"].unique(), table["group"].unique()
    if len(groups) > len(GROUPS):
        raise ValueError(
            f"{len(groups)} groups cannot be told apart in grey; draw at most {len(GROUPS)}"
        )
    words = [label(f"{response}.{level}") for level in levels]
    _bars(table, words, GROUPS[: len(groups)], ax)
    names = [wrap(label(f"{group}.{key}"), 34, most=1) for key in groups]
    key = zip(GROUPS, names, strict=False)
    ax.legend(
        handles=[Patch(color=colour, label=name) for colour, name in key],
        title=wrap(label(group), 40, most=2),
        ncols=max(1, columns_across(ax) // (6 + max(map(width, names)))),
        loc="lower left",
        bbox_to_anchor=(0, 1),
        alignment="left",
    )
    ax.set(xlabel=label("percent_of_group"), ylabel=wrap(label(response), 30, most=2))
    return ax


def per_year_of_age(table: pd.DataFrame, label: Label, ax: Axes) -> Axes:
    """Draw people per year of age: as wide as the band, as high as it is dense, its area people.

    Parameters
    ----------
    table : DataFrame
        One row a band; columns ``first`` and ``last``, whole years, both in the band, missing
        where it is open; ``people``; and ``per_year``, missing where the band is open. Such a
        band has no width, so no height can be drawn; it is named at the end where it lies.
    """
    closed, highest = table.dropna(subset=["per_year"]), float(table["per_year"].max())
    low, high = closed["first"].min(), closed["last"].max() + 1
    for row in table.itertuples():
        text = f"{label(row.Index)}\n{label('people_in_band').format(n=row.people)}"
        if pd.isna(row.per_year):
            x, side = (low - 0.8, "right") if pd.isna(row.first) else (high + 0.8, "left")
            open_band = f"{text}\n{label('open_band')}"
            ax.text(x, highest / 2, open_band, ha=side, va="center", color=GREY)
            continue
        span = row.last - row.first + 1
        bar = ax.bar(row.first, row.per_year, span, align="edge", color=PALE, edgecolor="white")
        ax.bar_label(bar, [f"{row.per_year:.2f}"], padding=2)
        ax.bar_label(bar, [wrap(text, 2 * span)], label_type="center")
    ax.set(xlim=(low - 13, high + 13), ylim=(0, 1.15 * highest), xticks=[*closed["first"], high])
    ax.set(xlabel=label("age_in_years"), ylabel=label("people_per_year"))
    return ax


def _bars(table: pd.DataFrame, names: Sequence[str], colours: Sequence[str], ax: Axes) -> None:
    """Draw a bar, an interval and a number for each row, and a name for each level.

    The first level stands on top; two levels may have the same name.
    """
    numbers = table.assign(number=[f"{100 * share:.1f}" for share in table["share"]])
    words = so.Text(color="black", halign="left", offset=4, fontsize=SMALL)
    rows: dict[str, Any] = {"orient": "y", "legend": False}
    apart = so.Dodge(by=["color"])
    draw_on(
        ax,
        so.Plot(six_digits(numbers), x="share", y="level", color="group")
        .add(so.Bar(alpha=1, edgewidth=0), apart, **rows)
        .add(so.Range(color="black", linewidth=0.9), apart, xmin="low", xmax="high", **rows)
        .add(words, apart, x="high", text="number", **rows)
        .scale(color=list(colours)),
    )
    ax.set_yticks(range(len(names)), [wrap(name, 20, most=3) for name in names])
    ax.set_ylabel("")
    ax.margins(x=0.16)
    percent(ax.xaxis)
