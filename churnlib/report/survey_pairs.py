"""Two questions of a survey: their table or groups and test, adjusted for the number of tests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from churnlib.evidence import NAN, Estimate, Origin, Test, apa, derived, p_alone
from churnlib.figures import Label
from churnlib.questions import (
    SMALL,
    GroupComparison,
    association,
    compare_groups,
    correlations,
    smallest_expected,
)
from churnlib.report.document import Block, Heading, TableBlock, Text, reference
from churnlib.report.report_text import Words
from churnlib.report.text_table import TextTable
from churnlib.survey import Survey
from churnlib.tables import Crosstab, crosstab


@dataclass(frozen=True, eq=False)
class Pair:
    """Two questions with one answer each: their table, and what it shows.

    Parameters
    ----------
    rows, columns : str
    table : Crosstab, optional
        None if nobody answered both.
    results : tuple of Test or Estimate
    """

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
    def test(self) -> Test | None:
        """The exact test where there is one, else χ²; ``None`` if nobody answered both."""
        tests = [result for result in self.results if isinstance(result, Test)]
        return tests[-1] if tests else None

    @property
    def effect(self) -> Estimate | None:
        """Cramér's V."""
        return next((r for r in self.results if isinstance(r, Estimate)), None)


@dataclass(frozen=True, eq=False)
class NumberByGroup:
    """A number in the groups that another question makes.

    Parameters
    ----------
    rows, columns : str
        The number and the groups.
    compared : GroupComparison, optional
        None if nobody answered both.
    """

    rows: str
    columns: str
    compared: GroupComparison | None

    @classmethod
    def of(cls, survey: Survey, number: str, group: str) -> NumberByGroup:
        """Compare the groups."""
        answered = survey.frame[[number, group]].notna().all(axis=1).any()
        return cls(number, group, compare_groups(survey, number, group) if answered else None)

    @property
    def test(self) -> Test | None:
        """Welch's test."""
        return self.compared.means if self.compared else None

    @property
    def effect(self) -> Estimate | None:
        """Hedges' g of two groups, η² of more."""
        return self.compared.effects[0] if self.compared and self.compared.effects else None


@dataclass(frozen=True, eq=False)
class NumberPair:
    """Two numbers and their correlation.

    Parameters
    ----------
    rows, columns : str
    correlation : Series
        A row of `correlations`.
    origin : Origin
    """

    rows: str
    columns: str
    correlation: pd.Series
    origin: Origin

    @classmethod
    def of(cls, survey: Survey, one: str, other: str) -> NumberPair:
        """Correlate them."""
        return cls(one, other, correlations(survey, [one, other]).iloc[0], survey.origin)

    @property
    def test(self) -> Test:
        """The test of Pearson's r."""
        row, n = self.correlation, int(self.correlation["n"])
        p, none = float(row["p_value"]), (NAN, NAN)
        note = "" if p == p else "fewer than four people have both numbers, or one does not vary"
        return Test("pearson_r", float(row["pearson"]), n - 2, p, n, False, none, self.origin, note)

    @property
    def effect(self) -> Estimate:
        """Pearson's r with its interval."""
        r, low, high = map(float, self.correlation[["pearson", "low", "high"]])
        return Estimate("pearson_r", r, low, high, 0.95, NAN, self.test.n, self.origin)


Relation = Pair | NumberByGroup | NumberPair


_SYMBOLS = {
    "cramers_v": "V = ", "hedges_g": "g = ", "eta_squared": "η² = ", "pearson_r": "r = "
}  # fmt: skip


def key_of(pair: Relation) -> str:
    """Return what names two questions in a report."""
    return f"{pair.rows} × {pair.columns}"


def holm(pairs: Sequence[Relation]) -> dict[str, float]:
    """The p-value of each pair that can be tested, adjusted for all of them."""
    from statsmodels.stats.multitest import multipletests

    tests = {key_of(pair): pair.test for pair in pairs}
    p = {key: t.p_value for key, t in tests.items() if t is not None and t.p_value == t.p_value}
    if not p:
        return {}
    return dict(zip(p, multipletests(list(p.values()), method="holm")[1], strict=True))


def overview(
    pairs: Sequence[Relation], adjusted: Mapping[str, float], words: Words, label: Label
) -> Iterator[Block]:
    """A table of all tests; nothing where nothing could be tested."""
    tested = [(pair, pair.test) for pair in pairs if key_of(pair) in adjusted]
    rows = tuple(
        (
            words("survey.pair", rows=label(pair.rows), columns=label(pair.columns)),
            f"{test.n:,}",
            p_alone(test.p_value),
            p_alone(adjusted[key_of(pair)]),
            effect_of(pair),
        )
        for pair, test in tested
        if test is not None
    )
    if not rows:
        return
    columns = ("questions", "n", "p", "holm", "effect")
    texts = TextTable(tuple(words(f"survey.{column}") for column in columns), rows)
    yield Text(words("survey.overview", ref=reference("overview"), pairs=len(rows)))
    origin = derived(*(test.origin for _, test in tested if test is not None))
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
    text = words("survey.crosstab", ref=reference(key_of(pair)), tests=tests)
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
    yield TableBlock(
        key_of(pair), words("survey.crosstab_caption", **named), note, table.origin, texts
    )


