"""The written report on the thesis, as a Word document in English and Chinese."""

from __future__ import annotations

import os
import shutil
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path

import pandas as pd

from churnlib.evidence import PROJECT, Kind, Origin
from churnlib.report.document import (
    Block,
    Contents,
    FigureBlock,
    Heading,
    TableBlock,
    Text,
    Title,
    reference,
    write_paper,
)
from churnlib.report.manifest import Entry, read_manifest, write_manifest
from churnlib.report.pages import write_html
from churnlib.report.report_text import LANGUAGES, Words, report_words
from churnlib.report.survey_report import write_survey_report as write_survey_report
from churnlib.report.text_table import TextTable
from churnlib.report.thesis_facts import thesis_facts
from churnlib.studies import claims, typeset

VERDICTS = "verdicts"
"""Name of the exhibit that the appendix prints in full."""


def write_report(folder: Path, lang: str, *, template: Path | None = None) -> Path:
    """Write the report on the thesis to ``report/churn-report.LANG.docx``.

    Parameters
    ----------
    folder : Path
        Holds ``figures/`` with its manifest; the report is written beside it.
    lang : {"en", "zh-Hans"}
    template : Path, optional
        A .docx, for instance a university's, whose styles, page, header and footer are used.

    Returns
    -------
    Path
        The document: every exhibit of the manifest with its caption, its origin and a sentence
        that refers to it, and the verdict on every statement. The same bytes every time.

    Raises
    ------
    FileNotFoundError
        If the manifest, one of its files or the template is missing.
    KeyError
        If there is no such language, or a word is missing in it.
    ValueError
        If the template is not a Word document.
    """
    words = report_words(lang)
    blocks = thesis_blocks(read_manifest(folder), folder, words)
    path = folder / "report" / f"churn-report.{lang}.docx"
    return write_paper(blocks, path, lang, lambda key: words(f"words.{key}"), template)


RUN = "CHURNLIB_RUN"
"""Environment variable that a run of all notebooks sets for each of them."""


def collect_exhibits(folder: Path) -> Path:
    """Complete the exhibits in `folder` with the project's committed ones, and list them.

    A notebook that runs alone finds no figures of this run; it then takes those of the last. In a
    run by the pipeline everything was made in that run, and what lacks is made by no notebook.

    Returns
    -------
    Path
        The manifest.
    """
    kept = PROJECT / "figures" / "manifest.json"
    alone = RUN not in os.environ
    if alone and folder.resolve() != PROJECT and kept.exists():  # all outputs may be deleted
        for file in (file for entry in read_manifest(PROJECT) for file in entry.files):
            target = folder / file.path
            if not target.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(PROJECT / file.path, target)
    return write_manifest(folder)


def thesis_blocks(entries: Sequence[Entry], folder: Path, words: Words) -> list[Block]:
    """Put the report together, block by block, before anything is written.

    The sections of ``data/report.toml`` come first, each with the exhibits that it names; then the
    references, all other exhibits by notebook, and the verdict on every statement.
    """
    verdicts = claims()
    facts = thesis_facts(verdicts, words)
    by_name = {entry.name: entry for entry in entries}
    values = facts | {f"ref_{name}": reference(e.exhibit) for name, e in by_name.items()}
    blocks: list[Block] = [
        Title(words("thesis.title"), words("thesis.below")),
        Contents(),
        Heading(words("words.summary")),
        *(Text(text) for text in words.each("thesis.summary", **facts)),
        *(Text(text) for text in _findings(words, facts)),
    ]
    shown = {VERDICTS}
    for place, section in enumerate(words.entries("thesis.section"), 1):
        key = f"thesis.section {place}"
        blocks.append(Heading(words.fill(section["heading"], key, {}), section["level"]))
        blocks += [Text(words.fill(text, key, values)) for text in section["text"]]
        blocks += [_exhibit(by_name[name], folder, words) for name in section["exhibits"]]
        shown |= {*section["exhibits"]}
    return [
        *blocks,
        Heading(words("words.references")),
        *(Text(work, "reference") for work in words.cited("thesis")),
        *_further([e for e in entries if e.name not in shown], folder, words, verdicts["verdict"]),
        *_appendix(verdicts, words, facts, entries),
    ]


def _findings(words: Words, facts: Mapping[str, str]) -> Iterator[str]:
    for place, finding in enumerate(words.entries("thesis.finding"), 1):
        text = words.fill(finding["text"], f"thesis.finding {place}", facts)
        yield words("thesis.numbered", number=place, text=text)


def _further(
    entries: Sequence[Entry], folder: Path, words: Words, verdicts: pd.Series
) -> Iterator[Block]:
    """The exhibits of no section, by notebook, each with a sentence that refers to it."""
    carried = _statements()
    yield Heading(words("words.exhibits"))
    ordered = sorted(entries, key=lambda entry: entry.notebook)
    for notebook, exhibits in groupby(ordered, key=lambda entry: entry.notebook):
        key = f"thesis.notebooks.{notebook}.heading"
        yield Heading(words(key) if words.has(key) else notebook, 2)
        for entry in exhibits:
            of_kind = _by_verdict(carried.get(entry.exhibit, []), verdicts)
            yield Text(_introduction(entry, of_kind, words))
            if entry.kind != "none":
                yield _exhibit(entry, folder, words)


