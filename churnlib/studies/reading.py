"""A study read from its folder, with one clear error for whatever is wrong in it."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from churnlib.evidence import LANGUAGES, PROJECT, Reported
from churnlib.studies import keys
from churnlib.studies.arithmetic import Cell
from churnlib.studies.folder import read_quoted, read_toml
from churnlib.studies.rules import declared_rules, listed
from churnlib.studies.study import TOTAL, Claim, Method, PrintedTable, Study

EXAMPLE = Path(__file__).with_name("example")
"""A study of one table that passes: what `audit --new` copies."""

THESIS = PROJECT / "data" / "thesis"
"""The study that is read where none is named."""

Named = Study | Path | str | None
"""A study, or the folder of one; the project's own when None."""

_KINDS = {"count": "exact", "percent": "", "number": "", "label": ""}
_MEASURED = ("mean", "means", "sds", "statistic")
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
    missing = "'python -m churnlib audit --new FOLDER' writes one to start from"
    content = keys.checked(read_toml(folder / "study.toml", missing), keys.STUDY, "study.toml")
    rounding = content.get("rounding", "nearest")
    common = read_toml(EXAMPLE.with_name("methods.toml"), "reinstall churnlib")
    declared = common | content.get("method", {})
    methods = {name: _method(name, entry) for name, entry in declared.items()}
    entries: dict[str, list[Any]] = {key: content.get(key, []) for key in ("exhibit", "claim")}
    exhibits = [_exhibit(entry, folder, rounding) for entry in entries["exhibit"]]
    claims = [_claim(entry, i, rounding, methods) for i, entry in enumerate(entries["claim"], 1)]
    if (numbers := [claim.number for claim in claims]) != list(range(1, len(claims) + 1)):
        raise ValueError(f"study.toml: claims must be numbered 1, 2, 3, …; found {numbers}")
    if len(by_name := {exhibit.exhibit: exhibit for exhibit in exhibits}) < len(exhibits):
        raise ValueError("study.toml: two exhibits have the same 'id'; each needs its own")
    named: list[str] = [key for key in ("codebook", "outside") if key in content]
    files = {key: folder / content[key] for key in named}
    for key, file in files.items():
        if not file.is_file():
            raise FileNotFoundError(f"{file} is missing; study.toml names it as {key!r}")
    study = Study(
        folder,
        content["title"],
        content["source"],
        by_name,
        {claim.number: claim for claim in claims},
        methods,
        (),
        files,
    )
    owners = [*by_name, *(claim.name for claim in claims)]
    rules = [
        rule
        for owner, entry in zip(owners, entries["exhibit"] + entries["claim"], strict=True)
        for i, given in enumerate(entry.get("rule", ()), 1)
        for rule in declared_rules(given, owner, study, f"study.toml, {owner}, rule {i}")
    ]
    measured = {rule.target for rule in rules if "of" not in rule.operands}
    measured |= {cell for rule in rules for key in _MEASURED for cell in rule.named(key)}
    counted = {claim.number: _with_counts(claim, measured) for claim in claims}
    return replace(study, claims=counted, rules=tuple(rules))


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


def _method(name: str, entry: dict[str, Any]) -> Method:
    place = f"study.toml, method {name!r}"
    rule = keys.choice(entry, "rule", keys.DETAILS, place)
    cases = dict.fromkeys(entry.keys() - {"rule", "how"}, keys.TEXT)
    entry = keys.checked(entry, ({"rule": keys.STR, "how": keys.STR}, cases), place)
    return Method(rule, entry["how"], {case: entry[case] for case in cases})


def _exhibit(entry: Any, folder: Path, rounding: str) -> PrintedTable:
    place = f"study.toml, exhibit {entry.get('id', '?') if isinstance(entry, dict) else '?'!r}"
    entry = keys.checked(entry, keys.EXHIBIT, place)
    columns, totals = entry.get("columns", {}), entry.get("totals", {})
    if wrong := [name for name, kind in columns.items() if kind not in list(_KINDS)]:
        raise ValueError(
            f"{place}: column {wrong[0]!r} is of kind {columns[wrong[0]]!r}; known are "
            f"{', '.join(_KINDS)}"
        )
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

    lines = read_quoted(folder / entry["file"], list(columns)) if columns else []
    rows: dict[str, dict[str, Reported]] = {}
    for where, (key, *texts) in lines:
        if key in (*rows, TOTAL, ""):
            raise ValueError(
                f"{where}: the row {key!r} stands twice, has no name, or is the total; printed "
                "totals are written as 'totals' in study.toml"
            )
        rows[key] = numbers(dict(zip(columns, texts, strict=True)), f"{where}, column")
    return PrintedTable(
        entry["id"],
        entry["title"],
        {name: kind for name, kind in columns.items() if kind != "label"},
        rows,
        numbers(totals, f"{place}, total"),
        frozenset(entry.get("variables", ())),
        entry.get("file", ""),
    )


def _claim(entry: Any, number: int, rounding: str, methods: Mapping[str, Method]) -> Claim:
    place = f"study.toml, claim {number}"
    method = methods[keys.choice(entry, "method", methods, place)]
    (needed, optional), words = keys.DETAILS[method.rule], dict.fromkeys(method.words, keys.TEXT)
    entry = keys.checked(
        entry, ({**keys.CLAIM[0], **needed}, {**words, **optional, **keys.CLAIM[1]}), place
    )
    for key in keys.PARTS.keys() & entry.keys():
        for part in listed(entry[key]):
            keys.checked(part, keys.PARTS[key], f"{place}, {key!r}")
    return Claim(
        entry["number"],
        entry["section"],
        entry["statement"],
        {
            key: Reported(text, f"{place}, printed {key!r}", rounding)
            for key, text in entry.get("printed", {}).items()
        },
        entry["method"],
        entry.get("decided_by", dict.fromkeys(LANGUAGES, "—")),
        {key: x for key, x in entry.items() if key not in (*keys.CLAIM[0], *keys.CLAIM[1])},
    )


def _with_counts(claim: Claim, measured: Collection[Cell]) -> Claim:
    """Return the claim with each whole number in it as exact, unless it is a measurement."""
    printed = {
        cell[2]: number
        if cell in measured or number.decimals or number.sign or "%" in number.text
        else replace(number, rounding="exact")
        for cell, number in claim.cells.items()
    }
    return replace(claim, printed=printed)
