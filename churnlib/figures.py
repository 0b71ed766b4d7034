"""Drawing finished results. A figure function computes nothing and returns its Axes."""

from churnlib.canvas import LANGUAGES as LANGUAGES
from churnlib.canvas import Label as Label
from churnlib.canvas import caption as caption
from churnlib.canvas import export as export
from churnlib.canvas import publish as publish
from churnlib.canvas import style as style
from churnlib.draw_accounts import accounts_by_month as accounts_by_month
from churnlib.draw_accounts import churn_rate as churn_rate
from churnlib.draw_accounts import ratios_by_month as ratios_by_month
from churnlib.draw_accounts import total_against_months as total_against_months
from churnlib.draw_models import forest as forest
from churnlib.draw_mosaic import mosaic as mosaic
from churnlib.draw_survey import census as census
from churnlib.draw_survey import flow_of_rows as flow_of_rows
from churnlib.draw_survey import per_year_of_age as per_year_of_age
from churnlib.draw_survey import shares as shares
from churnlib.draw_survey import shares_by_group as shares_by_group
from churnlib.draw_verdicts import verdicts as verdicts
from churnlib.markup import publish_table as publish_table
from churnlib.typeset import shown as shown
from churnlib.contingency import Crosstab
from churnlib.draw_margins import evidence_frontier as evidence_frontier
from churnlib.draw_margins import power as power
from churnlib.draw_margins import ranges as ranges
from churnlib.draw_margins import sliders as sliders

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Label = Callable[[str], str]

BLUE, VERMILION, GREEN, GREY = "#0072B2", "#D55E00", "#009E73", "#777777"
GROUPS = (BLUE, VERMILION, GREEN, GREY)
# Okabe and Ito's colours, which stay apart for colour-blind readers and in grey.


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
    ax.annotate(
        f"{label('sum_of_months')}\n{reached:,}. {label('gap')}\n{printed - reached:,}.",
        (last, reached),
        xytext=(last, 0.12 * reached),
        ha="right",
        color=VERMILION,
    )
    ax.plot([last, last], [reached, printed], color="black", linewidth=2.5, solid_capstyle="butt")
    ax.set_ylim(0, 1.12 * printed)
    ax.set_xlabel(label("month_2020"))
    ax.set_ylabel(label("closed_so_far"))
    thousands(ax, "y")
    return ax


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
    ax.barh(names, 100 * table["share"], color="#9ecae1", height=0.65)
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
    colours = [VERMILION if step == "rows_set_aside" else "#9ecae1" for step in flow.index]
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


def mosaic(table: Crosstab, label: Label, ax: Axes) -> Axes:
    """Draw each cell as an area, shaded where it holds more or fewer people than expected.

    Parameters
    ----------
    table : Crosstab
        Rows become columns of tiles as wide as the row is large.
    label, ax
        As for `accounts_by_month`. Shades are at adjusted residuals of 2 and 4.
    """
    import matplotlib.pyplot as plt

    shares, residuals = table.shares("row"), table.adjusted_residuals
    widths = table.row_totals / table.n
    left = 0.0
    for group in table.counts.index:
        bottom = 0.0
        for level in table.counts.columns:
            height, residual = shares.loc[group, level], residuals.loc[group, level]
            tile = (left + 0.004, bottom + 0.006)
            size = (widths[group] - 0.008, max(0.0, height - 0.012))
            face, hatch = _shade(residual)
            ax.add_patch(
                plt.Rectangle(tile, *size, facecolor=face, edgecolor="#555555", hatch=hatch)
            )
            ax.annotate(
                f"{label(str(level))}\n{table.counts.loc[group, level]} ({_signed(residual)})",
                (left + widths[group] / 2, bottom + height / 2),
                ha="center",
                va="center",
                fontsize=7.5,
                bbox={"facecolor": face, "edgecolor": "none", "pad": 1},
            )
            bottom += height
        ax.annotate(label(str(group)), (left + widths[group] / 2, 1.01), ha="center", va="bottom")
        left += widths[group]
    ax.set_xlim(0, 1)
    ax.set_ylim(0, 1.08)
    ax.set_axis_off()
    return ax


def _signed(residual: float) -> str:
    return f"{residual:+.1f}".replace("-", "−")


def _shade(residual: float) -> tuple[str, str]:
    """More people than expected are blue, fewer are orange and hatched, so that grey tells."""
    strength = 2 if abs(residual) >= 4 else 1 if abs(residual) >= 2 else 0
    if strength == 0:
        return "#eeeeee", ""
    return (
        (("#9ecae1", "#4292c6")[strength - 1], "")
        if residual > 0
        else (("#fdd0a2", "#fd8d3c")[strength - 1], "//")
    )


def _month(printed: str) -> str:
    return str(int(printed.partition(".")[2]))
