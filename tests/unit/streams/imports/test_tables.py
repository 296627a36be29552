from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pytest

from bordertally.streams.imports.figures import Cell
from bordertally.streams.imports.mapping import ImportMap, read_mapping
from bordertally.streams.imports.series import middle
from bordertally.streams.imports.tables import SEVERAL
from unit.streams.imports.kit import PLAIN, complaints, figures, imported, plain

HEAD = ("Day", "Gate", "In")
FIRST = ("2023-05-01", "North", "10")


def test_rows_become_claims() -> None:
    importer = imported(plain(), HEAD, FIRST, ("2023-05-02", "Мост", "0"))
    assert figures(importer) == {
        ("BR:UY:north", "people", "2023-05-01"): 10,
        ("BR:UY:most", "people", "2023-05-02"): 0,
    }
    assert not importer.issues
    assert not importer.unplaced


def test_a_bad_cell_is_named_and_the_good_rows_are_taken() -> None:
    importer = imported(
        plain(), HEAD, FIRST, ("2023-05-02", "North", "1,5"), ("2023-02-30", "North", "7"), ("", "x", "8")
    )
    assert list(figures(importer).values()) == [10]
    first, second, third = complaints(importer)
    assert first.startswith("in.csv, row 3, In: this is no number; add it to missing")
    assert first.endswith("(got 1,5)")
    assert second.startswith(
        "in.csv, row 4, Day: there is no such date: day is out of range for month (got 2023-02-30)"
    )
    assert third.startswith("in.csv, row 5, Day: this is no day of the form")
    assert (importer.tallies.rows, importer.tallies.taken, importer.issues.cells) == (4, 1, 3)
    assert importer.unplaced


@pytest.mark.parametrize(
    ("policy", "rows", "taken", "bad"),
    [
        ("refuse", (FIRST, FIRST), None, 2),
        ("refuse", (FIRST, FIRST, FIRST), None, 3),
        ("once", (FIRST, FIRST, FIRST), 10, 0),
        ("once", (FIRST, ("2023-05-01", "North", "11")), None, 2),
        ("add", (FIRST, ("2023-05-01", "North", "11")), 21, 0),
        ("add", (FIRST, ("2023-05-01", "North", "x")), None, 2),
        ("add", (FIRST, ("2023-05-01", "North", "x"), FIRST), None, 3),
        ("last", (FIRST, ("2023-05-01", "North", "11"), ("2023-05-01", "North", "12")), 12, 0),
    ],
)
def test_several_rows_about_one_flow_and_period(
    policy: str, rows: Sequence[Sequence[Cell]], taken: int | None, bad: int
) -> None:
    importer = imported(plain(f"same_key = '{policy}'"), HEAD, *rows)
    assert list(figures(importer).values()) == ([] if taken is None else [taken])
    assert importer.issues.cells == bad
    tallies = importer.tallies
    assert len(rows) == tallies.taken + tallies.repeated + tallies.replaced + bad


def test_several_rows_say_what_to_set() -> None:
    (complaint,) = complaints(imported(plain(), HEAD, FIRST, FIRST))
    assert complaint == f"in.csv, rows 2, 3, In: {SEVERAL} (got BR:UY:north 2023-05-01 people)"


def test_equal_rows_that_are_added_up_are_doubted() -> None:
    importer = imported(plain("same_key = 'add'"), HEAD, FIRST, FIRST)
    assert list(figures(importer).values()) == [20]
    assert sum(importer.doubts.values()) == 1


def test_ranges_are_added_end_by_end() -> None:
    mapping = plain("same_key = 'add'\nsuppressed = {'<5' = [0, 4]}")
    importer = imported(mapping, HEAD, FIRST, ("2023-05-01", "North", "<5"), ("2023-05-02", "North", "<5"))
    assert figures(importer)["BR:UY:north", "people", "2023-05-01"] == (10, 14)
    assert figures(importer)["BR:UY:north", "people", "2023-05-02"] == (0, 4)
    assert middle((10, 14)) == 12


