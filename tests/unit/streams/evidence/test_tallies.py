from __future__ import annotations

import pytest

from bordertally.streams.evidence.tallies import SourceFigure, added_up, tallies_of
from bordertally.streams.ledger.rows import PEOPLE, encode_row
from bordertally.streams.reports.claims import reading_of
from bordertally.streams.reports.readings import Columns
from unit.kit import claim


def hour(first: int, people: float | None, length: int = 1, published: int = 1) -> Columns:
    made = claim(
        people,
        f"2022-09-26T{first:02}:00Z/PT{length}H",
        source="c",
        qualifier="count",
        published=f"2022-10-0{published}T00:00:00Z",
    )
    return Columns.of([reading_of(made)])


def test_the_readings_of_a_source_are_one_tally() -> None:
    row = encode_row([(PEOPLE, "c", hour(8, 10).plus(hour(9, 20, published=2)).plus(hour(10, None)))])
    (tally,) = tallies_of(row)
    assert (tally.source, tally.people, tally.readings, tally.grade) == ("c", 30, 2, "C")
    assert tally.published == claim(1, published="2022-10-02T00:00:00Z").published


def test_readings_that_overlap_count_once() -> None:
    #  8-12 h: 100 people; within it 9-10 h: 30
    (tally,) = tallies_of(encode_row([(PEOPLE, "c", hour(8, 100, length=4).plus(hour(9, 30)))]))
    assert (tally.people, tally.readings) == (100, 2)


def test_a_source_that_took_all_back_has_no_tally() -> None:
    assert tallies_of(encode_row([(PEOPLE, "c", hour(8, None))])) == []


def figure(start: int, end: int, people: float, source: str = "a", flow: str = "RU:KZ") -> SourceFigure:
    return SourceFigure(source, flow, start, end, people)


@pytest.mark.parametrize(
    ("figures", "total"),
    [
        ([figure(0, 2, 10), figure(2, 4, 20)], 30),
        ([figure(0, 4, 25), figure(0, 2, 10), figure(2, 4, 20)], 30),  # the parts are the larger sum
        ([figure(0, 4, 35), figure(0, 2, 10), figure(2, 4, 20)], 35),
        ([figure(0, 3, 10), figure(2, 5, 20), figure(4, 6, 15)], 25),
        ([figure(0, 2, 10), figure(0, 2, 10, source="b")], 20),
        ([figure(0, 2, 10), figure(0, 2, 4, flow="RU:KZ:aksai")], 10),  # one source, the flow above has it
        ([figure(0, 2, 10), figure(0, 2, 4, "b", "RU:KZ:aksai")], 14),
        ([], 0),
    ],
)
def test_all_sources_are_added_up_as_if_no_two_counted_the_same_people(
    figures: list[SourceFigure], total: float
) -> None:
    assert added_up(figures) == added_up(reversed(figures)) == total
