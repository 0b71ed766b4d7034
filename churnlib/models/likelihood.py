"""The likelihood of ordered answers, on counts instead of people.

Everybody with the same predictors has the same probabilities, so that the likelihood needs only
how many of them gave each answer: a table of counts stands for any number of people.

For pattern i of the predictors and cut j between two neighbouring answers

    logit P(answer ≤ j) = θ_j − x_i · β_j

with a slope for every cut: the unconstrained model. All other models here are linear restrictions
of it, ``full = restriction @ free + fixed``: one slope for all cuts (proportional odds), a slope
held at a value (profile likelihood), a slope held at 0 (likelihood-ratio test).

References
----------
McCullagh, P. (1980). Regression models for ordinal data. J. R. Stat. Soc. B 42, 109–142.
Pratt, J. W. (1981). Concavity of the log likelihood. J. Am. Stat. Assoc. 76, 103–106.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

_GAIN = 1e-12  # in log-likelihood: of one person, whatever the number of others
_ITERATIONS = 100


@dataclass(frozen=True, eq=False)
class CumulativeLogit:
    """Log-likelihood of ordered answers and its derivatives.

    Parameters
    ----------
    x : ndarray, shape (patterns, slopes)
        Predictors, without a constant.
    counts : ndarray, shape (patterns, answers)
        People by pattern and answer, lowest answer first.
    restriction : ndarray, shape (cuts * (1 + slopes), free)
    fixed : ndarray, shape (cuts * (1 + slopes),)
        Full parameters, cut after cut ``(θ_j, β_j)``, are ``restriction @ free + fixed``.
    """

    x: np.ndarray
    counts: np.ndarray
    restriction: np.ndarray
    fixed: np.ndarray

    @classmethod
    def parallel(cls, x: np.ndarray, counts: np.ndarray) -> CumulativeLogit:
        """One slope for all cuts; free parameters are the cut-points, then the slopes."""
        cuts, slopes = counts.shape[1] - 1, x.shape[1]
        own_cut = np.zeros((cuts, 1 + slopes, cuts))
        own_cut[np.arange(cuts), 0, np.arange(cuts)] = 1
        shared = np.vstack([np.zeros((1, slopes)), np.eye(slopes)])
        both = np.concatenate([own_cut, np.broadcast_to(shared, (cuts, *shared.shape))], axis=2)
        restriction = both.reshape(cuts * (1 + slopes), cuts + slopes)
        return cls(x, counts, restriction, np.zeros(len(restriction)))

    def unconstrained(self) -> CumulativeLogit:
        """A slope for every cut."""
        size = len(self.fixed)
        return CumulativeLogit(self.x, self.counts, np.eye(size), np.zeros(size))

    def holding(self, parameter: int, value: float) -> CumulativeLogit:
        """The same model with one free parameter held at a value."""
        column = self.restriction[:, parameter]
        rest = np.delete(self.restriction, parameter, axis=1)
        return CumulativeLogit(self.x, self.counts, rest, self.fixed + value * column)

    def without(self, parameters: list[int]) -> CumulativeLogit:
        """The same model with some free parameters held at 0."""
        rest = np.delete(self.restriction, parameters, axis=1)
        return CumulativeLogit(self.x, self.counts, rest, self.fixed)

    @cached_property
    def signed(self) -> np.ndarray:
        """``(1, −x)``, so that a cut's predictor is its product with ``(θ_j, β_j)``."""
        return np.hstack([np.ones((len(self.x), 1)), -self.x])

    def predictor(self, free: np.ndarray) -> np.ndarray:
        """``logit P(answer ≤ j)``, shape (patterns, cuts)."""
        full = self.restriction @ free + self.fixed
        return self.signed @ full.reshape(-1, self.signed.shape[1]).T

    def value(self, free: np.ndarray) -> float:
        """The log-likelihood; minus infinity where the cuts cross."""
        upper, lower = _edges(self.predictor(free))
        seen = self.counts > 0
        gap = (upper - lower)[seen]
        if (gap <= 0).any():
            return -np.inf
        # F(a) − F(b) = F(a) F(−b) (1 − e^(b−a)), without loss of digits far out in the tails.
        log_share = -np.logaddexp(0, -upper[seen]) - np.logaddexp(0, lower[seen])
        return float(self.counts[seen] @ (log_share + np.log(-np.expm1(-gap))))

    def derivatives(self, free: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Gradient, shape (free,), and negative Hessian, shape (free, free)."""
        upper, lower = _edges(self.predictor(free))
        n = self.counts
        # ∂ log(F(a) − F(b)): by a it is F(−a) + r, by b it is −F(b) − r, with r = 1/(e^(a−b) − 1);
        # the second ones are −F(a)F(−a) − q, −F(b)F(−b) − q and, mixed, q = r (1 + r).
        # Where nobody gave an answer, its edges may cross, and it counts for nothing.
        r = _reciprocal(np.where(n > 0, upper - lower, np.inf))
        q = n * r * (1 + r)
        by_upper = n * (logistic(-upper) + r)
        by_lower = n * (logistic(lower) + r)
        slope = by_upper[:, :-1] - by_lower[:, 1:]
        own_upper = n * logistic(upper) * logistic(-upper) + q
        own_lower = n * logistic(lower) * logistic(-lower) + q
        own, next_to = own_upper[:, :-1] + own_lower[:, 1:], -q[:, 1:-1]

        z, cuts = self.signed, slope.shape[1]
        size = z.shape[1]
        information = np.zeros((cuts, size, cuts, size))
        for j in range(cuts):
            information[j, :, j] = z.T @ (own[:, [j]] * z)
            if j + 1 < cuts:
                block = z.T @ (next_to[:, [j]] * z)
                information[j, :, j + 1] = information[j + 1, :, j] = block
        full = information.reshape(cuts * size, cuts * size)
        gradient = (slope.T @ z).ravel()
        return self.restriction.T @ gradient, self.restriction.T @ full @ self.restriction


@dataclass(frozen=True, eq=False)
class Maximum:
    """Where a likelihood is largest: the free parameters, its value, and the information."""

    free: np.ndarray
    value: float
    information: np.ndarray
    converged: bool

    @cached_property
    def covariance(self) -> np.ndarray:
        """Inverse of the observed information."""
        scale = _scale(self.information)
        return np.linalg.pinv(self.information / np.outer(scale, scale)) / np.outer(scale, scale)


def flat(found: Maximum) -> bool:
    """Whether the likelihood next to does not bend in some direction.

    Separated answers end where next to nothing is left to gain; where nothing is separated, and
    predictors lie between −1 and 1, somebody informs about every direction.
    """
    bend = np.linalg.eigvalsh(found.information)
    return bool(bend[0] < max(1e-8, 1e-13 * bend[-1]))


def blurred(found: Maximum) -> bool:
    """Whether directions are informed so unevenly that the weakest is lost in rounding."""
    scale = _scale(found.information)
    bend = np.linalg.eigvalsh(found.information / np.outer(scale, scale))
    return bool(bend[0] < 1e-11 * bend[-1])


def start(counts: np.ndarray, parameters: int) -> np.ndarray:
    """Cut-points of the answers as they are, and slopes of 0."""
    share = counts.sum(axis=0).cumsum()[:-1] / counts.sum()
    return np.concatenate([np.log(share / (1 - share)), np.zeros(parameters - len(share))])


def maximise(model: CumulativeLogit, free: np.ndarray) -> Maximum:
    """Climb by Newton's method, halving a step that does not gain.

    The likelihood is concave, so that there is one maximum, or none where answers are separated:
    then the climb ends where it no longer gains, far out. It ends by what is still to be gained,
    whatever the number of people: a single one among a hundred million must move its own slope.
    """
    value = model.value(free)
    converged = False
    for _ in range(_ITERATIONS):
        gradient, information = model.derivatives(free)
        scale = _scale(information)
        scaled = information / np.outer(scale, scale)
        ridge = 1e-14 * np.eye(len(free))  # above rounding, so that no direction is forgotten
        step = np.linalg.solve(scaled + ridge, gradient / scale) / scale
        promised = gradient @ step / 2  # the gain, were the likelihood a parabola
        rounding = 1e-14 * abs(value)  # a smaller gain than this cannot be seen in the value
        for _halving in range(100):
            ahead = model.value(free + step)
            if ahead >= value - rounding:
                break
            step = step / 2
        else:
            break
        free, value = free + step, ahead
        if promised <= _GAIN:  # Newton's steps square the error: only rounding is left
            converged = True
            break
    return Maximum(free, value, model.derivatives(free)[1], converged)


def refit(model: CumulativeLogit, free: np.ndarray) -> Maximum:
    """Maximise a restriction of a model that has been fitted.

    Raises
    ------
    ValueError
        If it does not converge.
    """
    found = maximise(model, free)
    if not found.converged:
        raise ValueError(
            f"a restriction of the model did not converge in {_ITERATIONS} steps; its likelihood "
            "ratio cannot be had. Use the coefficients, or combine levels"
        )
    return found


def profile_interval(
    model: CumulativeLogit, found: Maximum, parameter: int, level: float
) -> tuple[float, float]:
    """Values of a free parameter that a likelihood-ratio test would not reject.

    The other parameters are free to follow, so that the interval need not be symmetric.
    """
    from scipy.optimize import brentq
    from scipy.stats import chi2

    best, width = found.free[parameter], np.sqrt(found.covariance[parameter, parameter])
    allowed = chi2.isf(1 - level, 1) / 2
    others = np.delete(found.free, parameter)

    def beyond(value: float) -> float:
        """How much more log-likelihood is lost at `value` than an interval allows."""
        return found.value - refit(model.holding(parameter, value), others).value - allowed

    def limit(side: int) -> float:
        far = 2 * width
        while beyond(best + side * far) < 0:
            far *= 1.5
        inside, outside = sorted((best, best + side * far))
        return float(brentq(beyond, inside, outside, xtol=1e-9 * width, rtol=1e-12))

    return limit(-1), limit(1)


def _edges(predictor: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Upper and lower edge of every answer on the logit scale, shape (patterns, answers)."""
    end = np.full((len(predictor), 1), np.inf)
    return np.hstack([predictor, end]), np.hstack([-end, predictor])


def _scale(information: np.ndarray) -> np.ndarray:
    """Standard deviation of each score, so that years and thousands are no harder than shares."""
    return np.sqrt(np.maximum(np.diag(information), np.finfo(float).tiny))


def logistic(x: np.ndarray) -> np.ndarray:
    """``1/(1 + e^−x)`` without overflow, and with all its digits where it is next to 0."""
    return np.exp(-np.logaddexp(0, -x))


def _reciprocal(gap: np.ndarray) -> np.ndarray:
    """``1/(e^gap − 1)`` for positive gaps, without overflow; 0 for an unbounded one."""
    return np.exp(-gap) / -np.expm1(-gap)
