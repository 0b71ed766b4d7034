"""Time the statistics of a cross-table: ``python benchmarks/cross_tables.py``.

One table: what was asked, and the median of repeated runs in this process on this machine.
"""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable
from statistics import median

import numpy as np

from churnlib import (
    Crosstab,
    clean,
    fisher_exact,
    load_codebook,
    monte_carlo,
    statistics,
    synthesise,
)
from churnlib.provenance import Origin

LARGE = [[6, 8, 8, 2], [3, 7, 17, 6], [4, 7, 20, 5], [9, 11, 52, 15], [4, 4, 9, 3]]


def seconds(run: Callable[[], object], times: int) -> float:
    """Median time of a call after one that is not counted."""
    run()
    measured = []
    for _ in range(times):
        started = time.perf_counter()
        run()
        measured.append(time.perf_counter() - started)
    return median(measured)


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


def main() -> None:
    """Print the table."""
    table = Crosstab.from_counts(LARGE, ordered=True)
    drawn = seconds(lambda: monte_carlo(table, resamples=1_000_000, seed=1), 3)
    battery = seconds(lambda: statistics(table, exact=False), 21)
    rows = [
        ("exact p, 2×4, n = 1,000", "50 ms", exact(2, 4, 1000)),
        ("exact p, 2×6, n = 200", "50 ms", exact(2, 6, 200)),
        ("exact p, 3×4, n = 200, extra [exact]", "0.5 s", exact(3, 4, 200)),
        ("exact p, 5×3, n = 200, extra [exact]", "0.5 s", exact(5, 3, 200)),
        ("10⁶ Monte Carlo tables, 5×4, n = 200", "1.0 s", f"{drawn:.2f} s"),
        ("the same by R's fisher.test", "", by_r()),
        ("battery on 5×4 without exact p", "20 ms", f"{1000 * battery:.1f} ms"),
        ("clean 100,048 rows", "5 s", f"{cleaning():.2f} s"),
    ]
    for claim, asked, measured in rows:
        print(f"{claim:40} {asked:>8}   {measured}")


if __name__ == "__main__":
    main()
