"""The tables of a report on a survey, each with the sentence that refers to it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import isinf
from numbers import Integral
from typing import Any

import pandas as pd

from churnlib.evidence import NAN, Origin, apa, derived, p_alone
from churnlib.questions import (
    SMALL,
    GroupComparison,
    MultipleResponse,
    OptionComparison,
    Reliability,
    rao_scott,
    smallest_expected,
    summary_of,
    weighted_shares,
)
from churnlib.report.document import Block, Exhibit, Text, reference
from churnlib.report.docx_parts import xml_safe
from churnlib.report.report_text import Words
from churnlib.report.survey_pairs import Pair, short
from churnlib.report.text_table import NONE, TextTable
from churnlib.survey import Survey
from churnlib.tables import Crosstab, FrequencyTable, wilson

Columns = list[tuple[str, Iterable[object]]]
"""What heads each column, and its cells."""
_P_VALUES = {"p", "holm", "games_howell", "dunn", "p_spearman"}
_PERCENT = {"percent", "valid_percent", "cumulative_percent", "people", "answers", "weighted"}


class SurveyTables:
    """Sentences and tables on one survey in one language, worded by its own codebook."""

    def __init__(self, survey: Survey, words: Words) -> None:
        self.survey, self.book, self.words = survey, survey.codebook, words
        self._labelled = survey.codebook.labeller(words.lang)

    def label(self, name: str, level: object = None) -> str:
        """Give the label of a question, or of one of its levels."""
        return xml_safe(self._labelled(name if level is None else f"{name}.{level}"))

    def labels(self, name: str, levels: Iterable[object]) -> list[str]:
        """Give the labels of levels of a question."""
        return [self.label(name, level) for level in levels]

    def quantity(self, name: str) -> str:
        """Give the label of a question with the unit of its numbers."""
        units = self.book[name].units if self.book[name].kind == "number" else ()
        label = self.label(name)
        return self.word("with_unit", label=label, unit=xml_safe(units[0])) if units else label

    def word(self, key: str, **values: object) -> str:
        """Give the words of a key, whole numbers with their thousands separated."""
        return self.words(f"survey.{key}", **{name: _written(v) for name, v in values.items()})

    def text(self, key: str, **values: object) -> Text:
        """Give the words of a key as a paragraph."""
        return Text(self.word(key, **values))

    def heading(self, key: str, level: int = 1, **values: object) -> Text:
        """Give the words of a key as a heading."""
        return Text(self.word(key, **values), f"heading_{level}")

    def joined(self, texts: Iterable[str], by: str = "semicolon") -> str:
        """Join texts as the language does."""
        return self.words(f"words.{by}").join(texts)

    def results(self, *results: object) -> str:
        """Join results in APA form."""
        return self.joined(apa(result, self.words.lang) for result in results)

    def selected(self) -> str:
        """By which answers the people were selected, in words."""
        return self.joined(
            self.word(
                "only",
                variable=self.label(name),
                levels=self.joined(self.labels(name, levels), "comma"),
            )
            for name, levels in self.survey.filters
        )

    def captioned(self, caption: str) -> str:
        """Add to a caption which people it is of, where they were selected."""
        if not self.survey.filters:
            return caption
        return self.word("captioned", caption=caption, chosen=self.selected())

    def table(
        self, key: str, caption: str, columns: Columns, note: str = "",
        origin: Origin = Origin.PUBLISHED,
    ) -> Exhibit:  # fmt: skip
        """Put columns together to a table of the survey, no better than `origin`."""
        heads, cells = zip(*columns, strict=True)
        rows = tuple(tuple(map(_written, row)) for row in zip(*cells, strict=True))
        origin = derived(self.survey.origin, origin)
        return Exhibit(key, self.captioned(caption), note, origin, TextTable(heads, rows))

    def columns(self, frame: pd.DataFrame, group: str = "") -> Columns:
        """Head the columns of a frame by the words of a group and write their cells.

        ``low`` and ``high`` become the interval of what the column before them holds.
        """
        columns: Columns = []
        last = ""
        for name in frame.columns.drop("high", errors="ignore"):
            if name == "low":
                limits = zip(frame["low"], frame["high"], strict=True)
                cells = [
                    f"[{_written(low, last)}, {_written(high, last)}]" if low == low else NONE
                    for low, high in limits
                ]
            else:
                cells = [_written(value, name) for value in frame[name]]
            head = "interval" if name == "low" else name
            columns.append((self.word(f"{group}{head}"), cells))
            last = name
        return columns

    def missing(self, result: Any) -> str:
        """Say in a note how many answered, and how many did not."""
        return self.word("missing_note", n=result.n, missing=result.missing)

    # Questions alone.

    def question(self, key: str, table: FrequencyTable | None) -> Iterator[Block]:
        """How often each answer was given."""
        variable = self.label(key)
        yield Text(variable, "heading_2")
        if table is None:
            yield self.text("nobody", variable=variable)
            return
        commonest = table.counts.index[table.counts == table.counts.max()]
        count = int(table.counts.max())
        low, high = wilson(count, table.n)
        named = [self.word("quoted", level=label) for label in self.labels(key, commonest)]
        yield self.text(
            "frequency" if len(named) == 1 else "tied",
            ref=reference(f"question {key}"), variable=variable, n=table.n, missing=table.missing,
            levels=self.joined(named, "comma"), count=count, percent=_percent(count / table.n),
            low=_percent(low), high=_percent(high),
        )  # fmt: skip
        rows = table.summary
        if self.survey.weights is not None:
            # No share of one person can be weighted, nor of those who did not answer.
            shares = weighted_shares(self.survey, key) if table.n > 1 else pd.DataFrame()
            shares = shares.reindex(columns=["share", "low", "high"], index=rows.index.astype(str))
            shares = (100 * shares).rename(columns={"share": "weighted"})
            rows = rows.assign(**shares.reset_index(drop=True).set_axis(rows.index))
        names = [*self.labels(key, table.counts.index), self.word("missing")]
        columns = [(variable, names), *self.columns(rows)]
        yield self.table(f"question {key}", variable, columns, self.missing(table))

    def options(self, key: str, counted: MultipleResponse | None) -> Iterator[Block]:
        """How often each option was ticked."""
        variable = self.label(key)
        yield Text(variable, "heading_2")
        if counted is None:
            yield self.text("nobody", variable=variable)
            return
        ref, numbers = f"question {key}", {"n": counted.n, "missing": counted.missing}
        yield self.text(
            "multiple.text", ref=reference(ref), variable=variable, none=counted.none, **numbers
        )
        shares = 100 * counted.options.drop(columns="n")
        rows = shares.assign(n=counted.options["n"])[["n", *shares]]
        names = self.labels(key, rows.index)
        columns = [(variable, names), *self.columns(rows, "multiple.")]
        yield self.table(ref, variable, columns, self.missing(counted))

    def numbers(self, keys: Sequence[str]) -> Iterator[Block]:
        """One table of all numbers and scales; nothing where there are none."""
        if not keys:
            return
        yield self.heading("number.heading", 2)
        yield self.text("number.text", ref=reference("numbers"))
        described = pd.DataFrame([summary_of(self.survey.frame[key]) for key in keys])
        names = (self.word("model.question"), map(self.quantity, keys))
        columns = [names, *self._described(described)]
        yield self.table("numbers", self.word("number.heading"), columns)

    def _described(self, numbers: pd.DataFrame) -> Columns:
        quartiles = [
            f"{_written(q1)}–{_written(q3)}" if q1 == q1 else NONE
            for q1, q3 in zip(numbers["q1"], numbers["q3"], strict=True)
        ]
        rows = numbers.astype({"n": int, "missing": int}).drop(columns=["q1", "q3"])
        return self.columns(rows.assign(quartiles=quartiles), "number.")

    def scale(self, scale: Reliability) -> Iterator[Block]:
        """Cronbach's alpha of a scale, and its questions."""
        key, named = f"scale {scale.scale}", self.label(scale.scale)
        yield self.heading("scale.heading", 2, scale=named)
        numbers = {"n": scale.alpha.n, "missing": scale.missing}
        alpha = self.results(scale.alpha)
        yield self.text("scale.text", ref=reference(key), scale=named, alpha=alpha, **numbers)
        rows = scale.items.set_axis(["mean", "sd", "item_total", "alpha_without"], axis=1)
        items = (self.word("scale.item"), map(self.label, rows.index))
        caption = self.word("scale.heading", scale=named)
        yield self.table(key, caption, [items, *self.columns(rows, "scale.")])

    # Two questions.

    def pair(self, pair: Pair) -> Iterator[Block]:
        """The table or the groups of two questions, and what they show."""
        named = {"rows": self.quantity(pair.rows), "columns": self.label(pair.columns)}
        of = "pair" if pair.compared is None else "number.by"
        yield self.heading(of, 2, **named)
        if not pair.results:
            yield self.text("no_table", **named)
            return
        text = self.word("crosstab", ref=reference(pair.key), tests=self.results(*pair.results))
        if pair.table is not None and (least := smallest_expected(pair.table)) < SMALL:
            text += self.word("small", expected=f"{least:.1f}")
        yield Text(text)
        if pair.table is not None:
            yield from self._counts(pair, pair.table, named)
        elif pair.compared is not None:
            yield from self._groups(pair, pair.compared, named)

    def _counts(self, pair: Pair, table: Crosstab, named: Mapping[str, str]) -> Iterator[Block]:
        total, shares = self.word("total"), table.shares("row")
        levels = (
            [*map(_with_percent, counts, shares[level]), counts.sum()]
            for level, counts in table.counts.items()
        )
        columns = [
            (named["rows"], [*self.labels(pair.rows, table.counts.index), total]),
            *zip(self.labels(pair.columns, table.counts), levels, strict=True),
            (total, [*table.row_totals, table.n]),
        ]
        caption = self.word("crosstab_caption", **named)
        yield self.table(pair.key, caption, columns, self.missing(table))
        if self.survey.weights is not None:
            test = rao_scott(self.survey, pair.rows, pair.columns)
            yield self.text("weighted_test", test=self.results(test))

    def _groups(
        self, pair: Pair, compared: GroupComparison, named: Mapping[str, str]
    ) -> Iterator[Block]:
        """A number by group, and which groups differ where there are three or more."""
        groups = (named["columns"], self.labels(pair.columns, compared.groups.index))
        columns = [groups, *self._described(compared.groups)]
        yield self.table(pair.key, self.word("number.by", **named), columns)
        if compared.post_hoc.empty:
            return
        key = f"{pair.key} post hoc"
        yield self.text("number.post_hoc", ref=reference(key))
        each = compared.post_hoc.rename(columns={"dunn_holm": "dunn"})
        names = [" − ".join(self.labels(pair.columns, two)) for two in each.index]
        columns = [(self.word("number.pair"), names), *self.columns(each, "number.")]
        yield self.table(key, self.word("number.post_hoc_caption", **named), columns)

    def correlations(self, pairs: Sequence[Pair]) -> Iterator[Block]:
        """A table of correlations, if there are any."""
        if not pairs:
            return
        yield self.heading("number.correlations", 2)
        yield self.text("number.correlated", ref=reference("correlations"))
        rows = pd.DataFrame([pair.correlation for pair in pairs])
        rows = rows.rename(columns={"p_value": "p", "spearman_p": "p_spearman"})
        rows = rows.astype({"n": int}).assign(
            pair=[self.named(pair.rows, pair.columns) for pair in pairs],
            pearson=[pair.effect for pair in pairs],
            spearman=[short(rho) for rho in rows["spearman"]],
        )
        columns = self.columns(
            rows[["pair", "n", "pearson", "p", "spearman", "p_spearman"]], "number."
        )
        yield self.table("correlations", self.word("number.correlations"), columns)

    def option_groups(self, compared: OptionComparison) -> Iterator[Block]:
        """How often each option was ticked in each group."""
        named = {"rows": self.label(compared.variable), "columns": self.label(compared.by)}
        options, key = compared.counts.index, f"{compared.variable} × {compared.by}"
        yield self.heading("pair", 2, **named)
        yield self.text("multiple.by", ref=reference(key), **named)
        groups = [
            (
                f"{self.label(compared.by, group)} (n = {int(n):,})",
                [*map(_with_percent, compared.counts[group], compared.shares[group])],
            )
            for group, n in compared.people.items()
        ]
        p = pd.DataFrame(
            {
                "p": [compared.tests[option].p_value for option in options],
                "holm": [compared.holm.get(option, NAN) for option in options],
            }
        )
        names = (named["rows"], self.labels(compared.variable, options))
        columns = [names, *groups, *self.columns(p)]
        yield self.table(key, self.word("multiple.by_caption", **named), columns)

    def named(self, rows: str, columns: str) -> str:
        """Name two questions."""
        return self.word("pair", rows=self.label(rows), columns=self.label(columns))


def _written(value: object, name: str = "") -> str:
    """Write a cell of a column by its kind: a text, a count, a p-value, a percentage, a number."""
    if isinstance(value, str):
        return value
    if isinstance(value, Integral):
        return f"{value:,}"
    number = float(value)
    if number != number:
        return NONE
    if name in _P_VALUES:
        return p_alone(number)
    if isinf(number):
        return "∞"
    return f"{number:,.{1 if name in _PERCENT else 2}f}".replace("-", "−")


def _percent(part: float) -> str:
    return f"{100 * part:.1f}"


def _with_percent(n: float, part: float) -> str:
    """Give a count with the percent of its group, where the group has somebody."""
    return f"{int(n):,} ({_percent(part)})" if part == part else f"{int(n):,}"
