"""Formulas and lists of names: which columns a model is made of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from formulaic import Formula, ModelSpec


@dataclass(frozen=True)
class Predictor:
    """A term of a model: its slopes, and its levels (the first is the reference) if it has any."""

    name: str
    slopes: tuple[str, ...]
    levels: tuple[Any, ...] = ()

    @property
    def rows(self) -> list[tuple[Any, str | None]]:
        """Level and slope of each row of a printed table: a reference has no slope.

        The slope of a number has no level; those of an interaction are levels by their names.
        """
        named = (None,) if self.slopes == (self.name,) else self.slopes
        reference = [(level, None) for level in self.levels[:1]]
        return [*reference, *zip(self.levels[1:] or named, self.slopes, strict=True)]


def formula_names(formula: Formula) -> list[str]:
    """Terms of a formula as they are written, without the constant."""
    return [str(term) for term in formula if str(term) != "1"]


def formula_of(
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
            raise ValueError(_unread(right, str(error))) from None
        if not isinstance(formula, Sequence):
            raise ValueError(_unread(right, "it has more than one part"))
        for term in formula:
            if str(term) != "1" and not all(factor.required_variables for factor in term.factors):
                raise ValueError(_unread(right, f"no variable is found in {term}"))
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


def _unread(formula: str, reason: str) -> str:
    reason = reason.splitlines()[0].rstrip(".")
    return f'the formula "{formula}" cannot be read: {reason}; write it as "gender + age"'


def terms_of(formula: Formula, rows: pd.DataFrame) -> tuple[ModelSpec, tuple[Predictor, ...]]:
    """Columns of a formula, named as ``gender=female`` instead of ``gender[T.female]``."""
    from formulaic.errors import FormulaicError

    try:
        matrix = formula.get_model_matrix(rows, na_action="ignore")
    except FormulaicError as error:
        raise ValueError(_unread(" + ".join(formula_names(formula)), str(error))) from None
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
