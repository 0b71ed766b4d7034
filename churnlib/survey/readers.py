"""Exports of survey platforms, read as typed and without the traces of who answered."""

from __future__ import annotations

import csv
import re
import unicodedata
import warnings
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pandas as pd

from churnlib.survey.answer_text import as_text

PERSONAL = (
    "提交答卷时间", "提交时间", "开始时间", "结束时间", "所用时间", "来源", "来源详情", "来自IP",
    "IP", "IP地址", "答题IP", "地理位置", "用户ID", "昵称", "姓名", "手机", "手机号", "邮箱",
    "客户号", "卡号", "账号", "身份证号", "微信", "地址",
    "submitted", "submitted at", "started", "start time", "end time", "start date", "end date",
    "startdate", "enddate", "recordeddate", "timestamp", "completion time", "duration",
    "duration (seconds)", "duration (in seconds)", "source", "ip address", "ipaddress",
    "locationlatitude", "locationlongitude", "name", "first name", "last name",
    "recipientfirstname", "recipientlastname", "email", "email address", "recipientemail",
    "phone", "phone number", "address", "user id", "customer id", "client id",
    "account number", "card number",
)  # fmt: skip
"""Headers of columns that tell who answered, from where, or when; letter case does not matter."""


def read_answers(path: str | Path, *, keep: Sequence[str] = ()) -> pd.DataFrame:
    r"""Read the answer sheets of one survey as typed, every cell as text.

    Parameters
    ----------
    path : str or Path
        A ``.csv`` or ``.txt`` file (UTF-8, UTF-16, GB18030 or Big5; the delimiter is found),
        an ``.xlsx`` file (its first sheet), or an SPSS ``.sav`` file (needs the extra
        ``churnlib[spss]``).
    keep : sequence of str
        Personal columns to keep, by their headers. All others of `PERSONAL` are dropped here
        and go no further.

    Returns
    -------
    DataFrame
        One row a sheet, indexed by its ``row`` in the file as a spreadsheet numbers it; an
        empty cell is the empty text.

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
    """
    file = Path(path)
    if not file.is_file():
        raise FileNotFoundError(f"there is no file {file}; check the path")
    readers = {".csv": _csv, ".txt": _csv, ".tsv": _csv, ".xlsx": _xlsx, ".sav": _sav}
    try:
        read = readers[file.suffix.lower()]
    except KeyError:
        raise ValueError(
            f"{file.name}: cannot read {file.suffix or 'a file without ending'}; "
            "export it as .csv, .xlsx or .sav"
        ) from None
    if file.stat().st_size == 0:
        raise ValueError(f"{file.name} is empty (0 bytes); export it again")
    return _without_personal(_frame(read(file), file.name), keep, file.name)


def _frame(rows: Iterable[Sequence[str]], name: str) -> pd.DataFrame:
    numbered = [(i, list(row)) for i, row in enumerate(rows, 1) if any(c.strip() for c in row)]
    if not numbered:
        raise ValueError(f"{name} holds no cells; export it again")
    (_, header), *answers = numbered
    while header and not header[-1].strip():
        header.pop()
    header = [cell.strip() for cell in header]
    if not answers:
        raise ValueError(f"{name} holds a header and no answers")
    for place, twice in enumerate(header):
        if twice in header[:place] or not twice:
            what = f"two columns are called {twice!r}" if twice else "a column has no header"
            raise ValueError(f"{name}: {what} (column {place + 1}); rename it in the export")
    width = len(header)
    for row, cells in answers:
        if len(cells) < width or any(cell.strip() for cell in cells[width:]):
            raise ValueError(f"{name}, row {row} has {len(cells)} cells where {width} belong")
    index = pd.Index([row for row, _ in answers], name="row")
    return pd.DataFrame([cells[:width] for _, cells in answers], index, header, dtype="str")


def _without_personal(frame: pd.DataFrame, keep: Sequence[str], name: str) -> pd.DataFrame:
    unknown = [header for header in keep if header not in frame.columns]
    if unknown:
        raise ValueError(
            f"{name} has no column {unknown[0]!r} to keep; it has {', '.join(frame.columns)}"
        )
    personal = {header.casefold() for header in PERSONAL}
    dropped = [
        header
        for header in frame.columns
        if header not in keep and _bare(header).casefold() in personal
    ]
    return frame.drop(columns=dropped)


