"""A study read from its folder, with one clear error for whatever is wrong in it."""

from __future__ import annotations

import csv
import shutil
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from churnlib.evidence import LANGUAGES, PROJECT, Reported
from churnlib.studies.arithmetic import Cell, Operand, Rule, name_of
from churnlib.studies.checks import CHECKS
from churnlib.studies.study import TOTAL, Claim, PrintedTable, Study

EXAMPLE = Path(__file__).with_name("example")
"""A study of one table that passes: what `audit --new` copies."""

THESIS = PROJECT / "data" / "thesis"
"""The study that is read where none is named."""

Named = Study | Path | str | None
"""A study, or the folder of one; the project's own when None."""

_STUDY = {"title", "source"}, {"codebook", "outside", "rounding", "exhibit", "claim", "method"}
_EXHIBIT = {"id", "title"}, {
    "file", "columns", "totals", "unit", "page", "note", "variables", "rule",
}  # fmt: skip
_CLAIM = {"number", "section", "statement", "method"}, {"printed", "rule", "decided_by"}
_KINDS = {"count": "exact", "percent": "", "number": "", "label": ""}
_MEASURED = {"mean", "means", "sds", "statistic"}
"""Keys of rules whose numbers are rounded even if printed whole."""


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
    content = _toml(folder / "study.toml")
    _require(content, *_STUDY, "study.toml")
    rounding = content.get("rounding", "nearest")
    if rounding not in ("nearest", "truncated"):
        raise ValueError(f"study.toml: 'rounding' is 'nearest' or 'truncated'; given {rounding!r}")
    entries: dict[str, list[Any]] = {key: content.get(key, []) for key in ("exhibit", "claim")}
    exhibits = [_exhibit(entry, folder, rounding) for entry in entries["exhibit"]]
    claims = [_claim(entry, i, rounding) for i, entry in enumerate(entries["claim"], 1)]
    if (numbers := [claim.number for claim in claims]) != list(range(1, len(claims) + 1)):
        raise ValueError(f"study.toml: claims must be numbered 1, 2, 3, …; found {numbers}")
    if len(named := {exhibit.exhibit: exhibit for exhibit in exhibits}) < len(exhibits):
        raise ValueError("study.toml: two exhibits have the same 'id'; each needs its own")
    study = Study(
        folder,
        _both(content["title"], "study.toml: 'title'"),
        _both(content["source"], "study.toml: 'source'"),
        named,
        {claim.number: claim for claim in claims},
        _toml(EXAMPLE.with_name("methods.toml")) | content.get("method", {}),
        (),
        {key: folder / content[key] for key in ("codebook", "outside") if key in content},
    )
    owners = [*named, *(claim.name for claim in claims)]
    rules = [
        rule
        for owner, entry in zip(owners, entries["exhibit"] + entries["claim"], strict=True)
        for i, given in enumerate(entry.get("rule", ()), 1)
        for rule in _rules(given, owner, study, f"study.toml, {owner}, rule {i}")
    ]
    return replace(study, rules=tuple(rules))


