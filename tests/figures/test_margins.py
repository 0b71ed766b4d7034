import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.lines import AxLine

from churnlib import figures, load_codebook
from churnlib.crosstabs import frontier, power_curves
from churnlib.figures.figure_style import GREY

LABEL = load_codebook().labeller("en")


@pytest.fixture
def ax():
    with figures.style():
        figure, axes = plt.subplots()
        yield axes
        plt.close(figure)


def words(ax):
    return [text.get_text() for text in ax.texts]


def curves(ax):
    """What is drawn of more than two points, each with another look."""
    drawn = [line for line in ax.lines if len(line.get_xdata()) > 2]
    assert len({(line.get_color(), line.get_linestyle()) for line in drawn}) == len(drawn)
    return drawn


def named(ax):
    """The words of the legend, each beside the look of its curve."""
    legend = ax.get_legend()
    for key, curve in zip(legend.get_lines(), curves(ax), strict=True):
        assert (key.get_color(), key.is_dashed()) == (curve.get_color(), curve.is_dashed())
    return [text.get_text() for text in legend.get_texts()]


def test_a_range_is_a_bar_from_low_to_high_with_both_numbers(ax):
    table = pd.DataFrame(
        {"low": [0.1, 0.5], "high": [1.0, 0.5], "reference": 0.52}, index=["nothing", "most"]
    )
    figures.ranges(table, LABEL, ax, reference="census_at")
    bars = [segment[:, 0].tolist() for segment in ax.collections[0].get_segments()]
    assert bars == [[0.1, 1], [0.5, 0.5]]
    assert ax.lines[0].get_xdata()[0] == 0.52
    # One number where both ends are the same.
    assert words(ax) == ["10", "100", "50", "census 2020 52"]
    assert [t.get_text() for t in ax.get_yticklabels()] == [
        LABEL("said_nothing"),
        LABEL("said_most"),
    ]
    first, last = ax.get_ylim()
    assert first > last  # what is supposed first stands on top
    assert ax.spines["bottom"].get_bounds() == (0, 1)
    assert ax.get_xticks().tolist() == [0, 0.25, 0.5, 0.75, 1]  # the same in every panel


def test_a_frontier_is_drawn_where_the_frame_puts_it(ax):
    lines = {women: frontier(women, n=60) for women in (30, 20)}
    figures.evidence_frontier(lines, LABEL, ax)
    for line, curve in zip(lines.values(), curves(ax), strict=True):
        drawn = line[["second_share", "significant_share"]].dropna()
        np.testing.assert_allclose(curve.get_xydata(), drawn, rtol=1e-5)  # six digits are drawn
    assert named(ax) == ["30 women of 60", "20 women of 60"]
    share = lines[30].fillna(1.0)
    pale, dark = (fill.get_paths()[0].vertices.tolist() for fill in ax.collections)
    for at, significant, beyond in share.filter(like="_share").itertuples(index=False):
        assert {(at, significant), (at, beyond)} <= set(map(tuple, pale))
        assert {(at, beyond), (at, 1)} <= set(map(tuple, dark))
    equal = next(line for line in ax.lines if isinstance(line, AxLine))
    assert (equal.get_xy1(), equal.get_xy2()) == ((0, 0), (1, 1))


def test_no_colour_means_two_things_in_the_panels_of_the_frontier(ax):
    figures.evidence_frontier({w: frontier(w, n=60) for w in (30, 20, 10)}, LABEL, ax)
    colours = {line.get_color() for line in ax.lines}
    fills = {mpl.colors.to_hex(fill.get_facecolor()) for fill in ax.collections}
    assert not colours & fills
    ax.clear()
    figures.power(power_curves(30, 30, [0.1, 0.2, 0.4], points=11), LABEL, ax)
    assert not {line.get_color() for line in ax.lines[:3]} & (colours - {GREY})


def test_power_is_drawn_for_every_share_of_men(ax):
    table = power_curves(30, 30, [0.1, 0.6], points=11)
    figures.power(table, LABEL, ax)
    for curve, (_, power) in zip(curves(ax), table.items(), strict=True):
        drawn = power.reset_index().to_numpy()
        np.testing.assert_allclose(curve.get_xydata(), drawn, rtol=1e-5)
    assert named(ax) == ["men 10 %", "men 60 %"]
    assert [0.8, 0.8] in [list(line.get_ydata()) for line in ax.lines]
