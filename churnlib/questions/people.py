"""The people of a survey or of a DataFrame: what they answered, and whom they stand for."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import is_bool_dtype, is_numeric_dtype

from churnlib.evidence import NAN, Origin, Test, require_level
from churnlib.survey import Survey, Variable

_KINDS = {"single": "one answer of several", "multiple": "several answers", "scale": "a scale"}


def answers_of(data: Any, variable: str) -> pd.Series:
    """Return what people answered; a KeyError says which variables there are."""
    frame = data.frame if isinstance(data, Survey) else data
    if not isinstance(frame, pd.DataFrame):
        raise TypeError(f"data are a Survey or a pandas DataFrame, given {type(data).__name__}")
    if variable not in frame:
        raise KeyError(f"there is no variable {variable!r}; there are {', '.join(map(str, frame))}")
    return frame[variable]


def numbers_with(data: Any, variable: str) -> pd.Series:
    """Return the numbers of a variable; a ValueError says that it holds none."""
    column = answers_of(data, variable)
    if isinstance(data, Survey):
        numeric = data.codebook[variable].kind in {"number", "scale"}
    else:
        numeric = is_numeric_dtype(column) and not is_bool_dtype(column)
    if not numeric:
        raise ValueError(
            f'{variable!r} holds no numbers; in the codebook say kind = "number", or make it an '
            "item of a scale"
        )
    return column.astype(float)


def question_of(survey: Survey, name: str, kind: str) -> Variable:
    """Return a question of this kind; a ValueError says that it is of another."""
    question = survey.codebook[name]
    if question.kind != kind:
        raise ValueError(
            f"{name!r} is of kind {question.kind!r} and not {kind}; give a question with "
            f"{_KINDS[kind]}"
        )
    return question


def asymptotic(
    name: str, n: int, origin: Origin, note: str, statistic: float = NAN, df: float = NAN,
    p: float = NAN, df_residual: float = NAN,
) -> Test:  # fmt: skip
    """Return a test that counted no tables and drew none; of nothing but its note, it is NaN."""
    return Test(
        name, float(statistic), float(df), float(p), n, False, (NAN, NAN), origin, note,
        float(df_residual),
    )  # fmt: skip


def weighted_shares(survey: Survey, variable: str, *, level: float = 0.95) -> pd.DataFrame:
    """Estimate the population's shares of a question from weighted answers.

    The sample is taken as drawn with replacement, one person at a time, with unequal chances:
    clusters and strata are not known, and weights are taken as fixed (Lumley 2010, Complex
    surveys: a guide to analysis using R).

    Returns
    -------
    DataFrame
        By level: ``n`` (people, not weighted), ``share``, ``se``, ``low``, ``high`` (from 0 to 1,
        made on the logit scale with t of n − 1 degrees of freedom, as R's
        ``svyciprop(method = "logit")``; NaN for a share of 0 or 1), and ``design_effect``
        (variance over that of an unweighted sample as large).

    Raises
    ------
    KeyError, ValueError
        If there is no such question, the survey has no weights, or fewer than two people answered.
    """
    from scipy.special import expit, logit
    from scipy.stats import t

    require_level(level)
    weights, answered = _weighted(survey, [variable])
    chosen = pd.get_dummies(answered[variable]).astype(float)
    n = len(chosen)
    shares = weights @ chosen.to_numpy()
    se = np.sqrt(np.diag(_covariance(chosen.to_numpy(), weights)))
    inside = np.where((shares > 0) & (shares < 1), shares, NAN)
    spread = inside * (1 - inside)
    reach = t.isf((1 - level) / 2, n - 1) * se / spread
    return pd.DataFrame(
        {
            "n": chosen.sum().astype(int).to_numpy(),
            "share": shares,
            "se": se,
            "low": expit(logit(inside) - reach),
            "high": expit(logit(inside) + reach),
            "design_effect": se**2 / spread * (n - 1),
        },
        index=pd.Index(chosen.columns.astype(str), name=variable),
    )


def rao_scott(survey: Survey, rows: str, columns: str) -> Test:
    """Test whether two questions are independent in the population, from weighted answers.

    Pearson's χ² of the weighted shares, corrected for what the design makes of its mean and
    spread (second order), as an F statistic: what R's ``svychisq`` and SPSS's complex samples
    give (Rao & Scott 1984, Ann. Stat. 12, 46–60). ``n`` counts people, not weights; the note gives
    the corrected χ² and the mean design effect. NaN with a note where fewer than two levels of
    either were answered, or so few of their combinations that the correction is not determined.
    Refuses what `weighted_shares` does.
    """
    from scipy.stats import f

    weights, answered = _weighted(survey, [rows, columns])
    row, column = (answered[name].cat.remove_unused_categories() for name in (rows, columns))
    n, r, c = len(answered), len(row.cat.categories), len(column.cat.categories)
    if min(r, c) < 2:
        note = "fewer than two levels were answered"
        return asymptotic("rao_scott", n, survey.origin, note)
    cells = np.eye(r * c)[row.cat.codes * c + column.cat.codes]
    p = weights @ cells
    grid = p.reshape(r, c)
    expected = np.outer(grid.sum(axis=1), grid.sum(axis=0)).ravel()
    pearson = n * ((p - expected) ** 2 / expected).sum()
    # Δ, the design effects of the interactions, at the shares that were seen, as R's survey.
    contrasts = np.kron(np.eye(r)[:, 1:] - 1 / r, np.eye(c)[:, 1:] - 1 / c)
    if np.linalg.matrix_rank(contrasts[p > 0]) < contrasts.shape[1]:
        note = "too many combinations of answers were given by nobody; combine levels"
        return asymptotic("rao_scott", n, survey.origin, note)
    scaled = np.divide(contrasts, p[:, None], out=np.zeros_like(contrasts), where=p[:, None] > 0)
    simple = contrasts.T @ scaled / n
    delta = np.linalg.solve(simple, scaled.T @ _covariance(cells, weights) @ scaled)
    first, second = np.trace(delta), np.trace(delta @ delta)
    statistic, df = float(pearson / first), float(first**2 / second)
    note = (
        f"corrected χ² {statistic * df:.2f}, df {df:.2f}; "
        f"mean design effect {first / ((r - 1) * (c - 1)):.2f}"
    )
    p_value = f.sf(statistic, df, df * (n - 1))
    return asymptotic(
        "rao_scott", n, survey.origin, note, statistic, df, p_value, df * (n - 1)
    )  # fmt: skip


def _weighted(survey: Survey, variables: list[str]) -> tuple[np.ndarray, pd.DataFrame]:
    """Weights that add up to 1 and the answers, of those who answered all."""
    if survey.weights is None:
        raise ValueError("the survey has no weights; clean it with weight=, or declare one")
    for name in variables:
        question_of(survey, name, "single")
    answered = survey.frame[variables].dropna()
    if len(answered) < 2:
        raise ValueError(f"fewer than two people answered {' and '.join(variables)}")
    weights = survey.weights[answered.index].to_numpy(dtype=float)
    return weights / weights.sum(), answered


def _covariance(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Covariance of weighted means by linearisation; weights add up to 1."""
    n = len(weights)
    scores = weights[:, None] * (values - weights @ values)
    return n / (n - 1) * scores.T @ scores
