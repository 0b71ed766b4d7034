"""How well one variable tells the other, lambda, tau, U, eta; and whether two ratings agree."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import pandas as pd

from churnlib.crosstabs.independence import (
    TOO_SMALL,
    Dependent,
    Value,
    as_table,
    estimate,
    g_squared,
    likelihood_ratio,
    measure,
    quotient,
    untested,
)
from churnlib.evidence import NAN, Estimate, Test, chi_square_result, joined
from churnlib.tables import deviations


def goodman_kruskal_lambda(
    table: Any, *, dependent: Dependent = "symmetric", level: float = 0.95
) -> Estimate:
    """Lambda: by how much knowing one variable lessens the errors in guessing the other.

    `dependent` is guessed. 0 does not mean independence but that the best guess is the same in
    every row. Goodman & Kruskal (1963), J. Am. Stat. Assoc. 58, 310–364.

    Examples
    --------
    >>> vassar = [[19, 26, 8], [21, 13, 5], [6, 12, 27]]
    >>> guess = goodman_kruskal_lambda(vassar, dependent="rows")
    >>> round(guess.value, 3), round(guess.se, 3)
    (0.25, 0.089)
    """
    return _reduction(
        "lambda", table, dependent, level, _errors,
        lambda o: o.max(axis=1).sum() - o.sum(axis=0).max(),
    )  # fmt: skip


def goodman_kruskal_tau(
    table: Any, *, dependent: Literal["rows", "columns"] = "columns", level: float = 0.95
) -> Estimate:
    """Goodman and Kruskal's tau: lambda's sibling for guesses drawn in proportion.

    The standard error is the delta method's; the p-value that of (n − 1)(c − 1)τ as χ², as in
    SPSS, c being the levels of the variable that is guessed, `dependent`. Light & Margolin (1971),
    J. Am. Stat. Assoc. 66, 534–544.

    Examples
    --------
    >>> vassar = [[19, 26, 8], [21, 13, 5], [6, 12, 27]]
    >>> round(goodman_kruskal_tau(vassar, dependent="rows").value, 3)
    0.129
    """
    if dependent not in ("rows", "columns"):
        raise ValueError(f"dependent is one of rows, columns; given {dependent!r}")
    table = as_table(table)
    tau = _reduction(
        "gk_tau", table, dependent, level, _gini,
        lambda o: (deviations(o) ** 2 / o.sum(axis=1, keepdims=True)).sum(),
    )  # fmt: skip
    rows, columns = table.occupied.counts.shape
    others = (rows if dependent == "rows" else columns) - 1
    statistic, df = (table.n - 1) * others * tau.value, (rows - 1) * (columns - 1)
    test = chi_square_result(tau.name, statistic, df, table.n, table.origin)
    return replace(tau, t=NAN, p_value=test.p_value)


def uncertainty_coefficient(
    table: Any, *, dependent: Dependent = "symmetric", level: float = 0.95
) -> Estimate:
    """Theil's U: the part of one variable's entropy that knowing the other removes.

    With SPSS's p-value, that of the likelihood-ratio χ². Theil (1970), Am. J. Sociol. 76, 103–154.

    Examples
    --------
    >>> table = [[25, 25, 12], [0, 1, 3]]
    >>> u = uncertainty_coefficient(table, dependent="rows")
    >>> round(u.value, 4), round(u.se, 4)
    (0.2217, 0.1062)
    """
    table = as_table(table)
    u = _reduction("uncertainty", table, dependent, level, _surprise, lambda o: g_squared(o) / 2)
    return replace(u, p_value=likelihood_ratio(table).p_value)


def _reduction(
    stem: str, table: Any, dependent: str, level: float,
    doubt: Callable[[np.ndarray], np.ndarray], removed: Callable[[np.ndarray], float],
) -> Estimate:  # fmt: skip
    """The part of the doubt about one variable that knowing the other removes.

    `doubt` has the derivatives of each row's doubt after its counts; the doubt itself is their
    weighted sum. `removed` is how much less there is about the columns once the row is known.
    """
    if dependent not in ("symmetric", "rows", "columns"):
        raise ValueError(f"dependent is one of symmetric, rows, columns; given {dependent!r}")

    def formula(o: np.ndarray) -> Value:
        above, below, numerator = np.zeros(o.shape), np.zeros(o.shape), 0.0
        for way, turn in (("rows", np.transpose), ("columns", np.array)):
            if dependent in (way, "symmetric"):
                given = turn(o)
                before = doubt(given.sum(axis=0, keepdims=True))
                below += turn(before + np.zeros(given.shape))
                above += turn(before - doubt(given))
                numerator += removed(given)
        why_none = "everybody has the level that would be guessed"
        return quotient(o, above, below, numerator=numerator, why_none=why_none)

    return measure(f"{stem}_{dependent}", table, formula, level, least=0.0)


def _errors(o: np.ndarray) -> np.ndarray:
    """Lambda's doubt: people who do not have the commonest level."""
    return 1.0 * (np.arange(o.shape[1]) != o.argmax(axis=1)[:, None])


def _gini(o: np.ndarray) -> np.ndarray:
    """Tau's doubt, n (1 − Σ p²); from what shares lack, which keeps its digits near 1."""
    n = o.sum(axis=1, keepdims=True)
    lacking = (n - o) / n
    return 2 * lacking - (o / n * lacking).sum(axis=1, keepdims=True)


