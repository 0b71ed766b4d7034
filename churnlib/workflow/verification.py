"""The reviewer's protocol: everything made twice in a scratch clone, and git says what differs."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from churnlib.evidence import PROJECT, resources
from churnlib.workflow.notebook import document

OUTPUTS = ("figures", "report")
"""Folders that hold nothing but outputs; notebooks hold theirs beside their code."""


@dataclass(frozen=True)
class Verification:
    """What came of it.

    Parameters
    ----------
    outputs : int
        Files that were made.
    committed : tuple of str
        Those of the first run that differ from what is committed, as ``git diff`` names them.
    repeated : tuple of str
        Those of the second run that differ from the first.
    faults : tuple of str
        Everything else that is wrong, one sentence each.
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
        for files, said in (
            (self.committed, "differ from what is committed"),
            (self.repeated, "differ between the two runs"),
        ):
            lines += [f"{len(files)} files {said}:", *(f"  {f}" for f in files)] if files else []
        if self.committed:
            lines.append(
                "On another system a last digit or the edge of a line may differ: `make test` "
                "compares numbers and pictures within a tolerance and tells that from a real "
                "difference (tests/likeness.py)."
            )
        lines += [f"fault: {fault}" for fault in self.faults]
        return "\n".join([*lines, f"{'' if self.is_good else 'NOT '}all is reproduced"])


def verify(
    project: Path = PROJECT, *, jobs: int = 1, tell: Callable[[str], None] = lambda _: None
) -> Verification:
    """Run the reviewer's protocol in a scratch clone; the project itself is not touched.

    What is committed is verified. All outputs are deleted, made, and held against the commit;
    deleted again, made again, and held against the first run.

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
        If the project is no clone, or a run does not end well; with what it said.
    """
    with tempfile.TemporaryDirectory(prefix="churnlib-verify-") as folder:
        copy = Path(folder) / "project"
        tell("cloning what is committed")
        _git(project, "clone", "--quiet", "--no-hardlinks", str(project), str(copy))
        differences: list[tuple[str, ...]] = []
        for which in ("first", "second"):
            _delete_outputs(copy)
            tell(f"{which} run, from nothing")
            _run(copy, jobs)
            _git(copy, "add", "--all")
            differences.append(tuple(_git(copy, "diff", "--cached", "--name-status").splitlines()))
            author = ("-c", "user.name=verify", "-c", "user.email=verify@localhost")
            _git(copy, *author, "commit", "--quiet", "--allow-empty", "--message", f"{which} run")
        made = _git(copy, "ls-files", *OUTPUTS, "notebooks").splitlines()
        committed, repeated = differences
        return Verification(len(made), committed, repeated, tuple(_faults(copy)))


def _git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=folder, capture_output=True, encoding="utf-8", check=False
    )
    if done.returncode:
        raise RuntimeError(
            f"verify needs git and a clone of the project; git {arguments[0]} said: "
            f"{done.stderr.strip()}"
        )
    return done.stdout


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


def _delete_outputs(copy: Path) -> None:
    for folder in (*OUTPUTS, ".churnlib"):
        shutil.rmtree(copy / folder, ignore_errors=True)
    for path in sorted((copy / "notebooks").glob("*.ipynb")):
        notebook = json.loads(path.read_text(encoding="utf-8"))
        for cell in notebook["cells"]:
            if cell["cell_type"] == "code":
                cell.update(outputs=[], execution_count=None)
        path.write_bytes(document(notebook))


def _faults(copy: Path) -> list[str]:
    from churnlib.report import check_manifest

    faults = []
    if (copy / "data" / "datapackage.json").exists():
        faults = [
            f"{entry.path.relative_to(copy)} is not the released file: its checksum differs"
            for entry in resources(copy / "data").values()
            if not (entry.path.is_file() and entry.is_intact())
        ]
    listed = (copy / "figures" / "manifest.json").exists()
    return faults + (check_manifest(copy) if listed else [])
