import os
import signal
import subprocess
import sys
import time
from fractions import Fraction
from itertools import product
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats
from scipy.special import gammaln

from churnlib import Crosstab, chi_square, fisher_exact, gamma, monte_carlo
from churnlib.crosstabs.exact import FALLBACK_SEED, _counted, _drawn


def tables(rows, columns, most):
    return arrays(int, st.tuples(rows, columns), elements=st.integers(0, most)).filter(
        lambda o: (o.sum(axis=0) > 0).all() and (o.sum(axis=1) > 0).all()
    )


def all_tables(rows, columns):
    """Every table with these margins, by brute force: cells one by one, the rest determined."""
    r, c = len(rows), len(columns)
    ranges = [range(min(rows[i], columns[j]) + 1) for i in range(r - 1) for j in range(c - 1)]
    for inner in product(*ranges):
        o = np.zeros((r, c), dtype=int)
        o[:-1, :-1] = np.reshape(inner, (r - 1, c - 1))
        o[:-1, -1] = rows[:-1] - o[:-1, :-1].sum(axis=1)
        o[-1] = columns - o[:-1].sum(axis=0)
        if (o >= 0).all():
            yield o


def brute_force(o):
    everything = np.array(list(all_tables(o.sum(axis=1), o.sum(axis=0))))
    logs = -gammaln(everything + 1.0).sum(axis=(1, 2))
    p = np.exp(logs - logs.max())
    here = -gammaln(o + 1.0).sum()
    return p[logs <= here + 1e-7].sum() / p.sum()


@settings(max_examples=40)
@given(tables(st.integers(2, 3), st.integers(2, 3), 5))
def test_the_exact_p_is_that_of_brute_force(o):
    test = fisher_exact(o)
    assert test.exact
    assert test.p_value == pytest.approx(brute_force(o), rel=1e-9)


@settings(max_examples=15)
@given(tables(st.just(2), st.integers(4, 5), 4))
def test_the_exact_p_of_wide_tables_is_that_of_brute_force(o):
    assert fisher_exact(o).p_value == pytest.approx(brute_force(o), rel=1e-9)


@settings(max_examples=30)
@given(tables(st.integers(2, 4), st.integers(2, 4), 6))
def test_the_network_algorithm_of_the_extra_agrees(o):
    fexact = pytest.importorskip("fexact")
    theirs = fexact.fexact(np.ascontiguousarray(o, dtype=np.int64), workspace=20_000_000)
    ours = _counted(o if o.shape[0] <= o.shape[1] else o.T)
    assert ours is None or ours == pytest.approx(theirs, rel=1e-6)


def test_transposing_and_empty_levels_change_nothing():
    o = np.array([[3, 0, 2, 5], [1, 4, 4, 0]])
    p = fisher_exact(o).p_value
    assert fisher_exact(o.T).p_value == pytest.approx(p, rel=1e-12)
    wide = fisher_exact(np.insert(o, 1, 0, axis=1))
    assert wide.p_value == pytest.approx(p, rel=1e-12)
    assert "count nobody are left out" in wide.note


def test_an_exact_p_never_changes_and_has_no_width():
    first, again = (fisher_exact([[3, 1, 2], [1, 3, 4]]) for _ in range(2))
    assert repr(first) == repr(again)  # NaN is not equal to itself
    assert first.p_interval == (first.p_value, first.p_value)


LARGE = np.array([[60, 80, 80, 20], [30, 70, 170, 60], [40, 70, 200, 50], [90, 110, 520, 150]])


def test_a_table_too_large_is_simulated_and_says_so():
    test = fisher_exact(LARGE)
    assert not test.exact
    assert test.p_interval[0] < test.p_value < test.p_interval[1]
    assert (
        f"Monte Carlo, 100,000 tables with the observed margins, seed {FALLBACK_SEED}" in test.note
    )
    assert repr(fisher_exact(LARGE)) == repr(test)


def test_without_the_extra_the_p_is_exact_or_called_simulated(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "fexact", None)
    small = fisher_exact([[3, 1, 2], [1, 3, 4], [2, 2, 2]])
    assert small.exact
    assert not fisher_exact(LARGE).exact


