import datetime

import openpyxl
import pandas as pd
import pyreadstat
import pytest

from churnlib import Origin, clean, load_codebook, read_answers

BOOK = load_codebook()
HEADER = [
    "序号", "提交答卷时间", "所用时间", "来源", "来源详情", "来自IP",
    "1、您的性别", "2、您的年龄段", "3、您的受教育程度", "4、您来办理业务的次数",
]  # fmt: skip
SHEETS = [
    ["1", "2020/12/1 9:00", "60秒", "微信", "北京", "192.0.2.1", "男", "40-59岁", "本科", "3-5次"],
    ["2", "2020/12/1 9:5", "61秒", "微信", "上海", "192.0.2.2", "女", "19-29岁", "大专", "6次以上"],
]  # fmt: skip
TRADITIONAL = [
    ["1.您的性別", "2.您的年齡", "3.您的學歷", "4.您來辦理業務的次數"],
    ["男", "40-59歲", "碩士及以上", "3-5次"],
    ["女", "18歲以下", "小學及以下", "6次以上"],
]


def text_of(rows):
    return "".join(",".join(row) + "\n" for row in rows)


def levels(path):
    survey = clean(read_answers(path), BOOK, origin=Origin.OBSERVED)
    return survey.frame.astype(object).fillna("missing").to_numpy().tolist()


EXPECTED = [["male", "40-59", "bachelor", "3-5"], ["female", "19-29", "junior_college", "6+"]]


@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "gb18030", "gbk"],
)
def test_a_csv_file_is_read_in_every_usual_encoding(tmp_path, encoding):
    path = tmp_path / "export.csv"
    path.write_bytes(text_of([HEADER, *SHEETS]).encode(encoding))
    assert levels(path) == EXPECTED


def test_a_csv_file_in_big5_is_not_read_as_gb18030(tmp_path):
    path = tmp_path / "export.csv"
    path.write_bytes(text_of(TRADITIONAL).encode("big5"))
    assert levels(path) == [
        ["male", "40-59", "master_or_above", "3-5"],
        ["female", "le18", "high_school_or_below", "6+"],
    ]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_delimiter_is_found_and_quoted_cells_are_kept_whole(tmp_path, delimiter):
    path = tmp_path / "export.csv"
    rows = [["gender", "age"], ['"男,;\t"', "35"]]
    path.write_text("".join(delimiter.join(row) + "\n" for row in rows), encoding="utf-8")
    assert read_answers(path).to_numpy().tolist() == [["男,;\t", "35"]]


def test_personal_columns_are_dropped_unless_named(tmp_path):
    path = tmp_path / "export.csv"
    path.write_text(text_of([HEADER, *SHEETS]), encoding="utf-8")
    assert list(read_answers(path).columns) == ["序号", *HEADER[6:]]
    kept = read_answers(path, keep=["提交答卷时间"])
    assert list(kept.columns) == ["序号", "提交答卷时间", *HEADER[6:]]
    with pytest.raises(ValueError, match="no column '来自ip' to keep; it has 序号"):
        read_answers(path, keep=["来自ip"])


def test_no_personal_value_reaches_the_survey_even_if_kept_on_reading(tmp_path):
    path = tmp_path / "export.csv"
    path.write_text(text_of([HEADER, *SHEETS]), encoding="utf-8")
    survey = clean(read_answers(path, keep=HEADER[1:6]), BOOK, origin=Origin.OBSERVED)
    shown = "".join(
        part.to_csv() for part in (survey.frame, survey.ledger, survey.answers, survey.duplicates)
    )
    assert not any(
        personal in shown + survey._repr_html_() for sheet in SHEETS for personal in sheet[1:6]
    )


def test_rows_are_numbered_as_a_spreadsheet_does_past_blank_lines(tmp_path):
    path = tmp_path / "export.csv"
    path.write_text("gender,age\n男,35\n\n女,20\n", encoding="utf-8")
    assert read_answers(path).index.tolist() == [2, 4]


def test_option_numbers_of_a_platform_are_read_through_the_codebook(tmp_path):
    path = tmp_path / "export.csv"
    rows = [HEADER[6:], ["1", "4", "3", "2"], ["2", "2", "-3", "3"], ["2", "1", "1", "-2"]]
    path.write_text(text_of(rows), encoding="utf-8")
    survey = clean(read_answers(path), BOOK, origin=Origin.OBSERVED)
    assert survey.frame.astype(object).where(survey.frame.notna(), None).to_numpy().tolist() == [
        ["male", "40-59", "bachelor", "3-5"],
        ["female", "19-29", None, "6+"],
        ["female", "le18", "high_school_or_below", None],
    ]


def xlsx(path, rows):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(path)
    return path


