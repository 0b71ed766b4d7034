import tomllib
from pathlib import Path

import pytest

from churnlib import (
    audit,
    claims,
    load_codebook,
    load_study,
    printed_table,
    published_frequencies,
    verdict,
)
from churnlib.evidence.origin import PROJECT, resources

TABLE = "thesis/table_3_2.csv"


def spoil(data: Path, old: str, new: str, file: str = TABLE) -> None:
    text = (data / file).read_text(encoding="utf-8")
    assert old in text
    (data / file).write_text(text.replace(old, new, 1), encoding="utf-8")


def test_a_second_entry_of_every_printed_number_agrees_with_the_first():
    entry = Path(__file__).parents[1] / "reference" / "second_entry.toml"
    second = tomllib.loads(entry.read_text(encoding="utf-8"))
    for number, mark in (("3-1", ""), ("3-2", "/"), ("3-3", "/")):
        table = printed_table(number)
        rows = [
            (row if number == "3-1" else "") + "".join(cell.text for cell in cells.values())
            for row, cells in table.rows.items()
        ]
        total = "/" + "".join(cell.text for cell in table.totals.values())
        assert mark + mark.join(rows) + total == second[f"table_{number.replace('-', '_')}"]
    said = {
        str(n): [x.text for x in claim.printed.values()] for n, claim in load_study().claims.items()
    }
    assert {n: texts for n, texts in said.items() if texts} == second["text"]


def test_the_thesis_has_32_statements_each_in_both_languages():
    said = load_study().claims
    assert list(said) == list(range(1, 33))
    for claim in said.values():
        for text in (claim.statement, claim.decided_by):
            assert text["en"].isascii() or "–" in text["en"] or "−" in text["en"]
            assert any("\u4e00" <= character <= "\u9fff" for character in text["zh-Hans"])


@pytest.mark.parametrize("number", ["3-2", "3-3"])
def test_a_printed_table_has_the_levels_of_the_codebook_in_their_order(number):
    table = published_frequencies(number)
    assert list(table.counts.index) == load_codebook()[table.variable].keys


def test_every_file_is_the_one_that_was_released():
    for name, resource in resources().items():
        assert resource.is_intact(), f"{name} has changed; if that was meant, run 'make seal'"


def test_frictionless_finds_the_data_package_valid():
    import frictionless

    report = frictionless.validate(str(PROJECT / "data" / "datapackage.json"))
    assert report.valid, report.flatten(["rowNumber", "fieldName", "note"])
    assert report.stats["tasks"] == len(resources())


def test_no_data_file_is_left_undescribed():
    present = {path for path in (PROJECT / "data").rglob("*") if path.is_file()}
    described = {resource.path for resource in resources().values()}
    assert {p.name for p in present - described} == {"README.md", "datapackage.json"}
    assert described <= present


# Bad input, one by one: each message names the file and the place.


@pytest.mark.parametrize("file", [TABLE, "thesis/study.toml"])
def test_a_missing_file_is_named(data, file):
    (data / file).unlink()
    with pytest.raises(FileNotFoundError, match=f"{Path(file).name} is missing"):
        claims(data / "thesis")


@pytest.mark.parametrize("bare", ["43.5", "87", "three", '"87'])
def test_a_cell_without_quotes_in_a_table_is_named(data, bare):
    spoil(data, '"87"', bare)
    with pytest.raises(TypeError, match=rf"table_3_2\.csv, line 5: {bare} stands without"):
        printed_table("3-2", data / "thesis")


def test_a_number_without_quotes_in_the_claims_is_named(data):
    spoil(data, 'printed = { staff = "50" }', "printed = { staff = 50 }", "thesis/study.toml")
    with pytest.raises(TypeError, match=r"study\.toml, claim 7, printed 'staff'.*quoted text"):
        load_study(data / "thesis")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"printed_label"', '"label"', "line 1: the columns after the first must be printed_label"),
        ('"33","16.5"', '"33"', "line 3 has 3 cells where 4 belong"),
        ('"33"', '"3x"', "line 3, column 'frequency': '3x' is not a printed number"),
        ('"19-29","', '"le18","', "line 3: the row 'le18' stands twice"),
    ],
)
def test_a_malformed_table_is_named_with_its_line(data, old, new, message):
    spoil(data, old, new)
    with pytest.raises(ValueError, match=rf"table_3_2\.csv, .*{message}"):
        printed_table("3-2", data / "thesis")


def test_an_empty_table_is_named(data):
    (data / TABLE).write_text("")
    with pytest.raises(ValueError, match=r"table_3_2\.csv holds no rows"):
        printed_table("3-2", data / "thesis")


def test_a_table_in_another_encoding_is_named(data):
    text = (data / TABLE).read_text(encoding="utf-8")
    (data / TABLE).write_bytes(text.encode("gb18030"))
    with pytest.raises(ValueError, match=r"table_3_2\.csv is not in UTF-8"):
        printed_table("3-2", data / "thesis")


def test_a_missing_total_is_named(data):
    spoil(data, ', percent = "100.0" }', " }", "thesis/study.toml")
    with pytest.raises(ValueError, match=r"study\.toml, Table 3-2, rule 3: .*'total percent'"):
        printed_table("3-2", data / "thesis")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('section = "3(1)"\n', "", "claim 7 lacks 'section'"),
        ('levels = ["bachelor"]', 'levels = ["doctor"]', "claim 22, .*no level 'doctor'"),
        ("[[claim]]", "[[claim]", r"study\.toml is not a TOML file"),
        ('level = "le18" }', 'levl = "le18" }', "claim 23, group lacks 'level'"),
        ('id = "older_with_college"', 'name = "b"', "claim 23, question 2 lacks 'id'"),
        (
            'rule = "announced"',
            'rule = "guess"',
            "announced: 'rule' must be one of .*given 'guess'",
        ),
        ("decided_by.zh-Hans", "decided_by.fr", "claim 1: 'decided_by' must be a text .* in 'en'"),
    ],
)
def test_a_malformed_claim_is_named_with_its_number(data, old, new, message):
    spoil(data, old, new, "thesis/study.toml")
    with pytest.raises(ValueError, match=message):
        claims(data / "thesis")


def test_an_unknown_table_is_named_with_those_there_are():
    with pytest.raises(KeyError, match=r"no table '3-9'; it prints 3-1, 3-2, 3-3"):
        printed_table("3-9")


@pytest.mark.parametrize("number", [0, 33, "17"])
def test_an_unknown_claim_is_named_with_those_there_are(number):
    with pytest.raises(KeyError, match=r"the study has no statement .*; they are 1 to 32"):
        verdict(number)


def test_a_table_that_is_no_frequency_table_is_refused():
    with pytest.raises(ValueError, match="Table 3-1 is not the frequency table of one"):
        published_frequencies("3-1")


def test_a_fractional_frequency_is_refused(data):
    spoil(data, '"33"', '"33.5"')
    with pytest.raises(ValueError, match="must be whole numbers of 0 or more; given"):
        published_frequencies("3-2", data / "thesis")
    assert not audit(data / "thesis")["holds"].all()
