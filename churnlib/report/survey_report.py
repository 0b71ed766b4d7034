"""A written report on a survey of one's own: every table from its answers, nothing else said."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from churnlib.evidence import Origin
from churnlib.models import Fit, LinearFit
from churnlib.report.document import (
    Block,
    Contents,
    FigureBlock,
    Heading,
    Text,
    Title,
    reference,
    write_paper,
)
from churnlib.report.docx_parts import xml_safe
from churnlib.report.report_text import Words, report_words
from churnlib.report.survey_analysis import SurveyAnalysis, all_pairs
from churnlib.report.survey_blocks import SurveyBlocks
from churnlib.report.survey_pairs import NumberByGroup, NumberPair, Pair, key_of
from churnlib.survey import Survey

_SHOWN_REASONS, _LEVEL = 20, 0.05


def write_survey_report(
    survey: Survey | SurveyAnalysis,
    folder: Path,
    lang: str,
    *,
    template: Path | None = None,
    fit: Fit | None = None,
) -> Path:
    """Write a report on a survey to ``report/survey-report.LANG.docx``.

    Parameters
    ----------
    survey : Survey or SurveyAnalysis
        Its own codebook words every question and answer. Of a survey alone every pair of
        questions is tested; an analysis is reported as it stands.
    folder : Path
        The report is written below it; pictures in ``figures/LANG/`` of it are included.
    lang : {"en", "zh-Hans"}
    template : Path, optional
        A .docx whose styles, page, header and footer are used.
    fit : OrdinalFit or LogitFit, optional
        A model of one question by others, which the report then tells of.

    Returns
    -------
    Path
        The document: how the sheets were cleaned, a table for each question, a table with its
        statistics for each pair of questions, the model, the pictures. Every exhibit says the
        survey's origin. Nothing in it speaks of the thesis.

    Raises
    ------
    KeyError
        If the codebook has no label in the language.
    FileNotFoundError, ValueError
        If the template is missing or is not a Word document.
    """
    words = report_words(lang)
    blocks = survey_blocks(survey, folder, words, fit)
    path = folder / "report" / f"survey-report.{lang}.docx"
    return write_paper(blocks, path, lang, lambda key: words(f"words.{key}"), template)


def survey_blocks(
    survey: Survey | SurveyAnalysis,
    folder: Path,
    words: Words,
    fit: Fit | LinearFit | None = None,
) -> list[Block]:
    """Put the report together, block by block, before anything is written."""
    if isinstance(survey, Survey):
        survey = SurveyAnalysis(survey, all_pairs(survey), fit=fit)
    return list(_blocks(survey, folder, words))


def _blocks(analysis: SurveyAnalysis, folder: Path, words: Words) -> Iterator[Block]:
    survey, book, fit = analysis.survey, analysis.survey.codebook, analysis.fit
    said = SurveyBlocks(survey, words)
    below = said.word("below", origin=survey.origin.mark(words.lang))
    yield Title(said.word("title", n=survey.n), below)
    yield Contents()
    yield Heading(words("words.summary"))
    yield Text(_summary(analysis, said))
    if survey.origin is Origin.SYNTHETIC:
        yield said.text("simulated")
    yield Heading(words("words.methods"))
    methods = _methods_of(analysis)
    yield from map(said.text, ["methods", *(f"methods_{name}" for name in methods)])
    yield Heading(said.word("cleaning"))
    yield from _cleaning(said)
    yield Heading(said.word("answers"))
    for key, table in analysis.counted.items():
        yield from said.question(key, table)
    for key, several in analysis.multiple.items():
        if several:
            yield from said.options(several)
        else:
            yield said.text("nobody", variable=said.label(key))
    yield from said.numbers(book.of_kind("number", "scale"))
    for scale in analysis.scales:
        yield from said.scale(scale)
    yield from map(said.written, book.of_kind("text"))
    yield from _relations(analysis, said)
    if fit is not None:
        yield from said.model(fit)
    elif analysis.failure:
        yield Heading(said.word("model.heading"))
        yield said.text("model.none", reason=xml_safe(analysis.no_fit_in(words)))
    yield from _figures(folder, said)
    yield Heading(said.word("limits"))
    yield said.text("limitation")
    yield Heading(words("words.references"))
    cited = words.cited("survey", *methods, *([type(fit).__name__] if fit is not None else []))
    yield from (Text(work, "reference") for work in sorted(cited))


def _methods_of(analysis: SurveyAnalysis) -> list[str]:
    """Which procedures were used, beside those for questions with one answer."""
    survey = analysis.survey
    used = {
        "numbers": survey.codebook.of_kind("number", "scale"),
        "scale": survey.codebook.of_kind("scale"),
        "multiple": survey.codebook.of_kind("multiple"),
        "weights": survey.weights is not None,
    }
    return [name for name, any_of in used.items() if any_of]


def _relations(analysis: SurveyAnalysis, said: SurveyBlocks) -> Iterator[Block]:
    """All tests in one table, then each table of two questions."""
    if not analysis.pairs and not analysis.options:
        return
    yield Heading(said.word("pairs"))
    yield from said.overview(
        analysis.tests(said.label, lambda one, two: said.word("pair", rows=one, columns=two))
    )
    for pair in analysis.pairs:
        if isinstance(pair, Pair):
            yield from said.pair(pair)
        elif isinstance(pair, NumberByGroup):
            yield from said.groups(pair)
    yield from said.correlations([p for p in analysis.pairs if isinstance(p, NumberPair)])
    for compared in analysis.options:
        yield from said.option_groups(compared)


def _summary(analysis: SurveyAnalysis, said: SurveyBlocks) -> str:
    survey, adjusted = analysis.survey, analysis.adjusted
    texts = [said.word("summary", **survey.flow, questions=len(survey.questions))]
    if survey.filters:
        texts.append(said.word("selected", chosen=said.selected()))
    if adjusted:
        related = [pair for pair in analysis.pairs if adjusted.get(key_of(pair), 1) < _LEVEL]
        named = said.listed(
            said.word("pair", rows=said.label(pair.rows), columns=said.label(pair.columns))
            for pair in related
        )
        listed = said.word("listed", pairs=named) if related else ""
        texts.append(said.word("related", pairs=len(adjusted), related=len(related), list=listed))
    return said.listed(texts, "space")


def _cleaning(said: SurveyBlocks) -> Iterator[Block]:
    survey = said.survey
    yield said.text("flow", ref=reference("flow"))
    steps = said.columns("", step=map(said.word, survey.flow.index), sheets=survey.flow)
    yield said.table("flow", said.word("flow_caption"), steps)
    reasons = survey.ledger.loc[~survey.ledger["kept"], "reason"]
    if reasons.empty:
        return
    counted = reasons.value_counts()
    shown, more = counted.head(_SHOWN_REASONS), len(counted) - _SHOWN_REASONS
    yield said.text("aside", ref=reference("aside"))
    note = said.word("aside_more", more=more) if more > 0 else ""
    columns = said.columns("", reason=map(xml_safe, shown.index), sheets=shown)
    yield said.table("aside", said.word("aside_caption"), columns, note)


def _figures(folder: Path, said: SurveyBlocks) -> Iterator[Block]:
    lang, origin = said.words.lang, said.survey.origin
    pictures = sorted((folder / "figures" / lang).glob("*.png"))
    if pictures:
        yield Heading(said.word("figures"))
    for picture in pictures:
        caption, key = _caption(picture.stem, said), f"figure {picture.stem}"
        yield said.text("figure_text", ref=reference(key))
        alternative = said.word("alternative", caption=caption, origin=origin.mark(lang))
        yield FigureBlock(key, said.captioned(caption), "", origin, picture, alternative)


def _caption(name: str, said: SurveyBlocks) -> str:
    """What a picture shows, by the name under which an analysis writes it."""
    response, _, group = name.partition("_by_")
    if response in said.survey.frame and group in said.survey.frame:
        labels = {"response": said.label(response), "group": said.label(group)}
        return said.word("by_caption", **labels)
    key = f"captions.{name.rstrip('_0123456789')}"  # a long forest has several pictures
    return said.word(key) if said.words.has(f"survey.{key}") else xml_safe(name)
