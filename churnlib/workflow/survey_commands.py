"""The commands for a survey of one's own: draft a codebook, check answers, analyse them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from churnlib.workflow.command import Command, json_option, print_json


def _check(chosen: argparse.Namespace) -> int:
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
    from churnlib.workflow.analyse_survey import analyse

    options = {
        "lang": chosen.lang,
        "response": chosen.response,
        "by": chosen.by or (),
        "group": chosen.group,
        "only": _only(chosen.only or ()),
        "all_pairs": chosen.pairs == "all",
        "template": chosen.template,
        "reading": _reading(chosen),
    }
    if chosen.json:
        done = analyse(chosen.answers, chosen.codebook, chosen.output, **options)
        files = sorted(str(p) for p in chosen.output.rglob("*") if p.is_file())
        print_json(
            report=str(done.report), left_out=dict(done.left_out), files=files, notes=done.notes,
            guesses=done.guesses,
        )  # fmt: skip
        return

    def tell(notebook: str, done: int, cells: int) -> None:
        print(f"{notebook}: {done} of {cells} cells done", flush=True)

    done = analyse(chosen.answers, chosen.codebook, chosen.output, progress=tell, **options)
    for note in done.notes:
        print(note)
    for guess in done.guesses:
        print(f"guessed: {guess}")
    for what, reason in done.left_out.items():
        print(f"{what}: left out, since {reason}")
    print(f"report: {done.report}")


def _only(filters: Sequence[str]) -> dict[str, list[str]]:
    """Read KEY=LEVEL,LEVEL."""
    chosen = {}
    for text in filters:
        name, equals, levels = text.partition("=")
        if not (name and equals and levels):
            raise ValueError(f"--only is KEY=LEVEL or KEY=LEVEL,LEVEL; given {text!r}")
        chosen[name] = levels.split(",")
    return chosen


def _answers_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("answers", metavar="ANSWERS", type=Path, help="an export: csv, xlsx or sav")
    parser.add_argument(
        "--keep", metavar="NAME", action="append", help="keep this personal column; repeatable"
    )
    parser.add_argument("--encoding", help="of a csv or sav file; detected if left out")
    parser.add_argument(
        "--header-rows", metavar="N", type=int, help="how many; detected if left out"
    )
    parser.add_argument("--sheet", metavar="NAME", help="worksheet; the first if left out")


def _draft_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--output", metavar="FILE", type=Path, help="where to write it; printed if left out"
    )


def _codebook_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--codebook", metavar="BOOK", type=Path, required=True, help="codebook of the export"
    )
    parser.add_argument(
        "--lang", choices=("en", "zh-Hans"), default="en", help="language (default: %(default)s)"
    )


def _analyse_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--output", metavar="DIR", type=Path, required=True, help="folder for the results"
    )
    parser.add_argument(
        "--response", metavar="KEY", help="question to explain; else the codebook's response"
    )
    parser.add_argument(
        "--only", metavar="KEY=LEVEL,…", action="append", help="only people with these answers"
    )
    parser.add_argument(
        "--by", metavar="KEY", action="append", help="question that may explain it; repeatable"
    )
    parser.add_argument(
        "--group", metavar="KEY", help="question whose groups are drawn; else the first"
    )
    parser.add_argument(
        "--pairs",
        choices=("response", "all"),
        default="response",
        help="pairs of questions to test: the response with the others (default), or all",
    )
    parser.add_argument(
        "--template", metavar="DOCX", type=Path, help="Word file whose styles the report takes"
    )


COMMANDS = {
    "codebook": Command(
        _codebook,
        "draft a codebook from an export of answers",
        (_answers_argument, _draft_option),
        """What it could not know stands in a list on top of the file, each guess with its line.
Personal columns are dropped and listed.
The draft remembers --sheet, --encoding, --header-rows and --keep.

example:
  python -m churnlib codebook export.xlsx --output mine.toml""",
    ),
    "check": Command(
        _check,
        "say which answers of an export do not fit a codebook",
        (_answers_argument, _codebook_option, json_option),
        """Exits with 0 if every answer has a level, with 1 if sheets would be set aside or a file
is damaged.

example:
  python -m churnlib check export.xlsx --codebook mine.toml --json""",
    ),
    "analyse": Command(
        _analyse,
        "analyse a survey of your own in a notebook and write its report",
        (_answers_argument, _codebook_option, _analyse_options, json_option),
        """Everything is written to DIR; nothing of this project is touched. Sheets that do not fit
the codebook are set aside and accounted for. A folder written before is replaced file by file.
DIR/my_survey.ipynb holds the whole analysis, to go on with in JupyterLab.
A KEY is the name of a question in the codebook: [variables.KEY].
A response with two answers gets a logistic regression (odds of the answer that the codebook lists
second), one with more and ordered answers a proportional-odds model. What the answers do not allow
is left out, with the reason.

examples:
  python -m churnlib analyse export.xlsx --codebook mine.toml --output results
  python -m churnlib analyse export.csv --codebook mine.toml --output results --lang zh-Hans
  python -m churnlib analyse export.csv --codebook mine.toml --output results --group region""",
    ),
}
