"""What a fitted model predicts: the shares of the answers if everybody had one level."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from churnlib.evidence import NAN
from churnlib.models.likelihood import logistic

if TYPE_CHECKING:
    from churnlib.models.fits import Fit


def predicted_shares(fit: Fit, predictor: str) -> pd.DataFrame:
    """Shares if everybody had one level of a predictor, all else unchanged; see `Fit.predicted`.

    Raises
    ------
    KeyError
        If the model has no such categorical predictor.
    """
    from scipy.stats import norm

    data = fit.data
    data.places(predictor)
    part = next(p for p in data.predictors if p.name == predictor)
    if predictor not in data.frame or not part.levels:
        raise KeyError(f"{predictor!r} is a number and has no levels to compare")
    reach = norm.isf((1 - fit.level) / 2)
    rows = []
    for group in part.levels:
        same = pd.Categorical([group] * len(data.frame), part.levels)
        x = data.columns_of(data.frame.assign(**{predictor: same}))
        for answer, share, se in zip(data.answers, *_mean_shares(fit, x), strict=True):
            low = high = NAN  # where the share rounds to 0 or 1
            if 0 < share < 1:
                logit, margin = np.log(share / (1 - share)), reach * se / (share * (1 - share))
                low, high = logistic(np.array([logit - margin, logit + margin]))
            rows.append((group, answer, share, low, high))
    return pd.DataFrame(rows, columns=["group", "level", "share", "low", "high"])


def _mean_shares(fit: Fit, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean probability of each answer over all people with predictors `x`, and its error."""
    weight, z = fit.data.people / fit.n, fit.model.standardised(x)
    slopes, cuts = np.split(fit.best.params, [z.shape[1]])
    below = logistic(cuts - z @ slopes[:, None])
    rise = weight[:, None] * below * (1 - below)  # ∂/∂λ of each cumulative probability
    jacobian = np.hstack([-rise.T @ z, np.diag(rise.sum(axis=0))])
    change = np.diff(np.pad(jacobian, ((1, 1), (0, 0))), axis=0)
    variance = np.einsum("ai,ij,aj->a", change, fit.best.covariance, change)
    return np.diff(np.concatenate([[0], weight @ below, [1]])), np.sqrt(variance)
