"""Mantel–Haenszel: published layers, statsmodels, and layers that say nothing."""

import json

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from statsmodels.stats.contingency_tables import StratifiedTable

from churnlib import Crosstab, Origin, clean, crosstab, load_codebook, mantel_haenszel, synthesise
from churnlib.evidence.origin import PROJECT

FILE = PROJECT / "tests" / "reference" / "cases.json"
CASES = {case["id"]: case for case in json.loads(FILE.read_text(encoding="utf-8"))["cases"]}
# SAS/STAT, PROC FREQ, example "Cochran–Mantel–Haenszel statistics": migraine by treatment.
MIGRAINE = {"female": [[16, 11], [5, 20]], "male": [[12, 16], [7, 19]]}
# R's DescTools, BreslowDayTest, as recorded in the tests of statsmodels (TestStratified2).
FIVE = [[[20, 14], [10, 24]], [[15, 12], [3, 15]], [[3, 2], [3, 2]], [[12, 3], [7, 5]],
        [[1, 0], [3, 2]]]  # fmt: skip


def test_the_migraine_trial_has_the_printed_statistics():
    result = mantel_haenszel(MIGRAINE)
    limits = [round(x, 4) for x in (result.value, result.low, result.high)]
    assert limits == [3.3132, 1.4456, 7.5934]
    assert round(result.test.statistic, 4) == 8.3052
    assert round(result.test.p_value, 4) == 0.0040
    # At the Mantel–Haenszel odds ratio; at the maximum likelihood one it would be 1.4965.
    assert round(result.breslow_day.statistic, 4) == 1.4929
    assert round(result.breslow_day.p_value, 4) == 0.2218
    assert result.breslow_day.df == 1


def test_breslow_day_and_tarone_are_desctools():
    result = mantel_haenszel(FIVE)
    assert round(result.value, 4) == 3.5912
    assert [round(result.low, 6), round(result.high, 6)] == [1.781135, 7.240633]
    assert round(result.corrected.statistic, 4) == 11.8852
    assert result.corrected.p_value == pytest.approx(0.0005658, abs=5e-8)
    assert round(result.breslow_day.statistic, 4) == 1.8438
    assert round(result.tarone.statistic, 4) == 1.8436
    assert round(result.tarone.p_value, 4) == 0.7645


def test_rabbits_are_r_s_mantelhaen_test():
    case = CASES["agresti_rabbits_2x2x5"]
    printed = {p["stat"]: p["value"] for p in case["published"]}
    result = mantel_haenszel(case["strata"])
    assert round(result.corrected.statistic, 4) == float(printed["mh_chi2_cc"])
    assert round(result.corrected.p_value, 5) == float(printed["mh_p_cc"])
    assert result.value == pytest.approx(float(printed["or_mh"]))
    limits = [f"{x:.6f}" for x in (result.low, result.high)]
    assert limits == printed["or_mh_ci95"]
    # In two of the layers no rabbit was cured, or all were.
    assert [dose for dose in case["strata"] if f"layer '{dose}' is left out" in result.note] == [
        "1/8",
        "4",
    ]


def test_admissions_are_r_s_mantelhaen_test_with_each_department_s_odds_ratio():
    case = CASES["ucb_admissions_2x2x6"]
    printed = {p["stat"]: p["value"] for p in case["published"]}
    result = mantel_haenszel(case["strata"])
    assert f"{result.value:.7f}" == printed["or_mh"]
    assert [f"{x:.7f}" for x in (result.low, result.high)] == printed["or_mh_ci95"]
    assert f"{result.corrected.statistic:.4f}" == printed["mh_chi2_cc"]
    by_department = [f"{x:.7f}" for x in result.layers["odds_ratio"]]
    assert by_department == printed["odds_ratios_by_dept"]
    assert list(result.layers.index) == list("ABCDEF")


def test_admissions_as_desctools_has_them_are_far_from_one_odds_ratio():
    # TestStratified3 of statsmodels; one applicant of department D is counted otherwise than in R.
    layers = [[[313, 512], [19, 89]], [[207, 353], [8, 17]], [[205, 120], [391, 202]],
              [[278, 139], [244, 131]], [[138, 53], [299, 94]], [[351, 22], [317, 24]]]  # fmt: skip
    result = mantel_haenszel(layers)
    assert round(result.value, 6) == 1.101879
    assert [round(result.low, 7), round(result.high, 7)] == [0.9402012, 1.2913602]
    assert round(result.corrected.statistic, 4) == 1.3368
    assert round(result.breslow_day.statistic, 5) == 18.83297
    assert round(result.breslow_day.p_value, 9) == 0.002064786


CELL = st.integers(1, 60)
LAYER = st.tuples(CELL, CELL, CELL, CELL)


