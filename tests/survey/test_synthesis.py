from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2_contingency, random_table

from churnlib import (
    Origin,
    clean,
    load_codebook,
    load_scenarios,
    published_frequencies,
    read_answers,
    synthesise,
)
from churnlib.evidence.origin import PROJECT
from churnlib.survey.synthesis import population, scenario_file

BOOK = load_codebook()
SCENARIOS = load_scenarios()
FILE = PROJECT / "data" / "synthetic" / "answers.csv"
SCENARIO_FILE = PROJECT / "data" / "synthetic" / "scenario.toml"
ALL = SCENARIOS["as_the_text_says"]


def cleaned(raw):
    return clean(raw, BOOK, origin=Origin.SYNTHETIC, on_error="set_aside")


def drawn(scenario, times, seed=0):
    """People of many draws of one scenario."""
    rng = np.random.default_rng(seed)
    return pd.concat([population(scenario, rng) for _ in range(times)], ignore_index=True)


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(list(SCENARIOS)), st.integers(0, 2**31))
def test_every_scenario_and_seed_clean_to_the_published_margins(name, seed):
    survey = cleaned(synthesise(name, seed=seed))
    for number in ("3-2", "3-3"):
        published = published_frequencies(number)
        counted = survey.frame[published.variable].value_counts(sort=False)
        assert counted.to_dict() == published.counts.to_dict()
        assert counted.index.tolist() == published.counts.index.tolist()
    assert len(survey.ledger) == survey.n + (~survey.ledger["kept"]).sum() == 208


@pytest.mark.parametrize("name", list(SCENARIOS))
def test_visits_are_drawn_with_the_shares_of_each_gender(name):
    scenario = SCENARIOS[name]
    people = drawn(scenario, 50)
    for gender, shares in scenario.shares["visits"].iterrows():
        counts = people.loc[people["gender"] == gender, "visits"].value_counts()
        expected = shares * counts.sum()
        # Four standard errors of a binomial share.
        assert ((counts - expected).abs() < 4 * (expected * (1 - shares)) ** 0.5).all()
    women = (people["gender"] == "female").mean()
    assert abs(women - 0.49) < 4 * (0.49 * 0.51 / len(people)) ** 0.5


def test_the_scenarios_differ_as_they_say():
    shares = {name: scenario.shares["visits"] for name, scenario in SCENARIOS.items()}
    difference = {name: table.loc["female"] - table.loc["male"] for name, table in shares.items()}
    assert (difference["no_difference"] == 0).all()
    for name in ("as_the_text_says", "strong_difference"):
        assert difference[name]["6+"] == difference[name].abs().max() > 0
    assert shares["as_the_text_says"].loc["male"].idxmin() == "6+"  # few men come that often
    assert difference["strong_difference"]["6+"] > 1.5 * difference["as_the_text_says"]["6+"]


def test_answers_scatter_as_answers_of_real_people_do():
    """Without a difference p-values are about uniform: neither all near 1 nor too often small."""
    rng = np.random.default_rng(1)
    p_values = []
    for _ in range(300):
        people = population(SCENARIOS["no_difference"], rng)
        table = pd.crosstab(people["gender"], people["visits"])
        p_values.append(chi2_contingency(table, correction=False).pvalue)
    shares = np.histogram(p_values, bins=4, range=(0, 1))[0] / 300
    # Four standard errors of a share of one quarter among 300.
    assert np.abs(shares - 0.25).max() < 4 * (0.25 * 0.75 / 300) ** 0.5


def minors(**shares):
    return ("le18", pd.Series(shares))


def test_age_and_education_of_adults_mix_as_random_tables_do():
    """With every minor in one level, cells of adults have mean and spread of random tables."""
    people = replace(ALL, minors=minors(high_school_or_below=1.0))
    rng = np.random.default_rng(2)
    tables = np.array(
        [
            pd.crosstab(p["age"], p["education"]).loc["40-59", "bachelor"]
            for p in (population(people, rng) for _ in range(400))
        ]
    )
    age, education = (ALL.margins[v] for v in ("age", "education"))
    adults = age.drop("le18")
    left = education - [age["le18"], 0, 0, 0]
    reference = random_table(adults, left).rvs(20_000, random_state=3)
    cell = reference[:, adults.index.get_loc("40-59"), left.index.get_loc("bachelor")]
    assert abs(tables.mean() - cell.mean()) < 4 * cell.std() / 400**0.5
    assert 0.85 < tables.std() / cell.std() < 1.15  # four standard errors of a deviation of 400


def test_the_education_of_minors_has_its_shares():
    people = drawn(ALL, 50)
    counts = people.loc[people["age"] == "le18", "education"].value_counts()
    assert counts.sum() == 24 * 50
    shares = ALL.minors[1]
    # Four standard errors of a binomial share.
    assert ((counts / 1200 - shares).abs() < 4 * (shares * (1 - shares) / 1200) ** 0.5).all()


def test_a_share_of_one_gives_no_minor_a_degree():
    people = drawn(replace(ALL, minors=minors(high_school_or_below=1.0)), 5)
    assert set(people.loc[people["age"] == "le18", "education"]) == {"high_school_or_below"}


