"""How each kind of statement is decided, with facts from outside beside it where it takes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import pandas as pd
from scipy.stats import binomtest

from churnlib.crosstabs import least_v
from churnlib.evidence import LANGUAGES, Kind, Origin, Reported, derived, require_evidence
from churnlib.margins import AtLeast, Constraint, Count, StructuralZero, attainable
from churnlib.studies.checks import Cell
from churnlib.studies.reading import (
    ANY,
    NAME,
    TEXT,
    Named,
    checked,
    load_study,
    published_frequencies,
)
from churnlib.studies.study import TOTAL, Claim, Study, like, read_toml, typeset
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
    _, columns = _crossed(claim, study)
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
    rows, columns = _crossed(claim, study)
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


def _crossed(claim: Claim, study: Study) -> list[FrequencyTable]:
    """Return the two tables of which a claim says that most of one group are in another."""
    named = (claim.details[key]["exhibit"] for key in ("group", "within"))
    return [published_frequencies(name, study) for name in named]


@dataclass(frozen=True)
class Verdict:
    """What the evidence says of one statement.

    That simulated or assumed numbers are to confirm or refute it is a ValueError.
    """

    kind: Kind
    computed: str  # the number recomputed, or "—"
    method: str  # how it was decided
    reason: Mapping[str, str] = field(hash=False)  # one sentence by language
    origin: Origin = Origin.PUBLISHED  # the weakest evidence used

    def __post_init__(self) -> None:
        if self.kind not in (Kind.UNTESTABLE, Kind.EXTERNAL):
            require_evidence(self.origin, "a printed statement")


def verdict(number: int, study: Named = None) -> Verdict:
    """Decide one statement by its own method and word the reason in every language.

    Raises
    ------
    KeyError, ValueError
        If the study has no statement of that number; if the method lacks something.
    """
    study = load_study(study)
    claim = study.claim(number)
    try:
        return _RULES[study.methods[claim.method]["rule"]](claim, study)
    except (LookupError, ValueError) as error:
        what = str(error.args[0])
        raise ValueError(
            f"study.toml, {claim.name}, method {claim.method!r}: "
            f"{what if ' ' in what else f'it lacks {what!r}'}"
        ) from error


def _worded(
    claim: Claim, study: Study, kind: Kind, case: str, words: Mapping[str, Any],
    computed: str = "—", origin: Origin = Origin.PUBLISHED,
) -> Verdict:  # fmt: skip
    """Return a verdict with the sentence of this case, as the claim's method words it."""
    method, reason = study.methods[claim.method], {}
    all_words = {**claim.details, "decided_by": claim.decided_by, **words}
    all_words |= {"printed": typeset(claim.text), "computed": typeset(computed)}
    for lang, text in method[case].items():
        spoken = {k: v.get(lang, v) if isinstance(v, dict) else v for k, v in all_words.items()}
        reason[lang] = text.format(**spoken)
    return Verdict(kind, computed, method["how"], reason, origin)


def _outside(claim: Claim, study: Study) -> Verdict:
    """A figure from elsewhere; beside another of the same thing, whether their ranges meet."""
    if "beside" not in claim.details:
        return _worded(claim, study, Kind.EXTERNAL, "plain", {})
    other = study.claim(claim.details["beside"])
    mine, theirs = ([number.value for number in c.printed.values()] for c in (claim, other))
    agree = min(mine) <= max(theirs) and min(theirs) <= max(mine)
    printed = "–".join(number.text for number in other.printed.values())
    words = {"other": other.number, "other_printed": printed}
    return _worded(claim, study, Kind.EXTERNAL, "agree" if agree else "differ", words)


def _checks(claim: Claim, study: Study) -> Verdict:
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
    words: dict[str, Any] = {"rows": len(rules), "wrong": len(wrong)}
    computed, kind, case = f"{len(rules) - len(wrong)}/{len(rules)}", Kind.REPRODUCED, "equal"
    if own:
        shown: dict[Cell, str] = {}
        for rule in rules:
            value, printed = sheet.computed(rule, anew=True), sheet.cells[rule.target]
            shown.setdefault(rule.target, like(printed, value, claim.details.get("digits")))
        words = {"rows": len(shown), "wrong": len({rule.target for rule in wrong})}
        computed = ", ".join(shown.values())
    if wrong:
        kind, case, target = Kind.ARITHMETIC_ERROR, "differ", wrong[0].target
        repairs = sheet.parts[target].repairs if own else []
        if len(repairs) == 1 and target in repairs[0].following:
            words["cause"] = study.labels(repairs[0].cell[2])
            case = "own" if sheet.cells[target].text == repairs[0].printed else "inherited"
    return _worded(claim, study, kind, case, words, computed)


