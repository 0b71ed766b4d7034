"""How often a difference that is there would be found in a sample of those people."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from churnlib.evidence import require_level
from churnlib.tables import Crosstab, wilson


def found_in_samples(
    table: Crosstab, sizes: Sequence[int], *, seed: int, draws: int = 1000, alpha: float = 0.05
) -> pd.DataFrame:
    """Draw people from a table without putting them back, and test each sample.

    Everything after counting needs only counts, so that no person is drawn: the counts of a
    sample are multivariate hypergeometric. Where a sample is a large part of the people, it
    varies less than one from a large population would.

    Parameters
    ----------
    table : Crosstab
        Everybody there is: groups by ordered answers.
    sizes : sequence of int
        People in a sample, at most as many as there are.
    seed : int
        Of the random draws; those of one size do not depend on the other sizes.
    draws : int
        Samples of each size.
    alpha : float
        A test finds a difference if its p-value is below.

    Returns
    -------
    DataFrame
        One row a test and size: ``test`` (``pearson_chi2``, ``linear_by_linear`` and
        ``ordinal_model``, the likelihood ratio of a proportional-odds model), ``size``, ``found``
        (share of samples) and its Wilson interval ``low``, ``high`` for the number of draws.

    Raises
    ------
    ValueError
        If a size is below 2 or above the number of people, or there are no draws.

    Examples
    --------
    >>> table = Crosstab.from_counts([[90, 60, 50], [50, 60, 90]], ordered=(False, True))
    >>> found = found_in_samples(table, [50, 200], seed=1, draws=100)
    >>> found.pivot(index="size", columns="test", values="found").to_dict("index")[200]
    {'linear_by_linear': 0.98, 'ordinal_model': 0.98, 'pearson_chi2': 0.93}
    """
    require_level(1 - alpha)
    if draws < 1:
        raise ValueError(f"at least one sample of each size is needed, given draws={draws}")
    for size in sizes:
        if not 2 <= size <= table.n:
            raise ValueError(f"a sample has from 2 to all {table.n} people, given {size}")
    rows = []
    for size in sizes:
        p_values = _p_values(_drawn(table, size, draws, seed))
        for test in TESTS:
            hits = int((p_values[test] < alpha).sum())
            rows.append((test, size, hits / draws, *wilson(hits, draws)))
    frame = pd.DataFrame(rows, columns=["test", "size", "found", "low", "high"])
    order = {"key": lambda tests: tests.map(TESTS.index), "kind": "stable"}
    return frame.sort_values("test", **order, ignore_index=True)


def _drawn(table: Crosstab, size: int, draws: int, seed: int) -> np.ndarray:
    cells = table.counts.to_numpy()
    rng = np.random.default_rng([seed, size])
    drawn = rng.multivariate_hypergeometric(cells.ravel(), size, size=draws, method="marginals")
    return drawn.reshape(draws, *cells.shape)


def _p_values(samples: np.ndarray) -> pd.DataFrame:
    """P-values from samples, shape (draws, rows, columns): one row a sample, one column a test."""
    from scipy.stats import chi2

    n, rows, columns = samples.sum(axis=(1, 2)), samples.sum(axis=2), samples.sum(axis=1)
    group, answer = (np.arange(size) for size in samples.shape[1:])
    # A row or a column without people has no say, as in `chi_square`.
    slopes, cuts = (np.count_nonzero(margin, axis=1) - 1 for margin in (rows, columns))
    expected = rows[:, :, None] * columns[:, None] / n[:, None, None]
    pearson = ((samples - expected) ** 2 / np.where(expected > 0, expected, 1)).sum(axis=(1, 2))
    together = samples @ answer @ group - (rows @ group) * (columns @ answer) / n
    spreads = (rows @ group**2 - (rows @ group) ** 2 / n) * (
        columns @ answer**2 - (columns @ answer) ** 2 / n
    )
    is_table = (slopes > 0) & (cuts > 0)
    linear = (n - 1) * together**2 / np.where(is_table, spreads, 1)
    ratio = [_ratio(s) if some else 0.0 for s, some in zip(samples, is_table, strict=True)]
    df = np.where(is_table, [slopes * cuts, np.ones(len(n)), slopes], 1)
    return pd.DataFrame(dict(zip(TESTS, chi2.sf([pearson, linear, ratio], df), strict=True)))


def _ratio(sample: np.ndarray) -> float:
    """Likelihood ratio of a proportional-odds model of the groups."""
    from churnlib.models.ordered_counts import CumulativeLogit, null_params

    seen = sample[sample.any(axis=1)][:, sample.any(axis=0)]
    group, answer = seen.nonzero()
    x, people = np.eye(len(seen))[group, 1:], seen[group, answer]
    model, start = CumulativeLogit.of(x, answer, people), null_params(answer, people, x.shape[1])
    return max(0.0, 2 * (model.maximum(start).value - model.value(start)))


TESTS = ("pearson_chi2", "linear_by_linear", "ordinal_model")
"""The tests by which a difference is looked for."""
