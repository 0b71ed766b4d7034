"""A clean survey: the answers of each person, and what became of every raw row."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import pandas as pd

from churnlib.evidence import Origin
from churnlib.survey.codebook import Codebook


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
        >>> from churnlib.survey import clean, load_codebook, synthesise
        >>> raw = synthesise("no_difference", seed=1)
        >>> survey = clean(raw, load_codebook(), origin=Origin.SYNTHETIC, on_error="set_aside")
        >>> survey.where("age", ["le18"]).n
        24
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
            words[label(variable)] = column.cat.rename_categories(
                self.codebook.within(label, variable)
            )
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
        kept, asked = self.ledger["kept"], self.frame[self.questions]
        counts = {
            "rows_read": len(kept),
            "rows_set_aside": int((~kept).sum()),
            "rows_kept": self.n,
            "rows_complete": int(asked.notna().all(axis=1).sum()),
        }
        return pd.Series(counts, name="rows")

    def _repr_html_(self) -> str:
        selected = f" ({html.escape(self.filter_note)})" * bool(self.filters)
        return (
            f"{self.origin.badge_html}<p>{len(self.ledger)} raw rows: {self.n} kept, "
            f"{self.flow['rows_set_aside']} set aside{selected}</p>"
        ) + self.frame.head()._repr_html_()

    def __repr__(self) -> str:
        return (
            f"<Survey: {self.n} of {len(self.ledger)} rows kept, {self.frame.shape[1]} variables, "
            f"{self.origin.name}>"
        )