def _bare(header: str) -> str:
    return unicodedata.normalize("NFKC", header).strip()


def _csv(file: Path) -> list[list[str]]:
    text = decode(file.read_bytes(), file.name)
    first = text.lstrip("\n\r").splitlines()[0] if text.strip() else ""
    delimiter = max(",;\t", key=first.count)
    try:
        return list(csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise ValueError(f"{file.name} is no well-formed CSV file: {error}") from error


def decode(data: bytes, name: str) -> str:
    """Decode the bytes of an export: by its mark, else UTF-8, then GB18030, then Big5.

    The order matters: GB18030 would read UTF-8 as other characters without complaint, and it
    would read Big5 as private ones, which no questionnaire holds.

    Examples
    --------
    >>> decode("學歷：碩士及以上".encode("big5"), "x.csv")
    '學歷：碩士及以上'

    Raises
    ------
    ValueError
        If none of them gives text.
    """
    for mark, encoding in (
        (b"\xef\xbb\xbf", "utf-8-sig"),
        (b"\xff\xfe", "utf-16"),
        (b"\xfe\xff", "utf-16"),
    ):
        if data.startswith(mark):
            return _strictly(data, (encoding,), name)
    if b"\x00" in data:
        little = data[1::2].count(0) >= data[::2].count(0)
        return _strictly(data, ("utf-16-le" if little else "utf-16-be",), name)
    return _strictly(data, ("utf-8", "gb18030", "big5", "big5hkscs"), name)


def _strictly(data: bytes, encodings: Sequence[str], name: str) -> str:
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if not re.search("[\ue000-\uf8ff\ufffd\x00]", text):
            return text
    raise ValueError(
        f"{name} is not text in {', '.join(encodings)}; save it as CSV UTF-8 and try again"
    )


def _xlsx(file: Path) -> list[list[str]]:
    import zipfile

    if file.read_bytes()[:8] == bytes.fromhex("d0cf11e0a1b11ae1"):
        raise ValueError(
            f"{file.name} is protected by a password or in the old .xls format; "
            "remove the password or save it as .xlsx"
        )
    from openpyxl import load_workbook

    try:
        with warnings.catch_warnings():
            # openpyxl warns about styles and drop-down lists it does not keep; answers it keeps.
            warnings.simplefilter("ignore")
            book = load_workbook(file, read_only=True, data_only=True)
            rows = [
                [_cell(cell) for cell in row]
                for row in book.worksheets[0].iter_rows(values_only=True)
            ]
            book.close()
    except (zipfile.BadZipFile, KeyError, ValueError, OSError, SyntaxError, IndexError) as error:
        raise ValueError(
            f"{file.name} is damaged or no xlsx file ({error}); export it again"
        ) from error
    width = max(map(len, rows), default=0)
    return [row + [""] * (width - len(row)) for row in rows]


def _cell(value: Any) -> str:
    # A spreadsheet takes "1-2" for a date; what it then shows a person is the month and the day.
    if isinstance(value, datetime) and (value.hour, value.minute, value.second) != (0, 0, 0):
        return value.isoformat(sep=" ")
    if isinstance(value, date):
        return f"{value.month}月{value.day}日"
    return as_text(value)


def _sav(file: Path) -> list[list[str]]:
    try:
        import pyreadstat
    except ImportError:
        raise ImportError(
            "reading .sav files needs pyreadstat; install it with: pip install 'churnlib[spss]'"
        ) from None
    try:
        frame, meta = pyreadstat.read_sav(str(file))
    except (pyreadstat.ReadstatError, UnicodeDecodeError) as error:
        raise ValueError(f"{file.name} is damaged or no SPSS file ({error})") from error
    questions = meta.column_names_to_labels
    headers = [questions.get(name) or name for name in frame.columns]
    columns = [
        [_labelled(value, meta.variable_value_labels.get(name)) for value in frame[name]]
        for name in frame.columns
    ]
    return [headers, *map(list, zip(*columns, strict=True))]


def _labelled(value: Any, labels: dict[Any, str] | None) -> str:
    if labels is None or as_text(value) == "":
        return as_text(value)
    # A code without a label must not be mistaken for a quantity later on.
    return labels.get(value, f"undeclared code {as_text(value)}")
