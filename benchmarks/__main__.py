"""Run every benchmark, print one table, write ``results.md``: ``python -m benchmarks [NAME …]``."""

from __future__ import annotations

import re
import sys
from importlib import import_module
from pathlib import Path

from benchmarks.harness import machine, markdown, show

HERE = Path(__file__).parent
SHARED = {"__init__", "__main__", "harness"}
RESULTS = HERE / "results.md"


def main(names: list[str]) -> None:
    """Measure the scripts named, all of them when none is, and write their sections anew."""
    known = sorted(path.stem for path in HERE.glob("*.py") if path.stem not in SHARED)
    if unknown := sorted(set(names) - set(known)):
        sys.exit(f"error: there is no benchmark {unknown[0]!r}; there are {', '.join(known)}")
    for name in names or known:
        where = machine()
        found = import_module(f"benchmarks.{name}").measure()
        print(f"\n{name}")
        show(found)
        write(name, f"{where}\n\n{markdown(found)}\n")


def write(name: str, section: str) -> None:
    """Put the section of one script into ``results.md`` and leave the others as they are."""
    introduction = (HERE / "introduction.md").read_text(encoding="utf-8")
    before = RESULTS.read_text(encoding="utf-8") if RESULTS.exists() else ""
    parts = re.split(r"^## (\w+)\n\n", before, flags=re.MULTILINE)[1:]
    sections = dict(zip(parts[::2], parts[1::2], strict=True)) | {name: section}
    texts = [f"## {key}\n\n{sections[key].strip()}\n" for key in sorted(sections)]
    RESULTS.write_text("\n".join([introduction, *texts]), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
