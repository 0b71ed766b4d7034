"""P-values given both margins: by counting every table with them, or by drawing some of them."""

from __future__ import annotations

import json
import subprocess
import sys
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import replace
from importlib.util import find_spec
from math import prod
from typing import Any

import numpy as np
from scipy.special import gammaln, xlogy

from churnlib.crosstabs.independence import TOO_SMALL, as_table, observed, remark, untested
from churnlib.crosstabs.ordinal import concordant, discordant
from churnlib.evidence import NAN, Test, joined

TIE = 1e-7  # tables likelier by no more than this part are ties, as in R: rounding must not decide
_HALVES = 400_000  # half-tables that are counted here, in about a second
_SECONDS, _WORKSPACE, _PEOPLE = 5, 20_000_000, 100_000  # of the network algorithm, at most
_WIDEST = 20_000_000  # tables added up in a tail of a 2 × 2 table: enough for 10¹³ people
FALLBACK_SEED, FALLBACK_RESAMPLES = 20201130, 100_000
_CHUNK = 25_000  # tables drawn at a time, to bound memory
_SCIPY = 10_000_000  # scipy keeps a logarithm for every person, and crashes where that does not fit
_DRAWABLE = 1_000_000_000  # numpy's generators draw from fewer people than this


def fisher_exact(
    table: Any, *, resamples: int | None = None, seed: int | None = None, seconds: float = _SECONDS
) -> Test:
    """Return the Fisher–Freeman–Halton test: how probable are tables no likelier than this one.

    A 2 × 2 table is decided by the hypergeometric distribution, whatever its size. Larger tables
    are counted here where few tables have their margins, else by the extra ``churnlib[exact]``
    where it is installed and done in time. Otherwise the p-value is not ``exact`` but simulated,
    with one fixed seed, and ``note`` says so. Freeman & Halton (1951), Biometrika 38, 141–149.

    Parameters
    ----------
    table : Crosstab or nested counts
    resamples, seed : int, optional
        Ask for a simulated p-value of that many tables, with that seed: both or neither.
    seconds : float
        How long the extra may take; with 0 it is not asked.

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
        p = _by_extra(o, seconds) if p is None else p
    if p is None:
        return monte_carlo(table, "fisher_exact", resamples=FALLBACK_RESAMPLES, seed=FALLBACK_SEED)
    return Test("fisher_exact", NAN, NAN, p, table.n, p == p, (p, p), table.origin, note)


def _two_by_two(o: np.ndarray) -> float:
    """Probability of all 2 × 2 tables no likelier than `o`, by their first cell.

    The hypergeometric probability is written as b(x; r₁) b(c − x; r₂) / b(c; n) with binomial ones
    of one share: at 10¹² people these keep ten digits, logarithms of factorials four.
    """
    from scipy.stats import binom

    (first, second), (column, _) = o.sum(axis=1).tolist(), o.sum(axis=0).tolist()
    n = first + second
    share = column / n
    whole = binom.pmf(column, n, share)

    def probability(x: Any) -> Any:
        return binom.pmf(x, first, share) * binom.pmf(column - x, second, share) / whole

    mode = (column + 1) * (first + 1) // (n + 2)
    here = probability(int(o[0, 0]))
    if probability(mode) <= here * (1 + TIE):
        return 1.0

    def steps(away: int, most: int, limit: float) -> int:
        """Steps from the mode until no table is likelier than `limit`."""
        table = range(mode, mode + away * (most + 1), away)
        return bisect_left(table, True, key=lambda x: bool(probability(x) <= limit))

    total = 0.0
    for away, most in ((-1, mode - max(0, column - second)), (1, min(first, column) - mode)):
        start, end = (steps(away, most, here * part) for part in (1 + TIE, 1e-20))
        if end - start > _WIDEST:
            return NAN
        total += float(probability(mode + away * np.arange(start, end)).sum())
    return total


def _counted(o: np.ndarray) -> float | None:
    """Probability of all tables no likelier than `o`, or ``None`` if there are too many.

    All halves of the columns that the margins allow are listed. A whole table is a pair whose row
    sums add up to the margin. The right halves that keep a whole with one left half no likelier
    than the observed table are found by bisection: n² tables for n log n work.
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
    large = np.minimum(columns, expected) > 1000
    x, e = np.where(large, columns, 1.0), np.where(large, expected, 1.0)
    # ln x! − ln e! by Stirling's series, its two large parts taken together: exact to rounding.
    stirling = (
        (e + 0.5) * np.log1p((x - e) / e) + (x - e) * (np.log(x) - 1)
        + (1 / x - 1 / e) / 12 - (1 / x**3 - 1 / e**3) / 360
    )  # fmt: skip
    plain = gammaln(columns + 1.0) - gammaln(expected + 1.0)
    return -np.where(large, stirling, plain).sum(axis=1)


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
    """Exact p-value by the optional network algorithm, in a process that can be ended, or none."""
    if not seconds or o.sum() > _PEOPLE or find_spec("fexact") is None:
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


