"""Answers counted by the engine that holds them: pandas, Polars, PyArrow, DuckDB, Spark, files."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pandas as pd

from churnlib.survey import Variable
from churnlib.tables.duckdb_files import Files, files_at, require
from churnlib.tables.frequency_table import whole_counts

LIMIT = 1_000_000
"""Combinations of answers above which they are no answers with levels but numbers or names."""

_LARGEST = 999_999  # the largest number that cleaning reads as an answer


@dataclass(frozen=True)
class BinRule:
    """Whole numbers that one number can stand for, because they have one level.

    Parameters
    ----------
    low, high : int
        First and last of them.
    stands : int
        The one that is counted in place of all.
    """

    low: int
    high: int
    stands: int

    @property
    def label(self) -> str:
        """How the ledger calls them."""
        if self.high == _LARGEST:
            return f"≥{self.low}"
        return f"{self.low}-{self.high}"

    def without(self, apart: Sequence[int]) -> list[tuple[int, int]]:
        """First and last of each run of its numbers that leaves out those in ascending order."""
        inside = [x for x in apart if self.low <= x <= self.high]
        edges = pairwise([self.low - 1, *inside, self.high + 1])
        return [(before + 1, after - 1) for before, after in edges if after - before > 1]


@dataclass(frozen=True)
class BinRules:
    """How an engine puts numbers into the bands of a variable before it counts them.

    Parameters
    ----------
    bands : tuple of BinRule
    apart : tuple of int
        Numbers that may mean something else, such as option numbers: never banded.
    """

    bands: tuple[BinRule, ...]
    apart: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Rows:
    """Answers where they lie.

    Parameters
    ----------
    frame : Narwhals DataFrame or LazyFrame
    files : Files or None
        Where they lie in files.
    """

    frame: Any
    files: Files | None = None

    @property
    def columns(self) -> list[str]:
        """Headers."""
        return list(self.frame.collect_schema().names())

    def is_numeric(self, name: str) -> bool:
        """Whether a column holds numbers."""
        return bool(self.frame.collect_schema()[name].is_numeric())

    def grouped(
        self,
        columns: Sequence[str],
        *,
        count: str | None = None,
        bin_rules: Mapping[str, BinRules] | None = None,
    ) -> pd.DataFrame:
        """Count the rows with each combination of answers, missing ones included.

        Parameters
        ----------
        columns : sequence of str
        count : str, optional
            Column that says how many people a row stands for.
        bin_rules : mapping of str to BinRules, optional
            By column.

        Returns
        -------
        DataFrame
            The columns and ``n``, one row for each combination that was found, in no order.

        Raises
        ------
        KeyError
            If there is no such column.
        ValueError
            If a count is not a whole number, or there are more than `LIMIT` combinations.
        """
        import narwhals.stable.v2 as nw

        self._require(columns, count)
        schema = self.frame.collect_schema()
        frame, names = self._named()
        keys = {f"key{place}": name for place, name in enumerate(columns)}
        picked = {
            key: _key(nw.col(names[name]), schema[name], (bin_rules or {}).get(name))
            for key, name in keys.items()
        }
        summed = {"n": nw.len()}
        if count:
            picked |= _people(nw.col(names[count]))
            summed = {name: nw.col(name).sum() for name in ("n", "wrong")}
            summed["example"] = nw.col("example").max()
        with self.files.errors() if self.files else nullcontext():
            counted = frame.select(**picked).group_by(*keys).agg(**summed)
            found = _collected(counted.head(LIMIT + 1))
        if len(found) > LIMIT:
            raise ValueError(
                f"{', '.join(columns)} take more than {LIMIT:,} combinations of values; count by "
                "answers with levels, or give codebook= to band numbers"
            )
        table = pd.DataFrame(found.to_dict(as_series=False))
        if count and table["wrong"].sum():
            examples = table.loc[table["wrong"] > 0, "example"]
            whole_counts(examples, f"counts in {count!r}")
        tidy = table[[*keys]].rename(columns=keys)
        for name in columns:
            if levels := self._levels(name):
                tidy[name] = pd.Categorical(tidy[name], **levels)
        return tidy.assign(n=table["n"].astype("int64"))

    def _require(self, columns: Sequence[str], count: str | None) -> None:
        known = self.columns
        for name in [*columns, *([count] if count else [])]:
            if name not in known:
                raise KeyError(f"there is no variable {name!r}; there are {', '.join(known)}")
        # A CSV file that is read as typed holds its counts as text, too.
        if count and not (self.files and self.files.as_typed) and not self.is_numeric(count):
            kind = self.frame.collect_schema()[count]
            raise ValueError(f"counts in {count!r} must be whole numbers; the column is {kind}")
        if self.files:
            self.files.require_agreement([*columns, *([count] if count else [])])

    def _named(self) -> tuple[Any, dict[str, str]]:
        """The frame, and what each column is called in it."""
        import narwhals.stable.v2 as nw

        if not self.frame.implementation.is_spark_like():
            return self.frame, {name: name for name in self.columns}
        # Spark reads a dot in a header, as in "1. Your age?", as an operator.
        names = {name: f"column{place}" for place, name in enumerate(self.columns)}
        return nw.from_native(self.frame.to_native().toDF(*names.values())), names

    def _levels(self, name: str) -> dict[str, Any] | None:
        """Levels that a column declares, as arguments of a Categorical."""
        import narwhals.stable.v2 as nw

        kind = self.frame.collect_schema()[name]
        if isinstance(kind, nw.Enum):
            # An enumeration orders its levels without saying that the order means something.
            return {"categories": list(kind.categories), "ordered": False}
        engine = self.frame.implementation
        if engine.is_pyarrow() and isinstance(kind, nw.Categorical):
            native = self.frame.to_native().column(name).unify_dictionaries()
            levels = native.chunk(0).dictionary.to_pylist() if native.num_chunks else []
            return {"categories": levels, "ordered": native.type.ordered}
        return None


def rows_of(data: Any, *, as_typed: bool = False) -> Rows:
    """Open data of any engine.

    Parameters
    ----------
    data : object
        A DataFrame that Narwhals reads, or the path or pattern of Parquet or CSV files.
    as_typed : bool
        Whether the cells of a CSV file stay text.

    Raises
    ------
    TypeError
        If it is neither.
    ValueError
        If two columns of a DataFrame have one name.
    """
    import narwhals.stable.v2 as nw

    if isinstance(data, str | os.PathLike):
        files = files_at(data, as_typed=as_typed)
        return Rows(nw.from_native(files.relation()), files)
    if isinstance(data, pd.DataFrame) and not data.columns.is_unique:
        twice = data.columns[data.columns.duplicated()][0]
        raise ValueError(f"several columns are called {twice!r}; rename all but one")
    try:
        return Rows(nw.from_native(data))
    except TypeError:
        raise TypeError(
            "data is a Survey or a DataFrame of pandas, Polars, PyArrow, DuckDB or Spark, or the "
            f"path of Parquet or CSV files; given {type(data).__name__}"
        ) from None


def bin_rules_of(variable: Variable, apart: set[str]) -> BinRules:
    """Say which whole numbers have the same level whatever a bare number may mean.

    Parameters
    ----------
    variable : Variable
    apart : set of str
        Texts that mean something else than a quantity.
    """
    numerals = tuple(sorted(int(text) for text in apart if text.lstrip("-").isdecimal()))
    bands = []
    for level in variable.levels:
        if level.band is None:
            continue
        low = int(max(level.band.low, variable.limits.low, 0))
        high = int(min(level.band.high, variable.limits.high, _LARGEST))
        stands = next((x for x in range(low, high + 1) if x not in numerals), None)
        if stands is not None:
            bands.append(BinRule(low, high, stands))
    return BinRules(tuple(bands), numerals)


def _key(column: Any, kind: Any, bin_rules: BinRules | None) -> Any:
    import narwhals.stable.v2 as nw

    if bin_rules is None:
        # Engines differ in how they give a Decimal back; a level is the number.
        return column.cast(nw.Float64) if kind.is_decimal() else column
    # Whole numbers are compared as such, which spares an engine most of the time.
    whole = kind.is_signed_integer() or kind in {nw.UInt8, nw.UInt16, nw.UInt32}
    number, as_one = column.cast(nw.Int64 if whole else nw.Float64), int if whole else float
    banded = number
    for band in bin_rules.bands:
        for low, high in band.without(bin_rules.apart):
            inside = (number >= low) & (number <= high)
            banded = nw.when(inside).then(nw.lit(as_one(band.stands))).otherwise(banded)
    # No band has room for infinity, nor for NaN, which some engines call its own whole number.
    return banded if whole else nw.when(number.floor() == number).then(banded).otherwise(number)


def _people(count: Any) -> dict[str, Any]:
    """People in a row, whether their number is wrong, and the number if it is."""
    import narwhals.stable.v2 as nw

    people = count.cast(nw.Float64)
    fine = (people >= 0) & (people <= 2.0**53) & (people.floor() == people)
    return {
        "n": nw.when(fine).then(people).otherwise(nw.lit(0.0)),
        "wrong": nw.when(fine).then(nw.lit(0)).otherwise(nw.lit(1)),
        "example": nw.when(~fine).then(people),
    }


def _collected(frame: Any) -> Any:
    import narwhals.stable.v2 as nw

    if isinstance(frame, nw.DataFrame):
        return frame
    if frame.implementation.is_duckdb():
        return frame.collect("pandas")  # where Narwhals would ask for PyArrow
    if frame.implementation.is_spark_like():
        require("pyarrow", "spark", "counting with Spark")
        return frame.collect("pyarrow")  # by way of pandas, PySpark warns about pandas 3
    return frame.collect()
