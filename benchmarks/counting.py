"""Count generated customers by three keys: churnlib against pandas and Polars.

Each way of counting runs in a process of its own on the same Parquet file in a temporary folder.
A pandas frame is in memory before the clock starts, as texts or as categories; what reads the file
pays for reading it. Memory is the most that the process held while it counted, with the frame.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow

import churnlib as cl
from benchmarks.harness import apart, forget_peak, peak, seconds, show, side_by_side, table
from churnlib.models.regression import ordinal_logit

KEYS = ["gender", "age", "visits"]
SIZES = [10**4, 10**5, 10**6, 10**7, 10**8]
REPEATS = {10**4: 15, 10**5: 9, 10**6: 7, 10**7: 5, 10**8: 5}
LARGEST_FRAME = 10**7  # a pandas frame of more rows would not fit the memory we allow
COLOURS = {
    "pandas.crosstab, texts": "#D55E00",
    "pandas.crosstab, categories": "#CC79A7",
    "pandas groupby, categories": "#E69F00",
    "churnlib, texts": "#999999",
    "churnlib, categories": "#56B4E9",
    "Polars, Parquet": "#009E73",
    "churnlib, Parquet": "#0072B2",
}


def generate(n: int, file: Path, *, raw: bool) -> None:
    """Write n customers, 1 in 100 without a gender: levels, or labels and years as collected."""
    import duckdb

    def pick(salt: int, labels: list[str]) -> str:
        cases = " ".join(f"WHEN {i} THEN '{label}'" for i, label in enumerate(labels))
        return f"CASE (hash(i * {salt}) % {len(labels)})::INT {cases} END"

    years = "(19 + hash(i * 7) % 70)::TINYINT"
    bands = [(30, "19-29"), (40, "30-39"), (60, "40-59"), (100, "ge60")]
    age = " ".join(f"WHEN {years} < {end} THEN '{level}'" for end, level in bands)
    gender = ["男", "女", "A.男", "女性"] if raw else ["male", "female"]
    visits = ["1-2次", "3-5次", "6次及以上"] if raw else ["1-2", "3-5", "6+"]
    duckdb.connect().execute(
        f"""COPY (SELECT
            CASE WHEN hash(i * 5) % 100 > 0 THEN {pick(3, gender)} END AS gender,
            {years if raw else f"CASE {age} END"} AS age,
            {pick(11, visits)} AS visits
        FROM range({n}) AS t(i)) TO '{file}' (FORMAT parquet)"""
    )


def way(name: str, file: str) -> Callable[[], object]:
    """Prepare one way of counting and return what is timed."""
    if name.endswith(("texts", "categories")):
        dtype = "category" if name.endswith("categories") else "str"
        columns = {k: pd.read_parquet(file, columns=[k])[k].astype(dtype) for k in KEYS}
        frame = pd.concat(columns, axis=1)
        del columns
        pyarrow.default_memory_pool().release_unused()  # what reading took and gave back
        if name.startswith("pandas.crosstab"):
            return lambda: pd.crosstab([frame["gender"], frame["age"]], frame["visits"])
        if name.startswith("pandas groupby"):
            return lambda: frame.groupby(KEYS, observed=False, dropna=False).size()
        return lambda: cl.counts(frame, KEYS)
    if name == "Polars, Parquet":
        import polars as pl

        return lambda: pl.scan_parquet(file).group_by(KEYS).len().collect(engine="streaming")
    book = cl.load_codebook() if name == "churnlib, raw labels" else None
    return lambda: cl.counts(file, KEYS, codebook=book)


def together(file: str) -> dict[str, float]:
    """Counting alone, and with the battery of statistics and the model that follow from it."""

    def everything() -> None:
        tidy = cl.counts(file, KEYS)
        cl.statistics(cl.crosstab(tidy, "gender", "visits", count="n"))
        tidy["visits"] = tidy["visits"].cat.as_ordered()
        ordinal_logit(tidy, "visits", ["gender", "age"], count="n")

    return side_by_side(5, alone=lambda: cl.counts(file, KEYS), together=everything)


def measure() -> pd.DataFrame:
    """All sizes and ways; draws the figure of growth."""
    found: dict[tuple[str, int], dict[str, Any]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for n in SIZES:
            file, raw = Path(folder, "levels.parquet"), Path(folder, "raw.parquet")
            generate(n, file, raw=False)
            for name in COLOURS:
                if n <= LARGEST_FRAME or "Parquet" in name:
                    found[name, n] = apart("counting", name, file, REPEATS[n])
            if n >= LARGEST_FRAME:
                generate(n, raw, raw=True)
                found["churnlib, raw labels", n] = apart(
                    "counting", "churnlib, raw labels", raw, REPEATS[n]
                )
        whole = apart("counting", "together", file, 1)
    draw({key: value["seconds"] for key, value in found.items()})
    return table([*_rows(found), _last(whole)])


def _rows(found: dict[tuple[str, int], dict[str, Any]]) -> list[tuple[str, str, str]]:
    rows = []
    for n, called in ((10**7, "10⁷"), (10**8, "10⁸")):
        for name in [*COLOURS, "churnlib, raw labels"]:
            if (name, n) in found:
                one = found[name, n]
                asked = "5 s, 500 MB" if n == 10**8 and name.startswith("churnlib") else ""
                text = f"{one['seconds']:.2f} s, {one['megabytes']:,.0f} MB"
                rows.append((f"{called} rows, {name}", asked, text))
    for ours, theirs in (
        ("churnlib, Parquet", "pandas.crosstab, texts"),
        ("churnlib, categories", "pandas.crosstab, categories"),
        ("churnlib, texts", "pandas.crosstab, texts"),
    ):
        fast, slow = found[ours, 10**7], found[theirs, 10**7]
        for what, limit in (("seconds", 15), ("megabytes", 5)):
            claim = f"10⁷ rows, {ours} to {theirs}, {what}"
            rows.append((claim, f"1 / {limit}", f"1 / {slow[what] / fast[what]:.1f}"))
    return rows


def _last(whole: dict[str, float]) -> tuple[str, str, str]:
    claim = "10⁸ rows, counting, cross-table, battery and ordinal model to counting alone"
    return claim, "1.3", f"{whole['together'] / whole['alone']:.2f}"


def draw(found: dict[tuple[str, int], float]) -> None:
    """Write the figure of growth."""
    import matplotlib.pyplot as plt

    from churnlib.figures.figure_style import style

    with style():
        figure, ax = plt.subplots(figsize=(6.4, 3.8), layout="constrained")
        for name, colour in COLOURS.items():
            points = [(n, found[name, n]) for n in SIZES if (name, n) in found]
            ax.plot(*zip(*points, strict=True), marker="o", markersize=3, color=colour, label=name)
        ax.set(xscale="log", yscale="log", xlabel="Rows", ylabel="Seconds")
        # The style takes "$" as it stands, and matplotlib's own powers of ten are formulas.
        ax.xaxis.set_major_formatter(lambda n, _: f"{n:,.0f}")
        ax.yaxis.set_major_formatter(lambda s, _: f"{s:g}")
        ax.legend(frameon=False)
        figure.savefig(Path(__file__).with_name("growth.svg"), metadata={"Date": None})
        plt.close(figure)


def main(name: str, file: str, times: str) -> None:
    """Measure one way in this process and say the result as JSON."""
    if name == "together":
        print(json.dumps(together(file)))
        return
    counting = way(name, file)
    forget_peak()
    taken = seconds(counting, int(times))
    print(json.dumps({"seconds": taken, "megabytes": peak()}))


if __name__ == "__main__":
    main(*sys.argv[1:]) if sys.argv[1:] else show(measure())
