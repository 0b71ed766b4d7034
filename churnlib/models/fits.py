"""What a fitted model of ordered answers says, and how surely."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from churnlib.evidence import NAN, Estimate, Origin, Test, apa, chi_square_result, shown_html
from churnlib.models.design import GroupedData
from churnlib.models.fit_sentences import model_sentence
from churnlib.models.likelihood import Maximum, logistic, profile_interval, refit

if TYPE_CHECKING:
    from statsmodels.base.model import Results

    from churnlib.models.ordered_counts import OrderedCounts

_FEW = 10  # answers for each parameter, a common rule of thumb


@dataclass(frozen=True, eq=False, repr=False)
class Fit:
    """What a proportional-odds and a binary fit share.

    Parameters
    ----------
    data : GroupedData
        What was fitted to.
    model : OrderedCounts
        statsmodels' model of it; a binary answer is one with a single cut.
    ordered : OrderedResults
        What statsmodels says of the model.
    level : float
        Confidence level of all intervals.
    """

    data: GroupedData
    model: OrderedCounts
    ordered: Results
    level: float

    @property
    def best(self) -> Maximum:
        """Parameters of standardised predictors where the likelihood is largest."""
        return self.ordered.best

    @property
    def n(self) -> int:
        """People the fit rests on."""
        return self.data.n

    @property
    def missing(self) -> int:
        """People left out because one of their answers is missing."""
        return self.data.missing

    @property
    def origin(self) -> Origin:
        """Kind of evidence."""
        return self.data.origin

    @property
    def reference(self) -> dict[str, Any]:
        """The level of each categorical predictor with which its others are compared."""
        return {part.name: part.levels[0] for part in self.data.predictors if part.levels}

    @property
    def log_likelihood(self) -> float:
        """At its maximum."""
        return self.best.value

    @property
    def parameters(self) -> int:
        """Number of slopes and cut-points."""
        return len(self.best.params)

    @property
    def has_few(self) -> bool:
        """Return True if there are fewer than ten people for each parameter."""
        return self.n < _FEW * self.parameters

    @property
    def note(self) -> str:
        """What a reader must know before using the numbers; empty when nothing."""
        few = (
            f"{self.n} answers for {self.parameters} parameters are fewer than {_FEW} each: "
            "intervals and p-values are rough"
        )
        return "; ".join(filter(None, [self.data.note, few if self.has_few else ""]))

    @cached_property
    def coefficients(self) -> pd.DataFrame:
        """One row a slope, in order; positive means towards higher answers.

        Columns ``estimate``, ``se``, ``z``, ``p_value``, ``low``, ``high`` on the logit scale, and
        ``odds_ratio``, ``odds_ratio_low``, ``odds_ratio_high``; Wald's intervals and p-values. The
        first level of a categorical predictor has no row: it is the `reference`.
        """
        table = self._wald.iloc[: len(self.data.slopes)]
        ratios = _exp(table[["estimate", "low", "high"]].to_numpy())
        return table.assign(
            odds_ratio=ratios[:, 0], odds_ratio_low=ratios[:, 1], odds_ratio_high=ratios[:, 2]
        ).rename_axis("slope")

    def factor_test(self, predictor: str) -> Test:
        """What is lost by leaving out a predictor: likelihood-ratio test of all its slopes.

        Raises
        ------
        KeyError
            If the model has no such predictor.
        """
        held = self.data.places(predictor)
        without = self.model.standard_likelihood.without(held)
        reduced = refit(without, np.delete(self.best.params, held))
        return self._likelihood_ratio(reduced.value, len(held))

    @cached_property
    def factor_tests(self) -> pd.DataFrame:
        """`factor_test` of every predictor, given the others: ``chi2``, ``df``, ``p_value``."""
        tests = {part.name: self.factor_test(part.name) for part in self.data.predictors}
        rows = [(test.statistic, int(test.df), test.p_value) for test in tests.values()]
        index = pd.Index(tests, name="predictor")
        return pd.DataFrame(rows, index, columns=["chi2", "df", "p_value"])

    @cached_property
    def test(self) -> Test:
        """Likelihood-ratio test of all predictors together."""
        return self._likelihood_ratio(self.null_log_likelihood, len(self.data.slopes))

    @property
    def null_log_likelihood(self) -> float:
        """Log-likelihood of the model without predictors: shares of the answers as they are."""
        return float(self.ordered.llnull)

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
        if slope not in self.data.slopes:
            known = ", ".join(self.data.slopes)
            raise KeyError(f"the model has no slope {slope!r}; it has {known}")
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
        model, places = self.model.standard_likelihood, range(len(self.data.slopes))
        limits = [profile_interval(model, self.best, at, self.level) for at in places]
        ends = np.array(limits) / self.model.scale[:, None]
        header = ["low", "high", "odds_ratio_low", "odds_ratio_high"]
        table = pd.DataFrame(np.hstack([ends, _exp(ends)]), list(self.data.slopes), header)
        return table.rename_axis("slope")

    @cached_property
    def by_level(self) -> pd.DataFrame:
        """One row a level, references included, as a table of a model is printed.

        Columns ``predictor``, ``level`` (None for a number; of an interaction, or another term
        of several slopes, the name of the slope), ``estimate``, ``se``, ``z``, ``p_value``,
        ``odds_ratio`` and its profile-likelihood interval ``low``, ``high``. A reference has the
        odds ratio 1 and no other number.
        """
        profile = self.profile_intervals()[["odds_ratio_low", "odds_ratio_high"]]
        numbers = self.coefficients[["estimate", "se", "z", "p_value", "odds_ratio"]].join(profile)
        reference = [*[NAN] * 4, 1.0, NAN, NAN]
        rows = [
            [part.name, level, *(numbers.loc[slope] if slope else reference)]
            for part in self.data.predictors
            for level, slope in part.rows
        ]
        header = ["predictor", "level", *numbers.columns[:5], "low", "high"]
        return pd.DataFrame(rows, columns=header)

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

        data = self.data
        part = data.predictor(predictor)
        if predictor not in data.frame or not part.levels:
            raise KeyError(f"{predictor!r} is a number and has no levels to compare")
        tables = []
        for group in part.levels:
            same = pd.Categorical([group] * len(data.frame), part.levels)
            x = data.columns_of(data.frame.assign(**{predictor: same}))
            share, se = self.ordered.mean_shares(x)
            tables.append(
                pd.DataFrame({"group": group, "level": data.answers, "share": share, "se": se})
            )
        table = pd.concat(tables, ignore_index=True)
        inside = table["share"].where(table["share"].between(0, 1, inclusive="neither"))
        reach = norm.isf((1 - self.level) / 2) * table["se"] / (inside * (1 - inside))
        middle = np.log(inside / (1 - inside))
        low, high = (logistic((middle + side * reach).to_numpy()) for side in (-1, 1))
        return table.drop(columns="se").assign(low=low, high=high)

    def __repr__(self) -> str:
        what = f"{type(self).__name__} of {self.data.response!r}, n = {self.n:,}"
        table = self.coefficients.drop(columns=["low", "high"]).round(3).to_string()
        return "\n".join(filter(None, [self.origin.badge, what, table, self.note]))

    def _repr_html_(self) -> str:
        return self.origin.badge_html + shown_html(self.coefficients, self.note)

    def _likelihood_ratio(self, reduced: float, df: int) -> Test:
        lost = np.maximum(0.0, 2 * (self.log_likelihood - reduced))
        return chi_square_result("likelihood_ratio", lost, df, self.n, self.origin, self.note)

    @cached_property
    def _wald(self) -> pd.DataFrame:
        """Slopes, then cut-points, with Wald's intervals."""
        fit = self.ordered
        table = pd.DataFrame({"estimate": fit.params, "se": fit.bse, "z": fit.tvalues,
                              "p_value": fit.pvalues})  # fmt: skip
        low, high = fit.conf_int(1 - self.level).to_numpy().T
        return table.assign(low=low, high=high)