# Simulation.


@pytest.mark.parametrize(
    "statistic", ["pearson_chi2", "likelihood_ratio", "linear_by_linear", "gamma", "fisher_exact"]
)
def test_the_simulated_interval_holds_the_p_of_all_tables(statistic):
    """Independent route: every table with its hypergeometric probability."""
    o = np.array([[4, 2, 1], [1, 3, 5], [2, 1, 3]])

    def value(x):
        table = Crosstab.from_counts(x, ordered=True)
        if statistic == "pearson_chi2":
            return chi_square(table).statistic
        if statistic == "fisher_exact":
            return gammaln(x + 1.0).sum()
        if statistic == "gamma":
            return abs(gamma(table).value)
        from churnlib import likelihood_ratio, linear_by_linear

        test = {"likelihood_ratio": likelihood_ratio, "linear_by_linear": linear_by_linear}
        return test[statistic](table).statistic

    everything = list(all_tables(o.sum(axis=1), o.sum(axis=0)))
    p = np.exp([-gammaln(x + 1.0).sum() for x in everything])
    extreme = np.array([value(x) >= value(o) * (1 - 1e-9) for x in everything])
    exact = p[extreme].sum() / p.sum()
    test = monte_carlo(o, statistic, resamples=30_000, seed=11)
    assert test.p_interval[0] < exact < test.p_interval[1]
    assert not test.exact


MARGINS = [([4, 3], [2, 3, 2]), ([2, 3, 2], [3, 4]), ([3, 2, 2], [1, 4, 2])]


@pytest.mark.parametrize("margins", MARGINS)
@pytest.mark.parametrize("most", [1_000_000, 0])  # by scipy, and cell by cell
def test_drawn_tables_have_their_hypergeometric_distribution(margins, most, monkeypatch):
    monkeypatch.setattr("churnlib.crosstabs.exact._SCIPY", most)
    rows, columns = map(np.array, margins)
    size = 40_000
    drawn = _drawn(rows, columns, size, np.random.default_rng(5))
    assert (drawn.sum(axis=1) == rows[:, None]).all()
    assert (drawn.sum(axis=0) == columns[:, None]).all()
    everything = list(all_tables(rows, columns))
    p = np.exp([-gammaln(x + 1.0).sum() for x in everything])
    found = np.array([(drawn == x[:, :, None]).all(axis=(0, 1)).sum() for x in everything])
    assert found.sum() == size
    # A fixed seed, so this either always holds or never; chance alone would break it once in 1,000.
    assert stats.chisquare(found, size * p / p.sum()).pvalue > 0.001


def test_simulation_depends_on_the_seed_alone():
    o = [[10, 4, 3], [5, 9, 8]]
    first = monte_carlo(o, resamples=60_000, seed=1)
    assert repr(monte_carlo(o, resamples=60_000, seed=1)) == repr(first)
    assert monte_carlo(o, resamples=60_000, seed=2).p_value != first.p_value


def test_a_simulated_p_is_never_zero():
    test = monte_carlo([[50, 0], [0, 50]], resamples=99, seed=1)
    assert test.p_value == 0.01
    assert test.p_interval[0] == 0


TWO = [[1, 2], [2, 1]]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: monte_carlo(TWO), TypeError, "seed"),
        (lambda: monte_carlo(TWO, "chi", seed=1), ValueError, "no simulation of 'chi'"),
        (lambda: monte_carlo(TWO, resamples=0, seed=1), ValueError, "1 or more, given 0"),
        (lambda: monte_carlo(TWO, resamples=9.0, seed=1), ValueError, "1 or more, given 9.0"),
        (lambda: monte_carlo(TWO, resamples=True, seed=1), ValueError, "1 or more, given True"),
        (lambda: fisher_exact(TWO, resamples=100), ValueError, "needs both"),
        (lambda: fisher_exact(TWO, seed=1), ValueError, "needs both"),
    ],
)  # fmt: skip
def test_simulating_without_saying_how_is_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize("o", [[[1, 2, 3]], [[1, 2], [0, 0]], [[5]]])
def test_one_row_or_column_has_no_p(o):
    for test in (fisher_exact(o), monte_carlo(o, seed=1)):
        assert np.isnan(test.p_value)
        assert test.note == "needs two rows and two columns that count somebody"
        assert not test.exact


