"""The notebooks run as far as anything has changed, and what they make put in place together."""

from __future__ import annotations

import json
import os
import platform
import shutil
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, dataclass
from math import inf
from pathlib import Path
from typing import Any

from churnlib.evidence import PROJECT
from churnlib.report import MANIFEST, RUN, pages, read_manifest
from churnlib.workflow import notebook
from churnlib.workflow.notebook import NotebookError, Task, Tell, checksum, digest, files_in, silent

PAGES = "pages"  # the web pages in the records, all together
OUTPUTS = ("figures", "report")  # folders that hold nothing else; notebooks hold theirs as well


@dataclass(frozen=True)
class Run:
    """One notebook of a run: its name, how long it took, and ``"done"`` or ``"unchanged"``."""

    notebook: str
    seconds: float
    state: str = "done"


@dataclass(frozen=True)
class Record:
    """One good run of a notebook: the checksum of all that it depended on, and of what it made."""

    key: str
    outputs: Mapping[str, str]
    seconds: float


def reproduce(project: Path = PROJECT, *, jobs: int = 1, tell: Tell = silent) -> list[Run]:
    """Run every notebook that has changed; replace outputs only if none of them fails.

    A notebook has changed if its code or an output of it has, or any file of churnlib or of
    ``data/``, or the lock; one that reads what others make, if any of that has. Words edited while
    it runs are kept; one whose code is edited then keeps its last outputs, and runs again.

    Raises
    ------
    NotebookError
        If a cell raises; the notebook is kept as it failed in ``.churnlib/failed/``.
    RuntimeError
        If another run is at work in the same tree.
    OSError
        If an output folder cannot be written, or the disk is full.
    """
    if jobs < 1:
        raise ValueError(f"at least one notebook runs at a time, given jobs={jobs}")
    documents = {path.stem: notebook.read(path) for path in notebook.notebooks(project)}
    late = [name for name, document in documents.items() if _reads_outputs(document)]
    early = [name for name in documents if name not in late]
    ran: dict[str, Run] = {}
    done: list[Task] = []
    with workspace(project) as scratch:
        build = Build(project, scratch)
        inputs = _inputs(project)
        # Notebooks that read what others make come when all others have run.
        for stage, sources in ((early, []), (late, early)):
            before = build.outputs(sources)
            keys = {
                name: checksum(notebook.program(documents[name]), inputs, before) for name in stage
            }
            stale = [name for name in stage if not build.is_current(name, keys[name])]
            if stale:
                written = [file for record in build.last.values() for file in record.outputs]
                _require_writable(project, ["notebooks/x", "figures/x", "report/x", *written])
            # The longest first, so that none of them is left for the end; a new one before all.
            stale.sort(key=lambda name: -build.last[name].seconds if name in build.last else -inf)
            tasks = {name: build.task(name, documents[name], before) for name in stale}
            try:
                seconds = notebook.run(list(tasks.values()), jobs=jobs, tell=tell)
            except NotebookError as error:
                error.save(project / ".churnlib" / "failed")
                raise
            for name, task in tasks.items():
                ran[name] = Run(name, seconds[name])
                text = notebook.text_of(task.notebook)
                build.keep(ran[name], keys[name], before, {f"notebooks/{name}.ipynb": text})
            done += tasks.values()
        for task in done:
            _take_words(build, task)
        _make_pages(build, list(documents), inputs)
        build.publish([*documents, PAGES])
    shutil.rmtree(project / ".churnlib" / "failed", ignore_errors=True)
    return [ran.get(name, Run(name, 0.0, "unchanged")) for name in documents]


def _require_writable(project: Path, files: Iterable[str]) -> None:
    """Raise an OSError before anything is replaced if one of these cannot be written."""
    for folder in sorted({(project / file).parent for file in files}):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder, prefix=".churnlib-"):
                pass
        except OSError as error:
            raise OSError(
                f"cannot write to {folder.relative_to(project)}/: {error.strerror}. Nothing was "
                "replaced; make it a folder that you may write to and run again"
            ) from None


def _take_words(build: Build, task: Task) -> None:
    """Give a notebook that ran the words that stand in it now; drop one whose code was edited."""
    file = f"notebooks/{task.name}.ipynb"
    now = notebook.runnable(notebook.read(build.project / file))
    if notebook.program(now) != notebook.program(task.notebook):
        build.drop(task.name)
        return
    pairs = zip(notebook.code_cells(now), notebook.code_cells(task.notebook), strict=True)
    for cell, ran in pairs:
        cell.update(outputs=ran.outputs, execution_count=ran.execution_count)
    (build.made / file).write_text(notebook.text_of(now), encoding="utf-8", newline="\n")


