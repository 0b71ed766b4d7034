"""Age, education and one sentence about minors, held together and against the census."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import pandas as pd

from churnlib.evidence import Reported, Test, derived, resources
from churnlib.margins import AtLeast, Attainable, Constraint, Count, StructuralZero, attainable
from churnlib.studies.thesis import published_frequencies

MINORS, OLDER, SCHOOL = "le18", "ge60", "high_school_or_below"


@dataclass(frozen=True, eq=False)
class Census:
    """Facts of the 2020 census of Beijing.

    Parameters
    ----------
    facts : mapping of str to Reported
        Printed numbers by name.
    warning : mapping of str to str
        By language: whom the census counts, and why customers may differ.
    sources : mapping of str to str
        Title of the source by fact.
    """

    facts: Mapping[str, Reported]
    warning: Mapping[str, str]
    sources: Mapping[str, str]

    @property
    def older_with_college(self) -> float:
        """Share of the residents of 60 or over who have junior college or more."""
        return float(self.facts["ge60_college"].value) / 100

    @property
    def grown_without_college(self) -> float:
        """Share of the residents of 15 or over who stopped at high school or before.

        Derived: nobody below 15 has been to college, so those who have are a part of the rest.
        """
        college = Fraction(self.facts["college"].value) / 100_000
        grown = 1 - Fraction(self.facts["under_15"].value) / 100
        return float(1 - college / grown)


def census(folder: Path | None = None) -> Census:
    """Read the facts for comparison.

    Parameters
    ----------
    folder : Path, optional
        A data folder; the project's own when left out.

    Raises
    ------
    FileNotFoundError, ValueError, TypeError
        If the file is missing, malformed, or holds a number without quotes.

    Examples
    --------
    >>> facts = census()
    >>> facts.facts["ge60_college"].text, round(facts.grown_without_college, 3)
    ('20.6%', 0.523)
    """
    file = resources(folder)["census"].path
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
        facts, titles = content["facts"], content["sources"]
        printed = {
            name: Reported(fact["printed"], f"{file.name}, {name}") for name, fact in facts.items()
        }
        sources = {name: titles[fact["source"]]["title"] for name, fact in facts.items()}
        return Census(printed, content["warning"], sources)
    except FileNotFoundError:
        raise FileNotFoundError(
            f"{file} is missing; it belongs to the project: restore it from version control"
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, KeyError) as error:
        raise ValueError(f"{file.name} is not a file of census facts: {error!r}") from error


def favourable(possible: Attainable, n: int, share: float) -> Test:
    """The exact binomial test of the attainable count that fits a share best.

    Whatever the unpublished count was, its own p-value is no larger than this one.

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
    >>> test = favourable(possible, 10, 0.2)
    >>> test.statistic, round(test.p_value, 6)
    (7.0, 0.000864)
    """
    from scipy.stats import binomtest

    counts = range(round(possible.low), round(possible.high) + 1)
    p_values = {count: float(binomtest(count, n, share).pvalue) for count in counts}
    best = max(p_values, key=lambda count: p_values[count])
    p = min(p_values[best], 1.0)  # NaN stays NaN
    note = f"{best} of {n} against {share:.1%}, the best fit of {counts[0]} to {counts[-1]}"
    return Test("binomial", float(best), float("nan"), p, n, True, (p, p), possible.origin, note)


def sayings(folder: Path | None = None) -> dict[str, tuple[Constraint, ...]]:
    """What is said of minors, as constraints on age by education.

    Returns
    -------
    dict of str to tuple of Constraint
        ``nothing``; ``most``, statement 23 as printed: most people with high school or below
        are minors; ``no_degree``: nobody of 18 or under has finished more than high school,
        which the thesis does not say but may have had in mind; and ``both``.
    """
    school = published_frequencies("3-3", folder).counts
    most = AtLeast((MINORS, SCHOOL), int(school[SCHOOL]) // 2 + 1)
    no_degree = StructuralZero((MINORS, [level for level in school.index if level != SCHOOL]))
    return {
        "nothing": (),
        "most": (most,),
        "no_degree": (no_degree,),
        "both": (most, no_degree),
    }


def plausibility(folder: Path | None = None) -> pd.DataFrame:
    """How many adults stopped at high school and how many older people went to college.

    Returns
    -------
    DataFrame
        Indexed by ``question`` (``adults_without_college``, ``older_with_college``) and
        ``said`` (the keys of `sayings`), columns ``low``, ``high`` (fewest and most people),
        ``n`` (people asked about), ``census`` (share), ``best`` (the count that fits the census
        best), ``p_value`` (of the exact binomial test of that count) and ``fits_from``,
        ``fits_to``: the shares that this count would not reject at 5 % (Clopper–Pearson).

    Notes
    -----
    p supposes that the customers are a random sample of a population with the census's share.
    That is false for a branch to some degree: it is what `fits_from` and `fits_to` are for.

    Examples
    --------
    >>> plausibility().loc[("older_with_college", "no_degree"), ["low", "high", "n"]].tolist()
    [18.0, 20.0, 20.0]
    """
    from scipy.stats import binomtest

    age, education = published_frequencies("3-2", folder), published_frequencies("3-3", folder)
    adults = [level for level in age.counts.index if level != MINORS]
    college = [level for level in education.counts.index if level != SCHOOL]
    facts = census(folder)
    questions = {
        "adults_without_college": (
            Count((adults, SCHOOL)), age.combined(adults), facts.grown_without_college,
        ),
        "older_with_college": (
            Count((OLDER, college)), age.combined([OLDER]), facts.older_with_college,
        ),
    }  # fmt: skip
    rows = {}
    for question, (people, n, share) in questions.items():
        for said, constraints in sayings(folder).items():
            possible = attainable(age, education, people, constraints)
            test = favourable(possible, n, share)
            fits = binomtest(round(test.statistic), n).proportion_ci(0.95, method="exact")
            rows[question, said] = [
                possible.low, possible.high, n, share,
                test.statistic, test.p_value, float(fits.low), float(fits.high),
            ]  # fmt: skip
    columns = ["low", "high", "n", "census", "best", "p_value", "fits_from", "fits_to"]
    frame = pd.DataFrame.from_dict(rows, orient="index", columns=columns)
    frame.index = pd.MultiIndex.from_tuples(frame.index, names=["question", "said"])
    frame.attrs["origin"] = derived(age.origin, education.origin)
    return frame
