"""Tables whose every cell stands in quotes, so that no printed digit is lost."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def read_quoted(file: Path, columns: list[str]) -> Iterator[tuple[str, str, dict[str, str]]]:
    """Place, first cell and other cells of each line of a CSV file in quotes throughout.

    A cell without quotes tells that a spreadsheet has rewritten the file, and 12.0 may have
    become 12 on the way.
    """
    name = file.name
    try:
        text = file.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise FileNotFoundError(f"{file} is missing; study.toml names it") from None
    except UnicodeDecodeError as error:
        raise ValueError(f"{name} is not in UTF-8: {error}") from error
    # QUOTE_NONNUMERIC turns cells without quotes into floats, which is how they are told apart.
    reader = csv.reader(text.splitlines(), quoting=csv.QUOTE_NONNUMERIC, strict=True)
    header: list[Any] | None = None
    lines = 0
    while True:
        place = f"{name}, line {reader.line_num + 1}"
        try:
            cells: list[Any] = next(reader)
        except StopIteration:
            break
        except (csv.Error, ValueError) as error:
            raise ValueError(f"{place} is malformed: {error}") from error
        if bare := [cell for cell in cells if not isinstance(cell, str)]:
            raise TypeError(
                f'{place}: the number {bare[0]:g} stands without quotes; write "…" around it '
                "with the digits that were printed"
            )
        if header is None:
            header = cells
            if header[1:] != columns:
                raise ValueError(
                    f"{place}: the columns after the first must be {', '.join(columns)}, as in "
                    f"study.toml; given {', '.join(header[1:])}"
                )
        elif len(cells) != len(header):
            raise ValueError(f"{place} has {len(cells)} cells where {len(header)} belong")
        else:
            lines += 1
            yield place, cells[0], dict(zip(columns, cells[1:], strict=True))
    if not lines:
        raise ValueError(f"{name} holds no rows")
