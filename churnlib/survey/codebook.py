"""All that is particular to one survey: its variables, its words, its missing answers."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

from churnlib.evidence import PROJECT
from churnlib.survey.answer_text import CONTROL, INFINITY, Interval, as_text, normalise, strip_mark
from churnlib.survey.levels import Labels, Level, Numbers, Variable
from churnlib.survey.text_encoding import decode


@dataclass(frozen=True, eq=False)
class Codebook:
    """The variables of one survey in the order of its file, and every word about them.

    Parameters
    ----------
    variables : mapping of str to Variable
        In the order of the file.
    words : mapping of str to labels
        Other words that tables and figures need, such as ``"opened"``.
    where : str
        The file it was read from, for error messages.
    missing : tuple of str
        What stands for a declared missing answer.
    sheet : mapping
        Columns that identify an answer sheet: ``id`` and ``time``, each a list of headers.
    common : mapping of str to labels
        Words of tables and figures that every survey shares; asked last.
    reading : mapping
        How its export is read: what `read_answers` takes beside the path.
    """

    variables: Mapping[str, Variable]
    words: Mapping[str, Labels]
    where: str
    missing: tuple[str, ...] = ()
    sheet: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    common: Mapping[str, Labels] = field(default_factory=dict)
    reading: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def missing_spellings(self) -> frozenset[str]:
        """Normalised texts of a declared missing answer; an empty cell is always one."""
        return frozenset(map(normalise, self.missing)) | {""}

    def missing_in(self, variable: str) -> frozenset[str]:
        """The same for one question, which may have missing answers of its own."""
        own = self[variable].missing
        return self.missing_spellings if own is None else frozenset(map(normalise, own)) | {""}

    def resolve(self, variable: str, raw: Any, *, numbers: Numbers | None = None) -> str | None:
        """Give the level that an answer belongs to.

        The rules, in this order: remove an option mark; bring widths, dashes and spaces to one
        form; know declared missing answers; know an option number; know a level by its key,
        its labels or its aliases; read a band of whole numbers, which must lie inside one
        level. Nothing is matched by likeness.

        Parameters
        ----------
        variable : str
            A variable of the codebook.
        raw : object
            The answer as typed.
        numbers : {"option", "value"}, optional
            How to read a bare number that could be an option number as well as a quantity;
            the codebook's word on it when left out.

        Returns
        -------
        str or None
            A level key, or ``None`` for a declared missing answer.

        Raises
        ------
        LabelError
            If the answer must not be given a level.
        KeyError
            If there is no such variable.

        Examples
        --------
        >>> book = load_codebook()
        >>> book.resolve("age", "Ｂ．４０－４９ 岁"), book.resolve("gender", "(跳过)")
        ('40-59', None)
        >>> book.resolve("age", "18-25岁")
        Traceback (most recent call last):
        churnlib.survey.levels.LabelError: '18-25岁' is no answer to 'age': it does not lie inside \
