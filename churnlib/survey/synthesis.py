"""Simulated answer sheets whose clean form has exactly the published margins."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from churnlib.evidence import PROJECT
from churnlib.survey.codebook import Codebook
from churnlib.survey.codebook_file import load_codebook

QUESTIONS = ("1、您的性别", "2、您的年龄段", "3、您的受教育程度", "4、您来办理业务的次数")
VARIABLES = ("gender", "age", "education", "visits")


@dataclass(frozen=True, eq=False)
class Scenario:
    """One set of assumptions about what was never published.

    Parameters
    ----------
    name : str
    title : mapping of str to str
        By language.
    women : float
        Share of women among all.
    visits : mapping of str to sequence of float
        Share of each visit band, in codebook order, by gender.
    minors : tuple of str
        An age level, and the only education level that it may have.
    mess : mapping
        How the answers are written; see ``data/synthetic/scenario.toml``.
    margins : mapping of str to Series
        People by level of each variable whose frequencies were published.
    """

    name: str
    title: Mapping[str, str]
    women: float
    visits: Mapping[str, Sequence[float]]
    minors: tuple[str, str]
    mess: Mapping[str, Any]
    margins: Mapping[str, pd.Series]


def load_scenarios(path: str | Path | None = None) -> dict[str, Scenario]:
    """Read the scenarios; the project's own when no path is given.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If an assumption is missing or contradicts another.

    Examples
    --------
    >>> list(load_scenarios())
    ['no_difference', 'as_the_text_says', 'strong_difference']
    """
    content = scenario_file(path)
    try:
        given = content["assumptions"]
        margins = {variable: _margin(file) for variable, file in content["margins"].items()}
        scenarios = {
            name: Scenario(
                name,
                entry["title"],
                given["women"]["share"],
                {gender: entry[gender] for gender in ("male", "female")},
                (given["minors"]["age"], given["minors"]["education"]),
                content["mess"],
                margins,
            )
            for name, entry in content["scenarios"].items()
        }
    except KeyError as error:
        raise ValueError(f"the scenario file lacks {error}; see data/synthetic/") from None
    for scenario in scenarios.values():
        _check(scenario)
    return scenarios


def scenario_file(path: str | Path | None = None) -> dict[str, Any]:
    """``scenario.toml`` as it stands, with the reason for each assumption."""
    file = Path(path) if path is not None else PROJECT / "data" / "synthetic" / "scenario.toml"
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise FileNotFoundError(f"there is no scenario file at {file}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{file.name} is not a TOML file in UTF-8: {error}") from error


def _margin(file: str) -> pd.Series:
    """Read the printed frequencies of one variable from a file below ``data/``."""
    printed = pd.read_csv(PROJECT / "data" / file, index_col="level")
    return printed["frequency"].astype(int)


def _check(scenario: Scenario) -> None:
    if not 0 < scenario.women < 1:
        raise ValueError(f"the share of women lies between 0 and 1, given {scenario.women}")
    for gender, shares in scenario.visits.items():
        if min(shares) < 0 or abs(sum(shares) - 1) > 1e-9:
            raise ValueError(
                f"{scenario.name}: the shares of visit bands of {gender} must be 0 or more and "
                f"add up to 1, given {list(shares)}"
            )


def synthesise(scenario: str | Scenario, *, seed: int) -> pd.DataFrame:
    """Simulate raw answer sheets as a survey platform would export them.

    Cleaned with ``on_error="set_aside"`` they give 200 people with exactly the published
    frequencies of age and education; nobody of 18 or under holds a degree; and apart from what
    the scenario fixes, the variables are as independent as they can be. The people are the same
    for every seed: the seed decides their order and how their answers are written.

    Parameters
    ----------
    scenario : str or Scenario
        A name from `load_scenarios`, or a scenario of one's own.
    seed : int
        There is no default: who simulates says with which seed.

    Returns
    -------
    DataFrame
        In the layout of 问卷星, indexed by row. All of it is SYNTHETIC and says so in its own
        column of sources; addresses are from ranges reserved for documentation.

    Raises
    ------
    KeyError
        If there is no such scenario.
    ValueError
        If the assumptions cannot hold together with the published margins.

    Examples
    --------
    >>> sheets = synthesise("no_difference", seed=1)
    >>> len(sheets), sheets["来源"].unique().tolist()
    (208, ['模拟'])
    """
    if isinstance(scenario, str):
        known = load_scenarios()
        if scenario not in known:
            raise KeyError(f"no scenario {scenario!r}; there are {', '.join(known)}")
        scenario = known[scenario]
    rng = np.random.default_rng(seed)
    book = load_codebook()
    people = population(scenario, book)
    people = people.iloc[rng.permutation(len(people))].reset_index(drop=True)
    written = pd.DataFrame(
        {v: [_written(v, level, scenario.mess, rng) for level in people[v]] for v in VARIABLES}
    )
    for variable, count in (("gender", "no_gender"), ("visits", "no_visits")):
        for row in rng.choice(len(written), size=scenario.mess[count], replace=False):
            written.loc[row, variable] = rng.choice(scenario.mess["missing"])
    return _sheets(written, scenario.mess, rng)


def population(scenario: Scenario, book: Codebook) -> pd.DataFrame:
    """The 200 people of a scenario, one row each, with level keys.

    Age by education and gender by visits are each fixed first; the two are then crossed as
    independently as whole people allow.
    """
    age, education = scenario.margins["age"], scenario.margins["education"]
    n = int(age.sum())
    schooling = age_by_education(age, education, scenario.minors)
    visiting = _gender_by_visits(scenario, book, n)
    one, other = _occupied(schooling), _occupied(visiting)
    crossed = round_keeping_margins(np.outer(list(one.values()), list(other.values())) / n)
    rows = [
        (gender, a, e, visits)
        for (a, e), counts in zip(one, crossed, strict=True)
        for (gender, visits), count in zip(other, counts, strict=True)
        for _ in range(count)
    ]
    return pd.DataFrame(rows, columns=list(VARIABLES))


def _occupied(table: pd.DataFrame) -> dict[tuple[str, str], int]:
    cells = {(row, column): int(table.loc[row, column]) for row in table.index for column in table}
    return {cell: count for cell, count in cells.items() if count > 0}


def age_by_education(age: pd.Series, education: pd.Series, minors: tuple[str, str]) -> pd.DataFrame:
    """Age by education with the published margins, no degree for minors, else independent.

    Raises
    ------
    ValueError
        If the margins and the rule about minors cannot hold together.
    """
    if age.sum() != education.sum():
        raise ValueError(
            f"the margins count {age.sum()} and {education.sum()} people; they must agree"
        )
    young, school = minors
    if age[young] > education[school]:
        raise ValueError(
            f"{age[young]} people are {young} but only {education[school]} have "
            f"{school}: the minors cannot all be among them"
        )
    allowed = pd.DataFrame(1.0, index=age.index, columns=education.index)
    allowed.loc[young] = (allowed.columns == school).astype(float)
    fitted = _fit_margins(allowed.to_numpy(), age.to_numpy(), education.to_numpy())
    return pd.DataFrame(round_keeping_margins(fitted), allowed.index, allowed.columns)


def _fit_margins(seed: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Iterative proportional fitting: the table of largest entropy with these margins and zeros.

    Deming, W. E. & Stephan, F. F. (1940). Ann. Math. Stat. 11, 427–444.
    """
    table = seed.copy()
    for _ in range(1000):
        table *= (rows / table.sum(axis=1))[:, None]
        table *= columns / table.sum(axis=0)
    return table


