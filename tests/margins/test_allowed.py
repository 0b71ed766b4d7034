"""Margins against brute force: a plain enumerator, and every statistic of every table."""

from itertools import product
from math import comb

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import churnlib as cl
from churnlib.evidence.origin import Origin
from churnlib.margins import allowed as margins
from churnlib.margins import searches
from churnlib.margins.objectives import battery, objective
from churnlib.margins.table_sets import TableSet

AGE, EDUCATION = cl.published_frequencies("3-2"), cl.published_frequencies("3-3")


def names(shape):
    tables = TableSet.of([shape[1]] * shape[0], [shape[0]] * shape[1])
    return list(battery(tables))


def ways(total, room):
    """All ways to put `total` people into places with this much room."""
    if len(room) == 1:
        return [(total,)] if total <= room[0] else []
    return [
        (k, *rest) for k in range(min(total, room[0]) + 1) for rest in ways(total - k, room[1:])
    ]


def every_table(rows, columns):
    """All tables with these margins, row by row."""
    if len(rows) == 1:
        return [(tuple(columns),)]
    return [
        (first, *rest)
        for first in ways(rows[0], columns)
        for rest in every_table(rows[1:], [c - k for c, k in zip(columns, first, strict=True)])
    ]


@st.composite
def small_tables(draw, most=150):
    """A table of up to 25 people in up to 3×4 cells, with not too many like it."""
    n_rows, n_columns = draw(st.integers(1, 3)), draw(st.integers(1, 4))
    shares = draw(st.lists(st.integers(0, 8), min_size=12, max_size=12))
    counts = np.array(shares[: n_rows * n_columns]).reshape(n_rows, n_columns)
    assume(0 < counts.sum() <= 25)
    assume(cl.count_tables(counts.sum(axis=1), counts.sum(axis=0)) <= most)
    return counts


@st.composite
def constraints_met(draw, counts):
    """Up to three constraints that this table meets."""
    made = []
    for _ in range(draw(st.integers(0, 3))):
        rows, columns = (
            draw(st.lists(st.integers(0, size - 1), min_size=1, max_size=size, unique=True))
            for size in counts.shape
        )
        people = int(counts[np.ix_(rows, columns)].sum())
        kinds = [
            cl.AtLeast((rows, columns), max(0, people - draw(st.integers(0, 2)))),
            cl.AtMost((rows, columns), people + draw(st.integers(0, 2))),
        ]
        if people == 0:
            kinds.append(cl.StructuralZero((rows, columns)))
        made.append(draw(st.sampled_from(kinds)))
    return made


def meets(table, constraints):
    table = np.asarray(table)
    people = [int(table[np.ix_(*each.cells)].sum()) for each in constraints]
    return all(
        found >= each.count if isinstance(each, cl.AtLeast) else found <= getattr(each, "count", 0)
        for each, found in zip(constraints, people, strict=True)
    )


def check_against_brute_force(counts, constraints):
    rows, columns = counts.sum(axis=1), counts.sum(axis=0)
    tables = [t for t in every_table(list(rows), list(columns)) if meets(t, constraints)]
    batteries = [cl.statistics(cl.Crosstab.from_counts(t, ordered=True)) for t in tables]
    of_table = {tuple(np.ravel(t)): b for t, b in zip(tables, batteries, strict=True)}
    for statistic in batteries[0].index.difference(["mcnemar_bowker"]):
        column = "p_value" if statistic == "fisher_exact" else "value"
        values = np.array([battery.loc[statistic, column] for battery in batteries])
        found = cl.attainable(rows, columns, statistic, constraints)
        for end, table in ((found.low, found.low_table), (found.high, found.high_table)):
            again = of_table[tuple(table.counts.to_numpy().ravel())].loc[statistic, column]
            assert end == pytest.approx(again, rel=1e-12, nan_ok=True)
        if np.isnan(values).all():
            assert np.isnan([found.low, found.high]).all()
            assert found.note
        elif found.proved:
            assert found.low == pytest.approx(np.nanmin(values), rel=1e-9, abs=1e-12), statistic
            assert found.high == pytest.approx(np.nanmax(values), rel=1e-9, abs=1e-12), statistic
        else:
            assert np.nanmin(values) - 1e-9 <= found.low <= found.high
            assert found.high <= np.nanmax(values) + 1e-9
        yield statistic, found


