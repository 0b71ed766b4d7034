from fractions import Fraction

import pytest
from scipy.stats import beta, binom

import churnlib as cl
from churnlib.studies import census, minor_assumptions, plausibility


def test_the_facts_agree_with_each_other():
    """Counts and shares of one census: 887,000 of 4,299,000 people of 60 or over, 21,893,000."""
    facts = census().facts
    assert facts["ge60_college"].admits(Fraction(100 * 887, 4299))
    assert facts["ge60"].admits(Fraction(100 * 4299, 21893))
    assert facts["men"].value + facts["women"].value == 100


def test_the_warning_names_the_base_in_both_languages():
    assert "all residents" in census().warning["en"]
    assert "常住人口" in census().warning["zh-Hans"]


def test_the_census_share_is_standardised_to_the_ages_of_the_sample():
    """Of 156 adults below 60 and 20 from 60 on; colleges by age from all and from those of 60.

    Made by another route: 41.98 % of all residents have college, 20.6 % of the 19.6 % of 60 or
    over, none of the 11.9 % below 15; what remains is spread over the 68.5 % of 15 to 59.
    """
    younger = (41.98 - 0.206 * 19.6) / (100 - 11.9 - 19.6)
    expected = 1 - (156 * younger + 20 * 0.206) / 176
    share = plausibility().loc["adults_without_college", "census"]
    assert share.nunique() == 1
    assert share.iloc[0] == pytest.approx(expected, abs=1e-12)
    assert f"{share.iloc[0]:.1%}" == "48.6%"


def test_what_stands_beside_the_census_is_external():
    assert plausibility().attrs["origin"] is cl.Origin.EXTERNAL


def test_the_finding_is_that_at_most_26_of_176_adults_stopped_at_high_school():
    """14.8 %, upper limit of Clopper and Pearson 20.9 %, far below the census's 48.6 %."""
    row = plausibility().loc[("adults_without_college", "nothing")]
    assert (row["high"], row["n"]) == (26, 176)
    upper = beta.ppf(0.975, 27, 150)
    assert row["fits_to"] == pytest.approx(upper, abs=1e-9)
    assert (f"{26 / 176:.1%}", f"{upper:.1%}") == ("14.8%", "20.9%")


@pytest.mark.parametrize(
    ("old", "new", "error", "says"),
    [
        ('printed = "20.6%"', "printed = 20.6", TypeError, "census.toml, ge60_college"),
        (
            'source = "older"',
            'source = "elder"',
            ValueError,
            "census.toml, facts, ge60_college: 'source' must be one of city, .*given 'elder'",
        ),
        ("[facts.men]", "[facts.men", ValueError, "census.toml is not a TOML file"),
    ],
)
def test_a_damaged_census_file_is_reported(data, old, new, error, says):
    path = data / "reference" / "census.toml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(error, match=says):
        census(data / "thesis")


def test_a_missing_census_file_is_reported(data):
    (data / "reference" / "census.toml").unlink()
    with pytest.raises(FileNotFoundError, match=r"study\.toml names it as 'outside'"):
        census(data / "thesis")


def test_the_most_favourable_count_is_the_one_that_fits_best():
    """The census expects 4.1 of 20: nearest is 4 itself, the fewest, or (26 of 176) the most."""
    older = plausibility().loc["older_with_college"]
    assert older["best"].to_dict() == {"nothing": 4, "most": 8, "no_degree": 18, "both": 18}
    assert plausibility().loc[("adults_without_college", "nothing"), "best"] == 26
    chances = binom.pmf(range(21), 20, 0.206)
    exact = chances[chances <= chances[8]].sum()
    assert older.loc["most", "p_value"] == pytest.approx(exact, rel=1e-9)


def test_what_is_said_of_minors_is_what_the_thesis_says():
    said = minor_assumptions()
    assert str(said["most"][0]) == "at least 14 in le18 × high_school_or_below"
    assert said["nothing"] == ()
    assert said["both"] == said["most"] + said["no_degree"]


def test_the_ranges_follow_from_frechet_s_bounds():
    found = plausibility()
    adults, older = found.loc["adults_without_college"], found.loc["older_with_college"]
    assert adults.loc["nothing", ["low", "high", "n"]].tolist() == [26 - 24, 26, 200 - 24]
    assert adults.loc["most", ["low", "high"]].tolist() == [2, 26 - 14]
    assert adults.loc["no_degree", ["low", "high"]].tolist() == [2, 2]
    assert older.loc["nothing", ["low", "high", "n"]].tolist() == [0, 20, 20]
    assert older.loc["most", ["low", "high"]].tolist() == [20 - 12, 20]
    assert older.loc["no_degree", ["low", "high"]].tolist() == [20 - 2, 20]
    # The sentence of the thesis follows from the assumption, so both together add nothing.
    assert adults.loc["both"].equals(adults.loc["no_degree"])


def test_no_attainable_table_is_near_the_census_whatever_is_said():
    """The finding: with the margins alone, at most 26 of 176 adults, and no p above 1e-20."""
    found = plausibility().loc["adults_without_college"]
    assert (found["p_value"] < 1e-20).all()
    assert (found["fits_to"] < found["census"]).all()
    older = plausibility().loc["older_with_college", "p_value"]
    assert older["nothing"] == 1
    assert 0.01 < older["most"] < 0.05
    assert older["no_degree"] < 1e-9
