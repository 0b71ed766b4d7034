import re
from pathlib import Path

import pytest
from scipy.stats import binomtest

from churnlib import Origin, Verdict, claims, exhibits, published_frequencies, verdict
from churnlib.evidence import Kind
from churnlib.evidence.origin import PROJECT

COLUMNS = [
    "section", "statement", "statement_zh", "printed", "computed",
    "verdict", "reason", "reason_zh", "method",
]  # fmt: skip


@pytest.fixture(scope="module")
def judged():
    return claims()


def spoil(data: Path, file: str, old: str, new: str) -> None:
    path = data / "thesis" / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_every_statement_has_a_verdict_of_a_known_kind(judged):
    assert list(judged.index) == list(range(1, 33))
    assert list(judged.columns) == COLUMNS
    assert set(judged["verdict"]) == {kind.value for kind in Kind} - {"contradicted"}
    assert (judged != "").all().all()


def test_reasons_are_finished_sentences_in_both_languages(judged):
    assert judged["reason"].str.fullmatch(r"[^{}]+\.").all()
    assert judged["reason_zh"].str.fullmatch(r"[^{}]+。").all()
    assert judged["reason_zh"].str.contains(r"[\u4e00-\u9fff]").all()


def test_no_verdict_is_typed_in_the_data():
    source = (PROJECT / "data" / "thesis" / "study.toml").read_text(encoding="utf-8")
    statements = source.split("# Methods:")[0]
    for kind in Kind:
        if kind is not Kind.EXTERNAL:
            assert not re.search(rf'=\s*"{kind.value}"', statements)


def test_a_share_is_a_majority_only_if_a_test_on_another_route_says_so(judged):
    """The Wilson interval excludes 1/2 just when the score test rejects it (normal z)."""
    for number, levels, table in (
        (17, ["40-59", "ge60"], "3-2"),
        (18, ["30-39", "40-59"], "3-2"),
        (22, ["bachelor"], "3-3"),
    ):
        frequencies = published_frequencies(table)
        count = frequencies.combined(levels)
        z = (count - frequencies.n / 2) / (frequencies.n / 4) ** 0.5
        established = judged.loc[number, "verdict"] in {"reproduced", "reproduced with caveat"}
        assert established == (z > 1.959964)
        # The exact test agrees in each of the three cases.
        assert established == (binomtest(count, frequencies.n).pvalue < 0.05)


# Verdicts follow the numbers: change the evidence, and the verdict changes with it.


def test_a_right_total_turns_the_arithmetic_errors_into_reproductions(data):
    for old, new in (
        ('"116241"', '"112241"'),
        ('"-24114"', '"-20114"'),
        ('"-2.4114"', '"-2.0114"'),
        ('"126%"', '"122%"'),
    ):
        spoil(data, "study.toml", old, new)
    assert (claims(data / "thesis").loc[[9, 10, 11, 12, 13], "verdict"] == "reproduced").all()


@pytest.mark.parametrize(
    ("file", "old", "new", "number", "verdict"),
    [
        ("table_3_1.csv", '"16425"', '"16426"', 9, "arithmetic error"),
        ("table_3_1.csv", '"5351"', '"5352"', 13, "arithmetic error"),
        ("table_3_2.csv", '"43.5"', '"43.0"', 15, "arithmetic error"),
        ("study.toml", '"40-59" = "43.5%"', '"40-59" = "43.0%"', 16, "arithmetic error"),
        ("table_3_2.csv", '"87"', '"187"', 17, "reproduced"),
        ("table_3_2.csv", '"87"', '"17"', 17, "contradicted"),
        ("table_3_2.csv", '"36"', '"16"', 18, "not established"),
        ("study.toml", 'partly = ["ge60"]', 'partly = ["ge60"]', 18, "reproduced with caveat"),
        ("study.toml", 'partly = ["ge60"]', "partly = []", 18, "reproduced"),
        ("table_3_3.csv", '"106"', '"206"', 22, "reproduced"),
        ("table_3_3.csv", '"106"', '"90"', 22, "contradicted"),
        ("table_3_2.csv", '"24"', '"4"', 23, "contradicted"),
        ("table_3_3.csv", '"26"', '"16"', 23, "untestable"),
        ("study.toml", '"gender", "age", "education", "motive"', '"age"', 14, "reproduced"),
    ],
)  # fmt: skip
def test_a_verdict_follows_the_numbers(data, file, old, new, number, verdict):
    spoil(data, file, old, new)
    assert claims(data / "thesis").loc[number, "verdict"] == verdict


def test_figures_of_the_literature_that_disagree_are_said_to(data):
    spoil(data, "study.toml", 'printed = { low = "5", high = "15" }', 'printed = { low = "8" }')
    judged = claims(data / "thesis")
    assert "do not agree" in judged.loc[1, "reason"]
    assert "不一致" in judged.loc[5, "reason_zh"]


def test_a_statement_stops_being_untestable_when_its_data_appear(data):
    spoil(data, "study.toml", 'unit = "accounts"', 'variables = ["gender", "visits"]')
    with pytest.raises(ValueError, match=r"claim 25, .*: a published table now holds gender"):
        claims(data / "thesis")


@pytest.mark.parametrize("kind", [k for k in Kind if k not in {Kind.UNTESTABLE, Kind.EXTERNAL}])
def test_simulated_answers_can_neither_confirm_nor_refute(kind):
    with pytest.raises(ValueError, match="SYNTHETIC"):
        Verdict(kind, "1", "count", {"en": "…"}, Origin.SYNTHETIC)
    assert Verdict(kind, "1", "count", {"en": "…"}, Origin.OBSERVED).kind is kind


def test_a_verdict_beside_the_census_is_external_and_others_are_published():
    assert {number: verdict(number).origin for number in (10, 17, 23)} == {
        10: Origin.PUBLISHED,
        17: Origin.PUBLISHED,
        23: Origin.EXTERNAL,
    }


def test_simulated_answers_may_stand_beside_an_untestable_statement():
    assert Verdict(Kind.UNTESTABLE, "—", "none", {"en": "…"}, Origin.SYNTHETIC)


def test_every_exhibit_has_a_notebook_a_file_and_a_verdict():
    table = exhibits()
    assert {"Table 3-1", "Table 3-2", "Table 3-3", "Figure 3-1"} <= set(table.index)
    assert table.index.is_unique
    for exhibit in table.itertuples():
        assert (PROJECT / "notebooks" / f"{exhibit.notebook}.ipynb").is_file()
        assert exhibit.file == "" or (PROJECT / exhibit.file).is_file()
        assert exhibit.origin in Origin.__members__
        if exhibit.origin not in (
            "PUBLISHED",
            "EXTERNAL",
        ):  # simulated, assumed, or of others' people
            assert exhibit.verdict == "illustration"
        else:
            assert exhibit.verdict in {kind.value for kind in Kind}
    assert table.loc["Figure 3-1", "verdict"] == "untestable"
    assert table.loc["Table 3-3", "verdict"] == "reproduced"


def test_an_exhibit_of_simulated_answers_may_not_carry_a_statement(tmp_path, monkeypatch):
    (tmp_path / "notebooks").mkdir()
    text = (PROJECT / "notebooks" / "exhibits.toml").read_text(encoding="utf-8")
    wrong = text.replace("claims = []", "claims = [25]")
    (tmp_path / "notebooks" / "exhibits.toml").write_text(wrong, encoding="utf-8")
    monkeypatch.setattr("churnlib.studies.verdicts.PROJECT", tmp_path)
    with pytest.raises(ValueError, match="Table A-2 stands for cannot be confirmed or refuted"):
        exhibits()
