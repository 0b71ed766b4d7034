"""Statistics, cleaning and audit for a survey of bank customers and the thesis it came from.

The names are in ``__init__.pyi``, one explicit import each, for people and type checkers alike. A
module is loaded when one of its names is first used, so that importing costs next to nothing.
"""

import re
from importlib import import_module
from pathlib import Path
from typing import Any

_STUB = Path(__file__).with_suffix(".pyi").read_text(encoding="utf-8")
_HOMES = {
    name: module for module, name in re.findall(r"^from (\S+) import (\w+) as \2$", _STUB, re.M)
}

# A function called like its module would be hidden by it as soon as anybody imports the module.
from churnlib.evidence import apa as apa


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        globals()[name] = getattr(import_module(_HOMES[name]), name)
        return globals()[name]
    if (module := f"{__name__}.{name}") in _HOMES.values():
        return import_module(module)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
