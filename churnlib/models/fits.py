"""What a fitted model of ordered answers says, and how surely."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd

from churnlib.evidence import (
    LANGUAGES,
    Estimate,
    Origin,
    Test,
    apa,
    chi_square_result,
    joined,
    marked,
    p_text,
    require_language,
    shown_html,
)
from churnlib.models.design import GroupedData

if TYPE_CHECKING:
    from statsmodels.base.model import Results

_RATIOS = ["odds_ratio", "odds_ratio_low", "odds_ratio_high"]


@dataclass(frozen=True, eq=False, repr=False)
class Regression:
    """What all fitted models share."""

    data: GroupedData
    fitted: Results  # of statsmodels
    level: float  # of confidence, of all intervals
    coefficients: ClassVar[cached_property[pd.DataFrame]]

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
    def note(self) -> str:
        """What a reader must know before using the numbers; empty when nothing."""
        return self.data.note

    @property
    def results(self) -> Results:
        """Results of statsmodels: ``summary()``, ``wald_test``, ``predict`` and whatever else."""
        return self.fitted

    def __repr__(self) -> str:
        what = f"{type(self).__name__} of {self.data.response!r}, n = {self.n:,}"
        table = self.coefficients
        if "odds_ratio" in table:  # whose own limits are shown
            table = table.drop(columns=["low", "high"])
        parts = [self.origin.badge, what, table.round(3).to_string(), self.note]
        return "\n".join(filter(None, parts))

    def _repr_html_(self) -> str:
        return self.origin.badge_html + shown_html(self.coefficients, self.note)


@dataclass(frozen=True, eq=False, repr=False)
class Fit(Regression):
    """What a proportional-odds and a binary fit share.

    Both are fitted by `OrderedCounts`: a binary answer is an ordered one with a single cut.
    """

    title: ClassVar[tuple[str, str]]  # in the order of LANGUAGES

    @property
    def reference(self) -> dict[str, Any]:
        """The level of each categorical predictor with which its others are compared."""
        first = self.data.terms[self.data.terms["slope"].isna()]
        return dict(zip(first["predictor"], first["level"], strict=True))

    @property
    def log_likelihood(self) -> float:
        """At its maximum."""
        return self.fitted.best.value

    @property
    def parameters(self) -> int:
        """Number of slopes and cut-points."""
        return len(self.fitted.best.params)

    @property
    def has_few(self) -> bool:
        """Return True if there are fewer than ten people for each parameter, a rule of thumb."""
        return self.n < 10 * self.parameters

    @property
    def note(self) -> str:
        """That of the data, and that there are few people."""
        few = f"{self.n} answers for {self.parameters} parameters are fewer than 10 each: "
        few += "intervals and p-values are rough"
        return joined(self.data.note, few if self.has_few else "")

    @cached_property
    def coefficients(self) -> pd.DataFrame:
        """One row a slope, in order; positive means towards higher answers.

        Columns ``estimate, se, z, p_value, low, high`` on the logit scale, by Wald, and
        ``odds_ratio, odds_ratio_low, odds_ratio_high``. The first level of a categorical predictor
        has no row: it is the `reference`.
        """
        names = self.data.x.columns.rename("slope")
        slopes = wald_table(self.fitted, self.level).head(len(names)).set_axis(names)
        return _with_ratios(slopes, ["estimate", "low", "high"])

    def factor_test(self, predictor: str) -> Test:
        """What is lost by leaving out a predictor: likelihood-ratio test of all its slopes."""
        slopes = self.data.columns(predictor)
        return self._lost_by(self.fitted.best.holding(slopes).maximum().value, len(slopes))

    @cached_property
    def factor_tests(self) -> pd.DataFrame:
        """`factor_test` of every predictor, given the others: ``chi2``, ``df``, ``p_value``."""
        return test_table({name: self.factor_test(name) for name in self.data.predictors})

    @cached_property
    def test(self) -> Test:
        """Likelihood-ratio test of all predictors together."""
        return self._lost_by(self.fitted.llnull, self.data.x.shape[1])

    def _lost_by(self, log_likelihood: float, df: int) -> Test:
        lost = max(0.0, 2 * (self.log_likelihood - log_likelihood))
        return chi_square_result("likelihood_ratio", lost, df, self.n, self.origin, self.note)

    @property
    def mcfadden_r2(self) -> float:
        """1 − ln L / ln L₀ (McFadden, 1974)."""
        return float(self.fitted.prsquared)

    @property
    def nagelkerke_r2(self) -> float:
        """Nagelkerke's pseudo R²: Cox and Snell's over the largest value it can take."""
        none, model = 2 * self.fitted.llnull / self.n, 2 * self.log_likelihood / self.n
        return float(np.expm1(none - model) / np.expm1(none))

    def odds_ratio(self, slope: str) -> Estimate:
        """One slope as an odds ratio of higher answers, with Wald's interval."""
        if slope not in self.data.x:
            raise KeyError(f"the model has no slope {slope!r}; it has {', '.join(self.data.x)}")
        row = self.coefficients.loc[slope]
        value, low, high = row[_RATIOS]
        return Estimate(
            "odds_ratio", value, low, high, self.level, row["se"], self.n, self.origin, self.note,
            row["z"], row["p_value"],
        )  # fmt: skip

    def profile_intervals(self) -> pd.DataFrame:
        """Profile-likelihood intervals of the slopes, better than Wald's in small samples.

        One row a slope; ``low, high, odds_ratio_low, odds_ratio_high``: what a likelihood-ratio
        test would not reject (Venables & Ripley, 2002, section 8.4).
        """
        slopes = pd.Index(self.data.x.columns, name="slope")
        limits = [[self._limit(at, side) for side in (-1, 1)] for at in range(len(slopes))]
        table = pd.DataFrame(limits, slopes, ["low", "high"]).div(self.fitted.model.scale, axis=0)
        return _with_ratios(table, ["low", "high"])

    def _limit(self, slope: int, side: int) -> float:
        """Where the test of a standardised slope begins to reject; the others follow."""
        from scipy.optimize import brentq
        from scipy.stats import norm

        best, z = self.fitted.best, norm.isf((1 - self.level) / 2)
        center, width = best.params[slope], np.sqrt(best.covariance[slope, slope])

        def beyond(distance: float) -> float:
            """Root of the likelihood ratio, next to a straight line, less what is allowed."""
            held = best.holding([slope], center + side * distance).maximum()
            return np.sqrt(2 * max(best.value - held.value, 0)) - z

        far = 2 * z * width
        while beyond(far) < 0:
            far *= 2
        return center + side * brentq(beyond, 0, far, xtol=1e-9 * width)

    @cached_property
    def by_level(self) -> pd.DataFrame:
        """One row a level, references included, as a table of a model is printed.

        Columns ``predictor``, ``level`` (None for a number, the slope's name for an interaction),
        ``estimate, se, z, p_value``, ``odds_ratio`` and its profile-likelihood interval ``low,
        high``. A reference has the odds ratio 1 and no other number.
        """
        numbers = self.coefficients[["estimate", "se", "z", "p_value", "odds_ratio"]]
        limits = self.profile_intervals()[_RATIOS[1:]].set_axis(["low", "high"], axis=1)
        table = self.data.terms.join(numbers.join(limits), on="slope")
        return table.drop(columns="slope").fillna({"odds_ratio": 1.0})

    def predicted(self, predictor: str) -> pd.DataFrame:
        """Shares of the answers if everybody had one level of a predictor, all else unchanged.

        One row a level and answer: ``group, level, share, low, high``, from 0 to 1, the interval
        by the delta method on the logit scale.
        """
        from scipy.special import expit, logit
        from scipy.stats import norm

        data, model, best = self.data, self.fitted.model, self.fitted.best
        questions = data.frame.select_dtypes("category")
        if predictor not in questions:
            raise KeyError(f"{predictor!r} has no levels in the model; it has {[*questions]}")

        slopes, cuts = np.split(best.params, [model.k_vars])
        reach, weight = norm.isf((1 - self.level) / 2), data.people / data.n
        tables, groups = [], data.frame[predictor].cat.categories
        for group in groups:
            same = pd.Categorical([group] * len(data.frame), groups)
            x = data.columns_of(data.frame.assign(**{predictor: same}))
            z = model.standardised(x.to_numpy())
            below = expit(cuts - z @ slopes[:, None])
            rise = weight[:, None] * below * (1 - below)  # ∂/∂λ of each cumulative share
            jacobian = np.hstack([-rise.T @ z, np.diag(rise.sum(axis=0))])
            change = np.diff(np.pad(jacobian, ((1, 1), (0, 0))), axis=0)
            share = np.diff(np.concatenate([[0], weight @ below, [1]]))
            variance = np.einsum("ai,ij,aj->a", change, best.covariance, change)
            away = reach * np.sqrt(variance) / (share * (1 - share))
            low, high = expit(logit(share) - away), expit(logit(share) + away)
            columns = {"share": share, "low": low, "high": high}
            tables.append(pd.DataFrame({"group": group, "level": data.answers, **columns}))
        return pd.concat(tables, ignore_index=True)


