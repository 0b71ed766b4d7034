"""What the thesis prints: its tables and statements, read as text so that no digit is lost."""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from churnlib.evidence import Origin, Reported, Resource, resources
from churnlib.tables import FrequencyTable


@dataclass(frozen=True, eq=False)
class PrintedTable:
    """One table of the thesis as printed, its totals kept apart from its rows.

    Parameters
    ----------
    number : str
        ``"3-1"``, as the thesis numbers it.
    rows : mapping of str to mapping of str to Reported
        Row to column to printed number, in printed order.
    totals : mapping of str to Reported
        The printed total of each column.
    labels : mapping of str to str
        Row to the label printed for it.
    """

    number: str
    rows: Mapping[str, Mapping[str, Reported]]
    totals: Mapping[str, Reported]
    labels: Mapping[str, str]

    @property
    def exhibit(self) -> str:
        """Its name, ``"Table 3-1"``."""
        return f"Table {self.number}"

    def column(self, name: str) -> dict[str, Reported]:
        """One column's printed numbers by row.

        Raises
        ------
        KeyError
            If the table has no such column.
        """
        if name not in self.totals:
            raise KeyError(
                f"{self.exhibit} has no column {name!r}; it has {', '.join(self.totals)}"
            )
        return {row: cells[name] for row, cells in self.rows.items()}

    def numbers(self) -> pd.DataFrame:
        """Return the rows as numbers to compute with: whole ones as integers.

        Examples
        --------
        >>> int(printed_table("3-1").numbers()["closed"].sum())
        112241
        """
        columns = {
            name: [
                float(x.value) if x.decimals else int(x.value) for x in self.column(name).values()
            ]
            for name in self.totals
        }
        return pd.DataFrame(columns, index=pd.Index(self.rows, name="row"))


@dataclass(frozen=True, eq=False)
class Claim:
    """One checkable statement of the thesis, paraphrased.

    Parameters
    ----------
    number : int
        1 to 32, in the order of the text.
    section : str
        Where it stands.
    statement : mapping of str to str
        Paraphrase by language.
    printed : mapping of str to Reported
        The numbers it prints, by name; empty where it prints none.
    method : str
        The procedure that decides it.
    decided_by : mapping of str to str
        Evidence that could decide it, by language.
    details : mapping
        What the method needs to know, such as the levels meant.
    """

    number: int
    section: str
    statement: Mapping[str, str]
    printed: Mapping[str, Reported]
    method: str
    decided_by: Mapping[str, str]
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def where(self) -> str:
        """Its place in the data, for messages."""
        return f"claims.toml, claim {self.number}"


def printed_table(number: str, folder: Path | None = None) -> PrintedTable:
    """Read one printed table.

    Parameters
    ----------
    number : {"3-1", "3-2", "3-3"}
    folder : Path, optional
        A data folder; the project's own when left out.

    Raises
    ------
    KeyError
        If the thesis has no such table.
    FileNotFoundError, ValueError, TypeError
        If its file is missing, malformed, or holds a number without quotes.

    Examples
    --------
    >>> table = printed_table("3-2")
    >>> table.rows["40-59"]["percent"].text, table.totals["frequency"].text
    ('43.5', '200')
    """
    known = resources(folder)
    tables = {n.removeprefix("table-"): r for n, r in known.items() if n.startswith("table-")}
    if number not in tables:
        raise KeyError(f"the thesis has no table {number!r}; it prints {', '.join(tables)}")
    resource = tables[number]
    key, *others = resource.columns
    columns = [column for column in others if column != "printed_label"]
    rows: dict[str, dict[str, Reported]] = {}
    labels: dict[str, str] = {}
    for line in _read_quoted(resource):
        row = line.cells[key]
        if row in rows:
            raise ValueError(f"{line.place}: the row {row!r} stands twice; remove one")
        labels[row] = line.cells.get("printed_label", row)
        rows[row] = {c: Reported(line.cells[c], f"{line.place}, column {c!r}") for c in columns}
    totals = {
        line.cells["column"]: Reported(line.cells["printed"], f"{line.place}, column 'printed'")
        for line in _read_quoted(known["totals"])
        if line.cells["table"] == number
    }
    if set(totals) != set(columns):
        raise ValueError(
            f"{known['totals'].path.name} must hold one total for each of {', '.join(columns)} "
            f"of table {number}; it holds {', '.join(totals) or 'none'}"
        )
    return PrintedTable(number, rows, totals, labels)


