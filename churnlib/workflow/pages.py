"""The notebooks as web pages, made when the notebooks have run."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import PurePosixPath

from churnlib.report import captions, index_page, notebook_page, read_manifest, write_page
from churnlib.workflow.store import Record, Store, digest

_LIST, _PAGES = "figures/manifest.json", "report/html"
_NAME = "pages"
"""What they are called in the store, all together."""


def keep_pages(store: Store, names: Sequence[str], inputs: str) -> list[str]:
    """Make the page of each notebook and the index, unless the kept ones show what is there now.

    Parameters
    ----------
    store : Store
        Holds what the notebooks made.
    names : sequence of str
        The notebooks.
    inputs : str
        Checksum of churnlib and the data, which pages follow as notebooks do.

    Returns
    -------
    list of str
        What to publish beside the notebooks; nothing where no list of exhibits was made.
    """
    import nbformat

    made = {file for n in names if (record := store.record(n)) for file in record.outputs}
    if _LIST not in made:
        return []
    contents = {n: store.as_placed(f"notebooks/{n}.ipynb") for n in names}
    if any(content is None for content in contents.values()):
        return [_NAME]  # edited while it ran; its page follows when it has run again
    shown = [(n, hashlib.sha256(content or b"").hexdigest()) for n, content in contents.items()]
    reports = sorted(PurePosixPath(f).name for f in made if PurePosixPath(f).match("report/*.docx"))
    exhibits = digest(store.outputs / _LIST)
    key = hashlib.sha256(json.dumps([shown, reports, exhibits, inputs]).encode()).hexdigest()
    record = store.record(_NAME)
    if record is None or record.key != key:
        entries = read_manifest(store.outputs)
        read = {n: nbformat.reads((c or b"").decode(), as_version=4) for n, c in contents.items()}
        texts = {n: notebook_page(n, read[n], captions(entries, n)) for n in names}
        texts["index"] = index_page(read, entries, reports)
        with store.scratch() as scratch:
            (scratch / _PAGES).mkdir(parents=True)
            files = {f"{_PAGES}/{name}.html": text for name, text in texts.items()}
            outputs = {f: digest(write_page(scratch / f, text)) for f, text in files.items()}
            store.keep(_NAME, Record(key, outputs, 0.0), scratch)
    return [_NAME]
