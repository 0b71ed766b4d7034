"""A published study: its exhibits, its statements, and what the files that describe it may hold."""

from __future__ import annotations

import csv
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from churnlib.evidence import LANGUAGES, Reported
from churnlib.studies.arithmetic import Sheet
from churnlib.survey import Codebook, load_codebook


@dataclass(frozen=True, eq=False)
class PrintedTable:
    """One exhibit of a study as printed, its totals kept apart from its rows.

    Parameters
    ----------
    exhibit, file : str
        Its name, ``"Table 1"``, and its CSV file; empty where our copy holds none.
    title, columns : mapping of str to str
        Title by language; kind of each column: ``count``, ``percent`` or ``number``.
    rows, totals : mapping
        Row to column to `Reported`, in printed order; column to its printed total.
    variables : frozenset of str
        Survey questions that it tabulates together.
    """

    exhibit: str
    file: str
    title: Mapping[str, str]
    columns: Mapping[str, str]
    rows: Mapping[str, Mapping[str, Reported]]
    totals: Mapping[str, Reported]
    variables: frozenset[str]

    def column(self, name: str) -> dict[str, Reported]:
        """Return one column's printed numbers by row; a KeyError if there is none."""
        if name not in self.columns:
            known = ", ".join(self.columns)
            raise KeyError(f"{self.exhibit} has no column {name!r}; it has {known}")
        return {row: cells[name] for row, cells in self.rows.items() if name in cells}

    def numbers(self) -> pd.DataFrame:
        """Return the rows as numbers to compute with: whole ones as integers.

        Examples
        --------
        >>> from churnlib.studies import EXAMPLE, load_study
        >>> int(load_study(EXAMPLE).exhibits["Table 1"].numbers()["people"].sum())
        40
        """
        columns = {
            name: {
                row: float(x.value) if x.decimals else int(x.value)
                for row, x in self.column(name).items()
            }
            for name in self.columns
        }
        return pd.DataFrame(columns, index=pd.Index(self.rows, name="row"))


@dataclass(frozen=True, eq=False)
class Claim:
    """One checkable statement of a study, paraphrased.

    Parameters
    ----------
    number, section : int and str
        From 1 on, in the order of the text; a section or a page of it.
    statement, decided_by : mapping of str to str
        Paraphrase, and evidence that could decide it, by language.
    printed : mapping of str to Reported
        The numbers it prints, by name.
    method, details : str and mapping
        The declared method that decides it, and all that it may ask of the claim.
    """

    number: int
    section: str
    statement: Mapping[str, str]
    decided_by: Mapping[str, str]
    printed: Mapping[str, Reported]
    method: str
    details: Mapping[str, Any]

    @property
    def name(self) -> str:
        """What references call it: ``"claim 7"``."""
        return f"claim {self.number}"


@dataclass(frozen=True, eq=False)
class Study:
    """A published study as its folder describes it; see `load_study`.

    Parameters
    ----------
    title, source : mapping of str to str
        By language.
    exhibits, claims : mapping
        Name to `PrintedTable`, number to `Claim`, in printed order.
    methods : mapping of str to mapping
        By the name that claims call it: the ``rule`` that decides, ``how`` in words, and a
        sentence for each outcome by language, with {names} to be filled in.
    sheet : Sheet
        Every printed number, and the rules that bind them.
    files : mapping of str to Path
        The ``codebook`` and the facts from ``outside``, where the study names them.
    """

    title: Mapping[str, str]
    source: Mapping[str, str]
    exhibits: Mapping[str, PrintedTable]
    claims: Mapping[int, Claim]
    methods: Mapping[str, Mapping[str, Any]]
    sheet: Sheet
    files: Mapping[str, Path]

    @cached_property
    def codebook(self) -> Codebook | None:
        """Levels and labels of what it asked, where the study names a codebook."""
        return load_codebook(self.files["codebook"]) if "codebook" in self.files else None

    def labels(self, key: str) -> dict[str, str]:
        """Return the codebook's words for a key, or the key where it has none."""
        book = self.codebook
        return {lang: book.labeller(lang)(key) if book else key for lang in LANGUAGES}


# What a table of a TOML file may hold. A schema has for each key a kind, the values it may be, a
# schema, or a list of one for entries. A key with "?" may be left out; "*" stands for all others.
Schema = Mapping[str, Any]
ANY = "a value"
STR = "a text in quotes"
INT = "a whole number"
COUNT = "a whole number from 1 on"
SCALE = "two whole numbers, low first, as [1, 7]"
SIZES = "two whole numbers from 2 on, as [2, 3]"
NAMES = "a list [ ] of names in quotes"
TABLES = "a list [ ] of tables { }, or entries, each under [[ ]]"
TEXT = "a text in quotes, or one in 'en' and one in 'zh-Hans'"


def _list_of(kind: type, value: Any) -> bool:
    return isinstance(value, list) and all(type(each) is kind for each in value)


_ALLOWS: Mapping[str, Callable[[Any], bool]] = {
    ANY: lambda x: True,
    STR: lambda x: isinstance(x, str),
    INT: lambda x: type(x) is int,
    COUNT: lambda x: type(x) is int and x >= 1,
    SCALE: lambda x: _list_of(int, x) and len(x) == 2 and x[0] < x[1],
    SIZES: lambda x: _list_of(int, x) and len(x) == 2 and min(x) >= 2,
    NAMES: lambda x: _list_of(str, x),
    TABLES: lambda x: _list_of(dict, x),
    TEXT: lambda x: isinstance(x, str) or (isinstance(x, dict) and set(x) == set(LANGUAGES)),
}


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
            result[key] = checked(value, kind, f"{place}, {key!r}")
        elif isinstance(kind, list):
            result[key] = [checked(each, kind[0], f"{place}, {key!r}") for each in listed(value)]
        elif not (_ALLOWS[kind](value) if isinstance(kind, str) else value in kind):
            says = kind if isinstance(kind, str) else f"one of {', '.join(map(str, kind))}"
            raise ValueError(f"{place}: {key!r} must be {says}; given {value!r:.80}")
        elif kind == TEXT and isinstance(value, str):
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
    """Return place and cells of each row of a CSV file in quotes throughout.

    A cell without quotes tells that a spreadsheet has rewritten the file, and 12.0 may have
    become 12 on the way.
    """
    rows = []
    lines = enumerate(_text(file, "study.toml names it").splitlines(), 1)
    for number, line in ((number, line) for number, line in lines if line.strip()):
        place, cells = f"{file.name}, line {number}", next(csv.reader([line]))
        if bare := re.sub(r'(^|,)"([^"]|"")*"(?=,|$)', "", line):
            raise TypeError(
                f'{place}: every cell stands in quotes, "…", a number with the digits that were '
                f"printed; given {bare.strip(',')}"
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
