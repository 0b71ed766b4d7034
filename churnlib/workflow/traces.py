"""What a notebook used while it ran, and whether any of it has changed since.

A notebook's own code cells say little about what it depends on: it reads files, loads modules of
churnlib, and shows some words of the codebook. All of this is recorded while it runs, by Python's
audit hooks, and asked again before the next run. (A "verifying trace": Mokhov, A., Mitchell, N. &
Peyton Jones, S. (2018). Build systems à la carte. Proc. ACM Program. Lang. 2, ICFP, 79.)
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from churnlib.evidence import PROJECT
from churnlib.survey import EVENT, WHOLE, unwatched

PACKAGE = Path(__file__).resolve().parents[1]
_PROGRAMS = {".py", ".pyc", ".pyi"}
_OURS = {".churnlib", ".git", ".venv", "__pycache__"}


class Recorder:
    """An audit hook that notes which files, and which parts of watched files, are read.

    Parameters
    ----------
    project : Path
        Files outside the project and the package are not noted: the lock stands for them.
    """

    def __init__(self, project: Path) -> None:
        self.roots = tuple({f"{project.resolve()}{os.sep}", f"{PACKAGE}{os.sep}"})
        self.files: set[str] = set()
        self.questions: set[tuple[str, str, str]] = set()
        self._in_parts = ""

    def __call__(self, event: str, arguments: Sequence[Any]) -> None:
        """Take one audit event."""
        if event == "open":
            self._opened(*arguments)
        elif event == EVENT:
            file, question, key = arguments
            self._in_parts = os.path.abspath(file)  # noqa: PTH100 (it may be any text)
            self.questions.add((self._in_parts, question, key))

    def _opened(self, path: Any, mode: str | None, _: int) -> None:
        if not isinstance(path, str | bytes | os.PathLike) or (mode and "r" not in mode):
            return
        file = os.path.abspath(os.fsdecode(path))  # noqa: PTH100
        if file == self._in_parts:  # what is read of it is told part by part
            self._in_parts = ""
        elif file.startswith(self.roots):
            self.files.add(file)

    def trace(self) -> dict[str, Any]:
        """What was read and loaded so far, ready for JSON."""
        loaded = [
            getattr(module, "__file__", None)
            for name, module in sys.modules.items()
            if name.partition(".")[0] == "churnlib" and name != __name__
        ]
        files = {file for file in self.files if not _is_beside_the_point(Path(file))}
        return {
            "files": sorted(files | {file for file in loaded if file}),
            "questions": sorted(self.questions),
        }


def _is_beside_the_point(file: Path) -> bool:
    return file.suffix in _PROGRAMS or bool(_OURS & set(file.parts)) or not file.is_file()


def everything(project: Path) -> dict[str, Any]:
    """The trace of a notebook of which nothing is known: it may have used all there is."""
    data = (str(path) for path in (project / "data").rglob("*") if path.is_file())
    return {"files": sorted([*churnlib_files(), *data]), "questions": []}


def churnlib_files() -> list[str]:
    """All that churnlib consists of."""
    used = (path for path in PACKAGE.rglob("*") if "__pycache__" not in path.parts)
    return sorted(str(path) for path in used if path.is_file())


class Snapshot:
    """The project's files as they were when each was first asked for.

    A file that is edited while a notebook runs has thereby changed for the next run.
    """

    def __init__(self, project: Path) -> None:
        self.project = project.resolve()
        self._digests: dict[str, str] = {}
        self._books: dict[str, Any] = {}

    def prime(self) -> None:
        """Ask for all that a notebook may use."""
        for file in everything(self.project)["files"]:
            self.digest(file)
        self.answer(str(PROJECT / "data" / "codebook.toml"), "word", WHOLE)

    def digest(self, file: str) -> str:
        """Checksum of a file, ``"absent"`` if there is none."""
        if file not in self._digests:
            self._digests[file] = _digest(Path(file))
        return self._digests[file]

    def answer(self, file: str, question: str, key: str) -> str:
        """What a codebook now says to a question, as a checksum."""
        from churnlib.survey import load_codebook

        if file not in self._books:
            try:
                self._books[file] = load_codebook(file)
            except (OSError, ValueError) as error:
                self._books[file] = error
        book = self._books[file]
        if isinstance(book, Exception):
            return _hash(str(book))
        try:
            said = {
                "label": lambda: book._labels(key),
                "word": lambda: _entry(book.words, key),
                "variable": lambda: _entry(book.variables, key),
                "declared missing and sheet": lambda: (book.missing, book.sheet),
            }[question]()
        except KeyError as error:
            said = str(error)
        return _hash(repr(said))

    def environment(self) -> str:
        """Python and the locked packages."""
        lock = self.digest(str(self.project / "requirements.lock"))
        return _hash(f"{sys.version} {platform.platform()} {lock}")

    def fingerprint(self, trace: Mapping[str, Any]) -> str:
        """One checksum of all that a trace names."""
        files = [(self._name(file), self.digest(file)) for file in trace["files"]]
        answers = [
            (self._name(file), question, key, self.answer(file, question, key))
            for file, question, key in trace["questions"]
        ]
        return _hash(json.dumps([self.environment(), files, answers]))

    def _name(self, file: str) -> str:
        return os.path.relpath(file, self.project)


def _entry(entries: Mapping[str, Any], key: str) -> Any:
    plain = unwatched(entries)
    return dict(plain) if key == WHOLE else plain.get(key)


def _digest(file: Path) -> str:
    try:
        content = file.read_bytes()
    except OSError:
        return "absent"
    if file.name == "datapackage.json":
        content = _without_checksums(content)
    return hashlib.sha256(content).hexdigest()


def _without_checksums(package: bytes) -> bytes:
    # They are about other files, each of which is a dependency where it is used.
    try:
        described = json.loads(package)
        for entry in described["resources"]:
            entry.pop("hash", None)
            entry.pop("bytes", None)
        return json.dumps(described).encode()
    except (ValueError, KeyError, TypeError, AttributeError):
        return package


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
