"""Which keys each entry of a study may hold, and what they may hold."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from churnlib.evidence import LANGUAGES


@dataclass(frozen=True)
class Value:
    """What a key may hold, and how to say so."""

    allows: Callable[[Any], bool]
    says: str


def _of(kind: type, says: str) -> Value:
    return Value(lambda x: isinstance(x, kind) and not isinstance(x, bool), says)


ANY = _of(object, "a value")
STR, INT = _of(str, "a text in quotes"), _of(int, "a whole number")
TABLES, DICT = _of(list, "entries, each under [[ ]]"), _of(dict, "a table { }")
RULES = _of(list, "a list [ ] of rules { }")
NAMES = Value(
    lambda x: isinstance(x, list) and all(isinstance(name, str) for name in x),
    "a list [ ] of names in quotes",
)
TEXT = Value(
    lambda x: isinstance(x, str) or (isinstance(x, dict) and set(x) == set(LANGUAGES)),
    "a text in quotes, or one in 'en' and one in 'zh-Hans'",
)

Keys = tuple[Mapping[str, Value], Mapping[str, Value]]
"""Keys that an entry must hold, and others that it may hold."""

STUDY: Keys = (
    {"title": TEXT, "source": TEXT},
    {"codebook": STR, "outside": STR, "exhibit": TABLES, "claim": TABLES, "method": DICT}
    | {"rounding": Value(lambda x: x in ("nearest", "truncated"), '"nearest" or "truncated"')},
)
EXHIBIT: Keys = (
    {"id": STR, "title": TEXT},
    {"file": STR, "columns": DICT, "totals": DICT, "variables": NAMES, "rule": RULES}
    | {"unit": ANY, "page": ANY, "note": ANY},
)
CLAIM: Keys = (
    {"number": INT, "section": STR, "statement": TEXT, "method": STR},
    {"printed": DICT, "rule": RULES, "decided_by": TEXT},
)
_EACH = Value(lambda x: x == "each", '"each", for all rows but the total')
DETAILS: Mapping[str, Keys] = {
    "outside": ({}, {"beside": INT}),
    "checks": ({}, {"exhibit": STR, "check": STR, "digits": INT, "rows": _EACH}),
    "announced": ({"variables": NAMES}, {}),
    "majority": ({"exhibit": STR, "levels": NAMES}, {"partly": NAMES}),
    "majority_within": ({"group": DICT, "within": DICT}, {"supposed": STR, "question": TABLES}),
    "unpublished": ({"variables": NAMES}, {"about": STR, "exhibit": STR}),
}
"""What a claim holds besides, by the rule of its method."""

PARTS: Mapping[str, Keys] = {
    "group": ({"exhibit": STR, "level": STR}, {}),
    "within": ({"exhibit": STR, "level": STR}, {}),
    "question": ({"id": STR, "rows": DICT, "columns": NAMES}, {}),
}
"""What is held by that in turn."""

OUTSIDE: Keys = {"facts": DICT, "sources": DICT, "warning": TEXT}, {"rest": DICT}
FACT: Keys = {"printed": ANY, "of": STR, "source": STR}, {}
REST: Keys = {"share": STR, "without": DICT, "of": STR}, {}
SOURCE: Keys = dict.fromkeys(("publisher", "title", "date", "page"), STR), {}


def checked(entry: Any, keys: Keys, place: str) -> dict[str, Any]:
    """Return an entry with its texts by language.

    One that lacks a key, or holds an unknown one or a value of another kind, is refused.
    """
    needed, known = keys[0], {**keys[0], **keys[1]}
    _table(entry, needed, place)
    if unknown := sorted(set(entry) - set(known)):
        raise ValueError(
            f"{place}: unknown key {unknown[0]!r}; it may hold {', '.join(sorted(known))}"
        )
    for key, value in entry.items():
        if not known[key].allows(value):
            raise ValueError(f"{place}: {key!r} must be {known[key].says}; given {value!r:.80}")
    single = {k: x for k, x in entry.items() if known[k] is TEXT and isinstance(x, str)}
    return entry | {key: dict.fromkeys(LANGUAGES, text) for key, text in single.items()}


def choice(entry: Any, key: str, known: Collection[str], place: str) -> str:
    """Return which of the known an entry names; it decides what else belongs into the entry."""
    _table(entry, (key,), place)
    name: str = entry[key]
    if name not in list(known):
        raise ValueError(f"{place}: unknown {key} {name!r}; known are {', '.join(known)}")
    return name


def _table(entry: Any, needed: Collection[str], place: str) -> None:
    if not isinstance(entry, dict):
        raise ValueError(f"{place} must be a table of keys; given {entry!r:.80}")
    if lacking := sorted(set(needed) - set(entry)):
        raise ValueError(f"{place} lacks {', '.join(map(repr, lacking))}")
