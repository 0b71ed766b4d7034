"""The part of a report that explains one question of a survey by the others."""

from __future__ import annotations

from collections.abc import Iterator
from math import isfinite

from churnlib.evidence import apa, p_alone
from churnlib.figures import Label
from churnlib.models import Fit, LinearFit, LogitFit, OrdinalFit, parallel_lines
from churnlib.report.document import Block, Heading, TableBlock, Text, reference
from churnlib.report.report_text import Words
from churnlib.report.text_table import TextTable


def model_blocks(fit: Fit | LinearFit, words: Words, label: Label) -> Iterator[Block]:
    """A chapter on a model: what it explains, its odds ratios, what each question adds.

    Parameters
    ----------
    fit : OrdinalFit, LogitFit or LinearFit
        Of a survey.
    words : Words
    label : callable
        From a question, or a question and a level with a dot between, to its label.
    """
    if isinstance(fit, LinearFit):
        yield from _linear_blocks(fit, words, label)
        return
    response = fit.data.response
    predictors = [part.name for part in fit.data.predictors]
    values = {
        "ref": reference("model"),
        "response": label(response),
        "predictors": words("words.comma").join(map(label, predictors)),
        "n": f"{fit.n:,}",
        "missing": f"{fit.missing:,}",
        "test": apa(fit.test, words.lang),
        "r2": f"{fit.nagelkerke_r2:.2f}".removeprefix("0"),
    }
    kind = "ordinal"
    if isinstance(fit, LogitFit):
        kind, values["answer"] = "logit", label(f"{response}.{fit.data.answers[-1]}")
    left = words("words.semicolon").join(
        words("survey.model.one", question=label(name), test=apa(fit.factor_test(name), words.lang))
        for name in predictors
    )
    text = [words(f"survey.model.{kind}", **values), words("survey.model.without", tests=left)]
    if isinstance(fit, OrdinalFit):
        lines = parallel_lines(fit)
        known = "tested" if lines.p_value == lines.p_value else "untested"
        text.append(words(f"survey.model.{known}", test=apa(lines, words.lang)))
    if fit.has_few:
        parameters = fit.parameters
        text.append(words("survey.model.few", n=f"{fit.n:,}", parameters=parameters))
    yield Heading(words("survey.model.heading"))
    yield Text(words("words.space").join(text))
    caption = words("survey.model.caption", response=label(response))
    note = words("survey.missing_note", n=f"{fit.n:,}", missing=f"{fit.missing:,}")
    yield TableBlock("model", caption, note, fit.origin, _odds_ratios(fit, words, label))


def _odds_ratios(fit: Fit, words: Words, label: Label) -> TextTable:
    rows, before = [], None
    for row in fit.by_level.itertuples():
        question = "" if row.predictor == before else label(row.predictor)
        before, answer = row.predictor, _answer(row.predictor, row.level, words, label)
        if row.p_value == row.p_value:
            interval = f"[{_ratio(row.low)}, {_ratio(row.high)}]"
            ratio, p = _ratio(row.odds_ratio), p_alone(row.p_value)
            rows.append((question, answer, ratio, interval, p))
        else:
            rows.append(
                (question, answer, "1", words("survey.model.reference"), words("words.none"))
            )
    columns = ("question", "answer", "odds_ratio", "interval", "p")
    return TextTable(tuple(words(f"survey.model.{column}") for column in columns), tuple(rows))


def _answer(predictor: str, level: object, words: Words, label: Label) -> str:
    if isinstance(level, str) and level:
        return label(f"{predictor}.{level}")
    return words("survey.model.each_unit")


def _linear_blocks(fit: LinearFit, words: Words, label: Label) -> Iterator[Block]:
    response, rows, before = label(fit.response), [], None
    for (predictor, level), row in fit.coefficients.iterrows():
        named = words("survey.model.constant") if predictor == "(constant)" else label(predictor)
        question, before = "" if predictor == before else named, predictor
        answer = "" if predictor == "(constant)" else _answer(predictor, level, words, label)
        if row["se"] == row["se"]:
            low, high = _signed(row["low"]), _signed(row["high"])
            numbers = (_signed(row["estimate"]), f"[{low}, {high}]", p_alone(row["p_value"]))
        else:
            numbers = ("0", words("survey.model.reference"), words("words.none"))
        rows.append((question, answer, *numbers))
    values = {
        "ref": reference("model"),
        "response": response,
        "predictors": words("words.comma").join(
            label(name) for name in dict.fromkeys(fit.coefficients.index.get_level_values(0)[1:])
        ),
        "n": f"{fit.n:,}",
        "missing": f"{fit.missing:,}",
        "test": apa(fit.test, words.lang),
        "r2": f"{fit.r_squared:.2f}".removeprefix("0"),
    }
    yield Heading(words("survey.model.heading"))
    yield Text(words("survey.model.linear", **values))
    columns = ("question", "answer", "slope", "interval", "p")
    header = tuple(words(f"survey.model.{column}") for column in columns)
    caption = words("survey.model.linear_caption", response=response)
    note = words("survey.missing_note", n=f"{fit.n:,}", missing=f"{fit.missing:,}")
    yield TableBlock("model", caption, note, fit.origin, TextTable(header, tuple(rows)))


def _signed(value: float) -> str:
    return f"{value:,.2f}".replace("-", "−")


def _ratio(value: float) -> str:
    return f"{value:,.2f}" if isfinite(value) else "∞"
