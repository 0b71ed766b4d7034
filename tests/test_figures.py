import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from churnlib import Crosstab, Origin, figures, load_codebook, printed_table, published_frequencies
from churnlib.provenance import PROJECT

LABEL = load_codebook().labeller("en")


@pytest.fixture
def ax():
    with figures.style():
        figure, axes = plt.subplots()
        yield axes
        plt.close(figure)


def words(ax):
    return [text.get_text() for text in ax.texts]


def test_the_accounts_figure_shows_the_printed_months(ax):
    flows = printed_table("3-1").numbers()
    figures.accounts_by_month(flows, LABEL, ax)
    opened, closed = (line.get_ydata() for line in ax.lines if len(line.get_xdata()) == 11)
    np.testing.assert_array_equal(opened, flows["opened"])
    np.testing.assert_array_equal(closed, flows["closed"])
    np.testing.assert_array_equal([bar.get_height() for bar in ax.patches], flows["net"])
    assert {"Opened", "Closed", "Net change"} == set(words(ax))


def test_the_total_that_no_month_accounts_for_is_drawn_and_named(ax):
    sums = printed_table("3-1").numbers()["closed"].cumsum()
    figures.total_against_months(sums, 116_241, LABEL, ax)
    drawn = {tuple(line.get_ydata()) for line in ax.lines}
    assert tuple(sums) in drawn
    assert (sums.iloc[-1], 116_241) in drawn  # the gap itself
    text = " ".join(words(ax))
    assert f"{sums.iloc[-1]:,}" in text
    assert f"{116_241 - sums.iloc[-1]:,}" in text


@pytest.mark.parametrize("number", ["3-2", "3-3"])
def test_share_bars_have_the_table_s_percentages_and_names(ax, number):
    table = published_frequencies(number)
    figures.shares(table.intervals().assign(share=table.shares), LABEL, ax)
    widths = [bar.get_width() for bar in ax.patches]
    np.testing.assert_allclose(widths, 100 * table.counts / 200, rtol=1e-12)
    names = [t.get_text().replace("\n", " ") for t in ax.get_yticklabels()]
    assert names == [LABEL(key) for key in table.counts.index]
    assert words(ax) == [f"{width:.1f}" for width in widths]


def test_ratios_are_drawn_per_hundred_with_the_overall_one_named(ax):
    ratios = pd.DataFrame(
        {"ratio": [0.5, 2.0, 1.2], "low": [0.4, 1.9, 1.1], "high": [0.6, 2.1, 1.3]},
        index=["2020.01", "2020.02", "total"],
    )
    figures.ratios_by_month(ratios, LABEL, ax)
    (marks,) = (container.lines[0].get_ydata() for container in ax.containers)
    np.testing.assert_allclose(list(marks), [50, 200])
    assert words(ax) == ["All months\n120.0"]


def test_churn_rates_are_drawn_in_percent(ax):
    base = pd.Index([100, 200, 400])
    figures.churn_rate(pd.DataFrame({10: 10 / base, 20: 20 / base}, index=base), LABEL, ax)
    np.testing.assert_allclose([line.get_ydata() for line in ax.lines], [[10, 5, 2.5], [20, 10, 5]])
    assert words(ax) == ["10 closed", "20 closed"]


def test_the_flow_of_rows_shows_what_was_set_aside(ax):
    keys = ["rows_read", "rows_set_aside", "rows_kept", "rows_complete"]
    figures.flow_of_rows(pd.Series([10, 3, 7, 6], index=keys), LABEL, ax)
    assert words(ax) == ["10", "−3", "7", "6"]
    bars = [(bar.get_x(), bar.get_width()) for bar in ax.patches]
    assert bars == [(0, 10), (7, 3), (0, 7), (0, 6)]


def test_group_shares_are_drawn_side_by_side_with_their_numbers(ax):
    table = pd.DataFrame({
        "group": ["male", "male", "female", "female"], "level": ["1-2", "6+"] * 2,
        "share": [0.6, 0.4, 0.3, 0.7], "low": [0.5, 0.3, 0.2, 0.6], "high": [0.7, 0.5, 0.4, 0.8],
    })  # fmt: skip
    figures.shares_by_group(table, LABEL, ax)
    np.testing.assert_allclose([bar.get_height() for bar in ax.patches], [60, 40, 30, 70])
    assert [t.get_text() for t in ax.get_xticklabels()] == ["1–2", "6 or more"]
    assert {"Male", "Female", "60", "40", "30", "70"} == set(words(ax))


def test_mosaic_tiles_have_the_areas_of_the_counts_and_the_shade_of_the_residuals(ax):
    table = Crosstab.from_counts(
        [[30, 10], [10, 30]], rows=["male", "female"], columns=["1-2", "6+"]
    )
    figures.mosaic(table, LABEL, ax)
    tiles, key = ax.patches[:4], ax.patches[4:]
    heights = [tile.get_height() + 0.012 for tile in tiles]
    np.testing.assert_allclose(heights, [0.75, 0.25, 0.25, 0.75])
    shades = [mpl.colors.to_hex(tile.get_facecolor()) for tile in ax.patches]
    assert [tile.get_hatch() for tile in tiles] == ["", "////", "////", ""]
    assert len({(tile.get_facecolor(), tile.get_hatch()) for tile in key}) == len(key) == 5
    assert shades[0] == shades[3] != shades[1] == shades[2]
    assert any("(+4.5)" in text for text in words(ax))  # the adjusted residual, 40/√80


def test_the_style_leaves_the_session_as_it_was():
    before = mpl.rcParams.copy()
    with figures.style():
        assert mpl.rcParams["svg.hashsalt"] == "churnlib"
    after = mpl.rcParams
    assert {key for key in before if before[key] != after[key]} == set()


def test_importing_churnlib_loads_no_drawing_and_no_models():
    import subprocess
    import sys

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
            figures.caption(figure, Origin.PUBLISHED, "Table 3-1")
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


def test_a_committed_figure_says_where_its_numbers_come_from():
    for svg in (PROJECT / "figures" / "en").glob("*.svg"):
        # Text is drawn as outlines, but matplotlib keeps the words in comments beside them.
        text = svg.read_text(encoding="utf-8")
        assert any(f"<!-- {origin.name} · " in text for origin in Origin), svg.name
