"""A survey of one's own: planned, run, reported, and nothing of the project touched."""

import json
import random
from pathlib import Path

import docx
import pytest

import churnlib as cl
from churnlib.__main__ import main
from churnlib.evidence.origin import PROJECT, Origin
from churnlib.workflow.analyse_survey import (
    LEFT_OUT,
    _remove_other_models,
    analyse,
    check,
    tailored,
)
from churnlib.workflow.analysis_plan import TWO_GROUPS, Part, plan
from churnlib.workflow.execution import NotebookError
from churnlib.workflow.workspace import digest, files_in

# Two questions share their levels, one level has no answer, and there is no English label.
BOOK = """
[variables.car]
label = { zh-Hans = "是否有车" }
levels = [{ key = "yes", label = { zh-Hans = "是" } }, { key = "no", label = { zh-Hans = "否" } }]
[variables.house]
label = { zh-Hans = "是否有房" }
levels = [
  { key = "yes", label = { zh-Hans = "是" } }, { key = "no", label = { zh-Hans = "否" } },
  { key = "unsure", label = { zh-Hans = "不清楚" } },
]
[variables.content]
label = { zh-Hans = "满意程度" }
ordered = true
levels = [
  { key = "low", label = { zh-Hans = "低" } }, { key = "mid", label = { zh-Hans = "中" } },
  { key = "high", label = { zh-Hans = "高" } }, { key = "highest", label = { zh-Hans = "极高" } },
]
"""


def survey_in(folder: Path, n: int = 90, book: str = BOOK) -> tuple[Path, Path]:
    draw = random.Random(5)
    asked = ["是否", ["是", "否", "不清楚"], "低中高", ["Someone"]]
    rows = [",".join(map(draw.choice, asked)) for _ in range(n)]
    answers, codebook = folder / "answers.csv", folder / "book.toml"
    answers.write_text(
        "\n".join(["是否有车,是否有房,满意程度,联系人", *rows, "是,也许,低,Someone"]), "utf-8"
    )
    codebook.write_text(book, "utf-8")
    return answers, codebook


def planned(folder: Path, book: str = BOOK, **options: str):
    answers, codebook = survey_in(folder, book=book)
    survey = check(answers, codebook, lang="zh-Hans").survey
    return plan(answers, codebook, survey, lang="zh-Hans", **options)


OWN = ("figures", "notebooks", "report", "data")


def project() -> dict[str, str]:
    return {f"{top}/{f}": digest(PROJECT / top / f) for top in OWN for f in files_in(PROJECT / top)}


@pytest.fixture(scope="module")
def analysed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("survey")
    answers, codebook = survey_in(folder)
    before = project()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)  # a relative output lies here, not beside the notebooks
        done = analyse(answers, codebook, Path("results"), lang="zh-Hans", jobs=2)
    return folder / "results", done, before


def cells(path: Path) -> list[dict]:
    return json.loads(path.read_text("utf-8"))["cells"]


def test_the_three_notebooks_run_on_any_questions_in_one_language(analysed):
    results, done, _ = analysed
    assert done.left_out == {}
    names = sorted(path.name for path in (results / "notebooks").iterdir())
    assert names == [
        "03_survey_cleaning.ipynb",
        "04_content_by_car.ipynb",
        "05_content_by_all.ipynb",
    ]
    assert {path.name for path in (results / "figures").iterdir()} == {"source", "zh-Hans"}
    assert (results / "figures" / "source" / "demographic_tests.csv").exists()


def test_nothing_of_the_project_is_touched_and_nothing_unfinished_is_left(analysed):
    results, _, before = analysed
    assert project() == before
    assert {path.name for path in results.iterdir()} == {"figures", "notebooks", "report"}


def test_all_is_marked_observed_and_nothing_is_said_of_the_thesis(analysed):
    results, done, _ = analysed
    shown = [cell for path in (results / "notebooks").iterdir() for cell in cells(path)]
    said = [json.dumps([c.get("outputs", c["source"]) for c in shown], ensure_ascii=False)]
    text = docx.Document(str(results.parent / done.report))
    assert any("比例优势模型" in p.text for p in text.paragraphs)
    said.append(
        "\n".join(p.text for p in text.element.body.iter() if hasattr(p, "text") and p.text)
    )
    for words in said:
        assert Origin.OBSERVED.badge in words or "真实作答" in words
        for wrong in ("SYNTHETIC", "论文", "thesis", "4,000"):
            assert wrong not in words


