"""A draft written as TOML, its guesses on top with the lines to change."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence

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
    head: Sequence[str], top: Sequence[str], questions: Sequence[DraftedQuestion]
) -> str:
    """Write a codebook: comments, guesses, settings, and a table for each question.

    Parameters
    ----------
    head, top : sequence of str
        Lines of comments, and of settings.
    questions : sequence of DraftedQuestion
    """
    response = _response([question.variable for question in questions])
    chosen = f"response = {toml_text(response)}" if response else '# response = "KEY"'
    blocks = [line for question in questions for line in _block(question.variable)]
    doubts = [
        (_table_name(q.variable), f"{q.variable.key}: {guess}")
        for q in questions
        for guess in q.guesses
    ]
    if response:
        doubts.insert(0, (chosen, f"response: {response} is the question that the others explain"))
    above = len(head) + len(doubts) + 2
    rest = [chosen, *top, "", *blocks]
    guesses = [f"line {above + rest.index(line) + 1}, {guess}" for line, guess in doubts]
    listed = ["guesses = [", *(f"  {toml_text(guess)}," for guess in guesses), "]"]
    return "\n".join([*head, *listed, *rest])


def _response(variables: Sequence[Variable]) -> str:
    """The last question that the others can explain: one of two or ordered answers, or a number."""
    for variable in reversed(variables):
        ranked = variable.ordered or len(variable.levels) == 2
        if variable.kind == "number" or (variable.kind == "single" and ranked):
            return variable.key
    singles = [variable.key for variable in variables if variable.kind == "single"]
    return singles[-1] if singles else ""


def _table_name(variable: Variable) -> str:
    bare = re.fullmatch(r"[\w-]+", variable.key, re.ASCII)
    return f"[variables.{variable.key if bare else toml_text(variable.key)}]"


def _block(variable: Variable) -> Iterator[str]:
    table = _table_name(variable)
    yield table
    yield f"label = {_labels(variable.labels)}"
    if variable.kind != "single":
        yield f"kind = {toml_text(variable.kind)}"
    if variable.questions:
        yield f"questions = {toml_list(variable.questions)}"
    if variable.items:
        yield f"items = {toml_list(variable.items)}"
        yield "reversed = []"
    if variable.units:
        yield f"units = {toml_list(variable.units)}"
    if variable.missing is not None:
        yield f"missing = {toml_list(variable.missing)}"
    if variable.ordered:
        yield "ordered = true"
    for level in variable.levels:
        yield f"[{table.removesuffix(']')}.levels]]"
        yield f"key = {toml_text(level.key)}"
        yield f"label = {_labels(level.labels)}"
        if level.column:
            yield f"column = {toml_text(level.column)}"
        bounds = {"low": level.low, "high": level.high}
        if limits := ", ".join(f"{side} = {n}" for side, n in bounds.items() if n is not None):
            yield f"bounds = {{ {limits} }}"
    yield ""


def _labels(labels: Mapping[str, str]) -> str:
    return "{ " + ", ".join(f"{lang} = {toml_text(text)}" for lang, text in labels.items()) + " }"


def toml_list(texts: Sequence[str]) -> str:
    """Write a list of texts as TOML."""
    return "[" + ", ".join(map(toml_text, texts)) + "]"


def toml_text(text: str | int) -> str:
    """Write a text or a whole number as TOML."""
    # A JSON string or number is a TOML one, but for the delete character.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
