"""What is computed of a survey: every question counted, pairs tested, one question explained."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import combinations

import pandas as pd

from churnlib.evidence import p_alone
from churnlib.figures import Label
from churnlib.models import Fit, LinearFit, linear_model, logit, ordinal_logit
from churnlib.questions import (
    MultipleResponse,
    OptionComparison,
    Reliability,
    multiple_response,
    reliability,
)
from churnlib.report.report_text import Words, report_words
from churnlib.report.survey_pairs import NUMBERS, Pair, is_answered, relation
from churnlib.survey import Codebook, Survey
from churnlib.tables import FrequencyTable, frequencies

_PEOPLE_PER_PARAMETER = 10  # with fewer a model says little, and takes long


class NoModelError(ValueError):
    """The answers allow no model; `key` names the reason below ``survey.model`` in the words."""

    def __init__(self, key: str, **values: object) -> None:
        super().__init__(report_words("en")(f"survey.model.{key}", **values))
        self.key, self.values = key, values


@dataclass(frozen=True, eq=False)
class SurveyAnalysis:
    """All results on a survey, computed once.

    Parameters
    ----------
    survey : Survey
    pairs : tuple of Pair
    response : str
        The question to be explained; empty if there is none.
    fit : OrdinalFit, LogitFit or LinearFit, optional
        The model of the response by the other questions, if it can have one.
    failure : ValueError, optional
        Why it cannot, where one was tried.
    left_out : mapping of str to str
        Questions and results that the answers do not allow, and why.
    options : tuple of OptionComparison
        Questions with several answers, by the groups of another one.
    """

    survey: Survey
    pairs: tuple[Pair, ...]
    response: str = ""
    fit: Fit | LinearFit | None = None
    failure: ValueError | None = None
    left_out: Mapping[str, str] = field(default_factory=dict)
    options: tuple[OptionComparison, ...] = ()

    @property
    def no_fit(self) -> str:
        """Why there is no model, in English; empty where there is one or none was tried."""
        return str(self.failure or "")

    def no_fit_in(self, words: Words) -> str:
        """Return why there is no model, in the language of these words."""
        if isinstance(self.failure, NoModelError):
            return words(f"survey.model.{self.failure.key}", **self.failure.values)
        return self.no_fit if words.lang == "en" else words("survey.model.impossible")

    @property
    def first_group(self) -> str | None:
        """The first question whose answers divide those to the response in a table."""
        tables = (pair for pair in self.pairs if pair.table is not None)
        return next((pair.rows for pair in tables if pair.columns == self.response), None)

    @cached_property
    def adjusted(self) -> dict[str, float]:
        """The p-value of each pair that can be tested, by its key, adjusted by Holm's method."""
        from statsmodels.stats.multitest import multipletests

        tests = {pair.key: pair.test for pair in self.pairs}
        p = {key: t.p_value for key, t in tests.items() if t and t.p_value == t.p_value}
        return dict(zip(p, multipletests([*p.values()], method="holm")[1], strict=True)) if p else p

    @cached_property
    def counted(self) -> dict[str, FrequencyTable | None]:
        """The answers to each question with one answer; ``None`` where nobody answered."""
        return {
            key: frequencies(self.survey, key) if is_answered(self.survey, key) else None
            for key in self.survey.codebook.of_kind("single")
        }

    @cached_property
    def multiple(self) -> dict[str, MultipleResponse | None]:
        """The options of each question with several; ``None`` where nobody answered."""
        return {
            key: multiple_response(self.survey, key) if is_answered(self.survey, key) else None
            for key in self.survey.codebook.of_kind("multiple")
        }

    @cached_property
    def scales(self) -> list[Reliability]:
        """The reliability of each scale."""
        return [reliability(self.survey, key) for key in self.survey.codebook.of_kind("scale")]

    def tests(
        self, label: Label, joined: Callable[[str, str], str] = "{} × {}".format
    ) -> pd.DataFrame:
        """Return one row of texts for each pair that could be tested."""
        rows = {
            joined(label(pair.rows), label(pair.columns)): [
                pair.test.n, p_alone(pair.test.p_value), p_alone(self.adjusted[pair.key]),
                pair.effect,
            ]
            for pair in self.pairs
            if pair.test and pair.key in self.adjusted
        }  # fmt: skip
        columns = ["n", "p", "p (Holm)", "effect size, 95 % CI"]
        return pd.DataFrame.from_dict(rows, orient="index", columns=columns)


