"""The forest plot shows the odds ratios it is given, and where none is given a reference."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from churnlib import figures, load_codebook

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
    points = ax.containers[0][0].get_xdata()
    assert list(points) == [1.95, 0.5, 1.02]
    (bars,) = ax.containers[0][2]
    assert [sorted(segment[:, 0]) for segment in bars.get_segments()] == [
        pytest.approx([1.15, 3.34]),
        pytest.approx([0.1, 40.0]),
        pytest.approx([0.99, 1.05]),
    ]
    assert ax.get_xscale() == "log"


def test_every_level_is_named_and_references_are_called_so(drawn):
    ax, label = drawn
    assert [t.get_text() for t in ax.get_yticklabels()] == [
        f"{label('gender')}: {label('male')}",
        f"{label('gender')}: {label('female')}",
        f"{label('age')}: {label('le18')}",
        f"{label('age')}: {label('ge60')}",
        label("visits"),
    ]
    texts = [text.get_text() for text in ax.texts]
    assert texts.count(label("reference_level")) == 2
    assert "1.95 [1.15, 3.34]" in texts


def test_ticks_of_the_logarithmic_axis_lie_inside_it(drawn):
    ax, _ = drawn
    least, most = ax.get_xlim()
    ticks = ax.get_xticks()
    assert len(ticks) >= 3
    assert all(least <= tick <= most for tick in ticks)
