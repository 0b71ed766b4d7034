"""Count generated customers by three keys: churnlib against pandas and Polars.

Each way of counting runs in a process of its own, on the same Parquet file in a temporary folder.
``pandas`` is timed from a frame that is already in memory; what reads the file pays for reading it.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pandas as pd

import churnlib as cl
from benchmarks.harness import apart, peak, seconds, show, side_by_side, table

KEYS = ["gender", "age", "visits"]
SIZES = [10**4, 10**5, 10**6, 10**7, 10**8]
RAW = ["您的性别", "age_in_years", "您来办理业务的次数"]
REPEATS = {10**4: 15, 10**5: 9, 10**6: 7, 10**7: 5, 10**8: 3}
IN_MEMORY = 10**7  # more rows of a pandas frame than these would take more than 6 GB
WAYS = {
    "pandas.crosstab": "#D55E00",
    "pandas groupby": "#E69F00",
    "churnlib, pandas frame": "#56B4E9",
    "Polars, Parquet": "#009E73",
    "churnlib, Parquet": "#0072B2",
}


def generate(n: int, file: Path) -> None:
    """Write n customers: levels in KEYS, raw answers in the rest, 1 in 100 missing."""
    import duckdb

    def pick(salt: int, labels: list[str]) -> str:
        cases = " ".join(f"WHEN {i} THEN '{label}'" for i, label in enumerate(labels))
        return f"CASE (hash(i * {salt}) % {len(labels)})::INT {cases} END"

    years = "(19 + hash(i * 7) % 70)::TINYINT"
    ages = f"CASE WHEN {years} < 30 THEN '19-29' WHEN {years} < 40 THEN '30-39' "
    ages += f"WHEN {years} < 60 THEN '40-59' ELSE 'ge60' END"
    duckdb.connect().execute(
        f"""COPY (SELECT
            CASE WHEN hash(i * 5) % 100 > 0 THEN {pick(3, ["male", "female"])} END AS gender,
            {ages} AS age,
            {pick(11, ["1-2", "3-5", "6+"])} AS visits,
            {pick(3, ["男", "女", "A.男", "女性"])} AS "您的性别",
            {years} AS "您的年龄",
            {pick(11, ["1-2次", "3-5次", "6次及以上", "(空)"])} AS "您来办理业务的次数"
        FROM range({n}) AS t(i)) TO '{file}' (FORMAT parquet)"""
    )


def ways(file: Path) -> dict[str, Callable[[], Callable[[], object]]]:
    """By name: a function that prepares, and returns the one that is timed."""

    def crosstab() -> Callable[[], object]:
        frame = pd.read_parquet(file, columns=KEYS)
        return lambda: pd.crosstab([frame["gender"], frame["age"]], frame["visits"])

    def categories() -> pd.DataFrame:
        return pd.concat(
            {key: pd.read_parquet(file, columns=[key])[key].astype("category") for key in KEYS},
            axis=1,
        )

    def groupby() -> Callable[[], object]:
        frame = categories()
        return lambda: frame.groupby(KEYS, observed=False, dropna=False).size()

    def in_pandas() -> Callable[[], object]:
        frame = categories()
        return lambda: cl.counts(frame, KEYS)

    def by_polars() -> Callable[[], object]:
        import polars as pl

        return lambda: pl.scan_parquet(file).group_by(KEYS).len().collect(engine="streaming")

    return {
        "pandas.crosstab": crosstab,
        "pandas groupby": groupby,
        "churnlib, pandas frame": in_pandas,
        "Polars, Parquet": by_polars,
        "churnlib, Parquet": lambda: lambda: cl.counts(file, KEYS),
        "churnlib, raw labels": lambda: lambda: counted_raw(file),
    }


def counted_raw(file: Path) -> pd.DataFrame:
    """Clean and count in one pass: labels resolved, years banded."""
    return cl.counts(file, KEYS, codebook=BOOK)


def all_in(file: Path) -> dict[str, float]:
    """Counting alone, and with all that follows from it."""

    def everything() -> None:
        tidy = cl.counts(file, KEYS)
        cl.statistics(cl.crosstab(tidy, "gender", "visits", count="n"))
        ordered = tidy.assign(visits=tidy["visits"].cat.as_ordered())
        cl.models.ordinal_logit(ordered, "visits", ["gender", "age"], count="n")

    return side_by_side(5, alone=lambda: cl.counts(file, KEYS), together=everything)