def monte_carlo(
    table: Any, statistic: str = "pearson_chi2", *, resamples: int = 10_000, seed: int
) -> Test:
    """Simulate the p-value of a statistic over random tables with the observed margins.

    They are drawn as they arise under independence (hypergeometric; AS 159), not uniformly over
    all tables.

    Parameters
    ----------
    table : Crosstab or nested counts
    statistic : str
        ``"pearson_chi2"``, ``"likelihood_ratio"``, ``"linear_by_linear"``, ``"gamma"``
        (two-sided) or ``"fisher_exact"`` (tables in the order of their probability).
    resamples, seed : int
        Tables drawn, and a seed without default.

    Returns
    -------
    Test
        ``p_value`` is (k + 1)/(B + 1), as in R (Phipson & Smyth 2010, Stat. Appl. Genet. Mol. Biol.
        9, 39), ``p_interval`` the exact binomial 99 % interval of k/B, where SPSS's Monte Carlo p
        lies; NaN with a note for a thousand million people or more.

    Examples
    --------
    >>> test = monte_carlo([[3, 1], [1, 3]], resamples=2000, seed=1)
    >>> test.exact, test.p_interval[0] < 0.4857 < test.p_interval[1]
    (False, True)
    """
    from scipy.stats import binomtest

    table = as_table(table)
    if statistic not in _STATISTICS:
        raise ValueError(f"no simulation of {statistic!r}; there are {', '.join(_STATISTICS)}")
    if not isinstance(resamples, int | np.integer) or resamples is True or resamples < 1:
        raise ValueError(f"resamples is a whole number of 1 or more, given {resamples!r}")
    o = observed(table).astype(np.int64)
    if min(o.shape) < 2:
        return untested(statistic, table, TOO_SMALL)
    if table.n >= _DRAWABLE:
        return untested(statistic, table, f"{_DRAWABLE:,} people or more are not simulated")
    rows, columns = o.sum(axis=1), o.sum(axis=0)
    expected = np.outer(rows / rows.sum(), columns)[:, :, None]
    measure = _STATISTICS[statistic]
    here = float(measure(o[:, :, None], expected)[0])
    # Ties count, whatever their rounding. Fisher's statistic is a logarithm.
    threshold = here - TIE * (1.0 if statistic == "fisher_exact" else abs(here))
    k, rng = 0, np.random.default_rng(seed)
    for done in range(0, resamples, _CHUNK):
        drawn = _drawn(rows, columns, min(_CHUNK, resamples - done), rng)
        k += int((measure(drawn, expected) >= threshold).sum())
    interval = binomtest(k, resamples).proportion_ci(0.99, method="exact")
    note = f"Monte Carlo, {resamples:,} tables with the observed margins, seed {seed}"
    return replace(
        untested(statistic, table, joined(note, remark(table))),
        statistic=NAN if statistic == "fisher_exact" else here,
        p_value=(k + 1) / (resamples + 1),
        p_interval=(float(interval.low), float(interval.high)),
    )


def _drawn(
    rows: np.ndarray, columns: np.ndarray, size: int, rng: np.random.Generator
) -> np.ndarray:
    """Draw tables, the last axis; very large ones cell by cell of what row and column have left."""
    from scipy.stats import random_table

    if rows.sum() <= _SCIPY:
        return np.moveaxis(random_table(rows, columns).rvs(size, random_state=rng), 0, 2)
    tables = np.empty((len(rows), len(columns), size), dtype=np.int64)
    left = np.repeat(rows[:, None], size, axis=1)
    for j, column in enumerate(columns[:-1]):
        behind, open_ = left.sum(axis=0), np.full(size, column)
        for i in range(len(rows) - 1):
            behind -= left[i]
            tables[i, j] = rng.hypergeometric(left[i], behind, open_)
            open_ -= tables[i, j]
        tables[-1, j] = open_
        left -= tables[:, j]
    tables[:, -1] = left
    return tables


def _linear_by_linear(o: np.ndarray, e: np.ndarray) -> np.ndarray:
    n = e.sum()
    u, v = (scores - (scores * e).sum() / n for scores in np.indices(e.shape)[:2])
    scale = (e * u**2).sum() * (e * v**2).sum()
    return (n - 1) * (u * v * o).sum(axis=(0, 1)) ** 2 / scale


def _gamma(o: np.ndarray, e: np.ndarray) -> np.ndarray:
    agree, disagree = ((o * pairs(o)).sum(axis=(0, 1)) for pairs in (concordant, discordant))
    return abs(agree - disagree) / np.maximum(agree + disagree, 1)


# Of many tables, shape (rows, columns, tables), by what independence expects of each.
_STATISTICS: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "pearson_chi2": lambda o, e: ((o - e) ** 2 / e).sum(axis=(0, 1)),
    "likelihood_ratio": lambda o, e: 2 * xlogy(o, o / e).sum(axis=(0, 1)),
    "linear_by_linear": _linear_by_linear,
    "gamma": _gamma,
    # Less that of the expected ones, so that sums stay small and ties are seen.
    "fisher_exact": lambda o, e: (gammaln(o + 1.0) - gammaln(e + 1.0)).sum(axis=(0, 1)),
}
