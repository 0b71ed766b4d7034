"""A survey of one's own: checked, or analysed by a notebook of its own."""

from __future__ import annotations

import ast
import builtins
import csv
import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from churnlib.evidence import PROJECT, Origin
from churnlib.workflow import notebook
from churnlib.workflow.notebook import NotebookError, Task, Tell, code_cells, silent

if TYPE_CHECKING:
    import pandas as pd

    from churnlib.survey import Codebook, Survey

_NOTEBOOK = Path(__file__).with_name("my_survey.ipynb")
_SHOWN_ROWS = 10


@dataclass(frozen=True, eq=False)
class Checked:
    """A survey that was read and cleaned, what was set aside and why, and how the file was read."""

    survey: Survey
    problems: pd.DataFrame
    notes: tuple[str, ...] = ()

    @property
    def causes(self) -> list[str]:
        """One line for each answer without a level, with the rows that hold it."""
        refused = self.survey.refused.groupby(["variable", "raw", "reason"], sort=False)["row"]
        lines = []
        for (variable, raw, reason), rows in refused:
            listed = ", ".join(map(str, rows[:_SHOWN_ROWS]))
            more = f" … ({len(rows)} sheets)" if len(rows) > _SHOWN_ROWS else ""
            lines.append(f"row {listed}{more}: {variable} {raw!r}: {reason}")
        return lines

    @property
    def summary(self) -> dict[str, Any]:
        """Rows read, kept and set aside, missing answers by question, and the problems."""
        return {
            "rows": {key: int(n) for key, n in self.survey.flow.items()},
            "missing": {key: int(n) for key, n in self.survey.missing.items()},
            "problems": self.problems.astype({"row": str}).to_dict("records"),
            "causes": self.causes,
            "notes": list(self.notes),
            "guesses": list(self.survey.codebook.guesses),
        }


def check(answers: Path, codebook: Path, *, lang: str = "en", **reading: Any) -> Checked:
    """Read and clean a survey without analysing it.

    `lang` is the language that every question and answer must have a label in; `reading` what
    `read_answers` takes beside the path, before what the codebook says of it. A file that is
    missing or damaged, and a survey of which no sheet can be kept, raise.
    """
    from churnlib.report import require_people
    from churnlib.survey import clean, load_codebook, read_answers

    book = load_codebook(codebook)
    book = replace(book, reading={**book.reading, **reading})
    _require_labels(book, lang)
    raw = read_answers(answers, **book.reading)
    survey = clean(raw, book, origin=Origin.OBSERVED, on_error="set_aside")
    require_people(survey)
    aside = survey.ledger.loc[~survey.ledger["kept"], ["row", "reason"]]
    return Checked(survey, aside.reset_index(drop=True), tuple(raw.attrs["notes"]))


def _require_labels(book: Codebook, lang: str) -> None:
    """Refuse a codebook that lacks labels in a language, with the keys that lack one."""
    label, lacking = book.labeller(lang), []
    for key, variable in book.variables.items():
        for word in (key, *(f"{key}.{level}" for level in variable.keys)):
            try:
                label(word)
            except KeyError:
                lacking.append(word)
    if lacking:
        raise ValueError(f"{book.where} lacks labels in {lang!r} for {', '.join(lacking)}")


@dataclass(frozen=True)
class Analysis:
    """The report on a survey, and what was left out of it because the answers do not allow it.

    `left_out` gives questions and results with the reason; `notes` what was decided when the file
    was read; `guesses` what the codebook's draft could not know and nobody has decided yet.
    """

    report: Path
    left_out: Mapping[str, str]
    notes: tuple[str, ...] = ()
    guesses: tuple[str, ...] = ()


