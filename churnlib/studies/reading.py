"""A study read from its folder, with one clear error for whatever is wrong in it."""

from __future__ import annotations

import re
import shutil
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from churnlib.evidence import LANGUAGES, PROJECT, Reported
from churnlib.studies.arithmetic import Cell, Operand, Rule, name_of
from churnlib.studies.checks import CHECKS
from churnlib.studies.quoted_csv import read_quoted
from churnlib.studies.study import TOTAL, Claim, PrintedTable, Study

EXAMPLE = Path(__file__).with_name("example")
"""A study of one table that passes: what `audit --new` copies."""

THESIS = PROJECT / "data" / "thesis"
"""The study that is read where none is named."""

_STUDY = {"title", "source"}, {"codebook", "outside", "rounding", "exhibit", "claim", "method"}
_EXHIBIT = {"id", "title"}, {
    "file", "columns", "totals", "unit", "page", "note", "variables", "rule",
}  # fmt: skip
_CLAIM = {"number", "section", "statement", "method"}
_RULE = {"check", "target"}, {"rows", "name"}
_OF = CHECKS["same_as"]
_KINDS = {"count": "exact", "percent": "", "number": "", "label": ""}


def load_study(folder: Path | str | None = None) -> Study:
    """Read the study that a folder describes: ``study.toml`` and the tables that it names.

    Parameters
    ----------
    folder : path, optional
        The project's own study when left out. ``python -m churnlib audit --new FOLDER`` writes
        one to start from.

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
    folder = THESIS if folder is None else Path(folder)
    file = folder / "study.toml"
    content = _toml(file)
    _require(content, *_STUDY, file.name)
    rounding = content.get("rounding", "nearest")
    if rounding not in ("nearest", "truncated"):
        raise ValueError(f"{file.name}: 'rounding' is 'nearest' or 'truncated'; given {rounding!r}")
    exhibits = [_exhibit(entry, folder, rounding) for entry in content.get("exhibit", ())]
    claims = [
        _claim(entry, f"{file.name}, [[claim]] no. {i}", rounding)
        for i, entry in enumerate(content.get("claim", ()), 1)
    ]
    if (numbers := [claim.number for claim in claims]) != list(range(1, len(claims) + 1)):
        raise ValueError(f"{file.name}: claims must be numbered 1, 2, 3, …; found {numbers}")
    named = {exhibit.exhibit: exhibit for exhibit in exhibits}
    if len(named) < len(exhibits):
        raise ValueError(f"{file.name}: two exhibits have the same 'id'; each needs its own")
    study = Study(
        folder, _both(content["title"], file.name), _both(content["source"], file.name), named,
        dict(zip(numbers, claims, strict=True)),
        _toml(EXAMPLE.with_name("methods.toml")) | content.get("method", {}), (),
        {key: folder / content[key] for key in ("codebook", "outside") if key in content},
    )  # fmt: skip
    cells = study.sheet.cells
    rules: list[Rule] = []
    entries = [(entry["id"], entry) for entry in content.get("exhibit", ())]
    entries += [(f"claim {entry['number']}", entry) for entry in content.get("claim", ())]
    for owner, entry in entries:
        for i, rule in enumerate(entry.get("rule", ()), 1):
            place = f"{file.name}, {owner}, rule {i}"
            rules += _rules(rule, owner, study, cells, place)
    return replace(study, rules=tuple(rules))


def new_study(folder: Path | str) -> None:
    """Write a commented study that passes, to start from.

    Raises
    ------
    FileExistsError
        If the folder is there already.
    """
    if Path(folder).exists():
        raise FileExistsError(f"{folder} is there already; name a folder that is not")
    shutil.copytree(EXAMPLE, folder)


def _toml(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise FileNotFoundError(
            f"{file} is missing; 'python -m churnlib audit --new FOLDER' writes one to start from"
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{file.name} is not a TOML file in UTF-8: {error}") from error


def _require(entry: Mapping[str, Any], needed: set[str], allowed: set[str], place: str) -> None:
    if lacking := sorted(needed - set(entry)):
        raise ValueError(f"{place} lacks {', '.join(map(repr, lacking))}")
    if unknown := sorted(set(entry) - needed - allowed):
        raise ValueError(
            f"{place}: unknown key {unknown[0]!r}; it may hold "
            f"{', '.join(sorted(needed | allowed))}"
        )


def _both(text: Any, place: str) -> dict[str, str]:
    """Return a text by language; one without languages serves all."""
    if isinstance(text, str):
        return dict.fromkeys(LANGUAGES, text)
    if not isinstance(text, dict) or set(text) != set(LANGUAGES):
        raise ValueError(f"{place} needs a text in 'en' and one in 'zh-Hans', or one for both")
    return text


def _exhibit(entry: Mapping[str, Any], folder: Path, rounding: str) -> PrintedTable:
    place = f"study.toml, exhibit {entry.get('id', '?')!r}"
    _require(entry, *_EXHIBIT, place)
    columns = entry.get("columns", {})
    for name, kind in columns.items():
        if kind not in _KINDS:
            raise ValueError(
                f"{place}: column {name!r} is of kind {kind!r}; known are {', '.join(_KINDS)}"
            )
    if ("file" in entry) != bool(columns):
        raise ValueError(f"{place} needs both 'file' and 'columns', or neither")

    def number(text: Any, column: str, where: str) -> Reported:
        return Reported(text, where, _KINDS[columns[column]] or rounding)

    rows: dict[str, dict[str, Reported]] = {}
    labels: dict[str, str] = {}
    lines = read_quoted(folder / entry["file"], list(columns)) if columns else ()
    for where, key, cells in lines:
        if key in rows or key == TOTAL:
            raise ValueError(
                f"{where}: the row {key!r} stands twice, or is the total; remove one, and write "
                "printed totals as 'totals' in study.toml"
            )
        labels[key] = key
        rows[key] = {}
        for column, text in cells.items():
            if columns[column] == "label":
                labels[key] = text
            elif text:
                rows[key][column] = number(text, column, f"{where}, column {column!r}")
    totals = entry.get("totals", {})
    if unknown := [c for c in totals if columns.get(c, "label") == "label"]:
        raise ValueError(f"{place}: 'totals' names {unknown[0]!r}, which is no column of numbers")
    return PrintedTable(
        entry["id"],
        _both(entry["title"], f"{place}, 'title'"),
        {name: kind for name, kind in columns.items() if kind != "label"},
        rows,
        {c: number(text, c, f"{place}, total {c!r}") for c, text in totals.items()},
        labels,
        frozenset(entry.get("variables", ())),
        entry.get("file", ""),
    )


def _claim(entry: Mapping[str, Any], place: str, rounding: str) -> Claim:
    # What else a claim holds belongs to its method, which says what is lacking.
    _require(entry, _CLAIM, set(entry), place)
    rounded = _measured(entry.get("rule", ()))
    printed = {}
    for name, text in entry.get("printed", {}).items():
        number = Reported(text, f"{place}, printed {name!r}", rounding)
        whole = not number.decimals and "%" not in text and name not in rounded
        printed[name] = replace(number, rounding="exact") if whole and not number.sign else number
    known = _CLAIM | {"printed", "rule", "decided_by"}
    return Claim(
        entry["number"],
        entry["section"],
        _both(entry["statement"], f"{place}: 'statement'"),
        printed,
        entry["method"],
        _both(entry.get("decided_by", "—"), f"{place}: 'decided_by'"),
        {k: v for k, v in entry.items() if k not in known},
    )


def _measured(rules: Sequence[Mapping[str, Any]]) -> set[str]:
    """Names of a claim's numbers that are rounded even if printed whole: all but counts."""
    keys = {"mean", "means", "sds", "statistic"}
    return {
        str(name)
        for rule in rules
        for key, value in rule.items()
        if key in keys
        or (key == "target" and CHECKS.get(str(rule.get("check")), _OF).keys != ("of",))
        for name in _listed(value)
    }


