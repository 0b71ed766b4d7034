"""Numbers with numbers: Pearson's and Spearman's correlations."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from churnlib.evidence import NAN
from churnlib.questions.people import numbers_with
from churnlib.tables import origin_of

_FEWEST = 4  # Fisher's interval needs n − 3 > 0
_COLUMNS = ["n", "pearson", "low", "high", "p_value", "spearman", "spearman_p", "p_holm"]


def correlations(data: Any, variables: Sequence[str], *, level: float = 0.95) -> pd.DataFrame:
    """Correlate every two of some numbers.

    Parameters
    ----------
    data : Survey or DataFrame
    variables : sequence of str
        Numbers or scales.
    level : float
        Of the interval of Pearson's r, by Fisher's transformation.

    Returns
    -------
    DataFrame
        By pair: ``n`` (people with both numbers), ``pearson, low, high, p_value, spearman,
        spearman_p`` and ``p_holm``, Pearson's p-value adjusted for all pairs. NaN where fewer than
        four people have both, or one number does not vary. ``attrs["origin"]`` is the kind of
        evidence.

    Raises
    ------
    KeyError
        If there is no such variable.
    ValueError
        If a variable holds no numbers, or there are fewer than two.

    Examples
    --------
    >>> people = pd.DataFrame({"age": [20, 30, 40, 50, 60], "visits": [1, 2, 2, 5, 4]})
    >>> correlations(people, ["age", "visits"])[["n", "pearson", "spearman"]].round(2)
                n  pearson  spearman
    age visits  5     0.87      0.87
    """
    from scipy.stats import pearsonr, spearmanr
    from statsmodels.stats.multitest import multipletests

    if len(variables) < 2:
        raise ValueError(f"a correlation needs two variables or more, given {list(variables)}")
    columns = {name: numbers_with(data, name) for name in variables}
    rows = {}
    for pair in combinations(variables, 2):
        both = pd.concat([columns[name] for name in pair], axis=1).dropna().to_numpy().T
        values = [NAN] * 6
        if both.shape[1] >= _FEWEST and (np.ptp(both, axis=1) > 0).all():
            r, rho = pearsonr(*both), spearmanr(*both)
            limits = r.confidence_interval(level)
            values = [r.statistic, *limits, r.pvalue, rho.statistic, rho.pvalue]
        rows[pair] = [both.shape[1], *values, NAN]
    table = pd.DataFrame.from_dict(rows, orient="index", columns=_COLUMNS)
    table.index = pd.MultiIndex.from_tuples(rows)
    tested = table["p_value"].notna()
    if tested.any():
        table.loc[tested, "p_holm"] = multipletests(table.loc[tested, "p_value"], method="holm")[1]
    table.attrs["origin"] = origin_of(data, None)
    return table
