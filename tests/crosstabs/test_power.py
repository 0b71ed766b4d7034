import numpy as np
import pytest
from scipy.stats import binom

from churnlib import cramers_v, fisher_exact
from churnlib.crosstabs.power import frontier, least_v, power_curves, rejections

FIRST, SECOND = 27, 18


def table(a, b, first=FIRST, second=SECOND):
    return [[a, first - a], [b, second - b]]


def test_a_rejection_is_that_of_the_exact_test_in_every_table():
    rejected = rejections(FIRST, SECOND)
    for b in range(0, SECOND + 1, 2):
        for a in range(FIRST + 1):
            if 0 < a + b < FIRST + SECOND:
                assert rejected[b, a] == (fisher_exact(table(a, b)).p_value <= 0.05), (a, b)
    assert not rejected[0, 0]
    assert not rejected[-1, -1]


def test_the_frontier_is_the_first_count_that_the_tests_themselves_accept():
    found = frontier(FIRST, n=FIRST + SECOND)
    for b in range(0, SECOND + 1, 3):
        higher = [a for a in range(FIRST + 1) if a / FIRST > b / SECOND]
        significant = [a for a in higher if fisher_exact(table(a, b)).p_value <= 0.05]
        beyond = [a for a in higher if cramers_v(table(a, b)).low > 0.1]
        row = found.loc[b]
        assert row["significant"] == (
            min(significant) if significant else pytest.approx(np.nan, nan_ok=True)
        )
        assert row["beyond"] == (min(beyond) if beyond else pytest.approx(np.nan, nan_ok=True))
        if significant:
            at = table(min(significant), b)
            assert row["significant_v"] == pytest.approx(cramers_v(at).value)
            assert row["significant_share"] == min(significant) / FIRST


def test_a_significant_difference_among_200_people_is_never_small():
    """Whatever the split: the smallest V that is significant is near √(3.84 / 200)."""
    v = frontier(98, n=200)["significant_v"]
    least = least_v(200)
    assert v.min() > 0.95 * least["significant"]
    assert least["significant"] == pytest.approx(np.sqrt(3.841459 / 200))
    # V = .239 in a 2×2 table of 200 has an interval that starts at .1.
    assert least["beyond"] == pytest.approx(0.2386, abs=1e-4)
    assert cramers_v([[62, 38], [38, 62]]).low > 0.1 > cramers_v([[61, 39], [39, 61]]).low


def test_power_is_the_share_of_samples_that_are_rejected():
    a, b = np.ogrid[: FIRST + 1, : SECOND + 1]
    chance = binom.pmf(a, FIRST, 0.6) * binom.pmf(b, SECOND, 0.2)
    rejected = [
        [0 < i + j < FIRST + SECOND and fisher_exact(table(i, j)).p_value <= 0.05
         for j in range(SECOND + 1)]
        for i in range(FIRST + 1)
    ]  # fmt: skip
    assert power_curves(FIRST, SECOND, [0.2], points=6).iloc[3, 0] == pytest.approx(
        chance[np.array(rejected)].sum()
    )


def test_without_a_difference_the_exact_test_errs_at_most_one_time_in_twenty():
    curves = power_curves(FIRST, SECOND, [0.0, 0.1, 0.5, 0.9], points=11)
    assert list(curves.columns) == [0.0, 0.1, 0.5, 0.9]
    assert list(curves.index) == pytest.approx(np.linspace(0, 1, 11))
    for share in curves:
        assert curves.loc[:, share].iloc[round(share * 10)] <= 0.05
        assert curves.loc[:, share].iloc[10 if share < 0.5 else 0] > 0.9


@pytest.mark.parametrize("first", [0, 10, -1])
def test_a_group_of_nobody_is_refused(first):
    with pytest.raises(ValueError, match="each group needs somebody"):
        frontier(first, n=10)
