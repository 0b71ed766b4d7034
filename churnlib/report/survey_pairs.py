"""Pairs of questions of a survey: their tables and tests, adjusted for their number."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from churnlib.evidence import Estimate, Test, apa, derived, p_alone
from churnlib.figures import Label
from churnlib.report.document import Block, Heading, TableBlock, Text, reference
from churnlib.report.report_text import Words
from churnlib.report.text_table import TextTable
from churnlib.report.thesis_facts import SMALL, association, smallest_expected
from churnlib.survey import Survey
from churnlib.tables import Crosstab, crosstab


@dataclass(frozen=True, eq=False)
class Pair:
    """Two questions, their table, and what it shows; no table if nobody answered both."""

    rows: str
    columns: str
    table: Crosstab | None
    results: tuple[Test | Estimate, ...] = ()

    @classmethod
    def of(cls, survey: Survey, rows: str, columns: str) -> Pair:
        """Count and test one pair."""
        if not survey.frame[[rows, columns]].notna().all(axis=1).any():
            return cls(rows, columns, None)
        table = crosstab(survey, rows, columns)
        return cls(rows, columns, table, tuple(association(table)))

    @property
    def key(self) -> str:
        """Names it in a report."""
        return f"{self.rows} × {self.columns}"

    @property
    def test(self) -> Test:
        """The exact test where there is one, else χ²."""
        return [result for result in self.results if isinstance(result, Test)][-1]


def holm(pairs: Sequence[Pair]) -> dict[str, float]:
    """The p-value of each pair that can be tested, adjusted for all of them."""
    from statsmodels.stats.multitest import multipletests

    p = {pair.key: pair.test.p_value for pair in pairs if pair.table is not None}
    known = {key: value for key, value in p.items() if value == value}
    if not known:
        return {}
    return dict(zip(known, multipletests(list(known.values()), method="holm")[1], strict=True))


def overview(
    pairs: Sequence[Pair], adjusted: Mapping[str, float], words: Words, label: Label
) -> Iterator[Block]:
    """A table of all tests; nothing where nothing could be tested."""
    tested = [pair for pair in pairs if pair.key in adjusted and pair.table is not None]
    if not tested:
        return
    rows = tuple(
        (
            words("survey.pair", rows=label(pair.rows), columns=label(pair.columns)),
            f"{pair.test.n:,}",
            p_alone(pair.test.p_value),
            p_alone(adjusted[pair.key]),
            effect_of(pair),
        )
        for pair in tested
    )
    columns = ("questions", "n", "p", "holm", "effect")
    texts = TextTable(tuple(words(f"survey.{column}") for column in columns), rows)
    yield Text(words("survey.overview", ref=reference("overview"), pairs=len(tested)))
    origin = derived(*(pair.test.origin for pair in tested))
    yield TableBlock("overview", words("survey.overview_caption"), "", origin, texts)


def pair_blocks(pair: Pair, words: Words, label: Label) -> Iterator[Block]:
    """The table of one pair and what it shows."""
    named = {"rows": label(pair.rows), "columns": label(pair.columns)}
    yield Heading(words("survey.pair", **named), 2)
    table = pair.table
    if table is None:
        yield Text(words("survey.no_table", **named))
        return
    tests = words("words.semicolon").join(apa(result, words.lang) for result in pair.results)
    text = words("survey.crosstab", ref=reference(pair.key), tests=tests)
    if (expected := smallest_expected(table)) < SMALL:
        text += words("survey.small", expected=f"{expected:.1f}")
    yield Text(text)
    shares = table.shares("row")
    rows = tuple(
        (
            label(f"{pair.rows}.{level}"),
            *(
                f"{n:,} ({100 * part:.1f})" if part == part else f"{n:,}"
                for n, part in zip(table.counts.loc[level], shares.loc[level], strict=True)
            ),
            f"{table.row_totals[level]:,}",
        )
        for level in table.counts.index
    )
    total = (words("survey.total"), *(f"{n:,}" for n in table.column_totals), f"{table.n:,}")
    levels = (label(f"{pair.columns}.{level}") for level in table.counts.columns)
    texts = TextTable((named["rows"], *levels, words("survey.total")), (*rows, total))
    note = words("survey.missing_note", n=f"{table.n:,}", missing=f"{table.missing:,}")
    yield TableBlock(pair.key, words("survey.crosstab_caption", **named), note, table.origin, texts)


def effect_of(pair: Pair) -> str:
    """Return Cramér's V of a pair with its interval, as APA writes numbers from 0 to 1."""
    estimate = next(result for result in pair.results if isinstance(result, Estimate))
    value, low, high = (
        f"{x:.2f}".removeprefix("0") for x in (estimate.value, estimate.low, estimate.high)
    )
    return f"{value} [{low}, {high}]"
