"""Drawing what margins allow: ranges, the evidence frontier, power."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Label = Callable[[str], str]

BLUE, VERMILION, GREEN, GREY = "#0072B2", "#D55E00", "#009E73", "#777777"
PALE, MIDDLE = "#deebf7", "#9ecae1"


def ranges(
    table: pd.DataFrame, label: Label, ax: Axes, *, digits: int = 2, reference: str = ""
) -> Axes:
    """Draw from where to where a number can lie, one bar for each thing that is supposed.

    Parameters
    ----------
    table : DataFrame
        One row a supposition, as in `sayings`; columns ``low`` and ``high``, and ``reference``
        where there is a number to compare with.
    label : callable
        From a key to its word, from `Codebook.labeller`.
    ax : Axes
        Where to draw.
    digits : int
        Decimals of the numbers at the ends.
    reference : str
        Key of the word for the reference line; no line when left out.
    """
    places = range(len(table))
    ax.use_sticky_edges = False
    ax.barh(places, table["high"] - table["low"], left=table["low"], color=MIDDLE, height=0.5)
    for end in ("low", "high"):
        ax.plot(table[end], places, "|", color=BLUE, markersize=11)
    for place, row in zip(places, table.itertuples(), strict=True):
        numbers = ((row.low, "right", -5), (row.high, "left", 5))
        # Two ends that are one get one number.
        for value, side, shift in numbers if row.high > row.low else numbers[1:]:
            ax.annotate(
                f"{value:.{digits}f}".replace("-", "−"),
                (value, place),
                xytext=(shift, 0),
                textcoords="offset points",
                ha=side,
                va="center",
                fontsize=7.5,
            )
    if reference:
        at = table["reference"].iloc[0]
        ax.axvline(at, color=VERMILION, linewidth=1, linestyle=(0, (4, 2)))
        ax.annotate(
            f"{label(reference)} {at:.{digits}f}",
            (at, 1.0),
            xycoords=("data", "axes fraction"),
            xytext=(3, 1),
            textcoords="offset points",
            color=VERMILION,
            fontsize=7.5,
        )
    ax.set_yticks(places, [label(f"said_{said}") for said in table.index])
    ax.set_ylim(len(table) - 0.5, -0.5)
    ax.margins(x=0.2)
    # Room for the numbers at the ends, but no ticks where no value can be.
    values = table[["low", "high", *(["reference"] if reference else [])]].to_numpy()
    first, last = min(0.0, np.nanmin(values)), np.nanmax(values)
    beyond = 0.05 * (last - first)
    ax.set_xticks([x for x in ax.get_xticks() if first - beyond <= x <= last + beyond])
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
        Number of women to its frontier, from `frontier`; the first is filled, others are lines.
    label, ax
        As for `ranges`.
    guess : pair of float, optional
        Shares of men and of women, from 0 to 1, to be marked.
    """
    (women, filled), *others = lines.items()
    x = 100 * filled["second_share"]
    significant, beyond = (
        100 * filled[name].fillna(1.0) for name in ("significant_share", "beyond_share")
    )
    ax.fill_between(x, significant, beyond, color=PALE, linewidth=0)
    ax.fill_between(x, beyond, 100, color=MIDDLE, linewidth=0)
    ax.plot([0, 100], [0, 100], color=GREY, linewidth=0.7)
    ax.plot(x, 100 * filled["significant_share"], color=BLUE)
    ax.plot(x, 100 * filled["beyond_share"], color=BLUE, linewidth=0.9)
    people = women + len(filled) - 1
    for (_, line), colour, dashes in zip(
        others, (VERMILION, GREEN), ((0, (4, 2)), (0, (1, 1.5))), strict=False
    ):
        share = 100 * line["significant_share"]
        ax.plot(100 * line["second_share"], share, color=colour, linestyle=dashes, linewidth=1.2)
    for place, (number, colour) in enumerate(zip(lines, (BLUE, VERMILION, GREEN), strict=False)):
        ax.annotate(
            label("women_of").format(women=number, n=people),
            (98, 22 - 8 * place),
            color=colour,
            ha="right",
            fontsize=7.5,
        )
    ax.annotate(label("beyond_trivial"), (4, 92), color="black", fontsize=7.5, va="top")
    ax.annotate(label("equal_shares"), (57, 55), color=GREY, fontsize=7.5, va="top")
    if guess is not None:
        ax.plot(100 * guess[0], 100 * guess[1], "D", color="black", markersize=6)
    ax.set_xlim(0, 100)
    ax.set_ylim(0, 100)
    ax.set_xlabel(label("men_at_six"))
    ax.set_ylabel(label("women_at_six"))
    return ax


def power(curves: pd.DataFrame, label: Label, ax: Axes) -> Axes:
    """Draw how often a difference that is there would be found.

    Parameters
    ----------
    curves : DataFrame
        From `power_curves`: women's shares as rows, one column a share of the men.
    label, ax
        As for `ranges`.
    """
    looks = ((BLUE, "-"), (VERMILION, (0, (4, 2))), (GREEN, (0, (1, 1.5))))
    for place, (share, (colour, line)) in enumerate(zip(curves, looks, strict=False)):
        ax.plot(100 * curves.index, 100 * curves[share], color=colour, linestyle=line)
        ax.annotate(
            label("men_share").format(share=f"{100 * share:.0f}"),
            (98, 40 - 8 * place),
            color=colour,
            ha="right",
            fontsize=7.5,
        )
    ax.axhline(80, color=GREY, linewidth=0.6)
    ax.set_xlim(0, 100)
    ax.set_ylim(0, 102)
    ax.set_xlabel(label("women_at_six"))
    ax.set_ylabel(label("power_percent"))
    return ax


def sliders(draw: Callable[..., Any], **limits: tuple[int, int, int]) -> Any:
    """Show sliders that call `draw` again and again, for a person at a running notebook.

    In a run by the pipeline or by the tests nothing is made: what is committed is the same from
    run to run, and the reader of a page has the still picture.

    Parameters
    ----------
    draw : callable
        Draws a figure; takes the sliders' values by name.
    **limits : triple of int
        First, last and present value of each.

    Returns
    -------
    The widget, or None.
    """
    if os.environ.get("CHURNLIB_OUTPUT"):
        return None
    from ipywidgets import IntSlider, interactive  # type: ignore[import-untyped]

    made = {
        name: IntSlider(
            value=value,
            min=low,
            max=high,
            description=name.replace("_", " "),
            continuous_update=False,
        )
        for name, (low, high, value) in limits.items()
    }
    return interactive(draw, **made)
