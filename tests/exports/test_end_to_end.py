"""Exports of two platforms from the file to Word opened again, by README's three commands."""

import random
from collections import Counter
from pathlib import Path

import docx
import openpyxl
import pytest

from churnlib import load_codebook
from churnlib.__main__ import main

N = 80
CHINESE = {
    "序号": None, "提交答卷时间": "2024/5/1 10:00:{:02}",
    "来源": "微信", "来自IP": "10.0.0.{}(北京)",
    "1、您的姓名": "张三{}", "2、您的手机号码": "138001380{:02}",
    "3、您的性别": ["A.男", "B.女"],
    "4、您的年龄": ["18岁以下", "18-25岁", "26-35岁", "35岁以上"],
    "5、您对服务的满意度": ["不满意", "一般", "满意"],
}  # fmt: skip
ENGLISH = {
    "Timestamp": "2024/05/01 10:{:02}:00", "Email Address": "someone{}@example.org",
    "How was it? [Staff]": ["Poor", "Fair", "Good"],
    "How was it? [Queue]": ["Poor", "Fair", "Good"],
    "Would you come again?": ["Yes", "No"],
}  # fmt: skip


def export(path: Path, questions: dict, encoding: str) -> list[dict[str, str]]:
    """Write one line a person; a text is filled in with the person's number."""
    draw = random.Random(11)

    def answer(given, number):
        if given is None:
            return str(number + 1)
        return given.format(number) if isinstance(given, str) else draw.choice(given)

    rows = [{q: answer(given, i) for q, given in questions.items()} for i in range(N)]
    lines = [list(questions), *([*row.values()] for row in rows)]
    path.write_bytes("\n".join(map(",".join, lines)).encode(encoding))
    return rows


@pytest.mark.parametrize(
    ("questions", "encoding", "lang", "personal"),
    [
        (CHINESE, "gb18030", "zh-Hans", ["张三", "13800138", "10.0.0."]),
        (ENGLISH, "utf-8", "en", ["someone", "example.org", "Timestamp"]),
    ],
    ids=["wenjuanxing", "google forms"],
)
def test_an_export_ends_in_word_with_its_counts_and_without_what_is_personal(
    tmp_path, questions, encoding, lang, personal
):
    answers, book, results = (tmp_path / name for name in ("export.csv", "mine.toml", "results"))
    rows = export(answers, questions, encoding)
    assert main(["codebook", str(answers), "--output", str(book)]) == 0
    asked = [str(answers), "--codebook", str(book), "--lang", lang]
    assert main(["check", *asked]) == 0
    assert main(["analyse", *asked, "--output", str(results)]) == 0
    document = docx.Document(str(results / "report" / f"survey-report.{lang}.docx"))
    tables = [[[c.text for c in row.cells] for row in t.rows] for t in document.tables]
    said = "\n".join(p.text for p in document.paragraphs) + str(tables)
    written = [p for p in results.rglob("*") if p.suffix in {".ipynb", ".csv"}]
    said += "".join(path.read_text("utf-8") for path in written)
    assert not [text for text in personal if text in said]
    for question, given in questions.items():
        if isinstance(given, list):
            name = question.split("、")[-1]
            table = next(t for t in tables if t[0][0] == name)  # cross-tables come after
            counted = {row[0]: int(row[1]) for row in table[1:-1]}
            answers_given = Counter(row[question].split(".")[-1] for row in rows)
            assert counted == answers_given
            shares = [float(row[2]) for row in table[1:-1]]
            assert sum(shares) == pytest.approx(100, abs=0.05 * len(shares))  # one decimal each


# Nothing of theirs is lost.


@pytest.fixture
def workbook(tmp_path):
    """The answers stand on the second sheet, which has a name to be careful with."""
    draw, book = random.Random(1), openpyxl.Workbook()
    for row in (["about"], ["This is how it was asked."]):
        book.active.append(row)
    answers = book.create_sheet("答卷😀")
    for row in [["Sex", "Left"], *([draw.choice("mf"), draw.choice("yn")] for _ in range(40))]:
        answers.append(row)
    book.save(tmp_path / "export.xlsx")
    return tmp_path / "export.xlsx"


def test_the_name_of_a_sheet_is_kept_in_the_draft_whatever_it_is(workbook, tmp_path):
    book = tmp_path / "new" / "mine.toml"
    assert main(["codebook", str(workbook), "--sheet", "答卷😀", "--output", str(book)]) == 0
    assert load_codebook(book).reading == {"sheet": "答卷😀"}
    assert main(["check", str(workbook), "--codebook", str(book)]) == 0


def test_a_sheet_without_questions_is_told_with_the_other_sheets(workbook, capsys):
    assert main(["codebook", str(workbook)]) == 1
    said = capsys.readouterr().err
    assert "also has '答卷😀' (--sheet NAME)" in said
    assert "no column with 2 to 20 different answers" in said


def test_a_corrected_codebook_is_not_replaced_by_a_new_draft(workbook, tmp_path, capsys):
    book = tmp_path / "mine.toml"
    command = ["codebook", str(workbook), "--sheet", "答卷😀", "--output", str(book)]
    assert main(command) == main(command) == 0  # the same draft again is no loss
    corrected = book.read_text("utf-8") + "# mine\n"
    book.write_text(corrected, "utf-8")
    assert main(command) == 1
    assert "mine.toml is there already, and what was corrected in it" in capsys.readouterr().err
    assert book.read_text("utf-8") == corrected


def test_a_missing_codebook_is_told_how_to_be_had(workbook, tmp_path, capsys):
    assert main(["check", str(workbook), "--codebook", str(tmp_path / "none.toml")]) == 1
    assert "draft one from an export with the command 'codebook'" in capsys.readouterr().err
