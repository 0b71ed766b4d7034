"""Statistics as functions of the counts once the margins are fixed, and how to their extremes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from churnlib.crosstabs import MEASURES
from churnlib.evidence import Estimate, Test
from churnlib.margins.constraints import Count, mask_of
from churnlib.margins.searches import (
    PROGRAM,
    Extreme,
    Values,
    above_secants,
    best_found,
    branch_and_bound,
    climb,
    closed_paths,
    if_resolved,
    least_of_largest,
    solve,
)
from churnlib.margins.table_sets import TableSet

WAYS = ("symmetric", "rows", "columns")
CALLS, TABLES = 12_000, 500_000  # tables looked at in a search, by calls and by a formula
CELLS, SECANTS = 30, 40_000  # in a table whose closed paths are all tried, and in one program


@dataclass(frozen=True, eq=False)
class Form:
    """A function of tables, NaN where undefined, and how to reach its ends, −1 and 1, in a set."""

    values: Values
    end: Callable[[TableSet, int], Extreme]


@dataclass(frozen=True, eq=False)
class Objective:
    """A statistic whose extremes are asked for, and the form that orders the tables by it."""

    name: str
    measure: Callable[..., Any]
    form: Form
    slow: bool = False  # values are calls of a function, one a table


def objective(statistic: Any, tables: TableSet) -> Objective:
    """Find the form of a statistic: a name, the people in some cells, or a function of a table."""
    if isinstance(statistic, Count):
        cells = mask_of(statistic.cells, tables.rows.index, tables.columns.index)
        return Objective(str(statistic), statistic, linear(1.0 * cells))
    every = battery(tables)
    for name, form in every.items():
        measure = MEASURES[name]
        # Our own functions are recognised, so that `attainable(r, c, cl.gamma)` is proved as well.
        if name == statistic or getattr(measure, "func", measure) is statistic:
            return Objective(name, measure, form)
    if statistic == "kappa" and tables.shape[0] == tables.shape[1]:
        raise ValueError("kappa needs the same categories in rows and columns; rename them")
    if isinstance(statistic, str):
        size = " × ".join(map(str, tables.shape))
        raise ValueError(
            f"a table of {size} cells has no statistic {statistic!r}; it has {', '.join(every)}"
        )
    if not callable(statistic):
        raise TypeError(
            "a statistic is a row of statistics(table), a Count of cells, or a function of a "
            f"Crosstab; given {statistic!r}"
        )

    def values(stack: np.ndarray) -> np.ndarray:
        return np.array([number(statistic(tables.table(counts))) for counts in stack], dtype=float)

    name = getattr(statistic, "__name__", "statistic")
    return Objective(name, statistic, free(values), slow=True)


def battery(tables: TableSet) -> dict[str, Form]:
    """Return the form of every statistic, the default of a function before its variants."""
    from scipy.special import gammaln, kl_div

    shape, rows, columns = tables.shape, tables.rows.to_numpy(), tables.columns.to_numpy()
    expected = tables.expected

    def squares(totals: np.ndarray) -> Form:
        """Squares of O − E: with fixed margins those of O but for a constant, and more precise."""
        some = np.where(totals > 0, totals, 1)  # where a margin is 0, so is the cell
        return convex_sum(lambda stack: (stack - expected) ** 2 / some)

    chi2, pairs = squares(expected), concordance(relative=False)
    # O log(O / E) − O + E: with fixed margins O log O but for a constant, and more precise.
    some = np.where(expected > 0, expected, 1)
    entropy = convex_sum(lambda stack: kl_div(stack, some))
    scores = np.outer(*(np.arange(1.0, size + 1) for size in shape))
    # Twice the mid-ranks, so that all weights are whole numbers.
    ranks = np.outer(*(2 * margin.cumsum() - margin + 1.0 for margin in (rows, columns)))
    forms = {
        "pearson_chi2": chi2,
        "likelihood_ratio": entropy,
        # Logarithm of Π x!: with fixed margins a table is the less probable the larger it is.
        "fisher_exact": convex_sum(lambda stack: gammaln(stack + 1.0)),
        "phi": _signed(expected > 0) or chi2,
        **dict.fromkeys(("cramers_v", "cramers_v_corrected", "contingency_coefficient"), chi2),
        "lambda_symmetric": peaks(by_row=True, by_column=True),
        "lambda_rows": peaks(by_row=False, by_column=True),
        "lambda_columns": peaks(by_row=True, by_column=False),
        # Given the column, the row is guessed: squares over column totals.
        "gk_tau_columns": squares(rows[:, None]),
        "gk_tau_rows": squares(columns),
        **dict.fromkeys((f"uncertainty_{way}" for way in WAYS), entropy),
        "linear_by_linear": distance(scores, expected),
        "gamma": concordance(relative=True),
        **dict.fromkeys(("kendall_tau_b", "stuart_tau_c"), pairs),
        **dict.fromkeys((f"somers_d_{way}" for way in WAYS), pairs),
        "spearman": linear(ranks),
        "pearson_r": linear(scores),
    }
    if shape == (2, 2):
        # |O − E| of the first cell is that of all four.
        forms["continuity_correction"] = distance(np.diag([1.0, 0.0]), expected)
        forms["odds_ratio"] = free(_quotient([0, 3], [1, 2]))
        forms["risk_ratio"] = free(_quotient([0], [2]))  # but for the row totals, which are fixed
    agree = np.array([[x == y for y in tables.columns.index] for x in tables.rows.index], float)
    if shape[0] == shape[1] == agree.sum():  # the categories are the same, in whatever order
        forms["kappa"] = linear(agree)
    return forms


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


def free(values: Values) -> Form:
    """Return the form of which nothing is known but its values: both ends are searched."""
    return Form(values, lambda tables, sign: best_found(tables, lambda x: sign * values(x), CALLS))


def linear(weights: np.ndarray) -> Form:
    """Return a weighted sum of the cells: correlations of scores, kappa, people in some cells."""
    return Form(
        lambda stack: np.asarray((stack * weights).sum(axis=(1, 2))),
        lambda tables, sign: Extreme(solve(tables, -sign * weights), True, PROGRAM),
    )


def _signed(occupied: np.ndarray) -> Form | None:
    """The first cell where two rows and two columns count somebody: φ has a sign there."""
    if occupied.any(axis=1).sum() != 2 or occupied.any(axis=0).sum() != 2:
        return None
    weights = np.zeros(occupied.shape)
    weights.flat[occupied.argmax()] = 1
    return linear(weights)


def distance(weights: np.ndarray, expected: np.ndarray) -> Form:
    """Return how far a weighted sum is from that of the expected cells, on either side."""
    total, centre = linear(weights), float((weights * expected).sum())

    def values(stack: np.ndarray) -> np.ndarray:
        return abs(total.values(stack) - centre)

    def end(tables: TableSet, sign: int) -> Extreme:
        if sign > 0:
            ends = [total.end(tables, side) for side in (-1, 1)]
            return max(ends, key=lambda end: values(end.table[None])[0])
        sides = np.array([weights.ravel(), -weights.ravel()])
        return least_of_largest(tables, sides, np.array([-centre, centre]), np.ones((2, 1)))

    return Form(values, end)


def peaks(*, by_row: bool, by_column: bool) -> Form:
    """Return the largest cell of each row, of each column, or of both, added up: lambda."""

    def values(stack: np.ndarray) -> np.ndarray:
        in_rows, in_columns = stack.max(axis=2).sum(axis=1), stack.max(axis=1).sum(axis=1)
        return np.asarray(by_row * in_rows + by_column * in_columns, dtype=float)

    def end(tables: TableSet, sign: int) -> Extreme:
        masks = [limit.mask.ravel() for limit in tables.margins]
        masks = masks[: tables.shape[0]] * by_row + masks[tables.shape[0] :] * by_column
        # Each cell as often as it is in a line, and that line, both as unit vectors.
        line, cell = np.nonzero(masks)
        cells, lines = np.eye(tables.expected.size)[cell], np.eye(len(masks))[line]
        if sign < 0:
            return least_of_largest(tables, cells, np.zeros(len(cells)), lines)
        # With a variable a line, no larger than the one cell of it that is chosen.
        reach, (n_choices, n_lines) = float(tables.cells[1].max()), lines.shape
        below_chosen = [np.hstack([-cells, lines]), reach * np.eye(n_choices)]
        one_chosen = [np.zeros((n_lines, cells.shape[1] + n_lines)), -lines.T]
        table = solve(
            tables,
            conditions=np.block([below_chosen, one_chosen]),
            most=np.repeat([reach, -1.0], [n_choices, n_lines]),
            extra=[(-1.0, 0.0, reach, 0)] * n_lines + [(0.0, 0.0, 1.0, 1)] * n_choices,
        )
        return if_resolved(table)

    return Form(values, end)


def convex_sum(cost: Values) -> Form:
    """Return a sum of convex functions of single cells: χ², G², tau, a table's improbability."""

    def values(stack: np.ndarray) -> np.ndarray:
        return np.asarray(cost(stack).sum(axis=(1, 2)))

    def end(tables: TableSet, sign: int) -> Extreme:
        if sign > 0:
            return branch_and_bound(tables, cost)
        if tables.expected.size <= CELLS and not tables.sums:
            moves = closed_paths(tables.shape, min(tables.shape))
            table = climb(tables, lambda stack: -values(stack), solve(tables), moves)
            return Extreme(table, True, "closed paths")
        if tables.expected.size * tables.cells[1].max() <= SECANTS:
            return above_secants(tables, cost)
        return best_found(tables, lambda stack: -values(stack), TABLES)

    return Form(values, end)


