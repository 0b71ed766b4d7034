"""The climb to the maximum: any units, any number of people, separation however hidden."""

import itertools
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from churnlib import SeparationError, logit, ordinal_logit, parallel_lines
from churnlib.models import ordered_counts
from churnlib.models.ordered_counts import CumulativeLogit


@pytest.fixture(scope="module")
def people():
    rng = np.random.default_rng(7)
    years, woman = rng.integers(1940, 2003, size=400), rng.integers(2, size=400)
    latent = 0.03 * (1970 - years) + 0.6 * woman + rng.logistic(size=400)
    gender = pd.Categorical(np.where(woman, "f", "m"), ["m", "f"])
    return pd.DataFrame({"y": np.digitize(latent, [-0.5, 1]), "year": years, "gender": gender})


# Units


def test_the_test_of_a_number_far_from_0_is_against_the_shares_as_they_are(people):
    fit = ordinal_logit(people, "y", "year")
    assert fit.test.statistic == pytest.approx(fit.results.llr, abs=1e-9)
    assert 5 < fit.test.statistic < 100


UNITS = [(-1970, 1), (5e5, -1), (1e9, 365.25), (0, 1e-90), (0, 1e90)]


@pytest.mark.parametrize(("shift", "unit"), UNITS)
def test_no_unit_or_zero_of_a_number_changes_what_is_found(people, shift, unit):
    fit = ordinal_logit(people, "y", ["year", "gender"])
    moved = people.assign(year=shift + unit * people["year"])
    other = ordinal_logit(moved, "y", ["year", "gender"])
    assert other.log_likelihood == pytest.approx(fit.log_likelihood, abs=1e-9)
    tests = other.factor_tests["chi2"].to_numpy(), fit.factor_tests["chi2"].to_numpy()
    assert tests[0] == pytest.approx(tests[1], rel=1e-7)
    there, here = other.coefficients, fit.coefficients
    for column in ("estimate", "se"):
        assert abs(there.loc["year", column] * unit) == pytest.approx(
            abs(here.loc["year", column]), rel=1e-7
        )
        assert there.loc["gender=f", column] == pytest.approx(here.loc["gender=f", column])
    profile = other.profile_intervals().loc["year", ["low", "high"]].to_numpy() * unit
    assert sorted(profile) == pytest.approx(
        fit.profile_intervals().loc["year", ["low", "high"]].tolist(), rel=1e-6
    )
    lines, plain = parallel_lines(other), parallel_lines(fit)
    assert lines.statistic == pytest.approx(plain.statistic, rel=1e-6)
    assert lines.brant.statistic == pytest.approx(plain.brant.statistic, rel=1e-6)
    assert lines.slopes.loc["year"].to_numpy() * unit == pytest.approx(
        plain.slopes.loc["year"].to_numpy(), rel=1e-6
    )
    shares = other.predicted("gender")["share"].to_numpy()
    assert shares == pytest.approx(fit.predicted("gender")["share"].to_numpy(), rel=1e-7)


def test_cut_points_are_those_of_people_with_0_of_a_number(people):
    # θ of years since 1970 is θ − 1970 β of calendar years, and so is its error.
    since = ordinal_logit(people.assign(year=people["year"] - 1970), "y", "year")
    fit = ordinal_logit(people, "y", "year")
    slope = fit.coefficients.loc["year", "estimate"]
    expected = fit.cutpoints["estimate"] - 1970 * slope
    assert since.cutpoints["estimate"].to_numpy() == pytest.approx(expected.to_numpy(), abs=1e-9)
    # So far from the people almost all of its error is that of the slope.
    expected = 1970 * fit.coefficients.loc["year", "se"]
    assert fit.cutpoints["se"].tolist() == pytest.approx([expected] * 2, rel=0.01)


def test_numbers_that_are_nearly_the_same_are_collinear():
    rng = np.random.default_rng(2)
    z, w = rng.normal(size=(2, 300))
    y = np.digitize(z + rng.logistic(size=300), [-1, 1])
    frame = pd.DataFrame({"y": y, "z": z, "twin": z + 1e-8 * w, "w": w})
    with pytest.raises(ValueError, match=r"collinear: z, twin follow from each other") as caught:
        ordinal_logit(frame, "y", ["z", "w", "twin"])
    assert ", w" not in str(caught.value)
    sisters = frame.assign(twin=z + 1e-3 * w)
    assert ordinal_logit(sisters, "y", ["z", "twin"]).coefficients["se"].min() > 30


