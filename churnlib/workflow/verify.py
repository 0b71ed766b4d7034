"""The reviewer's protocol: delete all outputs, run everything twice, compare with what is there."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from churnlib.evidence import PROJECT, resources
from churnlib.workflow.comparing import Likeness, likeness
from churnlib.workflow.notebook import document
from churnlib.workflow.store import digest, files_in

OUTPUTS = ("figures/", "report/")
"""Folders that hold nothing but outputs; notebooks hold theirs beside their code."""
_NOT_COPIED = (".git", ".venv", ".churnlib", "__pycache__", ".*_cache", ".hypothesis", "*.egg-info")


@dataclass(frozen=True)
class Verification:
    """What came of it.

    Parameters
    ----------
    repeated : mapping of str to Likeness
        Each output of the first run against the second; anything but identical is a fault.
    committed : mapping of str to Likeness
        Each output of the first run against the one that was there.
    faults : tuple of str
        Everything else that is wrong, one sentence each.
    exhibits : tuple of mapping
        ``exhibit``, ``notebook``, ``file`` and ``files``, from the manifest.
    """

    repeated: Mapping[str, Likeness]
    committed: Mapping[str, Likeness]
    faults: tuple[str, ...]
    exhibits: tuple[Mapping[str, Any], ...] = ()

    @property
    def is_good(self) -> bool:
        """Whether all is reproduced."""
        return (
            not self.faults
            and all(like is Likeness.IDENTICAL for like in self.repeated.values())
            and all(like < Likeness.DIFFERS for like in self.committed.values())
        )

    @cached_property
    def rows(self) -> list[dict[str, str]]:
        """One row an exhibit, then one for each other output that is not identical."""
        rows = [
            {**exhibit, "result": self._worst([*exhibit["files"], _path_of(exhibit["notebook"])])}
            for exhibit in self.exhibits
        ]
        told = {file for exhibit in self.exhibits for file in exhibit["files"]}
        for file in sorted(self.committed.keys() - told):
            result = self._worst([file])
            if result != Likeness.IDENTICAL.words or not self.exhibits:
                rows.append({"exhibit": "—", "notebook": "", "file": file, "result": result})
        return [{k: row[k] for k in ("exhibit", "notebook", "file", "result")} for row in rows]

    def _worst(self, files: Iterable[str]) -> str:
        named = list(files)
        again = max(self.repeated.get(file, Likeness.DIFFERS) for file in named)
        if again is not Likeness.IDENTICAL:
            return Likeness.DIFFERS.words
        return max(self.committed.get(file, Likeness.DIFFERS) for file in named).words


def verify(
    project: Path = PROJECT, *, jobs: int = 1, tell: Callable[[str], None] = lambda _: None
) -> Verification:
    """Run the reviewer's protocol in a scratch copy; the project itself is not touched.

    Parameters
    ----------
    project : Path
        A clone of the project.
    jobs : int
        How many notebooks to run at a time.
    tell : callable, optional
        Told what is being done, one sentence at a time.

    Raises
    ------
    RuntimeError
        If a run does not end well; with what it said.
    """
    with tempfile.TemporaryDirectory(prefix="churnlib-verify-") as folder:
        copy = Path(folder) / "project"
        tell("copying the project and deleting all outputs")
        shutil.copytree(project, copy, ignore=shutil.ignore_patterns(*_NOT_COPIED))
        there = _outputs(copy)
        _delete_outputs(copy)
        inputs = _inputs(copy)
        made = []
        for run in ("first", "second"):
            tell(f"{run} run, from nothing")
            _run(copy, jobs)
            made.append(_outputs(copy))
            if run == "first":
                _delete_outputs(copy)
                shutil.rmtree(copy / ".churnlib")
        tell("comparing")
        first, second = made
        faults = [f"{file} was changed by a run" for file in _changed(copy, inputs)]
        faults += _faults_of_data(copy) + _faults_of_manifest(copy)
        return Verification(
            repeated=_compared(first, second, exact=True),
            committed=_compared(there, first),
            faults=tuple(faults),
            exhibits=_exhibits(copy),
        )


def _run(copy: Path, jobs: int) -> None:
    paths = [str(copy), os.environ.get("PYTHONPATH", "")]
    environment = {
        **{k: v for k, v in os.environ.items() if k != "CHURNLIB_OUTPUT"},
        "PYTHONPATH": os.pathsep.join(filter(None, paths)),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    command = [sys.executable, "-m", "churnlib", "reproduce", "--jobs", str(jobs), "--json"]
    done = subprocess.run(
        command, cwd=copy, env=environment, capture_output=True, encoding="utf-8", check=False
    )
    if done.returncode:
        raise RuntimeError(f"the run in the scratch copy failed: {done.stderr.strip()}")


def _is_output(file: str) -> bool:
    return file.startswith(OUTPUTS)


def _is_notebook(file: str) -> bool:
    return file.startswith("notebooks/") and file.endswith(".ipynb")


def _path_of(notebook: str) -> str:
    return f"notebooks/{notebook}.ipynb"


def _outputs(copy: Path) -> dict[str, bytes]:
    return {
        file: (copy / file).read_bytes()
        for file in files_in(copy)
        if _is_output(file) or _is_notebook(file)
    }


def _delete_outputs(copy: Path) -> None:
    for file in list(files_in(copy)):
        path = copy / file
        if _is_output(file):
            path.unlink()
        elif _is_notebook(file):
            notebook = json.loads(path.read_text(encoding="utf-8"))
            for cell in notebook["cells"]:
                if cell["cell_type"] == "code":
                    cell.update(outputs=[], execution_count=None)
            path.write_bytes(document(notebook))


def _inputs(copy: Path) -> dict[str, str]:
    skipped = (".churnlib/", *OUTPUTS)
    return {
        file: digest(copy / file)
        for file in files_in(copy)
        if not file.startswith(skipped) and not _is_notebook(file)
    }


def _changed(copy: Path, before: Mapping[str, str]) -> list[str]:
    now = _inputs(copy)
    return sorted(file for file in before.keys() | now.keys() if before.get(file) != now.get(file))


def _compared(
    old: Mapping[str, bytes], new: Mapping[str, bytes], *, exact: bool = False
) -> dict[str, Likeness]:
    def one(file: str) -> Likeness:
        if file not in old or file not in new:
            return Likeness.DIFFERS
        if exact:
            return Likeness.IDENTICAL if old[file] == new[file] else Likeness.DIFFERS
        return likeness(old[file], new[file], file)

    return {file: one(file) for file in sorted(old.keys() | new.keys())}


def _faults_of_data(copy: Path) -> list[str]:
    if not (copy / "data" / "datapackage.json").exists():
        return []
    described = resources(copy / "data").values()
    return [
        f"{entry.path.relative_to(copy)} is not the released file: its checksum differs"
        for entry in described
        if not (entry.path.is_file() and entry.is_intact())
    ]


def _faults_of_manifest(copy: Path) -> list[str]:
    from churnlib.report import check_manifest

    if not (copy / "figures" / "manifest.json").exists():
        return []
    return check_manifest(copy)


def _exhibits(copy: Path) -> tuple[dict[str, Any], ...]:
    from churnlib.report import read_manifest

    if not (copy / "figures" / "manifest.json").exists():
        return ()
    return tuple(
        {
            "exhibit": entry.exhibit,
            "notebook": entry.notebook,
            "file": _first(entry.files),
            "files": [file.path for file in entry.files],
        }
        for entry in read_manifest(copy)
    )


def _first(files: Sequence[Any]) -> str:
    return str(files[0].path) if files else ""
