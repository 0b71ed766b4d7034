"""The notebooks run on surveys of every awkward kind, which are told what they cannot have."""

import ast
import contextlib
import io
import json
import random
from collections.abc import Callable
from pathlib import Path

import docx
import matplotlib.pyplot as plt
import pandas as pd
import pytest
from matplotlib.figure import Figure

from churnlib.analysis import check, tailored
from churnlib.asking import MODEL, THREE_ANSWERS, TWO_GROUPS, Part, plan
from churnlib.fits import LogitFit, OrdinalFit
from churnlib.provenance import PROJECT
from churnlib.survey_report import write_survey_report

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


def run_cells(part: Part) -> None:
    """Every code cell of a notebook as its user gets it, in this process; a warning is an error."""
    notebook = tailored(json.loads(part.notebook.read_text("utf-8")), part)
    names = {"display": lambda *shown: [each._repr_html_() for each in shown]}
    for cell in notebook["cells"]:
        if cell["cell_type"] != "code":
            continue
        *body, last = ast.parse("".join(cell["source"])).body
        with contextlib.redirect_stdout(io.StringIO()):
            exec(compile(ast.Module(body, []), "cell", "exec"), names)
            if isinstance(last, ast.Expr):
                shown = eval(compile(ast.Expression(last.value), "cell", "eval"), names)
                getattr(shown, "_repr_html_", str)()
            else:
                exec(compile(ast.Module([last], []), "cell", "exec"), names)
        if "parameters" in cell["metadata"].get("tags", ()):
            names |= {key: value for key, value in part.parameters.items() if key in names}
    plt.close("all")


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


@pytest.fixture
def drawn_once(monkeypatch):
    """Pictures in one format of three."""
    save = Figure.savefig

    def saved(figure: Figure, path: Path, **options: object) -> None:
        if path.suffix == ".png":
            save(figure, path, **options)

    monkeypatch.setattr(Figure, "savefig", saved)


@pytest.mark.usefixtures("drawn_once")
@pytest.mark.parametrize("case", CASES)
def test_the_notebooks_run_and_what_cannot_be_had_is_told(case, tmp_path, monkeypatch):
    questions, row, n, fit, without, left_out = CASES[case]
    answers, book = survey_of(tmp_path, questions, row, n)
    survey = check(answers, book).survey
    planned = plan(answers, book, survey)
    assert type(planned.fit) is fit
    assert planned.parts[-1].notebook.name[:2] == "05"
    assert planned.parts[-1].without == without
    assert planned.left_out.keys() == left_out.keys()
    assert all(reason in planned.left_out[key] for key, reason in left_out.items())
    made = tmp_path / "made"
    made.mkdir()
    monkeypatch.setenv("CHURNLIB_OUTPUT", str(made))
    monkeypatch.setenv("CHURNLIB_LANGUAGES", "en")
    monkeypatch.chdir(PROJECT / "notebooks")
    for part in planned.parts[1:]:  # the first cleans, whatever the questions are
        run_cells(part)
    sources = made / "figures" / "source"
    tests = pd.read_csv(sources / "demographic_all_tests.csv")
    assert tests[["p_value", "holm", "benjamini_hochberg"]].notna().all(axis=None)
    assert (sources / "demographic_model_table.csv").exists() == (fit is not type(None))
    options = {"fit": planned.fit, "no_fit": planned.no_fit}
    report = docx.Document(str(write_survey_report(survey, made, "en", **options)))
    said = "\n".join(paragraph.text for paragraph in report.paragraphs)
    assert left_out.get(M, "odds ratio") in said
    first = "".join(tailored({"cells": [{}]}, planned.parts[-1])["cells"][0]["source"])
    assert all(reason in first for key, reason in left_out.items() if key.startswith("05"))
