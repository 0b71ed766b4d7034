"""From answers to what a model is fitted on: patterns of predictors with their counts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from churnlib.evidence import Origin
from churnlib.tables import origin_of, people_of, whole_counts

if TYPE_CHECKING:
    from formulaic import Formula, ModelSpec

_COLLINEAR = 1e-6  # of unit columns: beyond it half of a fit's digits are lost
_LARGEST = 1e100  # beyond it squares overflow


@dataclass(frozen=True, eq=False)
class GroupedData:
    """Everybody with complete answers, one row a pattern of predictors and an answer."""

    response: str
    levels: tuple[Any, ...]  # of the response, lowest first, whether or not somebody gave them
    answers: tuple[Any, ...]  # those that somebody gave
    answer: np.ndarray  # of each row, its place in `answers`
    people: np.ndarray
    frame: pd.DataFrame  # one column a variable of the predictors
    spec: ModelSpec
    x: pd.DataFrame  # one column a slope
    terms: pd.DataFrame  # as `terms_of` gives them
    missing: int  # people left out because one of their answers is missing
    origin: Origin
    note: str  # levels that nobody gave, and an order that was taken as given

    @property
    def n(self) -> int:
        """People."""
        return int(self.people.sum())

    @property
    def predictors(self) -> list[str]:
        """Terms of the formula."""
        return self.terms["predictor"].unique().tolist()

    def columns(self, predictor: str) -> list[int]:
        """Columns of `x` that belong to a predictor."""
        if predictor not in self.predictors:
            known = ", ".join(self.predictors)
            raise KeyError(f"the model has no predictor {predictor!r}; it has {known}")
        slopes = self.terms.dropna(subset="slope")
        return np.flatnonzero(slopes["predictor"] == predictor).tolist()


def grouped(
    data: Any,
    response: str,
    predictors: str | Sequence[str] | None,
    count: str | None,
    origin: Origin | None = None,
) -> GroupedData:
    """Group people who gave the same answers; check that a model can be fitted to them."""
    response, formula = formula_of(response, predictors, count)
    names = sorted(map(str, formula.required_variables))
    if not names:
        raise ValueError("name at least one predictor")
    frame, count = people_of(data, [response, *names], count)
    for name in [response, *names, *([] if count is None else [count])]:
        if name not in frame:
            raise KeyError(f"there is no variable {name!r}; there are {', '.join(map(str, frame))}")
        if list(frame).count(name) > 1:
            raise ValueError(f"several columns are called {name!r}; rename or drop all but one")
    people = pd.Series(1, frame.index)
    if count is not None:
        people = pd.Series(whole_counts(frame[count], f"counts in {count!r}"), frame.index)
    given = frame.loc[people > 0, [response, *names]].apply(_checked)
    is_complete = given.notna().all(axis=1)
    missing = int(people[people > 0][~is_complete].sum())
    tidy, people = given[is_complete], people[people > 0][is_complete]
    if tidy.empty:
        raise ValueError(f"nobody answered all of {', '.join([response, *names])}")
    notes: list[str] = []
    levels = _ordered(tidy[response], notes)
    tidy = tidy.assign(**{name: _predictor(tidy[name], notes) for name in names})
    tidy[response] = levels.cat.remove_unused_categories()

    by = people.groupby([tidy[name] for name in (*names, response)], observed=True).sum()
    rows = by.index.to_frame(index=False)
    answer = rows.pop(response).cat
    spec = spec_of(formula, rows)
    x = columns_of(spec, rows)
    _require_full_rank(x)
    return GroupedData(
        response, tuple(levels.cat.categories), tuple(answer.categories), answer.codes.to_numpy(),
        by.to_numpy(dtype=float), rows, spec, x, terms_of(spec), missing, origin_of(data, origin),
        "; ".join(notes),
    )  # fmt: skip


def formula_of(
    response: str, predictors: str | Sequence[str] | None, count: str | None
) -> tuple[str, Formula]:
    """The response, and the formula of its predictors, of which a list may have odd names."""
    from formulaic import Formula, SimpleFormula
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
            raise _unread(right, error) from None
        if not isinstance(formula, SimpleFormula):
            raise _unread(right, "it has more than one part")
        for term in formula:
            if str(term) != "1" and not Formula([term]).required_variables:
                raise _unread(right, f"no variable is found in {term}")
        return response, formula
    names = [predictors] if isinstance(predictors, str) else list(predictors)
    named = [response, *names, *([] if count is None else [count])]
    for name in named:
        if not isinstance(name, str):
            raise TypeError(
                f"columns are named by text, given {name!r}; rename it: frame.rename(columns=str)"
            )
        if name == "1":
            raise ValueError("the column '1' would be taken for the constant; rename it")
        if named.count(name) > 1:
            raise ValueError(f"{name!r} is named twice among response, predictors and count")
    columns = [Term([Factor(name, eval_method="lookup")]) for name in names]
    return response, Formula([Term([Factor("1", eval_method="literal")]), *columns])


@np.errstate(all="ignore")  # columns_of says what is infinite
def spec_of(formula: Formula, rows: pd.DataFrame) -> ModelSpec:
    """How columns are made of a frame by a formula, with the levels of these rows."""
    from formulaic.errors import FormulaicError

    try:
        return formula.get_model_matrix(rows, na_action="ignore").model_spec
    except FormulaicError as error:
        raise _unread(" + ".join(str(term) for term in formula if term != "1"), error) from None


@np.errstate(all="ignore")
def columns_of(spec: ModelSpec, rows: pd.DataFrame) -> pd.DataFrame:
    """Indicators of levels, and numbers in their own units: one column a slope, by its name."""
    matrix = spec.get_model_matrix(rows, na_action="ignore")
    x = matrix.drop(columns="Intercept", errors="ignore").astype(float)
    for name, is_finite in np.isfinite(x).all().items():
        if not is_finite:
            raise ValueError(
                f"{name!r} is infinite or no finite number for some people; set it to missing, "
                "and look for a logarithm of 0 or less"
            )
    return x.set_axis(_slope_names(x), axis=1)


def terms_of(spec: ModelSpec) -> pd.DataFrame:
    """One row a level or slope, as a table of a model is printed: ``predictor, level, slope``.

    Slopes are called ``gender=female``. A reference has none; the slope of a number has no level,
    and those of an interaction are levels by their names.
    """
    levels = {str(factor): state.levels for factor, state in spec.factor_contrasts.items()}
    rows: list[tuple[str, Any, str | None]] = []
    for term, columns in spec.term_slices.items():
        name, slopes = str(term), _slope_names(spec.column_names[columns])
        if name == "1":
            continue
        reference, *others = levels.get(name, [None])
        if others:
            rows.append((name, reference, None))
        named = others or ([None] if slopes == [name] else slopes)
        rows += [(name, level, slope) for level, slope in zip(named, slopes, strict=True)]
    return pd.DataFrame(rows, columns=["predictor", "level", "slope"], dtype=object)


def _slope_names(columns: Iterable[str]) -> list[str]:
    return [re.sub(r"\[T\.(.*?)\](?=:|$)", r"=\1", column) for column in columns]


def _unread(formula: str, reason: object) -> ValueError:
    first = str(reason).splitlines()[0].rstrip(".")
    return ValueError(
        f'the formula "{formula}" cannot be read: {first}; write it as "gender + age"'
    )


def _checked(column: pd.Series) -> pd.Series:
    """A column of one kind; numbers stored as objects (of `Decimal`, say) as floats."""
    kind = pd.api.types.infer_dtype(column)
    if kind in {"mixed", "mixed-integer", "complex"}:
        raise TypeError(
            f"{column.name!r} holds values of several kinds, or complex numbers; make them all "
            "text or all numbers, or the column a Categorical"
        )
    if kind in {"decimal", "floating", "integer", "mixed-integer-float"}:
        column = column.astype(float) if column.dtype == object else column
        if (column.abs() > _LARGEST).any():
            raise ValueError(
                f"{column.name!r} holds infinite numbers or some beyond {_LARGEST:.0e}; set them "
                "to missing or change their unit"
            )
    elif len({*map(str, levels := column.dropna().unique())}) < len(levels):
        raise ValueError(f"{column.name!r} has levels that read the same; rename them")
    return column


def _ordered(column: pd.Series, notes: list[str]) -> pd.Series:
    """The response as a Categorical; what must be said of it goes to the notes."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        given = column.cat.remove_unused_categories().cat.categories
        empty = column.cat.categories.difference(given, sort=False)
        notes += [f"nobody answered {level!r}, which is left out" for level in empty]
        if not column.cat.ordered and len(given) > 2:
            order = " < ".join(map(str, given))
            notes.append(f"the order of the answers is taken as given: {order}")
        return column
    if pd.api.types.is_numeric_dtype(column):
        return column.astype(pd.CategoricalDtype(sorted(column.unique().tolist()), ordered=True))
    raise ValueError(
        f"the answers to {column.name!r} are text and would be ordered by alphabet; make the "
        "column an ordered Categorical, pd.Categorical(column, categories=[lowest, …, highest], "
        "ordered=True), or count a Survey, whose codebook knows the order"
    )


