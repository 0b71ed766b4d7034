"""What is printed, to compute with: tables, the audit of their numbers, facts from elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import pandas as pd
from scipy.stats import binomtest

from churnlib.evidence import Origin, Reported, derived
from churnlib.margins import AtLeast, Constraint, Count, StructuralZero, attainable
from churnlib.studies.reading import ANY, NAME, TEXT, Named, checked, load_study
from churnlib.studies.study import ONLY_ROUNDED, Claim, PrintedTable, Study, read_toml
from churnlib.tables import FrequencyTable

NO_REPAIR = "no change of one digit mends all checks"
MOST_CHANGES = 12  # more are counted in print: among them none can be named as likely


def printed_table(number: str, study: Named = None) -> PrintedTable:
    """Return one printed table of a study, by its name or by its number alone.

    Raises
    ------
    KeyError
        If the study prints no such table, with those there are.

    Examples
    --------
    >>> from churnlib.studies import EXAMPLE
    >>> printed_table("1", EXAMPLE).totals["people"].text
    '40'
    """
    tables = {
        table.exhibit.rpartition(" ")[2]: table
        for table in load_study(study).exhibits.values()
        if table.rows
    }
    for short, table in tables.items():
        if number in (table.exhibit, short):
            return table
    raise KeyError(f"the study has no table {number!r}; it prints {', '.join(tables)}")


def published_frequencies(number: str, study: Named = None) -> FrequencyTable:
    """Return the frequencies of one survey question as a table to compute with.

    Raises
    ------
    KeyError, ValueError
        If the study has no such table, or it tabulates no question or several, or has not one
        column of counts.
    """
    table = printed_table(number, study)
    columns = [column for column, kind in table.columns.items() if kind == "count"]
    if len(table.variables) != 1 or len(columns) != 1:
        raise ValueError(
            f"{table.exhibit} is not the frequency table of one survey question; it would need "
            "'variables' with that question alone, and one column of kind 'count'"
        )
    counts = {level: cell.value for level, cell in table.column(columns[0]).items()}
    (variable,) = table.variables
    return FrequencyTable.from_counts(counts, variable=variable, origin=Origin.PUBLISHED)


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


@dataclass(frozen=True, eq=False)
class OutsideFacts:
    """Facts printed elsewhere, to stand beside a study."""

    facts: Mapping[str, Reported]  # printed percentages
    rest: Mapping[str, Mapping[str, Any]]  # shares of those left when groups are taken away
    warning: Mapping[str, str]  # whom the facts count, by language

    def share(self, name: str) -> Fraction:
        """Return a share from 0 to 1, a KeyError if there is none; ``"not x"`` is what it lacks."""
        if name.startswith("not "):
            return 1 - self.share(name.removeprefix("not "))
        if name in self.facts:
            return Fraction(self.facts[name].value) / 100
        if name not in self.rest:
            known = ", ".join([*self.facts, *self.rest])
            raise KeyError(f"no outside fact {name!r}; there are {known}")
        without, share = self.rest[name]["without"], self.share(self.rest[name]["share"])
        share -= sum(self.share(group) * self.share(x) for group, x in without.items() if x)
        return share / (1 - sum(map(self.share, without)))


def census(study: Named = None) -> OutsideFacts:
    """Return the facts from outside that a study is compared with; errors as in `load_study`."""
    file = load_study(study).files.get("outside")
    if file is None:
        raise ValueError("study.toml names no file of facts printed elsewhere as 'outside'")
    content = read_toml(file, "study.toml names it as 'outside'")
    schema = {
        "facts": {"*": {"printed": ANY, "of": NAME, "source": tuple(content.get("sources", ()))}},
        "rest?": {"*": {"share": NAME, "without": {"*": NAME}, "of": NAME}},
        "sources": {"*": dict.fromkeys(("publisher", "title", "date", "page"), NAME)},
        "warning": TEXT,
    }
    content = checked(content, schema, file.name)
    facts = {
        name: Reported(fact["printed"], f"{file.name}, {name}")
        for name, fact in content["facts"].items()
    }
    return OutsideFacts(facts, content.get("rest", {}), content["warning"])


def minor_assumptions(study: Named = None) -> dict[str, tuple[Constraint, ...]]:
    """What may be supposed of the statement "most of these are of that group".

    By name, for `attainable`: ``nothing``; ``most``, the statement as printed; what the study
    calls "nobody of that group is elsewhere"; and ``both``.
    """
    study = load_study(study)
    claim = _questioned(study)
    columns = crossed(claim, study)[1]
    group, within = claim.details["group"]["level"], claim.details["within"]["level"]
    most = AtLeast((group, within), columns.combined([within]) // 2 + 1)
    nowhere_else = StructuralZero((group, [c for c in columns.counts.index if c != within]))
    supposed = {"nothing": (), "most": (most,), claim.details["supposed"]: (nowhere_else,)}
    return {**supposed, "both": (most, nowhere_else)}


def plausibility(study: Named = None) -> pd.DataFrame:
    """What each supposition forces elsewhere in the table, beside a share from outside.

    Returns
    -------
    DataFrame
        Indexed by ``question`` (as the claim names them) and ``said`` (see `minor_assumptions`):
        ``low``, ``high`` (fewest and most people), ``n`` (people asked about), ``census`` (the
        outside share, standardised to their rows), ``best`` (the count that fits it best),
        ``p_value`` (of its exact binomial test, for a random sample), ``fits_from`` and
        ``fits_to``: the shares that this count would not reject at 5 % (Clopper–Pearson).
    """
    study = load_study(study)
    claim, facts, lines = _questioned(study), census(study), {}
    rows, columns = crossed(claim, study)
    for question in claim.details["question"]:
        shares = question["rows"]
        people, n = Count((list(shares), question["columns"])), rows.combined(list(shares))
        there = sum(rows.combined([level]) * facts.share(x) for level, x in shares.items())
        share = float(there / n)
        for said, constraints in minor_assumptions(study).items():
            possible = attainable(rows, columns, people, constraints)
            counts = range(round(possible.low), round(possible.high) + 1)
            best = max((binomtest(k, n, share) for k in counts), key=lambda test: test.pvalue)
            fits = best.proportion_ci()
            lines[question["id"], said] = {
                "low": possible.low, "high": possible.high, "n": n, "census": share,
                "best": float(best.k), "p_value": min(float(best.pvalue), 1.0),
                "fits_from": fits.low, "fits_to": fits.high,
            }  # fmt: skip
    frame = pd.DataFrame.from_dict(lines, orient="index").rename_axis(["question", "said"])
    frame.attrs["origin"] = derived(rows.origin, columns.origin, Origin.EXTERNAL)
    return frame


def _questioned(study: Study) -> Claim:
    return next(claim for claim in study.claims.values() if "question" in claim.details)


def crossed(claim: Claim, study: Study) -> list[FrequencyTable]:
    """Return the two tables of which a claim says that most of one group are in another."""
    named = (claim.details[key]["exhibit"] for key in ("group", "within"))
    return [published_frequencies(name, study) for name in named]
