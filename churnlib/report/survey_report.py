"""A written report on a survey of one's own: every table from its answers, nothing else said."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pandas as pd

from churnlib.evidence import Origin
from churnlib.models import Fit, LinearFit, LogitFit, OrdinalFit, parallel_lines
from churnlib.report.document import Block, Exhibit, Text, reference, write_document
from churnlib.report.docx_parts import xml_safe
from churnlib.report.report_text import Words, report_words
from churnlib.report.survey_analysis import SurveyAnalysis, analyse_survey
from churnlib.report.survey_tables import SurveyTables
from churnlib.survey import Survey

_SHOWN_REASONS, _LEVEL = 20, 0.05
_CONSTANT = "(constant)"


def write_survey_report(
    survey: Survey | SurveyAnalysis, folder: Path, lang: str, *, template: Path | None = None
) -> Path:
    """Write a report on a survey to ``report/survey-report.LANG.docx``.

    Parameters
    ----------
    survey : Survey or SurveyAnalysis
        Its own codebook words every question and answer. Of a survey alone every pair of
        questions is tested, and the codebook's response explained; an analysis stands as it is.
    folder : Path
        The report is written below it; pictures in ``figures/LANG/`` of it are included.
    lang : {"en", "zh-Hans"}
    template : Path, optional
        A .docx whose styles, page, header and footer are used.

    Returns
    -------
    Path
        The document: the cleaning, each question, each pair of questions, the model, the pictures.
        Every exhibit says the survey's origin.

    Raises
    ------
    KeyError, FileNotFoundError, ValueError
        If a label is missing in the language, the template is missing or no Word document, or
        a survey alone has no question to explain.
    """
    if isinstance(survey, Survey):
        survey = analyse_survey(survey, all_pairs=True)
    words = report_words(lang)
    path = folder / "report" / f"survey-report.{lang}.docx"
    blocks = list(survey_blocks(survey, folder, words))
    return write_document(blocks, path, words, template)


def survey_blocks(analysis: SurveyAnalysis, folder: Path, words: Words) -> Iterator[Block]:
    """Put the report together, block by block, before anything is written."""
    survey, book, fit = analysis.survey, analysis.survey.codebook, analysis.fit
    tables = SurveyTables(survey, words)
    yield Text(tables.word("title", n=survey.n), "title")
    yield Text(tables.word("below", origin=survey.origin.mark(words.lang)), "subtitle")
    yield Text("", "contents")
    yield Text(words("words.summary"), "heading_1")
    yield Text(tables.joined(_summary(analysis, tables), "space"))
    if survey.origin is Origin.SYNTHETIC:
        yield tables.text("simulated")
    yield Text(words("words.methods"), "heading_1")
    used = {
        "numbers": book.of_kind("number", "scale"),
        "scale": analysis.scales,
        "multiple": analysis.multiple,
        "weights": survey.weights is not None,
    }
    methods = [name for name, any_of in used.items() if any_of]
    yield from map(tables.text, ["methods", *(f"methods_{name}" for name in methods)])
    yield tables.heading("cleaning")
    yield from _cleaning(tables)
    yield tables.heading("answers")
    for key, counted in {**analysis.counted, **analysis.multiple}.items():
        yield from tables.question(key, counted)
    yield from tables.numbers(book.of_kind("number", "scale"))
    for scale in analysis.scales:
        yield from tables.scale(scale)
    for key in book.of_kind("text"):
        n = int(survey.frame[key].notna().sum())
        yield tables.text("text", variable=tables.label(key), n=n, people=survey.n)
    yield from _pairs(analysis, tables)
    if fit is not None:
        yield from _model(fit, tables)
    elif analysis.failure:
        yield tables.heading("model.heading")
        yield tables.text("model.none", reason=xml_safe(analysis.no_fit_in(words)))
    yield from _figures(folder, tables)
    yield tables.heading("limits")
    yield tables.text("limitation")
    yield Text(words("words.references"), "heading_1")
    cited = words.cited("survey", *methods, type(fit).__name__)
    yield from (Text(work, "reference") for work in sorted(cited))


def _summary(analysis: SurveyAnalysis, tables: SurveyTables) -> Iterator[str]:
    survey, adjusted = analysis.survey, analysis.adjusted
    yield tables.word("summary", **survey.flow, questions=len(survey.questions))
    if survey.filters:
        yield tables.word("selected", chosen=tables.selected())
    if adjusted:
        related = [pair for pair in analysis.pairs if adjusted.get(pair.key, 1) < _LEVEL]
        named = tables.joined(tables.named(pair.rows, pair.columns) for pair in related)
        listed = tables.word("listed", pairs=named) if related else ""
        yield tables.word("related", pairs=len(adjusted), related=len(related), list=listed)


def _cleaning(tables: SurveyTables) -> Iterator[Block]:
    survey, word, sheets = tables.survey, tables.word, tables.word("sheets")
    columns = [(word("step"), map(word, survey.flow.index)), (sheets, survey.flow)]
    yield from tables.told("flow", word("flow_caption"), columns, "flow")
    reasons = survey.ledger.loc[~survey.ledger["kept"], "reason"].value_counts()
    if reasons.empty:
        return
    shown, more = reasons.head(_SHOWN_REASONS), len(reasons) - _SHOWN_REASONS
    note = word("aside_more", more=more) if more > 0 else ""
    columns = [(word("reason"), map(xml_safe, shown.index)), (sheets, shown)]
    yield from tables.told("aside", word("aside_caption"), columns, "aside", note=note)


def _pairs(analysis: SurveyAnalysis, tables: SurveyTables) -> Iterator[Block]:
    """All tests in one table, then each table of two questions."""
    if not analysis.pairs and not analysis.options:
        return
    yield tables.heading("pairs")
    tests = analysis.tests(str, tables.named).set_axis(["n", "p", "holm", "effect"], axis=1)
    if not tests.empty:
        columns = [(tables.word("questions"), tests.index), *tables.columns(tests)]
        caption = tables.word("overview_caption")
        yield from tables.told("overview", caption, columns, "overview", pairs=len(tests))
    for pair in analysis.pairs:
        if pair.correlation is None:
            yield from tables.pair(pair)
    yield from tables.correlations([p for p in analysis.pairs if p.correlation is not None])
    for compared in analysis.options:
        yield from tables.option_groups(compared)


def _model(fit: Fit | LinearFit, tables: SurveyTables) -> Iterator[Block]:
    """A chapter on a model: what it explains, its coefficients, what each question adds."""
    if isinstance(fit, LinearFit):
        response, rows, r2 = fit.response, fit.coefficients.reset_index(), fit.r_squared
        kind, slope, estimate, none = "linear_", "slope", "estimate", "0"
    else:
        response, rows, r2 = fit.data.response, fit.by_level, fit.nagelkerke_r2
        kind, slope, estimate, none = "", "odds_ratio", "odds_ratio", "1"
    word, label = tables.word, tables.label
    names = [name for name in rows["predictor"].unique() if name != _CONSTANT]
    values = {
        "ref": reference("model"),
        "response": label(response),
        "predictors": tables.joined(map(label, names), "comma"),
        "n": fit.n,
        "missing": fit.missing,
        "test": tables.results(fit.test),
        "r2": f"{r2:.2f}".removeprefix("0"),
    }
    yield tables.heading("model.heading")
    yield Text(tables.joined(_fitted(fit, names, values, tables), "space"))

    rows = rows.rename(columns={estimate: slope, "p_value": "p"})
    numbers = tables.columns(rows[[slope, "low", "high", "p"]], "model.")
    for place, text in enumerate((none, word("model.reference"))):  # where there is no p-value
        head, cells = numbers[place]
        numbers[place] = (head, pd.Series(cells).mask(rows["p"].isna(), text))
    predictor, each = rows["predictor"], word("model.each_unit")
    answers = pd.Series(
        label(name, level) if isinstance(level, str) and level else each
        for name, level in zip(predictor, rows["level"], strict=True)
    )
    questions = predictor.map({_CONSTANT: word("model.constant")} | {n: label(n) for n in names})
    columns = [
        (word("model.question"), questions.mask(predictor.duplicated(), "")),
        (word("model.answer"), answers.mask(predictor == _CONSTANT, "")),
        *numbers,
    ]
    caption = word(f"model.{kind}caption", response=values["response"])
    yield tables.table("model", caption, columns, fit)


def _fitted(
    fit: Fit | LinearFit,
    predictors: Sequence[str],
    values: Mapping[str, object],
    tables: SurveyTables,
) -> Iterator[str]:
    if isinstance(fit, LinearFit):
        yield tables.word("model.linear", **values)
        return
    if isinstance(fit, LogitFit):
        answer = tables.label(fit.data.response, fit.data.answers[-1])
        yield tables.word("model.logit", **values, answer=answer)
    else:
        yield tables.word("model.ordinal", **values)
    tests = ((tables.label(name), tables.results(fit.factor_test(name))) for name in predictors)
    left = (tables.word("model.one", question=name, test=test) for name, test in tests)
    yield tables.word("model.without", tests=tables.joined(left))
    if isinstance(fit, OrdinalFit):
        lines = parallel_lines(fit)
        tested = "tested" if lines.p_value == lines.p_value else "untested"
        yield tables.word(f"model.{tested}", test=tables.results(lines))
    if fit.has_few:
        yield tables.word("model.few", n=fit.n, parameters=fit.parameters)


def _figures(folder: Path, tables: SurveyTables) -> Iterator[Block]:
    lang, origin = tables.words.lang, tables.survey.origin
    pictures = sorted((folder / "figures" / lang).glob("*.png"))
    if pictures:
        yield tables.heading("figures")
    for picture in pictures:
        caption = _caption(picture.stem, tables)
        alternative = tables.word("alternative", caption=caption, origin=origin.mark(lang))
        key, caption = f"figure {picture.stem}", tables.captioned(caption)
        yield Exhibit(key, caption, "", origin, picture, alternative)


def _caption(name: str, tables: SurveyTables) -> str:
    """What a picture shows, by the name under which an analysis writes it."""
    response, _, group = name.partition("_by_")
    if response in tables.survey.frame and group in tables.survey.frame:
        labels = {"response": tables.label(response), "group": tables.label(group)}
        return tables.word("by_caption", **labels)
    if name.rstrip("_0123456789") == "model":  # a long forest has several pictures
        return tables.word("captions.model")
    return xml_safe(name)
