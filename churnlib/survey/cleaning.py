"""Raw answer sheets made into a clean survey, with an account of every row."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

import pandas as pd

from churnlib.evidence import Origin
from churnlib.survey.answer_text import INFINITY, Interval, as_text, normalise
from churnlib.survey.answer_values import (
    Values,
    choices_in,
    item_scores,
    number_of,
    numbers_in,
    texts_in,
    values_of,
)
from churnlib.survey.codebook import Codebook
from churnlib.survey.levels import LabelError, Numbers, Variable
from churnlib.survey.question_columns import QUESTION_NUMBER, column_of, question_columns
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
    answered = {key: _values(raw, codebook, key, headers) for key, headers in columns.items()}
    frame = pd.DataFrame({key: answer.given for key, answer in answered.items()}, index=raw.index)
    for key in codebook.of_kind("scale"):
        frame[key] = _score(frame, codebook[key], codebook)
    weights, weighing = _weights(raw, codebook, weight)
    problems = [
        (row, variable, header, error)
        for variable, answer in {**answered, **weighing}.items()
        for (row, header), error in answer.errors.items()
    ]
    if problems and on_error == "raise":
        raise ValueError(_list_of(problems))
    reasons = pd.Series("", index=raw.index, dtype="str")
    for row, variable, _, error in problems:
        reasons[row] = "; ".join(
            filter(None, [reasons[row], f"{variable} {error.raw!r}: {error.reason}"])
        )
    questions = [header for headers in columns.values() for header in headers]
    duplicates = _duplicates(raw, codebook, questions)
    if drop_duplicates:
        for copy in duplicates.itertuples():
            text = f"repeats row {copy.first} ({copy.reason})"
            reasons[copy.row] = "; ".join(filter(None, [reasons[copy.row], text]))
    kept = reasons == ""
    order = [key for key in codebook.variables if key in frame]
    ledger = pd.DataFrame({"row": raw.index, "kept": kept.to_numpy(), "reason": reasons.to_numpy()})
    refused = pd.DataFrame(
        [(row, variable, error.raw, error.reason) for row, variable, _, error in problems],
        columns=["row", "variable", "raw", "reason"],
    )
    answers = pd.concat(
        [_tally(answer, codebook[key]) for key, answer in answered.items()], ignore_index=True
    )
    return Survey(
        frame.loc[kept, order], codebook, origin, ledger, answers, duplicates, refused,
        None if weights is None else weights[kept],
    )  # fmt: skip


def _values(raw: pd.DataFrame, codebook: Codebook, key: str, headers: list[str]) -> Values:
    match codebook[key].kind:
        case "number":
            return numbers_in(raw[headers[0]], codebook, key)
        case "text":
            return texts_in(raw[headers[0]], codebook, key)
        case "multiple":
            return choices_in(raw, headers, codebook, key)
    column = raw[headers[0]]
    levels, wrong = resolved(column, codebook, key)
    texts = column.map(as_text)
    errors = {(row, headers[0]): wrong[text] for row, text in texts.items() if text in wrong}
    return Values(levels, texts, errors)


def _score(frame: pd.DataFrame, scale: Variable, codebook: Codebook) -> pd.Series:
    """The mean of a scale's items, the reversed ones turned round; NaN where one is missing."""
    return item_scores(frame, scale, codebook).mean(axis=1, skipna=False)


def _weights(
    raw: pd.DataFrame, codebook: Codebook, weight: str | None
) -> tuple[pd.Series | None, dict[str, Values]]:
    """The weight of each sheet, if it has one, and what is wrong with it."""
    declared = codebook.of_kind("weight")
    if weight is None and not declared:
        return None, {}
    if weight is None and len(declared) > 1:
        raise ValueError(f"the codebook has several weights; choose one: {', '.join(declared)}")
    name = weight or declared[0]
    if name in declared:
        header = column_of(list(raw.columns), codebook, name)
    elif name in raw.columns:
        header = name
    else:
        raise ValueError(
            f"there is no weight {name!r}; the columns are {', '.join(map(str, raw.columns))}"
        )
    plain = Variable(name, {}, (), False, limits=Interval(0, INFINITY))

    def read(text: str) -> float:
        if not text.strip():
            raise LabelError(name, text, "it has no weight")
        number = number_of(codebook.variables.get(name, plain), text)
        if number <= 0:
            raise LabelError(name, text, "a weight is above 0")
        return number

    weighing = values_of(raw[header], read)
    return weighing.given.astype(float).rename(name), {name: weighing}


def resolved(
    column: pd.Series, codebook: Codebook, variable: str
) -> tuple[pd.Series, dict[str, LabelError]]:
    """Levels of the answers in a column, and why some of its texts have none."""
    # A handful of distinct answers stands for any number of rows.
    texts = column.map(as_text)
    levels: dict[str, str | None] = {}
    errors: dict[str, LabelError] = {}
    distinct = texts.unique()
    numbers = _numbers(str(column.name), distinct, codebook, variable)
    known = codebook[variable]
    levels |= known.dates_among(distinct)
    for text in {*distinct} - {*levels}:
        try:
            levels[text] = codebook.resolve(variable, text, numbers=numbers)
        except LabelError as error:
            errors[text] = error
    dtype = pd.CategoricalDtype(known.keys, ordered=known.ordered)
    return texts.map(levels).astype(dtype), errors


def _numbers(
    header: str, distinct: Iterable[str], codebook: Codebook, variable: str
) -> Numbers | None:
    """Read a numbered question that holds option numbers alone as a platform exports it."""
    known = codebook[variable]
    if known.numbers or not QUESTION_NUMBER.match(header):
        return known.numbers
    answered = {normalise(text) for text in distinct} - codebook.missing_in(variable)
    return "option" if answered and answered <= set(known.codes) else None


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
    found: dict[Any, tuple[Any, str]] = {}
    for header in raw.columns.intersection(list(codebook.sheet.get("id", ()))):
        named = raw.loc[raw[header].map(as_text) != "", header]
        for _, rows in named.groupby(named, sort=False).groups.items():
            found |= dict.fromkeys(rows[1:], (rows[0], "same respondent"))
    for header in raw.columns.intersection(list(codebook.sheet.get("time", ()))):
        times = pd.to_datetime(raw[header], errors="coerce", format="mixed")
        ordered = raw.assign(_time=times).dropna(subset="_time").sort_values("_time", kind="stable")
        for _, sheets in ordered.groupby(questions, sort=False, dropna=False):
            gaps = sheets["_time"].diff().dt.total_seconds()
            for first, row, gap in zip(sheets.index, sheets.index[1:], gaps.iloc[1:], strict=False):
                if gap <= _SECONDS and row not in found:
                    found[row] = (first, f"same answers within {_SECONDS} seconds")
    rows = [(row, first, reason) for row, (first, reason) in found.items()]
    return pd.DataFrame(rows, columns=["row", "first", "reason"])
