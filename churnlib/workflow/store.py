"""What the notebooks last made, kept apart from the project until all of them have succeeded.

Everything lies in ``.churnlib/`` beside the outputs, so that each file reaches its place by one
rename. A record is written last and removed first: whatever has no record is made again, and
nothing that a killed run leaves behind is taken for a result.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from churnlib.workflow.notebook import code_of, document, with_outputs


@dataclass(frozen=True)
class Record:
    """One successful run of a notebook.

    Parameters
    ----------
    key : str
        Checksum of all that it depended on.
    outputs : mapping of str to str
        Checksum by file, relative to the project.
    seconds : float
        How long it took.
    """

    key: str
    outputs: Mapping[str, str]
    seconds: float


@dataclass(frozen=True)
class Store:
    """The folder ``.churnlib`` of one tree."""

    project: Path

    @property
    def folder(self) -> Path:
        """Where all of it lies."""
        return self.project / ".churnlib"

    @property
    def outputs(self) -> Path:
        """A copy of all outputs of the last good run of each notebook."""
        return self.folder / "outputs"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other runs out of this tree; the system frees the lock of a run that died.

        Raises
        ------
        RuntimeError
            If another run is at work in this tree.
        """
        self.folder.mkdir(exist_ok=True)
        with (self.folder / "lock").open("a+", encoding="utf-8") as file:
            if not _lock(file):
                file.seek(0)
                raise RuntimeError(
                    f"another run is at work in {self.project} (process {file.read().strip()}); "
                    "wait until it ends, or stop it"
                )
            file.truncate(0)
            file.write(str(os.getpid()))
            file.flush()
            for left in self.folder.glob("run-*"):  # by a run that was killed
                shutil.rmtree(left, ignore_errors=True)
            yield

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """A folder for unfinished work, removed in the end."""
        with tempfile.TemporaryDirectory(dir=self.folder, prefix="run-") as folder:
            yield Path(folder)

    def record(self, name: str) -> Record | None:
        """The last good run of a notebook, ``None`` if there is none that can be trusted."""
        try:
            content = json.loads(self._record(name).read_text(encoding="utf-8"))
            record = Record(**content)
        except (OSError, ValueError, TypeError):
            return None
        return record if self._holds(record.outputs) else None

    def _holds(self, outputs: Mapping[str, str]) -> bool:
        return all(digest(self.outputs / file) == known for file, known in outputs.items())

    def _record(self, name: str) -> Path:
        return self.folder / "records" / f"{name}.json"

    def keep(self, name: str, record: Record, made: Path) -> None:
        """Take over what a notebook made in a scratch folder."""
        self._record(name).unlink(missing_ok=True)
        for file in record.outputs:
            place = self.outputs / file
            place.parent.mkdir(parents=True, exist_ok=True)
            (made / file).replace(place)
        text = json.dumps(asdict(record), ensure_ascii=False)
        part = made / "record"
        part.write_text(text, encoding="utf-8")
        self._record(name).parent.mkdir(exist_ok=True)
        part.replace(self._record(name))

    def keep_failed(self, name: str, ran: bytes | None, report: str) -> Path | None:
        """Put a failed notebook and the report on it where they can be looked at."""
        folder = self.folder / "failed"
        try:
            folder.mkdir(exist_ok=True)
            (folder / f"{name}.txt").write_text(report, encoding="utf-8")
            if ran is not None:
                (folder / f"{name}.ipynb").write_bytes(ran)
        except OSError:  # a full disk may be why it failed
            return None
        return folder / f"{name}.txt"

    def forget_failed(self, name: str) -> None:
        """Remove the report on a notebook that has succeeded since."""
        for ending in ("txt", "ipynb"):
            (self.folder / "failed" / f"{name}.{ending}").unlink(missing_ok=True)

    def publish(self, names: Sequence[str]) -> list[str]:
        """Put the outputs of these notebooks in place, and remove what they no longer make.

        Returns
        -------
        list of str
            The files that changed.

        Raises
        ------
        OSError
            If an output folder cannot be written; then nothing was replaced.
        """
        made = {
            file: known
            for name in names
            if (record := self.record(name))
            for file, known in record.outputs.items()
        }
        with self.scratch() as scratch:
            ready = {file: part for file in made if (part := self._prepared(file, scratch))}
            self.require_writable(ready)
            for file, part in ready.items():
                part.replace(self.project / file)
        gone = self._removed(made)
        return sorted([*ready, *gone])

    def as_placed(self, file: str) -> bytes | None:
        """An output as it will stand in the project: a notebook with the words that are there now.

        ``None`` for a notebook whose code was edited while it ran; the next run will see to it.
        """
        new = (self.outputs / file).read_bytes()
        if not file.endswith(".ipynb"):
            return new
        try:
            now = json.loads((self.project / file).read_text(encoding="utf-8"))
        except ValueError as error:
            raise ValueError(f"{file} is not a notebook any more ({error}); mend it") from None
        ran = json.loads(new)
        return document(with_outputs(now, ran)) if code_of(now) == code_of(ran) else None

    def _prepared(self, file: str, scratch: Path) -> Path | None:
        new, place = self.as_placed(file), self.project / file
        if new is None or (place.is_file() and place.read_bytes() == new):
            return None
        part = scratch / file
        part.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(new)
        return part

    def _removed(self, made: Mapping[str, str]) -> list[str]:
        known = self.folder / "published.json"
        try:
            before = json.loads(known.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            before = {}
        old = {file: known for file, known in before.items() if file not in made}
        gone = [file for file, known in old.items() if digest(self.project / file) == known]
        for file in gone:
            (self.project / file).unlink()
        if before != made:
            with self.scratch() as scratch:
                (scratch / "new").write_text(json.dumps(made), encoding="utf-8")
                (scratch / "new").replace(known)
        return gone

    def require_writable(self, files: Mapping[str, Any] | Sequence[str]) -> None:
        """Try to write beside each of these outputs before any of them is replaced.

        Raises
        ------
        OSError
            Naming the folder, and that nothing was replaced.
        """
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


def digest(file: Path) -> str:
    """Checksum of a file, ``"absent"`` if there is none."""
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError:
        return "absent"


def files_in(folder: Path) -> Iterator[str]:
    """Every file below a folder, by its relative path with slashes."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield path.relative_to(folder).as_posix()


def _lock(file: IO[str]) -> bool:
    try:
        if os.name == "nt":
            import msvcrt

            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno not in {errno.EACCES, errno.EAGAIN}:
            raise
        return False
    return True


def explained(error: OSError) -> str:
    """A full disk in words that say what to do; any other error as it stands."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return (
            "the disk is full; nothing was replaced and nothing is lost. Free some space and run "
            f"again ({error})"
        )
    with suppress(AttributeError):
        if error.args[1:] and error.filename is None:
            return str(error.args[1])
    return str(error)