def test_people_stand_in_random_order():
    people = population(ALL, np.random.default_rng(3))
    assert people["age"].ne(people["age"].shift()).sum() > 100  # 5 blocks if sorted


def test_the_committed_sheets_are_regenerated_byte_for_byte():
    sheets = synthesise("as_the_text_says", seed=scenario_file()["seed"])
    assert sheets.to_csv(index=False, lineterminator="\n").encode() == FILE.read_bytes()


def test_the_committed_sheets_read_from_disk_clean_to_two_hundred_people():
    raw = read_answers(FILE)
    assert "来自IP" not in raw
    survey = cleaned(raw)
    assert survey.n == 200
    assert survey.missing.to_dict() == {"gender": 2, "age": 0, "education": 0, "visits": 3}
    assert survey.ledger.loc[~survey.ledger["kept"], "reason"].ne("").all()


def test_the_sheet_sent_twice_is_found_when_times_are_kept():
    survey = cleaned(read_answers(FILE, keep=["提交答卷时间"]))
    (copy,) = survey.duplicates.itertuples()
    assert copy.row == copy.first + 1
    assert not survey.ledger.set_index("row")["kept"][[copy.first, copy.row]].any()


def test_one_seed_gives_one_survey_and_another_seed_another():
    first, again, other = (synthesise("no_difference", seed=s) for s in (1, 1, 2))
    pd.testing.assert_frame_equal(first, again)
    assert not first.equals(other)


def test_simulated_sheets_say_so_and_use_no_real_address():
    sheets = synthesise("strong_difference", seed=3)
    assert set(sheets["来源"]) == {"模拟"}
    assert sheets["来源详情"].str.contains("SYNTHETIC").all()
    documentation = r"(?:192\.0\.2|198\.51\.100|203\.0\.113)\.\d{1,3}"  # RFC 5737
    assert sheets["来自IP"].str.fullmatch(documentation).all()


def test_every_spelling_of_the_mess_means_its_level():
    for variable, levels in scenario_file()["mess"]["spellings"].items():
        assert list(levels) == BOOK[variable].keys
        for level, spellings in levels.items():
            assert {BOOK.resolve(variable, text) for text in spellings} == {level}


def test_every_assumption_states_its_reason_in_both_languages():
    content = scenario_file()
    entries = [*content["assumptions"].values(), *content["scenarios"].values(), content["mess"]]
    assert all(set(entry["reason"]) == {"en", "zh-Hans"} for entry in entries)


# Bad input.


def test_an_unknown_scenario_is_named_with_those_there_are():
    with pytest.raises(KeyError, match="no scenario 'none'; there are no_difference, as_the"):
        synthesise("none", seed=1)


def test_a_seed_is_asked_for():
    with pytest.raises(TypeError, match="seed"):
        synthesise("no_difference")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "visits.male = [0.36, 0.41, 0.23]",
            "visits.male = [0.36, 0.41, 0.33]",
            r"visits by gender \(male\) must be 3",
        ),
        (
            "gender = [0.51, 0.49]",
            "gender = [-0.51, 1.51]",
            r"everybody \(all\) must be 2 numbers",
        ),
        ("gender = [0.51, 0.49]", "", r"shares of gender by everybody \(all\) must be"),
        (
            "visits.female =",
            "visits.femme =",
            r"visits by gender \(female\) must be 3 .* for each of male, female, given .*femme",
        ),
        ("[assumptions.minors]", "[assumptions.children]", "lacks 'minors'"),
        ("seed =", "seed", "not a TOML file"),
    ],
)
def test_contradictory_assumptions_are_refused(tmp_path, old, new, message):
    text = SCENARIO_FILE.read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "scenario.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ValueError, match=message):
        load_scenarios(path)


def test_margins_that_cannot_hold_together_are_refused():
    more = ALL.margins | {"age": pd.Series({"le18": 27, "ge60": 173})}
    with pytest.raises(ValueError, match="'high_school_or_below': 27} of those of le18 cannot"):
        synthesise(replace(ALL, margins=more, minors=minors(high_school_or_below=1.0)), seed=1)
    fewer = ALL.margins | {"age": pd.Series({"le18": 1, "ge60": 2})}
    with pytest.raises(
        ValueError, match=r"count the same people, given \{'age': 3, 'education': 200"
    ):
        synthesise(replace(ALL, margins=fewer), seed=1)


def test_a_missing_scenario_file_is_named():
    with pytest.raises(FileNotFoundError, match="nowhere"):
        load_scenarios("nowhere.toml")


def test_a_scenario_of_one_s_own_may_be_given():
    women = pd.DataFrame({"male": [0.0], "female": [1.0]}, pd.Index(["all"], name="everybody"))
    own = replace(ALL, shares={**ALL.shares, "gender": women})
    survey = cleaned(synthesise(own, seed=1))
    assert set(survey.frame["gender"].dropna()) == {"female"}
    assert survey.n == 200


def test_a_level_without_a_spelling_is_named():
    mess = {**ALL.mess, "spellings": {**ALL.mess["spellings"], "gender": {"male": ["男"]}}}
    with pytest.raises(ValueError, match=r"lacks gender.female in \[mess.spellings\]"):
        synthesise(replace(ALL, mess=mess), seed=1)
