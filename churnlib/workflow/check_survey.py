"""A survey of one's own checked: what in it has no place in its codebook."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from churnlib.evidence import Origin

if TYPE_CHECKING:
    import pandas as pd

    from churnlib.survey import Codebook, Survey

_SHOWN_ROWS = 10


@dataclass(frozen=True, eq=False)
class Checked:
    """A survey that was read and cleaned, and what in it has no place in the codebook.

    `problems` holds ``row`` and ``reason`` of each sheet that was set aside; `notes` what was
    decided when the file was read.
    """

    survey: Survey
    problems: pd.DataFrame
    notes: tuple[str, ...] = ()

    @property
    def causes(self) -> list[str]:
        """One line for each answer without a level, with the rows that hold it."""
        refused = self.survey.refused.groupby(["variable", "raw", "reason"], sort=False)["row"]
        lines = []
        for (variable, raw, reason), rows in refused:
            listed = ", ".join(map(str, rows[:_SHOWN_ROWS]))
            more = f" … ({len(rows)} sheets)" if len(rows) > _SHOWN_ROWS else ""
            lines.append(f"row {listed}{more}: {variable} {raw!r}: {reason}")
        return lines

    @property
    def summary(self) -> dict[str, Any]:
        """Rows read, kept and set aside, missing answers by question, and the problems."""
        return {
            "rows": {key: int(n) for key, n in self.survey.flow.items()},
            "missing": {key: int(n) for key, n in self.survey.missing.items()},
            "problems": self.problems.astype({"row": str}).to_dict("records"),
            "causes": self.causes,
            "notes": list(self.notes),
            "guesses": list(self.survey.codebook.guesses),
        }


def check(
    answers: Path, codebook: Path, *, lang: str = "en", reading: Mapping[str, Any] | None = None
) -> Checked:
    """Read and clean a survey without analysing it.

    Parameters
    ----------
    answers : Path
        An export: csv, xlsx or sav.
    codebook : Path
        Explains its questions and answers.
    lang : {"en", "zh-Hans"}
        The language that every question and answer must have a label in.
    reading : mapping, optional
        What `read_answers` takes beside the path, before what the codebook says of it.

    Raises
    ------
    FileNotFoundError
        If one of the files is missing.
    ValueError
        If one of them is damaged, a question has no column, a label is missing, or no sheet can
        be kept.
    """
    from churnlib.report import require_people
    from churnlib.survey import clean, load_codebook, read_answers

    book = load_codebook(codebook)
    book = replace(book, reading={**book.reading, **(reading or {})})
    require_labels(book, lang)
    raw = read_answers(answers, **book.reading)
    survey = clean(raw, book, origin=Origin.OBSERVED, on_error="set_aside")
    require_people(survey)
    aside = survey.ledger.loc[~survey.ledger["kept"], ["row", "reason"]]
    return Checked(survey, aside.reset_index(drop=True), tuple(raw.attrs["notes"]))


def require_labels(book: Codebook, lang: str) -> None:
    """Refuse a codebook that lacks labels in a language.

    Raises
    ------
    ValueError
        With the keys that lack one.
    """
    label = book.labeller(lang)
    lacking = []
    for key, variable in book.variables.items():
        for place in (key, *(f"{key}.{level}" for level in variable.keys)):
            try:
                label(place)
            except KeyError:
                lacking.append(place)
    if lacking:
        raise ValueError(f"{book.where} lacks labels in {lang!r} for {', '.join(lacking)}")
