"""Ordinal and binary regression: published fits, other routes to the same numbers, bad input."""

import itertools

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.special import logit as logits_of
from scipy.stats import chi2, norm
from statsmodels.miscmodels.ordinal_model import OrderedModel

import churnlib as cl
from churnlib import (
    Origin,
    SeparationError,
    clean,
    counts,
    load_codebook,
    logit,
    ordinal_logit,
    parallel_lines,
    synthesise,
)
from churnlib.evidence.origin import PROJECT

REFERENCE = PROJECT / "tests" / "reference"
PREDICTORS = ["gender", "age", "education"]


def ordered(values, levels):
    return pd.Categorical(values, levels, ordered=True)


@pytest.fixture(scope="module")
def students():
    rows = pd.read_csv(REFERENCE / "ologit_ucla.csv")
    levels = ["unlikely", "somewhat likely", "very likely"]
    return rows.assign(apply=ordered(rows["apply"], levels))


@pytest.fixture(scope="module")
def housing():
    rows = pd.read_csv(REFERENCE / "housing.csv")
    return rows.assign(
        Sat=ordered(rows["Sat"], ["Low", "Medium", "High"]),
        Infl=pd.Categorical(rows["Infl"], ["Low", "Medium", "High"]),
        Type=pd.Categorical(rows["Type"], ["Tower", "Apartment", "Atrium", "Terrace"]),
        Cont=pd.Categorical(rows["Cont"], ["Low", "High"]),
    )


@pytest.fixture(scope="module")
def arthritis():
    """Koch & Edwards (1988), 84 patients; the data set `Arthritis` of R's vcd."""
    cells = {
        ("Male", "Placebo"): [10, 0, 1], ("Male", "Treated"): [7, 2, 5],
        ("Female", "Placebo"): [19, 7, 6], ("Female", "Treated"): [6, 5, 16],
    }  # fmt: skip
    levels = ["None", "Some", "Marked"]
    rows = [(*who, a, n) for who, row in cells.items() for a, n in zip(levels, row, strict=True)]
    frame = pd.DataFrame(rows, columns=["sex", "treatment", "improved", "n"])
    return frame.assign(
        improved=ordered(frame["improved"], levels),
        sex=pd.Categorical(frame["sex"], ["Male", "Female"]),
        treatment=pd.Categorical(frame["treatment"], ["Placebo", "Treated"]),
    )


@pytest.fixture(scope="module")
def survey():
    sheets = synthesise("as_the_text_says", seed=20201130)
    return clean(sheets, load_codebook(), origin=Origin.SYNTHETIC, on_error="set_aside")


# Published fits


def test_the_ucla_example_has_the_printed_coefficients_errors_and_cut_points(students):
    # UCLA, R data analysis examples, ordinal logistic regression: polr of MASS, 4 digits.
    fit = ordinal_logit(students, "apply", ["pared", "public", "gpa"])
    slopes = fit.coefficients
    assert slopes.index.tolist() == ["pared", "public", "gpa"]
    assert slopes["se"].round(4).tolist() == [0.2658, 0.2979, 0.2606]
    assert slopes["z"].round(4).tolist() == pytest.approx([3.9418, -0.1974, 2.3632], abs=8e-4)
    # polr stopped early: printed 1.04769, −0.05879, 0.61594; 2.20391, 4.29936.
    printed = [1.04769, -0.05879, 0.61594]
    assert slopes["estimate"].tolist() == pytest.approx(printed, abs=2.5e-4)
    assert fit.cutpoints["estimate"].tolist() == pytest.approx([2.20391, 4.29936], abs=7e-4)
    assert fit.cutpoints["se"].round(4).tolist() == [0.7795, 0.8043]  # polr, same page
    # Stata's ologit runs to the maximum, where the first slope is 1.047664.
    assert round(slopes.loc["pared", "estimate"], 6) == 1.047664
    newton = OrderedModel(students["apply"], students[["pared", "public", "gpa"]], distr="logit")
    theirs = newton.fit(method="newton", disp=False, maxiter=100)
    assert slopes["estimate"].tolist() == pytest.approx(theirs.params[:3], abs=1e-6)
    assert fit.cutpoints["estimate"].tolist() == pytest.approx(
        newton.transform_threshold_params(theirs.params)[1:-1], abs=1e-6
    )
    assert round(fit.log_likelihood, 5) == -358.51244
    assert round(fit.test.statistic, 2) == 24.18
    assert fit.n == 400


