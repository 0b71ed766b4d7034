"""Every figure, drawn in both languages from the numbers that are kept behind it, as it is seen."""

import html
import re
from collections import Counter
from itertools import combinations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from likeness import words
from matplotlib.collections import LineCollection
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from churnlib import Origin, clean, crosstab, figures, load_codebook, read_answers
from churnlib.crosstabs import frontier
from churnlib.evidence.origin import PROJECT


def source(name, **options):
    return pd.read_csv(PROJECT / "figures" / "source" / f"{name}.csv", **options)


def accounts(label, axes):
    table = source("accounts", dtype={"row": str}).set_index("row")
    figures.accounts_by_month(table, label, axes[0])
    figures.total_against_months(table["closed"].cumsum(), 116_241, label, axes[1])


def closed_per_opened(label, axes):
    figures.ratios_by_month(source("closed_per_opened", index_col=0), 1.26, label, axes[0])


def shares(label, axes):
    table = source("shares", index_col=[0, 1])
    for ax, variable in zip(axes, ("age", "education"), strict=True):
        figures.shares(table.loc[variable], label, ax).set_title(label(variable))


def age_per_year(label, axes):
    figures.per_year_of_age(source("age_per_year", index_col=0), label, axes[0])


def statements(label, axes):
    figures.verdicts(source("statements", index_col=0)["verdict"], label, axes[0])


def plausibility(label, axes):
    table = source("plausibility", index_col=[0, 1])
    parts = table.assign(low=table["low"] / table["n"], high=table["high"] / table["n"])
    for ax, (question, part) in zip(axes, parts.groupby(level=0), strict=True):
        part = part.droplevel(0).assign(reference=part["census"].to_numpy())
        people = int(part["n"].iloc[0])
        figures.ranges(part, label, ax, reference="census_at")
        ax.set_xlabel(label(question).format(n=people))
        ax.label_outer()


def evidence_frontier(label, axes):
    lines = {98: source("evidence_frontier")} | {w: frontier(w, n=200) for w in (160, 40)}
    figures.evidence_frontier(lines, label, axes[0])
    figures.power(source("evidence_power", index_col=0).rename(columns=float), label, axes[1])


def demographic_model(label, axes):
    figures.forest(source("demographic_model", index_col=0), label, axes[0])


def real_samples(label, axes):
    found, power = source("real_samples"), source("real_power")
    for ax, test in zip(axes, found["test"].unique(), strict=True):
        points, curve = (table[table["test"] == test] for table in (found, power))
        figures.found_by_size(points, curve, label, ax).set_title(label(test))
        ax.label_outer()


def visits_by_gender(label, axes):
    table = source("visits_by_gender", index_col=0)
    figures.shares_by_group(table, label, axes[0], group="gender", response="visits")
    answers = read_answers(PROJECT / "data" / "synthetic" / "answers.csv")
    survey = clean(answers, load_codebook(), origin=Origin.SYNTHETIC, on_error="set_aside")
    figures.mosaic(crosstab(survey, "gender", "visits"), label, axes[1])


PANELS = {
    accounts: {"ncols": 2, "height": 2.9},
    closed_per_opened: {"height": 2.6},
    shares: {"ncols": 2, "sharex": True, "height": 2.4},
    age_per_year: {"height": 2.4},
    statements: {"height": 2.4},
    plausibility: {"ncols": 2, "sharey": True, "height": 2.7},
    evidence_frontier: {"ncols": 2, "height": 3.3},
    demographic_model: {"height": 2},
    real_samples: {"ncols": 3, "sharey": True, "height": 2.7},
    visits_by_gender: {"nrows": 2, "height_ratios": [1.74, 2.3], "height": 4.04},
}


AXES = {
    "accounts": [("month_2020", "accounts"), ("month_2020", "closed_so_far")],
    "closed_per_opened": [("month_2020", "closed_per_100_opened")],
    "shares": [("percent_of_people", ""), ("percent_of_people", "")],
    "age_per_year": [("age_in_years", "people_per_year")],
    "statements": [("", "")],
    "plausibility": [("adults_without_college", ""), ("older_with_college", "")],
    "evidence_frontier": [("men_at_six", "women_at_six"), ("women_at_six", "power_percent")],
    "demographic_model": [("odds_ratio_of_more", "")],
    "real_samples": [("people_in_sample", "percent_of_samples"), *[("people_in_sample", "")] * 2],
    "visits_by_gender": [("percent_of_group", "visits"), ("", "")],
}
"""Keys of the words beside the axes of each panel: across, then up."""


