"""A published study: its exhibits, its statements, and what the files that describe it may hold."""

from __future__ import annotations

import csv
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from churnlib.evidence import LANGUAGES, Reported
from churnlib.studies.arithmetic import Sheet
from churnlib.survey import load_codebook


@dataclass(frozen=True, eq=False)
class PrintedTable:
    """One exhibit of a study as printed, its totals kept apart from its rows."""

    exhibit: str  # its name, "Table 1"
    file: str  # its CSV file; empty where our copy holds none, as are columns and rows
    title: Mapping[str, str]  # by language
    columns: Mapping[str, str]  # kind of each: count, percent or number
    rows: Mapping[str, Mapping[str, Reported]]  # row to column to number, in printed order
    totals: Mapping[str, Reported]  # of the columns that have one
    variables: frozenset[str]  # survey questions that it tabulates together

    def column(self, name: str) -> dict[str, Reported]:
        """Return one column's printed numbers by row; a KeyError if there is none."""
        if name not in self.columns:
            known = ", ".join(self.columns)
            raise KeyError(f"{self.exhibit} has no column {name!r}; it has {known}")
        return {row: cells[name] for row, cells in self.rows.items() if name in cells}

    def numbers(self) -> pd.DataFrame:
        """Return the rows as numbers to compute with: whole ones as integers."""
        cells = {name: self.column(name) for name in self.columns}
        printed = pd.DataFrame(cells, pd.Index(self.rows, name="row"))
        return printed.map(lambda x: float(x.value) if x.decimals else int(x.value), "ignore")


@dataclass(frozen=True, eq=False)
class Claim:
    """One checkable statement of a study, paraphrased."""

    number: int  # from 1 on, in the order of the text
    section: str  # or page
    statement: Mapping[str, str]  # by language
    decided_by: Mapping[str, str]  # evidence that could decide it, by language
    printed: Mapping[str, Reported]  # the numbers it prints, by name
    method: str  # the declared method that decides it
    details: Mapping[str, Any]  # all that the method may ask of it

    @property
    def name(self) -> str:
        """What references call it: ``"claim 7"``."""
        return f"claim {self.number}"


@dataclass(frozen=True, eq=False)
class Study:
    """A published study as its folder describes it; see `load_study`."""

    title: Mapping[str, str]  # by language
    source: Mapping[str, str]  # by language
    exhibits: Mapping[str, PrintedTable]  # by name, in printed order
    claims: Mapping[int, Claim]  # by number
    methods: Mapping[str, Mapping[str, Any]]  # rule, how, and a sentence for each outcome
    sheet: Sheet  # every printed number, and the rules that bind them
    files: Mapping[str, Path]  # codebook and facts from outside, where it names them

    def labels(self, key: str) -> dict[str, str]:
        """Return the codebook's words for a key, or the key where there is no codebook."""
        if "codebook" not in self.files:
            return dict.fromkeys(LANGUAGES, key)
        book = load_codebook(self.files["codebook"])
        return {lang: book.labeller(lang)(key) for lang in LANGUAGES}


@dataclass(frozen=True)
class Value:
    """What a key of a TOML file may hold: in words, and as a test."""

    says: str
    allows: Callable[[Any], bool]


def _list_of(kind: type, value: Any) -> bool:
    return isinstance(value, list) and all(type(each) is kind for each in value)


VALUES: Mapping[str, Value] = {
    "any": Value("a value", lambda x: True),
    "name": Value("a text in quotes", lambda x: isinstance(x, str)),
    "names": Value("a list [ ] of names in quotes", lambda x: _list_of(str, x)),
    "whole": Value("a whole number", lambda x: type(x) is int),
    "size": Value("a whole number from 1 on", lambda x: type(x) is int and x >= 1),
    "scale": Value(
        "two whole numbers, low first, as [1, 7]",
        lambda x: _list_of(int, x) and len(x) == 2 and x[0] < x[1],
    ),
    "factors": Value(
        "two whole numbers from 2 on, as [2, 3]",
        lambda x: _list_of(int, x) and len(x) == 2 and min(x) >= 2,
    ),
    "tables": Value("entries, each under [[ ]] or in { }", lambda x: _list_of(dict, x)),
    "text": Value(
        "a text in quotes, or one in 'en' and one in 'zh-Hans'",
        lambda x: isinstance(x, str) or (isinstance(x, dict) and set(x) == set(LANGUAGES)),
    ),
}
# By key: a name of VALUES, a tuple to choose from, a schema, or a list of one for entries. A key
# with "?" may be left out; "*" stands for all others.
Schema = Mapping[str, Any]


