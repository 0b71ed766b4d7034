"""Printed numbers that follow from each other, and the one wrong digit that would explain it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain
from typing import Any

from scipy.cluster.hierarchy import DisjointSet

from churnlib.evidence import Reported
from churnlib.studies.checks import Check, Interval

# Where a printed number stands: exhibit or claim, row and column; a claim's row is "".
Cell = tuple[str, str, str]
# What is added up before a check uses it: one cell, the cells of a column, or a whole number.
Operand = tuple[Cell | int, ...]
# What is said of a rule that holds and that exact numbers would break.
ONLY_ROUNDED = ("explained by rounding", "no probability is zero: it was rounded to it")


@dataclass(frozen=True, eq=False)
class Rule:
    """One printed number, the target, that must follow from others."""

    check: Check
    exhibit: str  # the exhibit, or claim, that it is counted under
    target: Cell
    operands: Mapping[str, tuple[Operand, ...]]  # by the check's keys
    options: Mapping[str, Any]

    @cached_property
    def sources(self) -> tuple[Cell, ...]:
        """The cells it follows from."""
        parts = chain.from_iterable(chain.from_iterable(self.operands.values()))
        return tuple(part for part in parts if not isinstance(part, int))

    @property
    def name(self) -> str:
        """The rule in words, by the check's pattern."""
        names = {
            key: f" {self.check.sign} ".join(map(self._name, operands))
            for key, operands in self.operands.items()
        }
        return f"{name_of(self.target, self.exhibit)} {self.check.words.format(**names)}"

    def _name(self, operand: Operand) -> str:
        first = operand[0]
        if isinstance(first, int):
            return str(first)
        if len(operand) == 1:
            return name_of(first, self.exhibit, self.target[1])
        column = name_of((first[0], "", first[2]), self.exhibit)
        return "the rows" if first[2] == self.target[2] else f"the rows of {column}"


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
            if isinstance(part, int):
                return Interval.of(part)
            first = self._first.get(part) if anew else None
            if first is None or not first.check.computes:
                return Interval.of(self.cells[part])
            return self.computed(first, anew=True)

        numbers: dict[str, list[Interval]] = {}
        for key, operands in rule.operands.items():
            sums = [[number(part) for part in operand] for operand in operands]
            if any(None in parts for parts in sums):
                return None
            numbers[key] = [sum(filter(None, parts), Interval.of(0)) for parts in sums]
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
        repairs: list[Repair] = []
        for cell, printed in self.cells.items():
            heirs = self._computed_from(cell)
            slip = heirs and all(self.holds(self._first[heir]) for heir in heirs)
            alone, together = self._touched({cell}), self._touched({cell, *heirs})
            for text in single_digit_changes(printed.text) if together else ():
                changed = self.with_texts({cell: text})
                if alone and all(map(changed.holds, alone)):
                    repairs.append(Repair(cell, printed.text, text, ()))
                elif slip and all(map((mended := changed._follow(heirs)).holds, together)):
                    moved = [h for h in heirs if mended.cells[h].value != self.cells[h].value]
                    repairs.append(Repair(cell, printed.text, text, tuple(moved)))
        return repairs

    def _touched(self, cells: set[Cell]) -> list[Rule]:
        """Return the rules of these cells, or none if some broken rule is not among them."""
        touched = [rule for rule in self.rules if cells & {rule.target, *rule.sources}]
        whole = self._broken and set(self._broken) <= set(touched)
        # Most changes leave a broken rule broken, so those stand first.
        return sorted(touched, key=self._broken.__contains__, reverse=True) if whole else []

    @cached_property
    def _broken(self) -> list[Rule]:
        return [rule for rule in self.rules if not self.holds(rule)]

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

    def _computed_from(self, cell: Cell) -> list[Cell]:
        """Cells that the author computed from `cell`, directly or not, sources first."""
        heirs: list[Cell] = []
        for source in chain([cell], heirs):  # heirs grows while it is walked
            for target, rule in self._first.items():
                if source in rule.sources and target not in heirs:
                    heirs.append(target)
        return heirs

    def with_texts(self, texts: Mapping[Cell, str]) -> Sheet:
        """Return the same sheet with other prints in some cells."""
        new = {cell: replace(self.cells[cell], text=text) for cell, text in texts.items()}
        return replace(self, cells={**self.cells, **new})

    def _follow(self, cells: Sequence[Cell]) -> Sheet:
        sheet = self
        for cell in cells:
            computed = sheet.computed(self._first[cell])
            if computed and not computed.meets(sheet.cells[cell]):
                sheet = sheet.with_texts({cell: like(sheet.cells[cell], computed)})
        return sheet


def like(printed: Reported, computed: Interval, decimals: int | None = None) -> str:
    """Return a computed number with the decimals, and the percent sign, of a printed one."""
    percent = "%" if printed.text.strip().endswith("%") else ""
    return f"{float(computed.value):.{decimals or printed.decimals}f}{percent}"


def name_of(cell: Cell, exhibit: str = "", row: str = "") -> str:
    """Return where a number stands, without what the reader knows already."""
    parts = ("" if cell[0] == exhibit else cell[0], "" if cell[1] == row else cell[1], cell[2])
    return " ".join(filter(None, parts))


def single_digit_changes(text: str) -> list[str]:
    """Return every print that differs from `text` in exactly one digit."""
    return [
        text[:i] + digit + text[i + 1 :]
        for i, old in enumerate(text)
        if old.isdigit()
        for digit in "0123456789"
        if digit != old
    ]
