"""The TOML file of a codebook: read, every mistake in it named, and written."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from numbers import Real
from pathlib import Path
from typing import Any, get_args

from churnlib.evidence import PROJECT
from churnlib.survey.answer_text import CONTROL, normalise
from churnlib.survey.codebook import Codebook
from churnlib.survey.file_formats import decode, encoding_of
from churnlib.survey.levels import ANY_NUMBER, Kind, Labels, Level, Numbers, Variable

# What each key may hold: a type, a choice, a list or a table of these; "*" is any other key.
_TEXTS = {"*": str}  # one a language
_LEVEL: dict[str, Any] = {
    "key": str, "label": _TEXTS, "aliases": [str], "code": int, "column": str,
    "bounds": {"low": int, "high": int}, "assumed": bool,
}  # fmt: skip
_VARIABLE = {
    "label": _TEXTS, "levels": [_LEVEL], "ordered": bool, "questions": [str], "units": [str],
    "limits": {"low": Real, "high": Real}, "numbers": Numbers, "missing": [str], "kind": Kind,
    "items": [str], "reversed": [str],
}  # fmt: skip
_FILE = {
    "export": {"encoding": str, "header_rows": int, "sheet": str}, "guesses": [str],
    "keep": [str], "missing": [str], "response": str, "sheet": {"id": [str], "time": [str]},
    "variables": {"*": _VARIABLE}, "words": {"*": _TEXTS},
}  # fmt: skip
_SAYS = {
    str: "a text in quotes", int: "a whole number", Real: "a number", bool: "true or false",
    list: "a list in [ ]", dict: 'entries in { }, such as { en = "Age" }',
}  # fmt: skip
_NEEDED = ("key", "label")
_FIELDS = {"label": "labels", "reversed": "reversed_items"}  # what the file calls otherwise
_WRITTEN = {"key", "label", "kind", "questions", "items", "units", "missing", "ordered", "column"}


def load_codebook(path: str | Path | None = None) -> Codebook:
    """Read a codebook, a TOML file like ``data/codebook.toml``, which is read without a path.

    The words of that one, which figures and reports share, are added to any other.

    Raises
    ------
    FileNotFoundError, ValueError
        If there is no such file, or it is not a codebook; the message names the place.

    Examples
    --------
    >>> book = load_codebook()
    >>> book["education"].keys
    ['high_school_or_below', 'junior_college', 'bachelor', 'master_or_above']
    >>> [level.key for level in book["visits"].levels if level.assumed]
    ['1-2', '3-5']
    """
    file = PROJECT / "data" / "codebook.toml" if path is None else Path(path)
    if not file.is_file():
        raise FileNotFoundError(
            f"there is no codebook at {file}; draft one from an export with the command 'codebook'"
        )
    try:
        data = file.read_bytes()
        content = tomllib.loads(decode(data, encoding_of(data)).replace("\r\n", "\n"))
        return _codebook(content, file.name, load_codebook().words if path is not None else {})
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{file} is not a TOML file: {error}") from error
    except ValueError as error:
        raise ValueError(f"{file.name}: {str(error).strip()}") from error


def _codebook(content: Any, name: str, common: Mapping[str, Labels]) -> Codebook:
    content = _checked(content, _FILE, "")
    reading, entries = content.pop("export", {}), content.pop("variables", {})
    variables = {key: _variable(key, **entry) for key, entry in entries.items()}
    if not variables:
        raise ValueError("it declares no variable; it needs a table [variables.NAME]")
    for key, variable in variables.items():
        if problem := next(_problems(variable, variables), None):
            raise ValueError(f"[variables.{key}]: {problem}")
    if (response := content.get("response")) and response not in variables:
        raise ValueError(
            f"response = {response!r} is none of its variables: {', '.join(variables)}"
        )
    # A reader takes free text for personal; a codebook that declares it wants it counted.
    texts = [v.questions[0] for v in variables.values() if v.kind == "text" and v.questions]
    if keep := dict.fromkeys([*content.pop("keep", ()), *texts]):
        reading["keep"] = tuple(keep)
    return Codebook(variables, where=name, common=common, reading=reading, **content)


def _checked(value: Any, kind: Any, place: str) -> Any:
    """Return a value as the fields of nouns hold it; one that may not stand there is refused."""
    choice = get_args(kind)
    if isinstance(kind, list) and isinstance(value, list):
        names = [x.get("key", i) if isinstance(x, dict) else i for i, x in enumerate(value, 1)]
        places = [f"{place}[{name}]" for name in names]
        return tuple(_checked(x, kind[0], at) for x, at in zip(value, places, strict=True))
    if isinstance(kind, dict) and isinstance(value, dict):
        kinds = dict.fromkeys(value, kind["*"]) if "*" in kind else kind
        # A misspelt key would be passed over, and with it the answers it was to explain.
        if unknown := sorted(value.keys() - kinds):
            known = f"unknown {unknown[0]!r}; known are {', '.join(sorted(kinds))}"
            raise ValueError(f"{place}: {known}" if place else known)
        given = {key: None for key in _NEEDED if key in kinds} | value
        return {
            _FIELDS.get(key, key): _checked(x, kinds[key], f"{place}.{key}".lstrip("."))
            for key, x in given.items()
        }
    if value in choice or (isinstance(kind, type) and isinstance(value, kind)):
        return CONTROL.sub("", value) if isinstance(value, str) else value
    says = next((says for of, says in _SAYS.items() if kind is of or isinstance(kind, of)), "")
    says = f"must be {says}" if says else f"is one of {', '.join(choice)}"
    raise ValueError(f"{place} {says}, given {value!r}")


def _variable(
    key: str, levels: Sequence[Any] = (), limits: Mapping[str, float] = {}, **entry: Any
) -> Variable:
    bounded = tuple(Level(**level.pop("bounds", {}), **level) for level in levels)
    return Variable(key, levels=bounded, limits=replace(ANY_NUMBER, **limits), **entry)


def _problems(variable: Variable, variables: Mapping[str, Variable]) -> Iterator[str]:
    """Levels that are lacking, not wanted or mean the same, and items that make no scale."""
    levels, kind, items = variable.levels, variable.kind, variable.items
    if variable.key == "n":
        yield "counts are called 'n'; call the variable otherwise"
    if not levels and kind in {"single", "multiple"}:
        yield f"it has no levels; add [[variables.{variable.key}.levels]]"
    if levels and kind not in {"single", "multiple"}:
        yield f"a variable of kind {kind!r} has no levels; remove them"
    if len({bool(level.column) for level in levels}) > 1:
        yield "give every level its 'column', or none"
    called: dict[str, Level] = {}
    for level in levels:
        for text in dict.fromkeys(map(normalise, (level.key, *level.names))):
            if (other := called.setdefault(text, level)) is not level:
                twice = f"it declares the level {level.key!r} twice"
                both = f"{text!r} means both {other.key!r} and {level.key!r}"
                yield twice if other.key == level.key else both
    codes = [level.code for level in levels if level.code is not None]
    if len(set(codes)) < len(codes):
        yield f"two levels have the same option number; given {codes}"
    bands = sorted((v.band.low, v.band.high, v.key) for v in levels if v.band)
    for low, high, key in bands:
        if low > high:
            yield f"level {key!r}: low={low} is above high={high}"
    for (_, last, lower), (first, _, upper) in pairwise(bands):
        if first <= last:
            yield f"the bands of {lower!r} and {upper!r} overlap"
    if kind != "scale" and (items or variable.reversed_items):
        yield 'only a scale has items; say kind = "scale"'
    if kind == "scale" and len(items) < 2:
        yield f"a scale needs two items or more, given {[*items]}"
    for item in (*items, *variable.reversed_items):
        if item not in items:
            yield f"{item!r} is reversed and is none of the items"
        if item not in variables or not variables[item].ordered:
            yield f"the item {item!r} is no variable with ordered levels"
    if len({len(variables[item].levels) for item in items}) > 1:
        yield "the items have different numbers of levels"


def codebook_text(
    head: Sequence[str],
    variables: Sequence[Variable],
    guesses: Mapping[str, Sequence[str]],
    missing: Sequence[str],
    reading: Mapping[str, Any],
) -> str:
    """Write a codebook that `load_codebook` reads: comments, guesses, settings, variables.

    Each guess is given the line that it is about, and the response is guessed too.
    """
    export = {option: value for option, value in reading.items() if value}
    settings = _toml_lines({"keep": export.pop("keep", None), "missing": missing})
    settings += ["", *(["[export]", *_toml_lines(export)] if export else []), ""]
    response = _response(variables)
    chosen = f"response = {_toml(response)}" if response else '# response = "KEY"'
    rest = [chosen, *settings, *(line for variable in variables for line in _tables(variable))]
    doubts = [
        (f"[variables.{variable.key}]", f"{variable.key}: {doubt}")
        for variable in variables
        for doubt in guesses[variable.key]
    ]
    if response:
        doubts.insert(0, (chosen, f"response: {response} is the question that the others explain"))
    above = len(head) + len(doubts) + 3
    listed = [f"  {_toml(f'line {above + rest.index(line)}, {doubt}')}," for line, doubt in doubts]
    return "\n".join([*head, "guesses = [", *listed, "]", *rest])


def _response(variables: Sequence[Variable]) -> str:
    """The last question that the others can explain: one of two or ordered answers, or a number."""
    singles = [variable for variable in variables if variable.kind == "single"]
    ranked = [v for v in singles if v.ordered or len(v.levels) == 2]
    fit = [v.key for v in variables if v.kind == "number" or v in ranked]
    return (fit or [v.key for v in singles] or [""])[-1]


def _tables(variable: Variable) -> Iterator[str]:
    yield f"[variables.{variable.key}]"
    yield from _toml_lines(_entries(variable, _VARIABLE))
    if variable.items:
        yield "reversed = []"
    for level in variable.levels:
        yield f"[[variables.{variable.key}.levels]]"
        bounds = {side: n for side in _LEVEL["bounds"] if (n := getattr(level, side)) is not None}
        yield from _toml_lines(_entries(level, _LEVEL) | ({"bounds": bounds} if bounds else {}))
    yield ""


def _entries(noun: Variable | Level, kinds: Mapping[str, Any]) -> dict[str, Any]:
    """What the file says of a variable or a level, without what needs not be said."""
    names = {key: _FIELDS.get(key, key) for key in kinds if key in _WRITTEN}
    entries = {key: getattr(noun, name) for key, name in names.items()}
    return {key: x for key, x in entries.items() if x != getattr(type(noun), names[key], None)}


def _toml_lines(entries: Mapping[str, Any]) -> list[str]:
    """Write the entries of a TOML table that are not ``None``."""
    return [f"{key} = {_toml(value)}" for key, value in entries.items() if value is not None]


def _toml(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(_toml_lines(value)) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_toml, value)) + "]"
    # A JSON string, number or bool is a TOML one, but for the delete character.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
