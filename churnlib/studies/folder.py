"""The files of a study's folder: TOML, CSV in quotes, and which keys an entry may hold."""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

_TYPES: Mapping[str, type] = {
    "id": str, "file": str, "columns": dict, "totals": dict, "variables": list, "rule": list,
    "number": int, "section": str, "printed": dict, "target": str,
}  # fmt: skip
_TOML = {str: "a text in quotes", int: "a whole number", list: "a list [ ]", dict: "a table { }"}


def read_toml(file: Path) -> dict[str, Any]:
    """Return the content of a TOML file."""
    try:
        return tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise FileNotFoundError(
            f"{file} is missing; 'python -m churnlib audit --new FOLDER' writes one to start from"
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{file.name} is not a TOML file in UTF-8: {error}") from error


def read_quoted(file: Path, columns: list[str]) -> list[tuple[str, list[str]]]:
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


def require(entry: Any, needed: Iterable[str], allowed: Iterable[str], place: str) -> None:
    """Refuse an entry that lacks a key, holds an unknown one, or a value of another type."""
    if not isinstance(entry, dict):
        raise ValueError(f"{place} must be a table of keys; given {entry!r}")
    if lacking := sorted(set(needed) - set(entry)):
        raise ValueError(f"{place} lacks {', '.join(map(repr, lacking))}")
    known = sorted({*needed, *allowed})
    if unknown := sorted(set(entry) - set(known)):
        raise ValueError(f"{place}: unknown key {unknown[0]!r}; it may hold {', '.join(known)}")
    for key, value in entry.items():
        if key in _TYPES and not isinstance(value, _TYPES[key]):
            raise ValueError(f"{place}: {key!r} must be {_TOML[_TYPES[key]]}; given {value!r}")
