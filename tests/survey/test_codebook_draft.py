"""A codebook drafted from an export: read by load_codebook, and honest about its guesses."""

import re
import tempfile
import tomllib
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import churnlib as cl
from churnlib.survey.answer_text import hides_digits, normalise, strip_mark
from churnlib.survey.codebook_draft import draft

KNOWN = cl.load_codebook()


def drafted(answers: dict[str, list[str]]) -> dict:
    return tomllib.loads(draft(pd.DataFrame(answers), KNOWN, "export.csv"))


def levels(answers: list[str]) -> list[dict]:
    (variable,) = drafted({"3、问题": answers})["variables"].values()
    return variable["levels"]


@pytest.mark.parametrize(
    ("answers", "bounds"),
    [
        (["60 or older", "18-34", "35-59"], [(18, 34), (35, 59), (60, None)]),
        (["60岁及以上", "18-34岁", "35-59岁"], [(18, 34), (35, 59), (60, None)]),
        (["5千元以下", "6-9千元", "1万元以上"], [(None, 5000), (6000, 9000), (10000, None)]),
        (["under 5k", "5-9k", "$10k or more"], [(None, 4999), (5000, 9000), (10000, None)]),
        (["1次", "2次", "3次以上"], [(1, 1), (2, 2), (3, None)]),
    ],
)
def test_bands_are_ordered_with_their_bounds_and_open_sides(answers, bounds):
    found = [level["bounds"] for level in levels(answers)]
    assert [(one.get("low"), one.get("high")) for one in found] == bounds


@pytest.mark.parametrize(
    "answers",
    [["18-30岁", "30-40岁"], ["often", "2-3"]],
    ids=["bands that meet", "a word among them"],
)
def test_what_is_no_row_of_bands_gets_no_bounds_and_no_order(answers):
    variables = drafted({"3、问题": answers})["variables"]
    assert all("ordered" not in variable for variable in variables.values())
    assert all("bounds" not in level for v in variables.values() for level in v["levels"])


ORDERS = """
3000元以下|3000-5000元|5001-8000元|8000元-1万|1万元以上
Under $20000|$20000-$39999|$40000-$59999|$60000 or more
no income|under 1,000|1,000-1,999|2,000 or more
18岁以下|18-30岁|30-40岁|40岁以上
-2|-1|0|1.5
0|1|2|10
never|rarely|sometimes|often|always
从不|几乎不|偶尔|有时|经常|总是
less often|once a month|once a week|several times a week|daily
从不|每年|每月1次|每月2-3次|每周1次|每周2次以上|几乎每天|每天
less than once a month|once a month|more than once a month
一次|两次|三次及以上
初中及以下|高中/中专|大专|本科|硕士及以上
high school or below|some college|undergraduate|undergraduate or above|PhD
很不满意|不满意|不太满意|一般|比较满意|满意|非常满意
not at all important|slightly important|moderately important|very important
terrible|poor|average|good|very good|excellent
strongly disagree|somewhat disagree|neither agree nor disagree|somewhat agree|strongly agree
very dissatisfied|dissatisfied|neutral|satisfied|very satisfied
unlikely|neutral|somewhat likely|likely|extremely likely
worse|about the same|better
""".strip().splitlines()


@pytest.mark.parametrize("answers", ORDERS)
def test_what_the_words_of_the_answers_say_is_their_order(answers):
    low_to_high = answers.split("|")
    (variable,) = drafted({"3、问题": sorted(low_to_high) * 12})["variables"].values()
    assert [level["label"]["en"] for level in variable["levels"]] == low_to_high
    assert variable["ordered"]
    assert "kind" not in variable  # several words in a cell are one answer


def test_option_marks_give_the_order_and_spellings_are_one_level():
    found = levels(["B. 偶尔", "A. 从不", "C. 经常", "Ａ．从不"])
    assert [level["label"]["zh-Hans"] for level in found] == ["从不", "偶尔", "经常"]


def test_free_text_one_answer_and_several_answers_are_told_apart():
    columns = {
        "1、建议": [f"说法{i}" for i in range(30)],
        "2、同意": ["是"] * 30,
        "3、渠道": ["柜台", "手机", "柜台┋手机"] * 10,
    }
    text = draft(pd.DataFrame(columns), KNOWN, "export.csv")
    content = tomllib.loads(text)
    assert "# NOTE: left out, one answer only: '2、同意'" in text
    assert [v["kind"] for v in content["variables"].values()] == ["text", "multiple"]
    assert "说法" not in text
    assert [level["key"] for level in content["variables"]["q3"]["levels"]] == ["q3_1", "q3_2"]
    assert any("several answers stand in one cell, parted by '┋'" in g for g in content["guesses"])


