"""One reader a format: text, Excel and SPSS files as rows of texts."""

from __future__ import annotations

import csv
import json
import re
import warnings
import zipfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from io import StringIO
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

import pandas as pd

from churnlib.survey.answer_text import as_text, date_band, normalise

_MARKS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
_NO_TEXT = re.compile("[\ue000-\uf8ff\ufffd\x00]")
"""Signs that a wrong encoding gives: private ones and replacements."""
_HAN = "[\u3400-\u9fff]"
_LEVEL_1 = {"gb18030": (b"\xb0", b"\xd7", "gb2312"), "big5": (b"\xa4", b"\xc6", "big5")}
"""First bytes of the frequent characters, and the standard that orders them so."""
_WESTERN = ["cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1257"]
_SURE, _BETTER = 0.3, 0.1  # of charset-normalizer's coherence, which goes from 0 to 1
_OLD_EXCEL = bytes.fromhex("d0cf11e0a1b11ae1")
_BAND = re.compile(r"[0-9]{1,3}\D{0,6}(?:-|to|至|到)[0-9]{1,3}\D*")


@dataclass(frozen=True)
class RawTable:
    """All rows of a file, blank ones too, and what was decided while they were read.

    By header, where the file knows: answers in the order of their codes, whether that order means
    something, and the short name of the question.
    """

    rows: Sequence[Sequence[str]]
    notes: list[str]
    orders: Mapping[str, list[str]] = field(default_factory=dict)
    ordinal: Mapping[str, bool] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)


