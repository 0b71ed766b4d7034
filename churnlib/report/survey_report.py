"""A written report on a survey of one's own: every table from its answers, nothing else said."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from churnlib.evidence import Origin, derived
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
from churnlib.report.document import Block, Exhibit, Text, reference, write_document
from churnlib.report.report_text import (
    SurveyWords,
    Words,
    cell_texts,
    report_words,
    with_percent,
    written,
)
from churnlib.report.survey_analysis import Pair, SurveyAnalysis, analyse_survey, short
from churnlib.report.text_table import TextTable
from churnlib.survey import Survey
from churnlib.tables import Crosstab, FrequencyTable, wilson

Columns = list[tuple[str, Iterable[object]]]  # what heads each column, and its cells
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
        Its own codebook words every question and answer. Of a survey alone every pair of
        questions is tested, and the codebook's response explained.
    folder : Path
        The report is written below it; pictures in ``figures/LANG/`` of it are included.
    lang : {"en", "zh-Hans"}
    template : Path, optional
        A .docx whose styles, page, header and footer are used.

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
    for name, blocks in parts.items():
        for place, block in enumerate(blocks):
            if place == 0:
                yield Text(report.word(f"heading.{name}"), "heading_1")
            yield block


class _Report(SurveyWords):
    """The parts of a report on one survey in one language, worded by its own codebook."""

    def __init__(self, analysis: SurveyAnalysis, words: Words) -> None:
        super().__init__(analysis.survey, words)
        self.analysis = analysis

    def text(self, key: str, **values: object) -> Text:
        return Text(self.word(key, **values))

    def columns(self, frame: pd.DataFrame) -> Columns:
        """Write the cells of a frame and head its columns by their words."""
        return [(self.word(f"column.{name}"), texts) for name, texts in cell_texts(frame).items()]

    def section(
        self, kind: str, names: Iterable[str], columns: Columns, /, key: str = "", *,
        result: Any = None, note: str = "", **values: object,
    ) -> Iterator[Block]:  # fmt: skip
        """Fill the words of a kind of section: its heading, its sentence and its table.

        `names` are the first column; `result` is what has been counted, if people were.
        """
        values["ref"] = reference(key or kind)
        origin = self.survey.origin
        if result is not None:
            values |= {"n": result.n, "missing": result.missing}
            note, origin = self.word("missing_note", **values), derived(origin, result.origin)
        words = {
            part: self.word(f"section.{kind}.{part}", **values)
            for part in self.words.entry(f"survey.section.{kind}")
        }
        if "heading" in words:
            yield Text(words["heading"], "heading_2")
        yield Text(words["text"])
        heads, cells = zip((words["names"], names), *columns, strict=True)
        rows = tuple(tuple(map(written, row)) for row in zip(*cells, strict=True))
        caption = self.captioned(words.get("caption") or words["heading"])
        yield Exhibit(key or kind, caption, note, origin, TextTable(heads, rows))

    def summary(self) -> Iterator[Block]:
        survey, tested = self.survey, self.analysis.tested
        said = [self.word("summary", **survey.flow, questions=len(survey.questions))]
        if self.selected:
            said.append(self.word("selected", chosen=self.selected))
        if len(tested):
            related = [self.pair(*pair) for pair in tested.index[tested["holm"] < _LEVEL]]
            listed = self.word("listed", pairs=self.joined(related)) if related else ""
            counts = {"pairs": len(tested), "related": len(related)}
            said.append(self.word("related", **counts, list=listed))
        yield Text(self.joined(said, "space"))
        if survey.origin is Origin.SYNTHETIC:
            yield self.text("simulated")

    def cleaning(self) -> Iterator[Block]:
        """What became of the answer sheets, and why some were set aside."""
        flow, ledger = self.survey.flow, self.survey.ledger
        steps = map(self.word, flow.index)
        yield from self.section("flow", steps, self.columns(flow.to_frame("sheets")))
        reasons = ledger.loc[~ledger["kept"], "reason"].value_counts()
        if not reasons.empty:
            shown, more = reasons.head(_SHOWN_REASONS), len(reasons) - _SHOWN_REASONS
            note = self.word("aside_more", more=more) if more > 0 else ""
            columns = self.columns(shown.to_frame("sheets"))
            yield from self.section("aside", shown.index, columns, note=note)

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
            columns = self.columns(described.astype({"n": int, "missing": int}))
            yield from self.section("numbers", map(self.quantity, keys), columns)
        for scale in self.analysis.scales:
            yield from self.section(
                "scale", map(self.label, scale.items.index), self.columns(scale.items),
                f"scale {scale.scale}", scale=self.label(scale.scale),
                alpha=self.results(scale.alpha), n=scale.alpha.n, missing=scale.missing,
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
            [*self.labels(key, counts.index), self.word("missing")], self.columns(shown),
            f"question {key}", result=table, variable=variable, count=most,
            percent=percent, low=low, high=high, levels=self.joined(quoted, "comma"),
        )  # fmt: skip

    def multiple(self, counted: MultipleResponse, variable: str) -> Iterator[Block]:
        """How often each option was ticked."""
        key, options = counted.variable, counted.options
        percent = (100 * options.drop(columns="n")).assign(ticked=options["n"])
        columns = self.columns(percent[["ticked", *options.columns.drop("n")]])
        yield from self.section(
            "multiple", self.labels(key, options.index), columns, f"question {key}",
            result=counted, variable=variable, none=counted.none,
        )  # fmt: skip

    def pairs(self) -> Iterator[Block]:
        """All tests in one table, then what is known of each two questions."""
        pairs, tested = self.analysis.pairs, self.analysis.tested
        if len(tested):
            names = [self.pair(*pair) for pair in tested.index]
            yield from self.section("overview", names, self.columns(tested), pairs=len(tested))
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
            columns = self.columns(rows[["n", "pearson", "p_value", "spearman", "spearman_p"]])
            names = [self.pair(pair.rows, pair.columns) for pair in correlated]
            yield from self.section("correlations", names, columns)
        for pair in pairs:
            if pair.options is not None:
                yield from self.options(pair, pair.options)

    def named(self, pair: Pair) -> dict[str, str]:
        return {"rows": self.quantity(pair.rows), "columns": self.label(pair.columns)}

    def crosstab(self, pair: Pair, table: Crosstab) -> Iterator[Block]:
        """Counts with the percent of their row, and the totals."""
        expected, shares, total = smallest_expected(table), table.shares("row"), self.word("total")
        levels = (
            [*map(with_percent, counts, shares[level]), counts.sum()]
            for level, counts in table.counts.items()
        )
        columns = [*zip(self.labels(pair.columns, table.counts), levels, strict=True)]
        yield from self.section(
            "crosstab", [*self.labels(pair.rows, table.counts.index), total],
            [*columns, (total, [*table.row_totals, table.n])],
            pair.key, result=table, **self.named(pair), tests=self.results(*pair.results),
            small=self.word("small", expected=f"{expected:.1f}") if expected < SMALL else "",
        )  # fmt: skip
        if self.survey.weights is not None:
            test = rao_scott(self.survey, pair.rows, pair.columns)
            yield self.text("weighted_test", test=self.results(test))

    def groups(self, pair: Pair, compared: GroupComparison) -> Iterator[Block]:
        """A number in each group, and each two groups of three or more."""
        named, groups, each = self.named(pair), compared.groups, compared.post_hoc
        names, tests = self.labels(pair.columns, groups.index), self.results(*pair.results)
        columns = self.columns(groups)
        yield from self.section("groups", names, columns, pair.key, **named, tests=tests)
        if not each.empty:
            two = (" − ".join(self.labels(pair.columns, levels)) for levels in each.index)
            columns, key = self.columns(each), f"{pair.key} post hoc"
            yield from self.section("post_hoc", two, columns, key, **named)

    def options(self, pair: Pair, compared: OptionComparison) -> Iterator[Block]:
        """How often each option was ticked in each group."""
        counts, shares = compared.counts, compared.shares
        columns: Columns = []
        for group, n in compared.people.items():
            cells = map(with_percent, counts[group], shares[group])
            columns.append((f"{self.label(f'{pair.columns}.{group}')} (n = {int(n):,})", cells))
        p = pd.Series({option: test.p_value for option, test in compared.tests.items()})
        tests = pd.DataFrame({"p_value": p, "holm": compared.holm}, counts.index)
        columns += self.columns(tests)
        names = self.labels(pair.rows, counts.index)
        yield from self.section("options", names, columns, pair.key, **self.named(pair))

    def model(self) -> Iterator[Block]:
        """What the model explains, what each question adds, and its coefficients."""
        fit = self.analysis.fit
        if fit is None:
            if self.analysis.failure:
                yield self.text("model.none", reason=self.analysis.no_fit_in(self.words))
            return
        kind, effect, none = _MODELS[type(fit)]
        if isinstance(fit, LinearFit):
            rows, response, r2 = fit.coefficients.reset_index(), fit.response, fit.r_squared
        else:
            rows, response, r2 = fit.by_level, fit.data.response, fit.nagelkerke_r2
        predictor, each = rows["predictor"], self.word("model.each_unit")
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
            self.label(f"{name}.{level}") if level else each
            for name, level in zip(predictor, rows["level"].fillna(""), strict=True)
        ]
        texts.insert(0, "answer", pd.Series(answers).mask(predictor == _CONSTANT, ""))
        questions = predictor.map({_CONSTANT: self.word("model.constant"), **labels})
        questions, columns = questions.mask(predictor.duplicated(), ""), self.columns(texts)
        yield from self.section(kind, questions, columns, "model", result=fit, **values)

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
        name, origin = path.stem, self.survey.origin
        response, _, group = name.partition("_by_")
        caption = name
        if {response, group} <= {*self.survey.frame}:
            labels = {"response": self.label(response), "group": self.label(group)}
            caption = self.word("by_caption", **labels)
        elif name.rstrip("_0123456789") == "model":  # a long forest has several pictures
            caption = self.word("captions.model")
        mark = origin.mark(self.words.lang)
        alternative = self.word("alternative", caption=caption, origin=mark)
        return Exhibit(f"figure {name}", self.captioned(caption), "", origin, path, alternative)