def test_the_copenhagen_housing_survey_has_the_printed_fit(housing):
    # Venables & Ripley (2002), section 7.3, and R 4's polr and confint on MASS::housing.
    fit = ordinal_logit(housing, "Sat", ["Infl", "Type", "Cont"], count="Freq")
    printed = [0.5663937, 1.2888191, -0.5723501, -0.3661866, -1.0910149, 0.3602841]
    assert fit.coefficients["estimate"].tolist() == pytest.approx(printed, abs=5e-6)
    errors = [0.10465, 0.12716, 0.11924, 0.15517, 0.15149, 0.09554]
    assert fit.coefficients["se"].round(5).tolist() == errors
    assert fit.cutpoints.index.tolist() == ["Low|Medium", "Medium|High"]
    assert fit.cutpoints["estimate"].tolist() == pytest.approx([-0.4961353, 0.6907083], abs=5e-6)
    assert fit.cutpoints["se"].round(4).tolist() == [0.1248, 0.1255]
    assert round(-2 * fit.log_likelihood, 3) == 3479.149
    profile = fit.profile_intervals()
    low = [1.4356845, 2.8319659, 0.4462124, 0.5114084, 0.2492277, 1.1892931]
    high = [2.1639915, 4.6626461, 0.7121941, 0.9398410, 0.4514276, 1.7296674]
    # R interpolates the profile by a spline, which is good to five digits.
    assert profile["odds_ratio_low"].tolist() == pytest.approx(low, rel=1e-5)
    assert profile["odds_ratio_high"].tolist() == pytest.approx(high, rel=1e-5)
    assert fit.reference == {"Infl": "Low", "Type": "Tower", "Cont": "Low"}


def test_the_arthritis_trial_has_the_printed_fit_and_brant_test(arthritis):
    # R 4: MASS::polr, DescTools::PseudoR2, brant::brant on vcd::Arthritis.
    fit = ordinal_logit(arthritis, "improved", ["sex", "treatment"], count="n")
    assert fit.coefficients["estimate"].round(3).tolist() == [1.319, 1.797]
    assert fit.coefficients["se"].round(4).tolist() == [0.5381, 0.4718]
    assert fit.cutpoints["estimate"].round(4).tolist() == [1.8128, 2.6672]
    assert fit.cutpoints["se"].round(4).tolist() == [0.5654, 0.6065]
    assert round(-2 * fit.log_likelihood, 4) == 150.0294
    assert round(fit.test.statistic, 4) == 19.8865
    assert fit.test.p_value == pytest.approx(4.80508e-05, rel=1e-5)
    assert fit.results.prsquared == pytest.approx(0.1170373, abs=5e-8)
    assert fit.mcfadden_r2 == pytest.approx(0.1170373, abs=5e-8)
    assert fit.nagelkerke_r2 == pytest.approx(0.2429443, abs=5e-8)
    lines = parallel_lines(fit)
    assert (round(lines.brant.statistic, 2), lines.brant.df) == (1.83, 2)
    assert round(lines.brant.p_value, 1) == 0.4
    assert lines.by_predictor["p_value"].round(2).tolist() == [0.21, 0.94]


# Other routes to the same numbers


def patterns(fit):
    """Predictors and counts of the answers, one row a pattern."""
    frame = pd.DataFrame(fit.data.x.to_numpy()).assign(
        answer=fit.data.answer, people=fit.data.people
    )
    names = list(range(fit.data.x.shape[1]))
    wide = frame.pivot_table("people", names, "answer", fill_value=0)
    return wide.index.to_frame().to_numpy(), wide.to_numpy()


def test_counts_and_rows_agree(housing):
    predictors = ["Infl", "Type", "Cont"]
    fit = ordinal_logit(housing, "Sat", predictors, count="Freq")
    rows = housing.loc[housing.index.repeat(housing["Freq"])]
    by_row = ordinal_logit(rows, "Sat", predictors)
    again = ordinal_logit(counts(rows, ["Sat", *predictors]), "Sat", predictors, count="n")
    for other in (by_row, again):
        assert other.log_likelihood == pytest.approx(fit.log_likelihood, abs=1e-8)
        assert other.coefficients.to_numpy() == pytest.approx(fit.coefficients.to_numpy(), abs=1e-9)


def test_binary_logit_is_statsmodels_binomial_glm(housing):
    fit = logit(housing, "Sat", ["Infl", "Cont"], count="Freq")
    wide = housing.assign(often=housing["Sat"] == "High")
    x = sm.add_constant(pd.get_dummies(wide[["Infl", "Cont"]], drop_first=True, dtype=float))
    theirs = sm.GLM(
        wide["often"].astype(float), x, family=sm.families.Binomial(), freq_weights=wide["Freq"]
    ).fit(tol=1e-12)
    assert fit.coefficients["estimate"].tolist() == pytest.approx(theirs.params[1:], abs=1e-8)
    assert fit.coefficients["se"].tolist() == pytest.approx(theirs.bse[1:], abs=1e-8)
    assert fit.intercept["estimate"] == pytest.approx(theirs.params.iloc[0], abs=1e-8)
    assert fit.intercept["low"] < fit.intercept["estimate"] < fit.intercept["high"]
    assert fit.log_likelihood == pytest.approx(theirs.llf, abs=1e-8)
    assert (fit.n, fit.results.df_resid) == (1681, 1681 - 4)
    assert fit.results.params.tolist() == pytest.approx(theirs.params, abs=1e-8)
    assert isinstance(fit.results.model, sm.GLM)


