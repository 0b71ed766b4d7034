"""From answers to what a model is fitted on: patterns of predictors with their counts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
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
    spec: ModelSpec  # of the formula, with the levels in this frame
    missing: int  # people left out because one of their answers is missing
    origin: Origin
    note: str  # levels that nobody gave, and an order that was taken as given

    @property
    def n(self) -> int:
        """People."""
        return int(self.people.sum())

    @cached_property
    def x(self) -> pd.DataFrame:
        """One column a slope."""
        return self.columns_of(self.frame)

    @np.errstate(all="ignore")  # _require_full_rank says what is infinite
    def columns_of(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Indicators of levels, and numbers in their own units: one column a slope, by its name."""
        matrix = self.spec.get_model_matrix(frame, na_action="ignore")
        x = matrix.drop(columns="Intercept", errors="ignore").astype(float)
        return x.set_axis(_slope_names(x), axis=1)

    @cached_property
    def terms(self) -> pd.DataFrame:
        """One row a level or slope, as a table of a model is printed: ``predictor, level, slope``.

        Slopes are called ``gender=female``. A reference has none; the slope of a number has no
        level, and those of an interaction are levels by their names.
        """
        levels = {str(name): state.levels for name, state in self.spec.factor_contrasts.items()}
        rows: list[tuple[str, Any, str | None]] = []
        for term, columns in self.spec.term_slices.items():
            name, slopes = str(term), _slope_names(self.spec.column_names[columns])
            reference, *others = levels.get(name, [None])
            if others:
                rows.append((name, reference, None))
            named = others or ([None] if slopes == [name] else slopes)
            rows += [(name, level, slope) for level, slope in zip(named, slopes, strict=True)]
        table = pd.DataFrame(rows, columns=["predictor", "level", "slope"], dtype=object)
        return table[table["predictor"] != "1"].reset_index(drop=True)

    @property
    def predictors(self) -> list[str]:
        """Terms of the formula."""
        return self.terms["predictor"].unique().tolist()

    def columns(self, predictor: str) -> list[int]:
        """Places of the slopes of a predictor among the columns of `x`."""
        if predictor not in self.predictors:
            predictors = ", ".join(self.predictors)
            raise KeyError(f"the model has no predictor {predictor!r}; it has {predictors}")
        slopes = self.terms.dropna(subset="slope")
        return np.flatnonzero(slopes["predictor"] == predictor).tolist()


def group(
    data: Any,
    response: str,
    predictors: str | Sequence[str] | None,
    count: str | None,
    origin: Origin | None,
) -> GroupedData:
    """Group people who gave the same answers; check that a model can be fitted to them."""
    response, formula = _formula(response, predictors, count)
    names = sorted(map(str, formula.required_variables))
    if not names:
        raise ValueError("name at least one predictor")
    frame, count = people_of(data, [response, *names], count)
    for name in [response, *names, *([] if count is None else [count])]:
        if name not in frame:
            raise KeyError(f"there is no variable {name!r}; there are {', '.join(map(str, frame))}")
        if list(frame).count(name) > 1:
            raise ValueError(f"several columns are called {name!r}; rename or drop all but one")
    each = 1 if count is None else whole_counts(frame[count], f"counts in {count!r}")
    people = pd.Series(each, frame.index)
    given, people = frame.loc[people > 0, [response, *names]], people[people > 0]
    is_complete = given.notna().all(axis=1)
    missing = int(people[~is_complete].sum())
    given, people = given[is_complete], people[is_complete]
    if given.empty:
        raise ValueError(f"nobody answered all of {', '.join([response, *names])}")
    notes: list[str] = []
    tidy = given.apply(_tidy, notes=notes)
    for name in names:
        only, *others = tidy[name].unique().tolist()
        if not others:
            raise ValueError(
                f"{name!r} is {only!r} for everybody, so it can explain nothing; leave it out"
            )
    # Powers of whole numbers in a formula would overflow without a word.
    tidy = tidy.assign(**tidy[names].select_dtypes("number").astype(float))
    tidy[response] = tidy[response].astype("category")
    notes += _order_as_given(given[response], tidy[response].cat.categories)
    counts = people.groupby([tidy[name] for name in (*names, response)], observed=True).sum()
    rows = counts.index.to_frame(index=False)
    answer = rows.pop(response).cat
    grouped = GroupedData(
        response, tuple(given[response].astype("category").cat.categories),
        tuple(answer.categories), answer.codes.to_numpy(), counts.to_numpy(dtype=float), rows,
        _spec(formula, rows), missing, origin_of(data, origin), "; ".join(notes),
    )  # fmt: skip
    _require_full_rank(grouped.x)
    return grouped


