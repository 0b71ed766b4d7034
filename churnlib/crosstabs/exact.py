"""Exact p-values by counting every table with the same margins."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec
from typing import Any

import numpy as np

from churnlib.crosstabs.estimates import TOO_SMALL, as_table, observed, remark
from churnlib.crosstabs.simulation import monte_carlo
from churnlib.evidence import NAN, Test
from churnlib.tables import Crosstab

TIE = 1e-7
"""Tables whose probability exceeds the observed one by no more than this part count as ties, as in
R's fisher.test: rounding must not decide."""

_HALVES = 400_000
"""Half-tables that are counted here, in about a second."""

_SECONDS, _WORKSPACE, _PEOPLE = 5, 20_000_000, 100_000
"""What the optional network algorithm is given; with more people its keys overflow."""

_WIDEST = 20_000_000
"""Tables added up in one tail of a 2 × 2 table: enough for 10¹³ people."""

FALLBACK_SEED = 20201130
FALLBACK_RESAMPLES = 100_000


def fisher_exact(
    table: Any, *, resamples: int | None = None, seed: int | None = None, seconds: float = _SECONDS
) -> Test:
    """Return the Fisher–Freeman–Halton test: how probable are tables no likelier than this one.

    Parameters
    ----------
    table : Crosstab or nested counts
    resamples : int, optional
        Ask for a simulated p-value of that many tables; then a seed is needed.
    seed : int, optional
    seconds : float
        How long the extra ``churnlib[exact]`` may take; with 0 it is not asked.

    Returns
    -------
    Test
        ``exact`` is true, and ``p_interval`` is ``(p, p)``, only if every table with these
        margins was counted. Otherwise the p-value is simulated, ``p_interval`` is its 99 %
        interval, and ``note`` says how and with which seed; without a seed of one's own it is a
        fixed one, so that the same table never gives two p-values.

    Notes
    -----
    A 2 × 2 table is decided by the hypergeometric distribution, whatever its size. Larger tables
    are counted here where few tables have their margins, else by the extra ``churnlib[exact]``
    where it is installed and done in time.

    References
    ----------
    Freeman, G. H. & Halton, J. H. (1951). Note on an exact treatment of contingency,
    goodness of fit and other problems of significance. Biometrika 38, 141–149.

    Examples
    --------
    >>> test = fisher_exact([[279, 73, 225], [165, 47, 191]])
    >>> round(test.p_value, 5), test.exact
    (0.03115, True)
    """
    table = as_table(table)
    o = observed(table).astype(np.int64)
    if resamples is not None or seed is not None:
        if resamples is None or seed is None:
            raise ValueError("a simulated p-value needs both resamples and seed; give both")
        return monte_carlo(table, "fisher_exact", resamples=resamples, seed=seed)
    if min(o.shape) < 2:
        return _exact(table, NAN, TOO_SMALL)
    if o.shape == (2, 2):
        return _exact(table, _two_by_two(o), remark(table))
    o = o if o.shape[0] <= o.shape[1] else o.T
    p = _counted(o)
    if p is None and seconds > 0:
        p = _by_extra(o, seconds)
    if p is None:
        return monte_carlo(table, "fisher_exact", resamples=FALLBACK_RESAMPLES, seed=FALLBACK_SEED)
    return _exact(table, p, remark(table))


def _exact(table: Crosstab, p: float, note: str) -> Test:
    computed = bool(np.isfinite(p))
    if not (computed or note):
        note = "more tables have these margins than can be added up"
    interval = (p, p)
    return Test("fisher_exact", NAN, NAN, p, table.n, computed, interval, table.origin, note)


