"""Invariants of the battery, and agreement with scipy and statsmodels where those are right."""

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from churnlib import (
    Crosstab,
    chi_square,
    compare_columns,
    cramers_v,
    gamma,
    goodman_kruskal_lambda,
    goodman_kruskal_tau,
    kappa,
    kendall_tau_b,
    likelihood_ratio,
    linear_by_linear,
    odds_ratio,
    pearson_r,
    residual_p_values,
    risk_difference,
    risk_ratio,
    somers_d,
    statistics,
    uncertainty_coefficient,
)

ALWAYS = [
    "pearson_chi2", "likelihood_ratio", "fisher_exact", "phi", "cramers_v", "cramers_v_corrected",
    "contingency_coefficient", "lambda_symmetric", "lambda_rows", "lambda_columns", "gk_tau_rows",
    "gk_tau_columns", "uncertainty_symmetric", "uncertainty_rows", "uncertainty_columns",
]  # fmt: skip
ORDINAL = [
    "linear_by_linear", "gamma", "kendall_tau_b", "stuart_tau_c", "somers_d_symmetric",
    "somers_d_rows", "somers_d_columns", "spearman", "pearson_r",
]  # fmt: skip
SQUARE_2 = ["continuity_correction", "odds_ratio", "risk_ratio"]


ROOT = 1e-7  # a value of 0 may come as the root of a rounding error, 1e-16 times some counts
TWO_TO_FOUR = st.integers(2, 4)


def counts(rows=TWO_TO_FOUR, columns=TWO_TO_FOUR, most=25):
    return arrays(int, st.tuples(rows, columns), elements=st.integers(0, most)).filter(
        lambda o: (o.sum(axis=0) > 0).sum() > 1 and (o.sum(axis=1) > 0).sum() > 1
    )


def table(o, **options):
    return Crosstab.from_counts(o, ordered=True, **options)


def values(o):
    return statistics(table(o), exact=False)


def exchanged(name):
    stem, _, way = name.rpartition("_")
    return {"rows": f"{stem}_columns", "columns": f"{stem}_rows"}.get(way, name)


@given(counts())
def test_transposing_keeps_symmetric_measures_and_exchanges_the_directed_ones(o):
    there, back = values(o), values(o.T)
    for name in there.index.drop(SQUARE_2, errors="ignore"):
        np.testing.assert_allclose(
            there.loc[name].to_numpy(),
            back.loc[exchanged(name)].to_numpy(),
            atol=ROOT,
            err_msg=name,
        )


@given(counts(), st.integers(2, 5))
def test_k_times_the_people_multiply_chi_square_and_leave_the_strength(o, k):
    once, times = values(o)["value"], values(k * o)["value"]
    for name in ("pearson_chi2", "likelihood_ratio"):
        np.testing.assert_allclose(times[name], k * once[name], rtol=1e-9, atol=ROOT)
    for name in (*ALWAYS[3:5], *ALWAYS[6:], *ORDINAL[1:]):
        if name in once:
            np.testing.assert_allclose(times[name], once[name], atol=ROOT, err_msg=name)


@given(counts(), st.randoms(use_true_random=False))
def test_nominal_measures_do_not_know_the_order_of_the_levels(o, random):
    rows, columns = list(range(o.shape[0])), list(range(o.shape[1]))
    random.shuffle(rows)
    random.shuffle(columns)
    kept = [n for n in ALWAYS if n not in {"fisher_exact", "phi"}]
    there, back = values(o).loc[kept, "value"], values(o[rows][:, columns]).loc[kept, "value"]
    np.testing.assert_allclose(there, back, atol=ROOT)


@given(counts())
def test_reversing_one_order_turns_the_signs(o):
    there, back = values(o), values(o[::-1])
    for name in ORDINAL[1:]:
        for column in ("value", "t"):
            np.testing.assert_allclose(
                there.loc[name, column], -back.loc[name, column], atol=ROOT, err_msg=name
            )
        np.testing.assert_allclose(there.loc[name, "se"], back.loc[name, "se"], atol=20 * ROOT)


