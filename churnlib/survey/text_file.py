"""Text files: their encoding, by their mark, else by what the bytes would say, and their cells."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator
from io import StringIO
from itertools import islice
from pathlib import Path

from churnlib.survey.raw_table import RawTable

_MARKS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
_NO_TEXT = re.compile("[\ue000-\uf8ff\ufffd\x00]")
"""Signs that a wrong encoding gives: private ones and replacements."""
_HAN = "[\u3400-\u9fff]"
_LEVEL_1 = {"gb18030": (b"\xb0", b"\xd7", "gb2312"), "big5": (b"\xa4", b"\xc6", "big5")}
"""First bytes of the frequent characters, and the standard that orders them so."""
_WESTERN = ["cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1257"]
_SURE, _BETTER = 0.3, 0.1  # of charset-normalizer's coherence, which goes from 0 to 1


def read_delimited(file: Path, encoding: str | None = None) -> RawTable:
    """Read the rows of a csv, tsv or txt file; its encoding and delimiter are found."""
    data = file.read_bytes()
    chosen = encoding or encoding_of(data, file.name)
    text, notes = decode(data, file.name, chosen), []
    if encoding is None and not chosen.startswith("utf"):
        notes.append(
            f"{file.name} was read as {chosen}; if letters look wrong, say another (--encoding)"
        )
    first, _, rest = text.partition("\n")
    if (named := first.strip().strip('"')).lower().startswith("sep="):
        text = "\n" + rest  # a blank line in its place keeps the numbers of the rows
        delimiter = named[4:5] or "\t"
    else:
        delimiter = max(",;\t|", key=lambda sign: _fit(text, sign))
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
    width = max((w for w in widths if w > 1), key=widths.get, default=0)
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
    except LookupError:
        raise ValueError(
            f"there is no encoding {chosen!r}; utf-8, gb18030, big5 and cp1252 are some"
        ) from None
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
