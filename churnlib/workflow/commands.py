"""The commands for a survey of one's own, and what all commands have in common."""

from __future__ import annotations

import argparse
import csv
import errno
import inspect
import json
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from churnlib.evidence import Kind
from churnlib.report import read_manifest
from churnlib.workflow.execution import silent

Option = Callable[[argparse.ArgumentParser], object]


@dataclass(frozen=True)
class Command:
    """One command: what runs, with its help text for a docstring, and its options.

    `needs_clone` marks those that work on the notebooks of the project; `failed` is the exit code
    when what it was given cannot be used.
    """

    run: Callable[[argparse.Namespace], int | None]
    options: Sequence[Option] = ()
    needs_clone: bool = False
    failed: int = 1

    @property
    def text(self) -> str:
        """What it does, in a sentence."""
        return str(inspect.getdoc(self.run)).partition("\n\n")[0]

    @property
    def epilog(self) -> str:
        """What else there is to know, and examples."""
        return str(inspect.getdoc(self.run)).partition("\n\n")[2]


def option(usage: str, text: str, **described: Any) -> Option:
    """Return what adds an option to a parser; `usage` reads as in a help text: ``--sheet NAME``."""
    name, _, metavar = usage.partition(" ")
    if metavar:
        described["metavar"] = metavar
    return lambda parser: parser.add_argument(name, help=text, **described)


_CPUS = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
JSON = option("--json", "print one JSON document, for machines", action="store_true")
JOBS = option(
    "--jobs N", "how many notebooks to run at a time (here: %(default)s)", type=int, default=_CPUS
)
LANG = option("--lang", "language (default: %(default)s)", choices=("en", "zh-Hans"), default="en")


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
    print(json.dumps(content, ensure_ascii=False, indent=2))


def explained(error: Exception) -> str:
    """Return a full disk in words that say what to do; any other error in its own."""
    if not isinstance(error, OSError):
        return str(error.args[0]) if isinstance(error, KeyError) else str(error)
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return (
            "the disk is full; nothing was replaced and nothing is lost. Free some space and run "
            f"again ({error})"
        )
    return str(error.args[1]) if error.args[1:] and error.filename is None else str(error)


def _check(chosen: argparse.Namespace) -> int:
    """Say which answers of an export do not fit a codebook.

    Exits with 0 if every answer has a level, with 1 if sheets would be set aside or a file is
    damaged.

    for example:
      python -m churnlib check export.xlsx --codebook mine.toml --json
    """
    from churnlib.workflow.check_survey import check

    checked = check(chosen.answers, chosen.codebook, lang=chosen.lang, reading=_reading(chosen))
    if chosen.json:
        print_json(good=checked.problems.empty, **checked.summary)
    else:
        for note in checked.notes:
            print(note, file=sys.stderr)
        for guess in checked.survey.codebook.guesses:
            print(f"to decide: {guess}", file=sys.stderr)
        for cause in checked.causes:
            print(cause)
        rows = checked.summary["rows"]
        print(
            f"{rows['rows_read']} sheets, {rows['rows_kept']} fit the codebook, "
            f"{rows['rows_set_aside']} would be set aside"
        )
    return 0 if checked.problems.empty else 1


def _codebook(chosen: argparse.Namespace) -> None:
    """Draft a codebook from an export of answers.

    What it could not know stands in a list on top of the file, each guess with its line.
    Personal columns are dropped and listed.
    The draft remembers --sheet, --encoding, --header-rows and --keep.

    for example:
      python -m churnlib codebook export.xlsx --output mine.toml
    """
    from churnlib.survey import draft, load_codebook, read_answers

    reading = _reading(chosen)
    raw = read_answers(chosen.answers, **reading)
    for note in raw.attrs["notes"]:
        print(note, file=sys.stderr)
    text = draft(raw, load_codebook(), chosen.answers.name, reading).encode("utf-8")
    if chosen.output is None:
        sys.stdout.buffer.write(text)  # TOML is UTF-8 on every system
        return
    if chosen.output.exists() and chosen.output.read_bytes() != text:
        raise FileExistsError(
            f"{chosen.output} is there already, and what was corrected in it is not replaced; "
            "name another file, or delete that one"
        )
    chosen.output.parent.mkdir(parents=True, exist_ok=True)
    chosen.output.write_bytes(text)
    print(f"draft: {chosen.output}")


def _reading(chosen: argparse.Namespace) -> dict[str, Any]:
    """What the command line says of how the file is read."""
    names = ("keep", "encoding", "header_rows", "sheet")
    return {name: value for name in names if (value := getattr(chosen, name)) is not None}


def _analyse(chosen: argparse.Namespace) -> None:
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

    done = analyse(
        chosen.answers,
        chosen.codebook,
        chosen.output,
        lang=chosen.lang,
        response=chosen.response,
        by=chosen.by or (),
        group=chosen.group,
        only=_only(chosen.only or ()),
        all_pairs=chosen.pairs == "all",
        template=chosen.template,
        reading=_reading(chosen),
        progress=silent if chosen.json else _tell,
    )
    if chosen.json:
        files = sorted(str(path) for path in chosen.output.rglob("*") if path.is_file())
        print_json(**{**asdict(done), "report": str(done.report), "files": files})
        return
    for note in done.notes:
        print(note)
    for guess in done.guesses:
        print(f"guessed: {guess}")
    for what, reason in done.left_out.items():
        print(f"{what}: left out, since {reason}")
    print(f"report: {done.report}")


def _tell(notebook: str, done: int, cells: int) -> None:
    print(f"{notebook}: {done} of {cells} cells done", flush=True)


def _only(filters: Sequence[str]) -> dict[str, list[str]]:
    """Read KEY=LEVEL,LEVEL."""
    chosen = {}
    for text in filters:
        name, equals, levels = text.partition("=")
        if not (name and equals and levels):
            raise ValueError(f"--only is KEY=LEVEL or KEY=LEVEL,LEVEL; given {text!r}")
        chosen[name] = levels.split(",")
    return chosen


_READ = (
    option("answers", "an export: csv, xlsx or sav", metavar="ANSWERS", type=Path),
    option("--keep NAME", "keep this personal column; repeatable", action="append"),
    option("--encoding", "of a csv or sav file; detected if left out"),
    option("--header-rows N", "how many; detected if left out", type=int),
    option("--sheet NAME", "worksheet; the first if left out"),
)
_CODEBOOK = option("--codebook BOOK", "codebook of the export", type=Path, required=True)
COMMANDS = {
    "codebook": Command(
        _codebook,
        (*_READ, option("--output FILE", "where to write it; printed if left out", type=Path)),
    ),
    "check": Command(_check, (*_READ, _CODEBOOK, LANG, JSON)),
    "analyse": Command(
        _analyse,
        (
            *_READ,
            _CODEBOOK,
            LANG,
            option("--output DIR", "folder for the results", type=Path, required=True),
            option("--response KEY", "question to explain; else the codebook's response"),
            option("--only KEY=LEVEL,…", "only people with these answers", action="append"),
            option("--by KEY", "question that may explain it; repeatable", action="append"),
            option("--group KEY", "question whose groups are drawn; else the first"),
            option(
                "--pairs",
                "pairs of questions to test: the response with the others (default), or all",
                choices=("response", "all"),
                default="response",
            ),
            option("--template DOCX", "Word file whose styles the report takes", type=Path),
            JSON,
        ),
    ),
}
