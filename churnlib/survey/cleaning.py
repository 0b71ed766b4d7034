"""Raw answer sheets made into a clean survey, with an account of every row."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import pandas as pd

from churnlib.evidence import Origin
from churnlib.survey.answer_text import as_text, normalise
from churnlib.survey.codebook import Codebook
from churnlib.survey.levels import LabelError, Numbers

_QUESTION_NUMBER = re.compile(r"^\d{1,3}\s*[、.．:：]\s*")
_CLOSING = re.compile(r"[?？:：。*\s]+$")
_BRACKETS = re.compile(r"(?:[?？:：。*\s]|\[[^\]]*\]|【[^】]*】)+$")
_SHOWN_PROBLEMS = 20
_SECONDS = 10


@dataclass(frozen=True, eq=False)
class Survey:
    """Clean answers, and what became of every raw row.

    Parameters
    ----------
    frame : DataFrame
        One row a person, indexed by the row in the file; one ordered categorical column a
        variable, missing answers as NaN.
    codebook : Codebook
        Its variables and levels.
    origin : Origin
        Kind of evidence.
    ledger : DataFrame
        One row per raw row: ``row``, ``kept`` (bool), ``reason`` (empty for a kept row).
    answers : DataFrame
        What each raw answer became: ``variable``, ``raw``, ``level``, ``n``. Answers of rows
        that were set aside are counted as well; ``level`` is missing for missing answers and
        for those that were refused.
    duplicates : DataFrame
        Sheets that look sent twice: ``row``, ``first`` (the row it repeats), ``reason``.
    refused : DataFrame
        Each answer that has no level: ``row``, ``variable``, ``raw``, ``reason``.
    """

    frame: pd.DataFrame
    codebook: Codebook
    origin: Origin
    ledger: pd.DataFrame
    answers: pd.DataFrame
    duplicates: pd.DataFrame
    refused: pd.DataFrame = field(default_factory=pd.DataFrame)

    @property
    def n(self) -> int:
        """People in the clean survey."""
        return len(self.frame)

    @cached_property
    def missing(self) -> pd.Series:
        """Missing answers by variable."""
        return self.frame.isna().sum().rename("missing")

    @cached_property
    def flow(self) -> pd.Series:
        """Rows read, set aside, kept, and complete in every variable."""
        kept = self.ledger["kept"]
        counts = {
            "rows_read": len(kept),
            "rows_set_aside": int((~kept).sum()),
            "rows_kept": self.n,
            "rows_complete": int(self.frame.notna().all(axis=1).sum()),
        }
        return pd.Series(counts, name="rows")

    def _repr_html_(self) -> str:
        aside = self.flow["rows_set_aside"]
        return (
            f"{self.origin.badge_html}<p>{len(self.ledger)} raw rows: {self.n} kept, "
            f"{aside} set aside</p>{self.frame.head()._repr_html_()}"
        )


def clean(
    raw: pd.DataFrame,
    codebook: Codebook,
    *,
    origin: Origin,
    on_error: Literal["raise", "set_aside"] = "raise",
    drop_duplicates: bool = False,
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
    columns = columns_of(raw, codebook)
    clean_columns, tallies, problems = {}, [], []
    for variable, header in columns.items():
        levels, errors = resolved(raw[header], codebook, variable)
        clean_columns[variable] = levels
        tallies.append(_tally(raw[header], levels, variable))
        problems += [
            (row, variable, header, errors[text])
            for row, text in raw[header].map(as_text).items()
            if text in errors
        ]
    if problems and on_error == "raise":
        raise ValueError(_list_of(problems))
    reasons = pd.Series("", index=raw.index, dtype="str")
    for row, variable, _, error in problems:
        reasons[row] = "; ".join(
            filter(None, [reasons[row], f"{variable} {error.raw!r}: {error.reason}"])
        )
    duplicates = _duplicates(raw, codebook, list(columns.values()))
    if drop_duplicates:
        for copy in duplicates.itertuples():
            text = f"repeats row {copy.first} ({copy.reason})"
            reasons[copy.row] = "; ".join(filter(None, [reasons[copy.row], text]))
    kept = reasons == ""
    frame = pd.DataFrame(clean_columns, index=raw.index)[kept]
    ledger = pd.DataFrame({"row": raw.index, "kept": kept.to_numpy(), "reason": reasons.to_numpy()})
    refused = pd.DataFrame(
        [(row, variable, error.raw, error.reason) for row, variable, _, error in problems],
        columns=["row", "variable", "raw", "reason"],
    )
    answers = pd.concat(tallies, ignore_index=True)
    return Survey(frame, codebook, origin, ledger, answers, duplicates, refused)


def columns_of(raw: pd.DataFrame, codebook: Codebook) -> dict[str, str]:
    """Find the column of each variable by its key, label or wording, past a leading number.

    Raises
    ------
    ValueError
        If a variable has no column or more than one.
    """
    try:
        return {key: column_of(list(raw.columns), codebook, key) for key in codebook.variables}
    except ValueError as error:
        if dropped := raw.attrs.get("dropped"):
            raise ValueError(
                f"{error}. Dropped as personal were {', '.join(dropped)}; keep = [HEADER] in the "
                "codebook or --keep HEADER keeps one"
            ) from None
        raise


def column_of(headers: Sequence[Any], codebook: Codebook, variable: str) -> Any:
    """Find the column of one variable, as `columns_of` does.

    Raises
    ------
    KeyError
        If the codebook has no such variable.
    ValueError
        If it has no column or more than one.
    """
    known = codebook[variable]
    wordings = {wording(text) for text in (variable, *known.labels.values(), *known.questions)}
    found = [header for header in headers if wording(str(header)) in wordings]
    # [single choice] behind a question is a remark; in "Question [Row]" it tells the rows apart.
    found = found or [h for h in headers if wording(_BRACKETS.sub("", str(h))) in wordings]
    if len(found) != 1:
        what = f"several columns: {', '.join(map(str, found))}" if found else "no column"
        raise ValueError(
            f"the question {variable!r} has {what}; the columns are "
            f"{', '.join(map(str, headers))}. Say its wording in 'questions' under "
            f"[variables.{variable}] in {codebook.where}, or remove the column that is not meant"
        )
    return found[0]


def wording(header: str) -> str:
    """What a question asks, in one spelling, without its number and closing marks.

    Examples
    --------
    >>> wording("3、您的学历？")
    '您的学历'
    """
    return normalise(_CLOSING.sub("", _QUESTION_NUMBER.sub("", header.strip())))


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
    if known.numbers or not _QUESTION_NUMBER.match(header):
        return known.numbers
    answered = {normalise(text) for text in distinct} - codebook.missing_in(variable)
    return "option" if answered and answered <= set(known.codes) else None


def _tally(raw: pd.Series, levels: pd.Series, variable: str) -> pd.DataFrame:
    pairs = pd.DataFrame({"raw": raw.map(as_text), "level": levels.astype(object)})
    counted = pairs.groupby(["raw", "level"], dropna=False, sort=False).size().rename("n")
    return counted.reset_index().assign(variable=variable)[["variable", "raw", "level", "n"]]


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