def published_frequencies(number: str, folder: Path | None = None) -> FrequencyTable:
    """Frequencies of Table 3-2 or 3-3 as a table to compute with, in codebook order.

    Examples
    --------
    >>> published_frequencies("3-2").n
    200
    """
    table = printed_table(number, folder)
    variables = resources(folder)[f"table-{number}"].variables
    if len(variables) != 1:
        raise ValueError(f"Table {number} is not the frequency table of one survey question")
    counts = {level: cell.value for level, cell in table.column("frequency").items()}
    return FrequencyTable.from_counts(counts, variable=min(variables), origin=Origin.PUBLISHED)


def statements(folder: Path | None = None) -> dict[int, Claim]:
    """Every checkable statement of the thesis by its number.

    Raises
    ------
    FileNotFoundError, ValueError, TypeError
        If ``claims.toml`` is missing, malformed, or holds a number without quotes.

    Examples
    --------
    >>> statements()[12].printed["ratio"].text
    '126%'
    """
    entries = claims_file(folder)["claim"]
    found = [_claim(entry, f"claims.toml, [[claim]] no. {i}") for i, entry in enumerate(entries, 1)]
    numbers = [claim.number for claim in found]
    if numbers != list(range(1, len(found) + 1)):
        raise ValueError(f"claims.toml: claims must be numbered 1, 2, 3, …; found {numbers}")
    return dict(zip(numbers, found, strict=True))


def claims_file(folder: Path | None = None) -> dict[str, Any]:
    """``claims.toml`` as it stands: the statements, and the sentences for their verdicts."""
    file = resources(folder)["claims"].path
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise FileNotFoundError(_MISSING.format(file)) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{file.name} is not a TOML file in UTF-8: {error}") from error
    if not isinstance(content.get("claim"), list):
        raise ValueError(f"{file.name} holds no [[claim]]; restore it from version control")
    return content


def _claim(entry: Mapping[str, Any], place: str) -> Claim:
    required = {"number", "section", "statement", "method", "decided_by"}
    if lacking := sorted(required - set(entry)):
        raise ValueError(f"{place} lacks {', '.join(map(repr, lacking))}")
    for name in ("statement", "decided_by"):
        if not isinstance(entry[name], dict) or set(entry[name]) != {"en", "zh-Hans"}:
            raise ValueError(f"{place}: {name!r} needs a text in 'en' and one in 'zh-Hans'")
    printed = {
        name: Reported(text, f"{place}, printed {name!r}")
        for name, text in entry.get("printed", {}).items()
    }
    details = {k: v for k, v in entry.items() if k not in required | {"printed"}}
    return Claim(
        entry["number"],
        entry["section"],
        entry["statement"],
        printed,
        entry["method"],
        entry["decided_by"],
        details,
    )


_MISSING = "{} is missing; it belongs to the project: restore it from version control"


@dataclass(frozen=True)
class _Line:
    place: str
    cells: Mapping[str, str]


def _read_quoted(resource: Resource) -> list[_Line]:
    """Lines of a CSV file whose every cell must stand in quotes.

    A cell without quotes tells that a spreadsheet has rewritten the file, and 12.0 may have
    become 12 on the way.
    """
    name = resource.path.name
    try:
        text = resource.path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise FileNotFoundError(_MISSING.format(resource.path)) from None
    except UnicodeDecodeError as error:
        raise ValueError(f"{name} is not in UTF-8: {error}") from error
    lines: list[_Line] = []
    header: list[str] | None = None
    for place, cells in _cells(text, name):
        if bare := [cell for cell in cells if not isinstance(cell, str)]:
            raise TypeError(
                f'{place}: the number {bare[0]:g} stands without quotes; write "…" around it '
                "with the digits that were printed"
            )
        if header is None:
            header = cells
            if tuple(header) != resource.columns:
                raise ValueError(
                    f"{place}: the columns must be {', '.join(resource.columns)}; "
                    f"given {', '.join(header)}"
                )
        elif len(cells) != len(header):
            raise ValueError(f"{place} has {len(cells)} cells where {len(header)} belong")
        else:
            lines.append(_Line(place, dict(zip(header, cells, strict=True))))
    if not lines:
        raise ValueError(f"{name} holds no rows; restore it from version control")
    return lines


def _cells(text: str, name: str) -> Iterator[tuple[str, list[Any]]]:
    # QUOTE_NONNUMERIC turns cells without quotes into floats, which is how they are told apart.
    reader = csv.reader(text.splitlines(), quoting=csv.QUOTE_NONNUMERIC, strict=True)
    while True:
        place = f"{name}, line {reader.line_num + 1}"
        try:
            cells = next(reader)
        except StopIteration:
            return
        except (csv.Error, ValueError) as error:
            raise ValueError(f"{place} is malformed: {error}") from error
        yield place, cells