# Every table


@given(small_tables(most=3000))
def test_tables_are_listed_and_counted_as_a_plain_recursion_does(counts):
    rows, columns = counts.sum(axis=1), counts.sum(axis=0)
    expected = sorted(every_table(list(rows), list(columns)))
    listed = sorted(tuple(map(tuple, t.tolist())) for t in cl.enumerate_tables(rows, columns))
    assert listed == expected
    assert cl.count_tables(rows, columns) == len(expected)


@given(st.data(), small_tables(most=1000))
def test_tables_that_meet_constraints_are_listed_and_each_cell_bounded(data, counts):
    constraints = data.draw(constraints_met(counts))
    rows, columns = counts.sum(axis=1), counts.sum(axis=0)
    expected = [t for t in every_table(list(rows), list(columns)) if meets(t, constraints)]
    listed = [
        tuple(map(tuple, t.tolist())) for t in cl.enumerate_tables(rows, columns, constraints)
    ]
    assert sorted(listed) == sorted(expected)
    found = cl.bounds(rows, columns, constraints)
    np.testing.assert_array_equal(found.low, np.min(expected, axis=0))
    np.testing.assert_array_equal(found.high, np.max(expected, axis=0))


def test_the_tables_of_gender_by_age_are_804496():
    """Asked by the issue; 2×5 tables by inclusion and exclusion over columns filled up."""
    columns = [20, 50, 70, 40, 20]
    assert cl.count_tables([110, 90], columns) == 804_496
    full = 0
    for over in product([0, 1], repeat=5):
        left = 110 - sum(c + 1 for c, o in zip(columns, over, strict=True) if o)
        full += (-1) ** sum(over) * (comb(left + 4, 4) if left >= 0 else 0)
    assert full == 804_496
    assert sum(1 for _ in cl.enumerate_tables([110, 90], columns)) == 804_496


def test_counting_is_exact_however_many_tables_there_are():
    """3×3 with equal margins r: Stanley, Enumerative combinatorics 1 (2nd ed.), section 4.6."""
    for r in (1, 7, 60):
        known = comb(r + 2, 4) + comb(r + 3, 4) + comb(r + 4, 4)
        assert cl.count_tables([r] * 3, [r] * 3) == known
    # Beyond 2⁶², by dealing row after row in a dictionary.
    rows, columns = [4] * 20, (27, 27, 26)
    left = {columns: 1}
    for row in rows:
        after = {}
        for room, many in left.items():
            for dealt in ways(row, room):
                rest = tuple(r - d for r, d in zip(room, dealt, strict=True))
                after[rest] = after.get(rest, 0) + many
        left = after
    assert cl.count_tables(rows, columns) == left[0, 0, 0] > 2**62


def test_margins_too_large_to_count_are_refused():
    with pytest.raises(ValueError, match="combine some levels first"):
        cl.count_tables([10**4] * 3, [10**4] * 3)


def test_a_count_respects_limits_of_single_cells():
    zero, least = cl.StructuralZero((0, [1, 2])), cl.AtLeast((1, 0), 2)
    rows, columns = [4, 6, 5], [7, 4, 4]
    listed = sum(1 for _ in cl.enumerate_tables(rows, columns, [zero, least]))
    assert cl.count_tables(rows, columns, [zero, least]) == listed
    assert cl.count_tables(rows, columns, [cl.AtLeast((0, 0), 5)]) == 0
    assert cl.count_tables([3], [3], [cl.PrintedShare((0, 0), "33.3", of="total")]) == 0


# Every statistic


@pytest.mark.parametrize("shape", [(2, 2), (2, 3), (3, 3), (4, 2)])
def test_every_row_of_the_battery_has_a_range(shape):
    table = cl.Crosstab.from_counts(np.ones(shape, dtype=int), ordered=True)
    # McNemar's and Bowker's is no association: it asks whether the two margins are one.
    assert set(names(shape)) == set(cl.statistics(table).index) - {"mcnemar_bowker"}


