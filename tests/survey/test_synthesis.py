from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

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
from churnlib.survey.synthesis import (
    age_by_education,
    population,
    round_keeping_margins,
    scenario_file,
)

BOOK = load_codebook()
SCENARIOS = load_scenarios()
FILE = PROJECT / "data" / "synthetic" / "answers.csv"
MARGINS = SCENARIOS["no_difference"].margins
MINORS = ("le18", "high_school_or_below")


def cleaned(raw):
    return clean(raw, BOOK, origin=Origin.SYNTHETIC, on_error="set_aside")


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(list(SCENARIOS)), st.integers(0, 2**31))
def test_every_scenario_and_seed_clean_to_the_published_margins(name, seed):
    survey = cleaned(synthesise(name, seed=seed))
    for number in ("3-2", "3-3"):
        published = published_frequencies(number)
        counted = survey.frame[published.variable].value_counts(sort=False)
        assert counted.to_dict() == published.counts.to_dict()
        assert counted.index.tolist() == published.counts.index.tolist()
    minors = survey.frame[survey.frame["age"] == "le18"]
    assert set(minors["education"]) == {"high_school_or_below"}
    assert len(survey.ledger) == survey.n + (~survey.ledger["kept"]).sum() == 208


def share_of_six_or_more(name):
    people = population(SCENARIOS[name], BOOK)
    table = pd.crosstab(people["gender"], people["visits"], normalize="index")
    return table.loc["female"] - table.loc["male"], table


def test_the_scenarios_differ_as_they_say():
    none, _ = share_of_six_or_more("no_difference")
    said, table = share_of_six_or_more("as_the_text_says")
    strong, _ = share_of_six_or_more("strong_difference")
    assert none.abs().max() < 0.01  # a difference of one person in a hundred, by rounding
    for difference in (said, strong):
        assert difference["6+"] == difference.abs().max()  # most at six visits or more
        assert difference["6+"] > 0  # women come more often
    assert table.loc["male"].idxmin() == "6+"  # few men come that often
    assert strong["6+"] > 1.5 * said["6+"]


@pytest.mark.parametrize("name", list(SCENARIOS))
def test_gender_is_as_independent_of_age_and_education_as_whole_people_allow(name):
    people = population(SCENARIOS[name], BOOK)
    joint = pd.crosstab([people["age"], people["education"]], [people["gender"], people["visits"]])
    counts = joint.to_numpy()
    expected = np.outer(counts.sum(axis=1), counts.sum(axis=0)) / counts.sum()
    assert np.abs(counts - expected).max() < 1


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


def test_age_by_education_is_independent_but_for_the_minors():
    age, education = MARGINS["age"], MARGINS["education"]
    table = age_by_education(age, education, MINORS)
    adults = table.drop(index="le18")
    expected = np.outer(adults.sum(axis=1), adults.sum()) / adults.to_numpy().sum()
    assert np.abs(adults - expected).to_numpy().max() < 1


WHOLE = arrays(int, st.tuples(st.integers(1, 5), st.integers(1, 5)), elements=st.integers(0, 9))


@given(WHOLE, st.integers(0, 2**31))
def test_rounding_keeps_every_margin_and_moves_no_cell_by_one(whole, seed):
    # A table with whole margins: move parts of people around closed loops of four cells.
    rng = np.random.default_rng(seed)
    table = whole + 1.0
    for _ in range(5):
        (a, b), (c, d) = rng.integers(whole.shape[0], size=2), rng.integers(whole.shape[1], size=2)
        part = rng.random() / 5
        if a != b and c != d:
            table[[a, b], [c, d]] += part
            table[[a, b], [d, c]] -= part
    rounded = round_keeping_margins(table)
    np.testing.assert_array_equal(rounded.sum(axis=0), np.round(table.sum(axis=0)))
    np.testing.assert_array_equal(rounded.sum(axis=1), np.round(table.sum(axis=1)))
    assert np.abs(rounded - table).max() < 1
    assert rounded.min() >= 0


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
        ("male = [0.36, 0.41, 0.23]", "male = [0.36, 0.41, 0.33]", "must be 0 or more and"),
        ("share = 0.49", "share = 1.49", "share of women lies between 0 and 1, given 1.49"),
        ("[assumptions.women]", "[assumptions.men]", "lacks 'women'"),
        ("seed =", "seed", "not a TOML file"),
    ],
)
def test_contradictory_assumptions_are_refused(tmp_path, old, new, message):
    text = (PROJECT / "data" / "synthetic" / "scenario.toml").read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "scenario.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ValueError, match=message):
        load_scenarios(path)


def test_margins_that_cannot_hold_together_are_refused():
    education = MARGINS["education"]
    more = pd.Series({"le18": 150, "ge60": 50})
    with pytest.raises(ValueError, match="150 people are le18 but only 26 have high_school"):
        age_by_education(more, education, MINORS)
    fewer = pd.Series({"le18": 1, "ge60": 2})
    with pytest.raises(ValueError, match="the margins count 3 and 200 people"):
        age_by_education(fewer, education, MINORS)


def test_a_missing_scenario_file_is_named():
    with pytest.raises(FileNotFoundError, match="there is no scenario file at nowhere"):
        load_scenarios("nowhere.toml")


def test_a_scenario_of_one_s_own_may_be_given():
    own = replace(SCENARIOS["no_difference"], women=0.6)
    survey = cleaned(synthesise(own, seed=1))
    assert (population(own, BOOK)["gender"] == "female").sum() == 120
    assert survey.n == 200
