"""The notebooks on a survey of one's own: checked first, run with its answers, then reported."""

from __future__ import annotations

import ast
import json
import tempfile
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from churnlib.execution import NotebookError, Progress, run
from churnlib.kernels import Kernels
from churnlib.notebook import document, with_outputs
from churnlib.pipeline import notebooks
from churnlib.provenance import PROJECT, Origin
from churnlib.scheduling import close_event_loop, stoppable

if TYPE_CHECKING:
    import pandas as pd

    from churnlib.cleaning import Survey
    from churnlib.codebook import Codebook

LEFT_OUT = {"thesis", "solution"}
"""Tags of cells that speak of the thesis or of simulated answers."""


@dataclass(frozen=True, eq=False)
class Checked:
    """A survey that was read and cleaned, and what in it has no place in the codebook.

    Parameters
    ----------
    survey : Survey
        Cleaned, with the sheets that do not fit set aside.
    problems : DataFrame
        ``row`` and ``reason`` of each sheet that was set aside.
    """

    survey: Survey
    problems: pd.DataFrame

    @property
    def summary(self) -> dict[str, Any]:
        """Rows read, kept and set aside, missing answers by question, and the problems."""
        return {
            "rows": {key: int(n) for key, n in self.survey.flow.items()},
            "missing": {key: int(n) for key, n in self.survey.missing.items()},
            "problems": self.problems.astype({"row": str}).to_dict("records"),
        }


def check(answers: Path, codebook: Path, *, lang: str = "en") -> Checked:
    """Read and clean a survey without analysing it.

    Parameters
    ----------
    answers : Path
        An export: csv, xlsx or sav.
    codebook : Path
        Explains its questions and answers.
    lang : {"en", "zh-Hans"}
        The language that every question and answer must have a label in.

    Raises
    ------
    FileNotFoundError
        If one of the files is missing.
    ValueError
        If one of them is damaged, a question has no column, a label is missing, or no sheet can
        be kept.
    """
    from churnlib.cleaning import clean
    from churnlib.codebook import load_codebook
    from churnlib.readers import read_answers

    book = load_codebook(codebook)
    _require_labels(book, lang)
    raw = read_answers(answers)
    survey = clean(raw, book, origin=Origin.OBSERVED, on_error="set_aside")
    if survey.n == 0:
        first = survey.ledger["reason"].iloc[0]
        raise ValueError(
            f"no sheet of {answers.name} can be kept; the first is set aside because of {first}. "
            "Correct the codebook"
        )
    aside = survey.ledger.loc[~survey.ledger["kept"], ["row", "reason"]]
    return Checked(survey, aside.reset_index(drop=True))


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
    jobs: int = 1,
    progress: Progress | None = None,
) -> Path:
    """Run notebooks 03 to 05 on a survey and write the report on it.

    Parameters
    ----------
    answers, codebook, lang
        As for `check`.
    output : Path
        A folder for ``notebooks/``, ``figures/`` and ``report/``; made if there is none. Files of
        an earlier analysis are replaced, all at once, when everything has succeeded.
    response, group : str, optional
        The question to be explained, the codebook's last when left out; and the question whose
        answers are compared, the first.
    jobs : int
        How many notebooks to run at a time.
    progress : callable, optional
        Told of every cell before it runs.

    Returns
    -------
    Path
        The report.

    Raises
    ------
    NotebookError
        If a notebook fails; it is kept in the folder ``failed`` of the output.
    ValueError
        As `check` does; or if the output is the project itself.
    """
    from churnlib.survey_report import write_survey_report

    _require_elsewhere(output)
    survey = check(answers, codebook, lang=lang).survey
    parameters = _parameters(answers, codebook, survey, response, group)
    output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=output, prefix=".churnlib-") as folder:
        made = Path(folder)
        titles = _titles(answers.name, survey.codebook.labeller(lang), parameters)
        _run_all(titles, made, parameters, lang, jobs, progress, output)
        report = write_survey_report(survey, made, lang)
        for file in sorted(path for path in made.rglob("*") if path.is_file()):
            place = output / file.relative_to(made)
            place.parent.mkdir(parents=True, exist_ok=True)
            file.replace(place)
        return output / report.relative_to(made)