def test_a_form_orders_tables_as_its_statistic_does():
    rows, columns = [5, 6, 3], [6, 7, 1]
    tables = [cl.Crosstab.from_counts(t, ordered=True) for t in every_table(rows, columns)]
    values = pd.DataFrame([cl.statistics(table, exact=False)["value"] for table in tables])
    for statistic in ("kendall_tau_b", "lambda_rows", "lambda_columns", "gk_tau_rows"):
        attained = cl.attainable(rows, columns, statistic)
        ends = (values[statistic].min(), values[statistic].max())
        assert (attained.low, attained.high) == pytest.approx(ends), statistic


@settings(max_examples=15)
@given(st.data(), small_tables())
def test_every_statistic_has_the_range_of_brute_force(data, counts):
    constraints = data.draw(constraints_met(counts))
    for _, found in check_against_brute_force(counts, constraints):
        assert found.proved is ("unbounded" not in found.note)
        assert "counted" in found.method


@settings(max_examples=6)
@given(st.data(), small_tables(most=60))
def test_reasoning_without_counting_gives_the_same_range(data, counts):
    constraints = data.draw(constraints_met(counts))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(margins, "BUDGET", -1)
        for statistic, found in check_against_brute_force(counts, constraints):
            free = statistic in {"odds_ratio", "risk_ratio"}
            ordinal = {"gamma", "kendall_tau_b", "stuart_tau_c"}
            coupled = statistic in ordinal or statistic.startswith("somers")
            assert found.proved or free or (coupled and constraints)


@pytest.mark.parametrize("statistic", names((3, 3)))
def test_reasoning_gives_the_range_of_counting_on_a_middling_table(monkeypatch, statistic):
    """3×3 with 5,000 tables: too many for the battery, few enough for the array formulas."""
    rows, columns = [9, 7, 8], [5, 12, 7]
    counted = cl.attainable(rows, columns, statistic)
    monkeypatch.setattr(margins, "BUDGET", -1)
    reasoned = cl.attainable(rows, columns, statistic)
    assert counted.proved
    assert reasoned.proved
    assert "counted" in counted.method
    assert "counted" not in reasoned.method
    assert (reasoned.low, reasoned.high) == pytest.approx((counted.low, counted.high), abs=1e-10)


def test_couplings_are_the_north_west_corner_from_either_side():
    found = cl.attainable(AGE, EDUCATION, "gamma")
    assert (found.low, found.high, found.proved) == (-1, 1, True)
    corner = [[24, 0, 0, 0], [2, 31, 0, 0], [0, 6, 30, 0], [0, 0, 76, 11], [0, 0, 0, 20]]
    np.testing.assert_array_equal(found.high_table, corner)
    assert cl.kendall_tau_b(found.high_table).value == pytest.approx(
        cl.attainable(AGE, EDUCATION, "kendall_tau_b").high
    )


@settings(max_examples=8)
@given(small_tables(most=400))
def test_gamma_and_tau_grow_in_the_order_of_concordance(counts):
    """The lemma behind the couplings: more people up and left everywhere, larger statistics."""
    rows, columns = counts.sum(axis=1), counts.sum(axis=0)
    assume(min((rows > 0).sum(), (columns > 0).sum()) >= 2)
    tables = [np.array(t) for t in every_table(list(rows), list(columns))][:60]
    reached = np.array([t.cumsum(axis=0).cumsum(axis=1) for t in tables])
    above = (reached[:, None] >= reached[None, :]).all(axis=(2, 3))
    for measure in (cl.gamma, cl.kendall_tau_b, cl.somers_d):
        values = np.array([measure(t).value for t in tables])
        assert (values[:, None] - values[None, :])[above].min() >= -1e-12


def test_a_structural_zero_in_the_middle_leaves_no_coupling_and_nothing_is_claimed(monkeypatch):
    rows, columns = [6, 6, 6], [6, 6, 6]
    hole = [cl.StructuralZero((1, 1))]
    counted = cl.attainable(rows, columns, "kendall_tau_b", hole)
    monkeypatch.setattr(margins, "BUDGET", -1)
    searched = cl.attainable(rows, columns, "kendall_tau_b", hole)
    assert counted.proved
    assert not searched.proved
    assert "best found" in searched.method
    assert searched.high == pytest.approx(counted.high)


def test_a_branch_and_bound_that_is_broken_off_claims_nothing(monkeypatch):
    monkeypatch.setattr(searches, "NODES", 2)
    found = cl.attainable(AGE, EDUCATION, "cramers_v")
    assert not found.proved
    assert found.method == "low: closed paths; high: branch and bound, broken off"


