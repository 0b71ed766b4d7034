"""Exports of survey platforms, read as typed and without the traces of who answered."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from churnlib.survey.personal import EVERY_ANSWER_DIFFERS, reason_of
from churnlib.survey.personal import PERSONAL as PERSONAL
from churnlib.survey.raw_table import Numbered, RawTable, header_of, without_repeats
from churnlib.survey.spreadsheet import read_spreadsheet
from churnlib.survey.spss_file import read_spss
from churnlib.survey.text_file import read_delimited

_WRITTEN_IN = re.compile(r"〖[^〗]*〗")
_WEB_PAGE = (b"<!doctype html", b"<html", b"<table", b"<meta", b"<head", b"<style", b"<div")


def read_answers(
    path: str | Path,
    *,
    keep: Sequence[str] = (),
    encoding: str | None = None,
    header_rows: int | None = None,
    sheet: str | None = None,
) -> pd.DataFrame:
    r"""Read the answer sheets of one survey as typed, every cell as text.

    Parameters
    ----------
    path : str or Path
        A ``.csv`` or ``.txt`` file (UTF-8, UTF-16, GB18030, Big5 or a Western encoding; the
        delimiter is found), an ``.xlsx`` file, or an SPSS ``.sav`` file (needs the extra
        ``churnlib[spss]``).
    keep : sequence of str
        Personal columns to keep, by their headers. All others, known by their wording
        (`PERSONAL`) or their answers, are dropped here and go no further.
    encoding : str, optional
        Of a text file or a ``.sav`` file, where the one that is found is wrong.
    header_rows : int, optional
        How many rows the headers take; two or three are found where that is certain.
    sheet : str, optional
        Of a workbook; the first when left out.

    Returns
    -------
    DataFrame
        One row a sheet, indexed by its ``row`` in the file as a spreadsheet numbers it; an
        empty cell is the empty text. Its ``attrs`` say what was decided (``notes``), what was
        ``dropped`` (free ``texts`` among it), the short ``names`` of questions, the ``orders`` of
        their answers and whether they are ``ordinal``, where the file knows.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is empty, of another format, damaged, or protected by a password.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> file = pathlib.Path(tempfile.mkdtemp(), "export.csv")
    >>> _ = file.write_text("序号,来自IP,1、您的性别\n1,192.0.2.1,女\n", encoding="gb18030")
    >>> read_answers(file)
        序号 1、您的性别
    row
    2    1      女
    >>> read_answers(file).attrs["dropped"]
    ['来自IP']
    """
    file = Path(path)
    if not file.is_file():
        raise FileNotFoundError(f"there is no file {file}; check the path")
    table = _table(file, encoding, sheet)
    notes, rows = list(table.notes), table.numbered()
    if not rows:
        raise ValueError(f"{file.name} holds no cells; export it again")
    header = header_of([cells for _, cells in rows], file.name, header_rows)
    if header.depth > 1 and header_rows is None:
        notes.append(f"the first {header.depth} rows are headers (--header-rows says otherwise)")
    answers = without_repeats(header.texts, rows[header.depth :], notes)
    frame = _frame(header.texts, answers, notes, file.name)
    names = {**table.names, **header.names}
    if unknown := {*keep} - {*frame.columns} - {*map(names.get, frame.columns)}:
        raise ValueError(
            f"{file.name} has no column {min(unknown)!r} to keep; it has {', '.join(frame.columns)}"
        )
    personal = _personal(frame, names, keep)
    frame = frame.drop(columns=[*personal])
    notes += [
        f'the column {header!r} was dropped as personal ({reason}); to keep it: --keep "{header}"'
        for header, reason in personal.items()
    ]
    frame.attrs = {
        "notes": notes,
        "dropped": list(personal),
        "texts": [h for h, reason in personal.items() if reason == EVERY_ANSWER_DIFFERS],
        "names": names,
        "orders": dict(table.orders),
        "ordinal": dict(table.ordinal),
    }
    return frame


def _table(file: Path, encoding: str | None, sheet: str | None) -> RawTable:
    with file.open("rb") as stream:
        start = stream.read(2_000).replace(b"\x00", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \r\n\t")
    if file.stat().st_size == 0:
        raise ValueError(f"{file.name} is empty (0 bytes); export it again")
    if start.lower().startswith(_WEB_PAGE):
        raise ValueError(
            f"{file.name} is a saved web page and no export, whatever its name; download the "
            "export again, or open the page in a spreadsheet and save it as .xlsx"
        )
    match file.suffix.lower():
        case ".csv" | ".txt" | ".tsv":
            return read_delimited(file, encoding)
        case ".xlsx" | ".xlsm":
            return read_spreadsheet(file, sheet)
        case ".sav" | ".zsav":
            return read_spss(file, encoding)
    raise ValueError(
        f"{file.name}: cannot read {file.suffix or 'a file without ending'}; "
        "export it as .csv, .xlsx or .sav"
    )


def _frame(texts: list[str], answers: Numbered, notes: list[str], name: str) -> pd.DataFrame:
    if not answers:
        raise ValueError(f"{name} holds a header and no answers")
    width = len(texts)
    for row, cells in answers:
        if len(cells) < width or any(cell.strip() for cell in cells[width:]):
            raise ValueError(
                f"{name}, row {row} has {len(cells)} cells where {width} belong; look there for a "
                "comma or a line break without quotes, and write empty answers too"
            )
    # 〖…〗 holds what somebody wrote beside an option, and may say who it was.
    rows = [[_WRITTEN_IN.sub("", cell) for cell in cells[:width]] for _, cells in answers]
    if not texts[0] and width > 1 and len({cells[0] for cells in rows}) == len(rows):
        notes.append("the first column has no header and holds the names of rows: left out")
        texts, rows = texts[1:], [cells[1:] for cells in rows]
    for place, twice in enumerate(texts):
        if twice in texts[:place] or not twice:
            what = f"two columns are called {twice!r}" if twice else "a column has no header"
            raise ValueError(
                f"{name}: {what} (column {place + 1}); rename it in the export, or say how many "
                "rows of headers there are (--header-rows)"
            )
    index = pd.Index([row for row, _ in answers], name="row")
    return pd.DataFrame(rows, index, texts, dtype="str")


def _personal(frame: pd.DataFrame, names: Mapping[str, str], keep: Sequence[str]) -> dict[str, str]:
    """Columns that tell who answered and are not to be kept, and why."""
    reasons = {}
    for header in frame.columns:
        name = names.get(header, header)
        reason = reason_of(header, list(frame[header])) or reason_of(name, [])
        if reason and not {header, name} & {*keep}:
            reasons[header] = reason
    return reasons
