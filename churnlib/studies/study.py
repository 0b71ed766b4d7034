"""A published study: its exhibits, its claims, and the rules between its printed numbers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from churnlib.evidence import LANGUAGES, Origin, Reported
from churnlib.studies.arithmetic import Cell, Rule, Sheet
from churnlib.survey import Codebook, load_codebook
from churnlib.tables import FrequencyTable

TOTAL = "total"
"""The row of the printed totals."""


@dataclass(frozen=True, eq=False)
class PrintedTable:
    """One exhibit of a study as printed, its totals kept apart from its rows.

    Parameters
    ----------
    exhibit : str
        Its name, ``"Table 1"``.
    title : mapping of str to str
        By language.
    columns : mapping of str to str
        Kind of each column: ``count``, ``percent`` or ``number``.
    rows : mapping of str to mapping of str to Reported
        Row to column to printed number, in printed order; empty where our copy holds none.
    totals : mapping of str to Reported
        The printed total of each column that has one.
    variables : frozenset of str
        Survey questions that it tabulates together.
    file : str
        Its CSV file in the study's folder; empty where there is none.
    """

    exhibit: str
    title: Mapping[str, str]
    columns: Mapping[str, str]
    rows: Mapping[str, Mapping[str, Reported]]
    totals: Mapping[str, Reported]
    variables: frozenset[str]
    file: str

    def column(self, name: str) -> dict[str, Reported]:
        """One column's printed numbers by row.

        Raises
        ------
        KeyError
            If the table has no such column.
        """
        if name not in self.columns:
            raise KeyError(
                f"{self.exhibit} has no column {name!r}; it has {', '.join(self.columns)}"
            )
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

    @property
    def cells(self) -> dict[Cell, Reported]:
        """Every printed number by its place."""
        rows = {**self.rows, TOTAL: self.totals}
        return {
            (self.exhibit, row, column): number
            for row, numbers in rows.items()
            for column, number in numbers.items()
        }


@dataclass(frozen=True, eq=False)
class Claim:
    """One checkable statement of a study, paraphrased.

    Parameters
    ----------
    number : int
        From 1 on, in the order of the text.
    section : str
        Where it stands: a section or a page.
    statement : mapping of str to str
        Paraphrase by language.
    printed : mapping of str to Reported
        The numbers it prints, by name; empty where it prints none.
    method : str
        The declared method that decides it.
    decided_by : mapping of str to str
        Evidence that could decide it, by language.
    details : mapping
        What the method needs to know, such as the levels meant.
    """

    number: int
    section: str
    statement: Mapping[str, str]
    printed: Mapping[str, Reported]
    method: str
    decided_by: Mapping[str, str]
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What references call it: ``"claim 7"``."""
        return f"claim {self.number}"

    @property
    def cells(self) -> dict[Cell, Reported]:
        """Its printed numbers by their place."""
        return {(self.name, "", key): number for key, number in self.printed.items()}


@dataclass(frozen=True, eq=False)
class Method:
    """How statements of one kind are decided, and the sentence for each outcome."""

    rule: str  # a name of DECISIONS
    how: str  # the same in words
    sentences: Mapping[str, Mapping[str, str]]  # by outcome and language, {names} to be filled in

    @property
    def words(self) -> list[str]:
        """The names in braces."""
        texts = [text for sentence in self.sentences.values() for text in sentence.values()]
        return re.findall(r"{(\w+)", " ".join(texts))


@dataclass(frozen=True, eq=False)
class Study:
    """A published study as its folder describes it; see `load_study`.

    Parameters
    ----------
    folder : Path
    title, source : mapping of str to str
        By language.
    exhibits : mapping of str to PrintedTable
        By name, in printed order.
    claims : mapping of int to Claim
        By number.
    methods : mapping of str to Method
        By the name that claims call it.
    rules : tuple of Rule
        In the order in which they are declared.
    files : mapping of str to Path
        The codebook and the file of outside facts, where the study names them.
    """

    folder: Path
    title: Mapping[str, str]
    source: Mapping[str, str]
    exhibits: Mapping[str, PrintedTable]
    claims: Mapping[int, Claim]
    methods: Mapping[str, Method]
    rules: tuple[Rule, ...]
    files: Mapping[str, Path]

    @cached_property
    def sheet(self) -> Sheet:
        """Every printed number, and the rules that bind them."""
        printed = [e.cells for e in self.exhibits.values()]
        printed += [c.cells for c in self.claims.values()]
        return Sheet({k: x for cells in printed for k, x in cells.items()}, self.rules)

    @cached_property
    def codebook(self) -> Codebook | None:
        """Levels and labels of what it asked, where the study names a codebook."""
        return load_codebook(self.files["codebook"]) if "codebook" in self.files else None

    def exhibit(self, name: str) -> PrintedTable:
        """Return an exhibit by its name, or by its number alone.

        Raises
        ------
        KeyError
            If there is none, with those there are.
        """
        for exhibit in self.exhibits.values():
            if name in (exhibit.exhibit, exhibit.exhibit.rpartition(" ")[2]) and exhibit.rows:
                return exhibit
        numbers = [e.exhibit.rpartition(" ")[2] for e in self.exhibits.values() if e.rows]
        raise KeyError(f"the study has no table {name!r}; it prints {', '.join(numbers)}")

    def frequencies(self, name: str) -> FrequencyTable:
        """Return the counts of an exhibit that tabulates one survey question.

        Raises
        ------
        KeyError, ValueError
            If there is no such exhibit; if it tabulates no question or several, or has not one
            column of counts.
        """
        table = self.exhibit(name)
        columns = [column for column, kind in table.columns.items() if kind == "count"]
        if len(table.variables) != 1 or len(columns) != 1:
            raise ValueError(
                f"{table.exhibit} is not the frequency table of one survey question; it would need "
                "'variables' with that question alone, and one column of kind 'count'"
            )
        counts = {level: cell.value for level, cell in table.column(columns[0]).items()}
        (variable,) = table.variables
        return FrequencyTable.from_counts(counts, variable=variable, origin=Origin.PUBLISHED)

    def labels(self, key: str) -> dict[str, str]:
        """Return the codebook's words for a key, or the key where it has none."""
        book = self.codebook
        return {lang: book.labeller(lang)(key) if book else key for lang in LANGUAGES}
