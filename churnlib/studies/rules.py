"""The rules that a study declares between its printed numbers."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import replace
from math import prod
from typing import Any

from churnlib.studies.arithmetic import Cell, Operand, Rule, name_of
from churnlib.studies.checks import CHECKS, OPTIONS
from churnlib.studies.keys import ANY, STR, checked, choice
from churnlib.studies.study import Study


def declared_rules(entry: Any, owner: str, study: Study, place: str) -> Iterator[Rule]:
    """Yield the rule that an entry declares, or one for each row where it names columns alone."""
    check = CHECKS[choice(entry, "check", CHECKS, place)]
    if entry["check"] == "total":  # of all rows, where nothing else is said
        entry = {"of": "* / " + str(entry.get("target")).rpartition(" / ")[2], **entry}
    needed = {"check": STR, "target": STR, **dict.fromkeys(check.keys, ANY)}
    allowed = {key: OPTIONS[key] for key in ("rows", *check.options) if key in OPTIONS}
    given = checked(entry, (needed, allowed), place)
    lengths = {key: len(listed(given[key])) for key in check.keys}
    for key, length in lengths.items():
        if length != (number := check.keys[key] or max(lengths.values())):
            raise ValueError(f"{place}: {key!r} must name {number} of the numbers; given {length}")
    if "factors" in given and prod(given["factors"]) != lengths["means"]:
        raise ValueError(f"{place}: 'factors' must multiply to the {lengths['means']} means given")
    exhibit = study.exhibits.get(owner)
    repeats = exhibit is not None and " / " not in given["target"]
    for row in given.get("rows", list(exhibit.rows)) if exhibit and repeats else [""]:
        target, *more = _cells(given["target"], owner, row, study, place)
        if more:
            raise ValueError(f"{place}: 'target' names several numbers; name one, or a column")
        operands: dict[str, tuple[Operand, ...]] = {
            key: tuple(
                (x,) if type(x) is int else _cells(x, owner, row, study, place)
                for x in listed(given[key])
            )
            for key in check.keys
        }
        if any(target in operand for each in operands.values() for operand in each):
            raise ValueError(f"{place}: 'target' {given['target']!r} is among what it follows from")
        options = {key: given[key] for key in check.options if key in given}
        if "percent" in check.options:
            kinds = study.exhibits[target[0]].columns if target[0] in study.exhibits else {}
            text = study.sheet.cells[target].text.strip()
            options["percent"] = kinds.get(target[2]) == "percent" or text.endswith("%")
        rule = Rule(entry["check"], owner, target, operands, options)
        # A rule of the text counts under the exhibit that it draws on, if there is one.
        drawn = (cell[0] for cell in rule.sources if cell[0] in study.exhibits)
        yield rule if exhibit else replace(rule, exhibit=next(drawn, owner))


def listed(value: Any) -> list[Any]:
    """Return a list; of a single value, one of it alone."""
    return value if isinstance(value, list) else [value]


def _cells(text: Any, owner: str, row: str, study: Study, place: str) -> tuple[Cell, ...]:
    """Cells that a reference means: ``column``, ``row / column``, ``exhibit / row / column``."""
    parts = str(text).split(" / ")
    if parts[0] in {claim.name for claim in study.claims.values()}:
        parts.insert(1, "")
    elif len(parts) == 1:
        parts = [owner, row, *parts]
    elif len(parts) == 2:
        parts = [owner, *parts]
    cells: list[Cell] = []
    if len(parts) == 3:
        exhibit, row, column = parts
        rows = study.exhibits[exhibit].rows if exhibit in study.exhibits and row == "*" else [row]
        cells = [(exhibit, each, column) for each in rows]
    missing = [cell for cell in cells if cell not in study.sheet.cells]
    if missing or not cells:
        name = name_of(missing[0], owner) if missing else text
        wanted, *printed = (
            " / ".join(filter(None, cell))
            for cell in (missing[0] if missing else parts, *study.sheet.cells)
        )
        near = difflib.get_close_matches(wanted, printed, 1, 0)
        raise ValueError(
            f"{place}: {text!r} names {name!r}, and no such number is printed; the nearest is "
            f"{', '.join(near)}. Write 'column', 'row / column', 'exhibit / row / column' or "
            "'claim 1 / name', name the 'rows' that print one, or write a whole number that is "
            "not printed without quotes"
        )
    return tuple(cells)
