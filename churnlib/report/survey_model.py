"""The part of a report that explains one question of a survey by the others."""

from __future__ import annotations

from collections.abc import Iterator
from math import isfinite

from churnlib.evidence import apa, p_alone
from churnlib.figures import Label
from churnlib.models import Fit, LogitFit, OrdinalFit, parallel_lines
from churnlib.report.document import Block, Heading, TableBlock, Text, reference
from churnlib.report.report_text import Words
from churnlib.report.text_table import TextTable


def model_blocks(fit: Fit, words: Words, label: Label) -> Iterator[Block]:
    """A chapter on a model: what it explains, its odds ratios, what each question adds.

    Parameters
    ----------
    fit : OrdinalFit or LogitFit
        Of a survey: its predictors are questions with levels.
    words : Words
    label : callable
        From a question, or a question and a level with a dot between, to its label.
    """
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
        before, answer = row.predictor, label(f"{row.predictor}.{row.level}")
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


def _ratio(value: float) -> str:
    return f"{value:,.2f}" if isfinite(value) else "∞"
