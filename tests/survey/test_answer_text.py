import pytest
from hypothesis import given
from hypothesis import strategies as st

from churnlib.survey.answer_text import Interval, normalise, parse_band, strip_mark

INF = float("inf")


@pytest.mark.parametrize(
    ("typed", "bare"),
    [
        ("A.男", "男"),
        ("A、男", "男"),
        ("Ａ．男", "男"),
        ("A 男", "男"),
        ("(1)男", "男"),
        ("（２） 男", "男"),
        ("①男", "男"),
        ("④40-59岁", "40-59岁"),
        ("⑴ 男", "男"),
        ("1、男", "男"),
        ("\u200bB.女", "女"),
        ("A.①男", "男"),
        ("1-2次", "1-2次"),
        ("1、3次", "1、3次"),
        ("4.5次", "4.5次"),
        ("A.", "A."),
        ("m", "m"),
    ],
)
def test_an_option_mark_is_removed_and_a_number_is_not(typed, bare):
    assert strip_mark(typed) == bare


@given(st.text())
def test_normalising_twice_changes_nothing(text):
    assert normalise(normalise(text)) == normalise(text)


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("19-29岁", 19, 29),
        ("18岁-22岁", 18, 22),
        ("25周岁至40周岁", 25, 40),
        ("30(含)到40(不含)", 30, 39),
        ("30(不含)-40(含)", 31, 40),
        ("35岁", 35, 35),
        ("60岁以上", 60, INF),
        ("60岁及以上", 60, INF),
        ("60岁以上(不含)", 61, INF),
        ("大于55岁", 56, INF),
        ("≥60", 60, INF),
        (">59岁", 60, INF),
        ("60+", 60, INF),
        ("over59", 60, INF),
        ("60andover", 60, INF),
        ("18岁以下", -INF, 18),
        ("18岁以下(含18岁)", -INF, 18),
        ("20岁以下(不含)", -INF, 19),
        ("小于18岁", -INF, 17),
        ("不到19岁", -INF, 18),
        ("未满18周岁", -INF, 17),
        ("18orunder", -INF, 18),
        ("不超过18岁", -INF, 18),
        ("十八岁及以下", -INF, 18),
        ("18岁（含）以下", -INF, 18),
        ("18<=x<30", 18, 29),
        ("[18,30)", 18, 29),
        ("(18,30]", 19, 30),
        ("(19-29)", 19, 29),
        ("满19周岁不满30周岁", 19, 29),
        ("二三十岁", 20, 39),
        ("三十多岁", 30, 39),
        ("twice", 2, 2),
        ("60岁及60岁以上", 60, INF),
    ],
)
def test_a_band_is_read_to_whole_numbers(text, low, high):
    assert parse_band(normalise(text), ["岁", "周岁"]) == Interval(low, high)


@pytest.mark.parametrize(
    "text",
    [
        "一周1-3次",
        "3-4次/周",
        "二五岁",
        "每月少于3次",
        "3<每周<6",
        "18.5岁",
        "岁",
        "",
        "1-2-3",
        "-5",
        "5-",
        "18岁以下(含20岁)",
    ],
)
def test_anything_else_is_no_band(text):
    assert parse_band(normalise(text), ["岁", "次"]) is None
