"""How each kind of statement is decided. A method computes a finding; it words nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

from churnlib.crosstabs import least_v
from churnlib.evidence import Kind, Origin, Reported, Resource, resources
from churnlib.studies.checks import thesis_sheets
from churnlib.studies.plausible_margins import plausibility
from churnlib.studies.printed_arithmetic import Sheet
from churnlib.studies.thesis import (
    Claim,
    PrintedTable,
    printed_table,
    published_frequencies,
    statements,
)
from churnlib.survey import Codebook, load_codebook
from churnlib.tables import FrequencyTable, wilson


@dataclass(frozen=True)
class Finding:
    """What a method found: the verdict's kind, and which sentence says why with which words."""

    kind: Kind
    case: str
    computed: str = "—"
    words: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Evidence:
    """All that was published, read once."""

    said: Mapping[int, Claim]
    sheets: Mapping[str, Sheet]
    files: Mapping[str, Resource]
    book: Codebook
    folder: Path | None

    @classmethod
    def read(cls, folder: Path | None = None) -> Evidence:
        """Read a data folder; the project's own when none is named."""
        book = load_codebook(folder / "codebook.toml" if folder else None)
        return cls(statements(folder), thesis_sheets(folder), resources(folder), book, folder)

    def table(self, number: str) -> PrintedTable:
        """One printed table."""
        return printed_table(number, self.folder)

    def frequencies(self, number: str) -> FrequencyTable:
        """One printed frequency table."""
        return published_frequencies(number, self.folder)


def _literature(claim: Claim, evidence: Evidence) -> Finding:
    return Finding(Kind.EXTERNAL, "plain")


def _literature_multiple(claim: Claim, evidence: Evidence) -> Finding:
    (other,) = claim.details["others"]
    theirs = evidence.said[other].printed
    (low, high), (their_low, their_high) = _range(claim.printed), _range(theirs)
    case = "agree" if low <= their_high and their_low <= high else "differ"
    printed = "–".join(number.text for number in theirs.values())
    return Finding(Kind.EXTERNAL, case, words={"other": other, "other_printed": printed})


def _range(printed: Mapping[str, Reported]) -> tuple[Fraction, Fraction]:
    values = [Fraction(number.value) for number in printed.values()]
    return min(values), max(values)


def _total(claim: Claim, evidence: Evidence) -> Finding:
    column = claim.details["column"]
    table = evidence.table(claim.details["table"])
    unit = claim.details.get("unit", 1)
    exact = _sum(table, column) / unit
    printed = claim.printed["total"]
    computed = f"{float(exact):.{printed.decimals}f}"
    if printed.admits(exact):
        return Finding(Kind.REPRODUCED, "equal", computed)
    words: dict[str, Any] = {"printed": printed.text, "unit": claim.details.get("unit_note", "")}
    repairs = evidence.sheets[table.exhibit].repairs
    row, culprit = repairs[0].cell if len(repairs) == 1 else ("", "")
    if row not in {"total", "text"}:
        return Finding(Kind.ARITHMETIC_ERROR, "differ", computed, words)
    words["cause"] = _labels(evidence.book, culprit)
    case = "own" if culprit == column else "inherited"
    return Finding(Kind.ARITHMETIC_ERROR, case, computed, words)


def _sum(table: PrintedTable, column: str) -> Fraction:
    return sum((Fraction(cell.value) for cell in table.column(column).values()), Fraction())


def _ratio(claim: Claim, evidence: Evidence) -> Finding:
    table = evidence.table(claim.details["table"])
    top, bottom = claim.details["numerator"], claim.details["denominator"]
    exact = 100 * _sum(table, top) / _sum(table, bottom)
    by_totals = 100 * Fraction(table.totals[top].value) / Fraction(table.totals[bottom].value)
    printed = claim.printed["ratio"]
    computed = f"{float(exact):.1f}%"
    if printed.admits(exact):
        return Finding(Kind.REPRODUCED, "equal", computed)
    case = "inherited" if printed.admits(by_totals) else "differ"
    return Finding(Kind.ARITHMETIC_ERROR, case, computed, {"printed": printed.text})


def _difference(claim: Claim, evidence: Evidence) -> Finding:
    d = claim.details
    rows = evidence.table(d["table"]).rows.values()
    right = sum(
        row[d["difference"]].value == row[d["minuend"]].value - row[d["subtrahend"]].value
        for row in rows
    )
    n = len(rows)
    words = {"rows": n, "wrong": n - right}
    if right == n:
        return Finding(Kind.REPRODUCED, "equal", f"{right}/{n}", words)
    return Finding(Kind.ARITHMETIC_ERROR, "differ", f"{right}/{n}", words)


def _announced(claim: Claim, evidence: Evidence) -> Finding:
    announced = claim.details["variables"]
    published = _published(evidence)
    absent = [v for v in announced if not any(v in table for table in published)]
    found = len(announced) - len(absent)
    words = {"announced": len(announced), "tabulated": found, "absent": _list(evidence, absent)}
    computed = f"{found}/{len(announced)}"
    if absent:
        return Finding(Kind.CONTRADICTED, "differ", computed, words)
    return Finding(Kind.REPRODUCED, "equal", computed, words)


def _frequency_table(claim: Claim, evidence: Evidence) -> Finding:
    sheet = evidence.sheets[f"Table {claim.details['table']}"]
    checks = [rule for rule in sheet.rules if rule.target[0] != "text"]
    failed = sum(not sheet.holds(rule) for rule in checks)
    words = {"checks": len(checks), "failed": failed}
    computed = f"{len(checks) - failed}/{len(checks)}"
    if failed:
        return Finding(Kind.ARITHMETIC_ERROR, "differ", computed, words)
    return Finding(Kind.REPRODUCED, "equal", computed, words)


