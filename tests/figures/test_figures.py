import os
import re
import subprocess
import sys

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from churnlib import (
    Crosstab,
    Origin,
    claims,
    figures,
    load_codebook,
    printed_table,
    published_frequencies,
)
from churnlib.evidence.origin import PROJECT
from churnlib.figures.survey import SHADES, _signed

LABEL = load_codebook().labeller("en")


@pytest.fixture
def ax():
    with figures.style():
        figure, axes = plt.subplots()
        yield axes
        plt.close(figure)


SOURCES = PROJECT / "figures" / "source"


def words(ax):
    return [text.get_text() for text in ax.texts]


def lines(ax):
    """The ends of every interval, one row each: along the axis that it lies on."""
    segments = [line for drawn in ax.collections for line in drawn.get_segments()]
    return [sorted(ends[:, 0] if ends[0, 0] != ends[1, 0] else ends[:, 1]) for ends in segments]


def test_the_accounts_figure_shows_the_printed_months(ax):
    flows = printed_table("3-1").numbers()
    figures.accounts_by_month(flows, LABEL, ax)
    opened, closed = (line.get_ydata() for line in ax.lines if len(line.get_xdata()) == 11)
    assert list(ax.lines[0].get_xdata()) == [*range(1, 12)]
    assert [t.get_text() for t in ax.get_xticklabels()] == [str(month) for month in range(1, 12)]
    np.testing.assert_array_equal(opened, flows["opened"])
    np.testing.assert_array_equal(closed, flows["closed"])
    np.testing.assert_array_equal([bar.get_height() for bar in ax.patches], flows["net"])
    assert {"Opened", "Closed", "Net change"} == set(words(ax))


def test_the_total_that_no_month_accounts_for_is_drawn_and_named(ax):
    sums = printed_table("3-1").numbers()["closed"].cumsum()
    figures.total_against_months(sums, 116_241, LABEL, ax)
    drawn = [line.get_xydata().tolist() for line in ax.lines]
    assert [[month, total] for month, total in enumerate(sums, 1)] in drawn
    assert [[11, sums.iloc[-1]], [11, 116_241]] in drawn  # the gap itself
    text = " ".join(words(ax))
    assert f"{sums.iloc[-1]:,}" in text
    assert f"{116_241 - sums.iloc[-1]:,}" in text
    assert sums.iloc[-1] < ax.texts[1].xy[1] < 116_241  # where its arrow points
    assert 116_241 in {line.get_ydata()[0] for line in ax.lines}
    assert ax.texts[0].xy[1] == 116_241


@pytest.mark.parametrize("number", ["3-2", "3-3"])
def test_share_bars_have_the_table_s_shares_intervals_and_names(ax, number):
    table = published_frequencies(number)
    figures.shares(table.intervals().assign(share=table.shares), LABEL, ax)
    ax.figure.draw_without_rendering()
    np.testing.assert_allclose([bar.get_width() for bar in ax.patches], table.counts / 200)
    np.testing.assert_allclose(lines(ax), table.intervals(), rtol=1e-5)  # six digits are drawn
    names = [t.get_text().replace("\n", " ") for t in ax.get_yticklabels()]
    assert names == [LABEL(key) for key in table.counts.index]
    assert words(ax) == [f"{100 * share:.1f}" for share in table.shares]
    first, last = ax.get_ylim()
    assert first > last  # the first level stands on top
    assert ax.get_xticklabels()[1].get_text() in {"10", "20"}  # percent


def test_ratios_are_drawn_per_hundred_with_the_overall_and_the_printed_one(ax):
    ratios = pd.DataFrame(
        {"ratio": [0.5, 2.0, 1.2], "low": [0.4, 1.9, 1.1], "high": [0.6, 2.1, 1.3]},
        index=["2020.01", "2020.02", "total"],
    )
    figures.ratios_by_month(ratios, 1.26, LABEL, ax)
    intervals, points = ax.collections
    np.testing.assert_allclose(points.get_offsets(), [[1, 0.5], [2, 2]])
    np.testing.assert_allclose(
        [ends[:, 1] for ends in intervals.get_segments()], [[0.4, 0.6], [1.9, 2.1]]
    )
    assert [line.get_ydata()[0] for line in ax.lines] == [1, 1.2, 1.26]
    assert words(ax) == ["All months 120", "Printed 126"]
    for line, text in zip(ax.lines[1:], ax.texts, strict=True):
        assert (text.get_color(), text.xy[1]) == (line.get_color(), line.get_ydata()[0])
    ax.figure.draw_without_rendering()
    assert "200" in [t.get_text() for t in ax.get_yticklabels()]