def test_a_total_in_a_column_that_is_not_mapped_is_not_added_to_its_parts() -> None:
    rows = [(*FIRST, "men"), ("2023-05-01", "North", "11", "women"), ("2023-05-01", "North", "21", "Total")]
    importer = imported(plain("same_key = 'add'"), (*HEAD, "Sex"), *rows)
    assert list(figures(importer).values()) == [21]
    (why,) = complaints(importer)
    assert why.startswith("in.csv, row 4, column 4: rows are added up, and this one looks like a total of others; ")
    assert why.endswith("choose with rows.only or rows.drop (got Total)")


def test_names_that_come_to_one_place_are_refused_with_all_their_rows() -> None:
    rows = [FIRST, ("2023-05-01", "Brod", "1"), ("2023-05-02", "Brød", "2"), ("2023-05-03", "Brod", "3")]
    importer = imported(plain(), HEAD, *rows)
    assert figures(importer) == {("BR:UY:north", "people", "2023-05-01"): 10}
    (why,) = complaints(importer)
    assert "these names come to one place, BR:UY:brod; add them to [places]" in why
    assert "(got Brod and Brød)" in why
    assert (importer.tallies.taken, importer.issues.cells) == (1, 3)
    aliased = imported(plain(claims="[places]\n'Brød' = 'brod-on-sea'"), HEAD, *rows)
    assert {flow for flow, _, _ in figures(aliased)} == {"BR:UY:north", "BR:UY:brod", "BR:UY:brod-on-sea"}


def test_a_place_that_is_always_the_sum_of_the_others_is_refused() -> None:
    rows = [
        (f"2023-05-0{day}", gate, str(people))
        for day in (1, 2, 3)
        for gate, people in (("A", 10 * day), ("B", 7), ("North region", 10 * day + 7))
    ]
    importer = imported(plain(), HEAD, *rows)
    assert {flow for flow, _, _ in figures(importer)} == {"BR:UY:a", "BR:UY:b"}
    (why,) = complaints(importer)
    assert "this is the sum of the places beside it" in why
    assert "North region" in why
    kept = imported(plain(claims="[rows]\nkeep = {Gate = 'North region'}"), HEAD, *rows)
    assert len(figures(kept)) == 9


def test_two_rows_that_happen_to_add_up_to_a_third_are_taken() -> None:
    importer = imported(
        plain(), HEAD, *[("2023-05-01", gate, people) for gate, people in (("A", "1"), ("B", "2"), ("C", "3"))]
    )
    assert len(figures(importer)) == 3


def test_rows_are_chosen_and_what_is_left_out_is_counted() -> None:
    mapping = plain(claims="[rows]\nonly = {Way = ['in', '']}\ndrop = {Gate = ['Total', 'Sum']}")
    rows = [(*FIRST, "in"), (*FIRST, "out"), ("2023-05-01", "Total", "9", "in"), ("2023-05-01", "South", "8", "")]
    importer = imported(mapping, (*HEAD, "Way"), *rows)
    assert len(figures(importer)) == 2
    assert importer.tallies.left_out == {"rows.only Way": 1, "rows.drop Gate = Total": 1}


def test_text_beside_the_table_is_quoted_and_empty_rows_are_counted() -> None:
    rows = [FIRST, (), ("", " ", None), ("2023-05-02", "North", ""), ("Source: the police", "", "")]
    importer = imported(plain(), HEAD, *rows)
    assert importer.tallies.notes == {6: "Source: the police"}
    assert (importer.tallies.blank_rows, importer.tallies.missing, importer.tallies.taken) == (2, 1, 1)
    assert not importer.issues


def test_a_row_of_noughts_is_no_blank_row() -> None:
    importer = imported(plain(), HEAD, FIRST, (None, None, 0), (0, 0, 0))
    assert (importer.tallies.blank_rows, importer.issues.cells) == (0, 2)


def test_empty_cells_that_mean_the_value_above() -> None:
    mapping = plain(claims="[rows]\nfill_down = ['Day']")
    importer = imported(mapping, HEAD, FIRST, ("", "South", "5"), (), ("", "West", "6"))
    assert {span for _, _, span in figures(importer)} == {"2023-05-01"}
    assert len(figures(importer)) == 3


