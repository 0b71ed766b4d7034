"""Questions with several answers: who ticked which option, and whether groups differ in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from churnlib.evidence import Origin, Test
from churnlib.questions.independence import independence_test
from churnlib.survey import Survey
from churnlib.tables import Crosstab, wilson


@dataclass(frozen=True, eq=False)
class MultipleResponse:
    """How often each option of a question was ticked.

    Parameters
    ----------
    variable : str
    options : DataFrame
        By option: ``n`` (people who ticked it), ``people`` (their share of those who answered)
        with Wilson's 95 % interval ``low, high``, and ``answers`` (share of all ticks).
    n : int
        People who answered, those who ticked nothing among them.
    none : int
        People who answered and ticked nothing. One cell a person cannot tell them from the missing.
    missing : int
        People who did not answer.
    origin : Origin
    """

    variable: str
    options: pd.DataFrame
    n: int
    none: int
    missing: int
    origin: Origin

    def _repr_html_(self) -> str:
        return f"{self.origin.badge_html}{self.options.round(3)._repr_html_()}"


@dataclass(frozen=True, eq=False)
class OptionComparison:
    """How often each option was ticked in each group, and the test of each.

    Parameters
    ----------
    variable, by : str
    counts : DataFrame
        People who ticked an option (rows), by group (columns).
    people : Series
        People who answered both questions, by group.
    tests : mapping of str to Test
        By option: Pearson's χ², or the exact test where an expected count is below 5.
    holm : mapping of str to float
        By option: the p-value adjusted for all options by Holm's method.
    origin : Origin
    """

    variable: str
    by: str
    counts: pd.DataFrame
    people: pd.Series
    tests: Mapping[str, Test]
    holm: Mapping[str, float]
    origin: Origin

    @property
    def shares(self) -> pd.DataFrame:
        """Share of each group's people who ticked an option, from 0 to 1; NaN for nobody."""
        return self.counts / self.people.where(self.people > 0)


def multiple_response(survey: Survey, variable: str) -> MultipleResponse:
    """Count the people who ticked each option.

    Parameters
    ----------
    survey : Survey
    variable : str
        Of kind ``multiple``.

    Raises
    ------
    KeyError
        If there is no such variable.
    ValueError
        If it is of another kind, or nobody answered.
    """
    ticked = ticked_by(survey, variable)
    n, missing = len(ticked), survey.n - len(ticked)
    if n == 0:
        raise ValueError(f"nobody answered {variable!r}")
    counts = ticked.sum()
    limits = [wilson(int(count), n) for count in counts]
    options = pd.DataFrame(
        {
            "n": counts,
            "people": counts / n,
            "low": [low for low, _ in limits],
            "high": [high for _, high in limits],
            "answers": counts / max(counts.sum(), 1),
        }
    )
    none = int((~ticked.any(axis=1)).sum())
    return MultipleResponse(
        variable, options.rename_axis(variable), n, none, missing, survey.origin
    )


def compare_options(survey: Survey, variable: str, by: str) -> OptionComparison:
    """Compare how often each option was ticked between the groups of another question.

    Parameters
    ----------
    survey : Survey
    variable : str
        Of kind ``multiple``.
    by : str
        A question with one answer of several.

    Raises
    ------
    KeyError
        If there is no such variable.
    ValueError
        If one is of the wrong kind, or nobody answered both.

    References
    ----------
    Holm, S. (1979). A simple sequentially rejective multiple test procedure. Scand. J. Stat. 6,
    65–70.
    """
    from statsmodels.stats.multitest import multipletests

    if (kind := survey.codebook[by].kind) != "single":
        raise ValueError(f"groups come from a question with one answer; {by!r} is {kind}")
    ticked = ticked_by(survey, variable)
    group = survey.frame.loc[ticked.index, by].dropna()
    if group.empty:
        raise ValueError(f"nobody answered both {variable!r} and {by!r}")
    ticked = ticked.loc[group.index]
    people = group.value_counts(sort=False)
    counts = ticked.groupby(group, observed=False).sum().T
    tests = {}
    for option in counts.index:
        both = pd.DataFrame({"ticked": counts.loc[option], "not": people - counts.loc[option]})
        tests[option] = independence_test(Crosstab.from_counts(both, origin=survey.origin))
    tested = [option for option, test in tests.items() if test.p_value == test.p_value]
    adjusted = multipletests([tests[o].p_value for o in tested], method="holm")[1] if tested else []
    holm = dict(zip(tested, map(float, adjusted), strict=True))
    return OptionComparison(variable, by, counts, people, tests, holm, survey.origin)


def ticked_by(survey: Survey, variable: str) -> pd.DataFrame:
    """Return who ticked what: one row a person who answered, one column an option, of bool.

    Raises
    ------
    KeyError
        If there is no such variable.
    ValueError
        If it is not of kind ``multiple``.
    """
    question = survey.codebook[variable]
    if question.kind != "multiple":
        raise ValueError(f"{variable!r} is of kind {question.kind!r} and not multiple")
    answers = survey.frame[variable].dropna()
    columns = {level: [level in ticked for ticked in answers] for level in question.keys}
    return pd.DataFrame(columns, index=answers.index, dtype=bool)
