"""Simulated answer sheets whose clean form has exactly the published margins."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from churnlib.evidence import PROJECT
from churnlib.survey.codebook import Codebook
from churnlib.survey.codebook_file import load_codebook


@dataclass(frozen=True, eq=False)
class Scenario:
    """One set of assumptions about what was never published; see ``scenario.toml``."""

    name: str
    title: Mapping[str, str]  # by language
    questions: Mapping[str, str]  # header of each variable in an export, in the order of the sheet
    margins: Mapping[str, pd.Series]  # people by level, of variables with published frequencies
    minors: tuple[str, pd.Series]  # an age level, and the shares of education among people in it
    shares: Mapping[str, pd.DataFrame]  # of levels (columns) by those of another one, or in one row
    mess: Mapping[str, Any]  # how the answers are written


def load_scenarios(path: str | Path | None = None) -> dict[str, Scenario]:
    """Read the scenarios; the project's own, ``data/synthetic/scenario.toml``, without a path.

    Raises
    ------
    FileNotFoundError, ValueError
        If there is no such file, or an assumption is missing or contradicts another.

    Examples
    --------
    >>> list(load_scenarios())
    ['no_difference', 'as_the_text_says', 'strong_difference']
    """
    content, book = scenario_file(path), load_codebook()
    try:
        minors = content["assumptions"]["minors"]
        tables = {v: pd.read_csv(PROJECT / "data" / f) for v, f in content["margins"].items()}
        margins = {v: table.set_index("level")["frequency"] for v, table in tables.items()}
        education = (minors["age"], pd.Series(minors["education"]))
        asked, mess, scenarios = content["questions"], content["mess"], {}
        for name, entry in content["scenarios"].items():
            given = content["shares"] | entry
            shares = {v: _shares(v, given.get(v), book) for v in asked if v not in margins}
            scenarios[name] = Scenario(
                name, entry["title"], asked, margins, education, shares, mess
            )
    except KeyError as error:
        raise ValueError(f"the scenario file lacks {error}; see data/synthetic/") from None
    return scenarios


def scenario_file(path: str | Path | None = None) -> dict[str, Any]:
    """``scenario.toml`` as it stands, with the reason for each assumption."""
    file = PROJECT / "data" / "synthetic" / "scenario.toml" if path is None else Path(path)
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{file.name} is not a TOML file in UTF-8: {error}") from error


def _shares(variable: str, given: Any, book: Codebook) -> pd.DataFrame:
    """Shares of a variable's levels, in one row or by the level of the variable in ``by``."""
    rows = dict(given) if isinstance(given, Mapping) else {"all": given}
    by, levels = rows.pop("by", "everybody"), book[variable].keys
    groups = ["all"] if by == "everybody" else book[by].keys
    for group in dict.fromkeys([*groups, *rows]):
        row = rows.get(group) or ()
        if (
            group not in groups
            or len(row) != len(levels)
            or min(row) < 0
            or abs(sum(row) - 1) > 1e-9
        ):
            raise ValueError(
                f"the shares of {variable} by {by} ({group}) must be {len(levels)} numbers of 0 or "
                f"more that add up to 1 for each of {', '.join(groups)}, given {rows}"
            )
    return pd.DataFrame.from_dict(rows, "index", columns=levels).rename_axis(by)


def synthesise(scenario: str | Scenario, *, seed: int) -> pd.DataFrame:
    """Simulate raw answer sheets as a survey platform would export them.

    Cleaned with ``on_error="set_aside"`` they give 200 people with exactly the published
    frequencies of age and education. Everything else is drawn at random from the shares of the
    scenario, with ordinary sampling noise: another seed gives other people. `scenario` is a name
    from `load_scenarios`, or a scenario of one's own.

    The sheets are in the layout of 问卷星, indexed by row. They are SYNTHETIC and say so in their
    column of sources; addresses are from ranges reserved for documentation. No such scenario is a
    `KeyError`, one that cannot hold together with the published margins a `ValueError`.

    Examples
    --------
    >>> sheets = synthesise("no_difference", seed=1)
    >>> len(sheets), sheets["来源"].unique().tolist()
    (208, ['模拟'])
    """
    if isinstance(scenario, str):
        scenarios = load_scenarios()
        if scenario not in scenarios:
            raise KeyError(f"no scenario {scenario!r}; there are {', '.join(scenarios)}")
        scenario = scenarios[scenario]
    rng, mess = np.random.default_rng(seed), scenario.mess
    people = population(scenario, rng)
    written = people.apply(lambda c: c.map(lambda level: _written(str(c.name), level, mess, rng)))
    for variable, count in mess["left_open"].items():
        for row in rng.choice(len(written), size=count, replace=False):
            written.loc[row, variable] = rng.choice(mess["missing"])
    return _sheets(written, scenario, rng)


