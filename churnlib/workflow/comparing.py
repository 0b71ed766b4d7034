"""Two versions of one output: the same bytes, the same within tolerance, or different.

Equal bytes can be asked of one locked environment. Between systems the last digit of a number and
the edge of a letter may differ, so numbers and pictures are then compared with a tolerance. Words,
whole numbers and the numbers' places in the text have none.
"""

from __future__ import annotations

import base64
import binascii
import io
import json
import re
import zipfile
import zlib
from collections.abc import Mapping
from enum import IntEnum
from typing import Any


class Likeness(IntEnum):
    """How far two versions agree; the worst of several is the largest."""

    IDENTICAL = 0
    CLOSE = 1
    DIFFERS = 2

    @property
    def words(self) -> str:
        """As the table of exhibits says it."""
        return ("identical", "equal within tolerance", "differs")[self]


NUMBERS = 1e-5
"""Relative; the files hold six digits."""
COORDINATES = 0.05
"""Points of a drawing, of which an inch has 72."""
SHADE = 12.0
"""Mean difference within a tile of a picture, of 255 shades."""
_TILE = 32
_DECIMAL = re.compile(r"[-−+]?\d+(?:\.\d+(?:[eE][-+]?\d+)?|[eE][-+]?\d+)")
_CHECKSUM = re.compile(r'"[0-9a-f]{64}"')
_STREAM = re.compile(rb"stream\r?\n(.*?)endstream", re.DOTALL)


def likeness(old: bytes, new: bytes, name: str) -> Likeness:
    """Compare two versions of a file.

    Parameters
    ----------
    old, new : bytes
        Their contents.
    name : str
        The file's name; its ending says how to compare.

    Examples
    --------
    >>> likeness(b"V,0.193512", b"V,0.193513", "a.csv").words
    'equal within tolerance'
    >>> likeness(b"V,0.1935", b"V,0.1936", "a.csv").words, likeness(b"87", b"89", "a.csv").words
    ('differs', 'differs')
    """
    if old == new:
        return Likeness.IDENTICAL
    ending = name.rpartition(".")[2].lower()
    try:
        close = _CLOSE.get(ending, _texts)(old, new)
    except Exception:  # however a file is damaged, it is not close to one that is not
        close = False
    return Likeness.CLOSE if close else Likeness.DIFFERS


def _texts(old: bytes, new: bytes) -> bool:
    return _close(old.decode("utf-8"), new.decode("utf-8"))


def _close(old: str, new: str, *, relative: float = NUMBERS, absolute: float = 1e-12) -> bool:
    """Whether two texts agree but for decimal numbers that are close."""
    if _DECIMAL.split(old) != _DECIMAL.split(new):
        return False
    pairs = zip(_DECIMAL.findall(old), _DECIMAL.findall(new), strict=True)
    return all(
        abs(a - b) <= max(absolute, relative * max(abs(a), abs(b)))
        for a, b in ((_number(one), _number(other)) for one, other in pairs)
    )


def _number(text: str) -> float:
    return float(text.replace("−", "-"))


def _drawings(old: bytes, new: bytes) -> bool:
    return _close(old.decode("utf-8"), new.decode("utf-8"), absolute=COORDINATES)


def _pdfs(old: bytes, new: bytes) -> bool:
    one, other = _streams(old), _streams(new)
    return len(one) == len(other) and all(
        a == b or _close(a.decode("latin-1"), b.decode("latin-1"), absolute=COORDINATES)
        for a, b in zip(one, other, strict=True)
    )


def _streams(pdf: bytes) -> list[bytes]:
    found = []
    for packed in _STREAM.findall(pdf):
        try:
            found.append(zlib.decompress(packed))
        except zlib.error:
            found.append(packed)
    return found


def _pictures(old: bytes, new: bytes) -> bool:
    """Whether no part of a picture has changed: a moved bar is lost in the mean of the whole."""
    import numpy as np
    from matplotlib.image import imread

    one, other = (255 * np.asarray(imread(io.BytesIO(data)), dtype=float) for data in (old, new))
    if one.shape != other.shape:
        return False
    changed = np.abs(one - other).mean(axis=-1) if one.ndim == 3 else np.abs(one - other)
    rows, columns = (-(-length // _TILE) * _TILE for length in changed.shape)
    padded = np.zeros((rows, columns))
    padded[: changed.shape[0], : changed.shape[1]] = changed
    tiles = padded.reshape(rows // _TILE, _TILE, columns // _TILE, _TILE).mean(axis=(1, 3))
    return bool(tiles.max() <= SHADE)


def _notebooks(old: bytes, new: bytes) -> bool:
    return _alike(json.loads(old), json.loads(new))


def _alike(old: Any, new: Any, key: str = "") -> bool:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        return old.keys() == new.keys() and all(_alike(old[k], new[k], k) for k in old)
    if isinstance(old, list) and isinstance(new, list):
        return len(old) == len(new) and all(
            _alike(a, b, key) for a, b in zip(old, new, strict=True)
        )
    if isinstance(old, str) and isinstance(new, str):
        if key == "image/png" and old != new:
            try:
                return _pictures(base64.b64decode(old), base64.b64decode(new))
            except binascii.Error:
                return False
        return _close(old, new)
    return bool(old == new)


def _archives(old: bytes, new: bytes) -> bool:
    with zipfile.ZipFile(io.BytesIO(old)) as one, zipfile.ZipFile(io.BytesIO(new)) as other:
        return one.namelist() == other.namelist() and all(
            likeness(one.read(name), other.read(name), name) < Likeness.DIFFERS
            for name in one.namelist()
        )


def _manifests(old: bytes, new: bytes) -> bool:
    # The files themselves are compared; a checksum of one that is close says nothing more.
    one, other = (_CHECKSUM.sub("", data.decode("utf-8")) for data in (old, new))
    return one == other


_CLOSE = {
    "svg": _drawings,
    "pdf": _pdfs,
    "png": _pictures,
    "ipynb": _notebooks,
    "docx": _archives,
    "json": _manifests,
}
