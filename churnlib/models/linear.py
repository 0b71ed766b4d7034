"""A number explained by other questions: linear regression with robust standard errors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from churnlib.evidence import NAN, Origin, Test, require_level
from churnlib.models.formula import formula_of, terms_of
from churnlib.survey import Survey

if TYPE_CHECKING:
    from statsmodels.regression.linear_model import RegressionResultsWrapper


@dataclass(frozen=True, eq=False, repr=False)
class LinearFit:
    """A linear regression with standard errors that allow unequal variances (HC3).

    Parameters
    ----------
    response : str
    coefficients : DataFrame
        One row a level or slope, by ``predictor`` and ``level``: ``estimate, se, t, p_value, low,
        high``. The first level of a question is the reference: 0, the rest NaN.
    test : Test
        Of all slopes together, by the same covariance.
    r_squared : float
    n, missing : int
        People with all answers, and those without.
    results : RegressionResultsWrapper
        The fit of statsmodels, with its ``summary()``.
    origin : Origin
    """

    response: str
    coefficients: pd.DataFrame
    test: Test
    r_squared: float
    n: int
    missing: int
    results: RegressionResultsWrapper
    origin: Origin

    def __repr__(self) -> str:
        first = f"{self.origin.badge}\nLinearFit of {self.response!r}, n = {self.n:,}"
        return f"{first}\n{self.coefficients.round(3).to_string()}"

    def _repr_html_(self) -> str:
        return f"{self.origin.badge_html}{self.coefficients.round(3)._repr_html_()}"


def linear_model(
    survey: Survey, response: str, predictors: Sequence[str], *, level: float = 0.95
) -> LinearFit:
    """Explain a number by questions with one answer, numbers and scales.

    Parameters
    ----------
    survey : Survey
    response : str
        A number or a scale.
    predictors : sequence of str
    level : float
        Of the intervals.

    Raises
    ------
    KeyError
        If there is no such variable.
    ValueError
        If the response holds no numbers, a predictor has several answers a person, people are
        fewer than coefficients, or two predictors say the same.

    References
    ----------
    MacKinnon, J. G. & White, H. (1985). Some heteroskedasticity-consistent covariance matrix
    estimators. J. Econometrics 29, 305–325.
    """
    import statsmodels.api as sm

    require_level(level)
    if survey.codebook[response].kind not in {"number", "scale"}:
        raise ValueError(f"{response!r} holds no numbers; use logit or ordinal_logit")
    for name in predictors:
        if (kind := survey.codebook[name].kind) not in {"single", "number", "scale"}:
            raise ValueError(f"{name!r} is of kind {kind!r} and explains no number")
    response, formula = formula_of(response, predictors, None)
    answered = survey.frame[[response, *predictors]].dropna()
    given = answered[[*predictors]].apply(_numbers_or_levels)
    spec, parts = terms_of(formula, given)
    names = ["(constant)", *(slope for part in parts for slope in part.slopes)]
    design = spec.get_model_matrix(given).set_axis(names, axis=1)
    n, width = design.shape
    if n <= width:
        raise ValueError(f"{n} people are too few for {width} coefficients")
    if np.linalg.matrix_rank(design) < width:
        raise ValueError(f"two of {', '.join(predictors)} say the same, or one does not vary")
    model = sm.OLS(answered[response].astype(float), design)
    results = model.fit(cov_type="HC3", use_t=True)
    numbers = pd.DataFrame(
        {"estimate": results.params, "se": results.bse, "t": results.tvalues,
         "p_value": results.pvalues}
    )  # fmt: skip
    numbers[["low", "high"]] = results.conf_int(1 - level)
    named = [(part.name, level or "", slope) for part in parts for level, slope in part.rows]
    rows = [("(constant)", "", "(constant)"), *named]
    table = numbers.reindex([slope for _, _, slope in rows]).fillna({"estimate": 0})
    table.index = pd.MultiIndex.from_tuples([row[:2] for row in rows], names=["predictor", "level"])
    test = Test(
        "regression", float(results.fvalue), results.df_model, float(results.f_pvalue), n, False,
        (NAN, NAN), survey.origin, df_residual=results.df_resid,
    )  # fmt: skip
    r2 = float(results.rsquared)
    return LinearFit(response, table, test, r2, n, survey.n - n, results, survey.origin)


def _numbers_or_levels(answers: pd.Series) -> pd.Series:
    return (
        answers.cat.remove_unused_categories() if hasattr(answers, "cat") else answers.astype(float)
    )
