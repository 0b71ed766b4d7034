"""The figure of samples shows the shares and the curve that it is given."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from churnlib import figures, load_codebook

FOUND = pd.DataFrame(
    {"size": [50, 200, 1600], "found": [0.1, 0.34, 1.0], "low": [0.08, 0.3, 0.99],
     "high": [0.12, 0.37, 1.0]}
)  # fmt: skip
POWER = pd.DataFrame({"size": [50, 100, 1600], "power": [0.11, 0.18, 0.999]})


@pytest.fixture(params=["en", "zh-Hans"])
def drawn(request):
    label = load_codebook().labeller(request.param)
    with figures.style():
        _, ax = plt.subplots()
        yield figures.found_by_size(FOUND, POWER, label, ax), label
        plt.close("all")


def test_points_intervals_and_curve_stand_where_their_numbers_are(drawn):
    ax, _ = drawn
    intervals, points = ax.collections
    np.testing.assert_allclose(points.get_offsets(), FOUND[["size", "found"]])
    limits = [segment[:, 1] for segment in intervals.get_segments()]
    np.testing.assert_allclose(limits, FOUND[["low", "high"]])
    np.testing.assert_allclose(ax.lines[0].get_xydata(), POWER[["size", "power"]])
    assert ax.get_xscale() == "log"


def test_every_size_is_a_tick_and_every_share_is_written(drawn):
    ax, label = drawn
    assert [t.get_text() for t in ax.get_xticklabels()] == ["50", "200", "1,600"]
    assert [text.get_text() for text in ax.texts] == ["10", "34", "100"]
    assert ax.get_xlabel() == label("people_in_sample")
    assert ax.get_ylabel() == label("percent_of_samples")
    ax.figure.draw_without_rendering()
    assert [t.get_text() for t in ax.get_yticklabels()] == ["0", "20", "40", "60", "80", "100"]
    assert ax.get_ylim()[1] > 1  # room for the number above a full share
