"""The terms of a model: which column is a factor with levels, which a number with a slope."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd

_LARGEST = 1e250


@dataclass(frozen=True)
class Factor:
    """A predictor with levels, compared with the first that somebody gave."""

    name: str
    levels: tuple[Any, ...]

    @property
    def slopes(self) -> tuple[str, ...]:
        """Names of its columns, one for each level after the reference."""
        return tuple(f"{self.name}={level}" for level in self.levels[1:])

    def columns(self, values: pd.Series) -> np.ndarray:
        """Indicators of the levels after the first, shape (rows, slopes)."""
        return np.column_stack([values == level for level in self.levels[1:]]).astype(float)


@dataclass(frozen=True)
class Slope:
    """A numeric predictor."""

    name: str

    @property
    def slopes(self) -> tuple[str, ...]:
        """Name of its column."""
        return (self.name,)

    def columns(self, values: pd.Series) -> np.ndarray:
        """The numbers themselves, shape (rows, 1)."""
        return values.to_numpy(dtype=float)[:, None]


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
    if given.map(lambda value: isinstance(value, Real | Decimal) and value is not True
                 and value is not False).all():  # fmt: skip
        return column.astype(float)
    kinds = sorted({type(value).__name__ for value in given})
    if len(kinds) > 1 or not given.map(lambda value: isinstance(value, str | bool)).all():
        raise TypeError(
            f"{column.name!r} holds values of type {', '.join(kinds)}; make them all text or all "
            "numbers, or the column a Categorical"
        )
    return column


def answers_of(column: pd.Series) -> tuple[tuple[Any, ...], list[str]]:
    """Levels of the response in their order, and what must be said about them."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        levels, empty = _occupied(column)
        notes = [f"nobody answered {level!r}, which is left out" for level in empty]
        if not column.cat.ordered and len(levels) > 2:
            order = " < ".join(map(str, levels))
            notes.append(f"the order of the answers is taken as given: {order}")
        return levels, notes
    if pd.api.types.is_numeric_dtype(column):
        _require_finite(column)
        return tuple(sorted(column.unique().tolist())), []
    raise ValueError(
        f"the answers to {column.name!r} are text and would be ordered by alphabet; make the "
        "column an ordered Categorical, pd.Categorical(column, categories=[lowest, …, highest], "
        "ordered=True), or count a Survey, whose codebook knows the order"
    )


def term_of(column: pd.Series, notes: list[str]) -> Factor | Slope:
    """A predictor by what its column holds; what must be said about it is added to the notes."""
    name = str(column.name)
    if isinstance(column.dtype, pd.CategoricalDtype):
        levels, empty = _occupied(column)
        notes += [f"nobody has {name}={level}, which is left out" for level in empty]
    elif pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        _require_finite(column)
        levels = tuple(column.unique().tolist()[:2])
    else:
        levels = tuple(sorted(column.unique().tolist()))
        if all(isinstance(level, str) and _is_number(level) for level in levels):
            notes.append(
                f"{name!r} holds numbers as text and is taken as categories; "
                "convert it by pd.to_numeric for one slope"
            )
    if len(levels) < 2:
        raise ValueError(
            f"{name!r} is {levels[0]!r} for everybody, so it can explain nothing; leave it out"
        )
    numeric = pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)
    part = Slope(name) if numeric else Factor(name, levels)
    if len(set(part.slopes)) < len(part.slopes):
        raise ValueError(
            f"{name!r} has levels that read the same: {', '.join(map(repr, levels))}; rename them"
        )
    return part


def _require_finite(column: pd.Series) -> None:
    if not np.isfinite(column.to_numpy(dtype=float)).all():
        raise ValueError(f"{column.name!r} holds an infinite number; set it to missing")
    if column.abs().max() > _LARGEST:
        raise ValueError(f"{column.name!r} holds numbers beyond {_LARGEST:.0e}; change its unit")


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _occupied(column: pd.Series) -> tuple[tuple[Any, ...], list[Any]]:
    given = set(column.unique())
    levels = tuple(level for level in column.cat.categories if level in given)
    return levels, [level for level in column.cat.categories if level not in given]
