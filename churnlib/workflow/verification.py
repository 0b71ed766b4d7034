"""The reviewer's protocol: everything made twice in a scratch clone, and git says what differs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from churnlib.evidence import PROJECT, resources
from churnlib.report import MANIFEST, check_manifest
from churnlib.workflow.execution import code_cells, notebooks, read, runnable, silent, text_of

OUTPUTS = ("figures", "report")
"""Folders that hold nothing but outputs; notebooks hold theirs beside their code."""


@dataclass(frozen=True)
class Verification:
    """What came of it.

    `outputs` is the number of files made; `committed` names those of the first run that differ
    from what is committed, as ``git diff`` does; `repeated` those of the second run that differ
    from the first; `faults` says everything else that is wrong, one sentence each.
    """

    outputs: int
    committed: tuple[str, ...] = ()
    repeated: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()

    @property
    def is_good(self) -> bool:
        """Whether all is reproduced, byte for byte."""
        return not (self.committed or self.repeated or self.faults)

    def __str__(self) -> str:
        lines = [f"{self.outputs} outputs were made twice from nothing."]
        for files, difference in (
            (self.committed, "differ from what is committed"),
            (self.repeated, "differ between the two runs"),
        ):
            if files:
                lines += [f"{len(files)} files {difference}:", *(f"  {file}" for file in files)]
        if self.committed:
            lines.append(
                "On another system a last digit or the edge of a line may differ: `make test` "
                "compares numbers and pictures within a tolerance and tells that from a real "
                "difference (tests/likeness.py)."
            )
        lines += [f"fault: {fault}" for fault in self.faults]
        return "\n".join([*lines, f"{'' if self.is_good else 'NOT '}all is reproduced"])


def verify(
    project: Path = PROJECT, *, jobs: int = 1, tell: Callable[[str], object] = silent
) -> Verification:
    """Run the reviewer's protocol in a scratch clone; the project itself is not touched.

    What is committed is verified. All outputs are deleted, made, and held against the commit;
    deleted again, made again, and held against the first run. `tell` is told what is being done,
    one sentence at a time.

    Raises
    ------
    RuntimeError
        If the project is no clone, or a run does not end well; with what it said.
    """
    with tempfile.TemporaryDirectory(prefix="churnlib-verify-") as folder:
        clone = Path(folder) / "project"
        tell("cloning what is committed")
        _git(project, "clone", "--quiet", "--no-hardlinks", str(project), str(clone))
        differences: list[tuple[str, ...]] = []
        for which in ("first", "second"):
            _delete_outputs(clone)
            tell(f"{which} run, from nothing")
            _run(clone, jobs)
            _git(clone, "add", "--all")
            differences.append(tuple(_git(clone, "diff", "--cached", "--name-status").splitlines()))
            author = ("-c", "user.name=verify", "-c", "user.email=verify@localhost")
            _git(clone, *author, "commit", "--quiet", "--allow-empty", "--message", f"{which} run")
        outputs = _git(clone, "ls-files", *OUTPUTS, "notebooks").splitlines()
        committed, repeated = differences
        return Verification(len(outputs), committed, repeated, tuple(_faults(clone)))


def _git(clone: Path, *arguments: str) -> str:
    blame = f"verify needs git and a clone of the project; git {arguments[0]} said"
    return _call(["git", *arguments], clone, os.environ, blame)


def _run(clone: Path, jobs: int) -> None:
    paths = filter(None, [str(clone), os.environ.get("PYTHONPATH")])
    environment = {
        **{name: value for name, value in os.environ.items() if name != "CHURNLIB_OUTPUT"},
        "PYTHONPATH": os.pathsep.join(paths),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    command = [sys.executable, "-m", "churnlib", "reproduce", "--jobs", str(jobs), "--json"]
    _call(command, clone, environment, "the run in the scratch copy failed")


def _call(command: list[str], clone: Path, environment: Mapping[str, str], blame: str) -> str:
    done = subprocess.run(
        command, cwd=clone, env=environment, capture_output=True, encoding="utf-8", check=False
    )
    if done.returncode:
        raise RuntimeError(f"{blame}: {done.stderr.strip()}")
    return done.stdout


def _delete_outputs(clone: Path) -> None:
    for folder in (*OUTPUTS, ".churnlib"):
        shutil.rmtree(clone / folder, ignore_errors=True)
    for path in notebooks(clone):
        notebook = runnable(read(path))
        for cell in code_cells(notebook):
            cell.update(outputs=[], execution_count=None)
        path.write_text(text_of(notebook), encoding="utf-8", newline="\n")


def _faults(clone: Path) -> list[str]:
    faults = []
    if (clone / "data" / "datapackage.json").exists():
        faults = [
            f"{entry.path.relative_to(clone)} is not the released file: its checksum differs"
            for entry in resources(clone / "data").values()
            if not (entry.path.is_file() and entry.is_intact())
        ]
    return faults + (check_manifest(clone) if (clone / MANIFEST).exists() else [])
