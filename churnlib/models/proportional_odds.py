"""Tests of proportional odds: that one slope fits every cut of an ordered answer."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from churnlib.evidence import NAN, Test, chi_square_result, shown_html
from churnlib.models.fits import OrdinalFit
from churnlib.models.likelihood import CumulativeLogit, logistic, maximise, null_params
from churnlib.models.separation import separating_direction


@dataclass(frozen=True, eq=False)
class ParallelLines(Test):
    """Test that a predictor has the same odds ratio wherever the answers are divided.

    As a `Test` it is the likelihood ratio against a model with a slope for every cut, as in SPSS
    PLUM's "test of parallel lines".

    Parameters
    ----------
    brant : Test
        Brant's test of the same hypothesis, from separate binary fits.
    by_predictor : DataFrame
        Brant's test of each predictor: ``chi2``, ``df``, ``p_value``.
    slopes : DataFrame
        Estimated slopes of the separate binary fits, one column a cut, to see where they differ.
    """

    brant: Test = field(kw_only=True)
    by_predictor: pd.DataFrame = field(kw_only=True)
    slopes: pd.DataFrame = field(kw_only=True)

    def _repr_html_(self) -> str:
        return self.origin.badge_html + shown_html(self.by_predictor, self.note)


def parallel_lines(fit: OrdinalFit) -> ParallelLines:
    """Test the assumption of a proportional-odds model.

    Parameters
    ----------
    fit : OrdinalFit

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
    ratio, note = _likelihood_ratio(fit)
    df = len(fit.data.slopes) * (len(fit.data.answers) - 2)
    slopes, covariance, missed = _binary_fits(fit)
    places = {part.name: fit.data.places(part.name) for part in fit.data.predictors}
    each = {name: _brant(slopes, covariance, held) for name, held in places.items()}
    every = _brant(slopes, covariance, list(range(len(fit.data.slopes))))
    if not missed and np.isnan(every[0]):
        missed = (
            "the separate fits cross, so that their joint covariance is none, and Brant's test "
            "cannot be had; combine levels"
        )
    if note:
        other = "combine levels" if missed else "see Brant's test, or combine levels"
        note = f"{note}; {other}"
    frame = pd.DataFrame.from_dict(each, orient="index", columns=["chi2", "df", "p_value"])
    asymptotic = _test("parallel_lines", ratio, df, fit, note)
    return ParallelLines(
        **vars(asymptotic),
        brant=_test("brant", every[0], df, fit, missed),
        by_predictor=frame.astype({"df": int}).rename_axis("predictor"),
        slopes=pd.DataFrame(
            (slopes / fit.model.scale).T, list(fit.data.slopes), list(fit.cutpoints.index)
        ),
    )


def _test(name: str, statistic: float, df: int, fit: OrdinalFit, note: str) -> Test:
    said = "; ".join(filter(None, [note, fit.note]))
    return chi_square_result(name, statistic, df, fit.n, fit.origin, said)


def _likelihood_ratio(fit: OrdinalFit) -> tuple[float, str]:
    """Twice the log-likelihood gained by a slope for every cut, and what must be said of it."""
    z, cuts = fit.model.standardised(fit.data.x), len(fit.data.answers) - 1
    slopes, points = np.split(fit.best.params, [z.shape[1]])
    same = np.column_stack([np.tile(slopes, (cuts, 1)), points]).ravel()
    model = CumulativeLogit.by_cut(z, fit.data.answer, fit.data.people)
    found = maximise(model, same)
    if separating_direction(model, found) is not None:
        return NAN, (
            "with a slope for every cut some predictor tells answers apart perfectly, so there is "
            "no likelihood ratio"
        )
    if not found.converged:
        return NAN, "the model with a slope for every cut did not converge"
    by_cut = found.params.reshape(cuts, -1)
    if (np.diff(by_cut[:, -1] - z @ by_cut[:, :-1].T, axis=1) < 0).any():
        return NAN, (
            "with a slope for every cut the cut-points cross for some people, which would give an "
            "answer a negative share, so there is no likelihood ratio"
        )
    return float(np.maximum(0.0, 2 * (found.value - fit.log_likelihood))), ""


def _binary_fits(fit: OrdinalFit) -> tuple[np.ndarray, np.ndarray, str]:
    """Slopes of a logit for every cut, shape (cuts, slopes), and their joint covariance.

    Those of standardised predictors, for which the statistic is the same.

    Two cuts divide the same people, so their estimates are correlated: with π_j = P(answer > j),
    the covariance of the two divisions j ≤ k of a person is π_k − π_j π_k (Brant 1990, section 3).
    """
    x, n = fit.model.standardised(fit.data.x), fit.data.people
    z, cuts = np.hstack([x, np.ones((len(x), 1))]), len(fit.data.answers) - 1
    estimates = np.full((cuts, z.shape[1]), np.nan)
    for j in range(cuts):
        is_above = (fit.data.answer > j).astype(int)
        model = CumulativeLogit.parallel(x, is_above, n)
        found = maximise(model, null_params(is_above, n, x.shape[1]))
        if separating_direction(model, found) is not None or not found.converged:
            note = (
                f"at the cut {fit.cutpoints.index[j]} some predictor tells answers apart "
                "perfectly, so Brant's test cannot be had; combine levels"
            )
            empty = np.full((cuts, x.shape[1]), np.nan)
            return empty, empty, note
        estimates[j] = found.params
    estimates[:, -1] *= -1  # log odds of above
    above, order = logistic(z @ estimates.T), np.arange(cuts)
    later, earlier = np.maximum.outer(order, order), np.minimum.outer(order, order)
    divided = n[:, None, None] * above[:, later] * (1 - above[:, earlier])
    scores = np.einsum("rjk,ra,rb->jakb", divided, z, z)
    inverses = np.linalg.inv(scores[order, :, order])
    covariance = np.einsum("jac,jckd,kdb->jakb", inverses, scores, inverses, optimize=True)
    return estimates[:, :-1], covariance[:, :-1, :, :-1], ""


def _brant(slopes: np.ndarray, covariance: np.ndarray, held: list[int]) -> tuple:
    """Wald statistic that the slopes `held` are the same at every cut, df and p-value."""
    from scipy.stats import chi2

    some = slopes[:, held]
    apart = (some[1:] - some[0]).ravel()
    df = apart.size
    if not np.isfinite(apart).all():
        return NAN, df, NAN
    joint = covariance[:, held][:, :, :, held]
    first = joint[:1, :, :1]  # Var(b_j − b_1) by blocks: V_jk − V_j1 − V_1k + V_11
    spread = joint[1:, :, 1:] - joint[1:, :, :1] - joint[:1, :, 1:] + first
    try:
        triangle = np.linalg.cholesky(spread.reshape(df, df))
    except np.linalg.LinAlgError:  # where separate fits cross, it need not be a covariance
        return NAN, df, NAN
    statistic = float(np.sum(np.linalg.solve(triangle, apart) ** 2))
    return statistic, df, float(chi2.sf(statistic, df))
