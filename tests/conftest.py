"""A copy of the data that a test may spoil."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from churnlib.provenance import PROJECT


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    shutil.copytree(PROJECT / "data", folder)
    return folder
