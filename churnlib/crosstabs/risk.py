"""Two-by-two tables: ratios and difference of two groups, also within layers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from churnlib.crosstabs.independence import Value, as_table, estimate, two_by_two
from churnlib.evidence import NAN, Estimate, Test, chi_square_result, derived, joined, shown_html
from churnlib.tables import Crosstab, wilson


def odds_ratio(table: Any, *, level: float = 0.95) -> Estimate:
    """Odds of the first column in the first row over those in the second, with Woolf's interval.

    ``se`` is that of the logarithm (Woolf 1955, Ann. Hum. Genet. 19, 251–253). With an empty cell
    the ratio is 0, or NaN where it is unbounded, without an interval, and the note says why.

    Examples
    --------
    >>> ratio = odds_ratio([[20, 80], [15, 135]])
    >>> round(ratio.value, 2), round(ratio.low, 2), round(ratio.high, 2)
    (2.25, 1.09, 4.64)
    """
    table, o = two_by_two(table, "odds_ratio")
    (a, b), (c, d) = o
    variance = (1 / o).sum() if o.all() else NAN
    return ratio("odds_ratio", table, a * d, b * c, variance, level)


def risk_ratio(table: Any, *, event: Any = None, level: float = 0.95) -> Estimate:
    """Share of the first column, or of `event`, in the first row over that in the second.

    SPSS prints both columns, as "for cohort". ``se`` is that of the logarithm; see `odds_ratio`
    for empty cells. Katz et al. (1978), Biometrics 34, 469–474.

    Examples
    --------
    >>> ratio = risk_ratio([[20, 80], [15, 135]])
    >>> round(ratio.value, 2), round(ratio.low, 2), round(ratio.high, 2)
    (2.0, 1.08, 3.72)
    """
    table, o = two_by_two(table, "risk_ratio")
    first, second = table.counts.columns
    if event not in (None, first, second):
        raise KeyError(f"the table has no column {event!r}; it has {first!r}, {second!r}")
    (a, b), (c, d) = o if event in (None, first) else o[:, ::-1]
    variance = b / a / (a + b) + d / c / (c + d) if a * c else NAN
    return ratio("risk_ratio", table, a * (c + d), c * (a + b), variance, level)


def ratio(
    name: str, table: Crosstab, above: float, below: float, variance: float, level: float,
    where: str = "an empty cell",
) -> Estimate:  # fmt: skip
    """Make an estimate of a ratio from the variance of its logarithm."""
    from scipy.stats import norm

    if above == 0 or below == 0:
        bounds = "unbounded and " if above else ""
        note = f"{where} leaves the ratio {bounds}without an interval"
        note = note if above or below else "empty cells leave the ratio undetermined"
        made = Value(0.0 if below else NAN, why_none=joined(table.note, note))
        return estimate(name, table, made, level, made.why_none)
    value, se = above / below, np.sqrt(variance)
    estimated = estimate(name, table, Value(value, se), level, table.note)
    if se == 0:
        return estimated
    factor, z = np.exp(norm.isf((1 - level) / 2) * se), np.log(value) / se
    low, high, p = float(value / factor), float(value * factor), float(2 * norm.sf(abs(z)))
    return replace(estimated, low=low, high=high, t=float(z), p_value=p)


def risk_difference(table: Any, *, level: float = 0.95) -> Estimate:
    """Share of the first column in the first row minus that in the second, Newcombe's interval.

    It is made of the two Wilson intervals (1998, Stat. Med. 17, 873–890, method 10).

    Examples
    --------
    >>> gap = risk_difference([[56, 14], [48, 32]])
    >>> round(gap.value, 4), round(gap.low, 4), round(gap.high, 4)
    (0.2, 0.0524, 0.3339)
    """
    table, o = two_by_two(table, "risk_difference")
    n = o.sum(axis=1)
    if not n.all():
        none = Value(why_none="a row counts nobody")
        return estimate("risk_difference", table, none, level)
    (p1, p2), (q1, q2) = (o / n[:, None]).T
    (l1, u1), (l2, u2) = (wilson(k, size, level) for k, size in zip(o[:, 0], n, strict=True))
    return replace(
        estimate("risk_difference", table, Value(p1 - p2), level, table.note),
        low=float(p1 - p2 - np.hypot(p1 - l1, u2 - p2)),
        high=float(p1 - p2 + np.hypot(u1 - p1, p2 - l2)),
        se=float(np.sqrt(p1 * q1 / n[0] + p2 * q2 / n[1])),
    )


@dataclass(frozen=True, eq=False)
class MantelHaenszel(Estimate):
    """Mantel and Haenszel's odds ratio common to all layers, with its tests.

    The interval is that of Robins, Breslow and Greenland; ``se`` is that of the logarithm.

    Parameters
    ----------
    test, corrected : Test
        That the common odds ratio is 1, without and with continuity correction, as R and SPSS
        print it.
    breslow_day, tarone : Test
        That all layers have the same odds ratio, by Breslow and Day, and with Tarone's correction.
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


