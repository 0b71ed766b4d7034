"""The notebooks run as far as anything has changed, what they make put in place, and verified."""

from __future__ import annotations

import json
import os
import platform
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, dataclass
from functools import partial
from math import inf
from pathlib import Path
from typing import Any

from churnlib.evidence import PROJECT, resources
from churnlib.report import MANIFEST, RUN, pages, read_manifest
from churnlib.workflow import notebook
from churnlib.workflow.notebook import (
    NotebookError,
    Task,
    Tell,
    checksum,
    digest,
    files_in,
    print_line,
    program,
)

PAGES = "pages"  # the web pages in the records, all together
OUTPUTS = ("figures", "report")  # folders that hold nothing else; notebooks hold theirs as well


def reproduce(
    project: Path = PROJECT, *, jobs: int = 1, tell: Tell = print_line
) -> dict[str, float | None]:
    """Run every notebook that has changed; replace outputs only if none of them fails.

    Returns the seconds that each took, or None if it is unchanged. A notebook has changed if its
    code or an output of it has, or any file of churnlib or of ``data/``, or the lock; one that
    reads what others make, if any of that has. Words edited while it runs are kept; one whose code
    is edited then keeps its last outputs, and runs again.

    A cell that raises is a NotebookError, and the notebook is kept in ``.churnlib/failed/``;
    another run in the same tree a RuntimeError; what cannot be written, or a full disk, an OSError.
    """
    if jobs < 1:
        raise ValueError(f"at least one notebook runs at a time, given jobs={jobs}")
    documents = {path.stem: notebook.read(path) for path in notebook.notebooks(project)}
    late = [name for name, document in documents.items() if _reads_outputs(document)]
    early = [name for name in documents if name not in late]
    failed, ran, seconds = project / ".churnlib" / "failed", list[Task](), dict[str, float]()
    with workspace(project) as scratch:
        build, inputs = Build(project, scratch, [*documents, PAGES]), _inputs(project)
        # Notebooks that read what others make come when all others have run.
        for stage, sources in ((early, []), (late, early)):
            before = build.outputs(sources)
            keys = {name: checksum(program(documents[name]), inputs, before) for name in stage}
            stale = [name for name in stage if not build.is_current(name, keys[name])]
            if stale:  # what cannot be written is told before they run, not only after
                _require_writable(project, ["notebooks", *OUTPUTS])
            # The longest first, so that none of them is left for the end; a new one before all.
            stale.sort(key=lambda name: -build.last[name].seconds if name in build.last else -inf)
            tasks = [build.task(name, documents[name], before) for name in stale]
            try:
                seconds |= notebook.run(tasks, jobs=jobs, tell=tell)
            except NotebookError as error:
                error.keep(failed)
                raise
            for name, task in zip(stale, tasks, strict=True):
                text = notebook.text_of(task.notebook)
                notebook.write(scratch / name / "notebooks" / f"{name}.ipynb", text)
                build.keep(name, keys[name], before, seconds[name])
            ran += tasks
        for task in ran:
            build.take_words(task)
        _make_pages(build, list(documents), inputs)
        build.publish()
    shutil.rmtree(failed, ignore_errors=True)
    return {name: seconds.get(name) for name in documents}


def _reads_outputs(document: Mapping[str, Any]) -> bool:
    """Return True if the row "Reads" of its first cell names what notebooks write."""
    first = "".join(document["cells"][0]["source"]) if document["cells"] else ""
    rows = [line for line in first.splitlines() if line.startswith("| Reads")]
    return any(f"{folder}/" in row for row in rows for folder in ("notebooks", *OUTPUTS))


def _inputs(project: Path) -> str:
    """Return the checksum of churnlib, the data, the lock, and Python's version."""
    folders = Path(__file__).parents[1], project / "data"
    paths = [folder / file for folder in folders for file in files_in(folder)]
    files = [(str(path), digest(path)) for path in paths if "__pycache__" not in path.parts]
    return checksum(platform.python_version(), files, digest(project / "requirements.lock"))


def _require_writable(project: Path, folders: Iterable[str]) -> None:
    """Raise an OSError before anything is replaced if one of these cannot be written."""
    for folder in folders:
        # A folder that is still to be made lies in the first one above it that is there.
        path = next(path for path in (project / folder / "x").parents if path.exists())
        try:
            tempfile.TemporaryFile(dir=path, prefix=".churnlib-").close()
        except OSError as error:
            raise OSError(
                f"cannot write to {path.relative_to(project)}/: {error.strerror}. Nothing was "
                "replaced; make it a folder that you may write to and run again"
            ) from None


