"""Figures of models: odds ratios in the order they are given, and samples beside their power."""

from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from churnlib import figures, load_codebook
from churnlib.figures.survey import _log_ticks

TABLE = pd.DataFrame(
    [
        ["gender", "male", 1.0, np.nan, np.nan],
        ["gender", "female", 1.95, 1.15, 3.34],
        ["age", "le18", 1.0, np.nan, np.nan],
        ["age", "ge60", 0.5, 0.1, 40.0],
        ["visits", None, 1.02, 0.99, 1.05],
    ],
    columns=["predictor", "level", "odds_ratio", "low", "high"],
)


@pytest.fixture(params=["en", "zh-Hans"])
def drawn(request):
    label = load_codebook().labeller(request.param)
    with figures.style():
        _, ax = plt.subplots()
        yield figures.forest(TABLE, label, ax), label
        plt.close("all")


def test_points_and_intervals_stand_at_the_odds_ratios(drawn):
    ax, _ = drawn
    intervals, points, references = ax.collections
    known = TABLE.dropna(subset="low")
    np.testing.assert_allclose(points.get_offsets()[:, 0], known["odds_ratio"])
    limits = [segment[:, 0] for segment in intervals.get_segments()]
    np.testing.assert_allclose(limits, known[["low", "high"]])
    np.testing.assert_allclose(references.get_offsets()[:, 0], [1, 1])
    assert ax.get_xscale() == "log"


def test_every_level_is_named_below_its_predictor_and_references_are_called_so(drawn):
    ax, label = drawn
    rows = ["gender", "male", "female", "age", "le18", "ge60", "visits"]
    assert [t.get_text() for t in ax.get_yticklabels()] == [label(key) for key in rows]
    texts = [text.get_text() for text in ax.texts]
    assert texts.count(label("reference_level")) == 2
    # Each number stands at the height of its own row.
    heights = dict(zip(rows, ax.get_yticks(), strict=True))
    marks = [tick.tick1line.get_visible() for tick in ax.yaxis.get_major_ticks()]
    assert marks == [row not in ("gender", "age") for row in rows]
    placed = {text.get_text(): text.xy[1] for text in ax.texts}
    assert placed["1.95 [1.15, 3.34]"] == heights["female"]
    assert placed["0.50 [0.10, 40.00]"] == heights["ge60"]
    assert placed["1.02 [0.99, 1.05]"] == heights["visits"]


@pytest.mark.parametrize(
    ("low", "high"), [(0.1, 40), (0.97, 1.04), (0.6, 1.7), (1e-5, 3e6), (0.9, 9.9)]
)
def test_a_logarithmic_axis_has_three_ticks_inside_it_or_more_and_none_covers_another(low, high):
    table = TABLE.assign(low=[np.nan, low, np.nan, low, low], high=high)
    with figures.style():
        figure, ax = plt.subplots(figsize=(6.3, 3))
        figures.forest(table, load_codebook().labeller("en"), ax)
        figure.draw_without_rendering()
    least, most = ax.get_xlim()
    ticks = ax.get_xticks()
    assert len(ticks) >= 3
    assert all(least <= tick <= most for tick in ticks)
    boxes = [tick.get_window_extent() for tick in ax.get_xticklabels()]
    assert all(left.x1 < right.x0 for left, right in pairwise(boxes))
    plt.close(figure)


@pytest.mark.parametrize(
    ("ends", "ticks"),
    [
        ((0.044, 31.4), [0.1, 1, 10]),
        ((0.3, 20), [0.3, 1, 3, 10]),
        ((0.9, 9.9), [1, 2, 5]),
        ((0.53, 3.38), [0.7, 1, 1.5, 2, 3]),
        ((0.97, 1.04), [0.98, 1, 1.02, 1.04]),
        ((1e-5, 3e6), [1e-5, 1e-3, 0.1, 10, 1e3, 1e5]),
    ],
)
def test_ticks_are_the_roundest_numbers_of_which_three_have_room(ends, ticks):
    assert _log_ticks(*ends) == pytest.approx(ticks)


def test_a_forest_of_nine_questions_is_split_into_figures_that_fit_a_page_and_can_be_read():
    levels = ["Very dissatisfied", "Dissatisfied", "Neither", "Satisfied", "Very satisfied"]
    table = pd.DataFrame(
        [(f"How satisfied are you with item {q}, all in all?", level, 1.1, 0.8, 1.5)
         for q in range(9) for level in levels],
        columns=["predictor", "level", "odds_ratio", "low", "high"],
    )  # fmt: skip
    parts = figures.forest_parts(table)
    pd.testing.assert_frame_equal(pd.concat(parts), table)
    for part in parts:
        with figures.style():
            figure, ax = plt.subplots(figsize=(6.3, 2))
            figures.forest(part, lambda key: key.rpartition(".")[2], ax)
            figure.draw_without_rendering()
        # Three fifths of the height of an A4 page's text, the most that a report gives a figure.
        assert figure.get_figheight() <= 0.6 * (29.7 - 5) / 2.54
        boxes = [tick.get_window_extent() for tick in ax.get_yticklabels()]
        assert all(box.x0 >= 0 for box in boxes)
        assert all(above.y0 > below.y0 + 8 for above, below in pairwise(boxes))
        assert {word for t in ax.get_yticklabels() for word in t.get_text().split()} <= {
            word for name in [*levels, *table["predictor"]] for word in name.split()
        }
        plt.close(figure)


def test_samples_that_find_a_difference_stand_beside_the_power_computed_for_them():
    found = pd.DataFrame({"size": [50, 200, 1600], "found": [0.1, 0.34, 1.0],
                          "low": [0.08, 0.3, 0.99], "high": [0.12, 0.37, 1.0]})  # fmt: skip
    power = pd.DataFrame({"size": [50, 100, 1600], "power": [0.11, 0.18, 0.999]})
    with figures.style():
        figure, ax = plt.subplots()
        figures.found_by_size(found, power, load_codebook().labeller("en"), ax)
        figure.draw_without_rendering()
    intervals, points = ax.collections
    np.testing.assert_allclose(points.get_offsets(), found[["size", "found"]])
    limits = [segment[:, 1] for segment in intervals.get_segments()]
    np.testing.assert_allclose(limits, found[["low", "high"]])
    np.testing.assert_allclose(ax.lines[0].get_xydata(), power[["size", "power"]])
    assert ax.get_xscale() == "log"
    assert [t.get_text() for t in ax.get_xticklabels()] == ["50", "200", "1,600"]
    assert [text.get_text() for text in ax.texts] == ["10", "34", "100"]
    assert [t.get_text() for t in ax.get_yticklabels()] == ["0", "20", "40", "60", "80", "100"]
    assert ax.get_ylim()[1] > 1  # room for the number above a full share
    plt.close(figure)
