import re
from pathlib import Path

import pytest

from churnlib import audit, audit_thesis
from churnlib.evidence.origin import PROJECT, resources
from churnlib.studies import load_study, single_digit_changes
from churnlib.studies.study import Sheet

TABLES = ("table_3_1.csv", "table_3_2.csv", "table_3_3.csv")


def part(exhibit: str) -> Sheet:
    """The numbers and rules that hang together with a table."""
    sheet = load_study().sheet
    return sheet.parts[next(cell for cell in sheet.cells if cell[0] == exhibit)]


def test_the_audit_finds_the_wrong_total_by_itself():
    checks = audit_thesis()
    failed = checks[~checks["holds"]]
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
    checks = audit_thesis()
    assert list(checks.columns) == ["exhibit", "check", "printed", "computed", "holds", "repair"]
    assert checks.groupby("exhibit")["holds"].agg(lambda holds: (~holds).sum()).to_dict() == {
        "Table 3-1": 3,
        "Table 3-2": 0,
        "Table 3-3": 0,
    }
    assert (checks["repair"] == "").equals(checks["holds"])
    assert checks["exhibit"].is_monotonic_increasing  # rules of the text stand with their table


def test_no_check_fails_once_the_total_is_mended(data: Path):
    for wrong, right in (
        ("116241", "112241"),
        ("-24114", "-20114"),
        ("-2.4114", "-2.0114"),
        ("126%", "122%"),
    ):
        path = data / "thesis" / "study.toml"
        text = path.read_text(encoding="utf-8")
        assert f'"{wrong}"' in text
        path.write_text(text.replace(f'"{wrong}"', f'"{right}"'), encoding="utf-8")
    assert audit(data / "thesis")["holds"].all()


@pytest.mark.parametrize("exhibit", ["Table 3-1", "Table 3-2", "Table 3-3"])
def test_arithmetic_alone_notices_every_change_of_one_printed_digit(exhibit):
    """No digit of a table is unguarded: changing it changes which checks hold."""
    sheet = part(exhibit)
    before = [sheet.holds(rule) for rule in sheet.rules]
    unnoticed = [
        (cell, text)
        for cell, printed in sheet.cells.items()
        for text in single_digit_changes(printed.text)
        if [
            changed.holds(rule) for changed in [sheet.changed(cell, text)] for rule in changed.rules
        ]
        == before
    ]
    assert unnoticed == []


@pytest.mark.parametrize("file", [*TABLES, "study.toml"])
def test_the_checksums_notice_every_change_of_one_digit(data: Path, file):
    name = {r.path: n for n, r in resources().items()}[PROJECT / "data" / "thesis" / file]
    committed = (PROJECT / "data" / "thesis" / file).read_text(encoding="utf-8")
    path = data / "thesis" / file
    for place in re.finditer(r"[0-9]", committed):
        other = str((int(place.group()) + 1) % 10)
        path.write_text(
            committed[: place.start()] + other + committed[place.end() :], encoding="utf-8"
        )
        assert not resources(data)[name].is_intact()


def test_a_misprinted_frequency_is_repaired_alone():
    sheet = part("Table 3-2").changed(("Table 3-2", "40-59", "frequency"), "88")
    assert [(r.cell, r.mended, r.following) for r in sheet.repairs] == [
        (("Table 3-2", "40-59", "frequency"), "87", ())
    ]


def test_two_wrong_numbers_have_no_single_repair(data: Path):
    path = data / "thesis" / "table_3_2.csv"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('"33"', '"43"').replace('"12.0"', '"12.5"'), encoding="utf-8")
    checks = audit(data / "thesis")
    failed = checks[(checks["exhibit"] == "Table 3-2") & ~checks["holds"]]
    assert len(failed) >= 2
    assert set(failed["repair"]) == {"no change of one digit mends all checks"}


def test_a_base_of_zero_fails_its_checks_without_an_error():
    sheet = part("Table 3-3").changed(("Table 3-3", "total", "frequency"), "000")
    shares = [rule for rule in sheet.rules if rule.target == ("Table 3-3", "bachelor", "percent")]
    assert [sheet.computed(rule) for rule in shares] == [None]
    assert not any(sheet.holds(rule) for rule in shares)


def test_a_slip_is_repaired_only_if_what_was_computed_from_it_agrees_with_it():
    """A month's closings, changed so that they reach the total, would leave its net wrong."""
    sheet = part("Table 3-1")
    assert [repair.cell for repair in sheet.repairs] == [("Table 3-1", "total", "closed")]
    (repair,) = sheet.repairs
    assert set(repair.following) == {
        ("Table 3-1", "total", "net"),
        ("claim 10", "", "total"),
        ("claim 11", "", "total"),
        ("claim 12", "", "ratio"),
    }
