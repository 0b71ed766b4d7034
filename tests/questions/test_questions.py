"""Numbers, scales, several answers and weights, against R, pingouin and counts by hand."""

import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

import churnlib as cl
from churnlib.questions.description import alpha_of, independence_tests

OBSERVED = cl.Origin.OBSERVED


# A number by groups.


def test_two_groups_are_compared_as_pingouin_does(survey):
    """pingouin 0.7.0: ttest(correction=True), mwu, compute_effsize("hedges"), compute_esci."""
    compared = cl.compare_groups(survey, "age", "sex")
    assert compared.means.statistic == pytest.approx(-3.809163, abs=1e-6)
    assert compared.means.df == pytest.approx(19.099703, abs=1e-6)
    assert compared.means.p_value == pytest.approx(0.001175575782, abs=1e-12)  # R 4.2.2, t.test
    assert (compared.ranks.statistic, round(compared.ranks.p_value, 6)) == (20, 0.002946)
    g, r = compared.effects
    assert (g.value, round(g.low, 6), round(g.high, 6)) == pytest.approx(
        (-1.5014605196831017, -2.460014, -0.542907), abs=1e-9
    )
    assert r.value == pytest.approx(-0.722222, abs=1e-6)
    assert r.low < r.value < r.high < 0
    assert compared.post_hoc.empty
    assert cl.apa(compared.means) == "Welch's t-test, t(19.1, N = 24) = −3.81, p = .001"


def test_three_groups_are_compared_as_pingouin_and_r_do(survey):
    """pingouin 0.7.0: welch_anova, kruskal, anova, pairwise_gameshowell; R 4.2.2: oneway.test."""
    compared = cl.compare_groups(survey, "age", "region")
    assert compared.means.statistic == pytest.approx(2.830888, abs=1e-6)
    assert (compared.means.df, round(compared.means.df_residual, 6)) == (2, 13.244329)
    assert compared.means.p_value == pytest.approx(0.09471048127, abs=1e-10)
    assert compared.ranks.statistic == pytest.approx(4.58, abs=1e-12)
    assert compared.ranks.p_value == pytest.approx(0.1012664619, abs=1e-10)
    assert compared.ranks.df == 2
    (eta,) = compared.effects
    assert eta.value == pytest.approx(0.186505, abs=1e-6)
    howell = compared.post_hoc["games_howell"].round(6).tolist()
    assert howell == [0.073864, 0.440668, 0.729625]
    assert compared.post_hoc["difference"].tolist() == [11.5, 7.5, -4.0]
    assert cl.apa(compared.means).endswith("F(2, 13.2, N = 24) = 2.83, p = .095")


def test_the_interval_of_eta_squared_holds_the_f_of_its_limits(survey):
    """Each limit by its definition: the F seen lies at 2.5 % of the noncentral F."""
    (eta,) = cl.compare_groups(survey, "age", "region").effects
    f = eta.value / 2 / ((1 - eta.value) / 21)
    upper = eta.high / (1 - eta.high) * 24
    assert stats.ncf.cdf(f, 2, 21, upper) == pytest.approx(0.025, abs=1e-6)
    assert eta.low == 0 == max(0, eta.low)  # F of 2.4 is nothing unusual without a difference


def test_dunn_is_the_z_test_of_mean_ranks_with_ties():
    """By hand for three groups of three, two pairs tied: the variance of ranks lacks 2 · 6 / 96."""
    people = pd.DataFrame({"g": list("aaabbbccc"), "x": [1, 1, 2, 2, 3, 4, 5, 6, 7]})
    means = np.array([1.5 + 1.5 + 3.5, 3.5 + 5 + 6, 7 + 8 + 9]) / 3
    error = np.sqrt((9 * 10 / 12 - 2 * (2**3 - 2) / (12 * 8)) * 2 / 3)
    near, far, other = 2 * stats.norm.sf(abs(means[[0, 0, 1]] - means[[1, 2, 2]]) / error)
    holm = cl.compare_groups(people, "x", "g").post_hoc["dunn_holm"]
    smaller, larger = sorted([near, other])
    adjusted = {smaller: 2 * smaller, larger: max(2 * smaller, larger)}
    assert holm.tolist() == pytest.approx([adjusted[near], 3 * far, adjusted[other]])


