"""Monte Carlo p-values on tables drawn with the observed margins."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from churnlib.crosstabs.estimates import TOO_SMALL, as_table, observed, remark
from churnlib.evidence import NAN, Test

_CHUNK = 25_000  # tables drawn at a time, to bound memory
_SCIPY = 10_000_000  # scipy keeps a logarithm for every person, and crashes where that does not fit
_DRAWABLE = 1_000_000_000  # numpy's generators draw from fewer people than this


def monte_carlo(
    table: Any, statistic: str = "pearson_chi2", *, resamples: int = 10_000, seed: int
) -> Test:
    """Simulate the p-value of a statistic over random tables with the observed margins.

    Tables are drawn as they arise when the two variables are independent (hypergeometric),
    not uniformly over all tables.

    Parameters
    ----------
    table : Crosstab or nested counts
    statistic : str
        ``"pearson_chi2"``, ``"likelihood_ratio"``, ``"linear_by_linear"``, ``"gamma"``
        (two-sided) or ``"fisher_exact"`` (tables in the order of their probability).
    resamples : int
        Tables drawn.
    seed : int
        There is no default: a simulated number says with which seed.

    Returns
    -------
    Test
        ``p_value`` is (k + 1)/(B + 1), as in R, never 0; ``p_interval`` the exact binomial
        99 % interval of k/B, where SPSS's Monte Carlo p lies. ``exact`` is always false. NaN with
        a note for a thousand million people or more.

    References
    ----------
    Patefield, W. M. (1981). Algorithm AS 159. Appl. Stat. 30, 91–97. Phipson, B. & Smyth, G. K.
    (2010). Permutation p-values should never be zero. Stat. Appl. Genet. Mol. Biol. 9, 39.

    Examples
    --------
    >>> test = monte_carlo([[3, 1], [1, 3]], resamples=2000, seed=1)
    >>> test.exact, test.p_interval[0] < 0.4857 < test.p_interval[1]
    (False, True)
    """
    table = as_table(table)
    if statistic not in _STATISTICS:
        raise ValueError(f"no simulation of {statistic!r}; there are {', '.join(_STATISTICS)}")
    if isinstance(resamples, bool) or not isinstance(resamples, int) or resamples < 1:
        raise ValueError(f"resamples is a whole number of 1 or more, given {resamples!r}")
    o = observed(table).astype(np.int64)
    if min(o.shape) < 2:
        return Test(statistic, NAN, NAN, NAN, table.n, False, (NAN, NAN), table.origin, TOO_SMALL)
    if table.n >= _DRAWABLE:
        note = f"tables of {_DRAWABLE:,} people or more are not simulated"
        return Test(statistic, NAN, NAN, NAN, table.n, False, (NAN, NAN), table.origin, note)
    measure = _STATISTICS[statistic](o.sum(axis=1), o.sum(axis=0))
    draw = _sampler(o.sum(axis=1), o.sum(axis=0))
    here = float(measure(o[:, :, None])[0])
    # Ties count, whatever their rounding. Fisher's statistic is a logarithm.
    threshold = here - 1e-7 * (1.0 if statistic == "fisher_exact" else abs(here))

    rng = np.random.default_rng(seed)
    k = 0
    for done in range(0, resamples, _CHUNK):
        drawn = draw(min(_CHUNK, resamples - done), rng)
        k += int((measure(drawn) >= threshold).sum())
    from scipy.stats import binomtest

    interval = binomtest(k, resamples).proportion_ci(0.99, method="exact")
    note = f"Monte Carlo, {resamples:,} tables with the observed margins, seed {seed}"
    return Test(
        statistic,
        NAN if statistic == "fisher_exact" else here,
        NAN,
        (k + 1) / (resamples + 1),
        table.n,
        False,
        (float(interval.low), float(interval.high)),
        table.origin,
        "; ".join(filter(None, [note, remark(table)])),
    )


Measure = Callable[[np.ndarray], np.ndarray]
Draw = Callable[[int, np.random.Generator], np.ndarray]


def _sampler(rows: np.ndarray, columns: np.ndarray) -> Draw:
    """Return a function from a number of tables and a generator to counts, tables last."""
    from scipy.stats import random_table

    if rows.sum() > _SCIPY:
        return lambda size, rng: _drawn(rows, columns, size, rng)
    tables = random_table(rows, columns)
    return lambda size, rng: np.moveaxis(tables.rvs(size, random_state=rng), 0, 2)


def _drawn(
    rows: np.ndarray, columns: np.ndarray, size: int, rng: np.random.Generator
) -> np.ndarray:
    """Draw tables cell by cell, each from those left in its row and its column."""
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


def _pearson(rows: np.ndarray, columns: np.ndarray) -> Measure:
    expected = np.outer(rows / rows.sum(), columns)[:, :, None]
    return lambda tables: ((tables - expected) ** 2 / expected).sum(axis=(0, 1))


def _likelihood_ratio(rows: np.ndarray, columns: np.ndarray) -> Measure:
    from scipy.special import xlogy

    expected = np.outer(rows / rows.sum(), columns)[:, :, None]
    return lambda tables: 2 * xlogy(tables, tables / expected).sum(axis=(0, 1))


def _fisher(rows: np.ndarray, columns: np.ndarray) -> Measure:
    from scipy.special import gammaln

    # Less the expected ones, so that sums stay small and ties are seen.
    expected = gammaln(np.outer(rows / rows.sum(), columns)[:, :, None] + 1.0)
    return lambda tables: (gammaln(tables + 1.0) - expected).sum(axis=(0, 1))


def _linear_by_linear(rows: np.ndarray, columns: np.ndarray) -> Measure:
    n = rows.sum()
    u = np.arange(len(rows)) - (np.arange(len(rows)) * rows).sum() / n
    v = np.arange(len(columns)) - (np.arange(len(columns)) * columns).sum() / n
    scale = (rows * u**2).sum() * (columns * v**2).sum()
    products = np.outer(u, v)[:, :, None]
    return lambda tables: (n - 1) * (products * tables).sum(axis=(0, 1)) ** 2 / scale


def _gamma(rows: np.ndarray, columns: np.ndarray) -> Measure:
    def measure(tables: np.ndarray) -> np.ndarray:
        agree, disagree = _pairs(tables), _pairs(tables[:, ::-1])
        total = agree + disagree
        return abs(np.divide(agree - disagree, total, out=np.zeros(total.shape), where=total > 0))

    return measure


def _pairs(tables: np.ndarray) -> np.ndarray:
    below = tables[::-1, ::-1].cumsum(axis=0).cumsum(axis=1)[::-1, ::-1]
    return (tables[:-1, :-1] * below[1:, 1:]).sum(axis=(0, 1)).astype(float)


_STATISTICS: dict[str, Callable[[np.ndarray, np.ndarray], Measure]] = {
    "pearson_chi2": _pearson,
    "likelihood_ratio": _likelihood_ratio,
    "linear_by_linear": _linear_by_linear,
    "gamma": _gamma,
    "fisher_exact": _fisher,
}
