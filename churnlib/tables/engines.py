"""Answers counted by the engine that holds them: pandas, Polars, PyArrow, DuckDB, Spark, files."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from glob import glob
from pathlib import Path
from typing import Any

import pandas as pd

from churnlib.survey import Codebook, optional
from churnlib.tables.frequency_table import whole_counts

LIMIT = 1_000_000
"""Combinations of answers above which they are no answers with levels but numbers or names."""

_LARGEST = 999_999  # the largest number that cleaning reads as an answer
_FORMATS = {"Parquet": r"\.parquet$", "CSV": r"\.csv(\.gz)?$"}
_KINDS = {r"U?(TINY|SMALL|BIG|HUGE)?INT|FLOAT|DOUBLE|DECIMAL": "a number", "VARCHAR|ENUM": "text"}


@dataclass(frozen=True)
class BinRule:
    """Whole numbers of one level, counted as the first of them."""

    low: int
    high: int
    apart: tuple[int, ...] = ()
    """Those that may mean something else, such as option numbers, and are no part of it."""

    @property
    def stands(self) -> float | None:
        """The number that is counted in place of all, if there is one."""
        numbers = range(self.low, self.high + 1)
        return next((float(x) for x in numbers if x not in self.apart), None)

    @property
    def label(self) -> str:
        """How the ledger calls them."""
        return f"≥{self.low}" if self.high == _LARGEST else f"{self.low}-{self.high}"


def bin_rules_of(codebook: Codebook, name: str) -> list[BinRule]:
    """Say which whole numbers have the same level whatever a bare number may mean."""
    variable, rules = codebook[name], []
    apart = {*variable.codes, *variable.spellings, *codebook.missing_in(name)}
    for band in filter(None, (level.band for level in variable.levels)):
        low = int(max(band.low, variable.limits.low, 0))
        high = int(min(band.high, variable.limits.high, _LARGEST))
        inside = [x for text in apart if text.isdecimal() and low <= (x := int(text)) <= high]
        rules.append(BinRule(low, high, tuple(inside)))
    return [rule for rule in rules if rule.stands is not None]


@dataclass(frozen=True)
class Files:
    """Parquet or CSV files that hold one data set between them, read by DuckDB as a stream."""

    paths: tuple[str, ...]
    format: str
    as_typed: bool
    """Whether every cell of a CSV file stays text, so that a codebook reads what was typed."""

    def relation(self, paths: Sequence[str]) -> Any:
        """The rows of files as a DuckDB relation; nothing is read yet."""
        import duckdb

        # A connection of its own: what a user does with DuckDB stays as it was.
        connection = duckdb.connect()
        connection.execute("SET enable_progress_bar = false")  # it would print in a notebook
        with self.errors():
            if self.format == "Parquet":
                return connection.read_parquet([*paths], union_by_name=True)
            read = partial(
                connection.read_csv, [*paths], header=True, all_varchar=self.as_typed,
                union_by_name=True,
            )  # fmt: skip
            rows = read()
            if len(rows.columns) == 1 and (mark := re.search(r"[,;\t|]", rows.columns[0])):
                try:  # it takes lines for cells where their numbers of cells differ
                    return read(sep=mark[0])
                except duckdb.Error:
                    raise ValueError(
                        f"{paths[0]} has rows with more or fewer cells than its header "
                        f"{rows.columns[0]!r}; give every row one cell for each column"
                    ) from None
            return rows

    def require_agreement(self, columns: Sequence[str]) -> None:
        """Refuse files of which one lacks a column or has another type in it.

        DuckDB would take a lacking column for missing answers, and a number for a text.
        """
        kinds: dict[str, tuple[str, str]] = {}
        for path in self.paths if len(self.paths) > 1 else ():
            one = self.relation([path])
            types = dict(zip(one.columns, map(str, one.types), strict=True))
            for name in columns:
                if name not in types:
                    raise ValueError(f"{path} has no column {name!r}, which other files have")
                if types[name] == '"NULL"':  # without any answer: of any type
                    continue
                kind = next((k for p, k in _KINDS.items() if re.match(p, types[name])), types[name])
                first, where = kinds.setdefault(name, (kind, path))
                if kind != first:
                    raise ValueError(
                        f"the column {name!r} is {first} in {where} and {kind} in {path}; write "
                        "it anew with one type"
                    )

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Say of what DuckDB cannot read which files it was."""
        import duckdb

        try:
            yield
        except duckdb.Error as error:
            name = self.paths[0] + (f" to {self.paths[-1]}" if len(self.paths) > 1 else "")
            hint = "; CSV files are read as UTF-8" if self.format == "CSV" else ""
            what = str(error).strip().splitlines()[0]
            raise ValueError(f"cannot read {name} as {self.format}{hint}: {what}") from error


