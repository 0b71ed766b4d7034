"""How often a difference that is there would be found in a sample of those people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from churnlib.evidence import require_level
from churnlib.models.likelihood import CumulativeLogit, maximise, null_params
from churnlib.tables import Crosstab, wilson

if TYPE_CHECKING:
    from collections.abc import Callable

    PValues = Callable[[np.ndarray], np.ndarray]
    """From samples, shape (draws, rows, columns), to one p-value a sample."""


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
        samples = _drawn(table, size, draws, seed)
        for test, p_values in TESTS.items():
            hits = int((p_values(samples) < alpha).sum())
            rows.append((test, size, hits / draws, *wilson(hits, draws)))
    frame = pd.DataFrame(rows, columns=["test", "size", "found", "low", "high"])
    order = frame["test"].map(list(TESTS).index)
    return frame.iloc[order.argsort(kind="stable")].reset_index(drop=True)


def _drawn(table: Crosstab, size: int, draws: int, seed: int) -> np.ndarray:
    cells = table.counts.to_numpy()
    rng = np.random.default_rng([seed, size])
    drawn = rng.multivariate_hypergeometric(cells.ravel(), size, size=draws, method="marginals")
    return drawn.reshape(draws, *cells.shape).astype(float)


def _pearson(samples: np.ndarray) -> np.ndarray:
    from scipy.stats import chi2

    rows, columns = samples.sum(axis=2), samples.sum(axis=1)
    expected = rows[:, :, None] * columns[:, None, :] / rows.sum(axis=1)[:, None, None]
    # A row or a column without people has no say, as in `chi_square`.
    parts = np.where(expected > 0, (samples - expected) ** 2 / np.maximum(expected, 1e-300), 0)
    df = ((rows > 0).sum(axis=1) - 1) * ((columns > 0).sum(axis=1) - 1)
    p = chi2.sf(parts.sum(axis=(1, 2)), np.maximum(df, 1))
    return np.where(df > 0, p, 1.0)


def _linear_by_linear(samples: np.ndarray) -> np.ndarray:
    from scipy.stats import chi2

    n = samples.sum(axis=(1, 2))
    x, y = (np.arange(length, dtype=float) for length in samples.shape[1:])

    def moment(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return np.einsum("sij,ij->s", samples, np.outer(a, b)) / n

    ones = (np.ones_like(x), np.ones_like(y))
    mean_x, mean_y = moment(x, ones[1]), moment(ones[0], y)
    covariance = moment(x, y) - mean_x * mean_y
    spread = (moment(x**2, ones[1]) - mean_x**2) * (moment(ones[0], y**2) - mean_y**2)
    r_squared = np.divide(covariance**2, spread, out=np.zeros_like(n), where=spread > 1e-12)
    return chi2.sf((n - 1) * r_squared, 1)


def _ordinal_model(samples: np.ndarray) -> np.ndarray:
    from scipy.stats import chi2

    lost = [_likelihood_ratio(sample) for sample in samples]
    groups = (samples.sum(axis=2) > 0).sum(axis=1)
    return np.where(groups > 1, chi2.sf(lost, np.maximum(groups - 1, 1)), 1.0)


def _likelihood_ratio(sample: np.ndarray) -> float:
    """What a proportional-odds model of the groups gains over none, times two."""
    seen = sample[sample.sum(axis=1) > 0][:, sample.sum(axis=0) > 0]
    if min(seen.shape) < 2:
        return 0.0
    group, answer = np.nonzero(seen)
    people, slopes = seen[group, answer], len(seen) - 1
    model = CumulativeLogit.parallel(np.eye(len(seen))[group, 1:], answer, people)
    gained = maximise(model, null_params(answer, people, slopes)).value
    answers = seen.sum(axis=0)
    return float(np.maximum(0.0, 2 * (gained - answers @ np.log(answers / answers.sum()))))


TESTS: Mapping[str, PValues] = {
    "pearson_chi2": _pearson,
    "linear_by_linear": _linear_by_linear,
    "ordinal_model": _ordinal_model,
}
"""The tests by which a difference is looked for."""
