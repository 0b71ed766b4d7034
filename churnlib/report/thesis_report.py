"""The written report on the thesis, as a Word document in English and Chinese."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

from churnlib.evidence import PROJECT
from churnlib.report.document import (
    Block,
    Contents,
    Exhibit,
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
        The document: the sections with their exhibits, each with its caption and its origin, and
        the name of every other exhibit of the manifest. The same bytes every time.

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
    references, the sections of the appendix, and the exhibits that no section shows, by notebook.
    """
    by_name = {entry.name: entry for entry in entries}
    values = thesis_facts(claims(), words) | {f"ref_{name}": reference(name) for name in by_name}

    def sections(key: str) -> Iterator[Block]:
        for place, section in enumerate(words.entries(key), 1):
            where = f"{key} {place}"
            yield Heading(words.fill(section["heading"], where, {}), section["level"])
            yield from (Text(words.fill(text, where, values)) for text in section["text"])
            yield from (_exhibit(by_name[name], folder, words) for name in section["exhibits"])

    blocks: list[Block] = [
        Title(words("thesis.title"), words("thesis.below")),
        Contents(),
        *sections("thesis.section"),
        Heading(words("words.references")),
        *(Text(work, "reference") for work in words.cited("thesis")),
        *sections("thesis.appendix"),
    ]
    shown = {block.key for block in blocks if isinstance(block, Exhibit)}
    others = [entry for entry in entries if entry.kind != "none" and entry.name not in shown]
    return [*blocks, *_elsewhere(others, words)]


def _elsewhere(entries: Sequence[Entry], words: Words) -> Iterator[Block]:
    """Name the exhibits of each notebook that the report does not show."""
    if not entries:
        return
    yield Heading(words("thesis.elsewhere.heading"))
    yield Text(words("thesis.elsewhere.text"))
    ordered = sorted(entries, key=lambda entry: entry.notebook)
    for notebook, exhibits in groupby(ordered, key=lambda entry: entry.notebook):
        named = words("words.semicolon").join(
            words(
                "thesis.elsewhere.exhibit",
                caption=entry.caption[words.lang],
                origin=entry.origin.mark(words.lang),
            )
            for entry in exhibits
        )
        listed = words("thesis.elsewhere.of_notebook", notebook=notebook, exhibits=named)
        yield Text(listed, "reference")


def _exhibit(entry: Entry, folder: Path, words: Words) -> Block:
    caption, mark = entry.caption[words.lang], entry.origin.mark(words.lang)
    common = (entry.name, caption, words("thesis.exhibit.note", notebook=entry.notebook))
    if entry.kind == "table":
        texts = TextTable.read(folder / entry.path(words.lang, "csv"))
        rows = tuple(tuple(map(typeset, row)) for row in texts.rows)
        return TableBlock(*common, entry.origin, TextTable(texts.header, rows))
    picture = folder / entry.path(words.lang, "png")
    alternative = words("thesis.exhibit.alternative", caption=caption, origin=mark)
    return FigureBlock(*common, entry.origin, picture, alternative)


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
