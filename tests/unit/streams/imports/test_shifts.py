from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import pytest

from bordertally.streams.imports.shifts import ENOUGH_ROWS, SIGNS
from bordertally.streams.imports.tables import Importer
from unit.streams.imports.kit import PUBLISHED, complaints, figures, imported, plain

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


LONG = ("Day", "Gate", "In", "Code", "Region", "Remark")
STRUCTURE = [
    # every figure is taken apart, and its end stands in a column that is not the last one
    (LONG, [("North", "1", "234", "A"), ("North", "23", "456", "A")], "column 4"),
    # one of two columns is taken apart in each row: none is always of three digits
    ((*HEAD[:3], "Out", "Remark"), [("North", "1", "234", "85"), ("North", "85", "1", "234")], "column 4"),
    # a column before the one that the mapping names moves it to the right
    (("Day", "Gate", "Lorries", "Cars", "In", "Remark"), [("North", "1", "234", "56", "85")], "column 4"),
    # the end of a figure where other rows have a word
    (LONG, [("North", "1", "234", "A"), ("North", "85", "A", "closed")], "column 4"),
    # codes that the mapping does not name look the same
    (LONG, [("North", "12", "642", "A", "x"), ("North", "85", "112", "A", "y")], "column 4"),
]


@pytest.mark.parametrize(("head", "rows", "where"), STRUCTURE)
def test_three_digits_behind_a_figure_are_listed_wherever_they_stand(
    head: Sequence[str], rows: Sequence[Sequence[str]], where: str
) -> None:
    days = [(f"2023-05-0{day}", *row) for day, row in enumerate(rows, 1)]
    importer = imported(plain(), head, *days)
    assert not importer.issues
    doubts = [doubt for doubt in importer.doubts if "thousands" in doubt]
    assert doubts == [
        f'rows have three digits in {where}: is a sign between thousands the delimiter? If not, set group = "none"'
    ]
    assert not imported(plain('group = "none"'), head, *days).doubts


QUIET = [
    # codes that the mapping names, as a place with a slug or by the rows that it chooses
    ('[rows]\nonly = { Code = "642" }', LONG, [("North", "12", "642", "A")]),
    # a figure in quotes holds the delimiter, so the program writes quotes
    ('group = ","', LONG, [("North", "12", "642", "A"), ("North", "1,234", "112", "A")]),
    # another sign stands between thousands
    ('group = "."\ndecimal = ","', LONG, [("North", "12", "642", "A"), ("North", "1.234", "112", "A")]),
    # rows end with empty cells, so a figure taken apart would make one too long
    ("", LONG, [("North", "12", "642", "A", ""), ("North", "85", "112", "A", "")]),
    # the last column is a total or of a year, and hardly ever empty; the figures are all of three digits
    ("", ("Day", "Gate", "In", "Out", "Total"), [("North", "112", "642", "754"), ("North", "385", "112", "497")]),
    ("", ("Day", "Gate", "In", "Out", "2023"), [("North", "112", "642", "754"), ("North", "385", "112", "497")]),
    # nothing that the mapping names stands behind
    ("", ("Day", "Gate", "In", "Area", "Lorries", "Code", "Remark"), [("North", "12", "A", "12", "642")]),
]


@pytest.mark.parametrize(("top", "head", "rows"), QUIET)
def test_three_digits_that_tell_of_no_shift_are_not_listed(
    top: str, head: Sequence[str], rows: Sequence[Sequence[str]]
) -> None:
    days = [(f"2023-05-0{day}", *row) for day, row in enumerate(rows, 1)]
    mapping = plain(**({"claims": top} if top.startswith("[") else {"top": top}))
    importer = imported(mapping, head, *days)
    assert not importer.issues
    assert not importer.doubts


@pytest.mark.parametrize(("rows", "listed"), [(ENOUGH_ROWS, False), (ENOUGH_ROWS - 1, True)])
def test_over_many_rows_the_ends_of_thousands_would_begin_with_a_zero_somewhere(rows: int, listed: bool) -> None:
    days = [
        (f"{date(2023, 1, 1) + timedelta(day)}", "North", str(12 + day % 30), str(100 + day), "A")
        for day in range(rows)
    ]
    assert bool(imported(plain(), LONG, *days).doubts) is listed
    padded = [*days[:-1], (*days[-1][:3], "034", "A")]
    assert imported(plain(), LONG, *padded).doubts
    all_from_one_to_two_thousand = [(*row[:2], "1", *row[3:]) for row in days]
    assert imported(plain(), LONG, *all_from_one_to_two_thousand).doubts


@pytest.mark.parametrize(
    ("row", "listed"), [(("12", "345"), True), (("112", "345"), False), (("112", "045"), True), (("0", "345"), False)]
)
def test_a_last_column_that_the_mapping_names_would_be_empty_in_every_row(row: Sequence[str], listed: bool) -> None:
    both = plain(claims='[claims.exits]\ncolumn = "Remark"\nflow = "UY:BR:{Gate}"')
    importer = imported(both, HEAD, ("2023-05-01", "North", *row))
    assert bool(importer.doubts) is listed


def test_cells_of_a_workbook_are_not_shifted() -> None:
    importer = Importer(plain(), PUBLISHED)
    rows = [LONG, ("2023-05-01", "North", "12", "642", "A")]
    importer.add_table("in.xlsx", "", enumerate(rows, 1), delimited=False)
    importer.finish()
    assert not importer.doubts
