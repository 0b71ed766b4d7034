"""The thesis held against itself: every printed number that follows from other printed ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path

import pandas as pd

from churnlib.evidence import Reported
from churnlib.studies.printed_arithmetic import Cell, Rule, Sheet
from churnlib.studies.thesis import PrintedTable, printed_table, statements


def audit_thesis(folder: Path | None = None) -> pd.DataFrame:
    """Check every printed number that must follow from other printed numbers.

    Parameters
    ----------
    folder : Path, optional
        A data folder; the project's own when left out.

    Returns
    -------
    DataFrame
        One row per check: ``exhibit``, ``check``, ``printed`` (text), ``computed`` (number),
        ``holds`` (bool), and ``repair``: where the check fails, the single-digit change of one
        printed number that would mend every check of that exhibit.

    Examples
    --------
    >>> audit = audit_thesis()
    >>> audit.loc[~audit["holds"], ["check", "printed", "computed"]].iloc[0].tolist()
    ['total closed = sum of the rows', '116241', 112241]
    """
    rows = []
    for sheet in thesis_sheets(folder).values():
        repairs = "; or ".join(map(str, sheet.repairs))
        for rule in sheet.rules:
            holds = sheet.holds(rule)
            rows.append(
                {
                    "exhibit": sheet.exhibit,
                    "check": rule.name,
                    "printed": sheet.cells[rule.target].text,
                    "computed": _number(sheet.computed(rule)),
                    "holds": holds,
                    "repair": "" if holds else repairs or "no change of one digit mends all checks",
                }
            )
    return pd.DataFrame(rows, dtype=object).astype({"holds": bool})


def thesis_sheets(folder: Path | None = None) -> dict[str, Sheet]:
    """The three printed tables with the numbers that the text repeats, and their rules."""
    said = statements(folder)
    flows = printed_table("3-1", folder)
    text = {
        ("text", "opened"): said[9].printed["total"],
        ("text", "closed"): said[10].printed["total"],
        ("text", "net"): said[11].printed["total"],
        ("text", "ratio"): said[12].printed["ratio"],
    }
    sheets = [_flow_sheet(flows, text)]
    for number, claim in (("3-2", said[16]), ("3-3", said[21])):
        table = printed_table(number, folder)
        sheets.append(_share_sheet(table, {("text", k): v for k, v in claim.printed.items()}))
    return {sheet.exhibit: sheet for sheet in sheets}


def _flow_sheet(table: PrintedTable, text: Mapping[Cell, Reported]) -> Sheet:
    months = list(table.rows)
    total = {c: ("total", c) for c in table.totals}
    rules = [
        Rule(
            f"{month} net = opened − closed",
            (month, "net"),
            ((month, "opened"), (month, "closed")),
            _difference,
        )
        for month in months
    ]
    sums = {c: tuple((m, c) for m in months) for c in table.totals}
    rules += [
        Rule(f"total {c} = sum of the rows", total[c], sums[c], _sum, derives=c != "net")
        for c in table.totals
    ]
    rules += [
        Rule(
            "total net = total opened − total closed",
            total["net"],
            (total["opened"], total["closed"]),
            _difference,
        ),
        *(
            Rule(f"text {c} = total {c} of the table", ("text", c), (total[c],), _same)
            for c in ("opened", "closed")
        ),
        Rule(
            "text net = total net of the table in units of 10,000",
            ("text", "net"),
            (total["net"],),
            lambda x: x[0] / 10_000,
        ),
        Rule(
            "text ratio = total closed ÷ total opened",
            ("text", "ratio"),
            (total["closed"], total["opened"]),
            _percent,
        ),
        Rule(
            "text ratio = sum of closed ÷ sum of opened over the rows",
            ("text", "ratio"),
            sums["closed"] + sums["opened"],
            _percent_of_sums,
            derives=False,
        ),
    ]
    return Sheet(table.exhibit, {**_cells(table), **text}, tuple(rules))


def _share_sheet(table: PrintedTable, text: Mapping[Cell, Reported]) -> Sheet:
    n = ("total", "frequency")
    rules = [Rule("total frequency = sum of the rows", n, _column(table, "frequency"), _sum)]
    rules += [
        Rule(
            f"{level} percent = frequency ÷ total",
            (level, "percent"),
            ((level, "frequency"), n),
            _percent,
        )
        for level in table.rows
    ]
    rules += [
        Rule(
            "total percent = sum of the rows", ("total", "percent"), _column(table, "percent"), _sum
        )
    ]
    rules += [
        Rule(f"text {level} = percent of the table", ("text", level), ((level, "percent"),), _same)
        for level in table.rows
    ]
    return Sheet(table.exhibit, {**_cells(table), **text}, tuple(rules))


def _cells(table: PrintedTable) -> dict[Cell, Reported]:
    cells = {(r, c): number for r, row in table.rows.items() for c, number in row.items()}
    return cells | {("total", column): number for column, number in table.totals.items()}


def _column(table: PrintedTable, name: str) -> tuple[Cell, ...]:
    return tuple((row, name) for row in table.rows)


def _difference(x: Sequence[Fraction]) -> Fraction:
    return x[0] - x[1]


def _percent(x: Sequence[Fraction]) -> Fraction:
    return 100 * x[0] / x[1]


def _percent_of_sums(x: Sequence[Fraction]) -> Fraction:
    half = len(x) // 2
    return 100 * _sum(x[:half]) / _sum(x[half:])


def _sum(x: Sequence[Fraction]) -> Fraction:
    return sum(x, Fraction())


def _same(x: Sequence[Fraction]) -> Fraction:
    return x[0]


def _number(x: Fraction | None) -> int | float:
    if x is None:
        return float("nan")
    return int(x) if x.denominator == 1 else float(x)