def test_one_yes_or_no_predictor_gives_the_odds_ratio_of_the_table():
    table = pd.DataFrame({"gender": list("mmff"), "often": [0, 1] * 2, "n": [80, 20, 60, 40]})
    ratio = logit(table, "often", "gender", count="n").odds_ratio("gender=m")
    assert ratio.value == pytest.approx(20 * 60 / (80 * 40), rel=1e-9)
    assert ratio.se == pytest.approx((1 / 80 + 1 / 20 + 1 / 60 + 1 / 40) ** 0.5, rel=1e-9)  # Woolf
    assert ratio.low < ratio.value < ratio.high


def test_a_profile_limit_is_where_the_likelihood_ratio_rejects(arthritis):
    fit = ordinal_logit(arthritis, "improved", ["sex", "treatment"], count="n")
    limits = fit.profile_intervals().loc["sex=Female"]
    x, n = patterns(fit)

    def deviance_at(slope):
        def loss(rest):
            cuts, other = np.array([rest[0], rest[0] + np.exp(rest[1])]), rest[2]
            below = 1 / (1 + np.exp(-(cuts - (slope * x[:, [0]] + other * x[:, [1]]))))
            shares = np.diff(np.hstack([0 * below[:, :1], below, 0 * below[:, :1] + 1]), axis=1)
            return -(n * np.log(shares)).sum()

        best = minimize(loss, [1, 0, 1], method="Nelder-Mead", options={"fatol": 1e-12,
                        "xatol": 1e-9, "maxiter": 5000})  # fmt: skip
        return 2 * (best.fun + fit.log_likelihood)

    for side in ("low", "high"):
        assert deviance_at(limits[side]) == pytest.approx(chi2.isf(0.05, 1), abs=1e-6)


def test_the_unconstrained_model_is_the_best_of_all_slopes(arthritis):
    fit = ordinal_logit(arthritis, "improved", ["sex", "treatment"], count="n")
    x, n = patterns(fit)
    x = np.hstack([np.ones((4, 1)), -x])

    def loss(full):
        below = 1 / (1 + np.exp(-x @ full.reshape(2, 3).T))
        shares = np.diff(np.hstack([0 * below[:, :1], below, 0 * below[:, :1] + 1]), axis=1)
        return -(n[n > 0] * np.log(np.maximum(shares[n > 0], 1e-300))).sum()

    start = np.concatenate([[1.8, 1.3, 1.8], [2.7, 1.3, 1.8]])
    best = minimize(loss, start, method="Nelder-Mead", options={"fatol": 1e-13, "xatol": 1e-9,
                    "maxiter": 20_000, "adaptive": True})  # fmt: skip
    lines = parallel_lines(fit)
    assert lines.statistic == pytest.approx(2 * (-best.fun - fit.log_likelihood), abs=1e-6)
    assert (lines.df, lines.name) == (2, "parallel_lines")


def test_predicted_shares_average_over_everybody(housing):
    fit = ordinal_logit(housing, "Sat", ["Infl", "Cont"], count="Freq")
    shares = fit.predicted("Cont")
    for level in ("Low", "High"):
        everybody = housing.assign(Cont=pd.Categorical([level] * len(housing), ["Low", "High"]))
        x = pd.get_dummies(everybody[["Infl", "Cont"]], drop_first=True, dtype=float)
        each = np.asarray(fit.results.predict(x))
        expected = np.average(each, axis=0, weights=housing["Freq"])
        found = shares[shares["group"] == level]
        assert found["share"].tolist() == pytest.approx(expected, abs=1e-12)
        assert found["share"].sum() == pytest.approx(1)
        assert (found["low"] < found["share"]).all()
        assert (found["share"] < found["high"]).all()


def test_the_interval_of_a_predicted_share_is_that_of_its_logit(arthritis):
    # With one yes or no predictor and answer the model is saturated: the delta method then gives
    # the error of a sample logit, √(1/k + 1/(n − k)).
    fit = logit(arthritis, "improved", "treatment", count="n")
    row = fit.predicted("treatment").set_index(["group", "level"]).loc[("Treated", "Marked")]
    k, n = 21, 41
    margin = 1.959964 * (1 / k + 1 / (n - k)) ** 0.5
    odds = k / (n - k) * np.exp([-margin, margin])
    assert row[["low", "high"]].tolist() == pytest.approx(odds / (1 + odds), abs=1e-6)


def test_the_level_sets_every_interval(arthritis):
    half, most = (
        ordinal_logit(arthritis, "improved", "sex", count="n", level=level) for level in (0.5, 0.95)
    )
    narrower = norm.isf(0.25) / norm.isf(0.025)

    def width(table):
        return (table["high"] - table["low"]).to_numpy()

    assert width(half.coefficients) == pytest.approx(narrower * width(most.coefficients))
    assert width(half.cutpoints) == pytest.approx(narrower * width(most.cutpoints))
    # A profile is a parabola but for a few percent.
    profile = width(half.profile_intervals()), narrower * width(most.profile_intervals())
    assert profile[0] == pytest.approx(profile[1], rel=0.02)
    assert profile[0] != pytest.approx(width(half.coefficients), rel=1e-4)
    logits = [logits_of(fit.predicted("sex")[["low", "high"]].to_numpy()) for fit in (half, most)]
    assert np.ptp(logits[0], axis=1) == pytest.approx(narrower * np.ptp(logits[1], axis=1))


