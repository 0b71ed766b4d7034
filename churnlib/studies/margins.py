"""What two printed margins and a statement about both leave open, beside facts from outside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import pandas as pd
from scipy.stats import binomtest

from churnlib.evidence import Origin, Reported, Test, derived
from churnlib.margins import AtLeast, Attainable, Constraint, Count, StructuralZero, attainable
from churnlib.studies.folder import read_toml
from churnlib.studies.keys import FACT, OUTSIDE, REST, SOURCE, checked, choice
from churnlib.studies.reading import Named, opened
from churnlib.studies.study import Claim, Study
from churnlib.tables import FrequencyTable


@dataclass(frozen=True, eq=False)
class OutsideFacts:
    """Facts printed elsewhere, to stand beside a study."""

    facts: Mapping[str, Reported]  # printed percentages
    rest: Mapping[str, Mapping[str, Any]]  # shares of those left when groups are taken away
    warning: Mapping[str, str]  # whom the facts count, by language
    sources: Mapping[str, str]  # publisher, title, date and place by fact

    def share(self, name: str) -> Fraction:
        """Return a share from 0 to 1; ``"not x"`` is the share of those without x.

        What is known of all and of some groups says what holds of the rest.

        Raises
        ------
        KeyError
            If there is no such fact.
        """
        if name.startswith("not "):
            return 1 - self.share(name.removeprefix("not "))
        if rest := self.rest.get(name):
            sizes = {group: self.share(group) for group in rest["without"]}
            theirs = sum(
                sizes[group] * self.share(share)
                for group, share in rest["without"].items()
                if share
            )
            return (self.share(rest["share"]) - theirs) / (1 - sum(sizes.values()))
        if name not in self.facts:
            known = ", ".join([*self.facts, *self.rest])
            raise KeyError(f"no outside fact {name!r}; there are {known}")
        return Fraction(self.facts[name].value) / 100


def census(study: Named = None) -> OutsideFacts:
    """Return the facts from outside that a study is compared with.

    Raises
    ------
    FileNotFoundError, ValueError, TypeError
        If the file is missing, malformed, or holds a number without quotes.
    """
    file = opened(study).files.get("outside")
    if file is None:
        raise ValueError("study.toml names no file of facts printed elsewhere as 'outside'")
    content = checked(read_toml(file, "study.toml names it as 'outside'"), OUTSIDE, file.name)
    facts, rest, sources = (
        {
            name: checked(entry, entry_keys, f"{file.name}, {name}")
            for name, entry in content.get(table, {}).items()
        }
        for table, entry_keys in (("facts", FACT), ("rest", REST), ("sources", SOURCE))
    )
    return OutsideFacts(
        {name: Reported(fact["printed"], f"{file.name}, {name}") for name, fact in facts.items()},
        rest,
        content["warning"],
        {
            name: ", ".join(
                sources[choice(fact, "source", sources, f"{file.name}, {name}")][key]
                for key in SOURCE[0]
            )
            for name, fact in facts.items()
        },
    )


def best_fit_test(possible: Attainable, n: int, share: float) -> Test:
    """The exact binomial test of the attainable count that fits a share best.

    Whatever the count was, its own p-value is no larger than this one.

    Parameters
    ----------
    possible : Attainable
        The range of a count.
    n : int
        People among whom it is counted.
    share : float
        Share of them in the population that they might be a random sample of.

    Returns
    -------
    Test
        ``statistic`` is the count that fits best, ``p_value`` its two-sided p-value.

    Examples
    --------
    >>> possible = attainable([10, 10], [8, 12], Count((0, 0)), [AtLeast((0, 0), 7)])
    >>> test = best_fit_test(possible, 10, 0.2)
    >>> test.statistic, round(test.p_value, 6)
    (7.0, 0.000864)
    """
    counts = range(round(possible.low), round(possible.high) + 1)
    p_values = {count: float(binomtest(count, n, share).pvalue) for count in counts}
    best = max(p_values, key=lambda count: p_values[count])
    p = min(p_values[best], 1.0)  # NaN stays NaN
    note = f"{best} of {n} against {share:.1%}, the best fit of {counts[0]} to {counts[-1]}"
    return Test("binomial", float(best), float("nan"), p, n, True, (p, p), possible.origin, note)


def minor_assumptions(study: Named = None) -> dict[str, tuple[Constraint, ...]]:
    """What may be supposed of the statement "most of these are of that group".

    Returns
    -------
    dict of str to tuple of Constraint
        ``nothing``; ``most``, the statement as printed; the name that the study gives to
        "nobody of that group is elsewhere"; and ``both``.
    """
    claim, _, columns = _questioned(opened(study))
    group, within = claim.details["group"]["level"], claim.details["within"]["level"]
    most = AtLeast((group, within), columns.combined([within]) // 2 + 1)
    nowhere_else = StructuralZero((group, [c for c in columns.counts.index if c != within]))
    return {
        "nothing": (),
        "most": (most,),
        claim.details["supposed"]: (nowhere_else,),
        "both": (most, nowhere_else),
    }


def plausibility(study: Named = None) -> pd.DataFrame:
    """What each supposition forces elsewhere in the table, beside a share from outside.

    Returns
    -------
    DataFrame
        Indexed by ``question`` (as the claim names them) and ``said`` (see `minor_assumptions`),
        columns ``low``, ``high`` (fewest and most people), ``n`` (people asked about),
        ``census`` (the outside share, standardised to the rows of those people), ``best`` (the
        count that fits it best), ``p_value`` (of the exact binomial test of that count) and
        ``fits_from``, ``fits_to``: the shares that this count would not reject at 5 %
        (Clopper–Pearson).

    Notes
    -----
    p supposes a random sample of a population with that share, which is false to some degree:
    it is what `fits_from` and `fits_to` are for.
    """
    study = opened(study)
    claim, rows, columns = _questioned(study)
    facts, suppositions, lines = census(study), minor_assumptions(study), {}
    for question in claim.details["question"]:
        people = Count((list(question["rows"]), question["columns"]))
        sizes = {level: rows.combined([level]) for level in question["rows"]}
        n = sum(sizes.values())
        there = [size * facts.share(question["rows"][level]) for level, size in sizes.items()]
        share = float(sum(there) / n)
        for said, constraints in suppositions.items():
            possible = attainable(rows, columns, people, constraints)
            test = best_fit_test(possible, n, share)
            fits = binomtest(round(test.statistic), n).proportion_ci(0.95, method="exact")
            lines[question["id"], said] = (
                possible.low, possible.high, n, share, test.statistic, test.p_value,
                fits.low, fits.high,
            )  # fmt: skip
    names = ["low", "high", "n", "census", "best", "p_value", "fits_from", "fits_to"]
    index = pd.MultiIndex.from_tuples(lines, names=["question", "said"])
    frame = pd.DataFrame(list(lines.values()), index, names)
    frame.attrs["origin"] = derived(rows.origin, columns.origin, Origin.EXTERNAL)
    return frame


def _questioned(study: Study) -> tuple[Claim, FrequencyTable, FrequencyTable]:
    """Return the claim with questions, and the two tables that it crosses."""
    claim = next(claim for claim in study.claims.values() if "question" in claim.details)
    group, within = (
        study.frequencies(claim.details[key]["exhibit"]) for key in ("group", "within")
    )
    return claim, group, within
