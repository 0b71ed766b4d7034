"""The command line: ``python -m churnlib COMMAND``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from churnlib.methods import Kind
from churnlib.pipeline import NotebookError, notebooks, reproduce
from churnlib.provenance import seal
from churnlib.verdicts import claims, exhibits

EPILOG = """examples:
  python -m churnlib reproduce    run every notebook, write figures, print the exhibit table
  python -m churnlib exhibits     print the exhibit table without running anything
  python -m churnlib claims       print the verdict on every statement of the thesis
  python -m churnlib student DIR  write the notebooks without solutions into a folder

exit codes: 0 all is well; 1 a notebook failed or data are damaged; 2 the command was not understood
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m churnlib",
        description="Reproduce and audit a thesis on customer churn at a bank outlet.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command, (_, text) in COMMANDS.items():
        one = commands.add_parser(command, help=text, description=text)
        if command == "student":
            one.add_argument("folder", help="where to write them; nothing there is replaced")
    options = vars(parser.parse_args(arguments))
    chosen = options.pop("command")
    # A fixed width where nobody looks on, so that a log reads like a screen.
    console = Console(width=None if sys.stdout.isatty() else 118)
    try:
        COMMANDS[chosen][0](console, **options)
    except (NotebookError, OSError, ValueError, TypeError, KeyError) as error:
        message = error.args[0] if isinstance(error, KeyError) else error
        Console(stderr=True, soft_wrap=True).print("error:", Text(str(message)), highlight=False)
        return 1
    return 0


def _reproduce(console: Console) -> None:
    columns = (
        TextColumn("{task.description:24}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("cells"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console) as bars:
        tasks = {path.stem: bars.add_task(path.stem, total=None) for path in notebooks()}

        def show(notebook: str, done: int, cells: int) -> None:
            bars.update(tasks[notebook], completed=done, total=cells)
            if not console.is_terminal and done in {0, cells}:
                console.print(f"{notebook}: {'started' if done == 0 else 'done'}")

        runs = reproduce(progress=show)
    _exhibits(console)
    console.print(f"{len(runs)} notebooks in {sum(run.seconds for run in runs):.0f} s.")


def _exhibits(console: Console) -> None:
    table = Table("exhibit", "notebook", "file", "verdict", title="Exhibits", title_justify="left")
    for exhibit in exhibits().itertuples():
        table.add_row(exhibit.Index, exhibit.notebook, exhibit.file or "—", exhibit.verdict)
    console.print(table)
    verdicts = claims()["verdict"]
    counted = ", ".join(f"{(verdicts == kind).sum()} {kind}" for kind in Kind)
    console.print(f"{len(verdicts)} statements of the thesis: {counted}.", highlight=False)


def _claims(console: Console) -> None:
    table = Table("no.", "statement", "printed", "computed", "verdict", show_lines=True)
    for claim in claims().itertuples():
        table.add_row(
            str(claim.Index), claim.statement, claim.printed, claim.computed, claim.verdict
        )
    console.print(table)


def _seal(console: Console) -> None:
    changed = seal()
    console.print(f"new checksums: {', '.join(changed)}" if changed else "nothing has changed")


def _student(console: Console, folder: str) -> None:
    from churnlib.student import write_student_copy

    written = write_student_copy(folder)
    console.print(
        f"{len(written)} notebooks without solutions, the data beside them, in {folder}\n"
        f'open them with: python -m jupyterlab "{folder}"',
        highlight=False,
        soft_wrap=True,
        markup=False,
    )


COMMANDS: dict[str, tuple[Callable[..., None], str]] = {
    "reproduce": (_reproduce, "run every notebook and write what it makes"),
    "exhibits": (_exhibits, "list every table and figure with its verdict"),
    "claims": (_claims, "list every statement of the thesis with its verdict"),
    "seal": (_seal, "after a deliberate edit of data/, write the new checksums"),
    "student": (_student, "write the notebooks without solutions into a folder of yours"),
}

if __name__ == "__main__":
    sys.exit(main())
