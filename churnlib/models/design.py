"""From answers to what a model is fitted on: patterns of predictors with their counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from churnlib.evidence import Origin
from churnlib.tables import origin_of, people_of, whole_counts

if TYPE_CHECKING:
    from formulaic import Formula, ModelSpec

_COLLINEAR = 1e-6  # of unit columns: beyond it half of a fit's digits are lost
_LARGEST = 1e250


@dataclass(frozen=True)
class Predictor:
    """A term of a model: its slopes, and its levels (the first is the reference) if it has any."""

    name: str
    slopes: tuple[str, ...]
    levels: tuple[Any, ...] = ()


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

    def places(self, predictor: str) -> list[int]:
        """Columns of `x` that belong to a predictor.

        Raises
        ------
        KeyError
            If the model has no such predictor.
        """
        owners = [part.name for part in self.predictors for _ in part.slopes]
        if predictor not in owners:
            known = ", ".join(dict.fromkeys(owners))
            raise KeyError(f"the model has no predictor {predictor!r}; it has {known}")
        return [place for place, owner in enumerate(owners) if owner == predictor]


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
    response, formula = _formula(response, predictors, count)
    names = sorted(map(str, formula.required_variables))
    if not names:
        raise ValueError("name at least one predictor")
    frame, count = people_of(data, [response, *names], count)
    _require_columns(frame, [response, *names], count)
    people = pd.Series(1, frame.index)
    if count is not None:
        people = pd.Series(whole_counts(frame[count], f"counts in {count!r}"), frame.index)
    tidy = frame.loc[people > 0, [response, *names]].apply(_numbers)
    complete = tidy.notna().all(axis=1)
    missing = int(people[people > 0][~complete].sum())
    tidy, people = tidy[complete], people[people > 0][complete]
    if tidy.empty:
        raise ValueError(f"nobody answered all of {', '.join([response, *formula_names(formula)])}")
    notes: list[str] = []
    tidy[response] = _answers(tidy[response], notes)
    for name in names:
        tidy[name] = _predictor(tidy[name], notes)

    by = people.groupby([tidy[name] for name in (*names, response)], observed=True).sum()
    rows = by.index.to_frame(index=False)
    answers = rows.pop(response).cat
    spec, parts = _terms(formula, rows)
    given = GroupedData(
        response, tuple(answers.categories), parts, rows, answers.codes.to_numpy(),
        by.to_numpy(dtype=float), spec, missing, origin_of(data, origin), "; ".join(notes),
    )  # fmt: skip
    _require_one_meaning(given)
    _require_full_rank(given)
    return given


def formula_names(formula: Formula) -> list[str]:
    """Terms of a formula as they are written, without the constant."""
    return [str(term) for term in formula if str(term) != "1"]


def _formula(
    response: str, predictors: str | Sequence[str] | None, count: str | None
) -> tuple[str, Formula]:
    """The response, and the formula of its predictors; columns of a list may have any name."""
    from formulaic import Formula
    from formulaic.errors import FormulaicError
    from formulaic.parser.types import Factor, Term

    if predictors is None:
        if not isinstance(response, str) or "~" not in response:
            raise ValueError(
                f'name at least one predictor, or give a formula such as "visits ~ gender + age"; '
                f"given {response!r}"
            )
        response, right = (side.strip() for side in response.split("~", 1))
        try:
            formula = Formula(right)
        except FormulaicError as error:
            raise ValueError(_unread(right, error)) from None
        if not isinstance(formula, Sequence):
            raise ValueError(_unread(right, ValueError("it has more than one part")))
        return response, formula
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
    constant = Term([Factor("1", eval_method="literal")])
    columns = [Term([Factor(name, eval_method="lookup")]) for name in names]
    return response, Formula([constant, *columns])


def _unread(formula: str, error: Exception) -> str:
    reason = str(error).splitlines()[0].rstrip(".")
    return f'the formula "{formula}" cannot be read: {reason}; write it as "gender + age"'


def _terms(formula: Formula, rows: pd.DataFrame) -> tuple[ModelSpec, tuple[Predictor, ...]]:
    """Columns of a formula, named as ``gender=female`` instead of ``gender[T.female]``."""
    from formulaic.errors import FormulaicError

    try:
        matrix = formula.get_model_matrix(rows, na_action="ignore")
    except FormulaicError as error:
        raise ValueError(_unread(" + ".join(formula_names(formula)), error)) from None
    if not np.isfinite(matrix.to_numpy(dtype=float)).all():
        raise ValueError("a term of the formula is no finite number for some people; look for a "
                         "logarithm of 0 or less")  # fmt: skip
    spec, columns = matrix.model_spec, list(matrix.columns)
    levels = {
        expression: tuple(state["contrasts"].levels)
        for expression, (_, state) in spec.encoder_state.items()
        if "contrasts" in state
    }
    parts = []
    for term, places in spec.term_indices.items():
        slopes = [columns[place] for place in places]
        for factor in map(str, term.factors):
            for level in levels.get(factor, ()):
                slopes = [s.replace(f"{factor}[T.{level}]", f"{factor}={level}") for s in slopes]
        if slopes != ["Intercept"]:
            parts.append(Predictor(str(term), tuple(slopes), levels.get(str(term), ())))
    return spec, tuple(parts)


def _numbers(column: pd.Series) -> pd.Series:
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


def _answers(column: pd.Series, notes: list[str]) -> pd.Series:
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


def _predictor(column: pd.Series, notes: list[str]) -> pd.Series:
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
        if all(isinstance(level, str) and _is_number(level) for level in levels):
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


def _require_columns(frame: pd.DataFrame, names: list[str], count: str | None) -> None:
    for name in [*names, *([] if count is None else [count])]:
        times = list(frame.columns).count(name)
        if not times:
            raise KeyError(f"there is no variable {name!r}; there are {', '.join(map(str, frame))}")
        if times > 1:
            raise ValueError(f"{times} columns are called {name!r}; rename or drop all but one")


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


def _require_one_meaning(given: GroupedData) -> None:
    """Refuse answers or slopes that read the same: a row of a table would have two meanings."""
    for names, what in ((map(str, given.answers), "answers"), (given.slopes, "slopes")):
        for name, times in Counter(names).items():
            if times > 1:
                raise ValueError(f"{times} {what} read the same, {name!r}; rename a level")


def _require_full_rank(given: GroupedData) -> None:
    """Refuse predictors of which one follows from the others, or all but follows."""
    apart = given.x - given.x.mean(axis=0)
    reach = np.abs(apart).max(axis=0)
    if not ((reach > 1e-100) & (reach < 1e100)).all():
        raise ValueError("numbers beyond 1e100 or within 1e-100 of each other; change their unit")
    scaled = np.hstack([np.ones((len(apart), 1)), apart / reach])
    triangle = np.linalg.qr(scaled, mode="r")
    _, size, directions = np.linalg.svd(triangle, full_matrices=True)
    rank = int((size > size.max() * _COLLINEAR).sum())
    if rank == scaled.shape[1]:
        return
    names = ("the constant", *given.slopes)
    involved = np.abs(directions[rank:]).max(axis=0) > 10 * _COLLINEAR
    which = ", ".join(name for name, is_in in zip(names, involved, strict=True) if is_in)
    raise ValueError(
        f"the predictors are collinear: {which} follow from each other in these answers; "
        "leave one out"
    )
