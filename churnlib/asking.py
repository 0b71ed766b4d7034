"""What the notebooks ask of a survey of one's own: which questions, and what cannot be asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from churnlib.pipeline import notebooks

if TYPE_CHECKING:
    from churnlib.cleaning import Survey
    from churnlib.codebook import Codebook

TWO_GROUPS = "two groups"
"""Tag of cells that compare two groups and no more."""


@dataclass(frozen=True)
class Part:
    """One notebook of an analysis.

    Parameters
    ----------
    notebook : Path
        The project's.
    title : str
        Of the notebook as the user gets it.
    stem : str
        Its file name there, without ending.
    parameters : mapping
        Values for its cell of parameters.
    without : frozenset of str
        Tags of cells that this survey has no answer to.
    """

    notebook: Path
    title: str
    stem: str
    parameters: Mapping[str, Any]
    without: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Plan:
    """The notebooks that a survey can have, and why it cannot have the others."""

    parts: tuple[Part, ...]
    left_out: Mapping[str, str] = field(default_factory=dict)


def plan(
    answers: Path,
    codebook: Path,
    survey: Survey,
    *,
    lang: str = "en",
    response: str | None = None,
    group: str | None = None,
) -> Plan:
    """Choose what each notebook asks.

    Parameters
    ----------
    answers, codebook : Path
        The files of the survey.
    survey : Survey
        What was read from them.
    lang : {"en", "zh-Hans"}
        Of the titles.
    response, group : str, optional
        The question to be explained, the codebook's last when left out; and the question whose
        answers are compared, the first.

    Raises
    ------
    KeyError
        If there is no such question.
    ValueError
        If both are the same question.
    """
    book = survey.codebook
    label = book.labeller(lang)
    names = list(book.variables)
    response, group = response or names[-1], group or names[0]
    for name in (response, group):
        _ = book[name]  # raises where there is no such question
    if response == group and len(names) > 1:
        raise ValueError(f"the response and the group are both {response!r}; choose two questions")
    predictors = [name for name in names if name != response]
    common = {"ANSWERS": str(answers.resolve()), "CODEBOOK": str(codebook.resolve())}
    asked = {**common, "SHOWN": group, "GROUP": group, "RESPONSE": response}
    ours = {path.name[:2]: path for path in notebooks()}
    parts = [Part(ours["03"], f"03 · {answers.name}", ours["03"].stem, asked)]
    left_out = {}
    if predictors:
        title = f"04 · {label(response)} × {label(group)}"
        parts.append(Part(ours["04"], title, f"04_{response}_by_{group}", asked))
    else:
        left_out[ours["04"].stem] = "the codebook has one question only"
    if reason := _unfit_for_a_model(survey, response, predictors):
        left_out[ours["05"].stem] = reason
    else:
        title = f"05 · {label(response)} × {', '.join(map(label, predictors))}"
        pair = _two_levels(book, [group, *predictors])
        chosen = pair or group
        layer = next(name for name in predictors if name != chosen)
        model = {**asked, "PREDICTORS": predictors, "GROUP": chosen, "LAYER": layer}
        without = frozenset() if pair else frozenset({TWO_GROUPS})
        parts.append(Part(ours["05"], title, f"05_{response}_by_all", model, without))
    return Plan(tuple(parts), left_out)


def _unfit_for_a_model(survey: Survey, response: str, predictors: list[str]) -> str | None:
    """Why the survey cannot have a model of ordered answers, ``None`` if it can."""
    if len(predictors) < 2:
        return "its model needs two questions beside the one to be explained"
    if not survey.codebook[response].ordered:
        return (
            f"its model is for ordered answers, and the codebook does not say that those to "
            f"{response!r} are; if they are, say ordered = true"
        )
    given = survey.frame[[response, *predictors]].dropna()[response].nunique()
    if given < 3:
        return f"its model needs three different answers to {response!r}, and people gave {given}"
    return None


def _two_levels(book: Codebook, names: list[str]) -> str | None:
    return next((name for name in names if len(book[name].keys) == 2), None)
