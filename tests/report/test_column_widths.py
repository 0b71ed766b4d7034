"""How the room of a printed table is shared out among its columns."""

import pytest

from churnlib.report.column_widths import column_widths
from churnlib.report.text_table import TextTable

ROOM = 453.0  # points between margins of 2.5 cm on A4
LONG = "A figure from the literature, given without a source; no data of this study bear on it."


def test_a_table_that_fits_is_as_wide_as_its_texts():
    short, longer = column_widths(TextTable(("", "n"), (("a", "12"), ("b", "1,234,567"))), ROOM)
    assert short < longer
    assert short + longer < ROOM / 3


def test_a_table_that_does_not_fit_fills_the_room_and_breaks_no_word():
    # Nine digits of 8.5 points are half as wide as they are high: 38 points.
    texts = TextTable(("No.", "Reason", "Sum"), (("1", LONG, "123456789"), ("2", LONG, "1")))
    number, reason, total = column_widths(texts, ROOM - 100)
    assert number + reason + total == pytest.approx(ROOM - 100)
    assert reason > 3 * total
    assert total > 38


def test_what_is_left_goes_where_texts_are_longer_on_average():
    rows = tuple((LONG, LONG if place else "short") for place in (0, 0, 0, 1))
    first, second = column_widths(TextTable(("a", "b"), rows), ROOM - 100)
    assert first > 2 * second


def test_rather_than_a_number_a_header_is_broken():
    heads = tuple("Incomprehensibilities" for _ in range(6))
    widths = column_widths(TextTable(heads, (("1234567890",) * 6,)), ROOM - 50)
    assert sum(widths) == pytest.approx(ROOM - 50)
    assert min(widths) > 10 * 8.5 / 2
