"""Raw answer sheets made into a clean survey, with an account of every row."""

from __future__ import annotations

from typing import Any, Literal

import pandas as pd

from churnlib.evidence import Origin
from churnlib.survey.answer_text import INFINITY, Interval, as_text
from churnlib.survey.answer_values import Values, item_scores, number_of, values_in, values_of
from churnlib.survey.codebook import Codebook, column_of, question_columns
from churnlib.survey.levels import LabelError, Variable
from churnlib.survey.survey import Survey

_SHOWN_PROBLEMS = 20
_SECONDS = 10


def clean(
    raw: pd.DataFrame,
    codebook: Codebook,
    *,
    origin: Origin,
    on_error: Literal["raise", "set_aside"] = "raise",
    drop_duplicates: bool = False,
    weight: str | None = None,
) -> Survey:
    """Give every answer its level and account for every row.

    Parameters
    ----------
    raw : DataFrame
        One row a sheet, for instance from `read_answers`. Its index names the rows.
    codebook : Codebook
        What the answers mean.
    origin : Origin
        Kind of evidence; there is no default because a wrong one misleads.
    on_error : {"raise", "set_aside"}
        Whether an answer without a level stops the cleaning or sets its row aside.
    drop_duplicates : bool
        Whether sheets that look sent twice are set aside too; they are reported either way.
    weight : str, optional
        A variable of kind ``weight`` or a column of `raw`: how many people of the population a
        sheet stands for. The codebook's own when left out. A sheet without one is set aside.

    Raises
    ------
    ValueError
        If a question has no column or several, or, with ``on_error="raise"``, if answers
        have no level: one message lists them all.

    Examples
    --------
    >>> from churnlib.survey import load_codebook
    >>> raw = pd.DataFrame({"gender": ["A.男", "女"], "age": ["35岁", "18-25岁"],
    ...                     "education": ["本科", "大专"], "visits": ["1-2次", "(空)"]})
    >>> survey = clean(raw, load_codebook(), origin=Origin.OBSERVED, on_error="set_aside")
    >>> survey.frame.astype(str).iloc[0].tolist()
    ['male', '30-39', 'bachelor', '1-2']
    >>> survey.ledger["kept"].tolist()
    [True, False]
    """
    if on_error not in {"raise", "set_aside"}:
        raise ValueError(f'on_error is "raise" or "set_aside", given {on_error!r}')
    if not raw.index.is_unique:
        twice = raw.index[raw.index.duplicated()][0]
        raise ValueError(f"row {twice} stands twice in the index; use raw.reset_index(drop=True)")
    columns = question_columns(raw, codebook)
    answered = {key: values_in(raw, columns[key], codebook, key) for key in columns}
    frame = pd.DataFrame({key: answer.given for key, answer in answered.items()}, index=raw.index)
    for key in codebook.of_kind("scale"):  # the mean of its items, missing where one is
        frame[key] = item_scores(frame, codebook[key], codebook).mean(axis=1, skipna=False)
    weighing = _weights(raw, codebook, weight)
    problems = [
        (row, variable, header, error)
        for variable, answer in {**answered, **weighing}.items()
        for (row, header), error in answer.errors.items()
    ]
    if problems and on_error == "raise":
        raise ValueError(_list_of(problems))
    reasons: dict[Any, list[str]] = {row: [] for row in raw.index}
    for row, variable, _, error in problems:
        reasons[row].append(f"{variable} {error.raw!r}: {error.reason}")
    questions = [header for headers in columns.values() for header in headers]
    duplicates = _duplicates(raw, codebook, questions)
    if drop_duplicates:
        for copy in duplicates.itertuples():
            reasons[copy.row].append(f"repeats row {copy.first} ({copy.reason})")
    ledger = pd.DataFrame({"row": raw.index, "kept": [not reasons[row] for row in raw.index]})
    ledger["reason"] = pd.Series(["; ".join(reasons[row]) for row in raw.index], dtype="str")
    refused = pd.DataFrame(
        [(row, variable, error.raw, error.reason) for row, variable, _, error in problems],
        columns=["row", "variable", "raw", "reason"],
    )
    answers = pd.concat(
        [_tally(answer, codebook[key]) for key, answer in answered.items()], ignore_index=True
    )
    kept, order = ledger["kept"].to_numpy(), [key for key in codebook.variables if key in frame]
    weights = next((sheets.given[kept].rename(key) for key, sheets in weighing.items()), None)
    return Survey(
        frame.loc[kept, order], codebook, origin, ledger, answers, duplicates, refused, weights
    )