def test_lambda_beyond_the_precision_of_the_solver_says_so():
    found = cl.attainable([20_000, 15_000, 9_000], [14_000, 16_000, 14_000], "lambda_rows")
    assert not found.proved
    assert found.method == (
        "low: integer program; high: integer program, not exact beyond 10,000 people"
    )


def test_kappa_pairs_levels_by_name_and_is_not_there_of_others():
    margin = {"no": 3, "yes": 7}
    assert cl.attainable(margin, {"yes": 7, "no": 3}, "kappa").high == 1
    with pytest.raises(ValueError, match="kappa needs the same categories"):
        cl.attainable(margin, {"m": 3, "f": 7}, "kappa")


def test_large_tables_have_ranges_too():
    counts = np.add.outer(np.arange(30), np.arange(30))
    rows, columns = counts.sum(axis=1), counts.sum(axis=0)
    found = cl.attainable(rows, columns, "gamma")
    assert (found.low, found.high, found.proved) == (-1, 1, True)
    with pytest.raises(ValueError, match="combine some levels first"):
        cl.count_tables(rows, columns)
    v = cl.attainable([5000, 3000, 2000], [4000, 3000, 3000], "cramers_v")
    assert v.proved
    assert v.low < 1e-3


@pytest.mark.parametrize(
    ("margin", "statistic", "low"),
    [
        # Half of each row in each column: independence, which a solver's tolerance steps over.
        ([10**9, 10**9], "cramers_v", 0.0),
        # The five of the last row go 2 and 3 to the others: 2 × 0.25 / 2.5, twice, and little.
        ([10**6, 10**6, 5], "pearson_chi2", 0.400015),
    ],
)
def test_the_least_of_convex_sums_is_exact_among_millions_of_people(margin, statistic, low):
    found = cl.attainable(margin, margin, statistic)
    assert found.low == pytest.approx(low, abs=1e-9)
    assert found.proved


@pytest.mark.parametrize(
    ("rows", "columns"),
    [
        ([5353793, 863269], [1717662, 2775209, 1724191]),
        ([190598903, 20798349], [16684098, 86639531, 108073623]),
        ([552781052, 177201505], [13633424, 191934574, 524414559]),
        ([33487563, 69656695], [21843340, 21445775, 36695439, 23159704]),
        ([109056044, 328194036], [169055540, 16180867, 95894942, 156118731]),
    ],
)
def test_the_greatest_of_convex_sums_is_at_a_corner_among_millions_of_people(rows, columns, capfd):
    """In a corner of a 2×k set at most one column is neither all in one row nor all in the other.

    The slopes are then small beside a solver's tolerances, which must not end in a false proof.
    """
    corners = []
    for split in range(len(columns)):
        for full in product([0, 1], repeat=len(columns)):
            first = [k * c for k, c in zip(full, columns, strict=True)]
            first[split] = rows[0] - sum(first) + first[split]
            if 0 <= first[split] <= columns[split]:
                corners.append([first, np.subtract(columns, first)])
    most = max(cl.cramers_v(np.array(corner)).value for corner in corners)
    attained = cl.attainable(rows, columns, "cramers_v")
    assert attained.high == pytest.approx(most, rel=1e-9)
    assert attained.proved
    assert capfd.readouterr().out == ""  # the solver's own lines


@given(st.lists(st.integers(0, 300), min_size=2, max_size=4).filter(any), st.data())
def test_no_closed_path_lowers_the_sum_of_a_settled_table(rows, data):
    splits = [data.draw(st.integers(0, row)) for row in rows]
    columns = [sum(splits), sum(rows) - sum(splits)]
    assume(min(columns) > 0)
    # With two columns the least sum of convex costs is reached by giving the people of the first
    # column one by one to the row where the next costs least (Gross, 1956).
    tables = TableSet.of(rows, columns)
    squares = objective("pearson_chi2", tables).form
    greedy = np.zeros(len(rows), dtype=int)
    for _ in range(columns[0]):
        tried = greedy + np.eye(len(rows), dtype=int)
        stack = np.stack([tried, np.subtract(rows, tried)], axis=2)
        costs = np.where((tried <= rows).all(axis=1), squares.values(np.maximum(stack, 0)), np.inf)
        greedy[costs.argmin()] += 1
    least = squares.values(np.column_stack([greedy, np.subtract(rows, greedy)])[None])
    far = np.column_stack([splits, np.subtract(rows, splits)])
    moves = searches.closed_paths(tables.shape, 2)
    climbed = searches.climb(tables, lambda stack: -squares.values(stack), far, moves)
    for table in (climbed, squares.end(tables, -1).table):
        assert tables.admits(table[None])[0]
        assert table.sum(axis=1).tolist() == rows
        assert squares.values(table[None]) == pytest.approx(least, abs=1e-9)