def test_a_trend_is_told_only_where_both_questions_have_an_order(analysed):
    lines = (analysed[0] / "figures" / "source" / "demographic_tests.csv").read_text().splitlines()
    rows = {line.split(",")[0]: line.split(",") for line in lines}
    place = rows["variable"].index("p_trend")
    assert rows["car"][place] != ""  # two levels are in order either way
    assert rows["house"][place] == ""


def test_a_column_that_the_codebook_does_not_ask_for_goes_no_further(analysed):
    files = [path for path in analysed[0].rglob("*") if path.suffix in {".ipynb", ".csv"}]
    assert len(files) > 5
    assert not any("Someone" in path.read_text("utf-8") for path in files)


def test_a_model_of_an_earlier_analysis_does_not_outlive_it(tmp_path):
    for name in ("demographic_model.png", "content_by_car.png", "my_own.png"):
        place = tmp_path / "figures" / "en" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.touch()
    _remove_other_models(tmp_path, {"figures/en/content_by_car.png"})
    left = {path.name for path in (tmp_path / "figures" / "en").iterdir()}
    assert left == {"content_by_car.png", "my_own.png"}


def test_a_failed_analysis_keeps_the_notebook_and_the_results_before_it(analysed, monkeypatch):
    results, _, _ = analysed
    before = {file: digest(results / file) for file in files_in(results)}
    real = tailored

    def broken(notebook, part):
        made = real(notebook, part)
        made["cells"][1]["source"] = "ANSWERS = None\n1 / 0"
        return made

    monkeypatch.setattr("churnlib.workflow.analyse_survey.tailored", broken)
    answers, codebook = results.parent / "answers.csv", results.parent / "book.toml"
    with pytest.raises(NotebookError, match="ZeroDivisionError") as failure:
        analyse(answers, codebook, results, lang="zh-Hans")
    assert "ZeroDivisionError" in failure.value.kept.read_text("utf-8")
    assert failure.value.kept.is_relative_to(results / "failed")
    after = {file: digest(results / file) for file in files_in(results)}
    assert {file: after[file] for file in before} == before


# What is asked.


def test_the_last_question_is_explained_by_all_others_and_two_groups_are_compared(tmp_path):
    three, four, five = planned(tmp_path).parts
    assert three.parameters["SHOWN"] == "car"
    assert four.stem == "04_content_by_car"
    assert five.title == "05 · 满意程度 × 是否有车, 是否有房"
    asked = {k: five.parameters[k] for k in ("RESPONSE", "PREDICTORS", "GROUP", "LAYER")}
    assert asked == {
        "RESPONSE": "content", "PREDICTORS": ["car", "house"], "GROUP": "car", "LAYER": "house",
    }  # fmt: skip


def test_a_group_of_three_leaves_the_comparison_of_two_to_a_question_that_has_two(tmp_path):
    *_, four, five = planned(tmp_path, group="house").parts
    assert (four.parameters["GROUP"], five.parameters["GROUP"]) == ("house", "car")


def test_a_level_that_nobody_gave_makes_no_third_group(tmp_path):
    third = (
        '{ key = "no", label = { zh-Hans = "否" } }, { key = "x", label = { zh-Hans = "未知" } }]'
    )
    book = BOOK.replace('{ key = "no", label = { zh-Hans = "否" } }]', third)
    five = planned(tmp_path, book=book).parts[-1]
    assert five.parameters["GROUP"] == "car"
    assert TWO_GROUPS not in five.without


def test_two_questions_are_too_few_for_the_fifth_notebook(tmp_path):
    book = BOOK.partition("[variables.house]")[0] + BOOK[BOOK.index("[variables.content]") :]
    made = planned(tmp_path, book=book)
    assert [part.notebook.name[:2] for part in made.parts] == ["03", "04"]
    assert "needs two questions beside" in made.left_out["05_demographic_differences"]


def test_one_question_has_no_table(tmp_path):
    made = planned(tmp_path, book=BOOK[: BOOK.index("[variables.house]")])
    assert [part.notebook.name[:2] for part in made.parts] == ["03"]
    assert "one question only" in made.left_out["04_visits_by_gender"]


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"response": "cat"}, KeyError, "cat"),
        ({"group": "content"}, ValueError, "the response and the group are both 'content'"),
    ],
)
def test_a_question_that_is_not_there_is_named(tmp_path, options, error, said):
    with pytest.raises(error, match=said):
        planned(tmp_path, **options)


