"""The tables of a report on a survey, each with the sentence that refers to it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from math import isinf
from numbers import Integral
from typing import Any

import pandas as pd

from churnlib.evidence import NAN, Origin, apa, derived, p_alone
from churnlib.questions import (
    SMALL,
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
from churnlib.report.survey_analysis import Pair, short
from churnlib.report.text_table import NONE, TextTable
from churnlib.survey import Survey
from churnlib.tables import Crosstab, FrequencyTable, wilson

Columns = list[tuple[str, Iterable[object]]]
"""What heads each column, and its cells."""
_P_VALUES = {"p", "holm", "games_howell", "dunn_holm", "spearman_p"}
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
        """Give the label of a question, with the unit of its numbers."""
        label, units = self.label(name), self.book[name].units
        if self.book[name].kind != "number" or not units:
            return label
        own = [unit for unit in units if unit.isascii() == (self.words.lang == "en")]
        return self.word("with_unit", label=label, unit=xml_safe([*own, *units][0]))

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

    def named(self, rows: str, columns: str) -> str:
        """Name two questions."""
        return self.word("pair", rows=self.label(rows), columns=self.label(columns))

    def selected(self) -> str:
        """By which answers the people were selected, in words."""
        parts = []
        for name, levels in self.survey.filters:
            answers = self.joined(self.labels(name, levels), "comma")
            parts.append(self.word("only", variable=self.label(name), levels=answers))
        return self.joined(parts)

    def captioned(self, caption: str) -> str:
        """Add to a caption which people it is of, where they were selected."""
        if not self.survey.filters:
            return caption
        return self.word("captioned", caption=caption, chosen=self.selected())

    def table(
        self, key: str, caption: str, columns: Columns, result: Any = None, note: str = ""
    ) -> Exhibit:
        """Put columns together to a table of the survey, or of a result and its missing answers."""
        heads, cells = zip(*columns, strict=True)
        rows = tuple(tuple(map(_written, row)) for row in zip(*cells, strict=True))
        if result is not None:
            note = self.word("missing_note", n=result.n, missing=result.missing)
        origin = derived(self.survey.origin, getattr(result, "origin", Origin.PUBLISHED))
        return Exhibit(key, self.captioned(caption), note, origin, TextTable(heads, rows))

    def told(
        self, key: str, caption: str, columns: Columns, text: str, /, result: Any = None,
        note: str = "", **values: object,
    ) -> list[Block]:  # fmt: skip
        """A sentence that refers to a table, and the table."""
        sentence = self.text(text, ref=reference(key), **values)
        return [sentence, self.table(key, caption, columns, result, note)]

    def columns(self, frame: pd.DataFrame, group: str = "") -> Columns:
        """Head the columns of a frame by the words of a group and write their cells.

        ``low`` and ``high`` become the interval of what the column before them holds.
        """
        columns: Columns = []
        for before, name in zip(["", *frame], frame, strict=False):
            if name == "low":
                limits = zip(frame["low"], frame["high"], strict=True)
                cells = [
                    f"[{_written(low, before)}, {_written(high, before)}]" if low == low else NONE
                    for low, high in limits
                ]
                columns.append((self.word(f"{group}interval"), cells))
            elif name != "high":
                cells = [_written(value, name) for value in frame[name]]
                columns.append((self.word(f"{group}{name}"), cells))
        return columns

    def question(
        self, key: str, counted: FrequencyTable | MultipleResponse | None
    ) -> Iterator[Block]:
        """How often each answer to a question was given."""
        variable, ref = self.label(key), f"question {key}"
        yield Text(variable, "heading_2")
        if counted is None:
            yield self.text("nobody", variable=variable)
            return
        values: dict[str, Any] = {"variable": variable, "n": counted.n, "missing": counted.missing}
        if isinstance(counted, MultipleResponse):
            text, group, values["none"] = "multiple.text", "multiple.", counted.none
            rows = (100 * counted.options).assign(n=counted.options["n"])
            names = self.labels(key, rows.index)
        else:
            group, rows, most = "", self._with_weighted(counted), int(counted.counts.max())
            names = [*self.labels(key, counted.counts.index), self.word("missing")]
            levels = self.labels(key, counted.counts.index[counted.counts == most])
            quoted = (self.word("quoted", level=level) for level in levels)
            text = "frequency" if len(levels) == 1 else "tied"
            values |= {"count": most, "levels": self.joined(quoted, "comma")}
            shares = (most / counted.n, *wilson(most, counted.n))
            percent = (f"{100 * share:.1f}" for share in shares)
            values |= dict(zip(("percent", "low", "high"), percent, strict=True))
        columns = [(variable, names), *self.columns(rows, group)]
        yield from self.told(ref, variable, columns, text, counted, **values)

    def _with_weighted(self, table: FrequencyTable) -> pd.DataFrame:
        """The counts, with weighted shares where there are weights and more than one person."""
        if self.survey.weights is None:
            return table.summary
        if table.n < 2:
            return table.summary.assign(weighted=NAN, low=NAN, high=NAN)
        shares = 100 * weighted_shares(self.survey, table.variable)
        shares = shares.rename(columns={"share": "weighted"})
        return table.summary.join(shares[["weighted", "low", "high"]])

    def numbers(self, keys: Sequence[str]) -> Iterator[Block]:
        """One table of all numbers and scales; nothing where there are none."""
        if not keys:
            return
        yield (heading := self.heading("number.heading", 2))
        described = pd.DataFrame([summary_of(self.survey.frame[key]) for key in keys])
        names = (self.word("model.question"), map(self.quantity, keys))
        columns = [names, *self._described(described)]
        yield from self.told("numbers", heading.text, columns, "number.text")

    def _described(self, numbers: pd.DataFrame) -> Columns:
        rows = numbers.astype({"n": int, "missing": int}).drop(columns=["q1", "q3"])
        quartiles = [
            f"{_written(q1)}–{_written(q3)}" if q1 == q1 else NONE
            for q1, q3 in zip(numbers["q1"], numbers["q3"], strict=True)
        ]
        return self.columns(rows.assign(quartiles=quartiles), "number.")

    def scale(self, scale: Reliability) -> Iterator[Block]:
        """Cronbach's alpha of a scale, and its questions."""
        named, alpha = self.label(scale.scale), scale.alpha
        yield (heading := self.heading("scale.heading", 2, scale=named))
        items = (self.word("scale.item"), map(self.label, scale.items.index))
        yield from self.told(
            f"scale {scale.scale}", heading.text, [items, *self.columns(scale.items, "scale.")],
            "scale.text", scale=named, alpha=self.results(alpha), n=alpha.n, missing=scale.missing,
        )  # fmt: skip

    def pair(self, pair: Pair) -> Iterator[Block]:
        """The table or the groups of two questions, and what they show."""
        named = {"rows": self.quantity(pair.rows), "columns": self.label(pair.columns)}
        yield (heading := self.heading("number.by" if pair.compared else "pair", 2, **named))
        if not pair.results:
            yield self.text("no_table", **named)
            return
        text = self.word("crosstab", ref=reference(pair.key), tests=self.results(*pair.results))
        if (table := pair.table) is not None:
            if (expected := smallest_expected(table)) < SMALL:
                text += self.word("small", expected=f"{expected:.1f}")
            yield Text(text)
            caption, columns = self.word("crosstab_caption", **named), self._counts(pair, table)
            yield self.table(pair.key, caption, columns, table)
            if self.survey.weights is not None:
                test = rao_scott(self.survey, pair.rows, pair.columns)
                yield self.text("weighted_test", test=self.results(test))
        elif pair.compared is not None:
            yield Text(text)
            groups, each = pair.compared.groups, pair.compared.post_hoc
            names = (named["columns"], self.labels(pair.columns, groups.index))
            yield self.table(pair.key, heading.text, [names, *self._described(groups)])
            if each.empty:
                return
            caption = self.word("number.post_hoc_caption", **named)
            two = (" − ".join(self.labels(pair.columns, levels)) for levels in each.index)
            columns = [(self.word("number.pair"), two), *self.columns(each, "number.")]
            yield from self.told(f"{pair.key} post hoc", caption, columns, "number.post_hoc")

    def _counts(self, pair: Pair, table: Crosstab) -> Columns:
        """The counts of a table with the percent of their row, and the totals."""
        total, shares = self.word("total"), table.shares("row")
        levels = (
            [*map(_with_percent, counts, shares[level]), counts.sum()]
            for level, counts in table.counts.items()
        )
        return [
            (self.label(pair.rows), [*self.labels(pair.rows, table.counts.index), total]),
            *zip(self.labels(pair.columns, table.counts), levels, strict=True),
            (total, [*table.row_totals, table.n]),
        ]

    def correlations(self, pairs: Sequence[Pair]) -> Iterator[Block]:
        """A table of correlations, if there are any."""
        if not pairs:
            return
        yield (heading := self.heading("number.correlations", 2))
        rows = pd.DataFrame([pair.correlation for pair in pairs]).astype({"n": int})
        rows = rows.rename(columns={"p_value": "p"}).assign(
            pair=[self.named(pair.rows, pair.columns) for pair in pairs],
            pearson=[pair.effect for pair in pairs],
            spearman=rows["spearman"].map(short),
        )
        shown = rows[["pair", "n", "pearson", "p", "spearman", "spearman_p"]]
        columns = self.columns(shown, "number.")
        yield from self.told("correlations", heading.text, columns, "number.correlated")

    def option_groups(self, compared: OptionComparison) -> Iterator[Block]:
        """How often each option was ticked in each group."""
        named = {"rows": self.label(compared.variable), "columns": self.label(compared.by)}
        yield self.heading("pair", 2, **named)
        options, key = compared.counts.index, f"{compared.variable} × {compared.by}"
        columns: Columns = [(named["rows"], self.labels(compared.variable, options))]
        for group, n in compared.people.items():
            cells = [*map(_with_percent, compared.counts[group], compared.shares[group])]
            columns.append((f"{self.label(compared.by, group)} (n = {int(n):,})", cells))
        p = [compared.tests[option].p_value for option in options]
        holm = [compared.holm.get(option, NAN) for option in options]
        columns += self.columns(pd.DataFrame({"p": p, "holm": holm}))
        caption = self.word("multiple.by_caption", **named)
        yield from self.told(key, caption, columns, "multiple.by", **named)


def _written(value: Any, name: str = "") -> str:
    """Write a cell of a column by its kind: a text, a count, a p-value, a percentage, a number."""
    if isinstance(value, str):
        return value
    if isinstance(value, Integral):
        return f"{value:,}"
    if value != value:
        return NONE
    if name in _P_VALUES:
        return p_alone(value)
    return "∞" if isinf(value) else f"{value:,.{2 - (name in _PERCENT)}f}".replace("-", "−")


def _with_percent(n: float, part: float) -> str:
    """Give a count with the percent of its group, where the group has somebody."""
    return f"{int(n):,} ({100 * part:.1f})" if part == part else f"{int(n):,}"
