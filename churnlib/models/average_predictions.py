"""What a fitted model predicts: the shares of the answers if everybody had one level."""

from __future__ import annotations

import numpy as np
import pandas as pd

from churnlib.evidence import NAN
from churnlib.models.design import Patterns
from churnlib.models.likelihood import Maximum, logistic
from churnlib.models.terms import Factor


def predicted_shares(
    people: Patterns, found: Maximum, level: float, predictor: str
) -> pd.DataFrame:
    """Shares if everybody had one level of a predictor, all else unchanged; see `Fit.predicted`.

    Raises
    ------
    KeyError
        If the model has no such categorical predictor.
    """
    from scipy.stats import norm

    places = people.places(predictor)
    part = next(p for p in people.predictors if p.name == predictor)
    if not isinstance(part, Factor):
        raise KeyError(f"{predictor!r} is a number and has no levels to compare")
    reach = norm.isf((1 - level) / 2)
    rows = []
    for group in part.levels:
        x = people.x.copy()
        x[:, places] = part.columns(pd.Series([group] * len(x)))
        for answer, share, se in zip(people.answers, *_mean_shares(people, found, x), strict=True):
            low = high = NAN  # where the share rounds to 0 or 1
            if 0 < share < 1:
                logit, margin = np.log(share / (1 - share)), reach * se / (share * (1 - share))
                low, high = logistic(np.array([logit - margin, logit + margin]))
            rows.append((group, answer, share, low, high))
    return pd.DataFrame(rows, columns=["group", "level", "share", "low", "high"])


def _mean_shares(people: Patterns, found: Maximum, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean probability of each answer over all people with predictors `x`, and its error."""
    number = len(people.answers) - 1
    weight = people.counts.sum(axis=1) / people.n
    x = people.standardised(x)
    cuts, slopes = np.split(found.free, [number])
    below = logistic(cuts - x @ slopes[:, None])
    rise = weight[:, None] * below * (1 - below)  # ∂/∂λ of each cumulative probability
    cumulative = np.concatenate([[0], weight @ below, [1]])
    jacobian = np.zeros((number + 2, len(found.free)))
    jacobian[1:-1, :number] = np.diag(rise.sum(axis=0))
    jacobian[1:-1, number:] = -rise.T @ x
    change = np.diff(jacobian, axis=0)
    variance = np.einsum("ai,ij,aj->a", change, found.covariance, change)
    return np.diff(cumulative), np.sqrt(variance)