def test_group_shares_are_drawn_beside_each_other_with_their_numbers(ax):
    table = pd.DataFrame({
        "group": ["male", "male", "female", "female"], "level": ["1-2", "6+"] * 2,
        "share": [0.6, 0.4, 0.3, 0.7], "low": [0.5, 0.3, 0.2, 0.6], "high": [0.7, 0.5, 0.4, 0.8],
    })  # fmt: skip
    figures.shares_by_group(table, LABEL, ax, group="gender", response="visits")
    np.testing.assert_allclose([bar.get_width() for bar in ax.patches], [0.6, 0.4, 0.3, 0.7])
    assert [t.get_text() for t in ax.get_yticklabels()] == ["1–2", "6 or more"]
    assert words(ax) == ["60.0", "40.0", "30.0", "70.0"]
    # Each number stands in the middle of its own bar, behind the end of its interval.
    for bar, text, high in zip(ax.patches, ax.texts, table["high"], strict=True):
        assert text.get_position() == pytest.approx((high, bar.get_y() + bar.get_height() / 2))
    legend = ax.get_legend()
    assert legend.get_title().get_text() == "Gender"
    colours = {
        t.get_text(): p.get_facecolor()
        for t, p in zip(legend.texts, legend.get_patches(), strict=True)
    }
    assert colours == {
        "Male": ax.patches[0].get_facecolor(),
        "Female": ax.patches[2].get_facecolor(),
    }
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("Percent of each group", "Visits")


def test_mosaic_tiles_have_the_areas_of_the_counts_and_the_shade_of_the_residuals(ax):
    table = Crosstab.from_counts(
        [[30, 10], [20, 60]], rows=["male", "female"], columns=["1-2", "6+"]
    )
    figures.mosaic(table, LABEL, ax)
    areas = [tile.get_width() * tile.get_height() for tile in ax.patches]
    np.testing.assert_allclose(areas, [30 / 120, 10 / 120, 20 / 120, 60 / 120])
    assert [tile.get_hatch() for tile in ax.patches] == ["", "////", "////", ""]
    shades = [mpl.colors.to_hex(tile.get_facecolor()) for tile in ax.patches]
    assert shades[0] == shades[3] != shades[1] == shades[2]
    key = ax.get_legend().get_patches()
    assert len({(patch.get_facecolor(), patch.get_hatch()) for patch in key}) == len(key) == 5
    # (30 - 120 · 1/3 · 5/12) / √(16 2/3 · 2/3 · 7/12) by hand
    assert "1–2\n30 (+5.2)" in words(ax)
    assert [t.get_text() for t in ax.get_yticklabels()] == ["Male", "Female"]
    np.testing.assert_allclose([tile.get_y() for tile in ax.patches], [0, 0, 1 / 3, 1 / 3])


@pytest.mark.parametrize(
    ("people", "hatch"), [([[30, 10], [10, 30]], "////"), ([[25, 15], [15, 25]], "//")]
)
def test_shades_change_at_residuals_of_two_and_four(ax, people, hatch):
    # Adjusted residuals of these tables are 40/√80 = 4.5 and 20/√80 = 2.2.
    figures.mosaic(Crosstab.from_counts(people, rows=["a", "b"], columns=["x", "y"]), str, ax)
    assert [tile.get_hatch() for tile in ax.patches] == ["", hatch, hatch, ""]
    legend = ax.get_legend()
    key = {
        (patch.get_facecolor(), patch.get_hatch()): text.get_text()
        for patch, text in zip(legend.get_patches(), legend.texts, strict=True)
    }
    named = [key[tile.get_facecolor(), tile.get_hatch()] for tile in ax.patches[:2]]
    assert named == (["≥ 4", "≤ −4"] if hatch == "////" else ["[2, 4)", "(−4, −2]"])


def test_the_text_of_a_mosaic_can_be_read_on_every_shade():
    def luminance(colour):  # of the WCAG 2.2, which asks for a contrast of 4.5
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour]
        return np.dot(linear, (0.2126, 0.7152, 0.0722))

    for _, face, _ in SHADES:
        assert (luminance(mpl.colors.to_rgb(face)) + 0.05) / 0.05 > 4.5


