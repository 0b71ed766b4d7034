"""A published study: its files, its printed numbers, and the one wrong digit that would explain."""

from __future__ import annotations

import csv
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
from scipy.cluster.hierarchy import DisjointSet

from churnlib.evidence import LANGUAGES, Reported
from churnlib.studies.checks import Cell, Interval, Rule, added, name_of
from churnlib.survey import load_codebook

TOTAL = "total"  # the row of the printed totals
# What is said of a rule that holds and that exact numbers would break.
ONLY_ROUNDED = ("explained by rounding", "no probability is zero: it was rounded to it")


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

    @property
    def text(self) -> str:
        """The numbers that it prints."""
        return ", ".join(number.text for number in self.printed.values())


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

    def claim(self, number: int) -> Claim:
        """Return one statement; a KeyError if there is none of that number."""
        if number not in self.claims:
            raise KeyError(
                f"the study has no statement {number!r}; they are 1 to {len(self.claims)}"
            )
        return self.claims[number]

    def labels(self, key: str) -> dict[str, str]:
        """Return the codebook's words for a key, or the key where there is no codebook."""
        if "codebook" not in self.files:
            return dict.fromkeys(LANGUAGES, key)
        book = load_codebook(self.files["codebook"])
        return {lang: book.labeller(lang)(key) for lang in LANGUAGES}


@dataclass(frozen=True)
class Repair:
    """One digit of one printed number that, changed, would mend every rule at once."""

    cell: Cell
    printed: str
    mended: str
    following: tuple[Cell, ...]  # computed from it by the author: they would change with it

    def __str__(self) -> str:
        also = "; ".join(name_of(cell, self.cell[0]) for cell in self.following)
        change = f"{name_of(self.cell, self.cell[0])}: {self.printed} → {self.mended}"
        return f"{change} (then also {also})" if also else change


@dataclass(frozen=True, eq=False)
class Sheet:
    """Printed numbers and the rules that bind them.

    Of the rules for one number the first says how its author computed it; the others only hold
    it against more numbers.
    """

    cells: Mapping[Cell, Reported]
    rules: tuple[Rule, ...]

    def computed(self, rule: Rule, *, anew: bool = False) -> Interval | None:
        """What the target must be by the printed sources; None if nothing can be it.

        `anew` takes no source as printed that follows from others itself.
        """

        def number(part: Cell | int) -> Interval | None:
            first = self._first.get(part) if anew and not isinstance(part, int) else None
            # That a mean or an SD of whole numbers can be is not how its author computed it.
            if first is None or "items" in first.check.options:
                return Interval.of(part if isinstance(part, int) else self.cells[part])
            return self.computed(first, anew=True)

        numbers: dict[str, list[Interval]] = {}
        for key, operands in rule.operands.items():
            sums = [[number(part) for part in operand] for operand in operands]
            if any(None in parts for parts in sums):
                return None
            numbers[key] = [added(filter(None, parts)) for parts in sums]
        return rule.check.formula(self.cells[rule.target], **numbers, **rule.options)

    def holds(self, rule: Rule, *, anew: bool = False) -> bool:
        """Return True if the printed target is what the rule gives, up to rounding."""
        computed = self.computed(rule, anew=anew)
        return bool(computed and computed.meets(self.cells[rule.target]))

    def remark(self, rule: Rule) -> str:
        """Return why a rule holds that exact numbers would break, or what alone would let it."""
        computed, printed = self.computed(rule), self.cells[rule.target]
        if computed and computed.meets(printed):
            if "statistic" in rule.operands and not printed.value:
                return ONLY_ROUNDED[1]
            return "" if printed.admits(computed.value) else ONLY_ROUNDED[0]
        one_sided = replace(rule, options={**rule.options, "tails": 1})
        if "tails" in rule.check.options and self.holds(one_sided):
            return "would hold one-sided"
        cut = {
            cell: replace(x, rounding="truncated") if x.rounding == "nearest" else x
            for cell, x in self.cells.items()
        }
        return "would hold with digits cut off" if replace(self, cells=cut).holds(rule) else ""

    @cached_property
    def parts(self) -> dict[Cell, Sheet]:
        """By cell: the rules that it is tied to, through whatever other cells, and theirs."""
        tied = DisjointSet(self.cells)
        for rule in self.rules:
            for source in rule.sources:
                tied.merge(rule.target, source)
        parts: dict[Cell, Sheet] = {}
        for group in tied.subsets():
            cells = {cell: number for cell, number in self.cells.items() if cell in group}
            rules = tuple(rule for rule in self.rules if rule.target in group)
            parts |= dict.fromkeys(group, Sheet(cells, rules))
        return parts

    @cached_property
    def repairs(self) -> list[Repair]:
        """Single-digit changes of one printed number that mend every rule at once.

        Two histories of an error are tried. A misprint: the number alone is wrong. A slip: the
        author got the number wrong and computed others from it, which inherit the error; then
        every number computed from it must agree with it as printed, wrong as it is.
        """
        repairs: dict[tuple[Cell, str], Repair] = {}
        broken = [rule for rule in self.rules if not self.holds(rule)]
        for cell, printed in self.cells.items():
            for moved in dict.fromkeys([(), self._computed_from(cell)]):
                touched = [r for r in self.rules if {cell, *moved} & {r.target, *r.sources}]
                slip = all(self.holds(self._first[heir]) for heir in moved)
                possible = broken and slip and set(broken) <= set(touched)
                for text in single_digit_changes(printed.text) if possible else ():
                    mended = self.changed(cell, text)
                    for heir in moved:
                        new, now = mended.computed(self._first[heir]), mended.cells[heir]
                        if new and not new.meets(now):
                            mended = mended.changed(heir, like(now, new))
                    # Most changes leave what is broken broken, so that is tried first.
                    if all(map(mended.holds, broken + touched)):
                        also = [h for h in moved if mended.cells[h].value != self.cells[h].value]
                        repair = Repair(cell, printed.text, text, tuple(also))
                        repairs.setdefault((cell, text), repair)
        return list(repairs.values())

    @cached_property
    def _first(self) -> dict[Cell, Rule]:
        """The rule by which each number was computed; one that closes a circle is none."""
        first: dict[Cell, Rule] = {}
        for rule in self.rules:
            origins = list(rule.sources)
            for cell in origins:  # grows while it is walked
                sources = first[cell].sources if cell in first else ()
                origins += [source for source in sources if source not in origins]
            if rule.target not in origins:
                first.setdefault(rule.target, rule)
        return first

    def _computed_from(self, cell: Cell) -> tuple[Cell, ...]:
        """Cells that the author computed from `cell`, directly or not, sources first."""
        line = [cell]
        for source in line:  # grows while it is walked
            line += [x for x, r in self._first.items() if source in r.sources and x not in line]
        return tuple(line[1:])

    def changed(self, cell: Cell, text: str) -> Sheet:
        """Return the same sheet with another print in one cell."""
        return replace(self, cells={**self.cells, cell: replace(self.cells[cell], text=text)})