def test_a_limit_on_a_sum_among_very_many_people_proves_no_least():
    diagonal = [(0, 0), (1, 1)]
    limit = cl.AtMost(diagonal, 10**6 // 2)
    many = cl.attainable([10**6, 10**6, 5], [10**6, 10**6, 5], "pearson_chi2", [limit])
    assert not many.proved
    few = cl.attainable([100, 100, 5], [100, 100, 5], "pearson_chi2", [cl.AtMost(diagonal, 50)])
    assert few.proved


def test_a_program_on_which_the_solver_s_presolve_fails_is_solved_without(monkeypatch):
    # HiGHS of scipy 1.17.1 ends this one with "Solve error" when it presolves.
    said = [cl.PrintedShare((2, 2), "0.0", of="row"), cl.AtLeast((..., 2), 0)]
    expected = cl.attainable([1, 2, 1, 2], [3, 2, 1], "linear_by_linear", said)
    monkeypatch.setattr(margins, "BUDGET", 0)
    found = cl.attainable([1, 2, 1, 2], [3, 2, 1], "linear_by_linear", said)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))
    assert (found.method, found.proved) == ("integer program", True)


def test_the_range_of_a_count_is_frechet_s():
    found = cl.attainable(AGE, EDUCATION, cl.Count(("40-59", "bachelor")))
    assert (found.low, found.high, found.proved) == (0, 87, True)
    limits = cl.bounds(AGE, EDUCATION)
    assert limits.high.loc["40-59", "bachelor"] == 87
    assert limits.low.loc["40-59", "bachelor"] == 0
    assert found.width == 87


def test_a_function_of_one_s_own_is_counted_or_searched():
    def spread(table):
        return float(np.ptp(np.asarray(table)))

    few = cl.attainable([4, 5], [3, 3, 3], spread)
    tables = every_table([4, 5], [3, 3, 3])
    assert few.proved
    assert (few.low, few.high) == (min(map(np.ptp, tables)), max(map(np.ptp, tables)))
    many = cl.attainable(AGE, EDUCATION, spread)
    assert not many.proved
    assert "best found" in many.method
    assert many.high == 87
    assert many.statistic == "spread"


def test_our_own_functions_are_recognised_and_results_are_read():
    assert cl.attainable(AGE, EDUCATION, cl.gamma).proved
    assert cl.attainable([3, 4], [2, 5], cl.odds_ratio).statistic == "odds_ratio"
    p = cl.attainable([3, 4], [2, 5], lambda table: cl.chi_square(table).p_value)
    assert p.high == pytest.approx(
        max(cl.chi_square(t).p_value for t in every_table([3, 4], [2, 5]))
    )
    # A Test counts by its statistic, the exact one by its p-value.
    assert cl.attainable([3, 4], [2, 5], lambda t: cl.chi_square(t)).high == pytest.approx(
        cl.attainable([3, 4], [2, 5], "pearson_chi2").high
    )
    assert cl.attainable([3, 4], [2, 5], "fisher_exact").high == pytest.approx(1)


def test_an_exact_p_value_that_had_to_be_simulated_proves_nothing(monkeypatch):
    from churnlib.crosstabs import exact

    monkeypatch.setattr(exact, "_counted", lambda o: None)
    monkeypatch.setattr(exact, "_by_extra", lambda o, seconds: None)
    found = cl.attainable([3, 4, 5], [2, 5, 5], "fisher_exact")
    assert not found.proved
    assert "simulated" in found.method