@given(st.lists(LAYER, min_size=2, max_size=5))
def test_any_layers_agree_with_statsmodels(layers):
    tables = [np.array(layer).reshape(2, 2) for layer in layers]
    ours, theirs = mantel_haenszel(tables), StratifiedTable(tables)
    assert ours.value == pytest.approx(theirs.oddsratio_pooled, rel=1e-9)
    assert (ours.low, ours.high) == pytest.approx(theirs.oddsratio_pooled_confint(), rel=1e-9)
    null = theirs.test_null_odds(correction=False)
    assert ours.test.statistic == pytest.approx(null.statistic, rel=1e-9)
    assume(abs(ours.value - 1) > 1e-6)  # there statsmodels divides by zero
    for mine, adjust in ((ours.breslow_day, False), (ours.tarone, True)):
        assert mine.statistic == pytest.approx(theirs.test_equal_odds(adjust).statistic, abs=1e-6)


@given(LAYER, st.integers(2, 6))
def test_equal_layers_share_their_odds_ratio_and_do_not_differ(layer, times):
    a, b, c, d = layer
    result = mantel_haenszel([[[a, b], [c, d]]] * times)
    assert result.value == pytest.approx(a * d / (b * c))
    assert result.breslow_day.statistic == pytest.approx(0, abs=1e-8)
    assert result.breslow_day.df == times - 1


@given(st.lists(LAYER, min_size=1, max_size=4))
def test_exchanging_columns_inverts_the_odds_ratio(layers):
    tables = [np.array(layer).reshape(2, 2) for layer in layers]
    there, back = mantel_haenszel(tables), mantel_haenszel([t[:, ::-1] for t in tables])
    assert there.value == pytest.approx(1 / back.value)
    assert (there.low, there.high) == pytest.approx((1 / back.high, 1 / back.low))


def test_a_survey_is_combined_within_age_and_stays_simulated():
    sheets = synthesise("as_the_text_says", seed=1)
    survey = clean(sheets, load_codebook(), origin=Origin.SYNTHETIC, on_error="set_aside")
    layers = {
        age: Crosstab.from_counts(
            [[row["6+"], row["1-2"] + row["3-5"]] for _, row in table.counts.iterrows()],
            rows=table.counts.index, columns=["6+", "fewer"], origin=table.origin,
        )
        for age, table in crosstab(survey, "gender", "visits", layer="age").items()
    }  # fmt: skip
    result = mantel_haenszel(layers)
    assert result.origin is Origin.SYNTHETIC
    assert list(result.layers.index) == ["le18", "19-29", "30-39", "40-59", "ge60"]
    assert 0 < result.value < 1  # men over women
    assert "SYNTHETIC" in result._repr_html_()


def test_one_layer_has_an_odds_ratio_and_nothing_to_be_unequal_with():
    result = mantel_haenszel([[[10, 20], [30, 40]]])
    assert result.value == pytest.approx(400 / 600)
    for test in (result.breslow_day, result.tarone):
        assert np.isnan(test.p_value)
        assert "one layer only" in test.note


def test_an_empty_cell_in_every_layer_leaves_no_interval():
    result = mantel_haenszel([[[5, 0], [3, 4]], [[6, 0], [2, 5]]])
    assert np.isnan(result.value)  # 5·4/12 + 6·5/13 over nothing
    assert "unbounded" in result.note
    assert np.isnan(result.low)
    assert np.isnan(result.high)
    assert "without an interval" in result.note
    assert "nothing to compare" in result.breslow_day.note
    assert result.test.p_value < 0.05


def test_an_odds_ratio_of_nothing_is_0_without_an_interval():
    result = mantel_haenszel([[[0, 5], [3, 4]], [[0, 6], [2, 9]]])
    assert (result.value, np.isnan(result.low), np.isnan(result.high)) == (0, True, True)
    assert "unbounded" not in result.note
    assert "without an interval" in result.note


def test_layers_that_say_nothing_are_named():
    result = mantel_haenszel({"young": [[5, 3], [2, 6]], "old": [[0, 0], [2, 5]]})
    assert "layer 'old' is left out" in result.note
    assert "left out" in result._repr_html_()
    assert result.value == pytest.approx(5)


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ({}, "there is no layer"),
        ({"a": [[1, 2, 3], [4, 5, 6]]}, r"layer 'a' is 2 × 3; .*combine columns"),
        ([[[1, 2], [3, -4]]], "whole numbers of 0 or more"),
        (
            [
                Crosstab.from_counts([[1, 2], [3, 4]], rows=["m", "f"]),
                Crosstab.from_counts([[1, 2], [3, 4]], rows=["f", "m"]),
            ],
            r"layer 1 has rows and columns .*the first has",
        ),
    ],
)
def test_layers_that_do_not_fit_are_refused(layers, message):
    with pytest.raises(ValueError, match=message):
        mantel_haenszel(layers)


def test_an_empty_layer_is_left_out_by_name_and_not_counted():
    result = mantel_haenszel({"young": [[5, 3], [2, 6]], "none": [[0, 0], [0, 0]]})
    alone = mantel_haenszel({"young": [[5, 3], [2, 6]]})
    assert "layer 'none' is left out" in result.note
    assert result.n == alone.n == 16
    assert result.value == alone.value
    assert result.layers.loc["none", "note"] == "counts nobody"


def test_layers_of_which_none_says_anything_are_refused():
    with pytest.raises(ValueError, match="none says anything"):
        mantel_haenszel({"young": [[5, 3], [0, 0]], "old": [[4, 0], [6, 0]]})
