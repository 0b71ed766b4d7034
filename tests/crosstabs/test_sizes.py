"""Every statistic from ten people to a million million, against its formula in fifty digits."""

import mpmath as mp
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from churnlib import (
    Crosstab,
    FrequencyTable,
    Origin,
    compare_columns,
    cramers_v,
    crosstab,
    fisher_exact,
    kappa,
    mantel_haenszel,
    risk_ratio,
    statistics,
    wilson,
)
from churnlib.crosstabs.independence import _noncentrality

SIZES = [10, 10**3, 10**6, 10**9, 10**12]
SHARES = {
    "strong": [[0.30, 0.10, 0.05], [0.10, 0.15, 0.10], [0.02, 0.08, 0.10]],
    "two by two": [[0.40, 0.20], [0.15, 0.25]],
}


def of_size(shape, n):
    return np.rint(np.array(SHARES[shape]) * n).astype(np.int64)


def nearly_independent(n):
    """A table whose χ² stays about 5 however many the people."""
    step = int(np.sqrt(n) / 2)
    quarter = n // 4
    return np.array([[quarter + step, quarter - step], [quarter - step, quarter + step]])


def in_fifty_digits(counts):
    """Textbook formulas: Agresti (2013), sections 2.4, 3.2 and 3.4, and SPSS's algorithms."""
    with mp.workdps(50):
        o = [[mp.mpf(int(x)) for x in row] for row in counts]
        rows, columns = [mp.fsum(row) for row in o], [mp.fsum(c) for c in zip(*o, strict=True)]
        n = mp.fsum(rows)
        cells = [(i, j) for i in range(len(rows)) for j in range(len(columns))]
        pairs = [(c, d) for c in cells for d in cells]
        chi2 = mp.fsum((o[i][j] - rows[i] * columns[j] / n) ** 2 * n / rows[i] / columns[j]
                       for i, j in cells)  # fmt: skip
        g2 = 2 * mp.fsum(
            o[i][j] * mp.log(o[i][j] * n / rows[i] / columns[j]) for i, j in cells if o[i][j]
        )
        small = min(len(rows), len(columns))
        agree = mp.fsum(o[i][j] * o[k][m] for (i, j), (k, m) in pairs if (i - k) * (j - m) > 0)
        against = mp.fsum(o[i][j] * o[k][m] for (i, j), (k, m) in pairs if (i - k) * (j - m) < 0)
        untied = [n**2 - mp.fsum(t**2 for t in totals) for totals in (rows, columns)]

        def entropy(parts):
            return -mp.fsum(x / n * mp.log(x / n) for x in parts if x)

        within = mp.fsum(o[i][j] ** 2 / rows[i] / n for i, j in cells)
        alone = mp.fsum((t / n) ** 2 for t in columns)
        x, y = (
            mp.fsum(i * t for i, t in enumerate(rows)),
            mp.fsum(j * t for j, t in enumerate(columns)),
        )
        sxy = mp.fsum(i * j * o[i][j] for i, j in cells) - x * y / n
        sxx = mp.fsum(i * i * t for i, t in enumerate(rows)) - x * x / n
        syy = mp.fsum(j * j * t for j, t in enumerate(columns)) - y * y / n
        best = mp.fsum(max(row) for row in o)
        chance = mp.fsum(r * c for r, c in zip(rows, columns, strict=True)) / n**2
        values = {
            "pearson_chi2": chi2,
            "likelihood_ratio": g2,
            "cramers_v": mp.sqrt(chi2 / n / (small - 1)),
            "contingency_coefficient": mp.sqrt(chi2 / (chi2 + n)),
            "gk_tau_columns": (within - alone) / (1 - alone),
            "uncertainty_columns": g2 / 2 / n / entropy(columns),
            "uncertainty_symmetric": g2 / n / (entropy(columns) + entropy(rows)),
            "lambda_columns": (best - max(columns)) / (n - max(columns)),
            "gamma": (agree - against) / (agree + against),
            "kendall_tau_b": (agree - against) / mp.sqrt(untied[0] * untied[1]),
            "stuart_tau_c": small * (agree - against) / (small - 1) / n**2,
            "somers_d_columns": (agree - against) / untied[0],
            "pearson_r": sxy / mp.sqrt(sxx * syy),
            "linear_by_linear": (n - 1) * sxy**2 / sxx / syy,
            "kappa": (mp.fsum(o[i][i] for i in range(small)) / n - chance) / (1 - chance),
        }  # fmt: skip
        if len(rows) == len(columns) == 2:
            values["odds_ratio"] = o[0][0] * o[1][1] / o[0][1] / o[1][0]
        return {name: float(value) for name, value in values.items()}


