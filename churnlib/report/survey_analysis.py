"""What is computed of a survey: every question counted, pairs tested, one question explained."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
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
    compare_options,
    multiple_response,
    reliability,
)
from churnlib.report.report_text import Words, report_words
from churnlib.report.survey_pairs import (
    NumberByGroup,
    NumberPair,
    Pair,
    Relation,
    effect_of,
    holm,
    key_of,
)
from churnlib.survey import Codebook, Survey
from churnlib.tables import FrequencyTable, frequencies

PEOPLE_PER_PARAMETER = 10
"""With fewer a model says little, and takes long."""


class NoModelError(ValueError):
    """The answers allow no model of one question by others.

    Parameters
    ----------
    key : str
        Names the reason in ``data/report.toml``, below ``survey.model``.
    values : object
        What its words are filled in with.
    """

    def __init__(self, key: str, **values: object) -> None:
        super().__init__(report_words("en")(f"survey.model.{key}", **values))
        self.key, self.values = key, values


@dataclass(frozen=True, eq=False)
class SurveyAnalysis:
    """All results on a survey, computed once.

    Parameters
    ----------
    survey : Survey
    pairs : tuple of Pair, NumberByGroup or NumberPair
        Two questions each, with their test.
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
    pairs: tuple[Relation, ...]
    response: str = ""
    fit: Fit | LinearFit | None = None
    failure: ValueError | None = None
    left_out: Mapping[str, str] | None = None
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
        tables = (pair for pair in self.pairs if isinstance(pair, Pair))
        return next((p.rows for p in tables if p.columns == self.response and p.table), None)

    @cached_property
    def adjusted(self) -> dict[str, float]:
        """The p-value of each pair by its key, adjusted by Holm's method."""
        return holm(self.pairs)

    @cached_property
    def counted(self) -> dict[str, FrequencyTable | None]:
        """The answers to each question with one answer; ``None`` where nobody answered."""
        frame = self.survey.frame
        return {
            key: frequencies(self.survey, key) if frame[key].notna().any() else None
            for key in self.survey.codebook.of_kind("single")
        }

    @cached_property
    def multiple(self) -> dict[str, MultipleResponse | None]:
        """The options of each question with several; ``None`` where nobody answered."""
        frame = self.survey.frame
        return {
            key: multiple_response(self.survey, key) if frame[key].notna().any() else None
            for key in self.survey.codebook.of_kind("multiple")
        }

    @cached_property
    def scales(self) -> list[Reliability]:
        """The reliability of each scale."""
        return [reliability(self.survey, key) for key in self.survey.codebook.of_kind("scale")]

    def tests(
        self, label: Label, joined: Callable[[str, str], str] = "{} × {}".format
    ) -> pd.DataFrame:
        """Return one row for each pair that could be tested."""
        rows = {
            joined(label(pair.rows), label(pair.columns)): [
                test.n, p_alone(test.p_value), p_alone(self.adjusted[key_of(pair)]),
                effect_of(pair),
            ]
            for pair in self.pairs
            if key_of(pair) in self.adjusted and (test := pair.test) is not None
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
    names = book.of_kind("single", "multiple", "number", "scale")
    response = response or default_response(book)
    in_scales = {item for scale in book.of_kind("scale") for item in book[scale].items}
    if response in book.of_kind("scale"):
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
    pairs, options = _relations(survey, chosen, left_out)
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
    return SurveyAnalysis(survey, pairs, response, fit, failure, left_out, options)


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


def all_pairs(survey: Survey) -> tuple[Relation, ...]:
    """Test every two questions that have a test; those with several answers have none here."""
    names = survey.codebook.of_kind("single", "number", "scale")
    return _relations(survey, list(combinations(names, 2)), {})[0]


def _relations(
    survey: Survey, chosen: Sequence[tuple[str, str]], left_out: dict[str, str]
) -> tuple[tuple[Relation, ...], tuple[OptionComparison, ...]]:
    """Test each two questions by their kinds; what has no test is left out with the reason."""
    pairs: list[Relation] = []
    options = []
    for one, other in chosen:
        kinds = {name: _class_of(survey, name) for name in (one, other)}
        first, second = sorted((one, other), key=lambda name: kinds[name] != "number")
        match kinds[first], kinds[second]:
            case "single", "single":
                pairs.append(Pair.of(survey, one, other))
            case "number", "single":
                pairs.append(NumberByGroup.of(survey, first, second))
            case "number", "number":
                pairs.append(NumberPair.of(survey, one, other))
            case ("multiple", "single") | ("single", "multiple"):
                several, group = (one, other) if kinds[one] == "multiple" else (other, one)
                if survey.frame[[several, group]].notna().all(axis=1).any():
                    options.append(compare_options(survey, several, group))
            case _:
                left_out[f"{one} × {other}"] = (
                    "several answers a person are compared only between groups"
                )
    return tuple(pairs), tuple(options)


def _class_of(survey: Survey, name: str) -> str:
    kind = survey.codebook[name].kind
    return "number" if kind in {"number", "scale"} else kind


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
    frame = survey.frame[[response, *predictors]].dropna()
    slopes = [frame[n].nunique() - 1 if n not in _numbers(survey) else 1 for n in predictors]
    number = 2 if response in _numbers(survey) else frame[response].nunique()
    if number > 2 and not survey.codebook[response].ordered:
        levels = ", ".join(survey.codebook[response].keys)
        raise NoModelError("unordered", response=response, number=number, levels=levels)
    parameters = number - 1 + sum(slopes)
    if parameters * PEOPLE_PER_PARAMETER > len(frame):
        raise NoModelError(
            "many", parameters=parameters, people=len(frame), each=PEOPLE_PER_PARAMETER
        )
    if response in _numbers(survey):
        return linear_model(survey, response, predictors)
    model = ordinal_logit if number > 2 else logit
    used = survey.frame[[response, *predictors]].copy()
    for name in used.columns.difference(_numbers(survey)):
        used[name] = used[name].cat.remove_unused_categories()
    return model(replace(survey, frame=used), response, list(predictors))


def _numbers(survey: Survey) -> list[str]:
    return survey.codebook.of_kind("number", "scale")


def _unexplaining(survey: Survey, response: str, name: str) -> str | None:
    """Return why nothing can be said of the response by a question, if nothing can."""
    both = survey.frame[[response, name]].dropna()
    if both.empty:
        return f"nobody answered both {response!r} and {name!r}"
    alike = [each for each, number in both.nunique().items() if number < 2]
    if alike:
        return f"whoever answered {response!r} and {name!r} gave the same answer to {alike[0]!r}"
    return None
