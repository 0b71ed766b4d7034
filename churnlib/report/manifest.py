"""Every exhibit with its files and their checksums, in one file that other programs can read."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from churnlib.evidence import LANGUAGES, Origin
from churnlib.studies import exhibits

MANIFEST = "figures/manifest.json"
_ENDINGS = {"figure": ("pdf", "png", "svg"), "table": ("csv", "html", "tex"), "none": ()}
"""What is written of an exhibit in each language, by its kind; "none" if nothing can be made."""


@dataclass(frozen=True)
class File:
    """One file of an exhibit: its path beside ``figures/``, with slashes, and its checksum."""

    path: str
    sha256: str


@dataclass(frozen=True)
class Entry:
    """One table or figure of the manifest, by its number, for instance ``"Figure A-1"``.

    `name` is that of its files without ending, empty for kind ``"none"``; `files` are all formats
    and languages, and the numbers behind them.
    """

    exhibit: str
    kind: str
    name: str
    notebook: str
    origin: Origin
    caption: dict[str, str] = field(hash=False)
    verdict: str
    files: tuple[File, ...]


def write_manifest(folder: Path) -> Path:
    """Write ``figures/manifest.json`` below a folder: every exhibit and what was made of it.

    Files of exhibits that were not made are a FileNotFoundError that names them all.
    """
    listed, lacking = [], []
    for number, row in exhibits().iterrows():
        files = [{"path": path, "sha256": _checksum(folder / path)} for path in _paths(row)]
        lacking += [file["path"] for file in files if not file["sha256"]]
        caption = {"en": row["title"], "zh-Hans": row["title_zh"]}
        known = row[["kind", "name", "notebook", "origin"]].to_dict()
        entry = {"exhibit": str(number), **known, "caption": caption, "verdict": row["verdict"]}
        listed.append({**entry, "files": files})
    if lacking:
        raise FileNotFoundError(
            f"exhibits lack {', '.join(lacking)} in {folder}; run the notebooks that make them"
        )
    text = json.dumps({"exhibits": listed}, ensure_ascii=False, indent=2)
    (folder / MANIFEST).write_text(f"{text}\n", encoding="utf-8", newline="\n")
    return folder / MANIFEST


def read_manifest(folder: Path) -> list[Entry]:
    """Return every exhibit as the manifest has it, in its order.

    Without a manifest it is a FileNotFoundError; if it is none, a ValueError.

    Examples
    --------
    >>> from churnlib.evidence import PROJECT
    >>> [entry.exhibit for entry in read_manifest(PROJECT)][:3]
    ['Table 3-1', 'Table 3-2', 'Table 3-3']
    """
    path, remedy = folder / MANIFEST, "run python -m churnlib reproduce"
    try:
        listed = json.loads(path.read_text(encoding="utf-8"))["exhibits"]
        for each in listed:
            each["origin"] = Origin[each["origin"]]
            each["files"] = tuple(File(**file) for file in each["files"])
        return [Entry(**each) for each in listed]
    except FileNotFoundError:
        raise FileNotFoundError(f"{path} is missing; {remedy}") from None
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path} is not a manifest ({error!r}); {remedy}") from error


def check_manifest(folder: Path) -> list[str]:
    """Name every file that is missing or is no longer the one in the manifest, a sentence each."""
    return [
        f"{file.path}, of {entry.exhibit}, {'has changed' if checksum else 'is missing'}"
        for entry in read_manifest(folder)
        for file in entry.files
        if (checksum := _checksum(folder / file.path)) != file.sha256
    ]


def _paths(row: Any) -> list[str]:
    names = [f"{row['name']}.{ending}" for ending in _ENDINGS[row["kind"]]]
    worded = [f"figures/{lang}/{name}" for lang in LANGUAGES for name in names]
    return worded + [f"figures/source/{source}.csv" for source in row["sources"]]


def _checksum(path: Path) -> str:
    """Return the checksum of a file's bytes; empty if there is no such file."""
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else ""