TABLES = [of_size(shape, n) for shape in SHARES for n in SIZES]
TABLES += [
    np.array(o) for o in ([[10**12, 3], [5, 2]], [[10**9, 40], [30, 700]], [[7, 1], [2, 10**12]])
]
TABLES += [nearly_independent(n) for n in SIZES[1:]]


@pytest.mark.parametrize("counts", TABLES, ids=lambda o: f"{o.sum():.0e}")
def test_every_statistic_has_the_value_of_its_formula(counts):
    battery = statistics(Crosstab.from_counts(counts, ordered=True), exact=False)["value"]
    for name, expected in in_fifty_digits(counts).items():
        # Counts of 10¹² are given to 16 digits, and expected ones lose six where O − E is √n.
        assert battery[name] == pytest.approx(expected, rel=1e-8, abs=1e-14), name


TIMES = 1_000_000
UNCHANGED = ["cramers_v", "phi", "contingency_coefficient", "gamma", "kendall_tau_b",
             "stuart_tau_c", "somers_d_rows", "lambda_rows", "lambda_columns", "gk_tau_rows",
             "uncertainty_rows", "uncertainty_columns", "pearson_r", "spearman"]  # fmt: skip


@settings(max_examples=30, deadline=None)
@given(
    arrays(np.int64, st.tuples(st.integers(2, 4), st.integers(2, 4)), elements=st.integers(0, 50))
)
def test_a_million_times_the_people_is_a_million_times_chi_square(counts):
    assume((counts.sum(axis=0) > 0).all() and (counts.sum(axis=1) > 0).all())
    few, many = (
        statistics(Crosstab.from_counts(o, ordered=True), exact=False)["value"]
        for o in (counts, counts * TIMES)
    )
    for name in ("pearson_chi2", "likelihood_ratio"):
        assert many[name] == pytest.approx(few[name] * TIMES, rel=1e-9, abs=1e-3)
    for name in UNCHANGED:
        # The root of a rounding error, where independence is perfect.
        assert many[name] == pytest.approx(few[name], rel=1e-7, abs=2e-7, nan_ok=True), name


@pytest.mark.parametrize("n", SIZES)
def test_no_statistic_takes_the_table_down(n, recwarn):
    battery = statistics(Crosstab.from_counts(of_size("strong", n), ordered=True))
    assert battery.loc["pearson_chi2", "value"] > 0
    assert battery["value"].drop("fisher_exact").notna().all()
    if n >= 10**9:
        assert np.isnan(battery.loc["fisher_exact", "p_value"])
        assert battery.attrs["notes"]["fisher_exact"]
    assert not recwarn.list


@pytest.mark.parametrize("df", [1, 6])
@pytest.mark.parametrize("tail", [0.025, 0.975])
def test_the_two_ways_to_the_noncentrality_meet(df, tail, monkeypatch):
    series = _noncentrality(2e5, df, tail)
    monkeypatch.setattr("churnlib.crosstabs.independence._LARGE", 1e5)
    assert _noncentrality(2e5, df, tail) == pytest.approx(series, rel=1e-6)


# Kappa pairs ratings by their names.


def test_kappa_pairs_the_levels_by_name():
    # Fleiss, Cohen & Everitt's formula on the table in either order of columns.
    rows = ["bad", "fair", "good"]
    plain = Crosstab.from_counts([[20, 3, 1], [2, 15, 4], [0, 5, 10]], rows=rows, columns=rows)
    turned = Crosstab.from_counts(plain.counts[["good", "bad", "fair"]])
    assert kappa(turned).value == pytest.approx(kappa(plain).value)
    assert statistics(turned).loc["kappa", "value"] == pytest.approx(kappa(plain).value)
    same = Crosstab.from_counts([[0, 9], [7, 0]], rows=["no", "yes"], columns=["yes", "no"])
    assert kappa(same).value == 1


def test_kappa_of_different_categories_is_refused_and_nan_in_the_battery():
    table = Crosstab.from_counts(
        [[50, 3], [4, 40]], rows=["male", "female"], columns=["stay", "left"]
    )
    with pytest.raises(ValueError, match="give both the same categories"):
        kappa(table)
    battery = statistics(table)
    assert np.isnan(battery.loc["kappa", "value"])
    assert "not the same categories" in battery.attrs["notes"]["kappa"]


# What is left out is named.


def test_a_v_above_its_interval_says_which_cells_are_sparse():
    sparse = np.eye(10, dtype=int)
    v = cramers_v(sparse)
    assert v.value == pytest.approx(1)
    assert v.high < 1
    assert "population" in v.note
    assert "expect fewer than 5" in v.note
    assert "so small" not in v.note


