"""A copy of the data that a test may spoil."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import settings

from churnlib.provenance import PROJECT


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    shutil.copytree(PROJECT / "data", folder)
    return folder


# The same examples every time, so that a red suite means a change; HYPOTHESIS_PROFILE=explore looks
# for new ones.
settings.register_profile("steady", derandomize=True, deadline=None, max_examples=60)
settings.register_profile("explore", deadline=None, max_examples=1500)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))
