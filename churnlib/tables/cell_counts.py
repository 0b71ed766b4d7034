"""Every combination of levels with the people who gave it: what all tables are cut from."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np
import pandas as pd

_LARGEST = 10_000_000


def grid(frame: pd.DataFrame, variables: Sequence[str], people: Any = None) -> pd.DataFrame:
    """Count the rows of a frame by combination of answers.

    Parameters
    ----------
    frame : DataFrame
    variables : sequence of str
        Columns of the frame.
    people : array of int, optional
        How many people each row stands for, 1 when left out.

    Returns
    -------
    DataFrame
        The variables as Categoricals and ``n``: every combination of levels in their order, then
        those with a missing answer that somebody gave.

    Raises
    ------
    ValueError
        If there are more combinations than a table can show.
    TypeError
        If the answers to a variable have no order.

    Examples
    --------
    >>> grid(pd.DataFrame({"x": ["b", "a", None, "b"]}), ["x"])["n"].tolist()
    [1, 2, 1]
    """
    answers = [_categorical(frame[name]) for name in variables]
    sizes = [len(column.categories) for column in answers]
    cells = prod(size + 1 for size in sizes)
    if cells > _LARGEST:
        shown = ", ".join(f"{v} ({size:,})" for v, size in zip(variables, sizes, strict=True))
        raise ValueError(f"too many combinations of levels to count: {shown}; band the numbers")
    n = _people_in_cells([column.codes for column in answers], sizes, cells, people)
    places = np.indices([size + 1 for size in sizes]).reshape(len(sizes), cells)
    missing = (places == np.array(sizes)[:, None]).any(axis=0)
    order = np.concatenate([np.flatnonzero(~missing), np.flatnonzero(missing & (n > 0))])
    tidy = {
        name: pd.Categorical.from_codes(
            np.where(place[order] == size, -1, place[order]), dtype=column.dtype
        )
        for name, column, size, place in zip(variables, answers, sizes, places, strict=True)
    }
    return pd.DataFrame({**tidy, "n": n[order]})


def _people_in_cells(
    codes: Sequence[np.ndarray], sizes: Sequence[int], cells: int, people: Any
) -> np.ndarray:
    """People by cell; a missing answer is the level after the last, so that each row has one."""
    levels = [np.where(c < 0, size, c) for c, size in zip(codes, sizes, strict=True)]
    cell = np.ravel_multi_index(levels, [size + 1 for size in sizes])
    return np.bincount(cell, people, cells).astype(np.int64)


def _categorical(column: pd.Series) -> pd.Categorical:
    if isinstance(column.dtype, pd.CategoricalDtype):
        return column.array
    try:
        levels = sorted(column.dropna().unique())
    except TypeError:
        raise TypeError(
            f"the column {column.name!r} mixes texts and numbers; make it a pandas Categorical "
            "with its levels in order"
        ) from None
    return pd.Categorical(column, categories=levels)