def test_a_hundred_million_people_need_no_more_time_than_a_thousand():
    # So many that Fisher's test is Pearson's: its simulated interval must hold that p-value.
    people = [[16_500_000, 16_500_000, 16_490_000], [16_499_500, 16_508_000, 16_506_000]]
    simulated, asymptotic = fisher_exact(people), chi_square(people)
    low, high = simulated.p_interval
    assert not simulated.exact
    assert low <= asymptotic.p_value <= high


@pytest.mark.parametrize("last", [[[2, 2], [1, 3]], [[4, 0], [1, 3]]])
def test_where_a_cell_passes_a_thousand_the_exact_p_is_that_of_whole_numbers(last):
    # There Stirling's series takes over: the first cell is 998 to 1006 in these tables.
    o = np.array([[1003, 1007], *last])
    ways = {
        (b, c): comb(2010, o[:, 0].sum() - b - c) * comb(4, b) * comb(4, c)
        for b in range(5)
        for c in range(5)
    }
    unlikely = sum(way for way in ways.values() if way <= ways[o[1, 0], o[2, 0]])
    expected = float(Fraction(unlikely, sum(ways.values())))
    assert fisher_exact(o).p_value == pytest.approx(expected, rel=1e-12)


def test_few_ways_are_counted_exactly_however_many_the_people():
    # Three tables have these margins; by symmetry the two outer ones are equally probable.
    test = fisher_exact([[10_000_000, 0], [9_999_998, 2]])
    assert test.exact
    assert test.p_value == pytest.approx(0.5, abs=1e-6)


# Large tables: maker of the expected values is R 4.2.2, fisher.test(…, workspace = 2e8).
R = [
    ([[2, 4, 3], [4, 2, 5]], 0.616575375089),
    ([[26, 66, 43], [25, 29, 11]], 0.00694194673986),
    ([[313, 286, 243], [382, 357, 419]], 0.00258673320378),
    ([[388, 934, 883], [530, 1128, 1137]], 0.277483847456),
    ([[5107, 4300, 2236], [3640, 3151, 1566]], 0.487095857104),
    ([[134, 165, 65, 87], [198, 169, 96, 86]], 0.0315830493492),
    ([[8, 24, 5], [21, 13, 10], [4, 6, 9]], 0.0022381496863),
    ([[16, 27, 31], [46, 47, 34], [34, 42, 23]], 0.0553440564682),
    ([[0, 3, 4, 6], [8, 3, 12, 6], [8, 0, 6, 4]], 0.0372896201861),
    ([[24, 13, 17, 36], [9, 15, 4, 20], [13, 12, 11, 26]], 0.266877574606),
    ([[87, 107, 116, 230, 60], [56, 40, 64, 210, 30]], 6.83105106738e-05),
    ([[31, 31, 15, 14, 38, 39], [10, 12, 11, 24, 40, 35]], 0.00202150755645),
]


@pytest.mark.parametrize(("o", "p_value"), R)
def test_the_exact_p_is_that_of_r_both_ways_round(o, p_value):
    for test in (fisher_exact(o), fisher_exact(np.transpose(o))):
        if test.exact:
            assert test.p_value == pytest.approx(p_value, rel=1e-9)
        else:  # a slow machine
            assert test.p_interval[0] < p_value < test.p_interval[1]


def in_high_precision(o):
    """Two-sided p of a 2 × 2 table from binomial coefficients with forty digits."""
    import mpmath as mp

    (a, b), (c, d) = np.asarray(o).tolist()

    def log_choose(n, k):
        return mp.loggamma(n + 1) - mp.loggamma(k + 1) - mp.loggamma(n - k + 1)

    with mp.workdps(40):
        low, high = max(0, a + c - c - d), min(a + b, a + c)
        weights = [
            mp.exp(log_choose(a + b, x) + log_choose(c + d, a + c - x))
            for x in range(low, high + 1)
        ]
        reach = weights[a - low] * (1 + mp.mpf("1e-7"))
        return float(mp.fsum(w for w in weights if w <= reach) / mp.fsum(weights))


