"""Shares and tests of people who stand for different numbers of others."""

from __future__ import annotations

import numpy as np
import pandas as pd

from churnlib.evidence import NAN, Test, require_level
from churnlib.survey import Survey


def weighted_shares(survey: Survey, variable: str, *, level: float = 0.95) -> pd.DataFrame:
    """Estimate the population's shares of a question from weighted answers.

    The sample is taken as drawn with replacement, one person at a time, with unequal chances:
    clusters and strata are not known, and weights are taken as fixed.

    Parameters
    ----------
    survey : Survey
        With weights.
    variable : str
        A question with one answer.
    level : float
        Of the intervals, which are made on the logit scale with t of n − 1 degrees of freedom, as
        R's ``svyciprop(method = "logit")``.

    Returns
    -------
    DataFrame
        By level: ``n`` (people, not weighted), ``share``, ``se``, ``low``, ``high`` (from 0 to 1),
        ``design_effect`` (variance over that of an unweighted sample as large). Limits are NaN for
        a share of 0 or 1.

    Raises
    ------
    KeyError
        If there is no such variable.
    ValueError
        If the survey has no weights, the question no levels, or fewer than two people answered.

    References
    ----------
    Lumley, T. (2010). Complex surveys: a guide to analysis using R. Wiley. Kish, L. (1965). Survey
    sampling. Wiley.
    """
    from scipy.stats import t

    require_level(level)
    weights, (answers,) = _weighted(survey, [variable])
    chosen = pd.get_dummies(answers).astype(float)
    n = len(chosen)
    shares = weights @ chosen.to_numpy()
    se = np.sqrt(np.diag(_covariance(chosen.to_numpy(), weights)))
    simple = shares * (1 - shares) / (n - 1)
    inside = (shares > 0) & (shares < 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        logit = np.log(shares / (1 - shares))
        reach = t.isf((1 - level) / 2, n - 1) * se / (shares * (1 - shares))
        low, high = (1 / (1 + np.exp(-(logit + side * reach))) for side in (-1, 1))
        effect = se**2 / simple
    return pd.DataFrame(
        {
            "n": chosen.sum().astype(int).to_numpy(),
            "share": shares,
            "se": se,
            "low": np.where(inside, low, NAN),
            "high": np.where(inside, high, NAN),
            "design_effect": np.where(inside, effect, NAN),
        },
        index=pd.Index(chosen.columns.astype(str), name=variable),
    )


def rao_scott(survey: Survey, rows: str, columns: str) -> Test:
    """Test whether two questions are independent in the population, from weighted answers.

    Pearson's χ² of the weighted shares, corrected for what the design makes of its mean and
    spread (second order), as an F statistic: what R's ``svychisq`` and SPSS's complex samples
    give.

    Parameters
    ----------
    survey : Survey
        With weights.
    rows, columns : str
        Questions with one answer.

    Returns
    -------
    Test
        F with fractional ``df`` and ``df_residual``; ``n`` counts people, not weights. Its note
        gives the corrected χ² and the mean design effect. NaN with a note where fewer than two
        levels of either were answered.

    Raises
    ------
    KeyError, ValueError
        As `weighted_shares`.

    References
    ----------
    Rao, J. N. K. & Scott, A. J. (1984). On chi-squared tests for multiway contingency tables with
    cell proportions estimated from survey data. Ann. Stat. 12, 46–60. Thomas, D. R. & Rao, J. N. K.
    (1987). J. Am. Stat. Assoc. 82, 630–636.
    """
    from scipy.stats import f

    weights, (row, column) = _weighted(survey, [rows, columns])
    row, column = row.cat.remove_unused_categories(), column.cat.remove_unused_categories()
    n, r, c = len(row), len(row.cat.categories), len(column.cat.categories)
    if min(r, c) < 2:
        note = "fewer than two levels were answered"
        return Test("rao_scott", NAN, NAN, NAN, n, False, (NAN, NAN), survey.origin, note)
    cells = np.zeros((n, r * c))
    cells[np.arange(n), row.cat.codes * c + column.cat.codes] = 1
    p = weights @ cells
    grid = p.reshape(r, c)
    expected = np.outer(grid.sum(axis=1), grid.sum(axis=0)).ravel()
    pearson = n * ((p - expected) ** 2 / expected).sum()
    # Δ, the design effects of the interactions, at the shares that were seen, as R's survey.
    main = np.array([np.r_[np.eye(r)[i], np.eye(c)[j][1:]] for i in range(r) for j in range(c)])
    both = np.array(
        [np.outer(np.eye(r)[i][1:], np.eye(c)[j][1:]).ravel() for i in range(r) for j in range(c)]
    )
    contrasts = both - main @ np.linalg.lstsq(main, both, rcond=None)[0]
    scaled = np.divide(contrasts, p[:, None], out=np.zeros_like(contrasts), where=p[:, None] > 0)
    simple = contrasts.T @ scaled / n
    delta = np.linalg.solve(simple, scaled.T @ _covariance(cells, weights) @ scaled)
    first, second = np.trace(delta), np.trace(delta @ delta)
    statistic, df = float(pearson / first), float(first**2 / second)
    note = (
        f"corrected χ² {statistic * df:.2f}, df {df:.2f}; "
        f"mean design effect {first / ((r - 1) * (c - 1)):.2f}"
    )
    p_value = float(f.sf(statistic, df, df * (n - 1)))
    return Test(
        "rao_scott", statistic, df, p_value, n, False, (NAN, NAN), survey.origin, note, df * (n - 1)
    )


def _weighted(survey: Survey, variables: list[str]) -> tuple[np.ndarray, list[pd.Series]]:
    """Weights that add up to 1 and the answers, of those who answered all."""
    if survey.weights is None:
        raise ValueError("the survey has no weights; clean it with weight=, or declare one")
    for name in variables:
        if survey.codebook[name].kind != "single":
            raise ValueError(f"{name!r} is no question with one answer of several")
    answered = survey.frame[variables].dropna()
    if len(answered) < 2:
        raise ValueError(f"fewer than two people answered {' and '.join(variables)}")
    weights = survey.weights[answered.index].to_numpy(dtype=float)
    return weights / weights.sum(), [answered[name] for name in variables]


def _covariance(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Covariance of weighted means by linearisation; weights add up to 1."""
    n = len(weights)
    scores = weights[:, None] * (values - weights @ values)
    return n / (n - 1) * scores.T @ scores
