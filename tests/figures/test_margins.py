import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from churnlib import figures, load_codebook
from churnlib.crosstabs.detectable_difference import frontier, power_curves

LABEL = load_codebook().labeller("en")


@pytest.fixture
def ax():
    with figures.style():
        figure, axes = plt.subplots()
        yield axes
        plt.close(figure)


def words(ax):
    return [text.get_text() for text in ax.texts]


def test_a_range_is_a_bar_from_low_to_high_with_both_numbers(ax):
    table = pd.DataFrame(
        {"low": [-1.0, 0.5], "high": [1.0, 0.5], "reference": 0.2}, index=["nothing", "most"]
    )
    figures.ranges(table, LABEL, ax, digits=1, reference="census_at")
    bars = [(bar.get_x(), bar.get_width()) for bar in ax.patches]
    assert bars == [(-1, 2), (0.5, 0)]
    # One number where both ends are the same.
    assert words(ax) == ["−1.0", "1.0", "0.5", "census 2020: 0.2"]
    assert [t.get_text() for t in ax.get_yticklabels()] == [
        LABEL("said_nothing"),
        LABEL("said_most"),
    ]
    first, last = ax.get_ylim()
    assert first > last  # what is supposed first stands on top


def test_a_frontier_is_drawn_where_the_frame_puts_it_and_a_guess_is_marked(ax):
    lines = {women: frontier(women, n=60) for women in (30, 20)}
    figures.evidence_frontier(lines, LABEL, ax, guess=(0.1, 0.4))
    drawn = [np.asarray(line.get_ydata(), dtype=float) for line in ax.lines]
    for women in lines:
        share = 100 * lines[women]["significant_share"].to_numpy()
        assert any(len(y) == len(share) and np.array_equal(y, share, equal_nan=True) for y in drawn)
    assert any(list(y) == [40] for y in drawn)
    assert {"30 women of 60", "20 women of 60"} <= set(words(ax))


def test_without_a_guess_nothing_is_marked(ax):
    figures.evidence_frontier({30: frontier(30, n=60)}, LABEL, ax)
    assert all(len(line.get_xdata()) > 1 for line in ax.lines)


def test_power_is_drawn_in_percent(ax):
    curves = power_curves(30, 30, [0.1, 0.4], points=11)
    figures.power(curves, LABEL, ax)
    drawn = [line.get_ydata() for line in ax.lines[:2]]
    np.testing.assert_allclose(drawn, 100 * curves.to_numpy().T)
    assert words(ax) == ["men 10 %", "men 40 %"]


def test_sliders_are_made_for_a_person_and_not_in_a_run(monkeypatch):
    seen = []

    def draw(women, men_at_six):
        seen.append((women, men_at_six))

    limits = {"women": (1, 199, 98), "men_at_six": (0, 100, 10)}
    monkeypatch.setenv("CHURNLIB_OUTPUT", "somewhere")
    assert figures.sliders(draw, **limits) is None
    assert seen == []
    monkeypatch.delenv("CHURNLIB_OUTPUT")
    widget = figures.sliders(draw, **limits)
    first, second = widget.children[:2]
    assert (first.min, first.max, first.value) == (1, 199, 98)
    assert second.description == "men at six"
    widget.update()
    assert seen[-1] == (98, 10)
    first.value = 50
    assert seen[-1] == (50, 10)


def test_every_word_of_these_figures_stands_in_both_languages():
    book = load_codebook()
    keys = [f"said_{said}" for said in ("nothing", "most", "no_degree", "both")]
    keys += ["women_of", "men_at_six", "women_at_six", "beyond_trivial", "equal_shares"]
    keys += ["men_share", "power_percent", "census_at", "width_note", "frontier_note"]
    for lang in ("en", "zh-Hans"):
        assert all(book.labeller(lang)(key) for key in keys)
