"""Two questions of a survey with their table or groups, tests and effect sizes."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from churnlib.evidence import NAN, Estimate, Test
from churnlib.questions import (
    GroupComparison,
    OptionComparison,
    association,
    compare_groups,
    compare_options,
    correlations,
)
from churnlib.survey import Survey
from churnlib.tables import Crosstab, crosstab

NUMBERS = ("number", "scale")
_SYMBOLS = {"hedges_g": "g = ", "eta_squared": "η² = ", "pearson_r": "r = "}


@dataclass(frozen=True, eq=False)
class Pair:
    """Two questions, and what is known of both; nothing if nobody answered both.

    Parameters
    ----------
    rows, columns : str
    results : tuple of Test or Estimate
    table : Crosstab, optional
        Of two questions with one answer each.
    compared : GroupComparison, optional
        Of a number, in the groups that `columns` makes.
    correlation : Series, optional
        Of two numbers, a row of `correlations`.
    """

    rows: str
    columns: str
    results: tuple[Test | Estimate, ...] = ()
    table: Crosstab | None = None
    compared: GroupComparison | None = None
    correlation: pd.Series | None = None

    @property
    def key(self) -> str:
        """What names both questions in a report."""
        return f"{self.rows} × {self.columns}"

    @property
    def test(self) -> Test | None:
        """The exact test of a table where there is one, else the first test."""
        tests = [r for r in self.results if isinstance(r, Test)]
        return tests[-1 if self.table is not None else 0] if tests else None

    @property
    def effect(self) -> str:
        """The first effect size with its interval: Cramér's V; Hedges' g or η²; Pearson's r."""
        estimate = next((r for r in self.results if isinstance(r, Estimate)), None)
        if estimate is None or estimate.value != estimate.value:
            return "—"
        text = f"{_SYMBOLS.get(estimate.name, '')}{short(estimate.value)}"
        if estimate.low != estimate.low:
            return text
        return f"{text} [{short(estimate.low)}, {short(estimate.high)}]"


def short(value: float) -> str:
    """Return a number with two decimals, below 1 without its zero."""
    text = f"{value:.2f}".replace("-", "−")
    return text.replace("0.", ".", 1) if abs(value) < 1 else text


def is_answered(survey: Survey, *names: str) -> bool:
    """Whether anybody answered all of these questions."""
    return bool(survey.frame[[*names]].notna().all(axis=1).any())


def relation(survey: Survey, one: str, other: str) -> Pair | OptionComparison | str:
    """Test two questions by their kinds; where they have no test, return why."""
    kinds = {name: survey.codebook[name].kind for name in (one, other)}
    several = [name for name in kinds if kinds[name] == "multiple"]
    numbers = [name for name in kinds if kinds[name] in NUMBERS]
    if several and "single" not in kinds.values():
        return "several answers a person are compared only between groups"
    # A number stands before the groups that divide it.
    rows, columns = (other, one) if numbers == [other] else (one, other)
    if not is_answered(survey, one, other):
        return Pair(rows, columns)
    if several:
        (group,) = {one, other} - {*several}
        return compare_options(survey, several[0], group)
    if not numbers:
        table = crosstab(survey, rows, columns)
        return Pair(rows, columns, tuple(association(table)), table=table)
    if len(numbers) == 1:
        compared = compare_groups(survey, rows, columns)
        results = (compared.means, compared.ranks, *compared.effects)
        return Pair(rows, columns, results, compared=compared)
    row = correlations(survey, [one, other]).iloc[0]
    r, low, high, p, n = *map(float, row[["pearson", "low", "high", "p_value"]]), int(row["n"])
    note = "" if p == p else "fewer than four people have both numbers, or one does not vary"
    test = Test("pearson_r", r, n - 2, p, n, False, (NAN, NAN), survey.origin, note)
    effect = Estimate("pearson_r", r, low, high, 0.95, NAN, n, survey.origin)
    return Pair(rows, columns, (test, effect), correlation=row)