@given(
    st.lists(st.integers(1, 6), min_size=2, max_size=4),
    st.lists(st.integers(1, 6), min_size=2, max_size=4),
)
def test_independence_gives_zero(rows, columns):
    battery = values(np.outer(rows, columns))["value"]
    zero = [n for n in (*ALWAYS, *ORDINAL) if n in battery and not n.startswith("fisher")]
    np.testing.assert_allclose(battery[zero].dropna(), 0, atol=1e-7)


@given(counts())
def test_no_number_is_infinite_or_beyond_its_range_and_nothing_warns(o):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        battery = values(o)
    assert not np.isinf(battery.to_numpy()).any()
    # Phi exceeds 1 in tables larger than 2×2: that is why there is V.
    free = {*SQUARE_2, "pearson_chi2", "likelihood_ratio", "linear_by_linear", "phi"}
    free.add("mcnemar_bowker")
    bounded = battery.index.difference(free)
    assert battery.loc[bounded, "value"].dropna().abs().le(1 + 1e-9).all()
    assert battery["p_value"].dropna().between(0, 1).all()
    assert (battery["low"] <= battery["high"] + 1e-12)[battery["low"].notna()].all()


@given(counts(), st.lists(st.integers(0, 3), max_size=2))
def test_rows_that_count_nobody_change_nothing_but_the_note(o, places):
    wide = o
    for place in places:
        wide = np.insert(wide, min(place, len(wide)), 0, axis=0)
    assume(min(o.shape) >= 2)
    kept = [
        n for n in (*ALWAYS, *ORDINAL) if n not in {"fisher_exact", "linear_by_linear", "pearson_r"}
    ]
    occupied = o[o.sum(axis=1) > 0]
    there, back = values(occupied), values(wide)
    np.testing.assert_allclose(there.loc[kept, "value"], back.loc[kept, "value"], atol=ROOT)


# Where scipy and statsmodels are right they are the independent route.


@given(counts())
def test_chi_square_is_scipy_s(o):
    full = o[o.sum(axis=1) > 0][:, o.sum(axis=0) > 0]
    theirs = stats.chi2_contingency(full, correction=False)
    ours = chi_square(o)
    np.testing.assert_allclose(
        [ours.statistic, ours.p_value, ours.df],
        [theirs.statistic, theirs.pvalue, theirs.dof],
        rtol=1e-9, atol=1e-12,
    )  # fmt: skip
    theirs = stats.chi2_contingency(full, correction=False, lambda_="log-likelihood")
    np.testing.assert_allclose(likelihood_ratio(o).statistic, theirs.statistic, atol=1e-9)


@given(counts(st.just(2), st.just(2), 60).filter(lambda o: (o > 0).all()))
def test_two_by_two_ratios_are_statsmodels_s(o):
    from statsmodels.stats.contingency_tables import Table2x2

    theirs = Table2x2(o, shift_zeros=False)
    for ours, value, interval in (
        (odds_ratio(o), theirs.oddsratio, theirs.oddsratio_confint()),
        (risk_ratio(o), theirs.riskratio, theirs.riskratio_confint()),
    ):
        np.testing.assert_allclose([ours.value, ours.low, ours.high], [value, *interval], rtol=1e-7)
    yates = stats.chi2_contingency(o, correction=True)
    np.testing.assert_allclose(chi_square(o, correction=True).statistic, yates.statistic, atol=1e-9)


@given(counts(st.just(2), st.just(2), 60).filter(lambda o: (o.sum(axis=1) > 0).all()))
def test_the_risk_difference_has_newcombe_s_interval_as_statsmodels_has_it(o):
    from statsmodels.stats.proportion import confint_proportions_2indep

    ours = risk_difference(o)
    theirs = confint_proportions_2indep(
        o[0, 0], o[0].sum(), o[1, 0], o[1].sum(), method="newcomb", compare="diff"
    )
    np.testing.assert_allclose([ours.low, ours.high], theirs, atol=1e-9)