def _two_by_two(o: np.ndarray) -> float:
    """Probability of all 2 × 2 tables no likelier than `o`, by their first cell.

    The hypergeometric probability is written with binomial ones of the same share,
    b(x; r₁) b(c − x; r₂) / b(c; n), which keep ten digits at 10¹² people, where logarithms of
    factorials have lost all but four.
    """
    from scipy.stats import binom

    (here, _), (_, _) = o.tolist()
    (first, second), (column, _) = o.sum(axis=1).tolist(), o.sum(axis=0).tolist()
    n = first + second
    share = column / n
    whole = binom.pmf(column, n, share)

    def probability(x: Any) -> Any:
        return binom.pmf(x, first, share) * binom.pmf(column - x, second, share) / whole

    low, high = max(0, column - second), min(first, column)
    mode = (column + 1) * (first + 1) // (n + 2)
    reach = probability(here) * (1 + TIE)
    if probability(mode) <= reach:
        return 1.0
    # Where the probability falls to that of the observed table, on either side of the mode …
    left = _last(lambda x: probability(x) <= reach, low, mode)
    right = -_last(lambda x: probability(-x) <= reach, -high, -mode)
    # … and where it no longer adds anything.
    negligible = probability(here) * 1e-20
    end = _last(lambda x: probability(x) <= negligible, low, left)
    start = -_last(lambda x: probability(-x) <= negligible, -high, -right)
    if max(left - end, start - right) > _WIDEST:
        return NAN
    tails = np.arange(max(low, end), left + 1), np.arange(right, min(high, start) + 1)
    return float(sum(probability(tail).sum() for tail in tails if tail.size))


def _last(holds: Any, low: int, high: int) -> int:
    """Return the last whole number from `low` to `high` that holds, or ``low - 1`` if none does.

    Numbers that hold come before those that do not.
    """
    low -= 1
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if holds(middle) else (low, middle - 1)
    return low


def _counted(o: np.ndarray, most: int = _HALVES) -> float | None:
    """Probability of all tables no likelier than `o`, or ``None`` if there are too many.

    The columns are dealt into two halves. Every left half that the margins allow is listed with
    its row sums and its probability, every right half likewise; a whole table is a pair whose row
    sums add up to the margin. For one left half, the right halves that keep the whole no likelier
    than the observed table are found by bisection in a sorted list: n² tables for n log n work.
    Logarithms are of probabilities over that of the expected table, so that they stay small.
    """
    o = o[np.argsort(o.sum(axis=1), kind="stable")]  # the code of row sums leaves out the longest
    rows, columns = o.sum(axis=1), o.sum(axis=0)
    halves = _dealt(rows, columns)
    if max(_log_size(rows, columns[half]) for half in halves) > np.log(most):
        return None
    if np.log2(rows[:-1] + 1.0).sum() > 62:  # the code of row sums would not fit
        return None
    centre = np.floor(np.outer(rows / rows.sum(), columns)).astype(np.int64)
    threshold = -_log_factorials(o, centre).sum() + TIE
    (left_code, left_log), (right_code, right_log) = (
        _listed(rows, columns[half], centre[:, half]) for half in halves
    )
    whole = _code(rows[None, :-1], rows)[0]
    order = np.lexsort((right_log, right_code))
    right_code, right_log = right_code[order], right_log[order]
    codes, starts = np.unique(right_code, return_index=True)
    ends = np.append(starts[1:], len(right_code))
    group = np.minimum(np.searchsorted(codes, whole - left_code), len(codes) - 1)
    complete = codes[group] == whole - left_code
    by_group = np.argsort(group[complete], kind="stable")
    groups, logs = group[complete][by_group], left_log[complete][by_group]
    borders = np.searchsorted(groups, np.arange(len(codes) + 1))
    tops = right_log[ends - 1]
    highest = (logs + tops[groups]).max()
    unlikely = everything = 0.0
    for g in np.flatnonzero(np.diff(borders)):
        members, inside = logs[borders[g] : borders[g + 1]], right_log[starts[g] : ends[g]]
        # Sums run within a group, from the smallest, so that small ones are not lost.
        running = np.concatenate([[0.0], np.exp(inside - tops[g]).cumsum()])
        reach = np.searchsorted(inside, threshold - members, side="right")
        weights = np.exp(members + tops[g] - highest)
        unlikely += float((weights * running[reach]).sum())
        everything += float(weights.sum() * running[-1])
    return unlikely / everything


def _log_factorials(counts: np.ndarray, base: np.ndarray) -> np.ndarray:
    """Return ln counts! − ln base!, exact to rounding also where both are thousands of millions."""
    from scipy.special import gammaln

    large = np.minimum(counts, base) > 1000
    x, b = np.where(large, counts, 1.0), np.where(large, base, 1.0)
    # Stirling's series, its two large parts taken together.
    stirling = (
        (b + 0.5) * np.log1p((x - b) / b) + (x - b) * (np.log(x) - 1)
        + (1 / x - 1 / b) / 12 - (1 / x**3 - 1 / b**3) / 360
    )  # fmt: skip
    return np.where(large, stirling, gammaln(counts + 1.0) - gammaln(base + 1.0))


