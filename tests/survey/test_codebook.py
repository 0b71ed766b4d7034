import contextlib
import csv
import tomllib
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from churnlib import LabelError, load_codebook
from churnlib.evidence.origin import PROJECT
from churnlib.survey import resolved

HERE = Path(__file__).parent
BOOK = load_codebook()
OTHER = load_codebook(HERE / "codebook.toml")


def labels(name):
    """Rows of a file in ``tests/labels``; a label that must be refused has an empty level."""
    with (HERE.parent / "labels" / name).open(encoding="utf-8") as file:
        return [tuple(row.values()) for row in csv.DictReader(file)]


def level_of(variable, raw):
    try:
        return BOOK.resolve(variable, raw) or "missing"
    except LabelError:
        return ""


@pytest.mark.parametrize(("variable", "raw", "level"), labels("observed.csv"))
def test_a_label_met_in_a_real_questionnaire_gets_its_level_or_none(variable, raw, level):
    assert level_of(variable, raw) == level


@pytest.mark.parametrize("name", ["written.csv", "written_later.csv"])
def test_nearly_every_written_label_gets_its_level_and_none_a_wrong_one(name):
    rows = [(v, raw, level, level_of(v, raw)) for v, raw, level in labels(name)]
    assert [row for row in rows if row[3] not in {row[2], ""}] == []
    placed = [level == got for _, _, level, got in rows if level]
    assert sum(placed) >= 0.95 * len(placed)


def spellings():
    for book in (BOOK, OTHER):
        for variable in book.variables.values():
            for level in variable.levels:
                for text in (*level.labels.values(), *level.aliases):
                    yield book, variable.key, text, level.key


SPACE = st.text(" \t\u3000\u00a0\u200b\ufeff", max_size=3)
MARK = st.sampled_from(["", "A.", "B、", "Ｃ．", "D ", "(1)", "（２）", "①", "④", "⑩ ", "e)"])
WIDE = {ord(d): ord(d) + 0xFEE0 for d in "0123456789"}


@given(st.sampled_from(list(spellings())), SPACE, MARK, SPACE, SPACE, st.booleans())
def test_space_marks_and_full_width_digits_never_change_the_level(case, a, mark, b, c, wide):
    book, variable, text, level = case
    if wide:
        text = text.translate(WIDE)
    assert book.resolve(variable, a + mark + b + text + c) == level


@given(
    st.sampled_from([(b, v) for b in (BOOK, OTHER) for v in b.variables]),
    st.one_of(
        st.text(),
        st.text("0123456789岁次-~～以上下及含不()（）<>≥≤①④ A.、/一三", max_size=12),
        st.integers(),
        st.floats(),
        st.booleans(),
        st.none(),
        st.binary(max_size=4),
    ),
)
def test_resolving_gives_a_level_or_none_or_raises_a_label_error(case, raw):
    book, variable = case
    with contextlib.suppress(LabelError):
        assert book.resolve(variable, raw) in {None, *book[variable].keys}


