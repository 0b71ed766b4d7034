"""The command line: ``python -m churnlib COMMAND``. A command imports what it needs."""

from __future__ import annotations

import argparse
import csv
import errno
import inspect
import io
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext, redirect_stdout
from pathlib import Path
from typing import Any

from churnlib.evidence import IS_CLONE, LANGUAGES, PROJECT, Kind
from churnlib.workflow import analyse, check, codebook, reproduce, verify

EPILOG = """COMMAND --help says what it does. For a survey of your own:
  python -m churnlib codebook export.xlsx --output mine.toml
  python -m churnlib check export.xlsx --codebook mine.toml
  python -m churnlib analyse export.xlsx --codebook mine.toml --output results

exit codes:
  0    all is well
  1    a notebook failed, outputs differ, or data or answers are damaged; a sentence says which
  2    the command was not understood; of audit, also: the study could not be read
  130  stopped by Ctrl-C; nothing was replaced
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code.

    A command prints what people want to know, and returns the same as a document for machines,
    if it has one. ``good`` in it says whether the command has found all well.
    """
    options = vars(_parser().parse_args(arguments))
    command, as_json = options.pop("command"), options.pop("json", False)
    try:
        if command in NEED_CLONE and not IS_CLONE:
            raise RuntimeError(
                f"{command} works on the project's notebooks, which the installed package "
                "does not bring; run it in a clone of the project"
            )
        with redirect_stdout(io.StringIO()) if as_json else nullcontext():
            document = COMMANDS[command][0](**options) or {}
        if as_json:
            print(json.dumps(document, ensure_ascii=False, indent=2))
        sys.stdout.flush()
    except BrokenPipeError:  # whoever reads, such as head, wants no more
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        code, kind, message = 130, "stopped", "stopped; nothing was replaced"
    except (ImportError, OSError, ValueError, TypeError, KeyError, RuntimeError) as error:
        code, kind, message = 2 if command == "audit" else 1, type(error).__name__, explained(error)
    else:
        return 0 if document.get("good", True) else 1
    if as_json:
        print(json.dumps({"error": {"kind": kind, "message": message}}, ensure_ascii=False))
    print(f"error: {message}", file=sys.stderr)
    return code


def explained(error: Exception) -> str:
    """Return a full disk in words that say what to do; any other error in its own."""
    if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return (
            "the disk is full; nothing was replaced and nothing is lost. Free some space and run "
            f"again ({error})"
        )
    return str(error.args[0]) if isinstance(error, KeyError) else str(error)


