"""What the notebooks ask of a survey of one's own: which questions, and what cannot be asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from churnlib.models import LogitFit, OrdinalFit, logit, ordinal_logit
from churnlib.workflow.reproduction import notebooks

if TYPE_CHECKING:
    import pandas as pd

    from churnlib.survey import Survey

TWO_GROUPS, MODEL, THREE_ANSWERS = "two groups", "model", "three answers"
"""Tags of cells: that compare two groups; that rest on a model; on one of three answers or more."""


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
    left_out : mapping of str to str
        What else of it this survey cannot have, and why.
    """

    notebook: Path
    title: str
    stem: str
    parameters: Mapping[str, Any]
    without: frozenset[str] = frozenset()
    left_out: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Plan:
    """The notebooks that a survey can have, and why it cannot have the others.

    Parameters
    ----------
    parts : tuple of Part
    left_out : mapping of str to str
        Each notebook, or part of one, that it cannot have, and why.
    fit : OrdinalFit or LogitFit, optional
        The model of all questions together, if it can have one.
    no_fit : str
        Why it cannot, where it was tried.
    """

    parts: tuple[Part, ...]
    left_out: Mapping[str, str] = field(default_factory=dict)
    fit: OrdinalFit | LogitFit | None = None
    no_fit: str = ""


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
    asked: dict[str, Any] = {
        "ANSWERS": str(answers.resolve()), "CODEBOOK": str(codebook.resolve()),
        "SHOWN": group, "GROUP": group, "RESPONSE": response, "READING": dict(book.reading),
    }  # fmt: skip
    ours = {path.name[:2]: path for path in notebooks()}
    parts = [Part(ours["03"], f"03 · {answers.name}", ours["03"].stem, asked)]
    left_out = {}
    if reason := _untold(survey, response, group):
        left_out[ours["04"].stem] = reason
    else:
        title = f"04 · {label(response)} × {label(group)}"
        parts.append(Part(ours["04"], title, f"04_{response}_by_{group}", asked))

    whole = ours["05"].stem
    predictors = []
    for name in names:
        if name != response:
            if reason := _unexplaining(survey, response, name):
                left_out[f"{whole}, the question {name!r}"] = reason
            else:
                predictors.append(name)
    if len(predictors) < 2:
        left_out[whole] = "it needs two questions beside the one to be explained"
        return Plan(tuple(parts), left_out)
    title = f"05 · {label(response)} × {', '.join(map(label, predictors))}"
    chosen, layer = _groups(survey, group, predictors)
    without = set()
    if reason := _incomparable(survey, response, chosen, layer):
        left_out[f"{whole}, groups within layers"] = reason
        without.add(TWO_GROUPS)
    elif chosen != group:
        left_out[f"{whole}, {group!r} within layers"] = (
            f"{chosen!r} has two answers and is compared instead"
        )
    fit, no_fit = None, ""
    try:
        fit = explained(survey, response, predictors)
    except ValueError as error:
        no_fit = str(error)
        left_out[f"{whole}, the model"] = no_fit
        without.add(MODEL)
    if not isinstance(fit, OrdinalFit):
        without.add(THREE_ANSWERS)
    model = {**asked, "PREDICTORS": predictors, "GROUP": chosen, "LAYER": layer}
    stem, said = f"05_{response}_by_all", _of_part(left_out, whole)
    parts.append(Part(ours["05"], title, stem, model, frozenset(without), said))
    return Plan(tuple(parts), left_out, fit, no_fit)


def _of_part(left_out: Mapping[str, str], whole: str) -> dict[str, str]:
    begin = f"{whole}, "
    return {k.removeprefix(begin): v for k, v in left_out.items() if k.startswith(begin)}


def explained(survey: Survey, response: str, predictors: list[str]) -> OrdinalFit | LogitFit:
    """Fit the model that suits the answers: logistic for two, proportional odds for more.

    Raises
    ------
    ValueError
        If there is none: the answers are three or more and have no order, or as `ordinal_logit`
        and `logit` say.
    """
    given = survey.frame.apply(lambda answers: answers.cat.remove_unused_categories())
    number = _together(survey, response, *predictors)[response].nunique()
    if number > 2 and not survey.codebook[response].ordered:
        levels = ", ".join(survey.codebook[response].keys)
        raise ValueError(
            f"it is for two answers or for ordered ones, and {response!r} has {number} in the "
            f"codebook ({levels}) that are not called ordered; if some are spellings of one "
            "answer, make them its aliases; if all are in order, say ordered = true"
        )
    model = ordinal_logit if number > 2 else logit
    return model(replace(survey, frame=given), response, predictors)


def _untold(survey: Survey, response: str, group: str) -> str | None:
    """Why there is no table of two questions, ``None`` if there is one."""
    if response == group:
        return "the codebook has one question only"
    if _together(survey, response, group).empty:
        return f"nobody answered both {response!r} and {group!r}"
    return None


def _unexplaining(survey: Survey, response: str, name: str) -> str | None:
    """Why nothing can be said of the response by a question, ``None`` if something can."""
    if reason := _untold(survey, response, name):
        return reason
    alike = [n for n, number in _together(survey, response, name).nunique().items() if number < 2]
    if alike:
        return f"whoever answered {response!r} and {name!r} gave the same answer to {alike[0]!r}"
    return None


def _groups(survey: Survey, group: str, predictors: list[str]) -> tuple[str, str]:
    """Whose answers are compared, two groups where there are two, and within the layers of what."""
    candidates = [name for name in (group, *predictors) if name in predictors]
    two = [name for name in candidates if survey.frame[name].nunique() == 2]
    chosen = (two or candidates)[0]
    return chosen, next(name for name in predictors if name != chosen)


def _incomparable(survey: Survey, response: str, group: str, layer: str) -> str | None:
    """Why two groups cannot be compared within layers, ``None`` if they can."""
    if survey.frame[group].nunique() != 2:
        return "it compares two groups, and no question that explains was given two answers"
    if not survey.codebook[response].ordered and survey.frame[response].nunique() > 2:
        return f"it divides the answers to {response!r} at the highest, and they have no order"
    if not _some_layer_tells(survey, response, group, layer):
        return f"within no answer to {layer!r} do both groups and both kinds of answers occur"
    return None


def _some_layer_tells(survey: Survey, response: str, group: str, layer: str) -> bool:
    """Whether in some layer there are both groups, and both the highest answer and another."""
    answers = _together(survey, response, group)[response].cat.remove_unused_categories()
    highest = answers.cat.categories[-1]
    people = _together(survey, response, group, layer)
    divided = people.assign(**{response: people[response] == highest})
    kinds = divided.groupby(layer, observed=True)[[response, group]].nunique()
    return bool((kinds == 2).all(axis=1).any())


def _together(survey: Survey, *names: str) -> pd.DataFrame:
    """The answers of those who answered all of these questions."""
    return survey.frame[list(names)].dropna()
