"""Every combination of levels with its people; raw labels as levels, with an account of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, Literal

import numpy as np
import pandas as pd

from churnlib.survey import Codebook, Survey, as_text, column_of, resolved
from churnlib.tables.engines import bin_rules_of, rows_of

OnError = Literal["raise", "set_aside"]
_LARGEST = 10_000_000
_SHOWN_LABELS = 20


@dataclass(frozen=True, eq=False)
class Tally:
    """Rows counted by the levels of their answers, and what became of every raw label.

    Parameters
    ----------
    counts : DataFrame
        The variables and ``n``, as from `counts`, of the rows that were kept.
    set_aside : int
        Rows with a label that has no level.
    ledger : DataFrame or None
        One row a raw label of a variable: ``variable``, ``raw``, ``level``, ``n`` and ``reason``,
        which says why a label has no level. For each variable ``n`` adds up to all rows read.
        ``None`` where answers were counted as they are, without a codebook.
    """

    counts: pd.DataFrame
    set_aside: int = 0
    ledger: pd.DataFrame | None = None


def grid(frame: pd.DataFrame, variables: Sequence[str], people: Any = None) -> pd.DataFrame:
    """Count the rows of a frame, of which each may be several people, by combination of answers.

    Returns the variables as Categoricals and ``n``: every combination of levels in their order,
    then those with a missing answer that somebody gave.

    Examples
    --------
    >>> grid(pd.DataFrame({"x": ["b", "a", None, "b"]}), ["x"])["n"].tolist()
    [1, 2, 1]
    """
    answers = {name: _categorical(frame[name]) for name in variables}
    # A missing answer, whose code is -1, is the level after the last, so that each row has one.
    sizes = [len(column.categories) + 1 for column in answers.values()]
    if prod(sizes) > _LARGEST:
        shown = ", ".join(f"{v} ({size - 1:,})" for v, size in zip(variables, sizes, strict=True))
        raise ValueError(f"too many combinations of levels to count: {shown}; band the numbers")
    cell = np.ravel_multi_index([c.codes for c in answers.values()], sizes, mode="wrap")
    n = np.bincount(cell, people, prod(sizes)).astype(np.int64)
    places = np.unravel_index(np.arange(prod(sizes)), sizes)
    codes = [np.where(p == size - 1, -1, p) for p, size in zip(places, sizes, strict=True)]
    columns = zip(answers.items(), codes, strict=True)
    tidy = pd.DataFrame(
        {name: pd.Categorical.from_codes(c, dtype=column.dtype) for (name, column), c in columns}
    ).assign(n=n)
    missing = np.any([c < 0 for c in codes], axis=0)
    return pd.concat([tidy[~missing], tidy[missing & (n > 0)]], ignore_index=True)


def _categorical(column: pd.Series) -> pd.Categorical:
    if isinstance(column.dtype, pd.CategoricalDtype):
        return column.array
    levels = column.astype("category").array
    try:
        sorted(levels.categories)  # pandas leaves what has no order as it came
    except TypeError:
        raise TypeError(
            f"the column {column.name!r} mixes texts and numbers; make it a pandas Categorical "
            "with its levels in order"
        ) from None
    return levels


def resolve_labels(
    data: Any,
    by: Sequence[str],
    *,
    codebook: Codebook,
    count: str | None = None,
    on_error: OnError = "raise",
) -> Tally:
    """Clean and count in one pass, on the engine that holds the data.

    The engine groups the rows by what was typed; only the distinct labels, a handful, meet the
    codebook, by the rules of `clean`. Numbers are put into the codebook's bands by the engine.

    Parameters
    ----------
    data : DataFrame or path
        Raw answers, as for `counts`. Columns are found by their key, label or wording.
    by : sequence of str
        Variables of the codebook.
    codebook : Codebook
        What the answers mean.
    count : str, optional
        Column that says how many people a row stands for.
    on_error : {"raise", "set_aside"}
        Whether a label without a level stops the counting or sets its rows aside.

    Raises
    ------
    KeyError
        If the codebook has no such variable.
    ValueError
        If a variable has no column or several, or, with ``on_error="raise"``, if labels have no
        level: one message lists them with their counts.

    Examples
    --------
    >>> from churnlib.survey import load_codebook
    >>> raw = pd.DataFrame({"gender": ["A.男", "女", "女性", None], "年龄": [35, 61, 64, 18]})
    >>> tally = resolve_labels(raw, ["gender", "age"], codebook=load_codebook())
    >>> tally.ledger[["raw", "level", "n"]].to_numpy().tolist()[-3:]
    [['60-120', 'ge60', 2], ['1-18', 'le18', 1], ['30-39', '30-39', 1]]
    """
    if isinstance(data, Survey):
        raise ValueError("the answers of a Survey have their levels; count it without a codebook")
    if on_error not in {"raise", "set_aside"}:
        raise ValueError(f'on_error is "raise" or "set_aside", given {on_error!r}')
    rows = rows_of(data, as_typed=True)
    headers = {name: column_of(rows.columns, codebook, name) for name in by}
    rules = {
        header: bin_rules_of(codebook, name)
        for name, header in headers.items()
        if rows.is_numeric(header)
    }
    groups = rows.grouped(list(headers.values()), count=count, bin_rules=rules)
    levels, ledger, kept = pd.DataFrame(), pd.DataFrame(), np.ones(len(groups), dtype=bool)
    for name, header in headers.items():
        texts = groups[header].map(as_text)
        levels[name], errors = resolved(groups[header], codebook, name)
        kept &= ~texts.isin(errors).to_numpy()
        pairs = [texts.rename("raw"), levels[name].astype(object).rename("level")]
        part = groups["n"].groupby(pairs, dropna=False, sort=False).sum().reset_index()
        part["error"] = [str(errors.get(text, "")) for text in part["raw"]]
        reasons = [errors[text].reason if text in errors else "" for text in part["raw"]]
        part["reason"] = np.where(
            part["level"].isna() & (part["error"] == ""), "no answer", reasons
        )
        bands = {as_text(rule.stands): rule.label for rule in rules.get(header, [])}
        part = part.assign(variable=name, raw=part["raw"].replace(bands))
        # Engines give groups in any order: the commonest first, then by text.
        part = part.sort_values(["n", "raw"], ascending=[False, True])
        ledger = pd.concat([ledger, part], ignore_index=True)
    if on_error == "raise" and not kept.all():
        raise ValueError(_list_of(ledger[ledger["error"] != ""], headers))
    n = groups["n"].to_numpy()
    counted = grid(levels[kept], by, n[kept])
    return Tally(counted, int(n[~kept].sum()), ledger[["variable", "raw", "level", "n", "reason"]])


def _list_of(refused: pd.DataFrame, headers: dict[str, Any]) -> str:
    commonest = refused.sort_values("n", ascending=False, kind="stable")
    lines = [
        f"column {headers[entry.variable]!r}, {entry.n:,} rows: {entry.error}"
        for entry in commonest.head(_SHOWN_LABELS).itertuples()
    ]
    if more := len(commonest) - len(lines):
        lines.append(f"and {more:,} more labels")
    return (
        f"{len(refused):,} labels have no level:\n" + "\n".join(lines) + "\nAdd an alias to the "
        'codebook where the meaning is certain, or count with on_error="set_aside"'
    )