@st.composite
def tables(draw):
    levels = draw(st.integers(3, 4))
    size = draw(st.integers(2, 3))
    cells = draw(st.lists(st.integers(1, 40), min_size=levels * size, max_size=levels * size))
    rows = itertools.product(range(size), range(levels))
    frame = pd.DataFrame([(*cell, n) for cell, n in zip(rows, cells, strict=True)],
                         columns=["group", "answer", "n"])  # fmt: skip
    return frame.assign(
        group=pd.Categorical(frame["group"]), answer=ordered(frame["answer"], range(levels))
    )


@given(tables())
def test_turning_the_answers_round_turns_the_signs(table):
    turned = table["answer"].cat.categories[::-1]
    fit = ordinal_logit(table, "answer", "group", count="n")
    other = table.assign(answer=ordered(table["answer"], list(turned)))
    back = ordinal_logit(other, "answer", "group", count="n")
    assert back.coefficients["estimate"].to_numpy() == pytest.approx(
        -fit.coefficients["estimate"].to_numpy(), abs=1e-6
    )
    assert back.cutpoints["estimate"].to_numpy()[::-1] == pytest.approx(
        -fit.cutpoints["estimate"].to_numpy(), abs=1e-6
    )


@given(tables())
@settings(max_examples=50)
def test_score_and_information_are_the_derivatives_of_the_log_likelihood(table):
    fit = ordinal_logit(table, "answer", "group", count="n")
    model = fit.results.model
    at = np.asarray(fit.results.params) + 0.01 * np.arange(fit.parameters)
    assume(np.isfinite(model.loglike(at)))
    step = 1e-5 * np.eye(len(at))
    slope = [(model.loglike(at + s) - model.loglike(at - s)) / 2e-5 for s in step]
    bend = [(model.score(at + s) - model.score(at - s)) / 2e-5 for s in step]
    assert model.score(at) == pytest.approx(slope, rel=1e-4, abs=1e-3)  # differences lose digits
    assert model.hessian(at) == pytest.approx(np.array(bend), rel=1e-5, abs=1e-4)


@given(tables())
@settings(max_examples=50)
def test_leaving_a_predictor_out_never_gains(table):
    fit = ordinal_logit(table, "answer", "group", count="n")
    assert fit.test.statistic >= 0
    assert fit.factor_test("group").statistic == pytest.approx(fit.test.statistic, abs=1e-7)
    lines = parallel_lines(fit)
    assert not lines.statistic < 0


# Surveys, order and missing answers


def test_a_survey_brings_its_levels_origin_and_missing_answers(survey):
    fit = ordinal_logit(survey, "visits", PREDICTORS)
    assert fit.reference == {"gender": "male", "age": "le18",
                             "education": "high_school_or_below"}  # fmt: skip
    assert fit.cutpoints.index.tolist() == ["1-2|3-5", "3-5|6+"]
    assert fit.origin is Origin.SYNTHETIC
    assert fit.test.origin is Origin.SYNTHETIC
    complete = len(survey.frame.dropna())
    assert (fit.n, fit.missing) == (complete, 200 - complete)
    assert list(fit.factor_tests.index) == PREDICTORS
    assert list(fit.coefficients.columns[:7]) == [
        "estimate", "se", "z", "p_value", "low", "high", "odds_ratio",
    ]  # fmt: skip


def test_counts_of_a_survey_give_the_same_fit(survey):
    fit = ordinal_logit(survey, "visits", PREDICTORS)
    by_counts = ordinal_logit(counts(survey, ["visits", *PREDICTORS]), "visits", PREDICTORS,
                              count="n")  # fmt: skip
    assert by_counts.log_likelihood == pytest.approx(fit.log_likelihood, abs=1e-10)
    assert (by_counts.n, by_counts.missing) == (fit.n, fit.missing)
    more = counts(survey, ["visits", *PREDICTORS])
    more["n"] *= 500_000  # a hundred million people
    large = ordinal_logit(more, "visits", PREDICTORS, count="n")
    assert large.n == 500_000 * fit.n
    assert large.coefficients["estimate"].to_numpy() == pytest.approx(
        fit.coefficients["estimate"].to_numpy(), abs=1e-6
    )


def test_order_comes_from_the_categories_and_never_from_the_alphabet():
    frame = pd.DataFrame({"x": [0, 1] * 3, "y": ["low", "low", "mid", "mid", "high", "high"],
                          "n": [30, 10, 20, 20, 10, 30]})  # fmt: skip
    with pytest.raises(ValueError, match="ordered by alphabet"):
        ordinal_logit(frame, "y", "x", count="n")
    fit = ordinal_logit(frame.assign(y=ordered(frame["y"], ["low", "mid", "high"])), "y", "x",
                        count="n")  # fmt: skip
    assert fit.coefficients.loc["x", "estimate"] > 0
    plain = ordinal_logit(
        frame.assign(y=pd.Categorical(frame["y"], ["low", "mid", "high"])), "y", "x", count="n"
    )
    assert "order of the answers is taken as given: low < mid < high" in plain.note


# Bad input


