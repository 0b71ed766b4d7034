"""What reports are made of: words in two languages, paragraphs, exhibits, a survey's sections."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from math import isinf
from numbers import Integral
from pathlib import Path
from typing import Any

import pandas as pd

from churnlib.evidence import LANGUAGES, PROJECT, Kind, Origin, apa, derived, p_alone
from churnlib.report.text_table import NONE, P_VALUES, TextTable
from churnlib.survey import Survey, load_codebook

_PERCENT = {"percent", "valid_percent", "cumulative_percent", "people", "answers", "share"}
REFERENCE = re.compile("\x02(.+?)\x03")  # no text of a user holds these
_JOINED = (("low", "high", "[{}, {}]"), ("q1", "q3", "{}–{}"))


@dataclass(frozen=True, eq=False)
class Words:
    """The content of ``data/report.toml``, to be read in one language."""

    content: Mapping[str, Any]
    lang: str

    def __call__(self, key: str | Mapping[str, str], **values: object) -> str:
        """Give the text of a dotted key or an entry, with `values` in place of its braces.

        Examples
        --------
        >>> words = report_words("zh-Hans")
        >>> words("words.page", page=1, pages=2), words("words.figure")
        ('第 1 页，共 2 页', '图')
        """
        text = (self.entry(key) if isinstance(key, str) else key)[self.lang]
        return str(text.format(**values) if values else text)

    def entry(self, key: str) -> Any:
        """Give what stands under a dotted key, as it stands."""
        try:
            return reduce(lambda entry, part: entry[part], key.split("."), self.content)
        except KeyError:
            raise KeyError(f"data/report.toml has no words for {key!r}; add them") from None

    def cited(self, *reports: str) -> list[str]:
        """Give the works that reports, or parts of them, cite, in the order of the file."""
        works = self.content["reference"]
        return [work["text"][self.lang] for work in works if {*reports} & {*work["in"]}]


def report_words(lang: str) -> Words:
    """Read the words of the report in one language; those for verdicts are the codebook's.

    `lang` is "en" or "zh-Hans"; a KeyError names those that there are.
    """
    if lang not in LANGUAGES:
        raise KeyError(f"no report in {lang!r}; there are {', '.join(LANGUAGES)}")
    text = (PROJECT / "data" / "report.toml").read_text(encoding="utf-8")
    content, worded = tomllib.loads(text), load_codebook().words
    content["verdicts"] |= {kind: worded[kind] for kind in Kind if kind in worded}
    return Words(content, lang)


@dataclass(frozen=True)
class Text:
    """A paragraph, in which every `reference` becomes a field.

    Its role is one of `STYLES`; ``"contents"`` is where the table of contents stands.
    """

    text: str
    role: str = "body"


@dataclass(frozen=True)
class Exhibit:
    """A table or the path of a picture, with a numbered caption and a note on its origin."""

    key: str
    caption: str
    note: str
    origin: Origin
    content: TextTable | Path
    alternative: str = ""

    @property
    def kind(self) -> str:
        """``"table"`` or ``"figure"``."""
        return "table" if isinstance(self.content, TextTable) else "figure"


Block = Text | Exhibit


def reference(key: str) -> str:
    """Put into a `Text` or a note, this becomes a cross-reference to the exhibit of that key."""
    return f"\x02{key}\x03"


class SurveyWords:
    """The words on one survey in one language, its questions and answers by its own codebook."""

    def __init__(self, survey: Survey, words: Words) -> None:
        self.survey, self.words = survey, words
        self.label = survey.codebook.labeller(words.lang)

    def labels(self, name: str, levels: Iterable[object]) -> list[str]:
        """Give the labels of levels of a question."""
        return [self.label(f"{name}.{level}") for level in levels]

    def quantity(self, name: str) -> str:
        """Give the label of a question, with the unit of its numbers."""
        label, question = self.label(name), self.survey.codebook[name]
        if question.kind != "number" or not question.units:
            return label
        own = [unit for unit in question.units if unit.isascii() == (self.words.lang == "en")]
        return self.word("with_unit", label=label, unit=[*own, *question.units][0])

    def word(self, key: str, **values: object) -> str:
        """Give the words of a key, whole numbers with their thousands separated."""
        return self.words(f"survey.{key}", **{name: written(v) for name, v in values.items()})

    def joined(self, texts: Iterable[str], by: str = "semicolon") -> str:
        """Join texts as the language does."""
        return self.words(f"words.{by}").join(texts)

    def results(self, *results: object) -> str:
        """Join results in APA form."""
        return self.joined(apa(result, self.words.lang) for result in results)

    def pair(self, rows: str, columns: str) -> str:
        """Name two questions."""
        return self.word("pair", rows=self.label(rows), columns=self.label(columns))

    @cached_property
    def selected(self) -> str:
        """By which answers the people were selected; empty if by none."""
        chosen = {name: self.labels(name, levels) for name, levels in self.survey.filters}
        return self.joined(
            self.word("only", variable=self.label(name), levels=self.joined(levels, "comma"))
            for name, levels in chosen.items()
        )

    def captioned(self, caption: str) -> str:
        """Add to a caption which people it is of, where they were selected."""
        named = {"caption": caption, "chosen": self.selected}
        return self.word("captioned", **named) if self.selected else caption

    def text(self, key: str, **values: object) -> Text:
        """Give the words of a key as a paragraph."""
        return Text(self.word(key, **values))

    def section(
        self, kind: str, table: pd.DataFrame, /, key: str = "", *, heads: Sequence[str] = (),
        result: Any = None, note: str = "", **values: object,
    ) -> Iterator[Block]:  # fmt: skip
        """Fill the words of a kind of section: its heading, its sentence and its table.

        The table has its first column as index; `heads` are those of the next, where these have no
        words. `result` is what has been counted, if people were.
        """
        values["ref"] = reference(key or kind)
        origin = self.survey.origin
        if result is not None:
            values |= {"n": result.n, "missing": result.missing}
            note, origin = self.word("missing_note", **values), derived(origin, result.origin)
        words = {
            part: self.word(f"section.{kind}.{part}", **values)
            for part in self.words.entry(f"survey.section.{kind}")
        }
        if "heading" in words:
            yield Text(words["heading"], "heading_2")
        yield Text(words["text"])
        texts = cell_texts(table)
        worded = (self.word(f"column.{name}") for name in texts.columns[len(heads) :])
        content = TextTable((words["names"], *heads, *worded), (*texts.itertuples(name=None),))
        caption = self.captioned(words.get("caption") or words["heading"])
        yield Exhibit(key or kind, caption, note, origin, content)


def cell_texts(frame: pd.DataFrame) -> pd.DataFrame:
    """Write the cells of a frame by what its columns hold; limits and quartiles become one."""
    limits = {"low": "percent", "high": "percent"} if _PERCENT & {*frame} else {}
    texts = {
        name: [written(value, limits.get(name, name)) for value in values]
        for name, values in frame.items()
    }
    for low, high, form in _JOINED:
        if high in texts:
            both = zip(texts[low], texts.pop(high), strict=True)
            texts[low] = [form.format(a, b) if a != NONE else NONE for a, b in both]
    return pd.DataFrame(texts, frame.index)


def written(value: Any, name: str = "") -> str:
    """Write a cell of a column by its kind: a text, a count, a p-value, a percentage, a number."""
    if isinstance(value, str):
        return value
    if isinstance(value, Integral):
        return f"{value:,}"
    if value != value:
        return NONE
    if name in P_VALUES:
        return p_alone(value)
    return "∞" if isinf(value) else f"{value:,.{2 - (name in _PERCENT)}f}".replace("-", "−")


def with_percent(n: float, part: float) -> str:
    """Give a count with the percent of its group, where the group has somebody."""
    return f"{int(n):,} ({100 * part:.1f})" if part == part else f"{int(n):,}"