@given(counts())
def test_rank_statistics_are_scipy_s_on_the_people_themselves(o):
    rows, columns = (np.repeat(axis.ravel(), o.ravel()) for axis in np.indices(o.shape))
    ours = values(o)["value"]
    np.testing.assert_allclose(
        ours["kendall_tau_b"], stats.kendalltau(rows, columns).statistic, atol=1e-9
    )
    for name, correlation in (("spearman", stats.spearmanr), ("pearson_r", stats.pearsonr)):
        theirs = correlation(rows, columns)
        np.testing.assert_allclose(ours[name], theirs.statistic, atol=1e-9)
        p = values(o)["p_value"][name]
        if np.isfinite(p):  # where |r| = 1, scipy gives a p-value and SPSS none
            np.testing.assert_allclose(p, theirs.pvalue, rtol=1e-6)
    np.testing.assert_allclose(
        ours["somers_d_columns"], stats.somersd(rows, columns).statistic, atol=1e-9
    )


@given(counts(most=12))
def test_gamma_and_lambda_are_their_definitions_counted_pair_by_pair(o):
    i, j = (np.repeat(axis.ravel(), o.ravel()) for axis in np.indices(o.shape))
    product = np.sign(i[:, None] - i[None]) * np.sign(j[:, None] - j[None])
    agree, disagree = (product > 0).sum(), (product < 0).sum()
    value = gamma(table(o)).value
    if agree + disagree:
        assert value == pytest.approx((agree - disagree) / (agree + disagree))
    else:
        assert np.isnan(value)
    errors = o.sum() - o.sum(axis=0).max()
    if errors:
        reduced = errors - (o.sum(axis=1) - o.max(axis=1)).sum()
        assert goodman_kruskal_lambda(o, dependent="columns").value == pytest.approx(
            reduced / errors
        )


@given(counts(st.just(3), st.just(3), 20))
def test_kappa_is_statsmodels_s(o):
    from statsmodels.stats.inter_rater import cohens_kappa

    ours = kappa(o + 1)
    assume(abs(ours.value) > 1e-9)  # statsmodels divides by it
    theirs = cohens_kappa(o + 1)
    np.testing.assert_allclose([ours.value, ours.se], [theirs.kappa, theirs.std_kappa], atol=1e-9)
    if ours.t == ours.t:
        np.testing.assert_allclose(ours.value / ours.t, theirs.std_kappa0, atol=1e-9)


def numeric_se(o, value, whole=10**6, step=10**3):
    """The delta method with numeric derivatives: an independent route to every ASE1.

    Counts stay whole: a million times the people are moved about by a thousand.
    """
    n, large = o.sum(), o * whole
    gradient = np.zeros(o.shape)
    for cell in np.ndindex(o.shape):
        change = np.zeros(o.shape, dtype=int)
        change[cell] = step
        gradient[cell] = (value(large + change) - value(large - change)) / (2 * step / whole / n)
    p = o / n
    return np.sqrt((p * (gradient - (p * gradient).sum()) ** 2).sum() / n)


FULL = counts(st.integers(2, 3), st.integers(2, 4), 30).filter(lambda o: (o > 2).all())


def raw(measure, **options):
    return lambda o: measure(table(o), **options).value


@pytest.mark.parametrize(
    ("measure", "options"),
    [
        (gamma, {}),
        (kendall_tau_b, {}),
        (somers_d, {"dependent": "rows"}),
        (somers_d, {"dependent": "columns"}),
        (pearson_r, {}),
        (goodman_kruskal_tau, {"dependent": "rows"}),
        (goodman_kruskal_tau, {"dependent": "columns"}),
        (uncertainty_coefficient, {"dependent": "symmetric"}),
        (uncertainty_coefficient, {"dependent": "rows"}),
        (uncertainty_coefficient, {"dependent": "columns"}),
    ],
)
@settings(max_examples=12)
@given(o=FULL)
def test_a_standard_error_is_the_delta_method_s(measure, options, o):
    ours = measure(table(o), **options).se
    # Central differences err by the square of the relative step, 1e-3 / count, and by rounding.
    assert ours == pytest.approx(numeric_se(o, raw(measure, **options)), rel=1e-5, abs=1e-6)


