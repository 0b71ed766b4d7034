"""The notebooks as web pages, each made as soon as its notebook has its outputs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from churnlib.evidence import PROJECT
from churnlib.report import Entry, captions, index_page, notebook_page, read_manifest, write_page
from churnlib.workflow.store import Record, Store, digest
from churnlib.workflow.traces import Snapshot, churnlib_files

_LIST, _PAGES = "figures/manifest.json", "report/html"


@dataclass(frozen=True)
class Pages:
    """The pages of the notebooks in a store, and the index that leads to them.

    A page is made only if its notebook, the words around the code, a caption or churnlib has
    changed. It is kept in the store and put in place together with everything else. Without a
    list of exhibits there are no pages.

    Parameters
    ----------
    store : Store
        Holds what the notebooks made.
    notebooks : sequence of str
        Their names.
    """

    store: Store
    notebooks: Sequence[str]

    def prepare(self, name: str) -> None:
        """Make the page of one notebook with the captions of the last run, as `finish` would.

        Raises
        ------
        OSError, ValueError
            As `finish` does.
        """
        if (self.store.project / _LIST).exists():
            self._make(name, read_manifest(self.store.project), self._look())

    def finish(self) -> list[str]:
        """Make the pages that are still wanting, and the index, once all notebooks have run.

        Returns
        -------
        list of str
            What to publish beside the notebooks.

        Raises
        ------
        OSError
            If the disk is full.
        ValueError
            If the list of exhibits is none.
        """
        if _LIST not in self._made():
            return []
        entries = read_manifest(self.store.outputs)
        look = self._look()
        there = [self._make(name, entries, look) for name in self.notebooks]
        if all(there):
            self._make_index(entries, look)
        return [*map(_kept, self.notebooks), _kept("index")]

    def _make(self, name: str, entries: Sequence[Entry], look: str) -> bool:
        """Whether the page is there now; that of an edited notebook follows when it has run."""
        content = self._content(name)
        if content is None:
            return False
        said = captions(entries, name)
        seen = {"notebook": _digest_of(content), "captions": said, "look": look}
        self._keep(name, seen, lambda: notebook_page(name, _read(content), said))
        return True

    def _make_index(self, entries: Sequence[Entry], look: str) -> None:
        contents = {name: content for name in self.notebooks if (content := self._content(name))}
        made = (PurePosixPath(file) for file in self._made())
        documents = sorted(path.name for path in made if path.match("report/*.docx"))
        seen = {
            "notebooks": {name: _digest_of(content) for name, content in contents.items()},
            "list": digest(self.store.outputs / _LIST),
            "documents": documents,
            "look": look,
        }

        def text() -> str:
            read = {name: _read(content) for name, content in contents.items()}
            return index_page(read, entries, documents)

        self._keep("index", seen, text)

    def _look(self) -> str:
        """Fingerprint of all that pages look like, now and not when the run began."""
        used = [*churnlib_files(), str(PROJECT / "data" / "report.toml")]
        return Snapshot(self.store.project).fingerprint({"files": used, "questions": []})

    def _made(self) -> set[str]:
        """All that the notebooks made."""
        records = map(self.store.record, self.notebooks)
        return {file for record in records if record for file in record.outputs}

    def _content(self, name: str) -> bytes | None:
        return self.store.as_placed(f"notebooks/{name}.ipynb")

    def _keep(self, name: str, seen: Mapping[str, Any], text: Callable[[], str]) -> None:
        """Make one page unless the kept one shows what is seen now."""
        key = _digest_of(json.dumps(seen, ensure_ascii=False).encode())
        before = self.store.record(_kept(name))
        if before and before.used == key:
            return
        file = f"{_PAGES}/{name}.html"
        with self.store.scratch() as made:
            (made / _PAGES).mkdir(parents=True)
            outputs = {file: digest(write_page(made / file, text()))}
            nothing: dict[str, list[str]] = {"files": [], "questions": []}
            self.store.keep(_kept(name), Record("", key, nothing, outputs, 0.0), made)


def _kept(name: str) -> str:
    """What a page is called in the store; no notebook is, for those begin with a number."""
    return f"page-{name}"


def _read(content: bytes) -> Any:
    import nbformat

    return nbformat.reads(content.decode(), as_version=4)


def _digest_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
