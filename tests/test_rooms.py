"""The house: arrows between rooms run one way, and each room is entered by its door."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from churnlib.evidence.origin import PROJECT

PACKAGE = PROJECT / "churnlib"
ROOMS = ["evidence", "survey", "tables", "crosstabs", "questions", "models", "figures", "margins",
         "studies", "report", "workflow"]  # fmt: skip
FILES = sorted(PACKAGE.rglob("*.py"))


def imports(path: Path) -> list[tuple[str, list[str]]]:
    """Modules of this package that a file imports from, wherever in it, and the names."""
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    return [
        (node.module, [alias.name for alias in node.names])
        for node in nodes
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "churnlib"
    ]


def name(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def test_outside_the_rooms_stand_the_facade_and_the_command_line_alone():
    rooms = {path.name for path in PACKAGE.iterdir() if path.is_dir()} - {"__pycache__"}
    assert rooms == set(ROOMS)
    assert {path.name for path in PACKAGE.glob("*.py")} == {"__init__.py", "__main__.py"}


@pytest.mark.parametrize("path", FILES, ids=name)
def test_a_room_imports_only_rooms_before_it_and_by_their_door(path):
    room = path.relative_to(PACKAGE).parts[0]
    for module, names in imports(path):
        where = module.split(".")[1:]
        if not where or where[0] == room or room not in ROOMS:
            continue
        assert ROOMS.index(where[0]) < ROOMS.index(room), f"{name(path)} imports {module}"
        private = [n for n in names if n.startswith("_")]
        only_modules = len(where) == 1
        assert only_modules, f"{name(path)} passes by the door of {where[0]}: {module} {private}"


@pytest.mark.parametrize("path", FILES, ids=name)
def test_a_file_is_no_longer_than_a_reader_holds_in_mind(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 320


def test_importing_the_package_loads_nothing_heavy():
    code = "import churnlib, sys; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert not {"numpy", "pandas", "matplotlib", "seaborn", "statsmodels", "IPython"} & set(
        loaded.stdout.split()
    )
