import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from churnlib import claims, load_codebook
from churnlib.report.text_table import TextTable

BOOK = load_codebook()


def label_en(key):
    return BOOK.labeller("en")(key)


def column(frame, name, lang="en", **options):
    table = TextTable.of(frame, BOOK.labeller(lang), lang=lang, **options)
    place = table.header.index(name)
    return [row[place] for row in table.rows]


def test_keys_become_words_and_what_has_no_label_stands_as_it_is():
    frame = pd.DataFrame(
        {"level": ["le18", "nobody"], "printed": ["le18", "x"], "frequency": [1, 2]},
        index=pd.Index(["age", "2020.01"], name="variable"),
    )
    table = TextTable.of(frame, BOOK.labeller("zh-Hans"), lang="zh-Hans")
    assert table.header == ("变量", "水平", "所载", "频数（人）")
    # A printed text that happens to look like a key is no key.
    assert table.rows == (("年龄", "18岁及以下", "le18", "1"), ("2020.01", "nobody", "x", "2"))


def test_a_column_is_rounded_to_as_many_decimals_as_it_needs():
    frame = pd.DataFrame(
        {"a": [12.0, 16.5], "b": [2.0, np.nan], "c": [1 / 3, -1234.5], "d": [7, -8]}
    )
    assert column(frame, "a") == ["12.0", "16.5"]
    assert column(frame, "b") == ["2", "—"]
    assert column(frame, "c") == ["0.333", "−1,234.500"]
    assert column(frame, "c", digits=1) == ["0.3", "−1,234.5"]
    assert column(frame, "d") == ["7", "−8"]


def test_p_values_end_at_a_thousandth():
    frame = pd.DataFrame({"p_value": [0.0252, 1e-9, 1.0, np.nan]})
    assert column(frame, "p") == [".025", "< .001", "1.000", "—"]


def test_missing_whole_numbers_lists_and_truths_are_shown():
    frame = pd.DataFrame(
        {
            "a": pd.array([1, None], dtype="Int64"),
            "possible counts": [[24, 25], []],
            "c": [True, False],
            "d": ["x", None],
        }
    )
    assert column(frame, "a") == ["1", "—"]
    assert column(frame, "Possible counts") == ["24, 25", "—"]
    assert column(frame, "c") == ["True", "False"]
    assert column(frame, "d") == ["x", "—"]


def test_columns_of_numbers_are_known_by_what_they_show():
    frame = pd.DataFrame({"a": ["12.0", "−3"], "b": ["12.0", "x"], "p": [0.5, 1e-9], "c": [1, 2]})
    assert TextTable.of(frame, label_en).numeric == (False, True, False, True, True)


@pytest.mark.parametrize(("lang", "suffix"), [("en", ""), ("zh-Hans", "_zh")])
def test_a_pair_of_columns_shows_the_one_of_the_language(lang, suffix):
    judged = claims()
    table = TextTable.of(judged, BOOK.labeller(lang), lang=lang)
    heading = BOOK.labeller(lang)("statement")
    assert len(table.header) == 1 + judged.shape[1] - 2
    shown = [row[table.header.index(heading)] for row in table.rows]
    assert shown == judged[f"statement{suffix}"].tolist()


def test_two_rows_of_one_name_both_stand():
    frame = pd.DataFrame({"n": [1, 2]}, index=["a", "a"])
    assert [row[0] for row in TextTable.of(frame, label_en).rows] == ["a", "a"]


TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=12)


@given(st.lists(st.tuples(TEXT, TEXT), max_size=5))
def test_a_written_table_is_read_back_as_it_was(tmp_path_factory, rows):
    table = TextTable(('a,"b"', "n"), tuple(rows))
    path = tmp_path_factory.mktemp("table") / "t.csv"
    path.write_text(table.csv, encoding="utf-8", newline="")
    assert TextTable.read(path) == table


def test_columns_of_numbers_are_told_from_columns_of_text():
    rows = (
        ("a", "−1,234.5", "12.0%", "< .001", "12 (34.5)", ".10 [.05, .20]", "—", "2020.01-x"),
        ("12b", "3", "—", ".050", "3 (.5)", "—", "", "1"),
    )
    assert TextTable(("h",) * 8, rows).numeric == (False, True, True, True, True, True, True, False)
    assert TextTable(("month",), (("1",), ("2",))).numeric == (False,)


def test_a_level_is_worded_by_its_variable_where_a_heading_has_the_same_key():
    words = {
        "low": "Lower limit",
        "income.low": "Low income",
        "predictor": "Predictor",
        "level": "Level",
    }
    frame = pd.DataFrame({"predictor": ["income"], "level": ["low"], "low": [0.5]})
    table = TextTable.of(frame, lambda key: words[key])
    assert table.header == ("", "Predictor", "Level", "Lower limit")
    assert table.rows[0][2:] == ("Low income", "0.5")
    indexed = TextTable.of(frame.set_index("predictor"), lambda key: words[key])
    assert indexed.rows[0][1] == "Low income"
