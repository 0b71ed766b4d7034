"""The command line: ``python -m churnlib COMMAND``. A command imports what it needs."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from churnlib.evidence import IS_CLONE, PROJECT
from churnlib.workflow import commands, explained, reproduce
from churnlib.workflow.commands import JSON, LANG, Command, option, print_json

EPILOG = """examples:
  python -m churnlib reproduce              run what has changed, print the exhibit table
  python -m churnlib verify                 run everything twice in a scratch copy and compare
  python -m churnlib codebook export.xlsx --output mine.toml
  python -m churnlib check export.xlsx --codebook mine.toml
  python -m churnlib analyse export.xlsx --codebook mine.toml --output results
  python -m churnlib audit FOLDER           say where a published study contradicts itself
  python -m churnlib claims                 print the verdict on every statement of the thesis
  python -m churnlib student ../course      write the notebooks without solutions

exit codes:
  0    all is well
  1    a notebook failed, outputs differ, or data or answers are damaged; a sentence says which
  2    the command was not understood; of audit, also: the study could not be read
  130  stopped by Ctrl-C; nothing was replaced
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    chosen = _parser().parse_args(arguments)
    as_json = getattr(chosen, "json", False)
    command = COMMANDS[chosen.command]
    try:
        if command.needs_clone and not IS_CLONE:
            raise RuntimeError(
                f"{chosen.command} works on the project's notebooks, which the installed package "
                "does not bring; run it in a clone of the project"
            )
        code = command.run(chosen)
        sys.stdout.flush()
    except BrokenPipeError:  # whoever reads, such as head, wants no more
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return _failed(as_json, 130, "stopped", "stopped; nothing was replaced")
    except (ImportError, OSError, ValueError, TypeError, KeyError, RuntimeError) as error:
        return _failed(as_json, command.failed, type(error).__name__, explained(error))
    return code or 0


def _failed(as_json: bool, code: int, kind: str, message: str) -> int:
    if as_json:
        print(json.dumps({"error": {"kind": kind, "message": message}}, ensure_ascii=False))
    print(f"error: {message}", file=sys.stderr)
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m churnlib",
        description="Audit a thesis on customer churn or any study; analyse a survey of your own.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, command in COMMANDS.items():
        one = commands.add_parser(
            name,
            help=command.text,
            description=command.text,
            epilog=command.epilog,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        for add in command.options:
            add(one)
    return parser


def _reproduce(chosen: argparse.Namespace) -> None:
    """Run every notebook that has changed and write what it makes.

    A notebook has changed if its code, churnlib, the data or the lock has.
    Outputs are replaced only if no notebook fails; a failed one is kept in .churnlib/failed/.

    for example:
      python -m churnlib reproduce --jobs 2
    """
    from churnlib.workflow import exhibit_list

    started = time.perf_counter()
    if chosen.json:
        runs = reproduce(jobs=chosen.jobs)
        seconds = round(time.perf_counter() - started, 3)
        listed = exhibit_list(PROJECT)
        print_json(notebooks=[asdict(run) for run in runs], seconds=seconds, **listed)
        return
    runs = reproduce(jobs=chosen.jobs, progress=tell_start, finished=tell_end)
    unchanged = [run.notebook for run in runs if run.state == "unchanged"]
    for name in unchanged:
        print(f"{name}: unchanged")
    _print_exhibits(exhibit_list(PROJECT))
    print(
        f"{len(runs)} notebooks, {len(runs) - len(unchanged)} of them run, {len(unchanged)} "
        f"unchanged, in {time.perf_counter() - started:.1f} s."
    )


def tell_start(notebook: str, done: int, cells: int) -> None:
    """Print a line when a notebook starts."""
    if done == 0:
        print(f"{notebook}: running, {cells} cells", flush=True)


def tell_end(notebook: str, seconds: float | None) -> None:
    """Print a line when a notebook has run, or failed."""
    end = "failed" if seconds is None else f"done in {seconds:.1f} s"
    print(f"{notebook}: {end}", flush=True)


def _verify(chosen: argparse.Namespace) -> int:
    """Run everything twice in a scratch copy and compare with what is here.

    What is committed is verified: all outputs are deleted in a scratch clone and made twice.
    Exits with 0 if git finds no difference between them and the commit, nor between the two runs,
    and data and manifest are intact. Exits with 1 otherwise, and lists what differs.

    for example:
      python -m churnlib verify --jobs 2
    """
    from churnlib.workflow import verify

    if chosen.json:
        result = verify(jobs=chosen.jobs)
        print_json(good=result.is_good, **asdict(result))
    else:
        result = verify(jobs=chosen.jobs, tell=lambda text: print(f"{text} …", flush=True))
        print(result)
    return 0 if result.is_good else 1


def _exhibits(chosen: argparse.Namespace) -> None:
    """List every table and figure with its verdict."""
    from churnlib.workflow import exhibit_list

    listed = exhibit_list(PROJECT)
    if chosen.json:
        print_json(**listed)
    else:
        _print_exhibits(listed)


def _print_exhibits(listed: dict[str, Any]) -> None:
    heads = ("exhibit", "notebook", "file", "verdict")
    rows = [heads, *([row[head] or "—" for head in heads] for row in listed["exhibits"])]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(map(str.ljust, row, widths)).rstrip())
    counted = ", ".join(f"{count} {kind}" for kind, count in listed["verdicts"].items())
    print(f"{sum(listed['verdicts'].values())} statements of the thesis: {counted}.")


