"""The words of the written report: one file, every language, no number."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any

from churnlib.evidence import LANGUAGES, PROJECT, Kind
from churnlib.survey import load_codebook


@dataclass(frozen=True, eq=False)
class Words:
    """The content of ``data/report.toml``, to be read in one language."""

    content: Mapping[str, Any]
    lang: str

    def __call__(self, key: str, **values: object) -> str:
        """Give the text of a dotted key, with `values` in place of its braces.

        Examples
        --------
        >>> words = report_words("zh-Hans")
        >>> words("words.page", page=1, pages=2), words("words.figure")
        ('第 1 页，共 2 页', '图')
        """
        return self.fill(self.entry(key), values)

    def entry(self, key: str) -> Any:
        """Give what stands under a dotted key, as it stands."""
        try:
            return reduce(lambda entry, part: entry[part], key.split("."), self.content)
        except KeyError:
            raise KeyError(f"data/report.toml has no words for {key!r}; add them") from None

    def fill(self, entry: Mapping[str, str], values: Mapping[str, object]) -> str:
        """Give the text of an entry; one that is given no values keeps its braces."""
        text = entry[self.lang]
        return text.format(**values) if values else text

    def cited(self, *reports: str) -> list[str]:
        """Give the works that reports, or parts of them, cite, in the order of the file."""
        works = self.content["reference"]
        return [work["text"][self.lang] for work in works if {*reports} & {*work["in"]}]


def report_words(lang: str) -> Words:
    """Read the words of the report in one language; those for verdicts are the codebook's.

    Parameters
    ----------
    lang : {"en", "zh-Hans"}

    Raises
    ------
    KeyError
        If the report is not written in that language.
    """
    if lang not in LANGUAGES:
        raise KeyError(f"no report in {lang!r}; there are {', '.join(LANGUAGES)}")
    text = (PROJECT / "data" / "report.toml").read_text(encoding="utf-8")
    content, worded = tomllib.loads(text), load_codebook().words
    content["verdicts"] |= {kind: worded[kind] for kind in Kind if kind in worded}
    return Words(content, lang)
