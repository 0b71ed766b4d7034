"""From answers to what a model is fitted on: patterns of predictors with their counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from churnlib.counting import origin_of, people_of
from churnlib.provenance import Origin
from churnlib.tables import whole_counts


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


@dataclass(frozen=True, eq=False)
class Patterns:
    """Everybody with complete answers, by pattern of predictors and by response.

    Parameters
    ----------
    response : str
    answers : tuple
        Levels of the response that somebody gave, lowest first.
    predictors : tuple of Factor or Slope
    frame : DataFrame
        One row a pattern, one column a predictor.
    x : ndarray, shape (patterns, slopes)
    counts : ndarray, shape (patterns, answers)
    missing : int
        People left out because one of their answers is missing.
    origin : Origin
    note : str
        Levels that nobody gave, and an order that was taken as given.
    """

    response: str
    answers: tuple[Any, ...]
    predictors: tuple[Factor | Slope, ...]
    frame: pd.DataFrame
    x: np.ndarray
    counts: np.ndarray
    missing: int
    origin: Origin
    note: str

    @property
    def n(self) -> int:
        """People."""
        return int(self.counts.sum())

    @property
    def slopes(self) -> tuple[str, ...]:
        """Names of the columns of `x`."""
        return tuple(name for part in self.predictors for name in part.slopes)

    @property
    def reference(self) -> dict[str, Any]:
        """The level with which the others of a predictor are compared."""
        return {part.name: part.levels[0] for part in self.predictors if isinstance(part, Factor)}

    def places(self, predictor: str) -> list[int]:
        """Columns of `x` that belong to a predictor."""
        at = 0
        for part in self.predictors:
            size = len(part.slopes)
            if part.name == predictor:
                return list(range(at, at + size))
            at += size
        known = ", ".join(part.name for part in self.predictors)
        raise KeyError(f"the model has no predictor {predictor!r}; it has {known}")


def patterns(
    data: Any,
    response: str,
    predictors: str | Sequence[str],
    count: str | None,
    origin: Origin | None = None,
) -> Patterns:
    """Group people who gave the same answers; check that a model can be fitted to them.

    Raises
    ------
    KeyError
        If there is no such variable.
    ValueError
        If predictors are none, twice, constant or collinear, or the response is text without
        an order.
    """
    names = [predictors] if isinstance(predictors, str) else list(predictors)
    columns = [response, *names]
    frame, count = people_of(data, columns, count)
    frame = _checked(frame, response, names, count)
    weights = whole_counts(frame[count], f"counts in {count!r}") if count else 1
    tidy = frame[columns].assign(_people=weights)
    tidy = tidy[tidy["_people"] > 0]
    complete = tidy[columns].notna().all(axis=1)
    missing = int(tidy.loc[~complete, "_people"].sum())
    tidy = tidy[complete]
    if tidy.empty:
        raise ValueError(f"nobody answered all of {', '.join(columns)}")
    levels, notes = _answers(tidy[response])
    parts = tuple(_predictor(tidy[name], notes) for name in names)

    people = tidy.groupby([*names, response], observed=True)["_people"].sum().reset_index()
    table = people.pivot_table(
        index=names, columns=response, values="_people", aggfunc="sum", fill_value=0, observed=True
    ).reindex(columns=list(levels))
    by_pattern = table.index.to_frame(index=False)
    x = np.hstack([part.columns(by_pattern[part.name]) for part in parts])
    made = Patterns(
        response, levels, parts, by_pattern, x, table.to_numpy(dtype=float), missing,
        origin_of(data, origin), "; ".join(notes),
    )  # fmt: skip
    _require_full_rank(made)
    return made


def _checked(
    frame: pd.DataFrame, response: str, names: list[str], count: str | None
) -> pd.DataFrame:
    if not names:
        raise ValueError("name at least one predictor")
    for name in [response, *names, *([count] if count else [])]:
        if name not in frame.columns:
            raise KeyError(f"there is no variable {name!r}; there are {', '.join(map(str, frame))}")
    repeated = [name for name in [response, *names] if [response, *names].count(name) > 1]
    if repeated:
        raise ValueError(f"{repeated[0]!r} is named twice among response and predictors")
    return frame


def _answers(column: pd.Series) -> tuple[tuple[Any, ...], list[str]]:
    """Levels of the response in their order, and what must be said about them."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        levels, empty = _occupied(column)
        notes = [f"nobody answered {level!r}, which is left out" for level in empty]
        if not column.cat.ordered and len(levels) > 2:
            order = " < ".join(map(str, levels))
            notes.append(f"the order of the answers is taken as given: {order}")
        return levels, notes
    if pd.api.types.is_numeric_dtype(column):
        return tuple(sorted(column.unique().tolist())), []
    raise ValueError(
        f"the answers to {column.name!r} are text and would be ordered by alphabet; make the "
        "column an ordered Categorical, pd.Categorical(column, categories=[lowest, …, highest], "
        "ordered=True), or count a Survey, whose codebook knows the order"
    )


def _predictor(column: pd.Series, notes: list[str]) -> Factor | Slope:
    name = str(column.name)
    if isinstance(column.dtype, pd.CategoricalDtype):
        levels, empty = _occupied(column)
        notes += [f"nobody has {name}={level}, which is left out" for level in empty]
    elif pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        if not np.isfinite(column.to_numpy(dtype=float)).all():
            raise ValueError(f"{name!r} holds an infinite number; set it to missing")
        levels = tuple(column.unique().tolist()[:2])
    else:
        levels = tuple(sorted(column.unique().tolist()))
    if len(levels) < 2:
        raise ValueError(
            f"{name!r} is {levels[0]!r} for everybody, so it can explain nothing; leave it out"
        )
    numeric = pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)
    return Slope(name) if numeric else Factor(name, levels)


def _occupied(column: pd.Series) -> tuple[tuple[Any, ...], list[Any]]:
    given = set(column.unique())
    levels = tuple(level for level in column.cat.categories if level in given)
    return levels, [level for level in column.cat.categories if level not in given]


def _require_full_rank(made: Patterns) -> None:
    """Refuse predictors of which one follows from the others."""
    whole = np.hstack([np.ones((len(made.x), 1)), made.x])
    scaled = whole / np.abs(whole).max(axis=0)
    triangle = np.linalg.qr(scaled, mode="r")
    _, size, directions = np.linalg.svd(triangle, full_matrices=True)
    rank = int((size > size.max() * max(scaled.shape) * np.finfo(float).eps).sum())
    if rank == scaled.shape[1]:
        return
    names = ("the constant", *made.slopes)
    involved = np.abs(directions[rank:]).max(axis=0) > 1e-8
    found = ", ".join(name for name, is_in in zip(names, involved, strict=True) if is_in)
    raise ValueError(
        f"the predictors are collinear: {found} follow from each other in these answers; "
        "leave one out"
    )
