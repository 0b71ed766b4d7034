"""In the rooms of statistics a floating-point fault is an error, not a number.

Underflow is left out: a probability too small for a float is 0, and is meant to be.
"""

from collections.abc import Iterator

import numpy as np
import pytest


@pytest.fixture(autouse=True)
def floating_point_faults_raise() -> Iterator[None]:
    with np.errstate(over="raise", divide="raise", invalid="raise"):
        yield