def test_names_of_a_mosaic_are_never_broken_inside_a_word(ax):
    people = [[900, 60, 30, 5], [5, 4, 3, 2]]
    names = ["Very dissatisfied", "Satisfied", "Undecided", "Extraordinarily satisfied"]
    figures.mosaic(Crosstab.from_counts(people, rows=["Total", "Others"], columns=names), str, ax)
    written = " ".join([*words(ax), *(t.get_text() for t in ax.get_yticklabels())])
    whole = {word for name in [*names, "Total", "Others"] for word in name.split()}
    assert set(re.findall(r"[A-Za-z]+", written)) <= whole


def test_the_text_of_a_tile_stays_inside_it_and_is_whole_where_there_is_room(ax):
    people = [[900, 60, 30, 5], [30, 24, 3, 2], [40, 9, 9, 1], [300, 310, 290, 250]]
    names = ["none", "once or twice", "often", "always"]
    table = Crosstab.from_counts(people, rows=list("abcd"), columns=names)
    figures.mosaic(table, str, ax)
    ax.figure.draw_without_rendering()
    for tile, text in zip(ax.patches, ax.texts, strict=True):
        room, box = tile.get_window_extent(), text.get_window_extent()
        if text.get_text():
            assert room.x0 <= box.x0 <= box.x1 <= room.x1
            assert room.y0 - 1 <= box.y0 <= box.y1 <= room.y1 + 1
    for name, text in zip(names, ax.texts[-4:], strict=True):
        count, residual = table.counts.loc["d", name], table.adjusted_residuals.loc["d", name]
        assert text.get_text() == f"{name}\n{count} ({residual:+.1f})".replace("-", "−")
    assert words(ax)[0].startswith("none\n900 (+")
    assert words(ax)[3] == ""  # 5 of 995 have no room
    above, below = (tick.get_window_extent() for tick in ax.get_yticklabels()[1:3])
    assert 0 < above.y0 - below.y1 < below.height  # two thin rows, each named beside itself


@pytest.mark.parametrize(
    ("residual", "text"), [(-0.04, "0.0"), (0.04, "0.0"), (2.26, "+2.3"), (-10.0, "−10.0")]
)
def test_a_residual_has_its_sign_and_one_digit(residual, text):
    assert _signed(residual) == text


def test_bars_per_year_of_age_have_the_area_of_their_people(ax):
    table = pd.read_csv(SOURCES / "age_per_year.csv", index_col=0)
    figures.per_year_of_age(table, LABEL, ax)
    areas = [bar.get_width() * bar.get_height() for bar in ax.patches]
    closed = table.dropna(subset=["per_year"])
    np.testing.assert_allclose(areas, closed["people"])
    np.testing.assert_array_equal([bar.get_x() for bar in ax.patches], closed["first"])
    np.testing.assert_array_equal(ax.get_xticks(), [19, 30, 40, 60])
    # The open bands have no bar, and their people are named all the same.
    assert "18 or under\n24 people\nopen band,\nno width" in words(ax)
    assert "60 or over\n20 people\nopen band,\nno width" in words(ax)
    under, *_, over = (text.get_window_extent() for text in ax.texts)
    assert under.x1 < min(bar.get_window_extent().x0 for bar in ax.patches)
    assert over.x0 > max(bar.get_window_extent().x1 for bar in ax.patches)


def test_every_statement_has_one_tile_in_the_row_of_its_verdict(ax):
    kinds = claims()["verdict"]
    figures.verdicts(kinds, LABEL, ax)
    rows = [text.get_text() for text in ax.get_yticklabels()]
    tiles = [text for text in ax.texts if text.get_position()[0] % 1 == pytest.approx(0.46)]
    drawn = {int(tile.get_text()): rows[int(tile.xy[1])] for tile in tiles}
    assert drawn == {number: LABEL(kind) for number, kind in kinds.items()}
    assert all(
        tile.get_bbox().contains(*text.xy) for tile, text in zip(ax.patches, tiles, strict=True)
    )
    assert len(ax.patches) == 32
    counted = [int(t.get_text()) for t in ax.texts if t not in tiles]
    assert counted == [(kinds == kind).sum() for kind in rows]


