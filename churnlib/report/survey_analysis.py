"""What is computed of a survey: every question counted, pairs tested, one question explained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations

import pandas as pd

from churnlib.evidence import p_alone
from churnlib.figures import Label
from churnlib.models import Fit, logit, ordinal_logit
from churnlib.report.report_text import Words, report_words
from churnlib.report.survey_pairs import Pair, effect_of, holm
from churnlib.survey import Survey
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
    pairs : tuple of Pair
        Tables of two questions with their tests.
    response : str
        The question to be explained; empty if there is none.
    fit : OrdinalFit or LogitFit, optional
        The model of the response by the other questions, if it can have one.
    failure : ValueError, optional
        Why it cannot, where one was tried.
    left_out : mapping of str to str
        Questions and results that the answers do not allow, and why.
    """

    survey: Survey
    pairs: tuple[Pair, ...]
    response: str = ""
    fit: Fit | None = None
    failure: ValueError | None = None
    left_out: Mapping[str, str] | None = None

    @property
    def no_fit(self) -> str:
        """Why there is no model, in English; empty where there is one or none was tried."""
        return str(self.failure or "")

    def no_fit_in(self, words: Words) -> str:
        """Return why there is no model, in the language of these words."""
        if isinstance(self.failure, NoModelError):
            return words(f"survey.model.{self.failure.key}", **self.failure.values)
        return self.no_fit if words.lang == "en" else words("survey.model.impossible")

    @cached_property
    def adjusted(self) -> dict[str, float]:
        """The p-value of each pair by its key, adjusted by Holm's method."""
        return holm(self.pairs)

    @cached_property
    def counted(self) -> dict[str, FrequencyTable | None]:
        """The answers to each question; ``None`` where nobody answered."""
        frame = self.survey.frame
        return {
            key: frequencies(self.survey, key) if frame[key].notna().any() else None
            for key in frame.columns
        }

    def tests(self, label: Label) -> pd.DataFrame:
        """Return one row for each pair that could be tested."""
        rows = {
            f"{label(pair.rows)} × {label(pair.columns)}": [
                pair.test.n, p_alone(pair.test.p_value), p_alone(self.adjusted[pair.key]),
                effect_of(pair),
            ]
            for pair in self.pairs
            if pair.key in self.adjusted
        }  # fmt: skip
        return pd.DataFrame.from_dict(rows, orient="index", columns=["n", "p", "p (Holm)", "V"])


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
        The question to be explained; the codebook's last when left out.
    by : sequence of str
        The questions that may explain it; all others when left out.
    all_pairs : bool
        Test every pair of questions, not only those with the response.

    Raises
    ------
    KeyError
        If there is no such question.
    ValueError
        If the response is to explain itself.
    """
    names = list(survey.codebook.variables)
    response = response or names[-1]
    asked = list(by) or [name for name in names if name != response]
    for name in (response, *asked):
        _ = survey.codebook[name]  # raises where there is no such question
    if response in asked:
        raise ValueError(f"{response!r} cannot explain itself; choose another question for `by`")
    left_out = {name: reason for name in asked if (reason := _unexplaining(survey, response, name))}
    chosen = list(combinations(names, 2)) if all_pairs else [(name, response) for name in asked]
    pairs = tuple(Pair.of(survey, *both) for both in chosen)
    predictors = [name for name in asked if name not in left_out]
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
    return SurveyAnalysis(survey, pairs, response, fit, failure, left_out)


def explained(survey: Survey, response: str, predictors: Sequence[str]) -> Fit:
    """Fit the model that suits the answers: logistic for two, proportional odds for more.

    Raises
    ------
    NoModelError
        If the answers are three or more and have no order, or too few for so many questions.
    ValueError
        As `ordinal_logit` and `logit` say.
    """
    frame = survey.frame[[response, *predictors]].dropna()
    given = {name: frame[name].nunique() for name in frame}
    number = given.pop(response)
    if number > 2 and not survey.codebook[response].ordered:
        levels = ", ".join(survey.codebook[response].keys)
        raise NoModelError("unordered", response=response, number=number, levels=levels)
    parameters = number - 1 + sum(levels - 1 for levels in given.values())
    if parameters * PEOPLE_PER_PARAMETER > len(frame):
        raise NoModelError(
            "many", parameters=parameters, people=len(frame), each=PEOPLE_PER_PARAMETER
        )
    model = ordinal_logit if number > 2 else logit
    used = survey.frame.apply(lambda answers: answers.cat.remove_unused_categories())
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
