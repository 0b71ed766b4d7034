"""Exact p-values by counting every table with the same margins."""

from __future__ import annotations

import json
import subprocess
import sys
from bisect import bisect_left
from importlib.util import find_spec
from math import prod
from typing import Any

import numpy as np
from scipy.special import gammaln

from churnlib.crosstabs.independence import as_table, observed, remark
from churnlib.crosstabs.sampling import TIE, monte_carlo
from churnlib.evidence import NAN, Test

_HALVES = 400_000  # half-tables that are counted here, in about a second
_SECONDS, _WORKSPACE, _PEOPLE = 5, 20_000_000, 100_000  # of the network algorithm, at most
_WIDEST = 20_000_000  # tables added up in a tail of a 2 × 2 table: enough for 10¹³ people
FALLBACK_SEED, FALLBACK_RESAMPLES = 20201130, 100_000


def fisher_exact(
    table: Any, *, resamples: int | None = None, seed: int | None = None, seconds: float = _SECONDS
) -> Test:
    """Return the Fisher–Freeman–Halton test: how probable are tables no likelier than this one.

    A 2 × 2 table is decided by the hypergeometric distribution, whatever its size. Larger tables
    are counted here where few tables have their margins, else by the extra ``churnlib[exact]``
    where it is installed and done in time. Freeman & Halton (1951), Biometrika 38, 141–149.

    Parameters
    ----------
    table : Crosstab or nested counts
    resamples, seed : int, optional
        Ask for a simulated p-value of that many tables, with that seed: both or neither.
    seconds : float
        How long the extra ``churnlib[exact]`` may take; with 0 it is not asked.

    Returns
    -------
    Test
        ``exact`` is true, and ``p_interval`` is ``(p, p)``, only if every table with these
        margins was counted. Otherwise the p-value is simulated, ``p_interval`` is its 99 %
        interval, and ``note`` says how and with which seed; without a seed of one's own it is a
        fixed one, so that the same table never gives two p-values.

    Examples
    --------
    >>> test = fisher_exact([[279, 73, 225], [165, 47, 191]])
    >>> round(test.p_value, 5), test.exact
    (0.03115, True)
    """
    table = as_table(table)
    if resamples is not None or seed is not None:
        if resamples is None or seed is None:
            raise ValueError("a simulated p-value needs both resamples and seed; give both")
        return monte_carlo(table, "fisher_exact", resamples=resamples, seed=seed)
    o = observed(table).astype(np.int64)
    o = o if o.shape[0] <= o.shape[1] else o.T
    p: float | None = NAN
    note = remark(table)
    if o.shape == (2, 2):
        p = _two_by_two(o)
        note = note if np.isfinite(p) else "more tables have these margins than can be added up"
    elif min(o.shape) > 1:
        p = _counted(o)
        p = _by_extra(o, seconds) if p is None and seconds > 0 else p
    if p is None:
        return monte_carlo(table, "fisher_exact", resamples=FALLBACK_RESAMPLES, seed=FALLBACK_SEED)
    exact = bool(np.isfinite(p))
    return Test("fisher_exact", NAN, NAN, p, table.n, exact, (p, p), table.origin, note)


def _two_by_two(o: np.ndarray) -> float:
    """Probability of all 2 × 2 tables no likelier than `o`, by their first cell.

    The hypergeometric probability is written with binomial ones of the same share,
    b(x; r₁) b(c − x; r₂) / b(c; n), which keep ten digits at 10¹² people, where logarithms of
    factorials have lost all but four.
    """
    from scipy.stats import binom

    (first, second), (column, _) = o.sum(axis=1).tolist(), o.sum(axis=0).tolist()
    n = first + second
    share = column / n
    whole = binom.pmf(column, n, share)

    def probability(x: Any) -> Any:
        return binom.pmf(x, first, share) * binom.pmf(column - x, second, share) / whole

    low, high = max(0, column - second), min(first, column)
    mode = (column + 1) * (first + 1) // (n + 2)
    here = probability(int(o[0, 0]))
    if probability(mode) <= here * (1 + TIE):
        return 1.0

    def steps(away: int, most: int, limit: float) -> int:
        """Steps from the mode until no table is likelier than `limit`."""
        return bisect_left(
            range(most + 1), True, key=lambda k: bool(probability(mode + away * k) <= limit)
        )

    total = 0.0
    for away, most in ((-1, mode - low), (1, high - mode)):
        start, end = (steps(away, most, here * part) for part in (1 + TIE, 1e-20))
        if end - start > _WIDEST:
            return NAN
        total += float(probability(mode + away * np.arange(start, end)).sum())
    return total


