"""Workbooks of Excel: one sheet, with what Excel made of the cells undone where that is certain."""

from __future__ import annotations

import re
import warnings
import zipfile
from collections.abc import Iterable
from datetime import date, datetime, time
from itertools import pairwise
from pathlib import Path
from typing import Any

from churnlib.survey.answer_text import as_text, date_band, normalise
from churnlib.survey.raw_table import RawTable

_OLD = bytes.fromhex("d0cf11e0a1b11ae1")
_BAND = re.compile(r"[0-9]{1,3}\D{0,6}(?:-|to|至|到)[0-9]{1,3}\D*")


def read_spreadsheet(file: Path, sheet: str | None = None) -> RawTable:
    """Read one sheet of a workbook: the one that is named, else the first that is seen."""
    if file.read_bytes()[:8] == _OLD:
        raise ValueError(
            f"{file.name} is protected by a password or in the old .xls format; "
            "remove the password or save it as .xlsx"
        )
    values, formulas = _opened(file, values=True), _opened(file, values=False)
    seen = [s.title for s in values.worksheets if s.sheet_state == "visible" and s.max_row > 1]
    chosen = sheet or [*seen, values.worksheets[0].title][0]
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
    for merged in values[chosen].merged_cells.ranges:
        value = cells[merged.min_row - 1][merged.min_col - 1]
        if merged.max_row > merged.min_row and value is not None:
            for row in cells[merged.min_row : merged.max_row]:
                row[merged.min_col - 1] = value
            notes.append(
                f"sheet {chosen!r}, rows {merged.min_row} to {merged.max_row}: merged cells "
                f"({merged.coord}) were read as one value for each row"
            )
    empty = [
        cell
        for row in formulas[chosen].iter_rows()
        for cell in row
        if cell.data_type == "f" and cells[cell.row - 1][cell.column - 1] is None
    ]
    if empty:
        places = ", ".join(cell.coordinate for cell in empty[:5])
        raise ValueError(
            f"{file.name}, sheet {chosen!r}, row {empty[0].row}: {len(empty)} cells hold a "
            f"formula without its value ({places}{' …' * (len(empty) > 5)}); open the file in a "
            "spreadsheet, save it, and try again"
        )
    columns = [_texts(column, notes) for column in zip(*cells, strict=True)]
    return RawTable(list(map(list, zip(*columns, strict=True))), notes)


def _opened(file: Path, *, values: bool) -> Any:
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


def _texts(column: Iterable[Any], notes: list[str]) -> list[str]:
    """Cells as text; dates among bands are the bands that Excel took for dates."""
    header, *texts = map(_text, column)
    dates = {text: band for text in {*texts} if text[:4].isdigit() and (band := date_band(text))}
    others = {normalise(text) for text in texts if text and text not in dates}
    ends = sorted({(band.low, band.high) for band in dates.values()})
    # Dates as few as answers are, which do not overlap and stand beside other numbers.
    apart = all(lower[1] < upper[0] for lower, upper in pairwise(ends))
    beside = all(re.search("[0-9]", word) and len(word) < 12 for word in others)
    often = sum(text in dates for text in texts) > len(ends) + (not others)
    few = apart and beside and often and len(ends) <= 6
    if not dates or not (few or any(map(_BAND.fullmatch, others))):
        return [header, *texts]
    bands = {text: f"{band.low}-{band.high}" for text, band in dates.items()}
    notes.append(
        f"column {header!r}: dates were read as the bands that they were typed as "
        f"({', '.join(sorted({*bands.values()}))})"
    )
    return [header, *(bands.get(text, text) for text in texts)]


def _text(value: Any) -> str:
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d}" if value.time() == time() else value.isoformat(sep=" ")
    return value.isoformat() if isinstance(value, date) else as_text(value)
