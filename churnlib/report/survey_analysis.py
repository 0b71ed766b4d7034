"""What is computed of a survey: every question counted, pairs tested, one question explained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import combinations

import pandas as pd

from churnlib.evidence import LANGUAGES, NAN, Estimate, Test, p_alone
from churnlib.figures import Label
from churnlib.models import Fit, LinearFit, linear_model, logit, ordinal_logit
from churnlib.questions import (
    GroupComparison,
    MultipleResponse,
    OptionComparison,
    Reliability,
    association,
    compare_groups,
    compare_options,
    correlations,
    multiple_response,
    reliability,
)
from churnlib.report.report_text import report_words
from churnlib.survey import Codebook, Survey
from churnlib.tables import Crosstab, FrequencyTable, crosstab, frequencies

_PEOPLE_PER_PARAMETER = 10  # with fewer a model says little, and takes long
_NUMBERS = {"number", "scale"}
_SYMBOLS = {"hedges_g": "g = ", "eta_squared": "η² = ", "pearson_r": "r = "}


class NoModelError(ValueError):
    """The answers allow no model; `key` names the reason below ``survey.model`` in the words."""

    def __init__(self, key: str, **values: object) -> None:
        key = f"survey.model.{key}"
        self.reasons = {lang: report_words(lang)(key, **values) for lang in LANGUAGES}
        super().__init__(self.reasons["en"])


@dataclass(frozen=True, eq=False)
class Pair:
    """Two questions, and what is known of both; nothing if nobody answered both.

    Two questions with one answer each have a `table`. In the groups that `columns` makes a number
    is `compared`, and so are the `options` of several answers, each with a test of its own. Two
    numbers have a `correlation`, a row of `correlations`.
    """

    rows: str
    columns: str
    results: tuple[Test | Estimate, ...] = ()
    table: Crosstab | None = None
    compared: GroupComparison | None = None
    options: OptionComparison | None = None
    correlation: pd.Series | None = None

    @property
    def key(self) -> str:
        """What names both questions in a report."""
        return f"{self.rows} × {self.columns}"

    @property
    def test(self) -> Test | None:
        """The exact test of a table where there is one, else the first test."""
        tests = [r for r in self.results if isinstance(r, Test)]
        return tests[-1 if self.table is not None else 0] if tests else None

    @property
    def effect(self) -> str:
        """The first effect size with its interval: Cramér's V; Hedges' g or η²; Pearson's r."""
        estimate = next((r for r in self.results if isinstance(r, Estimate)), None)
        if estimate is None or estimate.value != estimate.value:
            return "—"
        value, low, high = map(short, (estimate.value, estimate.low, estimate.high))
        interval = f" [{low}, {high}]" if estimate.low == estimate.low else ""
        return f"{_SYMBOLS.get(estimate.name, '')}{value}{interval}"


def short(value: float) -> str:
    """Return a number with two decimals, below 1 without its zero."""
    text = f"{value:.2f}".replace("-", "−")
    return text.replace("0.", ".", 1) if abs(value) < 1 else text