@dataclass(frozen=True, eq=False)
class Rows:
    """Answers where they lie: a Narwhals frame, and the files that hold it if any do."""

    frame: Any
    files: Files | None = None

    @property
    def columns(self) -> list[str]:
        """Headers."""
        return list(self.frame.collect_schema().names())

    def is_numeric(self, name: str) -> bool:
        """Return True for a column of numbers."""
        return bool(self.frame.collect_schema()[name].is_numeric())

    def grouped(
        self,
        columns: Sequence[str],
        *,
        count: str | None = None,
        bin_rules: Mapping[str, Sequence[BinRule]] | None = None,
    ) -> pd.DataFrame:
        """Count the rows with each combination of answers, missing ones included, in no order.

        A row is `count` people, or one. Numbers in the columns of `bin_rules` are banded first.
        """
        import narwhals.stable.v2 as nw

        self._require(columns, count)
        schema, frame = self.frame.collect_schema(), self.frame
        names = {name: name for name in schema}
        if frame.implementation.is_spark_like():
            # Spark reads a dot in a header, as in "1. Your age?", as an operator.
            names = {name: f"column{place}" for place, name in enumerate(schema)}
            frame = nw.from_native(frame.to_native().toDF(*names.values()))
        rules = bin_rules or {}
        keys = {
            f"key{place}": _key(nw.col(names[name]), schema[name], rules.get(name))
            for place, name in enumerate(columns)
        }
        people = {"people": nw.col(names[count]).cast(nw.Float64)} if count else {}
        rows = frame.select(**keys, **people)
        n = nw.col("people").sum() if count else nw.len()
        with self.files.errors() if self.files else nullcontext():
            if count:
                whole_counts(_collected(_not_whole(rows).head(1))["people"], f"counts in {count!r}")
            found = _collected(rows.group_by(*keys).agg(n=n).head(LIMIT + 1))
        if len(found) > LIMIT:
            raise ValueError(
                f"{', '.join(columns)} take more than {LIMIT:,} combinations of values; count by "
                "answers with levels, or give codebook= to band numbers"
            )
        table = pd.DataFrame(found.to_dict(as_series=False))
        table = table.rename(columns=dict(zip(keys, columns, strict=True)))
        for name in columns:
            if levels := self._levels(name):
                table[name] = pd.Categorical(table[name], **levels)
        return table.astype({"n": "int64"})

    def _require(self, columns: Sequence[str], count: str | None) -> None:
        schema, needed = self.frame.collect_schema(), [*columns, *([count] if count else [])]
        for name in needed:
            if name not in schema:
                raise KeyError(f"there is no variable {name!r}; there are {', '.join(schema)}")
        # A CSV file that is read as typed holds its counts as text, too.
        if count and not (self.files and self.files.as_typed) and not schema[count].is_numeric():
            raise ValueError(
                f"counts in {count!r} must be whole numbers; the column is {schema[count]}"
            )
        if self.files:
            self.files.require_agreement(needed)

    def _levels(self, name: str) -> dict[str, Any] | None:
        """Levels that a column declares, as arguments of a Categorical."""
        import narwhals.stable.v2 as nw

        kind = self.frame.collect_schema()[name]
        if isinstance(kind, nw.Enum):
            # An enumeration orders its levels without saying that the order means something.
            return {"categories": list(kind.categories), "ordered": False}
        if self.frame.implementation.is_pyarrow() and isinstance(kind, nw.Categorical):
            ordered = self.frame.to_native().schema.field(name).type.ordered
            return {
                "categories": self.frame[name].cat.get_categories().to_list(), "ordered": ordered
            }  # fmt: skip
        return None


def rows_of(data: Any, *, as_typed: bool = False) -> Rows:
    """Open a DataFrame that Narwhals reads, or the path or pattern of Parquet or CSV files.

    With `as_typed` the cells of a CSV file stay text.
    """
    import narwhals.stable.v2 as nw

    if isinstance(data, str | os.PathLike):
        files = _files_at(data, as_typed)
        return Rows(nw.from_native(files.relation(files.paths)), files)
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


def _files_at(path: str | os.PathLike[str], as_typed: bool) -> Files:
    optional("duckdb", "big", "counting files")
    pattern = str(Path(path).expanduser())
    if Path(pattern).is_dir():
        raise ValueError(f"{path} is a folder; name its files, for instance {path}/*.parquet")
    # Path.glob wants the fixed part of a pattern apart from the rest; glob does not.
    matching = sorted(glob(pattern, recursive=True))  # noqa: PTH207
    paths = [pattern] if Path(pattern).exists() else matching
    if not paths:
        raise FileNotFoundError(
            f"no file is called {path}; check the path, which starts from {Path.cwd()}"
        )
    formats = {f for f in _FORMATS if all(re.search(_FORMATS[f], name.lower()) for name in paths)}
    if not formats:
        raise ValueError(
            "files to count end in .parquet, or all in .csv or .csv.gz; given "
            f"{', '.join(paths[:3])}. Count two formats apart; read others with read_answers"
        )
    return Files(tuple(paths), formats.pop(), as_typed)


def _key(column: Any, kind: Any, rules: Sequence[BinRule] | None) -> Any:
    import narwhals.stable.v2 as nw

    if rules is None:
        # Engines differ in how they give a Decimal back; a level is the number.
        return column.cast(nw.Float64) if kind.is_decimal() else column
    banded = number = column.cast(nw.Float64)
    for rule in rules:
        # No band has room for infinity, nor for NaN, which some engines call a whole number.
        inside = (number >= rule.low) & (number <= rule.high) & (number.floor() == number)
        if rule.apart:
            inside = inside & ~number.is_in([float(x) for x in rule.apart])
        banded = nw.when(inside).then(nw.lit(rule.stands)).otherwise(banded)
    return banded


def _not_whole(rows: Any) -> Any:
    """The rows whose number of people is no whole number of 0 or more."""
    import narwhals.stable.v2 as nw

    people = nw.col("people")
    whole = (people >= 0) & (people <= 2.0**53) & (people.floor() == people)
    marked = rows.select("people", whole=nw.when(whole).then(nw.lit(1)).otherwise(nw.lit(0)))
    return marked.filter(nw.col("whole") == 0)


def _collected(frame: Any) -> Any:
    import narwhals.stable.v2 as nw

    if isinstance(frame, nw.DataFrame):
        return frame
    if frame.implementation.is_duckdb():
        return frame.collect("pandas")  # where Narwhals would ask for PyArrow
    # By way of pandas, PySpark warns about pandas 3.
    return frame.collect("pyarrow" if frame.implementation.is_spark_like() else None)
