from dataclasses import FrozenInstanceError

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from churnlib import (
    Crosstab,
    FrequencyTable,
    Origin,
    clean,
    counts,
    crosstab,
    frequencies,
    load_codebook,
    synthesise,
)

BOOK = load_codebook()
SURVEY = clean(
    synthesise("as_the_text_says", seed=7), BOOK, origin=Origin.SYNTHETIC, on_error="set_aside"
)
ANSWER = st.sampled_from(["a", "b", "c", None])
PEOPLE = st.lists(st.tuples(ANSWER, ANSWER, ANSWER), min_size=1, max_size=30).map(
    lambda rows: pd.DataFrame(rows, columns=["x", "y", "z"]).astype(
        pd.CategoricalDtype(["c", "a", "b", "d"], ordered=True)
    )
)


def test_a_table_of_counts_sets_nobody_aside():
    table = Crosstab.from_counts([[1, 2], [3, 4]])
    assert (table.missing, table.set_aside) == (0, 0)
    assert "aside" not in table._repr_html_()


def test_a_table_has_no_order_unless_told_and_cannot_be_changed():
    table = Crosstab(pd.DataFrame([[1, 2], [3, 4]]), Origin.OBSERVED)
    assert table.ordered == (False, False)
    with pytest.raises(FrozenInstanceError):
        table.ordered = (True, True)


def test_counts_end_where_floats_miss_whole_numbers():
    assert Crosstab.from_counts([[2**53 - 3, 1], [1, 1]]).n == 2**53
    with pytest.raises(ValueError, match="9,007,199,254,740,996 people; beyond"):
        Crosstab.from_counts([[2**53, 2], [1, 1]])


@given(PEOPLE)
def test_nobody_is_dropped_and_no_level_goes_missing(people):
    tidy = counts(people, ["x", "y"])
    assert tidy["n"].sum() == len(people)
    valid = tidy.dropna()
    assert len(valid) == 16
    assert valid["x"].tolist()[::4] == ["c", "a", "b", "d"]
    for row in tidy.itertuples():
        same = [
            (people[v].isna() if pd.isna(value) else people[v] == value)
            for v, value in (("x", row.x), ("y", row.y))
        ]
        assert row.n == (same[0] & same[1]).sum()


@given(PEOPLE)
def test_counting_counts_gives_the_same(people):
    tidy = counts(people, ["x", "y", "z"])
    again = counts(tidy, ["x", "y"], count="n")
    pd.testing.assert_frame_equal(again, counts(people, ["x", "y"]))


@given(PEOPLE)
def test_a_cross_table_and_its_missing_make_all_people(people):
    if people[["x", "y"]].dropna().empty:
        with pytest.raises(ValueError, match="nobody answered both 'x' and 'y'"):
            crosstab(people, "x", "y")
        return
    table = crosstab(people, "x", "y")
    assert table.n + table.missing == len(people)
    assert table.counts.index.tolist() == table.counts.columns.tolist() == ["c", "a", "b", "d"]
    assert table.ordered == (True, True)


def test_more_levels_than_a_byte_holds_stay_apart():
    people = pd.DataFrame({"x": np.arange(1500)[::-1] % 700, "y": np.arange(1500) % 2})
    tidy = counts(people, ["x", "y"])
    expected = people.groupby(["x", "y"]).size()
    found = tidy[tidy["n"] > 0].astype("int64").set_index(["x", "y"])["n"]
    pd.testing.assert_series_equal(found, expected, check_names=False)


def test_a_survey_brings_its_levels_order_and_origin():
    table = crosstab(SURVEY, "gender", "visits")
    assert table.counts.index.tolist() == BOOK["gender"].keys
    assert table.counts.columns.tolist() == BOOK["visits"].keys
    assert (table.ordered, table.origin, table.missing) == ((False, True), Origin.SYNTHETIC, 5)
    # pandas's own cross-table is the independent route; it drops the missing in silence.
    theirs = pd.crosstab(SURVEY.frame["gender"], SURVEY.frame["visits"])
    np.testing.assert_array_equal(table.counts, theirs)


def test_layers_add_up_to_the_whole():
    layers = crosstab(SURVEY, "gender", "visits", layer="age")
    assert list(layers) == BOOK["age"].keys
    total = sum(table.counts for table in layers.values())
    np.testing.assert_array_equal(total, crosstab(SURVEY, "gender", "visits").counts)


def test_a_layer_in_which_nobody_answered_both_is_left_out():
    people = pd.DataFrame(
        {"g": ["f", "m", "f", "m"], "v": ["1", "2", None, None], "a": ["y", "y", "o", "o"]}
    )
    layers = crosstab(people, "g", "v", layer="a")
    assert {key: table.n for key, table in layers.items()} == {"y": 2}
    with pytest.raises(ValueError, match="nobody answered all of g, v, a"):
        crosstab(people.assign(a=[None, None, "o", "o"]), "g", "v", layer="a")


def test_frequencies_show_the_missing_and_both_percentages():
    table = frequencies(SURVEY, "visits")
    assert table.set_aside == 0
    summary = table.summary
    assert (table.n, table.missing) == (197, 3)
    assert summary["n"].sum() == 200
    assert summary["percent"].sum() == pytest.approx(100)
    assert summary["valid_percent"].sum() == pytest.approx(100)
    assert summary["cumulative_percent"].tolist()[2] == pytest.approx(100)
    assert summary.index.tolist() == [*BOOK["visits"].keys, "(missing)"]


def test_joint_intervals_hold_their_shares_and_are_wider_than_single_ones():
    # The counts of Sison & Glaz's (1995) example; their method is statsmodels's.
    table = FrequencyTable.from_counts(
        dict(enumerate([56, 72, 73, 59, 62, 87, 58])), variable="x", origin=Origin.OBSERVED
    )
    joint, single = table.joint_intervals(), table.intervals()
    assert ((joint["high"] - joint["low"]) > (single["high"] - single["low"])).all()
    assert ((joint["low"] < table.shares) & (table.shares < joint["high"])).all()


def test_shares_say_their_base():
    table = Crosstab.from_counts([[1, 3], [2, 4]])
    assert table.shares("row").to_numpy().tolist() == [[0.25, 0.75], [1 / 3, 2 / 3]]
    assert table.shares("column").sum().tolist() == [1, 1]
    assert table.shares("total").to_numpy().sum() == 1


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: counts(SURVEY, "income"), KeyError, "no variable 'income'; there are gender"),
        (lambda: counts(SURVEY, ["age", "age"]), ValueError, "named twice"),
        (lambda: counts(SURVEY, []), ValueError, "at least one variable"),
        (lambda: counts(pd.DataFrame({"n": ["a"]}), "n"), ValueError, "a variable is called 'n'"),
        (lambda: counts(pd.DataFrame({"x": ["a", 1]}), "x"), TypeError, "mixes texts and numbers"),
        (lambda: counts([1, 2], "x"), TypeError, "a Survey or a DataFrame of pandas.* given list"),
        (lambda: counts(pd.DataFrame({"x": ["a"], "k": [1.5]}), "x", count="k"), ValueError,
         "counts in 'k' must be whole numbers of 0 or more; given 1.5"),
        (lambda: crosstab(SURVEY, "age", "visits", origin=Origin.OBSERVED), ValueError,
         "the survey is SYNTHETIC; it cannot be called"),
    ],
)  # fmt: skip
def test_what_cannot_be_counted_is_said(call, error, message):
    with pytest.raises(error, match=message):
        call()
