"""statsmodels' proportional-odds model on counts: a row stands for any number of people."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import linprog, minimize
from scipy.special import expit, log_expit, logit
from statsmodels.base.model import LikelihoodModelResults
from statsmodels.miscmodels.ordinal_model import (
    OrderedModel,
    OrderedResults,
    OrderedResultsWrapper,
)


@dataclass(frozen=True, eq=False)
class CumulativeLogit:
    """Likelihood of ordered answers, ``logit P(answer ≤ j) = θ_j − x·β``, at one point.

    An answer lies between two edges on the logit scale, each linear in the parameters (the slopes,
    then the cut-points), so that score and information are products of matrices (McCullagh, 1980).
    """

    upper: np.ndarray  # of (rows, parameters): an answer's edge is ``upper @ params + above``
    lower: np.ndarray
    above: np.ndarray  # infinite for the highest answer
    below: np.ndarray
    people: np.ndarray
    params: np.ndarray

    @classmethod
    def of(
        cls, x: np.ndarray, answer: np.ndarray, people: np.ndarray, *, by_cut: bool = False
    ) -> CumulativeLogit:
        """One slope for all cuts, or one for each, at the maximum of the model without slopes."""
        given = np.eye(answer.max() + 1)[answer]

        def edge(cuts: np.ndarray) -> np.ndarray:
            slopes = np.einsum("rc,rx->rcx", cuts, -x).reshape(len(x), -1) if by_cut else -x
            return np.hstack([slopes, cuts])

        upper, lower = edge(given[:, :-1]), edge(given[:, 1:])
        above, below = np.where(given[:, -1], np.inf, 0), np.where(given[:, 0], -np.inf, 0)
        cuts = logit((people @ given).cumsum()[:-1] / people.sum())
        params = np.pad(cuts, (upper.shape[1] - len(cuts), 0))
        return cls(upper, lower, above, below, people, params)

    def at(self, params: np.ndarray) -> CumulativeLogit:
        """The same model at another point."""
        return replace(self, params=params)

    def holding(self, parameters: list[int], value: float = 0.0) -> CumulativeLogit:
        """The same model with some parameters held at a value."""
        upper, lower = (np.delete(edge, parameters, axis=1) for edge in (self.upper, self.lower))
        above = self.above + value * self.upper[:, parameters].sum(axis=1)
        below = self.below + value * self.lower[:, parameters].sum(axis=1)
        others = np.delete(self.params, parameters)
        return CumulativeLogit(upper, lower, above, below, self.people, others)

    @cached_property
    def edges(self) -> tuple[np.ndarray, np.ndarray]:
        """Where each row's answer ends and begins on the logit scale."""
        return self.upper @ self.params + self.above, self.lower @ self.params + self.below

    @cached_property
    def value_obs(self) -> np.ndarray:
        """Log-likelihood of every row; minus infinity where its edges cross."""
        upper, lower = self.edges
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            # F(a) − F(b) = F(a) F(−b) (1 − e^(b−a)), without loss of digits far out in the tails.
            log_share = np.log(-np.expm1(lower - upper)) + log_expit(upper) + log_expit(-lower)
        return np.where(upper > lower, self.people * log_share, -np.inf)

    @property
    def value(self) -> float:
        """Log-likelihood."""
        return float(self.value_obs.sum())

    @cached_property
    def score(self) -> np.ndarray:
        """Derivatives of the log-likelihood."""
        upper, lower = self.edges
        # ∂ log(F(a) − F(b)): by a it is F(−a) + r, by b it is −F(b) − r, with r = 1/(e^(a−b) − 1).
        r = _reciprocal(upper - lower)
        by_upper, by_lower = self.people * (expit(-upper) + r), self.people * (expit(lower) + r)
        return (by_upper[:, None] * self.upper - by_lower[:, None] * self.lower).sum(axis=0)

    @cached_property
    def information(self) -> np.ndarray:
        """Second derivatives of the log-likelihood with their sign turned."""
        upper, lower = self.edges
        r = _reciprocal(upper - lower)
        q = r * (1 + r)  # by a twice it is F(a)F(−a) + q, by b F(b)F(−b) + q, by both −q
        twice_upper = self.people * (expit(upper) * expit(-upper) + q)
        twice_lower = self.people * (expit(lower) * expit(-lower) + q)
        mixed = (self.upper.T * (self.people * q)) @ self.lower
        own = (self.upper.T * twice_upper) @ self.upper + (self.lower.T * twice_lower) @ self.lower
        return own - mixed - mixed.T

    @cached_property
    def covariance(self) -> np.ndarray:
        """Inverse of the information by way of unit diagonals: few people inform beside many."""
        units = np.sqrt(np.outer(np.diag(self.information), np.diag(self.information)))
        ridge = 1e-14 * np.eye(len(units))  # above rounding, so that no direction is forgotten
        return np.linalg.inv(self.information / units + ridge) / units

    def maximum(self) -> CumulativeLogit:
        """Climb by a trust region, which whole Newton steps need where counts differ widely."""
        people = self.people.sum()
        top = minimize(
            lambda params: -self.at(params).value / people,
            self.params,
            jac=lambda params: -self.at(params).score / people,
            hess=lambda params: self.at(params).information / people,
            method="trust-exact",
            options={"gtol": 1e-5 / people},
        )
        best = self.at(top.x)
        # A gain below the rounding of the value, as from one person among millions, is seen only
        # in the score. Newton's steps square the error.
        for _ in range(2):
            best = best.at(best.params + best.covariance @ best.score)
        return best

    @property
    def converged(self) -> bool:
        """Return True if another step would gain nothing."""
        return bool(self.score @ self.covariance @ self.score < 1e-10)

    def separating_direction(self) -> np.ndarray | None:
        """A direction in which the likelihood rises for ever, or None where this is its maximum.

        There is one when the predictors separate the answers, wholly or in part: moving along it,
        no given answer becomes less probable and some become more so. A linear programme looks
        for it, where the climb ended on ground so flat that there may be one (Albert & Anderson,
        1984, Biometrika 71, 1–10).
        """
        bend = np.linalg.eigvalsh(self.information)
        if self.converged and bend[0] > max(1e-8, 1e-13 * bend[-1]):
            return None
        # An answer's upper edge must not fall and its lower edge must not rise.
        has_lower, has_upper = np.isfinite(self.below), np.isfinite(self.above)
        edges = np.vstack([self.upper[has_upper], -self.lower[has_lower]])
        options = {"primal_feasibility_tolerance": 1e-10}  # the least: one number may lie far out
        least = np.zeros(len(edges))
        way = linprog(-edges.mean(0), -edges, least, bounds=(-1, 1), options=options).x
        moved = edges @ way
        return way if moved.max() > 1e-6 and moved.min() > -1e-9 * moved.max() else None