def test_tables_where_a_statistic_is_undefined_are_left_out_and_counted():
    found = cl.attainable([2, 2], [2, 2], "odds_ratio")
    # (2, 0; 0, 2) has an unbounded ratio.
    assert (found.low, found.high) == (0, 1)
    assert found.note == "unbounded in 1 of 3 tables, which are left out"
    assert not found.proved
    never = cl.attainable([4, 0], [2, 2], "gamma")
    assert np.isnan([never.low, never.high]).all()
    assert never.note == "undefined in every table with these margins"


def test_the_origin_is_that_of_the_margins():
    assert cl.attainable(AGE, EDUCATION, "gamma").origin is Origin.PUBLISHED
    assert cl.attainable(AGE, EDUCATION, "gamma").low_table.origin is Origin.PUBLISHED
    simulated = cl.FrequencyTable.from_counts(
        EDUCATION.counts, variable="education", origin=Origin.SYNTHETIC
    )
    assert cl.bounds(AGE, simulated).origin is Origin.SYNTHETIC
    assert "SYNTHETIC" in cl.bounds(AGE, simulated)._repr_html_()
    assert "gamma: -1 to 1 (coupling)" in cl.attainable(AGE, EDUCATION, "gamma")._repr_html_()


def test_margins_are_read_from_tables_series_mappings_and_lists():
    expected = cl.attainable(AGE, EDUCATION, "cramers_v").high
    for kind in (lambda m: m.counts, lambda m: dict(m.counts), lambda m: list(m.counts)):
        assert cl.attainable(kind(AGE), kind(EDUCATION), "cramers_v").high == expected
    assert list(cl.bounds(AGE, EDUCATION).low.index) == list(AGE.counts.index)


@pytest.mark.parametrize(
    ("status", "share", "says"),
    [(1, 1.0, "the solver gave up"), (0, 0.5, "the solver's table does not meet")],
)
def test_nothing_is_believed_of_a_solver_that_fails(monkeypatch, status, share, says):
    from types import SimpleNamespace

    def failing(weights, **_):
        return SimpleNamespace(status=status, x=share * np.ones(4), fun=0.0, message="time limit")

    monkeypatch.setattr("scipy.optimize.milp", failing)
    with pytest.raises(RuntimeError, match=says):
        cl.bounds([2, 3], [2, 3], [cl.AtLeast((0, 0), 1)])


# Bad input


@pytest.mark.parametrize(
    ("row", "column", "says"),
    [
        ([3, 4], [3, 5], "the row margin counts 7 people and the column margin 8"),
        ([3, -4], [3, 5], "counts of the row margin must be whole numbers of 0 or more; given -4"),
        ([3, 4], [3.5, 3.5], "counts of the column margin must be whole numbers"),
        ([3, None], [3], "given None"),
        ([], [3], "the row margin is a list of counts, one a level"),
        ([0, 0], [0], "the row margin counts nobody"),
        ([10**20, 1], [10**20, 1], "given 100000000000000000000"),
        ([[1, 2]], [3], r"the row margin is a list of counts, one a level; given \[\[1, 2\]\]"),
        (np.ones((2, 2)), [4], "the row margin is a list of counts"),
        (pd.Series([1, 2], index=["a", "a"]), [3], "a level stands twice in the row margin"),
    ],
)
@pytest.mark.parametrize(
    "ask",
    [cl.bounds, cl.enumerate_tables, cl.count_tables, lambda r, c: cl.attainable(r, c, "gamma")],
)
def test_wrong_margins_are_refused_by_every_function(ask, row, column, says):
    with pytest.raises(ValueError, match=says):
        ask(row, column)


@pytest.mark.parametrize("margin", ["12", 3, None])
def test_what_is_no_margin_is_refused(margin):
    with pytest.raises(TypeError, match="the column margin is a list of counts, one a level; giv"):
        cl.bounds([1, 2], margin)


@pytest.mark.parametrize(
    ("statistic", "error", "says"),
    [
        (
            "cramers",
            ValueError,
            "a table of 5 × 4 cells has no statistic 'cramers'; it has pearson",
        ),
        ("kappa", ValueError, "no statistic 'kappa'"),
        (3, TypeError, "given 3"),
        (cl.Count(("le19", "bachelor")), KeyError, "no row 'le19'"),
        (lambda table: "much", TypeError, "it gave str"),
    ],
)
def test_what_is_no_statistic_is_refused(statistic, error, says):
    with pytest.raises(error, match=says):
        cl.attainable(AGE, EDUCATION, statistic)