@dataclass(frozen=True, eq=False, repr=False)
class OrdinalFit(Fit):
    """A proportional-odds model: one odds ratio of higher answers, wherever they are divided."""

    @cached_property
    def cutpoints(self) -> pd.DataFrame:
        """Cut-points on their natural scale, as in R's ``polr`` and SPSS PLUM.

        ``logit P(answer ≤ j)`` of people with every predictor at its reference or 0; columns as in
        `coefficients`, without odds ratios.
        """
        names = [f"{a}|{b}" for a, b in pairwise(self.data.answers)]
        return self._wald.iloc[len(self.data.slopes) :].set_axis(names).rename_axis("cut")

    @property
    def results(self) -> Results:
        """Results of statsmodels: ``summary()``, ``wald_test``, ``predict`` and whatever else."""
        return self.ordered


@dataclass(frozen=True, eq=False, repr=False)
class LogitFit(Fit):
    """A logistic regression: odds ratios of the highest answer against all others."""

    @cached_property
    def intercept(self) -> pd.Series:
        """Log odds of the highest answer, every predictor at its reference or 0."""
        cut = self._wald.iloc[-1]  # of "lower or equal"
        turned = {"estimate": "estimate", "z": "z", "low": "high", "high": "low"}
        new = {name: -cut[of] for name, of in turned.items()}
        return pd.Series({**cut, **new}, name="intercept")

    @cached_property
    def results(self) -> Results:
        """Binomial GLM of statsmodels on the same counts, with ``summary()`` and more."""
        from statsmodels.genmod.families import Binomial
        from statsmodels.genmod.generalized_linear_model import GLM
        from statsmodels.tools import add_constant

        x = add_constant(pd.DataFrame(self.data.x, columns=list(self.data.slopes)))
        given = pd.Series(self.data.answer, name=self.data.response)
        model = GLM(given, x, family=Binomial(), freq_weights=self.data.people)
        return model.fit(start_params=[self.intercept["estimate"], *self.coefficients["estimate"]])


@apa.register
def _(result: Fit, lang: str = "en") -> str:
    return model_sentence(result, lang)


def _exp(logits: np.ndarray) -> np.ndarray:
    """Odds ratios; those too large for a number are infinite."""
    with np.errstate(over="ignore"):
        return np.exp(logits)
