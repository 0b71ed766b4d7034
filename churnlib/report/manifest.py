"""Every exhibit with its files and their checksums, in one file that other programs can read."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from churnlib.evidence import LANGUAGES, Origin

KINDS: Mapping[str, tuple[str, ...]] = {
    "figure": ("pdf", "png", "svg"),
    "table": ("csv", "html", "tex"),
    "none": (),
}
"""What is written of an exhibit in each language, by its kind."""


@dataclass(frozen=True)
class File:
    """One file of an exhibit.

    Parameters
    ----------
    path : str
        Relative to the folder that holds ``figures/``, with forward slashes.
    sha256 : str
        Checksum of its bytes.
    """

    path: str
    sha256: str


@dataclass(frozen=True)
class Entry:
    """One table or figure of the manifest.

    Parameters
    ----------
    exhibit : str
        Its number, for instance ``"Figure A-1"``.
    kind : {"figure", "table", "none"}
        ``"none"`` for an exhibit of which nothing can be made.
    name : str
        File name without ending; empty for kind ``"none"``.
    notebook : str
        The notebook that makes it.
    origin : Origin
        The weakest evidence in it.
    caption : mapping of str to str
        By language.
    verdict : str
        As in `exhibits`.
    files : tuple of File
        All formats and languages, and the numbers behind them.
    """

    exhibit: str
    kind: str
    name: str
    notebook: str
    origin: Origin
    caption: Mapping[str, str] = field(hash=False)
    verdict: str
    files: tuple[File, ...]

    def path(self, lang: str, ending: str) -> str:
        """The file of this exhibit in one language and format.

        Raises
        ------
        KeyError
            If there is none.
        """
        wanted = f"figures/{lang}/{self.name}.{ending}"
        if wanted not in {file.path for file in self.files}:
            raise KeyError(f"{self.exhibit} has no file {wanted!r}")
        return wanted


def write_manifest(folder: Path) -> Path:
    """Write ``figures/manifest.json``: every exhibit and what was made of it.

    Parameters
    ----------
    folder : Path
        Holds ``figures/``: the project, or where an unfinished run writes.

    Raises
    ------
    FileNotFoundError
        If a file of an exhibit was not made; all that lack are named.

    Examples
    --------
    >>> from churnlib.evidence import PROJECT
    >>> [entry.exhibit for entry in read_manifest(PROJECT)][:3]
    ['Table 3-1', 'Table 3-2', 'Table 3-3']
    """
    from churnlib.studies import exhibits

    listed = exhibits()
    paths = {number: _paths(row) for number, row in listed.iterrows()}
    lacking = [path for some in paths.values() for path in some if not (folder / path).exists()]
    if lacking:
        raise FileNotFoundError(
            f"exhibits lack {', '.join(lacking)} in {folder}; run the notebooks that make them"
        )
    entries = [
        Entry(
            exhibit=str(number),
            kind=row["kind"],
            name=row["name"],
            notebook=row["notebook"],
            origin=Origin[row["origin"]],
            caption={"en": row["title"], "zh-Hans": row["title_zh"]},
            verdict=str(row["verdict"]),
            files=tuple(File(path, _sha256(folder / path)) for path in paths[number]),
        )
        for number, row in listed.iterrows()
    ]
    content = {"exhibits": [{**asdict(entry), "origin": entry.origin.name} for entry in entries]}
    target = _place(folder)
    text = json.dumps(content, ensure_ascii=False, indent=2) + "\n"
    target.write_text(text, encoding="utf-8", newline="\n")
    return target


def read_manifest(folder: Path) -> list[Entry]:
    """Every exhibit as the manifest has it, in its order.

    Raises
    ------
    FileNotFoundError
        If there is no manifest.
    ValueError
        If it is not one.
    """
    file = _place(folder)
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        return [
            Entry(
                **{
                    **entry,
                    "origin": Origin[entry["origin"]],
                    "files": tuple(File(**each) for each in entry["files"]),
                }
            )
            for entry in content["exhibits"]
        ]
    except FileNotFoundError:
        raise FileNotFoundError(f"{file} is missing; run python -m churnlib reproduce") from None
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(
            f"{file} is not a manifest ({error!r}); run python -m churnlib reproduce"
        ) from error


def check_manifest(folder: Path) -> list[str]:
    """Name every file that is missing or is no longer the one in the manifest.

    Returns
    -------
    list of str
        One sentence a file; empty if all is as it was written.
    """
    found = []
    for entry in read_manifest(folder):
        for file in entry.files:
            path = folder / file.path
            if not path.exists():
                found.append(f"{file.path}, of {entry.exhibit}, is missing")
            elif _sha256(path) != file.sha256:
                found.append(f"{file.path}, of {entry.exhibit}, has changed")
    return found


def _paths(exhibit: Any) -> list[str]:
    worded = [
        f"figures/{lang}/{exhibit['name']}.{ending}"
        for lang in LANGUAGES
        for ending in KINDS[exhibit["kind"]]
    ]
    return worded + [f"figures/source/{source}.csv" for source in exhibit["sources"]]


def _place(folder: Path) -> Path:
    return folder / "figures" / "manifest.json"


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