one level but reaches into le18 and 19-29
        """
        known = self[variable]
        text = as_text(raw)
        missing = self.missing_in(variable)
        bare = text if text.strip() in known.written else strip_mark(text)
        if {normalise(text), normalise(bare)} & missing:
            return None
        return known.level_of(text, numbers)

    def __getitem__(self, variable: str) -> Variable:
        try:
            return self.variables[variable]
        except KeyError:
            known = ", ".join(self.variables)
            raise KeyError(f"{self.where} has no variable {variable!r}; it has {known}") from None

    def labeller(self, lang: str) -> Callable[[str], str]:
        """Return the function that words a key in one language.

        A key is a variable (``"age"``), a level (``"age.le18"``, or ``"le18"`` where only
        one variable has it) or one of the other words. A missing label raises: an
        unlabelled bar is a defect, not a default.

        Examples
        --------
        >>> label = load_codebook().labeller("zh-Hans")
        >>> label("age"), label("le18")
        ('年龄', '18岁及以下')
        """

        def label(key: str) -> str:
            found = self._labels(key)
            if lang not in found:
                raise KeyError(
                    f"{self.where}: {key!r} has no label in {lang!r}; it has {', '.join(found)}"
                )
            return found[lang]

        return label

    def within(self, label: Callable[[str], str], *variables: str) -> Callable[[str], str]:
        """Narrow a labeller to a table of these variables, whose levels others may have too.

        Raises
        ------
        KeyError
            When asked for a level that two of these variables have under different labels.

        Examples
        --------
        >>> book = load_codebook()
        >>> book.within(book.labeller("en"), "gender", "visits")("female")
        'Female'
        """

        def word(key: str) -> str:
            owners = [v for v in variables if key in self[v].keys]
            found = {label(f"{owner}.{key}") for owner in owners} or {label(key)}
            if len(found) > 1:
                raise KeyError(
                    f"{self.where}: the level {key!r} means {' and '.join(sorted(found))} in "
                    f"{' and '.join(owners)}; give it two keys"
                )
            return found.pop()

        return word

    def _labels(self, key: str) -> Labels:
        variables, words = self.variables, self.words
        if key in variables:
            return variables[key].labels
        if key in words:
            return words[key]
        variable, _, level = key.partition(".")
        if level and variable in variables:
            return variables[variable][level].labels
        owners = [v for v in variables.values() if key in v.keys]
        if len(owners) > 1:
            names = ", ".join(f"{v.key}.{key}" for v in owners)
            raise KeyError(f"{self.where}: the level {key!r} is in several variables; say {names}")
        if not owners and key in self.common:
            return self.common[key]
        if not owners:
            raise KeyError(f"{self.where} has no variable, level or word {key!r}; add its label")
        return owners[0][key].labels


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
    file = Path(path) if path is not None else PROJECT / "data" / "codebook.toml"
    try:
        text = decode(file.read_bytes(), file.name)
        content = tomllib.loads(text.replace("\r\n", "\n"))
    except FileNotFoundError:
        raise FileNotFoundError(
            f"there is no codebook at {file}; draft one from an export with the command 'codebook'"
        ) from None
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{file} is not a TOML file: {error}") from error
    _known(content, {"export", "keep", "missing", "sheet", "variables", "words"}, file.name)
    reading = dict(content.get("export", {}))
    _known(reading, {"encoding", "header_rows", "sheet"}, f"{file.name}, [export]")
    if "keep" in content:
        reading["keep"] = tuple(content["keep"])
    variables = {
        key: _variable(key, entry, f"{file.name}, [variables.{key}]")
        for key, entry in content.get("variables", {}).items()
    }
    if not variables:
        raise ValueError(f"{file.name} declares no variable; it needs a table [variables.NAME]")
    sheet = {name: tuple(headers) for name, headers in content.get("sheet", {}).items()}
    # The words that figures and reports share stand in the project; a wheel goes without them.
    shared = PROJECT / "data" / "codebook.toml"
    common = load_codebook().words if path is not None and shared.exists() else {}
    own, missing = content.get("words", {}), tuple(content.get("missing", ()))
    return Codebook(variables, own, file.name, missing, sheet, common, reading)


def _variable(key: str, entry: Mapping[str, Any], where: str) -> Variable:
    _known(entry, _VARIABLE_KEYS, where)
    if key == "n":
        raise ValueError(f"{where}: counts are called 'n'; call the variable otherwise")
    levels = tuple(_level(level, where) for level in entry.get("levels", ()))
    keys = [level.key for level in levels]
    if not levels:
        raise ValueError(f"{where} has no levels; add [[variables.{key}.levels]]")
    if len(set(keys)) < len(keys):
        twice = next(k for k in keys if keys.count(k) > 1)
        raise ValueError(f"{where} declares the level {twice!r} twice")
    limits = entry.get("limits", {})
    numbers = entry.get("numbers")
    if numbers not in {None, "option", "value"}:
        raise ValueError(f'{where}: numbers is "option" or "value", given {numbers!r}')
    variable = Variable(
        key,
        _labelled(entry, where),
        levels,
        bool(entry.get("ordered", False)),
        tuple(entry.get("questions", ())),
        tuple(entry.get("units", ())),
        Interval(limits.get("low", -INFINITY), limits.get("high", INFINITY)),
        numbers,
        tuple(entry["missing"]) if "missing" in entry else None,
    )
    _refuse_double_meanings(variable, where)
    return variable


def _refuse_double_meanings(variable: Variable, where: str) -> None:
    for level in variable.levels:
        for text in (level.key, *level.labels.values(), *level.aliases):
            if (other := variable.spellings[normalise(text)]) != level.key:
                raise ValueError(f"{where}: {text!r} means both {level.key!r} and {other!r}")
    codes = [level.code for level in variable.levels if level.code is not None]
    if len(set(codes)) < len(codes):
        raise ValueError(f"{where}: two levels have the same option number; given {codes}")
    bands = [level for level in variable.levels if level.band is not None]
    for lower, upper in pairwise(bands):
        if lower.band and upper.band and upper.band.low <= lower.band.high:
            raise ValueError(f"{where}: the bands of {lower.key!r} and {upper.key!r} overlap")


def _level(entry: Mapping[str, Any], where: str) -> Level:
    if not isinstance(entry.get("key"), str):
        raise ValueError(f"{where}: every level needs a text 'key', given {entry.get('key')!r}")
    place = f"{where}, level {entry['key']!r}"
    _known(entry, _LEVEL_KEYS, place)
    bounds = entry.get("bounds", {})
    low, high = bounds.get("low"), bounds.get("high")
    if any(not isinstance(b, int | None) for b in (low, high)):
        raise ValueError(f"{place}: bounds are whole numbers, given low={low!r}, high={high!r}")
    if low is not None and high is not None and low > high:
        raise ValueError(f"{place}: low={low} is above high={high}")
    if not isinstance(code := entry.get("code"), int | None):
        raise ValueError(f"{place}: an option number is a whole number, given {code!r}")
    return Level(
        entry["key"],
        _labelled(entry, place),
        low,
        high,
        bool(entry.get("assumed", False)),
        tuple(entry.get("aliases", ())),
        code,
    )


def _known(entry: Mapping[str, Any], keys: set[str], where: str) -> None:
    # A misspelt key would be passed over, and with it the answers it was to explain.
    if unknown := sorted(set(entry) - keys):
        raise ValueError(f"{where}: unknown {unknown[0]!r}; known are {', '.join(sorted(keys))}")


_FINDING = {"questions", "units"}
_VARIABLE_KEYS = {"label", "levels", "limits", "missing", "numbers", "ordered", *_FINDING}
_LEVEL_KEYS = {"aliases", "assumed", "bounds", "code", "key", "label"}


def _labelled(entry: Mapping[str, Any], where: str) -> Labels:
    labels = entry.get("label")
    if not isinstance(labels, dict) or not labels:
        raise ValueError(f"{where} needs 'label' with one text a language, given {labels!r}")
    return {lang: CONTROL.sub("", str(text)) for lang, text in labels.items()}
