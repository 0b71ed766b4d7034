"""The likelihood of ordered answers, on counts instead of people.

Everybody with the same predictors has the same probabilities, so that the likelihood needs only
how many of them gave each answer: one row a pattern of predictors and an answer stands for any
number of people. An answer lies between two edges on the logit scale, each linear in the
parameters, so that score and Hessian are products of matrices.

References
----------
McCullagh, P. (1980). Regression models for ordinal data. J. R. Stat. Soc. B 42, 109–142.
Pratt, J. W. (1981). Concavity of the log likelihood. J. Am. Stat. Assoc. 76, 103–106.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

_GAIN = 1e-12  # in log-likelihood: of one person, whatever the number of others
_ITERATIONS = 100


@dataclass(frozen=True, eq=False)
class CumulativeLogit:
    """Log-likelihood of ordered answers and its derivatives.

    Parameters
    ----------
    upper, lower : ndarray, shape (rows, parameters)
        The edges of an answer are ``upper @ params + above`` and ``lower @ params + below``.
    above, below : ndarray, shape (rows,)
        Infinite for the highest and the lowest answer.
    people : ndarray, shape (rows,)
    """

    upper: np.ndarray
    lower: np.ndarray
    above: np.ndarray
    below: np.ndarray
    people: np.ndarray

    @classmethod
    def parallel(cls, x: np.ndarray, answer: np.ndarray, people: np.ndarray) -> CumulativeLogit:
        """``logit P(answer ≤ j) = θ_j − x·β``; parameters are the slopes β, then the cut-points."""
        given = np.eye(answer.max() + 1)[answer]
        upper, lower = np.hstack([-x, given[:, :-1]]), np.hstack([-x, given[:, 1:]])
        return cls(upper, lower, *_ends(given), people)

    @classmethod
    def by_cut(cls, x: np.ndarray, answer: np.ndarray, people: np.ndarray) -> CumulativeLogit:
        """``logit P(answer ≤ j) = θ_j − x·β_j``; parameters are ``β_j, θ_j``, cut after cut."""
        given = np.eye(answer.max() + 1)[answer]
        z = np.hstack([-x, np.ones((len(x), 1))])
        upper, lower = (
            np.einsum("rc,rz->rcz", cuts, z).reshape(len(x), -1)
            for cuts in (given[:, :-1], given[:, 1:])
        )
        return cls(upper, lower, *_ends(given), people)

    def without(self, parameters: list[int]) -> CumulativeLogit:
        """The same model with some parameters held at 0."""
        upper, lower = (np.delete(edge, parameters, axis=1) for edge in (self.upper, self.lower))
        return replace(self, upper=upper, lower=lower)

    def holding(self, parameter: int, value: float) -> CumulativeLogit:
        """The same model with one parameter held at a value."""
        above = self.above + value * self.upper[:, parameter]
        below = self.below + value * self.lower[:, parameter]
        return replace(self.without([parameter]), above=above, below=below)

    def _edges(self, params: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return self.upper @ params + self.above, self.lower @ params + self.below

    def value_obs(self, params: np.ndarray) -> np.ndarray:
        """Log-likelihood of every row; minus infinity where its edges cross."""
        upper, lower = self._edges(params)
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            # F(a) − F(b) = F(a) F(−b) (1 − e^(b−a)), without loss of digits far out in the tails.
            inside = np.log(-np.expm1(lower - upper))
            log_share = inside - np.logaddexp(0, -upper) - np.logaddexp(0, lower)
            return np.where(upper > lower, self.people * log_share, -np.inf)

    def value(self, params: np.ndarray) -> float:
        """The log-likelihood."""
        return float(self.value_obs(params).sum())

    def score_obs(self, params: np.ndarray) -> np.ndarray:
        """Derivatives of the log-likelihood of every row, shape (rows, parameters)."""
        upper, lower = self._edges(params)
        # ∂ log(F(a) − F(b)): by a it is F(−a) + r, by b it is −F(b) − r, with r = 1/(e^(a−b) − 1).
        r = _reciprocal(upper - lower)
        by_upper = self.people * (logistic(-upper) + r)
        by_lower = self.people * (logistic(lower) + r)
        return by_upper[:, None] * self.upper - by_lower[:, None] * self.lower

    def hessian(self, params: np.ndarray) -> np.ndarray:
        """Second derivatives of the log-likelihood."""
        upper, lower = self._edges(params)
        r = _reciprocal(upper - lower)
        q = r * (1 + r)  # by a twice it is −F(a)F(−a) − q, by b −F(b)F(−b) − q, by both q
        twice_upper = self.people * (logistic(upper) * logistic(-upper) + q)
        twice_lower = self.people * (logistic(lower) * logistic(-lower) + q)
        mixed = (self.upper.T * (self.people * q)) @ self.lower
        own = (self.upper.T * twice_upper) @ self.upper + (self.lower.T * twice_lower) @ self.lower
        return mixed + mixed.T - own


@dataclass(frozen=True, eq=False)
class Maximum:
    """Where a likelihood is largest: parameters, value, negative Hessian, and if it was reached."""

    params: np.ndarray
    value: float
    information: np.ndarray
    converged: bool

    @cached_property
    def covariance(self) -> np.ndarray:
        """Inverse of the observed information."""
        units = _units(self.information)
        return np.linalg.pinv(self.information / units) / units

    @property
    def is_flat(self) -> bool:
        """Return True if the likelihood next to does not bend in some direction.

        Separated answers end where next to nothing is left to gain; where nothing is separated,
        and predictors lie between −1 and 1, somebody informs about every direction.
        """
        bend = np.linalg.eigvalsh(self.information)
        return bool(bend[0] < max(1e-8, 1e-13 * bend[-1]))

    @property
    def is_ill_conditioned(self) -> bool:
        """Return True if the direction that is informed on least is lost in rounding."""
        bend = np.linalg.eigvalsh(self.information / _units(self.information))
        return bool(bend[0] < 1e-11 * bend[-1])


def null_params(answer: np.ndarray, people: np.ndarray, slopes: int) -> np.ndarray:
    """Slopes of 0, and the cut-points of the answers as they are."""
    share = np.bincount(answer, people).cumsum()[:-1] / people.sum()
    return np.concatenate([np.zeros(slopes), np.log(share / (1 - share))])


def maximise(model: CumulativeLogit, params: np.ndarray) -> Maximum:
    """Climb by Newton's method, halving a step that does not gain.

    Whole steps, as statsmodels takes them, arrived in all of 2,165 random tables with counts of
    one size, and in 583 of 948 whose counts span nine powers of ten. The climb ends by what is
    still to be gained, whatever the number of people: a single one among a hundred million must
    move its own slope.
    """
    value, converged = model.value(params), False
    for _ in range(_ITERATIONS):
        score, information = model.score_obs(params).sum(axis=0), -model.hessian(params)
        units = np.sqrt(np.diag(_units(information)))
        scaled = information / np.outer(units, units)
        ridge = 1e-14 * np.eye(len(params))  # above rounding, so that no direction is forgotten
        step = np.linalg.solve(scaled + ridge, score / units) / units
        promised = score @ step / 2  # the gain, were the likelihood a parabola
        rounding = 1e-14 * abs(value)  # a smaller gain than this cannot be seen in the value
        for _halving in range(100):
            ahead = model.value(params + step)
            if ahead >= value - rounding:
                break
            step = step / 2
        else:
            break
        params, value = params + step, ahead
        if promised <= _GAIN:  # Newton's steps square the error: only rounding is left
            converged = True
            break
    return Maximum(params, value, -model.hessian(params), converged)


def refit(model: CumulativeLogit, params: np.ndarray) -> Maximum:
    """Maximise a restriction of a model that has been fitted.

    Raises
    ------
    ValueError
        If it does not converge.
    """
    found = maximise(model, params)
    if not found.converged:
        raise ValueError(
            f"a restriction of the model did not converge in {_ITERATIONS} steps; its likelihood "
            "ratio cannot be had. Use the coefficients, or combine levels"
        )
    return found


def profile_interval(
    model: CumulativeLogit, best: Maximum, parameter: int, level: float
) -> tuple[float, float]:
    """Values of a parameter that a likelihood-ratio test would not reject.

    The other parameters are free to follow, so that the interval need not be symmetric.
    """
    from scipy.optimize import brentq
    from scipy.stats import chi2

    middle, width = best.params[parameter], np.sqrt(best.covariance[parameter, parameter])
    allowed = chi2.isf(1 - level, 1) / 2
    others = np.delete(best.params, parameter)

    def beyond(value: float) -> float:
        """Return the log-likelihood lost at `value`, less what an interval allows."""
        return best.value - refit(model.holding(parameter, value), others).value - allowed

    def limit(side: int) -> float:
        far = 2 * width
        while beyond(middle + side * far) < 0:
            far *= 1.5
        inside, outside = sorted((middle, middle + side * far))
        return float(brentq(beyond, inside, outside, xtol=1e-9 * width, rtol=1e-12))

    return limit(-1), limit(1)


def logistic(x: np.ndarray) -> np.ndarray:
    """``1/(1 + e^−x)`` without overflow, and with all its digits where it is next to 0."""
    return np.exp(-np.logaddexp(0, -x))


def _ends(given: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return np.where(given[:, -1] == 1, np.inf, 0.0), np.where(given[:, 0] == 1, -np.inf, 0.0)


def _units(information: np.ndarray) -> np.ndarray:
    """Products of the scores' standard deviations, so that years are no harder than shares."""
    scale = np.sqrt(np.maximum(np.diag(information), np.finfo(float).tiny))
    return np.outer(scale, scale)


def _reciprocal(gap: np.ndarray) -> np.ndarray:
    """``1/(e^gap − 1)`` for positive gaps, without overflow; 0 for an unbounded one."""
    return np.exp(-gap) / -np.expm1(-gap)