def _reads_outputs(document: Mapping[str, Any]) -> bool:
    """Return True if the row "Reads" of its first cell names what notebooks write."""
    first = "".join(document["cells"][0]["source"]) if document["cells"] else ""
    rows = [line for line in first.splitlines() if line.startswith("| Reads")]
    return any(folder in row for row in rows for folder in ("figures/", "notebooks/", "report/"))


def _inputs(project: Path) -> str:
    """Return the checksum of churnlib, the data, the lock, and Python's version."""
    folders = Path(__file__).parents[1], project / "data"
    paths = [folder / file for folder in folders for file in files_in(folder)]
    files = [(str(path), digest(path)) for path in paths if "__pycache__" not in path.parts]
    return checksum(platform.python_version(), files, digest(project / "requirements.lock"))


def _make_pages(build: Build, names: list[str], inputs: str) -> None:
    """Make the page of each notebook and the index, unless they show what is there now."""
    outputs = build.outputs(names)
    if MANIFEST not in outputs or not all(name in build.good for name in names):
        return
    files = [build.place(f"notebooks/{name}.ipynb") for name in names]
    reports = sorted(Path(file).name for file in outputs if Path(file).match("report/*.docx"))
    texts = [file.read_text(encoding="utf-8") for file in files]
    key = checksum(texts, reports, outputs[MANIFEST], inputs)
    if build.is_current(PAGES, key):
        return
    shown = {file.stem: notebook.runnable(notebook.read(file)) for file in files}
    made = pages(shown, read_manifest(build.place(MANIFEST).parents[1]), reports)
    html = {f"report/html/{name}.html": text for name, text in made.items()}
    build.keep(Run(PAGES, 0.0), key, {}, html)


class Build:
    """One run at work in `scratch`, from where each file reaches its place by one rename.

    `last` has the record of each notebook's last good run; `good` those of now, and last ones whose
    outputs are as they were made: what a killed run has replaced is made again.
    """

    def __init__(self, project: Path, scratch: Path) -> None:
        self.project, self.scratch, self.made = project, scratch, scratch / "made"
        self.records, self.last = project / ".churnlib" / "records.json", dict[str, Record]()
        with suppress(OSError, ValueError, TypeError, AttributeError):  # no records, or damaged
            content = json.loads(self.records.read_text(encoding="utf-8"))
            self.last = {name: Record(**each) for name, each in content.items()}
        self.good = {
            name: record
            for name, record in self.last.items()
            if all(digest(project / file) == sha for file, sha in record.outputs.items())
        }

    def is_current(self, name: str, key: str) -> bool:
        """Return True if there is a good run of a notebook as it is now."""
        return name in self.good and self.good[name].key == key

    def outputs(self, names: Iterable[str]) -> dict[str, str]:
        """Return the checksum of each file that these notebooks have made."""
        records = [self.good[name] for name in names if name in self.good]
        return {file: sha for record in records for file, sha in record.outputs.items()}

    def place(self, file: str) -> Path:
        """Return where an output lies now."""
        new = self.made / file
        return new if new.exists() else self.project / file

    def task(self, name: str, document: Mapping[str, Any], before: Iterable[str]) -> Task:
        """Lay out what other notebooks have made where this one writes; return it ready to run."""
        folder = self.scratch / name
        folder.mkdir()
        for file in before:
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(self.place(file), folder / file)
        environment = {"CHURNLIB_OUTPUT": str(folder), RUN: "1"}
        return Task(name, notebook.runnable(document), self.project / "notebooks", environment)

    def keep(self, run: Run, key: str, before: Mapping[str, str], texts: Mapping[str, str]) -> None:
        """Record what a notebook made beside what was laid out for it, and `texts` with it."""
        folder = self.scratch / run.notebook
        for file, text in texts.items():
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            (folder / file).write_text(text, encoding="utf-8", newline="\n")
        files = {file: digest(folder / file) for file in files_in(folder)}
        own = {file: now for file, now in files.items() if before.get(file) != now}
        for file in own:
            (self.made / file).parent.mkdir(parents=True, exist_ok=True)
            (folder / file).replace(self.made / file)
        self.good[run.notebook] = Record(key, own, run.seconds)

    def drop(self, name: str) -> None:
        """Forget what a notebook has made now, and keep what its last good run made."""
        for file in self.good.pop(name).outputs:
            (self.made / file).unlink()
        if name in self.last:
            self.good[name] = self.last[name]

    def publish(self, names: Iterable[str]) -> None:
        """Put what was made in place, and remove what these notebooks no longer make."""
        kept = {name: self.good[name] for name in names if name in self.good}
        records = self.scratch / "records"
        content = {name: asdict(record) for name, record in kept.items()}
        records.write_text(json.dumps(content, indent=1), encoding="utf-8")
        _require_writable(self.project, files_in(self.made))
        for file in files_in(self.made):
            (self.made / file).replace(self.project / file)
        for record in self.last.values():
            for file in record.outputs.keys() - self.outputs(kept).keys():
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
