"""statsmodels' proportional-odds model with frequency weights."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from statsmodels.base.model import LikelihoodModelResults
from statsmodels.miscmodels.ordinal_model import (
    OrderedModel,
    OrderedResults,
    OrderedResultsWrapper,
)

from churnlib.models.likelihood import CumulativeLogit, Maximum, logistic, maximise, null_params


class OrderedCounts(OrderedModel):
    """statsmodels' ``OrderedModel`` of logits, in which a row stands for many people.

    `OrderedModel` has no weights (statsmodels issues 2599 and 7078). Here the log-likelihood, the
    score and the Hessian are analytic and weighted, and cut-points are parameters as they are, on
    the scale of R's ``polr``, not logarithms of their distances: ``params``, ``bse`` and
    ``summary()`` show them so.

    Parameters
    ----------
    endog : array_like
        Ordered answers: an ordered Categorical Series, or numbers.
    exog : array_like
        Predictors, without a constant.
    freq_weights : array_like
        How many people a row stands for.

    Examples
    --------
    >>> woman = pd.DataFrame({"woman": [0.0, 0, 0, 1, 1, 1]})
    >>> model = OrderedCounts([1, 2, 3] * 2, woman, freq_weights=[40, 30, 10, 25, 35, 40])
    >>> model.fit().params.round(3).to_dict()
    {'woman': 1.26, '1/2': 0.059, '2/3': 1.728}
    """

    def __init__(self, endog: Any, exog: Any, *, freq_weights: Any, **kwds: Any) -> None:
        # statsmodels would look for a hidden constant by a rank that large units mislead.
        kwds.setdefault("hasconst", False)
        weights = np.asarray(freq_weights, dtype=float)
        super().__init__(endog, exog, None, "logit", freq_weights=weights, **kwds)

    def _initialize_labels(self, labels: Any, k_levels: int | None = None) -> None:
        super()._initialize_labels(labels, k_levels)
        self.nobs = self.freq_weights.sum()

    def transform_threshold_params(self, params: np.ndarray) -> np.ndarray:
        """Cut-points between minus and plus infinity."""
        return np.concatenate([[-np.inf], params[-(self.k_levels - 1) :], [np.inf]])

    @property
    def start_params(self) -> np.ndarray:
        """Those of the model without predictors."""
        return null_params(self.endog, self.freq_weights, self.k_vars)

    @cached_property
    def likelihood(self) -> CumulativeLogit:
        """Of predictors in their own units."""
        return CumulativeLogit.parallel(self.exog, self.endog, self.freq_weights)

    @cached_property
    def centre(self) -> np.ndarray:
        """Mean of each predictor over all people."""
        return np.average(self.exog, axis=0, weights=self.freq_weights)

    @cached_property
    def scale(self) -> np.ndarray:
        """Largest distance of each predictor from its centre."""
        return np.abs(self.exog - self.centre).max(axis=0)

    def standardised(self, exog: np.ndarray) -> np.ndarray:
        """Predictors of no unit around 0, so that years are no harder than shares."""
        return (exog - self.centre) / self.scale

    @cached_property
    def standard_likelihood(self) -> CumulativeLogit:
        """Of standardised predictors."""
        z = self.standardised(self.exog)
        return CumulativeLogit.parallel(z, self.endog, self.freq_weights)

    def loglikeobs(self, params: np.ndarray) -> np.ndarray:
        """Log-likelihood of every row."""
        return self.likelihood.value_obs(np.asarray(params))

    def score_obs(self, params: np.ndarray) -> np.ndarray:
        """Score of every row."""
        return self.likelihood.score_obs(np.asarray(params))

    def score(self, params: np.ndarray) -> np.ndarray:
        """Derivatives of the log-likelihood."""
        return self.score_obs(params).sum(axis=0)

    def hessian(self, params: np.ndarray) -> np.ndarray:
        """Second derivatives of the log-likelihood."""
        return self.likelihood.hessian(np.asarray(params))

    def fit(self) -> OrderedResultsWrapper:
        """Fit by Newton's method to standardised predictors; everything else is in their units."""
        best = maximise(self.standard_likelihood, self.start_params)
        # θ − β·(x − m)/s = (θ + m·β/s) − (β/s)·x
        slopes = self.k_vars
        back = np.diag(np.concatenate([1 / self.scale, np.ones(self.k_extra)]))
        back[slopes:, :slopes] = self.centre / self.scale
        ours = LikelihoodModelResults(self, back @ best.params, back @ best.covariance @ back.T)
        ours.nobs = self.nobs  # people, where statsmodels counts rows
        ours.mle_retvals = {"converged": best.converged}
        ours.mle_settings = {"optimizer": "newton"}
        return OrderedResultsWrapper(OrderedCountsResults(self, ours, best))


class OrderedCountsResults(OrderedResults):
    """statsmodels' results of an ordinal model, by people instead of rows."""

    def __init__(self, model: OrderedCounts, ours: LikelihoodModelResults, best: Maximum) -> None:
        super().__init__(model, ours)
        self.best, self.hasconst = best, 0

    @cached_property
    def llf(self) -> float:
        """Log-likelihood at its maximum."""
        return self.best.value

    def pred_table(self) -> pd.DataFrame:
        """People by the answer they gave (rows) and the one most likely for them (columns)."""
        labels = [str(label) for label in self.model.labels]
        table = np.zeros((len(labels), len(labels)))
        np.add.at(table, (self.model.endog, self.predict().argmax(1)), self.model.freq_weights)
        return pd.DataFrame(table.astype(int), labels, labels)

    def mean_shares(self, exog: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Mean probability of each answer over all people, and its error by the delta method."""
        z, weight = self.model.standardised(exog), self.model.freq_weights / self.model.nobs
        slopes, cuts = np.split(self.best.params, [z.shape[1]])
        below = logistic(cuts - z @ slopes[:, None])
        rise = weight[:, None] * below * (1 - below)  # ∂/∂λ of each cumulative probability
        jacobian = np.hstack([-rise.T @ z, np.diag(rise.sum(axis=0))])
        change = np.diff(np.pad(jacobian, ((1, 1), (0, 0))), axis=0)
        variance = np.einsum("ai,ij,aj->a", change, self.best.covariance, change)
        return np.diff(np.concatenate([[0], weight @ below, [1]])), np.sqrt(variance)
