"""What the commands of the command line have in common."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any


def workers() -> int:
    """Return how many notebooks this machine runs well at a time."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on macOS and Windows
        return os.cpu_count() or 1


@dataclass(frozen=True)
class Command:
    """One command: what runs, what it does in a few words, its options, and examples.

    `needs_clone` marks those that work on the notebooks of the project; `failed` is the exit code
    when what it was given cannot be used.
    """

    run: Callable[[argparse.Namespace], int | None]
    text: str
    options: Sequence[Callable[[argparse.ArgumentParser], None]] = ()
    epilog: str = ""
    needs_clone: bool = False
    failed: int = 1


def json_option(parser: argparse.ArgumentParser) -> None:
    """Add the option for machines."""
    parser.add_argument("--json", action="store_true", help="print one JSON document, for machines")


def jobs_option(parser: argparse.ArgumentParser) -> None:
    """Add the option for how many notebooks run at a time."""
    parser.add_argument(
        "--jobs",
        type=int,
        default=workers(),
        metavar="N",
        help="how many notebooks to run at a time (here: %(default)s)",
    )


def print_json(**content: Any) -> None:
    """Print one JSON document."""
    print(json.dumps(content, ensure_ascii=False, indent=2))
