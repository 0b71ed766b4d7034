"""A survey of one's own: planned, run, reported, and nothing of the project touched."""

import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import docx
import pytest
from notebook_checks import execute, faults

import churnlib as cl
from churnlib.__main__ import main
from churnlib.evidence.origin import PROJECT, Origin
from churnlib.workflow.notebook import NotebookError, digest, files_in
from churnlib.workflow.own_survey import analyse, check, filled_in

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
        done = analyse(answers, codebook, Path("results"), lang="zh-Hans")
    return folder / "results", done, before


def cells(path: Path) -> list[dict]:
    return json.loads(path.read_text("utf-8"))["cells"]


def test_the_notebook_runs_on_any_questions_in_one_language(analysed):
    results, done, _ = analysed
    assert done["left_out"] == {}
    assert {path.name for path in (results / "figures").iterdir()} == {"source", "zh-Hans"}
    drawn = {path.stem for path in (results / "figures" / "zh-Hans").iterdir()}
    assert drawn == {"content_by_car", "model"}
    assert (results / "figures" / "source" / "model.csv").exists()


def test_the_notebook_can_be_gone_on_with(analysed):
    notebook = json.loads((analysed[0] / "my_survey.ipynb").read_text("utf-8"))
    assert faults(notebook) == []
    assert notebook["cells"][0]["source"] == ["# answers.csv\n", "\n", Origin.OBSERVED.badge]
    assert "RESPONSE = None" in "".join(notebook["cells"][1]["source"])


def test_the_answers_are_read_once_to_be_checked_and_once_by_the_notebook():
    code = json.dumps(filled_in("a.csv", {})["cells"])
    assert code.count("read_answers(") == code.count("cl.clean(") == 1


def test_nothing_of_the_project_is_touched_and_nothing_unfinished_is_left(analysed):
    results, _, before = analysed
    assert project() == before
    assert {path.name for path in results.iterdir()} == {"figures", "my_survey.ipynb", "report"}


def test_all_is_marked_observed_and_nothing_is_said_of_the_thesis(analysed):
    results, done, _ = analysed
    shown = cells(results / "my_survey.ipynb")
    said = [json.dumps([c.get("outputs", c["source"]) for c in shown], ensure_ascii=False)]
    text = docx.Document(str(results.parent / done["report"]))
    assert any("比例优势模型" in p.text for p in text.paragraphs)
    said.append(
        "\n".join(p.text for p in text.element.body.iter() if hasattr(p, "text") and p.text)
    )
    for words in said:
        assert Origin.OBSERVED.badge in words or "真实作答" in words
        for wrong in ("SYNTHETIC", "论文", "thesis", "4,000"):
            assert wrong not in words


def test_a_column_that_the_codebook_does_not_ask_for_goes_no_further(analysed):
    files = [path for path in analysed[0].rglob("*") if path.suffix in {".ipynb", ".csv"}]
    assert len(files) > 3
    assert not any("Someone" in path.read_text("utf-8") for path in files)


def test_a_failed_analysis_keeps_the_notebook_and_the_results_before_it(analysed, monkeypatch):
    results, _, _ = analysed
    before = {file: digest(results / file) for file in files_in(results)}
    real = filled_in

    def broken(title, values):
        made = real(title, values)
        made["cells"][1]["source"] = "1 / 0"
        return made

    monkeypatch.setattr("churnlib.workflow.own_survey.filled_in", broken)
    answers, codebook = results.parent / "answers.csv", results.parent / "book.toml"
    with pytest.raises(NotebookError, match="ZeroDivisionError") as failure:
        analyse(answers, codebook, results, lang="zh-Hans")
    assert "ZeroDivisionError" in failure.value.kept.read_text("utf-8")
    assert failure.value.kept.is_relative_to(results / "failed")
    after = {file: digest(results / file) for file in files_in(results)}
    assert {file: after[file] for file in before} == before


