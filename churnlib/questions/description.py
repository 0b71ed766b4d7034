"""The first table of a paper: who took part, altogether and by group."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pandas as pd

from churnlib.evidence import NAN, p_alone
from churnlib.questions.group_differences import compare_groups
from churnlib.questions.independence import independence_test
from churnlib.questions.multiple_response import compare_options, ticked_by
from churnlib.survey import Survey
from churnlib.tables import crosstab


def describe(survey: Survey, by: str | None = None) -> pd.DataFrame:
    """Describe every question of a survey, altogether and by the groups of one of them.

    Parameters
    ----------
    survey : Survey
    by : str, optional
        A question with one answer of several.

    Returns
    -------
    DataFrame
        Of texts, one row a level, option or number, indexed by question and level. People and
        percent of those who answered; mean (standard deviation) and median [quartiles] of numbers;
        people who did not answer, where there are any. The columns are ``all`` and the levels of
        `by` with their numbers of people below them in ``attrs["n"]``, and ``p``: Pearson's χ², or
        the exact test where an expected count is below 5; Welch's test for numbers.
        ``attrs["origin"]`` is the kind of evidence.

    Raises
    ------
    KeyError
        If there is no such variable.
    ValueError
        If `by` has no levels.
    """
    if by is not None and survey.codebook[by].kind != "single":
        raise ValueError(f"groups come from a question with one answer; {by!r} has none")
    groups: dict[str, pd.Series] = {"all": pd.Series(True, survey.frame.index)}
    if by is not None:
        groups |= {level: survey.frame[by] == level for level in survey.codebook[by].keys}
    rows: dict[tuple[str, str], list[str]] = {}
    for key in [name for name in survey.frame if name != by]:
        for level, cells, p in _rows(survey, key, groups, by):
            rows[key, level] = [*cells, *([p_alone(p) if p == p else ""] if by else [])]
    table = pd.DataFrame.from_dict(rows, orient="index", columns=[*groups, *(["p"] if by else [])])
    table.index = pd.MultiIndex.from_tuples(rows, names=["question", "level"])
    table.attrs = {
        "origin": survey.origin,
        "n": {name: int(people.sum()) for name, people in groups.items()},
    }
    return table


def _rows(
    survey: Survey, key: str, groups: dict[str, pd.Series], by: str | None
) -> Iterator[tuple[str, list[str], float]]:
    """Rows of one question: the level, a cell a group, and the p-value of the first."""
    answers, kind = survey.frame[key], survey.codebook[key].kind
    parts = [answers[people] for people in groups.values()]
    if kind in {"number", "scale"}:
        p = _tested(lambda: compare_groups(survey, key, by).means.p_value) if by else NAN
        yield "mean (sd)", [_mean(part) for part in parts], p
        yield "median [quartiles]", [_median(part) for part in parts], NAN
    elif kind == "multiple":
        ticked = ticked_by(survey, key)
        compared = compare_options(survey, key, by).tests if by and len(ticked) else {}
        for level in survey.codebook[key].keys:
            cells = [_share(ticked[level].reindex(part.dropna().index)) for part in parts]
            yield level, cells, compared[level].p_value if compared else NAN
    elif kind == "text":
        yield "answered", [_share(part.notna()) for part in parts], NAN
    else:
        p = _tested(lambda: independence_test(crosstab(survey, by, key)).p_value) if by else NAN
        for place, level in enumerate(survey.codebook[key].keys):
            yield level, [_share(part.dropna() == level) for part in parts], NAN if place else p
    if kind != "text" and answers.isna().any():
        yield "missing", [f"{part.isna().sum():,}" for part in parts], NAN


def _tested(test: Callable[[], float]) -> float:
    try:
        return test()
    except ValueError:  # nobody answered both questions
        return NAN


def _share(chosen: pd.Series) -> str:
    count, n = int(chosen.sum()), len(chosen)
    return f"{count:,} ({100 * count / n:.1f} %)" if n else "0"


def _mean(numbers: pd.Series) -> str:
    if not numbers.notna().any():
        return "—"
    sd = numbers.std()
    return f"{numbers.mean():.2f}" + (f" ({sd:.2f})" if sd == sd else "")


def _median(numbers: pd.Series) -> str:
    if not numbers.notna().any():
        return "—"
    low, middle, high = numbers.quantile([0.25, 0.5, 0.75])
    return f"{middle:g} [{low:g}, {high:g}]"
