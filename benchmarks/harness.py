"""What all benchmarks share: medians of repeated runs, peak memory of a process, one table."""

from __future__ import annotations

import gc
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

import pandas as pd

Row = tuple[str, str, str]
"""What is claimed, what was asked of it, what was measured."""

SHOWN = ("numpy", "pandas", "scipy", "statsmodels", "duckdb", "polars", "narwhals", "nbconvert")


def table(rows: Iterable[Row]) -> pd.DataFrame:
    """The rows as every benchmark's ``measure()`` returns them."""
    return pd.DataFrame(rows, columns=["claim", "asked", "measured"])


def seconds(run: Callable[[], object], times: int) -> float:
    """Median time of a call after one that is not counted."""
    run()
    return median(_once(run) for _ in range(times))


def side_by_side(times: int, **runs: Callable[[], object]) -> dict[str, float]:
    """Median time of each call, taken in turn so that what slows the machine slows them all."""
    for run in runs.values():
        run()
    measured: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(times):
        for name, run in runs.items():
            measured[name].append(_once(run))
    return {name: median(found) for name, found in measured.items()}


def apart(script: str, *arguments: object) -> dict[str, Any]:
    """Run a script of this folder in a process of its own and return what it says as JSON."""
    command = [sys.executable, "-m", f"benchmarks.{script}", *map(str, arguments)]
    root = Path(__file__).resolve().parent.parent
    run = subprocess.run(command, capture_output=True, text=True, cwd=root, check=False)
    if run.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{run.stderr}")
    return json.loads(run.stdout.splitlines()[-1])


def forget_peak() -> None:
    """Let `peak` begin anew with what this process holds now, where Linux allows it."""
    gc.collect()
    forget = Path("/proc/self/clear_refs")
    if forget.exists():
        forget.write_text("5")


def peak() -> float:
    """Most memory that this process has held, in MB (10⁶ bytes).

    Since `forget_peak` where there is Linux, since it started elsewhere.
    """
    status = Path("/proc/self/status")
    if status.exists():  # getrusage would count what the parent held when it forked, too
        held = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(held.split()[1]) * 1024 / 1e6
    import resource

    held_most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return held_most / 1e6 if sys.platform == "darwin" else held_most * 1024 / 1e6


def markdown(found: pd.DataFrame) -> str:
    """A table in Markdown."""
    lines = ["| claim | asked | measured |", "|---|---|---|"]
    lines += [f"| {row.claim} | {row.asked} | {row.measured} |" for row in found.itertuples()]
    return "\n".join(lines)


def show(found: pd.DataFrame) -> None:
    """Print a table."""
    widths = found.apply(lambda column: column.str.len().max())
    for row in found.itertuples(index=False):
        print(
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        )


def machine() -> str:
    """The machine, its load, and the versions that were measured."""
    versions = ", ".join(f"{name} {version(name)}" for name in SHOWN)
    load = f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"
    return (
        f"{time.strftime('%Y-%m-%d')}; {platform.system()} {platform.machine()}, "
        f"{os.cpu_count()} cores, load {load} before; "
        f"Python {platform.python_version()}, {versions}."
    )


def _once(run: Callable[[], object]) -> float:
    started = time.perf_counter()
    run()
    return time.perf_counter() - started
