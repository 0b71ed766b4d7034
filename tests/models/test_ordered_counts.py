"""`OrderedCounts` against statsmodels on rows, formulas against columns made by hand."""

import numpy as np
import pandas as pd
import pytest
from statsmodels.miscmodels.ordinal_model import OrderedModel

from churnlib import OrderedCounts, ordinal_logit, parallel_lines


@pytest.fixture(scope="module")
def table():
    """Counts of three answers by gender and age, in which age counts more for women."""
    rng = np.random.default_rng(4)
    gender, age = rng.integers(2, size=900), rng.integers(3, size=900)
    felt = 0.5 * gender + 0.3 * age + 0.4 * gender * age + rng.logistic(size=900)
    frame = pd.DataFrame({
        "gender": pd.Categorical.from_codes(gender, ["m", "f"]),
        "age": pd.Categorical.from_codes(age, ["young", "middle", "old"]),
        "years": np.array([25.0, 40, 60])[age],
        "visits": pd.Categorical.from_codes(np.digitize(felt, [0, 1.5]), ["few", "some", "many"],
                                            ordered=True),
    })  # fmt: skip
    return frame.groupby(list(frame), observed=True).size().rename("n").reset_index()


@pytest.fixture(scope="module")
def rows(table):
    return table.loc[table.index.repeat(table["n"])]


# statsmodels' own model, by rows


def test_everything_statsmodels_says_of_rows_it_says_of_their_counts(table, rows):
    x = pd.get_dummies(table[["gender", "age"]], drop_first=True, dtype=float)
    ours = OrderedCounts(table["visits"], x, freq_weights=table["n"]).fit()
    plain = OrderedModel(rows["visits"], x.loc[rows.index], distr="logit")
    theirs = plain.fit(method="newton", disp=False, maxiter=100)
    for name in ("llf", "llnull", "llr", "llr_pvalue", "prsquared", "aic", "bic", "nobs",
                 "df_model", "df_resid"):  # fmt: skip
        assert getattr(ours, name) == pytest.approx(getattr(theirs, name), rel=1e-9), name
    # Theirs are good to 1e-8; the Hessian by differences, from which their errors come, to 1e-5.
    assert ours.params[:3].to_numpy() == pytest.approx(theirs.params[:3].to_numpy(), abs=1e-7)
    assert ours.bse[:4].to_numpy() == pytest.approx(theirs.bse[:4].to_numpy(), rel=1e-4)
    cuts = plain.transform_threshold_params(np.asarray(theirs.params))[1:-1]
    assert ours.params[3:].to_numpy() == pytest.approx(cuts, abs=1e-7)
    assert np.asarray(ours.predict(x)) == pytest.approx(np.asarray(theirs.predict(x)), abs=1e-7)
    seen = ours.pred_table().to_numpy()
    assert seen.tolist() == theirs.pred_table().iloc[:3, :3].to_numpy().tolist()


def test_a_summary_counts_people_and_shows_cut_points_as_they_are(table):
    fit = ordinal_logit(table, "visits", ["gender", "age"], count="n")
    text = fit.results.summary().as_text()
    assert "No. Observations:                 900" in text
    cut = fit.cutpoints["estimate"].iloc[1]
    assert ["some/many", f"{cut:.4f}"] in [line.split()[:2] for line in text.splitlines()]
    assert fit.results.params.to_numpy() == pytest.approx(
        pd.concat([fit.coefficients["estimate"], fit.cutpoints["estimate"]]).to_numpy(), abs=0
    )


def test_a_formula_of_statsmodels_works_too(table):
    ours = OrderedCounts.from_formula("visits ~ gender + age", table, freq_weights=table["n"])
    fit = ordinal_logit(table, "visits ~ gender + age", count="n")
    assert ours.fit().params.to_numpy() == pytest.approx(fit.results.params.to_numpy(), abs=1e-9)


# Formulas


def test_a_formula_is_the_list_of_its_names(table, rows):
    by_list = ordinal_logit(table, "visits", ["gender", "age"], count="n")
    for data, count in ((table, "n"), (rows, None)):
        fit = ordinal_logit(data, "visits ~ gender + age", count=count)
        pd.testing.assert_frame_equal(fit.coefficients, by_list.coefficients)
        pd.testing.assert_frame_equal(fit.by_level, by_list.by_level)
        assert fit.reference == {"gender": "m", "age": "young"}