def _parser() -> argparse.ArgumentParser:
    looks = argparse.RawDescriptionHelpFormatter
    text = "Audit a thesis on customer churn or any study; analyse a survey of your own."
    parser = argparse.ArgumentParser(
        prog="python -m churnlib", description=text, epilog=EPILOG, formatter_class=looks
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, (run_command, options) in COMMANDS.items():
        text, _, epilog = str(inspect.getdoc(run_command)).partition("\n\n")
        one = commands.add_parser(
            name,
            help=text,
            description=text,
            epilog=epilog,
            formatter_class=looks,
            argument_default=argparse.SUPPRESS,  # the function that runs has the defaults
        )
        for usage in options:
            option, _, metavar = usage.partition(" ")
            named: dict[str, Any] = {"metavar": metavar} if metavar else {}
            one.add_argument(option, **named, **OPTIONS[usage])
    return parser


def _reproduce(jobs: int) -> dict[str, Any]:
    """Run every notebook that has changed and write what it makes.

    A notebook has changed if its code, churnlib, the data or the lock has.
    Outputs are replaced only if no notebook fails; a failed one is kept in .churnlib/failed/.

    for example:
      python -m churnlib reproduce --jobs 2
    """
    started = time.perf_counter()
    ran = reproduce(jobs=jobs)
    unchanged = [name for name, took in ran.items() if took is None]
    for name in unchanged:
        print(f"{name}: unchanged")
    listed, seconds = _exhibits(), time.perf_counter() - started
    print(
        f"{len(ran)} notebooks, {len(ran) - len(unchanged)} of them run, {len(unchanged)} "
        f"unchanged, in {seconds:.1f} s."
    )
    states = [
        {"notebook": name, "seconds": took or 0.0, "state": "unchanged" if took is None else "done"}
        for name, took in ran.items()
    ]
    return {"notebooks": states, "seconds": round(seconds, 3), **listed}


def _exhibits() -> dict[str, Any]:
    """List every table and figure with its verdict."""
    from churnlib.report import read_manifest

    files = {"figure": "figures/en/{}.svg", "table": "figures/source/{}.csv", "none": ""}
    rows = [
        {
            "exhibit": entry.exhibit,
            "notebook": entry.notebook,
            "file": files[entry.kind].format(entry.name),
            "verdict": entry.verdict,
        }
        for entry in read_manifest(PROJECT)
    ]
    with (PROJECT / "figures/source/verdicts.csv").open(encoding="utf-8", newline="") as file:
        found = [row["verdict"] for row in csv.DictReader(file)]
    lines = [list(rows[0]), *([text or "—" for text in row.values()] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        print("  ".join(map(str.ljust, line, widths)).rstrip())
    verdicts = {kind.value: found.count(kind) for kind in Kind}  # the least grave first
    counted = ", ".join(f"{count} {kind}" for kind, count in verdicts.items())
    print(f"{len(found)} statements of the thesis: {counted}.")
    return {"exhibits": rows, "verdicts": verdicts}


def _audit(study: str | None = None, new: bool = False) -> dict[str, Any]:
    """Say where a published study contradicts itself.

    Lists the checks that fail, and each change of one digit that would make them all hold.
    Exits with 0 if every check holds, with 1 if something printed contradicts itself, with 2 if
    the study could not be read.

    for example:
      python -m churnlib audit --new mystudy
      python -m churnlib audit mystudy
    """
    from churnlib.studies import audit, audit_text, new_study

    if new:
        if study is None:
            raise ValueError("'audit --new' needs the folder to write: audit --new FOLDER")
        new_study(study)
        print(f"edit {study}/study.toml, then run: python -m churnlib audit {study}")
        return {"study": study}
    checks = audit(study)
    print(audit_text(checks))
    return {"good": bool(checks["holds"].all()), "checks": checks.to_dict("records")}


def _claims(lang: str, study: str | None = None) -> dict[str, Any]:
    """List every statement of a study with its verdict."""
    from churnlib.report import report_words
    from churnlib.studies import claims

    rows = claims(study).reset_index().to_dict("records")
    words, end = report_words(lang), "" if lang == "en" else "_zh"
    printed, computed = ("所载", "重算") if end else ("printed", "computed")
    for row in rows:
        print(f"{row['claim']}. {row[f'statement{end}']}")
        print(f"   {printed} {row['printed']}; {computed} {row['computed']}")
        verdict = words(f"verdicts.{row['verdict']}")
        print(f"   {verdict}: {row[f'reason{end}']}\n")
    return {"claims": rows}


def _seal() -> None:
    """After a deliberate edit of data/, write the new checksums."""
    from churnlib.evidence import update_checksums

    changed = update_checksums()
    print(f"new checksums: {', '.join(changed)}" if changed else "nothing has changed")


def _student(folder: str) -> None:
    """Write the notebooks without solutions into a folder of yours.

    Nothing that is there already is replaced.

    for example:
      python -m churnlib student ../course
    """
    from churnlib.workflow import write_student_copy

    written = write_student_copy(folder)
    print(f"{len(written)} notebooks without solutions, the data beside them, in {folder}")
    print(f'open them with: python -m jupyterlab "{folder}"')


def _report(lang: str | None = None, template: Path | None = None) -> None:
    """Write the Word report and the notebooks as web pages.

    The numbers are those of the last run. A template lends its styles, page, header, footer.

    for example:
      python -m churnlib report --lang zh-Hans --template school.docx
    """
    from churnlib.report import write_all

    for path in write_all(PROJECT, lang, template):
        print(path.relative_to(PROJECT))


_CPUS = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
_YES: dict[str, Any] = {"action": "store_true"}
OPTIONS: dict[str, dict[str, Any]] = {
    "--json": {"help": "print one JSON document, for machines", **_YES},
    "--jobs N": {"help": "notebooks at a time (here: %(default)s)", "type": int, "default": _CPUS},
    "--lang": {"help": "language (default: %(default)s)", "choices": LANGUAGES, "default": "en"},
    "answers ANSWERS": {"help": "an export: csv, xlsx or sav", "type": Path},
    "--keep NAME": {"help": "keep this personal column; repeatable", "action": "append"},
    "--encoding": {"help": "of a csv or sav file; detected if left out"},
    "--header-rows N": {"help": "how many; detected if left out", "type": int},
    "--sheet NAME": {"help": "worksheet; the first if left out"},
    "--codebook BOOK": {"help": "codebook of the export", "type": Path, "required": True},
    "--output FILE": {"help": "where to write it; printed if left out", "type": Path},
    "--output DIR": {"help": "folder for the results", "type": Path, "required": True},
    "--response KEY": {"help": "question to explain; else the codebook's response"},
    "--only KEY=LEVEL,…": {"help": "only people with these answers", "action": "append"},
    "--by KEY": {"help": "question that may explain it; repeatable", "action": "append"},
    "--group KEY": {"help": "question whose groups are drawn; else the first"},
    "--pairs": {
        "help": "pairs of questions to test: the response with the others (default), or all",
        "choices": ("response", "all"),
    },
    "--template DOCX": {"help": "Word file whose styles the report takes", "type": Path},
    "study FOLDER": {"help": "a study; else the thesis", "nargs": "?"},
    "--new": {"help": "write an example study to FOLDER", **_YES},
    "folder FOLDER": {"help": "where to write them"},
    "--lang LANG": {"help": "one language, en or zh-Hans; both if left out", "choices": LANGUAGES},
}
_READ = ("answers ANSWERS", "--keep NAME", "--encoding", "--header-rows N", "--sheet NAME")
COMMANDS: dict[str, tuple[Callable[..., dict[str, Any] | None], Sequence[str]]] = {
    "reproduce": (_reproduce, ["--jobs N", "--json"]),
    "verify": (verify, ["--jobs N", "--json"]),
    "codebook": (codebook, [*_READ, "--output FILE"]),
    "check": (check, [*_READ, "--codebook BOOK", "--lang", "--json"]),
    "analyse": (
        analyse,
        [*_READ, "--codebook BOOK", "--lang", "--output DIR", "--response KEY",
         "--only KEY=LEVEL,…", "--by KEY", "--group KEY", "--pairs", "--template DOCX", "--json"],
    ),
    "exhibits": (_exhibits, ["--json"]),
    "audit": (_audit, ["study FOLDER", "--new", "--json"]),
    "claims": (_claims, ["study FOLDER", "--lang", "--json"]),
    "seal": (_seal, []),
    "student": (_student, ["folder FOLDER"]),
    "report": (_report, ["--lang LANG", "--template DOCX"]),
}  # fmt: skip
NEED_CLONE = {"reproduce", "verify", "exhibits", "seal", "student", "report"}


def run() -> None:
    """Run the command that was typed, and end the process with its exit code.

    Ctrl-C and SIGTERM stop it, and however many follow are not heard while it ends.
    """
    heard = False

    def stop(*_: object) -> None:
        nonlocal heard
        if not heard:  # else it is ending
            heard = True
            raise KeyboardInterrupt

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    code = main()
    if heard:  # until the very end, which would give the signals their old meaning
        sys.stdout.flush()
        os._exit(code)
    sys.exit(code)


if __name__ == "__main__":
    run()
