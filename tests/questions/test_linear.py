"""A number explained by questions, against statsmodels' formulas and R."""

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
    assert np.isnan(fit.coefficients.loc[("region", "a"), "se"])
    assert (fit.n, fit.missing) == (24, 0)
    assert "OLS" in str(fit.results.summary())


@pytest.mark.parametrize(
    ("response", "predictors", "message"),
    [
        ("sex", ["age"], "'sex' holds no numbers"),
        ("income", ["use"], "'use' is of kind 'multiple'"),
        ("income", ["age", "age"], "say the same"),
    ],
)
def test_what_it_cannot_explain_it_refuses(survey, response, predictors, message):
    with pytest.raises(ValueError, match=message):
        cl.linear_model(survey, response, predictors)
