"""The notebooks run as far as anything has changed, and what they make put in place together.

All that a run makes lies in ``.churnlib/`` beside the outputs until every notebook has succeeded,
so that each file reaches its place by one rename. A record is removed before its outputs are
replaced and written after: what a killed run leaves behind has no record and is made again.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import sqlite3
import tempfile
from collections import ChainMap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, dataclass
from math import inf
from pathlib import Path
from typing import Any

from churnlib.evidence import PROJECT
from churnlib.report import MANIFEST, RUN, pages, read_manifest
from churnlib.workflow import execution
from churnlib.workflow.execution import Task, code_cells, program, runnable, silent, text_of

PAGES = "pages"  # the web pages in the records, all together
_RECORDS = Path(".churnlib", "records.json")


@dataclass(frozen=True)
class Run:
    """One notebook of a run: its name, how long it took, and ``"done"`` or ``"unchanged"``."""

    notebook: str
    seconds: float
    state: str = "done"


def reproduce(
    project: Path = PROJECT,
    *,
    jobs: int = 1,
    progress: execution.Progress = silent,
    finished: execution.Finished = silent,
) -> list[Run]:
    """Run every notebook that has changed; replace outputs only if none of them fails.

    A notebook has changed if its code or an output of it has, or any file of churnlib or of
    ``data/``, or the lock; one that reads what others make, if any of that has.

    Raises
    ------
    NotebookError
        If a cell raises; the outputs of the last good run stay as they were, and the notebook
        is kept as it failed in ``.churnlib/failed/``.
    RuntimeError
        If another run is at work in the same tree.
    OSError
        If an output folder cannot be written, or the disk is full.
    """
    if jobs < 1:
        raise ValueError(f"at least one notebook runs at a time, given jobs={jobs}")
    documents = {path.stem: execution.read(path) for path in execution.notebooks(project)}
    late = [name for name, document in documents.items() if _reads_outputs(document)]
    early = [name for name in documents if name not in late]
    failed = project / ".churnlib" / "failed"
    ran: dict[str, Run] = {}
    with workspace(project) as space:
        inputs = _inputs(project)
        tasks: list[Task] = []
        # Notebooks that read what others make come when all others have run.
        for stage, sources in ((early, []), (late, early)):
            before = space.outputs(sources)
            keys = {name: _sha(program(documents[name]), inputs, before) for name in stage}
            stale = [name for name in stage if not space.is_current(name, keys[name])]
            if not stale:
                continue
            written = [file for record in space.last.values() for file in record.outputs]
            space.require_writable(["notebooks/x", "figures/x", *written])
            # The longest first, so that none of them is left for the end; a new one before all.
            stale.sort(key=lambda name: -space.last[name].seconds if name in space.last else -inf)
            todo = [_task(space, name, documents[name], before) for name in stale]
            try:
                seconds = execution.run(todo, jobs=jobs, progress=progress, finished=finished)
            except execution.NotebookError as error:
                error.save(failed)
                raise
            for task in todo:
                space.write(task.name, f"notebooks/{task.name}.ipynb", text_of(task.notebook))
                space.keep(task.name, keys[task.name], seconds[task.name], before)
                ran[task.name] = Run(task.name, seconds[task.name])
            tasks += todo
        for task in tasks:
            _take_words(space, task)
        _make_pages(space, list(documents), inputs)
        space.publish([*documents, PAGES])
    shutil.rmtree(failed, ignore_errors=True)
    return [ran.get(name, Run(name, 0.0, "unchanged")) for name in documents]


def _reads_outputs(document: Mapping[str, Any]) -> bool:
    """Return True if the row "Reads" of its first cell names what notebooks write."""
    first = "".join(document["cells"][0]["source"]) if document["cells"] else ""
    rows = [line for line in first.splitlines() if line.startswith("| Reads")]
    return any(folder in row for row in rows for folder in ("figures/", "notebooks/", "report/"))


def _inputs(project: Path) -> str:
    """Return the checksum of churnlib, the data, the lock, and Python's version."""
    files = [
        (file, digest(folder / file))
        for folder in (Path(__file__).parents[1], project / "data")
        for file in files_in(folder)
        if "__pycache__" not in file
    ]
    return _sha(platform.python_version(), files, digest(project / "requirements.lock"))


def _task(space: Workspace, name: str, document: Mapping[str, Any], before: Iterable[str]) -> Task:
    """Lay out what other notebooks have made where this one writes, and return it ready to run."""
    folder = space.scratch / name
    folder.mkdir()
    for file in before:
        target = folder / file
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(space.place(file), target)
    environment = {"CHURNLIB_OUTPUT": str(folder), RUN: "1"}
    return Task(name, runnable(document), space.project / "notebooks", environment)


def _take_words(space: Workspace, task: Task) -> None:
    """Give a notebook that ran the words that stand in it now.

    One whose code was edited while it ran is left as it is, and will run again.
    """
    now = runnable(execution.read(space.project / "notebooks" / f"{task.name}.ipynb"))
    if program(now) != program(task.notebook):
        del space.good[task.name]
        return
    for cell, done in zip(code_cells(now), code_cells(task.notebook), strict=True):
        cell.update(outputs=done.outputs, execution_count=done.execution_count)
    space.write(task.name, f"notebooks/{task.name}.ipynb", text_of(now))


