"""The notebooks run as far as anything has changed, and what they make put in place together."""

from __future__ import annotations

import hashlib
import json
import platform
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from churnlib.evidence import PROJECT
from churnlib.report import RUN, pages, read_manifest
from churnlib.workflow.execution import Kernels, NotebookError, Progress, run, side_by_side
from churnlib.workflow.notebook import code_of, document, kernel_of, with_outputs
from churnlib.workflow.workspace import Workspace, digest, files_in, workspace

PACKAGE = Path(__file__).resolve().parents[1]
PAGES = "pages"
"""What the web pages of the notebooks are called in the records, all together."""
_MANIFEST = "figures/manifest.json"
Finished = Callable[[str, float | None], None]


@dataclass(frozen=True)
class Run:
    """One notebook of a run: its name, how long it took, and ``"done"`` or ``"unchanged"``."""

    notebook: str
    seconds: float
    state: str = "done"


def notebooks(project: Path = PROJECT) -> list[Path]:
    """Return the numbered notebooks in their order.

    Raises
    ------
    FileNotFoundError
        If there are none.
    """
    paths = sorted((project / "notebooks").glob("[0-9][0-9]_*.ipynb"))
    if not paths:
        raise FileNotFoundError(
            f"no notebooks in {project / 'notebooks'}; run this in a clone of the project"
        )
    return paths


