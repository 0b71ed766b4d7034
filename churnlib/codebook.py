"""Variables, their ordered levels, and the words for them in each language."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from churnlib.provenance import PROJECT

Labels = Mapping[str, str]


@dataclass(frozen=True)
class Level:
    """One answer category.

    Parameters
    ----------
    key : str
        ASCII name used in code and data, for instance ``"40-59"``.
    labels : mapping of str to str
        Language to label.
    low, high : int or None
        First and last whole number of a band, both included; ``None`` on an open
        side and for a level that is not a band.
    assumed : bool
        Whether the level is ours rather than the source's.
    """

    key: str
    labels: Labels
    low: int | None = None
    high: int | None = None
    assumed: bool = False

    @property
    def width(self) -> int | None:
        """Number of whole units in the band; ``None`` when a side is open."""
        if self.low is None or self.high is None:
            return None
        return self.high - self.low + 1


@dataclass(frozen=True)
class Variable:
    """One question with its levels, in the order in which they are always shown."""

    key: str
    labels: Labels
    levels: tuple[Level, ...]
    ordered: bool

    @property
    def keys(self) -> list[str]:
        """Level keys in codebook order."""
        return [level.key for level in self.levels]

    def __getitem__(self, key: str) -> Level:
        for level in self.levels:
            if level.key == key:
                return level
        raise KeyError(f"{self.key!r} has no level {key!r}; its levels are {', '.join(self.keys)}")


@dataclass(frozen=True, eq=False)
class Codebook:
    """All that is particular to one survey: variables, levels, labels.

    Parameters
    ----------
    variables : mapping of str to Variable
        In the order of the file.
    words : mapping of str to labels
        Other words that tables and figures need, such as ``"opened"``.
    where : str
        The file it was read from, for error messages.
    """

    variables: Mapping[str, Variable]
    words: Mapping[str, Labels]
    where: str

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

    def _labels(self, key: str) -> Labels:
        if key in self.variables:
            return self.variables[key].labels
        if key in self.words:
            return self.words[key]
        variable, _, level = key.partition(".")
        if level and variable in self.variables:
            return self.variables[variable][level].labels
        owners = [v for v in self.variables.values() if key in v.keys]
        if len(owners) > 1:
            names = ", ".join(f"{v.key}.{key}" for v in owners)
            raise KeyError(f"{self.where}: the level {key!r} is in several variables; say {names}")
        if not owners:
            raise KeyError(f"{self.where} has no variable, level or word {key!r}; add its label")
        return owners[0][key].labels


def load_codebook(path: str | Path | None = None) -> Codebook:
    """Read a codebook; the thesis's own when no path is given.

    Parameters
    ----------
    path : str or Path, optional
        A TOML file laid out like ``data/codebook.toml``.

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
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise FileNotFoundError(
            f"there is no codebook at {file}; copy data/codebook.toml and edit it"
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{file} is not a TOML file in UTF-8: {error}") from error
    variables = {
        key: _variable(key, entry, f"{file.name}, [variables.{key}]")
        for key, entry in content.get("variables", {}).items()
    }
    if not variables:
        raise ValueError(f"{file.name} declares no variable; it needs a table [variables.NAME]")
    return Codebook(variables, content.get("words", {}), file.name)


def _variable(key: str, entry: Mapping[str, Any], where: str) -> Variable:
    levels = tuple(_level(level, where) for level in entry.get("levels", ()))
    keys = [level.key for level in levels]
    if not levels:
        raise ValueError(f"{where} has no levels; add [[variables.{key}.levels]]")
    if len(set(keys)) < len(keys):
        twice = next(k for k in keys if keys.count(k) > 1)
        raise ValueError(f"{where} declares the level {twice!r} twice")
    return Variable(key, _labelled(entry, where), levels, bool(entry.get("ordered", False)))


def _level(entry: Mapping[str, Any], where: str) -> Level:
    if not isinstance(entry.get("key"), str):
        raise ValueError(f"{where}: every level needs a text 'key', given {entry.get('key')!r}")
    place = f"{where}, level {entry['key']!r}"
    bounds = entry.get("bounds", {})
    low, high = bounds.get("low"), bounds.get("high")
    if any(not isinstance(b, int | None) for b in (low, high)):
        raise ValueError(f"{place}: bounds are whole numbers, given low={low!r}, high={high!r}")
    if low is not None and high is not None and low > high:
        raise ValueError(f"{place}: low={low} is above high={high}")
    return Level(entry["key"], _labelled(entry, place), low, high, entry.get("assumed", False))


def _labelled(entry: Mapping[str, Any], where: str) -> Labels:
    labels = entry.get("label")
    if not isinstance(labels, dict) or not labels:
        raise ValueError(f"{where} needs 'label' with one text a language, given {labels!r}")
    return labels