def _reciprocal(gap: np.ndarray) -> np.ndarray:
    """``1/(e^gap − 1)`` for positive gaps, without overflow; 0 for an unbounded one."""
    return np.exp(-gap) / -np.expm1(-gap)


class OrderedCounts(OrderedModel):
    """statsmodels' ``OrderedModel`` of logits, in which a row stands for many people.

    `OrderedModel` has no weights (statsmodels issues 2599 and 7078). Here log-likelihood, score
    and Hessian are analytic and weighted, and cut-points are parameters as they are, on the scale
    of R's ``polr``, not logarithms of their distances.

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
        self.centre = np.average(self.exog, axis=0, weights=weights)
        self.scale = np.abs(self.exog - self.centre).max(axis=0)
        self.z = self.standardised(self.exog)

    def _initialize_labels(self, labels: Any, k_levels: int | None = None) -> None:
        super()._initialize_labels(labels, k_levels)
        self.nobs = self.freq_weights.sum()  # people, where statsmodels counts rows

    def transform_threshold_params(self, params: np.ndarray) -> np.ndarray:
        """Cut-points between minus and plus infinity."""
        return np.concatenate([[-np.inf], params[-(self.k_levels - 1) :], [np.inf]])

    def standardised(self, exog: np.ndarray) -> np.ndarray:
        """Predictors of no unit around 0, so that years are no harder than shares."""
        return (exog - self.centre) / self.scale

    @cached_property
    def likelihood(self) -> CumulativeLogit:
        """Of predictors in their own units."""
        return CumulativeLogit.of(self.exog, self.endog, self.freq_weights)

    @property
    def start_params(self) -> np.ndarray:
        """Those of the model without predictors."""
        return self.likelihood.params

    def loglikeobs(self, params: np.ndarray) -> np.ndarray:
        """Log-likelihood of every row."""
        return self.likelihood.at(np.asarray(params)).value_obs

    def score(self, params: np.ndarray) -> np.ndarray:
        """Derivatives of the log-likelihood."""
        return self.likelihood.at(np.asarray(params)).score

    def hessian(self, params: np.ndarray) -> np.ndarray:
        """Second derivatives of the log-likelihood."""
        return -self.likelihood.at(np.asarray(params)).information

    def fit(self) -> OrderedResultsWrapper:
        """Fit standardised predictors; everything of the results is in their own units."""
        best = CumulativeLogit.of(self.z, self.endog, self.freq_weights).maximum()
        # θ − β·(x − m)/s = (θ + m·β/s) − (β/s)·x
        back = np.diag(np.concatenate([1 / self.scale, np.ones(self.k_extra)]))
        back[self.k_vars :, : self.k_vars] = self.centre / self.scale
        ours = LikelihoodModelResults(self, back @ best.params, back @ best.covariance @ back.T)
        ours.nobs = self.nobs
        ours.mle_retvals = {"converged": best.converged}
        ours.mle_settings = {"optimizer": "trust-exact"}
        return OrderedResultsWrapper(OrderedCountsResults(self, ours, best))


class OrderedCountsResults(OrderedResults):
    """statsmodels' results of an ordinal model, by people instead of rows.

    ``best`` is the maximum of the likelihood of standardised predictors.
    """

    def __init__(self, model: OrderedCounts, ours: Any, best: CumulativeLogit) -> None:
        super().__init__(model, ours)
        self.best, self.hasconst = best, 0

    def pred_table(self) -> pd.DataFrame:
        """People by the answer they gave (rows) and the one most likely for them (columns)."""
        labels = [str(label) for label in self.model.labels]
        table = np.zeros((len(labels), len(labels)))
        np.add.at(table, (self.model.endog, self.predict().argmax(1)), self.model.freq_weights)
        return pd.DataFrame(table.astype(int), labels, labels)