def test_more_groups_than_greys_are_refused(ax):
    table = pd.DataFrame(
        [(str(group), "1-2", 0.5, 0.4, 0.6) for group in range(5)],
        columns=["group", "level", "share", "low", "high"],
    )
    with pytest.raises(ValueError, match="5 groups cannot be told apart in grey; draw at most 4"):
        figures.shares_by_group(table, LABEL, ax, group="gender", response="visits")


def test_neighbouring_groups_differ_in_grey():
    from churnlib.figures.figure_style import GROUPS

    grey = [np.dot(mpl.colors.to_rgb(colour), (0.299, 0.587, 0.114)) for colour in GROUPS]
    assert min(abs(np.diff(grey))) > 0.15


def test_an_empty_row_and_an_empty_cell_leave_the_mosaic_whole(ax):
    table = Crosstab.from_counts([[30, 0], [0, 0], [10, 30]], rows=list("abc"), columns=list("xy"))
    figures.mosaic(table, str, ax)
    assert len(ax.patches) == 4
    assert all("nan" not in text for text in words(ax))
    assert [t.get_text() for t in ax.get_yticklabels()] == ["a", "c"]


def test_the_numbers_behind_the_committed_figures_are_the_printed_ones():
    accounts = pd.read_csv(SOURCES / "accounts.csv", dtype={"row": str}).set_index("row")
    printed = printed_table("3-1").numbers()
    pd.testing.assert_frame_equal(accounts[["opened", "closed", "net"]], printed, check_names=False)
    shares = pd.read_csv(SOURCES / "shares.csv", index_col=[0, 1])
    for variable, number in (("age", "3-2"), ("education", "3-3")):
        table, drawn = published_frequencies(number), shares.loc[variable]
        np.testing.assert_allclose(drawn["share"], table.shares, rtol=1e-5)
        np.testing.assert_allclose(drawn[["low", "high"]], table.intervals(), rtol=1e-4)
    verdicts = pd.read_csv(SOURCES / "statements.csv", index_col=0)["verdict"]
    pd.testing.assert_series_equal(verdicts, claims()["verdict"])


# Whatever a label says, it is drawn as it stands and the layout holds.

BAD = {
    "a": "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft",
    "b": "<script>alert('x')</script> & \"quoted\"",
    "c": "=SUM(A1)+1",
    "d": "+$x_1$ 50 % \\alpha <!-- -->",
    "e": "这是一个非常非常长的选项，用来检验标签是否会自动换行而不影响版面布局",
}


def bad(key):
    return BAD.get(key.removeprefix("group.").removeprefix("level."), key)


def drawn_with_bad_labels(kind):
    table = pd.DataFrame({"share": 0.2, "low": 0.1, "high": 0.4}, index=list(BAD))
    groups = pd.concat([table.assign(group=group, level=table.index) for group in "abe"])
    people = [[30, 1, 9, 5, 4], [10, 30, 3, 8, 2], [2, 1, 1, 1, 3]]
    odds = pd.DataFrame(
        [
            (group, level, 1.0, low, 2.0)
            for group in "abe"
            for level, low in zip("cd", (np.nan, 0.5), strict=True)
        ],
        columns=["predictor", "level", "odds_ratio", "low", "high"],
    )
    with figures.style():
        figure, ax = plt.subplots(figsize=(6.3, 4))
        if kind == "shares":
            figures.shares(table, bad, ax)
        elif kind == "shares_by_group":
            figures.shares_by_group(
                groups.reset_index(drop=True), bad, ax, group="group", response="level"
            )
        elif kind == "forest":
            figures.forest(odds, lambda key: bad(key[-1]) if key[-1] in BAD else key, ax)
        else:
            crossed = Crosstab.from_counts(people, rows=list("abe"), columns=list(BAD))
            figures.mosaic(crossed, bad, ax)
        note = " ".join(BAD.values())
        figures.caption(figure, LABEL, Origin.SYNTHETIC, note)
    return figure