BOUNDS = tomllib.loads((PROJECT / "data" / "codebook.toml").read_text(encoding="utf-8"))[
    "variables"
]
BANDS = [
    "{low}-{high}{unit}", "{low}{unit}-{high}{unit}", "{low}至{high}{unit}", "{low} to {high}",
    "{low}━{high}{unit}", "{low}－{high}", "{low}〜{high}{unit}", "A{low}─{high}{unit}",
    "B.{low}‒{high}{unit}", "③{low}到{high}", "[{low},{high}]", "[{low},{under})",
    "({over},{high}]", "({over}, {under})", "({low}-{high}){unit}",
    "{low}<=x<{under}", "{low} ≤ x ≤ {high}", "{over}＜x＜{under}",
    "≥{low}且<{under}", "满{low}{unit}不满{under}{unit}", "{low}{unit}（含）-{under}{unit}（不含）",
    "{low}(含)至{high}(含){unit}", "between {low} and {high}", "大于等于{low}小于等于{high}",
    "{low}{unit}及以上{under}{unit}以下（不含）", "介于{low}和{high}{unit}之间",
]  # fmt: skip
# Mostly those at which a level begins or ends.
ENDS = (0, 1, 2, 3, 5, 6, 7, 17, 18, 19, 20, 29, 30, 31, 39, 40, 41, 59, 60, 61, 120, 121, 365, 366)
NUMBERS = st.sampled_from(ENDS) | st.integers(0, 400)
# How a side is written, and its last number: the number itself, one more or one fewer.
SIDES = [
    ("{}{unit}以上", 0, None), ("{}{unit}及以上", 0, None), ("{}{unit}（含）以上", 0, None),
    ("≧{}", 0, None), ("≥{}{unit}", 0, None), (">{}{unit}", 1, None), ("大于{}", 1, None),
    ("大于等于{}{unit}", 0, None), ("{}{unit}以上（不含）", 1, None), ("{} or more", 0, None),
    ("{}+", 0, None), ("[{},+∞)", 0, None), ("x>{}", 1, None), ("C{}{unit}以上", 0, None),
    ("{}{unit}及{}{unit}以上".replace("{}", "{0}"), 0, None), ("more than {}", 1, None),
    ("{}{unit}以下", None, 0), ("{}{unit}及以下", None, 0), ("{}{unit}（含）以下", None, 0),
    ("≦{}", None, 0), ("<{}", None, -1), ("小于{}{unit}", None, -1), ("不足{}{unit}", None, -1),
    ("未满{}{unit}", None, -1), ("不超过{}{unit}", None, 0), ("(-∞,{}]", None, 0),
    ("x<{}", None, -1), ("under {}", None, -1), ("{}{unit}以下（不含）", None, -1),
]  # fmt: skip


@settings(max_examples=300)
@given(
    st.sampled_from(BANDS),
    st.sampled_from(["age", "visits"]),
    NUMBERS,
    NUMBERS,
)
def test_a_band_in_any_form_gets_a_level_only_if_each_of_its_numbers_has_that_level(
    form, variable, low, high
):
    """Independent route: the level of each single number, by the bounds of the file."""

    def level_of(number):
        limits, levels = (BOUNDS[variable][key] for key in ("limits", "levels"))
        if not limits["low"] <= number <= limits["high"]:
            return None
        for level in levels:
            bounds = level["bounds"]
            if bounds.get("low", 0) <= number <= bounds.get("high", 10**6):
                return level["key"]
        return None

    unit = "岁" if variable == "age" else "次"
    assume(low or "over" not in form)  # no form holds -1
    least = low or (1 if variable == "age" and high else 0)  # a band of ages may begin at 0
    each = {level_of(number) for number in {least, high}} if low <= high else {None}
    text = form.format(low=low, high=high, under=high + 1, over=low - 1, unit=unit)
    if len(each) == 1 and None not in each:
        assert BOOK.resolve(variable, text) == each.pop()
    else:
        with pytest.raises(LabelError):
            BOOK.resolve(variable, text)


@settings(max_examples=500)
@given(st.sampled_from(SIDES), st.sampled_from(["age", "visits"]), NUMBERS)
def test_a_band_open_on_a_side_gets_a_level_only_if_the_level_is_open_and_reaches_so_far(
    side, variable, number
):
    form, first, last = side
    levels = BOUNDS[variable]["levels"]
    bounds = levels[0 if last is not None else -1]["bounds"]
    if last is not None:
        inside = "low" not in bounds and number + last <= bounds["high"]
    else:
        inside = number + first >= bounds["low"]
    limits = BOUNDS[variable]["limits"]
    reached = number + (first if last is None else last)
    text = form.format(number, unit="岁" if variable == "age" else "次")
    if inside and limits["low"] <= number and limits["low"] <= reached <= limits["high"]:
        assert level_of(variable, text) == levels[0 if last is not None else -1]["key"]
    else:
        assert level_of(variable, text) == ""


MISSING = [
    "",
    None,
    float("nan"),
    "(空)",
    "（跳过）",
    "-3",
    -3,
    -2.0,
    "/",
    " 未填写 ",
    "D.保密",
    "N/A",
]


@pytest.mark.parametrize("raw", MISSING)
def test_declared_missing_answers_are_none(raw):
    for variable in BOOK.variables:
        assert BOOK.resolve(variable, raw) is None