def unique_best(o):
    """Lambda has no derivative where two levels are equally common."""
    margins = [o.sum(axis=0), o.sum(axis=1), *o, *o.T]
    return all((m == m.max()).sum() == 1 for m in margins)


@pytest.mark.parametrize("dependent", ["symmetric", "rows", "columns"])
@settings(max_examples=25)
@given(o=FULL.filter(unique_best))
def test_lambda_s_standard_error_is_the_delta_method_s(dependent, o):
    ours = goodman_kruskal_lambda(table(o), dependent=dependent).se
    theirs = numeric_se(o, raw(goodman_kruskal_lambda, dependent=dependent))
    assert ours == pytest.approx(theirs, rel=1e-5, abs=1e-6)


@given(counts(most=60), st.sampled_from([0.8, 0.95, 0.99]))
def test_the_interval_of_v_inverts_the_noncentral_chi_square(o, level):
    v, test = cramers_v(o, level=level), chi_square(o)
    scale = o.sum() * (min((o.sum(axis=0) > 0).sum(), (o.sum(axis=1) > 0).sum()) - 1)
    for limit, tail in ((v.low, (1 - level) / 2), (v.high, (1 + level) / 2)):
        if 0 < limit < 1:
            p = stats.ncx2.sf(test.statistic, test.df, limit**2 * scale)
            assert p == pytest.approx(tail, abs=1e-6)
        elif limit == 0:
            assert stats.chi2.sf(test.statistic, test.df) >= tail - 1e-12
    assert 0 <= v.low <= v.high <= 1


def test_the_rows_of_the_battery_are_the_promised_ones():
    assert list(statistics([[3, 2, 4], [2, 5, 1]]).index) == ALWAYS
    ordered = statistics(Crosstab.from_counts([[3, 2, 4], [2, 5, 1]], ordered=True))
    assert list(ordered.index) == ALWAYS + ORDINAL
    half = statistics(Crosstab.from_counts([[3, 2, 4], [2, 5, 1]], ordered=(False, True)))
    assert list(half.index) == ALWAYS + ORDINAL  # two levels always have an order
    assert list(statistics([[3, 2], [2, 5]]).index) == [
        *ALWAYS, *ORDINAL, *SQUARE_2, "kappa", "mcnemar_bowker"
    ]  # fmt: skip
    square = statistics([[3, 2, 1], [2, 5, 3], [1, 1, 4]])
    assert list(square.index) == [*ALWAYS, "kappa", "mcnemar_bowker"]
    assert list(square.columns) == ["value", "se", "t", "df", "p_value", "low", "high"]
    assert statistics([[3, 2], [2, 5]], exact=False).loc["fisher_exact"].isna().all()


# Known errors of other programs, each a guard.


def test_zeros_are_not_replaced_as_statsmodels_does():
    assert chi_square([[25, 25, 12], [0, 1, 3]]).statistic == pytest.approx(6.9562, abs=5e-5)


def test_few_expected_people_are_counted_below_five():
    # Expected: 14 · 9/29 = 4.34 and 15 · 9/29 = 4.66 in the second row, more in the first.
    note = chi_square([[10, 10], [4, 5]]).note
    assert note == "2 of 4 cells expect fewer than 5 (least 4.34)"


def test_yates_never_overshoots():
    assert chi_square([[1573, 3], [4, 0]], correction=True).statistic == 0


def test_a_tiny_p_value_is_not_printed_as_zero():
    p = chi_square([[300, 10], [10, 300]]).p_value
    assert 0 < p < 1e-100


