"""Where a table differs: residuals with p-values, and columns compared two by two."""

from __future__ import annotations

from itertools import combinations
from string import ascii_uppercase
from typing import Any, Literal

import numpy as np
import pandas as pd

from churnlib.crosstabs.estimates import as_table
from churnlib.evidence import require_level

Adjustment = Literal["none", "holm", "bonferroni"]


def residual_p_values(table: Any, *, adjust: Adjustment = "none") -> pd.DataFrame:
    """Two-sided p-value of each adjusted residual.

    Parameters
    ----------
    table : Crosstab or nested counts
    adjust : {"none", "holm", "bonferroni"}
        For all cells of the table together.

    Returns
    -------
    DataFrame
        Like the counts; NaN in rows and columns that count nobody.

    References
    ----------
    Holm, S. (1979). A simple sequentially rejective multiple test procedure. Scand. J. Stat.
    6, 65–70.

    Examples
    --------
    >>> residual_p_values([[762, 327, 468], [484, 239, 477]]).round(4).iloc[0].tolist()
    [0.0, 0.4843, 0.0]
    """
    from scipy.stats import norm

    residuals = as_table(table).adjusted_residuals
    p = 2 * norm.sf(abs(residuals.to_numpy(dtype=float)))
    occupied = np.isfinite(p)
    p[occupied] = _adjusted(p[occupied], adjust)
    return pd.DataFrame(p, residuals.index, residuals.columns)


def compare_columns(
    table: Any, *, level: float = 0.95, adjust: Adjustment = "bonferroni"
) -> pd.DataFrame:
    """Say row by row which columns have a larger share than which others, in letters.

    The columns are lettered A, B, C, … in their order. A cell shows the letters of the columns
    whose share in that row is significantly *smaller*, as SPSS's custom tables print them: ``"A
    C"`` under B says that B's share is larger than A's and than C's.

    Parameters
    ----------
    table : Crosstab or nested counts
    level : float
        Confidence level; 0.95 tests at 5 %.
    adjust : {"none", "holm", "bonferroni"}
        For the pairs of columns within a row, as SPSS does.

    Returns
    -------
    DataFrame of str
        Like the counts. As in SPSS, a column whose share in a row is 0 or 1 is not compared
        in that row, nor is a column that counts nobody; ``attrs["notes"]`` names them by row.
        ``attrs["note"]`` is that of the table.

    Raises
    ------
    ValueError
        If the table has more than 26 columns.

    Examples
    --------
    >>> compare_columns([[20, 60], [80, 40]]).to_numpy().tolist()
    [['', 'A'], ['B', '']]
    """
    from scipy.stats import norm

    table = as_table(table)
    require_level(level)
    if table.counts.shape[1] > len(ascii_uppercase):
        raise ValueError(f"letters reach for 26 columns, given {table.counts.shape[1]}")
    totals = table.column_totals.to_numpy(dtype=float)
    letters = np.full(table.counts.shape, "", dtype=object)
    notes = {}
    for i, counts in enumerate(table.counts.to_numpy(dtype=float)):
        usable = [j for j, n in enumerate(totals) if 0 < counts[j] < n]
        if left_out := [str(c) for j, c in enumerate(table.counts.columns) if j not in usable]:
            notes[table.counts.index[i]] = f"not compared, share 0 or 1: {', '.join(left_out)}"
        pairs = list(combinations(usable, 2))
        if not pairs:
            continue
        j, k = np.array(pairs).T
        pooled = (counts[j] + counts[k]) / (totals[j] + totals[k])
        spread = np.sqrt(pooled * (1 - pooled) * (1 / totals[j] + 1 / totals[k]))
        z = (counts[j] / totals[j] - counts[k] / totals[k]) / spread
        p = _adjusted(2 * norm.sf(abs(z)), adjust)
        for (one, other), difference, value in zip(pairs, z, p, strict=True):
            if value < 1 - level:
                larger, smaller = (one, other) if difference > 0 else (other, one)
                letters[i, larger] = f"{letters[i, larger]} {ascii_uppercase[smaller]}".strip()
    compared = pd.DataFrame(letters, table.counts.index, table.counts.columns)
    compared.attrs["notes"] = notes
    compared.attrs["note"] = table.note
    return compared


def _adjusted(p: np.ndarray, adjust: str) -> np.ndarray:
    from statsmodels.stats.multitest import multipletests

    if adjust not in {"none", "holm", "bonferroni"}:
        raise ValueError(f"adjust is none, holm or bonferroni; given {adjust!r}")
    return p if adjust == "none" or not p.size else multipletests(p, method=adjust)[1]
