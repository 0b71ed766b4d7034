"""What every test run needs, plain ``pytest --nbval notebooks/`` included."""

from __future__ import annotations

import gc
import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from likeness import unlike
from notebook_checks import faults

from churnlib.evidence.origin import PROJECT
from churnlib.report.manifest import read_manifest

collect_ignore = ["churnlib/workflow/my_survey.ipynb"]  # it runs on a user's survey


def pytest_configure(config: pytest.Config) -> None:
    """Let notebooks that run as tests write their figures aside, not over the committed ones."""
    scratch = tempfile.TemporaryDirectory(prefix="churnlib-")
    config.add_cleanup(scratch.cleanup)
    os.environ["CHURNLIB_OUTPUT"] = scratch.name
    os.environ["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Check of each notebook that there is something for nbval to compare."""
    if file_path.suffix == ".ipynb":
        return _Notebook.from_parent(parent, path=file_path)
    return None


def pytest_collection_finish() -> None:
    """Spare the collector of garbage all that was imported: it stays, and is looked at often."""
    gc.collect()
    gc.freeze()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Compare what notebooks wrote after they have run."""
    items.sort(key=lambda item: isinstance(item, _Exhibits))


class _Notebook(pytest.File):
    def collect(self) -> Iterator[pytest.Item]:
        yield _Hygiene.from_parent(self, name="hygiene")
        yield _Exhibits.from_parent(self, name="exhibits")


class _Hygiene(pytest.Item):
    def runtest(self) -> None:
        found = faults(json.loads(self.path.read_text(encoding="utf-8")))
        if found:
            pytest.fail(f"{self.path.name}: " + "; ".join(found), pytrace=False)

    def reportinfo(self) -> tuple[Path, None, str]:
        return self.path, None, f"{self.path.name}: executed in order, without a warning"


class _Exhibits(pytest.Item):
    """nbval passes over pictures and files: what a notebook wrote is held against what was kept."""

    def runtest(self) -> None:
        made = Path(os.environ["CHURNLIB_OUTPUT"])
        written = [
            unlike(made / file.path, PROJECT / file.path)
            for entry in read_manifest(PROJECT)
            if entry.notebook == self.path.stem
            for file in entry.files
        ]
        if found := list(filter(None, written)):
            pytest.fail(f"{self.path.name}: " + "; ".join(found), pytrace=False)

    def reportinfo(self) -> tuple[Path, None, str]:
        return self.path, None, f"{self.path.name}: its figures and tables are those kept"