def analyse_survey(
    survey: Survey,
    *,
    response: str | None = None,
    by: Sequence[str] = (),
    all_pairs: bool = False,
) -> SurveyAnalysis:
    """Test a question against the others, and explain it by all of them together.

    Parameters
    ----------
    survey : Survey
    response : str, optional
        The question to be explained; when left out, the one that the codebook names, else its
        last with levels or numbers.
    by : sequence of str
        The questions that may explain it; all others when left out, the items of a scale being
        represented by the scale.
    all_pairs : bool
        Test every pair of questions, not only those with the response.

    Raises
    ------
    KeyError
        If there is no such question.
    ValueError
        If the response is to explain itself, or is none that can be explained.
    """
    book = survey.codebook
    names = book.of_kind("single", "multiple", *NUMBERS)
    response = response or default_response(book)
    in_scales = {item for scale in book.of_kind("scale") for item in book[scale].items}
    in_scales |= {*book[response].items}
    asked = list(by) or [name for name in names if name != response and name not in in_scales]
    for name in (response, *asked):
        if (kind := book[name].kind) in {"text", "weight", "id"}:
            raise ValueError(f"{name!r} is of kind {kind!r} and can be in no test")
    if book[response].kind == "multiple":
        raise ValueError(f"{response!r} has several answers a person and cannot be explained")
    if response in asked:
        raise ValueError(f"{response!r} cannot explain itself; choose another question for `by`")
    left_out = {name: reason for name in asked if (reason := _unexplaining(survey, response, name))}
    tested = [response, *asked] if by else [name for name in names if name not in in_scales]
    chosen = list(combinations(tested, 2)) if all_pairs else [(name, response) for name in asked]
    pairs, options = [], []
    for one, other in chosen:
        tested_pair = relation(survey, one, other)
        if isinstance(tested_pair, Pair):
            pairs.append(tested_pair)
        elif isinstance(tested_pair, OptionComparison):
            options.append(tested_pair)
        else:
            left_out[f"{one} × {other}"] = tested_pair
    predictors = [n for n in asked if n not in left_out and book[n].kind != "multiple"]
    fit, failure = None, None
    if len(predictors) > 1:
        try:
            fit = explained(survey, response, predictors)
        except ValueError as error:
            failure = error
    elif asked:
        failure = NoModelError("alone", response=response)
    if failure:
        left_out["the model"] = str(failure)
    return SurveyAnalysis(survey, tuple(pairs), response, fit, failure, left_out, tuple(options))


def require_people(survey: Survey) -> None:
    """Refuse a survey of which nobody is left.

    Raises
    ------
    ValueError
        With the first reason why.
    """
    if survey.n == 0:
        raise ValueError(
            "no sheet can be kept; the first is set aside because of "
            f"{survey.ledger['reason'].iloc[0]}. Correct the codebook"
        )


def default_response(book: Codebook) -> str:
    """Return the question to explain: the one the codebook names, else its last that can be.

    Raises
    ------
    ValueError
        If no question has levels or numbers.
    """
    names = book.of_kind("single", "number")
    if not names:
        raise ValueError(f"{book.where} has no question with one answer and no number to explain")
    return book.response or names[-1]


def explained(survey: Survey, response: str, predictors: Sequence[str]) -> Fit | LinearFit:
    """Fit the model that suits the answers.

    Logistic regression for two answers, proportional odds for more, linear regression for a number.

    Raises
    ------
    NoModelError
        If the answers are three or more and have no order, or too few for so many questions.
    ValueError
        As `ordinal_logit`, `logit` and `linear_model` say.
    """
    used = survey.frame[[response, *predictors]].copy()
    numbers = {name for name in used if survey.codebook[name].kind in NUMBERS}
    given = used.dropna()
    slopes = [1 if name in numbers else given[name].nunique() - 1 for name in predictors]
    answers = 2 if response in numbers else given[response].nunique()
    if answers > 2 and not survey.codebook[response].ordered:
        levels = ", ".join(survey.codebook[response].keys)
        raise NoModelError("unordered", response=response, number=answers, levels=levels)
    parameters = answers - 1 + sum(slopes)
    if parameters * _PEOPLE_PER_PARAMETER > len(given):
        each = _PEOPLE_PER_PARAMETER
        raise NoModelError("many", parameters=parameters, people=len(given), each=each)
    if response in numbers:
        return linear_model(survey, response, predictors)
    for name in used.columns.difference([*numbers]):
        used[name] = used[name].cat.remove_unused_categories()
    model = ordinal_logit if answers > 2 else logit
    return model(replace(survey, frame=used), response, list(predictors))


def _unexplaining(survey: Survey, response: str, name: str) -> str | None:
    """Return why nothing can be said of the response by a question, if nothing can."""
    both = survey.frame[[response, name]].dropna()
    if both.empty:
        return f"nobody answered both {response!r} and {name!r}"
    alike = [each for each, number in both.nunique().items() if number < 2]
    if alike:
        return f"whoever answered {response!r} and {name!r} gave the same answer to {alike[0]!r}"
    return None
