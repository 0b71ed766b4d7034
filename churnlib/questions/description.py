"""What questions with one or several answers say: tests of a table, options, a first table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from churnlib.crosstabs import chi_square, cramers_v, fisher_exact, gamma
from churnlib.evidence import NAN, Estimate, Origin, Test, p_alone
from churnlib.questions.group_differences import compare_groups, holm
from churnlib.questions.people import question_of
from churnlib.survey import Survey, Variable
from churnlib.tables import Crosstab, crosstab, wilson

SMALL = 5
"""By a common rule, the smallest expected count for which χ² may be trusted."""


def smallest_expected(table: Crosstab) -> float:
    """The smallest count expected under independence among cells that could hold somebody."""
    return float(table.occupied.expected.to_numpy().min())


def independence_test(table: Crosstab) -> Test:
    """Test a table by Pearson's χ², or by the exact test where an expected count is below 5."""
    return _tests(table)[-1]


def _tests(table: Crosstab) -> list[Test]:
    test = chi_square(table)
    if test.p_value == test.p_value and smallest_expected(table) < SMALL:
        return [test, fisher_exact(table, seconds=0)]  # a report tests many tables
    return [test]


def association(table: Crosstab) -> list[Test | Estimate]:
    """What a report states of a table: χ², the exact test where an expected count is below 5, V.

    And gamma where both variables are ordered or of two levels.

    Examples
    --------
    >>> from churnlib.evidence import apa
    >>> [apa(result) for result in association(Crosstab.from_counts([[8, 2], [1, 9]]))][:2]
    ['χ²(1, N = 20) = 9.90, p = .002', 'Fisher–Freeman–Halton exact test, N = 20, p = .005']
    """
    results: list[Test | Estimate] = [*_tests(table), cramers_v(table)]
    if all(o or k == 2 for o, k in zip(table.ordered, table.counts.shape, strict=True)):
        results.append(gamma(table))
    return results


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

    Raises
    ------
    KeyError, ValueError
        If there is no such variable, it is not of kind ``multiple``, or nobody answered.
    """
    ticked = _ticked(survey, variable)
    n, missing = len(ticked), survey.n - len(ticked)
    if n == 0:
        raise ValueError(f"nobody answered {variable!r}")
    counts = ticked.sum()
    options = pd.DataFrame({"n": counts, "people": counts / n}).rename_axis(variable)
    options[["low", "high"]] = np.array([wilson(int(count), n) for count in counts])
    options["answers"] = counts / max(counts.sum(), 1)
    none = int((~ticked.any(axis=1)).sum())
    return MultipleResponse(variable, options, n, none, missing, survey.origin)


def compare_options(survey: Survey, variable: str, by: str) -> OptionComparison:
    """Compare how often each option was ticked between the groups of another question.

    Parameters
    ----------
    survey : Survey
    variable, by : str
        Of kind ``multiple``; a question with one answer of several.

    Raises
    ------
    KeyError, ValueError
        If there is no such variable, one is of another kind, or nobody answered both.

    References
    ----------
    Holm, S. (1979). Scand. J. Stat. 6, 65–70.
    """
    question_of(survey, by, "single")
    ticked = _ticked(survey, variable)
    group = survey.frame.loc[ticked.index, by].dropna()
    if group.empty:
        raise ValueError(f"nobody answered both {variable!r} and {by!r}")
    people = group.value_counts(sort=False)
    counts = ticked.loc[group.index].groupby(group, observed=False).sum().T
    tests = {}
    for option, some in counts.iterrows():
        table = pd.DataFrame({"ticked": some, "not": people - some})
        tests[option] = independence_test(Crosstab.from_counts(table, origin=survey.origin))
    p_values = pd.Series({option: test.p_value for option, test in tests.items()}, dtype=float)
    adjusted = holm(p_values).dropna().to_dict()
    return OptionComparison(variable, by, counts, people, tests, adjusted, survey.origin)


def _ticked(survey: Survey, variable: str) -> pd.DataFrame:
    """Who ticked what: one row a person who answered, one column an option, of bool."""
    question = question_of(survey, variable, "multiple")
    answers = survey.frame[variable].dropna()
    columns = {level: [level in ticked for ticked in answers] for level in question.keys}
    return pd.DataFrame(columns, index=answers.index, dtype=bool)


def describe(survey: Survey, by: str | None = None) -> pd.DataFrame:
    """Describe every question of a survey, altogether and by the groups of one of them.

    Returns
    -------
    DataFrame
        Of texts, one row a level, option or number, indexed by question and level. People and
        percent of those who answered; mean (standard deviation) and median [quartiles] of numbers;
        people who did not answer, where there are any. The columns are ``all`` and the levels of
        `by` with their numbers of people below them in ``attrs["n"]``, and ``p``: Pearson's χ², or
        the exact test where an expected count is below 5; Welch's test for numbers.
        ``attrs["origin"]`` is the kind of evidence.

    Raises
    ------
    KeyError, ValueError
        If there is no variable `by`, or it is no question with one answer of several.
    """
    groups = {"all": pd.Series(True, survey.frame.index)}
    if by is not None:
        levels = question_of(survey, by, "single").keys
        groups |= {level: survey.frame[by] == level for level in levels}
    rows = {}
    for key in [name for name in survey.frame if name != by]:
        answers, tested = survey.frame[key], _p_values(survey, key, by) if by else {}
        for level, text in _texts(survey.codebook[key], answers).items():
            p = tested.get(level, NAN)
            cells = [text(answers[people]) for people in groups.values()]
            rows[key, level] = [*cells, p_alone(p) if p == p else ""]
    table = pd.DataFrame.from_dict(rows, orient="index", columns=[*groups, "p"])
    table.index = pd.MultiIndex.from_tuples(rows, names=["question", "level"])
    people = {name: int(them.sum()) for name, them in groups.items()}
    table.attrs = {"origin": survey.origin, "n": people}
    return table if by else table.drop(columns="p")


def _p_values(survey: Survey, key: str, by: str) -> dict[str, float]:
    """P-values by the row where they stand; none if nobody answered both questions."""
    question = survey.codebook[key]
    try:
        if question.kind in {"number", "scale"}:
            return {"mean (sd)": compare_groups(survey, key, by).means.p_value}
        if question.kind == "multiple":
            tests = compare_options(survey, key, by).tests
            return {option: test.p_value for option, test in tests.items()}
        if question.kind == "single":
            return {question.keys[0]: independence_test(crosstab(survey, by, key)).p_value}
    except ValueError:
        pass
    return {}


def _texts(question: Variable, answers: pd.Series) -> dict[str, Callable[[pd.Series], str]]:
    """Rows of a question: what each says of some people's answers."""
    if question.kind == "text":
        return {"answered": lambda part: _share(part.notna())}
    texts: dict[str, Callable[[pd.Series], str]]
    if question.kind in {"number", "scale"}:
        texts = {"mean (sd)": _mean, "median [quartiles]": _median}
    else:
        several = question.kind == "multiple"
        texts = {level: partial(_chosen, level, several) for level in question.keys}
    if answers.isna().any():
        texts["missing"] = lambda part: f"{part.isna().sum():,}"
    return texts


def _chosen(level: str, several: bool, answers: pd.Series) -> str:
    given = answers.dropna()
    return _share(given.map(lambda ticked: level in ticked) if several else given == level)


def _share(chosen: pd.Series) -> str:
    count, n = int(chosen.sum()), len(chosen)
    return f"{count:,} ({100 * count / n:.1f} %)" if n else "0"


def _mean(numbers: pd.Series) -> str:
    if not numbers.notna().any():
        return "—"
    sd = numbers.std()
    return f"{numbers.mean():.2f}" + (f" ({sd:.2f})" if sd == sd else "")


def _median(numbers: pd.Series) -> str:
    if not numbers.notna().any():
        return "—"
    low, middle, high = numbers.quantile([0.25, 0.5, 0.75])
    return f"{middle:g} [{low:g}, {high:g}]"