def mantel_haenszel(layers: Any, *, level: float = 0.95) -> MantelHaenszel:
    """Combine two-by-two tables of several layers into one odds ratio.

    Of the first column in the first row over that in the second; NaN with a note where empty cells
    leave it unbounded. Layers in which a row or a column counts nobody say nothing and are left
    out, with a note. Breslow & Day (1980), Statistical methods in cancer research I, 4.4; Robins,
    Breslow & Greenland (1986), Biometrics 42, 311–323; Tarone (1985), Biometrika 72, 91–95.

    Parameters
    ----------
    layers : mapping or sequence of Crosstab or nested counts
        As `crosstab` with a ``layer`` returns them, all 2 × 2 with the same rows and columns, else
        a `ValueError`.
    level : float
        Of the intervals.

    Examples
    --------
    >>> result = mantel_haenszel({"young": [[10, 20], [5, 25]], "old": [[15, 15], [8, 22]]})
    >>> round(result.value, 3), round(result.low, 3), round(result.high, 3)
    (2.636, 1.173, 5.927)
    >>> round(result.tarone.p_value, 3)
    0.909
    """
    given = _named(layers)
    tables = _occupied(given)
    occupied = {name: table for name, table in tables.items() if table.occupied.counts.size == 4}
    if not occupied:
        raise ValueError(
            "in every layer a row or a column counts nobody, so that none says anything; combine "
            "levels, or leave the third variable out"
        )
    stack = np.array([table.counts.to_numpy(dtype=float) for table in occupied.values()])
    left_out = (
        f"layer {name!r} is left out: {'a row or column' if name in tables else 'it'} counts nobody"
        for name in given
        if name not in occupied
    )
    origin = derived(*(table.origin for table in tables.values()))
    people = replace(Crosstab.from_counts(stack.sum(axis=0), origin=origin), note=joined(*left_out))
    (a, b), (c, d) = cells = stack.transpose(1, 2, 0)
    n = a + b + c + d
    p, q, r, s = (a + d) / n, (b + c) / n, a * d / n, b * c / n
    agree, disagree = r.sum(), s.sum()
    variance = NAN
    if agree and disagree:
        variance = (
            (p * r).sum() / agree**2
            + (p * s + q * r).sum() / (agree * disagree)
            + (q * s).sum() / disagree**2
        ) / 2
    where = "an empty cell in every layer"
    common = ratio("mantel_haenszel_odds_ratio", people, agree, disagree, variance, level, where)
    gap = abs((a - (a + b) * (a + c) / n).sum())
    null = ((a + b) * (c + d) * (a + c) * (b + d) / (n**2 * (n - 1))).sum()
    breslow_day, tarone = NAN, NAN
    if len(n) == 1:
        why = "there is one layer only, and nothing to compare it with"
    elif not common.value > 0:
        why = "without a common odds ratio there is nothing to compare layers with"
    else:
        breslow_day, tarone = _equal_odds(cells, common.value)
        nobody = "a layer expects nobody in a cell, so that layers cannot be compared"
        why = nobody if np.isnan(breslow_day) else ""

    def tested(name: str, statistic: float, df: int, note: str) -> Test:
        return chi_square_result(name, statistic, df, people.n, origin, joined(note, people.note))

    ratios = {name: odds_ratio(table, level=level) for name, table in tables.items()}
    rows = {name: [r.n, r.value, r.low, r.high, r.note] for name, r in ratios.items()}
    columns = ["n", "odds_ratio", "low", "high", "note"]
    by_layer = pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis("layer")
    with_correction = np.maximum(0.0, gap - 0.5) ** 2 / null
    return MantelHaenszel(
        **vars(common),
        test=tested("mantel_haenszel", gap**2 / null, 1, ""),
        corrected=tested("mantel_haenszel", with_correction, 1, "with continuity correction"),
        breslow_day=tested("breslow_day", breslow_day, len(n) - 1, why),
        tarone=tested("breslow_day_tarone", tarone, len(n) - 1, why),
        layers=by_layer.reindex(list(given)).fillna({"n": 0, "note": "counts nobody"}),
    )


