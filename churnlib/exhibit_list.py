"""The table of exhibits, computed anew only when something it rests on has changed."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

from churnlib.store import Store
from churnlib.traces import Snapshot, everything


def exhibit_list(project: Path) -> dict[str, Any]:
    """Every exhibit with its verdict, and how many statements have which verdict.

    Returns
    -------
    dict
        ``exhibits``, a list with ``exhibit``, ``notebook``, ``file`` and ``verdict``; and
        ``verdicts``, the number of statements by verdict, the least grave first.
    """
    used = everything(project)
    used["files"].append(str(project / "notebooks" / "exhibits.toml"))
    key = Snapshot(project).fingerprint(used)
    store = Store(project)
    kept = store.folder / "exhibits.json"
    with suppress(OSError, ValueError, KeyError):
        content = json.loads(kept.read_text(encoding="utf-8"))
        if content["key"] == key:
            return dict(content["list"])
    listed = _computed()
    with suppress(OSError):  # a convenience only
        store.folder.mkdir(exist_ok=True)
        with store.scratch() as scratch:
            part = scratch / "exhibits.json"
            part.write_text(json.dumps({"key": key, "list": listed}), encoding="utf-8")
            part.replace(kept)
    return listed


def _computed() -> dict[str, Any]:
    from churnlib.methods import Kind
    from churnlib.verdicts import claims, exhibits

    rows = exhibits().reset_index()[["exhibit", "notebook", "file", "verdict"]]
    verdicts = claims()["verdict"]
    counts = {kind.value: int((verdicts == kind).sum()) for kind in Kind}
    return {"exhibits": rows.to_dict("records"), "verdicts": counts}
