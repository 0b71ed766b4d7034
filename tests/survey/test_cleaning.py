from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from churnlib import Origin, clean, load_codebook

BOOK = load_codebook()
OTHER = load_codebook(Path(__file__).with_name("codebook.toml"))
GOOD = {"gender": "男", "age": "40-59岁", "education": "本科", "visits": "3-5次"}


def sheets(*changes, index=None):
    return pd.DataFrame([GOOD | change for change in changes], index=index)


def cleaned(raw, **options):
    return clean(raw, BOOK, origin=Origin.OBSERVED, **options)


ANSWERS = {
    "gender": ["男", "女", "B.女", "男┋女", "", "其他", "1"],
    "age": ["40-59岁", "18-25岁", "35", "(空)", "2", "999"],
    "education": ["本科", "大专/本科", "-3", "④硕士"],
    "visits": ["1-2次", "偶尔", "6次以上", "3月5日", "2"],
}
RAW = st.lists(
    st.fixed_dictionaries(
        {k: st.sampled_from(v) | st.text(max_size=3) for k, v in ANSWERS.items()}
    ),
    min_size=1,
    max_size=12,
).map(pd.DataFrame)


@settings(max_examples=25)
@given(RAW)
def test_every_raw_row_is_kept_or_set_aside_with_a_reason(raw):
    survey = cleaned(raw, on_error="set_aside")
    ledger = survey.ledger
    assert list(ledger.columns) == ["row", "kept", "reason"]
    assert ledger["row"].tolist() == raw.index.tolist()
    assert len(raw) == survey.n + (~ledger["kept"]).sum()
    assert survey.frame.index.tolist() == ledger.loc[ledger["kept"], "row"].tolist()
    assert ((ledger["reason"] == "") == ledger["kept"]).all()


@settings(max_examples=25)
@given(RAW)
def test_every_answer_is_counted_once_in_the_summary(raw):
    answers = cleaned(raw, on_error="set_aside").answers
    assert answers.groupby("variable")["n"].sum().to_dict() == dict.fromkeys(
        BOOK.variables, len(raw)
    )
    assert not answers.duplicated(["variable", "raw"]).any()


@settings(max_examples=25)
@given(RAW)
def test_cleaning_clean_answers_changes_nothing(raw):
    once = cleaned(raw, on_error="set_aside")
    again = cleaned(once.frame)
    pd.testing.assert_frame_equal(once.frame, again.frame)
    assert again.ledger["kept"].all()


@settings(max_examples=25)
@given(RAW)
def test_the_order_of_the_rows_does_not_matter(raw):
    shuffled = raw.sample(frac=1, random_state=1)
    there = cleaned(raw, on_error="set_aside").frame
    back = cleaned(shuffled, on_error="set_aside").frame
    pd.testing.assert_frame_equal(there, back.sort_index())


def test_all_unusable_answers_are_listed_in_one_message_with_their_places():
    raw = sheets(
        {"age": "18-25岁"}, {}, {"visits": "偶尔", "education": "本科预科"}, index=[2, 3, 4]
    )
    with pytest.raises(ValueError, match="3 answers have no level") as error:
        cleaned(raw)
    message = str(error.value)
    assert "row 2, column 'age': '18-25岁'" in message
    assert "reaches into le18 and 19-29" in message
    assert "row 4, column 'education': '本科预科'" in message
    assert "did you mean '本科'?" in message
    assert "row 4, column 'visits': '偶尔'" in message


def test_a_long_list_of_problems_is_cut_and_says_how_many_more():
    with pytest.raises(ValueError, match=r"500 answers have no level(.|\n)*and 480 more"):
        cleaned(sheets(*[{"age": "18-25岁"}] * 500))


def test_missing_answers_keep_their_row():
    survey = cleaned(sheets({"visits": "(空)"}, {"age": "", "gender": None}))
    assert survey.ledger["kept"].all()
    assert survey.missing.to_dict() == {"gender": 1, "age": 1, "education": 0, "visits": 1}


def test_columns_are_ordered_categoricals_in_codebook_order_with_empty_levels_kept():
    frame = cleaned(sheets({})).frame
    for key, variable in BOOK.variables.items():
        assert frame[key].cat.categories.tolist() == variable.keys
        assert frame[key].cat.ordered == variable.ordered


