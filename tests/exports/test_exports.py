"""Small files of the kinds that people have, each through the three commands.

What is expected follows from how each file is written here.
"""

import datetime
import random
import tomllib
from collections import Counter
from pathlib import Path

import docx
import openpyxl
import pandas as pd
import pyreadstat
import pytest

from churnlib import Origin, clean, load_codebook, read_answers
from churnlib.__main__ import main
from churnlib.report import analyse_survey, write_survey_report

DRAW = random.Random(3)


def rows_of(*choices, n=40):
    return [[DRAW.choice(each) for each in choices] for _ in range(n)]


def write(path: Path, header, rows, encoding="utf-8", delimiter=","):
    lines = [delimiter.join(map(str, row)) for row in [header, *rows]]
    path.write_bytes(("\n".join(lines) + "\n").encode(encoding))
    return path


def through(path: Path, capsys, *options: str):
    """The draft as read, the survey that it gives, and all that both commands say.

    What ``analyse`` computes and writes is done here without its notebook, to spare time.
    """
    book = path.with_suffix(".toml")
    book.unlink(missing_ok=True)  # no draft replaces another
    assert main(["codebook", str(path), "--output", str(book), *options]) == 0
    assert main(["check", str(path), "--codebook", str(book)]) == 0
    said = "".join(capsys.readouterr())
    known = load_codebook(book)
    raw = read_answers(path, **known.reading)
    survey = clean(raw, known, origin=Origin.OBSERVED)
    written = write_survey_report(analyse_survey(survey), path.parent, "en")
    assert docx.Document(str(written)).tables
    return tomllib.loads(book.read_text("utf-8")), survey, said + book.read_text("utf-8")


def labels(content, variable):
    return [level["label"]["en"] for level in content["variables"][variable]["levels"]]


def counted(survey, variable):
    """How often each label was given, empty cells aside."""
    known = survey.codebook[variable]
    return {
        known[key].labels["en"]: n for key, n in survey.frame[variable].value_counts().items() if n
    }


@pytest.mark.parametrize(
    ("header", "answers"),
    [
        ("1、您的姓名", "张三{}"), ("姓名/电话", "-"), ("Please enter your e-mail address:", "-"),
        ("How to reach you", "a{}@example.org"), ("Reached at", "138-0013-80{:02}"),
        ("Which of these", "1101011990010100{:02}"), ("Remarks", "remark {}"), ("Source", "web"),
    ],
)  # fmt: skip
def test_a_personal_column_is_dropped_and_listed_and_can_be_kept(tmp_path, capsys, header, answers):
    rows = [[answers.format(i), *row] for i, row in enumerate(rows_of("mf", "yn", n=15))]
    path = write(tmp_path / "a.csv", [header, "Sex", "Left"], rows)
    _, survey, said = through(path, capsys)
    written = ["remarks"] if header == "Remarks" else []  # counted, never read
    assert list(survey.frame) == ["sex", "left", *written]
    assert f"the column {header!r} was dropped as personal" in said
    assert rows[3][0] not in said or rows[3][0] in {"web", "-"}
    assert header in read_answers(path, keep=[header]).columns
    kept, _, _ = through(path, capsys, "--keep", header)
    assert kept["keep"] == [header]


def test_a_real_question_of_a_personal_name_is_asked_for_by_the_codebook(tmp_path, capsys):
    rows = rows_of(["Friend", "Web", "Shop"], "mf")
    path = write(tmp_path / "a.csv", ["Source", "Sex"], rows)
    _, survey, _ = through(path, capsys, "--keep", "Source")
    assert counted(survey, "source") == Counter(row[0] for row in rows)


@pytest.mark.parametrize(
    "answers",
    [["B.A.", "M.A.", "Ph.D."], ["A lot", "A little", "Not at all"], ["I agree", "I do not"],
     ["A.A.", "B.A."], ["A级", "C级"]],
)  # fmt: skip
def test_words_that_only_look_like_option_marks_are_kept(tmp_path, capsys, answers):
    rows = rows_of(answers, "mf")
    path = write(tmp_path / "a.csv", ["Asked", "Sex"], rows)
    _, survey, _ = through(path, capsys)
    assert counted(survey, "asked") == Counter(row[0] for row in rows)


def test_a_number_in_brackets_is_a_mark_before_a_number_too(tmp_path, capsys):
    path = write(tmp_path / "a.csv", ["Q", "S"], rows_of(["(2) 10 km", "(1) 5 km"], "mf"))
    content, _, _ = through(path, capsys)
    assert labels(content, "q") == ["5 km", "10 km"]


