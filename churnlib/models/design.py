"""From answers to what a model is fitted on: patterns of predictors with their counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from churnlib.evidence import Origin
from churnlib.models.terms import Factor, Slope, answers_of, numbers, term_of
from churnlib.tables import origin_of, people_of, whole_counts

_COLLINEAR = 1e-6  # of unit columns: beyond it half of a fit's digits are lost


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
        As given: indicators of levels, and numbers in their own units.
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

    @cached_property
    def centre(self) -> np.ndarray:
        """Mean of each column of `x` over all people."""
        return np.average(self.x, axis=0, weights=self.counts.sum(axis=1))

    @cached_property
    def scale(self) -> np.ndarray:
        """Largest distance of each column of `x` from its centre."""
        return np.abs(self.x - self.centre).max(axis=0)

    def standardised(self, x: np.ndarray) -> np.ndarray:
        """Columns of no unit around 0: what is fitted, so that years are no harder than shares."""
        return (x - self.centre) / self.scale

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
    names = _names(response, predictors, count)
    columns = [response, *names]
    frame, count = people_of(data, columns, count)
    _require_columns(frame, columns, count)
    people = pd.Series(1, frame.index)
    if count is not None:
        people = pd.Series(whole_counts(frame[count], f"counts in {count!r}"), frame.index)
    tidy = frame.loc[people > 0, columns].apply(numbers)
    complete = tidy.notna().all(axis=1)
    missing = int(people[people > 0][~complete].sum())
    tidy, people = tidy[complete], people[people > 0][complete]
    if tidy.empty:
        raise ValueError(f"nobody answered all of {', '.join(columns)}")
    levels, notes = answers_of(tidy[response])
    parts = tuple(term_of(tidy[name], notes) for name in names)

    keys = [tidy[name] for name in (*names, response)]
    grouped = people.groupby(keys, observed=True).sum()
    table = grouped.unstack(response, fill_value=0)  # noqa: PD010  # a Series has no pivot_table
    table = table.reindex(columns=list(levels))
    by_pattern = table.index.to_frame(index=False)
    x = np.hstack([part.columns(by_pattern[part.name]) for part in parts])
    made = Patterns(
        response, levels, parts, by_pattern, x, table.to_numpy(dtype=float), missing,
        origin_of(data, origin), "; ".join(notes),
    )  # fmt: skip
    _require_one_meaning(made)
    _require_full_rank(made)
    return made


def _names(response: str, predictors: str | Sequence[str], count: str | None) -> list[str]:
    """The predictors as a list; every name text, and none of them twice."""
    names = [predictors] if isinstance(predictors, str) else predictors
    if not isinstance(names, Sequence):
        raise TypeError(
            f"predictors are the name of a column or a list of names, given {predictors!r}"
        )
    named = [response, *names, *([] if count is None else [count])]
    for name in named:
        if not isinstance(name, str):
            raise TypeError(
                f"columns are named by text, given {name!r}; rename it: frame.rename(columns=str)"
            )
    if not names:
        raise ValueError("name at least one predictor")
    repeated = [name for name, times in Counter(named).items() if times > 1]
    if repeated:
        raise ValueError(f"{repeated[0]!r} is named twice among response, predictors and count")
    return list(names)


def _require_columns(frame: pd.DataFrame, names: list[str], count: str | None) -> None:
    for name in [*names, *([] if count is None else [count])]:
        found = list(frame.columns).count(name)
        if not found:
            raise KeyError(f"there is no variable {name!r}; there are {', '.join(map(str, frame))}")
        if found > 1:
            raise ValueError(f"{found} columns are called {name!r}; rename or drop all but one")


def _require_one_meaning(made: Patterns) -> None:
    """Refuse answers or slopes that read the same: a row of a table would have two meanings."""
    for names, what in ((map(str, made.answers), "answers"), (made.slopes, "slopes")):
        for name, times in Counter(names).items():
            if times > 1:
                raise ValueError(f"{times} {what} read the same, {name!r}; rename a level")


def _require_full_rank(made: Patterns) -> None:
    """Refuse predictors of which one follows from the others, or all but follows."""
    if not ((made.scale > 1e-100) & (made.scale < 1e100)).all():
        raise ValueError("numbers beyond 1e100 or within 1e-100 of each other; change their unit")
    apart = made.x - made.x.mean(axis=0)
    scaled = np.hstack([np.ones((len(apart), 1)), apart / np.abs(apart).max(axis=0)])
    triangle = np.linalg.qr(scaled, mode="r")
    _, size, directions = np.linalg.svd(triangle, full_matrices=True)
    rank = int((size > size.max() * _COLLINEAR).sum())
    if rank == scaled.shape[1]:
        return
    names = ("the constant", *made.slopes)
    involved = np.abs(directions[rank:]).max(axis=0) > 10 * _COLLINEAR
    found = ", ".join(name for name, is_in in zip(names, involved, strict=True) if is_in)
    raise ValueError(
        f"the predictors are collinear: {found} follow from each other in these answers; "
        "leave one out"
    )