def group_blocks(pair: NumberByGroup, words: Words, label: Label) -> Iterator[Block]:
    """A number by group, its tests, and which groups differ where there are three or more."""
    named = {"rows": label(pair.rows), "columns": label(pair.columns)}
    yield Heading(words("survey.number.by", **named), 2)
    compared = pair.compared
    if compared is None:
        yield Text(words("survey.no_table", **named))
        return
    results = (compared.means, compared.ranks, *compared.effects)
    tests = words("words.semicolon").join(apa(result, words.lang) for result in results)
    yield Text(words("survey.crosstab", ref=reference(key_of(pair)), tests=tests))
    rows = tuple(
        (label(f"{pair.columns}.{group}"), *number_cells(row))
        for group, row in compared.groups.iterrows()
    )
    header = (named["columns"], *(words(f"survey.number.{name}") for name in NUMBER_COLUMNS))
    caption = words("survey.number.by", **named)
    yield TableBlock(key_of(pair), caption, "", compared.origin, TextTable(header, rows))
    if compared.post_hoc.empty:
        return
    key = f"{key_of(pair)} post hoc"
    yield Text(words("survey.number.post_hoc", ref=reference(key)))
    several = tuple(
        (
            f"{label(f'{pair.columns}.{one}')} − {label(f'{pair.columns}.{other}')}",
            _signed(row.difference),
            f"[{_signed(row.low)}, {_signed(row.high)}]",
            p_alone(row.games_howell),
            p_alone(row.dunn_holm),
        )
        for (one, other), row in zip(
            compared.post_hoc.index, compared.post_hoc.itertuples(), strict=True
        )
    )
    names = ("pair", "difference", "interval", "games_howell", "dunn")
    header = tuple(words(f"survey.number.{name}") for name in names)
    caption = words("survey.number.post_hoc_caption", **named)
    yield TableBlock(key, caption, "", compared.origin, TextTable(header, several))


NUMBER_COLUMNS = ("n", "missing", "mean", "sd", "median", "quartiles")


def number_cells(row: pd.Series) -> tuple[str, ...]:
    """Return n, missing, mean, standard deviation, median and quartiles of a number as texts."""
    n, missing = (f"{int(row[name]):,}" for name in ("n", "missing"))
    if not row["n"]:
        return (n, missing, "—", "—", "—", "—")
    quartiles = f"{_signed(row['q1'])}–{_signed(row['q3'])}"
    return (n, missing, *(_signed(row[name]) for name in ("mean", "sd", "median")), quartiles)


def correlation_blocks(pairs: Sequence[NumberPair], words: Words, label: Label) -> Iterator[Block]:
    """A table of correlations, if there are any."""
    if not pairs:
        return
    yield Heading(words("survey.number.correlations"), 2)
    yield Text(words("survey.number.correlated", ref=reference("correlations")))
    rows = tuple(
        (
            words("survey.pair", rows=label(pair.rows), columns=label(pair.columns)),
            f"{pair.test.n:,}",
            effect_of(pair),
            p_alone(pair.test.p_value),
            _short(pair.correlation["spearman"]),
            p_alone(float(pair.correlation["spearman_p"])),
        )
        for pair in pairs
    )
    names = ("pair", "n", "pearson", "p", "spearman", "p_spearman")
    header = tuple(words(f"survey.number.{name}") for name in names)
    caption = words("survey.number.correlations")
    yield TableBlock("correlations", caption, "", pairs[0].origin, TextTable(header, rows))


def effect_of(pair: Relation) -> str:
    """Return the effect size of a pair with its interval, numbers below 1 without their zero."""
    estimate = pair.effect
    if estimate is None or estimate.value != estimate.value:
        return "—"
    symbol = {"hedges_g": "g = ", "eta_squared": "η² = ", "pearson_r": "r = "}.get(
        estimate.name, ""
    )
    if estimate.low != estimate.low:
        return f"{symbol}{_short(estimate.value)}"
    return f"{symbol}{_short(estimate.value)} [{_short(estimate.low)}, {_short(estimate.high)}]"


def _short(value: float) -> str:
    text = f"{value:.2f}".replace("-", "−")
    return text.replace("0.", ".", 1) if abs(value) < 1 else text


def _signed(value: float) -> str:
    return f"{value:,.2f}".replace("-", "−") if value == value else "—"