def test_a_constraint_that_is_none_is_refused():
    with pytest.raises(TypeError, match="a constraint is for instance AtLeast"):
        cl.bounds(AGE, EDUCATION, [("le18", "bachelor", 3)])
    alone = cl.AtLeast(("le18", "bachelor"), 3)
    assert cl.bounds(AGE, EDUCATION, alone).low.loc["le18", "bachelor"] == 3


def test_sums_cannot_be_counted_without_listing():
    with pytest.raises(ValueError, match="list them with enumerate_tables"):
        cl.count_tables(AGE, EDUCATION, [cl.AtMost((..., ["bachelor", "junior_college"]), 3)])


# Contradictions


def contradiction(constraints, row=AGE, column=EDUCATION):
    with pytest.raises(cl.ContradictionError) as raised:
        cl.attainable(row, column, "gamma", constraints)
    return raised.value


def test_the_smallest_set_of_contradictory_constraints_is_named():
    idle = cl.AtLeast(("40-59", "bachelor"), 10)
    no_degree = cl.StructuralZero(("le18", ["junior_college", "bachelor", "master_or_above"]))
    few_minors = cl.AtMost(("le18", "high_school_or_below"), 20)
    error = contradiction([idle, few_minors, idle, no_degree])
    assert set(map(id, error.constraints)) == {id(few_minors), id(no_degree)}
    message = str(error)
    assert "nobody in le18 × (junior_college, bachelor, master_or_above)" in message
    assert "at most 20 in le18 × high_school_or_below" in message
    assert "40-59" not in message
    assert "drop or correct one" in message


def test_one_constraint_can_contradict_the_margins_alone():
    impossible = cl.PrintedShare(("ge60", "bachelor"), "12.3%", of="row")
    error = contradiction([cl.AtLeast(("le18", "bachelor"), 1), impossible])
    assert error.constraints == (impossible,)
    assert "meets this constraint: (1) 12.3% of the row in ge60 × bachelor" in str(error)


def test_a_smaller_set_is_found_where_dropping_one_by_one_ends_at_a_larger():
    """Dropping from the end keeps the three that bite together; two others do so too."""
    pair = [cl.AtLeast((0, 0), 3), cl.AtMost((0, 0), 2)]
    three = [cl.AtMost((1, 0), 1), cl.AtMost((1, 1), 1), cl.AtMost((1, 2), 1)]
    error = contradiction([*three, *pair], [6, 6, 6], [6, 6, 6])
    assert set(map(str, error.constraints)) == set(map(str, pair))
    assert len(contradiction(three, [6, 6, 6], [6, 6, 6]).constraints) == 3


@settings(max_examples=25)
@given(st.data())
def test_a_named_contradiction_is_one_and_no_smaller_set_is(data):
    cells = st.tuples(st.integers(0, 1), st.integers(0, 2))
    constraints = data.draw(
        st.lists(
            st.builds(cl.AtLeast, cells, st.integers(1, 4))
            | st.builds(cl.AtMost, cells, st.integers(0, 2)),
            min_size=2,
            max_size=5,
        )
    )
    rows, columns = [4, 5], [3, 3, 3]
    tables = [np.array(t) for t in every_table(rows, columns)]

    def possible(chosen):
        return any(
            all(
                (t[c.cells] >= c.count) if isinstance(c, cl.AtLeast) else (t[c.cells] <= c.count)
                for c in chosen
            )
            for t in tables
        )

    if possible(constraints):
        cl.bounds(rows, columns, constraints)
        return
    named = contradiction(constraints, rows, columns).constraints
    assert not possible(named)
    subsets = product([False, True], repeat=len(constraints))
    smallest = min(
        sum(kept)
        for kept in subsets
        if not possible([c for c, k in zip(constraints, kept, strict=True) if k])
    )
    assert len(named) == smallest


def test_a_ratio_without_bound_has_no_proved_maximum_and_says_so():
    # By hand: of the six tables of [5, 5] and [5, 5], [[5, 0], [0, 5]] alone has no bound.
    for statistic, highest in (("odds_ratio", 16), ("risk_ratio", 4)):
        result = cl.attainable([5, 5], [5, 5], statistic)
        assert (result.low, result.high, result.proved) == (0, highest, False)
        assert result.note == "unbounded in 1 of 6 tables, which are left out"
