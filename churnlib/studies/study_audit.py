"""What the printed numbers of a study say of each other."""

from __future__ import annotations

from fractions import Fraction

import pandas as pd

from churnlib.studies.arithmetic import ONLY_ROUNDED
from churnlib.studies.reading import Named, opened

NO_REPAIR = "no change of one digit mends all checks"
MOST_CHANGES = 12
"""More than these are counted in print: among them none can be named as likely."""


def audit(study: Named = None) -> pd.DataFrame:
    """Check every printed number that must follow from other printed numbers.

    Parameters
    ----------
    study : Study or path, optional
        The project's own when left out.

    Returns
    -------
    DataFrame
        One row per check: ``exhibit``, ``check`` (with a remark in brackets where rounding
        explains it, or another reading would), ``printed`` (text), ``computed`` (number),
        ``holds`` (bool), and ``repair``: where the check fails, the single-digit changes of one
        printed number, each of which would mend all checks that hang together.

    Examples
    --------
    >>> from churnlib.studies import EXAMPLE
    >>> audit(EXAMPLE)["holds"].all()
    np.True_
    """
    sheet = opened(study).sheet
    rows = []
    for rule in sheet.rules:
        holds, computed, remark = sheet.holds(rule), sheet.computed(rule), sheet.remark(rule)
        check = f"{rule.name} ({remark})" if remark else rule.name
        changes = [] if holds else sheet.part(rule.target).repairs
        repair = "; or ".join(map(str, changes)) or ("" if holds else NO_REPAIR)
        value = _number(computed.value) if computed else float("nan")
        rows.append((rule.exhibit, check, sheet.cells[rule.target].text, value, holds, repair))
    order = list(dict.fromkeys(row[0] for row in rows))
    rows.sort(key=lambda row: order.index(row[0]))
    columns = ["exhibit", "check", "printed", "computed", "holds", "repair"]
    return pd.DataFrame(rows, columns=columns, dtype=object).astype({"holds": bool})


def audit_text(checks: pd.DataFrame) -> str:
    """Return in words which checks of `audit` fail, and what one digit would mend.

    Examples
    --------
    >>> from churnlib.studies import EXAMPLE
    >>> print(audit_text(audit(EXAMPLE)))
    5 checks, all hold.
    """
    if checks.empty:
        return "Nothing was checked: study.toml declares no rule between printed numbers."
    failed = checks[~checks["holds"]]
    lines = [f"{len(checks)} checks, {len(failed) or 'all'} {'fail' if len(failed) else 'hold'}."]
    for repair, group in failed.groupby("repair", sort=False):
        lines.append("")
        for row in group.itertuples():
            computed = row.computed
            shown = (
                "no number fits the others" if computed != computed else f"computed {computed:.7g}"
            )
            lines.append(f"{row.exhibit}: {row.check}: printed {row.printed}, {shown}")
        first, *others = repair.split("; or ")
        if first == NO_REPAIR:
            lines.append("  here no one digit would explain all that hangs together")
        elif not others:
            lines.append(f"  one digit would explain it: {first}")
        elif len(others) < MOST_CHANGES:
            lines.append("  any one of these changes of one digit would explain it:")
            lines += [f"    {change}" for change in (first, *others)]
        else:
            many = 1 + len(others)
            lines.append(f"  {many} changes of one digit would explain it: too many to tell")
    remarked = checks[checks["check"].str.endswith(tuple(f"({r})" for r in ONLY_ROUNDED))]
    holding = [f"{row.exhibit}: {row.check}" for row in remarked.itertuples()]
    if len(holding) > MOST_CHANGES:
        holding = [f"{len(holding)} checks hold by rounding alone."]
    lines += ["", *holding]
    return "\n".join(lines).rstrip()


def audit_thesis() -> pd.DataFrame:
    """Check the project's own study; see `audit`."""
    return audit()


def _number(x: Fraction) -> int | float:
    return int(x) if x.denominator == 1 else float(x)
