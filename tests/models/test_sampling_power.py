"""Samples drawn as counts find a difference as often as the power that is computed for them."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.power import GofChisquarePower

from churnlib import Crosstab, chi_square, linear_by_linear, ordinal_logit
from churnlib.models.ordinal_tests import found_in_samples, p_values
from churnlib.tables import wilson

DOCTOR_VISITS = Crosstab.from_counts(
    [[958, 693, 368, 294], [624, 733, 470, 343]], ordered=(False, True)
)
# So many people that a sample without replacement is one with.
MANY = Crosstab.from_counts(DOCTOR_VISITS.counts * 1000, ordered=(False, True))


def counted(table: np.ndarray) -> pd.DataFrame:
    """One row a cell: ``group``, ``visits`` and ``n``."""
    groups, visits = np.indices(table.shape)
    names = [f"g{group}" for group in groups.ravel()]
    return pd.DataFrame({"group": names, "visits": visits.ravel(), "n": table.ravel()})


def drawn(cells: np.ndarray, size: int, draws: int) -> np.ndarray:
    """Samples of so many people, as `found_in_samples` draws them."""
    samples = np.random.default_rng(3).multivariate_hypergeometric(cells.ravel(), size, draws)
    return samples.reshape(draws, *cells.shape)


def one_by_one(sample: np.ndarray) -> dict[str, float]:
    """The p-values of one sample from the functions for a single table."""
    return {
        "pearson_chi2": chi_square(sample).p_value,
        "linear_by_linear": linear_by_linear(sample).p_value,
        "ordinal_model": ordinal_logit(counted(sample), "visits", "group", count="n").test.p_value,
    }


def test_all_samples_at_once_give_the_p_values_of_one_at_a_time():
    samples = drawn(DOCTOR_VISITS.counts.to_numpy(), 200, 20)
    together = p_values(samples)
    alone = pd.DataFrame([one_by_one(sample) for sample in samples])
    pd.testing.assert_frame_equal(together, alone, rtol=1e-6)


def test_three_groups_are_tested_as_well():
    table = Crosstab.from_counts([[30, 20, 10], [20, 20, 20], [10, 20, 40]])
    sample = table.counts.to_numpy()
    assert p_values(sample[None]).loc[0].to_dict() == pytest.approx(one_by_one(sample), rel=1e-6)


@pytest.mark.parametrize("size", [200, 500])
def test_samples_from_very_many_find_it_as_often_as_the_computed_power_says(size):
    found = found_in_samples(MANY, [size], seed=5, draws=2000).set_index("test")["found"]
    model = ordinal_logit(counted(MANY.counts.to_numpy()), "visits", "group", count="n")
    for name, test in (
        ("pearson_chi2", chi_square(MANY)),
        ("linear_by_linear", linear_by_linear(MANY)),
        ("ordinal_model", model.test),
    ):
        w = np.sqrt(test.statistic / test.n)
        power = GofChisquarePower().power(w, size, 0.05, n_bins=int(test.df) + 1)
        # Three standard errors of 2,000 draws, and half a point for the approximation itself.
        error = 3 * np.sqrt(power * (1 - power) / 2000) + 0.005
        assert found[name] == pytest.approx(power, abs=error)


def test_without_a_difference_five_in_a_hundred_find_one():
    nothing = Crosstab.from_counts(np.outer([300, 500], [30, 40, 30]), ordered=(False, True))
    found = found_in_samples(nothing, [300], seed=2, draws=2000)
    assert found["found"].between(0.035, 0.065).all()


def test_everybody_there_is_gives_the_answer_of_the_table():
    found = found_in_samples(DOCTOR_VISITS, [DOCTOR_VISITS.n], seed=1, draws=3)
    assert found["found"].tolist() == [1, 1, 1]


def test_one_size_does_not_depend_on_the_others_and_a_seed_repeats_it():
    both = found_in_samples(DOCTOR_VISITS, [60, 150], seed=9, draws=50)
    alone = found_in_samples(DOCTOR_VISITS, [150], seed=9, draws=50)
    assert both.index.tolist() == list(range(6))
    again = both.query("size == 150").reset_index(drop=True)
    pd.testing.assert_frame_equal(again, alone)
    other = found_in_samples(DOCTOR_VISITS, [150], seed=10, draws=50)
    assert not other["found"].equals(alone["found"])


@given(
    st.lists(st.lists(st.integers(0, 40), min_size=3, max_size=3), min_size=2, max_size=3),
    st.integers(2, 30),
)
@settings(max_examples=40)
def test_every_p_value_is_one(cells, size):
    if sum(map(sum, cells)) < size:
        return
    p = p_values(drawn(np.array(cells), size, 5))
    assert ((p >= 0) & (p <= 1)).all(axis=None)


def test_a_sample_of_one_group_or_of_one_answer_finds_nothing():
    single = np.array([[[7, 3, 0], [0, 0, 0]], [[4, 0, 0], [6, 0, 0]]])
    assert (p_values(single) == 1).all(axis=None)


@pytest.mark.parametrize("size", [1, 0, -5, 4484])
def test_a_size_that_cannot_be_drawn_is_refused(size):
    with pytest.raises(ValueError, match=f"from 2 to all 4483 people, given {size}"):
        found_in_samples(DOCTOR_VISITS, [100, size], seed=1)


def test_two_people_are_a_sample_and_a_thousand_are_drawn_where_nothing_is_said():
    both = Crosstab.from_counts([[9, 3], [1, 5]], ordered=(False, True))
    found = found_in_samples(both, [2, 8], seed=1)
    hits = 1000 * found["found"].to_numpy()
    limits = [wilson(round(hit), 1000) for hit in hits]
    np.testing.assert_allclose(hits, hits.round())
    np.testing.assert_allclose(found[["low", "high"]], limits)


def test_of_no_sizes_nothing_is_found_and_a_level_finds_more_than_a_stricter_one():
    assert list(found_in_samples(DOCTOR_VISITS, [], seed=1).columns) == [
        "test", "size", "found", "low", "high"
    ]  # fmt: skip
    strict, usual = (
        found_in_samples(DOCTOR_VISITS, [200], seed=1, draws=100, alpha=alpha)["found"].sum()
        for alpha in (0.01, 0.05)
    )
    assert strict < usual


def test_no_draws_and_an_impossible_alpha_are_refused():
    with pytest.raises(ValueError, match="at least one sample of each size is needed"):
        found_in_samples(DOCTOR_VISITS, [100], seed=1, draws=0)
    with pytest.raises(ValueError, match="level"):
        found_in_samples(DOCTOR_VISITS, [100], seed=1, alpha=5)


def test_one_draw_of_each_size_is_enough_to_be_asked_for():
    found = found_in_samples(DOCTOR_VISITS, [100], seed=1, draws=1)
    assert set(found["found"]) <= {0.0, 1.0}