def _predictor(column: pd.Series, notes: list[str]) -> pd.Series:
    """A predictor as a Categorical of the levels given, or as numbers."""
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        levels, column = column.unique(), column.astype(float)
    else:
        every = column.astype("category")
        column = every.cat.remove_unused_categories()
        levels = column.cat.categories
        empty = every.cat.categories.difference(levels, sort=False)
        notes += [f"nobody has {column.name}={level}, which is left out" for level in empty]
    if len(levels) < 2:
        raise ValueError(
            f"{column.name!r} is {levels[0]!r} for everybody, so it can explain nothing; "
            "leave it out"
        )
    return column


def _require_full_rank(x: pd.DataFrame) -> None:
    """Refuse predictors of which one follows from the others, or all but follows."""
    from scipy.linalg import null_space

    apart = x - x.mean()
    reach = apart.abs().max()
    if not ((reach == 0) | reach.between(1 / _LARGEST, _LARGEST)).all():
        raise ValueError("predictors reach no further than 1e-100, or beyond 1e100; change units")
    scaled = (apart / reach).fillna(0).assign(**{"the constant": 1.0})
    directions = null_space(np.linalg.qr(scaled, mode="r"), rcond=_COLLINEAR)
    is_involved = np.abs(directions).max(axis=1, initial=0) > 10 * _COLLINEAR
    if is_involved.any():
        raise ValueError(
            f"the predictors are collinear: {', '.join(scaled.columns[is_involved])} follow from "
            "each other in these answers; leave one out"
        )
