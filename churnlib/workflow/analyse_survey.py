"""The notebooks on a survey of one's own: checked first, run with its answers, then reported."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from churnlib.evidence import PROJECT, Origin
from churnlib.workflow.analysis_plan import Part, plan
from churnlib.workflow.execution import Kernels, NotebookError, Progress, run
from churnlib.workflow.notebook import document, with_outputs, with_parameters
from churnlib.workflow.pipeline import side_by_side

if TYPE_CHECKING:
    import pandas as pd

    from churnlib.survey import Codebook, Survey

LEFT_OUT = frozenset({"thesis", "exercise", "solution"})
"""Tags of cells that speak of the thesis or of simulated answers."""
_SHOWN_ROWS = 10


@dataclass(frozen=True, eq=False)
class Checked:
    """A survey that was read and cleaned, and what in it has no place in the codebook.

    Parameters
    ----------
    survey : Survey
        Cleaned, with the sheets that do not fit set aside.
    problems : DataFrame
        ``row`` and ``reason`` of each sheet that was set aside.
    notes : tuple of str
        What was decided when the file was read.
    """

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
        }


@dataclass(frozen=True)
class Analysis:
    """What came of a survey.

    Parameters
    ----------
    report : Path
        The Word document.
    left_out : mapping of str to str
        Each notebook that the survey cannot have, and why.
    notes : tuple of str
        What was decided when the file was read.
    """

    report: Path
    left_out: Mapping[str, str]
    notes: tuple[str, ...] = ()


def check(
    answers: Path, codebook: Path, *, lang: str = "en", reading: Mapping[str, Any] | None = None
) -> Checked:
    """Read and clean a survey without analysing it.

    Parameters
    ----------
    answers : Path
        An export: csv, xlsx or sav.
    codebook : Path
        Explains its questions and answers.
    lang : {"en", "zh-Hans"}
        The language that every question and answer must have a label in.
    reading : mapping, optional
        What `read_answers` takes beside the path, before what the codebook says of it.

    Raises
    ------
    FileNotFoundError
        If one of the files is missing.
    ValueError
        If one of them is damaged, a question has no column, a label is missing, or no sheet can
        be kept.
    """
    from churnlib.survey import clean, load_codebook, read_answers

    book = load_codebook(codebook)
    book = replace(book, reading={**book.reading, **(reading or {})})
    _require_labels(book, lang)
    raw = read_answers(answers, **book.reading)
    survey = clean(raw, book, origin=Origin.OBSERVED, on_error="set_aside")
    if survey.n == 0:
        first = survey.ledger["reason"].iloc[0]
        raise ValueError(
            f"no sheet of {answers.name} can be kept; the first is set aside because of {first}. "
            "Correct the codebook"
        )
    aside = survey.ledger.loc[~survey.ledger["kept"], ["row", "reason"]]
    return Checked(survey, aside.reset_index(drop=True), tuple(raw.attrs["notes"]))


def _require_labels(book: Codebook, lang: str) -> None:
    label = book.labeller(lang)
    lacking = []
    for key, variable in book.variables.items():
        for place in (key, *(f"{key}.{level}" for level in variable.keys)):
            try:
                label(place)
            except KeyError:
                lacking.append(place)
    if lacking:
        raise ValueError(f"{book.where} lacks labels in {lang!r} for {', '.join(lacking)}")


def analyse(
    answers: Path,
    codebook: Path,
    output: Path,
    *,
    lang: str = "en",
    response: str | None = None,
    group: str | None = None,
    template: Path | None = None,
    jobs: int = 1,
    progress: Progress | None = None,
    reading: Mapping[str, Any] | None = None,
) -> Analysis:
    """Run notebooks 03 to 05 on a survey and write the report on it.

    Parameters
    ----------
    answers, codebook, lang, reading
        As for `check`.
    output : Path
        A folder for ``notebooks/``, ``figures/`` and ``report/``; made if there is none. Files of
        an earlier analysis are replaced, all at once, when everything has succeeded; those of
        its model (``demographic_*``) do not outlive it.
    response, group : str, optional
        The question to be explained, the codebook's last when left out; and the question whose
        answers are compared, the first.
    template : Path, optional
        A .docx whose styles, page, header and footer the report takes.
    jobs : int
        How many notebooks to run at a time.
    progress : callable, optional
        Told of every cell before it runs.

    Returns
    -------
    Analysis
        The report, and what was left out of it.

    Raises
    ------
    NotebookError
        If a notebook fails; it is kept in the folder ``failed`` of the output.
    ValueError
        As `check` does; or if the output is the project itself, or the template no Word document.
    """
    from churnlib.report import open_document, write_survey_report

    _require_elsewhere(output)
    open_document(template)  # raises if it is none, before anything runs
    checked = check(answers, codebook, lang=lang, reading=reading)
    survey = checked.survey
    planned = plan(answers, codebook, survey, lang=lang, response=response, group=group)
    output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=output, prefix=".churnlib-") as folder:
        made = Path(folder).resolve()  # notebooks run in a folder of their own
        _run_all(planned.parts, made, lang, jobs, progress, output)
        report = write_survey_report(
            survey, made, lang, template=template, fit=planned.fit, no_fit=planned.no_fit
        )
        files = sorted(path for path in made.rglob("*") if path.is_file())
        _remove_other_models(output, {str(file.relative_to(made)) for file in files})
        for file in files:
            place = output / file.relative_to(made)
            place.parent.mkdir(parents=True, exist_ok=True)
            file.replace(place)
        return Analysis(output / report.relative_to(made), planned.left_out, checked.notes)


def tailored(notebook: Mapping[str, Any], part: Part) -> dict[str, Any]:
    """A notebook without what it says of the thesis, with a first cell of its own."""
    first = {
        "cell_type": "markdown",
        "id": "survey",
        "metadata": {},
        "source": "\n".join([f"# {part.title}", "", Origin.OBSERVED.badge, *_left_out(part)]),
    }
    left_out = LEFT_OUT | part.without
    kept = [c for c in notebook["cells"][1:] if not left_out & set(c["metadata"].get("tags", ()))]
    return {**notebook, "cells": [first, *kept]}


def _left_out(part: Part) -> list[str]:
    """What a reader will not find, as a list in Markdown."""
    listed = [f"- {what}: {reason}" for what, reason in part.left_out.items()]
    return ["", "Left out:", "", *listed] if listed else []


def _run_all(
    parts: Sequence[Part],
    made: Path,
    lang: str,
    jobs: int,
    progress: Progress | None,
    output: Path,
) -> None:
    import nbformat

    (made / "notebooks").mkdir()
    environment = {
        "CHURNLIB_OUTPUT": str(made),
        "CHURNLIB_LANGUAGES": lang,
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    }

    def work(part: Part) -> Callable[[Kernels], None]:
        path = part.notebook
        notebook = tailored(json.loads(path.read_text(encoding="utf-8")), part)
        asked = with_parameters(notebook, part.parameters)

        def execute(kernels: Kernels) -> None:
            try:
                ran = run(
                    asked, path.stem, path.parent,
                    kernels=kernels, progress=progress, environment=environment,
                )  # fmt: skip
            except NotebookError as error:
                if not kernels.stopped:
                    error.kept = _keep_failed(error, output)
                raise
            split = json.loads(nbformat.writes(ran))
            written = document(with_outputs(split, split))
            (made / "notebooks" / f"{part.stem}.ipynb").write_bytes(written)

        return execute

    failures = side_by_side([work(part) for part in parts], jobs)
    if failures:
        raise failures[0]


def _keep_failed(error: NotebookError, output: Path) -> Path:
    import nbformat

    folder = output / "failed"
    folder.mkdir(exist_ok=True)
    (folder / f"{error.notebook}.txt").write_text(error.report(), encoding="utf-8")
    if error.ran:
        nbformat.write(error.ran, folder / f"{error.notebook}.ipynb")
    return folder / f"{error.notebook}.txt"


def _remove_other_models(output: Path, made: set[str]) -> None:
    """Their names do not say which question they explain, so one of another must not stay."""
    for path in output.glob("figures/*/demographic_*"):
        if str(path.relative_to(output)) not in made:
            path.unlink()


def _require_elsewhere(output: Path) -> None:
    place = output.resolve()
    ours = [PROJECT / name for name in ("churnlib", "data", "figures", "notebooks", "report")]
    if place == PROJECT or any(place.is_relative_to(folder) for folder in ours):
        raise ValueError(
            f"{output} belongs to the project, whose own outputs are never touched; choose another "
            "folder"
        )
    if output.exists() and not output.is_dir():
        raise NotADirectoryError(f"{output} is a file; choose a folder for the results")