def three_answers(**columns):
    base = {"y": [1, 2, 3] * 2, "x": ["a"] * 3 + ["b"] * 3, "n": [20, 10, 5, 5, 10, 20]}
    return pd.DataFrame(base | columns)


@pytest.mark.parametrize(
    ("frame", "predictors", "message"),
    [
        (three_answers(y=[1, 2, 2] * 2), "x", r"needs three answers.*\(1, 2\).*use logit"),
        (three_answers(x=["a"] * 6), "x", r"'x' is 'a' for everybody.*leave it out"),
        (three_answers(z=[1.0] * 3 + [2.0] * 3), ["x", "z"], r"collinear: .*x=b.*z|collinear"),
        (three_answers(n=[1, 0, 0, 0, 1, 1]), "x", r"3 people are too few for 3 parameters"),
        (three_answers(n=[1.5, 1, 1, 1, 1, 1]), "x", r"whole numbers.*1\.5"),
        (three_answers(n=[0] * 6), "x", r"nobody answered all of y, x"),
        (three_answers(), [], r"at least one predictor"),
        (three_answers(), ["x", "x"], r"'x' is named twice"),
        (three_answers(z=[1, np.inf] * 3), ["z"], r"'z' holds infinite numbers.*to missing"),
    ],
)  # fmt: skip
def test_what_cannot_be_fitted_is_refused_with_a_reason(frame, predictors, message):
    with pytest.raises(ValueError, match=message):
        ordinal_logit(frame, "y", predictors, count="n")


def test_a_variable_that_is_not_there_is_named_with_those_that_are():
    with pytest.raises(KeyError, match="no variable 'w'; there are y, x, n"):
        ordinal_logit(three_answers(), "y", "w", count="n")
    with pytest.raises(KeyError, match="no slope 'x=c'; it has x=b"):
        ordinal_logit(three_answers(), "y", "x", count="n").odds_ratio("x=c")
    with pytest.raises(KeyError, match="no predictor 'w'"):
        ordinal_logit(three_answers(), "y", "x", count="n").factor_test("w")
    with pytest.raises(KeyError, match=r"'w' has no levels in the model; it has \['x'\]"):
        ordinal_logit(three_answers(), "y", "x", count="n").predicted("w")


def test_an_empty_level_is_left_out_and_said():
    frame = three_answers()
    frame["y"] = ordered(frame["y"], [1, 2, 3, 4])
    frame["x"] = pd.Categorical(frame["x"], ["z", "a", "b"])
    fit = ordinal_logit(frame, "y", "x", count="n")
    assert "nobody has y=4, which is left out" in fit.note
    assert "nobody has x=z, which is left out" in fit.note
    assert fit.reference == {"x": "a"}


@pytest.mark.parametrize(
    "cells",
    [
        [20, 10, 0, 0, 0, 20],  # complete
        [20, 10, 5, 0, 0, 20],  # quasi-complete
        [20, 0, 0, 5, 10, 20],
    ],
)
def test_separation_is_an_error_and_never_an_estimate(cells):
    words = r"x=b tells some answers apart perfectly.*combine"
    with pytest.raises(SeparationError, match=words) as caught:
        ordinal_logit(three_answers(n=cells), "y", "x", count="n")
    assert caught.value.slopes == ("x=b",)


def test_a_binary_answer_that_a_number_predicts_perfectly_is_separation():
    frame = pd.DataFrame({"y": [0, 0, 1, 1], "x": [1.0, 2.0, 3.0, 4.0]})
    with pytest.raises(SeparationError, match="x tells"):
        logit(frame, "y", "x")


def test_large_but_finite_slopes_are_estimates():
    fit = ordinal_logit(three_answers(n=[3000, 10, 1, 1, 10, 3000]), "y", "x", count="n")
    assert 10 < fit.coefficients.loc["x=b", "estimate"] < 20
    assert fit.coefficients.loc["x=b", "se"] < 1.1


def test_few_answers_are_said_to_be_few():
    fit = ordinal_logit(three_answers(n=[3, 2, 1, 1, 2, 3]), "y", "x", count="n")
    assert "12 answers for 3 parameters are fewer than 10 each" in fit.note


def test_everybody_with_one_answer_has_nothing_to_explain():
    with pytest.raises(ValueError, match="everybody gave the same answer to 'y'"):
        logit(pd.DataFrame({"y": [1, 1], "x": ["a", "b"]}), "y", "x")


def test_a_level_of_95_is_refused():
    with pytest.raises(ValueError, match="between 0 and 1, given 95"):
        ordinal_logit(three_answers(), "y", "x", count="n", level=95)


def test_parallel_lines_asks_for_an_ordinal_fit(housing):
    with pytest.raises(TypeError, match="given LogitFit"):
        parallel_lines(logit(housing, "Sat", "Infl", count="Freq"))


def test_lines_that_cannot_be_compared_have_a_note_instead_of_a_number():
    # In group b nobody gives the lowest answer but the model of one slope has a maximum.
    frame = three_answers(n=[20, 10, 5, 0, 15, 15])
    lines = parallel_lines(ordinal_logit(frame, "y", "x", count="n"))
    assert np.isnan(lines.p_value)
    assert "see Brant's test" not in lines.note  # it cannot be had either
    assert "combine levels" in lines.note
    assert np.isnan(lines.brant.p_value)
    assert "at the cut 1|2" in lines.brant.note


