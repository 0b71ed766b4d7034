"""Printed numbers that follow from each other, and the one wrong digit that would explain it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from itertools import chain

from churnlib.evidence import Reported

Cell = tuple[str, str]
"""Where a printed number stands: row and column. The row ``"text"`` is the running text."""

Formula = Callable[[Sequence[Fraction]], Fraction]


@dataclass(frozen=True)
class Rule:
    """One printed number that must follow from others.

    Parameters
    ----------
    name : str
        The rule in words.
    target : Cell
        The number that must follow.
    sources : tuple of Cell
        The numbers it follows from.
    formula : callable
        From the sources' values to the target's.
    derives : bool
        Whether the author will have computed the target this way. An error in a source then
        passes on to the target. A rule that only cross-checks has ``False``.
    """

    name: str
    target: Cell
    sources: tuple[Cell, ...]
    formula: Formula
    derives: bool = True


@dataclass(frozen=True)
class Repair:
    """One digit of one printed number that, put right, mends every rule of its sheet.

    Parameters
    ----------
    cell : Cell
        The number to change.
    printed, mended : str
        The number before and after.
    following : tuple of Cell
        Numbers that the author computed from it, and that change with it.
    """

    cell: Cell
    printed: str
    mended: str
    following: tuple[Cell, ...]

    def __str__(self) -> str:
        also = "; ".join(" ".join(cell) for cell in self.following)
        change = f"{' '.join(self.cell)}: {self.printed} → {self.mended}"
        return f"{change} (then also {also})" if also else change


@dataclass(frozen=True, eq=False)
class Sheet:
    """The printed numbers of one exhibit and the rules that bind them.

    Examples
    --------
    >>> cells = {("a", "n"): "41", ("b", "n"): "22", ("total", "n"): "53", ("half", "n"): "26.5"}
    >>> add = Rule("total", ("total", "n"), (("a", "n"), ("b", "n")), sum)
    >>> halve = Rule("half", ("half", "n"), (("total", "n"),), lambda x: x[0] / 2)
    >>> sheet = Sheet("sums", {c: Reported(t) for c, t in cells.items()}, (add, halve))
    >>> [rule.name for rule in sheet.broken]
    ['total']
    >>> for repair in sheet.repairs:
    ...     print(repair)
    a n: 41 → 31
    b n: 22 → 12
    total n: 53 → 63 (then also half n)
    """

    exhibit: str
    cells: Mapping[Cell, Reported]
    rules: tuple[Rule, ...]

    def computed(self, rule: Rule) -> Fraction | None:
        """The number that the rule makes of the printed sources; ``None`` for a share of 0."""
        try:
            return rule.formula([Fraction(self.cells[source].value) for source in rule.sources])
        except ZeroDivisionError:
            return None

    def holds(self, rule: Rule) -> bool:
        """Whether the printed target is what the rule gives, up to rounding."""
        computed = self.computed(rule)
        return computed is not None and self.cells[rule.target].admits(computed)

    @cached_property
    def broken(self) -> list[Rule]:
        """Rules that do not hold."""
        return [rule for rule in self.rules if not self.holds(rule)]

    @cached_property
    def repairs(self) -> list[Repair]:
        """Single-digit changes of one printed number that mend every rule at once.

        Two histories of an error are tried. A misprint: the number alone is wrong. A slip: the
        author got the number wrong and computed others from it, which inherit the error; then
        every number computed from it must agree with it as printed, wrong as it is.
        """
        if not self.broken:
            return []
        # Most changes leave a broken rule broken, so those are tried before all others.
        rules = [*self.broken, *(rule for rule in self.rules if rule not in self.broken)]

        def stands(sheet: Sheet) -> bool:
            return all(sheet.holds(rule) for rule in rules)

        found: list[Repair] = []
        for cell, reported in self.cells.items():
            heirs = self._computed_from(cell)
            inherited = all(self.holds(r) for r in self.rules if r.derives and r.target in heirs)
            for text in single_digit_changes(reported.text):
                changed = self._with({cell: text})
                if stands(changed):
                    found.append(Repair(cell, reported.text, text, ()))
                elif heirs and inherited and stands(mended := changed._recomputed(heirs)):
                    moved = [h for h in heirs if mended.cells[h].value != self.cells[h].value]
                    found.append(Repair(cell, reported.text, text, tuple(moved)))
        return found

    def _computed_from(self, cell: Cell) -> list[Cell]:
        """Cells that the author computed from `cell`, directly or not, sources first."""
        heirs: list[Cell] = []
        for source in chain([cell], heirs):  # heirs grows while it is walked
            for rule in self.rules:
                if rule.derives and source in rule.sources and rule.target not in heirs:
                    heirs.append(rule.target)
        return heirs

    def _with(self, texts: Mapping[Cell, str]) -> Sheet:
        new = {c: replace(self.cells[c], text=text) for c, text in texts.items()}
        return replace(self, cells={**self.cells, **new})

    def _recomputed(self, cells: Sequence[Cell]) -> Sheet:
        sheet = self
        for cell in cells:
            rule = next(r for r in self.rules if r.derives and r.target == cell)
            computed = sheet.computed(rule)
            if computed is not None:
                sheet = sheet._with({cell: f"{float(computed):.{self.cells[cell].decimals}f}"})
        return sheet


def single_digit_changes(text: str) -> list[str]:
    """Every print that differs from `text` in exactly one digit.

    Examples
    --------
    >>> single_digit_changes("20")
    ['00', '10', '30', '40', '50', '60', '70', '80', '90', \
'21', '22', '23', '24', '25', '26', '27', '28', '29']
    """
    return [
        text[:i] + digit + text[i + 1 :]
        for i, old in enumerate(text)
        if old.isdigit()
        for digit in "0123456789"
        if digit != old
    ]
