"""The commands for a survey of one's own: a codebook drafted, answers checked, and analysed."""

from __future__ import annotations

import ast
import csv
import json
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from churnlib.evidence import PROJECT, Origin
from churnlib.workflow import notebook

if TYPE_CHECKING:
    import pandas as pd

    from churnlib.survey import Codebook

_NOTEBOOK = Path(__file__).with_name("my_survey.ipynb")
_SHOWN_ROWS = 10
_MISTAKES = {each.__name__: each for each in (ValueError, KeyError, FileNotFoundError, ImportError)}


def codebook(answers: Path, output: Path | None = None, **reading: Any) -> None:
    """Draft a codebook from an export of answers.

    What it could not know stands in a list on top of the file, each guess with its line.
    Personal columns are dropped and listed.
    The draft remembers --sheet, --encoding, --header-rows and --keep.

    for example:
      python -m churnlib codebook export.xlsx --output mine.toml
    """
    from churnlib.survey import draft, load_codebook, read_answers

    raw = read_answers(answers, **reading)
    _remark(raw.attrs["notes"])
    text = draft(raw, load_codebook(), answers.name, reading)
    if output is None:
        sys.stdout.buffer.write(text.encode("utf-8"))  # TOML is UTF-8 on every system
        return
    if output.exists() and output.read_bytes() != text.encode("utf-8"):
        raise FileExistsError(
            f"{output} is there already, and what was corrected in it is not replaced; "
            "name another file, or delete that one"
        )
    print(f"draft: {notebook.write(output, text)}")


def check(answers: Path, codebook: Path, *, lang: str = "en", **reading: Any) -> dict[str, Any]:
    """Say which answers of an export do not fit a codebook.

    Exits with 0 if every answer has a level, with 1 if sheets would be set aside or a file is
    damaged.

    for example:
      python -m churnlib check export.xlsx --codebook mine.toml --json
    """
    from churnlib.report import require_people
    from churnlib.survey import clean, load_codebook, read_answers

    book = load_codebook(codebook)
    _require_labels(book, lang)
    raw = read_answers(answers, **{**book.reading, **reading})
    survey = clean(raw, book, origin=Origin.OBSERVED, on_error="set_aside")
    require_people(survey)
    flow, notes, causes = survey.flow, raw.attrs["notes"], _causes(survey.refused)
    _remark([*notes, *(f"to decide: {guess}" for guess in book.guesses)])
    print(
        *causes,
        f"{flow['rows_read']} sheets, {flow['rows_kept']} fit the codebook, "
        f"{flow['rows_set_aside']} would be set aside",
        sep="\n",
    )
    aside = survey.ledger.loc[~survey.ledger["kept"], ["row", "reason"]].astype({"row": str})
    return {
        "good": aside.empty,
        "rows": {key: int(n) for key, n in flow.items()},
        "missing": {key: int(n) for key, n in survey.missing.items()},
        "problems": aside.to_dict("records"),
        "causes": causes,
        "notes": list(notes),
        "guesses": list(book.guesses),
    }


def analyse(
    answers: Path,
    codebook: Path,
    output: Path,
    *,
    lang: str = "en",
    response: str | None = None,
    by: Sequence[str] = (),
    group: str | None = None,
    only: Iterable[str] = (),
    pairs: str = "response",
    template: Path | None = None,
    **reading: Any,
) -> dict[str, Any]:
    """Analyse a survey of your own in a notebook and write its report.

    Everything is written to DIR; nothing of this project is touched. Sheets that do not fit
    the codebook are set aside and accounted for. A folder written before is replaced file by file
    when all has succeeded, but not a notebook that was changed since.
    DIR/my_survey.ipynb holds the whole analysis, to go on with in JupyterLab.
    A KEY is the name of a question in the codebook: [variables.KEY].
    A response with two answers gets a logistic regression (odds of the answer that the codebook
    lists second), one with more and ordered answers a proportional-odds model. What the answers do
    not allow is left out, with the reason.

    for example:
      python -m churnlib analyse export.xlsx --codebook mine.toml --output results
      python -m churnlib analyse export.csv --codebook mine.toml --output results --lang zh-Hans
      python -m churnlib analyse export.csv --codebook mine.toml --output results --group region
    """
    from churnlib.report import default_response, open_document
    from churnlib.survey import load_codebook

    _require_free(output)
    open_document(template)  # raises if it is none, before anything runs
    if not answers.is_file():
        raise FileNotFoundError(f"there is no file {answers}; check the path")
    book, people = load_codebook(codebook), _selected(only)
    _require_labels(book, lang)
    for name in filter(None, (response, group, *by, *people)):
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
        "ONLY": people,
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
        task = notebook.Task(_NOTEBOOK.stem, document, made, environment)
        try:
            notebook.run([task])
        except notebook.NotebookError as error:
            _raise_mistake(error, document)
            error.keep(output / "failed")
            raise
        notes = _take_notes(document)
        notebook.write(made / _NOTEBOOK.name, notebook.text_of(document))
        for file in notebook.files_in(made):
            (output / file).parent.mkdir(parents=True, exist_ok=True)
            (made / file).replace(output / file)
    with (output / "figures" / "source" / "left_out.csv").open(encoding="utf-8") as table:
        left_out = {row["what"]: row["reason"] for row in csv.DictReader(table)}
    report = output / "report" / f"survey-report.{lang}.docx"
    print(
        *notes,
        *(f"guessed: {guess}" for guess in book.guesses),
        *(f"{what}: left out, since {reason}" for what, reason in left_out.items()),
        f"report: {report}",
        sep="\n",
    )
    return {
        "report": str(report),
        "left_out": left_out,
        "notes": notes,
        "guesses": list(book.guesses),
        "files": [str(output / file) for file in notebook.files_in(output)],
    }