def _tidy(column: pd.Series, notes: list[str]) -> pd.Series:
    """Numbers, or a Categorical of the levels that were given; the notes say what is left out."""
    kind = pd.api.types.infer_dtype(column)
    if kind in {"mixed", "mixed-integer", "complex"}:
        raise TypeError(
            f"{column.name!r} holds values of several kinds, or complex numbers; make them all "
            "text or all numbers, or the column a Categorical"
        )
    if kind in {"decimal", "floating", "integer", "mixed-integer-float"}:
        numbers = pd.to_numeric(column)  # of `Decimal` objects, say
        if np.isinf(numbers).any():
            raise ValueError(f"{column.name!r} holds infinite numbers; set them to missing")
        return numbers
    every = column.astype("category")
    given = every.cat.remove_unused_categories()
    levels = given.cat.categories
    if levels.map(str).has_duplicates:
        raise ValueError(f"{column.name!r} has levels that read the same; rename them")
    empty = every.cat.categories.difference(levels, sort=False)
    notes += [f"nobody has {column.name}={level}, which is left out" for level in empty]
    return given


def _order_as_given(answers: pd.Series, levels: pd.Index) -> list[str]:
    """What must be said of the order of the response; refuse text that has none."""
    if isinstance(answers.dtype, pd.CategoricalDtype):
        is_plain = answers.cat.ordered or len(levels) < 3
        order = " < ".join(map(str, levels))
        return [] if is_plain else [f"the order of the answers is taken as given: {order}"]
    if pd.api.types.is_numeric_dtype(levels):
        return []
    raise ValueError(
        f"the answers to {answers.name!r} are text and would be ordered by alphabet; make the "
        "column an ordered Categorical, pd.Categorical(column, categories=[lowest, …, highest], "
        "ordered=True), or count a Survey, whose codebook knows the order"
    )


def _formula(
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


@np.errstate(all="ignore")
def _spec(formula: Formula, rows: pd.DataFrame) -> ModelSpec:
    from formulaic.errors import FormulaicError

    try:
        return formula.get_model_matrix(rows, na_action="ignore").model_spec
    except FormulaicError as error:
        raise _unread(" + ".join(str(term) for term in formula if term != "1"), error) from None


def _unread(formula: str, reason: object) -> ValueError:
    first = str(reason).splitlines()[0].rstrip(".")
    return ValueError(
        f'the formula "{formula}" cannot be read: {first}; write it as "gender + age"'
    )


def _slope_names(columns: Iterable[str]) -> list[str]:
    return [re.sub(r"\[T\.(.*?)\](?=:|$)", r"=\1", column) for column in columns]


@np.errstate(all="ignore")  # what overflows is refused
def _require_full_rank(x: pd.DataFrame) -> None:
    """Refuse predictors of which one follows from the others, or all but follows."""
    from scipy.linalg import null_space

    apart = x - x.mean()
    reach = apart.abs().max(skipna=False)
    for name in reach.index[(reach != 0) & ~reach.between(1 / _LARGEST, _LARGEST)]:
        raise ValueError(
            f"{name!r} is infinite or no finite number for some people, or reaches no further than "
            f"{1 / _LARGEST:.0e} or beyond {_LARGEST:.0e}; look for a logarithm of 0 or less, set "
            "such answers to missing, or change the unit"
        )
    scaled = (apart / reach).fillna(0).assign(**{"the constant": 1.0})
    directions = null_space(np.linalg.qr(scaled, mode="r"), rcond=_COLLINEAR)
    is_involved = np.abs(directions).max(axis=1, initial=0) > 10 * _COLLINEAR
    if is_involved.any():
        raise ValueError(
            f"the predictors are collinear: {', '.join(scaled.columns[is_involved])} follow from "
            "each other in these answers; leave one out"
        )