def _surprise(o: np.ndarray) -> np.ndarray:
    """U's doubt, −n Σ p ln p, with the logarithm of a share near 1 taken from what it lacks."""
    n = o.sum(axis=1, keepdims=True)
    lacking = (n - o) / n
    near = np.log1p(-np.minimum(lacking, 0.5))
    return -np.where(lacking < 0.5, near, np.log(np.where(o > 0, o, n) / n))


def eta(table: Any, *, dependent: Literal["rows", "columns"], level: float = 0.95) -> Estimate:
    """Return η: how much of a number's variation lies between the groups, as its square root.

    √(SS between groups / SS in all), from 0 to 1, without an interval; NaN where the number does
    not vary. The levels of `dependent` are numbers, else it is a `ValueError`.

    Examples
    --------
    >>> from churnlib.tables import Crosstab
    >>> table = Crosstab.from_counts([[8, 4, 1], [2, 5, 9]], columns=[0, 1, 2])
    >>> round(eta(table, dependent="columns").value, 4)
    0.5845
    """
    table = as_table(table)
    across = table.T if dependent == "rows" else table
    levels = across.counts.columns
    if (scores := numbers(levels)) is None:
        raise ValueError(f"eta needs numbers as levels of the {dependent}, given {list(levels)}")
    o = across.counts.to_numpy(dtype=float)
    o = o[o.sum(axis=1) > 0]
    centred = scores - (o @ scores).sum() / o.sum()
    whole = (o @ centred**2).sum()
    made = Value(why_none=TOO_SMALL)
    if len(o) > 1 and whole > 0:
        made = Value(float(np.sqrt(((o @ centred) ** 2 / o.sum(axis=1)).sum() / whole)))
    return estimate(f"eta_{dependent}", table, made, level, table.note)


def numbers(levels: pd.Index) -> np.ndarray | None:
    """Return the numbers that levels or their texts are, or ``None``: mere positions are none."""
    if isinstance(levels, pd.RangeIndex) or any(isinstance(each, bool) for each in levels):
        return None
    try:
        scores = np.array([float(each) for each in levels])
    except (TypeError, ValueError):
        return None
    return scores if np.isfinite(scores).all() else None


def kappa(table: Any, *, level: float = 0.95) -> Estimate:
    """Return Cohen's kappa: agreement of two ratings beyond what chance gives.

    Rows and columns are paired by their levels, in whatever order they stand; other categories
    are a `ValueError`. Fleiss, Cohen & Everitt (1969), Psychol. Bull. 72, 323–327.

    Examples
    --------
    >>> k = kappa([[20, 5], [10, 15]])
    >>> round(k.value, 2), round(k.se, 3)
    (0.4, 0.127)
    """
    table = as_table(table)
    o = table.paired.to_numpy(dtype=float)
    n = o.sum()
    row, column = o.sum(axis=1) / n, o.sum(axis=0) / n
    # Disagreement and its expectation are added up and not taken from 1, where they could be lost.
    not_row, not_column = (n - o.sum(axis=1)) / n, (n - o.sum(axis=0)) / n
    expected, chance = (row * not_column).sum(), (row * column).sum()
    by_chance = not_column[:, None] + not_row - expected
    none = "both ratings always give the same level"
    lack = quotient(o, 1 - np.eye(len(o)), by_chance, why_none=none)
    null = np.maximum(0.0, chance + chance**2 - (row * column * (row + column)).sum())
    se_null = np.sqrt(null / n) / expected if expected else NAN
    agreement = replace(lack, value=1 - lack.value, se_null=se_null)
    return estimate("kappa", table, agreement, level, table.note)


def mcnemar_bowker(table: Any) -> Test:
    """Test that two ratings of the same people have the same shares, by symmetry of their table.

    Rows and columns are paired by name; other categories are a `ValueError`. Of two categories it
    is McNemar's exact test, two-sided, as SPSS prints it; of more Bowker's χ² with k(k − 1)/2
    degrees of freedom (1948, J. Am. Stat. Assoc. 43, 572–574), to which pairs of categories between
    which nobody changed add nothing, as the note says. NaN where nobody changed.

    Examples
    --------
    >>> test = mcnemar_bowker([[20, 10, 5], [3, 30, 15], [0, 5, 40]])
    >>> round(test.statistic, 3), int(test.df)
    (13.769, 3)
    """
    from scipy.stats import binomtest

    table = as_table(table)
    o = table.paired.to_numpy(dtype=float)  # squares of large whole numbers overflow
    upper = np.triu_indices(len(o), 1)
    there, changed = o[upper], (o + o.T)[upper]
    some = changed > 0
    df = len(changed)
    note = "" if some.all() else f"nobody changed between {int((~some).sum())} of {df} pairs"
    if df > 1 and some.any():
        statistic = ((2 * there - changed)[some] ** 2 / changed[some]).sum()
        note = joined(note, table.note)
        return chi_square_result("mcnemar_bowker", statistic, df, table.n, table.origin, note)
    if not some.any():
        return untested("mcnemar_bowker", table, joined("nobody is off the diagonal", table.note))
    p = float(binomtest(int(there[0]), int(changed[0])).pvalue)
    exact = untested("mcnemar_bowker", table, table.note)
    return replace(exact, p_value=p, exact=True, p_interval=(p, p))
