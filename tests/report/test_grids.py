"""Tables as text: read back from the HTML that was exported."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from churnlib.evidence.origin import Origin
from churnlib.report.grids import Grid, read_grid
from churnlib.report.table_export import html_page
from churnlib.report.typeset import Cells

TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=12).map(str.strip)


@given(st.lists(st.tuples(TEXT, TEXT, TEXT), min_size=1, max_size=5))
def test_an_exported_table_is_read_back_as_it_was(tmp_path_factory, rows):
    header = ("a<b", "&amp;", '"n"')
    cells = Cells(header, tuple(rows), (False, False, False))
    path = tmp_path_factory.mktemp("grid") / "t.html"
    page = html_page(cells, "A caption", Origin.OBSERVED, "en")
    path.write_text(page, encoding="utf-8", newline="\n")
    grid = read_grid(path)
    assert grid == Grid(header, tuple(tuple(row) for row in rows))


def test_a_header_of_two_rows_becomes_one_cell_of_two_lines(tmp_path):
    frame = pd.DataFrame({("share", "low"): [1], ("share", "high"): [2]})
    path = tmp_path / "t.html"
    path.write_text(frame.to_html(), encoding="utf-8")
    assert read_grid(path) == Grid(("", "share\nlow", "high"), (("0", "1", "2"),))


def test_only_the_first_table_is_read(tmp_path):
    path = tmp_path / "t.html"
    one = "<table><thead><tr><th>{}</th></tr></thead><tbody><tr><td>{}</td></tr></tbody></table>"
    path.write_text(one.format("a", "1") + one.format("b", "2"))
    assert read_grid(path) == Grid(("a",), (("1",),))


def test_columns_of_numbers_are_told_from_columns_of_text():
    rows = (
        ("a", "−1,234.5", "12.0%", "< .001", "12 (34.5)", ".10 [.05, .20]", "—", "2020.01-x"),
        ("12b", "3", "—", ".050", "3 (.5)", "—", "", "1"),
    )
    assert Grid(("h",) * 8, rows).numeric == (False, True, True, True, True, True, True, False)


def test_a_ragged_table_and_one_without_columns_are_errors():
    with pytest.raises(ValueError, match="a row of 1 cells stands under a header of 2"):
        Grid(("a", "b"), (("1",),))
    with pytest.raises(ValueError, match="at least one column"):
        Grid((), ())


def test_a_missing_file_and_one_without_a_table_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"gone\.html is missing; run the notebook"):
        read_grid(tmp_path / "gone.html")
    (tmp_path / "empty.html").write_text("<p>none</p>")
    with pytest.raises(ValueError, match=r"empty\.html holds no table with a header"):
        read_grid(tmp_path / "empty.html")