@dataclass(frozen=True, eq=False, repr=False)
class OrdinalFit(Fit):
    """A proportional-odds model: one odds ratio of higher answers, wherever they are divided."""

    title = ("proportional-odds model of {}", "{}的比例优势模型")

    @cached_property
    def cutpoints(self) -> pd.DataFrame:
        """``logit P(answer ≤ j)`` with all predictors at their reference or 0, as in R's ``polr``.

        Columns as in `coefficients`, without odds ratios.
        """
        names = pd.Index([f"{a}|{b}" for a, b in pairwise(self.data.answers)], name="cut")
        return wald_table(self.fitted, self.level).tail(len(names)).set_axis(names)


@dataclass(frozen=True, eq=False, repr=False)
class LogitFit(Fit):
    """A logistic regression: odds ratios of the highest answer against all others."""

    title = ("logistic model of {}", "{}的逻辑回归模型")

    @cached_property
    def intercept(self) -> pd.Series:
        """Log odds of the highest answer, every predictor at its reference or 0."""
        return wald_table(self.results, self.level).iloc[0].rename("intercept")

    @cached_property
    def results(self) -> Results:
        """Binomial GLM of statsmodels on the same counts, with ``summary()`` and more."""
        from statsmodels.genmod.families import Binomial
        from statsmodels.genmod.generalized_linear_model import GLM
        from statsmodels.tools import add_constant

        *slopes, cut = self.fitted.params
        given = pd.Series(self.data.answer, name=self.data.response)
        x = add_constant(self.data.x, has_constant="add")
        model = GLM(given, x, family=Binomial(), freq_weights=self.data.people)
        return model.fit(start_params=[-cut, *slopes])


