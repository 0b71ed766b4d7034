"""SPSS files: codes as their labels, with the order of the codes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from churnlib.survey.answer_text import as_text, normalise
from churnlib.survey.raw_table import RawTable
from churnlib.survey.text_file import encoding_of


def read_spss(file: Path, encoding: str | None = None) -> RawTable:
    """Read an SPSS file; its questions become headers, its labels answers."""
    try:
        import pyreadstat
    except ImportError:
        raise ImportError(
            "reading .sav files needs pyreadstat; install it with: pip install 'churnlib[spss]'"
        ) from None
    notes = []
    try:
        try:
            frame, meta = pyreadstat.read_sav(str(file), encoding=encoding)
        except (pyreadstat.ReadstatError, UnicodeDecodeError):
            if encoding is not None:
                raise
            # The record of the encoding may be wrong; as Latin-1, every byte is one character.
            likely = _encoding(*pyreadstat.read_sav(str(file), encoding="LATIN1"), file.name)
            frame, meta = pyreadstat.read_sav(str(file), encoding=likely)
            notes.append(
                f"{file.name} does not hold the encoding that it names; it was read as {likely} "
                "(--encoding says another)"
            )
    except (pyreadstat.ReadstatError, UnicodeDecodeError, LookupError) as error:
        raise ValueError(f"{file.name} is damaged or no SPSS file ({error})") from error
    questions = [meta.column_names_to_labels.get(name) or name for name in frame.columns]
    columns, orders, ordinal, names = {}, {}, {}, {}
    for name, text in zip(frame.columns, questions, strict=True):
        header = f"{text} [{name}]" if questions.count(text) > 1 else text
        labels = _labels(header, frame[name], meta.variable_value_labels.get(name, {}), notes)
        columns[name] = [header, *(labels.get(value, as_text(value)) for value in frame[name])]
        if labels:
            orders[header] = list(dict.fromkeys(labels[code] for code in sorted(labels)))
        if (measure := meta.variable_measure.get(name)) in {"ordinal", "nominal"}:
            ordinal[header] = measure == "ordinal"
        if header != name:
            names[header] = name
    rows = list(map(list, zip(*columns.values(), strict=True)))
    return RawTable(rows, notes, orders, ordinal, names)


def _encoding(frame: pd.DataFrame, meta: Any, name: str) -> str:
    labels = [text for each in meta.variable_value_labels.values() for text in each.values()]
    words = [*labels, *filter(None, meta.column_labels)]
    for column in frame.select_dtypes(["object", "str"]):
        words += [text for text in frame[column].unique() if isinstance(text, str)]
    return encoding_of("\n".join(words).encode("latin-1", "ignore"), name)


def _labels(
    header: str, values: pd.Series, labels: Mapping[Any, str], notes: list[str]
) -> dict[Any, str]:
    """What each code stands for, codes without a label included.

    A column most of whose answers have no label is a quantity with a few labelled codes; in any
    other, a code without a label must not be mistaken for a quantity later on.
    """
    if not labels:
        return {}
    spellings = [normalise(text) for text in labels.values()]
    twice = {code for code, text in labels.items() if spellings.count(normalise(text)) > 1}
    if twice:
        notes.append(
            f"{header!r}: several codes have the label {min(labels[code] for code in twice)!r} and "
            "are kept apart by their numbers; if they mean the same, make one an alias of the "
            "other in the codebook"
        )
    bare = [value for value in values.dropna().unique() if value not in labels and value != ""]
    quantity = len(bare) > 1 and values.isin(bare).sum() > values.notna().sum() / 2
    undeclared = "" if quantity else "undeclared code "
    return {
        code: f"{text} ({as_text(code)})" if code in twice else text
        for code, text in labels.items()
    } | {value: undeclared + as_text(value) for value in bare}