def test_one_wording_over_two_columns_is_told_apart_by_their_short_names(tmp_path):
    rows = rows_of(["Low", "High"], ["Low", "High"], n=20)
    header = [["What is your opinion?"] * 2, *rows]
    assert list(read_answers(write(tmp_path / "a.csv", ["v_1", "v_2"], header))) == [
        "What is your opinion? [v_1]",
        "What is your opinion? [v_2]",
    ]


def test_an_option_is_ticked_by_the_header_of_its_column_too(tmp_path, capsys):
    rows = [["Use [card]", "", "m"], ["", "Use [loan]", "f"], ["Use [card]", "Use [loan]", "m"]] * 9
    path = write(tmp_path / "a.csv", ["Use [card]", "Use [loan]", "Sex"], rows)
    _, survey, _ = through(path, capsys)
    assert survey.frame["use"].tolist() == [("card",), ("loan",), ("card", "loan")] * 9


HEADERS = {
    "qualtrics": [
        ["StartDate", "Q1", "Q2"], ["Start Date", "What is your gender?", "How content are you?"],
        *[['"{""ImportId"":""a""}"'] * 3],
    ],
    "names and wordings": [["IP", "v_1", "v_2"], ["IP", "What is your gender?", "How content?"]],
    "surveymonkey": [["Start Date", "What is your gender?", ""], ["", "Response", "Content"]],
}  # fmt: skip


@pytest.mark.parametrize("kind", HEADERS)
def test_headers_of_several_rows_are_found_and_said(tmp_path, capsys, kind):
    rows = [["2020", *row] for row in rows_of(["Male", "Female"], ["Low", "High", "Medium"])]
    first, *more = HEADERS[kind]
    path = write(tmp_path / "a.csv", first, [*more, *rows])
    _, survey, said = through(path, capsys)
    assert survey.n == len(rows)
    assert f"the first {len(more) + 1} rows are headers" in said
    assert list(counted(survey, list(survey.frame)[-1])) != []
    assert any("gender" in v.labels["en"] for v in survey.codebook.variables.values())


def test_a_second_header_that_may_be_an_answer_is_asked_for(tmp_path, capsys):
    rows = rows_of(["m", "f"], ["a", "b"], ["x", "y"])
    path = write(tmp_path / "a.csv", ["sex", "kind", "way"], [["性别", "种类", "方式"], *rows])
    assert main(["codebook", str(path)]) == 1
    assert "(--header-rows 1 or 2)" in capsys.readouterr().err
    content, survey, _ = through(path, capsys, "--header-rows", "2")
    assert survey.n == 40
    assert content["export"] == {"header_rows": 2}


@pytest.mark.parametrize("platform", [False, True])
def test_no_answer_on_a_scale_through_zero_is_taken_for_missing(tmp_path, capsys, platform):
    rows = [[i, *row] for i, row in enumerate(rows_of(range(-3, 4), "mf", n=200))]
    header = ["序号" if platform else "x_id", "1、评价", "2、性别"]
    _, survey, _ = through(write(tmp_path / "a.csv", header, rows), capsys)
    assert survey.missing["q1"] == 0
    assert counted(survey, "q1") == Counter(str(row[1]) for row in rows)
    known = survey.codebook["q1"]
    assert [level.labels["en"] for level in known.levels] == list(map(str, range(-3, 4)))


@pytest.mark.parametrize(
    ("header", "answers", "missing"),
    [("序号", "123", True), ("id", "123", False), ("id", ["yes", "no"], True)],
)
def test_a_code_is_missing_where_a_platform_or_words_say_so(
    tmp_path, capsys, header, answers, missing
):
    rows = [[i, *row] for i, row in enumerate([*rows_of(answers, "mf"), ["-3", "m"]])]
    _, survey, said = through(write(tmp_path / "a.csv", [header, "Asked", "Sex"], rows), capsys)
    assert survey.missing["asked"] == missing
    assert ("if -3 or -2 is no answer" in said) != missing


