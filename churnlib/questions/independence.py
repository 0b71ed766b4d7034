"""What a report states of a table of two questions: its test, and how strong the relation is."""

from __future__ import annotations

from churnlib.crosstabs import chi_square, cramers_v, fisher_exact, gamma
from churnlib.evidence import Estimate, Test
from churnlib.tables import Crosstab

SMALL = 5
"""By a common rule, the smallest expected count for which χ² may be trusted."""


def smallest_expected(table: Crosstab) -> float:
    """The smallest count expected under independence among cells that could hold somebody."""
    return float(table.occupied.expected.to_numpy().min())


def independence_test(table: Crosstab) -> Test:
    """Test a table by Pearson's χ², or by the exact test where an expected count is below 5."""
    return _tests(table)[-1]


def _tests(table: Crosstab) -> list[Test]:
    test = chi_square(table)
    if test.p_value == test.p_value and smallest_expected(table) < SMALL:
        return [test, fisher_exact(table, seconds=0)]  # a report tests many tables
    return [test]


def association(table: Crosstab) -> list[Test | Estimate]:
    """The tests and effect sizes that a report states of a table.

    Pearson's χ², the exact test where an expected count is below 5, Cramér's V, and gamma where
    both variables are ordered or of two levels.

    Examples
    --------
    >>> from churnlib.evidence import apa
    >>> [apa(result) for result in association(Crosstab.from_counts([[8, 2], [1, 9]]))][:2]
    ['χ²(1, N = 20) = 9.90, p = .002', 'Fisher–Freeman–Halton exact test, N = 20, p = .005']
    """
    results: list[Test | Estimate] = [*_tests(table), cramers_v(table)]
    if all(o or k == 2 for o, k in zip(table.ordered, table.counts.shape, strict=True)):
        results.append(gamma(table))
    return results