def _audit(chosen: argparse.Namespace) -> int:
    """Say where a published study contradicts itself.

    Lists the checks that fail, and each change of one digit that would make them all hold.
    Exits with 0 if every check holds, with 1 if something printed contradicts itself, with 2 if
    the study could not be read.

    for example:
      python -m churnlib audit --new mystudy
      python -m churnlib audit mystudy
    """
    from churnlib.studies import audit, audit_text, new_study

    folder = chosen.folder
    if chosen.new:
        if folder is None:
            raise ValueError("'audit --new' needs the folder to write: audit --new FOLDER")
        new_study(folder)
        print(f"edit {folder}/study.toml, then run: python -m churnlib audit {folder}")
        return 0
    checks = audit(folder)
    if chosen.json:
        print_json(checks=checks.to_dict("records"))
    else:
        print(audit_text(checks))
    return 0 if checks["holds"].all() else 1


def _claims(chosen: argparse.Namespace) -> None:
    """List every statement of a study with its verdict."""
    from churnlib.report import report_words
    from churnlib.studies import claims

    rows = claims(chosen.folder).reset_index()
    if chosen.json:
        print_json(claims=rows.to_dict("records"))
        return
    words, end = report_words(chosen.lang), "" if chosen.lang == "en" else "_zh"
    printed, computed = ("所载", "重算") if end else ("printed", "computed")
    for row in rows.to_dict("records"):
        print(f"{row['claim']}. {row[f'statement{end}']}")
        print(f"   {printed} {row['printed']}; {computed} {row['computed']}")
        verdict = words(f"verdicts.{row['verdict']}")
        print(f"   {verdict}: {row[f'reason{end}']}\n")


def _seal(chosen: argparse.Namespace) -> None:
    """After a deliberate edit of data/, write the new checksums."""
    from churnlib.evidence import update_checksums

    changed = update_checksums()
    print(f"new checksums: {', '.join(changed)}" if changed else "nothing has changed")


def _student(chosen: argparse.Namespace) -> None:
    """Write the notebooks without solutions into a folder of yours.

    Nothing that is there already is replaced.

    for example:
      python -m churnlib student ../course
    """
    from churnlib.workflow import write_student_copy

    written = write_student_copy(chosen.folder)
    print(f"{len(written)} notebooks without solutions, the data beside them, in {chosen.folder}")
    print(f'open them with: python -m jupyterlab "{chosen.folder}"')


def _report(chosen: argparse.Namespace) -> None:
    """Write the Word report and the notebooks as web pages.

    The numbers are those of the last run. A template lends its styles, page, header, footer.

    for example:
      python -m churnlib report --lang zh-Hans --template school.docx
    """
    from churnlib.report import write_all

    for path in write_all(PROJECT, chosen.lang, chosen.template):
        print(path.relative_to(PROJECT))


_STUDY = option("folder", "a study; else the thesis", metavar="FOLDER", nargs="?")
_NEW = option("--new", "write an example study to FOLDER", action="store_true")
_COPY = option("folder", "where to write them", metavar="FOLDER")
_REPORT = (
    option("--lang", "one language; both if left out", choices=("en", "zh-Hans")),
    option("--template FILE", "a .docx with your styles", type=Path),
)
COMMANDS = {
    "reproduce": Command(_reproduce, (commands.JOBS, JSON), needs_clone=True),
    "verify": Command(_verify, (commands.JOBS, JSON), needs_clone=True),
    **commands.COMMANDS,
    "exhibits": Command(_exhibits, (JSON,), needs_clone=True),
    "audit": Command(_audit, (_STUDY, _NEW, JSON), failed=2),
    "claims": Command(_claims, (_STUDY, LANG, JSON)),
    "seal": Command(_seal, needs_clone=True),
    "student": Command(_student, (_COPY,), needs_clone=True),
    "report": Command(_report, _REPORT, needs_clone=True),
}


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