def test_cuts_that_would_cross_are_said_to():
    # The middle answer vanishes as x grows; straight lines through both cuts cross before x = 2.
    frame = pd.DataFrame({"y": [1, 2, 3] * 3, "x": [0] * 3 + [1] * 3 + [2] * 3,
                          "n": [10, 20, 10, 15, 6, 15, 20, 0, 20]})  # fmt: skip
    lines = parallel_lines(ordinal_logit(frame, "y", "x", count="n"))
    assert np.isnan(lines.statistic)
    assert "cross for some people" in lines.note
    assert lines.brant.p_value < 0.05


def test_a_printed_table_has_every_level_and_its_reference_first(arthritis):
    fit = ordinal_logit(arthritis, "improved", ["sex", "treatment"], count="n")
    table = fit.by_level
    assert table["level"].tolist() == ["Male", "Female", "Placebo", "Treated"]
    assert table["predictor"].tolist() == ["sex", "sex", "treatment", "treatment"]
    assert table["odds_ratio"].tolist()[::2] == [1.0, 1.0]
    assert table.loc[[0, 2], ["estimate", "se", "low", "high"]].isna().all(axis=None)
    profile = fit.profile_intervals()["odds_ratio_low"].tolist()
    assert table["low"].dropna().tolist() == profile
    numeric = ordinal_logit(three_answers(x=[1.0, 1, 1, 2, 2, 2]), "y", "x", count="n").by_level
    assert numeric["level"].tolist() == [None]


def test_a_fit_is_reported_by_its_test_and_every_odds_ratio_in_both_languages(arthritis):
    fit = ordinal_logit(arthritis, "improved", ["sex", "treatment"], count="n", level=0.9)
    assert cl.apa(fit) == (
        "proportional-odds model of improved: G²(2, N = 84) = 19.89, p < .001, Nagelkerke's "
        "R² = .24; sex=Female: OR = 3.74, 90% CI [1.54, 9.06], p = .014; treatment=Treated: "
        "OR = 6.03, 90% CI [2.78, 13.11], p < .001"
    )
    # Nagelkerke (1991), equations 1a and 3, from the log-likelihoods of statsmodels
    none, model = fit.results.llnull, fit.results.llf
    cox_snell, most = (1 - np.exp(2 * (none - end) / 84) for end in (model, 0))
    assert fit.nagelkerke_r2 == pytest.approx(cox_snell / most)
    binary = logit(arthritis, "improved", "sex", count="n", origin=Origin.SYNTHETIC)
    low, high = binary.coefficients.iloc[0][["odds_ratio_low", "odds_ratio_high"]]
    said = cl.apa(binary, "zh-Hans")
    assert said.startswith("improved的逻辑回归模型：G²(1, N = 84) = ")
    # 22·19 / (37·6) of the women and men who improved markedly
    assert f"；sex=Female：OR = 1.88，95% 置信区间 [{low:.2f}, {high:.2f}]，p = " in said
    assert said.endswith("（模拟数据）")


def test_the_answers_below_the_highest_are_called_so_unless_there_is_one(arthritis):
    fit = logit(arthritis, "improved", "sex", count="n")
    said = fit.predicted("sex")
    assert said["level"].tolist() == ["below Marked", "Marked"] * 2
    assert said["share"].tolist() == pytest.approx([19 / 25, 6 / 25, 37 / 59, 22 / 59])
    two = logit(arthritis[arthritis["improved"] != "Some"], "improved", "sex", count="n")
    assert two.predicted("sex")["level"].tolist() == ["None", "Marked"] * 2
    assert (fit.n, two.n, fit.parameters) == (84, 70, 2)


def test_a_frame_hands_its_origin_on_when_told():
    fit = ordinal_logit(three_answers(), "y", "x", count="n", origin=Origin.SYNTHETIC)
    assert fit.test.origin is Origin.SYNTHETIC
    assert ordinal_logit(three_answers(), "y", "x", count="n").origin is Origin.OBSERVED


def heard(n_year=40):
    """Counts of three answers by year, in which later years give higher answers."""
    rng = np.random.default_rng(5)
    years = np.repeat(np.arange(1988, 1993), n_year)
    felt = rng.normal((years - 1990) / 4, 1)
    return pd.DataFrame({"year": years, "answer": 1 + (felt > -0.4) + (felt > 0.6)})


def test_a_brant_statistic_is_never_negative():
    rng = np.random.default_rng(11)
    statistics = []
    for _ in range(150):
        table = pd.DataFrame(
            [(x, answer, rng.integers(0, 4)) for x in range(5) for answer in range(4)],
            columns=["x", "answer", "n"],
        ).assign(z=lambda t: (t["x"] - 2) ** 2)
        try:
            result = parallel_lines(ordinal_logit(table, "answer", ["x", "z"], count="n"))
        except ValueError:
            continue
        statistics.append(result.brant.statistic)
        if np.isnan(result.brant.statistic):
            assert "Brant's test cannot be had" in result.brant.note
        else:
            assert result.brant.statistic >= 0
    assert np.isfinite(statistics).any()
    assert np.isnan(statistics).any()


