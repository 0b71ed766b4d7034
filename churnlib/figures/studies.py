"""Figures of printed numbers: accounts by month, what could be found, the verdicts."""

from collections.abc import Mapping

import pandas as pd
import seaborn as sns
import seaborn.objects as so
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from churnlib.evidence import Kind
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
    draw_intervals,
    draw_on,
    name_axes,
    six_digits,
    wrap,
)

LINES = ("", (4, 2), (1, 1.5))
"""Solid, dashed and dotted: three lines that stay apart in grey."""
FACES = {
    Kind.REPRODUCED: ("#0072B2", "white"),
    Kind.CAVEAT: ("#9ecae1", "black"),
    Kind.NOT_ESTABLISHED: ("#f0e4b0", "black"),
    Kind.INCOMPLETE: ("#e6c35c", "black"),
    Kind.ARITHMETIC_ERROR: ("#D55E00", "white"),
    Kind.CONTRADICTED: ("#7a3400", "white"),
    Kind.UNTESTABLE: ("#e2e2e2", "black"),
    Kind.EXTERNAL: ("white", "black"),
}
"""Colour of a tile and of its number: what holds first, what cannot be judged last."""


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
    names = {"closed": ("idxmax", VERMILION, 5), "opened": ("idxmin", BLUE, -5)}
    for series, (farthest, colour, up) in {**names, "net": ("idxmin", GREY, -2)}.items():
        month = by_month[series].agg(farthest)
        end = (month, by_month.loc[month, series])
        annotate_point(ax, end, label(series), (0, up), color=colour)
    ax.margins(y=0.1)
    ax.set_xticks(by_month.index)
    ax.yaxis.set_major_formatter("{x:,.0f}")
    return name_axes(ax, label, "month_2020", "accounts")


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
    total = f"{label('printed_total')} {printed:,}"
    annotate_point(ax, (first, printed), total, (0, 4), ha="left", va="baseline")
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
    ax.set(ylim=(0, 1.12 * printed), xticks=by_month.index)
    ax.yaxis.set_major_formatter("{x:,.0f}")
    return name_axes(ax, label, "month_2020", "closed_so_far")


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
    draw_intervals(ax, by_month, "month", "ratio")
    ax.axhline(1, color=GREY, linewidth=0.6)
    lines = [(overall, "all_months", VERMILION, "-"), (printed, "printed", "black", DASHED)]
    for value, key, colour, line in lines:
        ax.axhline(value, color=colour, linewidth=0.9, linestyle=line)
        shift = (3, 1 if value >= max(overall, printed) else -1)
        look = {"color": colour, "xycoords": ax.get_yaxis_transform()}
        annotate_point(ax, (1, value), f"{label(key)} {100 * value:.4g}", shift, **look)
    ax.set(ylim=(0, None), xticks=by_month.index)
    return name_axes(ax, label, "month_2020", "closed_per_100_opened", percent="y")


def _numbered(by_month: pd.DataFrame) -> pd.DataFrame:
    """Return the rows "2020.01", "2020.02" … by the number of their month."""
    return by_month.rename(lambda row: int(row.partition(".")[2])).rename_axis("month")


def ranges(table: pd.DataFrame, label: Label, ax: Axes, *, reference: str) -> Axes:
    """Draw from where to where a share can lie, one bar for each thing that is supposed.

    The axis goes from 0 to 100 %, so that panels can be compared.

    Parameters
    ----------
    table : DataFrame
        One row a supposition, as in `minor_assumptions`; columns ``low`` and ``high``, from 0 to
        1, and ``reference``, the number to compare with.
    reference : str
        Key of the word for the line at this number.
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
        ends = {row.low: -5, row.high: 5}  # two ends that are one get one number
        for end, right in ends.items():
            annotate_point(ax, (end, place), f"{100 * end:.0f}", (right, 0), fontsize=SMALL)
    at, top = table["reference"].iloc[0], ax.get_xaxis_transform()
    ax.axvline(at, color=VERMILION, linewidth=1, linestyle=DASHED)
    look = {"color": VERMILION, "va": "baseline", "fontsize": SMALL, "xycoords": top}
    annotate_point(ax, (at, 1), f"{label(reference)} {100 * at:.0f}", (0, 1), **look)
    ax.set_yticks(range(len(table)), [label(f"said_{said}") for said in table.index])
    ax.set(xlim=(-0.12, 1.14), xticks=[0, 0.25, 0.5, 0.75, 1])
    ax.spines["bottom"].set_bounds(0, 1)
    return name_axes(ax, label, percent="x")


def evidence_frontier(lines: Mapping[int, pd.DataFrame], label: Label, ax: Axes) -> Axes:
    """Draw from which shares on a difference between women and men would count.

    Parameters
    ----------
    lines : mapping of int to DataFrame
        Number of women to its frontier, from `frontier`; at most three. What lies beyond the
        first is filled in grey.
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
    ax.set(xlim=(0, 1), ylim=(0, 1))
    return name_axes(ax, label, "men_at_six", "women_at_six", percent="xy")


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
    ax.set(xlim=(0, 1), ylim=(0, 1.02))
    return name_axes(ax, label, "women_at_six", "power_percent", percent="xy")


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
    draw_intervals(ax, found, "size", "found")
    draw_on(ax, so.Plot(six_digits(numbers), x="size", y="high", text="number").add(words))
    ax.set_xscale("log")
    ax.minorticks_off()
    ax.set_xticks(found["size"], [f"{size:,}" for size in found["size"]])
    ax.set(ylim=(0, 1.12), yticks=[0, 0.2, 0.4, 0.6, 0.8, 1])
    return name_axes(ax, label, "people_in_sample", "percent_of_samples", percent="y")


def _three_lines(curves: pd.DataFrame, colours: tuple[str, ...], ax: Axes) -> None:
    many = curves.shape[1]
    lines = {"palette": colours[:many], "dashes": LINES[:many], "estimator": None}
    sns.lineplot(six_digits(curves), **lines, ax=ax)
    ax.legend(loc="lower right", handlelength=2.2)


def verdicts(kinds: pd.Series, label: Label, ax: Axes) -> Axes:
    """Draw every statement as a tile with its number, one row of tiles for each verdict.

    Parameters
    ----------
    kinds : Series of str
        The verdict on each statement, indexed by its number, as in `claims`.
    """
    for row, (kind, (face, ink)) in enumerate(FACES.items()):
        numbers = kinds.index[kinds == kind]
        for place, number in enumerate(numbers):
            tile = Rectangle((place, row - 0.4), 0.92, 0.8, facecolor=face)
            ax.add_patch(tile).set(edgecolor="#555555", linewidth=0.5)
            ax.annotate(str(number), (place + 0.46, row), color=ink, ha="center", va="center")
        ax.annotate(str(len(numbers)), (len(numbers) + 0.2, row), va="center", color="#555555")
    ax.set_yticks(range(len(FACES)), [label(kind) for kind in FACES])
    ax.tick_params(left=False, bottom=False, labelbottom=False)
    ax.spines[:].set_visible(False)
    ax.set_xlim(-0.1, kinds.value_counts().max() + 1)
    ax.set_ylim(len(FACES) - 0.5, -0.5)
    return ax