@pytest.mark.parametrize("kind", ["shares", "shares_by_group", "forest", "mosaic"])
def test_bad_labels_stay_inside_the_figure_and_apart_from_each_other(kind):
    from matplotlib.text import Text

    figure = drawn_with_bad_labels(kind)
    figure.draw_without_rendering()
    texts = [t for t in figure.findobj(Text) if not t.get_text().strip().isdigit()]
    boxes = {t: t.get_window_extent() for t in texts if t.get_text() and t.get_visible()}
    for text, box in boxes.items():
        assert text.get_fontsize() >= 7  # points in Word, where 6.3 inches are the width of a page
        assert figure.bbox.x0 - 1 <= box.x0 <= box.x1 <= figure.bbox.x1 + 1, text
        assert figure.bbox.y0 - 1 <= box.y0 <= box.y1 <= figure.bbox.y1 + 1, text
    names = [(t, box.padded(-2, -3)) for t, box in boxes.items() if t.get_text()[0] in "D<=+这"]
    assert len(names) >= 5
    for place, (text, box) in enumerate(names):
        for other, its_box in names[place + 1 :]:
            assert not box.overlaps(its_box), (text, other)
    plt.close(figure)


def test_a_script_in_a_label_does_not_run_in_an_svg(tmp_path, monkeypatch):
    from xml.etree import ElementTree

    monkeypatch.setenv("CHURNLIB_OUTPUT", str(tmp_path))
    figure = drawn_with_bad_labels("shares")
    figures.export("x", {}, figure)
    plt.close(figure)
    root = ElementTree.parse(tmp_path / "figures" / "en" / "x.svg").getroot()
    tags = {element.tag.rpartition("}")[2] for element in root.iter()}
    assert not tags & {"script", "foreignObject", "a", "image", "text"}


def test_two_levels_of_one_name_have_two_bars(ax):
    table = pd.DataFrame({"share": [0.2, 0.8], "low": [0.1, 0.7], "high": [0.3, 0.9]}, index=[1, 2])
    figures.shares(table, lambda key: "same", ax)
    assert [bar.get_y() + bar.get_height() / 2 for bar in ax.patches] == [0, 1]


def test_the_style_leaves_the_session_as_it_was():
    plt.get_backend()  # is chosen when first asked for
    before = mpl.rcParams.copy()
    with figures.style():
        assert mpl.rcParams["svg.hashsalt"] == "churnlib"
    after = mpl.rcParams
    assert {key for key in before if before[key] != after[key]} == set()


def test_importing_churnlib_loads_no_drawing_and_no_models():
    code = (
        "import sys, churnlib; "
        "print([m for m in ('matplotlib', 'seaborn', 'statsmodels', 'scipy', 'IPython', 'rich')"
        " if m in sys.modules])"
    )
    printed = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True
    )
    assert (printed.stdout.strip(), printed.stderr) == ("[]", "")


def test_exported_files_have_the_same_bytes_every_time(tmp_path, monkeypatch):
    def draw(folder):
        monkeypatch.setenv("CHURNLIB_OUTPUT", str(folder))
        with figures.style():
            figure, axes = plt.subplots()
            figures.accounts_by_month(printed_table("3-1").numbers(), LABEL, axes)
            figures.caption(figure, LABEL, Origin.PUBLISHED, "Table 3-1")
        figures.export("x", {"numbers": pd.DataFrame({"a": [1 / 3]})}, figure)
        plt.close(figure)
        return {
            str(path.relative_to(folder)): path.read_bytes()
            for path in folder.rglob("*")
            if path.is_file()
        }

    first, second = draw(tmp_path / "one"), draw(tmp_path / "two")
    assert set(first) == {f"figures/en/x.{kind}" for kind in ("pdf", "svg", "png")} | {
        "figures/source/numbers.csv"
    }
    assert first == second
    assert first["figures/source/numbers.csv"] == b",a\n0,0.333333\n"


def test_a_figure_that_was_exported_can_still_be_changed(tmp_path, monkeypatch):
    monkeypatch.setenv("CHURNLIB_OUTPUT", str(tmp_path))
    figure, _ = plt.subplots(layout="constrained")
    engine = figure.get_layout_engine()
    figures.export("x", {}, figure)
    assert figure.get_layout_engine() is engine
    plt.close(figure)