def round_keeping_margins(table: np.ndarray) -> np.ndarray:
    """Round a table up or down cell by cell so that its whole-numbered margins stay exact.

    The rounded table is the nearest one in absolute difference. As a network problem the linear
    programme has a whole-numbered solution (Cox, L. H. (1987). J. Am. Stat. Assoc. 82, 520–524).

    Examples
    --------
    >>> round_keeping_margins(np.array([[0.5, 1.5], [1.5, 0.5]])).sum(axis=0)
    array([2, 2])
    """
    from scipy.optimize import linprog

    rows, columns = table.shape
    whole = np.floor(table + 1e-9)
    rest = np.clip(table - whole, 0, 1)
    # Ties are broken by place, so that every solver finds the same table.
    cost = (1 - 2 * rest).ravel() + 1e-6 * np.arange(table.size) / table.size
    sums = np.vstack(
        [np.kron(np.eye(rows), np.ones(columns)), np.kron(np.ones(rows), np.eye(columns))]
    )
    margins = np.round(sums @ rest.ravel())
    solved = linprog(
        cost, A_eq=sums, b_eq=margins, bounds=[(0, 1 if r > 1e-9 else 0) for r in rest.ravel()]
    )
    if not solved.success:
        raise ValueError(f"the margins {margins.tolist()} cannot be kept: {solved.message}")
    return (whole + np.round(solved.x).reshape(table.shape)).astype(int)


