"""A first codebook for an export: questions, answers and guesses, each guess marked for review."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from churnlib.survey.answer_text import CONTROL, normalise
from churnlib.survey.draft_kinds import (
    MOST_ANSWERS,
    Column,
    Matrix,
    columns_in,
    matrices,
    numbers_people,
    without_marks,
)
from churnlib.survey.drafted_question import (
    QUESTION,
    DraftedQuestion,
    drafted_question,
    question_label,
    same_label,
    slug,
    ticked_question,
)
from churnlib.survey.levels import Variable
from churnlib.survey.question_columns import wording

if TYPE_CHECKING:
    import pandas as pd

    from churnlib.survey.codebook import Codebook

_ABOUT_THE_SHEET = re.compile(
    r"序号|编号|答卷编号|总分|得分|no\.?|id|index|row|unnamed:0|status|responsetype|progress|finished|"
    r"(?:response|respondent|collector|interview)id|distributionchannel|userlanguage|"
    r"(?:start|last)page|startlanguage|seed|completed|提交方式|答题状态|deviceid|.*instanceid|"
    r"-+(?:id|uuid|index|version|notes|status|tags|submitted-by|validation-status|submission-time)-*"
)
_MOMENT = re.compile(r"[0-9]{4}[-/.][0-9]{1,2}[-/.][0-9]{1,2}[T ][0-9]{1,2}:[0-9]{2}.*")
_HEAD = """\
# A draft made from {name}. What it could not know stands in the list of guesses, each with the line
# to change; delete an entry when it is decided. `analyse` runs with the guesses and repeats them.
# Levels are shown in their order here; ordered = true says that it means something. Merge spellings
# of one answer under "aliases". Of two answers to the response a model explains the odds of the
# second: put "left" after "stayed". Kinds: single, multiple, scale, number, text, weight, id.
"""


def draft(
    raw: pd.DataFrame, codebook: Codebook, name: str, reading: Mapping[str, Any] | None = None
) -> str:
    """Write a codebook for an export, as TOML for `load_codebook`.

    Each different answer becomes a level; nothing is taken from another study but the words for
    missing answers. Columns that are left out are named in lines of their own; an export without
    a question that has answers to choose from is a `ValueError`.

    Parameters
    ----------
    raw : DataFrame
        From `read_answers`.
    codebook : Codebook
        Its missing answers are looked for, and its words are no names of questions.
    name : str
        The file's name, for the first line.
    reading : mapping, optional
        What `read_answers` was given, to be given it again.

    Examples
    --------
    >>> import pandas as pd
    >>> from churnlib.survey import load_codebook
    >>> raw = pd.DataFrame({"1、Do you bank online?": ["A. Yes", "B. No", "Yes", "(跳过)"]})
    >>> text = draft(raw, load_codebook(), "export.csv")
    >>> [line for line in text.splitlines() if line.startswith("key")]
    ['key = "yes"', 'key = "no"']
    """
    columns = columns_in(raw, codebook)
    short = {column.header: column.name for column in columns}
    headers = [*short, *raw.attrs.get("dropped", [])]
    taken = {"n", *codebook.words, *codebook.common}

    def key_of(header: str) -> str:
        place = headers.index(header) + 1 if header in headers else 1
        return _new_key(header, short.get(header, ""), place, taken)

    questions: list[DraftedQuestion] = []
    notes = [f"# NOTE: {note}" for note in raw.attrs.get("notes", [])]
    of_several = matrices(columns)
    matrix_of = {header: matrix for matrix in of_several for header in matrix.parts}
    given = {column.header: column.given for column in columns}
    for column in columns:
        matrix = matrix_of.get(column.header)
        if matrix and matrix.ticks:
            if column.header == next(iter(matrix.parts)):
                questions.append(ticked_question(key_of(matrix.stem), matrix))
        elif reason := _no_question(column):
            notes.append(f"# NOTE: left out, {reason}: {column.header!r}")
        else:
            key = key_of(column.header)
            if matrix:  # its rows share their answers and their order
                column = replace(column, given=[text for h in matrix.parts for text in given[h]])
            questions.append(drafted_question(key, column, codebook.missing))
    questions += _scales(of_several, questions, key_of)
    questions += [
        DraftedQuestion(
            Variable(key_of(header), same_label(header), (), False, (header,), kind="text")
        )
        for header in raw.attrs.get("texts", [])
        if not _ABOUT_THE_SHEET.fullmatch(normalise(header))
    ]
    if not any(q.variable.kind not in {"text", "weight"} for q in questions):
        raise ValueError(
            f"{name} has no column with 2 to {MOST_ANSWERS} different answers, with numbers or "
            "with options; a codebook is for questions with answers to choose from"
        )
    export = {option: value for option, value in (reading or {}).items() if value}
    settings = _toml_lines({"keep": export.pop("keep", None), "missing": codebook.missing})
    settings += ["", *(["[export]", *_toml_lines(export)] if export else []), ""]
    head = [*_HEAD.format(name=CONTROL.sub("", name)).splitlines(), *notes]
    return _toml_text(head, settings, questions)


def _no_question(column: Column) -> str | None:
    """Return why a column is not drafted, ``None`` if it is."""
    given = column.given
    if any(_ABOUT_THE_SHEET.fullmatch(normalise(text)) for text in (column.header, column.name)):
        return "about the sheet and no question"
    if given and all(_MOMENT.fullmatch(text.strip()) for text in given):
        return "the time of a sheet"
    if numbers_people(given):
        return "a different number for each sheet"
    different = {normalise(text) for text in without_marks(given).values()}
    return None if len(different) > 1 else "one answer only"


def _scales(
    of_several: Iterable[Matrix],
    questions: Iterable[DraftedQuestion],
    key_of: Callable[[str], str],
) -> Iterator[DraftedQuestion]:
    """A scale for every matrix question whose rows have the same ordered answers."""
    by_wording = {q.variable.questions[0]: q.variable for q in questions if q.variable.questions}
    for matrix in of_several:
        rows = [by_wording[row] for row in map(wording, matrix.parts) if row in by_wording]
        ordered = [row for row in rows if row.kind == "single" and row.ordered]
        lengths = {len(row.levels) for row in ordered}
        if len(ordered) < 2 or len(ordered) < len(matrix.parts) or len(lengths) > 1:
            continue
        guess = (
            f"{len(rows)} questions are taken for one scale; name those that are asked the other "
            "way round under reversed, or delete it"
        )
        key, label = key_of(f"{matrix.stem} scale"), question_label(matrix.stem)
        items = tuple(row.key for row in rows)
        yield DraftedQuestion(Variable(key, label, (), False, kind="scale", items=items), (guess,))


def _new_key(header: str, name: str, place: int, taken: set[str]) -> str:
    """A name from the question's own short name, number and words, its place if it has none."""
    number = QUESTION.match(header)
    words = slug(name) or slug(header[number.end() :] if number else header)
    key = "_".join(filter(None, [f"q{int(number[1])}" if number and not name else "", words]))
    key = key if key and not key[0].isdigit() else f"q{place}" + f"_{key}" * bool(key)
    while key in taken:
        key = f"q{place}_{key}" if not key.startswith(f"q{place}_") else f"{key}_2"
    taken.add(key)
    return key