def test_another_process_draws_the_same_bytes(tmp_path, monkeypatch):
    code = """
import matplotlib.pyplot as plt
from churnlib import Origin, figures, load_codebook, published_frequencies
table = published_frequencies("3-3")
def draw(label):
    figure, ax = plt.subplots()
    figures.shares(table.intervals().assign(share=table.shares), label, ax)
    figures.caption(figure, label, Origin.SYNTHETIC, label("note_shares").format(n=200))
    return figure
figures.publish("x", draw, {"x": table.intervals()}, load_codebook())
"""
    here, there = tmp_path / "here", tmp_path / "there"
    monkeypatch.setenv("CHURNLIB_OUTPUT", str(here))
    plt.close("all")
    exec(code, {})
    # The first language is shown; the other's figure is closed.
    shown = [plt.figure(number).get_supxlabel() for number in plt.get_fignums()]
    assert [caption.partition(" · ")[0] for caption in shown] == ["SYNTHETIC"]
    plt.close("all")
    other = {"CHURNLIB_OUTPUT": str(there), "PYTHONHASHSEED": "7", "SOURCE_DATE_EPOCH": "1"}
    command = [sys.executable, "-W", "error", "-c", code]
    subprocess.run(command, check=True, env={**os.environ, "MPLBACKEND": "agg", **other})
    made = [
        {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
        for folder in (here, there)
    ]
    assert len(made[0]) == 7
    assert made[0] == made[1]


@pytest.mark.parametrize("kind", ["forest", "shares_by_group", "found_by_size"])
def test_the_last_bits_of_a_processor_do_not_reach_a_file(tmp_path, monkeypatch, kind):
    limits = {"low": [0.6180339, 0.5773502], "high": [0.7320508, 1.1547005], "size": [50, 200]}
    names = {"predictor": "gender", "group": "male", "level": ["male", "female"]}
    table = pd.DataFrame(
        names | limits | dict.fromkeys(["odds_ratio", "share", "found"], 0.70710678)
    )

    def draw(folder, noise):
        monkeypatch.setenv("CHURNLIB_OUTPUT", str(folder))
        noisy = table.assign(**table.select_dtypes("float") * (1 + noise))
        power = pd.DataFrame({"size": [50, 200], "power": [0.3 * (1 + noise), 0.9]})
        with figures.style():
            figure, ax = plt.subplots()
            drawn = [noisy, power] if kind == "found_by_size" else [noisy]
            more = {"group": "gender", "response": "gender"} if kind == "shares_by_group" else {}
            getattr(figures, kind)(*drawn, LABEL, ax, **more)
        figures.export("x", {}, figure)
        plt.close(figure)
        return [(folder / "figures/en" / f"x.{end}").read_bytes() for end in ("pdf", "svg", "png")]

    assert draw(tmp_path / "here", 0.0) == draw(tmp_path / "there", 4e-12)
    assert draw(tmp_path / "here", 0.0) != draw(tmp_path / "other", 1e-3)


def test_a_committed_figure_says_where_its_numbers_come_from():
    from likeness import words as words_of

    from churnlib.report.manifest import read_manifest

    for entry in read_manifest(PROJECT):
        if entry.kind == "figure":
            for lang in ("en", "zh-Hans"):
                written = words_of(PROJECT / f"figures/{lang}/{entry.name}.svg")
                kind = load_codebook().labeller(lang)(entry.origin.name)
                assert any(f"{kind} · " in text for text in written)


@pytest.mark.parametrize("text", ["lines: 95 % Wilson intervals; ", "线段：95%威尔逊置信区间；"])
def test_a_long_caption_fills_its_lines_and_stays_inside(text):
    with figures.style():
        figure, _ = plt.subplots()
        figures.caption(figure, LABEL, Origin.SYNTHETIC, 9 * text)
        figure.draw_without_rendering()
        words = next(t for t in figure.texts if t.get_text() == figure.get_supxlabel())
        box = words.get_window_extent()
        plt.close(figure)
    assert 0.75 < box.width / figure.bbox.width < 0.99
    assert figure.bbox.x0 < box.x0
    assert words.get_bbox_patch().get_visible()


@pytest.mark.parametrize("lang", ["en", "zh-Hans"])
@pytest.mark.parametrize("origin", Origin)
def test_a_figure_names_its_kind_of_evidence_once_in_its_own_language(lang, origin):
    label = load_codebook().labeller(lang)
    with figures.style():
        figure, _ = plt.subplots()
        figures.caption(figure, label, origin, "n = 3")
        plt.close(figure)
    english, chinese = origin.badge.split(" · ")
    assert figure.get_supxlabel() == f"{english if lang == 'en' else chinese} · n = 3"
