"""A draft written as TOML, its guesses on top with the lines to change."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from churnlib.survey.drafted_question import DraftedQuestion
from churnlib.survey.levels import Variable

HEAD = """\
# A draft made from {name}. What it could not know stands in the list of guesses, each with the line
# to change; delete an entry when it is decided. `analyse` runs with the guesses and repeats them.
# Levels are shown in their order here; ordered = true says that it means something. Merge spellings
# of one answer under "aliases". Of two answers to the response a model explains the odds of the
# second: put "left" after "stayed". Kinds: single, multiple, scale, number, text, weight, id.
"""


def codebook_text(
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
    yield from toml_lines(
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
        yield from toml_lines(
            {
                "key": level.key,
                "label": level.labels,
                "column": level.column or None,
                "bounds": {side: n for side, n in bounds.items() if n is not None} or None,
            }
        )
    yield ""


def toml_lines(entries: Mapping[str, Any]) -> list[str]:
    """Write the entries of a TOML table that are not ``None``."""
    return [f"{key} = {_toml(value)}" for key, value in entries.items() if value is not None]


def _toml(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(toml_lines(value)) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_toml, value)) + "]"
    # A JSON string, number or bool is a TOML one, but for the delete character.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
