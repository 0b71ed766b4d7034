"""Figures of a survey: shares with intervals, groups side by side, mosaics, odds ratios."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
import seaborn.objects as so
from matplotlib.axes import Axes
from matplotlib.patches import Patch, Rectangle
from matplotlib.ticker import LogLocator, MaxNLocator

from churnlib.figures.figure_style import (
    GREY,
    GROUPS,
    PALE,
    SMALL,
    Label,
    annotate_point,
    columns_across,
    draw_intervals,
    draw_on,
    figure_of,
    longest_word,
    name_axes,
    six_digits,
    width,
    wrap,
)
from churnlib.tables import Crosstab

SHADES = (
    ("≤ −4", "#fd8d3c", "////"),
    ("(−4, −2]", "#fdbe85", "//"),
    ("(−2, 2)", "#e4e4e4", ""),
    ("[2, 4)", "#9ecae1", ""),
    ("≥ 4", "#6baed6", ""),
)
"""Residuals, colour and hatch, from fewer people to more; hatches show where colours cannot."""


def shares(table: pd.DataFrame, label: Label, ax: Axes) -> Axes:
    """Draw the share of each level as a bar with its interval.

    Parameters
    ----------
    table : DataFrame
        One row a level; columns ``share``, ``low`` and ``high``, from 0 to 1.
    """
    rows = table.assign(level=table.index.astype(str), group="")
    _bars(rows, [label(key) for key in table.index], [PALE], ax)
    return name_axes(ax, label, "percent_of_people", percent="x")


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
    name_axes(ax, label, "percent_of_group", percent="x")
    ax.set_ylabel(wrap(label(response), 30, most=2))
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
    return name_axes(ax, label, "age_in_years", "people_per_year")


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
    ax.margins(x=0.16)


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
            strength = sum(abs(residual) >= bound for bound in (2, 4))
            _, face, hatch = SHADES[2 + (strength if residual > 0 else -strength)]
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
    estimated = placed["low"].notna()
    draw_intervals(ax, placed[estimated], "odds_ratio", "height", along="x")
    reference = so.Dot(marker="D", color=GREY, fill=False, pointsize=4)
    draw_on(ax, so.Plot(placed[~estimated], x="odds_ratio", y="height").add(reference))
    look: dict[str, Any] = {"fontsize": SMALL, "xycoords": ax.get_yaxis_transform()}
    for row, height in zip(table.itertuples(), heights, strict=True):
        text, colour = f"{row.odds_ratio:.2f} [{row.low:.2f}, {row.high:.2f}]", "black"
        if pd.isna(row.low):
            text, colour = label("reference_level"), GREY
        annotate_point(ax, (1, height), text, (6, 0), color=colour, **look)
    ax.set_yticks([*names], names.values())
    for tick, height in zip(ax.yaxis.get_major_ticks(), names, strict=True):
        tick.tick1line.set_visible(height in heights)  # not at the heading of a block
    ax.set_ylim(bottom - 0.4, -0.6)
    ax.set_xscale("log")
    ticks = _log_ticks(*ax.get_xlim())
    ax.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    ax.minorticks_off()
    return name_axes(ax, label, "odds_ratio_of_more")


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
        ticks = map(float, locator.tick_values(least, most))
        # Processors differ in the last bit of a power of ten.
        inside = [t for t in ticks if least * 0.999999 <= t <= most * 1.000001]
        if len(inside) >= 3:
            break
    return inside[:: -(-len(inside) // 6)]  # at most six, so that none covers another
