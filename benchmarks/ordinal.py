"""Time the proportional-odds fit on counts against rows: ``python benchmarks/ordinal.py``.

The same people once as rows for statsmodels' ``OrderedModel`` and once as their counts, and a
hundred times as many people as counts; medians of one run on this machine.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median

import numpy as np
import pandas as pd
from statsmodels.miscmodels.ordinal_model import OrderedModel

from churnlib import counts, load_codebook, ordinal_logit

PREDICTORS = ["gender", "age", "education"]


def seconds(run: Callable[[], object], times: int) -> float:
    """Median time of a call."""
    measured = []
    for _ in range(times):
        started = time.perf_counter()
        run()
        measured.append(time.perf_counter() - started)
    return median(measured)


def people(n: int, seed: int) -> pd.DataFrame:
    """Rows of people whose visits depend on gender, age and education by known slopes."""
    book, rng = load_codebook(), np.random.default_rng(seed)
    codes = {name: rng.integers(len(book[name].keys), size=n) for name in PREDICTORS}
    latent = 0.6 * codes["gender"] + 0.2 * codes["age"] - 0.1 * codes["education"]
    codes["visits"] = np.digitize(latent + rng.logistic(size=n), [0.0, 1.5])
    return pd.DataFrame(
        {
            name: pd.Categorical.from_codes(code, list(book[name].keys), ordered=book[name].ordered)
            for name, code in codes.items()
        }
    )


def measure() -> pd.DataFrame:
    """One row a claim: what was asked and what was measured."""
    rows = people(1_000_000, seed=1)
    table = counts(rows, ["visits", *PREDICTORS])
    hundredfold = table.assign(n=100 * table["n"])

    def by_counts() -> object:
        return ordinal_logit(table, "visits", PREDICTORS, count="n").coefficients

    dummies = pd.get_dummies(rows[PREDICTORS], drop_first=True, dtype=float)
    model = OrderedModel(rows["visits"], dummies, distr="logit")
    started = time.perf_counter()
    theirs = model.fit(method="bfgs", disp=False, maxiter=200)
    by_rows = time.perf_counter() - started

    by_counts()  # loads scipy's parts
    small = seconds(by_counts, 15)
    large = seconds(
        lambda: ordinal_logit(hundredfold, "visits", PREDICTORS, count="n").coefficients, 15
    )
    ours = ordinal_logit(table, "visits", PREDICTORS, count="n")
    slopes = ours.coefficients["estimate"].to_numpy()
    apart = np.abs(slopes - np.asarray(theirs.params)[: len(slopes)]).max()
    return pd.DataFrame(
        [
            ["fit on the counts of 10⁸ rows", "within 100 ms", f"{1000 * large:.1f} ms"],
            ["same fit on 10⁶ rows by OrderedModel", "", f"{by_rows:.1f} s"],
            ["rows over counts, 10⁶ rows", "at least 200", f"{by_rows / small:,.0f}"],
            ["their slopes differ by", "", f"{apart:.1e} (BFGS stops early)"],
            ["log-likelihood, ours less theirs", "", f"{ours.log_likelihood - theirs.llf:.1e}"],
        ],
        columns=["claim", "asked", "measured"],
    )


if __name__ == "__main__":
    print(measure().to_string(index=False))