def _toml_text(
    head: Sequence[str], settings: Sequence[str], questions: Sequence[DraftedQuestion]
) -> str:
    """Write a codebook: comments, guesses, settings, and the tables of each question."""
    response = _response([question.variable for question in questions])
    chosen = f"response = {_toml(response)}" if response else '# response = "KEY"'
    rest = [chosen, *settings, *(line for q in questions for line in _tables(q.variable))]
    doubts = [
        (f"[{_table(q.variable)}]", f"{q.variable.key}: {guess}")
        for q in questions
        for guess in q.guesses
    ]
    if response:
        doubts.insert(0, (chosen, f"response: {response} is the question that the others explain"))
    above = len(head) + len(doubts) + 3
    guesses = [f"  {_toml(f'line {above + rest.index(line)}, {guess}')}," for line, guess in doubts]
    return "\n".join([*head, "guesses = [", *guesses, "]", *rest])


def _response(variables: Sequence[Variable]) -> str:
    """The last question that the others can explain: one of two or ordered answers, or a number."""
    singles = [variable for variable in variables if variable.kind == "single"]
    ranked = [v for v in singles if v.ordered or len(v.levels) == 2]
    fit = [v.key for v in variables if v.kind == "number" or v in ranked]
    return (fit or [v.key for v in singles] or [""])[-1]


def _table(variable: Variable) -> str:
    bare = re.fullmatch(r"[\w-]+", variable.key, re.ASCII)
    return f"variables.{variable.key if bare else _toml(variable.key)}"


def _tables(variable: Variable) -> Iterator[str]:
    yield f"[{_table(variable)}]"
    yield from _toml_lines(
        {
            "label": variable.labels,
            "kind": variable.kind if variable.kind != "single" else None,
            "questions": variable.questions or None,
            "items": variable.items or None,
            "reversed": [] if variable.items else None,
            "units": variable.units or None,
            "missing": variable.missing,
            "ordered": variable.ordered or None,
        }
    )
    for level in variable.levels:
        yield f"[[{_table(variable)}.levels]]"
        bounds = {"low": level.low, "high": level.high}
        yield from _toml_lines(
            {
                "key": level.key,
                "label": level.labels,
                "column": level.column or None,
                "bounds": {side: n for side, n in bounds.items() if n is not None} or None,
            }
        )
    yield ""


def _toml_lines(entries: Mapping[str, Any]) -> list[str]:
    """Write the entries of a TOML table that are not ``None``."""
    return [f"{key} = {_toml(value)}" for key, value in entries.items() if value is not None]


def _toml(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(_toml_lines(value)) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_toml, value)) + "]"
    # A JSON string, number or bool is a TOML one, but for the delete character.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
