"""A written report on a survey of one's own: every table from its answers, nothing else said."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from churnlib.evidence import NAN, Origin
from churnlib.models import Fit, LinearFit, LogitFit, OrdinalFit, parallel_lines
from churnlib.questions import (
    SMALL,
    GroupComparison,
    MultipleResponse,
    OptionComparison,
    rao_scott,
    smallest_expected,
    summary_of,
    weighted_shares,
)
from churnlib.report.document import write_document
from churnlib.report.report_text import (
    Block,
    Exhibit,
    SurveyWords,
    Text,
    Words,
    cell_texts,
    report_words,
    with_percent,
)
from churnlib.report.survey_analysis import Pair, SurveyAnalysis, analyse_survey, short
from churnlib.survey import Survey
from churnlib.tables import Crosstab, FrequencyTable, wilson

_SHOWN_REASONS, _LEVEL = 20, 0.05
_CONSTANT = "(constant)"
_MODELS = {  # the section of each, the column of what it estimates, and that without an effect
    LinearFit: ("linear", "estimate", "0"),
    LogitFit: ("logit", "odds_ratio", "1"),
    OrdinalFit: ("ordinal", "odds_ratio", "1"),
}


def write_survey_report(
    survey: Survey | SurveyAnalysis, folder: Path, lang: str, *, template: Path | None = None
) -> Path:
    """Write a report on a survey to ``report/survey-report.LANG.docx``.

    Parameters
    ----------
    survey : Survey or SurveyAnalysis
        Of a survey every pair of questions is tested, and the codebook's response explained.
    folder : Path
        The report is written below it; pictures in ``figures/LANG/`` of it are included.
    lang : {"en", "zh-Hans"}
    template : Path, optional
        A .docx whose styles, page, header and footer are used.

    Raises
    ------
    KeyError, FileNotFoundError, ValueError
        If a label is missing in the language, the template is missing or no Word document, or
        a survey has no question to explain.
    """
    if isinstance(survey, Survey):
        survey = analyse_survey(survey, all_pairs=True)
    words = report_words(lang)
    path = folder / "report" / f"survey-report.{lang}.docx"
    return write_document([*survey_blocks(survey, folder, words)], path, words, template)


def survey_blocks(analysis: SurveyAnalysis, folder: Path, words: Words) -> Iterator[Block]:
    """Put the report together, block by block, before anything is written."""
    report, survey = _Report(analysis, words), analysis.survey
    used = {
        "numbers": survey.codebook.of_kind("number", "scale"),
        "scale": analysis.scales,
        "multiple": analysis.multiple,
        "weights": survey.weights is not None,
    }
    methods = [name for name, any_of in used.items() if any_of]
    cited = words.cited("survey", *methods, type(analysis.fit).__name__)
    pictures = sorted((folder / "figures" / words.lang).glob("*.png"))
    yield Text(report.word("title", n=survey.n), "title")
    yield Text(report.word("below", origin=survey.origin.mark(words.lang)), "subtitle")
    yield Text("", "contents")
    parts: dict[str, Iterable[Block]] = {
        "summary": report.summary(),
        "methods": map(report.text, ["methods", *(f"methods_{name}" for name in methods)]),
        "cleaning": report.cleaning(),
        "answers": report.answers(),
        "pairs": report.pairs(),
        "model": report.model(),
        "figures": map(report.picture, pictures),
        "limits": [report.text("limitation")],
        "references": (Text(work, "reference") for work in sorted(cited)),
    }
    for name, part in parts.items():
        if blocks := [*part]:
            yield Text(report.word(f"heading.{name}"), "heading_1")
            yield from blocks


class _Report(SurveyWords):
    """The parts of a report on one survey in one language, worded by its own codebook."""

    def __init__(self, analysis: SurveyAnalysis, words: Words) -> None:
        super().__init__(analysis.survey, words)
        self.analysis = analysis

    def summary(self) -> Iterator[Block]:
        survey, tested = self.survey, self.analysis.tested
        said = [self.word("summary", **survey.flow, questions=len(survey.questions))]
        if self.selected:
            said.append(self.word("selected", chosen=self.selected))
        if len(tested):
            related = [self.pair(*pair) for pair in tested.index[tested["holm"] < _LEVEL]]
            named = self.word("listed", pairs=self.joined(related)) if related else ""
            values = {"pairs": len(tested), "related": len(related), "list": named}
            said.append(self.word("related", **values))
        yield Text(self.joined(said, "space"))
        if survey.origin is Origin.SYNTHETIC:
            yield self.text("simulated")

    def cleaning(self) -> Iterator[Block]:
        """What became of the answer sheets, and why some were set aside."""
        flow, ledger = self.survey.flow, self.survey.ledger
        yield from self.section("flow", flow.to_frame("sheets").rename(self.word))
        reasons = ledger.loc[~ledger["kept"], "reason"].value_counts().to_frame("sheets")
        if len(reasons):
            more = len(reasons) - _SHOWN_REASONS
            note = self.word("aside_more", more=more) if more > 0 else ""
            yield from self.section("aside", reasons.head(_SHOWN_REASONS), note=note)

    def answers(self) -> Iterator[Block]:
        """Every question by itself."""
        survey, of_kind = self.survey, self.survey.codebook.of_kind
        for key, counted in {**self.analysis.counted, **self.analysis.multiple}.items():
            variable = self.label(key)
            if counted is None:
                yield Text(variable, "heading_2")
                yield self.text("nobody", variable=variable)
            elif isinstance(counted, MultipleResponse):
                yield from self.multiple(counted, variable)
            else:
                yield from self.frequencies(counted, variable)
        if keys := of_kind("number", "scale"):
            described = pd.DataFrame([summary_of(survey.frame[key]) for key in keys])
            described = described.set_axis([self.quantity(key) for key in keys])
            yield from self.section("numbers", described.astype({"n": int, "missing": int}))
        for scale in self.analysis.scales:
            named = {"scale": self.label(scale.scale), "alpha": self.results(scale.alpha)}
            yield from self.section(
                "scale", scale.items.rename(self.label), f"scale {scale.scale}",
                n=scale.alpha.n, missing=scale.missing, **named,
            )  # fmt: skip
        for key in of_kind("text"):
            n = int(survey.frame[key].notna().sum())
            yield self.text("text", variable=self.label(key), n=n, people=survey.n)

    def frequencies(self, table: FrequencyTable, variable: str) -> Iterator[Block]:
        """How often each answer was given, with weighted shares where there are weights."""
        key, counts, shown = table.variable, table.counts, table.summary
        if self.survey.weights is not None:
            shares = pd.DataFrame(columns=["share", "low", "high"], dtype=float)
            if table.n > 1:
                shares = 100 * weighted_shares(self.survey, key)[[*shares]]
            shown = shown.join(shares)
        most = int(counts.max())
        levels = self.labels(key, counts.index[counts == most])
        quoted = (self.word("quoted", level=level) for level in levels)
        percent, low, high = (f"{100 * x:.1f}" for x in (most / table.n, *wilson(most, table.n)))
        yield from self.section(
            "frequency" if len(levels) == 1 else "tied",
            shown.set_axis([*self.labels(key, counts.index), self.word("missing")]),
            f"question {key}", result=table, variable=variable, count=most,
            percent=percent, low=low, high=high, levels=self.joined(quoted, "comma"),
        )  # fmt: skip

    def multiple(self, counted: MultipleResponse, variable: str) -> Iterator[Block]:
        key, options = counted.variable, counted.options
        shown = (100 * options.drop(columns="n")).set_axis(self.labels(key, options.index))
        shown.insert(0, "ticked", options["n"].to_list())
        yield from self.section(
            "multiple", shown, f"question {key}", result=counted, variable=variable,
            none=counted.none,
        )  # fmt: skip

    def pairs(self) -> Iterator[Block]:
        """All tests in one table, then what is known of each two questions."""
        pairs, tested = self.analysis.pairs, self.analysis.tested
        if len(tested):
            named = tested.set_axis([self.pair(*pair) for pair in tested.index])
            yield from self.section("overview", named, pairs=len(tested))
        for pair in pairs:
            if pair.table is not None:
                yield from self.crosstab(pair, pair.table)
            elif pair.compared is not None:
                yield from self.groups(pair, pair.compared)
            elif pair.correlation is None and pair.options is None:
                named = self.named(pair)
                yield Text(self.word("pair", **named), "heading_2")
                yield self.text("no_table", **named)
        if correlated := [pair for pair in pairs if pair.correlation is not None]:
            rows = pd.DataFrame([pair.correlation for pair in correlated]).astype({"n": int})
            rows["pearson"] = [pair.effect for pair in correlated]
            rows["spearman"] = rows["spearman"].map(short)
            rows = rows[["n", "pearson", "p_value", "spearman", "spearman_p"]]
            names = [self.pair(pair.rows, pair.columns) for pair in correlated]
            yield from self.section("correlations", rows.set_axis(names))
        for pair in pairs:
            if pair.options is not None:
                yield from self.options(pair, pair.options)

    def named(self, pair: Pair) -> dict[str, str]:
        return {"rows": self.quantity(pair.rows), "columns": self.label(pair.columns)}

    def crosstab(self, pair: Pair, table: Crosstab) -> Iterator[Block]:
        """Counts with the percent of their row, and the totals."""
        expected, shares, total = smallest_expected(table), table.shares("row"), self.word("total")
        cells = [
            [*map(with_percent, counts, shares[level]), counts.sum()]
            for level, counts in table.counts.items()
        ]
        cells.append([*table.row_totals, table.n])
        names = [*self.labels(pair.rows, table.counts.index), total]
        yield from self.section(
            "crosstab", pd.DataFrame(dict(enumerate(cells)), names), pair.key,
            heads=[*self.labels(pair.columns, table.counts), total], result=table,
            **self.named(pair), tests=self.results(*pair.results),
            small=self.word("small", expected=f"{expected:.1f}") if expected < SMALL else "",
        )  # fmt: skip
        if self.survey.weights is not None:
            test = rao_scott(self.survey, pair.rows, pair.columns)
            yield self.text("weighted_test", test=self.results(test))

    def groups(self, pair: Pair, compared: GroupComparison) -> Iterator[Block]:
        """A number in each group, and each two groups of three or more."""
        named, groups, each = self.named(pair), compared.groups, compared.post_hoc
        groups, tests = groups.set_axis(self.labels(pair.columns, groups.index)), pair.results
        yield from self.section("groups", groups, pair.key, **named, tests=self.results(*tests))
        if not each.empty:
            two = [" − ".join(self.labels(pair.columns, levels)) for levels in each.index]
            yield from self.section("post_hoc", each.set_axis(two), f"{pair.key} post hoc", **named)

    def options(self, pair: Pair, compared: OptionComparison) -> Iterator[Block]:
        counts, shares, people = compared.counts, compared.shares, compared.people
        cells: dict[Any, Any] = {
            place: [*map(with_percent, counts[group], shares[group])]
            for place, group in enumerate(counts)
        }
        cells["p_value"] = [compared.tests[option].p_value for option in counts.index]
        cells["holm"] = [compared.holm.get(option, NAN) for option in counts.index]
        table = pd.DataFrame(cells, self.labels(pair.rows, counts.index))
        groups = zip(self.labels(pair.columns, people.index), people, strict=True)
        heads = [f"{label} (n = {int(n):,})" for label, n in groups]
        yield from self.section("options", table, pair.key, heads=heads, **self.named(pair))

    def model(self) -> Iterator[Block]:
        """What the model explains, what each question adds, and its coefficients."""
        fit = self.analysis.fit
        if fit is None:
            if reason := self.analysis.failure.get(self.words.lang):
                yield self.text("model.none", reason=reason)
            return
        kind, effect, none = _MODELS[type(fit)]
        if isinstance(fit, LinearFit):
            rows, response, r2 = fit.coefficients.reset_index(), fit.response, fit.r_squared
        else:
            rows, response, r2 = fit.by_level, fit.data.response, fit.nagelkerke_r2
        predictor, levels = rows["predictor"], rows["level"].fillna("")
        labels = {name: self.label(name) for name in predictor.unique() if name != _CONSTANT}
        values = {
            "response": self.label(response),
            "predictors": self.joined(labels.values(), "comma"),
            "test": self.results(fit.test),
            "r2": f"{r2:.2f}".removeprefix("0"),
        }
        if not isinstance(fit, LinearFit):
            values["answer"] = self.label(f"{response}.{fit.data.answers[-1]}")
            values["more"] = self.joined(["", *self._tested(fit, labels)], "space")
        texts = cell_texts(rows[[effect, "low", "high", "p_value"]])
        texts.loc[rows["p_value"].isna(), [effect, "low"]] = [none, self.word("model.reference")]
        answers = [
            self.label(f"{name}.{level}") if level else self.word("model.each_unit")
            for name, level in zip(predictor, levels, strict=True)
        ]
        texts.insert(0, "answer", pd.Series(answers).mask(predictor == _CONSTANT, ""))
        questions = predictor.map({_CONSTANT: self.word("model.constant"), **labels})
        texts = texts.set_axis(questions.mask(predictor.duplicated(), ""))
        yield from self.section(kind, texts, "model", result=fit, **values)

    def _tested(self, fit: Fit, labels: Mapping[str, str]) -> Iterator[str]:
        """What each question adds, and what speaks against the model."""
        left = (
            self.word("model.one", question=label, test=self.results(fit.factor_test(name)))
            for name, label in labels.items()
        )
        yield self.word("model.without", tests=self.joined(left))
        if isinstance(fit, OrdinalFit):
            lines = parallel_lines(fit)
            tested = "tested" if lines.p_value == lines.p_value else "untested"
            yield self.word(f"model.{tested}", test=self.results(lines))
        if fit.has_few:
            yield self.word("model.few", n=fit.n, parameters=fit.parameters)

    def picture(self, path: Path) -> Exhibit:
        """A picture that an analysis drew; the name of its file says what it shows."""
        name, caption, origin = path.stem, path.stem, self.survey.origin
        response, _, group = name.partition("_by_")
        if {response, group} <= {*self.survey.frame}:
            labels = {"response": self.label(response), "group": self.label(group)}
            caption = self.word("by_caption", **labels)
        elif name.rstrip("_0123456789") == "model":  # a long forest has several pictures
            caption = self.word("captions.model")
        alternative = self.word("alternative", caption=caption, origin=origin.mark(self.words.lang))
        return Exhibit(f"figure {name}", self.captioned(caption), "", origin, path, alternative)
