"""Two-by-two tables of several layers, and the one odds ratio that they may share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
import pandas as pd

from churnlib.crosstabs.estimates import as_table, ratio_estimate
from churnlib.crosstabs.risk import odds_ratio
from churnlib.evidence import (
    NAN,
    Estimate,
    Test,
    chi_square_result,
    derived,
    require_level,
    shown_html,
)
from churnlib.tables import Crosstab


@dataclass(frozen=True, eq=False)
class MantelHaenszel(Estimate):
    """The odds ratio common to all layers, with its tests.

    As an `Estimate` it is Mantel and Haenszel's odds ratio with the interval of Robins, Breslow
    and Greenland; ``se`` is that of its logarithm.

    Parameters
    ----------
    test : Test
        Mantel and Haenszel's test that the common odds ratio is 1, without continuity correction.
    corrected : Test
        The same with the correction, as R and SPSS print it.
    breslow_day : Test
        Breslow and Day's test that all layers have the same odds ratio.
    tarone : Test
        The same with Tarone's correction, which makes it an efficient score test.
    layers : DataFrame
        One row a layer: ``n``, ``odds_ratio``, ``low``, ``high``, and a ``note`` where a layer
        has no odds ratio of its own.
    """

    test: Test = field(kw_only=True)
    corrected: Test = field(kw_only=True)
    breslow_day: Test = field(kw_only=True)
    tarone: Test = field(kw_only=True)
    layers: pd.DataFrame = field(kw_only=True)

    def _repr_html_(self) -> str:
        return self.origin.badge_html + shown_html(self.layers, self.note)


def stratified_table(layers: Any) -> Any:
    """Return the layers as statsmodels' ``StratifiedTable``, to check or to go on with.

    Parameters
    ----------
    layers : mapping or sequence of Crosstab or nested counts
        Two-by-two tables, as for `mantel_haenszel`; one that counts nobody is left out.

    Raises
    ------
    ValueError
        If there is no layer, one is not 2 × 2, or their rows and columns differ.

    Examples
    --------
    >>> layers = [[[10, 20], [30, 25]], [[8, 12], [20, 18]]]
    >>> theirs = stratified_table(layers)
    >>> bool(abs(theirs.oddsratio_pooled - mantel_haenszel(layers).value) < 1e-12)
    True
    """
    from statsmodels.stats.contingency_tables import StratifiedTable

    tables = _occupied(_named(layers)).values()
    return StratifiedTable([table.counts.to_numpy(dtype=float) for table in tables])


def mantel_haenszel(layers: Any, *, level: float = 0.95) -> MantelHaenszel:
    """Combine two-by-two tables of several layers into one odds ratio.

    Parameters
    ----------
    layers : mapping or sequence of Crosstab or nested counts
        As `crosstab` with a ``layer`` returns them, all 2 × 2 with the same rows and columns.
    level : float
        Of the intervals.

    Returns
    -------
    MantelHaenszel
        Odds of the first column in the first row over those in the second; NaN with a note where
        empty cells leave it unbounded, as everywhere here. A layer in which a row
        or a column counts nobody says nothing and is left out, with a note; ``n`` are the others.

    Raises
    ------
    ValueError
        If there is no layer, one is not 2 × 2, or none says anything.

    References
    ----------
    Mantel, N. & Haenszel, W. (1959). J. Natl. Cancer Inst. 22, 719–748. Robins, J., Breslow, N. &
    Greenland, S. (1986). Biometrics 42, 311–323. Breslow, N. E. & Day, N. E. (1980). Statistical
    methods in cancer research I, section 4.4. Tarone, R. E. (1985). Biometrika 72, 91–95.

    Examples
    --------
    >>> result = mantel_haenszel({"young": [[10, 20], [5, 25]], "old": [[15, 15], [8, 22]]})
    >>> round(result.value, 3), round(result.low, 3), round(result.high, 3)
    (2.636, 1.173, 5.927)
    >>> round(result.tarone.p_value, 3)
    0.909
    """
    require_level(level)
    given = _named(layers)
    tables = _occupied(given)
    stack = np.array([table.counts.to_numpy(dtype=float) for table in tables.values()])
    telling = (stack.sum(axis=1).min(axis=1) > 0) & (stack.sum(axis=2).min(axis=1) > 0)
    if not telling.any():
        raise ValueError(
            "in every layer a row or a column counts nobody, so that none says anything; combine "
            "levels, or leave the third variable out"
        )
    (a, b), (c, d) = stack[telling].transpose(1, 2, 0)
    n = a + b + c + d

    notes = [f"layer {name!r} is left out: a row or a column counts nobody"
             for name, tells in zip(tables, telling, strict=True) if not tells]  # fmt: skip
    notes += [
        f"layer {name!r} is left out: it counts nobody" for name in given if name not in tables
    ]
    origin = derived(*(table.origin for table in tables.values()))
    people = int(stack[telling].sum())

    def test(name: str, statistic: float, df: int, note: str = "") -> Test:
        said = "; ".join(filter(None, [note, *notes]))
        return chi_square_result(name, statistic, df, people, origin, said)

    agree, disagree = a * d / n, b * c / n
    value = _ratio(agree.sum(), disagree.sum())
    excess = (a - (a + b) * (a + c) / n).sum()
    variance = ((a + b) * (c + d) * (a + c) * (b + d) / (n**2 * np.maximum(n - 1, 1))).sum()
    plain, corrected = (
        np.maximum(0.0, abs(excess) - correction) ** 2 / variance if variance > 0 else NAN
        for correction in (0, 0.5)
    )
    breslow_day, tarone, unequal = _homogeneity(a, b, c, d, value)
    df = int(telling.sum()) - 1
    name = "mantel_haenszel_odds_ratio"
    if 0 < value < np.inf:
        common = ratio_estimate(
            name, value, _se(a, b, c, d), level, people, origin, "; ".join(notes)
        )
    else:
        unbounded = "unbounded and " if np.isinf(value) else ""
        notes.append(
            f"an empty cell in every layer leaves the common odds ratio {unbounded}without an "
            "interval"
        )
        value = NAN if np.isinf(value) else value
        common = Estimate(name, value, NAN, NAN, level, NAN, people, origin, "; ".join(notes))
    return MantelHaenszel(
        **{part.name: getattr(common, part.name) for part in fields(Estimate)},
        test=test("mantel_haenszel", plain, 1),
        corrected=test("mantel_haenszel", corrected, 1, "with continuity correction"),
        breslow_day=test("breslow_day", breslow_day, df, unequal),
        tarone=test("breslow_day_tarone", tarone, df, unequal),
        layers=_by_layer(tables, level)
        .reindex(list(given))
        .fillna(
            {"n": 0, "note": "counts nobody"}
        ),
    )  # fmt: skip


def _people(table: Any) -> float:
    return float(np.sum(table.counts.to_numpy() if isinstance(table, Crosstab) else table))


def _named(layers: Any) -> dict[Any, Any]:
    return dict(layers) if isinstance(layers, Mapping) else dict(enumerate(layers))


def _occupied(layers: Mapping[Any, Any]) -> dict[Any, Crosstab]:
    """Return the layers that count somebody, 2 × 2 and with the same rows and columns."""
    tables = {name: as_table(table) for name, table in layers.items() if _people(table)}
    if not tables:
        raise ValueError("there is no layer; give a table for each level of a third variable")
    names = None
    for name, table in tables.items():
        if table.counts.shape != (2, 2):
            shape = " × ".join(map(str, table.counts.shape))
            raise ValueError(
                f"layer {name!r} is {shape}; a common odds ratio needs 2 × 2: combine columns first"
            )
        labels = (list(table.counts.index), list(table.counts.columns))
        if names is not None and labels != names:
            raise ValueError(f"layer {name!r} has rows and columns {labels}, the first has {names}")
        names = labels
    return tables


def _se(a: np.ndarray, b: np.ndarray, c: np.ndarray, d: np.ndarray) -> float:
    """Standard error of the logarithm, by Robins, Breslow and Greenland."""
    n = a + b + c + d
    p, q = (a + d) / n, (b + c) / n
    r, s = a * d / n, b * c / n
    return float(
        np.sqrt(
            (p * r).sum() / (2 * r.sum() ** 2)
            + (p * s + q * r).sum() / (2 * r.sum() * s.sum())
            + (q * s).sum() / (2 * s.sum() ** 2)
        )
    )


def _homogeneity(
    a: np.ndarray, b: np.ndarray, c: np.ndarray, d: np.ndarray, ratio: float
) -> tuple[float, float, str]:
    """Breslow and Day's statistic at the Mantel–Haenszel odds ratio, and Tarone's."""
    if len(a) == 1:
        return NAN, NAN, "there is one layer only, and nothing to compare it with"
    if not 0 < ratio < np.inf:
        return NAN, NAN, "without a common odds ratio there is nothing to compare layers with"
    first, second, left, right = a + b, c + d, a + c, b + d
    n = first + second
    # Each cell by its own formula, as if it were the first: what is left of a total would have
    # lost its digits where the cell is small.
    cells = np.array(
        [
            _expected(first, left, n, ratio),
            _expected(first, right, n, 1 / ratio),
            _expected(second, left, n, 1 / ratio),
            _expected(second, right, n, ratio),
        ]
    )
    if not (cells > 0).all():
        return NAN, NAN, "a layer expects nobody in a cell, so that layers cannot be compared"
    # All cells deviate by the same number; the smallest knows it best.
    signs = np.array([1.0, -1.0, -1.0, 1.0])[:, None]
    deviations = signs * (np.array([a, b, c, d]) - cells)
    gap = np.take_along_axis(deviations, cells.argmin(axis=0)[None], axis=0)[0]
    variance = 1 / (1 / cells).sum(axis=0)
    statistic = float((gap**2 / variance).sum())
    correction = float(gap.sum() ** 2 / variance.sum())
    return statistic, statistic - correction, ""


def _expected(row: np.ndarray, column: np.ndarray, n: np.ndarray, ratio: float) -> np.ndarray:
    """First cell with these margins and odds ratio: x (n − r − c + x) = ψ (r − x)(c − x).

    The root is written so that it adds and never subtracts, for ψ above and below 1.
    """
    excess = ratio - 1
    linear = n + excess * (row + column)
    if excess >= 0:
        apart = row * (n - column) + column * (n - row)
        root = np.sqrt(n**2 + 2 * excess * apart + (excess * (row - column)) ** 2)
    else:
        root = np.sqrt(linear**2 - 4 * excess * ratio * row * column)
    below = linear < 0  # then the odds ratio is below 1
    plain = 2 * ratio * row * column / np.where(below, 1.0, linear + root)
    return np.where(below, (root - linear) / (-2 * excess) if excess < 0 else plain, plain)


def _ratio(agree: float, disagree: float) -> float:
    if disagree > 0:
        return float(agree / disagree)
    return np.inf if agree > 0 else NAN


def _by_layer(tables: Mapping[Any, Crosstab], level: float) -> pd.DataFrame:
    rows = {}
    for name, table in tables.items():
        ratio = odds_ratio(table, level=level)
        rows[name] = [table.n, ratio.value, ratio.low, ratio.high, ratio.note]
    columns = ["n", "odds_ratio", "low", "high", "note"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis("layer")