def test_slopes_of_separate_fits_are_those_of_binary_logits():
    rows = heard()
    slopes = parallel_lines(ordinal_logit(rows, "answer", "year")).slopes
    for cut, above in zip(slopes, (1, 2), strict=True):
        binary = logit(rows.assign(high=(rows["answer"] > above).astype(int)), "high", "year")
        assert slopes.loc["year", cut] == pytest.approx(
            binary.coefficients.loc["year", "estimate"], rel=1e-8
        )


def test_a_result_shown_in_a_notebook_has_no_p_of_zero_and_says_its_note(housing):
    fit = ordinal_logit(housing, "Sat", ["Infl", "Type", "Cont"], count="Freq")
    assert "&lt; .001" in fit._repr_html_() or "< .001" in fit._repr_html_()
    few = ordinal_logit(heard(5).iloc[:25], "answer", "year")
    assert few.note
    assert few.note in few._repr_html_()
    assert "SYNTHETIC" not in few._repr_html_()
    lines = parallel_lines(fit)
    shown = lines._repr_html_()
    assert shown.startswith(lines.origin.badge_html)
    assert all(name in shown for name in ("Infl", "Type", "Cont"))


def test_lines_that_are_printed_are_their_two_tests_and_the_slopes_at_each_cut(arthritis):
    fit = ordinal_logit(arthritis, "improved", ["sex", "treatment"], count="n")
    lines = parallel_lines(fit)
    badge, ratio, brant, head, _, *each, cuts, _, sex, _ = repr(lines).splitlines()
    assert (badge, ratio, brant) == (fit.origin.badge, cl.apa(lines), cl.apa(lines.brant))
    assert head.split() == ["chi2", "df", "p_value"]
    numbers = lines.by_predictor.round(3).loc[["sex", "treatment"]].to_numpy().tolist()
    assert [[float(x) for x in row.split()[1:]] for row in each] == numbers
    assert cuts.split()[-2:] == ["None|Some", "Some|Marked"]
    assert [float(x) for x in sex.split()[1:]] == lines.slopes.loc["sex=Female"].round(3).tolist()
    separated = parallel_lines(ordinal_logit(three_answers(n=[20, 10, 5, 0, 15, 15]), "y", "x",
                                             count="n"))  # fmt: skip
    assert repr(separated).count("so there is no likelihood ratio") == 1


def answers(**columns):
    base = {"answer": [1, 2, 3] * 20, "x": list("abcdab") * 10}
    return pd.DataFrame(base | columns)


def test_any_name_of_a_column_will_do():
    rows = answers(_people=list("ab") * 30)
    fit = ordinal_logit(rows, "answer", "_people")
    assert fit.n == 60


@pytest.mark.parametrize(
    ("rows", "response", "predictors", "options", "message"),
    [
        (answers(), "answer", [0], {}, "named by text, given 0"),
        (answers(), ("answer",), "x", {}, "named by text"),
        (answers(), "answer", [], {}, "at least one predictor"),
        (answers(n=1), "answer", "n", {"count": "n"}, "named twice"),
        (answers(n=1), "n", "x", {"count": "n"}, "named twice"),
        (answers(), "answer", "x", {"count": ""}, "no variable ''"),
        (answers(n=1e30), "answer", "x", {"count": "n"}, "whole numbers of 0 or more; given 1e"),
        (answers(answer=list("123") * 20), "answer", "x", {}, "ordered by alphabet"),
        (answers(y=["a", 1] * 30), "answer", "y", {}, "several kinds"),
        (answers(y=[[1], [2]] * 30), "answer", "y", {}, "several kinds"),
        (answers(y=[1j, 2j] * 30), "answer", "y", {}, "complex"),
        (
            answers(y=[0.0, 1.0] * 30),
            "answer ~ log(y)",
            None,
            {},
            "a logarithm of 0",
        ),
        (answers(y=[0.0, 1.0] * 30), "answer ~ poly(y, 2)", None, {}, "no variable is found in"),
        (answers(**{"1": [0.0, 1.0] * 30}), "answer", "1", {}, "taken for the constant"),
        (answers(y=[1e260, 1.0] * 30), "answer", "y", {}, "beyond 1e.100"),
        (answers(y=[1e-260, 0.0] * 30), "answer", "y", {}, "no further than 1e-100"),
        (answers(y=pd.Categorical([1, "1"] * 30)), "answer", "y", {}, "read the same"),
        (answers(answer=[1, 2, np.inf] * 20), "answer", "x", {}, "infinite"),
        (pd.concat([answers(), answers()[["x"]]], axis=1), "answer", "x", {}, "several columns"),
        (answers(), "answer", "x", {"origin": "SYNTHETIC"}, "one of cl.Origin"),
        (answers(), "answer", "x", {"level": "0.95"}, "between 0 and 1"),
    ],
)
def test_what_a_model_cannot_take_is_refused_in_its_own_words(
    rows, response, predictors, options, message
):
    with pytest.raises((ValueError, TypeError, KeyError), match=message):
        ordinal_logit(rows, response, predictors, **options)


