"""Numbers that go together: correlations of two, and the reliability of a scale of several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import pandas as pd

from churnlib.evidence import NAN, Estimate, Origin, require_level
from churnlib.questions.group_differences import holm, varies
from churnlib.questions.people import numbers_with, question_of
from churnlib.survey import Survey, item_scores
from churnlib.tables import origin_of

_FEWEST = 4  # Fisher's interval needs n − 3 > 0
_COLUMNS = ["n", "pearson", "low", "high", "p_value", "spearman", "spearman_p"]


def correlations(data: Any, variables: Sequence[str], *, level: float = 0.95) -> pd.DataFrame:
    """Correlate every two of some numbers.

    Parameters
    ----------
    data : Survey or DataFrame
    variables : sequence of str
        Numbers or scales.
    level : float
        Of the interval of Pearson's r, by Fisher's transformation.

    Returns
    -------
    DataFrame
        By pair: ``n`` (people with both numbers), ``pearson, low, high, p_value, spearman,
        spearman_p`` and ``p_holm``, Pearson's p-value adjusted for all pairs. NaN where fewer than
        four people have both, or one number does not vary. ``attrs["origin"]`` is the kind of
        evidence.

    Raises
    ------
    KeyError, ValueError
        If there is no such variable, one holds no numbers, or there are fewer than two.

    Examples
    --------
    >>> people = pd.DataFrame({"age": [20, 30, 40, 50, 60], "visits": [1, 2, 2, 5, 4]})
    >>> correlations(people, ["age", "visits"])[["n", "pearson", "spearman"]].round(2)
                n  pearson  spearman
    age visits  5     0.87      0.87
    """
    from scipy.stats import pearsonr, spearmanr

    if len(variables) < 2:
        raise ValueError(f"a correlation needs two variables or more, given {list(variables)}")
    columns = {name: numbers_with(data, name) for name in variables}
    rows = {}
    for pair in combinations(variables, 2):
        both = pd.concat([columns[name] for name in pair], axis=1).dropna().to_numpy().T
        values = [NAN] * 6
        if both.shape[1] >= _FEWEST and all(map(varies, both)):
            r, rho = pearsonr(*both), spearmanr(*both)
            limits = r.confidence_interval(level)
            values = [r.statistic, *limits, r.pvalue, rho.statistic, rho.pvalue]
        rows[pair] = [both.shape[1], *values]
    table = pd.DataFrame.from_dict(rows, orient="index", columns=_COLUMNS)
    table.index = pd.MultiIndex.from_tuples(rows)
    table["p_holm"] = holm(table["p_value"])
    table.attrs["origin"] = origin_of(data, None)
    return table


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

    α is NaN with a note where fewer than two people answered all questions, or all gave the same
    answers.

    Raises
    ------
    KeyError, ValueError
        If there is no such variable, or it is no scale.

    References
    ----------
    Feldt, L. S. (1965). Psychometrika 30, 357–370.
    """
    require_level(level)
    everybody = item_scores(survey.frame, question_of(survey, scale, "scale"), survey.codebook)
    scores = everybody.dropna()
    items = pd.DataFrame({"mean": scores.mean(), "sd": scores.std()})
    items["item_total"] = scores.corrwith(scores.rsub(scores.sum(axis=1), axis=0))
    items["alpha_without"] = [
        alpha_of(scores.drop(columns=item), survey.origin).value for item in scores
    ]
    alpha = alpha_of(scores, survey.origin, level)
    return Reliability(scale, alpha, items, len(everybody) - len(scores))


def alpha_of(scores: pd.DataFrame, origin: Origin, level: float = 0.95) -> Estimate:
    """Return Cronbach's α of complete answers, one column a question."""
    from scipy.stats import f

    n, k = scores.shape
    total = scores.sum(axis=1).var()
    if n < 2 or k < 2 or not total > 0:
        note = "fewer than two people answered all questions, or all the same"
        return Estimate("cronbach_alpha", NAN, NAN, NAN, level, NAN, n, origin, note)
    alpha = k / (k - 1) * (1 - scores.var().sum() / total)
    # Feldt: (1 - population's α) / (1 - α) follows F(n − 1, (n − 1)(k − 1)).
    df, tail = (n - 1, (n - 1) * (k - 1)), (1 - level) / 2
    low, high = 1 - (1 - alpha) * f.isf(tail, *df), 1 - (1 - alpha) * f.ppf(tail, *df)
    return Estimate("cronbach_alpha", float(alpha), low, high, level, NAN, n, origin)