def test_a_group_that_does_not_vary_is_in_no_test_of_means():
    people = pd.DataFrame({"g": list("aabbcc"), "x": [1, 1, 2, 3, 4, 5]})
    compared = cl.compare_groups(people, "x", "g")
    assert compared.post_hoc.empty  # two groups are left
    assert compared.means.name == "welch_t"


def test_groups_describe_their_people_and_count_the_missing(raw, book):
    some = raw.copy()
    some.loc[0, "age"] = "-3"
    groups = cl.compare_groups(cl.clean(some, book, origin=OBSERVED), "age", "sex").groups
    men = some["age"][(some["sex"] == "m") & (some["age"] != "-3")].astype(float)
    assert groups.loc["m", ["n", "missing"]].tolist() == [11, 1]
    expected = [men.mean(), men.std(), men.median(), *np.quantile(men, [0.25, 0.75])]
    assert groups.loc["m"].tolist()[2:] == pytest.approx(expected)


def test_what_cannot_be_compared_says_why(survey):
    few = pd.DataFrame({"g": list("aab"), "x": [1.0, 2.0, 3.0]})
    compared = cl.compare_groups(few, "x", "g")
    assert np.isnan(compared.means.p_value)
    assert "without b: too few or equal numbers" in compared.means.note
    with pytest.raises(ValueError, match="'sex' holds no numbers"):
        cl.compare_groups(survey, "sex", "region")
    with pytest.raises(KeyError, match="there is no variable 'x'"):
        cl.compare_groups(survey, "x", "region")
    with pytest.raises(TypeError, match="a Survey or a pandas DataFrame, given list"):
        cl.compare_groups([1], "x", "g")


def test_groups_that_do_not_overlap_have_all_the_rank_biserial_there_is_and_no_interval():
    people = pd.DataFrame({"g": list("aaabbb"), "x": [7, 8, 9, 1, 2, 3]})
    r = cl.compare_groups(people, "x", "g").effects[1]
    assert (r.value, np.isnan(r.low)) == (1, True)
    assert cl.compare_groups(people.assign(x=10 - people["x"]), "x", "g").effects[1].value == -1


# Numbers with numbers.


def test_correlations_are_pingouins(survey):
    """pingouin 0.7.0, corr: r = .964559, rho = .961739."""
    row = cl.correlations(survey, ["age", "income"]).iloc[0]
    assert (round(row.pearson, 6), round(row.spearman, 6)) == (0.964559, 0.961739)
    z, reach = np.arctanh(row.pearson), stats.norm.isf(0.025) / np.sqrt(21)  # Fisher (1921)
    assert (row.low, row.high) == pytest.approx((np.tanh(z - reach), np.tanh(z + reach)))
    assert row.p_holm == row.p_value


def test_a_number_that_does_not_vary_has_no_correlation():
    people = pd.DataFrame({"a": [1.0] * 5, "b": range(5), "c": [1, 2, 3, 5, 4]})
    table = cl.correlations(people, ["a", "b", "c"])
    assert table["pearson"].isna().tolist() == [True, True, False]
    with pytest.raises(ValueError, match="two variables or more"):
        cl.correlations(people, ["a"])


def test_three_people_have_no_correlation_and_four_an_interval():
    people = pd.DataFrame({"a": [1, 2, 4, 7], "b": [3, 1, 5, 4]})
    assert cl.correlations(people[:3], ["a", "b"])["pearson"].isna().all()
    # Fisher's z: tanh(atanh(.5533) ± 1.96/√(4 − 3))
    four = cl.correlations(people, ["a", "b"]).iloc[0]
    assert four[["low", "high"]].tolist() == pytest.approx([-0.8709, 0.9887], abs=5e-5)


# A scale.

ITEMS = pd.DataFrame(
    {
        "a": [5, 4, 2, 1, 3, 4, 5, 2, 3, 4],
        "b": [4, 4, 1, 2, 3, 5, 5, 2, 2, 3],
        "c": [5, 3, 2, 2, 4, 4, 4, 1, 3, 5],
    }
)


