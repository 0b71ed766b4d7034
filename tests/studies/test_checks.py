import re
from dataclasses import replace
from pathlib import Path

import pytest
from churnlib.studies.printed_arithmetic import Sheet, single_digit_changes

from churnlib import audit_thesis
from churnlib.evidence.origin import PROJECT, resources
from churnlib.studies.checks import thesis_sheets

TABLES = ("table_3_1.csv", "table_3_2.csv", "table_3_3.csv", "totals.csv")


def with_text(sheet: Sheet, cell: tuple[str, str], text: str) -> Sheet:
    return replace(sheet, cells={**sheet.cells, cell: replace(sheet.cells[cell], text=text)})


def test_the_audit_finds_the_wrong_total_by_itself():
    audit = audit_thesis()
    failed = audit[~audit["holds"]]
    assert set(failed["exhibit"]) == {"Table 3-1"}
    months = [int(row["closed"].value) for row in _printed("3-1").rows.values()]
    total = failed[failed["check"].str.startswith("total closed")].iloc[0]
    assert (total["printed"], total["computed"]) == ("116241", sum(months))
    assert failed["repair"].nunique() == 1
    assert failed["repair"].iloc[0].startswith(f"total closed: 116241 → {sum(months)} (then")


def _printed(number):
    from churnlib import printed_table

    return printed_table(number)


def test_every_other_check_of_every_table_holds():
    audit = audit_thesis()
    assert list(audit.columns) == ["exhibit", "check", "printed", "computed", "holds", "repair"]
    assert audit.groupby("exhibit")["holds"].agg(lambda holds: (~holds).sum()).to_dict() == {
        "Table 3-1": 3,
        "Table 3-2": 0,
        "Table 3-3": 0,
    }
    assert (audit["repair"] == "").equals(audit["holds"])


def test_no_check_fails_once_the_total_is_mended(data: Path):
    for file, wrong, right in (
        ("totals.csv", "116241", "112241"),
        ("totals.csv", "-24114", "-20114"),
        ("claims.toml", '"116241"', '"112241"'),
        ("claims.toml", '"-2.4114"', '"-2.0114"'),
        ("claims.toml", '"126%"', '"122%"'),
    ):
        path = data / "thesis" / file
        text = path.read_text(encoding="utf-8")
        assert wrong in text
        path.write_text(text.replace(wrong, right), encoding="utf-8")
    assert audit_thesis(data)["holds"].all()


@pytest.mark.parametrize("exhibit", ["Table 3-1", "Table 3-2", "Table 3-3"])
def test_arithmetic_alone_notices_every_change_of_one_printed_digit(exhibit):
    """No digit of a table is unguarded: changing it changes which checks hold."""
    sheet = thesis_sheets()[exhibit]
    before = [sheet.holds(rule) for rule in sheet.rules]
    unnoticed = [
        (cell, text)
        for cell, printed in sheet.cells.items()
        for text in single_digit_changes(printed.text)
        if [
            changed.holds(rule)
            for changed in [with_text(sheet, cell, text)]
            for rule in changed.rules
        ]
        == before
    ]
    assert unnoticed == []


@pytest.mark.parametrize("file", [*TABLES, "claims.toml"])
def test_the_checksums_notice_every_change_of_one_digit(data: Path, file):
    name = {r.path.name: n for n, r in resources().items()}[file]
    committed = (PROJECT / "data" / "thesis" / file).read_text(encoding="utf-8")
    path = data / "thesis" / file
    for place in re.finditer(r"[0-9]", committed):
        other = str((int(place.group()) + 1) % 10)
        path.write_text(
            committed[: place.start()] + other + committed[place.end() :], encoding="utf-8"
        )
        assert not resources(data)[name].is_intact()


def test_a_misprinted_frequency_is_repaired_alone():
    sheet = with_text(thesis_sheets()["Table 3-2"], ("40-59", "frequency"), "88")
    assert [(r.cell, r.mended, r.following) for r in sheet.repairs] == [
        (("40-59", "frequency"), "87", ())
    ]


def test_two_wrong_numbers_have_no_single_repair(data: Path):
    path = data / "thesis" / "table_3_2.csv"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('"33"', '"43"').replace('"12.0"', '"12.5"'), encoding="utf-8")
    audit = audit_thesis(data)
    failed = audit[(audit["exhibit"] == "Table 3-2") & ~audit["holds"]]
    assert len(failed) >= 2
    assert set(failed["repair"]) == {"no change of one digit mends all checks"}


def test_a_base_of_zero_fails_its_checks_without_an_error():
    sheet = with_text(thesis_sheets()["Table 3-3"], ("total", "frequency"), "000")
    shares = [rule for rule in sheet.rules if rule.target == ("bachelor", "percent")]
    assert [sheet.computed(rule) for rule in shares] == [None]
    assert not any(sheet.holds(rule) for rule in shares)


def test_a_slip_is_repaired_only_if_what_was_computed_from_it_agrees_with_it():
    """A month's closings, changed so that they reach the total, would leave its net wrong."""
    sheet = thesis_sheets()["Table 3-1"]
    assert [repair.cell for repair in sheet.repairs] == [("total", "closed")]
    (repair,) = sheet.repairs
    assert set(repair.following) == {
        ("total", "net"),
        ("text", "closed"),
        ("text", "net"),
        ("text", "ratio"),
    }
