"""Exact p-values by counting every table with the same margins."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from churnlib.crosstabs.estimates import TOO_SMALL, as_table, observed, remark
from churnlib.crosstabs.simulation import monte_carlo
from churnlib.evidence import NAN, Test
from churnlib.tables import Crosstab

_TIE = 1e-7
"""Tables whose probability exceeds the observed one by no more than this part count as ties, as in
R's fisher.test: rounding must not decide."""

_QUICK, _BUDGET = 200_000, 4_000_000
"""Half-tables that are counted at once; up to the second number if the extra is of no help."""

FALLBACK_SEED = 20201130
FALLBACK_RESAMPLES = 100_000


def fisher_exact(table: Any, *, resamples: int | None = None, seed: int | None = None) -> Test:
    """The Fisher–Freeman–Halton test: how probable tables are that are no likelier than this one.

    Parameters
    ----------
    table : Crosstab or nested counts
    resamples : int, optional
        Ask for a simulated p-value of that many tables; then a seed is needed.
    seed : int, optional

    Returns
    -------
    Test
        ``exact`` is true, and ``p_interval`` is ``(p, p)``, only if every table with these
        margins was counted. Otherwise the p-value is simulated, ``p_interval`` is its 99 %
        interval, and ``note`` says how and with which seed; without a seed of one's own it is a
        fixed one, so that the same table never gives two p-values.

    Notes
    -----
    Tables with two rows or two columns, and others with few enough tables, are counted here.
    Larger ones are counted by the extra ``churnlib[exact]`` where it is installed and manages.

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
    if o.shape[0] > o.shape[1]:
        o = o.T
    ways = (lambda: _counted(o, _QUICK), lambda: _by_extra(o), lambda: _counted(o, _BUDGET))
    p = next((p for way in ways if (p := way()) is not None), None)
    if p is None:
        return monte_carlo(table, "fisher_exact", resamples=FALLBACK_RESAMPLES, seed=FALLBACK_SEED)
    return _exact(table, p, remark(table))


def _exact(table: Crosstab, p: float, note: str) -> Test:
    known = p == p
    interval = (p, p)
    return Test("fisher_exact", NAN, NAN, p, table.n, known, interval, table.origin, note)


def _counted(o: np.ndarray, budget: int) -> float | None:
    """Probability of all tables no likelier than `o`, or ``None`` if there are too many.

    The columns are dealt into two halves. Every left half that the margins allow is listed with
    its row sums and its probability, every right half likewise; a whole table is a pair whose row
    sums add up to the margin. For one left half, the right halves that keep the whole no likelier
    than the observed table are found by bisection in a sorted list: n² tables for n log n work.
    """
    from scipy.special import gammaln

    rows, columns = o.sum(axis=1), o.sum(axis=0)
    log_observed = -gammaln(o + 1.0).sum()
    # Among all tables with these margins, probability is proportional to 1 / Π o!.
    log_total = gammaln(o.sum() + 1.0) - gammaln(rows + 1.0).sum() - gammaln(columns + 1.0).sum()
    halves = _dealt(rows, columns)
    if max(_size(rows, half) for half in halves) > budget:
        return None
    left, right = (_listed(rows, half) for half in halves)
    (left_key, left_log), (right_key, right_log) = left, right
    # Row sums of the right half that complete a left one, coded as one whole number.
    whole = _code(rows[None, :-1], rows)[0]
    order = np.lexsort((right_log, right_key))
    right_key, right_log = right_key[order], right_log[order]
    keys, starts = np.unique(right_key, return_index=True)
    ends = np.append(starts[1:], len(right_key))
    # Sums run within a key and not over the whole list, so that small ones are not lost.
    weights = np.exp(right_log - right_log.max())
    group_of = np.searchsorted(keys, whole - left_key)
    found = (group_of < len(keys)) & (keys[np.minimum(group_of, len(keys) - 1)] == whole - left_key)
    total = 0.0
    threshold = log_observed + np.log1p(_TIE)
    by_group = np.argsort(group_of[found], kind="stable")
    groups, logs = group_of[found][by_group], left_log[found][by_group]
    borders = np.searchsorted(groups, np.arange(len(keys) + 1))
    for g in range(len(keys)):
        members = logs[borders[g] : borders[g + 1]]
        if members.size:
            inside = right_log[starts[g] : ends[g]]
            running = np.concatenate([[0.0], weights[starts[g] : ends[g]].cumsum()])
            reach = np.searchsorted(inside, threshold - members, side="right")
            total += float((np.exp(members - left_log.max()) * running[reach]).sum())
    scale = left_log.max() + right_log.max() - log_total
    return float(min(1.0, total * np.exp(scale)))


def _dealt(rows: np.ndarray, columns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Two sets of columns of about equally many half-tables."""
    halves: tuple[list[int], list[int]] = ([], [])
    sizes = [0.0, 0.0]
    for column in sorted(columns, reverse=True):
        lighter = int(sizes[1] < sizes[0])
        halves[lighter].append(int(column))
        sizes[lighter] += np.log(_ways(rows, int(column)))
    return np.array(halves[0]), np.array(halves[1])


