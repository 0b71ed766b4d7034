"""The table of exhibits, for the command line."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from churnlib.evidence import Kind
from churnlib.report import Entry, read_manifest

VERDICTS = "figures/source/verdicts.csv"


def exhibit_list(project: Path) -> dict[str, Any]:
    """Return every exhibit with its verdict, as the notebooks have written it.

    Returns
    -------
    dict
        ``exhibits``, a list with ``exhibit``, ``notebook``, ``file`` and ``verdict``; and
        ``verdicts``, the number of statements by verdict, the least grave first.

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
    return {"exhibits": rows, "verdicts": {kind.value: verdicts.count(kind) for kind in Kind}}


def _file(entry: Entry) -> str:
    if entry.kind == "none":
        return ""
    if entry.kind == "table":
        return f"figures/source/{entry.name}.csv"
    return entry.path("en", "svg")