def wald_table(results: Results, level: float) -> pd.DataFrame:
    """Estimates of statsmodels: ``estimate, se, z, p_value, low, high``, one row a parameter."""
    from statsmodels.iolib.summary2 import summary_params

    header = ["estimate", "se", "z", "p_value", "low", "high"]
    return summary_params(results, alpha=1 - level).set_axis(header, axis=1)


def test_table(tests: Mapping[str, Test]) -> pd.DataFrame:
    """One row a predictor: ``chi2``, ``df``, ``p_value``."""
    rows = [(test.statistic, int(test.df), test.p_value) for test in tests.values()]
    index = pd.Index(tests, name="predictor")
    return pd.DataFrame(rows, index, columns=["chi2", "df", "p_value"])


def _with_ratios(table: pd.DataFrame, logits: list[str]) -> pd.DataFrame:
    """The odds ratios of some logits beside them; those too large for a number are infinite."""
    with np.errstate(over="ignore"):
        ratios = np.exp(table[logits])
    return table.join(ratios.set_axis(_RATIOS[-len(logits) :], axis=1))


@apa.register
def _(result: Fit, lang: str = "en") -> str:
    require_language(lang)
    at, mark = LANGUAGES.index(lang), marked(result.origin, lang)
    line, semicolon = (("{}: {}, {}", "; "), ("{}：{}，{}", "；"))[at]
    r2 = ("Nagelkerke's R² = ", "Nagelkerke R² = ")[at]
    r2 += f"{result.nagelkerke_r2:.2f}".removeprefix("0")
    lines = [line.format(result.title[at].format(result.data.response), apa(result.test, lang), r2)]
    for slope, p in result.coefficients["p_value"].items():
        lines.append(line.format(slope, apa(result.odds_ratio(slope), lang), p_text(p)))
    return semicolon.join(lines).replace(mark, "") + mark
