"""A written report on a survey of one's own: every table from its answers, nothing else said."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from pathlib import Path

from churnlib.evidence import Origin
from churnlib.figures import Label
from churnlib.models import Fit
from churnlib.report.document import (
    Block,
    Contents,
    FigureBlock,
    Heading,
    TableBlock,
    Text,
    Title,
    reference,
    write_paper,
)
from churnlib.report.docx_parts import xml_safe
from churnlib.report.report_text import Words, report_words
from churnlib.report.survey_analysis import SurveyAnalysis
from churnlib.report.survey_model import model_blocks
from churnlib.report.survey_pairs import Pair, overview, pair_blocks
from churnlib.report.text_table import TextTable
from churnlib.report.thesis_facts import share
from churnlib.survey import Survey
from churnlib.tables import FrequencyTable

_SHOWN_REASONS, _LEVEL = 20, 0.05


def write_survey_report(
    survey: Survey | SurveyAnalysis,
    folder: Path,
    lang: str,
    *,
    template: Path | None = None,
    fit: Fit | None = None,
    no_fit: str = "",
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
    no_fit : str
        Why there is none, where one was tried.

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
    blocks = survey_blocks(survey, folder, words, fit, no_fit)
    path = folder / "report" / f"survey-report.{lang}.docx"
    return write_paper(blocks, path, lang, lambda key: words(f"words.{key}"), template)


def survey_blocks(
    survey: Survey | SurveyAnalysis,
    folder: Path,
    words: Words,
    fit: Fit | None = None,
    no_fit: str = "",
) -> list[Block]:
    """Put the report together, block by block, before anything is written."""
    if isinstance(survey, Survey):
        both = combinations(survey.frame.columns, 2)
        pairs = tuple(Pair.of(survey, *each) for each in both)
        analysis = SurveyAnalysis(
            survey, pairs, fit=fit, failure=ValueError(no_fit) if no_fit else None
        )
    else:
        analysis = survey
    survey, pairs, adjusted = analysis.survey, analysis.pairs, analysis.adjusted
    fit = analysis.fit
    label = _label(survey, words.lang)
    title = words("survey.title", n=f"{survey.n:,}")
    chapters: list[Block] = [
        Title(title, words("survey.below", origin=survey.origin.mark(words.lang))),
        Contents(),
        Heading(words("words.summary")),
        Text(_summary(survey, pairs, adjusted, words, label)),
    ]
    if survey.origin is Origin.SYNTHETIC:
        chapters.append(Text(words("survey.simulated")))
    chapters += [Heading(words("words.methods")), Text(words("survey.methods"))]
    chapters += [Heading(words("survey.cleaning")), *_cleaning(survey, words)]
    chapters.append(Heading(words("survey.answers")))
    for key, table in analysis.counted.items():
        chapters += _question(key, table, words, label)
    if pairs:
        chapters += [Heading(words("survey.pairs")), *overview(pairs, adjusted, words, label)]
    for pair in pairs:
        chapters += pair_blocks(pair, words, label)
    cited = ["survey"]
    if fit is not None:
        chapters += model_blocks(fit, words, label)
        cited.append(type(fit).__name__)
    elif analysis.failure:
        chapters += [
            Heading(words("survey.model.heading")),
            Text(words("survey.model.none", reason=xml_safe(analysis.no_fit_in(words)))),
        ]
    chapters += _figures(survey, folder, words)
    chapters += [Heading(words("survey.limits")), Text(words("survey.limitation"))]
    return [
        *chapters,
        Heading(words("words.references")),
        *(Text(work, "reference") for work in words.cited(*cited)),
    ]


def _label(survey: Survey, lang: str) -> Label:
    word = survey.codebook.labeller(lang)
    return lambda key: xml_safe(word(key))


def _summary(
    survey: Survey,
    pairs: Sequence[Pair],
    adjusted: Mapping[str, float],
    words: Words,
    label: Label,
) -> str:
    flow = {step: f"{count:,}" for step, count in survey.flow.items()}
    read = words("survey.summary", **flow, questions=len(survey.frame.columns))
    if not adjusted:
        return read
    related = [pair for pair in pairs if adjusted.get(pair.key, 1) < _LEVEL]
    named = words("words.semicolon").join(
        words("survey.pair", rows=label(pair.rows), columns=label(pair.columns)) for pair in related
    )
    listed = words("survey.listed", pairs=named) if related else ""
    found = words("survey.related", pairs=len(adjusted), related=len(related), list=listed)
    return read + words("words.space") + found


def _cleaning(survey: Survey, words: Words) -> Iterator[Block]:
    rows = tuple((words(f"survey.{step}"), f"{n:,}") for step, n in survey.flow.items())
    texts = TextTable((words("survey.step"), words("survey.sheets")), rows)
    yield Text(words("survey.flow", ref=reference("flow")))
    yield TableBlock("flow", words("survey.flow_caption"), "", survey.origin, texts)
    aside = survey.ledger.loc[~survey.ledger["kept"], "reason"]
    if aside.empty:
        return
    counted = aside.groupby(aside, sort=False).size().sort_values(ascending=False, kind="stable")
    shown = counted.head(_SHOWN_REASONS)
    more = len(counted) - len(shown)
    texts = TextTable(
        (words("survey.reason"), words("survey.sheets")),
        tuple((xml_safe(reason), f"{n:,}") for reason, n in shown.items()),
    )
    yield Text(words("survey.aside", ref=reference("aside")))
    note = words("survey.aside_more", more=more) if more else ""
    yield TableBlock("aside", words("survey.aside_caption"), note, survey.origin, texts)


def _question(
    key: str, table: FrequencyTable | None, words: Words, label: Label
) -> Iterator[Block]:
    variable = label(key)
    yield Heading(variable, 2)
    if table is None:
        yield Text(words("survey.nobody", variable=variable))
        return
    commonest = table.counts.index[table.counts == table.counts.max()]
    estimate = share(table, [commonest[0]])
    named = [words("survey.quoted", level=label(f"{key}.{level}")) for level in commonest]
    yield Text(
        words(
            "survey.frequency" if len(named) == 1 else "survey.tied",
            ref=reference(f"question {key}"),
            variable=variable,
            n=f"{table.n:,}",
            missing=f"{table.missing:,}",
            levels=words("words.comma").join(named),
            count=f"{table.counts[commonest[0]]:,}",
            percent=f"{100 * estimate.value:.1f}",
            low=f"{100 * estimate.low:.1f}",
            high=f"{100 * estimate.high:.1f}",
        )
    )
    columns = ("n", "percent", "valid_percent", "cumulative_percent")
    names = [label(f"{key}.{level}") for level in table.counts.index]
    rows = tuple(
        (name, f"{n:,.0f}", *("—" if x != x else f"{x:.1f}" for x in percents))
        for name, (n, *percents) in zip(
            [*names, words("survey.missing")],
            table.summary[list(columns)].itertuples(index=False),
            strict=True,
        )
    )
    texts = TextTable((variable, *(words(f"survey.{column}") for column in columns)), rows)
    note = words("survey.missing_note", n=f"{table.n:,}", missing=f"{table.missing:,}")
    yield TableBlock(f"question {key}", variable, note, table.origin, texts)


def _figures(survey: Survey, folder: Path, words: Words) -> Iterator[Block]:
    pictures = sorted((folder / "figures" / words.lang).glob("*.png"))
    if not pictures:
        return
    yield Heading(words("survey.figures"))
    for picture in pictures:
        caption = _caption(picture.stem, survey, words)
        key = f"figure {picture.stem}"
        yield Text(words("survey.figure_text", ref=reference(key)))
        alternative = words(
            "survey.alternative", caption=caption, origin=survey.origin.mark(words.lang)
        )
        yield FigureBlock(key, caption, "", survey.origin, picture, alternative)


def _caption(name: str, survey: Survey, words: Words) -> str:
    """What a picture shows, by the name under which an analysis writes it."""
    response, _, group = name.partition("_by_")
    if response in survey.frame and group in survey.frame:
        label = _label(survey, words.lang)
        return words("survey.by_caption", response=label(response), group=label(group))
    key = f"survey.captions.{name.rstrip('_0123456789')}"  # a long forest has several pictures
    return words(key) if words.has(key) else xml_safe(name)