def _by_verdict(statements: Sequence[int], verdicts: pd.Series) -> list[tuple[Kind, list[int]]]:
    found = {kind: [n for n in statements if verdicts[n] == kind] for kind in Kind}
    return [(kind, numbers) for kind, numbers in found.items() if numbers]


def _introduction(entry: Entry, of_kind: Sequence[tuple[Kind, Sequence[int]]], words: Words) -> str:
    """Refer to an exhibit and say how the statements that it carries fare."""
    named = {"ref": reference(entry.exhibit)}
    if entry.kind == "none":
        statements = _list((n for _, numbers in of_kind for n in numbers), words)
        return words("thesis.exhibit.lost", id=_named(entry.exhibit, words), statements=statements)
    if entry.origin is Origin.SYNTHETIC:
        return words("thesis.exhibit.simulated", **named)
    if not of_kind:
        return words("thesis.exhibit.other", **named)
    found = words("words.semicolon").join(
        words(
            "thesis.exhibit.found",
            verdict=words(f"verdicts.{kind}"),
            statements=_list(numbers, words),
        )
        for kind, numbers in of_kind
    )
    return words("thesis.exhibit.carries", **named, found=found)


def _named(exhibit: str, words: Words) -> str:
    """The number of an exhibit in the project, ``"Table 3-1"``, in the language."""
    kind, _, number = exhibit.partition(" ")
    known = {"Table": "words.table", "Figure": "words.figure"}
    joint = words("words.space")
    return f"{words(known[kind])}{joint}{number}" if kind in known else exhibit


def _note(entry: Entry, words: Words) -> str:
    return words("thesis.exhibit.note", notebook=entry.notebook)


def _exhibit(entry: Entry, folder: Path, words: Words) -> Block:
    note = _note(entry, words)
    caption = entry.caption[words.lang]
    if entry.origin is Origin.SYNTHETIC and words("thesis.exhibit.simulated_mark") not in caption:
        caption = words("thesis.exhibit.simulated_caption", caption=caption)
    if entry.kind == "table":
        texts = TextTable.read(folder / entry.path(words.lang, "csv"))
        return TableBlock(entry.exhibit, caption, note, entry.origin, texts)
    picture = folder / entry.path(words.lang, "png")
    alternative = words(
        "thesis.exhibit.alternative", caption=caption, origin=entry.origin.mark(words.lang)
    )
    return FigureBlock(entry.exhibit, caption, note, entry.origin, picture, alternative)


def _appendix(
    verdicts: pd.DataFrame, words: Words, facts: Mapping[str, str], entries: Sequence[Entry]
) -> Iterator[Block]:
    columns = ("number", "statement", "printed", "computed", "verdict", "reason")
    chinese = "_zh" if words.lang == "zh-Hans" else ""
    rows = tuple(
        (
            str(number),
            row[f"statement{chinese}"],
            typeset(row["printed"]),
            typeset(row["computed"]),
            words(f"verdicts.{row['verdict']}"),
            row[f"reason{chinese}"],
        )
        for number, row in verdicts.iterrows()
    )
    texts = TextTable(tuple(words(f"thesis.appendix.{column}") for column in columns), rows)
    yield Heading(words("words.appendix"))
    yield Text(words("thesis.appendix.text", ref=reference(VERDICTS)))
    caption = words("thesis.appendix.caption", **facts)
    entry = next(entry for entry in entries if entry.name == VERDICTS)
    yield TableBlock(VERDICTS, caption, _note(entry, words), entry.origin, texts)


def _statements() -> dict[str, list[int]]:
    """The statements that each exhibit carries, as ``notebooks/exhibits.toml`` has it."""
    file = PROJECT / "notebooks" / "exhibits.toml"
    listed = tomllib.loads(file.read_text(encoding="utf-8"))["exhibit"]
    return {entry["id"]: entry["claims"] for entry in listed}


def _list(numbers: Iterable[int], words: Words) -> str:
    return words("words.comma").join(map(str, numbers))


def write_all(folder: Path, lang: str | None = None, template: Path | None = None) -> list[Path]:
    """Write the Word report in one language or in all, and the notebooks as web pages.

    Parameters
    ----------
    folder : Path
        Holds ``figures/`` with its manifest and ``notebooks/``; ``report/`` is written beside.
    lang : {"en", "zh-Hans"}, optional
    template : Path, optional
        As for `write_report`.

    Returns
    -------
    list of Path
        What was written.
    """
    chosen = [lang] if lang else LANGUAGES
    documents = [write_report(folder, each, template=template) for each in chosen]
    return documents + write_html(folder / "notebooks", folder / "report" / "html")
