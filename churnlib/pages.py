"""The notebooks as web pages, made once all of them have their outputs."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from pathlib import Path

from churnlib.store import Record, Store, digest, files_in
from churnlib.traces import Snapshot, everything

NAME = "pages"
"""What they are called in the store; no notebook is, for those begin with a number."""
_LIST = "figures/manifest.json"


def make_pages(store: Store, notebooks: Sequence[str]) -> list[str]:
    """Make the pages that show what the notebooks made, and keep them in the store with it.

    They are made only if a notebook, its words, the list of exhibits or churnlib has changed, and
    put in place together with everything else. Without a list of exhibits there are no pages.

    Parameters
    ----------
    store : Store
        Holds what the notebooks made.
    notebooks : sequence of str
        Their names.

    Returns
    -------
    list of str
        What to publish beside the notebooks: the name of the pages, or nothing.

    Raises
    ------
    OSError
        If the disk is full; nothing is in place then.
    """
    if not (store.outputs / _LIST).exists():
        return []
    with store.scratch() as scratch:
        shown = scratch / "shown"
        for file in (*(f"notebooks/{name}.ipynb" for name in notebooks), _LIST):
            content = store.as_placed(file)
            if content is None:  # its page follows in the next run, with the notebook
                return [NAME]
            _write(shown / file, content)
        seen = [digest(shown / file) for file in files_in(shown)]
        churnlib = Snapshot(store.project).fingerprint(everything(store.project))
        key = hashlib.sha256(repr([churnlib, seen]).encode()).hexdigest()
        before = store.record(NAME)
        if before is None or before.used != key:
            _make(store, shown, scratch / "made", key)
    return [NAME]


def _make(store: Store, shown: Path, made: Path, key: str) -> None:
    from churnlib.html_report import write_html

    started = time.perf_counter()
    documents = sorted(path.name for path in (store.outputs / "report").glob("*.docx"))
    write_html(shown / "notebooks", made / "report" / "html", documents=documents)
    outputs = {file: digest(made / file) for file in files_in(made)}
    nothing: dict[str, list[str]] = {"files": [], "questions": []}
    seconds = time.perf_counter() - started
    store.keep(NAME, Record("", key, nothing, outputs, seconds), made)


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