def _ways(rows: np.ndarray, column: int) -> int:
    """Number of ways to deal one column's people to the rows; a lower bound if above the budget."""
    others = rows.sum() - rows
    # Each count that a single cell can take belongs to one way at least.
    reach = int((np.minimum(rows, column) - np.maximum(column - others, 0)).max()) + 1
    if len(rows) == 2 or reach > _BUDGET:
        return reach
    # The longest row takes what the others leave.
    *shorter, longest = np.sort(rows)
    most = int(min(column, sum(shorter)))
    ways = np.zeros(most + 1, dtype=object)
    ways[0] = 1
    for row in shorter:
        sums = np.concatenate([[0], ways.cumsum()])
        first = np.maximum(np.arange(most + 1) - int(row), 0)
        ways = sums[1:] - sums[first]
    return int(ways[max(column - int(longest), 0) :].sum())


def _size(rows: np.ndarray, half: np.ndarray) -> float:
    return float(np.prod([float(_ways(rows, int(column))) for column in half]))


def _listed(rows: np.ndarray, half: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Every half-table: its row sums as one whole number, and −Σ ln o!."""
    from scipy.special import gammaln

    last = len(rows) - 1
    sums = np.zeros((1, last), dtype=np.int64)
    logs = np.zeros(1)
    for column in half:
        parts = np.array(list(_compositions(int(column), rows)), dtype=np.int64)
        weight = -gammaln(parts + 1.0).sum(axis=1)
        sums = (sums[:, None, :] + parts[None, :, :-1]).reshape(-1, last)
        logs = (logs[:, None] + weight[None, :]).ravel()
        fits = (sums <= rows[:-1]).all(axis=1)
        sums, logs = sums[fits], logs[fits]
    return _code(sums, rows), logs


def _code(sums: np.ndarray, rows: np.ndarray) -> np.ndarray:
    radix = np.concatenate([[1], np.cumprod(rows[:-2] + 1)]).astype(np.int64)
    return sums @ radix


def _compositions(total: int, rows: np.ndarray) -> Iterator[tuple[int, ...]]:
    """Ways to give `total` people to rows that are no longer than these."""
    if len(rows) == 1:
        yield (total,)
        return
    least = max(0, total - int(rows[1:].sum()))
    for first in range(least, min(total, int(rows[0])) + 1):
        for rest in _compositions(total - first, rows[1:]):
            yield (first, *rest)


def _by_extra(o: np.ndarray) -> float | None:
    """Exact p-value from the optional network algorithm, or ``None``."""
    try:
        import fexact
    except ImportError:
        return None
    # With three rows a large workspace costs about a second at most; with more it can cost
    # minutes, so there the algorithm gets a small one and declines at once.
    workspace = 20_000_000 if len(o) == 3 else 200_000
    try:
        # Among millions of people rounding takes a p of 1 above it.
        return min(1.0, float(fexact.fexact(np.ascontiguousarray(o), workspace=workspace)))
    except ValueError:
        return None  # the table is too large for it