def test_each_guess_names_its_line():
    columns = {
        "Where?": ["North", "South", "East"] * 10,
        "Use": ["card", "card, loan", "loan, app", "card, app, loan", "app"] * 6,
        "Left": ["no", "yes", "no"] * 10,
    }
    text = draft(pd.DataFrame(columns), KNOWN, "export.csv")
    lines = text.splitlines()
    guesses = tomllib.loads(text)["guesses"]
    assert len(guesses) == 3
    for guess in guesses:
        number, key = re.match(r"line (\d+), (\w+): ", guess).groups()
        assert lines[int(number) - 1].startswith((f"[variables.{key}]", "response = "))


def test_an_export_without_questions_is_refused():
    with pytest.raises(ValueError, match=r"x\.csv has no column with 2 to 20 different answers"):
        draft(pd.DataFrame({"序号": ["1", "1"]}), KNOWN, "x.csv")


WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1)


def in_it(answer: str) -> bool:
    return not hides_digits(answer) and normalise(strip_mark(answer)) not in KNOWN.missing_spellings


@given(st.lists(WORDS.filter(lambda text: "┋" not in text), min_size=2, max_size=8, unique=True))
def test_every_draft_is_a_codebook_with_a_level_for_every_answer(answers):
    if len(set(map(normalise, map(strip_mark, answers))) - KNOWN.missing_spellings) < 2:
        return
    text = draft(pd.DataFrame({"1、问": answers}), KNOWN, "e.csv")
    with tempfile.TemporaryDirectory() as folder:
        book_file = Path(folder, "book.toml")
        book_file.write_text(text, "utf-8")
        book = cl.load_codebook(book_file)
    (variable,) = book.variables
    assert all(book.resolve(variable, answer) is not None for answer in answers if in_it(answer))


def test_labels_of_codes_are_one_level_with_and_without_their_option_marks():
    raw = pd.DataFrame({"Asked": ["B. Red", "A. Blue"] * 9})
    raw.attrs["orders"] = {"Asked": ["A. Blue", "B. Red", "C. Green"]}
    (variable,) = tomllib.loads(draft(raw, KNOWN, "e.sav"))["variables"].values()
    assert [level["label"]["en"] for level in variable["levels"]] == ["Blue", "Red", "Green"]


def test_a_column_of_all_options_and_one_column_an_option_are_two_questions():
    answers = {
        "Use": ["card loan", "loan app", "card", "card loan app"] * 9,
        **{f"Use/{option}": ["1", "0"] * 18 for option in ("card", "loan", "app")},
        "Yes?": ["yes, sure", "yes, perhaps", "no, never"] * 12,
    }
    variables = drafted(answers)["variables"]
    assert [entry.get("kind") for entry in variables.values()] == ["multiple", "multiple", None]


@pytest.mark.parametrize(
    ("units", "kind"),
    [
        (("岁", "周岁"), "number"),
        (("小时", "个小时"), "number"),
        (("元", "万元"), "text"),
        (("m", "km"), "text"),
    ],
)
def test_numbers_in_units_that_cannot_be_added_are_no_number(units, kind):
    answers = [f"{n}{units[n % 2]}" for n in range(20, 80)]
    book = drafted({"How much": answers, "Sex": ["m", "f"] * 30})
    assert book["variables"]["how_much"]["kind"] == kind
    advised = any("write all in one unit" in guess for guess in book.get("guesses", []))
    assert advised == (kind == "text")


@pytest.mark.parametrize("mark", ["—", "——", " - ", "：", "/"])
def test_rows_of_a_matrix_question_are_one_scale_whatever_parts_their_headers(mark):
    rows = {
        f"满意度{mark}{part}": ["满意", "一般", "不满意"] * 10 for part in ("服务", "环境", "效率")
    }
    kinds = [entry.get("kind") for entry in drafted(rows)["variables"].values()]
    assert kinds.count("scale") == 1


def test_rows_of_a_matrix_may_have_brackets_and_stand_next_to_each_other():
    rows = {f"Sat [{part}]": ["good", "fair", "bad"] * 10 for part in ("Branch", "Net (app)")}
    kinds = [entry.get("kind") for entry in drafted(rows)["variables"].values()]
    assert kinds.count("scale") == 1
    apart = {"You: sex": ["m", "f"] * 9, "City": ["x", "y"] * 9, "You: school": ["BA", "MA"] * 9}
    sex, _, school = drafted(apart)["variables"].values()
    assert [len(variable["levels"]) for variable in (sex, school)] == [2, 2]


def test_an_answer_with_and_without_its_option_mark_is_one_level():
    assert len(levels(["A. Yes", "B. No", "Yes", "No", "Other"] * 4)) == 3


def test_numbers_that_differ_from_sheet_to_sheet_are_no_question():
    asked = drafted({"No": [str(n) for n in range(5001, 5041)], "Sex": ["m", "f"] * 20})
    assert [*asked["variables"]] == ["sex"]
