"""The notebooks run on surveys of every awkward kind, which are told what they cannot have."""

import random
from collections.abc import Callable
from pathlib import Path

import docx
import pandas as pd
import pytest

from churnlib.models.fits import LogitFit, OrdinalFit
from churnlib.report.survey_report import write_survey_report
from churnlib.survey.cleaning import Survey
from churnlib.workflow.analyse_survey import check, tailored
from churnlib.workflow.analysis_plan import MODEL, THREE_ANSWERS, TWO_GROUPS, Plan, plan

Row = Callable[[random.Random, int], list[str]]


def survey_of(folder: Path, questions: dict[str, str], row: Row, n: int) -> tuple[Path, Path]:
    """Answers to questions whose levels are the letters given; ``<`` says that they are ordered."""
    draw, lines = random.Random(7), []
    for name, letters in questions.items():
        lines += [f"[variables.{name}]", f'label = {{ en = "{name.title()}" }}']
        lines += ["ordered = true"] * letters.startswith("<")
        for letter in letters.strip("<"):
            lines += [f"[[variables.{name}.levels]]", f'key = "{letter}"']
            lines.append(f'label = {{ en = "{name} {letter}" }}')
    book, answers = folder / "book.toml", folder / "answers.csv"
    book.write_text("\n".join(lines), "utf-8")
    rows = [",".join(row(draw, place)) for place in range(n)]
    answers.write_text("\n".join([",".join(questions), *rows]) + "\n", "utf-8")
    return answers, book


def anything(questions: dict[str, str]) -> Row:
    letters = [each.strip("<") for each in questions.values()]
    return lambda draw, _: [draw.choice(each) for each in letters]


USUAL = {"sex": "mf", "age": "<abc", "plan": "xyz"}
LEFT = {**USUAL, "left": "ny"}
VISITS = {**USUAL, "visits": "<123"}


def with_gaps(draw: random.Random, _: int) -> list[str]:
    """Whoever is of age c never answers the last question."""
    sex, age, plan, visits = anything(VISITS)(draw, 0)
    return [sex, age, plan, "" if age == "c" else visits]


def by_turns(draw: random.Random, place: int) -> list[str]:
    """Nobody answers both the first and the last question."""
    sex, age, plan, visits = anything(VISITS)(draw, 0)
    return ["", age, plan, visits] if place % 2 else [sex, age, plan, ""]


def separated(draw: random.Random, _: int) -> list[str]:
    """All of plan x visit most often, and only they."""
    sex, age, plan, _visits = anything(VISITS)(draw, 0)
    return [sex, age, plan, "3" if plan == "x" else draw.choice("12")]


def collinear(draw: random.Random, _: int) -> list[str]:
    sex, age, _plan, visits = anything(VISITS)(draw, 0)
    return [sex, age, dict(zip("abc", "xyz", strict=True))[age], visits]


def all_men(draw: random.Random, _: int) -> list[str]:
    return ["m", *anything(VISITS)(draw, 0)[1:]]


def never_most(draw: random.Random, _: int) -> list[str]:
    """Two of the three answers alone were given."""
    return [*anything(USUAL)(draw, 0), draw.choice("12")]


def no_layer_tells(draw: random.Random, _: int) -> list[str]:
    """Within an age all visit alike, so that no age says anything of men and women."""
    sex, age, plan = anything(USUAL)(draw, 0)
    return [sex, age, plan, {"a": "1", "b": "2", "c": "3"}[age]]


SIX = {"town": "abcdef", "age": "<abc", "visits": "<123"}
UNORDERED = {**USUAL, "colour": "rgb"}
NO_ORDER = "'colour' has 3 in the codebook (r, g, b) that are not called ordered"
ALIKE = "whoever answered 'visits' and 'sex' gave the same answer to 'sex'"
M = "05_demographic_differences, the model"
S = "05_demographic_differences, the question 'sex'"
G = "05_demographic_differences, groups within layers"
NO_PAIR = {G: "no question that explains was given two answers"}

CASES = {
    "yes or no": (LEFT, anything(LEFT), 90, LogitFit, {THREE_ANSWERS}, {}),
    "two answers of three": (VISITS, never_most, 90, LogitFit, {THREE_ANSWERS}, {}),
    "no order": (
        UNORDERED, anything(UNORDERED), 90, type(None), {MODEL, THREE_ANSWERS, TWO_GROUPS},
        {M: NO_ORDER, G: "they have no order"},
    ),
    "separated": (
        VISITS, separated, 90, type(None), {MODEL, THREE_ANSWERS}, {M: "plan=x tells some answers"},
    ),
    "collinear": (
        VISITS, collinear, 90, type(None), {MODEL, THREE_ANSWERS}, {M: "predictors are collinear"},
    ),
    "all alike": (VISITS, all_men, 90, OrdinalFit, {TWO_GROUPS}, {S: ALIKE, **NO_PAIR}),
    "an empty layer": (VISITS, with_gaps, 90, OrdinalFit, set(), {}),
    "no layer tells": (
        VISITS, no_layer_tells, 90, type(None), {MODEL, THREE_ANSWERS, TWO_GROUPS},
        {M: "some answers apart", G: "within no answer to 'age'"},
    ),
    "six groups": (SIX, anything(SIX), 120, OrdinalFit, {TWO_GROUPS}, NO_PAIR),
    "nobody answers both": (
        VISITS, by_turns, 90, OrdinalFit, {TWO_GROUPS},
        {"04_visits_by_gender": "nobody answered both 'visits' and 'sex'",
         S: "nobody answered both 'visits' and 'sex'", **NO_PAIR},
    ),
    "few people": (VISITS, anything(VISITS), 24, OrdinalFit, set(), {}),
}  # fmt: skip


def planned(case: str, folder: Path) -> tuple[Survey, Plan]:
    questions, row, n, *_ = CASES[case]
    answers, book = survey_of(folder, questions, row, n)
    survey = check(answers, book).survey
    return survey, plan(answers, book, survey)


@pytest.mark.parametrize("case", CASES)
def test_what_a_survey_cannot_have_is_left_out_and_told(case, tmp_path):
    *_, fit, without, left_out = CASES[case]
    _, made = planned(case, tmp_path)
    assert type(made.fit) is fit
    assert made.parts[-1].notebook.name[:2] == "05"
    assert made.parts[-1].without == without
    assert made.left_out.keys() == left_out.keys()
    assert all(reason in made.left_out[key] for key, reason in left_out.items())
    first = tailored({"cells": [{}]}, made.parts[-1])["cells"][0]["source"]
    assert all(reason in first for key, reason in left_out.items() if key.startswith("05"))


@pytest.mark.parametrize(
    "case",
    ["yes or no", "no order", "separated", "an empty layer", "six groups", "nobody answers both",
     "few people"],
)  # fmt: skip
def test_the_notebooks_run(case, tmp_path, run_cells):
    survey, made = planned(case, tmp_path)
    folder = run_cells(*made.parts[1:])  # the first cleans, whatever the questions are
    sources = folder / "figures" / "source"
    tests = pd.read_csv(sources / "demographic_all_tests.csv")
    assert tests[["p_value", "holm", "benjamini_hochberg"]].notna().all(axis=None)
    assert (sources / "demographic_model_table.csv").exists() == (made.fit is not None)
    report = write_survey_report(survey, folder, "en", fit=made.fit, no_fit=made.no_fit)
    said = "\n".join(paragraph.text for paragraph in docx.Document(str(report)).paragraphs)
    assert (made.no_fit or "odds ratio above 1") in said
