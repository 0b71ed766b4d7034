"""McNemar and Bowker, eta, and every table as statsmodels has it."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from scipy.stats import f_oneway

import churnlib as cl
from churnlib import Crosstab

CHANGED = [[20, 10, 5], [3, 30, 15], [1, 5, 40]]


def test_bowker_is_r_s():
    # R 4.2.2, mcnemar.test(matrix(c(20,10,5,3,30,15,1,5,40), 3, byrow=TRUE))
    test = cl.mcnemar_bowker(CHANGED)
    assert (round(test.statistic, 3), test.df, round(test.p_value, 6)) == (11.436, 3, 0.009588)
    assert not test.exact
    assert cl.statistics(CHANGED).loc["mcnemar_bowker", "p_value"] == test.p_value


def test_bowker_of_a_large_table_is_statsmodels():
    # In whole numbers of 64 bits the square of 4·10¹⁰ would be another number, and p 1.
    large = [[5, 4 * 10**10, 3], [1, 7, 2], [4, 6, 9]]
    theirs = Crosstab.from_counts(large).to_statsmodels().symmetry()
    assert cl.mcnemar_bowker(large).statistic == pytest.approx(theirs.statistic, rel=1e-12)
    assert cl.mcnemar_bowker(large).p_value == 0


def test_two_categories_are_tested_exactly():
    # R 4.2.2, binom.test(86, 236)$p.value; the table is Agresti (2013), table 11.1
    test = cl.mcnemar_bowker([[794, 86], [150, 570]])
    assert test.p_value == pytest.approx(3.715936e-05, rel=1e-6)
    assert test.exact
    assert test.p_interval == (test.p_value, test.p_value)


def test_pairs_are_of_one_name_whatever_their_order():
    levels = ["low", "mid", "high"]
    table = Crosstab.from_counts(CHANGED, rows=levels, columns=levels)
    turned = Crosstab.from_counts(table.counts[["high", "low", "mid"]])
    assert cl.mcnemar_bowker(turned) == cl.mcnemar_bowker(table)


def test_pairs_without_anybody_add_nothing_and_nobody_changed_is_no_test():
    test = cl.mcnemar_bowker([[20, 10, 0], [3, 30, 15], [0, 5, 40]])
    assert test.statistic == pytest.approx(7**2 / 13 + 10**2 / 20)
    assert (test.df, test.note) == (3, "nobody changed between 1 of 3 pairs")
    none = cl.mcnemar_bowker([[4, 0], [0, 9]])
    assert np.isnan(none.p_value)
    assert none.note == "nobody is off the diagonal"


def test_other_categories_are_refused_and_left_out_of_the_battery():
    table = Crosstab.from_counts([[3, 4], [5, 6]], rows=["m", "f"], columns=["yes", "no"])
    with pytest.raises(ValueError, match="two ratings need the same categories, given rows"):
        cl.mcnemar_bowker(table)
    assert "mcnemar_bowker" not in cl.statistics(table).index


NUMBERS = Crosstab.from_counts([[8, 4, 1], [2, 5, 9]], rows=["a", "b"], columns=["0", "1", "2.5"])


def test_eta_is_that_of_an_analysis_of_variance_on_the_people():
    # F = η²/(1 − η²) · (n − k)/(k − 1): scipy's f_oneway on one number a person.
    a = np.repeat([0, 1, 2.5], [8, 4, 1])
    b = np.repeat([0, 1, 2.5], [2, 5, 9])
    value = cl.eta(NUMBERS, dependent="columns").value
    f = value**2 / (1 - value**2) * (NUMBERS.n - 2)
    assert f == pytest.approx(f_oneway(a, b).statistic, rel=1e-12)
    battery = cl.statistics(NUMBERS)
    assert battery.loc["eta_columns", "value"] == value
    assert "eta_rows" not in battery.index  # "a" and "b" are no numbers
    assert cl.statistics(NUMBERS.T).loc["eta_rows", "value"] == pytest.approx(value)


@pytest.mark.parametrize("levels", [["1-2", "3-5", "6+"], [True, 2, 3], ["1", "nan", "2"]])
def test_levels_that_are_no_numbers_have_no_eta(levels):
    table = Crosstab.from_counts([[8, 4, 1], [2, 5, 9]], columns=levels)
    with pytest.raises(ValueError, match="eta needs numbers as levels of the columns, given"):
        cl.eta(table, dependent="columns")
    assert "eta_columns" not in cl.statistics(table).index


@pytest.mark.parametrize(
    "table",
    [[[8, 4, 1], [2, 5, 9]], pd.DataFrame([[8, 4], [2, 5]], [False, True], [True, False])],
)
def test_positions_and_truth_values_are_no_numbers(table):
    assert not {"eta_rows", "eta_columns"} & set(cl.statistics(table).index)


def test_a_number_that_does_not_vary_has_no_eta():
    table = Crosstab.from_counts([[8, 0], [2, 0]], columns=[1, 2])
    assert np.isnan(cl.eta(table, dependent="columns").value)


# As statsmodels has it.


def test_every_table_is_the_right_one_of_statsmodels_and_agrees():
    from statsmodels.stats.contingency_tables import SquareTable, Table, Table2x2

    two, square, other = [[25, 0], [10, 12]], CHANGED, [[25, 25, 12], [0, 1, 3]]
    assert type(Crosstab.from_counts(two).to_statsmodels()) is Table2x2
    assert type(Crosstab.from_counts(square).to_statsmodels()) is SquareTable
    theirs = Crosstab.from_counts(other).to_statsmodels()
    assert type(theirs) is Table
    # Zeros stay zeros: statsmodels' own default would give 5.4486.
    assert theirs.test_nominal_association().statistic == pytest.approx(6.9562, abs=5e-5)
    bowker = Crosstab.from_counts(square).to_statsmodels().symmetry()
    assert bowker.statistic == pytest.approx(cl.mcnemar_bowker(square).statistic)


@pytest.mark.parametrize(
    "o", [[[25, 0], [10, 12]], [[4, 0, 2], [1, 5, 0], [3, 2, 9]], [[25, 25, 12], [0, 1, 3]]]
)
def test_zeros_stay_zeros(o):
    assert Crosstab.from_counts(o).to_statsmodels().table.tolist() == o


@pytest.mark.parametrize(
    ("rows", "columns"),
    [(["male", "female"], ["yes", "no"]), (["yes", "no"], ["no", "yes"]), ([1, 0], [0, 1])],
)
def test_two_by_two_keeps_its_order_whatever_its_labels(rows, columns):
    # Of a frame statsmodels makes a square of all labels, sorted: 4 × 4, or the inverse ratio.
    table = Crosstab.from_counts([[10, 20], [30, 25]], rows=rows, columns=columns)
    theirs = table.to_statsmodels()
    assert theirs.table.tolist() == [[10, 20], [30, 25]]
    assert theirs.oddsratio == pytest.approx(cl.odds_ratio(table).value, rel=1e-12)
    assert theirs.riskratio == pytest.approx(cl.risk_ratio(table).value, rel=1e-12)


@pytest.mark.parametrize(
    ("rows", "columns"),
    [(["low", "mid", "high"], ["mid", "low", "high"]), ([0, 1, 2], [1, False, 2])],
)
def test_a_square_table_is_paired_by_name(rows, columns):
    table = Crosstab.from_counts(CHANGED, rows=rows, columns=columns)
    theirs = table.to_statsmodels()
    assert theirs.table.tolist() == [[10, 20, 5], [30, 3, 15], [5, 1, 40]]
    assert theirs.symmetry().statistic == pytest.approx(cl.mcnemar_bowker(table).statistic)


def test_a_square_table_of_other_categories_is_no_square_table():
    from statsmodels.stats.contingency_tables import Table

    counts = pd.DataFrame(CHANGED, list("abc"), list("xyz"))
    assert type(Crosstab.from_counts(counts).to_statsmodels()) is Table


def test_layers_are_a_stratified_table_that_agrees():
    layers = {"a": [[10, 20], [30, 25]], "b": [[8, 12], [20, 18]]}
    theirs, ours = cl.stratified_table(layers), cl.mantel_haenszel(layers)
    assert theirs.oddsratio_pooled == pytest.approx(ours.value, rel=1e-12)
    assert theirs.test_null_odds().pvalue == pytest.approx(ours.test.p_value, rel=1e-9)


def test_layers_that_do_not_fit_each_other_are_refused_and_empty_ones_left_out():
    young = Crosstab.from_counts([[10, 20], [30, 25]], rows=["m", "f"], columns=["yes", "no"])
    old = Crosstab.from_counts([[8, 12], [20, 18]], rows=["f", "m"], columns=["yes", "no"])
    with pytest.raises(ValueError, match="layer 'old' has rows and columns"):
        cl.stratified_table({"young": young, "old": old})
    with pytest.raises(ValueError, match="layer 0 is 2 × 3"):
        cl.stratified_table([[[1, 2, 3], [4, 5, 6]]])
    with pytest.raises(ValueError, match="there is no layer"):
        cl.stratified_table([])
    assert cl.stratified_table([young, [[0, 0], [0, 0]]]).table.shape == (2, 2, 1)


def test_a_table_is_made_without_loading_statsmodels():
    code = (
        "import sys; from churnlib import Crosstab; Crosstab.from_counts([[1, 2], [3, 4]]).n; "
        "print('statsmodels' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "False\n"


# Changes of the code that no test noticed before.


def test_the_symmetric_d_has_the_relative_error_of_tau_b():
    # IBM SPSS Statistics Algorithms, CROSSTABS: both are P − Q over a mean of the same two bases,
    # the arithmetic and the geometric one, and the error is scaled with the value.
    table = Crosstab.from_counts([[16, 8, 14], [19, 17, 60], [9, 11, 56]], ordered=True)
    d, tau = cl.somers_d(table), cl.kendall_tau_b(table)
    assert d.value != pytest.approx(tau.value, rel=1e-3)
    assert d.se / d.value == pytest.approx(tau.se / tau.value, rel=1e-12)


def test_the_uncertainty_coefficient_s_t_is_that_of_each_person_s_information():
    # IBM SPSS Statistics Algorithms, CROSSTABS: the error under independence is the spread of
    # ln p_ij/(p_i p_j) over people, so that T is the mean over its error, whichever is dependent.
    o = np.array([[16, 8, 14], [19, 17, 60], [9, 0, 56]])
    p = o / o.sum()
    chance = np.outer(p.sum(axis=1), p.sum(axis=0))
    person = np.concatenate([
        np.full(people, np.log(share / by_chance))
        for people, share, by_chance in zip(o.flat, p.flat, chance.flat, strict=True) if people
    ])  # fmt: skip
    expected = person.mean() / person.std() * np.sqrt(len(person))
    for dependent in ("symmetric", "rows", "columns"):
        t = cl.uncertainty_coefficient(o, dependent=dependent).t
        assert t == pytest.approx(expected, rel=1e-12)


def test_a_perfect_correlation_has_no_test_and_one_that_is_nearly_so_has():
    perfect = cl.pearson_r([[5, 0], [0, 7]])
    assert perfect.value == 1
    assert np.isnan(perfect.t)
    assert np.isnan(perfect.p_value)
    many = 10**12
    nearly = cl.pearson_r([[many, 1], [1, many]])  # r = 1 − 2/(n/2)
    assert nearly.t == pytest.approx(
        np.sqrt(2 * many / (4 / many)), rel=1e-3
    )  # 1 − r² of 16 digits
    assert nearly.p_value == 0
