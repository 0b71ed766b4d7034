"""Raw answers of any engine counted by their levels, with an account of every label."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from churnlib.survey import Codebook, Survey, as_text, column_of, resolved
from churnlib.tables.cell_counts import grid
from churnlib.tables.engines import BinRule, bin_rules_of, rows_of

OnError = Literal["raise", "set_aside"]
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
    bin_rules = {
        header: bin_rules_of(codebook[name], _words(codebook, name))
        for name, header in headers.items()
        if rows.is_numeric(header)
    }
    found = rows.grouped(list(headers.values()), count=count, bin_rules=bin_rules)
    entries = {
        name: _entries(found[header], codebook, name, bin_rules[header].bands)
        if header in bin_rules
        else _entries(found[header], codebook, name)
        for name, header in headers.items()
    }
    ledger = pd.concat(
        [
            _summed(part.assign(n=found["n"])).assign(variable=name)
            for name, part in entries.items()
        ],
        ignore_index=True,
    )
    if on_error == "raise" and (ledger["error"] != "").any():
        raise ValueError(_list_of(ledger[ledger["error"] != ""], headers))
    kept = np.all([part["error"] == "" for part in entries.values()], axis=0)
    levels = pd.DataFrame({name: part["level"] for name, part in entries.items()})
    n = found["n"].to_numpy()
    return Tally(
        grid(levels[kept], list(by), n[kept]),
        int(n[~kept].sum()),
        ledger[["variable", "raw", "level", "n", "reason"]],
    )


def _words(codebook: Codebook, variable: str) -> set[str]:
    """Texts that mean something else than a quantity."""
    known = codebook[variable]
    return {*known.codes, *known.spellings, *codebook.missing_in(variable)}


def _entries(
    column: pd.Series, codebook: Codebook, variable: str, bands: Sequence[BinRule] = ()
) -> pd.DataFrame:
    """What each text of a column becomes: ``raw, level, reason, error``."""
    texts = column.map(as_text)
    level, errors = resolved(column, codebook, variable)
    error = texts.map(lambda text: str(errors.get(text, "")))
    reason = texts.map(lambda text: errors[text].reason if text in errors else "")
    return pd.DataFrame(
        {
            "raw": texts.replace({as_text(float(band.stands)): band.label for band in bands}),
            "level": level,
            "reason": reason.mask(level.isna() & (error == ""), "no answer"),
            "error": error,
        }
    )


def _summed(entries: pd.DataFrame) -> pd.DataFrame:
    plain = entries.astype({"level": object})
    keys = ["raw", "level", "reason", "error"]
    by_label = plain.groupby(keys, dropna=False, sort=False, as_index=False)["n"].sum()
    # Engines give groups in any order: the commonest first, then by text.
    return by_label.sort_values(["n", "raw"], ascending=[False, True])


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