def filled_in(title: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the packaged notebook with a title and the values of its parameters."""
    document = json.loads(_NOTEBOOK.read_text(encoding="utf-8"))
    words = f"# {title}\n\n{Origin.OBSERVED.badge}"
    first = {"cell_type": "markdown", "id": "title", "metadata": {}, "source": words}
    parameters, *cells = document["cells"]
    lines = "\n".join(f"{name} = {value!r}" for name, value in values.items())
    return {**document, "cells": [first, {**parameters, "source": lines}, *cells]}


def _remark(notes: Iterable[str]) -> None:
    for note in notes:
        print(note, file=sys.stderr)


def _causes(refused: pd.DataFrame) -> list[str]:
    """Return one line for each answer without a level, with the rows that hold it."""
    lines, answers = [], refused.groupby(["variable", "raw", "reason"], sort=False)
    for (variable, raw, reason), rows in answers["row"]:
        listed = ", ".join(map(str, rows[:_SHOWN_ROWS]))
        more = f" … ({len(rows)} sheets)" if len(rows) > _SHOWN_ROWS else ""
        lines.append(f"row {listed}{more}: {variable} {raw!r}: {reason}")
    return lines


def _selected(only: Iterable[str]) -> dict[str, list[str]]:
    """Read KEY=LEVEL,LEVEL: the answers of the people who are analysed."""
    levels = {}
    for text in only:
        name, _, listed = text.partition("=")
        if not (name and listed):
            raise ValueError(f"--only is KEY=LEVEL or KEY=LEVEL,LEVEL; given {text!r}")
        levels[name] = listed.split(",")
    return levels


def _tagged(document: Mapping[str, Any], tag: str) -> list[dict[str, Any]]:
    return [
        cell for cell in notebook.code_cells(document) if tag in cell["metadata"].get("tags", ())
    ]


def _take_notes(document: Mapping[str, Any]) -> list[str]:
    """Take out the notes that it prints on the file: they name what was dropped as personal."""
    (cell,) = _tagged(document, "notes")
    printed = "".join(each["text"] for each in cell["outputs"] if each["output_type"] == "stream")
    cell["outputs"] = [each for each in cell["outputs"] if each["output_type"] != "stream"]
    return list(filter(None, printed.splitlines()))


def _raise_mistake(error: notebook.NotebookError, document: Mapping[str, Any]) -> None:
    """Raise the mistake in answers, codebook or options that a cell has found, if it is one."""
    name, _, message = error.cause.partition(": ")
    cell = notebook.code_cells(document)[error.cell - 1]
    if name in _MISTAKES and cell in _tagged(document, "given"):
        # a KeyError shows its text in quotes
        raise _MISTAKES[name](
            ast.literal_eval(message) if name == "KeyError" else message
        ) from None


def _require_labels(book: Codebook, lang: str) -> None:
    """Refuse a codebook that lacks labels in a language, with the keys that lack one."""
    lacking = []
    for key, variable in book.variables.items():
        lacking += [key] * (lang not in variable.labels)
        lacking += [f"{key}.{each.key}" for each in variable.levels if lang not in each.labels]
    if lacking:
        raise ValueError(f"{book.where} lacks labels in {lang!r} for {', '.join(lacking)}")


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
        own = filled_in("", {}), notebook.read(path)
        written, there = (["".join(cell["source"]) for cell in each["cells"][2:]] for each in own)
        if there != written:  # after title and parameters
            raise FileExistsError(
                f"{path} is not as an analysis wrote it, and what you changed is not replaced; "
                "rename it, or choose another folder"
            )
