"""A survey of one's own: checked first, then analysed by a notebook of its own."""

from __future__ import annotations

import ast
import csv
import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from churnlib.evidence import PROJECT, Origin
from churnlib.workflow import execution
from churnlib.workflow.check_survey import require_labels
from churnlib.workflow.execution import NotebookError, Progress, Task, code_cells, silent

LEFT_OUT = Path("figures", "source", "left_out.csv")
"""Where the notebook says what it left out and why."""
_NOTEBOOK = Path(__file__).with_name("my_survey.ipynb")


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
    all_pairs: bool = False,
    template: Path | None = None,
    progress: Progress = silent,
    reading: Mapping[str, Any] | None = None,
) -> Analysis:
    """Fill in and run the notebook of a survey, which writes the report on it.

    Parameters
    ----------
    answers, codebook, lang, reading
        As for `check`.
    output : Path
        A folder for ``my_survey.ipynb``, ``figures/`` and ``report/``; made if there is none.
        Files of an earlier analysis are replaced, all at once, when everything has succeeded;
        a notebook that was changed since is not.
    response : str, optional
        The question to be explained, the codebook's last when left out.
    by : sequence of str
        The questions that may explain it, all others when left out.
    group : str, optional
        Whose answers the figure compares, the first of `by` when left out.
    only : mapping of str to sequence of str, optional
        Questions and answers: only people who gave one of the answers are analysed.
    all_pairs : bool
        Test every pair of questions, not only those with the response.
    template : Path, optional
        A .docx whose styles, page, header and footer the report takes.
    progress : callable, optional
        Told of every cell before it runs.

    Raises
    ------
    NotebookError
        If the notebook fails; it is kept in the folder ``failed`` of the output.
    FileExistsError
        If the notebook of an earlier analysis in that folder was changed.
    KeyError
        If there is no such question.
    ValueError
        As `check` does; or if the output is the project itself, or the template no Word document.
    """
    from churnlib.report import default_response, open_document
    from churnlib.survey import load_codebook

    _require_elsewhere(output)
    open_document(template)  # raises if it is none, before anything runs
    if not answers.is_file():
        raise FileNotFoundError(f"there is no file {answers}; check the path")
    book = load_codebook(codebook)
    require_labels(book, lang)
    chosen = response or default_response(book)
    for name in (chosen, *by, *filter(None, [group])):
        _ = book[name]  # raises where there is no such question
    if chosen in {group, *by}:
        raise ValueError(f"the response and the group are both {chosen!r}; choose two questions")
    if group and book[group].kind != "single":
        raise ValueError(f"groups come from a question with one answer; {group!r} has none")
    values = {
        "ANSWERS": str(answers.resolve()),
        "CODEBOOK": str(codebook.resolve()),
        "READING": dict(reading or {}),
        "ONLY": {name: list(levels) for name, levels in (only or {}).items()},
        "RESPONSE": response,
        "BY": list(by),
        "GROUP": group,
        "ALL_PAIRS": all_pairs,
        "LANG": lang,
        "TEMPLATE": str(template.resolve()) if template else None,
    }
    _require_unedited(output / _NOTEBOOK.name)
    output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=output, prefix=".churnlib-") as folder:
        made = Path(folder).resolve()  # the notebook runs in a folder of its own
        notes = _run(filled_in(answers.name, values), made, lang, progress, output)
        for file in [path for path in made.rglob("*") if path.is_file()]:
            place = output / file.relative_to(made)
            place.parent.mkdir(parents=True, exist_ok=True)
            file.replace(place)
    rows = csv.DictReader((output / LEFT_OUT).read_text(encoding="utf-8").splitlines())
    left_out = {row["what"]: row["reason"] for row in rows}
    return Analysis(output / "report" / f"survey-report.{lang}.docx", left_out, notes, book.guesses)


def filled_in(title: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the packaged notebook with a title and the values of its parameters."""
    notebook = json.loads(_NOTEBOOK.read_text(encoding="utf-8"))
    first = {
        "cell_type": "markdown",
        "id": "title",
        "metadata": {},
        "source": f"# {title}\n\n{Origin.OBSERVED.badge}",
    }
    parameters, *cells = notebook["cells"]
    lines = "\n".join(f"{name} = {value!r}" for name, value in values.items())
    return {**notebook, "cells": [first, {**parameters, "source": lines}, *cells]}


def _run(
    document: Mapping[str, Any], made: Path, lang: str, progress: Progress, output: Path
) -> tuple[str, ...]:
    """Run it, put it among the results, and return the notes that it prints on the file."""
    notebook = execution.runnable(document)
    environment = {"CHURNLIB_OUTPUT": str(made), "CHURNLIB_LANGUAGES": lang}
    try:
        execution.run([Task(_NOTEBOOK.stem, notebook, made, environment)], progress=progress)
    except NotebookError as error:
        if given := _of_what_was_given(error, notebook):
            raise given from None
        error.save(output / "failed")
        raise
    notes: list[str] = []
    for cell in _tagged(notebook, "notes"):
        printed = [o["text"] for o in cell["outputs"] if o["output_type"] == "stream"]
        notes.extend("".join(printed).splitlines())
        # They name what was dropped as personal; the results do not.
        cell["outputs"] = [o for o in cell["outputs"] if o["output_type"] != "stream"]
    (made / _NOTEBOOK.name).write_text(execution.text_of(notebook), encoding="utf-8", newline="\n")
    return tuple(filter(None, notes))


def _tagged(notebook: Mapping[str, Any], tag: str) -> list[dict[str, Any]]:
    return [cell for cell in code_cells(notebook) if tag in cell["metadata"].get("tags", ())]


def _of_what_was_given(error: NotebookError, notebook: Mapping[str, Any]) -> Exception | None:
    """Return the mistake in answers, codebook or options that a cell has found, if it is one."""
    if not error.cell or code_cells(notebook)[error.cell - 1] not in _tagged(notebook, "given"):
        return None
    name, _, message = error.cause.partition(": ")
    if name == "KeyError":
        return KeyError(ast.literal_eval(message))  # a KeyError shows its text in quotes
    kinds = {kind.__name__: kind for kind in (ValueError, FileNotFoundError, ImportError)}
    return kinds[name](message) if name in kinds else None


def _require_unedited(path: Path) -> None:
    """Refuse to replace a notebook of an earlier analysis that somebody has gone on with."""
    if not path.exists():
        return
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        sources = ["".join(cell["source"]) for cell in cells][2:]  # after title and parameters
    except (ValueError, KeyError, TypeError):
        sources = []
    written = json.loads(_NOTEBOOK.read_text(encoding="utf-8"))["cells"][1:]
    if sources != ["".join(cell["source"]) for cell in written]:
        raise FileExistsError(
            f"{path} is not as an analysis wrote it, and what you changed is not replaced; "
            "rename it, or choose another folder"
        )


def _require_elsewhere(output: Path) -> None:
    place = output.resolve()
    ours = [PROJECT / name for name in ("churnlib", "data", "figures", "notebooks", "report")]
    if place == PROJECT or any(map(place.is_relative_to, ours)):
        raise ValueError(
            f"{output} belongs to the project, whose own outputs are never touched; choose another "
            "folder"
        )
    if output.exists() and not output.is_dir():
        raise NotADirectoryError(f"{output} is a file; choose a folder for the results")
