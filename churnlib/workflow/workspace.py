"""What a run of the notebooks makes, kept apart until all have succeeded, and then put in place.

Everything lies in ``.churnlib/`` beside the outputs, so that each file reaches its place by one
rename. A record is removed before its outputs are replaced and written after: what a killed run
leaves behind has no record and is made again.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import IO

from churnlib.workflow.notebook import code_of, document, results_of, with_outputs


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


@dataclass
class Workspace:
    """One run at work in a project.

    Parameters
    ----------
    project : Path
    scratch : Path
        Has a folder for what each notebook makes in this run.
    records : dict of str to Record
        The last good run of each notebook.
    made : dict of str to Record
        What was made in this run.
    """

    project: Path
    scratch: Path
    records: dict[str, Record]
    made: dict[str, Record] = field(default_factory=dict)

    def record(self, name: str) -> Record | None:
        """Return the last good run of a notebook if what it made is there as it was made."""
        return self.made.get(name) or self._intact.get(name)

    @cached_property
    def _intact(self) -> dict[str, Record]:
        return {
            name: record
            for name, record in self.records.items()
            if all(digest(self.project / file) == known for file, known in record.outputs.items())
        }

    def lay_out(self, name: str, sources: Iterable[str]) -> dict[str, str]:
        """Copy the outputs of other notebooks to where a notebook writes; return their checksums.

        Parameters
        ----------
        name : str
            The notebook that reads them.
        sources : iterable of str
            The notebooks that made them.
        """
        folder = self.scratch / name
        folder.mkdir()
        for source in sources:
            record = self.record(source)
            for file in record.outputs if record else ():
                place = folder / file
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(self.where(source, file), place)
        return {file: digest(folder / file) for file in files_in(folder)}

    def where(self, name: str, file: str) -> Path:
        """Return where an output of a notebook lies now."""
        return (self.scratch / name if name in self.made else self.project) / file

    def keep(self, name: str, key: str, seconds: float, before: Mapping[str, str]) -> None:
        """Record what a notebook made, beside what was laid out for it before."""
        folder = self.scratch / name
        outputs = {file: digest(folder / file) for file in files_in(folder)}
        own = {file: now for file, now in outputs.items() if before.get(file) != now}
        self.made[name] = Record(key, own, seconds)

    def take_words(self) -> None:
        """Give each notebook that ran the words that stand in it now.

        One whose code was edited while it ran is left as it is, and will run again.
        """
        for name in list(self.made):
            file = f"notebooks/{name}.ipynb"
            ran = json.loads((self.scratch / name / file).read_bytes())
            try:
                now = json.loads((self.project / file).read_bytes())
            except ValueError as error:
                text = f"{file} is not a notebook any more ({error}); mend it"
                raise ValueError(text) from None
            if code_of(now) == code_of(ran):
                (self.scratch / name / file).write_bytes(document(with_outputs(now, ran)))
            else:
                del self.made[name]

    def publish(self, names: Iterable[str]) -> None:
        """Put what was made in place, and remove what these notebooks no longer make.

        Raises
        ------
        OSError
            If an output folder cannot be written; then nothing was replaced.
        """
        kept = {name: record for name in names if (record := self.record(name))}
        parts = {
            self.project / file: self.scratch / name / file
            for name, record in self.made.items()
            for file in record.outputs
        }
        ready = {place: part for place, part in parts.items() if not _same(place, part)}
        gone = [
            self.project / file
            for record in self.records.values()
            for file, known in record.outputs.items()
            if not any(file in other.outputs for other in kept.values())
            and digest(self.project / file) == known
        ]
        if not (self.made or gone):
            return
        self.require_writable(place.parent for place in ready)
        self._write({name: kept[name] for name in kept if name not in self.made})
        for place, part in ready.items():
            part.replace(place)
        for place in gone:
            place.unlink()
        self._write(kept)

    def _write(self, records: Mapping[str, Record]) -> None:
        text = json.dumps({name: asdict(record) for name, record in records.items()}, indent=1)
        (self.scratch / "records").write_text(text, encoding="utf-8")
        (self.scratch / "records").replace(self.project / _RECORDS)

    def require_writable(self, folders: Iterable[Path]) -> None:
        """Try to write to each of these folders before anything in them is replaced.

        Raises
        ------
        OSError
            Naming the folder, and that nothing was replaced.
        """
        for folder in sorted(set(folders)):
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


_RECORDS = Path(".churnlib", "records.json")


@contextmanager
def workspace(project: Path) -> Iterator[Workspace]:
    """Keep other runs out of this tree while one is at work; nothing of it is left.

    Raises
    ------
    RuntimeError
        If another run is at work in this tree. The system frees the lock of a run that died.
    """
    folder = project / ".churnlib"
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("a+", encoding="utf-8") as file:
        if not _lock(file):
            file.seek(0)
            raise RuntimeError(
                f"another run is at work in {project} (process {file.read().strip()}); "
                "wait until it ends, or stop it"
            )
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        for left in folder.glob("run-*"):  # by a run that was killed
            shutil.rmtree(left, ignore_errors=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix="run-") as scratch:
            yield Workspace(project, Path(scratch), _records(project))


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
    try:
        content = file.read_bytes()
    except OSError:
        return "absent"
    if file.suffix == ".ipynb":
        with suppress(ValueError, KeyError, TypeError):
            content = json.dumps(results_of(json.loads(content)), sort_keys=True).encode()
    return hashlib.sha256(content).hexdigest()


def files_in(folder: Path) -> Iterator[str]:
    """Every file below a folder, by its relative path with slashes."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield path.relative_to(folder).as_posix()


def _same(place: Path, part: Path) -> bool:
    return place.is_file() and place.read_bytes() == part.read_bytes()


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
    """Return a full disk in words that say what to do; any other error as it stands."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return (
            "the disk is full; nothing was replaced and nothing is lost. Free some space and run "
            f"again ({error})"
        )
    if error.args[1:] and error.filename is None:
        return str(error.args[1])
    return str(error)
