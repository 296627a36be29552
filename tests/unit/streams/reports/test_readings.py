"""Readings by the column: the same readings, with the columns left out that need not be said."""

from __future__ import annotations

import msgspec
import pytest

from bordertally.streams.periods import DAY
from bordertally.streams.reports.readings import NO_READINGS, Columns, Reading, Readings

HOUR = 3600


def reading(
    hour: int, best: float | None = 5, low: float | None = None, high: float | None = -1, grade: str = "B"
) -> Reading:
    """An exact count of an hour of 1970, unless low or high say otherwise."""
    start = hour * HOUR
    low = best if low is None else low
    high = best if high == -1 else high
    return Reading(start, start + HOUR, start, start + HOUR, 0, f"r{hour}", grade, low or 0.0, best, high)


EXACT = [reading(hour) for hour in range(3)]
OPEN = reading(3, 7, 7, None)
WITHDRAWN = Reading(0, HOUR, 0, HOUR, 1, "w", "B", 0.0, None, None)


def test_exact_counts_of_one_grade_take_no_columns_of_lows_highs_and_grades() -> None:
    columns = Columns.of(EXACT)
    assert (columns.lows, columns.highs, columns.grades) == (None, None, "B")
    assert columns.readings() == EXACT
    assert columns.all_count
    assert not columns.any_withdrawn


@pytest.mark.parametrize("more", [[OPEN], [WITHDRAWN], [reading(9, grade="D")], [reading(9, 5, 4, 6)]], ids=repr)
def test_what_differs_is_kept(more: list[Reading]) -> None:
    assert Columns.of(EXACT + more).readings() == EXACT + more
    assert Columns.of(EXACT).plus(Columns.of(more)).readings() == EXACT + more
    assert NO_READINGS.plus(Columns.of(more)).readings() == more


def test_a_withdrawn_reading_or_a_grade_that_does_not_count_shows() -> None:
    withdrawn, shown = Columns.of([*EXACT, WITHDRAWN]), Columns.of([*EXACT, reading(9, grade="D")])
    assert (withdrawn.any_withdrawn, withdrawn.all_count) == (True, False)
    assert (shown.any_withdrawn, shown.all_count) == (False, False)
    assert [shown.grade(place) for place in range(4)] == ["B", "B", "B", "D"]


def test_a_chain_has_neither_gaps_nor_overlaps() -> None:
    assert Columns.of(EXACT).unbroken
    assert not Columns.of([*EXACT, reading(4)]).unbroken
    assert not Columns.of([*EXACT, reading(1)]).unbroken


def test_parts_hold_at_most_so_many_and_all_of_them() -> None:
    group = Readings("RU:KZ", "s", "people", "people", Columns.of(EXACT))
    assert [part.count for part in group.parts(2)] == [2, 1]
    assert [one for part in group.parts(2) for one in part.columns.readings()] == EXACT
    assert list(group.parts(3)) == [group]


def test_days_have_the_readings_that_begin_on_them() -> None:
    columns = Columns.of([reading(23), reading(24), reading(2)])
    days = {day: [one.report for one in part.readings()] for day, part in columns.by_day()}
    (first, second) = sorted(days)
    assert second == first + 1
    assert days == {first: ["r23", "r2"], second: ["r24"]}
    assert DAY == 24 * HOUR


def test_columns_survive_the_wire() -> None:
    columns = Columns.of([*EXACT, OPEN])
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(columns), type=Columns) == columns
    assert columns.picked([False, False, True, True]).readings() == [EXACT[2], OPEN]
    assert columns.cut(1, 3).readings() == EXACT[1:]