def test_a_number_so_far_out_that_the_others_are_lost_beside_it_is_refused():
    frame = pd.DataFrame({"y": [1, 2, 1, 2, 3, 3], "x": [1, 2, 3, 4, 5, 6]})
    assert ordinal_logit(frame, "y", "x").coefficients.loc["x", "estimate"] < 3
    with pytest.raises(ValueError, match=r"did not converge; .*extreme values"):
        ordinal_logit(frame.assign(x=[1, 2, 3, 4, 5, 6e8]), "y", "x")


# Numbers of people


@pytest.mark.parametrize("n", [5, 28_000, 10**5, 10**8, 10**12])
def test_one_person_alone_in_a_level_separates_however_many_others_there_are(n):
    frame = pd.DataFrame({"y": [1, 2, 3] * 2 + [3], "x": ["a"] * 3 + ["b"] * 3 + ["c"],
                          "n": [n] * 6 + [1]})  # fmt: skip
    with pytest.raises(SeparationError) as caught:
        ordinal_logit(frame, "y", "x", count="n")
    assert caught.value.slopes == ("x=c",)
    with pytest.raises(SeparationError):
        logit(frame, "y", "x", count="n")


@pytest.mark.parametrize("n", [10**6, 10**8])
def test_few_people_beside_many_are_estimated_as_exactly_as_alone(n):
    # The model of two answers is saturated: the slope is the logarithm of (3/2)/(n/n).
    frame = pd.DataFrame({"y": [0, 1] * 2, "x": list("aabb"), "n": [n, n, 2, 3]})
    fit = logit(frame, "y", "x", count="n").coefficients.loc["x=b"]
    assert fit["estimate"] == pytest.approx(np.log(1.5), abs=1e-10)
    assert fit["se"] == pytest.approx((2 / n + 1 / 2 + 1 / 3) ** 0.5, rel=1e-9)


def test_the_reference_is_named_where_it_is_what_separates():
    frame = pd.DataFrame({"y": [1, 2, 3] * 3, "x": list("aaabbbccc"),
                          "n": [5, 0, 0, 3, 4, 5, 6, 7, 8]})  # fmt: skip
    with pytest.raises(SeparationError, match="x=a tells some answers apart") as caught:
        ordinal_logit(frame, "y", "x", count="n")
    assert caught.value.slopes == ("x=a",)


@pytest.mark.parametrize("numbers", [[1, 2, 3, 4, 5, 6], [1, 2, 3, 4, 5, 6e6]])
@pytest.mark.parametrize("unit", [1e-90, 1e-6, 1, 1e9, 1e90])
def test_a_number_that_separates_is_found_and_named_on_any_scale(numbers, unit):
    frame = pd.DataFrame({"y": [1, 1, 2, 2, 3, 3], "x": unit * np.array(numbers),
                          "other": [0, 1, 0, 1, 0, 1]})  # fmt: skip
    with pytest.raises(SeparationError, match="x tells") as caught:
        ordinal_logit(frame, "y", ["x", "other"])
    assert caught.value.slopes == ("x",)


@st.composite
def tables(draw):
    size, levels = draw(st.integers(2, 3)), draw(st.integers(2, 3))
    cells = draw(st.lists(st.integers(0, 6), min_size=size * levels, max_size=size * levels))
    rows = itertools.product(range(size), range(levels))
    frame = pd.DataFrame([(*cell, n) for cell, n in zip(rows, cells, strict=True)],
                         columns=["x", "y", "n"])  # fmt: skip
    assume(frame[frame["n"] > 0][["x", "y"]].nunique().min() >= 2)
    return frame


def outcome(frame, *, as_levels):
    """Slopes, or the names of those that have none."""
    frame = frame.assign(x=pd.Categorical(frame["x"]) if as_levels else frame["x"])
    fit = logit if frame[frame["n"] > 0]["y"].nunique() == 2 else ordinal_logit
    try:
        return fit(frame, "y", "x", count="n").coefficients["estimate"].tolist()
    except SeparationError as error:
        return error.slopes


@given(tables(), st.booleans())
@settings(max_examples=60)
def test_a_hundred_million_times_as_many_people_give_the_same_slopes_or_separation(table, levels):
    few, many = table.assign(n=10 * table["n"]), table.assign(n=10**8 * table["n"])
    found = outcome(few, as_levels=levels)
    again = outcome(many, as_levels=levels)
    assert again == (found if isinstance(found, tuple) else pytest.approx(found, abs=1e-6))