def concordance(*, relative: bool) -> Form:
    """Return how many more pairs of people agree in order than disagree; gamma divides by both.

    Notes
    -----
    Write H for the number of people in or above a row and in or left of a column. Of two tables
    with the same margins let H be nowhere smaller in the first. Concordant pairs P are counted by
    ``[x > x'] [y > y']``: as a function of (x, y) a product of two that do not fall, of (x', y')
    of two that do not rise, both times supermodular, so that its sum does not fall as H grows
    (Cambanis, Simons & Stout, 1976, Z. Wahrscheinlichkeitstheorie verw. Geb. 36, 285–294).
    Replacing first one person's table and then the other's, the first has no fewer P; for
    discordant pairs Q, ``[x > x'] [y < y']``, all is turned, and it has no more. So P − Q grows
    with H, as does gamma, (1 − Q/P) / (1 + Q/P). A table of the set whose H is everywhere the
    largest that the set allows is extremal for both: without constraints the comonotone coupling.
    """

    def values(stack: np.ndarray) -> np.ndarray:
        agree, disagree = _pairs(stack), _pairs(stack[:, :, ::-1])
        if not relative:
            return agree - disagree
        with np.errstate(invalid="ignore"):
            return (agree - disagree) / (agree + disagree)

    def end(tables: TableSet, sign: int) -> Extreme:
        table = _coupling(tables, sign)
        if table is not None:
            return Extreme(table, True, "coupling")
        return best_found(tables, lambda stack: sign * values(stack), TABLES)

    return Form(values, end)