def test_a_period_that_ends_after_publication_is_bad() -> None:
    importer = imported(plain(), HEAD, ("2026-01-01", "North", "1"), ("2026-01-02", "North", "2"))
    assert list(figures(importer).values()) == [1]
    assert "the period ends after the figure was published" in complaints(importer)[0]


def test_a_column_says_when_each_row_was_published() -> None:
    mapping = plain("published = 'column:Said'")
    rows = [
        (*FIRST, "2023-05-03T10:00+02:00"),
        ("2023-05-02", "North", "4", "soon"),
        ("2023-05-02", "North", "4", "2023-05-01"),
    ]
    importer = imported(mapping, (*HEAD, "Said"), *rows)
    (kept,) = [kept for series in importer.series.values() for kept in series.claims.values()]
    assert kept.published.isoformat() == "2023-05-03T08:00:00+00:00"
    bad, late = complaints(importer)
    assert "row 3, published: 'soon' is no time of publication" in bad
    assert "row 4, Day: the period ends after the figure was published" in late


def test_no_header_calls_columns_by_number() -> None:
    text = PLAIN.format(top="header = 0", claims="").replace("Day", "1").replace("{Gate}", "{2}").replace('"In"', '"3"')
    assert len(figures(imported(read_mapping(text, "m"), FIRST, ("2023-05-02", "North", "3")))) == 2


def test_a_first_cell_of_several_columns_is_taken_apart() -> None:
    importer = imported(plain("split = ','"), ("Day,Gate", "In"), ("2023-05-01,North", "7"))
    assert figures(importer) == {("BR:UY:north", "people", "2023-05-01"): 7}


def test_cells_of_a_spreadsheet_are_read_by_their_kind() -> None:
    mapping = plain(claims='[places]\n"7" = "gate-7"')
    importer = imported(mapping, HEAD, (date(2023, 5, 1), 7.0, 12.0), (date(2023, 5, 2), 7.0, None))
    assert figures(importer) == {("BR:UY:gate-7", "people", "2023-05-01"): 12}
    assert importer.tallies.missing == 1


TWO_QUALIFIERS = '[claims.other]\ncolumn = "In"\nqualifier = "about"'


def test_two_tables_of_claims_for_one_series_must_agree() -> None:
    importer = imported(plain(claims=TWO_QUALIFIERS), HEAD, FIRST)
    assert "two tables of claims come to this series with different qualifiers" in complaints(importer)[0]


def everyone() -> ImportMap:
    return plain(claims='population = "citizens:{Who}"\nall = "Total"')


def test_a_row_for_all_people_stands_beside_those_of_citizenships() -> None:
    rows = [(*FIRST, "Brazil"), ("2023-05-01", "North", "4", "Peru"), ("2023-05-01", "North", "15", "Total")]
    importer = imported(everyone(), (*HEAD, "Who"), *rows)
    assert {population: people for (_, population, _), people in figures(importer).items()} == {
        "citizens:BR": 10,
        "citizens:PE": 4,
        "people": 15,
    }


def test_a_column_beside_the_figures_says_that_they_are_in_thousands() -> None:
    head = (*HEAD, "Unit")
    importer = imported(plain(), head, (*FIRST, "thousand people"), ("2023-05-02", "North", "7", "people"))
    (complaint,) = complaints(importer)
    assert complaint.startswith("in.csv, row 2, column 4: figures may not be single people; set claims.entries.times")
    assert list(figures(importer).values()) == [7]
    assert not imported(plain(claims="times = 1"), head, (*FIRST, "thousand people")).issues


def test_a_note_below_the_table_says_that_figures_are_in_thousands() -> None:
    importer = imported(plain(), HEAD, FIRST, ("Figures are in thousands.", "", ""))
    assert any("row 3 says 'Figures are in thousands.'" in doubt for doubt in importer.doubts)


def test_the_column_of_another_year_is_refused() -> None:
    importer = imported(plain_with("2022"), ("Day", "Gate", "2022"), FIRST)
    (complaint,) = complaints(importer)
    assert "the column of the figure is called 2022; describe it in [wide], or call it #3" in complaint
    assert figures(importer) == {}


def plain_with(column: str) -> ImportMap:
    return read_mapping(PLAIN.format(top="", claims="").replace('"In"', f'"{column}"'), "map.toml")