def like(printed: Reported, computed: Interval | None, decimals: int | None = None) -> str:
    """Return a computed number with the decimals, and the percent sign, of a printed one."""
    if computed is None:
        return "—"
    percent = "%" if printed.text.strip().endswith("%") else ""
    return f"{float(computed.value):.{decimals or printed.decimals}f}{percent}"


def single_digit_changes(text: str) -> list[str]:
    """Return every print that differs from `text` in exactly one digit."""
    return [
        text[:i] + digit + text[i + 1 :]
        for i, old in enumerate(text)
        if old.isdigit()
        for digit in "0123456789"
        if digit != old
    ]


def typeset(number: str) -> str:
    """Return a number as sentences print it: thousands separated, a minus sign for a hyphen.

    Examples
    --------
    >>> typeset("112241"), typeset("-2.0114"), typeset("53.0%")
    ('112,241', '−2.0114', '53.0%')
    """
    separated = re.sub(r"(?<![\d.,])\d{5,}", lambda match: f"{int(match[0]):,}", number)
    return re.sub(r"(?<!\S)-(?=[\d.])", "−", separated)


def read_toml(file: Path, missing: str) -> dict[str, Any]:
    """Return the content of a TOML file; `missing` as in `read_text`."""
    try:
        return tomllib.loads(read_text(file, missing))
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{file.name} is not a TOML file: {error}") from error


def read_text(file: Path, missing: str) -> str:
    """Return the text of a file; `missing` says what to do where there is none."""
    try:
        return file.read_text(encoding="utf-8-sig")
    except (FileNotFoundError, IsADirectoryError):
        raise FileNotFoundError(f"{file} is missing; {missing}") from None
    except UnicodeDecodeError as error:
        raise ValueError(f"{file.name} is not in UTF-8: {error}") from error


def read_quoted(file: Path, columns: list[str]) -> list[tuple[str, list[str]]]:
    """Return place and cells of each row of a CSV file in quotes throughout."""
    rows: list[tuple[str, list[str]]] = []
    for number, line in enumerate(read_text(file, "study.toml names it").splitlines(), 1):
        if not line.strip():
            continue
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
