"""The notebooks as web pages, made once all of them have their outputs."""

from __future__ import annotations

import time
from collections.abc import Sequence

from churnlib.store import Record, Store, digest, files_in
from churnlib.traces import Snapshot, everything

NAME = "pages"
"""What they are called in the store; no notebook is, for those begin with a number."""


def publish_with_pages(store: Store, notebooks: Sequence[str]) -> None:
    """Put the outputs of the notebooks in place, and the pages that show them.

    A page is written anew if any notebook, the list of exhibits or churnlib has changed. A project
    without a list of exhibits has no pages.

    Parameters
    ----------
    store : Store
        Holds what the notebooks made.
    notebooks : sequence of str
        Their names.

    Raises
    ------
    OSError
        If an output folder cannot be written, or the disk is full.
    """
    names = [*notebooks, NAME]
    store.publish(names)  # the words around the code are those in place, so these come first
    project = store.project
    manifest = project / "figures" / "manifest.json"
    if not manifest.exists():
        return
    used = everything(project)
    used["files"] += [str(project / "notebooks" / f"{name}.ipynb") for name in notebooks]
    key = Snapshot(project).fingerprint({**used, "files": [*used["files"], str(manifest)]})
    before = store.record(NAME)
    if before is None or before.used != key:
        _make(store, key)
        store.publish(names)


def _make(store: Store, key: str) -> None:
    from churnlib.html_report import write_html

    started = time.perf_counter()
    documents = sorted(path.name for path in (store.project / "report").glob("*.docx"))
    with store.scratch() as scratch:
        made = scratch / "made"
        write_html(store.project / "notebooks", made / "report" / "html", documents=documents)
        outputs = {file: digest(made / file) for file in files_in(made)}
        seconds = time.perf_counter() - started
        store.keep(NAME, Record("", key, {"files": [], "questions": []}, outputs, seconds), made)