def scale_book(tmp_path, reversed_items="[]"):
    levels = ", ".join(
        f'{{ key = "l{i}", label = {{ en = "{w}" }} }}' for i, w in enumerate("pqrst", 1)
    )
    items = "".join(
        f'[variables.{i}]\nlabel = {{ en = "{i}" }}\nordered = true\nlevels = [{levels}]\n'
        for i in "abc"
    )
    scale = '[variables.s]\nlabel = { en = "S" }\nkind = "scale"\nitems = ["a", "b", "c"]\n'
    path = tmp_path / "scale.toml"
    path.write_text(f"{items}{scale}reversed = {reversed_items}\n", "utf-8")
    return path


def test_alpha_is_pingouins(tmp_path):
    """pingouin 0.7.0, cronbach_alpha: .906527 [.726, .975]; without a, .786765."""
    raw = ITEMS.map(lambda score: "pqrst"[score - 1])
    survey = cl.clean(raw, cl.load_codebook(scale_book(tmp_path)), origin=OBSERVED)
    shown = cl.reliability(survey, "s")
    assert shown.alpha.value == pytest.approx(0.9065269943593876)
    assert (round(shown.alpha.low, 3), round(shown.alpha.high, 3)) == (0.726, 0.975)
    assert shown.items.loc["a", "alpha_without"] == pytest.approx(0.7867647058823528)
    rest = np.corrcoef(ITEMS["a"], ITEMS["b"] + ITEMS["c"])[0, 1]
    assert shown.items.loc["a", "item_total"] == pytest.approx(rest)
    assert survey.frame["s"].tolist() == pytest.approx(ITEMS.mean(axis=1).tolist())


def test_a_reversed_question_is_turned_round(tmp_path):
    turned = ITEMS.assign(b=6 - ITEMS["b"]).map(lambda score: "pqrst"[score - 1])
    book = cl.load_codebook(scale_book(tmp_path, '["b"]'))
    survey = cl.clean(turned, book, origin=OBSERVED)
    assert cl.reliability(survey, "s").alpha.value == pytest.approx(0.9065269943593876)


def test_a_person_who_left_out_a_question_has_no_score(tmp_path):
    raw = ITEMS.map(lambda score: "pqrst"[score - 1])
    raw.loc[0, "a"] = ""
    survey = cl.clean(raw, cl.load_codebook(scale_book(tmp_path)), origin=OBSERVED)
    assert np.isnan(survey.frame["s"].iloc[0])
    assert cl.reliability(survey, "s").missing == 1


@given(st.lists(st.tuples(*[st.integers(1, 5)] * 3), min_size=3, max_size=30))
def test_alpha_does_not_change_with_the_unit_or_the_order_of_questions(rows):
    scores = pd.DataFrame(rows, columns=list("abc"))
    alpha, other = (alpha_of(s, OBSERVED).value for s in (scores, 10 * scores[["c", "a", "b"]] + 3))
    assert alpha == pytest.approx(other, nan_ok=True)


def test_a_question_that_everybody_answers_alike_has_no_correlation_with_the_rest(tmp_path):
    raw = ITEMS.assign(a=3).map(lambda score: "pqrst"[score - 1])
    survey = cl.clean(raw, cl.load_codebook(scale_book(tmp_path)), origin=OBSERVED)
    assert cl.reliability(survey, "s").items["item_total"].isna().tolist() == [True, False, False]


# Several answers.


def test_options_are_counted_of_people_and_of_answers(survey):
    """By hand: of 6 people one ticks nothing that is told from missing; 4 such sixes."""
    counted = cl.multiple_response(survey, "use")
    assert counted.options["n"].tolist() == [12, 8, 8]
    assert (counted.n, counted.missing, counted.none) == (20, 4, 0)
    assert counted.options["people"].tolist() == [12 / 20, 8 / 20, 8 / 20]
    assert counted.options["answers"].tolist() == pytest.approx([12 / 28, 8 / 28, 8 / 28])
    assert tuple(counted.options.loc["card", ["low", "high"]]) == pytest.approx(cl.wilson(12, 20))