def _announced(claim: Claim, study: Study) -> Verdict:
    """Which of the questions announced have a table in our copy, and which only a picture."""
    announced, exhibits = claim.details["variables"], study.exhibits.values()
    tabulated = {v for exhibit in exhibits if exhibit.rows for v in exhibit.variables}
    pictured = {v for exhibit in exhibits for v in exhibit.variables} - tabulated
    absent = [v for v in announced if v not in tabulated]
    named = {
        "absent": absent,
        "unseen": [v for v in absent if v in pictured],
        "nowhere": [v for v in absent if v not in pictured],
    }
    words: dict[str, Any] = {
        name: {
            lang: joint.join(study.labels(key)[lang].lower() for key in keys)
            for lang, joint in zip(LANGUAGES, (" and ", "和"), strict=True)
        }
        for name, keys in named.items()
    }
    words |= {"announced": len(announced), "tabulated": len(announced) - len(absent)}
    kind = Kind.INCOMPLETE if absent else Kind.REPRODUCED
    case = "unseen" if named["unseen"] else "differ" if absent else "equal"
    return _worded(claim, study, kind, case, words, f"{words['tabulated']}/{len(announced)}")


def _majority(claim: Claim, study: Study) -> Verdict:
    """A share with its Wilson interval, held against one half; some levels may belong in part."""
    table = published_frequencies(claim.details["exhibit"], study)
    count, more = (table.combined(claim.details.get(key, [])) for key in ("levels", "partly"))
    low, high = wilson(count, table.n)
    computed = f"{count}/{table.n} = {count / table.n:.1%} [{low:.1%}, {high:.1%}]"
    words: dict[str, Any] = {"share": computed, "more": more}
    kind, case = (Kind.CAVEAT, "partial") if more else (Kind.REPRODUCED, "carried")
    if 2 * count <= table.n:
        kind, case = Kind.CONTRADICTED, "false"
    elif low <= 0.5:
        kind, case = Kind.NOT_ESTABLISHED, "open"
        words["needed"] = next(k for k in range(count, table.n + 1) if wilson(k, table.n)[0] > 0.5)
    return _worded(claim, study, kind, case, words, computed)


def _majority_within(claim: Claim, study: Study) -> Verdict:
    """Whether most of one group are in another, by what the two margins leave open."""
    rows, columns = _crossed(claim, study)
    size = rows.combined([claim.details["group"]["level"]])
    base = columns.combined([claim.details["within"]["level"]])
    # Fréchet's bounds on the cell that both margins leave open.
    low, high = max(0, size + base - columns.n), min(size, base)
    words: dict[str, Any] = {"low": low, "high": high, "forced": size, "base": base}
    words |= {"others": base - size, "others_base": rows.n - size}
    kind, case, origin = Kind.CAVEAT, "assumed", Origin.PUBLISHED
    if 2 * low > base:
        kind, case = Kind.REPRODUCED, "certain"
    elif 2 * high <= base:
        kind, case = Kind.CONTRADICTED, "impossible"
    elif not size <= base < 2 * size:
        kind, case = Kind.UNTESTABLE, "unknown"
    elif rows.n == columns.n and "question" in claim.details:
        plausible, case = plausibility(study), "beside_facts"
        beside = plausible.xs(claim.details["supposed"], level="said")
        words |= beside.to_dict(orient="index")
        origin = plausible.attrs["origin"]
    return _worded(claim, study, kind, case, words, f"{low}–{high}/{base}", origin)


def _unpublished(claim: Claim, study: Study) -> Verdict:
    """No exhibit tabulates together what the statement needs."""
    needed, words = set(claim.details["variables"]), {}
    if any(needed <= exhibit.variables for exhibit in study.exhibits.values() if exhibit.rows):
        raise ValueError(
            f"a published table now holds {', '.join(sorted(needed))}; give the claim a method "
            "that uses it"
        )
    if "exhibit" in claim.details:
        n = published_frequencies(claim.details["exhibit"], study).n
        words = {"n": n, **least_v(n)}
    return _worded(claim, study, Kind.UNTESTABLE, claim.details.get("about", "plain"), words)


_RULES: Mapping[str, Callable[[Claim, Study], Verdict]] = {  # that a declared method may name
    rule.__name__.removeprefix("_"): rule
    for rule in (_outside, _checks, _announced, _majority, _majority_within, _unpublished)
}
