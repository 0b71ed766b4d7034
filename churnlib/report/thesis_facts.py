"""Every number that the report on the thesis states, computed when the report is written."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from churnlib.evidence import NAN, Estimate, Kind, apa, resources
from churnlib.questions import association
from churnlib.report.report_text import Words
from churnlib.studies import (
    audit_thesis,
    load_study,
    plausibility,
    printed_table,
    published_frequencies,
)
from churnlib.survey import Survey, clean, load_codebook, read_answers
from churnlib.tables import FrequencyTable, crosstab, wilson

_NO_TEST = {Kind.EXTERNAL, Kind.UNTESTABLE}


def thesis_facts(verdicts: pd.DataFrame, words: Words) -> dict[str, str]:
    """What the braces of the report's words stand for.

    Parameters
    ----------
    verdicts : DataFrame
        From `claims`.
    words : Words
        Of the language wanted.

    Returns
    -------
    dict of str to str
        Counts of statements, the reason for each verdict (``reason_10``), the account totals,
        the shares with intervals, the most adults who can have high school or below, and the
        tests on simulated answers in APA form, which say themselves that they are simulated.
    """
    facts = {**_counted(verdicts, words), **_accounts(), **_people(words.lang), **_adults()}
    survey = _simulated()
    facts |= {str(step): f"{count:,}" for step, count in survey.flow.items()}
    for variable in ("gender", "age", "education"):
        results = association(crosstab(survey, variable, "visits"))
        facts[f"visits_{variable}"] = words("words.semicolon").join(
            apa(result, words.lang) for result in results
        )
    return facts


def _counted(verdicts: pd.DataFrame, words: Words) -> dict[str, str]:
    kinds = verdicts["verdict"]
    tested = [kind for kind in Kind if kind not in _NO_TEST and (kinds == kind).any()]
    checks = audit_thesis()["holds"].tolist()
    reasons = verdicts["reason" if words.lang == "en" else "reason_zh"]
    return {
        "statements": str(len(verdicts)),
        "testable": str(int((~kinds.isin(_NO_TEST)).sum())),
        "external": str(int((kinds == Kind.EXTERNAL).sum())),
        "untestable": str(int((kinds == Kind.UNTESTABLE).sum())),
        "counts": words("words.comma").join(
            f"{words(f'verdicts.{kind}')} {(kinds == kind).sum()}" for kind in tested
        ),
        "checks": str(len(checks)),
        "failed": str(checks.count(False)),
        **{f"reason_{number}": str(reason) for number, reason in reasons.items()},
    }


def _accounts() -> dict[str, str]:
    table = printed_table("3-1")
    sums = table.numbers().sum()
    return {
        **{f"months_{column}": f"{total:,}".replace("-", "−") for column, total in sums.items()},
        "gap": f"{abs(int(table.totals['closed'].value) - sums['closed']):,}",
    }


def _people(lang: str) -> dict[str, str]:
    age, education = published_frequencies("3-2"), published_frequencies("3-3")
    said = load_study().claims
    older, meant = (said[number].details["levels"] for number in (_OLDER, _BACHELOR))
    from_ages = [x.low for x in load_codebook()[age.variable].levels if x.key in older and x.low]
    return {
        "n_age": str(age.n),
        "n_education": str(education.n),
        "older_from": str(min(from_ages)),
        "older": str(age.combined(older)),
        "share_older": apa(share(age, older), lang),
        "bachelor": str(education.combined(meant)),
        "share_bachelor": apa(share(education, meant), lang),
    }


def _adults() -> dict[str, str]:
    """The most adults who can have high school or below, whatever the unpublished table was."""
    found = plausibility().loc[("adults_without_college", "nothing")]
    most, adults = int(found["high"]), int(found["n"])
    return {
        "adults": str(adults),
        "adults_without": str(most),
        "adults_share": f"{most / adults:.1%}",
        "adults_limit": f"{found['fits_to']:.1%}",
        "adults_census": f"{found['census']:.1%}",
    }


def share(table: FrequencyTable, levels: Sequence[str]) -> Estimate:
    """The share of the people who gave one of these answers, with Wilson's interval.

    Examples
    --------
    >>> apa(share(published_frequencies("3-3"), ["bachelor"]))
    'p̂ = .53, 95% CI [.46, .60]'
    """
    count = table.combined(levels)
    low, high = wilson(count, table.n)
    return Estimate("share", count / table.n, low, high, 0.95, NAN, table.n, table.origin)


def _simulated() -> Survey:
    resource = next(r for r in resources().values() if r.path.name == "answers.csv")
    raw = read_answers(resource.path)
    return clean(raw, load_codebook(), origin=resource.origin, on_error="set_aside")


_OLDER, _BACHELOR = 17, 22
"""The statements that name a majority of the customers."""
