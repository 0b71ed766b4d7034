"""A written report on a survey of one's own: every table from its answers, nothing else said."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from churnlib.evidence import Origin, apa
from churnlib.figures import Label
from churnlib.models import Fit, LinearFit
from churnlib.questions import rao_scott
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
from churnlib.report.survey_analysis import SurveyAnalysis, all_pairs
from churnlib.report.survey_kinds import (
    number_table,
    option_blocks,
    option_group_blocks,
    scale_blocks,
    text_block,
    weighted_cells,
)
from churnlib.report.survey_model import model_blocks
from churnlib.report.survey_pairs import (
    NumberByGroup,
    NumberPair,
    Pair,
    correlation_blocks,
    group_blocks,
    key_of,
    overview,
    pair_blocks,
)
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
    fit: Fit | LinearFit | None = None,
    no_fit: str = "",
) -> list[Block]:
    """Put the report together, block by block, before anything is written."""
    if isinstance(survey, Survey):
        pairs = all_pairs(survey)
        failure = ValueError(no_fit) if no_fit else None
        analysis = SurveyAnalysis(survey, pairs, fit=fit, failure=failure)
    else:
        analysis = survey
    survey, book, fit = analysis.survey, analysis.survey.codebook, analysis.fit
    label = _label(survey, words.lang)
    title = words("survey.title", n=f"{survey.n:,}")
    chapters: list[Block] = [
        Title(title, words("survey.below", origin=survey.origin.mark(words.lang))),
        Contents(),
        Heading(words("words.summary")),
        Text(_summary(analysis, words, label)),
    ]
    if survey.origin is Origin.SYNTHETIC:
        chapters.append(Text(words("survey.simulated")))
    cited = ["survey", *_methods_of(analysis)]
    chapters += [Heading(words("words.methods")), Text(words("survey.methods"))]
    chapters += [Text(words(f"survey.methods_{name}")) for name in cited[1:]]
    chapters += [Heading(words("survey.cleaning")), *_cleaning(survey, words)]
    chapters.append(Heading(words("survey.answers")))
    for key, table in analysis.counted.items():
        chapters += _question(survey, key, table, words, label)
    for key, several in analysis.multiple.items():
        chapters += option_blocks(several, words, label) if several else [
            Text(words("survey.nobody", variable=label(key)))
        ]  # fmt: skip
    chapters += number_table(survey, book.of_kind("number", "scale"), words, label)
    for scale in analysis.scales:
        chapters += scale_blocks(scale, words, label)
    chapters += [text_block(survey, key, words, label) for key in book.of_kind("text")]
    chapters += _relations(analysis, words, label)
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
    if survey.filters:
        chosen = _selected(survey, words)
        chapters = [
            replace(block, caption=words("survey.captioned", caption=block.caption, chosen=chosen))
            if isinstance(block, TableBlock | FigureBlock)
            else block
            for block in chapters
        ]
    return [
        *chapters,
        Heading(words("words.references")),
        *(Text(work, "reference") for work in sorted(words.cited(*cited))),
    ]


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


def _relations(analysis: SurveyAnalysis, words: Words, label: Label) -> Iterator[Block]:
    """All tests in one table, then each table of two questions."""
    if not analysis.pairs and not analysis.options:
        return
    yield Heading(words("survey.pairs"))
    yield from overview(analysis.pairs, analysis.adjusted, words, label)
    for pair in analysis.pairs:
        if isinstance(pair, Pair):
            yield from pair_blocks(pair, words, label)
            if analysis.survey.weights is not None and pair.table is not None:
                test = rao_scott(analysis.survey, pair.rows, pair.columns)
                yield Text(words("survey.weighted_test", test=apa(test, words.lang)))
        elif isinstance(pair, NumberByGroup):
            yield from group_blocks(pair, words, label)
    numbers = [pair for pair in analysis.pairs if isinstance(pair, NumberPair)]
    yield from correlation_blocks(numbers, words, label)
    for compared in analysis.options:
        yield from option_group_blocks(compared, words, label)


def _label(survey: Survey, lang: str) -> Label:
    word = survey.codebook.labeller(lang)
    return lambda key: xml_safe(word(key))


def _summary(analysis: SurveyAnalysis, words: Words, label: Label) -> str:
    survey, pairs, adjusted = analysis.survey, analysis.pairs, analysis.adjusted
    flow = {step: f"{count:,}" for step, count in survey.flow.items()}
    read = words("survey.summary", **flow, questions=len(survey.questions))
    if survey.filters:
        read += words("words.space") + words("survey.selected", chosen=_selected(survey, words))
    if not adjusted:
        return read
    related = [pair for pair in pairs if adjusted.get(key_of(pair), 1) < _LEVEL]
    named = words("words.semicolon").join(
        words("survey.pair", rows=label(pair.rows), columns=label(pair.columns)) for pair in related
    )
    listed = words("survey.listed", pairs=named) if related else ""
    found = words("survey.related", pairs=len(adjusted), related=len(related), list=listed)
    return read + words("words.space") + found


def _selected(survey: Survey, words: Words) -> str:
    """By which answers the people were selected, in words."""
    label = _label(survey, words.lang)
    return words("words.semicolon").join(
        words(
            "survey.only",
            variable=label(name),
            levels=words("words.comma").join(label(f"{name}.{level}") for level in levels),
        )
        for name, levels in survey.filters
    )


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
    survey: Survey, key: str, table: FrequencyTable | None, words: Words, label: Label
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
    header = (variable, *(words(f"survey.{column}") for column in columns))
    if survey.weights is not None:
        header = (*header, words("survey.weighted"), words("survey.interval"))
        weighted = weighted_cells(survey, key, table)
        rows = tuple((*row, *cells) for row, cells in zip(rows, weighted, strict=True))
    texts = TextTable(header, rows)
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
