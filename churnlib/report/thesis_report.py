"""The written report on the thesis, every number computed when it is written."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd

from churnlib.evidence import LANGUAGES, NAN, PROJECT, Estimate, Kind, apa, resources
from churnlib.questions import association
from churnlib.report.document import write_document
from churnlib.report.manifest import MANIFEST, Entry, read_manifest, write_manifest
from churnlib.report.pages import write_html
from churnlib.report.report_text import Block, Exhibit, Text, Words, reference, report_words
from churnlib.report.text_table import TextTable
from churnlib.studies import (
    audit_thesis,
    claims,
    load_study,
    plausibility,
    printed_table,
    published_frequencies,
    typeset,
)
from churnlib.survey import clean, load_codebook, read_answers
from churnlib.tables import FrequencyTable, crosstab, wilson

RUN = "CHURNLIB_RUN"
"""Environment variable that a run of all notebooks sets for each of them."""
_OLDER, _BACHELOR = 17, 22  # the statements that name a majority of the customers


def write_all(folder: Path, lang: str | None = None, template: Path | None = None) -> list[Path]:
    """Write the Word report in one language or in both, and the notebooks as web pages.

    `folder` holds ``figures/`` with its manifest and ``notebooks/``; ``report/`` is written beside
    them. For `template` see `write_report`. Returns what was written.
    """
    chosen = [lang] if lang else LANGUAGES
    documents = [write_report(folder, each, template=template) for each in chosen]
    return documents + write_html(folder / "notebooks", folder / "report" / "html")


def write_report(folder: Path, lang: str, *, template: Path | None = None) -> Path:
    """Write the report on the thesis to ``report/churn-report.LANG.docx``, always the same bytes.

    Parameters
    ----------
    folder : Path
        Holds ``figures/`` with its manifest; the report is written beside it.
    lang : {"en", "zh-Hans"}
    template : Path, optional
        A .docx, for instance a university's, whose styles, page, header and footer are used.

    Raises
    ------
    FileNotFoundError, KeyError, ValueError
        If a file or the template is missing, there is no such language, or the template is not a
        Word document.
    """
    words = report_words(lang)
    path = folder / "report" / f"churn-report.{lang}.docx"
    blocks = [*thesis_blocks(read_manifest(folder), folder, words)]
    return write_document(blocks, path, words, template)


def collect_exhibits(folder: Path) -> Path:
    """Complete the exhibits in `folder` with the project's committed ones, and list them.

    A notebook that runs alone finds no figures of this run; it then takes those of the last. In a
    run by the pipeline everything was made in that run, and what lacks is made by no notebook.
    Returns the path of the manifest.
    """
    alone = RUN not in os.environ and folder.resolve() != PROJECT
    if alone and (PROJECT / MANIFEST).exists():  # all outputs may be deleted
        for file in (file for entry in read_manifest(PROJECT) for file in entry.files):
            target = folder / file.path
            if not target.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(PROJECT / file.path, target)
    return write_manifest(folder)


def thesis_blocks(entries: Sequence[Entry], folder: Path, words: Words) -> Iterator[Block]:
    """Give the sections of the report with their exhibits, and the names of all other exhibits."""
    waiting = {entry.name: entry for entry in entries if entry.kind != "none"}
    values = thesis_facts(claims(), words) | {f"ref_{name}": reference(name) for name in waiting}

    def sections(key: str) -> Iterator[Block]:
        for section in words.entry(key):
            yield Text(words(section["heading"]), f"heading_{section['level']}")
            yield from (Text(words(text, **values)) for text in section["text"])
            yield from (_exhibit(waiting.pop(n), folder, words) for n in section["exhibits"])

    yield Text(words("thesis.title"), "title")
    yield Text(words("thesis.below"), "subtitle")
    yield Text("", "contents")
    yield from sections("thesis.section")
    yield Text(words("words.references"), "heading_1")
    yield from (Text(work, "reference") for work in words.cited("thesis"))
    yield from sections("thesis.appendix")
    if waiting:
        yield Text(words("thesis.elsewhere.heading"), "heading_1")
        yield Text(words("thesis.elsewhere.text"))
    for name in sorted({entry.notebook for entry in waiting.values()}):
        named = words("words.semicolon").join(
            words("thesis.elsewhere.exhibit", **_named(entry, words))
            for entry in waiting.values()
            if entry.notebook == name
        )
        listed = words("thesis.elsewhere.of_notebook", notebook=name, exhibits=named)
        yield Text(listed, "reference")


def _named(entry: Entry, words: Words) -> dict[str, str]:
    return {"caption": entry.caption[words.lang], "origin": entry.origin.mark(words.lang)}


def _exhibit(entry: Entry, folder: Path, words: Words) -> Exhibit:
    file = folder / "figures" / words.lang / f"{entry.name}.png"
    content: TextTable | Path = file
    if entry.kind == "table":
        texts = TextTable.read(file.with_suffix(".csv"))
        content = TextTable(texts.header, tuple(tuple(map(typeset, row)) for row in texts.rows))
    caption, note = entry.caption[words.lang], words("thesis.exhibit.note", notebook=entry.notebook)
    alternative = words("thesis.exhibit.alternative", **_named(entry, words))
    return Exhibit(entry.name, caption, note, entry.origin, content, alternative)


def thesis_facts(verdicts: pd.DataFrame, words: Words) -> dict[str, str]:
    """What the braces of the report's words stand for."""
    kinds = verdicts["verdict"]
    testable = kinds[~kinds.isin({Kind.EXTERNAL, Kind.UNTESTABLE})]
    listed = [f"{words(f'verdicts.{k}')} {n}" for k in Kind if (n := (testable == k).sum())]
    checks = audit_thesis()["holds"].tolist()
    reasons = verdicts["reason" if words.lang == "en" else "reason_zh"]
    accounts = printed_table("3-1")
    sums = accounts.numbers().sum()
    adults = plausibility().loc[("adults_without_college", "nothing")]
    age, education = published_frequencies("3-2"), published_frequencies("3-3")
    statements = load_study().claims
    older, bachelor = (statements[n].details["levels"] for n in (_OLDER, _BACHELOR))
    from_ages = [x.low for x in load_codebook()[age.variable].levels if x.key in older and x.low]
    return {
        "statements": f"{len(verdicts)}",
        "testable": f"{len(testable)}",
        "external": f"{(kinds == Kind.EXTERNAL).sum()}",
        "untestable": f"{(kinds == Kind.UNTESTABLE).sum()}",
        "counts": words("words.comma").join(listed),
        "checks": f"{len(checks)}",
        "failed": f"{checks.count(False)}",
        **{f"reason_{number}": str(reason) for number, reason in reasons.items()},
        **{f"months_{column}": f"{total:,}".replace("-", "−") for column, total in sums.items()},
        "gap": f"{abs(int(accounts.totals['closed'].value) - sums['closed']):,}",
        # The most adults who can have so little schooling, whatever the unpublished table was.
        "adults": f"{adults['n']:.0f}",
        "adults_without": f"{adults['high']:.0f}",
        "adults_share": f"{adults['high'] / adults['n']:.1%}",
        "adults_limit": f"{adults['fits_to']:.1%}",
        "adults_census": f"{adults['census']:.1%}",
        "n_age": f"{age.n}",
        "n_education": f"{education.n}",
        "older_from": f"{min(from_ages)}",
        "older": f"{age.combined(older)}",
        "share_older": _share(age, older, words.lang),
        "bachelor": f"{education.combined(bachelor)}",
        "share_bachelor": _share(education, bachelor, words.lang),
        "visits_gender": _simulated(words),
    }


def _share(table: FrequencyTable, levels: Sequence[str], lang: str) -> str:
    """The share of the people who gave one of these answers, with Wilson's interval."""
    count = table.combined(levels)
    low, high = wilson(count, table.n)
    part = Estimate("share", count / table.n, low, high, 0.95, NAN, table.n, table.origin)
    return apa(part, lang)


def _simulated(words: Words) -> str:
    """What the tests of visits by gender say of the simulated answers, which they call so."""
    resource = next(r for r in resources().values() if r.path.name == "answers.csv")
    raw = read_answers(resource.path)
    survey = clean(raw, load_codebook(), origin=resource.origin, on_error="set_aside")
    results = association(crosstab(survey, "gender", "visits"))
    return words("words.semicolon").join(apa(result, words.lang) for result in results)