# Labels that must not be given a level, each for a reason of its own.
@pytest.mark.parametrize(
    ("variable", "raw", "reason"),
    [
        ("age", "18-25岁", "reaches into le18 and 19-29"),
        ("age", "50岁以上", "reaches into 40-59 and ge60"),
        ("age", "999", "no such number can be meant"),
        ("age", "39-30岁", "no such number can be meant"),
        ("age", "①8岁-2①岁", "only looks like a digit"),
        ("age", "3 5", "no level is called so"),
        ("age", "二五岁", "no level is called so"),
        ("gender", "男┋女", "more than one answer"),
        ("gender", "3", "no level is called so"),
        ("education", "本科及以上", "reaches beyond bachelor"),
        ("education", "大专/本科", "names junior_college and bachelor"),
        ("education", "大专以下", "reaches beyond junior_college"),
        ("age", "2.40-59岁", "may be '40-59岁' as option 2, or a number that begins"),
        ("visits", "3<每周次数<6", "no level is called so"),
        ("age", "0岁", "no such number can be meant"),
        ("visits", "0", "outside every level"),
        ("visits", "1、3次", "may be '3次' as option 1, or '1' and what follows"),
        ("visits", "每月3次", "no level is called so"),
        ("visits", "undeclared code 2", "no level is called so"),
    ],
)
def test_a_label_without_a_sure_level_is_refused_with_its_reason(variable, raw, reason):
    with pytest.raises(LabelError, match=reason):
        BOOK.resolve(variable, raw)


def test_a_word_that_only_one_level_has_names_it(tmp_path):
    assert BOOK.resolve("education", "硕士") == "master_or_above"  # of 硕士及以上
    shared = LEVEL.replace("Yes", "高中及以下") + NO.replace("No", "高中及以上")
    book = load_codebook(write(tmp_path, START + shared))
    with pytest.raises(LabelError, match="no level is called so"):
        book.resolve("a", "高中")


def test_likeness_only_words_the_hint():
    with pytest.raises(LabelError, match=r"no level is called so; did you mean '本科'\?"):
        BOOK.resolve("education", "本科预科")


def test_a_band_behind_a_list_number_gets_its_level_and_behind_a_point_its_own_number():
    assert level_of("visits", "1、3-5次") == level_of("visits", "2.3-5次") == "3-5"
    assert level_of("visits", "1.3-5次") == ""


def test_dates_that_a_spreadsheet_made_of_bands_are_known():
    assert BOOK.resolve("visits", "1月2日") == BOOK.resolve("visits", "2-Jan") == "1-2"
    assert BOOK.resolve("visits", "3月5日") == BOOK.resolve("visits", "5-Mar") == "3-5"
    with pytest.raises(LabelError):
        BOOK.resolve("age", "1月2日")


DATES = ["2024-01-02 00:00:00", "2024/1/2", "1/2/2024", "02-Jan-24", "Jan-02", "2024年1月2日"]


@pytest.mark.parametrize("date", DATES)
@pytest.mark.parametrize(
    ("others", "level"), [(["3-5次", "6次以上"], "1-2"), (["偶尔"], ""), ([], "")]
)
def test_a_date_is_a_band_only_where_other_answers_of_its_column_are(date, others, level):
    levels, errors = resolved(pd.Series([date, *others], name="visits"), BOOK, "visits")
    assert levels.astype(object).fillna("")[0] == level
    assert (date in errors) != bool(level)
    no_band = pd.Series([date.replace("2", "4"), "3-5次"], name="visits")
    assert resolved(no_band, BOOK, "visits")[0].isna()[0]


def test_a_bare_number_that_could_be_an_option_is_refused_until_someone_says():
    with pytest.raises(LabelError, match="option 2 or the number 2"):
        BOOK.resolve("visits", "2")
    assert BOOK.resolve("visits", "2", numbers="option") == "3-5"
    assert BOOK.resolve("visits", "2", numbers="value") == "1-2"
    assert BOOK.resolve("visits", "8") == "6+"
    assert BOOK.resolve("age", 35) == "30-39"
    assert BOOK.resolve("gender", "2") == "female"


