"""Tests of proportional odds: that one slope fits every cut of an ordered answer."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from churnlib.evidence import NAN, Test, apa, chi_square_result, joined, shown_html
from churnlib.models.fits import OrdinalFit, test_table


@dataclass(frozen=True, eq=False, repr=False)
class ParallelLines(Test):
    """Test that a predictor has the same odds ratio wherever the answers are divided.

    As a `Test` it is the likelihood ratio against a model with a slope for every cut, as in SPSS
    PLUM's "test of parallel lines".
    ``brant`` is Brant's test of the same hypothesis from separate binary fits, ``by_predictor`` the
    same for each (``chi2``, ``df``, ``p_value``), ``slopes`` those of the fits, one column a cut.
    """

    brant: Test = field(kw_only=True)
    by_predictor: pd.DataFrame = field(kw_only=True)
    slopes: pd.DataFrame = field(kw_only=True)

    def __repr__(self) -> str:
        each = self.by_predictor.round(3).to_string()
        slopes = self.slopes.rename_axis("slope at the cut").round(3).to_string()
        note = self.note if self.statistic == self.statistic else ""  # else in its sentence
        said = (self.origin.badge, apa(self), apa(self.brant), each, slopes, note)
        return "\n".join(filter(None, said))

    def _repr_html_(self) -> str:
        return self.origin.badge_html + shown_html(self.by_predictor, self.note)


def parallel_lines(fit: OrdinalFit) -> ParallelLines:
    """Test the assumption of a proportional-odds model.

    Returns
    -------
    ParallelLines
        A small p-value says that some predictor acts differently at different cuts, so that one
        odds ratio does not describe it. Where a test cannot be had, its numbers are NaN and its
        ``note`` says why.

    Raises
    ------
    TypeError
        If `fit` is not an `OrdinalFit`.

    References
    ----------
    Brant, R. (1990). Assessing proportionality in the proportional odds model for ordinal
    logistic regression. Biometrics 46, 1171–1178.

    Examples
    --------
    >>> from churnlib.models import ordinal_logit
    >>> table = pd.DataFrame({"gender": list("mmmfff"), "visits": [1, 2, 3] * 2,
    ...                       "n": [40, 30, 10, 25, 35, 40]})
    >>> result = parallel_lines(ordinal_logit(table, "visits", "gender", count="n"))
    >>> result.df, round(result.p_value, 3), round(result.brant.p_value, 3)
    (1.0, 0.255, 0.266)
    """
    if not isinstance(fit, OrdinalFit):
        raise TypeError(
            "parallel lines are assumed by a proportional-odds model; give what ordinal_logit "
            f"returns, given {type(fit).__name__}"
        )
    slopes, covariance, missed = _binary_fits(fit)
    held = {name: fit.data.columns(name) for name in fit.data.predictors}
    every = list(range(slopes.shape[1]))
    if not missed and np.isnan(_brant(slopes, covariance, every)):
        missed = (
            "the separate fits cross, so that their joint covariance is none, and Brant's test "
            "cannot be had; combine levels"
        )
    ratio, note = _likelihood_ratio(fit)
    if note:
        note += "; combine levels" if missed else "; see Brant's test, or combine levels"

    def test(name: str, statistic: float, columns: list[int], note: str) -> Test:
        df = len(columns) * (len(slopes) - 1)
        said = joined(note, fit.note)
        return chi_square_result(name, statistic, df, fit.n, fit.origin, said)

    def brant(columns: list[int]) -> Test:
        return test("brant", _brant(slopes, covariance, columns), columns, missed)

    names, cuts = list(fit.data.x.columns), list(fit.cutpoints.index)
    return ParallelLines(
        **vars(test("parallel_lines", ratio, every, note)),
        brant=brant(every),
        by_predictor=test_table({name: brant(columns) for name, columns in held.items()}),
        slopes=pd.DataFrame((slopes / fit.ordered.model.scale).T, names, cuts),
    )


def _likelihood_ratio(fit: OrdinalFit) -> tuple[float, str]:
    """Twice the log-likelihood gained by a slope for every cut, and what must be said of it."""
    from churnlib.models.ordered_counts import CumulativeLogit

    z, cuts = fit.ordered.model.z, len(fit.data.answers) - 1
    slopes, points = np.split(fit.ordered.best.params, [z.shape[1]])
    model = CumulativeLogit.of(z, fit.data.answer, fit.data.people, by_cut=True)
    best = model.maximum(np.concatenate([*[slopes] * cuts, points]))
    if best.separating_direction() is not None:
        return NAN, (
            "with a slope for every cut some predictor tells answers apart perfectly, so there is "
            "no likelihood ratio"
        )
    if not best.converged:
        return NAN, "the model with a slope for every cut did not converge"
    slopes, points = np.split(best.params, [z.shape[1] * cuts])
    if (np.diff(points - z @ slopes.reshape(cuts, -1).T, axis=1) < 0).any():
        return NAN, (
            "with a slope for every cut the cut-points cross for some people, which would give an "
            "answer a negative share, so there is no likelihood ratio"
        )
    return max(0.0, 2 * (best.value - fit.log_likelihood)), ""


def _binary_fits(fit: OrdinalFit) -> tuple[np.ndarray, np.ndarray, str]:
    """Slopes of a logit for every cut, shape (cuts, slopes), and their joint covariance.

    Those of standardised predictors, for which the statistic is the same.

    Two cuts divide the same people, so their estimates are correlated: with π_j = P(answer > j),
    the covariance of the two divisions j ≤ k of a person is π_k − π_j π_k (Brant 1990, section 3).
    """
    from scipy.special import expit

    from churnlib.models.ordered_counts import CumulativeLogit, null_params

    x, n = fit.ordered.model.z, fit.data.people
    z, cuts = np.hstack([x, np.ones((len(x), 1))]), len(fit.data.answers) - 1
    estimates = np.empty((cuts, z.shape[1]))
    for j in range(cuts):
        is_above = (fit.data.answer > j).astype(int)
        start = null_params(is_above, n, x.shape[1])
        best = CumulativeLogit.of(x, is_above, n).maximum(start)
        if best.separating_direction() is not None or not best.converged:
            none = np.full((cuts, x.shape[1]), np.nan)
            note = (
                f"at the cut {fit.cutpoints.index[j]} some predictor tells answers apart "
                "perfectly, so Brant's test cannot be had; combine levels"
            )
            return none, np.multiply.outer(none, none), note
        estimates[j] = best.params
    estimates[:, -1] *= -1  # log odds of above
    above, order = expit(z @ estimates.T), np.arange(cuts)
    later, earlier = np.maximum.outer(order, order), np.minimum.outer(order, order)
    divided = n[:, None, None] * above[:, later] * (1 - above[:, earlier])
    scores = np.einsum("rjk,ra,rb->jakb", divided, z, z)
    inverses = np.linalg.inv(scores[order, :, order])
    covariance = np.einsum("jac,jckd,kdb->jakb", inverses, scores, inverses, optimize=True)
    return estimates[:, :-1], covariance[:, :-1, :, :-1], ""


def _brant(slopes: np.ndarray, covariance: np.ndarray, held: list[int]) -> float:
    """Wald statistic that the slopes `held` are the same at every cut."""
    apart = np.diff(slopes[:, held], axis=0).ravel()
    joint = covariance[:, held][:, :, :, held]
    spread = np.diff(np.diff(joint, axis=0), axis=2).reshape(apart.size, -1)
    try:
        triangle = np.linalg.cholesky(spread)
    except np.linalg.LinAlgError:  # where separate fits cross, it need not be a covariance
        return NAN
    return float(np.sum(np.linalg.solve(triangle, apart) ** 2))