def _counted(o: np.ndarray) -> float | None:
    """Probability of all tables no likelier than `o`, or ``None`` if there are too many.

    The columns are dealt into two halves, and all halves that the margins allow are listed. A
    whole table is a pair whose row sums add up to the margin. For one left half, the right halves
    that keep the whole no likelier than the observed table are found by bisection in a sorted
    list: n² tables for n log n work.
    """
    o = o[np.argsort(o.sum(axis=1), kind="stable")]  # the code of row sums leaves out the longest
    rows = o.sum(axis=1)
    if prod((rows[:-1] + 1).tolist()) >= 2**62:  # the code would not fit
        return None
    halves: tuple[list[np.ndarray], list[np.ndarray]] = ([], [])
    sizes = [1, 1]
    for column in sorted(o.sum(axis=0).tolist(), reverse=True):
        ways = _compositions(column, rows)
        lighter = int(sizes[1] < sizes[0])
        if ways is None or sizes[lighter] * len(ways) > _HALVES:
            return None
        halves[lighter].append(ways)
        sizes[lighter] *= len(ways)
    left, right = (_by_row_sums(half, rows) for half in halves)
    whole = np.ravel_multi_index(rows[:-1], rows[:-1] + 1)
    pairs = [(logs, right[whole - code]) for code, logs in left.items() if whole - code in right]
    highest = max(logs[-1] + others[-1] for logs, others in pairs)
    reach = _log_probability(o.T, rows).sum() + TIE
    unlikely = everything = 0.0
    for logs, others in pairs:
        # Sums run within a group, from the smallest, so that small ones are not lost.
        running = np.concatenate([[0.0], np.exp(others - others[-1]).cumsum()])
        weights = np.exp(logs + others[-1] - highest)
        unlikely += float(weights @ running[np.searchsorted(others, reach - logs, side="right")])
        everything += float(weights.sum() * running[-1])
    return unlikely / everything


def _by_row_sums(half: list[np.ndarray], rows: np.ndarray) -> dict[int, np.ndarray]:
    """Logarithms of the probabilities of all half-tables, sorted, by the code of their row sums."""
    sums, logs = np.zeros((1, len(rows) - 1), dtype=np.int64), np.zeros(1)
    for ways in half:
        sums = (sums[:, None, :] + ways[None, :, :-1]).reshape(-1, len(rows) - 1)
        logs = np.add.outer(logs, _log_probability(ways, rows)).ravel()
        fits = (sums <= rows[:-1]).all(axis=1)
        sums, logs = sums[fits], logs[fits]
    codes = np.asarray(np.ravel_multi_index(tuple(sums.T), rows[:-1] + 1))
    order = np.lexsort((logs, codes))
    codes, logs = codes[order], logs[order]
    starts = np.flatnonzero(np.diff(codes, prepend=-1))
    return dict(zip(codes[starts].tolist(), np.split(logs, starts[1:]), strict=True))


def _log_probability(columns: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """−Σ ln o! of columns, one a line, less that of the expected column: it stays small."""
    expected = np.floor(rows / rows.sum() * columns.sum(axis=1, keepdims=True))
    return -_log_factorials(columns, expected).sum(axis=1)


def _log_factorials(counts: np.ndarray, base: np.ndarray) -> np.ndarray:
    """Return ln counts! − ln base!, exact to rounding also where both are thousands of millions."""
    large = np.minimum(counts, base) > 1000
    x, b = np.where(large, counts, 1.0), np.where(large, base, 1.0)
    # Stirling's series, its two large parts taken together.
    stirling = (
        (b + 0.5) * np.log1p((x - b) / b) + (x - b) * (np.log(x) - 1)
        + (1 / x - 1 / b) / 12 - (1 / x**3 - 1 / b**3) / 360
    )  # fmt: skip
    return np.where(large, stirling, gammaln(counts + 1.0) - gammaln(base + 1.0))


def _compositions(total: int, rows: np.ndarray) -> np.ndarray | None:
    """Ways to give `total` people to rows no longer than these; ``None`` if too many."""
    ways = np.empty((1, 0), dtype=np.int64)
    left = np.array([total])
    for i, row in enumerate(rows[:-1]):
        least = np.maximum(left - rows[i + 1 :].sum(), 0)
        choices = np.minimum(left, row) - least + 1
        if choices.sum() > _HALVES:
            return None
        source = np.repeat(np.arange(len(left)), choices)
        first = np.repeat(choices.cumsum() - choices, choices)
        given = least[source] + np.arange(len(source)) - first
        ways, left = np.column_stack([ways[source], given]), left[source] - given
    return np.column_stack([ways, left])


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