def reproduce(
    project: Path = PROJECT,
    *,
    jobs: int = 1,
    progress: Progress | None = None,
    finished: Finished | None = None,
) -> list[Run]:
    """Run every notebook that has changed; replace outputs only if none of them fails.

    A notebook has changed if its code or an output of it has, or any file of churnlib or of
    ``data/``, or the lock; one that reads what others make, if any of that has. The first run in
    a fresh clone runs all of them.

    Parameters
    ----------
    project : Path
        A clone of the project.
    jobs : int
        How many notebooks to run at a time.
    progress : callable, optional
        Told of every cell before it runs.
    finished : callable, optional
        Told of every notebook that has run: its name and seconds, ``None`` if it failed.

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
    documents = {path.stem: read(path) for path in notebooks(project)}
    names = list(documents)
    with workspace(project) as space:
        inputs = _digest_of_inputs(project)
        sources = {
            name: names[:number] if _reads_outputs(documents[name]) else []
            for number, name in enumerate(names)
        }
        # Notebooks that read what others make come when all others have run.
        for stage in ([n for n in names if not sources[n]], [n for n in names if sources[n]]):
            keys = {n: _key(space, documents[n], sources[n], inputs) for n in stage}
            stale = [n for n in stage if (last := space.record(n)) is None or last.key != keys[n]]
            if stale:
                written = [file for each in space.records.values() for file in each.outputs]
                places = (project / file for file in ("notebooks/x", "figures/x", *written))
                space.require_writable(place.parent for place in places)
                tasks = [_Task(n, documents[n], sources[n], keys[n], space) for n in stale]
                _run_all(tasks, jobs, progress, finished)
        ran = {name: record.seconds for name, record in space.made.items()}
        space.take_words()
        _make_pages(space, names, inputs)
        space.publish([*names, PAGES])
    shutil.rmtree(project / ".churnlib" / "failed", ignore_errors=True)
    return [Run(name, ran.get(name, 0.0), "done" if name in ran else "unchanged") for name in names]


@dataclass(frozen=True)
class _Task:
    """One notebook that has to run."""

    name: str
    document: Mapping[str, Any]
    sources: Sequence[str]
    key: str
    space: Workspace

    @property
    def weight(self) -> float:
        """How long it may take: the seconds of its last run, or else its number of cells."""
        record = self.space.records.get(self.name)
        return record.seconds if record else len(code_of(self.document))

    def execute(self, kernels: Kernels, progress: Progress | None) -> float:
        import nbformat

        started = time.perf_counter()
        project, made = self.space.project, self.space.scratch / self.name
        before = self.space.lay_out(self.name, self.sources)
        environment = {
            "CHURNLIB_OUTPUT": str(made),
            RUN: "1",
            "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        }
        try:
            ran = run(
                self.document,
                self.name,
                project / "notebooks",
                kernels=kernels,
                progress=progress,
                environment=environment,
            )
        except NotebookError as error:
            if not kernels.stopped:
                error.save(project / ".churnlib" / "failed")
            raise
        path = made / "notebooks" / f"{self.name}.ipynb"
        path.parent.mkdir(exist_ok=True)
        split = json.loads(nbformat.writes(ran))
        path.write_bytes(document(with_outputs(self.document, split)))
        seconds = time.perf_counter() - started
        self.space.keep(self.name, self.key, seconds, before)
        return seconds


def _run_all(
    tasks: Sequence[_Task], jobs: int, progress: Progress | None, finished: Finished | None
) -> None:
    def work(task: _Task) -> Callable[[Kernels], None]:
        def execute(kernels: Kernels) -> None:
            seconds = None
            try:
                seconds = task.execute(kernels, progress)
            finally:
                if finished and not kernels.stopped:
                    finished(task.name, seconds)

        return execute

    # The longest first, so that none of them is left for the end.
    ordered = sorted(tasks, key=lambda task: -task.weight) if jobs > 1 else tasks
    side_by_side([work(task) for task in ordered], jobs)


def _make_pages(space: Workspace, names: Sequence[str], inputs: str) -> None:
    """Make the page of each notebook and the index, unless they show what is there now."""
    import nbformat

    records = {name: record for name in names if (record := space.record(name))}
    lists = [name for name, record in records.items() if _MANIFEST in record.outputs]
    if not lists or len(records) < len(names):
        return
    reports = sorted(
        PurePosixPath(file).name
        for record in records.values()
        for file in record.outputs
        if PurePosixPath(file).match("report/*.docx")
    )
    contents = {n: space.where(n, f"notebooks/{n}.ipynb").read_bytes() for n in names}
    manifest = space.where(lists[0], _MANIFEST)
    shown = [(n, hashlib.sha256(content).hexdigest()) for n, content in contents.items()]
    key = _sha([shown, reports, digest(manifest), inputs])
    if (last := space.record(PAGES)) and last.key == key:
        return
    read = {n: nbformat.reads(content.decode(), as_version=4) for n, content in contents.items()}
    folder = space.scratch / PAGES / "report" / "html"
    folder.mkdir(parents=True)
    for name, text in pages(read, read_manifest(manifest.parents[1]), reports).items():
        (folder / f"{name}.html").write_text(text, encoding="utf-8", newline="\n")
    space.keep(PAGES, key, 0.0, {})


def execute(path: Path, progress: Progress | None = None) -> Any:
    """Run one notebook in a fresh kernel and return it with its outputs.

    Raises
    ------
    NotebookError
        If it cannot be read or one of its cells raises.
    """
    import nbformat

    document = read(path)
    environment = {"PYDEVD_DISABLE_FILE_VALIDATION": "1"}
    ran = run(document, path.stem, path.parent, progress=progress, environment=environment)
    return nbformat.from_dict(with_outputs(document, ran))


def _key(space: Workspace, document: Mapping[str, Any], sources: Sequence[str], inputs: str) -> str:
    """Return the checksum of all that a notebook depends on, as of now; words do not count."""
    made = [record.outputs if (record := space.record(name)) else None for name in sources]
    return _sha([kernel_of(document), code_of(document), inputs, made])


def _sha(content: object) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _digest_of_inputs(project: Path) -> str:
    """Return the checksum of churnlib, the data, the lock, and Python's version."""
    files = [
        (file, digest(folder / file))
        for folder in (PACKAGE, project / "data")
        for file in files_in(folder)
        if "__pycache__" not in file
    ]
    return _sha([platform.python_version(), files, digest(project / "requirements.lock")])


def read(path: Path) -> Any:
    """Read a notebook as the JSON document it is.

    Raises
    ------
    NotebookError
        If it is none.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if not all(isinstance(cell["cell_type"], str) for cell in document["cells"]):
            raise ValueError("a cell has no type")
    except (ValueError, KeyError, TypeError) as error:
        raise NotebookError(path.stem, 0, f"it is not a notebook ({error})") from error
    return document


def _reads_outputs(document: Mapping[str, Any]) -> bool:
    """Return True if the row "Reads" of its first cell names what notebooks write."""
    first = "".join(document["cells"][0]["source"]) if document["cells"] else ""
    rows = [line for line in first.splitlines() if line.startswith("| Reads")]
    return any(folder in row for row in rows for folder in ("figures/", "notebooks/", "report/"))
