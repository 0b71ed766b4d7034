"""A number explained by questions, against statsmodels' formulas and R."""

from dataclasses import replace

import numpy as np
import pytest
import statsmodels.formula.api as smf

import churnlib as cl


def test_it_is_the_formula_of_statsmodels_with_hc3(survey):
    fit = cl.linear_model(survey, "income", ["sex", "region", "age"])
    frame = survey.frame.astype({"sex": str, "region": str})
    frame["sex"] = frame["sex"].map({"m": "1m", "f": "2f"})  # a formula sorts its levels
    other = smf.ols("income ~ sex + region + age", frame).fit(cov_type="HC3", use_t=True)
    own = fit.coefficients.dropna()
    assert own["estimate"].tolist() == pytest.approx(other.params.tolist())
    assert own["se"].tolist() == pytest.approx(other.bse.tolist())
    assert own[["low", "high"]].to_numpy() == pytest.approx(other.conf_int().to_numpy())
    assert (fit.test.statistic, fit.test.df_residual) == pytest.approx((other.fvalue, 19))
    assert (fit.test.df, fit.test.p_value) == pytest.approx((4, other.f_pvalue))
    assert fit.r_squared == pytest.approx(other.rsquared)
    tests = np.transpose([other.tvalues, other.pvalues])
    assert own[["t", "p_value"]].to_numpy() == pytest.approx(tests)
    assert fit.coefficients.loc[("region", "a"), "estimate"] == 0
    assert np.isnan(fit.coefficients.loc[("region", "a"), "se"])
    wide = cl.linear_model(survey, "income", ["sex", "region", "age"], level=0.99).coefficients
    ends = wide.dropna()[["low", "high"]].to_numpy()
    assert ends == pytest.approx(other.conf_int(0.01).to_numpy())
    assert (fit.n, fit.missing) == (24, 0)
    assert "OLS" in str(fit.results.summary())
    # Fitted values are those of the people, in their order.
    np.testing.assert_allclose(fit.results.fittedvalues, other.fittedvalues)
    some = replace(
        survey, frame=survey.frame.assign(income=survey.frame["income"].mask(frame["sex"] == "1m"))
    )
    assert (
        cl.linear_model(some, "income", ["age"]).results.resid.index
        == frame.index[frame["sex"] == "2f"]
    ).all()
    badge, first, *rows = repr(fit).splitlines()
    assert (badge, first) == (fit.origin.badge, "LinearFit of 'income', n = 24")
    assert len(rows) == 2 + len(fit.coefficients)


@pytest.mark.parametrize(
    ("response", "predictors", "message"),
    [
        ("sex", ["age"], "'sex' holds no numbers"),
        ("income", ["use"], "'use' is of kind 'multiple'"),
        ("income", ["age", "age"], "'age' is named twice"),
    ],
)
def test_what_it_cannot_explain_it_refuses(survey, response, predictors, message):
    with pytest.raises(ValueError, match=message):
        cl.linear_model(survey, response, predictors)


def test_predictors_that_say_the_same_or_do_not_vary_are_refused(survey):
    regions = dict(zip("abc", "xyz", strict=True))
    visits = survey.frame["region"].cat.rename_categories(regions)
    again = replace(survey, frame=survey.frame.assign(visits=visits))
    with pytest.raises(
        ValueError, match="collinear: region=b, region=c, visits=y, visits=z follow"
    ):
        cl.linear_model(again, "income", ["region", "visits"])
    nobody = replace(survey, frame=survey.frame.assign(income=np.nan))
    with pytest.raises(ValueError, match="nobody answered all of income, age"):
        cl.linear_model(nobody, "income", ["age"])
    two = replace(survey, frame=survey.frame.head(2))
    with pytest.raises(ValueError, match="2 people are too few for 2 parameters"):
        cl.linear_model(two, "income", ["age"])
    young = replace(survey, frame=survey.frame.assign(age=23))
    with pytest.raises(ValueError, match="'age' is 23 for everybody"):
        cl.linear_model(young, "income", ["sex", "age"])
