"""The commands for a survey of one's own, and what all commands have in common."""

from __future__ import annotations

import csv
import errno
import json as jsonlib
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from churnlib.evidence import Kind
from churnlib.report import read_manifest
from churnlib.workflow.notebook import silent


def exhibit_list(project: Path) -> dict[str, Any]:
    """Return every exhibit with its verdict, as the notebooks have written it.

    ``exhibits`` is a list with ``exhibit``, ``notebook``, ``file`` and ``verdict``; ``verdicts``
    the number of statements by verdict, the least grave first.
    """
    files = {"figure": "figures/en/{}.svg", "table": "figures/source/{}.csv", "none": ""}
    rows = [
        {
            "exhibit": entry.exhibit,
            "notebook": entry.notebook,
            "file": files[entry.kind].format(entry.name),
            "verdict": entry.verdict,
        }
        for entry in read_manifest(project)
    ]
    with (project / "figures/source/verdicts.csv").open(encoding="utf-8", newline="") as file:
        verdicts = [row["verdict"] for row in csv.DictReader(file)]
    return {"exhibits": rows, "verdicts": {kind.value: verdicts.count(kind) for kind in Kind}}


def print_json(**content: Any) -> None:
    """Print one JSON document."""
    print(jsonlib.dumps(content, ensure_ascii=False, indent=2))


def print_line(text: str) -> None:
    """Print a line at once, whole even where several threads print."""
    print(f"{text}\n", end="", flush=True)


def _remark(notes: Sequence[str]) -> None:
    for note in notes:
        print(note, file=sys.stderr)


def explained(error: Exception) -> str:
    """Return a full disk in words that say what to do; any other error in its own."""
    if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return (
            "the disk is full; nothing was replaced and nothing is lost. Free some space and run "
            f"again ({error})"
        )
    return str(error.args[0]) if isinstance(error, KeyError) else str(error)


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
    text = draft(raw, load_codebook(), answers.name, reading).encode("utf-8")
    if output is None:
        sys.stdout.buffer.write(text)  # TOML is UTF-8 on every system
        return
    if output.exists() and output.read_bytes() != text:
        raise FileExistsError(
            f"{output} is there already, and what was corrected in it is not replaced; "
            "name another file, or delete that one"
        )
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_bytes(text)
    print(f"draft: {output}")


def check(*, json: bool = False, **given: Any) -> int:
    """Say which answers of an export do not fit a codebook.

    Exits with 0 if every answer has a level, with 1 if sheets would be set aside or a file is
    damaged.

    for example:
      python -m churnlib check export.xlsx --codebook mine.toml --json
    """
    from churnlib.workflow.analyse_survey import check

    checked = check(**given)
    if json:
        print_json(good=checked.problems.empty, **checked.summary)
    else:
        guesses = [f"to decide: {guess}" for guess in checked.survey.codebook.guesses]
        _remark([*checked.notes, *guesses])
        rows = checked.summary["rows"]
        print(
            *checked.causes,
            f"{rows['rows_read']} sheets, {rows['rows_kept']} fit the codebook, "
            f"{rows['rows_set_aside']} would be set aside",
            sep="\n",
        )
    return 0 if checked.problems.empty else 1


def analyse(*, json: bool = False, only: Sequence[str] = (), **given: Any) -> None:
    """Analyse a survey of your own in a notebook and write its report.

    Everything is written to DIR; nothing of this project is touched. Sheets that do not fit
    the codebook are set aside and accounted for. A folder written before is replaced file by file.
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
    from churnlib.workflow.analyse_survey import analyse

    chosen = {}
    for text in only:
        name, equals, levels = text.partition("=")
        if not (name and equals and levels):
            raise ValueError(f"--only is KEY=LEVEL or KEY=LEVEL,LEVEL; given {text!r}")
        chosen[name] = levels.split(",")
    done = analyse(**given, only=chosen, tell=silent if json else print_line)
    if json:
        files = sorted(str(path) for path in given["output"].rglob("*") if path.is_file())
        print_json(**{**asdict(done), "report": str(done.report), "files": files})
        return
    left_out = [f"{what}: left out, since {reason}" for what, reason in done.left_out.items()]
    guesses = [f"guessed: {guess}" for guess in done.guesses]
    print(*done.notes, *guesses, *left_out, f"report: {done.report}", sep="\n")