def test_a_variable_s_numbers_may_be_settled_in_the_codebook():
    assert OTHER["income"].numbers == "value"
    assert OTHER.resolve("income", "3") == "lt5"
    assert OTHER["satisfied"].numbers == "option"
    assert OTHER.resolve("satisfied", "3") == "high"


def test_levels_keep_the_codebook_s_order_and_say_which_are_assumed():
    assert BOOK["age"].keys == ["le18", "19-29", "30-39", "40-59", "ge60"]
    assert [level.key for level in BOOK["visits"].levels if level.assumed] == ["1-2", "3-5"]
    assert BOOK["age"]["40-59"].width == 20
    assert BOOK["age"]["ge60"].width is None


@pytest.mark.parametrize("lang", ["en", "zh-Hans"])
def test_every_key_has_a_label_in_every_language(lang):
    label = BOOK.labeller(lang)
    for key in (*BOOK.variables, *BOOK.words):
        assert label(key)
    for variable in BOOK.variables.values():
        assert all(label(f"{variable.key}.{key}") == label(key) for key in variable.keys)


def test_a_missing_label_is_an_error_that_names_the_key():
    with pytest.raises(KeyError, match="'age' has no label in 'fr'; it has en, zh-Hans"):
        BOOK.labeller("fr")("age")
    with pytest.raises(KeyError, match="no variable, level or word 'agee'"):
        BOOK.labeller("en")("agee")
    with pytest.raises(KeyError, match="no variable 'income'; it has gender"):
        BOOK["income"]
    with pytest.raises(KeyError, match="'age' has no level 'x'"):
        BOOK["age"]["x"]


def test_a_level_of_two_variables_must_be_said_with_its_variable(tmp_path):
    book = load_codebook(write(tmp_path, TWO_YES))
    assert book.labeller("en")("a.yes") == "Yes"
    with pytest.raises(KeyError, match=r"in several variables; say a\.yes, b\.yes"):
        book.labeller("en")("yes")


LEVEL = '[[variables.a.levels]]\nkey = "yes"\nlabel = { en = "Yes" }\n'
NO = LEVEL.replace("yes", "no").replace("Yes", "No")
START = '[variables.a]\nlabel = { en = "A" }\n'
TWO_YES = START + LEVEL + (START + LEVEL).replace("variables.a", "variables.b")


def write(folder: Path, text: str) -> Path:
    path = folder / "book.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("= 1", "not a TOML file"),
        ("", "declares no variable"),
        (START, "has no levels; add"),
        (START + LEVEL + LEVEL, "it declares the level 'yes' twice"),
        ("[variables.a]\n" + LEVEL, r"variables\.a\.label must be entries"),
        (START + LEVEL.replace('key = "yes"', "key = 1"), r"levels\[1\]\.key must be a text"),
        (START + LEVEL + 'aliases = ["no"]\n' + NO, "'no' means both"),
        (START + LEVEL + "code = 1\n" + NO + "code = 1\n", "same option"),
        (START + LEVEL + 'alias = ["y"]\n', "unknown 'alias'; known are aliases"),
        (START.replace("variables", "variable") + LEVEL, "unknown 'variable'"),
        (START + LEVEL + "bounds = { low = 2, high = 1 }\n", "low=2 is above high=1"),
        (START + LEVEL + "bounds = { low = 1.5 }\n", r"bounds\.low must be a whole number"),
        (START + LEVEL + 'code = "1"\n', r"code must be a whole number"),
        (START + 'questions = "Which?"\n' + LEVEL, r"a\.questions must be a list in \[ \], given"),
        ('[sheet]\nids = ["No."]\n' + START + LEVEL, "sheet: unknown 'ids'; known are id, time"),
        (START + 'numbers = "both"\n' + LEVEL, r"a\.numbers is one of option, value, given"),
        (
            START + LEVEL + "bounds = { high = 5 }\n" + NO + "bounds = { low = 5 }\n",
            "the bands of 'yes' and 'no' overlap",
        ),
    ],
)  # fmt: skip
def test_a_malformed_codebook_is_named_with_the_place(tmp_path, text, message):
    with pytest.raises(ValueError, match=message) as error:
        load_codebook(write(tmp_path, text))
    assert "book.toml" in str(error.value)
