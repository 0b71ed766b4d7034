"""The words of a report on a survey: labels, sentences, and tables put together of columns."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import isfinite
from numbers import Integral

import pandas as pd

from churnlib.evidence import Origin, apa, derived
from churnlib.models import Fit, LinearFit
from churnlib.questions import MultipleResponse
from churnlib.report.document import TableBlock, Text
from churnlib.report.docx_parts import xml_safe
from churnlib.report.report_text import Words
from churnlib.report.text_table import NONE, TextTable
from churnlib.survey import Survey
from churnlib.tables import Crosstab, FrequencyTable

Column = tuple[str, Iterable[object]]
"""A head and its cells."""
_Counted = FrequencyTable | Crosstab | Fit | LinearFit | MultipleResponse


class SurveyWording:
    """Sentences and tables on one survey in one language, worded by its own codebook.

    Parameters
    ----------
    survey : Survey
    words : Words
    """

    def __init__(self, survey: Survey, words: Words) -> None:
        self.survey, self.words = survey, words
        self._labelled = survey.codebook.labeller(words.lang)

    def label(self, name: str, level: object = None) -> str:
        """Give the label of a question, or of one of its levels."""
        return xml_safe(self._labelled(name if level is None else f"{name}.{level}"))

    def labels(self, name: str, levels: Iterable[object]) -> list[str]:
        """Give the labels of levels of a question."""
        return [self.label(name, level) for level in levels]

    def word(self, key: str, **values: object) -> str:
        """Give the words of a key, whole numbers with their thousands separated."""
        return self.words(f"survey.{key}", **{name: _cell(v) for name, v in values.items()})

    def text(self, key: str, **values: object) -> Text:
        """Give the words of a key as a paragraph."""
        return Text(self.word(key, **values))

    def listed(self, texts: Iterable[str], by: str = "semicolon") -> str:
        """Join texts as the language does."""
        return self.words(f"words.{by}").join(texts)

    def tests(self, *results: object) -> str:
        """Join results in APA form."""
        return self.listed(apa(result, self.words.lang) for result in results)

    def selected(self) -> str:
        """By which answers the people were selected, in words."""
        return self.listed(
            self.word(
                "only",
                variable=self.label(name),
                levels=self.listed(self.labels(name, levels), "comma"),
            )
            for name, levels in self.survey.filters
        )

    def captioned(self, caption: str) -> str:
        """Add to a caption which people it is of, where they were selected."""
        if not self.survey.filters:
            return caption
        return self.word("captioned", caption=caption, chosen=self.selected())

    def table(
        self,
        key: str,
        caption: str,
        columns: Iterable[Column],
        note: str = "",
        origin: Origin = Origin.PUBLISHED,
    ) -> TableBlock:
        """Put columns together to a table of the survey, no better than `origin`."""
        heads, cells = zip(*columns, strict=True)
        rows = tuple(tuple(map(_cell, row)) for row in zip(*cells, strict=True))
        origin = derived(self.survey.origin, origin)
        return TableBlock(key, self.captioned(caption), note, origin, TextTable(heads, rows))

    def columns(self, group: str, **cells: Iterable[object]) -> list[Column]:
        """Head cells by the words of a group."""
        return [(self.word(f"{group}{name}"), each) for name, each in cells.items()]

    def missing(self, result: _Counted) -> str:
        """Say in a note how many answered, and how many did not."""
        return self.word("missing_note", n=result.n, missing=result.missing)


def _cell(value: object) -> str:
    return f"{value:,}" if isinstance(value, Integral) else str(value)


def people_and_percent(n: float, part: float) -> str:
    """Give a count with the percent of its group, where the group has somebody."""
    return f"{int(n):,} ({percent(part)})" if part == part else f"{int(n):,}"


def percent(part: float) -> str:
    """Give a share as percent with one decimal."""
    return f"{100 * part:.1f}"


def intervals(rows: pd.DataFrame, written: Callable[[float], str]) -> list[str]:
    """Give the interval of each row with ``low`` and ``high``, or a dash."""
    return [
        f"[{written(row.low)}, {written(row.high)}]" if row.low == row.low else NONE
        for row in rows.itertuples()
    ]


def signed(value: float) -> str:
    """Give a number with two decimals, or a dash."""
    return f"{value:,.2f}".replace("-", "−") if value == value else NONE


def ratio(value: float) -> str:
    """Give a ratio with two decimals, which may be infinite."""
    return f"{value:,.2f}" if isfinite(value) else "∞"
