"""Every statistic of `statistics(table)` by its form once the margins are fixed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from churnlib import crosstabs
from churnlib.evidence import Estimate, Test
from churnlib.margins import extremal_forms as forms
from churnlib.margins.constraints import Count, mask_of
from churnlib.margins.table_sets import TableSet

Measure = Callable[..., Any]


@dataclass(frozen=True, eq=False)
class Objective:
    """A statistic whose extremes are asked for, and the form that orders the tables by it."""

    name: str
    measure: Measure
    form: forms.Form
    slow: bool = False  # values are calls of a function, one a table


def number(result: Any) -> float:
    """Return the number that a result stands for; a test without statistic gives its p-value."""
    if isinstance(result, Estimate):
        return result.value
    if isinstance(result, Test):
        return result.p_value if np.isnan(result.statistic) else result.statistic
    try:
        return float(result)
    except (TypeError, ValueError):
        raise TypeError(
            "a statistic gives a number, an Estimate or a Test for a table; "
            f"it gave {type(result).__name__}"
        ) from None


def objective(statistic: Any, tables: TableSet) -> Objective:
    """Find the form of a statistic: a name, the people in some cells, or a function of a table."""
    if isinstance(statistic, Count):
        cells = mask_of(statistic.cells, tables.rows.index, tables.columns.index)
        return Objective(str(statistic), statistic, forms.linear(1.0 * cells))
    every = battery(tables)
    for each in every:
        # Our own functions are recognised, so that `attainable(r, c, cl.gamma)` is proved as well.
        if each.name == statistic or getattr(each.measure, "func", each.measure) is statistic:
            return each
    if isinstance(statistic, str):
        size, names = " × ".join(map(str, tables.shape)), ", ".join(each.name for each in every)
        raise ValueError(f"a table of {size} cells has no statistic {statistic!r}; it has {names}")
    if not callable(statistic):
        raise TypeError(
            "a statistic is a row of statistics(table), a Count of cells, or a function of a "
            f"Crosstab; given {statistic!r}"
        )

    def values(stack: np.ndarray) -> np.ndarray:
        return np.array([number(statistic(tables.table(counts))) for counts in stack], dtype=float)

    return Objective(
        getattr(statistic, "__name__", "statistic"), statistic, forms.free(values), True
    )


def battery(tables: TableSet) -> list[Objective]:
    """Return every statistic of such tables, the default of a function before its variants."""
    from scipy.special import gammaln, kl_div

    shape, rows, columns = tables.shape, tables.rows.to_numpy(), tables.columns.to_numpy()
    expected = tables.expected

    def squares(totals: np.ndarray) -> forms.Form:
        """Squares of O − E: with fixed margins those of O but for a constant, and more precise."""
        some = np.where(totals > 0, totals, 1)  # where a margin is 0, so is the cell
        return forms.convex_sum(lambda stack: (stack - expected) ** 2 / some)

    def by_way(name: str, measure: Measure, **ways: forms.Form) -> list[Objective]:
        return [
            Objective(f"{name}_{way}", partial(measure, dependent=way), form)
            for way, form in ways.items()
        ]

    chi2, pairs = squares(expected), forms.concordance(relative=False)
    # O log(O / E) − O + E: with fixed margins O log O but for a constant, and more precise.
    some = np.where(expected > 0, expected, 1)
    entropy = forms.convex_sum(lambda stack: kl_div(stack, some))
    # Logarithm of Π x!: with fixed margins a table is the less probable the larger it is.
    improbability = forms.convex_sum(lambda stack: gammaln(stack + 1.0))
    in_rows = forms.peaks(by_row=True, by_column=False)
    in_columns = forms.peaks(by_row=False, by_column=True)
    in_both = forms.peaks(by_row=True, by_column=True)
    scores = np.outer(*(np.arange(1.0, size + 1) for size in shape))
    # Twice the mid-ranks, so that all weights are whole numbers.
    ranks = np.outer(*(2 * margin.cumsum() - margin + 1.0 for margin in (rows, columns)))
    lambda_, tau = crosstabs.goodman_kruskal_lambda, crosstabs.goodman_kruskal_tau
    uncertainty, somers_d = crosstabs.uncertainty_coefficient, crosstabs.somers_d
    objectives = [
        Objective("pearson_chi2", crosstabs.chi_square, chi2),
        Objective("likelihood_ratio", crosstabs.likelihood_ratio, entropy),
        Objective("fisher_exact", crosstabs.fisher_exact, improbability),
        Objective("phi", crosstabs.phi, _signed(expected > 0) or chi2),
        Objective("cramers_v", crosstabs.cramers_v, chi2),
        Objective("cramers_v_corrected", partial(crosstabs.cramers_v, bias_corrected=True), chi2),
        Objective("contingency_coefficient", crosstabs.contingency_coefficient, chi2),
        *by_way("lambda", lambda_, symmetric=in_both, rows=in_columns, columns=in_rows),
        # Given the column, the row is guessed: squares over column totals.
        *by_way("gk_tau", tau, columns=squares(rows[:, None]), rows=squares(columns)),
        *by_way("uncertainty", uncertainty, symmetric=entropy, rows=entropy, columns=entropy),
        Objective("linear_by_linear", crosstabs.linear_by_linear, forms.distance(scores, expected)),
        Objective("gamma", crosstabs.gamma, forms.concordance(relative=True)),
        Objective("kendall_tau_b", crosstabs.kendall_tau_b, pairs),
        Objective("stuart_tau_c", crosstabs.stuart_tau_c, pairs),
        *by_way("somers_d", somers_d, symmetric=pairs, rows=pairs, columns=pairs),
        Objective("spearman", crosstabs.spearman, forms.linear(ranks)),
        Objective("pearson_r", crosstabs.pearson_r, forms.linear(scores)),
    ]
    if shape == (2, 2):
        # |O − E| of the first cell is that of all four.
        yates, corner = partial(crosstabs.chi_square, correction=True), np.diag([1.0, 0.0])
        objectives += [
            Objective("continuity_correction", yates, forms.distance(corner, expected)),
            Objective("odds_ratio", crosstabs.odds_ratio, forms.free(_odds)),
            Objective("risk_ratio", crosstabs.risk_ratio, forms.free(_risks)),
        ]
    if shape[0] == shape[1]:
        objectives.append(Objective("kappa", crosstabs.kappa, forms.linear(np.eye(shape[0]))))
    return objectives


def _signed(occupied: np.ndarray) -> forms.Form | None:
    """The first cell where two rows and two columns count somebody: φ has a sign there."""
    if occupied.any(axis=1).sum() != 2 or occupied.any(axis=0).sum() != 2:
        return None
    weights = np.zeros(occupied.shape)
    weights.flat[occupied.argmax()] = 1
    return forms.linear(weights)


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
