"""The words of the written report: one file, every language, no number."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from churnlib.evidence import LANGUAGES as LANGUAGES
from churnlib.evidence import PROJECT, Kind
from churnlib.survey import load_codebook


@dataclass(frozen=True, eq=False)
class Words:
    """The words of the report in one language.

    Parameters
    ----------
    content : mapping
        The file.
    lang : str
        The language.
    """

    content: Mapping[str, Any]
    lang: str

    def __call__(self, key: str, **values: object) -> str:
        """Give the text of a dotted key, with `values` in place of its braces.

        Raises
        ------
        KeyError
            If there is no such text in the language, or it asks for a value not given.

        Examples
        --------
        >>> words = report_words("zh-Hans")
        >>> words("words.page", page=1, pages=2), words("words.figure")
        ('第 1 页，共 2 页', '图')
        """
        return self.fill(self._entry(key), key, values)

    def has(self, key: str) -> bool:
        """Whether there is such a key."""
        try:
            self._entry(key)
        except KeyError:
            return False
        return True

    def entries(self, key: str) -> list[Mapping[str, Any]]:
        """Give the tables of a list as they stand."""
        return list(self._entry(key))

    def cited(self, *reports: str) -> list[str]:
        """Give the works that reports, or parts of them, cite, in the order of the file."""
        listed = [each for each in self.entries("reference") if {*reports} & {*each["in"]}]
        return [self.fill(each["text"], "reference", {}) for each in listed]

    def _entry(self, key: str) -> Any:
        found: Any = self.content
        for part in key.split("."):
            if not isinstance(found, Mapping) or part not in found:
                raise KeyError(f"data/report.toml has no words for {key!r}; add them")
            found = found[part]
        return found

    def fill(self, entry: Any, key: str, values: Mapping[str, object]) -> str:
        """Give the text of an entry in the language, with `values` in place of its braces.

        A text that is given no values keeps its braces.
        """
        if not isinstance(entry, Mapping) or self.lang not in entry:
            raise KeyError(f"data/report.toml: {key!r} has no text in {self.lang!r}; add it")
        if not values:
            return str(entry[self.lang])
        try:
            return str(entry[self.lang]).format(**values)
        except (KeyError, IndexError) as error:
            raise KeyError(
                f"data/report.toml: {key!r} asks for {{{error.args[0]}}}, which is not computed; "
                f"there are {', '.join(values)}"
            ) from None


def report_words(lang: str, path: Path | None = None) -> Words:
    """Read the words of the report in one language.

    Parameters
    ----------
    lang : {"en", "zh-Hans"}
    path : Path, optional
        Another file; ``data/report.toml`` when left out. The words for verdicts are the codebook's.

    Raises
    ------
    KeyError
        If the report is not written in that language.
    FileNotFoundError, ValueError
        If the file is missing or is no TOML.
    """
    if lang not in LANGUAGES:
        raise KeyError(f"no report in {lang!r}; there are {', '.join(LANGUAGES)}")
    file = path or PROJECT / "data" / "report.toml"
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise FileNotFoundError(f"{file} is missing; restore it from version control") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{file} is not a TOML file in UTF-8: {error}") from error
    worded = load_codebook().words
    content["verdicts"] |= {kind: worded[kind] for kind in Kind if kind in worded}
    return Words(content, lang)