def test_linear_by_linear_counts_n_minus_one():
    o = np.array([[11, 7], [27, 15], [42, 16], [53, 13], [11, 1]])
    rows, columns = (np.repeat(axis.ravel(), o.ravel()) for axis in np.indices(o.shape))
    r = stats.pearsonr(rows, columns).statistic
    assert linear_by_linear(o).statistic == pytest.approx((o.sum() - 1) * r**2)


# Columns and residuals.


@given(counts())
def test_adjusted_residuals_are_statsmodels_s_standardised_ones(o):
    from statsmodels.stats.contingency_tables import Table

    full = o[o.sum(axis=1) > 0][:, o.sum(axis=0) > 0]
    theirs = Table(full, shift_zeros=False).standardized_resids
    np.testing.assert_allclose(table(full).adjusted_residuals, theirs, atol=1e-9)


@pytest.mark.parametrize("method", ["holm", "bonferroni"])
@settings(max_examples=20)  # statsmodels collects garbage in every call
@given(o=counts())
def test_adjusted_p_values_are_statsmodels_s(method, o):
    from statsmodels.stats.multitest import multipletests

    plain = residual_p_values(o).to_numpy()
    ours = residual_p_values(o, adjust=method).to_numpy()
    known = np.isfinite(plain)
    theirs = multipletests(plain[known], method=method)[1]
    np.testing.assert_allclose(ours[known], theirs, atol=1e-12)


@given(counts(st.integers(2, 3), st.integers(2, 4), 40))
def test_a_letter_stands_where_the_z_test_of_two_shares_says_so(o):
    from statsmodels.stats.proportion import proportions_ztest

    letters = compare_columns(o).to_numpy()
    totals = o.sum(axis=0)
    for i in range(o.shape[0]):
        usable = [j for j in range(o.shape[1]) if 0 < o[i, j] < totals[j]]
        pairs = [(j, k) for j in usable for k in usable if j < k]
        expected = [set() for _ in totals]
        for j, k in pairs:
            z, p = proportions_ztest(o[i, [j, k]], totals[[j, k]])
            if min(1, p * len(pairs)) < 0.05:
                expected[j if z > 0 else k].add("ABCD"[k if z > 0 else j])
        assert [set(text.split()) for text in letters[i]] == expected


# Bad input.


@pytest.mark.parametrize(
    ("o", "message"),
    [
        ([[1.5, 2], [3, 4]], "whole numbers of 0 or more; given 1.5"),
        ([[-1, 2], [3, 4]], "whole numbers of 0 or more; given -1"),
        ([[None, 2], [3, 4]], "whole numbers of 0 or more; given None"),
        ([[float("nan"), 2], [3, 4]], "whole numbers of 0 or more; given nan"),
        ([["a", 2], [3, 4]], "whole numbers of 0 or more; given 'a'"),
        ([[0, 0], [0, 0]], "2 × 2 cells counts nobody"),
        ([[1, 2], [3]], r"equally long; given \[\[1, 2\], \[3\]\]"),
        ([1, 2, 3], "counts need rows and columns"),
        (pd.DataFrame([[1, 2], [3, 4]], index=["a", "a"]), "'a' stands twice among the rows"),
    ],
)
def test_counts_that_are_none_are_refused(o, message):
    with pytest.raises(ValueError, match=message):
        Crosstab.from_counts(o)


@pytest.mark.parametrize("o", [[[1, 2, 3]], [[1], [2]], [[5]], [[1, 2], [0, 0]], [[7, 0], [0, 0]]])
def test_one_row_or_column_gives_nan_with_a_note_and_no_warning(o):
    battery = statistics(Crosstab.from_counts(o, ordered=True))
    nominal = battery.loc[ALWAYS, "value"]
    assert nominal.isna().all()
    assert (
        battery.attrs["notes"]["pearson_chi2"]
        == "needs two rows and two columns that count somebody"
    )
    assert not np.isinf(battery.to_numpy()).any()