def test_codes_stay_codes_and_no_label_is_borrowed(tmp_path, capsys):
    rows = rows_of("12345", "12")
    content, survey, said = through(
        write(tmp_path / "a.csv", ["2、您的学历", "3、您的性别"], rows), capsys
    )
    assert labels(content, "q2") == list("12345")
    assert counted(survey, "q2") == Counter(row[0] for row in rows)
    assert "q2: codes without labels" in said


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Männlich", "cp1252"), ("Très satisfait", "cp1252"), ("Größer", "cp1252"),
        ("非常满意", "gb18030"), ("非常滿意", "big5"), ("男", "gbk"), ("Mężczyzna żółty", "cp1250"),
    ],
)  # fmt: skip
def test_an_encoding_is_found_by_evidence_said_and_overruled(tmp_path, capsys, text, encoding):
    rows = rows_of([text, "other"], ["yes", "no"])
    path = write(tmp_path / "a.csv", ["Asked", "Left"], rows, encoding)
    _, survey, said = through(path, capsys)
    assert counted(survey, "asked") == Counter(row[0] for row in rows)
    assert "was read as" in said
    content, _, _ = through(path, capsys, "--encoding", encoding)
    assert content["export"] == {"encoding": encoding}
    if encoding == "cp1252":
        assert text not in read_answers(path, encoding="gb18030")["Asked"].to_list()


@pytest.mark.parametrize(
    "answers", ["North|South|East", "现金|刷卡|扫码", "Branch 1|Branch 3|Branch 2"]
)
def test_an_order_is_never_invented(tmp_path, capsys, answers):
    content, _, said = through(
        write(tmp_path / "a.csv", ["Asked", "Sex"], rows_of(answers.split("|"), "mf")), capsys
    )
    assert "ordered" not in content["variables"]["asked"]
    assert "no order is known; unordered" in said


def sav(path: Path, columns, **options):
    pyreadstat.write_sav(pd.DataFrame(columns), str(path), **options)
    return path


def test_an_sav_file_keeps_the_order_of_its_codes_and_its_numbers(tmp_path, capsys):
    n = 60
    columns = {
        "mood": [float(4 - i % 4) for i in range(n)], "plan": [float(1 + i % 3) for i in range(n)],
        "age": [99.0 if i % 20 == 0 else 20.0 + i % 13 for i in range(n)],
        "kind": [[1.0, 2.0, 4.0][i % 3] for i in range(n)],
        "when": [datetime.datetime(2020, 1, 2, 3, 4, 5)] * n,
        "day": [datetime.date(2020, 1, 2)] * n,
    }  # fmt: skip
    path = sav(
        tmp_path / "a.sav", columns, column_labels=["Mood", "Plan", "Age", "Kind", "When", "When"],
        variable_value_labels={
            "mood": {1: "Very good", 2: "Good", 3: "Poor", 4: "Very poor"},
            "plan": {1: "Gold", 2: "Silver", 3: "Bronze"}, "age": {99: "Refused"},
            "kind": {1: "Other", 2: "Bank", 4: "Other"},
        },
        variable_measure={"plan": "ordinal"},
    )  # fmt: skip
    content, _survey, said = through(path, capsys)
    assert labels(content, "mood") == ["Very good", "Good", "Poor", "Very poor"]
    assert labels(content, "plan") == ["Gold", "Silver", "Bronze"]
    assert content["variables"]["mood"]["ordered"]
    assert content["variables"]["plan"]["ordered"]
    assert labels(content, "kind") == ["Other (1)", "Bank", "Other (4)"]
    assert "several codes have the label 'Other'" in said
    assert {"Refused", "20", "32"} <= {*read_answers(path)["Age"]}
    assert not any("undeclared" in text for text in read_answers(path)["Age"])


def test_a_column_without_a_number_does_not_vanish(tmp_path, capsys):
    rows = [[*row, i] for i, row in enumerate(rows_of("NSE", "MF", ["1-2", "6+"]))]
    header = ["Region", "1. Gender", "2. Visits", "Score"]
    _, survey, said = through(write(tmp_path / "a.csv", header, rows), capsys)
    assert list(survey.frame) == ["region", "q1_gender", "q2_visits"]
    assert "# NOTE: left out, a different number for each sheet: 'Score'" in said


def workbook(path: Path, rows, merge=()):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    for place in merge:
        book.active.merge_cells(place)
    book.create_sheet("Codes").append(["a"])
    book["Codes"].append(["b"])
    book.save(path)
    return path


