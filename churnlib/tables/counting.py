"""From answers to tables of counts: the only step that meets rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from churnlib.evidence import Origin, joined
from churnlib.survey import Codebook, Survey
from churnlib.tables.cell_counts import OnError, Tally, grid, resolve_labels
from churnlib.tables.cross_table import Crosstab
from churnlib.tables.engines import rows_of
from churnlib.tables.frequency_table import FrequencyTable, whole_counts

Data = Any
"""A `Survey`; a DataFrame of pandas, Polars (lazy too), PyArrow, DuckDB, PySpark or Spark Connect,
one row a person or one row a group with its count; or the path or pattern of Parquet or CSV files,
which DuckDB reads as a stream (extra ``churnlib[big]``)."""

_OTHER_KINDS = {
    "multiple": "has several answers a person; use multiple_response or compare_options",
    "number": "is a number; use compare_groups, or give it levels with bounds in the codebook",
    "scale": "is a scale; use compare_groups or reliability",
    "text": "is free text; describe counts who wrote something",
}


def counts(
    data: Data,
    by: str | Sequence[str],
    *,
    count: str | None = None,
    codebook: Codebook | None = None,
    on_error: OnError = "raise",
) -> pd.DataFrame:
    """Count the people with each combination of answers, on the engine that holds the data.

    Parameters
    ----------
    data : Survey, DataFrame of any engine, or path
        See `Data`.
    by : str or sequence of str
    count : str, optional
        Column that says how many people a row stands for.
    codebook : Codebook, optional
        For raw answers: columns are found by their wording and labels become levels, by the rules
        of `clean`, in the same pass. `resolve_labels` gives the account of every label as well.
    on_error : {"raise", "set_aside"}
        With a codebook: whether a label without a level stops the counting or sets its rows aside.

    Returns
    -------
    DataFrame
        The columns `by` and ``n``. Every combination of levels, with 0 where nobody gave it, in the
        order of the codebook, else of a Categorical, an Arrow dictionary or an enumeration, else
        sorted; those with a missing answer (NaN) follow where somebody gave them. Nobody is
        dropped: ``n`` adds up to all people.

    Raises
    ------
    KeyError, ValueError
        If there is no such variable; if a count is not a whole number, a label has no level, or
        files cannot be read or do not agree with each other.
    FileNotFoundError, ImportError
        If there is no such file, or no DuckDB to read it.

    Examples
    --------
    >>> people = pd.DataFrame({"gender": ["f", "m", None], "visits": ["6+", "1-2", "6+"]})
    >>> counts(people, ["gender", "visits"])["n"].tolist()
    [0, 1, 1, 0, 1]
    """
    return _tally(data, by, count, codebook, on_error).counts


def frequencies(
    data: Data,
    variable: str,
    *,
    count: str | None = None,
    origin: Origin | None = None,
    codebook: Codebook | None = None,
    on_error: OnError = "raise",
) -> FrequencyTable:
    """Count the answers to one question.

    Parameters
    ----------
    data, count, codebook, on_error
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
    tally = _tally(data, variable, count, codebook, on_error)
    tidy = tally.counts
    valid = tidy[variable].notna()
    table = FrequencyTable.from_counts(
        tidy[valid].set_index(variable)["n"],
        variable=variable,
        missing=int(tidy.loc[~valid, "n"].sum()),
        origin=origin_of(data, origin),
    )
    return replace(table, set_aside=tally.set_aside, ledger=tally.ledger)


def crosstab(
    data: Data,
    rows: str,
    columns: str,
    *,
    layer: str | None = None,
    count: str | None = None,
    origin: Origin | None = None,
    codebook: Codebook | None = None,
    on_error: OnError = "raise",
) -> Any:
    """Count the answers to two questions together.

    Parameters
    ----------
    data, count, origin, codebook, on_error
        As for `frequencies`.
    rows, columns : str
        Variables.
    layer : str, optional
        A third variable; then one table for each of its levels at which somebody answered both.

    Returns
    -------
    Crosstab, or dict of Crosstab by level of `layer`
        Levels in codebook order, empty ones kept. ``missing`` counts the people left out. With a
        codebook, ``ledger`` says what every raw label became and ``set_aside`` counts the rows
        with a label without a level; both are of all rows read, in every layer. Without a codebook
        a blank text is an answer like any other; ``note`` says so where both variables have them.

    Examples
    --------
    >>> people = pd.DataFrame({"gender": ["f", "m", "f"], "visits": ["6+", "1-2", None]})
    >>> table = crosstab(people, "gender", "visits")
    >>> table.counts.to_numpy().tolist(), table.missing
    ([[0, 1], [1, 0]], 1)
    """
    names = [rows, columns, *([layer] if layer else [])]
    tally = _tally(data, names, count, codebook, on_error)
    kind, tidy = origin_of(data, origin), tally.counts
    selected = data.filter_note if isinstance(data, Survey) else ""
    if layer is None:
        return _table(tally, tidy, rows, columns, kind, selected)
    occupied = tidy.loc[tidy[names].notna().all(axis=1) & (tidy["n"] > 0), layer]
    if occupied.empty:
        raise ValueError(f"nobody answered all of {', '.join(names)}, so there is no layer to show")
    return {
        level: _table(tally, tidy[tidy[layer] == level], rows, columns, kind, selected)
        for level in tidy[layer].cat.categories
        if (occupied == level).any()
    }


