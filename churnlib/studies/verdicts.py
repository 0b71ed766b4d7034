"""What is said of a study: which checks fail, and a verdict on every statement and exhibit."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

import pandas as pd

from churnlib.evidence import LANGUAGES, PROJECT, Kind, Origin, require_evidence
from churnlib.studies.decisions import verdict
from churnlib.studies.reading import Named, load_study
from churnlib.studies.study import ONLY_ROUNDED, read_toml

NO_REPAIR = "no change of one digit mends all checks"
MOST_CHANGES = 12  # more are counted in print: among them none can be named as likely


def audit(study: Named = None) -> pd.DataFrame:
    """Check every printed number of a study, or of its folder, that must follow from others.

    Returns
    -------
    DataFrame
        One row per check: ``exhibit``, ``check`` (in brackets whether rounding explains it, or
        another reading would), ``printed`` (text), ``computed``, ``holds`` and ``repair``: where it
        fails, each change of one printed digit that would mend all checks that hang together.

    Examples
    --------
    >>> from churnlib.studies import EXAMPLE
    >>> audit(EXAMPLE)["holds"].all()
    np.True_
    """
    sheet = load_study(study).sheet
    rows, order = [], [rule.exhibit for rule in sheet.rules]
    for rule in sorted(sheet.rules, key=lambda rule: order.index(rule.exhibit)):
        holds, computed, remark = sheet.holds(rule), sheet.computed(rule), sheet.remark(rule)
        check = f"{rule.name} ({remark})" if remark else rule.name
        changes = [] if holds else sheet.parts[rule.target].repairs
        repair = "; or ".join(map(str, changes)) or ("" if holds else NO_REPAIR)
        value = float(computed.value) if computed else float("nan")
        number = int(value) if value.is_integer() else value
        rows.append((rule.exhibit, check, sheet.cells[rule.target].text, number, holds, repair))
    columns = ["exhibit", "check", "printed", "computed", "holds", "repair"]
    return pd.DataFrame(rows, columns=columns, dtype=object).astype({"holds": bool})


def audit_thesis() -> pd.DataFrame:
    """Check the project's own study; see `audit`."""
    return audit()


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
            none = row.computed != row.computed
            shown = "no number fits the others" if none else f"computed {row.computed:.7g}"
            lines.append(f"{row.exhibit}: {row.check}: printed {row.printed}, {shown}")
        first, *more = changes = repair.split("; or ")
        if first == NO_REPAIR:
            lines.append("  here no one digit would explain all that hangs together")
        elif not more:
            lines.append(f"  one digit would explain it: {first}")
        elif len(changes) > MOST_CHANGES:
            many = f"{len(changes)} changes of one digit"
            lines.append(f"  {many} would explain it: too many to tell")
        else:
            lines.append("  any one of these changes of one digit would explain it:")
            lines += [f"    {change}" for change in changes]
    rounded = checks[checks["check"].str.endswith(tuple(f"({r})" for r in ONLY_ROUNDED))]
    holding = (rounded["exhibit"] + ": " + rounded["check"]).tolist()
    if len(holding) > MOST_CHANGES:
        holding = [f"{len(holding)} checks hold by rounding alone."]
    return "\n".join([*lines, "", *holding]).rstrip()


def claims(study: Named = None) -> pd.DataFrame:
    """Every statement of a study, or of its folder, with its computed verdict.

    Returns
    -------
    DataFrame
        Indexed by claim number, with ``section``, ``statement``, ``statement_zh``, ``printed``,
        ``computed``, ``verdict``, ``reason``, ``reason_zh`` and ``method``, all text.

    Examples
    --------
    >>> from churnlib.studies import EXAMPLE
    >>> claims(EXAMPLE)["verdict"].tolist()
    ['reproduced', 'untestable']
    """
    study = load_study(study)
    rows = []
    for number, claim in study.claims.items():
        judged = verdict(number, study)
        rows.append((
            claim.section, *claim.statement.values(), claim.text or "—", judged.computed,
            judged.kind.value, *judged.reason.values(), judged.method,
        ))  # fmt: skip
    columns = [
        "section", "statement", "statement_zh", "printed", "computed", "verdict", "reason",
        "reason_zh", "method",
    ]  # fmt: skip
    return pd.DataFrame(rows, pd.Index(study.claims, name="claim"), columns)


def exhibits(study: Named = None) -> pd.DataFrame:
    """Every table and figure that a study prints; without one, that the project makes of its own.

    Returns
    -------
    DataFrame
        Indexed by ``exhibit``, with ``title``, ``title_zh``, ``notebook``, ``file``, ``kind``
        (``"figure"``, ``"table"``, or ``"none"`` where nothing can be made), ``name`` (of its
        files), ``sources`` (CSV files with its numbers), ``origin`` and ``verdict``: of its own
        checks if printed, else the gravest among the statements that it carries, or
        ``"illustration"`` where it carries none, as all simulated must.
    """
    if study is None:
        entries, verdicts = exhibit_entries(), claims()["verdict"]
        for entry in entries:
            entry["verdict"] = "illustration"
            if entry["claims"]:
                require_evidence(Origin[entry["origin"]], f"what {entry['id']} stands for")
                entry["verdict"] = max(verdicts.loc[entry["claims"]], key=list(Kind).index)
    else:
        study = load_study(study)
        holds = audit(study).groupby("exhibit")["holds"].all()
        kinds = {True: Kind.REPRODUCED, False: Kind.ARITHMETIC_ERROR, None: Kind.UNTESTABLE}
        entries = [
            {"id": name, "title": table.title, "notebook": "", "origin": "PUBLISHED"}
            | {"verdict": kinds[holds.get(name)].value, **_made(table.file)}
            for name, table in study.exhibits.items()
        ]
    columns = ["notebook", "file", "kind", "name", "sources", "origin", "verdict"]
    titles = ([entry["title"][lang] for lang in LANGUAGES] for entry in entries)
    rows = [
        (*title, *map(entry.get, columns)) for title, entry in zip(titles, entries, strict=True)
    ]
    names = pd.Index([entry["id"] for entry in entries], name="exhibit")
    return pd.DataFrame(rows, names, ["title", "title_zh", *columns])


def exhibit_entries() -> list[dict[str, Any]]:
    """``notebooks/exhibits.toml`` as it stands, with ``kind``, ``name`` and ``sources`` added."""
    file = PROJECT / "notebooks" / "exhibits.toml"
    entries = read_toml(file, "restore it from version control")["exhibit"]
    return [{**_made(entry.get("file", "")), **entry} for entry in entries]


def _made(name: str) -> dict[str, Any]:
    """What is made of an exhibit follows from its file: a CSV is a table, all else a figure."""
    file = PurePosixPath(name)
    kind = "none" if not name else "table" if file.suffix == ".csv" else "figure"
    return {"file": name, "kind": kind, "name": file.stem, "sources": [file.stem] if name else []}