def _titles(
    survey: str, label: Callable[[str], str], parameters: Mapping[str, Any]
) -> dict[Path, str]:
    """The notebooks that the survey can have, with their titles; one question has no table."""
    response, group = parameters["RESPONSE"], parameters["GROUP"]
    others = ", ".join(label(name) for name in parameters["PREDICTORS"])
    titles = {"03": survey}
    if others:
        titles |= {
            "04": f"{label(response)} × {label(group)}",
            "05": f"{label(response)} × {others}",
        }
    numbered = {path.name[:2]: path for path in notebooks()}
    return {numbered[n]: f"{n} · {title}" for n, title in titles.items() if n in numbered}


def tailored(notebook: Mapping[str, Any], title: str) -> dict[str, Any]:
    """A notebook without what it says of the thesis, with a first cell of its own."""
    first = {
        "cell_type": "markdown",
        "id": "survey",
        "metadata": {},
        "source": f"# {title}\n\n{Origin.OBSERVED.badge}",
    }
    kept = [c for c in notebook["cells"] if not LEFT_OUT & set(c["metadata"].get("tags", ()))]
    return {**notebook, "cells": [first, *kept]}


def _parameters(
    answers: Path, codebook: Path, survey: Survey, response: str | None, group: str | None
) -> dict[str, Any]:
    variables = list(survey.codebook.variables)
    response, group = response or variables[-1], group or variables[0]
    for name in (response, group):
        _ = survey.codebook[name]  # raises where there is no such question
    if response == group and len(variables) > 1:
        raise ValueError(f"the response and the group are both {response!r}; choose two questions")
    return {
        "ANSWERS": str(answers.resolve()),
        "CODEBOOK": str(codebook.resolve()),
        "SHOWN": group,
        "GROUP": group,
        "RESPONSE": response,
        "PREDICTORS": [name for name in variables if name != response],
    }


def _own(notebook: Mapping[str, Any]) -> set[str]:
    """Names that its cell of parameters sets."""
    cells = [c for c in notebook["cells"] if "parameters" in c["metadata"].get("tags", ())]
    tree = ast.parse("".join(cells[0]["source"])) if cells else ast.Module([], [])
    stored = (node for node in ast.walk(tree) if isinstance(node, ast.Name))
    return {node.id for node in stored if isinstance(node.ctx, ast.Store)}


def _run_all(
    titles: Mapping[Path, str],
    made: Path,
    parameters: Mapping[str, Any],
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

    def one(path: Path) -> None:
        notebook = tailored(json.loads(path.read_text(encoding="utf-8")), titles[path])
        own = _own(notebook)
        try:
            ran = run(
                nbformat.from_dict(notebook),
                path.stem,
                path.parent,
                kernels=kernels,
                progress=progress,
                environment=environment,
                parameters={name: value for name, value in parameters.items() if name in own},
            )
        except NotebookError as error:
            error.kept = _keep_failed(error, output)
            raise
        finally:
            close_event_loop()
        split = json.loads(nbformat.writes(ran))
        (made / "notebooks" / _file_name(path, parameters)).write_bytes(
            document(with_outputs(split, split))
        )

    log = made / "kernels.log"
    warm = len(titles) > 1
    with (
        Kernels(log, warm=warm, heavy=True) as kernels,
        stoppable(kernels) as stopped,
        ThreadPoolExecutor(jobs) as pool,
    ):
        waiting = [pool.submit(one, path) for path in titles]
        try:
            for future in waiting:
                future.result()
        except BaseException:
            for future in waiting:
                future.cancel()
            kernels.stop()
            raise
        finally:
            if stopped.is_set():
                raise KeyboardInterrupt
    log.unlink(missing_ok=True)


def _file_name(notebook: Path, parameters: Mapping[str, Any]) -> str:
    stems = {
        "03": notebook.stem,
        "04": "04_{RESPONSE}_by_{GROUP}".format(**parameters),
        "05": "05_{RESPONSE}_by_all".format(**parameters),
    }
    return f"{stems[notebook.name[:2]]}.ipynb"


def _keep_failed(error: NotebookError, output: Path) -> Path:
    import nbformat

    folder = output / "failed"
    folder.mkdir(exist_ok=True)
    (folder / f"{error.notebook}.txt").write_text(error.report(), encoding="utf-8")
    if error.ran:
        nbformat.write(error.ran, folder / f"{error.notebook}.ipynb")
    return folder / f"{error.notebook}.txt"


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