@pytest.mark.parametrize("number", ["03", "04", "05"])
def test_what_is_left_for_a_user_says_nothing_of_the_thesis(number):
    (path,) = (PROJECT / "notebooks").glob(f"{number}_*.ipynb")
    made = tailored(json.loads(path.read_text("utf-8")), Part(path, "mine", "mine", {}))
    text = "\n".join("".join(cell["source"]) for cell in made["cells"])
    for word in ("thesis", "Thesis", "论文", "Exercise", "Figure 3-1", "women", "statement"):
        assert word not in text.replace("women over men", ""), word
    assert made["cells"][0]["source"].endswith(Origin.OBSERVED.badge)
    assert not any(LEFT_OUT & set(c["metadata"].get("tags", ())) for c in made["cells"])
    assert sum("parameters" in c["metadata"].get("tags", ()) for c in made["cells"]) == 1


# Bad input, one by one.


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"answers": "none.csv"}, "none.csv"),
        ({"codebook": "none.toml"}, "none.toml"),
        ({"lang": "en"}, "lacks labels in 'en' for car, car.yes"),
        ({"output": PROJECT}, "belongs to the project"),
        ({"output": PROJECT / "figures" / "mine"}, "belongs to the project"),
        ({"output": "answers.csv"}, "is a file; choose a folder"),
        ({"template": "none.docx"}, "none.docx"),
        ({"template": "answers.csv"}, "is not a Word document"),
    ],
    ids=[
        "no answers",
        "no codebook",
        "no labels",
        "the project",
        "its figures",
        "a file",
        "no template",
        "no Word document",
    ],
)
def test_bad_input_is_named_before_anything_runs(tmp_path, monkeypatch, change, said):
    monkeypatch.chdir(tmp_path)
    answers, codebook = survey_in(tmp_path)
    given = {"answers": answers, "codebook": codebook, "output": "out", "lang": "zh-Hans"} | change
    lang = given.pop("lang")
    with pytest.raises((OSError, ValueError), match=said):
        analyse(**{key: Path(path) for key, path in given.items()}, lang=lang)
    assert not (tmp_path / "out").exists()


def test_a_survey_of_which_no_sheet_fits_is_refused_with_the_first_reason(tmp_path):
    answers, codebook = survey_in(tmp_path, n=0)
    with pytest.raises(ValueError, match=r"no sheet of answers\.csv can be kept; .*'也许'"):
        check(answers, codebook, lang="zh-Hans")


def test_check_counts_every_sheet_and_says_which_do_not_fit(tmp_path, capsys):
    answers, codebook = survey_in(tmp_path)
    found = check(answers, codebook, lang="zh-Hans")
    rows = found.summary["rows"]
    assert (rows["rows_read"], rows["rows_kept"], rows["rows_set_aside"]) == (91, 90, 1)
    command = ["check", str(answers), "--codebook", str(codebook), "--lang", "zh-Hans"]
    assert main(command) == 1
    assert capsys.readouterr().out.startswith("row 92: house '也许'")
    assert main([*command, "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["good"], told["problems"][0]["row"]) == (False, "92")
    text = answers.read_text("utf-8").replace("也许", "不清楚")
    answers.write_text(text, "utf-8")
    assert main([*command, "--json"]) == 0


def test_the_command_says_what_was_left_out(tmp_path, monkeypatch, capsys):
    from churnlib.workflow.analyse_survey import Analysis

    done = Analysis(tmp_path / "r.docx", {"05_x": "it has no order"})
    monkeypatch.setattr("churnlib.workflow.analyse_survey.analyse", lambda *_, **__: done)
    command = ["analyse", "a.csv", "--codebook", "b.toml", "--output", str(tmp_path)]
    assert main(command) == 0
    assert "05_x: left out, since it has no order\n" in capsys.readouterr().out
    assert main([*command, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["left_out"] == {"05_x": "it has no order"}


def test_a_table_of_ones_own_is_not_published_under_a_title_of_the_project(tmp_path, monkeypatch):
    import pandas as pd

    from churnlib import report

    monkeypatch.setenv("CHURNLIB_OUTPUT", str(tmp_path))
    frame = pd.DataFrame({"n": [1]}, pd.Index(["gender"], name="variable"))
    report.publish_table("demographic_tests", frame, Origin.OBSERVED, cl.load_codebook())
    assert list(files_in(tmp_path)) == ["figures/source/demographic_tests.csv"]
