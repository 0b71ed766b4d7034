"""How each kind of statement is decided. A method computes a finding; it words nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from churnlib.crosstabs import least_v
from churnlib.evidence import LANGUAGES, Kind, Origin
from churnlib.studies.arithmetic import Cell, like
from churnlib.studies.margins import plausibility
from churnlib.studies.study import Claim, Study
from churnlib.tables import wilson


@dataclass(frozen=True)
class Finding:
    """What a method found: the verdict's kind, and which sentence says why with which words."""

    kind: Kind
    case: str
    computed: str = "—"
    words: Mapping[str, Any] = field(default_factory=dict)
    origin: Origin = Origin.PUBLISHED  # the weakest evidence used


def _outside(claim: Claim, study: Study) -> Finding:
    """A figure from elsewhere; beside another of the same thing, whether their ranges meet."""
    if "beside" not in claim.details:
        return Finding(Kind.EXTERNAL, "plain")
    if (other := study.claims.get(claim.details["beside"])) is None:
        raise ValueError(f"'beside' names {claim.details['beside']}, and no claim has that number")
    (low, high), (their_low, their_high) = (
        (min(values), max(values))
        for values in ([x.value for x in c.printed.values()] for c in (claim, other))
    )
    case = "agree" if low <= their_high and their_low <= high else "differ"
    printed = "–".join(number.text for number in other.printed.values())
    return Finding(Kind.EXTERNAL, case, words={"other": other.number, "other_printed": printed})


def _checks(claim: Claim, study: Study) -> Finding:
    """Whether the statement's own numbers, or those of an exhibit, follow from the others."""
    if "exhibit" in claim.details:
        return _exhibit_checks(claim, study)
    sheet, own = study.sheet, [rule for rule in study.rules if rule.target in claim.cells]
    if not own:
        raise ValueError("no rule says what its numbers follow from")
    shown: dict[Cell, str] = {}
    for rule in own:
        computed, printed = sheet.computed(rule, anew=True), sheet.cells[rule.target]
        if digits := claim.details.get("digits"):
            printed = replace(printed, text=f"{0:.{digits}f}{'%' if '%' in printed.text else ''}")
        shown.setdefault(rule.target, like(printed, float(computed.value)) if computed else "—")
    wrong = [rule for rule in own if not sheet.holds(rule, anew=True)]
    words: dict[str, Any] = {"printed": ", ".join(x.text for x in claim.printed.values())}
    words |= {"rows": len(shown), "wrong": len({rule.target for rule in wrong})}
    if not wrong:
        return Finding(Kind.REPRODUCED, "equal", ", ".join(shown.values()), words)
    case, repairs = "differ", sheet.part(wrong[0].target).repairs
    if len(repairs) == 1 and wrong[0].target in repairs[0].following:
        words["cause"] = study.labels(repairs[0].cell[2])
        own_digit = sheet.cells[wrong[0].target].text == repairs[0].printed
        case = "own" if own_digit else "inherited"
    return Finding(Kind.ARITHMETIC_ERROR, case, ", ".join(shown.values()), words)


def _exhibit_checks(claim: Claim, study: Study) -> Finding:
    name, only = claim.details["exhibit"], claim.details.get("check")
    rules = [r for r in study.rules if r.target[0] == name and only in (None, r.check)]
    if claim.details.get("rows") == "each":
        rules = [rule for rule in rules if rule.target[1] in study.exhibits[name].rows]
    if not rules:
        raise ValueError(f"{name!r} has no such rule")
    wrong = sum(not study.sheet.holds(rule) for rule in rules)
    computed, words = f"{len(rules) - wrong}/{len(rules)}", {"rows": len(rules), "wrong": wrong}
    if wrong:
        return Finding(Kind.ARITHMETIC_ERROR, "differ", computed, words)
    return Finding(Kind.REPRODUCED, "equal", computed, words)


