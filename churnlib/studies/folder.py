"""The files of a study's folder: TOML, and CSV in quotes."""

from __future__ import annotations

import csv
import tomllib
from pathlib import Path
from typing import Any


def read_toml(file: Path, missing: str) -> dict[str, Any]:
    """Return the content of a TOML file; `missing` says what to do where there is none."""
    try:
        return tomllib.loads(_text(file, missing))
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{file.name} is not a TOML file: {error}") from error


def read_quoted(file: Path, columns: list[str]) -> list[tuple[str, list[str]]]:
    """Place and cells of each line of a CSV file in quotes throughout.

    A cell without quotes tells that a spreadsheet has rewritten the file, and 12.0 may have
    become 12 on the way.
    """
    text = _text(file, "study.toml names it")
    # QUOTE_NONNUMERIC turns cells without quotes into floats, which is how they are told apart.
    reader = csv.reader(text.splitlines(), quoting=csv.QUOTE_NONNUMERIC, strict=True)
    try:
        lines = [(f"{file.name}, line {reader.line_num}", cells) for cells in reader if cells]
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


def _text(file: Path, missing: str) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except (FileNotFoundError, IsADirectoryError):
        raise FileNotFoundError(f"{file} is missing; {missing}") from None
    except UnicodeDecodeError as error:
        raise ValueError(f"{file.name} is not in UTF-8: {error}") from error
