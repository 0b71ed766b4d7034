"""Raw answer sheets made into a clean survey, with an account of every row."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal

import pandas as pd

from churnlib.evidence import Origin
from churnlib.survey.answer_text import INFINITY, Interval, as_text
from churnlib.survey.answer_values import Values, item_scores, number_of, values_in, values_of
from churnlib.survey.codebook import Codebook
from churnlib.survey.levels import LabelError, Variable
from churnlib.survey.question_columns import column_of, question_columns

_SHOWN_PROBLEMS = 20
_SECONDS = 10


@dataclass(frozen=True, eq=False)
class Survey:
    """Clean answers, and what became of every raw row.

    Parameters
    ----------
    frame : DataFrame
        One row a person, indexed by the row in the file; one column a variable, missing answers
        as NaN. A categorical where one level is chosen; tuples of levels where several can be;
        numbers, and the mean of its items for a scale; 1 where a text was written.
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
    weights : Series, optional
        How many people of the population each person of the frame stands for.
    filters : tuple of (str, tuple of str)
        The variables and levels by which people were selected.
    """

    frame: pd.DataFrame
    codebook: Codebook
    origin: Origin
    ledger: pd.DataFrame
    answers: pd.DataFrame
    duplicates: pd.DataFrame
    refused: pd.DataFrame = field(default_factory=pd.DataFrame)
    weights: pd.Series | None = None
    filters: tuple[tuple[str, tuple[str, ...]], ...] = ()

    def where(self, variable: str, levels: Sequence[str]) -> Survey:
        """Select the people who gave one of these answers; the ledger says so of the others.

        Of a multiple-choice question any of the levels is enough.

        Raises
        ------
        KeyError
            If there is no such variable or level.
        ValueError
            If the variable has no levels, or nobody is left.

        Examples
        --------
        >>> from churnlib.survey import clean, load_codebook
        >>> raw = pd.DataFrame({"gender": ["男", "女"], "age": ["35岁", "20岁"],
        ...                     "education": ["本科", "大专"], "visits": ["1-2次", "6次以上"]})
        >>> survey = clean(raw, load_codebook(), origin=Origin.OBSERVED)
        >>> women = survey.where("gender", ["female"])
        >>> women.n, women.filter_note
        (1, 'only gender: female')
        """
        chosen, known = [levels] if isinstance(levels, str) else [*levels], self.codebook[variable]
        if known.kind not in {"single", "multiple"}:
            raise ValueError(f"{variable!r} is of kind {known.kind!r} and has no levels to select")
        for level in chosen:
            _ = known[level]  # raises where there is no such level
        # One row an answer, then one a person again.
        given = self.frame[variable].explode().isin(chosen)
        selected = given.groupby(level=0, sort=False).any()
        if not selected.any():
            raise ValueError(f"nobody is left: no answer to {variable!r} is {' or '.join(chosen)}")
        ledger = self.ledger.copy()
        out = ledger["row"].isin(self.frame.index[~selected])
        ledger.loc[out, ["kept", "reason"]] = [False, f"not {variable}: {', '.join(chosen)}"]
        weights = None if self.weights is None else self.weights[selected]
        filters = (*self.filters, (variable, tuple(chosen)))
        return replace(
            self, frame=self.frame[selected], ledger=ledger, weights=weights, filters=filters
        )

    def labelled(self, lang: str = "en") -> pd.DataFrame:
        """Return the answers in words, for pandas, statsmodels and seaborn.

        Columns and levels have their labels in one language; all else stays as it is.

        Raises
        ------
        ValueError
            If two columns have the same label.

        Examples
        --------
        >>> from churnlib.survey import clean, load_codebook
        >>> raw = pd.DataFrame({"gender": ["男", "女"], "age": ["35岁", "20岁"],
        ...                     "education": ["本科", "大专"], "visits": ["1-2次", "6次以上"]})
        >>> people = clean(raw, load_codebook(), origin=Origin.OBSERVED).labelled()
        >>> pd.crosstab(people["Gender"], people["Education"])
        Education  Junior college  Bachelor
        Gender
        Male                    0         1
        Female                  1         0
        """
        label = self.codebook.labeller(lang)
        words = self.frame.rename(columns=label)
        if not words.columns.is_unique:
            twice = ", ".join(words.columns[words.columns.duplicated()])
            raise ValueError(f"two variables have the same label in {lang!r}: {twice}")
        for variable, column in self.frame.items():
            if isinstance(column.dtype, pd.CategoricalDtype):
                word = self.codebook.within(label, variable)
                words[label(variable)] = column.cat.rename_categories(word)
        return words

    @property
    def filter_note(self) -> str:
        """By which answers people were selected; empty if by none."""
        return "; ".join(f"only {name}: {', '.join(levels)}" for name, levels in self.filters)

    @property
    def n(self) -> int:
        """People in the clean survey."""
        return len(self.frame)

    @property
    def questions(self) -> list[str]:
        """The variables that were asked and should be answered: no scales, no free text."""
        return [v for v in self.codebook.of_kind("single", "multiple", "number") if v in self.frame]

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
            "rows_complete": int(self.frame[self.questions].notna().all(axis=1).sum()),
        }
        return pd.Series(counts, name="rows")

    def _repr_html_(self) -> str:
        aside = self.flow["rows_set_aside"]
        selected = f" ({html.escape(self.filter_note)})" * bool(self.filters)
        return (
            f"{self.origin.badge_html}<p>{len(self.ledger)} raw rows: {self.n} kept, "
            f"{aside} set aside{selected}</p>{self.frame.head()._repr_html_()}"
        )

    def __repr__(self) -> str:
        return (
            f"<Survey: {self.n} of {len(self.ledger)} rows kept, {self.frame.shape[1]} variables, "
            f"{self.origin.name}>"
        )


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
        levels = levels.map(lambda ticked: ", ".join(ticked), na_action="ignore")
    pairs = pd.DataFrame({"raw": answer.shown, "level": levels.astype(object)})
    counted = pairs.groupby(["raw", "level"], dropna=False, sort=False).size().rename("n")
    rows = counted.reset_index().assign(variable=variable.key)
    return rows[["variable", "raw", "level", "n"]]


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
