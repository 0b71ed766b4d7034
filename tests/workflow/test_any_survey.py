"""Surveys of every awkward kind are analysed, and told what they cannot have."""

import random
from collections.abc import Callable
from pathlib import Path

import docx
import pytest

from churnlib import Origin, Survey, clean, load_codebook, read_answers
from churnlib.models.fits import LogitFit, OrdinalFit
from churnlib.report.survey_analysis import SurveyAnalysis, analyse_survey, explained
from churnlib.report.survey_report import write_survey_report

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


def cleaned(answers: Path, book: Path) -> Survey:
    return clean(read_answers(answers), load_codebook(book), origin=Origin.OBSERVED)


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


SIX = {"town": "abcdef", "age": "<abc", "visits": "<123"}
UNORDERED = {**USUAL, "colour": "rgb"}
NO_ORDER = "'colour' has 3 in the codebook (r, g, b) that are not called ordered"
ALIKE = "whoever answered 'visits' and 'sex' gave the same answer to 'sex'"
MODEL = "the model"

CASES = {
    "yes or no": (LEFT, anything(LEFT), 90, LogitFit, {}),
    "two answers of three": (VISITS, never_most, 90, LogitFit, {}),
    "no order": (UNORDERED, anything(UNORDERED), 90, type(None), {MODEL: NO_ORDER}),
    "separated": (VISITS, separated, 90, type(None), {MODEL: "plan=x tells some answers"}),
    "collinear": (VISITS, collinear, 90, type(None), {MODEL: "predictors are collinear"}),
    "all alike": (VISITS, all_men, 90, OrdinalFit, {"sex": ALIKE}),
    "gaps": (VISITS, with_gaps, 90, OrdinalFit, {}),
    "six groups": (SIX, anything(SIX), 120, OrdinalFit, {}),
    "nobody answers both": (
        VISITS, by_turns, 120, OrdinalFit, {"sex": "nobody answered both 'visits' and 'sex'"},
    ),
    "few people": (
        VISITS, anything(VISITS), 24, type(None), {MODEL: "and needs 10 people for each; choose"},
    ),
}  # fmt: skip


def analysed(case: str, folder: Path) -> SurveyAnalysis:
    questions, row, n, *_ = CASES[case]
    answers, book = survey_of(folder, questions, row, n)
    return analyse_survey(cleaned(answers, book))


@pytest.mark.parametrize("case", CASES)
def test_what_a_survey_cannot_have_is_left_out_and_told(case, tmp_path):
    *_, fit, left_out = CASES[case]
    made = analysed(case, tmp_path)
    assert type(made.fit) is fit
    assert made.left_out.keys() == left_out.keys()
    assert all(reason in made.left_out[key] for key, reason in left_out.items())
    report = write_survey_report(made, tmp_path, "en")
    said = "\n".join(paragraph.text for paragraph in docx.Document(str(report)).paragraphs)
    assert (made.no_fit or "odds ratio above 1") in said


def test_the_last_question_is_tested_with_each_other_and_all_pairs_only_if_asked(tmp_path):
    answers, book = survey_of(tmp_path, VISITS, anything(VISITS), 120)
    survey = cleaned(answers, book)
    keys = [pair.key for pair in analyse_survey(survey).pairs]
    assert keys == ["sex × visits", "age × visits", "plan × visits"]
    assert len(analyse_survey(survey, all_pairs=True).pairs) == 6
    some = analyse_survey(survey, response="age", by=["plan", "sex"])
    assert [pair.key for pair in some.pairs] == ["plan × age", "sex × age"]
    assert some.fit.data.predictors == ["plan", "sex"]
    with pytest.raises(ValueError, match="'age' cannot explain itself"):
        analyse_survey(survey, response="age", by=["age"])
    with pytest.raises(KeyError, match="nothing"):
        analyse_survey(survey, response="nothing")


def test_ten_people_for_each_parameter_are_enough_and_one_fewer_are_not(tmp_path):
    answers, book = survey_of(tmp_path, VISITS, anything(VISITS), 70)
    survey = cleaned(answers, book)
    assert explained(survey, "visits", ["sex", "age", "plan"]).n == 70  # five slopes, two cuts
    answers.write_text(answers.read_text().rpartition("\n")[0].rpartition("\n")[0] + "\n")
    with pytest.raises(ValueError, match="7 parameters for 69 people"):
        explained(cleaned(answers, book), "visits", ["sex", "age", "plan"])
