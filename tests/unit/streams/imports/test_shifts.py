from __future__ import annotations

from collections.abc import Sequence

import pytest

from bordertally.streams.imports.shifts import SIGNS
from unit.streams.imports.kit import complaints, figures, imported, plain

HEAD = ("Day", "Gate", "In", "Remark")
NORTH = ("BR:UY:north", "people")


def test_a_row_with_more_cells_than_the_header_is_refused() -> None:
    importer = imported(plain(), HEAD[:3], ("2023-05-01", "North", "1", "234"))
    (complaint,) = complaints(importer)
    assert "the row has 4 cells and the header 3; is a sign between thousands the delimiter?" in complaint
    assert figures(importer) == {}


def test_a_row_with_one_cell_too_many_is_refused_even_if_the_last_one_is_empty() -> None:
    rows = ("2023-05-01", "North", "1", "234", ""), ("2023-05-02", "North", "85", "")
    importer = imported(plain(), HEAD, *rows)
    assert figures(importer) == {(*NORTH, "2023-05-02"): 85}
    (complaint,) = complaints(importer)
    assert complaint.startswith(
        "in.csv, row 2, the row: the row has 5 cells and the header 4; is a sign between thousands the delimiter?"
    )


def test_a_last_empty_cell_too_many_is_no_fault_where_the_delimiter_stands_between_no_thousands() -> None:
    assert ";" not in SIGNS
    importer = imported(plain('delimiter = ";"'), HEAD, ("2023-05-01", "North", "1", "234", ""))
    assert not importer.issues
    assert not importer.doubts


@pytest.mark.parametrize(
    ("rows", "doubts"),
    [
        # one row is longer than the other
        ([("North", "1", "234"), ("North", "85")], {"row 2": 1}),
        ([("North", "85"), ("North", "1", "234"), ("North", "99", "001")], {"row 3": 2}),
        # every row is as long, and has three digits behind the figure
        ([("North", "1", "234"), ("North", "23", "456")], {"column 4": 2}),
        # a remark, a year, a number of two or four digits, and a figure that begins with a zero
        ([("North", "85"), ("North", "1", "closed early")], {}),
        ([("North", "85"), ("North", "1", "2023")], {}),
        ([("North", "1", "234"), ("North", "23", "45")], {}),
        ([("North", "0", "234"), ("North", "12", "345")], {}),
    ],
)
def test_rows_whose_last_cells_are_left_out_are_listed(rows: Sequence[Sequence[str]], doubts: dict[str, int]) -> None:
    importer = imported(plain(), HEAD, *((f"2023-05-0{day}", *row) for day, row in enumerate(rows, 1)))
    assert not importer.issues
    found = [(text, number) for text, number in importer.doubts.items() if "a sign between thousands" in text]
    assert len(found) == len(doubts)
    assert all(any(where in text and doubts[where] == number for where in doubts) for text, number in found)


def test_a_last_column_that_the_mapping_names_is_no_place_for_what_was_shifted() -> None:
    """It would be empty in every row of the file."""
    both = plain(claims='[claims.exits]\ncolumn = "Remark"\nflow = "UY:BR:{Gate}"')
    importer = imported(both, HEAD, ("2023-05-01", "North", "12", "345"))
    assert not importer.doubts
