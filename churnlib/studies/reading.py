"""A study read from its folder, with one clear error for whatever is wrong in it."""

from __future__ import annotations

import difflib
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from math import prod
from pathlib import Path
from typing import Any

from churnlib.evidence import LANGUAGES, PROJECT, Reported
from churnlib.studies.checks import CHECKS, Cell, Rule, name_of
from churnlib.studies.study import (
    TOTAL,
    Claim,
    PrintedTable,
    Sheet,
    Study,
    read_quoted,
    read_text,
    read_toml,
)

EXAMPLE = Path(__file__).with_name("example")  # a study that passes: what `audit --new` copies
Named = Study | Path | str | None  # a study, or its folder; the project's own when None


def _each(value: Any, kind: type, size: int | None = None) -> bool:
    of_kind = isinstance(value, list) and all(type(each) is kind for each in value)
    return of_kind and size in (None, len(value))


# What a key of a TOML file may hold.
_VALUES: Mapping[str, Callable[[Any], bool]] = {
    "a value": lambda x: True,
    "a text in quotes": lambda x: isinstance(x, str),
    "a list [ ] of names in quotes": lambda x: _each(x, str),
    "a whole number": lambda x: type(x) is int,
    "a whole number from 1 on": lambda x: type(x) is int and x >= 1,
    "two whole numbers, low first, as [1, 7]": lambda x: _each(x, int, 2) and x[0] < x[1],
    "two whole numbers from 2 on, as [2, 3]": lambda x: _each(x, int, 2) and min(x) >= 2,
    "a text in quotes, or one in 'en' and one in 'zh-Hans'": lambda x: (
        isinstance(x, str) or (isinstance(x, dict) and set(x) == set(LANGUAGES))
    ),
}
ANY, NAME, NAMES, WHOLE, SIZE, SCALE, FACTORS, TEXT = _VALUES
# By key: one of these, a tuple to choose from, a schema, or a list of one for entries. A key with
# "?" may be left out; "*" stands for all others.
Schema = Mapping[str, Any]
_FREE: Schema = {"*": ANY}
_COLUMNS = ("count", "percent", "number", "label")
_EXHIBIT: Schema = {
    "id": NAME, "title": TEXT, "file?": NAME, "columns?": {"*": _COLUMNS},
    "totals?": _FREE, "variables?": NAMES, "rule?": [_FREE], "unit?": ANY, "page?": ANY,
    "note?": ANY,
}  # fmt: skip
_CLAIM: Schema = {
    "number": WHOLE, "section": NAME, "statement": TEXT, "printed?": _FREE, "rule?": [_FREE],
    "decided_by?": TEXT,
}  # fmt: skip
_PART: Schema = {"exhibit": NAME, "level": NAME}
_DETAILS: Mapping[str, Schema] = {  # of a claim, by the rule of its method
    "outside": {"beside?": WHOLE},
    "checks": {"exhibit?": NAME, "check?": tuple(CHECKS), "digits?": SIZE, "rows?": ("each",)},
    "announced": {"variables": NAMES},
    "majority": {"exhibit": NAME, "levels": NAMES, "partly?": NAMES},
    "majority_within": {
        "group": _PART, "within": _PART, "supposed?": NAME,
        "question?": [{"id": NAME, "rows": {"*": NAME}, "columns": NAMES}],
    },
    "unpublished": {"variables": NAMES, "about?": NAME, "exhibit?": NAME},
}  # fmt: skip
_STUDY: Schema = {
    "title": TEXT, "source": TEXT, "codebook?": NAME, "outside?": NAME,
    "rounding?": ("nearest", "truncated"), "exhibit?": [_EXHIBIT], "claim?": [_FREE],
    "method?": {"*": {"rule": tuple(_DETAILS), "how": NAME, "*": TEXT}},
}  # fmt: skip
_OPTIONS: Schema = {  # of a rule, by the options of its check
    "rows": NAMES, "scale": SCALE, "items": SIZE, "tails": (1, 2), "factors": FACTORS,
    "effect": ("first", "second", "both"),
}  # fmt: skip
_MEASURED = ("mean", "means", "sds", "statistic")  # keys of numbers rounded even if printed whole