def analyse(
    answers: Path,
    codebook: Path,
    output: Path,
    *,
    lang: str = "en",
    response: str | None = None,
    by: Sequence[str] = (),
    group: str | None = None,
    only: Mapping[str, Sequence[str]] | None = None,
    pairs: str = "response",
    template: Path | None = None,
    tell: Tell = silent,
    **reading: Any,
) -> Analysis:
    """Fill in and run the notebook of a survey, which writes the report on it.

    All is written to `output`. Files of an earlier analysis are replaced when everything has
    succeeded, but not a notebook that was changed since; a failed one is kept in ``failed/``.
    `response` is the question to be explained, `by` those that may explain it, `group` whose
    answers the figure compares; left out they are the codebook's last, all others, and the first
    of these. `only` selects people by their answers; `pairs`, "response" or "all", says which pairs
    of questions are tested. The others are as for `check`.
    """
    from churnlib.report import default_response, open_document
    from churnlib.survey import load_codebook

    _require_free(output)
    open_document(template)  # raises if it is none, before anything runs
    if not answers.is_file():
        raise FileNotFoundError(f"there is no file {answers}; check the path")
    book, only = load_codebook(codebook), only or {}
    _require_labels(book, lang)
    for name in filter(None, (response, group, *by, *only)):
        _ = book[name]  # raises where there is no such question
    chosen = response or default_response(book)
    if chosen in {group, *by}:
        raise ValueError(f"{chosen!r} is the response; choose another question for --by or --group")
    if group and book[group].kind != "single":
        raise ValueError(f"groups come from a question with one answer; {group!r} has none")
    values = {
        "ANSWERS": str(answers.resolve()),
        "CODEBOOK": str(codebook.resolve()),
        "READING": reading,
        "ONLY": {name: list(levels) for name, levels in only.items()},
        "RESPONSE": response,
        "BY": list(by),
        "GROUP": group,
        "ALL_PAIRS": pairs == "all",
        "LANG": lang,
        "TEMPLATE": str(template.resolve()) if template else None,
    }
    document = notebook.runnable(filled_in(answers.name, values))
    output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=output, prefix=".churnlib-") as folder:
        made = Path(folder).resolve()  # the notebook runs in a folder of its own
        environment = {"CHURNLIB_OUTPUT": str(made), "CHURNLIB_LANGUAGES": lang}
        try:
            notebook.run([Task(_NOTEBOOK.stem, document, made, environment)], tell=tell)
        except NotebookError as error:
            _raise_if_given(error, document)
            error.save(output / "failed")
            raise
        notes = _take_notes(document)
        text = notebook.text_of(document)
        (made / _NOTEBOOK.name).write_text(text, encoding="utf-8", newline="\n")
        for file in [path for path in made.rglob("*") if path.is_file()]:
            target = output / file.relative_to(made)
            target.parent.mkdir(parents=True, exist_ok=True)
            file.replace(target)
    with (output / "figures" / "source" / "left_out.csv").open(encoding="utf-8") as table:
        left_out = {row["what"]: row["reason"] for row in csv.DictReader(table)}
    return Analysis(output / "report" / f"survey-report.{lang}.docx", left_out, notes, book.guesses)


def filled_in(title: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the packaged notebook with a title and the values of its parameters."""
    document = json.loads(_NOTEBOOK.read_text(encoding="utf-8"))
    words = f"# {title}\n\n{Origin.OBSERVED.badge}"
    first = {"cell_type": "markdown", "id": "title", "metadata": {}, "source": words}
    parameters, *cells = document["cells"]
    lines = "\n".join(f"{name} = {value!r}" for name, value in values.items())
    return {**document, "cells": [first, {**parameters, "source": lines}, *cells]}


def _tagged(document: Mapping[str, Any], tag: str) -> list[dict[str, Any]]:
    return [cell for cell in code_cells(document) if tag in cell["metadata"].get("tags", ())]


def _take_notes(document: Mapping[str, Any]) -> tuple[str, ...]:
    """Take out the notes that it prints on the file: they name what was dropped as personal."""
    notes: list[str] = []
    for cell in _tagged(document, "notes"):
        printed = [each for each in cell["outputs"] if each["output_type"] == "stream"]
        cell["outputs"] = [each for each in cell["outputs"] if each not in printed]
        notes += "".join(each["text"] for each in printed).splitlines()
    return tuple(filter(None, notes))


def _raise_if_given(error: NotebookError, document: Mapping[str, Any]) -> None:
    """Raise the mistake in answers, codebook or options that a cell has found, if it is one."""
    name, _, message = error.cause.partition(": ")
    kind = getattr(builtins, name, None)
    mistakes = (ValueError, KeyError, FileNotFoundError, ImportError)
    if kind in mistakes and code_cells(document)[error.cell - 1] in _tagged(document, "given"):
        # a KeyError shows its text in quotes
        raise kind(ast.literal_eval(message) if kind is KeyError else message) from None


def _require_free(output: Path) -> None:
    """Refuse a folder of the project, and one whose notebook somebody has gone on with."""
    ours = [PROJECT / name for name in ("churnlib", "data", "figures", "notebooks", "report")]
    if output.resolve() == PROJECT or any(map(output.resolve().is_relative_to, ours)):
        raise ValueError(
            f"{output} belongs to the project, whose own outputs are never touched; choose another "
            "folder"
        )
    if output.exists() and not output.is_dir():
        raise NotADirectoryError(f"{output} is a file; choose a folder for the results")
    if (path := output / _NOTEBOOK.name).exists():
        written = filled_in("", {})["cells"][2:]  # after title and parameters
        sources = ["".join(cell["source"]) for cell in notebook.read(path)["cells"][2:]]
        if sources != ["".join(cell["source"]) for cell in written]:
            raise FileExistsError(
                f"{path} is not as an analysis wrote it, and what you changed is not replaced; "
                "rename it, or choose another folder"
            )
