"""Files of an exhibit, whatever a label of the survey says."""

import csv
from xml.etree import ElementTree

import matplotlib.pyplot as plt
import pandas as pd
import pytest

from churnlib import Origin, figures

# What matplotlib writes when letters are outlines: nothing of it runs, loads or links.
OUTLINES = {"svg", "metadata", "RDF", "Work", "type", "format", "defs", "style", "g", "path", "use",
            "rect", "clipPath"}  # fmt: skip

DRAWN_NOWHERE = {"😀", "👍", "🏽", "\x07", "\x00", "\x1b", "\x02", "\x03", "\t"}
"""Characters in the labels of the tests that no font of the figures has."""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("CHURNLIB_OUTPUT", str(tmp_path))
    return tmp_path / "figures"


def drawn(label: str):
    table = pd.DataFrame({"share": [0.2, 0.8], "low": [0.1, 0.7], "high": [0.3, 0.9]}, index=[1, 2])
    with figures.style():
        figure, ax = plt.subplots(figsize=(6.3, 3))
        figures.shares(table, lambda key: label if key == 1 else str(key), ax)
        figures.caption(figure, str, Origin.OBSERVED, label)
    return figure


def test_any_label_is_one_cell_of_the_csv_and_no_formula(folder, nasty):
    frame = pd.DataFrame({nasty: [nasty, "ok"], "n": [-1, 0.5]}, index=[nasty, "b"])
    figures.export("x", {"x": frame})
    with (folder / "source" / "x.csv").open(encoding="utf-8", newline="") as file:
        head, first, second = csv.reader(file)
    # A spreadsheet shows what stands behind an apostrophe as text.
    shown = f"'{nasty}" if nasty[0] in "=+" else nasty
    assert head == ["", shown, "n"]
    assert first == [shown, shown, "-1"]
    assert second == ["b", "ok", "0.5"]


def test_any_label_in_an_svg_is_outlines_alone_or_an_error_that_names_its_character(folder, nasty):
    figure = drawn(nasty)
    try:
        if DRAWN_NOWHERE & set(nasty):
            with pytest.raises(ValueError, match=r"no font of the figures has .*; word the label"):
                figures.export("x", {}, figure)
            assert not folder.exists() or not [*folder.rglob("x.*")]
            return
        figures.export("x", {}, figure)
    finally:
        plt.close(figure)
    root = ElementTree.parse(folder / "en" / "x.svg").getroot()
    assert {element.tag.rpartition("}")[2] for element in root.iter()} <= OUTLINES
    given = [v for e in root.iter() for k, v in e.attrib.items() if k.endswith(("href", "onload"))]
    assert all(value.startswith("#") for value in given)