def test_the_notebook_run_again_by_hand_writes_beside_itself_and_nowhere_else(
    analysed, monkeypatch
):
    results, _, _ = analysed
    for name in ("CHURNLIB_OUTPUT", "CHURNLIB_LANGUAGES"):
        monkeypatch.delenv(name, raising=False)
    before, there = project(), set(files_in(results))
    report = results / "report" / "survey-report.zh-Hans.docx"
    report.unlink()
    execute(results / "my_survey.ipynb")
    assert report.exists()
    assert project() == before
    assert set(files_in(results)) - {"failed/my_survey.ipynb"} <= there


def test_a_notebook_that_somebody_has_gone_on_with_is_not_replaced(analysed):
    results, _, _ = analysed
    path = results / "my_survey.ipynb"
    written = path.read_text("utf-8")
    changed = json.loads(written)
    changed["cells"].append({**changed["cells"][2], "id": "mine", "source": "1 + 1"})
    path.write_text(json.dumps(changed), "utf-8")
    answers, codebook = results.parent / "answers.csv", results.parent / "book.toml"
    with pytest.raises(FileExistsError, match="is not as an analysis wrote it, and what you"):
        analyse(answers, codebook, results, lang="zh-Hans")
    assert json.loads(path.read_text("utf-8")) == changed
    path.write_text(written, "utf-8")


# What is asked.


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"response": "cat"}, KeyError, "cat"),
        ({"group": "content"}, ValueError, "'content' is the response; choose another question"),
        ({"by": ["content"]}, ValueError, "'content' is the response; choose another question"),
        ({"group": "years"}, ValueError, "groups come from a question with one answer; 'years'"),
    ],
)
def test_a_question_that_cannot_serve_is_named_before_anything_runs(tmp_path, options, error, said):
    years = '[variables.years]\nkind = "number"\nlabel = { zh-Hans = "年数" }\n'
    answers, codebook = survey_in(
        tmp_path, book=BOOK.replace("[variables.content]", f"{years}[variables.content]")
    )
    with pytest.raises(error, match=said):
        analyse(answers, codebook, tmp_path / "out", lang="zh-Hans", **options)
    assert not (tmp_path / "out").exists()


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
    with pytest.raises(ValueError, match=r"no sheet can be kept; .*'也许'"):
        check(answers, codebook, lang="zh-Hans")


def test_a_mistake_that_the_notebook_finds_is_told_without_its_traceback(tmp_path):
    answers, codebook = survey_in(tmp_path, n=0)
    mine = tmp_path / "out" / "failed" / "mine.txt"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")
    with pytest.raises(ValueError, match=r"^no sheet can be kept; .*'也许'"):
        analyse(answers, codebook, tmp_path / "out", lang="zh-Hans")
    assert [*mine.parent.iterdir()] == [mine]


def test_the_answers_are_read_once_and_by_the_notebook(tmp_path, monkeypatch):
    def read_here(*_, **__):
        raise AssertionError("the answers were read before the notebook")

    answers, codebook = survey_in(tmp_path)
    monkeypatch.setattr("churnlib.survey.read_answers", read_here)
    monkeypatch.setattr("churnlib.survey.readers.read_answers", read_here)
    done = analyse(answers, codebook, tmp_path / "out", lang="zh-Hans")
    assert Path(done["report"]).exists()
    sources = "".join("".join(c["source"]) for c in cells(tmp_path / "out" / "my_survey.ipynb"))
    assert sources.count("read_answers(") == 1


def test_only_some_people_are_analysed_and_the_report_says_so(tmp_path):
    answers, codebook = survey_in(tmp_path)
    done = analyse(answers, codebook, tmp_path / "out", lang="zh-Hans", only=["house=yes,no"])
    document = docx.Document(done["report"])
    said = "".join(p.text for p in document.paragraphs)
    assert "本报告仅分析部分答卷：是否有房为是、否。" in said
    kept = [line.split(",")[1] for line in answers.read_text("utf-8").splitlines()[1:]]
    captions = [p.text for p in document.paragraphs if p.style.name == "Caption"]
    assert len(captions) > len(document.tables) - 1
    assert all(caption.endswith("（仅是否有房为是、否）") for caption in captions)
    assert f"{sum(house in {'是', '否'} for house in kept)}人问卷调查报告" in said


