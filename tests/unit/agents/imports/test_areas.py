"""Areas of a table, as spreadsheets name them."""

from __future__ import annotations

import pytest

from bordertally.agents.imports.areas import Area, area_of
from bordertally.agents.imports.errors import UnreadableError


@pytest.mark.parametrize(
    ("text", "area"),
    [
        ("A1:N23", Area(0, 0, 14, 23)),
        ("b2:B2", Area(1, 1, 2, 2)),
        ("Z1:AA", Area(25, 0, 27, None)),  # AA follows Z
        ("AZ3:BA9", Area(51, 2, 53, 9)),
    ],
)
def test_columns_are_letters_and_rows_numbers(text: str, area: Area) -> None:
    assert area_of(text, "in.csv") == area


def test_the_rows_of_an_area_are_numbered_from_1() -> None:
    rows = [tuple(f"{row}{column}" for column in "abcd") for row in range(1, 5)]
    assert list(area_of("B2:C3", "in.csv").cut(rows)) == [(1, ("2b", "2c")), (2, ("3b", "3c"))]


@pytest.mark.parametrize("text", ["B1:A9", "A9:B1", "A0:B9", "1A:2B"])
def test_an_area_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(UnreadableError, match=rf"in.csv: range: {text} "):
        area_of(text, "in.csv")