def checked(entry: Any, schema: Schema, place: str) -> dict[str, Any]:
    """Return a table with its texts by language; what its schema does not allow is refused."""
    if not isinstance(entry, dict):
        raise ValueError(f"{place} must be a table of keys; given {entry!r:.80}")
    if lacking := sorted(key for key in schema if key[-1] not in "?*" and key not in entry):
        raise ValueError(f"{place} lacks {', '.join(map(repr, lacking))}")
    kinds = {key.removesuffix("?"): kind for key, kind in schema.items()}
    result = dict(entry)
    for key, value in entry.items():
        kind = kinds.get(key, kinds.get("*"))
        if kind is None:
            known = ", ".join(sorted(kinds))
            raise ValueError(f"{place}: unknown key {key!r}; it may hold {known}")
        if isinstance(kind, Mapping):
            result[key] = checked(value, kind, f"{place}, {key}")
        elif isinstance(kind, list):
            result[key] = entries = []
            for i, each in enumerate(listed(value), 1):
                name = each.get("id", i) if isinstance(each, dict) else i
                entries.append(checked(each, kind[0], f"{place}, {key} {name!r}"))
        else:
            choice = Value(f"one of {', '.join(map(str, kind))}", kind.__contains__)
            allowed = VALUES.get(kind, choice)
            if not allowed.allows(value):
                raise ValueError(f"{place}: {key!r} must be {allowed.says}; given {value!r:.80}")
            if kind == "text" and isinstance(value, str):
                result[key] = dict.fromkeys(LANGUAGES, value)
    return result


def listed(value: Any) -> list[Any]:
    """Return a list; of a single value, one of it alone."""
    return value if isinstance(value, list) else [value]


def read_toml(file: Path, missing: str) -> dict[str, Any]:
    """Return the content of a TOML file; `missing` says what to do where there is none."""
    try:
        return tomllib.loads(_text(file, missing))
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{file.name} is not a TOML file: {error}") from error


def read_quoted(file: Path, columns: list[str]) -> list[tuple[str, list[str]]]:
    """Return place and cells of each row of a CSV file in quotes throughout."""
    rows: list[tuple[str, list[str]]] = []
    lines = enumerate(_text(file, "study.toml names it").splitlines(), 1)
    for number, line in ((number, line) for number, line in lines if line.strip()):
        place, cells = f"{file.name}, line {number}", next(csv.reader([line]))
        # Without quotes a spreadsheet has rewritten it, and 12.0 may have become 12 on the way.
        if bare := re.sub(r'(^|,)"([^"]|"")*"(?=,|$)', "", line):
            raise TypeError(
                f'{place}: {bare.strip(",")} stands without quotes; write "…" around every cell, '
                "with the digits that were printed"
            )
        if not rows and cells[1:] != columns:
            raise ValueError(
                f"{place}: the columns after the first must be {', '.join(columns)}, as in "
                f"study.toml; given {', '.join(cells[1:])}"
            )
        if len(cells) != 1 + len(columns):
            raise ValueError(f"{place} has {len(cells)} cells where {1 + len(columns)} belong")
        rows.append((place, cells))
    if len(rows) < 2:
        raise ValueError(f"{file.name} holds no rows")
    return rows[1:]


def _text(file: Path, missing: str) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except (FileNotFoundError, IsADirectoryError):
        raise FileNotFoundError(f"{file} is missing; {missing}") from None
    except UnicodeDecodeError as error:
        raise ValueError(f"{file.name} is not in UTF-8: {error}") from error