def checked(entry: Any, schema: Schema, place: str) -> dict[str, Any]:
    """Return a table with its texts by language; what its schema does not allow is refused."""
    if not isinstance(entry, dict):
        raise ValueError(f"{place} must be a table of keys; given {entry!r:.80}")
    if lacking := sorted(key for key in schema if key[-1] not in "?*" and key not in entry):
        raise ValueError(f"{place} lacks {', '.join(map(repr, lacking))}")
    kinds = {key.removesuffix("?"): kind for key, kind in schema.items()}
    result = dict(entry)
    for key, value in entry.items():
        match kinds.get(key, kinds.get("*")):
            case None:
                known = ", ".join(sorted(kinds))
                raise ValueError(f"{place}: unknown key {key!r}; it may hold {known}")
            case dict(inner):
                result[key] = checked(value, inner, f"{place}, {key}")
            case [dict(inner)]:
                result[key] = entries = []
                for i, each in enumerate(_listed(value), 1):
                    name = each.get("id", i) if isinstance(each, dict) else i
                    entries.append(checked(each, inner, f"{place}, {key} {name!r}"))
            case kind:
                words = kind if isinstance(kind, str) else f"one of {', '.join(map(str, kind))}"
                allows = _VALUES[kind] if isinstance(kind, str) else kind.__contains__
                if not allows(value):
                    raise ValueError(f"{place}: {key!r} must be {words}; given {value!r:.80}")
                if kind == TEXT:
                    by_language = isinstance(value, dict)
                    result[key] = {x: value[x] if by_language else value for x in LANGUAGES}
    return result


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def load_study(folder: Named = None) -> Study:
    """Read the study that a folder describes: ``study.toml`` and the tables that it names.

    Without a folder it is the project's own. ``python -m churnlib audit --new FOLDER`` writes one.

    Raises
    ------
    FileNotFoundError, ValueError, TypeError
        If something in it is missing or malformed; the message says file, exhibit and key.

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
    files = {key: folder / content[key] for key in sorted({"codebook", "outside"} & {*content})}
    for key, file in files.items():
        read_text(file, f"study.toml names it as {key!r}")
    tables, stated = content.get("exhibit", []), content.get("claim", [])
    exhibits = {entry["id"]: _exhibit(entry, folder, rounding) for entry in tables}
    if len(exhibits) < len(tables):
        raise ValueError("study.toml: two exhibits have the same 'id'; each needs its own")
    claims = {i: _claim(entry, i, rounding, methods) for i, entry in enumerate(stated, 1)}
    cells = {
        (table.exhibit, row, column): number
        for table in exhibits.values()
        for row, numbers in [*table.rows.items(), (TOTAL, table.totals)]
        for column, number in numbers.items()
    }
    cells |= {(c.name, "", key): x for c in claims.values() for key, x in c.printed.items()}
    owners = [*exhibits, *(claim.name for claim in claims.values())]
    rules = [
        rule
        for owner, entry in zip(owners, [*tables, *stated], strict=True)
        for i, given in enumerate(entry.get("rule", ()), 1)
        for rule in _rules(given, owner, f"study.toml, {owner}, rule {i}", cells, exhibits)
    ]
    # A whole number in a claim is a count, unless a rule uses it as a measurement.
    measured: set[Any] = {rule.target for rule in rules if "of" not in rule.operands}
    for rule in rules:
        measured.update(*(part for key in _MEASURED for part in rule.operands.get(key, ())))
    for cell, number in cells.items():
        rounded = number.decimals or number.sign or "%" in number.text
        if cell[0] not in exhibits and cell not in measured and not rounded:
            cells[cell] = replace(number, rounding="exact")
    sheet = Sheet(cells, tuple(rules))
    return Study(content["title"], content["source"], exhibits, claims, methods, sheet, files)


def _exhibit(entry: dict[str, Any], folder: Path, rounding: str) -> PrintedTable:
    place = f"study.toml, exhibit {entry['id']!r}"
    columns, totals = entry.get("columns", {}), entry.get("totals", {})
    rows: dict[str, dict[str, Reported]] = {}
    if ("file" in entry) != bool(columns):
        raise ValueError(f"{place} needs both 'file' and 'columns', or neither")
    kinds = {name: kind for name, kind in columns.items() if kind != "label"}
    checked(totals, {f"{name}?": ANY for name in kinds}, f"{place}, totals")

    def numbers(cells: Mapping[str, Any], what: str) -> dict[str, Reported]:
        exact = {name: "exact" if kind == "count" else rounding for name, kind in kinds.items()}
        return {
            name: Reported(cells[name], f"{what} {name!r}", exact[name])
            for name in kinds
            if cells.get(name, "") != ""
        }

    for where, (key, *texts) in read_quoted(folder / entry["file"], [*columns]) if columns else []:
        if key in (*rows, TOTAL, ""):
            raise ValueError(
                f"{where}: the row {key!r} stands twice, has no name, or is the total; printed "
                "totals are written as 'totals' in study.toml"
            )
        rows[key] = numbers(dict(zip(columns, texts, strict=True)), f"{where}, column")
    return PrintedTable(
        entry["id"], entry.get("file", ""), entry["title"], kinds, rows,
        numbers(totals, f"{place}, total"), frozenset(entry.get("variables", ())),
    )  # fmt: skip


def _claim(entry: Any, number: int, rounding: str, methods: Mapping[str, Any]) -> Claim:
    place = f"study.toml, claim {number}"
    checked(entry, {"method": tuple(methods), **_FREE}, place)
    method = methods[entry["method"]]
    own = {f"{word}?": TEXT for word in re.findall(r"{(\w+)", str(method))}  # in its sentences
    entry = checked(entry, {**own, **_DETAILS[method["rule"]], **_CLAIM, "method": NAME}, place)
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
    entry: Any, owner: str, place: str, cells: Mapping[Cell, Reported],
    exhibits: Mapping[str, PrintedTable],
) -> Iterator[Rule]:  # fmt: skip
    """Yield the rule that an entry declares, or one for each row where it names columns alone."""
    checked(entry, {"check": tuple(CHECKS), **_FREE}, place)
    check = CHECKS[entry["check"]]
    if entry["check"] == "total":  # of all rows, where nothing else is said
        entry = {"of": "* / " + str(entry.get("target")).rpartition(" / ")[2], **entry}
    options = {f"{key}?": _OPTIONS[key] for key in ("rows", *check.options) if key in _OPTIONS}
    schema = {"check": NAME, "target": NAME, **dict.fromkeys(check.keys, ANY), **options}
    given = checked(entry, schema, place)
    named = {key: _listed(given[key]) for key in check.keys}
    most = max(map(len, named.values()))
    for key, texts in named.items():
        if len(texts) != (number := check.keys[key] or most or 1):
            raise ValueError(
                f"{place}: {key!r} must name {number} of the numbers; given {len(texts)}"
            )
    if "factors" in given and prod(given["factors"]) != most:
        raise ValueError(f"{place}: 'factors' must multiply to the {most} means given")
    chosen = {key: given[key] for key in check.options if key in given}
    once = " / " in given["target"] or owner not in exhibits
    for row in [""] if once else given.get("rows", exhibits[owner].rows):
        target, *more = _cells(given["target"], owner, row, place, cells)
        if more:
            raise ValueError(f"{place}: 'target' names several numbers; name one, or a column")
        operands = {
            key: tuple(_cells(text, owner, row, place, cells) for text in texts)
            for key, texts in named.items()
        }
        if "percent" in check.options:
            columns = exhibits[target[0]].columns if target[0] in exhibits else {}
            chosen["percent"] = columns.get(target[2]) == "percent" or "%" in cells[target].text
        rule = Rule(check, owner, target, operands, dict(chosen))
        if target in rule.sources:
            raise ValueError(f"{place}: 'target' {given['target']!r} is among what it follows from")
        # A rule of the text counts under the exhibit that it draws on, if there is one.
        drawn = (cell[0] for cell in rule.sources if cell[0] in exhibits)
        yield rule if owner in exhibits else replace(rule, exhibit=next(drawn, owner))


def _cells(
    text: Any, owner: str, row: str, place: str, cells: Mapping[Cell, Reported]
) -> tuple[Any, ...]:
    """Cells that a reference means: ``column``, ``row / column``, ``exhibit / row / column``."""
    if type(text) is int:
        return (text,)
    parts = str(text).split(" / ")
    if parts[0].startswith("claim "):
        parts.insert(1, "")  # it has no rows
    exhibit, first, *rest = [owner, row][: max(3 - len(parts), 0)] + parts
    column = " / ".join(rest)
    wanted = [(exhibit, first, column)]
    if first == "*":
        rows = dict.fromkeys(row for name, row, _ in cells if name == exhibit and row != TOTAL)
        wanted = [(exhibit, each, column) for each in rows] or wanted
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


def new_study(folder: Path | str) -> None:
    """Write a commented study that passes, to start from; a FileExistsError if it is there."""
    if Path(folder).exists():
        raise FileExistsError(f"{folder} is there already; name a folder that is not")
    shutil.copytree(EXAMPLE, folder)