def _announced(claim: Claim, study: Study) -> Finding:
    """Which of the questions announced have a table in our copy, and which only a picture."""
    announced = claim.details["variables"]
    tabulated, pictured = (
        {v for e in study.exhibits.values() if bool(e.rows) is has_rows for v in e.variables}
        for has_rows in (True, False)
    )
    absent = [v for v in announced if v not in tabulated]
    unseen = [v for v in absent if v in pictured]
    words = {
        "announced": len(announced),
        "tabulated": len(announced) - len(absent),
        "absent": _list(study, absent),
        "unseen": _list(study, unseen),
        "nowhere": _list(study, [v for v in absent if v not in unseen]),
    }
    computed = f"{words['tabulated']}/{len(announced)}"
    if not absent:
        return Finding(Kind.REPRODUCED, "equal", computed, words)
    return Finding(Kind.INCOMPLETE, "unseen" if unseen else "differ", computed, words)


def _majority(claim: Claim, study: Study) -> Finding:
    """A share with its Wilson interval, held against one half; some levels may belong in part."""
    table = study.frequencies(claim.details["exhibit"])
    count, more = (table.combined(claim.details.get(key, [])) for key in ("levels", "partly"))
    low, high = wilson(count, table.n)
    computed = f"{count}/{table.n} = {count / table.n:.1%} [{low:.1%}, {high:.1%}]"
    words: dict[str, Any] = {"share": computed, "more": more}
    if 2 * count <= table.n:
        return Finding(Kind.CONTRADICTED, "false", computed, words)
    if low <= 0.5:
        words["needed"] = next(k for k in range(count, table.n + 1) if wilson(k, table.n)[0] > 0.5)
        return Finding(Kind.NOT_ESTABLISHED, "open", computed, words)
    if more:
        return Finding(Kind.CAVEAT, "partial", computed, words)
    return Finding(Kind.REPRODUCED, "carried", computed, words)


def _majority_within(claim: Claim, study: Study) -> Finding:
    """Whether most of one group are in another, by what the two margins leave open."""
    group, within = claim.details["group"], claim.details["within"]
    first, second = (study.frequencies(part["exhibit"]) for part in (group, within))
    size, base = first.combined([group["level"]]), second.combined([within["level"]])
    # Fréchet's bounds on the cell that both margins leave open.
    low, high = max(0, size + base - second.n), min(size, base)
    words: dict[str, Any] = {"low": low, "high": high, "forced": size, "base": base}
    words |= {"others": base - size, "others_base": first.n - size}
    computed = f"{low}–{high}/{base}"
    if 2 * low > base:
        return Finding(Kind.REPRODUCED, "certain", computed, words)
    if 2 * high <= base:
        return Finding(Kind.CONTRADICTED, "impossible", computed, words)
    if not size <= base < 2 * size:
        return Finding(Kind.UNTESTABLE, "unknown", computed, words)
    if first.n != second.n or "question" not in claim.details:
        return Finding(Kind.CAVEAT, "assumed", computed, words)
    plausible = plausibility(study)
    beside = plausible.xs(claim.details["supposed"], level="said")
    words |= {question: row.to_dict() for question, row in beside.iterrows()}
    return Finding(Kind.CAVEAT, "beside_facts", computed, words, plausible.attrs["origin"])


def _unpublished(claim: Claim, study: Study) -> Finding:
    """No exhibit tabulates together what the statement needs."""
    needed = set(claim.details["variables"])
    if any(needed <= exhibit.variables for exhibit in study.exhibits.values() if exhibit.rows):
        raise ValueError(
            f"a published table now holds {', '.join(sorted(needed))}; give the claim a method "
            "that uses it"
        )
    words = {}
    if "exhibit" in claim.details:
        n = study.frequencies(claim.details["exhibit"]).n
        words = {"n": n, **least_v(n)}
    return Finding(Kind.UNTESTABLE, claim.details.get("about", "plain"), words=words)


def _list(study: Study, keys: list[str]) -> dict[str, str]:
    return {
        lang: joint.join(study.labels(key)[lang].lower() for key in keys)
        for lang, joint in zip(LANGUAGES, (" and ", "和"), strict=True)
    }


DECISIONS: Mapping[str, Callable[[Claim, Study], Finding]] = {
    "outside": _outside,
    "checks": _checks,
    "announced": _announced,
    "majority": _majority,
    "majority_within": _majority_within,
    "unpublished": _unpublished,
}
"""Every rule that a declared method may name."""
