"""The TOML file of a codebook: read, every mistake in it named, and written."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from itertools import pairwise
from pathlib import Path
from typing import Any, get_args

from churnlib.evidence import PROJECT
from churnlib.survey.answer_text import CONTROL, INFINITY, Interval, normalise
from churnlib.survey.codebook import Codebook
from churnlib.survey.file_formats import decode
from churnlib.survey.levels import Kind, Labels, Level, Numbers, Variable

_IN_FILE = {"labels": "label", "reversed_items": "reversed"}  # fields called otherwise there
_WRITTEN = {"labels", "kind", "questions", "items", "units", "missing", "ordered", "column"}
_FILE = {"export", "guesses", "keep", "missing", "response", "sheet", "variables", "words"}


def load_codebook(path: str | Path | None = None) -> Codebook:
    """Read a codebook; the thesis's own when no path is given.

    Parameters
    ----------
    path : str or Path, optional
        A TOML file laid out like ``data/codebook.toml``; its words are added to those there.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is not a codebook; the message names the place.

    Examples
    --------
    >>> book = load_codebook()
    >>> book["education"].keys
    ['high_school_or_below', 'junior_college', 'bachelor', 'master_or_above']
    >>> [level.key for level in book["visits"].levels if level.assumed]
    ['1-2', '3-5']
    """
    # The words that figures and reports share stand in the project; a wheel goes without them.
    shared = PROJECT / "data" / "codebook.toml"
    file = Path(path) if path is not None else shared
    try:
        text = decode(file.read_bytes(), file.name)
        content = tomllib.loads(text.replace("\r\n", "\n"))
    except FileNotFoundError:
        raise FileNotFoundError(
            f"there is no codebook at {file}; draft one from an export with the command 'codebook'"
        ) from None
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{file} is not a TOML file: {error}") from error
    _refuse_unknown(content, _FILE, file.name)
    reading = dict(content.get("export", {}))
    _refuse_unknown(reading, {"encoding", "header_rows", "sheet"}, f"{file.name}, [export]")
    variables = {
        key: _variable(key, entry, f"{file.name}, [variables.{key}]")
        for key, entry in content.get("variables", {}).items()
    }
    if not variables:
        raise ValueError(f"{file.name} declares no variable; it needs a table [variables.NAME]")
    for scale in variables.values():
        _refuse_items(scale, variables, f"{file.name}, [variables.{scale.key}]")
    response = content.get("response", "")
    if response and response not in variables:
        raise ValueError(
            f"{file.name}: response = {response!r} is none of its variables: {', '.join(variables)}"
        )
    # A reader takes free text for personal; a codebook that declares it wants it counted.
    texts = [v.questions[0] for v in variables.values() if v.kind == "text" and v.questions]
    if keep := dict.fromkeys([*content.get("keep", ()), *texts]):
        reading["keep"] = tuple(keep)
    return Codebook(
        variables,
        content.get("words", {}),
        file.name,
        tuple(content.get("missing", ())),
        {name: tuple(headers) for name, headers in content.get("sheet", {}).items()},
        load_codebook().words if path is not None and shared.exists() else {},
        reading,
        response,
        tuple(content.get("guesses", ())),
    )


def _refuse_unknown(entry: Mapping[str, Any], keys: set[str], where: str) -> None:
    # A misspelt key would be passed over, and with it the answers it was to explain.
    if unknown := sorted(entry.keys() - keys):
        raise ValueError(f"{where}: unknown {unknown[0]!r}; known are {', '.join(sorted(keys))}")


def _keys(noun: type, *others: str) -> set[str]:
    """Keys of a table in the file: its fields, without and with the others."""
    return {_IN_FILE.get(f.name, f.name) for f in fields(noun)} ^ {*others}


def _variable(key: str, entry: Mapping[str, Any], where: str) -> Variable:
    _refuse_unknown(entry, _keys(Variable, "key"), where)
    if key == "n":
        raise ValueError(f"{where}: counts are called 'n'; call the variable otherwise")
    if (kind := entry.get("kind", "single")) not in get_args(Kind):
        raise ValueError(f"{where}: kind is one of {', '.join(get_args(Kind))}, given {kind!r}")
    if (numbers := entry.get("numbers")) not in {None, *get_args(Numbers)}:
        raise ValueError(f'{where}: numbers is "option" or "value", given {numbers!r}')
    limits = entry.get("limits", {})
    variable = Variable(
        key,
        _labelled(entry, where),
        tuple(_level(level, where) for level in entry.get("levels", ())),
        limits=Interval(limits.get("low", -INFINITY), limits.get("high", INFINITY)),
        reversed_items=tuple(entry.get("reversed", ())),
        **_values(entry, "ordered", "questions", "units", "numbers", "missing", "kind", "items"),
    )
    _refuse_levels(variable, where)
    return variable


def _values(entry: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    given = {key: entry[key] for key in keys if key in entry}
    return {key: tuple(v) if isinstance(v, list) else v for key, v in given.items()}


def _refuse_levels(variable: Variable, where: str) -> None:
    """Refuse levels that are lacking, not wanted, or mean the same."""
    levels, kind = variable.levels, variable.kind
    if not levels and kind in {"single", "multiple"}:
        raise ValueError(f"{where} has no levels; add [[variables.{variable.key}.levels]]")
    if levels and kind not in {"single", "multiple"}:
        raise ValueError(f"{where}: a variable of kind {kind!r} has no levels; remove them")
    for twice in (key for key in variable.keys if variable.keys.count(key) > 1):
        raise ValueError(f"{where} declares the level {twice!r} twice")
    if len({bool(level.column) for level in levels}) > 1:
        raise ValueError(f"{where}: give every level its 'column', or none")
    for level in levels:
        for text in (level.key, *level.names):
            if (other := variable.spellings[normalise(text)]) != level.key:
                raise ValueError(f"{where}: {text!r} means both {level.key!r} and {other!r}")
    codes = [level.code for level in levels if level.code is not None]
    if len(set(codes)) < len(codes):
        raise ValueError(f"{where}: two levels have the same option number; given {codes}")
    bands = sorted((v.band.low, v.band.high, v.key) for v in levels if v.band)
    for (_, last, lower), (first, _, upper) in pairwise(bands):
        if first <= last:
            raise ValueError(f"{where}: the bands of {lower!r} and {upper!r} overlap")


def _refuse_items(scale: Variable, variables: Mapping[str, Variable], where: str) -> None:
    """Refuse a scale whose questions are not there, or have not as many levels in order."""
    if scale.kind != "scale":
        if scale.items or scale.reversed_items:
            raise ValueError(f'{where}: only a scale has items; say kind = "scale"')
        return
    if len(scale.items) < 2:
        raise ValueError(f"{where}: a scale needs two items or more, given {[*scale.items]}")
    for item in (*scale.items, *scale.reversed_items):
        if item not in scale.items:
            raise ValueError(f"{where}: {item!r} is reversed and is none of the items")
        if item not in variables or not variables[item].ordered:
            raise ValueError(f"{where}: the item {item!r} is no variable with ordered levels")
    if len({len(variables[item].levels) for item in scale.items}) > 1:
        raise ValueError(f"{where}: the items have different numbers of levels")


def _level(entry: Mapping[str, Any], variable: str) -> Level:
    if not isinstance(key := entry.get("key"), str):
        raise ValueError(f"{variable}: every level needs a text 'key', given {key!r}")
    where, bounds = f"{variable}, level {key!r}", entry.get("bounds", {})
    _refuse_unknown(entry, _keys(Level, "low", "high", "bounds"), where)
    low, high = bounds.get("low"), bounds.get("high")
    if any(not isinstance(bound, int | None) for bound in (low, high)):
        raise ValueError(f"{where}: bounds are whole numbers, given low={low!r}, high={high!r}")
    if low is not None and high is not None and low > high:
        raise ValueError(f"{where}: low={low} is above high={high}")
    if not isinstance(code := entry.get("code"), int | None):
        raise ValueError(f"{where}: an option number is a whole number, given {code!r}")
    column, others = str(entry.get("column", "")), _values(entry, "assumed", "aliases", "code")
    return Level(key, _labelled(entry, where), low, high, column=column, **others)


def _labelled(entry: Mapping[str, Any], where: str) -> Labels:
    labels = entry.get("label")
    if not isinstance(labels, dict) or not labels:
        raise ValueError(f"{where} needs 'label' with one text a language, given {labels!r}")
    return {lang: CONTROL.sub("", str(text)) for lang, text in labels.items()}


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
    yield from _toml_lines(_entries(variable) | ({"reversed": []} if variable.items else {}))
    for level in variable.levels:
        yield f"[[variables.{variable.key}.levels]]"
        bounds = {side: n for side in ("low", "high") if (n := getattr(level, side)) is not None}
        yield from _toml_lines({"key": level.key, **_entries(level), "bounds": bounds or None})
    yield ""


def _entries(noun: Variable | Level) -> dict[str, Any]:
    """What the file says of a variable or a level, without what needs not be said."""
    return {
        _IN_FILE.get(f.name, f.name): value
        for f in fields(noun)
        if f.name in _WRITTEN and (value := getattr(noun, f.name)) != f.default
    }


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