def test_an_interaction_has_the_slopes_of_products(table):
    fit = ordinal_logit(table, "visits ~ gender * age", count="n")
    assert list(fit.coefficients.index) == [
        "gender=f", "age=middle", "age=old", "gender=f:age=middle", "gender=f:age=old",
    ]  # fmt: skip
    x = pd.get_dummies(table[["gender", "age"]], drop_first=True, dtype=float)
    x["middle"] = x["gender_f"] * x["age_middle"]
    x["old"] = x["gender_f"] * x["age_old"]
    by_hand = ordinal_logit(table[["visits", "n"]].join(x), "visits", list(x), count="n")
    assert fit.coefficients["estimate"].to_numpy() == pytest.approx(
        by_hand.coefficients["estimate"].to_numpy(), abs=1e-9
    )
    assert list(fit.factor_tests.index) == ["gender", "age", "gender:age"]
    assert fit.factor_test("gender:age").df == 2
    assert parallel_lines(fit).df == 5
    # If everybody were a woman, products with her age change as well.
    women = x.assign(gender_f=1.0, middle=x["age_middle"], old=x["age_old"])
    shares = np.asarray(by_hand.results.predict(women))
    expected = np.average(shares, axis=0, weights=table["n"])
    found = fit.predicted("gender").query("group == 'f'")["share"]
    assert found.tolist() == pytest.approx(expected, abs=1e-9)


def test_a_printed_table_of_an_interaction_has_all_its_slopes(table):
    fit = ordinal_logit(table, "visits ~ gender * age", count="n")
    products = fit.by_level.query("predictor == 'gender:age'")
    assert products["level"].tolist() == ["gender=f:age=middle", "gender=f:age=old"]
    slopes = fit.coefficients.loc[products["level"]]
    assert products["estimate"].tolist() == slopes["estimate"].tolist()
    assert products["p_value"].tolist() == slopes["p_value"].tolist()
    one = ordinal_logit(table.assign(years=range(len(table))), "visits ~ gender:years", count="n")
    assert one.by_level["level"].tolist() == list(one.coefficients.index)


def test_a_fit_that_is_printed_says_what_it_is_and_its_coefficients(table):
    fit = ordinal_logit(table.assign(n=2), "visits", ["gender", "age"], count="n")
    badge, first, head, _, *rows = repr(fit).splitlines()
    assert badge == fit.origin.badge
    assert first == f"OrdinalFit of 'visits', n = {fit.n}"
    assert head.split() == ["estimate", "se", "z", "p_value",
                            "odds_ratio", "odds_ratio_low", "odds_ratio_high"]  # fmt: skip
    assert [row.split()[0] for row in rows[:-1]] == list(fit.coefficients.index)
    assert float(rows[0].split()[1]) == round(fit.coefficients["estimate"].iloc[0], 3)
    assert rows[-1] == fit.note


def test_a_function_in_a_formula_is_a_slope(table):
    fit = ordinal_logit(table, "visits ~ gender + np.log(years)", count="n")
    by_hand = ordinal_logit(table.assign(years=np.log(table["years"])), "visits",
                            ["gender", "years"], count="n")  # fmt: skip
    assert fit.coefficients["estimate"].to_numpy() == pytest.approx(
        by_hand.coefficients["estimate"].to_numpy(), abs=1e-9
    )
    assert fit.by_level["predictor"].tolist() == ["gender", "gender", "np.log(years)"]
    levels = ordinal_logit(table, "visits ~ C(years)", count="n")
    assert list(levels.coefficients.index) == ["C(years)=40.0", "C(years)=60.0"]


@pytest.mark.parametrize(
    ("formula", "error", "message"),
    [
        ("visits", ValueError, 'give a formula such as "visits ~ gender'),
        ("visits ~ gender +", ValueError, 'the formula "gender \\+" cannot be read'),
        ("visits ~ gender | age", ValueError, "it has more than one part"),
        ("visits ~ gender + np.nothing(years)", ValueError, "no variable is found in np.nothing"),
        ("visits ~ gender + nothing(years)", KeyError, "no variable 'nothing'"),
        ("visits ~ gender + np.log(age)", ValueError, "cannot be read: Unable to evaluate"),
        ("visits ~ 1", ValueError, "name at least one predictor"),
        ("visits ~ wealth", KeyError, "no variable 'wealth'"),
        ("visit ~ gender", KeyError, "no variable 'visit'"),
        ("visits ~ 0 + gender", ValueError, "collinear"),
        ("visits ~ np.log(years - 25)", ValueError, "no finite number for some people"),
    ],
)
def test_a_formula_that_cannot_be_read_is_refused_with_a_reason(table, formula, error, message):
    with np.errstate(all="ignore"), pytest.raises(error, match=message):
        ordinal_logit(table, formula, count="n")