def test_decimals_are_numbers():
    from decimal import Decimal

    numbers = [Decimal("1.5"), Decimal(2), Decimal(4)] * 10 + [Decimal(3)] * 30
    fit = ordinal_logit(answers(y=numbers), "answer", "y")
    assert list(fit.coefficients.index) == ["y"]


def test_a_power_of_whole_numbers_does_not_overflow():
    rows = answers(y=[1988, 1999, 2001, 2020, 2003] * 12)
    power = ordinal_logit(rows, "answer ~ I(y**7)").data.x.iloc[:, 0]
    assert power.max() == pytest.approx(2020.0**7)


def test_a_highest_answer_that_nobody_gave_is_no_other_question():
    rows = answers(answer=ordered([1, 2, 3] * 20, [1, 2, 3, 6]))
    with pytest.raises(ValueError, match="nobody with complete answers gave the highest answer"):
        logit(rows, "answer", "x")


# Changes of the code that no test noticed before.


def test_ten_answers_for_each_parameter_are_not_few_and_nine_are():
    table = pd.DataFrame({"x": list("abab"), "y": [0, 0, 1, 1], "n": [5, 5, 5, 5]})
    exactly = cl.logit(table, "y", "x", count="n")  # two parameters, twenty people
    assert not exactly.has_few
    assert cl.logit(table.assign(n=[5, 5, 5, 4]), "y", "x", count="n").has_few


def test_where_separate_fits_cross_brant_s_test_keeps_its_degrees_of_freedom():
    # Nobody of x = 1 answers 1: the joint variance of the two slopes is no variance.
    frame = pd.DataFrame({"x": [0, 0, 0, 1, 1, 2, 2, 2], "y": [0, 1, 2, 0, 2, 0, 1, 2],
                          "n": [2, 5, 1, 60, 60, 5, 1, 20]})  # fmt: skip
    lines = cl.parallel_lines(cl.ordinal_logit(frame, "y", "x", count="n"))
    assert "the separate fits cross" in lines.brant.note
    assert (np.isnan(lines.brant.p_value), lines.brant.df) == (True, 1)
    assert lines.by_predictor["df"].to_dict() == {"x": 1}
    assert lines.slopes.shape == (1, 2)
    assert lines.slopes.notna().all(axis=None)


def test_where_brant_s_test_cannot_be_had_its_frames_keep_their_shape():
    # Nobody of x = b gives the lowest answer: the first division separates.
    table = pd.DataFrame({
        "x": list("aaabbb"), "z": list("uvvuuv"), "y": [0, 1, 2, 1, 2, 2], "n": [9, 8, 7, 6, 5, 4],
    })  # fmt: skip
    table = pd.concat([table, table.assign(z="u", n=3), table.assign(z="w", n=2)])
    lines = cl.parallel_lines(cl.ordinal_logit(table, "y", ["x", "z"], count="n"))
    assert np.isnan(lines.brant.p_value)
    assert "Brant's test cannot be had" in lines.brant.note
    assert lines.slopes.shape == (3, 2)  # b against a, v and w against u, at two cuts
    assert lines.slopes.isna().all(axis=None)
    assert lines.by_predictor["df"].to_dict() == {"x": 1, "z": 2}
    assert lines.by_predictor[["chi2", "p_value"]].isna().all(axis=None)


FOUR = np.array([[40, 30, 20, 10], [20, 30, 25, 25]])  # by group and answer


def four_answers(*, ordered):
    groups, answers = np.indices(FOUR.shape)
    answers = pd.Categorical.from_codes(answers.ravel(), list("1234"), ordered=ordered)
    return pd.DataFrame({"group": groups.ravel(), "answer": answers, "n": FOUR.ravel()})


def test_parallel_lines_of_four_answers_compare_three_slopes():
    """Of k answers each slope is free at k − 1 cuts: k − 2 degrees of freedom (Brant, 1990)."""
    rows = four_answers(ordered=True)
    fit = ordinal_logit(rows, "answer", "group", count="n")
    assert "order of the answers" not in fit.note
    lines = parallel_lines(fit)
    assert (lines.df, lines.brant.df) == (2, 2)
    # The model of free slopes is saturated: a cell's share is its estimate.
    saturated = (FOUR * np.log(FOUR / FOUR.sum(axis=1, keepdims=True))).sum()
    assert lines.statistic == pytest.approx(2 * (saturated - fit.log_likelihood), abs=1e-8)


def test_an_order_that_nobody_declared_is_said_to_be_taken_as_given():
    rows = four_answers(ordered=False)
    fit = ordinal_logit(rows, "answer", "group", count="n")
    assert "the order of the answers is taken as given: 1 < 2 < 3 < 4" in fit.note
    two = rows[rows["answer"].isin(["1", "2"])]
    two = two.assign(answer=two["answer"].cat.remove_unused_categories())
    assert "order" not in logit(two, "answer", "group", count="n").note
