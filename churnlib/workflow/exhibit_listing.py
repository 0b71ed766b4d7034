"""The table of exhibits, for the command line."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from churnlib.evidence import Kind
from churnlib.report import Entry, read_manifest

VERDICTS = "figures/source/verdicts.csv"


def exhibit_list() -> dict[str, Any]:
    """Every exhibit with its verdict, and how many statements have which, computed anew.

    Returns
    -------
    dict
        ``exhibits``, a list with ``exhibit``, ``notebook``, ``file`` and ``verdict``; and
        ``verdicts``, the number of statements by verdict, the least grave first.
    """
    from churnlib.studies import claims, exhibits

    rows = exhibits().reset_index()[["exhibit", "notebook", "file", "verdict"]]
    return {"exhibits": rows.to_dict("records"), "verdicts": _counted(claims()["verdict"])}


def exhibits_of_run(project: Path) -> dict[str, Any]:
    """The same as the notebooks have written it, which takes no time when they have just run.

    Raises
    ------
    FileNotFoundError, ValueError
        If the manifest or the table of verdicts is missing or damaged.
    """
    rows = [
        {
            "exhibit": entry.exhibit,
            "notebook": entry.notebook,
            "file": _file(entry),
            "verdict": entry.verdict,
        }
        for entry in read_manifest(project)
    ]
    with (project / VERDICTS).open(encoding="utf-8", newline="") as file:
        verdicts = [row["verdict"] for row in csv.DictReader(file)]
    return {"exhibits": rows, "verdicts": _counted(verdicts)}


def _counted(verdicts: Iterable[str]) -> dict[str, int]:
    each = list(verdicts)
    return {kind.value: each.count(kind) for kind in Kind}


def _file(entry: Entry) -> str:
    if entry.kind == "none":
        return ""
    if entry.kind == "table":
        return f"figures/source/{entry.name}.csv"
    return entry.path("en", "svg")
