"""Regression of an ordered answer, or of a yes or no, on who gave it.

Fitted to counts: rows, a frame with a count column and the output of `counts` on any number of
people give the same result.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from churnlib.likelihood import CumulativeLogit, Maximum, escape, maximise, start
from churnlib.predictors import Factor, Patterns, patterns
from churnlib.provenance import Origin
from churnlib.results import NAN, Estimate, Test, require_level

_FEW = 10  # answers for each parameter, a common rule of thumb


class SeparationError(ValueError):
    """Some predictors tell answers apart perfectly, so that their slopes have no finite estimate.

    Parameters
    ----------
    slopes : tuple of str
        Those without one.
    """

    def __init__(self, slopes: tuple[str, ...]) -> None:
        super().__init__(
            f"{', '.join(slopes)} tells some answers apart perfectly, so that no finite estimate "
            "exists; combine levels until each has people with higher and with lower answers, or "
            "leave the predictor out"
        )
        self.slopes = slopes


@dataclass(frozen=True, eq=False)
class _Fit:
    """What a proportional-odds and a binary fit share.

    Parameters
    ----------
    people : Patterns
        What was fitted to.
    model : CumulativeLogit
    found : Maximum
        Free parameters: cut-points, then slopes.
    level : float
        Confidence level of all intervals.
    """

    people: Patterns
    model: CumulativeLogit
    found: Maximum
    level: float

    @property
    def n(self) -> int:
        """People the fit rests on."""
        return self.people.n

    @property
    def missing(self) -> int:
        """People left out because one of their answers is missing."""
        return self.people.missing

    @property
    def origin(self) -> Origin:
        """Kind of evidence."""
        return self.people.origin

    @property
    def reference(self) -> dict[str, Any]:
        """The level of each categorical predictor with which its others are compared."""
        return self.people.reference

    @property
    def log_likelihood(self) -> float:
        """At its maximum."""
        return self.found.value

    @property
    def note(self) -> str:
        """What a reader must know before using the numbers; empty when nothing."""
        notes = [self.people.note] if self.people.note else []
        parameters = len(self.found.free)
        if self.n < _FEW * parameters:
            notes.append(
                f"{self.n} answers for {parameters} parameters are fewer than {_FEW} each: "
                "intervals and p-values are rough"
            )
        return "; ".join(notes)

    @cached_property
    def coefficients(self) -> pd.DataFrame:
        """One row a slope, in order; positive means towards higher answers.

        Columns ``estimate``, ``se``, ``z``, ``p_value``, ``low``, ``high`` on the logit scale, and
        ``odds_ratio``, ``odds_ratio_low``, ``odds_ratio_high``; Wald's intervals and p-values. The
        first level of a categorical predictor has no row: it is the `reference`.
        """
        table = self._wald(slice(self._cuts, None), self.people.slopes)
        ratios = np.exp(table[["estimate", "low", "high"]]).to_numpy()
        return table.assign(
            odds_ratio=ratios[:, 0], odds_ratio_low=ratios[:, 1], odds_ratio_high=ratios[:, 2]
        ).rename_axis("slope")

    @cached_property
    def factor_tests(self) -> pd.DataFrame:
        """What is lost by leaving out each predictor: ``chi2``, ``df`` and ``p_value``.

        Likelihood-ratio tests of all slopes of the predictor at once, given the others.
        """
        from scipy.stats import chi2

        rows = {}
        for part in self.people.predictors:
            held = [self._cuts + place for place in self.people.places(part.name)]
            reduced = maximise(self.model.without(held), np.delete(self.found.free, held))
            lost, df = max(0.0, 2 * (self.log_likelihood - reduced.value)), len(held)
            rows[part.name] = [lost, df, float(chi2.sf(lost, df))]
        tests = pd.DataFrame.from_dict(rows, orient="index", columns=["chi2", "df", "p_value"])
        return tests.astype({"df": int}).rename_axis("predictor")

    @cached_property
    def test(self) -> Test:
        """Likelihood-ratio test of all predictors together."""
        from scipy.stats import chi2

        gained = max(0.0, 2 * (self.log_likelihood - self.null_log_likelihood))
        df = len(self.people.slopes)
        return Test(
            "likelihood_ratio", gained, float(df), float(chi2.sf(gained, df)), self.n, False,
            (NAN, NAN), self.origin, self.note,
        )  # fmt: skip

    @property
    def null_log_likelihood(self) -> float:
        """Log-likelihood of the model without predictors: shares of the answers as they are."""
        answers = self.people.counts.sum(axis=0)
        return float(answers @ np.log(answers / answers.sum()))

    @property
    def mcfadden_r2(self) -> float:
        """McFadden's pseudo R²: part of the log-likelihood of no predictors that they remove."""
        return 1 - self.log_likelihood / self.null_log_likelihood

    @property
    def nagelkerke_r2(self) -> float:
        """Nagelkerke's pseudo R²: Cox and Snell's over the largest value it can take."""
        gained = 2 * (self.null_log_likelihood - self.log_likelihood) / self.n
        return float(np.expm1(gained) / np.expm1(2 * self.null_log_likelihood / self.n))

    def odds_ratio(self, slope: str) -> Estimate:
        """One slope as an odds ratio of higher answers, with Wald's interval.

        Raises
        ------
        KeyError
            If the model has no such slope.
        """
        self._require(slope)
        row = self.coefficients.loc[slope]
        return Estimate(
            "odds_ratio", row["odds_ratio"], row["odds_ratio_low"], row["odds_ratio_high"],
            self.level, row["se"], self.n, self.origin, self.note, row["z"], row["p_value"],
        )  # fmt: skip

    def profile_intervals(self) -> pd.DataFrame:
        """Profile-likelihood intervals of the slopes, better than Wald's in small samples.

        Returns
        -------
        DataFrame
            One row a slope; ``low``, ``high``, ``odds_ratio_low`` and ``odds_ratio_high``: the
            values that a likelihood-ratio test would not reject, whatever the other parameters.

        References
        ----------
        Venables, W. N. & Ripley, B. D. (2002). Modern applied statistics with S, section 8.4.
        """
        limits = [self._profile(place) for place in range(len(self.people.slopes))]
        table = pd.DataFrame(limits, index=list(self.people.slopes), columns=["low", "high"])
        ratios = np.exp(table).add_prefix("odds_ratio_")
        return pd.concat([table, ratios], axis=1).rename_axis("slope")

    def predicted(self, predictor: str) -> pd.DataFrame:
        """Shares of the answers if everybody had one level of a predictor, all else unchanged.

        Returns
        -------
        DataFrame
            One row a level and answer: ``group``, ``level``, ``share``, ``low``, ``high``, shares
            from 0 to 1, the interval by the delta method on the logit scale.

        Raises
        ------
        KeyError
            If the model has no such categorical predictor.
        """
        from scipy.stats import norm

        places = self.people.places(predictor)
        part = next(p for p in self.people.predictors if p.name == predictor)
        if not isinstance(part, Factor):
            raise KeyError(f"{predictor!r} is a number and has no levels to compare")
        reach = norm.isf((1 - self.level) / 2)
        rows = []
        for group in part.levels:
            x = self.people.x.copy()
            x[:, places] = part.columns(pd.Series([group] * len(x)))
            for answer, share, se in zip(self.people.answers, *self._mean_shares(x), strict=True):
                logit = np.log(share / (1 - share))
                margin = reach * se / (share * (1 - share))
                low, high = 1 / (1 + np.exp([margin - logit, -margin - logit]))
                rows.append((group, answer, share, low, high))
        return pd.DataFrame(rows, columns=["group", "level", "share", "low", "high"])

    @property
    def _cuts(self) -> int:
        return len(self.people.answers) - 1

    def _require(self, slope: str) -> None:
        if slope not in self.people.slopes:
            known = ", ".join(self.people.slopes)
            raise KeyError(f"the model has no slope {slope!r}; it has {known}")

    def _wald(self, which: slice, names: Sequence[str]) -> pd.DataFrame:
        from scipy.stats import norm

        estimate = self.found.free[which]
        se = np.sqrt(np.diag(self.found.covariance))[which]
        z, reach = estimate / se, norm.isf((1 - self.level) / 2) * se
        return pd.DataFrame(
            {
                "estimate": estimate,
                "se": se,
                "z": z,
                "p_value": 2 * norm.sf(abs(z)),
                "low": estimate - reach,
                "high": estimate + reach,
            },
            index=list(names),
        )

    def _profile(self, place: int) -> tuple[float, float]:
        from scipy.optimize import brentq
        from scipy.stats import chi2

        at = self._cuts + place
        best, width = self.found.free[at], np.sqrt(self.found.covariance[at, at])
        allowed = chi2.isf(1 - self.level, 1) / 2
        free = np.delete(self.found.free, at)

        def beyond(value: float) -> float:
            """How much more log-likelihood is lost at `value` than an interval allows."""
            return (
                self.log_likelihood - maximise(self.model.holding(at, value), free).value - allowed
            )

        limits = []
        for side in (-1, 1):
            far = 2 * width
            while beyond(best + side * far) < 0 and far < 100 * width:
                far *= 1.5
            inside, outside = sorted((best, best + side * far))
            limits.append(brentq(beyond, inside, outside, xtol=1e-9 * width, rtol=1e-12))
        return limits[0], limits[1]

    def _mean_shares(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Mean probability of each answer over all people with predictors `x`, and its error."""
        weight = self.people.counts.sum(axis=1) / self.n
        below = 1 / (1 + np.exp(x @ self.found.free[self._cuts :][:, None] - self._cut_values))
        rise = weight[:, None] * below * (1 - below)  # ∂/∂λ of each cumulative probability
        cumulative = np.concatenate([[0], weight @ below, [1]])
        jacobian = np.zeros((self._cuts + 2, len(self.found.free)))
        jacobian[1:-1, : self._cuts] = np.diag(rise.sum(axis=0))
        jacobian[1:-1, self._cuts :] = -rise.T @ x
        change = np.diff(jacobian, axis=0)
        variance = np.einsum("ai,ij,aj->a", change, self.found.covariance, change)
        return np.diff(cumulative), np.sqrt(variance)

    @property
    def _cut_values(self) -> np.ndarray:
        return self.found.free[: self._cuts]


@dataclass(frozen=True, eq=False)
class OrdinalFit(_Fit):
    """A proportional-odds model: one odds ratio of higher answers, wherever they are divided."""

    @cached_property
    def cutpoints(self) -> pd.DataFrame:
        """Cut-points on their natural scale, as in R's ``polr`` and SPSS PLUM.

        ``logit P(answer ≤ j)`` of people with every predictor at its reference or 0; columns as in
        `coefficients`, without odds ratios.
        """
        answers = self.people.answers
        names = [f"{a}|{b}" for a, b in pairwise(answers)]
        return self._wald(slice(0, self._cuts), names).rename_axis("cut")

    def _repr_html_(self) -> str:
        return f"{self.origin.badge_html}{self.coefficients.round(3)._repr_html_()}"


@dataclass(frozen=True, eq=False)
class LogitFit(_Fit):
    """A logistic regression: odds ratios of the highest answer against all others."""

    @cached_property
    def intercept(self) -> pd.Series:
        """Log odds of the highest answer, every predictor at its reference or 0."""
        row = self._wald(slice(0, 1), ["intercept"]).iloc[0]
        sign = row[["estimate", "z"]] * -1  # the cut is of "lower or equal"
        limits = {"low": -row["high"], "high": -row["low"]}
        return pd.concat([row[["se", "p_value"]], sign, pd.Series(limits)])[list(row.index)]

    def _repr_html_(self) -> str:
        return f"{self.origin.badge_html}{self.coefficients.round(3)._repr_html_()}"


def ordinal_logit(
    data: Any,
    response: str,
    predictors: str | Sequence[str],
    *,
    count: str | None = None,
    level: float = 0.95,
) -> OrdinalFit:
    """Fit how the odds of higher answers depend on predictors.

    ``logit P(answer ≤ j | x) = θ_j − x·β``: exp(β) is how many times larger the odds of an answer
    above any cut are for one more of a numeric predictor, or for a level against the reference.

    Parameters
    ----------
    data : Survey or DataFrame
        One row a person, or one row a group with its `count`.
    response : str
        Ordered answers; a Survey's codebook knows their order.
    predictors : str or sequence of str
        Categorical ones have the first level of the codebook (or of the Categorical) that
        somebody gave as reference; numbers get one slope.
    count : str, optional
        Column that says how many people a row stands for.
    level : float
        Of the intervals.

    Returns
    -------
    OrdinalFit
        Standard errors from the observed information. People with a missing answer are left
        out and counted in ``missing``.

    Raises
    ------
    SeparationError
        If no finite estimate exists.
    ValueError
        If fewer than three answers were given, a predictor is constant or collinear with others,
        the answers have no order, or there are no more people than parameters.

    References
    ----------
    McCullagh, P. (1980). Regression models for ordinal data. J. R. Stat. Soc. B 42, 109–142.

    Examples
    --------
    >>> table = pd.DataFrame({"gender": list("mmmfff"), "visits": [1, 2, 3] * 2,
    ...                       "n": [40, 30, 10, 25, 35, 40]})
    >>> fit = ordinal_logit(table, "visits", "gender", count="n")
    >>> fit.reference, fit.coefficients.index.tolist()
    ({'gender': 'f'}, ['gender=m'])
    >>> fit.coefficients.round(3).loc["gender=m", ["estimate", "se", "odds_ratio"]].tolist()
    [-1.175, 0.288, 0.309]
    """
    people = patterns(data, response, predictors, count)
    if len(people.answers) < 3:
        raise ValueError(
            f"an ordinal model needs three answers that somebody gave; {response!r} has "
            f"{len(people.answers)} ({', '.join(map(str, people.answers))}): use logit for two"
        )
    return OrdinalFit(*_fit(people, level))


def logit(
    data: Any,
    response: str,
    predictors: str | Sequence[str],
    *,
    count: str | None = None,
    level: float = 0.95,
) -> LogitFit:
    """Fit how the odds of the highest answer, against all others, depend on predictors.

    Parameters
    ----------
    data, predictors, count, level
        As for `ordinal_logit`.
    response : str
        With more than two answers, the highest is compared with all lower ones together: six or
        more visits against fewer.

    Returns
    -------
    LogitFit

    Raises
    ------
    SeparationError, ValueError
        As for `ordinal_logit`, with two answers needed.

    References
    ----------
    Hosmer, D. W., Lemeshow, S. & Sturdivant, R. X. (2013). Applied logistic regression, 3rd ed.

    Examples
    --------
    >>> table = pd.DataFrame({"gender": list("mmff"), "often": [0, 1] * 2, "n": [80, 20, 60, 40]})
    >>> fit = logit(table, "often", "gender", count="n")
    >>> round(float(fit.odds_ratio("gender=m").value), 3)  # 20·60 / (80·40)
    0.375
    """
    people = patterns(data, response, predictors, count)
    if len(people.answers) < 2:
        raise ValueError(
            f"everybody gave the same answer to {response!r}, {people.answers[0]!r}: "
            "there is nothing to explain"
        )
    return LogitFit(*_fit(_highest_against_others(people), level))


def _highest_against_others(people: Patterns) -> Patterns:
    from dataclasses import replace

    *others, highest = people.answers
    counts = np.column_stack([people.counts[:, :-1].sum(axis=1), people.counts[:, -1]])
    below = others[0] if len(others) == 1 else f"below {highest}"
    return replace(people, answers=(below, highest), counts=counts)


def _fit(people: Patterns, level: float) -> tuple[Patterns, CumulativeLogit, Maximum, float]:
    require_level(level)
    model = CumulativeLogit.parallel(people.x, people.counts)
    cuts, parameters = len(people.answers) - 1, model.restriction.shape[1]
    if people.n <= parameters:
        raise ValueError(
            f"{people.n} people are too few for {parameters} parameters; use fewer predictors or "
            "combine levels"
        )
    found = maximise(model, start(people.counts, parameters))
    way = escape(model, found)
    if way is not None:
        names = [f"a cut of {people.response}"] * cuts + list(people.slopes)
        moving = [name for name, part in zip(names, way, strict=True) if abs(part) > 1e-6]
        raise SeparationError(tuple(n for n in moving if n in people.slopes) or tuple(moving[:1]))
    if not found.converged:
        raise ValueError(
            "the fit did not converge in 100 steps; look for a predictor with extreme values, and "
            "divide large numbers by a constant"
        )
    return people, model, found, level
