"""One reader a format: text, Excel and SPSS files as rows of texts."""

from __future__ import annotations

import csv
import re
import warnings
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, time
from importlib import import_module
from io import StringIO
from itertools import chain, islice, pairwise
from pathlib import Path
from typing import Any

import pandas as pd

from churnlib.survey.answer_text import as_text, date_band, normalise
from churnlib.survey.raw_table import RawTable

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


def read_delimited(file: Path, encoding: str | None = None) -> RawTable:
    """Read the rows of a csv, tsv or txt file; its encoding and delimiter are found."""
    data = file.read_bytes()
    chosen = encoding or encoding_of(data, file.name)
    text, notes = decode(data, file.name, chosen), []
    if encoding is None and not chosen.startswith("utf"):
        notes.append(
            f"{file.name} was read as {chosen}; if letters look wrong, say another (--encoding)"
        )
    if named := re.match(r'(?i)[ \t]*"?sep=([^"\r\n]?).*', text):
        text = text[named.end() :]  # the line break stays, so that rows keep their numbers
    delimiter = (named and named[1]) or max(",;\t|", key=lambda sign: _fit(text, sign))
    try:
        rows = list(csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise ValueError(
            f"{file.name} is no well-formed CSV file: {error}; export it again, or open it in a "
            "spreadsheet and save it as .xlsx"
        ) from error
    header, *answers = filter(any, rows) if any(map(any, rows)) else [[]]
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


def decode(data: bytes, name: str, encoding: str | None = None) -> str:
    """Decode the bytes of a file, by the encoding that `encoding_of` finds if none is given.

    Examples
    --------
    >>> decode("學歷：碩士及以上".encode("big5"), "x.csv")
    '學歷：碩士及以上'
    >>> decode("Männlich,Sehr zufrieden".encode("cp1252"), "x.csv")
    'Männlich,Sehr zufrieden'
    """
    chosen = encoding or encoding_of(data, name)
    try:
        text = _text(data, chosen)
    except LookupError as error:
        raise ValueError(f"{error}; utf-8, gb18030, big5 and cp1252 are some") from None
    if text is None:
        raise ValueError(f"{name} is not text in {chosen}; leave the encoding out or say another")
    return text.lstrip("\ufeff")


def encoding_of(data: bytes, name: str) -> str:
    """Find the encoding of a text: its mark, UTF-8, then Chinese or Western by evidence.

    Nearly any bytes can be read as GB18030. What it makes of other texts are rare Han characters
    inside Latin words (``M鋘nlich``) or, from Big5, private and rare ones.
    """
    for mark, encoding in _MARKS.items():
        if data.startswith(mark):
            return encoding
    for encoding in _likely(data):
        if _text(data, encoding) is not None:
            return encoding
    raise ValueError(
        f"{name} is not text in utf-8, utf-16, gb18030, big5 or cp1252; say its encoding "
        "(--encoding), or save it as CSV UTF-8 and try again"
    )


def _likely(data: bytes) -> Iterator[str]:
    if b"\x00" in data:
        little = data[1::2].count(0) >= data[::2].count(0)
        yield "utf-16-le" if little else "utf-16-be"
    else:
        yield "utf-8"
        yield from _chinese(data)
        yield from _western(data)


def _text(data: bytes, encoding: str) -> str | None:
    try:
        text = data.decode(encoding)
    except UnicodeError:
        return None
    if "\x00" in text or (not encoding.startswith("utf") and _NO_TEXT.search(text)):
        return None
    return text


def _chinese(data: bytes) -> list[str]:
    """Those Chinese encodings that give Chinese, the one with the more common characters first."""
    shares = {}
    for encoding, (first, last, standard) in _LEVEL_1.items():
        text = _text(data, encoding) or ""
        common = {x for x in {*text} if first <= x.encode(standard, "ignore")[:1] <= last}
        han = re.findall(_HAN, text)
        beside_latin = re.findall(rf"(?<=[A-Za-z0-9]){_HAN}|{_HAN}(?=[A-Za-z0-9])", text)
        # A rare character there is an accented letter and a plain one, byte by byte.
        strange = [x for x in beside_latin if x not in common or x.encode(encoding)[1:].isalpha()]
        if han and len(strange) <= len(han) / 5:
            shares[encoding] = sum(sign in common for sign in han) / len(han)
    return sorted(shares, key=lambda encoding: -shares[encoding])


def _western(data: bytes) -> Iterator[str]:
    """By the letters' language where charset-normalizer knows it, else Windows-1252."""
    from charset_normalizer import from_bytes

    usual, matches = data.decode("cp1252", "replace"), from_bytes(data, cp_isolation=_WESTERN)
    best = max(matches, key=lambda match: match.coherence, default=None)
    plain = from_bytes(data, cp_isolation=["cp1252"]).best()
    least = max(_SURE, plain.coherence + _BETTER if plain else 0)
    if best and str(best) != usual and best.coherence >= least:
        yield best.encoding
    letters = [sign for sign in usual if sign.isalpha()]
    if sum(not sign.isascii() for sign in letters) <= len(letters) / 3:
        yield "cp1252"


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
            f"{file.name} is protected by a password or in the old .xls format; "
            "remove the password or save it as .xlsx"
        )
    values, formulas = _workbook(file, data_only=True), _workbook(file, data_only=False)
    seen = [s.title for s in values.worksheets if s.sheet_state == "visible" and s.max_row > 1]
    chosen = sheet or [*seen, values.sheetnames[0]][0]
    if chosen not in values.sheetnames:
        raise ValueError(
            f"{file.name} has no sheet {chosen!r}; it has {', '.join(values.sheetnames)}"
        )
    notes, others = [], [repr(name) for name in seen if name != chosen and sheet is None]
    if others:
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
    written = chain.from_iterable(formulas[chosen].iter_rows())
    empty = [x for x in written if x.data_type == "f" and cells[x.row - 1][x.column - 1] is None]
    if empty:
        places = ", ".join(cell.coordinate for cell in empty[:5])
        raise ValueError(
            f"{file.name}, sheet {chosen!r}, row {empty[0].row}: {len(empty)} cells hold a "
            f"formula without its value ({places}{' …' * (len(empty) > 5)}); open the file in a "
            "spreadsheet, save it, and try again"
        )
    columns = [_typed(column, notes) for column in zip(*cells, strict=True)]
    return RawTable(list(zip(*columns, strict=True)), notes)


