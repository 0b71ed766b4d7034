"""One notebook as a task: what it depends on, whether it must run, and running it."""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from churnlib.report import RUN
from churnlib.workflow.execution import Kernels, NotebookError, Progress, run
from churnlib.workflow.notebook import code_digest, code_of, document, with_outputs
from churnlib.workflow.store import Record, Store, digest, files_in


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
    inputs : str
        Checksum of all that any notebook may use: churnlib, data, lock.
    after : tuple of str
        Notebooks whose outputs it reads.
    """

    name: str
    document: Mapping[str, Any]
    store: Store
    inputs: str
    after: tuple[str, ...] = ()

    @property
    def weight(self) -> float:
        """How long it may take: the seconds of its last run, or else its number of cells."""
        record = self.store.record(self.name)
        return record.seconds if record else len(code_of(self.document))

    @property
    def key(self) -> str:
        """Checksum of all that it depends on, as of now."""
        made = [record.outputs if (record := self.store.record(n)) else None for n in self.after]
        content = json.dumps([code_digest(self.document), self.inputs, made], sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()

    @property
    def is_current(self) -> bool:
        """Whether nothing that it depends on has changed since its last good run."""
        record = self.store.record(self.name)
        return record is not None and record.key == self.key

    def execute(self, kernels: Kernels, progress: Progress | None) -> float:
        """Run it, keep what it makes, and return the seconds; or keep it as it failed and raise."""
        import nbformat

        started = time.perf_counter()
        with self.store.scratch() as scratch:
            made = scratch / "made"
            before = self._laid_out(made)
            environment = {
                "CHURNLIB_OUTPUT": str(made),
                RUN: "1",
                "PYDEVD_DISABLE_FILE_VALIDATION": "1",
            }
            try:
                ran = run(
                    self.document,
                    self.name,
                    self.store.project / "notebooks",
                    kernels=kernels,
                    progress=progress,
                    environment=environment,
                )
            except NotebookError as error:
                if not kernels.stopped:
                    failed = nbformat.writes(error.ran).encode() if error.ran else None
                    error.kept = self.store.keep_failed(self.name, failed, error.report())
                raise
            path = made / "notebooks" / f"{self.name}.ipynb"
            path.parent.mkdir(exist_ok=True)
            split = json.loads(nbformat.writes(ran))
            path.write_bytes(document(with_outputs(self.document, split)))
            outputs = {file: digest(made / file) for file in files_in(made)}
            outputs = {file: now for file, now in outputs.items() if before.get(file) != now}
            seconds = time.perf_counter() - started
            self.store.keep(self.name, Record(self.key, outputs, seconds), made)
            self.store.forget_failed(self.name)
        return seconds

    def _laid_out(self, made: Path) -> dict[str, str]:
        """Give it the outputs that it reads, and note them, so that only its own are kept."""
        made.mkdir()
        for name in self.after:
            record = self.store.record(name)
            for file in record.outputs if record else ():
                target = made / file
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(self.store.outputs / file, target)
        return {file: digest(made / file) for file in files_in(made)}
