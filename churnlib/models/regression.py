"""Regression of an ordered answer, or of a yes or no, on who gave it.

Fitted to counts: rows, a frame with a count column and the output of `counts` on any number of
people give the same result.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from churnlib.evidence import Origin, require_level
from churnlib.models.design import Patterns, patterns
from churnlib.models.fits import LogitFit, OrdinalFit
from churnlib.models.likelihood import CumulativeLogit, Maximum, blurred, maximise, start
from churnlib.models.separation import drivers, escape
from churnlib.models.terms import Factor
from churnlib.survey import Survey

_MOVES = 1e-5  # in a direction whose largest part is about 1; less is rounding


class SeparationError(ValueError):
    """Some predictors tell answers apart perfectly, so that their slopes have no finite estimate.

    Parameters
    ----------
    slopes : tuple of str
        Those without one; a reference level, where it is what separates.
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
    predictors: str | Sequence[str],
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
        Ordered answers; a Survey's codebook knows their order.
    predictors : str or sequence of str
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
    people = patterns(data, response, predictors, count, origin)
    if len(people.answers) < 3:
        raise ValueError(
            f"an ordinal model needs three answers that somebody gave; {response!r} has "
            f"{len(people.answers)} ({', '.join(map(str, people.answers))}): use logit for two"
        )
    return OrdinalFit(*_fit(people, level))


def logit(
    data: Any,
    response: str,
    predictors: str | Sequence[str],
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
    people = patterns(data, response, predictors, count, origin)
    if len(people.answers) < 2:
        raise ValueError(
            f"everybody gave the same answer to {response!r}, {people.answers[0]!r}: "
            "there is nothing to explain"
        )
    _require_highest(data, people)
    return LogitFit(*_fit(_highest_against_others(people), level))


def _require_highest(data: Any, people: Patterns) -> None:
    """The question is about the highest answer: it must not become another when nobody gave it."""
    frame = data.frame if isinstance(data, Survey) else data
    column = frame[people.response] if isinstance(frame, pd.DataFrame) else pd.Series(dtype=object)
    if isinstance(column.dtype, pd.CategoricalDtype):
        highest = column.cat.categories[-1]
        if highest != people.answers[-1]:
            raise ValueError(
                f"nobody with complete answers gave the highest answer to {people.response!r}, "
                f"{highest}; remove that category to ask about {people.answers[-1]}"
            )


def _highest_against_others(people: Patterns) -> Patterns:
    *others, highest = people.answers
    counts = np.column_stack([people.counts[:, :-1].sum(axis=1), people.counts[:, -1]])
    below = others[0] if len(others) == 1 else f"below {highest}"
    return replace(people, answers=(below, highest), counts=counts)


def _fit(people: Patterns, level: float) -> tuple[Patterns, CumulativeLogit, Maximum, float]:
    require_level(level)
    model = CumulativeLogit.parallel(people.standardised(people.x), people.counts)
    cuts, parameters = len(people.answers) - 1, model.restriction.shape[1]
    if people.n <= parameters:
        raise ValueError(
            f"{people.n} people are too few for {parameters} parameters; use fewer predictors or "
            "combine levels"
        )
    found = maximise(model, start(people.counts, parameters))
    way = escape(model, found)
    if way is not None:
        blocks = {
            part.name: [cuts + place for place in people.places(part.name)]
            for part in people.predictors
        }
        raise SeparationError(_moving(people, way[cuts:], drivers(model, blocks)))
    if not found.converged or blurred(found):
        raise ValueError(
            "the fit did not converge; look for a predictor with extreme values, and take its "
            "logarithm or combine it into levels"
        )
    return people, model, found, level


def _moving(people: Patterns, way: np.ndarray, needed: list[str]) -> tuple[str, ...]:
    """What drives the answers apart: slopes, or the reference that all others move away from."""
    names: list[str] = []
    for part in people.predictors:
        if part.name not in needed:
            continue
        places = people.places(part.name)
        moves, by_level = way[places], way[places] / people.scale[places]
        if isinstance(part, Factor) and len(places) > 1 and np.ptp(by_level) < _MOVES:
            names.append(f"{part.name}={part.levels[0]}")
        else:
            names += [n for n, move in zip(part.slopes, moves, strict=True) if abs(move) > _MOVES]
    return tuple(names)
