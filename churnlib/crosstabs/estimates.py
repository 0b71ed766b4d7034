"""What every measure of association shares: the table it takes, and how its result is made."""

from __future__ import annotations

from typing import Any

import numpy as np

from churnlib.evidence import NAN, Estimate, Origin, Test, chi_square_result, joined
from churnlib.tables import Crosstab

TOO_SMALL = "needs two rows and two columns that count somebody"
EMPTY = "rows or columns that count nobody are left out"
AT_THE_EDGE = "the asymptotic standard error is 0, so there is no interval"
_ROUNDING = 1e-7  # a root of a rounding error, for one person
UNORDERED = (
    "the order of the levels is taken as given; the table does not say that it means something"
)


def as_table(table: Any) -> Crosstab:
    """Return a `Crosstab` as it is, and make one of nested counts."""
    return table if isinstance(table, Crosstab) else Crosstab.from_counts(table)


def require_shape(table: Crosstab, what: str, *, square: bool = False) -> None:
    """Raise `ValueError` unless a table is 2 × 2, or at least square."""
    rows, columns = table.counts.shape
    if rows != columns or not (square or rows == 2):
        needed = "square" if square else "2 × 2"
        raise ValueError(f"{what} needs a {needed} table, given {rows} × {columns}")


def observed(table: Crosstab) -> np.ndarray:
    """Counts of the occupied rows and columns as floats, shape (rows, columns)."""
    return table.occupied.counts.to_numpy(dtype=float)


def remark(table: Crosstab, *, order: bool = False) -> str:
    """Say what a reader must know of a table before using a statistic of it."""
    shape = table.occupied.counts.shape
    if min(shape) < 2:
        return TOO_SMALL
    known = all(o or n <= 2 for o, n in zip(table.ordered, shape, strict=True))
    return joined(
        EMPTY if shape != table.counts.shape else "",
        UNORDERED if order and not known else "",
        table.note,
    )


def undefined(name: str, table: Crosstab, level: float, note: str) -> Estimate:
    """An estimate that the table does not determine."""
    return Estimate(name, NAN, NAN, NAN, level, NAN, table.n, table.origin, note)


def estimate(
    name: str,
    table: Crosstab,
    value: float,
    se: float = NAN,
    *,
    level: float,
    se_null: float = NAN,
    p_value: float = NAN,
    note: str = "",
    least: float = -1.0,
) -> Estimate:
    """Make an estimate on the scale `least` to 1 with its Wald interval and approximate T.

    Parameters
    ----------
    se, se_null : float
        Asymptotic standard errors not assuming and assuming the null hypothesis.
    p_value : float
        Where another test than the approximate T decides.

    Returns
    -------
    Estimate
        Without an interval where the standard error is 0: that is no certainty but a table at
        the edge, where the asymptotic formula says nothing.
    """
    from scipy.stats import norm

    zero = _ROUNDING / np.sqrt(table.n)
    margin = norm.isf((1 - level) / 2) * se
    t = value / se_null if se_null > zero else NAN
    p = p_value if se_null != se_null else float(2 * norm.sf(abs(t)))
    low, high = np.maximum(least, value - margin), np.minimum(1.0, value + margin)
    if se <= zero:
        note = joined(note, AT_THE_EDGE)
    if not se > zero:
        low = high = NAN
    return Estimate(
        name, float(value), float(low), float(high), level, float(se), table.n, table.origin,
        note, float(t), p,
    )  # fmt: skip


def ratio_estimate(
    name: str, value: float, se: float, level: float, n: int, origin: Origin, note: str
) -> Estimate:
    """Make an estimate of a ratio from the standard error of its logarithm."""
    from scipy.stats import norm

    if se == 0:
        note = joined(note, AT_THE_EDGE)
        return Estimate(name, float(value), NAN, NAN, level, 0.0, n, origin, note)
    factor = np.exp(norm.isf((1 - level) / 2) * se)
    z = np.log(value) / se
    p = 2 * norm.sf(abs(z))
    return Estimate(
        name, float(value), float(value / factor), float(value * factor), level, float(se), n,
        origin, note, float(z), float(p),
    )  # fmt: skip


def chi_square_test(name: str, table: Crosstab, statistic: float, df: int, note: str) -> Test:
    """An asymptotic test of a table by the upper tail of χ²."""
    return chi_square_result(name, statistic, df, table.n, table.origin, note)