@pytest.mark.parametrize("only", ["house", "house=", "=yes"])
def test_a_filter_is_a_question_and_its_levels(tmp_path, capsys, only):
    answers, codebook = survey_in(tmp_path)
    command = [
        "analyse",
        str(answers),
        "--codebook",
        str(codebook),
        "--output",
        str(tmp_path / "o"),
    ]
    assert main([*command, "--lang", "zh-Hans", "--only", only]) == 1
    assert f"--only is KEY=LEVEL or KEY=LEVEL,LEVEL; given '{only}'" in capsys.readouterr().err


def test_check_counts_every_sheet_and_says_which_do_not_fit(tmp_path, capsys):
    answers, codebook = survey_in(tmp_path)
    rows = check(answers, codebook, lang="zh-Hans")["rows"]
    assert (rows["rows_read"], rows["rows_kept"], rows["rows_set_aside"]) == (91, 90, 1)
    capsys.readouterr()
    command = ["check", str(answers), "--codebook", str(codebook), "--lang", "zh-Hans"]
    assert main(command) == 1
    assert capsys.readouterr().out.startswith("row 92: house '也许'")
    assert main([*command, "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["good"], told["problems"][0]["row"]) == (False, "92")
    text = answers.read_text("utf-8").replace("也许", "不清楚")
    answers.write_text(text, "utf-8")
    assert main([*command, "--json"]) == 0


def test_the_command_says_what_was_left_out(tmp_path, capsys):
    answers, codebook = survey_in(tmp_path, n=24)
    command = ["analyse", str(answers), "--codebook", str(codebook), "--lang", "zh-Hans"]
    assert main([*command, "--output", str(tmp_path / "o"), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert "needs 10 people for each" in told["left_out"]["the model"]
    assert told["report"] in told["files"]
    assert main([*command, "--output", str(tmp_path / "o")]) == 0
    printed = capsys.readouterr().out
    assert f"the model: left out, since {told['left_out']['the model']}\n" in printed
    assert printed.endswith(f"report: {told['report']}\n")


def test_a_table_of_ones_own_is_not_published_under_a_title_of_the_project(tmp_path, monkeypatch):
    import pandas as pd

    from churnlib import report

    monkeypatch.setenv("CHURNLIB_OUTPUT", str(tmp_path))
    frame = pd.DataFrame({"n": [1]}, pd.Index(["gender"], name="variable"))
    report.publish_table("demographic_tests", frame, Origin.OBSERVED, cl.load_codebook())
    assert list(files_in(tmp_path)) == ["figures/source/demographic_tests.csv"]


# Stopped.


def _parent(stat: Path) -> int:
    try:
        return int(stat.read_text().rpartition(")")[2].split()[1])
    except (FileNotFoundError, ProcessLookupError):  # it has ended since
        return 0


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads /proc")
@pytest.mark.parametrize("seconds", [0, 1, 3])
def test_any_number_of_stop_signals_ends_at_once_and_leaves_nothing(tmp_path, seconds):
    answers, codebook = survey_in(tmp_path)
    output = tmp_path / "out"
    command = [
        sys.executable, "-m", "churnlib", "analyse", str(answers), "--codebook", str(codebook),
        "--output", str(output), "--lang", "zh-Hans",
    ]  # fmt: skip
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=PROJECT
    )
    for line in process.stdout:
        if line.startswith("my_survey: running"):
            break
    time.sleep(seconds)
    stats = Path("/proc").glob("[0-9]*/stat")
    kernels = [stat.parent for stat in stats if _parent(stat) == process.pid]
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGINT):
        process.send_signal(number)
    _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (130, "error: stopped; nothing was replaced\n")
    assert list(files_in(output)) == []
    assert not list(output.iterdir())
    assert not [kernel for kernel in kernels if _parent(kernel / "stat") == process.pid]
