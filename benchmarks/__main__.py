"""Run every benchmark, print one table, write ``results.md``: ``python -m benchmarks [NAME …]``."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

from benchmarks.harness import machine, markdown, show

HERE = Path(__file__).parent
SHARED = {"__init__", "__main__", "harness"}


def main(names: list[str]) -> None:
    """Measure the scripts named, all of them when none is."""
    known = sorted(path.stem for path in HERE.glob("*.py") if path.stem not in SHARED)
    if unknown := sorted(set(names) - set(known)):
        sys.exit(f"error: there is no benchmark {unknown[0]!r}; there are {', '.join(known)}")
    header = machine()
    parts = []
    for name in names or known:
        found = import_module(f"benchmarks.{name}").measure()
        print(f"\n{name}")
        show(found)
        parts.append(f"## {name}.py\n\n{markdown(found)}\n")
    if not names:
        text = (HERE / "introduction.md").read_text(encoding="utf-8").replace("MACHINE", header)
        (HERE / "results.md").write_text("\n".join([text, *parts]), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
