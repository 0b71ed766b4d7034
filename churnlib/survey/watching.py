"""Which parts of a file are read, told to whoever listens.

A notebook that shows one word of the codebook does not depend on all the others. Python's audit
hooks (PEP 578) carry the news: where nobody listens they cost nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import TypeVar

Value = TypeVar("Value")
EVENT = "churnlib.read"
WHOLE = "*"


def tell(file: str, question: str, key: str) -> None:
    """Announce that a part of a file was read."""
    sys.audit(EVENT, file, question, key)


class Watched(Mapping[str, Value]):
    """Entries of a file that tell which of them are looked up.

    Parameters
    ----------
    entries : mapping
        What the file holds.
    file, question : str
        What is announced together with the key; the key is ``"*"`` when all entries are read.

    Examples
    --------
    >>> words = Watched({"net": "Net change"}, "codebook.toml", "words")
    >>> words["net"], "gross" in words
    ('Net change', False)
    """

    def __init__(self, entries: Mapping[str, Value], file: str, question: str) -> None:
        self.entries, self.file, self.question = entries, file, question

    def __getitem__(self, key: str) -> Value:
        tell(self.file, self.question, key)
        return self.entries[key]

    def __contains__(self, key: object) -> bool:
        tell(self.file, self.question, str(key))
        return key in self.entries

    def __iter__(self) -> Iterator[str]:
        tell(self.file, self.question, WHOLE)
        return iter(self.entries)

    def __len__(self) -> int:
        tell(self.file, self.question, WHOLE)
        return len(self.entries)

    def __repr__(self) -> str:
        return repr(dict(self))


def unwatched(mapping: Mapping[str, Value]) -> Mapping[str, Value]:
    """The entries themselves, for looking them up without a word."""
    return mapping.entries if isinstance(mapping, Watched) else mapping
