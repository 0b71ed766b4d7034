"""Figures of what could be found: ranges, the evidence frontier, power, and samples."""

from collections.abc import Mapping

import pandas as pd
import seaborn as sns
import seaborn.objects as so
from matplotlib.axes import Axes

from churnlib.figures.figure_style import (
    BLUE,
    DASHED,
    GREEN,
    GREY,
    PALE,
    PALE_GREY,
    SMALL,
    VERMILION,
    Label,
    annotate_point,
    draw_on,
    percent,
    six_digits,
)

LINES = ("", (4, 2), (1, 1.5))
"""Solid, dashed and dotted: three lines that stay apart in grey."""


def ranges(table: pd.DataFrame, label: Label, ax: Axes, *, reference: str = "") -> Axes:
    """Draw from where to where a share can lie, one bar for each thing that is supposed.

    The axis goes from 0 to 100 %, so that panels can be compared.

    Parameters
    ----------
    table : DataFrame
        One row a supposition, as in `minor_assumptions`; columns ``low`` and ``high``, from 0 to
        1, and ``reference`` where there is a number to compare with.
    reference : str
        Key of the word for the reference line; no line when left out.
    """
    rows = table.assign(said=table.index.astype(str))
    end = so.Dot(marker="|", color=BLUE, pointsize=11, stroke=1.2)
    draw_on(
        ax,
        so.Plot(six_digits(rows), y="said")
        .add(so.Range(color=PALE, linewidth=12), orient="y", xmin="low", xmax="high")
        .add(end, x="low")
        .add(end, x="high"),
    )
    for place, row in enumerate(table.itertuples()):
        ends = [(row.low, "right", -5), (row.high, "left", 5)]
        # Two ends that are one get one number.
        for value, side, shift in ends if row.high > row.low else ends[1:]:
            look = {"ha": side, "va": "center", "fontsize": SMALL}
            annotate_point(ax, (value, place), f"{100 * value:.0f}", (shift, 0), **look)
    if reference:
        at = table["reference"].iloc[0]
        ax.axvline(at, color=VERMILION, linewidth=1, linestyle=DASHED)
        look = {"color": VERMILION, "ha": "center", "fontsize": SMALL}
        words, top = f"{label(reference)} {100 * at:.0f}", ax.get_xaxis_transform()
        annotate_point(ax, (at, 1), words, (0, 1), xycoords=top, **look)
    ax.set_yticks(range(len(table)), [label(f"said_{said}") for said in table.index])
    ax.set(xlim=(-0.12, 1.14), xticks=[0, 0.25, 0.5, 0.75, 1], ylabel="", xlabel="")
    ax.spines["bottom"].set_bounds(0, 1)
    percent(ax.xaxis)
    return ax


def evidence_frontier(
    lines: Mapping[int, pd.DataFrame],
    label: Label,
    ax: Axes,
    *,
    guess: tuple[float, float] | None = None,
) -> Axes:
    """Draw from which shares on a difference between women and men would count.

    Parameters
    ----------
    lines : mapping of int to DataFrame
        Number of women to its frontier, from `frontier`; at most three. What lies beyond the
        first is filled in grey.
    guess : pair of float, optional
        Shares of men and of women, from 0 to 1, to be marked.
    """
    women, first = next(iter(lines.items()))
    filled = first.fillna(1.0)
    x, significant, beyond = (filled[f"{of}_share"] for of in ("second", "significant", "beyond"))
    ax.fill_between(x, significant, beyond, color="#ececec", linewidth=0)
    ax.fill_between(x, beyond, 1, color=PALE_GREY, linewidth=0)
    ax.axline((0, 0), (1, 1), color=GREY, linewidth=0.7)
    ax.annotate(label("beyond_trivial"), (0.03, 0.97), fontsize=SMALL, va="top")
    ax.annotate(label("equal_shares"), (0.57, 0.55), color=GREY, fontsize=SMALL, va="top")
    people = women + len(filled) - 1
    frontiers = {
        label("women_of").format(women=number, n=people): line.set_index("second_share")
        for number, line in lines.items()
    }
    significant = {words: line["significant_share"] for words, line in frontiers.items()}
    _three_lines(pd.DataFrame(significant), (BLUE, VERMILION, GREEN), ax)
    if guess is not None:
        ax.plot(*guess, "D", color="black", markersize=6)
    ax.set(xlim=(0, 1), ylim=(0, 1), xlabel=label("men_at_six"), ylabel=label("women_at_six"))
    percent(ax.xaxis)
    percent(ax.yaxis)
    return ax


def power(curves: pd.DataFrame, label: Label, ax: Axes) -> Axes:
    """Draw how often a difference that is there would be found.

    Black and greys, since colours are numbers of women beside it.

    Parameters
    ----------
    curves : DataFrame
        From `power_curves`: women's shares as rows, one column a share of the men, at most three.
    """
    named = curves.rename(columns=lambda men: label("men_share").format(share=f"{100 * men:.0f}"))
    _three_lines(named, ("black", "#555555", GREY), ax)
    ax.axhline(0.8, color=PALE_GREY, linewidth=0.6, zorder=0)
    ax.set(xlim=(0, 1), ylim=(0, 1.02), xlabel=label("women_at_six"), ylabel=label("power_percent"))
    percent(ax.xaxis)
    percent(ax.yaxis)
    return ax


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


def _three_lines(curves: pd.DataFrame, colours: tuple[str, ...], ax: Axes) -> None:
    many = curves.shape[1]
    lines = {"palette": colours[:many], "dashes": LINES[:many], "estimator": None}
    sns.lineplot(six_digits(curves), **lines, ax=ax)
    ax.legend(loc="lower right", handlelength=2.2)
