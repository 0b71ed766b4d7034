"""Parquet and CSV files of any size, read by DuckDB as a stream."""

from __future__ import annotations

import csv
import gzip
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from glob import glob
from importlib.util import find_spec
from pathlib import Path
from typing import Any

_ENDINGS = {".parquet": "Parquet", ".csv": "CSV", ".csv.gz": "CSV"}
_NUMBER = re.compile(r"U?(?:TINY|SMALL|BIG|HUGE)?INT(?:EGER)?|FLOAT|DOUBLE|DECIMAL.*")
_TEXT = re.compile(r"VARCHAR|ENUM.*")
_NO_TYPE = '"NULL"'


@dataclass(frozen=True)
class Files:
    """Files that hold one data set between them, all of one format.

    Parameters
    ----------
    paths : tuple of str
        At least one.
    format : {"Parquet", "CSV"}
    as_typed : bool
        Whether every cell of a CSV file stays text, so that a codebook reads what was typed.
    """

    paths: tuple[str, ...]
    format: str
    as_typed: bool

    def relation(self, paths: Sequence[str] | None = None) -> Any:
        """The rows of all files (or of some) as a DuckDB relation; nothing is read yet."""
        import duckdb

        # A connection of its own: what a user does with DuckDB stays as it was.
        connection = duckdb.connect()
        connection.execute("SET enable_progress_bar = false")  # it would print in a notebook
        chosen = list(self.paths if paths is None else paths)
        with self.errors():
            if self.format == "Parquet":
                return connection.read_parquet(chosen, union_by_name=True)
            read = connection.read_csv(
                chosen, header=True, all_varchar=self.as_typed, union_by_name=True
            )
        _require_columns(read.columns, chosen[0])
        return read

    def require_agreement(self, columns: Sequence[str]) -> None:
        """Refuse files of which one lacks a column or has another type in it.

        DuckDB would take a lacking column for missing answers, and a number for a text.

        Raises
        ------
        ValueError
            Naming the column and two of the files.
        """
        kinds: dict[str, dict[str, str]] = {name: {} for name in columns}
        for path in self.paths if len(self.paths) > 1 else ():
            one = self.relation([path])
            for name, kind in zip(one.columns, one.types, strict=True):
                if name in kinds:
                    kinds[name][path] = _kind(str(kind))
        for by_file in kinds.values():
            # A column without any answer has no type of its own, and takes that of the others.
            known = next((kind for kind in by_file.values() if kind != _NO_TYPE), _NO_TYPE)
            by_file |= {path: known for path, kind in by_file.items() if kind == _NO_TYPE}
        for name, by_file in kinds.items():
            first = next(iter(by_file), "")
            for path in self.paths if by_file else ():
                if path not in by_file:
                    raise ValueError(f"{path} has no column {name!r}, which {first} has")
                if by_file[path] != by_file[first]:
                    raise ValueError(
                        f"the column {name!r} is {by_file[first]} in {first} and {by_file[path]} "
                        f"in {path}; write it anew with one type"
                    )

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Say of what DuckDB cannot read which files it was."""
        import duckdb

        try:
            yield
        except duckdb.Error as error:
            name = self.paths[0] + (f" to {self.paths[-1]}" if len(self.paths) > 1 else "")
            what = str(error).strip().splitlines()[0]
            hint = "; CSV files are read as UTF-8" if self.format == "CSV" else ""
            raise ValueError(f"cannot read {name} as {self.format}{hint}: {what}") from error


def files_at(path: str | os.PathLike[str], *, as_typed: bool) -> Files:
    """Find the files that a path or a pattern such as ``customers/*.parquet`` names.

    Raises
    ------
    FileNotFoundError
        If there is none.
    ValueError
        If they are of another format, or of two.
    ImportError
        If DuckDB is not installed.
    """
    require("duckdb", "big", "counting files")
    pattern = str(Path(path).expanduser())
    if Path(pattern).is_dir():
        raise ValueError(f"{path} is a folder; name its files, for instance {path}/*.parquet")
    found = [pattern] if Path(pattern).exists() else _matching(pattern)
    if not found:
        raise FileNotFoundError(
            f"no file is called {path}; check the path, which starts from {Path.cwd()}"
        )
    formats = {name: _format(name) for name in found}
    if len(set(formats.values())) > 1:
        both = " and ".join(next(n for n in found if formats[n] == f) for f in ("CSV", "Parquet"))
        raise ValueError(f"{path} names files of two formats, such as {both}; count them apart")
    return Files(tuple(found), formats[found[0]], as_typed)


def require(module: str, extra: str, what: str) -> None:
    """Refuse to go on without an optional package, and say how to get it.

    Raises
    ------
    ImportError
        If it is not installed.
    """
    if find_spec(module) is None:
        raise ImportError(
            f"{what} needs {module}; install it with: pip install 'churnlib[{extra}]'"
        )


def _require_columns(columns: Sequence[str], path: str) -> None:
    """Refuse a CSV file of which DuckDB takes every line for one cell.

    It does so where rows have more or fewer cells than the header.
    """
    if len(columns) > 1:
        return
    opened = gzip.open if path.lower().endswith(".gz") else open
    with opened(path, "rt", encoding="utf-8-sig", errors="replace", newline="") as lines:
        header = next(lines, "")
    for mark in ",;\t|":
        if len(cells := next(csv.reader([header], delimiter=mark), [])) > 1:
            raise ValueError(
                f"{path} has rows with more or fewer cells than its header, which has "
                f"{len(cells)}; give every row one cell for each column"
            )


def _matching(pattern: str) -> list[str]:
    # Path.glob wants the fixed part of a pattern apart from the rest; glob does not.
    return sorted(glob(pattern, recursive=True))  # noqa: PTH207


def _format(name: str) -> str:
    for ending, called in _ENDINGS.items():
        if name.lower().endswith(ending):
            return called
    raise ValueError(
        f"cannot count {name}: files end in {', '.join(_ENDINGS)}; read others with read_answers"
    )


def _kind(duckdb_type: str) -> str:
    if _NUMBER.fullmatch(duckdb_type):
        return "a number"
    return "text" if _TEXT.fullmatch(duckdb_type) else duckdb_type
