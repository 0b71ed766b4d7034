from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from churnlib import Reported, possible_counts


@given(st.integers(1, 2000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_a_count_is_among_those_its_own_percentage_allows(pair):
    k, n = pair
    for rule in (ROUND_HALF_UP, ROUND_HALF_EVEN):
        # Independent route: decimal's rounding, where the module works with interval limits.
        exact = Decimal(100 * k) / Decimal(n)
        printed = str(exact.quantize(Decimal("0.1"), rounding=rule))
        assert k in possible_counts(printed, n)


@given(st.integers(1, 500), st.integers(0, 1000).map(lambda t: Decimal(t).scaleb(-1)))
def test_possible_counts_are_those_a_search_over_all_counts_finds(n, share):
    half = Fraction(1, 20)
    searched = [k for k in range(n + 1) if abs(Fraction(100 * k, n) - Fraction(share)) <= half]
    assert possible_counts(str(share), n) == searched


# Brown & Heathers (2017) on percentages, as collected in the reference cases of this project.
@pytest.mark.parametrize(
    ("share", "n", "consistent"),
    [("32.5%", 438, False), ("35.6%", 455, True), ("21.7%", 501, False), ("39.3%", 516, True)],
)
def test_grim_examples_from_the_literature(share, n, consistent):
    assert bool(possible_counts(share, n)) is consistent


def test_a_tie_is_accepted_under_both_rounding_rules():
    assert possible_counts("0.2", 1000) == [2]
    assert possible_counts("12.2", 2000) == [243, 244, 245]  # 12.15 and 12.25 are ties


def test_trailing_zeros_narrow_the_interval():
    assert Reported("12").admits(Fraction("12.4"))
    assert not Reported("12.0").admits(Fraction("12.4"))
    assert Reported("520").value.scaleb(-2) == Decimal("5.20")


@pytest.mark.parametrize("text", ["-24114", "−24114", "-24,114", "43.5%", "43.5 %", ".018", "+3"])
def test_every_usual_way_to_print_a_number_is_read(text):
    plain = text.replace("−", "-").replace(",", "").rstrip("% ")
    assert Reported(text).value == Decimal(plain)


@pytest.mark.parametrize("text", ["", "-", "12,34", "1e5", "5~15", "4.", "nan", "４３", "12..0"])
def test_anything_else_is_refused_with_its_place(text):
    with pytest.raises(ValueError, match=r"table\.csv, line 3: .* is not a printed number"):
        Reported(text, "table.csv, line 3")


@pytest.mark.parametrize("number", [43.5, 43, None, Decimal("43.5")])
def test_a_number_that_is_not_text_is_refused_because_its_digits_are_lost(number):
    with pytest.raises(TypeError, match="must be quoted text"):
        Reported(number)


@pytest.mark.parametrize("n", [0, -1, 2.5, True, "200"])
def test_a_base_that_counts_nobody_is_refused(n):
    with pytest.raises(ValueError, match="n is the number of people"):
        possible_counts("43.5", n)


def test_a_decimal_share_keeps_its_digits():
    assert possible_counts(Decimal("12.0"), 200) == possible_counts("12.0", 200) == [24]
    assert possible_counts(Decimal("12"), 200) == [23, 24, 25]
