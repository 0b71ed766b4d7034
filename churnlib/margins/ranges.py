"""The range of a statistic over a set of tables: all counted, or its form reasoned about."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from churnlib.evidence import Origin
from churnlib.margins.statistic_forms import Objective, number
from churnlib.margins.table_sets import TableSet
from churnlib.tables import Crosstab


@dataclass(frozen=True, eq=False)
class Attainable:
    """The range of a statistic over all tables that could be the unpublished one.

    Parameters
    ----------
    statistic : str
    low, high : float
        NaN if the statistic is undefined in every table.
    low_table, high_table : Crosstab
        A table that has it.
    proved : bool
        Whether no table can have less than `low` or more than `high`. Where it is false the
        true range may be wider; it is where a ratio has no bound.
    method : str
        How the two ends were found.
    origin : Origin
        Kind of evidence the margins are.
    note : str
        What a reader must know before using the range; empty when nothing.
    """

    statistic: str
    low: float
    high: float
    low_table: Crosstab
    high_table: Crosstab
    proved: bool
    method: str
    origin: Origin
    note: str = ""

    @property
    def width(self) -> float:
        """How much the margins leave open."""
        return self.high - self.low

    def _repr_html_(self) -> str:
        how = self.method if self.proved else f"{self.method}, not proved"
        return (
            f"{self.origin.badge_html} {self.statistic}: {self.low:.4g} to {self.high:.4g} ({how})"
        )


def counted(tables: TableSet, asked: Objective) -> Attainable:
    """Both ends by looking at every table."""
    number_of = undefined = unbounded = 0
    ends: list[tuple[float, np.ndarray]] = []
    for stack in tables.stacks():
        values = asked.form.values(stack)
        number_of += len(stack)
        unbounded += int(np.isinf(values).sum())
        values = np.where(np.isinf(values), np.nan, values)
        undefined += int(np.isnan(values).sum())
        if np.isnan(values).all():
            ends = ends or [(np.nan, stack[0])] * 2
            continue
        here = [(values[k], stack[k]) for k in (np.nanargmin(values), np.nanargmax(values))]
        if not ends or np.isnan(ends[0][0]):
            ends = here
        else:
            ends = [min(ends[0], here[0], key=_value), max(ends[1], here[1], key=_value)]
    left_out = {"unbounded": unbounded, "undefined": undefined - unbounded}
    counts = " and ".join(f"{what} in {n:,}" for what, n in left_out.items() if n)
    note = f"{counts} of {number_of:,} tables, which are left out" if counts else ""
    method = f"all {number_of:,} tables counted"
    low, high = (table for _, table in ends)
    return _result(tables, asked, (low, high), unbounded == 0, method, note)


def reasoned(tables: TableSet, asked: Objective) -> Attainable:
    """Both ends by the form of the statistic."""
    ends = asked.form.least(tables), asked.form.greatest(tables)
    methods = list(dict.fromkeys(end.method for end in (ends[::-1] if asked.falls else ends)))
    method = methods[0] if len(methods) == 1 else f"low: {methods[0]}; high: {methods[1]}"
    proved = all(end.proved for end in ends)
    return _result(tables, asked, (ends[0].table, ends[1].table), proved, method, "")


def _value(end: tuple[float, np.ndarray]) -> float:
    return end[0]


def _result(
    tables: TableSet,
    asked: Objective,
    ends: tuple[np.ndarray, np.ndarray],
    proved: bool,
    method: str,
    note: str,
) -> Attainable:
    low, high = (tables.table(counts) for counts in (ends[::-1] if asked.falls else ends))
    results = asked.measure(low), asked.measure(high)
    if all(np.isnan(number(result)) for result in results):
        note = "undefined in every table with these margins"
    # The exact p-value of a large table may itself be simulated.
    simulated = asked.falls and any(not x.exact and x.p_value == x.p_value for x in results)
    return Attainable(
        asked.name,
        number(results[0]),
        number(results[1]),
        low,
        high,
        proved and not simulated,
        method if not simulated else f"{method}; the p-value is simulated",
        tables.origin,
        note,
    )