def _gender_by_visits(scenario: Scenario, book: Codebook, n: int) -> pd.DataFrame:
    women = round(scenario.women * n)
    people = {"male": n - women, "female": women}
    expected = [[people[g] * s for s in scenario.visits[g]] for g in book["gender"].keys]
    counts = [
        _largest_remainder(np.array(row), people[g])
        for g, row in zip(book["gender"].keys, expected, strict=True)
    ]
    return pd.DataFrame(counts, index=book["gender"].keys, columns=book["visits"].keys)


def _largest_remainder(expected: np.ndarray, total: int) -> np.ndarray:
    whole = np.floor(expected + 1e-9).astype(int)
    last = np.argsort(whole - expected, kind="stable")[: total - whole.sum()]
    whole[last] += 1
    return whole


def _written(variable: str, level: str, mess: Mapping[str, Any], rng: np.random.Generator) -> str:
    spellings = mess["spellings"][variable][level]
    other = rng.random() < mess["other_spelling"]
    text = spellings[rng.integers(1, len(spellings))] if other else spellings[0]
    if rng.random() < mess["full_width"]:
        text = text.translate({ord(d): ord(d) + 0xFEE0 for d in "0123456789"})
    if rng.random() < mess["option_mark"]:
        place = list(mess["spellings"][variable]).index(level)
        marks = ("ABCDE"[place] + ".", "ABCDE"[place] + "、", f"({place + 1})", "①②③④⑤"[place])
        text = marks[rng.integers(len(marks))] + text
    if rng.random() < mess["stray_space"]:
        text = f" {text} " if rng.random() < 0.5 else f"{text}\u3000"
    return text


def _sheets(
    written: pd.DataFrame, mess: Mapping[str, Any], rng: np.random.Generator
) -> pd.DataFrame:
    answers = written.to_numpy().tolist()
    for sheet in mess["unusable"]:
        place = int(rng.integers(len(answers)))
        copies = 2 if sheet.get("sent_twice") else 1
        answers[place:place] = [sheet["answers"]] * copies
    unusable = [sheet["answers"] for sheet in mess["unusable"]]
    clock = datetime(2020, 12, 1, 9)
    rows = []
    for number, answer in enumerate(answers, 1):
        again = number > 1 and answer == answers[number - 2] and answer in unusable
        clock += timedelta(seconds=4 if again else int(rng.integers(60, 900)))
        network = ("192.0.2", "198.51.100", "203.0.113")[rng.integers(3)]
        address = f"{network}.{rng.integers(1, 255)}"
        seconds = f"{rng.integers(25, 240)}秒"
        time = clock.strftime("%Y/%m/%d %H:%M:%S")
        origin = ("模拟", "合成数据，并非真实作答 SYNTHETIC", address)
        rows.append([str(number), time, seconds, *origin, *answer])
    header = ["序号", "提交答卷时间", "所用时间", "来源", "来源详情", "来自IP", *QUESTIONS]
    index = pd.RangeIndex(2, len(rows) + 2, name="row")
    return pd.DataFrame(rows, index, header, dtype="str")