def test_an_empty_cell_leaves_ratios_without_interval():
    zero = odds_ratio([[0, 5], [3, 4]])
    assert (zero.value, np.isnan(zero.low)) == (0, True)
    unbounded = odds_ratio([[5, 0], [3, 4]])
    assert np.isnan(unbounded.value)
    assert "empty cell" in unbounded.note
    assert "unbounded" in unbounded.note
    assert "undetermined" in odds_ratio([[5, 0], [4, 0]]).note
    assert risk_ratio([[0, 5], [3, 4]]).value == 0
    assert np.isnan(risk_ratio([[5, 0], [0, 4]]).value)


def test_a_table_at_the_edge_has_no_interval_and_says_why():
    perfect = gamma(table([[10, 0], [0, 10]]))
    assert (perfect.value, np.isnan(perfect.low), np.isnan(perfect.high)) == (1, True, True)
    assert "standard error is 0" in perfect.note
    assert np.isnan(kappa([[8, 0], [7, 0]]).low)
    assert np.isnan(goodman_kruskal_lambda([[5, 1], [5, 1]], dependent="columns").low)
    line = pearson_r(table([[0, 0, 3], [0, 4, 0], [5, 0, 0]]))
    assert line.value == pytest.approx(-1)
    assert np.isnan(line.t)
    constant = pearson_r([[3, 4], [2, 5]], row_scores=[1, 1])
    assert np.isnan(constant.value)
    assert constant.note == "all scores of one variable are equal"


def test_the_risk_ratio_may_be_that_of_the_other_column():
    # SPSS's "for cohort outcome = no": .89, 95 % interval .80 to .99 (aspirin).
    aspirin = Crosstab.from_counts([[20, 80], [15, 135]], columns=["yes", "no"])
    other = risk_ratio(aspirin, event="no")
    assert [round(x, 2) for x in (other.value, other.low, other.high)] == [0.89, 0.80, 0.99]
    assert risk_ratio(aspirin, event="yes").value == risk_ratio(aspirin).value
    with pytest.raises(KeyError, match="no column 'maybe'; it has 'yes', 'no'"):
        risk_ratio(aspirin, event="maybe")


def test_a_measure_that_cannot_be_negative_has_no_negative_limit():
    assert goodman_kruskal_tau([[1, 1], [6, 0]], dependent="rows").low == 0


def test_an_order_that_the_table_does_not_declare_is_noted():
    assert "order of the levels is taken as given" in gamma([[1, 2, 3], [3, 2, 1], [1, 1, 1]]).note
    assert gamma(table(np.array([[1, 2, 3], [3, 2, 1], [1, 1, 1]]))).note == ""


TWO, THREE = [[1, 2], [2, 1]], [[1, 2, 3], [3, 2, 1]]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: chi_square(THREE, correction=True), "correction needs a 2 × 2 table, given 2 × 3"),
        (lambda: odds_ratio(THREE), "odds_ratio needs a 2 × 2 table, given 2 × 3"),
        (lambda: kappa(THREE), "two ratings need the same categories"),
        (lambda: somers_d(TWO, dependent="row"), "symmetric, rows or columns; given 'row'"),
        (lambda: goodman_kruskal_tau(TWO, dependent="symmetric"), "one of rows, columns"),
        (lambda: cramers_v(TWO, level=95), "between 0 and 1, given 95"),
        (lambda: gamma(TWO, level=95), "between 0 and 1, given 95"),
        (lambda: compare_columns(TWO, level=95), "between 0 and 1, given 95"),
        (lambda: compare_columns(TWO, adjust="fdr"), "none, holm or bonferroni"),
        (lambda: compare_columns(np.ones((2, 27), int)), "letters reach for 26 columns, given 27"),
        (lambda: linear_by_linear(TWO, [1, 2, 3]), "one finite score for each of 2 rows"),
        (lambda: table(TWO).shares("rows"), 'base is "row", "column" or "total"'),
        (lambda: table(TWO, rows=["a"]), r"Shape of passed values is \(2, 2\)"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_sentence(call, message):
    with pytest.raises(ValueError, match=message):
        call()