@pytest.fixture(scope="module", params=["en", "zh-Hans"])
def lang(request):
    return request.param


@pytest.fixture(scope="module", params=PANELS, ids=lambda draw: draw.__name__)
def drawn(request, lang):
    draw, options = request.param, PANELS[request.param] | {"squeeze": False}
    with figures.style():
        figure, axes = plt.subplots(figsize=(6.3, options.pop("height")), **options)
        draw(load_codebook().labeller(lang), axes.ravel())
        figures.caption(figure, load_codebook().labeller(lang), Origin.PUBLISHED, "")
        figure.draw_without_rendering()
    yield figure, draw.__name__
    plt.close(figure)


def boxes(figure):
    """Every text that is seen, with its box."""
    unseen = set()
    for ax in figure.axes:
        for axis in (ax.xaxis, ax.yaxis):
            low, high = sorted(axis.get_view_interval())
            unseen |= {t.label1 for t in axis.get_major_ticks() if not low <= t.get_loc() <= high}
    texts = [t for t in figure.findobj(Text) if t.get_text().strip() and t not in unseen]
    sizes = {text: Text.get_window_extent(text) for text in texts if text.get_visible()}
    return {text: box for text, box in sizes.items() if box.width > 0}


def curves(ax):
    """Every line that is drawn, an interval or a curve, in the pixels of the figure."""
    for line in ax.lines:
        yield line.get_transform().transform_path(line.get_path())
    for lines in ax.collections:
        if isinstance(lines, LineCollection):
            yield from map(lines.get_transform().transform_path, lines.get_paths())


def is_number(text):
    return re.fullmatch(r"[−\d.,]+", text) is not None


def test_every_word_and_number_is_that_of_the_kept_figure_in_its_language(drawn, lang):
    figure, name = drawn
    seen = Counter(line for text in boxes(figure) for line in text.get_text().split("\n"))
    seen -= Counter([figure.get_supxlabel()])
    kept = Counter(map(html.unescape, words(PROJECT / "figures" / lang / f"{name}.svg")))
    assert seen <= kept, seen - kept
    assert not [*filter(is_number, kept - seen)]


def test_every_axis_is_named_after_what_is_counted_on_it(drawn, lang):
    figure, name = drawn
    word = load_codebook().labeller(lang)
    people = source("plausibility", index_col=[0, 1])["n"].groupby(level=0).first().astype(int)

    def label(key):
        return word(key).format(n=people.get(key)) if key else ""

    named = [(label(x), label(y)) for x, y in AXES[name]]
    assert [(ax.get_xlabel(), ax.get_ylabel()) for ax in figure.axes] == named


def test_no_text_covers_another_or_a_line_or_leaves_its_panel(drawn):
    figure, _ = drawn
    assert min(text.get_fontsize() for text in boxes(figure)) >= 7  # points, as in Word
    for (text, box), (other, its_box) in combinations(boxes(figure).items(), 2):
        assert not box.overlaps(its_box), (text, other)
    for ax in figure.axes:
        panel = ax.get_window_extent()
        for text in ax.texts:
            box = Text.get_window_extent(text)
            crossing = [curve for curve in curves(ax) if curve.intersects_bbox(box, filled=False)]
            assert not crossing, text
            if getattr(text, "xycoords", "data") == "data":
                assert Bbox.intersection(panel, box).size == pytest.approx(box.size), text


def test_axes_hold_all_that_is_drawn_and_have_three_ticks_where_they_count(drawn):
    figure, _ = drawn
    for ax in figure.axes:
        low, high = np.sort(ax.viewLim.get_points(), axis=0)
        first, last = ax.dataLim.get_points()
        assert (low <= first).all()
        assert (last <= high).all()
        # A range may be narrow among 0 to 100 %; nothing is drawn on the lower half alone.
        assert ((last - first) / (high - low) > (0.35, 0.6)).all()
        for axis in (ax.xaxis, ax.yaxis):
            numbers = [t for t in axis.get_ticklabels() if is_number(t.get_text())]
            assert axis.get_label_text() or not numbers
            assert len(numbers) not in (1, 2)
