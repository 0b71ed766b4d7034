"""Two questions of a survey: their table or groups and test, adjusted for the number of tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from churnlib.evidence import NAN, Estimate, Test
from churnlib.questions import GroupComparison, association, compare_groups, correlations
from churnlib.survey import Survey
from churnlib.tables import Crosstab, crosstab


@dataclass(frozen=True, eq=False)
class Relation:
    """Two questions and what is known of both; no `results` if nobody answered both.

    Parameters
    ----------
    rows, columns : str
    results : tuple of Test or Estimate
    """

    rows: str
    columns: str
    results: tuple[Test | Estimate, ...] = ()

    @property
    def test(self) -> Test | None:
        """The first test."""
        return next((r for r in self.results if isinstance(r, Test)), None)

    @property
    def effect(self) -> Estimate | None:
        """The first effect size: Cramér's V; Hedges' g or η²; Pearson's r."""
        return next((r for r in self.results if isinstance(r, Estimate)), None)


@dataclass(frozen=True, eq=False)
class Pair(Relation):
    """Two questions with one answer each, and their table."""

    table: Crosstab | None = None

    @classmethod
    def of(cls, survey: Survey, rows: str, columns: str) -> Pair:
        """Count and test one pair."""
        if not _answered(survey, rows, columns):
            return cls(rows, columns)
        table = crosstab(survey, rows, columns)
        return cls(rows, columns, tuple(association(table)), table)

    @property
    def test(self) -> Test | None:
        """The exact test where there is one, else χ²."""
        return next((r for r in reversed(self.results) if isinstance(r, Test)), None)


@dataclass(frozen=True, eq=False)
class NumberByGroup(Relation):
    """A number in the groups that another question makes: Welch's test, ranks, effect sizes."""

    compared: GroupComparison | None = None

    @classmethod
    def of(cls, survey: Survey, number: str, group: str) -> NumberByGroup:
        """Compare the groups."""
        if not _answered(survey, number, group):
            return cls(number, group)
        compared = compare_groups(survey, number, group)
        tests = (compared.means, compared.ranks)
        return cls(number, group, (*tests, *compared.effects), compared)


@dataclass(frozen=True, eq=False)
class NumberPair(Relation):
    """Two numbers, and their row of `correlations`."""

    correlation: pd.Series | None = None

    @classmethod
    def of(cls, survey: Survey, one: str, other: str) -> NumberPair:
        """Correlate them."""
        row = correlations(survey, [one, other]).iloc[0]
        r, low, high, p, n = *map(float, row[["pearson", "low", "high", "p_value"]]), int(row["n"])
        note = "" if p == p else "fewer than four people have both numbers, or one does not vary"
        none, origin = (NAN, NAN), survey.origin
        test = Test("pearson_r", r, n - 2, p, n, False, none, origin, note)
        effect = Estimate("pearson_r", r, low, high, 0.95, NAN, n, origin)
        return cls(one, other, (test, effect), row)


def _answered(survey: Survey, *names: str) -> bool:
    return bool(survey.frame[[*names]].notna().all(axis=1).any())


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


_SYMBOLS = {"hedges_g": "g = ", "eta_squared": "η² = ", "pearson_r": "r = "}


def effect_of(pair: Relation) -> str:
    """Return the effect size of a pair with its interval, numbers below 1 without their zero."""
    estimate = pair.effect
    if estimate is None or estimate.value != estimate.value:
        return "—"
    said = f"{_SYMBOLS.get(estimate.name, '')}{short(estimate.value)}"
    if estimate.low != estimate.low:
        return said
    return f"{said} [{short(estimate.low)}, {short(estimate.high)}]"


def short(value: float) -> str:
    """Return a number with two decimals, below 1 without its zero."""
    text = f"{value:.2f}".replace("-", "−")
    return text.replace("0.", ".", 1) if abs(value) < 1 else text