def test_an_xlsx_file_is_read_with_what_excel_made_of_the_cells(tmp_path):
    rows = [HEADER, *SHEETS, [3, None, None, None, None, None, "女", 35, "本科",
                             datetime.datetime(2020, 3, 5)]]  # fmt: skip
    path = xlsx(tmp_path / "export.xlsx", rows)
    assert levels(path) == [*EXPECTED, ["female", "30-39", "bachelor", "3-5"]]


def test_an_sav_file_is_read_by_its_labels(tmp_path):
    path = tmp_path / "export.sav"
    frame = pd.DataFrame(
        {"q1": [1.0, 2.0], "q2": [35.0, 61.0], "q3": [3.0, None], "q4": [1.0, 3.0]}
    )
    pyreadstat.write_sav(
        frame,
        str(path),
        column_labels=["您的性别", "您的年龄", "您的学历", "来访次数"],
        variable_value_labels={
            "q1": {1: "男", 2: "女"},
            "q3": {1: "高中及以下", 2: "大专", 3: "本科"},
            "q4": {1: "1-2次", 2: "3-5次", 3: "6次以上"},
        },
    )
    assert levels(path) == [
        ["male", "30-39", "bachelor", "1-2"],
        ["female", "ge60", "missing", "6+"],
    ]


def test_an_undeclared_code_in_an_sav_file_is_set_aside_and_never_taken_for_a_number(tmp_path):
    path = tmp_path / "export.sav"
    frame = pd.DataFrame({"gender": [1.0, 1.0], "age": [1.0, 9.0]})
    pyreadstat.write_sav(
        frame,
        str(path),
        variable_value_labels={"gender": {1: "男"}, "age": {1: "18岁以下"}},
    )
    raw = read_answers(path).assign(education="本科", visits="8次")
    survey = clean(raw, BOOK, origin=Origin.OBSERVED, on_error="set_aside")
    assert survey.ledger["kept"].tolist() == [True, False]
    assert "undeclared code 9" in survey.ledger["reason"].iloc[1]


# Bad input, one by one.


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("a.csv", b"", r"a\.csv holds no cells"),
        ("a.csv", b"gender,age\n", "holds a header and no answers"),
        ("a.csv", b"gender,gender\n1,2\n", "two columns are called 'gender'"),
        ("a.csv", b"gender,,age\n1,2,3\n", r"a column has no header \(column 2\)"),
        ("a.csv", b"gender,age\n1\n", "row 2 has 1 cells where 2 belong"),
        ("a.csv", b"gender,age\n1,2,3\n", "row 2 has 3 cells where 2 belong"),
        ("a.csv", b'gender,age\n"1,2\n', "no well-formed CSV"),
        (
            "a.csv",
            b"gender,age\n\xff\xfe\xff,\x81\n",
            "is not text in utf-8, utf-16",
        ),
        ("a.csv", b"\xff\xfeg\x00\x00\xd8", "is not text in utf-16"),
        ("a.xls", b"x", r"cannot read \.xls; export it as"),
        ("a", b"x", "cannot read a file without ending"),
        ("a.xlsx", b"PK\x03\x04 not a zip", r"a\.xlsx is damaged or no xlsx file"),
        ("a.xlsx", bytes.fromhex("d0cf11e0a1b11ae1") + b"0" * 600, "protected by a password"),
        ("a.sav", b"$FL2 damaged", r"a\.sav is damaged or no SPSS file"),
    ],
)
def test_a_file_that_cannot_be_read_is_named_with_the_reason(tmp_path, name, data, message):
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(ValueError, match=message):
        read_answers(path)


def test_a_row_of_totals_may_be_cut_short_and_is_no_answer(tmp_path):
    path = tmp_path / "a.csv"
    sheets = "".join(f"m,{20 + n},x\n" for n in range(10))
    path.write_text(f"sex,age,note\n{sheets}合计,245\n", "utf-8")
    raw = read_answers(path)
    assert len(raw) == 10
    assert raw.attrs["notes"] == ["row 12 holds totals ('合计') and was left out"]
    path.write_text("sex,age\n合计,\n", "utf-8")
    with pytest.raises(ValueError, match="holds a header and no answers"):
        read_answers(path)


def test_a_missing_file_is_named():
    with pytest.raises(FileNotFoundError, match=r"there is no file nowhere\.csv"):
        read_answers("nowhere.csv")


def test_a_cut_off_xlsx_file_is_named(tmp_path):
    whole = xlsx(tmp_path / "whole.xlsx", [HEADER, *SHEETS]).read_bytes()
    path = tmp_path / "cut.xlsx"
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ValueError, match=r"cut\.xlsx is damaged"):
        read_answers(path)


def test_without_pyreadstat_the_extra_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pyreadstat", None)
    path = tmp_path / "a.sav"
    path.write_bytes(b"x")
    with pytest.raises(ImportError, match=r"pip install 'churnlib\[spss\]'"):
        read_answers(path)
