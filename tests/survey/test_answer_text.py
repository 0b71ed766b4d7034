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
        ("25周岁至40周岁", 25, 40),
        ("30(不含)-40(含)", 31, 40),
        ("60岁以上", 60, INF),
        ("60岁以上(不含)", 61, INF),
        ("over59", 60, INF),
        ("60andover", 60, INF),
        ("18岁以下", -INF, 18),
        ("18岁以下(含18岁)", -INF, 18),
        ("20岁以下(不含)", -INF, 19),
        ("不到19岁", -INF, 18),
        ("18orunder", -INF, 18),
        ("十八岁及以下", -INF, 18),
        ("18岁（含）以下", -INF, 18),
        ("18<=x<30", 18, 29),
        ("六七次以上", 6, INF),
        ("至少三五次", 3, INF),
        ("六十多岁以上", 60, INF),
        ("二十多岁以下", -INF, 29),
        ("(19-29)", 19, 29),
        ("满19周岁不满30周岁", 19, 29),
        ("二三十岁", 20, 39),
        ("三十多岁", 30, 39),
        ("twice", 2, 2),
        ("60岁及60岁以上", 60, INF),
        ("十一二岁", 11, 12),
        ("1、2次", 1, 2),
        ("三五次", 3, 5),
        ("20岁以上至29岁", 20, 29),
        ("three to five times", 3, 5),
        ("seventy plus", 70, INF),
    ],
)
def test_a_band_is_read_to_whole_numbers(text, low, high):
    assert parse_band(normalise(text), ["岁", "周岁", "次", "times"]) == Interval(low, high)


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("$25k to $50k", 25_000, 50_000),
        ("5-9k", 5_000, 9_000),
        ("8000-1万元", 8_000, 10_000),
        ("Less than $25,000", -INF, 24_999),
        ("0.5-1.5万", 5_000, 15_000),
        ("月收入3千元以下", -INF, 3_000),
        ("2 million or more", 2_000_000, INF),
        ("Grade 3", 3, 3),
        ("十八至三十岁", 18, 30),
        ("3.5", 3.5, 3.5),
    ],
)
def test_an_amount_is_read_with_any_unit_where_none_is_named(text, low, high):
    assert parse_band(normalise(text), None) == Interval(low, high)
    assert parse_band(normalise(text), []) is None


@pytest.mark.parametrize("text", ["Region 3", "1-2-3", "8:00-9:00", "often", "18岁 30岁"])
def test_other_words_and_numbers_are_no_amount(text):
    assert parse_band(normalise(text), None) is None


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
        "≥18岁以下",
        "1、3次",
        "18岁(含)",
        "从18岁",
        "60岁以上或18岁以下",
        "1、18岁以下",
        "18<=x",
        "6<10",
        "3一十",
        "至少3-5次",
    ],
)
def test_anything_else_is_no_band(text):
    assert parse_band(normalise(text), ["岁", "次"]) is None


@pytest.mark.parametrize(
    ("text", "band"),
    [("1-2次 (1-2 times)", (1, 2)), ("3-5 times 3-5次", (3, 5)), ("6次及以上/6 or more", (6, INF)),
     ("1-2次 3-5次", None), ("10/12", None), ("5/5次", None), ("≥18以下", None)],
)  # fmt: skip
def test_a_band_said_in_two_languages_is_read_once_and_two_bands_are_not(text, band):
    read = parse_band(normalise(text), ["次", "times"])
    assert (read and (read.low, read.high)) == band
