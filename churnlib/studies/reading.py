"""A study read from its folder, with one clear error for whatever is wrong in it."""

from __future__ import annotations

import difflib
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import replace
from math import prod
from pathlib import Path
from typing import Any

from churnlib.evidence import LANGUAGES, PROJECT, Origin, Reported
from churnlib.studies.arithmetic import Cell, Rule, Sheet, name_of
from churnlib.studies.checks import CHECKS
from churnlib.studies.study import (
    Claim,
    PrintedTable,
    Schema,
    Study,
    checked,
    listed,
    read_quoted,
    read_toml,
)
from churnlib.tables import FrequencyTable

EXAMPLE = Path(__file__).with_name("example")  # a study that passes: what `audit --new` copies
Named = Study | Path | str | None  # a study, or its folder; the project's own when None
TOTAL = "total"  # the row of the printed totals
_MEASURED = ("mean", "means", "sds", "statistic")  # keys of numbers rounded even if printed whole
_ROUNDING = {"count": "exact", "percent": "", "number": "", "label": ""}  # empty: the study's own
_EXHIBIT: Schema = {
    "id": "name", "title": "text", "file?": "name", "columns?": {"*": tuple(_ROUNDING)},
    "totals?": {"*": "any"}, "variables?": "names", "rule?": "tables", "unit?": "any",
    "page?": "any", "note?": "any",
}  # fmt: skip
_CLAIM: Schema = {
    "number": "whole", "section": "name", "statement": "text", "method": "name",
    "printed?": {"*": "any"}, "rule?": "tables", "decided_by?": "text",
}  # fmt: skip
_PART: Schema = {"exhibit": "name", "level": "name"}
_DETAILS: Mapping[str, Schema] = {  # of a claim, by the rule of its method
    "outside": {"beside?": "whole"},
    "checks": {"exhibit?": "name", "check?": "name", "digits?": "size", "rows?": ("each",)},
    "announced": {"variables": "names"},
    "majority": {"exhibit": "name", "levels": "names", "partly?": "names"},
    "majority_within": {
        "group": _PART, "within": _PART, "supposed?": "name",
        "question?": [{"id": "name", "rows": {"*": "name"}, "columns": "names"}],
    },
    "unpublished": {"variables": "names", "about?": "name", "exhibit?": "name"},
}  # fmt: skip
_STUDY: Schema = {
    "title": "text", "source": "text", "codebook?": "name", "outside?": "name",
    "rounding?": ("nearest", "truncated"), "exhibit?": [_EXHIBIT], "claim?": "tables",
    "method?": {"*": {"rule": tuple(_DETAILS), "how": "name", "*": "text"}},
}  # fmt: skip
_OPTIONS: Schema = {  # of a rule, by the options of its check
    "rows": "names", "scale": "scale", "items": "size", "tails": (1, 2), "factors": "factors",
    "effect": ("first", "second", "both"),
}  # fmt: skip


def load_study(folder: Named = None) -> Study:
    """Read the study that a folder describes: ``study.toml`` and the tables that it names.

    Without a folder it is the project's own; a study that is read already stays as it is.
    ``python -m churnlib audit --new FOLDER`` writes one to start from.

    Raises
    ------
    FileNotFoundError, ValueError, TypeError
        If a file is missing or malformed, a key unknown, a number not text, or a rule names a
        number that is not printed. The message says file, exhibit and key.

    Examples
    --------
    >>> load_study(EXAMPLE).exhibits["Table 1"].rows["yes"]["percent"].text
    '62.5'
    """
    if isinstance(folder, Study):
        return folder
    folder = PROJECT / "data" / "thesis" if folder is None else Path(folder)
    missing = "'python -m churnlib audit --new FOLDER' writes one to start from"
    content = checked(read_toml(folder / "study.toml", missing), _STUDY, "study.toml")
    rounding = content.get("rounding", "nearest")
    methods = read_toml(EXAMPLE.with_name("methods.toml"), "reinstall churnlib")
    methods |= content.get("method", {})
    entries: list[Any] = content.get("exhibit", []) + content.get("claim", [])
    tables = [_exhibit(entry, folder, rounding) for entry in content.get("exhibit", [])]
    claims = [
        _claim(entry, number, rounding, methods)
        for number, entry in enumerate(content.get("claim", []), 1)
    ]
    if len(exhibits := {table.exhibit: table for table in tables}) < len(tables):
        raise ValueError("study.toml: two exhibits have the same 'id'; each needs its own")
    named: list[str] = [key for key in ("codebook", "outside") if key in content]
    files = {key: folder / content[key] for key in named}
    for key, file in files.items():
        if not file.is_file():
            raise FileNotFoundError(f"{file} is missing; study.toml names it as {key!r}")
    cells = {
        (table.exhibit, row, column): number
        for table in tables
        for row, numbers in [*table.rows.items(), (TOTAL, table.totals)]
        for column, number in numbers.items()
    }
    cells |= {(claim.name, "", key): x for claim in claims for key, x in claim.printed.items()}
    rules = [
        rule
        for owner, entry in zip([*exhibits, *(c.name for c in claims)], entries, strict=True)
        for i, given in enumerate(entry.get("rule", ()), 1)
        for rule in _rules(given, owner, cells, exhibits, f"study.toml, {owner}, rule {i}")
    ]
    # A whole number in a claim is a count, unless a rule uses it as a measurement.
    measured: set[Any] = {rule.target for rule in rules if "of" not in rule.operands}
    for rule in rules:
        measured.update(*(part for key in _MEASURED for part in rule.operands.get(key, ())))
    for cell, number in cells.items():
        rounded = number.decimals or number.sign or "%" in number.text
        if cell[0] not in exhibits and cell not in measured and not rounded:
            cells[cell] = replace(number, rounding="exact")
    title, source = content["title"], content["source"]
    numbered = {claim.number: claim for claim in claims}
    return Study(title, source, exhibits, numbered, methods, Sheet(cells, tuple(rules)), files)