def test_another_codebook_cleans_another_survey():
    raw = pd.DataFrame(
        {
            "Q7": ["x", "y", "z"],
            "12. Monthly income in thousands?": ["３ k", "5-9千元", "12"],
            "13：满意度": ["3", "一般", "refused"],
        }
    )
    survey = clean(raw, OTHER, origin=Origin.OBSERVED)
    assert survey.frame["income"].tolist() == ["lt5", "5to9", "ge10"]
    assert survey.frame["satisfied"].astype(object).tolist()[:2] == ["high", "mid"]
    assert survey.missing.to_dict() == {"income": 0, "satisfied": 1}


def test_no_code_knows_the_variables_of_the_thesis():
    from churnlib.evidence.origin import PROJECT

    for name in ("answer_text", "levels", "codebook", "readers", "survey"):
        source = (PROJECT / "churnlib" / "survey" / f"{name}.py").read_text(encoding="utf-8")
        code = "\n".join(
            line
            for line in source.split('"""')[::2]
            for line in line.splitlines()
            if "#" not in line
        )
        for word in ("gender", "education", "visits", '"age"', "le18", "本科"):
            assert word not in code, f"{name}.py knows {word}"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda raw: raw.drop(columns="age"), "the question 'age' has no column; the columns are"),
        (
            lambda raw: raw.assign(**{"2、您的年龄段": "35"}),
            "has several columns: age, 2、您的年龄段",
        ),
        (lambda raw: raw.set_axis([1, 1]), "row 1 stands twice in the index"),
    ],
)
def test_columns_and_rows_that_are_not_clear_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        cleaned(change(sheets({}, {})))


def test_an_unknown_way_to_handle_errors_is_refused():
    with pytest.raises(ValueError, match='on_error is "raise" or "set_aside", given'):
        cleaned(sheets({}), on_error="ignore")


def test_the_origin_has_no_default():
    with pytest.raises(TypeError, match="origin"):
        clean(sheets({}), BOOK)


def test_sheets_sent_twice_are_reported_and_dropped_only_on_request():
    raw = sheets({}, {}, {}, {"age": "35岁"}, {"age": "20岁"}).assign(
        用户ID=["a", "b", "c", "d", "a"],
        提交答卷时间=[
            "2020/12/1 9:00:00", "2020/12/1 9:00:08", "2020/12/1 9:30:00",
            "2020/12/1 9:30:01", "2020/12/1 11:00:00",
        ],
    )  # fmt: skip
    survey = cleaned(raw)
    assert survey.n == 5
    assert sorted(survey.duplicates.itertuples(index=False, name=None)) == [
        (1, 0, "same answers within 10 seconds"),
        (4, 0, "same respondent"),
    ]
    dropped = cleaned(raw, drop_duplicates=True)
    assert dropped.frame.index.tolist() == [0, 2, 3]
    assert dropped.ledger["reason"].iloc[4] == "repeats row 0 (same respondent)"


def test_without_times_or_ids_equal_answers_are_no_duplicates():
    assert cleaned(sheets({}, {}, {})).duplicates.empty


def test_a_hundred_thousand_rows_are_resolved_by_their_distinct_answers(monkeypatch):
    raw = pd.concat([sheets({}, {"gender": "女"})] * 50_000, ignore_index=True)
    asked = []
    resolve = type(BOOK).resolve

    def counting(self, variable, answer, **options):
        asked.append((variable, answer))
        return resolve(self, variable, answer, **options)

    monkeypatch.setattr(type(BOOK), "resolve", counting)
    survey = cleaned(raw)
    assert survey.n == 100_000
    assert len(asked) == 5


def test_answers_in_words_keep_order_missing_answers_and_empty_levels():
    raw = pd.DataFrame(
        {
            "gender": ["男", "(空)"],
            "age": ["35岁", "20岁"],
            "education": ["本科", "大专"],
            "visits": ["6次以上", "1-2次"],
        }
    )
    survey = clean(raw, load_codebook(), origin=Origin.OBSERVED)
    words = survey.labelled("zh-Hans")
    assert words.columns.tolist() == ["性别", "年龄", "受教育程度", "来访次数"]
    assert words["性别"].iloc[0] == "男"
    assert words["性别"].isna().tolist() == [False, True]
    assert words["来访次数"].cat.ordered
    assert words["来访次数"].cat.categories.tolist() == ["1–2次", "3–5次", "6次及以上"]
    assert words["来访次数"].cat.codes.tolist() == survey.frame["visits"].cat.codes.tolist()