@dataclass(frozen=True, eq=False)
class SurveyAnalysis:
    """All results on a survey, computed once.

    `response` is the question to be explained, `fit` its model by the others, or `failure` why it
    has none, by language; `left_out` gives questions and results that the answers do not allow,
    with the reason.
    """

    survey: Survey
    pairs: tuple[Pair, ...]
    response: str = ""
    fit: Fit | LinearFit | None = None
    failure: Mapping[str, str] = field(default_factory=dict)
    left_out: Mapping[str, str] = field(default_factory=dict)

    @property
    def options(self) -> list[OptionComparison]:
        """Each question with several answers by the groups of another."""
        return [pair.options for pair in self.pairs if pair.options is not None]

    @property
    def no_fit(self) -> str:
        """Why there is no model, in English; empty where there is one or none was tried."""
        return self.failure.get("en", "")

    @property
    def first_group(self) -> str | None:
        """The first question whose answers divide those to the response in a table."""
        tables = (pair for pair in self.pairs if pair.table is not None)
        return next((pair.rows for pair in tables if pair.columns == self.response), None)

    @cached_property
    def counted(self) -> dict[str, FrequencyTable | None]:
        """The answers to each question with one answer; ``None`` where nobody answered."""
        survey, keys = self.survey, self.survey.codebook.of_kind("single")
        return {k: frequencies(survey, k) if _is_answered(survey, k) else None for k in keys}

    @cached_property
    def multiple(self) -> dict[str, MultipleResponse | None]:
        """The options of each question with several; ``None`` where nobody answered."""
        survey, keys = self.survey, self.survey.codebook.of_kind("multiple")
        return {k: multiple_response(survey, k) if _is_answered(survey, k) else None for k in keys}

    @cached_property
    def scales(self) -> list[Reliability]:
        """The reliability of each scale."""
        return [reliability(self.survey, key) for key in self.survey.codebook.of_kind("scale")]

    @cached_property
    def tested(self) -> pd.DataFrame:
        """One row for each pair that can be tested; ``holm`` is adjusted for all of them."""
        from statsmodels.stats.multitest import multipletests

        rows = {
            (pair.rows, pair.columns): [test.n, test.p_value, pair.effect]
            for pair in self.pairs
            if (test := pair.test) and test.p_value == test.p_value
        }
        table = pd.DataFrame.from_dict(rows, orient="index", columns=["n", "p_value", "effect"])
        holm = multipletests(table["p_value"], method="holm")[1] if rows else []
        table.insert(2, "holm", pd.Series(holm, table.index, dtype=float))
        return table

    def tests(self, label: Label) -> pd.DataFrame:
        """Return one row of texts for each pair that could be tested."""
        rows = {
            f"{label(rows)} × {label(columns)}": [n, p_alone(p), p_alone(holm), effect]
            for (rows, columns), n, p, holm, effect in self.tested.itertuples()
        }
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
        The question to be explained; when left out, the codebook's `default_response`.
    by : sequence of str
        The questions that may explain it; when left out all others, and of a scale not its items.
    all_pairs : bool
        Test every pair of questions, not only those with the response.

    Raises
    ------
    KeyError, ValueError
        If there is no such question, or the response cannot be explained or is to explain itself.
    """
    book = survey.codebook
    items = {item for scale in book.of_kind("scale") for item in book[scale].items}
    tested = book.of_kind("single", "multiple", "number", "scale")
    names = [name for name in tested if name not in items]
    response = response or default_response(book)
    asked = list(by) or [name for name in names if name != response]
    kinds = {name: book[name].kind for name in (response, *asked, *names)}
    for name in (response, *asked):
        if name not in tested:
            raise ValueError(f"{name!r} is of kind {kinds[name]!r} and can be in no test")
    if kinds[response] == "multiple":
        raise ValueError(f"{response!r} has several answers a person and cannot be explained")
    if response in asked:
        raise ValueError(f"{response!r} cannot explain itself; choose another question for `by`")
    left_out = {name: reason for name in asked if (reason := _unexplaining(survey, response, name))}
    predictors = [name for name in asked if name not in left_out and kinds[name] != "multiple"]
    pairs, chosen = [], [(name, response) for name in asked]
    if all_pairs:
        chosen = [*combinations([response, *asked] if by else names, 2)]
    for one, other in chosen:
        if "multiple" in (both := {kinds[one], kinds[other]}) and "single" not in both:
            reason = "several answers a person are compared only between groups"
            left_out[f"{one} × {other}"] = reason
        else:
            pairs.append(_compare(survey, one, other))
    fit = None
    failure: Mapping[str, str] = {}
    try:
        if asked:
            fit = explained(survey, response, predictors)
    except ValueError as error:
        left_out["the model"] = str(error)
        impossible = report_words("zh-Hans")("survey.model.impossible")
        failure = getattr(error, "reasons", {"en": str(error), "zh-Hans": impossible})
    return SurveyAnalysis(survey, (*pairs,), response, fit, failure, left_out)


def require_people(survey: Survey) -> None:
    """Raise a ValueError with the first reason why, if nobody of a survey is left."""
    if survey.n == 0:
        raise ValueError(
            "no sheet can be kept; the first is set aside because of "
            f"{survey.ledger['reason'].iloc[0]}. Correct the codebook"
        )


def default_response(book: Codebook) -> str:
    """Return the question to explain: the one the codebook names, else its last that can be.

    It is a ValueError if no question has levels or numbers.
    """
    names = book.of_kind("single", "number")
    if not names:
        raise ValueError(f"{book.where} has no question with one answer and no number to explain")
    return book.response or names[-1]


def _is_answered(survey: Survey, *names: str) -> bool:
    return bool(survey.frame[[*names]].notna().all(axis=1).any())


def _compare(survey: Survey, one: str, other: str) -> Pair:
    """Test two questions by their kinds; the one that makes groups is that of the columns."""
    kinds = {name: survey.codebook[name].kind for name in (one, other)}
    swapped = kinds[one] == "single" != kinds[other]
    rows, columns = (other, one) if swapped else (one, other)
    if not _is_answered(survey, one, other):
        return Pair(rows, columns)
    match kinds[rows], kinds[columns]:
        case "single", _:
            table = crosstab(survey, rows, columns)
            return Pair(rows, columns, tuple(association(table)), table=table)
        case "multiple", _:
            return Pair(rows, columns, options=compare_options(survey, rows, columns))
        case _, "single":
            compared = compare_groups(survey, rows, columns)
            results: tuple[Test | Estimate, ...] = (compared.means, compared.ranks)
            return Pair(rows, columns, results + compared.effects, compared=compared)
    row = correlations(survey, [rows, columns]).iloc[0]
    r, low, high, p, n = *map(float, row[["pearson", "low", "high", "p_value"]]), int(row["n"])
    note = "" if p == p else "fewer than four people have both numbers, or one does not vary"
    test = Test("pearson_r", r, n - 2, p, n, False, (NAN, NAN), survey.origin, note)
    effect = Estimate("pearson_r", r, low, high, 0.95, NAN, n, survey.origin)
    return Pair(rows, columns, (test, effect), correlation=row)


def explained(survey: Survey, response: str, predictors: Sequence[str]) -> Fit | LinearFit:
    """Fit the model that suits the answers.

    Logistic regression for two answers, proportional odds for more, linear regression for a number.
    A ValueError says why there can be none; a NoModelError says it in both languages.
    """
    if len(predictors) < 2:
        raise NoModelError("alone", response=response)
    used = survey.frame[[response, *predictors]].copy()
    numbers = {name for name in used if survey.codebook[name].kind in _NUMBERS}
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
    for alike, number in both.nunique().items():
        if number < 2:
            return f"whoever answered {response!r} and {name!r} gave the same answer to {alike!r}"
    return None