def _make_pages(build: Build, names: list[str], inputs: str) -> None:
    """Make the page of each notebook and the index, unless they show what is there now."""
    outputs = build.outputs(names)
    if MANIFEST not in outputs or not all(name in build.now for name in names):
        return
    files = [build.path(f"notebooks/{name}.ipynb") for name in names]
    reports = sorted(Path(file).name for file in outputs if Path(file).match("report/*.docx"))
    texts = [file.read_text(encoding="utf-8") for file in files]
    key = checksum(texts, reports, outputs[MANIFEST], inputs)
    if not build.is_current(PAGES, key):
        shown = {file.stem: notebook.runnable(notebook.read(file)) for file in files}
        made = pages(shown, read_manifest(build.path(MANIFEST).parents[1]), reports)
        for name, text in made.items():
            notebook.write(build.scratch / PAGES / "report" / "html" / f"{name}.html", text)
        build.keep(PAGES, key, {}, 0.0)


@dataclass(frozen=True)
class Record:
    """One good run of a notebook: the checksum of all that it depended on, and of what it made."""

    key: str
    outputs: Mapping[str, str]
    seconds: float


class Build:
    """One run at work in `scratch`, from where each file reaches its place by one rename.

    `last` has the record of each notebook's last good run, `now` those to be kept; `made` says
    where in `scratch` a new file lies.
    """

    def __init__(self, project: Path, scratch: Path, names: Iterable[str]) -> None:
        self.project, self.scratch, self.made = project, scratch, dict[str, Path]()
        self.records, self.last = project / ".churnlib" / "records.json", dict[str, Record]()
        with suppress(OSError, ValueError, TypeError, AttributeError):  # no records, or damaged
            content = json.loads(self.records.read_text(encoding="utf-8"))
            self.last = {name: Record(**each) for name, each in content.items()}
        self.now = {name: self.last[name] for name in names if name in self.last}

    def is_current(self, name: str, key: str) -> bool:
        """Return True if the last good run was of the same, and its outputs are as it made them."""
        if name not in self.now or self.now[name].key != key:
            return False
        outputs = self.now[name].outputs.items()
        return all(digest(self.project / file) == sha for file, sha in outputs)

    def outputs(self, names: Iterable[str]) -> dict[str, str]:
        """Return the checksum of each file that these notebooks have made."""
        records = [self.now[name] for name in names if name in self.now]
        return {file: sha for record in records for file, sha in record.outputs.items()}

    def path(self, file: str) -> Path:
        """Return where an output lies now."""
        return self.made.get(file, self.project / file)

    def task(self, name: str, document: Mapping[str, Any], before: Iterable[str]) -> Task:
        """Lay out what other notebooks have made where this one writes; return it ready to run."""
        folder = self.scratch / name
        folder.mkdir()
        for file in before:
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(self.path(file), folder / file)
        environment = {"CHURNLIB_OUTPUT": str(folder), RUN: "1"}
        return Task(name, notebook.runnable(document), self.project / "notebooks", environment)

    def keep(self, name: str, key: str, before: Mapping[str, str], seconds: float) -> None:
        """Record all that was written beside what had been laid out."""
        folder = self.scratch / name
        files = {file: digest(folder / file) for file in files_in(folder)}
        own = {file: sha for file, sha in files.items() if before.get(file) != sha}
        self.made |= {file: folder / file for file in own}
        self.now[name] = Record(key, own, seconds)

    def take_words(self, task: Task) -> None:
        """Give a notebook that ran the words that stand in it now.

        If its code was edited meanwhile, what it has made is dropped for what it made last.
        """
        file = f"notebooks/{task.name}.ipynb"
        edited = notebook.runnable(notebook.read(self.project / file))
        if program(edited) == program(task.notebook):
            cells = zip(*map(notebook.code_cells, (edited, task.notebook)), strict=True)
            for cell, ran in cells:
                cell.update(outputs=ran.outputs, execution_count=ran.execution_count)
            notebook.write(self.made[file], notebook.text_of(edited))
            return
        for dropped in self.now.pop(task.name).outputs:
            del self.made[dropped]
        if task.name in self.last:
            self.now[task.name] = self.last[task.name]

    def publish(self) -> None:
        """Put what was made in place, and remove what is no longer made."""
        content = {name: asdict(record) for name, record in self.now.items()}
        records = notebook.write(self.scratch / "records", json.dumps(content, indent=1))
        _require_writable(self.project, {str(Path(file).parent) for file in self.made})
        for file, path in self.made.items():
            (self.project / file).parent.mkdir(parents=True, exist_ok=True)
            path.replace(self.project / file)
        for record in self.last.values():
            for file in record.outputs.keys() - self.outputs(self.now).keys():
                if digest(self.project / file) == record.outputs[file]:  # else somebody edited it
                    (self.project / file).unlink()
        records.replace(self.records)


