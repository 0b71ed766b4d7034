"""Two variables counted together: the table that every statistic of the pair follows from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from html import escape
from typing import Any, Literal

import numpy as np
import pandas as pd

from churnlib.evidence import Origin
from churnlib.tables.frequency_table import whole_counts


@dataclass(frozen=True, eq=False)
class Crosstab:
    """How often each pair of answers was given; all statistics of the pair follow from it.

    Parameters
    ----------
    counts : DataFrame of int
        Levels of one variable by levels of another, in codebook order. Make it with
        `from_counts`, which checks the counts, or with `crosstab`.
    origin : Origin
    ordered : tuple of bool
        Whether the order of the rows and of the columns means something.
    missing, set_aside, ledger
        As in `FrequencyTable`; missing is who gave not both answers.
    note : str
        What a reader must know before using a statistic of the table; empty when nothing.

    Examples
    --------
    >>> table = Crosstab.from_counts([[762, 327, 468], [484, 239, 477]])
    >>> table.n
    2757
    >>> table.adjusted_residuals.round(2).iloc[0].tolist()
    [4.5, 0.7, -5.32]
    """

    counts: pd.DataFrame
    origin: Origin
    ordered: tuple[bool, bool] = (False, False)
    missing: int = 0
    set_aside: int = 0
    ledger: pd.DataFrame | None = None
    note: str = ""

    @classmethod
    def from_counts(
        cls,
        counts: Any,
        *,
        rows: Sequence[Any] | None = None,
        columns: Sequence[Any] | None = None,
        ordered: bool | tuple[bool, bool] = False,
        origin: Origin = Origin.OBSERVED,
        missing: int = 0,
    ) -> Crosstab:
        """Make a table of counts that are already there.

        Parameters
        ----------
        counts : DataFrame, array or nested sequence
            Whole numbers of 0 or more, at least one of them above 0.
        rows, columns : sequence, optional
            Level keys; those of a DataFrame, else 0, 1, … when left out.
        ordered : bool or pair of bool
            For both variables, or for rows and columns apart.

        Raises
        ------
        ValueError
            If a count is fractional, negative or missing, if the table counts nobody, or if
            labels and counts do not fit each other.
        """
        cells = np.array(counts, dtype=object)
        if cells.ndim != 2:
            raise ValueError(f"counts need rows and columns, all equally long; given {counts}")
        whole = whole_counts(cells, "counts")
        if whole.astype(float).sum() > 2.0**53:
            raise ValueError(
                f"the table counts {whole.astype(object).sum():,} people; beyond 2**53, about 9 "
                "thousand million million, counts are not exact"
            )
        if whole.sum() == 0:
            raise ValueError(
                f"the table of {whole.shape[0]} × {whole.shape[1]} cells counts nobody"
            )
        given = counts if isinstance(counts, pd.DataFrame) else pd.DataFrame(whole)
        index = given.index if rows is None else pd.Index(rows)
        header = given.columns if columns is None else pd.Index(columns)
        for labels, what in ((index, "rows"), (header, "columns")):
            for twice in labels[labels.duplicated()]:
                raise ValueError(f"the level {twice!r} stands twice among the {what}")
        both = (ordered, ordered) if isinstance(ordered, bool) else tuple(map(bool, ordered))
        return cls(pd.DataFrame(whole, index, header), origin, (both[0], both[1]), missing)

    @property
    def T(self) -> Crosstab:  # noqa: N802 - numpy's and pandas's name for it
        """The same table with rows and columns exchanged."""
        return replace(self, counts=self.counts.T, ordered=self.ordered[::-1])

    @cached_property
    def n(self) -> int:
        """People in the table."""
        return int(self.counts.to_numpy().sum())

    @cached_property
    def row_totals(self) -> pd.Series:
        """People by row."""
        return self.counts.sum(axis=1).rename("total")

    @cached_property
    def column_totals(self) -> pd.Series:
        """People by column."""
        return self.counts.sum(axis=0).rename("total")

    @cached_property
    def occupied(self) -> Crosstab:
        """The table without rows and columns that count nobody, as SPSS tests it."""
        some = self.counts.loc[self.row_totals > 0, self.column_totals > 0]
        return replace(self, counts=some)

    @cached_property
    def expected(self) -> pd.DataFrame:
        """Counts expected if the two variables were independent."""
        # The product of two whole totals of some thousand million would overflow.
        product = np.outer(self.row_totals.astype(float), self.column_totals)
        return pd.DataFrame(product / self.n, self.counts.index, self.counts.columns)

    @cached_property
    def deviations(self) -> pd.DataFrame:
        """O − E, each count less what independence expects."""
        exact = deviations(self.counts.to_numpy())
        return pd.DataFrame(exact, self.counts.index, self.counts.columns)

    @cached_property
    def residuals(self) -> pd.DataFrame:
        """Pearson residuals, (O − E) / √E: SPSS's "standardized residuals".

        NaN where nobody is expected.
        """
        return self.deviations / np.sqrt(self.expected)

    @cached_property
    def adjusted_residuals(self) -> pd.DataFrame:
        """Residuals with variance 1 under independence: "adjusted" in SPSS, "standardized" in R.

        References
        ----------
        Haberman, S. J. (1973). The analysis of residuals in cross-classified tables.
        Biometrics 29, 205–220.
        """
        rows, columns = ((self.n - t) / self.n for t in (self.row_totals, self.column_totals))
        adjusted = self.residuals / np.sqrt(np.outer(rows, columns))
        return adjusted.where(np.isfinite(adjusted))

    def shares(self, base: Literal["row", "column", "total"]) -> pd.DataFrame:
        """Each count as a part of its row, its column or the whole, from 0 to 1.

        NaN in a row or column that counts nobody.
        """
        match base:
            case "row":
                return self.counts.div(self.row_totals, axis="index")
            case "column":
                return self.counts.div(self.column_totals, axis="columns")
            case "total":
                return self.counts / self.n
        raise ValueError(f'the base is "row", "column" or "total", given {base!r}')

    @property
    def has_same_categories(self) -> bool:
        """Return True if rows and columns have the same levels, in whatever order."""
        rows, columns = self.counts.index, self.counts.columns
        return len(rows) == len(columns) and set(rows) == set(columns)

    @property
    def paired(self) -> pd.DataFrame:
        """Counts with the columns in the order of the rows, for two ratings of the same people.

        ValueError if rows and columns have not the same categories.
        """
        if not self.has_same_categories:
            raise ValueError(
                f"two ratings need the same categories, given rows {list(self.counts.index)} and "
                f"columns {list(self.counts.columns)}; give both the same categories, with 0 for "
                "one that was not used"
            )
        # By position: of a table with levels 0 and False, pandas would take both for one.
        return self.counts.iloc[:, [list(self.counts.columns).index(x) for x in self.counts.index]]

    def to_statsmodels(self) -> Any:
        """Return the table as statsmodels has it, to check or to go on with.

        ``Table2x2`` of two rows and two columns, in the order of this table (for McNemar's test,
        give both in the same order); ``SquareTable`` where both variables have the same categories,
        columns in the order of the rows; else ``Table``. Zeros stay zeros.

        Examples
        --------
        >>> table = Crosstab.from_counts([[10, 20], [30, 25]], rows=["m", "f"], columns=["y", "n"])
        >>> round(float(table.to_statsmodels().oddsratio), 4)
        0.4167
        """
        from statsmodels.stats.contingency_tables import SquareTable, Table, Table2x2

        if self.counts.shape == (2, 2):
            # Of a frame it would make a square of all labels: 4 × 4 for gender by yes and no.
            return Table2x2(self.counts.to_numpy(), shift_zeros=False)
        if self.has_same_categories:
            same = self.paired.set_axis(self.counts.index, axis=1)
            return SquareTable(same, shift_zeros=False)
        return Table(self.counts, shift_zeros=False)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.array(self.counts, dtype=dtype)

    def _repr_html_(self) -> str:
        missing = f"<p>{self.missing} missing</p>" if self.missing else ""
        aside = f"<p>{self.set_aside} set aside</p>" if self.set_aside else ""
        note = f"<p>{escape(self.note)}</p>" if self.note else ""
        return f"{self.origin.badge_html}{self.counts._repr_html_()}{missing}{aside}{note}"


def deviations(o: np.ndarray) -> np.ndarray:
    """Return O − E of a table of counts: in whole numbers, then divided, so that no digit is lost.

    Examples
    --------
    >>> deviations(np.array([[3, 1], [1, 3]])).tolist()
    [[1.0, -1.0], [-1.0, 1.0]]
    """
    whole = o.astype(np.int64).astype(object)  # Python's, which have no largest
    n, product = whole.sum(), np.outer(whole.sum(axis=1), whole.sum(axis=0))
    return np.asarray((whole * n - product) / n, dtype=float)