def test_options_by_group_are_tested_one_by_one_and_adjusted(survey, raw):
    compared = cl.compare_options(survey, "use", "sex")
    answered = raw[raw["use"] != ""]
    ticks = answered["use"].str.contains("Loan")
    table = pd.crosstab(ticks, answered["sex"])[["m", "f"]]
    assert compared.counts.loc["loan"].tolist() == table.loc[True].tolist()
    # the smallest expected count is below 5, so the exact test is scipy's
    expected = stats.fisher_exact(table.to_numpy()).pvalue
    assert compared.tests["loan"].p_value == pytest.approx(expected)
    p = sorted(test.p_value for test in compared.tests.values())
    assert min(compared.holm.values()) == pytest.approx(min(1, 3 * p[0]))
    assert (compared.shares.loc["loan"] == compared.counts.loc["loan"] / compared.people).all()


def test_many_people_are_tested_by_chi_square(survey, raw, book):
    more = cl.clean(pd.concat([raw] * 4, ignore_index=True), book, origin=OBSERVED)
    compared = cl.compare_options(more, "use", "sex")
    answered = pd.concat([raw] * 4)
    answered = answered[answered["use"] != ""]
    table = pd.crosstab(answered["use"].str.contains("Card"), answered["sex"])
    chi2 = stats.chi2_contingency(table, correction=False)
    assert compared.tests["card"].statistic == pytest.approx(chi2.statistic)


def test_an_expected_count_of_exactly_5_is_enough_for_chi_square():
    """Cochran's rule asks for 5 or more; 10 + 10 people, half of whom tick, expect 5 a cell."""
    table = cl.Crosstab.from_counts([[7, 3], [3, 7]])
    assert [test.name for test in independence_tests(table)] == ["pearson_chi2"]
    fewer = independence_tests(cl.Crosstab.from_counts([[7, 3], [3, 6]]))
    assert [test.name for test in fewer] == ["pearson_chi2", "fisher_exact"]


def test_one_column_an_option_tells_none_ticked_from_missing(tmp_path):
    levels = ", ".join(
        f'{{ key = "{k}", label = {{ en = "{k}" }}, column = "Used [{k}]" }}'
        for k in ("card", "loan")
    )
    path = tmp_path / "wide.toml"
    path.write_text(
        f'[variables.use]\nlabel = {{ en = "Used" }}\nkind = "multiple"\nlevels = [{levels}]\n',
        "utf-8",
    )
    raw = pd.DataFrame({"Used [card]": ["1", "0", ""], "Used [loan]": ["Yes", "No", ""]})
    counted = cl.multiple_response(cl.clean(raw, cl.load_codebook(path), origin=OBSERVED), "use")
    assert (counted.n, counted.none, counted.missing) == (2, 1, 1)
    raw.loc[0, "Used [card]"] = "perhaps"
    with pytest.raises(ValueError, match=re.escape("'perhaps' is no answer to 'use': it neither")):
        cl.clean(raw, cl.load_codebook(path), origin=OBSERVED)


def test_a_question_of_another_kind_is_refused(survey):
    with pytest.raises(ValueError, match="'age' is of kind 'number' and not multiple"):
        cl.multiple_response(survey, "age")
    with pytest.raises(ValueError, match="'age' is of kind 'number' and not single"):
        cl.compare_options(survey, "use", "age")
    with pytest.raises(ValueError, match="'use' has several answers a person"):
        cl.crosstab(survey, "use", "sex")
    with pytest.raises(ValueError, match="'age' is a number"):
        cl.frequencies(survey, "age")


# Weights.


def test_weighted_shares_are_those_of_r_survey(survey):
    """R 4.2.2, survey 4.1.1: svymean(deff = "replace"), svyciprop(method = "logit")."""
    shares = cl.weighted_shares(survey, "region")
    assert shares["n"].tolist() == [8, 8, 8]
    assert shares["share"].tolist() == pytest.approx([0.4444444444, 0.3888888889, 0.1666666667])
    assert shares["se"].round(6).tolist() == [0.121291, 0.114003, 0.065188]
    assert shares["design_effect"].round(4).tolist() == [1.3704, 1.2578, 0.7037]
    limits = [0.2245535310, 0.6884832167, 0.1908764915, 0.6318949374, 0.0704129464, 0.3455828660]
    assert shares[["low", "high"]].to_numpy().ravel() == pytest.approx(limits, abs=1e-10)


