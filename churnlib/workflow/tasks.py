"""One notebook as a task: what it depends on, whether it must run, and running it."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from churnlib.workflow.execution import NotebookError, Progress, run
from churnlib.workflow.kernels import Kernels
from churnlib.workflow.notebook import code_digest, code_of, document, with_outputs
from churnlib.workflow.store import Record, Store, digest, files_in
from churnlib.workflow.traces import Snapshot, everything


@dataclass(frozen=True)
class Task:
    """One notebook of a project.

    Parameters
    ----------
    name : str
        Its name without ending.
    document : mapping
        What the file held when the run began.
    store : Store
        Where the results of its last good run lie.
    snapshot : Snapshot
        The project's files when the run began.
    after : tuple of str
        Notebooks whose outputs it reads.
    """

    name: str
    document: Mapping[str, Any]
    store: Store
    snapshot: Snapshot
    after: tuple[str, ...] = ()

    @property
    def code(self) -> str:
        """Checksum of its code cells."""
        return code_digest(self.document)

    @property
    def weight(self) -> float:
        """How long it may take: the seconds of its last run, or else its number of cells."""
        return self.record.seconds if self.record else len(code_of(self.document))

    @property
    def record(self) -> Record | None:
        """Its last good run."""
        return self.store.record(self.name)

    def used(self, trace: Mapping[str, Any]) -> str:
        """Fingerprint, as of now, of all that a trace names and of the outputs it reads."""
        made = [record.outputs if (record := self.store.record(n)) else None for n in self.after]
        said = [self.snapshot.fingerprint(trace), made]
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()

    def used_now(self) -> str:
        """Fingerprint of what its last good run used; of all there is if there was none."""
        record = self.record
        return self.used(record.trace if record else everything(self.store.project))

    @property
    def is_current(self) -> bool:
        """Whether nothing that it depends on has changed since its last good run."""
        record = self.record
        return (
            record is not None
            and record.code == self.code
            and record.used == self.used(record.trace)
        )

    def execute(self, kernels: Kernels, progress: Progress | None) -> None:
        """Run it and keep what it makes, or keep it as it failed and raise `NotebookError`."""
        import nbformat

        started = time.perf_counter()
        with self.store.scratch() as scratch:
            made, trace = scratch / "made", scratch / "trace.json"
            before = self._laid_out(made)
            try:
                ran = run(
                    nbformat.from_dict(self.document),
                    self.name,
                    self.store.project / "notebooks",
                    progress=progress,
                    kernels=kernels,
                    environment={
                        "CHURNLIB_OUTPUT": str(made),
                        "CHURNLIB_PROJECT": str(self.store.project),
                        "CHURNLIB_TRACE": str(trace),
                        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
                    },
                )
            except NotebookError as error:
                self._keep_failed(error)
                raise
            self._write(ran, made / "notebooks" / f"{self.name}.ipynb")
            outputs = {file: digest(made / file) for file in files_in(made)}
            outputs = {file: now for file, now in outputs.items() if before.get(file) != now}
            seen = self._without(outputs | before, _read(trace) or everything(self.store.project))
            seconds = time.perf_counter() - started
            record = Record(self.code, self.used(seen), seen, outputs, seconds)
            self.store.keep(self.name, record, made)
            self.store.forget_failed(self.name)

    def _laid_out(self, made: Path) -> dict[str, str]:
        """Give it the outputs that it reads, and note them, so that only its own are kept."""
        made.mkdir()
        for name in self.after:
            record = self.store.record(name)
            for file in record.outputs if record else ():
                place = made / file
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(self.store.outputs / file, place)
        return {file: digest(made / file) for file in files_in(made)}

    def _without(self, made: Iterable[str], trace: Mapping[str, Any]) -> dict[str, Any]:
        """A trace without what the pipeline makes, which is followed from notebook to notebook."""
        ours = {os.path.abspath(self.store.project / file) for file in made}  # noqa: PTH100
        return {**trace, "files": [file for file in trace["files"] if file not in ours]}

    def _write(self, ran: Any, path: Path) -> None:
        import nbformat

        path.parent.mkdir(exist_ok=True)
        split = json.loads(nbformat.writes(ran))
        path.write_bytes(document(with_outputs(self.document, split)))

    def _keep_failed(self, error: NotebookError) -> None:
        import nbformat

        ran = nbformat.writes(error.ran).encode() if error.ran else None
        error.kept = self.store.keep_failed(self.name, ran, error.report())


def _read(trace: Path) -> Any:
    try:
        return json.loads(trace.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
