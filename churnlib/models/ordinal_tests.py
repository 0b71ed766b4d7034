"""Tests by ordinal models: of parallel lines, and how often samples show a difference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from churnlib.evidence import NAN, Test, apa, chi_square_result, joined, require_level, shown_html
from churnlib.models.fits import OrdinalFit, test_table
from churnlib.tables import Crosstab, wilson


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
        note = "" if np.isnan(self.statistic) else self.note  # else in its sentence
        parts = (self.origin.badge, apa(self), apa(self.brant), each, slopes, note)
        return "\n".join(filter(None, parts))

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
    ratio, note = _likelihood_ratio(fit)

    def test(name: str, statistic: float, columns: list[int], note: str) -> Test:
        df, note = len(columns) * (len(slopes) - 1), joined(note, fit.note)
        return chi_square_result(name, statistic, df, fit.n, fit.origin, note)

    def brant(columns: list[int]) -> Test:
        return test("brant", _brant(slopes, covariance, columns), columns, missed)

    every = list(range(slopes.shape[1]))
    if not missed and np.isnan(_brant(slopes, covariance, every)):
        missed = (
            "the separate fits cross, so that their joint covariance is none, and Brant's test "
            "cannot be had; combine levels"
        )
    if note:
        note += "; combine levels" if missed else "; see Brant's test, or combine levels"
    names, cuts = list(fit.data.x.columns), list(fit.cutpoints.index)
    return ParallelLines(
        **vars(test("parallel_lines", ratio, every, note)),
        brant=brant(every),
        by_predictor=test_table({n: brant(fit.data.columns(n)) for n in fit.data.predictors}),
        slopes=pd.DataFrame((slopes / fit.fitted.model.scale).T, names, cuts),
    )


def _likelihood_ratio(fit: OrdinalFit) -> tuple[float, str]:
    """Twice the log-likelihood gained by a slope for every cut, and what must be said of it."""
    from churnlib.models.ordered_counts import CumulativeLogit

    z, cuts = fit.fitted.model.z, len(fit.data.answers) - 1
    best = CumulativeLogit.of(z, fit.data.answer, fit.data.people, by_cut=True).maximum()
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

    Two cuts divide the same people, so their estimates are correlated: with π_j = P(answer > j),
    the covariance of the two divisions j ≤ k of a person is π_k − π_j π_k (Brant 1990, section 3).
    """
    from scipy.special import expit

    from churnlib.models.ordered_counts import CumulativeLogit

    x, n = fit.fitted.model.z, fit.data.people  # in no unit, which leaves the statistic as it is
    z, cuts = np.hstack([x, np.ones((len(x), 1))]), len(fit.data.answers) - 1
    estimates = np.empty((cuts, z.shape[1]))
    for j in range(cuts):
        best = CumulativeLogit.of(x, (fit.data.answer > j).astype(int), n).maximum()
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


def found_in_samples(
    table: Crosstab, sizes: Sequence[int], *, seed: int, draws: int = 1000, alpha: float = 0.05
) -> pd.DataFrame:
    """Draw people from a table without putting them back, and test each sample.

    Where a sample is a large part of the people, it varies less than one from a large population
    would. Only its counts are drawn, which are multivariate hypergeometric.

    Parameters
    ----------
    table : Crosstab
        Everybody there is: groups by ordered answers.
    sizes : sequence of int
        People in a sample, from 2 to all there are.
    seed : int
        Of the random draws; those of one size do not depend on the other sizes.
    draws : int
        Samples of each size.
    alpha : float
        Level of the tests.

    Returns
    -------
    DataFrame
        One row a test and size: ``test`` (``pearson_chi2``, ``linear_by_linear`` and
        ``ordinal_model``, the likelihood ratio of a proportional-odds model), ``size``, ``found``
        (share of samples with p < .05) and its Wilson interval ``low``, ``high``.

    Raises
    ------
    ValueError
        If a size is below 2 or above the number of people, or there are no draws.

    Examples
    --------
    >>> table = Crosstab.from_counts([[90, 60, 50], [50, 60, 90]], ordered=(False, True))
    >>> found = found_in_samples(table, [50, 200], seed=1, draws=100)
    >>> found.pivot(index="size", columns="test", values="found").to_dict("index")[200]
    {'linear_by_linear': 0.98, 'ordinal_model': 0.98, 'pearson_chi2': 0.93}
    """
    require_level(1 - alpha)
    if draws < 1:
        raise ValueError(f"at least one sample of each size is needed, given draws={draws}")
    cells, rows = table.counts.to_numpy(), []
    for size in sizes:
        if not 2 <= size <= table.n:
            raise ValueError(f"a sample has from 2 to all {table.n} people, given {size}")
        rng = np.random.default_rng([seed, size])
        drawn = rng.multivariate_hypergeometric(cells.ravel(), size, draws, method="marginals")
        significant = p_values(drawn.reshape(draws, *cells.shape)) < alpha
        for test, hits in significant.sum().items():
            rows.append((test, size, hits / draws, *wilson(hits, draws)))
    found = pd.DataFrame(rows, columns=["test", "size", "found", "low", "high"])
    found["test"] = pd.Categorical(found["test"], found["test"].unique())
    found = found.sort_values("test", kind="stable", ignore_index=True)
    return found.astype({"test": "str"})


def p_values(samples: np.ndarray) -> pd.DataFrame:
    """P-values from samples, shape (draws, rows, columns): one row a sample, one column a test."""
    from scipy.stats import chi2

    n, rows = samples.sum(axis=(1, 2), keepdims=True), samples.sum(axis=2, keepdims=True)
    columns, (group, answer) = samples.sum(axis=1, keepdims=True), np.indices(samples.shape[1:])
    expected = rows @ columns / n
    pearson = ((samples - expected) ** 2 / np.where(expected > 0, expected, 1)).sum(axis=(1, 2))
    u, v = (score - (samples * score).sum((1, 2), keepdims=True) / n for score in (group, answer))
    spreads = (samples * u**2).sum(axis=(1, 2)) * (samples * v**2).sum(axis=(1, 2))
    # A row or a column without people has no say, as in `chi_square`.
    slopes, cuts = ((margin > 0).sum(axis=(1, 2)) - 1 for margin in (rows, columns))
    is_table = (slopes > 0) & (cuts > 0)
    linear = (n.ravel() - 1) * (samples * u * v).sum(axis=(1, 2)) ** 2
    linear /= np.where(is_table, spreads, 1)
    ratio = [_ratio(s) if some else 0.0 for s, some in zip(samples, is_table, strict=True)]
    tests = {
        "pearson_chi2": (pearson, slopes * cuts),
        "linear_by_linear": (linear, 1),
        "ordinal_model": (ratio, slopes),
    }
    tails = {name: chi2.sf(value, np.where(is_table, df, 1)) for name, (value, df) in tests.items()}
    return pd.DataFrame(tails)


def _ratio(sample: np.ndarray) -> float:
    """Likelihood ratio of a proportional-odds model of the groups."""
    from churnlib.models.ordered_counts import CumulativeLogit

    seen = sample[sample.any(axis=1)][:, sample.any(axis=0)]
    group, answer = seen.nonzero()
    none = CumulativeLogit.of(np.eye(len(seen))[group, 1:], answer, seen[group, answer])
    return max(0.0, 2 * (none.maximum().value - none.value))