@pytest.mark.parametrize(
    "o",
    [
        [[930, 697], [4428, 4072]],
        [[239, 293], [1634, 1634]],  # as many likelier tables on one side as on the other
        [[1, 9], [11, 3]],
        [[0, 900], [7, 1200]],
        [[500, 520], [480, 500]],
    ],
)
def test_the_exact_p_of_two_by_two_is_that_of_high_precision(o):
    for turned in (o, np.transpose(o), np.array(o)[::-1], np.array(o)[:, ::-1]):
        assert fisher_exact(turned).p_value == pytest.approx(in_high_precision(o), rel=1e-10)


@settings(max_examples=60, deadline=None)
@given(st.integers(20, 10_000_000), st.data())
def test_the_exact_p_of_any_two_by_two_is_scipy_s_both_ways_round(n, data):
    first = data.draw(st.integers(1, n - 1))
    column = data.draw(st.integers(1, n - 1))
    low, high = max(0, first + column - n), min(first, column)
    likely = first * column // n
    spread = int(4 * np.sqrt(n)) + 1
    a = data.draw(st.integers(max(low, likely - spread), min(high, likely + spread)))
    o = np.array([[a, first - a], [column - a, n - first - column + a]])
    p = fisher_exact(o).p_value
    assert fisher_exact(o.T).p_value == pytest.approx(p, rel=1e-9, abs=1e-300)
    # scipy's own probabilities differ in the ninth digit, so that it may miss one tied table.
    tied = stats.hypergeom.pmf(a, n, first, column)
    assert p == pytest.approx(stats.fisher_exact(o).pvalue, rel=1e-6, abs=1.001 * tied)


def test_with_a_million_million_people_the_exact_p_is_still_right():
    # So many that the corrected normal approximation holds to six digits.
    half = 250_000_000_000
    shift = 400_000
    o = [[half + shift, half - shift], [half - shift, half + shift]]
    z = (shift - 0.5) / np.sqrt(half / 4)
    test = fisher_exact(o)
    assert test.exact
    assert test.p_value == pytest.approx(2 * stats.norm.sf(z), rel=1e-6)


def test_the_network_algorithm_is_ended_after_its_time():
    pytest.importorskip("fexact")
    test = fisher_exact(LARGE, seconds=0.01)
    assert not test.exact
    assert test.p_interval[0] < test.p_value < test.p_interval[1]


@pytest.mark.parametrize("answer", ["nan", "-0.5", "1.5", "inf"])
def test_a_number_that_is_no_probability_is_not_taken_for_one(answer, monkeypatch):
    from subprocess import CompletedProcess

    monkeypatch.setattr("churnlib.crosstabs.exact.find_spec", lambda _: True)
    done = CompletedProcess([], 0, stdout=answer)
    monkeypatch.setattr("churnlib.crosstabs.exact.subprocess.run", lambda *_, **__: done)
    assert not fisher_exact(LARGE).exact


def test_a_thousand_million_people_in_a_large_table_have_no_p_and_a_note():
    for test in (
        fisher_exact(np.full((3, 3), 10**9)),
        monte_carlo(np.full((2, 2), 10**12), seed=1),
    ):
        assert np.isnan(test.p_value)
        assert "not simulated" in test.note


@pytest.mark.skipif(os.name == "nt", reason="signals are sent as on Linux and macOS")
def test_ctrl_c_ends_the_network_algorithm_at_once():
    pytest.importorskip("fexact")
    code = (
        "from churnlib.crosstabs import exact; print(0, flush=True); "
        f"exact.fisher_exact({(160 + np.arange(30) % 7).reshape(6, 5).tolist()}, seconds=600)"
    )
    run = subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    run.stdout.readline()
    time.sleep(1.5)  # by then it counts
    os.killpg(run.pid, signal.SIGINT)  # as a terminal sends it, to both processes
    _, error = run.communicate(timeout=60)
    assert b"KeyboardInterrupt" in error