def _workbook(file: Path, *, data_only: bool) -> Any:
    from openpyxl import load_workbook

    try:
        with warnings.catch_warnings():
            # openpyxl warns about styles and drop-down lists it does not keep; answers it keeps.
            warnings.simplefilter("ignore")
            return load_workbook(file, data_only=data_only)
    except (zipfile.BadZipFile, KeyError, ValueError, OSError, SyntaxError, IndexError) as error:
        raise ValueError(
            f"{file.name} is damaged or no xlsx file ({error}); export it again"
        ) from error


def _typed(column: Iterable[Any], notes: list[str]) -> list[str]:
    """Cells as text; dates among bands are the bands that Excel took for dates."""
    header, *texts = map(_cell_text, column)
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


def _cell_text(value: Any) -> str:
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d}" if value.time() == time() else value.isoformat(sep=" ")
    return value.isoformat() if isinstance(value, date) else as_text(value)


def read_spss(file: Path, encoding: str | None = None) -> RawTable:
    """Read an SPSS file: questions as headers, labels as answers, in the order of their codes."""
    pyreadstat = optional("pyreadstat", "spss", "reading .sav files")
    notes = []
    try:
        try:
            frame, meta = pyreadstat.read_sav(str(file), encoding=encoding)
        except (pyreadstat.ReadstatError, UnicodeDecodeError):
            if encoding is not None:
                raise
            # The record of the encoding may be wrong; as Latin-1, every byte is one character.
            frame, meta = pyreadstat.read_sav(str(file), encoding="LATIN1")
            likely = _spss_encoding(frame, meta, file.name)
            frame, meta = pyreadstat.read_sav(str(file), encoding=likely)
            notes.append(
                f"{file.name} does not hold the encoding that it names; it was read as {likely} "
                "(--encoding says another)"
            )
    except (pyreadstat.ReadstatError, UnicodeDecodeError, LookupError) as error:
        raise ValueError(f"{file.name} is damaged or no SPSS file ({error})") from error
    questions = [meta.column_names_to_labels.get(name) or name for name in frame.columns]
    columns, orders, ordinal, names = [], {}, {}, {}
    for name, text in zip(frame.columns, questions, strict=True):
        header = f"{text} [{name}]" if questions.count(text) > 1 else text
        labels = _labels(header, frame[name], meta.variable_value_labels.get(name, {}), notes)
        columns.append([header, *(labels.get(value, as_text(value)) for value in frame[name])])
        if labels:
            orders[header] = list(dict.fromkeys(labels[code] for code in sorted(labels)))
        if (measure := meta.variable_measure.get(name)) in {"ordinal", "nominal"}:
            ordinal[header] = measure == "ordinal"
        if header != name:
            names[header] = name
    return RawTable(list(zip(*columns, strict=True)), notes, orders, ordinal, names)


def _spss_encoding(frame: pd.DataFrame, meta: Any, name: str) -> str:
    labels = [text for each in meta.variable_value_labels.values() for text in each.values()]
    answers = pd.unique(frame.select_dtypes(["object", "str"]).to_numpy().ravel())
    words = [w for w in (*labels, *meta.column_labels, *answers) if isinstance(w, str)]
    return encoding_of("\n".join(words).encode("latin-1", "ignore"), name)


def _labels(
    header: str, values: pd.Series, labels: Mapping[Any, str], notes: list[str]
) -> dict[Any, str]:
    """What each code stands for, codes without a label included.

    A column most of whose answers have no label is a quantity with a few labelled codes; in any
    other, a code without a label must not be mistaken for a quantity later on.
    """
    if not labels:
        return {}
    spellings = Counter(map(normalise, labels.values()))
    twice = {code: text for code, text in labels.items() if spellings[normalise(text)] > 1}
    if twice:
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
