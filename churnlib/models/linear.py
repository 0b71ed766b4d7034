"""A number explained by other questions: linear regression with robust standard errors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from churnlib.evidence import NAN, Origin, Test, require_level
from churnlib.survey import Survey

if TYPE_CHECKING:
    from statsmodels.regression.linear_model import RegressionResultsWrapper


@dataclass(frozen=True, eq=False)
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
    answered = survey.frame[[response, *predictors]].dropna()
    design, rows = _design(answered[list(predictors)])
    n, width = design.shape
    if n <= width:
        raise ValueError(f"{n} people are too few for {width} coefficients")
    if np.linalg.matrix_rank(design) < width:
        raise ValueError(f"two of {', '.join(predictors)} say the same, or one does not vary")
    results = sm.OLS(answered[response].to_numpy(dtype=float), design).fit(
        cov_type="HC3", use_t=True
    )
    limits = results.conf_int(1 - level)
    values = np.column_stack(
        [results.params, results.bse, results.tvalues, results.pvalues, limits]
    )
    columns = ["estimate", "se", "t", "p_value", "low", "high"]
    table = pd.DataFrame(
        [values[place] if place is not None else [0, *[NAN] * 5] for _, place in rows],
        pd.MultiIndex.from_tuples([name for name, _ in rows], names=["predictor", "level"]),
        columns,
    )
    f = results.f_test(np.eye(width)[1:])
    test = Test(
        "regression", float(f.fvalue), float(f.df_num), float(f.pvalue), n, False, (NAN, NAN),
        survey.origin, df_residual=float(f.df_denom),
    )  # fmt: skip
    missing = survey.n - n
    r2 = float(results.rsquared)
    return LinearFit(response, table, test, r2, n, missing, results, survey.origin)


def _design(frame: pd.DataFrame) -> tuple[np.ndarray, list[tuple[tuple[str, str], Any]]]:
    """The design matrix, and which of its columns a row of the coefficients stands for."""
    columns: list[np.ndarray] = [np.ones(len(frame))]
    rows: list[tuple[tuple[str, str], Any]] = [(("(constant)", ""), 0)]
    for name, answers in frame.items():
        if not hasattr(answers, "cat"):
            rows.append(((str(name), ""), len(columns)))
            columns.append(answers.to_numpy(dtype=float))
            continue
        used = answers.cat.remove_unused_categories()
        for place, category in enumerate(used.cat.categories):
            rows.append(((str(name), category), len(columns) if place else None))
            if place:
                columns.append((used == category).to_numpy(dtype=float))
    return np.column_stack(columns), rows
