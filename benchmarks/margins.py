"""Time what the margins of the thesis allow: ``python -m benchmarks margins``.

Asked: all results together within 30 s on one core. What is measured is processor time, which
other people's work on the machine does not lengthen. Each line is one run, the first, as a reader
would have it.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import pandas as pd

from benchmarks.harness import show, table
from churnlib import attainable, bounds, count_tables, enumerate_tables, published_frequencies
from churnlib.crosstabs import power_curves
from churnlib.margins.objectives import battery
from churnlib.margins.table_sets import TableSet
from churnlib.studies import minor_assumptions, plausibility


def every_range() -> str:
    """Every statistic of age by education, under all that is said of minors."""
    age, education = published_frequencies("3-2"), published_frequencies("3-3")
    names = list(battery(TableSet.of(age, education)))
    found = [
        attainable(age, education, statistic, said)
        for said in minor_assumptions().values()
        for statistic in names
    ]
    return f"{sum(x.proved for x in found)} of {len(found)} ranges proved"


def ignorance() -> str:
    """V and gamma alone, as in the figure."""
    age, education = published_frequencies("3-2"), published_frequencies("3-3")
    found = [
        attainable(age, education, statistic, said)
        for said in minor_assumptions().values()
        for statistic in ("cramers_v", "gamma")
    ]
    return f"{sum(x.proved for x in found)} of {len(found)} ranges proved"


def every_bound() -> str:
    """Each cell of age by education, under all that is said of minors."""
    age, education = published_frequencies("3-2"), published_frequencies("3-3")
    tables = [bounds(age, education, said) for said in minor_assumptions().values()]
    return f"{len(tables)} tables of bounds"


def listed() -> str:
    """Every 2×5 table with these margins."""
    return f"{sum(1 for _ in enumerate_tables([110, 90], [20, 50, 70, 40, 20])):,} tables"


def counted() -> str:
    """Tables of age by education."""
    tables = count_tables(published_frequencies("3-2"), published_frequencies("3-3"))
    return f"{tables:,} tables"


def measure() -> pd.DataFrame:
    """One row a result, and their sum: seconds of the processor, and what was found."""
    results: dict[str, Callable[[], object]] = {
        "age by education: count of tables": counted,
        "age by education: V and gamma, 4 sayings": ignorance,
        "age by education: bounds of cells, 4 sayings": every_bound,
        "age by education: every statistic, 4 sayings": every_range,
        "statements on minors against the census": lambda: f"{len(plausibility())} rows",
        "2×5 tables listed one by one": listed,
        "power curves": lambda: f"{power_curves(98, 102, [0.1, 0.2, 0.4]).size} points",
    }
    rows, begun = [], time.process_time()
    for name, run in results.items():
        started = time.process_time()
        told = run()
        rows.append((name, "", f"{time.process_time() - started:.2f} s: {told}"))
    every = f"{time.process_time() - begun:.1f} s"
    return table([*rows, ("all together, one core", "30 s", every)])


if __name__ == "__main__":
    show(measure())