def _rules(
    entry: Mapping[str, Any], owner: str, study: Study, cells: Mapping[Cell, Any], place: str
) -> Iterator[Rule]:
    """Rules that one entry declares: one, or one for each row where it names columns alone."""
    if entry.get("check") not in CHECKS:
        raise ValueError(
            f"{place}: unknown check {entry.get('check')!r}; known are {', '.join(CHECKS)}"
        )
    check = CHECKS[entry["check"]]
    given = {**entry}
    if entry["check"] == "total":
        given.setdefault("of", "* / " + str(entry.get("target", "")).rpartition(" / ")[2])
    _require(given, _RULE[0] | set(check.keys), _RULE[1] | set(check.options), place)
    exhibit = study.exhibits.get(owner)
    repeats = exhibit is not None and " / " not in given["target"]
    rows = given.get("rows", list(exhibit.rows) if exhibit else []) if repeats else [""]
    for row in rows:

        def cell(text: str, row: str = row) -> tuple[Cell, ...]:
            return _cell(text, owner, row, study, cells, place)

        target, *more = cell(given["target"])
        if more:
            raise ValueError(f"{place}: 'target' names several numbers; name one, or a column")
        operands = {
            key: tuple((x,) if isinstance(x, int) else cell(x) for x in _listed(given[key]))
            for key in check.keys
        }
        places = [c for operand in operands.values() for part in operand for c in part]
        elsewhere = (c[0] for c in places if not isinstance(c, int) and c[0] in study.exhibits)
        home = next(elsewhere, owner) if exhibit is None else owner
        kinds = study.exhibits[target[0]].columns if target[0] in study.exhibits else {}
        percent = kinds.get(target[2]) == "percent" or cells[target].text.strip().endswith("%")
        options = {key: given[key] for key in check.options if key in given} | {"percent": percent}
        words = {key: [_words(o, home, target[1]) for o in operands[key]] for key in check.keys}
        name = _name(check.words, name_of(target, home), words)
        yield Rule(entry["check"], home, given.get("name", name), target, operands, options)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _cell(
    text: Any, owner: str, row: str, study: Study, cells: Mapping[Cell, Any], place: str
) -> tuple[Cell, ...]:
    """Cells that a reference means: ``column``, ``row / column``, ``exhibit / row / column``."""
    parts = str(text).split(" / ")
    if parts[0] in {claim.name for claim in study.claims.values()}:
        parts = [parts[0], "", *parts[1:]]
    elif owner not in study.exhibits and len(parts) == 1:
        parts = [owner, "", *parts]
    elif len(parts) == 1:
        parts = [owner, row, *parts]
    elif len(parts) == 2:
        parts = [owner, *parts]
    found: list[Cell] = []
    if len(parts) == 3:
        first, second, third = parts
        rows = study.exhibits[first].rows if first in study.exhibits and second == "*" else [second]
        found = [(first, one, third) for one in rows]
    if not found or (missing := [one for one in found if one not in cells]):
        what = name_of(missing[0], owner) if found else text
        raise ValueError(
            f"{place}: {text!r} names {what!r}, and no such number is printed in it; write "
            "'column', 'row / column', 'exhibit / row / column' or 'claim 1 / name', or name the "
            "'rows' that have one"
        )
    return tuple(found)


def _words(operand: Operand, home: str, row: str) -> str:
    cells = [str(x) if isinstance(x, int) else name_of(x, home, row) for x in operand]
    if len(operand) > 1 and not isinstance(operand[0], int):
        return f"the rows of {name_of((operand[0][0], '', operand[0][2]), home)}"
    return cells[0]


def _name(pattern: str, target: str, words: Mapping[str, list[str]]) -> str:
    name = pattern.replace("{target}", target)
    for key, each in words.items():
        sign = re.search(rf"{{{key}:(.)}}", name)
        joined = (f" {sign[1]} " if sign else " + ").join(each)
        name = re.sub(rf"{{{key}(:.)?}}", joined.replace("\\", r"\\"), name)
    column = target.split()[-1]
    return re.sub(rf"sum of the rows of {re.escape(column)}$", "sum of the rows", name)