def _make_pages(space: Workspace, names: Sequence[str], inputs: str) -> None:
    """Make the page of each notebook and the index, unless they show what is there now."""
    outputs = space.outputs(names)
    if MANIFEST not in outputs or not all(name in space.good for name in names):
        return
    places = {name: space.place(f"notebooks/{name}.ipynb") for name in names}
    reports = sorted(Path(file).name for file in outputs if Path(file).match("report/*.docx"))
    texts = [place.read_text(encoding="utf-8") for place in places.values()]
    key = _sha(texts, reports, outputs[MANIFEST], inputs)
    if space.is_current(PAGES, key):
        return
    shown = {name: runnable(execution.read(place)) for name, place in places.items()}
    entries = read_manifest(space.place(MANIFEST).parents[1])
    for name, text in pages(shown, entries, reports).items():
        space.write(PAGES, f"report/html/{name}.html", text)
    space.keep(PAGES, key, 0.0, {})


@dataclass(frozen=True)
class Record:
    """One good run of a notebook: the checksum of all that it depended on, and of what it made."""

    key: str
    outputs: Mapping[str, str]
    seconds: float


@dataclass
class Workspace:
    """One run at work, with a folder in `scratch` for what each notebook makes.

    `last` holds the last good run of each notebook; `good` those of now, in its first map,
    and then the last ones whose outputs are as they were made.
    """

    project: Path
    scratch: Path
    last: Mapping[str, Record]
    good: ChainMap[str, Record]

    def is_current(self, name: str, key: str) -> bool:
        """Return True if there is a good run of a notebook as it is now."""
        return name in self.good and self.good[name].key == key

    def outputs(self, names: Iterable[str]) -> dict[str, str]:
        """Return the checksum of each file that these notebooks have made."""
        records = [self.good[name] for name in names if name in self.good]
        return {file: checksum for record in records for file, checksum in record.outputs.items()}

    def place(self, file: str) -> Path:
        """Return where an output lies now."""
        makers = [name for name, record in self.good.maps[0].items() if file in record.outputs]
        return (self.scratch / makers[0] if makers else self.project) / file

    def write(self, name: str, file: str, text: str) -> None:
        """Write one file of what a notebook makes."""
        target = self.scratch / name / file
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8", newline="\n")

    def keep(self, name: str, key: str, seconds: float, before: Mapping[str, str]) -> None:
        """Record what a notebook made, beside what was laid out for it before."""
        folder = self.scratch / name
        files = {file: digest(folder / file) for file in files_in(folder)}
        own = {file: now for file, now in files.items() if before.get(file) != now}
        self.good[name] = Record(key, own, seconds)

    def publish(self, names: Iterable[str]) -> None:
        """Put what was made in place, and remove what these notebooks no longer make."""
        kept = {name: self.good[name] for name in names if name in self.good}
        made, outputs = self.good.maps[0], self.outputs(kept)
        gone = [
            self.project / file
            for record in self.last.values()
            for file, checksum in record.outputs.items()
            if file not in outputs and digest(self.project / file) == checksum
        ]
        if not (made or gone):
            return
        new = [file for file in self.outputs(made) if not self._is_same(file)]
        self.require_writable(new)
        self._record({name: kept[name] for name in kept if name not in made})
        for file in new:
            self.place(file).replace(self.project / file)
        for path in gone:
            path.unlink()
        self._record(kept)

    def _is_same(self, file: str) -> bool:
        there = self.project / file
        return there.is_file() and there.read_bytes() == self.place(file).read_bytes()

    def _record(self, records: Mapping[str, Record]) -> None:
        text = json.dumps({name: asdict(record) for name, record in records.items()}, indent=1)
        (self.scratch / "records").write_text(text, encoding="utf-8")
        (self.scratch / "records").replace(self.project / _RECORDS)

    def require_writable(self, files: Iterable[str]) -> None:
        """Raise an OSError before anything is replaced if one of these cannot be written."""
        for folder in sorted({(self.project / file).parent for file in files}):
            try:
                folder.mkdir(parents=True, exist_ok=True)
                with tempfile.TemporaryFile(dir=folder, prefix=".churnlib-"):
                    pass
            except OSError as error:
                raise OSError(
                    error.errno,
                    f"cannot write to {folder.relative_to(self.project)}/: {error.strerror}. "
                    "Nothing was replaced; make it a folder that you may write to and run again",
                ) from None


@contextmanager
def workspace(project: Path) -> Iterator[Workspace]:
    """Keep other runs out of this tree, by a RuntimeError, while one is at work."""
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
            last = _records(project)
            intact = {
                name: record
                for name, record in last.items()
                if all(digest(project / file) == sha for file, sha in record.outputs.items())
            }
            yield Workspace(project, Path(scratch), last, ChainMap({}, intact))


def _records(project: Path) -> dict[str, Record]:
    try:
        content = json.loads((project / _RECORDS).read_text(encoding="utf-8"))
        return {name: Record(**each) for name, each in content.items()}
    except (OSError, ValueError, TypeError, AttributeError):  # none, or damaged
        return {}


def digest(file: Path) -> str:
    """Return the checksum of a file, of a notebook that of its results; "absent" if there is none.

    The words around the code of a notebook do not count.
    """
    if not file.is_file():
        return "absent"
    content = file.read_bytes()
    if file.suffix == ".ipynb":
        with suppress(ValueError, KeyError, TypeError):
            code = code_cells(json.loads(content))
            return _sha([[c["source"], c["outputs"], c["execution_count"]] for c in code])
    return hashlib.sha256(content).hexdigest()


def files_in(folder: Path) -> list[str]:
    """Return every file below a folder, by its relative path with slashes."""
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def _sha(*content: object) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