def test_columns_that_cannot_be_compared_are_named():
    table = Crosstab.from_counts([[0, 5, 6], [9, 5, 4]], columns=["a", "b", "c"])
    notes = compare_columns(table).attrs["notes"]
    assert notes == {0: "not compared, share 0 or 1: a", 1: "not compared, share 0 or 1: a"}
    assert compare_columns([[1, 2], [3, 4]]).attrs["notes"] == {}


def test_blank_texts_in_both_variables_are_noted():
    import pandas as pd

    people = pd.DataFrame({"x": ["", "a", "a", "b"], "y": ["c", "", "d", "d"], "z": list("ppqq")})
    both = crosstab(people, "x", "y")
    assert "blank texts" in both.note
    assert "blank texts" in both._repr_html_()
    assert "blank texts" in statistics(both).attrs["notes"]["phi"]
    assert crosstab(people, "x", "z").note == ""


def test_weights_are_told_from_counts():
    with pytest.raises(ValueError, match=r"given 1\.5\. Survey weights are no counts"):
        Crosstab.from_counts([[1.5, 2], [3, 4]])


# Found by a hostile review; the maker of each expected value is named.


@pytest.mark.parametrize(
    ("layers", "breslow_day"),  # the quadratic equation solved by mpmath with sixty digits
    [
        ([[[5, 172951], [487954, 27]], [[215653, 5], [3, 5]]], 1720983419.89),
        ([[[5, 10**12], [10**12, 64178405753]], [[979061219989, 10**12], [10**12, 4]]], 21.3946),
        ([[[2, 10**9], [10**9, 374755889]], [[709974599, 10**9], [10**9, 1]]], 0.0021),
    ],
)
def test_the_test_of_equal_odds_ratios_keeps_its_digits_in_skewed_layers(layers, breslow_day):
    result = mantel_haenszel(layers).breslow_day
    assert result.statistic == pytest.approx(breslow_day, rel=1e-3, abs=5e-5)
    assert 0 <= result.p_value <= 1


def test_numbers_and_truth_values_are_one_category_and_take_nothing_down():
    table = Crosstab.from_counts([[8, 0], [4, 8]], rows=[0, 1], columns=[False, True])
    assert statistics(table).loc["kappa", "value"] == kappa([[8, 0], [4, 8]]).value


def test_a_small_standard_error_is_not_called_none():
    # tau-c and tau-b share the null hypothesis, so that their approximate T is one number.
    battery = statistics(Crosstab.from_counts([[10, 20], [10**8, 10**8]], ordered=True))
    for name in ("stuart_tau_c", "somers_d_rows", "somers_d_columns"):
        assert battery.loc[name, "t"] == pytest.approx(battery.loc["kendall_tau_b", "t"])
        assert name not in battery.attrs["notes"]
    assert battery.loc["kendall_tau_b", "t"] == pytest.approx(-1.826, abs=5e-4)


def test_perfect_association_is_one_and_no_more_in_a_skewed_table():
    battery = statistics(Crosstab.from_counts([[10**12, 0], [0, 1]], ordered=True))["value"]
    for name in ("kendall_tau_b", "somers_d_rows", "gk_tau_columns", "kappa"):
        assert battery[name] == pytest.approx(1, abs=1e-12), name


def test_the_four_adjusted_residuals_of_two_by_two_are_one_number():
    residuals = Crosstab.from_counts([[10**12, 3], [5, 2]]).adjusted_residuals.abs()
    assert residuals.to_numpy().ravel() == pytest.approx(338061.702, rel=1e-8)  # mpmath


def test_a_wide_table_of_many_people_warns_of_nothing(recwarn):
    fisher_exact(np.random.default_rng(3).multinomial(2000, np.ones(900) / 900).reshape(30, 30))
    assert not recwarn.list


def test_equal_risks_of_one_are_no_certainty():
    ratio = risk_ratio([[5, 0], [5, 0]])
    assert (ratio.value, np.isnan(ratio.low)) == (1, True)
    assert "no interval" in ratio.note


def test_joint_intervals_are_wider_than_single_ones_however_many_the_people():
    for n in (200, 5_000, 100_000, 10_000_000):
        counts = {"a": n // 2, "b": n * 48 // 100, "c": n - n // 2 - n * 48 // 100}
        table = FrequencyTable.from_counts(counts, variable="x", origin=Origin.OBSERVED)
        joint, single = table.joint_intervals(), table.intervals()
        widths = [(limits["high"] - limits["low"])["a"] for limits in (joint, single)]
        assert 1 < widths[0] / widths[1] < 2, n


def test_more_people_than_can_be_counted_exactly_are_refused():
    with pytest.raises(ValueError, match="counts are not exact"):
        Crosstab.from_counts([[2**53] * 4] * 4)
    with pytest.raises(ValueError, match="not less than 1"):
        wilson(0, 0)
