"""From answers to what a model is fitted on: patterns of predictors with their counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from churnlib.evidence import Origin
from churnlib.models.columns import answers, numbers, predictor
from churnlib.models.formula import Predictor, formula_names, formula_of, terms_of
from churnlib.tables import origin_of, people_of, whole_counts

if TYPE_CHECKING:
    from formulaic import ModelSpec

_COLLINEAR = 1e-6  # of unit columns: beyond it half of a fit's digits are lost


@dataclass(frozen=True, eq=False)
class GroupedData:
    """Everybody with complete answers, one row a pattern of predictors and an answer.

    Parameters
    ----------
    response : str
    answers : tuple
        Levels of the response that somebody gave, lowest first.
    predictors : tuple of Predictor
    frame : DataFrame
        One column a variable of the predictors.
    answer : ndarray of int, shape (rows,)
        Place in `answers`.
    people : ndarray, shape (rows,)
    spec : ModelSpec
        Makes the columns of `x` from a frame.
    missing : int
        People left out because one of their answers is missing.
    origin : Origin
    note : str
        Levels that nobody gave, and an order that was taken as given.
    """

    response: str
    answers: tuple[Any, ...]
    predictors: tuple[Predictor, ...]
    frame: pd.DataFrame
    answer: np.ndarray
    people: np.ndarray
    spec: ModelSpec
    missing: int
    origin: Origin
    note: str

    @property
    def n(self) -> int:
        """People."""
        return int(self.people.sum())

    @cached_property
    def x(self) -> np.ndarray:
        """Indicators of levels, and numbers in their own units, shape (rows, slopes)."""
        return self.columns_of(self.frame)

    @property
    def slopes(self) -> tuple[str, ...]:
        """Names of the columns of `x`."""
        return tuple(name for predictor in self.predictors for name in predictor.slopes)

    def columns_of(self, frame: pd.DataFrame) -> np.ndarray:
        """Columns of a model for other people."""
        matrix = self.spec.get_model_matrix(frame, na_action="ignore")
        return matrix.drop(columns="Intercept", errors="ignore").to_numpy(dtype=float)

    def predictor(self, name: str) -> Predictor:
        """One of `predictors`.

        Raises
        ------
        KeyError
            If the model has no such predictor.
        """
        for part in self.predictors:
            if part.name == name:
                return part
        known = ", ".join(part.name for part in self.predictors)
        raise KeyError(f"the model has no predictor {name!r}; it has {known}")

    def places(self, predictor: str) -> list[int]:
        """Columns of `x` that belong to a predictor."""
        return [self.slopes.index(slope) for slope in self.predictor(predictor).slopes]


def grouped(
    data: Any,
    response: str,
    predictors: str | Sequence[str] | None,
    count: str | None,
    origin: Origin | None = None,
) -> GroupedData:
    """Group people who gave the same answers; check that a model can be fitted to them.

    Raises
    ------
    KeyError
        If there is no such variable.
    ValueError
        If the formula cannot be read; predictors are none, twice, constant or collinear; or the
        response is text without an order.
    """
    response, formula = formula_of(response, predictors, count)
    names = sorted(map(str, formula.required_variables))
    if not names:
        raise ValueError("name at least one predictor")
    frame, count = people_of(data, [response, *names], count)
    _require_columns(frame, [response, *names], count)
    people = pd.Series(1, frame.index)
    if count is not None:
        people = pd.Series(whole_counts(frame[count], f"counts in {count!r}"), frame.index)
    tidy = frame.loc[people > 0, [response, *names]].apply(numbers)
    complete = tidy.notna().all(axis=1)
    missing = int(people[people > 0][~complete].sum())
    tidy, people = tidy[complete], people[people > 0][complete]
    if tidy.empty:
        raise ValueError(f"nobody answered all of {', '.join([response, *formula_names(formula)])}")
    notes: list[str] = []
    tidy[response] = answers(tidy[response], notes)
    for name in names:
        tidy[name] = predictor(tidy[name], notes)

    by = people.groupby([tidy[name] for name in (*names, response)], observed=True).sum()
    rows = by.index.to_frame(index=False)
    given = rows.pop(response).cat
    spec, parts = terms_of(formula, rows)
    people_by_answer = GroupedData(
        response, tuple(given.categories), parts, rows, given.codes.to_numpy(),
        by.to_numpy(dtype=float), spec, missing, origin_of(data, origin), "; ".join(notes),
    )  # fmt: skip
    _require_one_meaning(people_by_answer)
    _require_full_rank(people_by_answer)
    return people_by_answer


def _require_columns(frame: pd.DataFrame, names: list[str], count: str | None) -> None:
    for name in [*names, *([] if count is None else [count])]:
        times = list(frame.columns).count(name)
        if not times:
            raise KeyError(f"there is no variable {name!r}; there are {', '.join(map(str, frame))}")
        if times > 1:
            raise ValueError(f"{times} columns are called {name!r}; rename or drop all but one")


def _require_one_meaning(given: GroupedData) -> None:
    """Refuse answers or slopes that read the same: a row of a table would have two meanings."""
    for what, names in (("answers", map(str, given.answers)), ("slopes", given.slopes)):
        name, times = Counter(names).most_common(1)[0]
        if times > 1:
            raise ValueError(f"{times} {what} read the same, {name!r}; rename a level")


def _require_full_rank(given: GroupedData) -> None:
    """Refuse predictors of which one follows from the others, or all but follows."""
    from scipy.linalg import null_space

    apart = given.x - given.x.mean(axis=0)
    reach = np.abs(apart).max(axis=0)
    if not ((reach > 1e-100) & (reach < 1e100)).all():
        raise ValueError("numbers beyond 1e100 or within 1e-100 of each other; change their unit")
    scaled = np.hstack([np.ones((len(apart), 1)), apart / reach])
    directions = null_space(np.linalg.qr(scaled, mode="r"), rcond=_COLLINEAR)
    if not directions.size:
        return
    names = ("the constant", *given.slopes)
    involved = np.abs(directions).max(axis=1) > 10 * _COLLINEAR
    which = ", ".join(name for name, is_in in zip(names, involved, strict=True) if is_in)
    raise ValueError(
        f"the predictors are collinear: {which} follow from each other in these answers; "
        "leave one out"
    )
