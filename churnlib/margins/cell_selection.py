"""Some cells of a table by their levels, and the people in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from churnlib.tables import Crosstab


@dataclass(frozen=True)
class Count:
    """How many people are in these cells: a statistic whose range `attainable` can tell.

    Parameters
    ----------
    cells
        As for a constraint.

    Examples
    --------
    >>> table = Crosstab.from_counts([[3, 1], [2, 4]], rows=["m", "f"], columns=["a", "b"])
    >>> Count(("f", ...))(table)
    6.0
    """

    cells: Any

    def __call__(self, table: Crosstab) -> float:
        """The count in one table."""
        counts = table.counts
        return float(counts.to_numpy()[mask_of(self.cells, counts.index, counts.columns)].sum())

    def __str__(self) -> str:
        return f"people in {in_words(self.cells)}"


def mask_of(cells: Any, rows: pd.Index, columns: pd.Index) -> np.ndarray:
    """Cells as an array of truth values, rows by columns."""
    mask = np.zeros((len(rows), len(columns)), dtype=bool)
    for row, column in _pairs(cells):
        mask[np.ix_(_places(row, rows, "row"), _places(column, columns, "column"))] = True
    return mask


def _pairs(cells: Any) -> list[tuple[Any, Any]]:
    pairs = cells if isinstance(cells, list) else [cells]
    if not pairs or not all(isinstance(pair, tuple) and len(pair) == 2 for pair in pairs):
        raise ValueError(
            "cells are a pair (row, column) or a list of such pairs, each a level, a list of "
            f"levels or ...; given {cells!r}"
        )
    return pairs


def _places(levels: Any, known: pd.Index, what: str) -> list[int]:
    if levels is ...:
        return list(range(len(known)))
    wanted = levels if isinstance(levels, list) else [levels]
    for level in wanted:
        if level not in known:
            raise KeyError(f"no {what} {level!r}; the {what}s are {', '.join(map(str, known))}")
    return [int(place) for place in known.get_indexer(wanted)]


def in_words(cells: Any) -> str:
    """Cells as a reader would name them."""
    return " and ".join(f"{_word(row)} × {_word(column)}" for row, column in _pairs(cells))


def _word(levels: Any) -> str:
    if levels is ...:
        return "all"
    return f"({', '.join(map(str, levels))})" if isinstance(levels, list) else str(levels)
