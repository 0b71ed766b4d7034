"""Workbooks of Excel: one sheet, with what Excel made of the cells undone where that is certain."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable
from datetime import date, datetime, time
from itertools import pairwise
from pathlib import Path
from typing import Any

from churnlib.survey.answer_text import as_text, normalise
from churnlib.survey.raw_table import RawTable

_OLD = bytes.fromhex("d0cf11e0a1b11ae1")
_BAND = re.compile(r"[0-9]{1,3}\D{0,6}(?:-|to|至|到)[0-9]{1,3}\D*")
_SHORT = re.compile(r"(?:[0-9]{1,2}-[a-z]{3}|[a-z]{3}-[0-9]{1,2}|[0-9]{1,2}月[0-9]{1,2}日)")


def read_spreadsheet(file: Path, sheet: str | None = None) -> RawTable:
    """Read one sheet of a workbook: the one that is named, else the first that is seen.

    Raises
    ------
    ValueError
        If the file is protected, damaged or in the old format, the sheet is not there, or a cell
        holds a formula without its value.
    """
    if file.read_bytes()[:8] == _OLD:
        raise ValueError(
            f"{file.name} is protected by a password or in the old .xls format; "
            "remove the password or save it as .xlsx"
        )
    values, formulas = _opened(file, values=True), _opened(file, values=False)
    seen = [s.title for s in values.worksheets if s.sheet_state == "visible" and s.max_row > 1]
    chosen = sheet or (seen or [values.worksheets[0].title])[0]
    if chosen not in values.sheetnames:
        raise ValueError(
            f"{file.name} has no sheet {chosen!r}; it has {', '.join(values.sheetnames)}"
        )
    notes = []
    if others := [f"{name!r}" for name in seen if name != chosen and sheet is None]:
        notes.append(
            f"sheet {chosen!r} was read; {file.name} also has {', '.join(others)} (--sheet NAME)"
        )
    cells = [list(row) for row in values[chosen].iter_rows(values_only=True)]
    _fill_merged(values[chosen], cells, notes)
    _require_values(formulas[chosen], cells, file.name)
    columns = [_texts(column, notes) for column in zip(*cells, strict=True)]
    return RawTable(list(map(list, zip(*columns, strict=True))), notes)


def _opened(file: Path, *, values: bool) -> Any:
    import zipfile

    from openpyxl import load_workbook

    try:
        with warnings.catch_warnings():
            # openpyxl warns about styles and drop-down lists it does not keep; answers it keeps.
            warnings.simplefilter("ignore")
            return load_workbook(file, data_only=values)
    except (zipfile.BadZipFile, KeyError, ValueError, OSError, SyntaxError, IndexError) as error:
        raise ValueError(
            f"{file.name} is damaged or no xlsx file ({error}); export it again"
        ) from error


def _fill_merged(sheet: Any, cells: list[list[Any]], notes: list[str]) -> None:
    """Give every row of cells merged downwards the value that only the first of them keeps."""
    for merged in sheet.merged_cells.ranges:
        top, left = merged.min_row - 1, merged.min_col - 1
        if merged.max_row > merged.min_row and cells[top][left] is not None:
            for row in range(top, merged.max_row):
                cells[row][left] = cells[top][left]
            notes.append(
                f"sheet {sheet.title!r}, rows {merged.min_row} to {merged.max_row}: merged cells "
                f"({merged.coord}) were read as one value for each row"
            )


def _require_values(formulas: Any, cells: list[list[Any]], name: str) -> None:
    empty = [
        cell
        for row in formulas.iter_rows()
        for cell in row
        if cell.data_type == "f" and cells[cell.row - 1][cell.column - 1] is None
    ]
    if empty:
        places = ", ".join(cell.coordinate for cell in empty[:5])
        raise ValueError(
            f"{name}, sheet {formulas.title!r}, row {empty[0].row}: {len(empty)} cells hold a "
            f"formula without its value ({places}{' …' * (len(empty) > 5)}); open the file in a "
            "spreadsheet, save it, and try again"
        )


def _texts(column: Iterable[Any], notes: list[str]) -> list[str]:
    """Cells as text; dates among bands are the bands that Excel took for dates."""
    header, *cells = column
    days = [cell for cell in cells if isinstance(cell, date) and _clock(cell) == time()]
    words = {normalise(as_text(cell)) for cell in cells if cell is not None and cell not in days}
    bands = {_band(day) for day in days}
    if days and (any(map(_BAND.fullmatch, words)) or _few(bands, len(days), words)):
        notes.append(
            f"column {as_text(header)!r}: dates were read as the bands that they were typed as "
            f"({', '.join(sorted(bands))})"
        )
        return [as_text(header), *(_band(c) if c in days else _text(c) for c in cells)]
    return [as_text(header), *map(_text, cells)]


def _few(bands: set[str], days: int, words: set[str]) -> bool:
    """Whether dates are as few as answers are, do not overlap, and stand beside numbers."""
    ends = sorted([int(n) for n in band.split("-")] for band in bands)
    apart = all(one[1] < other[0] for one, other in pairwise(ends))
    beside = all(re.search("[0-9]", word) and len(word) < 12 for word in words)
    return apart and beside and len(bands) <= 6 and days > len(bands) + (not words)


def _band(day: date) -> str:
    return "-".join(map(str, sorted((day.month, day.day))))


def _clock(value: date) -> time:
    return value.time() if isinstance(value, datetime) else time()


def _text(value: Any) -> str:
    if isinstance(value, date) and _clock(value) == time():
        return f"{value:%Y-%m-%d}"
    return value.isoformat(sep=" ") if isinstance(value, datetime) else as_text(value)
