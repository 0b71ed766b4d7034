"""Regression of an ordered answer, or of a yes or no, on who gave it.

Fitted to counts: rows, a frame with a count column and the output of `counts` on any number of
people give the same result.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from churnlib.evidence import Origin, require_level
from churnlib.models.design import GroupedData, grouped
from churnlib.models.fits import LogitFit, OrdinalFit
from churnlib.models.separation import SeparationError, separating_direction, separating_slopes
from churnlib.survey import Survey


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
        One row a person, or one row a group with its `count`.
    response : str
        Ordered answers, whose order a Survey's codebook knows; or, without `predictors`, a
        formula: ``"visits ~ gender * age + log(income)"``.
    predictors : str or sequence of str, optional
        Categorical ones have the first level of the codebook (or of the Categorical) that
        somebody gave as reference; numbers get one slope.
    count : str, optional
        Column that says how many people a row stands for.
    level : float
        Of the intervals.
    origin : Origin, optional
        Kind of evidence of a DataFrame, OBSERVED when left out; a survey knows its own.

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
    >>> import pandas as pd
    >>> table = pd.DataFrame({"gender": list("mmmfff"), "visits": [1, 2, 3] * 2,
    ...                       "n": [40, 30, 10, 25, 35, 40]})
    >>> fit = ordinal_logit(table, "visits", "gender", count="n")
    >>> fit.reference, fit.coefficients.index.tolist()
    ({'gender': 'f'}, ['gender=m'])
    >>> fit.coefficients.round(3).loc["gender=m", ["estimate", "se", "odds_ratio"]].tolist()
    [-1.26, 0.291, 0.284]
    """
    given = grouped(data, response, predictors, count, origin)
    if len(given.answers) < 3:
        raise ValueError(
            f"an ordinal model needs three answers that somebody gave; {given.response!r} has "
            f"{len(given.answers)} ({', '.join(map(str, given.answers))}): use logit for two"
        )
    return OrdinalFit(*_fit(given, level))


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

    Parameters
    ----------
    data, predictors, count, level, origin
        As for `ordinal_logit`.
    response : str
        With more than two answers, the highest is compared with all lower ones together: six or
        more visits against fewer.

    Returns
    -------
    LogitFit

    Raises
    ------
    SeparationError, ValueError
        As for `ordinal_logit`, with two answers needed.

    References
    ----------
    Hosmer, D. W., Lemeshow, S. & Sturdivant, R. X. (2013). Applied logistic regression, 3rd ed.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"gender": list("mmff"), "often": [0, 1] * 2, "n": [80, 20, 60, 40]})
    >>> fit = logit(table, "often", "gender", count="n")
    >>> round(float(fit.odds_ratio("gender=m").value), 3)  # 20·60 / (80·40)
    0.375
    """
    given = grouped(data, response, predictors, count, origin)
    if len(given.answers) < 2:
        raise ValueError(
            f"everybody gave the same answer to {given.response!r}, {given.answers[0]!r}: "
            "there is nothing to explain"
        )
    _require_highest(data, given)
    return LogitFit(*_fit(_highest_against_others(given), level))


def _require_highest(data: Any, given: GroupedData) -> None:
    """The question is about the highest answer: it must not become another when nobody gave it."""
    frame = data.frame if isinstance(data, Survey) else data
    column = frame[given.response] if isinstance(frame, pd.DataFrame) else pd.Series(dtype=object)
    if isinstance(column.dtype, pd.CategoricalDtype):
        highest = column.cat.categories[-1]
        if highest != given.answers[-1]:
            raise ValueError(
                f"nobody with complete answers gave the highest answer to {given.response!r}, "
                f"{highest}; remove that category to ask about {given.answers[-1]}"
            )


def _highest_against_others(given: GroupedData) -> GroupedData:
    *others, highest = given.answers
    below = others[0] if len(others) == 1 else f"below {highest}"
    is_highest = (given.answer == len(others)).astype(int)
    return replace(given, answers=(below, highest), answer=is_highest)


def _fit(data: GroupedData, level: float) -> tuple:
    from churnlib.models.ordered_counts import OrderedCounts

    require_level(level)
    parameters = len(data.slopes) + len(data.answers) - 1
    if data.n <= parameters:
        raise ValueError(
            f"{data.n} people are too few for {parameters} parameters; use fewer predictors or "
            "combine levels"
        )
    answers = pd.Categorical.from_codes(data.answer, list(map(str, data.answers)), ordered=True)
    model = OrderedCounts(
        pd.Series(answers, name=data.response),
        pd.DataFrame(data.x, columns=list(data.slopes)),
        freq_weights=data.people,
    )
    results = model.fit()
    likelihood = model.standard_likelihood
    way = separating_direction(likelihood, results.best)
    if way is not None:
        raise SeparationError(separating_slopes(data, likelihood, way, model.scale))
    if not results.best.converged or results.best.is_ill_conditioned:
        raise ValueError(
            "the fit did not converge; look for a predictor with extreme values, and take its "
            "logarithm or combine it into levels"
        )
    return data, model, results, level