def opened(study: Named) -> Study:
    """Return a study, read from its folder where that is given."""
    return study if isinstance(study, Study) else load_study(study)


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
        return tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise FileNotFoundError(
            f"{file} is missing; 'python -m churnlib audit --new FOLDER' writes one to start from"
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{file.name} is not a TOML file in UTF-8: {error}") from error


def _lines(file: Path, columns: list[str]) -> list[tuple[str, list[str]]]:
    """Place and cells of each line of a CSV file in quotes throughout.

    A cell without quotes tells that a spreadsheet has rewritten the file, and 12.0 may have
    become 12 on the way.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise FileNotFoundError(f"{file} is missing; study.toml names it") from None
    except UnicodeDecodeError as error:
        raise ValueError(f"{file.name} is not in UTF-8: {error}") from error
    # QUOTE_NONNUMERIC turns cells without quotes into floats, which is how they are told apart.
    reader = csv.reader(text.splitlines(), quoting=csv.QUOTE_NONNUMERIC, strict=True)
    lines: list[tuple[str, list[Any]]] = []
    try:
        lines += ((f"{file.name}, line {reader.line_num}", cells) for cells in reader if cells)
    except (csv.Error, ValueError) as error:
        raise ValueError(
            f"{file.name}, line {reader.line_num} is malformed: {error}; every cell stands in "
            'quotes, "…"'
        ) from error
    for place, cells in lines:
        if bare := [cell for cell in cells if not isinstance(cell, str)]:
            raise TypeError(
                f'{place}: the number {bare[0]:g} stands without quotes; write "…" around it '
                "with the digits that were printed"
            )
        if len(cells) != 1 + len(columns) and cells is not lines[0][1]:
            raise ValueError(f"{place} has {len(cells)} cells where {1 + len(columns)} belong")
    if len(lines) < 2:
        raise ValueError(f"{file.name} holds no rows")
    if (given := lines[0][1][1:]) != columns:
        raise ValueError(
            f"{lines[0][0]}: the columns after the first must be {', '.join(columns)}, as in "
            f"study.toml; given {', '.join(given)}"
        )
    return lines[1:]


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
    columns, totals = entry.get("columns", {}), entry.get("totals", {})
    if wrong := {name: kind for name, kind in columns.items() if kind not in _KINDS}:
        name, kind = wrong.popitem()
        raise ValueError(f"{place}: column {name!r} is of kind {kind!r}; known are {_list(_KINDS)}")
    if ("file" in entry) != bool(columns):
        raise ValueError(f"{place} needs both 'file' and 'columns', or neither")
    if unknown := [c for c in totals if columns.get(c, "label") == "label"]:
        raise ValueError(f"{place}: 'totals' names {unknown[0]!r}, which is no column of numbers")

    def numbers(cells: Mapping[str, Any], what: str) -> dict[str, Reported]:
        return {
            name: Reported(text, f"{what} {name!r}", _KINDS[columns[name]] or rounding)
            for name, text in cells.items()
            if columns[name] != "label" and text != ""
        }

    rows: dict[str, dict[str, Reported]] = {}
    for where, (key, *texts) in _lines(folder / entry["file"], list(columns)) if columns else ():
        if key in (*rows, TOTAL):
            raise ValueError(
                f"{where}: the row {key!r} stands twice, or is the total; remove one, and write "
                "printed totals as 'totals' in study.toml"
            )
        rows[key] = numbers(dict(zip(columns, texts, strict=True)), f"{where}, column")
    return PrintedTable(
        entry["id"],
        _both(entry["title"], f"{place}, 'title'"),
        {name: kind for name, kind in columns.items() if kind != "label"},
        rows,
        numbers(totals, f"{place}, total"),
        frozenset(entry.get("variables", ())),
        entry.get("file", ""),
    )


def _claim(entry: Mapping[str, Any], number: int, rounding: str) -> Claim:
    place = f"study.toml, [[claim]] no. {number}"
    # What else a claim holds belongs to its method, which says what is lacking.
    _require(entry, _CLAIM[0], set(entry), place)
    measured = {
        str(name)
        for rule in entry.get("rule", ())
        for key, value in rule.items()
        if key in _MEASURED or (key == "target" and "of" not in rule)
        for name in _listed(value)
    }
    printed = {}
    for name, text in entry.get("printed", {}).items():
        reported = Reported(text, f"{place}, printed {name!r}", rounding)
        whole = not (reported.decimals or reported.sign or "%" in text or name in measured)
        printed[name] = replace(reported, rounding="exact") if whole else reported
    return Claim(
        entry["number"],
        entry["section"],
        _both(entry["statement"], f"{place}: 'statement'"),
        printed,
        entry["method"],
        _both(entry.get("decided_by", "—"), f"{place}: 'decided_by'"),
        {k: v for k, v in entry.items() if k not in _CLAIM[0] | _CLAIM[1]},
    )


def _rules(entry: Mapping[str, Any], owner: str, study: Study, place: str) -> Iterator[Rule]:
    """Rules that one entry declares: one, or one for each row where it names columns alone."""
    if entry.get("check") not in CHECKS:
        raise ValueError(
            f"{place}: unknown check {entry.get('check')!r}; known are {_list(CHECKS)}"
        )
    check = CHECKS[entry["check"]]
    given = {**entry}
    if entry["check"] == "total":
        given.setdefault("of", "* / " + str(entry.get("target", "")).rpartition(" / ")[2])
    _require(given, {"check", "target", *check.keys}, {"rows", *check.options}, place)
    exhibit = study.exhibits.get(owner)
    repeats = exhibit is not None and " / " not in given["target"]
    for row in given.get("rows", list(exhibit.rows)) if exhibit and repeats else [""]:
        target, *more = _cells(given["target"], owner, row, study, place)
        if more:
            raise ValueError(f"{place}: 'target' names several numbers; name one, or a column")
        operands: dict[str, tuple[Operand, ...]] = {
            key: tuple(
                (x,) if isinstance(x, int) else _cells(x, owner, row, study, place)
                for x in _listed(given[key])
            )
            for key in check.keys
        }
        options = {key: given[key] for key in check.options if key in given}
        kinds = study.exhibits[target[0]].columns if target[0] in study.exhibits else {}
        text = study.sheet.cells[target].text.strip()
        options["percent"] = kinds.get(target[2]) == "percent" or text.endswith("%")
        rule = Rule(entry["check"], owner, target, operands, options)
        # A rule of the text counts under the exhibit that it draws on, if there is one.
        drawn = (cell[0] for cell in rule.sources if cell[0] in study.exhibits)
        yield rule if exhibit else replace(rule, exhibit=next(drawn, owner))


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _list(names: Mapping[str, Any]) -> str:
    return ", ".join(names)


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
    missing = [name_of(cell, owner) for cell in cells if cell not in study.sheet.cells]
    if missing or not cells:
        raise ValueError(
            f"{place}: {text!r} names {(missing or [text])[0]!r}, and no such number is printed in "
            "it; write 'column', 'row / column', 'exhibit / row / column' or 'claim 1 / name', or "
            "name the 'rows' that have one"
        )
    return tuple(cells)
