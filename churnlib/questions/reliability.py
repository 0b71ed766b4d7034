"""Whether the questions of a scale go together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from churnlib.evidence import NAN, Estimate, Origin, require_level
from churnlib.survey import Survey, item_scores


@dataclass(frozen=True, eq=False)
class Reliability:
    """Cronbach's α of a scale, and what each question does to it.

    Parameters
    ----------
    scale : str
    alpha : Estimate
    items : DataFrame
        By question: ``mean``, ``sd``, ``item_total`` (correlation with the sum of the others)
        and ``alpha_without``.
    missing : int
        People who did not answer all of them; they are in none of the numbers.
    """

    scale: str
    alpha: Estimate
    items: pd.DataFrame
    missing: int

    @property
    def origin(self) -> Origin:
        """Kind of evidence."""
        return self.alpha.origin

    def _repr_html_(self) -> str:
        return f"{self.origin.badge_html}{self.items.round(2)._repr_html_()}"


def reliability(survey: Survey, scale: str, *, level: float = 0.95) -> Reliability:
    """Compute Cronbach's α of a scale with Feldt's interval, reversed questions turned round.

    Parameters
    ----------
    survey : Survey
    scale : str
        A variable of kind ``scale``.
    level : float
        Of the interval.

    Returns
    -------
    Reliability
        α is NaN with a note where fewer than two people answered all questions, or all gave the
        same answers.

    Raises
    ------
    KeyError
        If there is no such variable.
    ValueError
        If it is no scale.

    References
    ----------
    Cronbach, L. J. (1951). Psychometrika 16, 297–334. Feldt, L. S. (1965). The approximate
    sampling distribution of Kuder–Richardson reliability coefficient twenty. Psychometrika 30,
    357–370.
    """
    require_level(level)
    variable = survey.codebook[scale]
    if variable.kind != "scale":
        raise ValueError(f"{scale!r} is of kind {variable.kind!r} and no scale")
    everybody = item_scores(survey.frame, variable, survey.codebook)
    scores = everybody.dropna()
    alpha, items = alpha_of(scores, survey.origin, level), pd.DataFrame(index=scores.columns)
    items["mean"], items["sd"] = scores.mean(), scores.std()
    others = {item: scores.drop(columns=item) for item in scores}
    items["item_total"] = [
        _correlation(scores[item], rest.sum(axis=1)) for item, rest in others.items()
    ]
    items["alpha_without"] = [
        alpha_of(rest, survey.origin, level).value if rest.shape[1] > 1 else NAN
        for rest in others.values()
    ]
    return Reliability(scale, alpha, items, len(everybody) - len(scores))


def alpha_of(scores: pd.DataFrame, origin: Origin, level: float = 0.95) -> Estimate:
    """Return Cronbach's α of complete answers, one column a question.

    Examples
    --------
    >>> answers = pd.DataFrame({"a": [1, 2, 3, 5], "b": [1, 3, 3, 4]})
    >>> round(alpha_of(answers, Origin.OBSERVED).value, 2)
    0.92
    """
    from scipy.stats import f

    n, k = scores.shape
    total = scores.sum(axis=1).var()
    if n < 2 or not total > 0:
        note = "fewer than two people answered all questions, or all the same"
        return Estimate("cronbach_alpha", NAN, NAN, NAN, level, NAN, n, origin, note)
    alpha = k / (k - 1) * (1 - scores.var().sum() / total)
    # Feldt: (1 - population's α) / (1 - α) follows F(n − 1, (n − 1)(k − 1)).
    df, tail = (n - 1, (n - 1) * (k - 1)), (1 - level) / 2
    low, high = 1 - (1 - alpha) * f.isf(tail, *df), 1 - (1 - alpha) * f.ppf(tail, *df)
    return Estimate("cronbach_alpha", float(alpha), low, high, level, NAN, n, origin)


def _correlation(one: pd.Series, other: pd.Series) -> float:
    if len(one) < 2 or np.ptp(one) == 0 or np.ptp(other) == 0:
        return NAN
    return float(np.corrcoef(one, other)[0, 1])