def test_what_excel_made_of_a_sheet_is_undone_and_said(tmp_path, capsys):
    day = [datetime.datetime(2024, 1, 2), datetime.datetime(2024, 3, 5), "6+"]
    rows = [[["North", "South"][i // 6] if i % 6 == 0 else None, day[i % 3]] for i in range(12)]
    path = workbook(
        tmp_path / "a.xlsx", [["Region", "Visits"], *rows, ["Total", 12]], ["A2:A7", "A8:A13"]
    )
    content, survey, said = through(path, capsys)
    assert counted(survey, "region") == {"North": 6, "South": 6}
    assert labels(content, "visits") == ["1-2", "3-5", "6+"]
    assert "sheet 'Sheet' was read; a.xlsx also has 'Codes'" in said
    assert "row 14 holds totals ('total') and was left out" in said
    assert read_answers(path, sheet="Codes")["a"].to_list() == ["b"]


def test_a_formula_without_its_value_is_named_with_sheet_and_row(tmp_path, capsys):
    path = workbook(tmp_path / "a.xlsx", [["Sex", "Interval"], ["m", "=1+1"], ["f", "=1+2"]])
    assert main(["codebook", str(path)]) == 1
    assert "sheet 'Sheet', row 2: 2 cells hold a formula" in capsys.readouterr().err


@pytest.mark.parametrize("pattern", ["Rate it [{}]", "请评价【{}】", "G1. Rate [{}]?"])
def test_the_rows_of_a_matrix_question_are_questions(tmp_path, capsys, pattern):
    header = [pattern.format("Price"), pattern.format("Service"), "Sex"]
    rows = rows_of(["Low", "High", "Medium"], ["Low", "High", "Medium"], "mf")
    _, survey, _ = through(write(tmp_path / "a.csv", header, rows), capsys)
    for place, name in enumerate(list(survey.frame)[:2]):
        assert counted(survey, name) == Counter(row[place] for row in rows)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "gb18030"])
def test_a_codebook_is_read_as_any_shell_writes_it(tmp_path, capsys, encoding):
    path = write(tmp_path / "a.csv", ["1、性别", "2、去留"], rows_of("男女", "去留"))
    through(path, capsys)
    book = path.with_suffix(".toml")
    text = book.read_text("utf-8").replace("\n", "\r\n")
    book.write_bytes(text.encode(encoding))
    assert load_codebook(book)["q1"].levels[0].labels["en"] in "男女"


@pytest.mark.parametrize(
    "text",
    ["sep=;\nLike apples, or pears?;Sex\n{}", "Like apples, or pears?;Sex\n{}",
     '"Like apples, or pears?";Sex\n{}\nLike apples, or pears?;Sex\n'],
)  # fmt: skip
def test_semicolons_and_headers_that_come_again_are_read(tmp_path, capsys, text):
    rows = rows_of(["Yes", "No"], "mf")
    path = tmp_path / "a.csv"
    path.write_text(text.format("\n".join(map(";".join, rows))), "utf-8")
    _, survey, _ = through(path, capsys)
    assert counted(survey, "sex") == Counter(row[1] for row in rows)


@pytest.mark.parametrize("header", ['"",Sex,Left', "Sex,Left"])
def test_the_row_names_of_r_are_no_answers(tmp_path, capsys, header):
    rows = [f"{i},{DRAW.choice('mf')},{DRAW.choice('yn')}" for i in range(30)]
    path = tmp_path / "a.csv"
    path.write_text("\n".join([header, *rows]), "utf-8")
    _, survey, _ = through(path, capsys)
    assert list(survey.frame) == ["sex", "left"]


@pytest.mark.parametrize("name", ["a.csv", "a.xls", "a.xlsx"])
def test_a_saved_web_page_is_called_so(tmp_path, capsys, name):
    (tmp_path / name).write_text("\n<!DOCTYPE html><html><table></table></html>", "utf-8")
    assert main(["codebook", str(tmp_path / name)]) == 1
    assert "is a saved web page" in capsys.readouterr().err


def test_check_prints_one_line_a_cause(tmp_path, capsys):
    path = write(tmp_path / "a.csv", ["Sex", "Left"], rows_of("mf", "yn"))
    through(path, capsys)
    with path.open("a") as file:
        file.write("x,y\n" * 112)
    assert main(["check", str(path), "--codebook", str(path.with_suffix(".toml"))]) == 1
    said = capsys.readouterr().out.splitlines()
    assert [line.count("row 42, 43") * line.count("(112 sheets)") for line in said] == [1, 0]


def test_control_characters_and_a_column_named_n_do_no_harm(tmp_path, capsys):
    path = write(tmp_path / "a.csv", ["n", "Sex"], rows_of(["a\x01b", "c"], "mf"))
    content, _survey, _ = through(path, capsys)
    assert "n" not in content["variables"]
    assert labels(content, next(iter(content["variables"]))).count("ab") == 1
