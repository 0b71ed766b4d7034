from fractions import Fraction
from math import ceil, floor

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from churnlib import (
    AtLeast,
    AtMost,
    BarHeight,
    Count,
    Crosstab,
    PrintedShare,
    Reported,
    StructuralZero,
)
from churnlib.margins.constraints import Constraint

ROWS = pd.Series({"a": 10, "b": 30})
COLUMNS = pd.Series({"x": 8, "y": 12, "z": 20})


def limit(constraint):
    found = constraint.limit(ROWS, COLUMNS)
    return found.mask.astype(int).tolist(), found.low, found.high


def test_cells_are_a_pair_a_list_of_levels_all_levels_or_a_list_of_pairs():
    assert limit(StructuralZero(("a", "x"))) == ([[1, 0, 0], [0, 0, 0]], 0, 0)
    assert limit(AtLeast(("a", ["x", "z"]), 3)) == ([[1, 0, 1], [0, 0, 0]], 3, 40)
    assert limit(AtMost((..., "y"), 5)) == ([[0, 1, 0], [0, 1, 0]], 0, 5)
    # Cells named twice count once.
    assert limit(AtMost([("a", ...), (["a", "b"], "x")], 7)) == ([[1, 1, 1], [1, 0, 0]], 0, 7)


@pytest.mark.parametrize(
    ("of", "low", "high"),
    # 25.0 % is 24.95 to 25.05 %: of 10 people none, of 8 two, of 40 ten. 25 % is 24.5 to 25.5 %.
    [("row", 3, 2), ("column", 2, 2), ("total", 10, 10)],
)
def test_a_printed_percentage_is_the_counts_that_round_to_it(of, low, high):
    assert limit(PrintedShare(("a", "x"), "25.0", of=of))[1:] == (low, high)
    assert limit(PrintedShare(("a", "x"), Reported("25.0%"), of=of))[1:] == (low, high)


@given(st.integers(0, 100), st.integers(0, 20), st.integers(0, 40))
def test_a_bar_holds_every_count_within_its_error_and_no_other(height, error, people):
    _, low, high = limit(BarHeight((..., ...), height, error=error, of="total"))
    inside = abs(Fraction(100 * people, 40) - height) <= error
    assert inside == (low <= people <= high)
    assert low == max(0, ceil(Fraction((height - error) * 40, 100)))
    assert high == min(40, floor(Fraction((height + error) * 40, 100)))


def test_constraints_read_as_sentences():
    said = [
        StructuralZero(("le18", ["bachelor", "master"])),
        AtLeast((..., "x"), 3),
        AtMost([("a", "x"), ("b", "y")], 4),
        PrintedShare(("f", "6+"), "30.5%", of="row"),
        BarHeight(("f", "6+"), 30, error="1.5", of="total"),
        Count((["a", "b"], "x")),
    ]
    assert list(map(str, said)) == [
        "nobody in le18 × (bachelor, master)",
        "at least 3 in all × x",
        "at most 4 in a × x and b × y",
        "30.5% of the row in f × 6+",
        "a bar of 30 ± 1.5 % of the total for f × 6+",
        "people in (a, b) × x",
    ]


def test_a_count_is_a_function_of_a_table():
    table = Crosstab.from_counts([[1, 2], [3, 4]], rows=["a", "b"], columns=["x", "y"])
    assert Count([("a", "x"), ("b", ...)])(table) == 8


@pytest.mark.parametrize(
    ("make", "error", "says"),
    [
        (lambda: AtLeast(("a", "x"), -1), ValueError, "whole number of 0 or more; given -1"),
        (lambda: AtMost(("a", "x"), 2.5), ValueError, "whole number of 0 or more; given 2.5"),
        (lambda: AtMost(("a", "x"), True), ValueError, "given True"),
        (lambda: PrintedShare(("a", "x"), "25 people", of="row"), ValueError, "'25 people'"),
        (lambda: PrintedShare(("a", "x"), 25.0, of="row"), TypeError, "quoted text"),
        (lambda: PrintedShare(("a", "x"), "25", of="rows"), ValueError, 'of a "row"'),
        (lambda: BarHeight(("a", "x"), 110, error=1, of="row"), ValueError, "110 ± 1"),
        (lambda: BarHeight(("a", "x"), 50, error=-1, of="row"), ValueError, "50 ± -1"),
        (lambda: BarHeight(("a", "x"), float("nan"), error=1, of="row"), ValueError, "nan ± 1"),
        (lambda: BarHeight(("a", "x"), 5, error=float("inf"), of="row"), ValueError, "5 ± inf"),
        (lambda: limit(AtMost(("c", "x"), 1)), KeyError, "no row 'c'; the rows are a, b"),
        (lambda: limit(AtMost(("a", "w"), 1)), KeyError, "no column 'w'; the columns are x, y, z"),
        (lambda: limit(AtMost("ax", 1)), ValueError, "a pair (row, column)"),
        (lambda: limit(AtMost([], 1)), ValueError, "a pair (row, column)"),
        (lambda: limit(Constraint(("a", "x"))), NotImplementedError, "Constraint says nothing"),
    ],
)
def test_a_wrong_constraint_says_what_is_wrong_with_it(make, error, says):
    with pytest.raises(error) as raised:
        make()
    assert says in str(raised.value)


def test_a_table_is_an_array_of_its_counts():
    np.testing.assert_array_equal(np.asarray(Crosstab.from_counts([[1, 2]])), [[1, 2]])
    assert np.array(Crosstab.from_counts([[1, 2]]), dtype=float).dtype == float