# The climb itself


def saturated(counts):
    """The model of groups by answers, where its climb begins."""
    counts = np.array(counts, dtype=float)
    group, answer = np.nonzero(counts)
    people, x = counts[group, answer], np.eye(len(counts))[group, 1:]
    return CumulativeLogit.of(x, answer, people)


def test_a_climb_from_where_whole_newton_steps_go_too_far_arrives():
    far = saturated([[900, 100], [100, 900]]).at(np.array([9.0, -6.0]))
    assert far.at(far.params + np.linalg.solve(far.information, far.score)).value < -1e4
    best = far.maximum()
    assert best.converged
    assert best.params == pytest.approx([2 * np.log(9), np.log(9)], abs=1e-12)


SKEWED = [
    # Whole Newton steps, as statsmodels takes them, go to 1e10.
    [[50_000, 50_000, 2, 5000, 300_000], [1000, 600, 8e5, 3e8, 10]],
    # Newton steps that are halved until they gain stop at a slope of 1,235.
    [[11880, 7059, 155721129, 131], [98, 2486797, 1590, 148041],
     [109, 224335231, 26654439, 24002137], [2, 1, 4, 1252]],
    [[303014067, 2004, 10025], [4, 4, 145777]],
]  # fmt: skip


@pytest.mark.parametrize("counts", SKEWED)
def test_tables_whose_counts_span_nine_powers_of_ten_are_fitted(counts):
    best = saturated(counts).maximum()
    assert best.converged
    assert np.abs(best.params).max() < 25
    # A hundredth of an answer, in those that few people decide as well as in the others.
    assert np.abs(best.score).max() < 0.01


def test_a_climb_that_is_stopped_early_says_so(monkeypatch):
    frame = pd.DataFrame({"y": [1, 2, 3] * 2, "x": list("aaabbb"), "n": [900, 90, 1, 1, 90, 900]})
    fit = ordinal_logit(frame, "y", "x", count="n")

    def stopped(loss, start, **options):
        return SimpleNamespace(x=start)

    monkeypatch.setattr(ordered_counts, "minimize", stopped)
    with pytest.raises(ValueError, match="the fit did not converge"):
        ordinal_logit(frame, "y", "x", count="n")
    assert np.isnan(parallel_lines(fit).brant.p_value)


def test_the_end_of_a_climb_is_the_maximum_to_the_last_digits():
    # Newton's last step squares the error, so that the score vanishes but for rounding.
    assert np.abs(saturated([[37, 11, 5], [6, 13, 29]]).maximum().score).max() < 1e-11


@pytest.mark.parametrize("cuts", [[1.0, -1.0], [-800.0, 800.0], [0.0, 0.0]])
def test_cuts_far_apart_or_crossed_give_no_warning(cuts):
    # Nobody stands between the cuts, which may then be anywhere; warnings are errors here.
    x, answer, people = np.array([[0.0], [0], [1], [1]]), np.array([0, 2, 0, 2]), np.ones(4)
    model = CumulativeLogit.of(x, answer, people, by_cut=True).at(np.array([0, 0, *cuts]))
    for derivative in (model.value, model.score, model.information):
        assert np.isfinite(derivative).all()


def test_an_odds_ratio_beyond_all_numbers_is_infinite_without_a_warning():
    frame = pd.DataFrame({"y": [1, 2, 3] * 2, "x": [0.0] * 3 + [1e-6] * 3, "n": [9, 5, 2, 2, 5, 9]})
    fit = ordinal_logit(frame, "y", "x", count="n")
    assert np.isinf(fit.odds_ratio("x").value)
    assert fit.coefficients.loc["x", "estimate"] * 1e-6 == pytest.approx(
        ordinal_logit(frame.assign(x=1e6 * frame["x"]), "y", "x", count="n")
        .coefficients.loc["x", "estimate"]
    )  # fmt: skip


def test_shares_far_out_in_the_tails_give_no_warning():
    rng = np.random.default_rng(0)
    x, woman = rng.standard_cauchy(size=3000), rng.integers(2, size=3000)
    y = np.digitize(x + woman + rng.logistic(size=3000), [-1, 1])
    fit = ordinal_logit(pd.DataFrame({"x": x, "y": y, "g": np.where(woman, "f", "m")}), "y",
                        ["x", "g"])  # fmt: skip
    assert np.abs(x).max() > 1000
    assert parallel_lines(fit).brant.p_value > 0.01
    assert fit.predicted("g")["share"].sum() == pytest.approx(2)