def new_study(folder: Path | str) -> None:
    """Write a commented study that passes, to start from; a FileExistsError if it is there."""
    if Path(folder).exists():
        raise FileExistsError(f"{folder} is there already; name a folder that is not")
    shutil.copytree(EXAMPLE, folder)


def printed_table(number: str, study: Named = None) -> PrintedTable:
    """Return one printed table of a study, by its name or by its number alone.

    Raises
    ------
    KeyError
        If the study prints no such table, with those there are.

    Examples
    --------
    >>> printed_table("1", EXAMPLE).totals["people"].text
    '40'
    """
    tables = [table for table in load_study(study).exhibits.values() if table.rows]
    numbers = [table.exhibit.rpartition(" ")[2] for table in tables]
    for table, short in zip(tables, numbers, strict=True):
        if number in (table.exhibit, short):
            return table
    raise KeyError(f"the study has no table {number!r}; it prints {', '.join(numbers)}")


def published_frequencies(number: str, study: Named = None) -> FrequencyTable:
    """Return the frequencies of one survey question as a table to compute with.

    Raises
    ------
    KeyError, ValueError
        If the study has no such table, or it tabulates no question or several, or has not one
        column of counts.
    """
    table = printed_table(number, study)
    columns = [column for column, kind in table.columns.items() if kind == "count"]
    if len(table.variables) != 1 or len(columns) != 1:
        raise ValueError(
            f"{table.exhibit} is not the frequency table of one survey question; it would need "
            "'variables' with that question alone, and one column of kind 'count'"
        )
    counts = {level: cell.value for level, cell in table.column(columns[0]).items()}
    (variable,) = table.variables
    return FrequencyTable.from_counts(counts, variable=variable, origin=Origin.PUBLISHED)


def _exhibit(entry: dict[str, Any], folder: Path, rounding: str) -> PrintedTable:
    place = f"study.toml, exhibit {entry['id']!r}"
    columns, totals = entry.get("columns", {}), entry.get("totals", {})
    if ("file" in entry) != bool(columns):
        raise ValueError(f"{place} needs both 'file' and 'columns', or neither")
    kinds = {name: kind for name, kind in columns.items() if kind != "label"}
    if unknown := [column for column in totals if column not in kinds]:
        raise ValueError(f"{place}: 'totals' names {unknown[0]!r}, which is no column of numbers")

    def numbers(cells: Mapping[str, Any], what: str) -> dict[str, Reported]:
        return {
            name: Reported(cells[name], f"{what} {name!r}", _ROUNDING[kind] or rounding)
            for name, kind in kinds.items()
            if cells.get(name, "") != ""
        }

    rows: dict[str, dict[str, Reported]] = {}
    for where, (key, *texts) in read_quoted(folder / entry["file"], [*columns]) if columns else []:
        if key in (*rows, TOTAL, ""):
            raise ValueError(
                f"{where}: the row {key!r} stands twice, has no name, or is the total; printed "
                "totals are written as 'totals' in study.toml"
            )
        rows[key] = numbers(dict(zip(columns, texts, strict=True)), f"{where}, column")
    printed_totals, variables = numbers(totals, f"{place}, total"), entry.get("variables", ())
    return PrintedTable(
        entry["id"], entry.get("file", ""), entry["title"], kinds, rows, printed_totals,
        frozenset(variables),
    )  # fmt: skip