def stratified_table(layers: Any) -> Any:
    """Return the layers as statsmodels' ``StratifiedTable``, to check or to go on with.

    Layers are as for `mantel_haenszel`; one that counts nobody is left out.

    Examples
    --------
    >>> layers = [[[10, 20], [30, 25]], [[8, 12], [20, 18]]]
    >>> round(float(stratified_table(layers).oddsratio_pooled), 4)
    0.4844
    """
    from statsmodels.stats.contingency_tables import StratifiedTable

    tables = _occupied(_named(layers)).values()
    return StratifiedTable([table.counts.to_numpy(dtype=float) for table in tables])


def _named(layers: Any) -> dict[Any, Any]:
    return dict(layers) if isinstance(layers, Mapping) else dict(enumerate(layers))


def _occupied(layers: dict[Any, Any]) -> dict[Any, Crosstab]:
    """Return the layers that count somebody, 2 × 2 and with the same rows and columns."""
    tables = {name: as_table(table) for name, table in layers.items() if np.asarray(table).sum()}
    if not tables:
        raise ValueError("there is no layer; give a table for each level of a third variable")
    first = next(iter(tables.values())).counts
    for name, table in tables.items():
        if table.counts.shape != (2, 2):
            shape = " × ".join(map(str, table.counts.shape))
            raise ValueError(
                f"layer {name!r} is {shape}; a common odds ratio needs 2 × 2: combine columns first"
            )
        here, there = ([list(x.index), list(x.columns)] for x in (table.counts, first))
        if here != there:
            raise ValueError(f"layer {name!r} has rows and columns {here}, the first has {there}")
    return tables


def _equal_odds(cells: np.ndarray, ratio: float) -> tuple[float, float]:
    """Breslow and Day's statistic at the Mantel–Haenszel odds ratio, and Tarone's."""
    first, second = cells.sum(axis=1)
    left, right = cells.sum(axis=0)
    expected = _expected(first, second, left, right, ratio)
    if not (expected > 0).all():
        return NAN, NAN
    # All cells deviate by the same number; the smallest knows it best.
    deviations = ((cells - expected) * np.array([[[1.0], [-1.0]], [[-1.0], [1.0]]])).reshape(4, -1)
    smallest = expected.reshape(4, -1).argmin(axis=0)
    gap = deviations[smallest, np.arange(len(first))]
    variance = 1 / (1 / expected).sum(axis=(0, 1))
    statistic = float((gap**2 / variance).sum())
    return statistic, statistic - float(gap.sum() ** 2 / variance.sum())


def _expected(
    first: np.ndarray, second: np.ndarray, left: np.ndarray, right: np.ndarray, ratio: float
) -> np.ndarray:
    """Cells with these margins and this odds ratio, a d = ψ b c.

    Each is a root written so that it adds and never subtracts: what is left of a total would have
    lost its digits where a cell is small.
    """
    if ratio < 1:
        return _expected(first, second, right, left, 1 / ratio)[:, ::-1]
    n, excess, gap = first + second, ratio - 1, first - left
    root = np.sqrt(n**2 + 2 * excess * (first * right + left * second) + (excess * gap) ** 2)
    a = 2 * ratio * first * left / (n + excess * (first + left) + root)
    d = 2 * ratio * second * right / (n + excess * (second + right) + root)
    product = a * d / ratio  # of b and c, whose difference is the gap
    larger = (abs(gap) + np.sqrt(gap**2 + 4 * product)) / 2
    b, c = np.where(gap > 0, [larger, product / larger], [product / larger, larger])
    return np.array([[a, b], [c, d]])
