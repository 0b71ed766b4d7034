"""Regression of an ordered answer, of a yes or no, or of a number, on other questions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from churnlib.evidence import NAN, Origin, Test, require_level
from churnlib.models.design import GroupedData, group
from churnlib.models.fits import LogitFit, OrdinalFit, Regression, wald_table
from churnlib.survey import Survey

if TYPE_CHECKING:
    from statsmodels.base.model import Results

_CONSTANT = "(constant)"
_MOVES = 1e-5  # in a direction whose largest part is about 1; less is rounding


class SeparationError(ValueError):
    """Some predictors tell answers apart perfectly, so that their slopes have no finite estimate.

    Their names are its ``slopes``; a reference level, where it is what separates.
    """

    def __init__(self, slopes: tuple[str, ...]) -> None:
        verb = "tells" if len(slopes) == 1 else "together tell"
        super().__init__(
            f"{', '.join(slopes)} {verb} some answers apart perfectly, so that no finite estimate "
            "exists; combine levels until each has people with higher and with lower answers, or "
            "leave a predictor out"
        )
        self.slopes = slopes


def ordinal_logit(
    data: Any,
    response: str,
    predictors: str | Sequence[str] | None = None,
    *,
    count: str | None = None,
    level: float = 0.95,
    origin: Origin | None = None,
) -> OrdinalFit:
    """Fit how the odds of higher answers depend on predictors.

    ``logit P(answer ≤ j | x) = θ_j − x·β``: exp(β) is how many times larger the odds of an answer
    above any cut are for one more of a numeric predictor, or for a level against the reference.

    Parameters
    ----------
    data : Survey or DataFrame
        One row a person, or one row a group with its `count`, a column of people.
    response : str
        Ordered answers, whose order a Survey's codebook knows; or, without `predictors`, a
        formula: ``"visits ~ gender * age + log(income)"``.
    predictors : str or sequence of str, optional
        Categorical ones have the first level of the codebook (or of the Categorical) that
        somebody gave as reference; numbers get one slope.
    level : float
        Of the intervals.
    origin : Origin, optional
        Of a DataFrame, OBSERVED when left out; a survey knows its own.

    Returns
    -------
    OrdinalFit
        Standard errors from the observed information. People with a missing answer are left
        out and counted in ``missing``.

    Raises
    ------
    SeparationError
        If no finite estimate exists.
    ValueError
        If fewer than three answers were given, a predictor is constant or collinear with others,
        the answers have no order, or there are no more people than parameters.

    References
    ----------
    McCullagh, P. (1980). Regression models for ordinal data. J. R. Stat. Soc. B 42, 109–142.

    Examples
    --------
    >>> table = pd.DataFrame({"gender": list("mmmfff"), "visits": [1, 2, 3] * 2,
    ...                       "n": [40, 30, 10, 25, 35, 40]})
    >>> fit = ordinal_logit(table, "visits", "gender", count="n")
    >>> fit.coefficients.round(3).loc["gender=m", ["estimate", "se", "odds_ratio"]].tolist()
    [-1.26, 0.291, 0.284]
    """
    given = group(data, response, predictors, count, origin)
    if len(given.answers) < 3:
        raise ValueError(
            f"an ordinal model needs three answers that somebody gave; {given.response!r} has "
            f"{len(given.answers)} ({', '.join(map(str, given.answers))}): use logit for two"
        )
    return OrdinalFit(given, _fitted(given, level), level)


def logit(
    data: Any,
    response: str,
    predictors: str | Sequence[str] | None = None,
    *,
    count: str | None = None,
    level: float = 0.95,
    origin: Origin | None = None,
) -> LogitFit:
    """Fit how the odds of the highest answer, against all others, depend on predictors.

    Parameters and errors are those of `ordinal_logit`, with two answers needed. Of more than two,
    the highest is compared with all lower ones together: six or more visits against fewer.

    Examples
    --------
    >>> table = pd.DataFrame({"gender": list("mmff"), "often": [0, 1] * 2, "n": [80, 20, 60, 40]})
    >>> fit = logit(table, "often", "gender", count="n")
    >>> round(float(fit.odds_ratio("gender=m").value), 3)  # 20·60 / (80·40)
    0.375
    """
    given = group(data, response, predictors, count, origin)
    *others, highest = given.answers
    if not others:
        raise ValueError(
            f"everybody gave the same answer to {given.response!r}, {highest!r}: "
            "there is nothing to explain"
        )
    if highest != given.levels[-1]:
        raise ValueError(
            f"nobody with complete answers gave the highest answer to {given.response!r}, "
            f"{given.levels[-1]}; remove that category to ask about {highest}"
        )
    answers = (others[0] if len(others) == 1 else f"below {highest}", highest)
    is_highest = (given.answer == len(others)).astype(int)
    given = replace(given, answers=answers, answer=is_highest)
    return LogitFit(given, _fitted(given, level), level)


def _fitted(data: GroupedData, level: float) -> Results:
    """Statsmodels' results of a model that has finite estimates."""
    from churnlib.models.ordered_counts import OrderedCounts

    _require_people(data, data.x.shape[1] + len(data.answers) - 1, level)
    answers = pd.Categorical.from_codes(data.answer, list(map(str, data.answers)), ordered=True)
    given = pd.Series(answers, name=data.response)
    results = OrderedCounts(given, data.x, freq_weights=data.people).fit()
    way = results.best.separating_direction()
    if way is not None:
        raise SeparationError(_separating_slopes(data, results, way))
    if not results.best.converged:
        raise ValueError(
            "the fit did not converge; look for a predictor with extreme values, and take its "
            "logarithm or combine it into levels"
        )
    return results