def _dealt(rows: np.ndarray, columns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Places of two sets of columns of about equally many half-tables."""
    halves: tuple[list[int], list[int]] = ([], [])
    sizes = [0.0, 0.0]
    for j in np.argsort(-columns, kind="stable"):
        lighter = int(sizes[1] < sizes[0])
        halves[lighter].append(int(j))
        sizes[lighter] += np.log(_ways(rows, int(columns[j])))
    return np.array(halves[0]), np.array(halves[1])


def _ways(rows: np.ndarray, column: int) -> float:
    """Number of ways to deal one column's people to the rows; a lower bound if above the limit."""
    others = rows.sum() - rows
    # Each count that a single cell can take belongs to one way at least.
    reach = int((np.minimum(rows, column) - np.maximum(column - others, 0)).max()) + 1
    if len(rows) == 2 or reach > _HALVES:
        return float(reach)
    # The longest row takes what the others leave.
    *shorter, longest = np.sort(rows)
    most = int(min(column, sum(shorter)))
    ways = np.zeros(most + 1)
    ways[0] = 1
    for row in shorter:
        sums = np.concatenate([[0], ways.cumsum()])
        first = np.maximum(np.arange(most + 1) - int(row), 0)
        ways = sums[1:] - sums[first]
    return float(np.maximum(1.0, ways[max(column - int(longest), 0) :].sum()))


def _log_size(rows: np.ndarray, half: np.ndarray) -> float:
    return float(np.log([_ways(rows, int(column)) for column in half]).sum())


def _listed(
    rows: np.ndarray, half: np.ndarray, centre: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Every half-table: its row sums as one whole number, and −Σ ln o! over the expected one."""
    last = len(rows) - 1
    sums = np.zeros((1, last), dtype=np.int64)
    logs = np.zeros(1)
    for j, column in enumerate(half):
        parts = _compositions(int(column), rows)
        weight = -_log_factorials(parts, centre[None, :, j]).sum(axis=1)
        sums = (sums[:, None, :] + parts[None, :, :-1]).reshape(-1, last)
        logs = (logs[:, None] + weight[None, :]).ravel()
        fits = (sums <= rows[:-1]).all(axis=1)
        sums, logs = sums[fits], logs[fits]
    return _code(sums, rows), logs


def _code(sums: np.ndarray, rows: np.ndarray) -> np.ndarray:
    radix = np.concatenate([[1], np.cumprod(rows[:-2] + 1)]).astype(np.int64)
    return sums @ radix


def _compositions(total: int, rows: np.ndarray) -> np.ndarray:
    """Ways to give `total` people to rows that are no longer than these, one a line."""
    parts = np.empty((1, 0), dtype=np.int64)
    left = np.array([total])
    for i, row in enumerate(rows[:-1]):
        least = np.maximum(left - rows[i + 1 :].sum(), 0)
        choices = np.minimum(left, row) - least + 1
        source = np.repeat(np.arange(len(left)), choices)
        first = np.repeat(choices.cumsum() - choices, choices)
        given = least[source] + np.arange(len(source)) - first
        parts, left = np.column_stack([parts[source], given]), left[source] - given
    return np.column_stack([parts, left])


_CALL = """
import json, sys
import fexact, numpy
rows, workspace = json.load(sys.stdin)
print(float(fexact.fexact(numpy.array(rows, dtype=numpy.int64), workspace=workspace)))
"""


def _by_extra(o: np.ndarray, seconds: float) -> float | None:
    """Exact p-value from the optional network algorithm, or ``None``.

    It runs in a process of its own, which can be ended: it neither says beforehand how long it
    takes nor listens to Ctrl-C.
    """
    if o.sum() > _PEOPLE or find_spec("fexact") is None:
        return None
    try:
        answer = subprocess.run(
            [sys.executable, "-c", _CALL],
            input=json.dumps([o.tolist(), _WORKSPACE]),
            capture_output=True, text=True, timeout=seconds, check=True,
        )  # fmt: skip
    except (subprocess.TimeoutExpired, subprocess.CalledProcessError):
        return None  # the table is too large for it
    p = float(answer.stdout)
    # Among millions of people rounding takes a p of 1 above it; anything else is no probability.
    return min(p, 1.0) if 0 <= p < 1 + 1e-6 else None
