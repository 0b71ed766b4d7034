"""Everything made twice in a scratch clone, and held against what is committed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from churnlib.evidence import PROJECT, resources
from churnlib.workflow.notebook import Tell, silent
from churnlib.workflow.reproduction import OUTPUTS


@dataclass(frozen=True)
class Verification:
    """What came of making all `outputs` twice in a scratch clone.

    `committed` and `repeated` name the files that differ from what is committed and between the
    two runs, as ``git diff`` does; `faults` says which data are not those released.
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
        lines += [f"differs from what is committed: {file}" for file in self.committed]
        lines += [f"differs between the two runs: {file}" for file in self.repeated]
        if self.committed:
            lines.append(
                "On another system a last digit or the edge of a line may differ: `make test` "
                "compares numbers and pictures within a tolerance and tells that from a real "
                "difference (tests/likeness.py)."
            )
        lines += [f"fault: {fault}" for fault in self.faults]
        return "\n".join([*lines, f"{'' if self.is_good else 'NOT '}all is reproduced"])


def verify(project: Path = PROJECT, *, jobs: int = 1, tell: Tell = silent) -> Verification:
    """Run the reviewer's protocol in a scratch clone; the project itself is not touched.

    What is committed is verified. Figures, reports and records are deleted, every notebook is run,
    and all is held against the commit; then again, and held against the first run.

    Raises
    ------
    RuntimeError
        If the project is no clone, or a run does not end well; with what it said.
    """
    with tempfile.TemporaryDirectory(prefix="churnlib-verify-") as folder:
        clone = Path(folder)
        git = partial(_call, clone, "verify needs git and a clone of the project", "git")
        tell("cloning what is committed")
        git("clone", "--quiet", "--no-hardlinks", str(project.resolve()), ".")
        differences: list[tuple[str, ...]] = []
        for which in ("first", "second"):
            for made in (*OUTPUTS, ".churnlib"):
                shutil.rmtree(clone / made, ignore_errors=True)
            tell(f"{which} run, from nothing")
            _run(clone, jobs)
            git("add", "--all")
            differences.append(tuple(git("diff", "--cached", "--name-status").splitlines()))
            author = ("-c", "user.name=verify", "-c", "user.email=verify@localhost")
            git(*author, "commit", "--quiet", "--allow-empty", "--message", f"{which} run")
        outputs = git("ls-files", *OUTPUTS, "notebooks").splitlines()
        faults = [
            f"{entry.path.relative_to(clone)} is not the released file: its checksum differs"
            for entry in resources(clone / "data").values()
            if not (entry.path.is_file() and entry.is_intact())
        ]
        return Verification(len(outputs), differences[0], differences[1], tuple(faults))


def _run(clone: Path, jobs: int) -> None:
    command = [sys.executable, "-m", "churnlib", "reproduce", "--jobs", str(jobs), "--json"]
    _call(clone, "the run in the scratch copy failed", *command)


def _call(clone: Path, blame: str, *command: str) -> str:
    paths = f"{clone}{os.pathsep}{os.environ.get('PYTHONPATH', '')}".rstrip(os.pathsep)
    environment = {**os.environ, "PYTHONPATH": paths}
    done = subprocess.run(
        command, cwd=clone, env=environment, capture_output=True, encoding="utf-8", check=False
    )
    if done.returncode:
        raise RuntimeError(f"{blame}: {done.stderr.strip()}")
    return done.stdout