def population(scenario: Scenario, rng: np.random.Generator) -> pd.DataFrame:
    """Draw the people of a scenario, one row each in random order, with level keys.

    Shuffling a column draws a table with its margins from the distribution under independence, as
    `scipy.stats.random_table` does; answers without published frequencies are drawn one by one.
    """
    sizes = {variable: int(margin.sum()) for variable, margin in scenario.margins.items()}
    if len(set(sizes.values())) != 1:
        raise ValueError(f"the margins must count the same people, given {sizes}")
    shuffled = {v: rng.permutation(m.index.repeat(m)) for v, m in scenario.margins.items()}
    people = pd.DataFrame(shuffled)
    minor, shares = scenario.minors
    is_minor = people["age"] == minor
    education = scenario.margins["education"]
    of_minors = pd.Series(rng.multinomial(is_minor.sum(), shares), shares.index)
    of_adults = education.sub(of_minors, fill_value=0).astype(int)
    if of_adults.min() < 0:
        among = education.to_dict()
        raise ValueError(f"{of_minors.to_dict()} of those of {minor} cannot be among {among}")
    people.loc[is_minor, "education"] = of_minors.index.repeat(of_minors)
    people.loc[~is_minor, "education"] = rng.permutation(of_adults.index.repeat(of_adults))
    for variable, shares in scenario.shares.items():
        groups = people.get(shares.index.name, pd.Series("all", people.index))
        for group, row in shares.iterrows():
            among = groups == group
            people.loc[among, variable] = rng.choice(shares.columns, size=among.sum(), p=row)
    return people[[*scenario.questions]]


def _written(variable: str, level: str, mess: Mapping[str, Any], rng: np.random.Generator) -> str:
    spellings = mess["spellings"].get(variable, {})
    if level not in spellings:
        raise ValueError(
            f"the scenario file lacks {variable}.{level} in [mess.spellings]: say how it is written"
        )
    text, *others = spellings[level]
    if others and rng.random() < mess["other_spelling"]:
        text = rng.choice(others)
    if rng.random() < mess["full_width"]:
        text = text.translate({ord(d): ord(d) + 0xFEE0 for d in "0123456789"})
    if rng.random() < mess["option_mark"]:
        place = list(spellings).index(level)
        letter, circled = chr(ord("A") + place), chr(ord("①") + place)
        text = rng.choice([f"{letter}.", f"{letter}、", f"({place + 1})", circled]) + text
    if rng.random() < mess["stray_space"]:
        text = f" {text} " if rng.random() < 0.5 else f"{text}\u3000"
    return text


def _sheets(written: pd.DataFrame, scenario: Scenario, rng: np.random.Generator) -> pd.DataFrame:
    """The export: unusable sheets put in at random places, and the platform's columns in front."""
    people = written.to_dict("records")
    blocks = [[answers] for answers in people]
    for given in scenario.mess["unusable"]:
        changed = {key: text for key, text in given.items() if key in written}
        sheet = people[rng.integers(len(people))] | changed
        blocks.insert(rng.integers(len(blocks)), [sheet] * (2 if given.get("sent_twice") else 1))
    clock, rows = datetime(2020, 12, 1, 9), list[dict[str, str]]()
    for answers, again in ((answers, i > 0) for block in blocks for i, answers in enumerate(block)):
        clock += timedelta(seconds=4 if again else int(rng.integers(60, 900)))
        network = ("192.0.2", "198.51.100", "203.0.113")[rng.integers(3)]
        rows.append(
            {
                "序号": str(len(rows) + 1),
                "提交答卷时间": clock.strftime("%Y/%m/%d %H:%M:%S"),
                "所用时间": f"{rng.integers(25, 240)}秒",
                "来源": "模拟",
                "来源详情": "合成数据，并非真实作答 SYNTHETIC",
                "来自IP": f"{network}.{rng.integers(1, 255)}",
                **{scenario.questions[variable]: text for variable, text in answers.items()},
            }
        )
    return pd.DataFrame(rows, pd.RangeIndex(2, len(rows) + 2, name="row"), dtype="str")