@contextmanager
def workspace(project: Path) -> Iterator[Path]:
    """Give a scratch folder, and keep other runs out of this tree by a RuntimeError meanwhile."""
    folder, lock = project / ".churnlib", project / ".churnlib" / "lock"
    folder.mkdir(exist_ok=True)
    # The lock of an empty database is one on every system, and ends with the process that holds it.
    with closing(sqlite3.connect(folder / "lock.sqlite", timeout=0)) as database:
        try:
            database.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                raise OSError(f"cannot write to {folder}: {error}") from None
            raise RuntimeError(
                f"another run is at work in {project} (process {lock.read_text()}); "
                "wait until it ends, or stop it"
            ) from None
        lock.write_text(str(os.getpid()))
        for left in folder.glob("run-*"):  # by a run that was killed
            shutil.rmtree(left, ignore_errors=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix="run-") as scratch:
            yield Path(scratch)


def verify(jobs: int = 1, project: Path = PROJECT) -> dict[str, Any]:
    """Run everything twice in a scratch copy and compare with what is here.

    What is committed is verified: all outputs are deleted in a scratch clone and made twice.
    Exits with 0 if git finds no difference between them and the commit, nor between the two runs,
    and the data are intact. Exits with 1 otherwise, and lists what differs.

    for example:
      python -m churnlib verify --jobs 2
    """
    with tempfile.TemporaryDirectory(prefix="churnlib-verify-") as folder:
        clone = Path(folder)
        git = partial(_call, clone, "git")
        print_line("cloning what is committed …")
        git("clone", "--quiet", "--no-hardlinks", str(project.resolve()), ".")
        differences = []
        for run in ("first", "second"):
            for made in (*OUTPUTS, ".churnlib"):
                shutil.rmtree(clone / made, ignore_errors=True)
            print_line(f"{run} run, from nothing …")
            command = ("-m", "churnlib", "reproduce", "--jobs", str(jobs), "--json")
            _call(clone, sys.executable, *command)
            git("add", "--all")
            differences.append(git("diff", "--cached", "--name-status").splitlines())
            author = ("-c", "user.name=verify", "-c", "user.email=verify@localhost")
            git(*author, "commit", "--quiet", "--allow-empty", "--message", f"{run} run")
        outputs = git("ls-files", *OUTPUTS, "notebooks").splitlines()
        faults = [
            f"{entry.path.relative_to(clone)} is not the released file: its checksum differs"
            for entry in resources(clone / "data").values()
            if not (entry.path.is_file() and entry.is_intact())
        ]
    committed, repeated = differences
    good = not (committed or repeated or faults)
    print(
        f"{len(outputs)} outputs were made twice from nothing.",
        *(f"differs from what is committed: {file}" for file in committed),
        *(f"differs between the two runs: {file}" for file in repeated),
        *[_LIKENESS] * bool(committed),
        *(f"fault: {fault}" for fault in faults),
        f"{'' if good else 'NOT '}all is reproduced",
        sep="\n",
    )
    found = {"committed": committed, "repeated": repeated, "faults": faults}
    return {"good": good, "outputs": len(outputs), **found}


_LIKENESS = (
    "On another system a last digit or the edge of a line may differ: `make test` compares numbers "
    "and pictures within a tolerance and tells that from a real difference (tests/likeness.py)."
)


def _call(clone: Path, *command: str) -> str:
    paths = os.pathsep.join(filter(None, [str(clone), os.environ.get("PYTHONPATH")]))
    environment = {**os.environ, "PYTHONPATH": paths}
    done = subprocess.run(
        command, cwd=clone, env=environment, capture_output=True, encoding="utf-8", check=False
    )
    if done.returncode:
        raise RuntimeError(
            "verify needs git and a clone of the project; in its scratch copy "
            f"{' '.join(command[:4])} failed: {done.stderr.strip()}"
        )
    return done.stdout