def _claim(entry: Any, number: int, rounding: str, methods: Mapping[str, Any]) -> Claim:
    place = f"study.toml, claim {number}"
    checked(entry, {"method": tuple(methods), "*": "any"}, place)
    method = methods[entry["method"]]
    own = {f"{word}?": "text" for word in re.findall(r"{(\w+)", str(method))}
    entry = checked(entry, {**own, **_DETAILS[method["rule"]], **_CLAIM}, place)
    if entry["number"] != number:
        raise ValueError(f"{place}: claims must be numbered 1, 2, 3, …; given {entry['number']}")
    printed = {
        key: Reported(text, f"{place}, printed {key!r}", rounding)
        for key, text in entry.get("printed", {}).items()
    }
    decided_by = entry.get("decided_by", dict.fromkeys(LANGUAGES, "—"))
    return Claim(
        number, entry["section"], entry["statement"], decided_by, printed, entry["method"], entry
    )


def _rules(
    entry: Any, owner: str, cells: Mapping[Cell, Reported], exhibits: Mapping[str, PrintedTable],
    place: str,
) -> Iterator[Rule]:  # fmt: skip
    """Yield the rule that an entry declares, or one for each row where it names columns alone."""
    checked(entry, {"check": tuple(CHECKS), "*": "any"}, place)
    check = CHECKS[entry["check"]]
    if check.name == "total":  # of all rows, where nothing else is said
        entry = {"of": "* / " + str(entry.get("target")).rpartition(" / ")[2], **entry}
    options = {f"{key}?": _OPTIONS[key] for key in ("rows", *check.options) if key in _OPTIONS}
    schema = {"check": "name", "target": "name", **dict.fromkeys(check.keys, "any"), **options}
    given = checked(entry, schema, place)
    lengths = {key: len(listed(given[key])) for key in check.keys}
    for key, length in lengths.items():
        if length != (number := check.keys[key] or max(lengths.values())):
            raise ValueError(f"{place}: {key!r} must name {number} of the numbers; given {length}")
    if "factors" in given and prod(given["factors"]) != lengths["means"]:
        raise ValueError(f"{place}: 'factors' must multiply to the {lengths['means']} means given")
    chosen = {key: given[key] for key in check.options if key in given}
    repeats = owner in exhibits and " / " not in given["target"]
    for row in given.get("rows", exhibits[owner].rows) if repeats else [""]:
        target, *more = _cells(given["target"], owner, row, cells, place)
        if more:
            raise ValueError(f"{place}: 'target' names several numbers; name one, or a column")
        operands = {
            key: tuple(_cells(x, owner, row, cells, place) for x in listed(given[key]))
            for key in check.keys
        }
        if "percent" in check.options:
            columns = exhibits[target[0]].columns if target[0] in exhibits else {}
            percent = columns.get(target[2]) == "percent" or "%" in cells[target].text
            chosen = {**chosen, "percent": percent}
        rule = Rule(check, owner, target, operands, chosen)
        if target in rule.sources:
            raise ValueError(f"{place}: 'target' {given['target']!r} is among what it follows from")
        # A rule of the text counts under the exhibit that it draws on, if there is one.
        drawn = (cell[0] for cell in rule.sources if cell[0] in exhibits)
        yield rule if owner in exhibits else replace(rule, exhibit=next(drawn, owner))


def _cells(
    text: Any, owner: str, row: str, cells: Mapping[Cell, Reported], place: str
) -> tuple[Any, ...]:
    """Cells that a reference means: ``column``, ``row / column``, ``exhibit / row / column``."""
    if type(text) is int:
        return (text,)
    parts = str(text).split(" / ")
    if parts[0].startswith("claim "):
        parts.insert(1, "")  # it has no rows
    exhibit, first, *rest = [owner, row][: max(3 - len(parts), 0)] + parts
    rows, column = [first], " / ".join(rest)
    if first == "*":
        rows = [*dict.fromkeys(row for name, row, _ in cells if name == exhibit and row != TOTAL)]
    wanted = [(exhibit, each, column) for each in rows] or [(exhibit, first, column)]
    lacking = [cell for cell in wanted if cell not in cells]
    if not lacking:
        return tuple(wanted)
    printed = [" / ".join(filter(None, cell)) for cell in cells]
    near = difflib.get_close_matches(" / ".join(filter(None, lacking[0])), printed, 1, 0)
    raise ValueError(
        f"{place}: {text!r} names {name_of(lacking[0], owner)!r}, and no such number is printed; "
        f"the nearest is {', '.join(near)}. Write 'column', 'row / column', 'exhibit / row / "
        "column' or 'claim 1 / name', name the 'rows' that print one, or write a whole number "
        "that is not printed without quotes"
    )