@pytest.mark.parametrize(
    ("rows", "pearson", "f", "ndf", "ddf", "p"),
    [
        ("sex", 6.608969315, 3.781148077, 1.8797, 43.2342, 0.03305537297),
        ("visits", 0.2857142857, 0.07524646181, 3.401483956, 78.234130986, None),
    ],
)
def test_rao_scott_is_r_surveys(survey, rows, pearson, f, ndf, ddf, p):
    """R 4.2.2, survey 4.1.1: svychisq, whose statistic is "F" when left out."""
    test = cl.rao_scott(survey, rows, "region")
    assert test.statistic == pytest.approx(f, rel=1e-9)
    assert (test.df, test.df_residual) == pytest.approx((ndf, ddf), rel=1e-4)
    assert test.p_value == pytest.approx(p or stats.f.sf(f, ndf, ddf), rel=1e-8)
    cells = (2 if rows == "sex" else 3) - 1
    mean = float(re.search(r"design effect ([\d.]+)", test.note)[1])
    assert mean == pytest.approx(pearson / f / (2 * cells), abs=0.005)  # two digits are given


def test_rao_scott_of_a_table_with_too_many_empty_cells_is_none(raw, book):
    same = raw.assign(visits=raw["region"].map({"a": "x", "b": "y", "c": "z"}))
    test = cl.rao_scott(cl.clean(same, book, origin=OBSERVED), "visits", "region")
    assert np.isnan([test.statistic, test.df, test.p_value]).all()
    assert "given by nobody" in test.note


def test_equal_weights_change_no_share_and_hardly_the_test(raw, book):
    survey = cl.clean(raw.assign(w="2"), book, origin=OBSERVED)
    shares = cl.weighted_shares(survey, "sex")
    assert shares["share"].tolist() == pytest.approx([0.5, 0.5])
    assert shares["design_effect"].tolist() == pytest.approx([1, 1])
    plain = cl.chi_square(cl.crosstab(survey, "visits", "region")).statistic
    test = cl.rao_scott(survey, "visits", "region")
    assert test.statistic == pytest.approx(plain / 4, rel=0.1)


def test_a_weight_is_above_0_and_named(raw, book):
    with pytest.raises(ValueError, match="a weight is above 0"):
        cl.clean(raw.assign(w="0"), book, origin=OBSERVED)
    with pytest.raises(ValueError, match="it has no weight"):
        cl.clean(raw.assign(w=""), book, origin=OBSERVED)
    with pytest.raises(ValueError, match="there is no weight 'x'"):
        cl.clean(raw, book, origin=OBSERVED, weight="x")
    other = cl.clean(raw.assign(mine=raw["w"]), book, origin=OBSERVED, weight="mine")
    assert other.weights.tolist() == [1, 2, 0.5, 3, 1.5, 1] * 4
    plain = cl.load_codebook()
    thesis = pd.DataFrame(
        {
            "gender": ["男"] * 2,
            "age": ["35岁"] * 2,
            "education": ["本科"] * 2,
            "visits": ["1-2次"] * 2,
        }
    )
    with pytest.raises(ValueError, match="the survey has no weights"):
        cl.weighted_shares(cl.clean(thesis, plain, origin=OBSERVED), "gender")


# A filter.


def test_a_filter_keeps_its_people_and_every_row_in_the_ledger(survey):
    some = survey.where("region", ["a", "b"]).where("use", ["loan"])
    kept = survey.frame["region"].isin(["a", "b"]) & survey.frame["use"].map(
        lambda ticked: ticked == ticked and "loan" in ticked
    )
    assert some.frame.index.tolist() == survey.frame.index[kept].tolist()
    assert len(some.ledger) == 24
    assert some.ledger["kept"].sum() == some.n == len(some.weights)
    assert "not region: a, b" in set(some.ledger["reason"])
    assert some.filter_note == "only region: a, b; only use: loan"
    assert some.filter_note in cl.crosstab(some, "sex", "region").note
    with pytest.raises(KeyError, match="has no level 'q'"):
        survey.where("region", ["q"])
    with pytest.raises(ValueError, match="is of kind 'number' and has no levels"):
        survey.where("age", ["35"])