def _table(
    tally: Tally, tidy: pd.DataFrame, rows: str, columns: str, origin: Origin, note: str
) -> Crosstab:
    valid = tidy[[rows, columns]].notna().all(axis=1)
    # Categories in their order make the pivoted table whole: no level can go missing.
    square = tidy[valid].pivot_table(
        index=rows, columns=columns, values="n", aggfunc="sum", observed=False, fill_value=0
    )
    if square.to_numpy().sum() == 0:
        raise ValueError(f"nobody answered both {rows!r} and {columns!r}")
    square.index, square.columns = (pd.Index([*axis], name=axis.name) for axis in square.axes)
    ordered = (tidy[rows].cat.ordered, tidy[columns].cat.ordered)
    missing = int(tidy.loc[~valid, "n"].sum())
    table = Crosstab.from_counts(square, ordered=ordered, origin=origin, missing=missing)
    if all("" in {str(level).strip() for level in axis} for axis in square.axes):
        note = joined(note, "blank texts are counted as an answer of their own in both variables")
    return replace(table, set_aside=tally.set_aside, ledger=tally.ledger, note=note)


def people_of(
    data: Data, variables: Sequence[str], count: str | None
) -> tuple[pd.DataFrame, str | None]:
    """The rows of a survey or a pandas DataFrame, or the groups that an engine counted.

    Beside them the column that says how many people a row stands for, ``None`` if it is one.
    """
    if isinstance(data, Survey):
        return data.frame, count
    if isinstance(data, pd.DataFrame):
        return data, count
    return rows_of(data).grouped(variables, count=count), "n"


def origin_of(data: Data, origin: Origin | None) -> Origin:
    """Kind of evidence: a survey's own, which nothing may change, else the given, else OBSERVED."""
    if not isinstance(origin, Origin | None):
        raise TypeError(f"origin is one of cl.Origin, such as Origin.OBSERVED; given {origin!r}")
    if isinstance(data, Survey):
        if origin not in {None, data.origin}:
            raise ValueError(f"the survey is {data.origin.name}; it cannot be called {origin.name}")
        return data.origin
    return Origin.OBSERVED if origin is None else origin


def _tally(
    data: Data,
    by: str | Sequence[str],
    count: str | None,
    codebook: Codebook | None,
    on_error: OnError,
) -> Tally:
    variables = [by] if isinstance(by, str) else list(by)
    if not variables:
        raise ValueError("name at least one variable to count by")
    if "n" in variables:
        raise ValueError("a variable is called 'n', as the counts are; rename its column")
    if len(set(variables)) < len(variables):
        raise ValueError(f"a variable is named twice in {', '.join(variables)}")
    if codebook is not None:
        return resolve_labels(data, variables, codebook=codebook, count=count, on_error=on_error)
    if on_error != "raise":
        raise ValueError("without a codebook no label is unknown; leave on_error out")
    for name in variables if isinstance(data, Survey) else ():
        known = data.codebook.variables.get(name)
        if known and known.kind in _OTHER_KINDS:
            raise ValueError(f"{name!r} {_OTHER_KINDS[known.kind]}")
    frame, count = people_of(data, variables, count)
    for name in [*variables, *([count] if count else [])]:
        if name not in frame:
            raise KeyError(f"there is no variable {name!r}; there are {', '.join(map(str, frame))}")
        if frame[name].ndim > 1:
            raise ValueError(f"several columns are called {name!r}; rename all but one")
    people = whole_counts(frame[count], f"counts in {count!r}") if count else None
    return Tally(grid(frame, variables, people))