def read_delimited(file: Path, encoding: str | None = None) -> RawTable:
    """Read the rows of a csv, tsv or txt file; its encoding and delimiter are found."""
    data, notes = file.read_bytes(), []
    chosen = encoding or encoding_of(data)
    if encoding is None and not chosen.startswith("utf"):
        notes.append(
            f"{file.name} was read as {chosen}; if letters look wrong, say another (--encoding)"
        )
    text = decode(data, chosen)
    if named := re.match(r'(?i)[ \t]*"?sep=([^"\r\n]?).*', text):
        text = text[named.end() :]  # the line break stays, so that rows keep their numbers
    delimiter = (named and named[1]) or max(",;\t|", key=lambda sign: _fit(text, sign))
    try:
        rows = list(csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise ValueError(
            f" is no well-formed CSV file: {error}; export it again, or open it in a "
            "spreadsheet and save it as .xlsx"
        ) from error
    header, *answers = [row for row in rows if any(row)] or [[]]
    apart = len({row[0] for row in answers}) == len(answers) > 1
    if apart and all(len(row) == len(header) + 1 for row in answers):
        header.insert(0, "")  # R writes the names of rows without a header above them
    return RawTable(rows, notes)


def _fit(text: str, delimiter: str) -> tuple[float, int]:
    """The share of rows that it cuts into equally many cells, and how many these are."""
    rows = filter(any, csv.reader(StringIO(text, newline=""), delimiter=delimiter))
    widths = Counter(len(row) for row in islice(rows, 200))
    width = max((w for w in widths if w > 1), key=widths.__getitem__, default=0)
    return widths[width] / max(widths.total(), 1), width


def decode(data: bytes, encoding: str) -> str:
    """Decode the bytes of a file without its mark, or raise a ValueError."""
    try:
        text = _text(data, encoding) if encoding else None
    except LookupError as error:
        raise ValueError(f": {error}; utf-8, gb18030, big5 and cp1252 are some") from None
    if text is None:
        raise ValueError(
            f" is not text in {encoding or 'utf-8, utf-16, gb18030, big5 or cp1252'}; say its "
            "encoding (--encoding), or save it as CSV UTF-8 and try again"
        )
    return text.lstrip("\ufeff")


def encoding_of(data: bytes) -> str:
    """Find the encoding of a text: its mark, UTF-8 or 16, then Chinese or Western by evidence.

    It is empty where none is likely.

    Examples
    --------
    >>> [encoding_of(text.encode("big5")) for text in ("學歷：碩士", "Master")]
    ['big5', 'utf-8']
    >>> encoding_of("Männlich,Sehr zufrieden".encode("cp1252"))
    'cp1252'
    """
    if marks := [mark for mark in _MARKS if data.startswith(mark)]:
        return _MARKS[marks[0]]
    little = data[1::2].count(0) >= data[::2].count(0)
    unicode = ("utf-16-le" if little else "utf-16-be") if b"\x00" in data else "utf-8"
    return unicode if _text(data, unicode) is not None else _chinese(data) or _western(data)


def _text(data: bytes, encoding: str) -> str | None:
    try:
        text = data.decode(encoding)
    except UnicodeError:
        return None
    wrong = "\x00" in text if encoding.startswith("utf") else _NO_TEXT.search(text)
    return None if wrong else text


def _chinese(data: bytes) -> str:
    """The Chinese encoding that gives the larger share of frequent characters, "" if few are.

    Nearly any bytes can be read as GB18030, which makes rare characters of them: ``M鋘nlich``.
    Big5 makes one of an accented letter and a plain one inside a word.
    """
    shares = {"": 0.5}
    for encoding, (first, last, standard) in _LEVEL_1.items():
        text = _text(data, encoding) or ""
        han = Counter(re.findall(_HAN, text))
        glued = {*re.findall(f"(?<=[A-Za-z]){_HAN}|{_HAN}(?=[A-Za-z])", text)}
        odd = {x for x in glued if x.encode(encoding)[1:].isalpha()}
        common = [x for x in han if first <= x.encode(standard, "ignore")[:1] <= last]
        shares[encoding] = sum(han[x] for x in {*common} - odd) / max(han.total(), 1)
    return max(shares, key=shares.__getitem__)


def _western(data: bytes) -> str:
    """By the letters' language where charset-normalizer knows it, else Windows-1252 or ""."""
    from charset_normalizer import from_bytes

    usual, matches = data.decode("cp1252", "replace"), from_bytes(data, cp_isolation=_WESTERN)
    best = max(matches, key=lambda match: match.coherence, default=None)
    plain = from_bytes(data, cp_isolation=["cp1252"]).best()
    least = max(_SURE, plain.coherence + _BETTER if plain else 0)
    if best and str(best) != usual and best.coherence >= least:
        return best.encoding
    letters = [sign for sign in usual if sign.isalpha()]
    few = 3 * sum(not sign.isascii() for sign in letters) <= len(letters)
    return "cp1252" if few and _text(data, "cp1252") is not None else ""


def optional(module: str, extra: str, what: str) -> Any:
    """Import a package that only some need, or say how to get it."""
    try:
        return import_module(module)
    except ImportError:
        raise ImportError(
            f"{what} needs {module}; install it with: pip install 'churnlib[{extra}]'"
        ) from None


def read_spreadsheet(file: Path, sheet: str | None = None) -> RawTable:
    """Read one sheet of a workbook, the named or the first seen, without what Excel made of it."""
    if file.read_bytes()[:8] == _OLD_EXCEL:
        raise ValueError(
            " is protected by a password or in the old .xls format; remove the password or "
            "save it as .xlsx"
        )
    book, notes = _workbook(file, data_only=True), []
    seen = [s.title for s in book.worksheets if s.sheet_state == "visible" and s.max_row > 1]
    chosen = sheet or [*seen, book.sheetnames[0]][0]
    if chosen not in book.sheetnames:
        raise ValueError(f" has no sheet {chosen!r}; it has {', '.join(book.sheetnames)}")
    if others := [repr(name) for name in seen if name != chosen and sheet is None]:
        notes.append(
            f"sheet {chosen!r} was read; {file.name} also has {', '.join(others)} (--sheet NAME)"
        )
    values, as_written = book[chosen], _workbook(file, data_only=False)[chosen].iter_rows()
    formulas = [cell for row in as_written for cell in row if cell.data_type == "f"]
    if empty := [cell for cell in formulas if values[cell.coordinate].value is None]:
        cells = ", ".join(cell.coordinate for cell in empty[:5]) + " …" * (len(empty) > 5)
        raise ValueError(
            f", sheet {chosen!r}, row {empty[0].row}: {len(empty)} cells hold a formula without "
            f"its value ({cells}); open the file in a spreadsheet, save it, and try again"
        )
    rows = [list(row) for row in values.iter_rows(values_only=True)]
    for merged in values.merged_cells.ranges:
        first, *below = rows[merged.min_row - 1 : merged.max_row]
        if below and first[merged.min_col - 1] is not None:
            for row in below:
                row[merged.min_col - 1] = first[merged.min_col - 1]
            notes.append(
                f"sheet {chosen!r}, rows {merged.min_row} to {merged.max_row}: merged cells "
                f"({merged.coord}) were read as one value for each row"
            )
    columns = [_without_dates(column, notes) for column in zip(*rows, strict=True)]
    return RawTable(list(zip(*columns, strict=True)), notes)


def _workbook(file: Path, *, data_only: bool) -> Any:
    from openpyxl import load_workbook

    try:
        with warnings.catch_warnings():
            # openpyxl warns about styles and drop-down lists it does not keep; answers it keeps.
            warnings.simplefilter("ignore")
            return load_workbook(file, data_only=data_only)
    except (zipfile.BadZipFile, KeyError, ValueError, OSError, SyntaxError, IndexError) as error:
        raise ValueError(f" is damaged or no xlsx file ({error}); export it again") from error


def _without_dates(column: Iterable[Any], notes: list[str]) -> list[str]:
    """Cells as text; dates among bands are the bands that Excel took for dates."""
    header, *texts = (as_text(value).removesuffix(" 00:00:00") for value in column)
    dates = {text: band for text in {*texts} if text[:4].isdigit() and (band := date_band(text))}
    others = {normalise(text) for text in texts if text and text not in dates}
    ends = sorted({(band.low, band.high) for band in dates.values()})
    # Dates as few as answers are, which do not overlap and stand beside other numbers.
    apart = len(ends) <= 6 and all(lower[1] < upper[0] for lower, upper in pairwise(ends))
    beside = all(re.search("[0-9]", word) and len(word) < 12 for word in others)
    often = sum(text in dates for text in texts) > len(ends) + (not others)
    if not dates or not ((apart and beside and often) or any(map(_BAND.fullmatch, others))):
        return [header, *texts]
    bands = {text: f"{band.low}-{band.high}" for text, band in dates.items()}
    notes.append(
        f"column {header!r}: dates were read as the bands that they were typed as "
        f"({', '.join(sorted({*bands.values()}))})"
    )
    return [header, *(bands.get(text, text) for text in texts)]


def read_spss(file: Path, encoding: str | None = None) -> RawTable:
    """Read an SPSS file: questions as headers, labels as answers, in the order of their codes."""
    pyreadstat = optional("pyreadstat", "spss", "reading .sav files")
    unreadable = (pyreadstat.ReadstatError, UnicodeDecodeError, LookupError)
    columns, orders, ordinal, names, notes = [], {}, {}, {}, list[str]()
    try:
        try:
            frame, meta = pyreadstat.read_sav(str(file), encoding=encoding)
        except unreadable:
            if encoding is not None:
                raise
            # The record of the encoding may be wrong; as Latin-1, every byte is one character.
            frame, meta = pyreadstat.read_sav(str(file), encoding="LATIN1")
            texts = [meta.column_labels, meta.variable_value_labels, frame.to_numpy().tolist()]
            text = json.dumps(texts, ensure_ascii=False, default=str)
            likely = encoding_of(text.encode("latin-1", "ignore"))
            frame, meta = pyreadstat.read_sav(str(file), encoding=likely or "unknown")
            notes.append(
                f"{file.name} does not hold the encoding that it names; it was read as {likely} "
                "(--encoding says another)"
            )
    except unreadable as error:
        raise ValueError(f" is damaged or no SPSS file ({error})") from error
    questions = [meta.column_names_to_labels.get(name) or name for name in frame.columns]
    for name, text in zip(frame.columns, questions, strict=True):
        header = f"{text} [{name}]" if questions.count(text) > 1 else text
        labels = meta.variable_value_labels.get(name)
        codes = _codes(header, frame[name], labels, notes) if labels else {}
        columns.append([header, *(codes.get(value, as_text(value)) for value in frame[name])])
        if codes:
            orders[header] = list(dict.fromkeys(codes[code] for code in sorted(codes)))
        if (measure := meta.variable_measure.get(name)) in {"ordinal", "nominal"}:
            ordinal[header] = measure == "ordinal"
        if header != name:
            names[header] = name
    return RawTable(list(zip(*columns, strict=True)), notes, orders, ordinal, names)


def _codes(
    header: str, values: pd.Series, labels: Mapping[Any, str], notes: list[str]
) -> dict[Any, str]:
    """What each code stands for, codes without a label included.

    A column most of whose answers have no label is a quantity with a few labelled codes; in any
    other, a code without a label must not be mistaken for a quantity later on.
    """
    times = Counter(map(normalise, labels.values()))
    if twice := {code: text for code, text in labels.items() if times[normalise(text)] > 1}:
        notes.append(
            f"{header!r}: several codes have the label {min(twice.values())!r} and are kept apart "
            "by their numbers; if they mean the same, make one an alias of the other in the "
            "codebook"
        )
    bare = [value for value in values.dropna().unique() if value not in labels and value != ""]
    quantity = len(bare) > 1 and values.isin(bare).sum() > values.notna().sum() / 2
    undeclared = "" if quantity else "undeclared code "
    told_apart = {code: f"{text} ({as_text(code)})" for code, text in twice.items()}
    return {**labels, **told_apart, **{value: undeclared + as_text(value) for value in bare}}