# The first table of a paper.


def test_table_1_describes_every_question_by_group(survey):
    table = cl.describe(survey, by="sex")
    assert list(table.columns) == ["all", "m", "f", "p"]
    assert table.attrs["n"] == {"all": 24, "m": 12, "f": 12}
    ages = survey.frame["age"]
    assert table.loc[("age", "mean (sd)"), "all"] == f"{ages.mean():.2f} ({ages.std():.2f})"
    assert table.loc[("age", "mean (sd)"), "p"] == ".001"
    assert table.loc[("use", "card"), "all"] == "12 (60.0 %)"
    assert table.loc[("use", "missing"), "all"] == "4"
    assert table.loc[("remarks", "answered"), "all"] == "12 (50.0 %)"
    assert "secret" not in table.to_string()
    assert list(cl.describe(survey).columns) == ["all"]


def test_groups_of_whom_nobody_answered_a_question_have_no_p_value(raw, book):
    """Compared or not, every question stands in the table: of several answers, numbers, one."""
    unasked = raw.assign(use="", age="-3", visits="")
    unasked.loc[0, ["use", "age", "visits", "sex"]] = ["Card", "30", "x", ""]
    table = cl.describe(cl.clean(unasked, book, origin=OBSERVED), by="sex")
    asked = table.loc[["use", "age", "visits"]]
    assert set(asked["p"]) == {""}
    assert asked.loc[("use", "card"), ["all", "m"]].tolist() == ["1 (100.0 %)", "0"]
    assert asked.loc[("age", "median [quartiles]"), ["all", "m"]].tolist() == ["30 [30, 30]", "—"]


# What no report may say.


def test_texts_are_counted_and_go_no_further(survey):
    held = [survey.frame, survey.answers, survey.ledger, survey.refused]
    assert not any("secret" in frame.to_string() for frame in held)
    assert survey.frame["remarks"].sum() == 12


@pytest.mark.parametrize(
    ("age", "reason"),
    [
        ("old", "it is no number"),
        ("14", "no such number"),
        ("3 5", "it is no number"),
        ("１８岁", ""),
    ],
)
def test_a_number_is_read_within_its_bounds(raw, book, age, reason):
    given = raw.copy()
    given.loc[0, "age"] = age.replace("岁", " years")
    survey = cl.clean(given, book, origin=OBSERVED, on_error="set_aside")
    refused = survey.refused["reason"].tolist()
    assert refused == ([] if not reason else refused[:1])
    assert all(reason in said for said in refused)
    assert survey.ledger["kept"].iloc[0] == (not reason)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('kind = "scales"', "kind is one of single, multiple"),
        ('kind = "multiple"', "has no levels"),
        ('kind = "scale"\nitems = ["a"]', "two items or more"),
        ('kind = "scale"\nitems = ["a", "b"]', "the item 'a' is no variable with ordered levels"),
        ('items = ["a"]\nlevels = [{ key = "x", label = { en = "X" } }]', "only a scale has items"),
        (
            'kind = "number"\nlevels = [{ key = "x", label = { en = "X" } }]',
            "has no levels; remove",
        ),
        (
            'levels = [{ key = "x", label = { en = "X" }, column = "c" }, '
            '{ key = "y", label = { en = "Y" } }]',
            "give every level its 'column', or none",
        ),
    ],
)
def test_a_mistake_in_the_codebook_is_named(tmp_path, text, message):
    path = tmp_path / "b.toml"
    path.write_text(f'[variables.v]\nlabel = {{ en = "V" }}\n{text}\n', "utf-8")
    with pytest.raises(ValueError, match=re.escape(message)):
        cl.load_codebook(path)


def test_the_response_is_one_of_the_variables(tmp_path):
    path = tmp_path / "b.toml"
    path.write_text(
        'response = "x"\n[variables.v]\nlabel = { en = "V" }\nkind = "number"\n', "utf-8"
    )
    with pytest.raises(ValueError, match="response = 'x' is none of its variables: v"):
        cl.load_codebook(path)