def _separating_slopes(data: GroupedData, results: Results, way: np.ndarray) -> tuple[str, ...]:
    """Slopes that drive the answers apart, or the reference that all others move away from.

    Of several predictors those without which nothing separates; all where each does by itself.
    """
    columns = {name: data.columns(name) for name in data.predictors}
    needed = [
        name
        for name, held in columns.items()
        if results.best.holding(held).separating_direction() is None
    ]
    names = list[str]()
    for name in needed or columns:
        moves = pd.Series(way[: data.x.shape[1]], data.x.columns).iloc[columns[name]]
        if len(moves) > 1 and np.ptp(moves / results.model.scale[columns[name]]) < _MOVES:
            first = data.terms.set_index("predictor").loc[name, "level"].iloc[0]
            names.append(f"{name}={first}")
        else:
            names += moves.index[moves.abs() > _MOVES].tolist()
    return tuple(names)


@dataclass(frozen=True, eq=False, repr=False)
class LinearFit(Regression):
    """A linear regression with standard errors that allow unequal variances (HC3)."""

    @property
    def response(self) -> str:
        """The question that is explained."""
        return self.data.response

    @cached_property
    def coefficients(self) -> pd.DataFrame:
        """One row a level or slope, by ``predictor`` and ``level``.

        Columns ``estimate, se, t, p_value, low, high``. The first level of a question is the
        reference: 0, the rest NaN.
        """
        constant = pd.DataFrame({"predictor": [_CONSTANT], "slope": [_CONSTANT]})
        numbers = wald_table(self.fitted, self.level).rename(columns={"z": "t"})
        table = pd.concat([constant, self.data.terms]).join(numbers, on="slope")
        table = table.fillna({"level": "", "estimate": 0})
        return table.set_index(["predictor", "level"]).drop(columns="slope")

    @property
    def test(self) -> Test:
        """Of all slopes together, by the same covariance."""
        fit = self.fitted
        return Test(
            "regression", float(fit.fvalue), fit.df_model, float(fit.f_pvalue), self.n, False,
            (NAN, NAN), self.origin, df_residual=fit.df_resid,
        )  # fmt: skip

    @property
    def r_squared(self) -> float:
        """Part of the variance that is explained."""
        return float(self.fitted.rsquared)


def linear_model(
    survey: Survey, response: str, predictors: Sequence[str], *, level: float = 0.95
) -> LinearFit:
    """Explain a number by questions with one answer, numbers and scales.

    Raises
    ------
    ValueError
        If the response holds no numbers, a predictor has several answers a person, people are
        fewer than coefficients, or two predictors say the same.

    References
    ----------
    MacKinnon, J. G. & White, H. (1985). Some heteroskedasticity-consistent covariance matrix
    estimators. J. Econometrics 29, 305–325.
    """
    from statsmodels.regression.linear_model import OLS

    if survey.codebook[response].kind not in {"number", "scale"}:
        raise ValueError(f"{response!r} holds no numbers; use logit or ordinal_logit")
    for name in predictors:
        if (kind := survey.codebook[name].kind) not in {"single", "number", "scale"}:
            raise ValueError(f"{name!r} is of kind {kind!r} and explains no number")
    data = group(survey, response, predictors, None, None)
    _require_people(data, data.x.shape[1] + 1, level)
    answered = survey.frame[[response, *data.frame]].dropna()  # by person, as the residuals are
    design = data.columns_of(answered[[*data.frame]])
    design.insert(0, _CONSTANT, 1.0)
    model = OLS(answered[response].astype(float), design)
    return LinearFit(data, model.fit(cov_type="HC3", use_t=True), level)


def _require_people(data: GroupedData, parameters: int, level: float) -> None:
    require_level(level)
    if data.n <= parameters:
        raise ValueError(
            f"{data.n} people are too few for {parameters} parameters; use fewer predictors or "
            "combine levels"
        )