def _weights(raw: pd.DataFrame, codebook: Codebook, weight: str | None) -> dict[str, Values]:
    """The weights of the sheets by the name of their variable, if there is one."""
    declared = codebook.of_kind("weight")
    if weight is None and not declared:
        return {}
    if weight is None and len(declared) > 1:
        raise ValueError(f"the codebook has several weights; choose one: {', '.join(declared)}")
    name = weight or declared[0]
    if name not in declared and name not in raw.columns:
        raise ValueError(
            f"there is no weight {name!r}; the columns are {', '.join(map(str, raw.columns))}"
        )
    header = column_of(list(raw.columns), codebook, name) if name in declared else name
    plain = Variable(name, {}, (), False, limits=Interval(0, INFINITY))

    def read(text: str) -> float:
        if not text.strip():
            raise LabelError(name, text, "it has no weight")
        number = number_of(codebook.variables.get(name, plain), text)
        if number <= 0:
            raise LabelError(name, text, "a weight is above 0")
        return number

    return {name: values_of(raw[header], read)}


def _tally(answer: Values, variable: Variable) -> pd.DataFrame:
    levels = answer.given
    if variable.kind == "multiple":
        levels = levels.map(lambda ticked: ", ".join(ticked), na_action="ignore")
    pairs = pd.DataFrame({"raw": answer.shown, "level": levels.astype(object)})
    counted = pairs.groupby(["raw", "level"], dropna=False, sort=False).size().rename("n")
    rows = counted.reset_index().assign(variable=variable.key)
    return rows[["variable", "raw", "level", "n"]]


def _list_of(problems: list[tuple[Any, str, str, LabelError]]) -> str:
    lines = [
        f"row {row}, column {header!r}: {error}"
        for row, _, header, error in problems[:_SHOWN_PROBLEMS]
    ]
    if more := len(problems) - len(lines):
        lines.append(f"and {more} more")
    return (
        f"{len(problems)} answers have no level:\n" + "\n".join(lines) + "\nAdd an alias to the "
        'codebook where the meaning is certain, or clean with on_error="set_aside"'
    )


def _duplicates(raw: pd.DataFrame, codebook: Codebook, questions: list[str]) -> pd.DataFrame:
    """Sheets of one respondent, and sheets with the same answers within seconds."""
    copies: dict[Any, tuple[Any, str]] = {}
    for header in raw.columns.intersection(list(codebook.sheet.get("id", ()))):
        named = raw.loc[raw[header].map(as_text) != "", header]
        for _, rows in named.groupby(named, sort=False).groups.items():
            copies |= dict.fromkeys(rows[1:], (rows[0], "same respondent"))
    for header in raw.columns.intersection(list(codebook.sheet.get("time", ()))):
        times = pd.to_datetime(raw[header], errors="coerce", format="mixed")
        ordered = raw.assign(_time=times).dropna(subset="_time").sort_values("_time", kind="stable")
        for _, sheets in ordered.groupby(questions, sort=False, dropna=False):
            gaps = sheets["_time"].diff().dt.total_seconds()
            for first, row, gap in zip(sheets.index, sheets.index[1:], gaps.iloc[1:], strict=False):
                if gap <= _SECONDS and row not in copies:
                    copies[row] = (first, f"same answers within {_SECONDS} seconds")
    rows = [(row, first, reason) for row, (first, reason) in copies.items()]
    return pd.DataFrame(rows, columns=["row", "first", "reason"])
