"""How each kind of statement is decided. A rule computes a finding; it words nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import pandas as pd
from scipy.stats import binomtest

from churnlib.crosstabs import least_v
from churnlib.evidence import LANGUAGES, Kind, Origin, Reported, derived
from churnlib.margins import AtLeast, Constraint, Count, StructuralZero, attainable
from churnlib.studies.arithmetic import Cell, like
from churnlib.studies.reading import TOTAL, Named, load_study, published_frequencies
from churnlib.studies.study import Claim, Study, checked, read_toml
from churnlib.tables import FrequencyTable, wilson


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
        share, left = self.share(self.rest[name]["share"]), Fraction(1)
        for group, theirs in self.rest[name]["without"].items():
            left -= self.share(group)
            share -= self.share(group) * self.share(theirs) if theirs else 0
        return share / left


def census(study: Named = None) -> OutsideFacts:
    """Return the facts from outside that a study is compared with; errors as in `load_study`."""
    file = load_study(study).files.get("outside")
    if file is None:
        raise ValueError("study.toml names no file of facts printed elsewhere as 'outside'")
    content = read_toml(file, "study.toml names it as 'outside'")
    sources = tuple(content.get("sources", ()))
    schema = {
        "facts": {"*": {"printed": "any", "of": "name", "source": sources}},
        "rest?": {"*": {"share": "name", "without": {"*": "name"}, "of": "name"}},
        "sources": {"*": dict.fromkeys(("publisher", "title", "date", "page"), "name")},
        "warning": "text",
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
    claim, _, columns = _questioned(load_study(study))
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
        Indexed by ``question`` (as the claim names them) and ``said`` (see `minor_assumptions`),
        columns ``low``, ``high`` (fewest and most people), ``n`` (people asked about),
        ``census`` (the outside share, standardised to the rows of those people), ``best`` (the
        count that fits it best), ``p_value`` (of its exact binomial test, for a random sample of a
        population with that share) and ``fits_from``, ``fits_to``: the shares that this count
        would not reject at 5 % (Clopper–Pearson).
    """
    study = load_study(study)
    claim, rows, columns = _questioned(study)
    facts, lines = census(study), {}
    for question in claim.details["question"]:
        people = Count((list(question["rows"]), question["columns"]))
        sizes = {level: rows.combined([level]) for level in question["rows"]}
        n = sum(sizes.values())
        there = [size * facts.share(question["rows"][level]) for level, size in sizes.items()]
        share = float(sum(there) / n)
        for said, constraints in minor_assumptions(study).items():
            possible = attainable(rows, columns, people, constraints)
            counts = range(round(possible.low), round(possible.high) + 1)
            best = max((binomtest(k, n, share) for k in counts), key=lambda test: test.pvalue)
            fits = best.proportion_ci(0.95, method="exact")
            lines[question["id"], said] = {
                "low": possible.low, "high": possible.high, "n": n, "census": share,
                "best": float(best.k), "p_value": min(float(best.pvalue), 1.0),
                "fits_from": fits.low, "fits_to": fits.high,
            }  # fmt: skip
    frame = pd.DataFrame.from_dict(lines, orient="index")
    frame.index = pd.MultiIndex.from_tuples(lines, names=["question", "said"])
    frame.attrs["origin"] = derived(rows.origin, columns.origin, Origin.EXTERNAL)
    return frame


def _questioned(study: Study) -> tuple[Claim, FrequencyTable, FrequencyTable]:
    """Return the claim with questions, and the two tables that it crosses."""
    claim = next(claim for claim in study.claims.values() if "question" in claim.details)
    named = (claim.details[key]["exhibit"] for key in ("group", "within"))
    group, within = (published_frequencies(name, study) for name in named)
    return claim, group, within


@dataclass(frozen=True)
class Finding:
    """What a rule finds: the verdict's kind, and which sentence says why with which words."""

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
    sheet, name = study.sheet, claim.details.get("exhibit", claim.name)
    rules = [
        rule
        for rule in sheet.rules
        if rule.target[0] == name
        and claim.details.get("check", rule.check.name) == rule.check.name
        and (rule.target[1] != TOTAL or "rows" not in claim.details)
    ]
    if not rules:
        raise ValueError(f"no such rule says what the numbers of {name!r} follow from")
    own = name == claim.name
    wrong = [rule for rule in rules if not sheet.holds(rule, anew=own)]
    if own:
        shown: dict[Cell, str] = {}
        for rule in rules:
            value, printed = sheet.computed(rule, anew=True), sheet.cells[rule.target]
            text = like(printed, value, claim.details.get("digits")) if value else "—"
            shown.setdefault(rule.target, text)
        computed = ", ".join(shown.values())
        words: dict[str, Any] = {"rows": len(shown), "wrong": len({rule.target for rule in wrong})}
    else:
        computed = f"{len(rules) - len(wrong)}/{len(rules)}"
        words = {"rows": len(rules), "wrong": len(wrong)}
    if not wrong:
        return Finding(Kind.REPRODUCED, "equal", computed, words)
    target, case = wrong[0].target, "differ"
    repairs = sheet.parts[target].repairs if own else []
    if len(repairs) == 1 and target in repairs[0].following:
        words["cause"] = study.labels(repairs[0].cell[2])
        case = "own" if sheet.cells[target].text == repairs[0].printed else "inherited"
    return Finding(Kind.ARITHMETIC_ERROR, case, computed, words)


def _announced(claim: Claim, study: Study) -> Finding:
    """Which of the questions announced have a table in our copy, and which only a picture."""
    announced = claim.details["variables"]
    exhibits = study.exhibits.values()
    tabulated = {v for exhibit in exhibits if exhibit.rows for v in exhibit.variables}
    pictured = {v for exhibit in exhibits if not exhibit.rows for v in exhibit.variables}
    absent = [v for v in announced if v not in tabulated]
    unseen = [v for v in absent if v in pictured]
    nowhere = [v for v in absent if v not in pictured]
    words: dict[str, Any] = {
        name: {
            lang: joint.join(study.labels(key)[lang].lower() for key in keys)
            for lang, joint in zip(LANGUAGES, (" and ", "和"), strict=True)
        }
        for name, keys in {"absent": absent, "unseen": unseen, "nowhere": nowhere}.items()
    }
    words |= {"announced": len(announced), "tabulated": len(announced) - len(absent)}
    computed = f"{words['tabulated']}/{len(announced)}"
    if not absent:
        return Finding(Kind.REPRODUCED, "equal", computed, words)
    return Finding(Kind.INCOMPLETE, "unseen" if unseen else "differ", computed, words)


def _majority(claim: Claim, study: Study) -> Finding:
    """A share with its Wilson interval, held against one half; some levels may belong in part."""
    table = published_frequencies(claim.details["exhibit"], study)
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
    first, second = (published_frequencies(part["exhibit"], study) for part in (group, within))
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
        n = published_frequencies(claim.details["exhibit"], study).n
        words = {"n": n, **least_v(n)}
    return Finding(Kind.UNTESTABLE, claim.details.get("about", "plain"), words=words)


RULES: Mapping[str, Callable[[Claim, Study], Finding]] = {
    rule.__name__.removeprefix("_"): rule
    for rule in (_outside, _checks, _announced, _majority, _majority_within, _unpublished)
}  # that a declared method may name