def _pairs(stack: np.ndarray) -> np.ndarray:
    """Pairs of people of whom one is further down and further right."""
    before = stack.cumsum(axis=1).cumsum(axis=2)[:, :-1, :-1]
    return np.asarray((stack[:, 1:, 1:] * before).sum(axis=(1, 2)), dtype=float)


def _coupling(tables: TableSet, sign: int) -> np.ndarray | None:
    """The table of the set that is most in step (1) or most out of step (−1), if there is one."""
    down, across = tables.rows.to_numpy().cumsum(), tables.columns.to_numpy().cumsum()
    if sign > 0:
        reached = np.minimum.outer(down, across)
    else:
        reached = np.maximum(0, np.add.outer(down, across) - down[-1])
    if tables.constraints:
        for i, j in np.ndindex(tables.shape[0] - 1, tables.shape[1] - 1):
            block = np.zeros(tables.shape)
            block[: i + 1, : j + 1] = -sign
            reached[i, j] = solve(tables, block)[: i + 1, : j + 1].sum()
    table = np.diff(np.diff(np.pad(reached, ((1, 0), (1, 0))), axis=0), axis=1)
    return table if (table >= 0).all() and tables.admits(table[None])[0] else None


def _quotient(above: list[int], below: list[int]) -> Values:
    """Return the quotient of products of cells; infinite over 0, and NaN for 0 over 0."""

    def values(stack: np.ndarray) -> np.ndarray:
        cells = stack.reshape(len(stack), -1).astype(float)
        up, down = cells[:, above].prod(axis=1), cells[:, below].prod(axis=1)
        return np.divide(up, down, out=np.where(up > 0, np.inf, np.nan), where=down > 0)

    return values
