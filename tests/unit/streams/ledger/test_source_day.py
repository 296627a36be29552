from __future__ import annotations

from bordertally.streams.ledger.source_day import SourceDay
from bordertally.streams.periods import DAY
from bordertally.streams.reports.readings import Columns, Reading

HOUR = 3600


def reading(hour: float, people: float | None, hours: float = 1, report: str = "r", published: int = 1) -> Reading:
    """A count of an hour of the first day of the calendar of these tests."""
    start, end = int(hour * HOUR), int((hour + hours) * HOUR)
    low = people or 0.0
    return Reading(start, end, start, end, published, report, "A", low, people, people)


def day_of(*readings: Reading) -> SourceDay:
    return SourceDay(Columns.of(readings))


def figures(day: SourceDay) -> list[tuple[int, float | None]]:
    return [(one.start // HOUR, one.best) for one in day.columns.readings()]


def test_readings_of_free_slots_are_added_at_once() -> None:
    day = day_of(reading(8, 10))
    rest = day.add_new(Columns.of([reading(9, 20), reading(10, 30)]), DAY)
    assert len(rest) == 0
    assert figures(day) == [(8, 10), (9, 20), (10, 30)]


def test_what_is_taken_withdrawn_or_runs_over_midnight_needs_a_closer_look() -> None:
    #  8 h is taken, 9 h is free, 10 h is withdrawn, 11 h comes twice, 23 h 30 runs over midnight
    day = day_of(reading(8, 10))
    more = [reading(8, 11), reading(9, 20), reading(10, None), reading(11, 1), reading(11, 2), reading(23.5, 3)]
    rest = day.add_new(Columns.of(more), DAY)
    assert figures(day) == [(8, 10), (9, 20), (11, 1)]
    assert [(one.start // HOUR, one.best) for one in rest.readings()] == [(8, 11), (10, None), (11, 2), (23, 3)]


def test_two_readings_that_begin_together_and_end_apart_are_two_slots() -> None:
    day = day_of(reading(8, 10), reading(8, 40, hours=4))
    assert [day.of_slot(reading(8, 0, hours=hours)) for hours in (1, 4)] == [reading(8, 10), reading(8, 40, hours=4)]
    assert day.of_slot(reading(8, 0, hours=2)) is None


def test_a_correction_takes_the_place_of_the_reading_in_its_slot() -> None:
    day = day_of(reading(8, 10), reading(9, 20), reading(10, 30))
    day.replace(reading(9, 25, report="correction", published=2))
    assert figures(day) == [(8, 10), (9, 25), (10, 30)]
    day.replace(reading(11, 40))
    assert figures(day) == [(8, 10), (9, 25), (10, 30), (11, 40)]
    assert day.of_slot(reading(9, 0)) == reading(9, 25, report="correction", published=2)
