"""The encoding of a text file: by its mark, else by what its bytes would say."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

_MARKS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
_NO_TEXT = re.compile("[\ue000-\uf8ff\ufffd\x00]")
"""Signs that a wrong encoding gives: private ones and replacements."""
_HAN = "[\u3400-\u9fff]"
_LEVEL_1 = {"gb18030": (b"\xb0", b"\xd7", "gb2312"), "big5": (b"\xa4", b"\xc6", "big5")}
"""First bytes of the frequent characters, and the standard that orders them so."""
_WESTERN = ["cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1257"]
_SURE, _BETTER = 0.3, 0.1  # of charset-normalizer's coherence, which goes from 0 to 1


def decode(data: bytes, name: str, encoding: str | None = None) -> str:
    """Decode the bytes of a file, by the encoding that `encoding_of` finds if none is given.

    Examples
    --------
    >>> decode("學歷：碩士及以上".encode("big5"), "x.csv")
    '學歷：碩士及以上'
    >>> decode("Männlich,Sehr zufrieden".encode("cp1252"), "x.csv")
    'Männlich,Sehr zufrieden'

    Raises
    ------
    ValueError
        If there is no such encoding, or the bytes are no text in it.
    """
    chosen = encoding or encoding_of(data, name)
    try:
        codecs.lookup(chosen)
    except LookupError:
        raise ValueError(
            f"there is no encoding {chosen!r}; utf-8, gb18030, big5 and cp1252 are some"
        ) from None
    text = _text(data, chosen)
    if text is None:
        raise ValueError(f"{name} is not text in {chosen}; leave the encoding out or say another")
    return text.lstrip("\ufeff")


def encoding_of(data: bytes, name: str) -> str:
    """Find the encoding of a text: its mark, UTF-8, then Chinese or Western by evidence.

    Nearly any bytes can be read as GB18030. What it makes of other texts are rare Han characters
    inside Latin words (``M鋘nlich``) or, from Big5, private and rare ones.

    Raises
    ------
    ValueError
        If no encoding is likely.
    """
    for mark, encoding in _MARKS.items():
        if data.startswith(mark):
            return encoding
    if b"\x00" in data:
        little = data[1::2].count(0) >= data[::2].count(0)
        encodings = ["utf-16-le" if little else "utf-16-be"]
    elif _text(data, "utf-8") is not None:
        encodings = ["utf-8"]
    else:
        encodings = [*_chinese(data), *_western(data)]
    for encoding in encodings:
        if _text(data, encoding) is not None:
            return encoding
    tried = encodings if b"\x00" in data else ["utf-8", "gb18030", "big5", "cp1252"]
    raise ValueError(
        f"{name} is not text in {', '.join(tried)}; say its encoding (--encoding), or save it as "
        "CSV UTF-8 and try again"
    )


def _text(data: bytes, encoding: str) -> str | None:
    try:
        text = data.decode(encoding)
    except UnicodeError:
        return None
    return (
        None
        if "\x00" in text or (not encoding.startswith("utf") and _NO_TEXT.search(text))
        else text
    )


def _chinese(data: bytes) -> list[str]:
    """Those Chinese encodings that give Chinese, the one with the more common characters first."""
    shares = {}
    for encoding in ("gb18030", "big5"):
        text = _text(data, encoding) or ""
        han = re.findall(_HAN, text)
        beside_latin = re.findall(rf"(?<=[A-Za-z0-9]){_HAN}|{_HAN}(?=[A-Za-z0-9])", text)
        latin = [sign for sign in beside_latin if not _is_usual(sign, encoding)]
        if han and len(latin) <= len(han) / 5:
            shares[encoding] = sum(_is_common(sign, encoding) for sign in han) / len(han)
    return sorted(shares, key=lambda encoding: -shares[encoding])


def _is_usual(han: str, encoding: str) -> bool:
    """Whether it is common and not, byte by byte, an accented letter and a plain one."""
    return _is_common(han, encoding) and not han.encode(encoding)[1:].isalpha()


def _is_common(han: str, encoding: str) -> bool:
    """Whether it is in level 1, the frequent characters, of GB 2312 or Big5."""
    first, last, standard = _LEVEL_1[encoding]
    return first <= han.encode(standard, "ignore")[:1] <= last


def _western(data: bytes) -> Iterator[str]:
    """By the letters' language where charset-normalizer knows it, else Windows-1252."""
    from charset_normalizer import from_bytes

    usual = data.decode("cp1252", "replace")
    found = from_bytes(data, cp_isolation=_WESTERN)
    best = max(found, key=lambda match: match.coherence, default=None)
    as_usual = from_bytes(data, cp_isolation=["cp1252"]).best()
    least = max(_SURE, as_usual.coherence + _BETTER if as_usual else 0)
    if best and str(best) != usual and best.coherence >= least:
        yield best.encoding
    letters = [sign for sign in usual if sign.isalpha()]
    if sum(not sign.isascii() for sign in letters) <= len(letters) / 3:
        yield "cp1252"
