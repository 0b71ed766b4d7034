"""Every statistic of `statistics(table)` by its form once the margins are fixed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from churnlib.crosstabs import exact, independence, ordinal, prediction, risk
from churnlib.evidence import Estimate, Test
from churnlib.margins.cell_selection import Count, mask_of
from churnlib.margins.convex_sums import Separable
from churnlib.margins.extremal_forms import Concordance, Distance, Form, Free, Linear, Peaks
from churnlib.margins.table_sets import TableSet
from churnlib.tables import Crosstab

Measure = Callable[[Crosstab], Any]
Make = Callable[[TableSet], Form]


@dataclass(frozen=True, eq=False)
class Objective:
    """A statistic whose extremes are asked for.

    Parameters
    ----------
    name : str
    measure : callable
        From a table to the statistic.
    form : Form
        What orders the tables by the statistic.
    falls : bool
        Whether the statistic falls where the form rises.
    """

    name: str
    measure: Measure
    form: Form
    falls: bool = False

    def value(self, table: Crosstab) -> float:
        """The statistic as a number; a test without one, such as the exact one, gives its p."""
        return number(self.measure(table))


def number(result: Any) -> float:
    """The number that a statistic's result stands for.

    Raises
    ------
    TypeError
        If it is neither a number, an `Estimate` nor a `Test`.
    """
    if isinstance(result, Estimate):
        return result.value
    if isinstance(result, Test):
        return result.p_value if result.statistic != result.statistic else result.statistic
    try:
        return float(result)
    except (TypeError, ValueError):
        raise TypeError(
            "a statistic gives a number, an Estimate or a Test for a table; "
            f"it gave {type(result).__name__}"
        ) from None


def objective(statistic: Any, tables: TableSet) -> Objective:
    """Find the form of a statistic.

    Parameters
    ----------
    statistic : str, Count or callable
        A row of `statistics(table)`, some cells' people, or any function of a `Crosstab`.

    Raises
    ------
    ValueError
        If the name is not that of a statistic of such a table.
    TypeError
        If it is neither a name nor callable.
    """
    if isinstance(statistic, Count):
        weights = 1.0 * mask_of(statistic.cells, tables.rows.index, tables.columns.index)
        return Objective(str(statistic), statistic, Linear(weights))
    name = next((_NAMES[own] for own in _NAMES if own is statistic), statistic)
    if isinstance(name, str):
        known = _known(tables.shape)
        if name not in known:
            size = " × ".join(map(str, tables.shape))
            raise ValueError(
                f"a table of {size} cells has no statistic {name!r}; it has {', '.join(known)}"
            )
        measure, make = known[name]
        return Objective(name, measure, make(tables), falls=name == "fisher_exact")
    if not callable(name):
        raise TypeError(
            "a statistic is a row of statistics(table), a Count of cells, or a function of a "
            f"Crosstab; given {name!r}"
        )

    def values(stack: np.ndarray) -> np.ndarray:
        return np.array([number(name(tables.table(counts))) for counts in stack], dtype=float)

    return Objective(getattr(name, "__name__", "statistic"), name, Free(values))


def _squares(tables: TableSet, *, rows: bool, columns: bool) -> Separable:
    """Squares of O − E over the totals of the row, of the column, or of both.

    With fixed margins they differ from the squares of O by a constant, and are more precise.
    """
    totals = np.outer(
        tables.rows.astype(float) if rows else np.ones(tables.shape[0]),
        tables.columns if columns else np.ones(tables.shape[1]),
    )
    weights = 1 / np.where(totals > 0, totals, 1)
    expected = _expected(tables)
    return Separable(lambda stack: weights * (stack - expected) ** 2)


def _expected(tables: TableSet) -> np.ndarray:
    return np.outer(tables.rows.astype(float), tables.columns) / tables.rows.sum()


def _chi2(tables: TableSet) -> Form:
    return _squares(tables, rows=True, columns=True)


def _phi(tables: TableSet) -> Form:
    """Signed where two rows and two columns count somebody."""
    some = [np.flatnonzero(margin) for margin in (tables.rows, tables.columns)]
    if [len(places) for places in some] != [2, 2]:
        return _chi2(tables)
    weights = np.zeros(tables.shape)
    weights[some[0][0], some[1][0]] = 1
    return Linear(weights)


def _entropy(tables: TableSet) -> Form:
    """O log(O / E) − O + E: with fixed margins O log O but for a constant, and more precise."""
    from scipy.special import kl_div

    expected = _expected(tables)
    # Where a margin is 0, so is the cell, and any constant will do.
    some = np.where(expected > 0, expected, 1)
    return Separable(lambda stack: kl_div(stack, some))


def _improbability(tables: TableSet) -> Form:
    """Logarithm of Π x!: with fixed margins a table is the less probable the larger it is."""
    from scipy.special import gammaln

    return Separable(lambda stack: gammaln(stack + 1.0))


def _scores(tables: TableSet, *, ranks: bool) -> tuple[np.ndarray, float]:
    """Products of row and column scores, and their mean over independence times n."""
    scores = []
    for margin in (tables.rows.to_numpy(), tables.columns.to_numpy()):
        plain = np.arange(1.0, len(margin) + 1)
        # Twice the mid-ranks, so that all weights are whole numbers.
        scores.append(2 * margin.cumsum() - margin + 1.0 if ranks else plain)
    centre = (scores[0] @ tables.rows) * (scores[1] @ tables.columns) / tables.rows.sum()
    return np.outer(*scores), float(centre)


def _correlation(tables: TableSet, *, ranks: bool = False) -> Form:
    return Linear(_scores(tables, ranks=ranks)[0])


def _trend(tables: TableSet) -> Form:
    return Distance(*_scores(tables, ranks=False))


def _corner(tables: TableSet) -> Form:
    """|O − E| of the first cell of a 2×2 table, the same for all four."""
    weights = np.array([[1.0, 0.0], [0.0, 0.0]])
    return Distance(weights, float(_expected(tables)[0, 0]))


def _odds(stack: np.ndarray) -> np.ndarray:
    (a, b), (c, d) = stack.transpose(1, 2, 0).astype(float)
    return _quotient(a * d, b * c)


def _risks(stack: np.ndarray) -> np.ndarray:
    (a, b), (c, d) = stack.transpose(1, 2, 0).astype(float)
    return _quotient(a * (c + d), (a + b) * c)


def _quotient(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    """The quotient; infinite over nothing, and NaN for nothing over nothing."""
    over_nothing = np.where(above > 0, np.inf, np.nan)
    return np.divide(above, below, out=over_nothing, where=below > 0)


def _always(form: Form) -> Make:
    return lambda tables: form


_ANY: Mapping[str, tuple[Measure, Make]] = {
    "pearson_chi2": (independence.chi_square, _chi2),
    "likelihood_ratio": (independence.likelihood_ratio, _entropy),
    "fisher_exact": (exact.fisher_exact, _improbability),
    "phi": (independence.phi, _phi),
    "cramers_v": (independence.cramers_v, _chi2),
    "cramers_v_corrected": (partial(independence.cramers_v, bias_corrected=True), _chi2),
    "contingency_coefficient": (independence.contingency_coefficient, _chi2),
    **{
        f"lambda_{way}": (
            partial(prediction.goodman_kruskal_lambda, dependent=way),
            _always(Peaks(by_row=way != "rows", by_column=way != "columns")),
        )
        for way in ("symmetric", "rows", "columns")
    },
    # Given the column, the row is guessed: squares over column totals.
    "gk_tau_rows": (
        partial(prediction.goodman_kruskal_tau, dependent="rows"),
        partial(_squares, rows=False, columns=True),
    ),
    "gk_tau_columns": (
        partial(prediction.goodman_kruskal_tau, dependent="columns"),
        partial(_squares, rows=True, columns=False),
    ),
    **{
        f"uncertainty_{way}": (
            partial(prediction.uncertainty_coefficient, dependent=way),
            _entropy,
        )
        for way in ("symmetric", "rows", "columns")
    },
    "linear_by_linear": (ordinal.linear_by_linear, _trend),
    "gamma": (ordinal.gamma, _always(Concordance(relative=True))),
    "kendall_tau_b": (ordinal.kendall_tau_b, _always(Concordance(relative=False))),
    "stuart_tau_c": (ordinal.stuart_tau_c, _always(Concordance(relative=False))),
    **{
        f"somers_d_{way}": (
            partial(ordinal.somers_d, dependent=way),
            _always(Concordance(relative=False)),
        )
        for way in ("symmetric", "rows", "columns")
    },
    "spearman": (ordinal.spearman, partial(_correlation, ranks=True)),
    "pearson_r": (ordinal.pearson_r, _correlation),
}
_TWO_BY_TWO: Mapping[str, tuple[Measure, Make]] = {
    "continuity_correction": (partial(independence.chi_square, correction=True), _corner),
    "odds_ratio": (risk.odds_ratio, _always(Free(_odds))),
    "risk_ratio": (risk.risk_ratio, _always(Free(_risks))),
}
_SQUARE: Mapping[str, tuple[Measure, Make]] = {
    "kappa": (prediction.kappa, lambda tables: Linear(np.eye(len(tables.rows)))),
}


def names(shape: tuple[int, int]) -> list[str]:
    """Statistics of a table of this shape, by their rows in `statistics(table)`.

    Examples
    --------
    >>> len(names((5, 4))), set(names((3, 3))) - set(names((5, 4)))
    (24, {'kappa'})
    """
    return list(_known(shape))


def _known(shape: tuple[int, int]) -> dict[str, tuple[Measure, Make]]:
    square = _SQUARE if shape[0] == shape[1] else {}
    return {**_ANY, **(_TWO_BY_TWO if shape == (2, 2) else {}), **square}


# Our own functions are recognised, so that `attainable(r, c, cl.gamma)` is proved as well.
_NAMES: Mapping[Any, str] = {
    **{
        measure: name
        for name, (measure, _) in {**_ANY, **_TWO_BY_TWO, **_SQUARE}.items()
        if not isinstance(measure, partial)
    },
    prediction.goodman_kruskal_lambda: "lambda_symmetric",
    prediction.goodman_kruskal_tau: "gk_tau_columns",
    prediction.uncertainty_coefficient: "uncertainty_symmetric",
    ordinal.somers_d: "somers_d_symmetric",
}
