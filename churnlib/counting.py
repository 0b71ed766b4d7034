"""From answers to tables of counts: the only step that meets rows."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

import pandas as pd

from churnlib.cleaning import Survey
from churnlib.contingency import Crosstab
from churnlib.provenance import Origin
from churnlib.tables import FrequencyTable, whole_counts

Data = Any
"""A `Survey`, or a DataFrame of answers, one row a person or one row a group with its count."""


def counts(data: Data, by: str | Sequence[str], *, count: str | None = None) -> pd.DataFrame:
    """Count the people with each combination of answers.

    Parameters
    ----------
    data : Survey or DataFrame
    by : str or sequence of str
        Variables.
    count : str, optional
        Column of a DataFrame that says how many people a row stands for.

    Returns
    -------
    DataFrame
        The columns `by` and ``n``. Every combination of levels is there, in the order of the
        levels, with 0 where nobody gave it; combinations with a missing answer (NaN) follow
        where somebody gave them. Nobody is dropped: ``n`` adds up to all people.

    Raises
    ------
    KeyError
        If there is no such variable.
    ValueError
        If a variable is named twice, or a count is not a whole number.

    Examples
    --------
    >>> people = pd.DataFrame({"gender": ["f", "m", None], "visits": ["6+", "1-2", "6+"]})
    >>> counts(people, ["gender", "visits"])["n"].tolist()
    [0, 1, 1, 0, 1]
    """
    variables = [by] if isinstance(by, str) else list(by)
    frame = answers(data)
    for name in [*variables, *([count] if count else [])]:
        if name not in frame.columns:
            raise KeyError(f"there is no variable {name!r}; there are {', '.join(map(str, frame))}")
    if not variables:
        raise ValueError("name at least one variable to count by")
    if "n" in variables:
        raise ValueError("a variable is called 'n', as the counts are; rename its column")
    if len(set(variables)) < len(variables):
        raise ValueError(f"a variable is named twice in {', '.join(variables)}")
    weights = whole_counts(frame[count], f"counts in {count!r}") if count else 1
    grouped = frame[variables].assign(n=weights).groupby(variables, observed=True, dropna=False)
    # pandas leaves out what nobody answered; the levels say what could have been answered.
    found = grouped["n"].sum()
    keyed = {_key(key): int(n) for key, n in found.items()}
    levels = [_levels(frame[name]) for name in variables]
    rows = [(*combination, keyed.pop(combination, 0)) for combination in product(*levels)]
    rows += [(*key, n) for key, n in keyed.items()]
    tidy = pd.DataFrame(rows, columns=[*variables, "n"])
    for name, known in zip(variables, levels, strict=True):
        ordered = isinstance(frame[name].dtype, pd.CategoricalDtype) and frame[name].cat.ordered
        tidy[name] = pd.Categorical(tidy[name], categories=known, ordered=ordered)
    return tidy


def frequencies(
    data: Data, variable: str, *, count: str | None = None, origin: Origin | None = None
) -> FrequencyTable:
    """Count the answers to one question.

    Parameters
    ----------
    data, count
        As for `counts`.
    variable : str
    origin : Origin, optional
        Kind of evidence of a DataFrame, OBSERVED when left out; a survey knows its own.

    Examples
    --------
    >>> people = pd.DataFrame({"gender": ["f", "m", "f", None]})
    >>> table = frequencies(people, "gender")
    >>> table.counts.to_dict(), table.missing
    ({'f': 2, 'm': 1}, 1)
    """
    tidy = counts(data, variable, count=count)
    valid = tidy[variable].notna()
    return FrequencyTable.from_counts(
        tidy[valid].set_index(variable)["n"],
        variable=variable,
        missing=int(tidy.loc[~valid, "n"].sum()),
        origin=origin_of(data, origin),
    )


def crosstab(
    data: Data,
    rows: str,
    columns: str,
    *,
    layer: str | None = None,
    count: str | None = None,
    origin: Origin | None = None,
) -> Any:
    """Count the answers to two questions together.

    Parameters
    ----------
    data, count, origin
        As for `frequencies`.
    rows, columns : str
        Variables.
    layer : str, optional
        A third variable; then one table for each of its levels.

    Returns
    -------
    Crosstab, or dict of Crosstab by level of `layer`
        Levels in codebook order, empty ones kept. ``missing`` counts the people left out.

    Examples
    --------
    >>> people = pd.DataFrame({"gender": ["f", "m", "f"], "visits": ["6+", "1-2", None]})
    >>> table = crosstab(people, "gender", "visits")
    >>> table.counts.to_numpy().tolist(), table.missing
    ([[0, 1], [1, 0]], 1)
    """
    names = [rows, columns, *([layer] if layer else [])]
    tidy = counts(data, names, count=count)
    kind = origin_of(data, origin)
    if layer is None:
        return _table(tidy, rows, columns, kind)
    known = tidy[layer].notna()
    levels = tidy[layer].cat.categories
    occupied = [level for level in levels if tidy.loc[tidy[layer] == level, "n"].sum() > 0]
    if not known.any():
        raise ValueError(f"nobody answered {layer!r}, so there is no layer to show")
    return {level: _table(tidy[tidy[layer] == level], rows, columns, kind) for level in occupied}


def _table(tidy: pd.DataFrame, rows: str, columns: str, origin: Origin) -> Crosstab:
    valid = tidy[[rows, columns]].notna().all(axis=1)
    # Categories in their order make the pivoted table whole: no level can go missing.
    square = tidy[valid].pivot_table(
        index=rows, columns=columns, values="n", aggfunc="sum", observed=False, fill_value=0
    )
    plain = pd.DataFrame(
        square.to_numpy(),
        pd.Index(list(square.index), name=rows),
        pd.Index(list(square.columns), name=columns),
    )
    if plain.to_numpy().sum() == 0:
        raise ValueError(f"nobody answered both {rows!r} and {columns!r}")
    ordered = (tidy[rows].cat.ordered, tidy[columns].cat.ordered)
    missing = int(tidy.loc[~valid, "n"].sum())
    return Crosstab.from_counts(plain, ordered=ordered, origin=origin, missing=missing)


def answers(data: Data) -> pd.DataFrame:
    """The rows of a survey or a DataFrame.

    Raises
    ------
    TypeError
        If it is neither.
    """
    if isinstance(data, Survey):
        return data.frame
    if isinstance(data, pd.DataFrame):
        return data
    raise TypeError(f"data is a Survey or a DataFrame, given {type(data).__name__}")


def origin_of(data: Data, origin: Origin | None) -> Origin:
    """Kind of evidence: a survey's own, else what is given, else OBSERVED.

    Raises
    ------
    ValueError
        If a survey is given another kind than its own.
    """
    if isinstance(data, Survey):
        if origin not in {None, data.origin}:
            raise ValueError(f"the survey is {data.origin.name}; it cannot be called {origin!r}")
        return data.origin
    return Origin.OBSERVED if origin is None else origin


def _levels(column: pd.Series) -> list[Any]:
    if isinstance(column.dtype, pd.CategoricalDtype):
        return list(column.cat.categories)
    try:
        return sorted(column.dropna().unique())
    except TypeError:
        raise TypeError(
            f"the column {column.name!r} mixes texts and numbers; make it a pandas Categorical "
            "with its levels in order"
        ) from None


def _key(key: Any) -> tuple[Any, ...]:
    parts = key if isinstance(key, tuple) else (key,)
    return tuple(None if pd.isna(part) else part for part in parts)
