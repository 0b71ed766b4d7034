"""What questions say: tests of a table, options, scales, and the first table of a paper."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain

import numpy as np
import pandas as pd

from churnlib.crosstabs import chi_square, cramers_v, fisher_exact, gamma
from churnlib.evidence import NAN, Estimate, Origin, Test, p_alone, require_level
from churnlib.questions.numbers import compare_groups, holm, summary_of
from churnlib.questions.people import question_of
from churnlib.survey import Survey, Variable, item_scores
from churnlib.tables import Crosstab, crosstab, wilson

SMALL = 5
"""By a common rule, the smallest expected count for which χ² may be trusted."""

_MEAN, _MEDIAN, _MISSING = "mean (sd)", "median [quartiles]", "missing"  # rows of a description


def smallest_expected(table: Crosstab) -> float:
    """The smallest count expected under independence among cells that could hold somebody."""
    return float(table.occupied.expected.to_numpy().min())


def independence_tests(table: Crosstab) -> list[Test]:
    """Test a table by Pearson's χ², and then exactly where an expected count is below 5."""
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
    results: list[Test | Estimate] = [*independence_tests(table), cramers_v(table)]
    if all(o or k == 2 for o, k in zip(table.ordered, table.counts.shape, strict=True)):
        results.append(gamma(table))
    return results


@dataclass(frozen=True, eq=False)
class MultipleResponse:
    """How often each option of a question was ticked.

    Parameters
    ----------
    options : DataFrame
        By option: ``n`` (people who ticked it), ``people`` (their share of those who answered)
        with Wilson's 95 % interval ``low, high``, and ``answers`` (share of all ticks).
    n, none, missing : int
        People who answered, those of them who ticked nothing, and people who did not answer. One
        cell a person cannot tell the last two apart: then they are missing.
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
    counts : DataFrame
        People who ticked an option (rows), by group (columns).
    people : Series
        People who answered both questions, by group.
    tests, holm : mapping of str to Test, and to float
        By option: Pearson's χ², or the exact test where an expected count is below 5; its p-value
        adjusted for all options by Holm's method (1979, Scand. J. Stat. 6, 65–70).
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
    """Compare how often each option of a question was ticked between the groups of another.

    Raises
    ------
    KeyError, ValueError
        If there is no such variable, the first is not of kind ``multiple`` or the second not of
        kind ``single``, or nobody answered both.
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
        tests[option] = independence_tests(Crosstab.from_counts(table, origin=survey.origin))[-1]
    p_values = pd.Series({option: test.p_value for option, test in tests.items()}, dtype=float)
    adjusted = holm(p_values).dropna().to_dict()
    return OptionComparison(variable, by, counts, people, tests, adjusted, survey.origin)


def _ticked(survey: Survey, variable: str) -> pd.DataFrame:
    """Who ticked what: one row a person who answered, one column an option, of bool."""
    question = question_of(survey, variable, "multiple")
    answers = survey.frame[variable].dropna()
    columns = {level: [level in ticked for ticked in answers] for level in question.keys}
    return pd.DataFrame(columns, index=answers.index, dtype=bool)


@dataclass(frozen=True, eq=False)
class Reliability:
    """Cronbach's α of a scale, and what each question does to it.

    Parameters
    ----------
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
    """Compute Cronbach's α of a scale with Feldt's interval (1965, Psychometrika 30, 357–370).

    Reversed questions are turned round. NaN with a note where fewer than two people answered all
    questions, or all gave the same answers.

    Raises
    ------
    KeyError, ValueError
        If there is no such variable, or it is no scale.
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
        question, answers = survey.codebook[key], survey.frame[key]
        tested = _p_values(survey, key, by) if by else {}
        cells = pd.DataFrame([_texts(question, answers[people]) for people in groups.values()])
        for level, texts in cells.items():
            if level != _MISSING or answers.isna().any():
                p = tested.get(level, NAN)
                rows[key, level] = [*texts, p_alone(p) if p == p else ""]
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
            return {_MEAN: compare_groups(survey, key, by).means.p_value}
        if question.kind == "multiple":
            tests = compare_options(survey, key, by).tests
            return {option: test.p_value for option, test in tests.items()}
        if question.kind == "single":
            return {question.keys[0]: independence_tests(crosstab(survey, by, key))[-1].p_value}
    except ValueError:
        pass
    return {}


def _texts(question: Variable, answers: pd.Series) -> dict[str, str]:
    """What each row of a question says of some people's answers."""
    given = answers.dropna()
    if question.kind == "text":
        return {"answered": _share(len(given), len(answers))}
    if question.kind in {"number", "scale"}:
        texts = {_MEAN: "—", _MEDIAN: "—"}
        if len(given):
            _, _, mean, sd, median, q1, q3 = summary_of(given)
            texts[_MEAN] = f"{mean:.2f}" + (f" ({sd:.2f})" if sd == sd else "")
            texts[_MEDIAN] = f"{median:g} [{q1:g}, {q3:g}]"
    else:
        ticks = given if question.kind == "multiple" else [[level] for level in given]
        chosen = Counter(chain.from_iterable(ticks))
        texts = {level: _share(chosen[level], len(given)) for level in question.keys}
    return texts | {_MISSING: f"{len(answers) - len(given):,}"}


def _share(count: int, n: int) -> str:
    return f"{count:,} ({100 * count / n:.1f} %)" if n else "0"
