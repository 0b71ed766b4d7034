"""Time the statistics of a cross-table and the cleaning of answers, against scipy and R."""

from __future__ import annotations

import shutil
import subprocess
from statistics import median

import numpy as np
import pandas as pd

from benchmarks.harness import seconds, show, side_by_side, table
from churnlib import (
    Crosstab,
    clean,
    fisher_exact,
    load_codebook,
    monte_carlo,
    statistics,
    synthesise,
)
from churnlib.evidence.origin import Origin

LARGE = [[6, 8, 8, 2], [3, 7, 17, 6], [4, 7, 20, 5], [9, 11, 52, 15], [4, 4, 9, 3]]


def random_table(rows: int, columns: int, n: int, seed: int) -> np.ndarray:
    """A table of n people with uneven margins and every row and column occupied."""
    rng = np.random.default_rng(seed)
    shares = np.outer(rng.dirichlet([6.0] * rows), rng.dirichlet([6.0] * columns))
    return rng.multinomial(n, shares.ravel()).reshape(rows, columns)


def exact(rows: int, columns: int, n: int) -> str:
    """Median and range over ten tables, and how many of them were counted."""
    tables = [random_table(rows, columns, n, seed) for seed in range(10)]
    times = [seconds(lambda t=t: fisher_exact(t), 3) for t in tables]
    counted = sum(fisher_exact(t).exact for t in tables)
    return f"{1000 * median(times):.0f} ms (to {1000 * max(times):.0f} ms), {counted} of 10 exact"


def cleaning() -> float:
    """Clean 100,048 sheets."""
    sheets = synthesise("as_the_text_says", seed=1).iloc[:, 6:]
    raw = sheets.loc[sheets.index.repeat(481)].reset_index(drop=True)
    book = load_codebook()
    return seconds(lambda: clean(raw, book, origin=Origin.SYNTHETIC, on_error="set_aside"), 3)


def by_r() -> str:
    """R's own simulation of 10⁶ tables, where R is installed."""
    if not shutil.which("Rscript"):
        return "R is not installed"
    cells = ",".join(str(x) for row in LARGE for x in row)
    code = (
        f"x <- matrix(c({cells}), 5, byrow=TRUE); "
        "cat(system.time(fisher.test(x, simulate.p.value=TRUE, B=1e6))[['elapsed']])"
    )
    run = subprocess.run(["Rscript", "-e", code], capture_output=True, text=True, check=True)
    return f"{float(run.stdout):.2f} s"


def against_scipy() -> list[tuple[str, str, str]]:
    """The same p-values by scipy: an exact one, and simulated ones of 10,000 tables."""
    from scipy import stats

    small, large = random_table(2, 2, 1000, 1), np.array(LARGE)

    def simulate() -> object:
        rng = np.random.default_rng(1)
        return stats.fisher_exact(large, method=stats.MonteCarloMethod(n_resamples=10_000, rng=rng))

    exact_p = side_by_side(
        5, ours=lambda: fisher_exact(small), theirs=lambda: stats.fisher_exact(small)
    )
    simulated = side_by_side(
        3, ours=lambda: fisher_exact(large, resamples=10_000, seed=1), theirs=simulate
    )
    return [
        (f"{what}, churnlib to scipy.stats.fisher_exact", "", _ratio(times))
        for what, times in (
            ("exact p, 2×2, n = 1,000", exact_p),
            ("10⁴ Monte Carlo tables, 5×4, n = 200", simulated),
        )
    ]


def _ratio(times: dict[str, float]) -> str:
    share = times["ours"] / times["theirs"]
    return f"{share:.2f} ({1000 * times['ours']:.2f} ms to {1000 * times['theirs']:.2f} ms)"


def measure() -> pd.DataFrame:
    """Exact and simulated p-values, the battery, cleaning."""
    large = Crosstab.from_counts(LARGE, ordered=True)
    drawn = seconds(lambda: monte_carlo(large, resamples=1_000_000, seed=1), 3)
    battery = seconds(lambda: statistics(large, exact=False), 21)
    return table(
        [
            ("exact p, 2×4, n = 1,000", "50 ms", exact(2, 4, 1000)),
            ("exact p, 2×6, n = 200", "50 ms", exact(2, 6, 200)),
            ("exact p, 3×4, n = 200, extra [exact]", "0.5 s", exact(3, 4, 200)),
            ("exact p, 5×3, n = 200, extra [exact]", "0.5 s", exact(5, 3, 200)),
            ("10⁶ Monte Carlo tables, 5×4, n = 200", "1.0 s", f"{drawn:.2f} s"),
            ("the same by R's fisher.test", "", by_r()),
            *against_scipy(),
            ("battery on 5×4 without exact p", "20 ms", f"{1000 * battery:.1f} ms"),
            ("clean 100,048 rows", "5 s", f"{cleaning():.2f} s"),
        ]
    )


if __name__ == "__main__":
    show(measure())
