"""Checks of the columns a model is fitted to: what is a level, what is a number."""

from __future__ import annotations

from decimal import Decimal
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd

_LARGEST = 1e250


def numbers(column: pd.Series) -> pd.Series:
    """Numbers stored as objects (of `Decimal`, say) as floats; whatever else as it is.

    Raises
    ------
    TypeError
        If its values are of several kinds, or of one that has no order.
    """
    if pd.api.types.is_complex_dtype(column):
        raise TypeError(f"{column.name!r} holds complex numbers, which have no order")
    if column.dtype != object:
        return column
    given = column.dropna()
    kinds = {type(value) for value in given}
    if all(issubclass(kind, Real | Decimal) and kind is not bool for kind in kinds):
        return column.astype(float)
    if len(kinds) > 1 or not kinds <= {str, bool}:
        names = ", ".join(sorted(kind.__name__ for kind in kinds))
        raise TypeError(
            f"{column.name!r} holds values of type {names}; make them all text or all numbers, "
            "or the column a Categorical"
        )
    return column


def answers(column: pd.Series, notes: list[str]) -> pd.Series:
    """The response as a Categorical of the levels given; what must be said goes to the notes."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        given = column.cat.remove_unused_categories()
        empty = [level for level in column.cat.categories if level not in given.cat.categories]
        notes += [f"nobody answered {level!r}, which is left out" for level in empty]
        if not column.cat.ordered and len(given.cat.categories) > 2:
            order = " < ".join(map(str, given.cat.categories))
            notes.append(f"the order of the answers is taken as given: {order}")
        return given
    if pd.api.types.is_numeric_dtype(column):
        _require_finite(column)
        return column.astype(pd.CategoricalDtype(sorted(column.unique().tolist()), ordered=True))
    raise ValueError(
        f"the answers to {column.name!r} are text and would be ordered by alphabet; make the "
        "column an ordered Categorical, pd.Categorical(column, categories=[lowest, …, highest], "
        "ordered=True), or count a Survey, whose codebook knows the order"
    )


def predictor(column: pd.Series, notes: list[str]) -> pd.Series:
    """A predictor as a Categorical of the levels given, or as numbers."""
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        _require_finite(column)
        levels: list[Any] = column.unique().tolist()
        column = column.astype(float)
    elif isinstance(column.dtype, pd.CategoricalDtype):
        given = column.cat.remove_unused_categories()
        levels = list(given.cat.categories)
        empty = [level for level in column.cat.categories if level not in levels]
        notes += [f"nobody has {column.name}={level}, which is left out" for level in empty]
        column = given
    else:
        levels = sorted(column.unique().tolist())
        if isinstance(levels[0], str) and np.isfinite(pd.to_numeric(levels, errors="coerce")).all():
            notes.append(
                f"{column.name!r} holds numbers as text and is taken as categories; "
                "convert it by pd.to_numeric for one slope"
            )
        column = column.astype(pd.CategoricalDtype(levels))
    if len(levels) < 2:
        raise ValueError(
            f"{column.name!r} is {levels[0]!r} for everybody, so it can explain nothing; "
            "leave it out"
        )
    if len(set(map(str, levels))) < len(levels):
        raise ValueError(
            f"{column.name!r} has levels that read the same: {', '.join(map(repr, levels))}; "
            "rename them"
        )
    return column


def _require_finite(column: pd.Series) -> None:
    if not np.isfinite(column.to_numpy(dtype=float)).all():
        raise ValueError(f"{column.name!r} holds an infinite number; set it to missing")
    if column.abs().max() > _LARGEST:
        raise ValueError(f"{column.name!r} holds numbers beyond {_LARGEST:.0e}; change its unit")