def _shares_in_text(claim: Claim, evidence: Evidence) -> Finding:
    table = evidence.frequencies(claim.details["table"])
    exact = {str(key): Fraction(100 * int(count), table.n) for key, count in table.counts.items()}
    wrong = [key for key, printed in claim.printed.items() if not printed.admits(exact[key])]
    words = {"rows": len(claim.printed), "wrong": len(wrong)}
    computed = ", ".join(f"{float(exact[key]):.1f}%" for key in claim.printed)
    if wrong:
        return Finding(Kind.ARITHMETIC_ERROR, "differ", computed, words)
    return Finding(Kind.REPRODUCED, "equal", computed, words)


def _majority(claim: Claim, evidence: Evidence) -> Finding:
    table = evidence.frequencies(claim.details["table"])
    inside, straddling = _levels_meant(claim, evidence.book, table)
    count = table.combined(inside)
    low, high = wilson(count, table.n)
    computed = f"{count}/{table.n} = {count / table.n:.1%} [{low:.1%}, {high:.1%}]"
    words: dict[str, Any] = {"share": computed, "more": table.combined(straddling)}
    if 2 * count <= table.n:
        return Finding(Kind.CONTRADICTED, "false", computed, words)
    if low <= 0.5:
        words["needed"] = next(k for k in range(count, table.n + 1) if wilson(k, table.n)[0] > 0.5)
        return Finding(Kind.NOT_ESTABLISHED, "open", computed, words)
    if straddling:
        return Finding(Kind.CAVEAT, "partial", computed, words)
    return Finding(Kind.REPRODUCED, "carried", computed, words)


def _levels_meant(
    claim: Claim, book: Codebook, table: FrequencyTable
) -> tuple[list[str], list[str]]:
    """Levels that lie inside the band a statement names, and levels only partly inside."""
    if "levels" in claim.details:
        return claim.details["levels"], []
    low = claim.details["band"].get("low", float("-inf"))
    high = claim.details["band"].get("high", float("inf"))
    inside, straddling = [], []
    for level in book[table.variable].levels:
        first = float("-inf") if level.low is None else level.low
        last = float("inf") if level.high is None else level.high
        if low <= first and last <= high:
            inside.append(level.key)
        elif first <= high and low <= last:
            straddling.append(level.key)
    return inside, straddling


def _majority_within(claim: Claim, evidence: Evidence) -> Finding:
    group, within = claim.details["group"], claim.details["within"]
    first, second = evidence.frequencies(group["table"]), evidence.frequencies(within["table"])
    size, base = first.combined([group["level"]]), second.combined([within["level"]])
    # Fréchet's bounds on the cell that both margins leave open.
    low, high = max(0, size + base - second.n), min(size, base)
    words: dict[str, Any] = {
        "low": low,
        "high": high,
        "forced": size,
        "base": base,
        "adults": base - size,
        "adult_base": first.n - size,
    }
    computed = f"{low}–{high}/{base}"
    if 2 * low > base:
        return Finding(Kind.REPRODUCED, "certain", computed, words)
    if 2 * high <= base:
        return Finding(Kind.CONTRADICTED, "impossible", computed, words)
    if size <= base < 2 * size:
        if first.n != second.n:
            return Finding(Kind.CAVEAT, "assumed", computed, words)
        beside = plausibility(evidence.folder).xs("no_degree", level="said")
        rows = {"adult": "adults_without_college", "older": "older_with_college"}
        for name, row in rows.items():
            words |= {f"{name}_{key}": value for key, value in beside.loc[row].items()}
        return Finding(Kind.CAVEAT, "beside_census", computed, words)
    return Finding(Kind.UNTESTABLE, "unknown", computed, words)


def _unpublished(claim: Claim, evidence: Evidence) -> Finding:
    needed = set(claim.details["variables"])
    if any(needed <= table for table in _published(evidence)):
        raise ValueError(
            f"{claim.where}: a published table now holds {', '.join(sorted(needed))}; "
            "give the claim a method that uses it"
        )
    return Finding(Kind.UNTESTABLE, "plain")


def _unpublished_comparison(claim: Claim, evidence: Evidence) -> Finding:
    _unpublished(claim, evidence)
    n = evidence.frequencies(claim.details["table"]).n
    least = least_v(n)
    words = {"n": n, "significant": least["significant"], "beyond": least["beyond"]}
    return Finding(Kind.UNTESTABLE, claim.details["about"], words=words)


def _published(evidence: Evidence) -> list[frozenset[str]]:
    files = evidence.files.values()
    return [file.variables for file in files if file.origin is Origin.PUBLISHED and file.variables]


def _labels(book: Codebook, key: str) -> dict[str, str]:
    return {lang: book.labeller(lang)(key) for lang in ("en", "zh-Hans")}


def _list(evidence: Evidence, keys: list[str]) -> dict[str, str]:
    joints = {"en": " and ", "zh-Hans": "和"}
    return {
        lang: joint.join(evidence.book.labeller(lang)(key).lower() for key in keys)
        for lang, joint in joints.items()
    }


METHODS: Mapping[str, Callable[[Claim, Evidence], Finding]] = {
    "literature": _literature,
    "literature_multiple": _literature_multiple,
    "total": _total,
    "ratio": _ratio,
    "difference": _difference,
    "announced": _announced,
    "frequency_table": _frequency_table,
    "shares_in_text": _shares_in_text,
    "majority": _majority,
    "majority_within": _majority_within,
    "unpublished": _unpublished,
    "unpublished_comparison": _unpublished_comparison,
}
