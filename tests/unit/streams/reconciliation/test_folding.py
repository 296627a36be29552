"""One source's readings of one day, as a counter sends them, become one constraint: answers worked out by hand."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from bordertally.streams.reconciliation.constraints import Constraint, Kind, Trust, day_span
from bordertally.streams.reconciliation.folding import added, chain_of, clipped, fold, folded_reports, newest_of
from bordertally.streams.reports.claims import reading_of
from bordertally.streams.reports.readings import Columns, Reading
from unit.kit import claim, ordinal

DAY = ordinal("2022-09-21")
START, END = day_span(DAY)


def reading(first: float, last: float, people: float | None, report: str = "", published: int = 0) -> Reading:
    """People from one hour of the day to another, counted exactly, in UTC."""
    start, end = START + int(first * 3_600), START + int(last * 3_600)
    figure = people or 0.0
    return Reading(start, end, start, end, published, report or f"{first}-{last}", "C", figure, people, figure)


def folded(readings: Iterable[Reading]) -> Constraint:
    return fold("counter", DAY, Columns.of(readings))


def test_readings_that_cover_the_day_add_up_to_its_figure() -> None:
    found = folded([reading(hour, hour + 1, hour) for hour in range(24)])  # 0 + 1 + ... + 23
    assert (found.low, found.best, found.high, found.kind, found.partial) == (276, 276, 276, Kind.EQUAL, False)
    assert (found.start, found.end, found.reports) == (START, END, ())


def test_readings_that_leave_a_gap_are_what_the_day_holds_at_least() -> None:
    found = folded([reading(0, 12, 30), reading(13, 24, 40)])
    assert (found.low, found.best, found.high, found.kind, found.partial) == (70, 70, None, Kind.AT_LEAST, True)


@pytest.mark.parametrize("hours", [(0, 23), (1, 24)])
def test_a_day_is_covered_only_from_midnight_to_midnight(hours: tuple[int, int]) -> None:
    assert folded([reading(*hours, 5)]).kind is Kind.AT_LEAST


def test_of_readings_that_overlap_the_disjoint_ones_with_the_largest_sum_count() -> None:
    """So far 10 by six, 30 by noon; then 5 more by six in the evening: 30 + 5."""
    so_far = [reading(0, 6, 10, "a"), reading(0, 12, 30, "b"), reading(12, 18, 5, "c")]
    assert folded(so_far).best == 35
    assert folded_reports(Columns.of(so_far)) == ("b", "c")
    assert sorted(chain_of(Columns.of(so_far)).reports) == ["b", "c"]


def test_of_equal_sums_the_readings_that_cover_more_count() -> None:
    same = [reading(0, 6, 10, "short"), reading(0, 12, 10, "long")]
    assert folded_reports(Columns.of(same)) == ("long",)


def test_readings_one_after_the_other_in_any_order_all_count() -> None:
    hours = [reading(12, 18, 5, "c"), reading(0, 12, 30, "b"), reading(20, 24, 1, "d")]
    assert folded_reports(Columns.of(hours)) == ("b", "c", "d")
    assert folded(hours).best == 36


def test_a_range_of_each_reading_makes_the_range_of_the_day() -> None:
    about = [Reading(START, START + 43_200, START, START + 43_200, 0, "a", "C", 90.0, 100.0, 110.0)]
    about += [Reading(START + 43_200, END, START + 43_200, END, 0, "b", "C", 45.0, 50.0, 55.0)]
    found = folded(about)
    assert (found.low, found.best, found.high, found.kind) == (135, 150, 165, Kind.EQUAL)


def test_a_reading_that_is_open_above_leaves_the_day_open() -> None:
    rest = Reading(START + 43_200, END, START + 43_200, END, 0, "b", "C", 50.0, 50.0, None)
    found = folded([reading(0, 12, 100), rest])
    assert (found.low, found.best, found.high, found.kind, found.partial) == (150, 150, None, Kind.AT_LEAST, False)


def test_the_trust_is_that_of_the_reading_published_last() -> None:
    early, late = reading(0, 12, 1, "a", published=7), reading(12, 24, 2, "b", published=9)
    found = folded([late, early])
    assert (found.weight, found.trust) == (1.0, Trust(1.0, True, 9, "b", "counter", START, END))


def test_of_readings_published_at_once_the_last_report_in_natural_order_is_the_newest() -> None:
    assert newest_of(Columns.of([reading(0, 1, 1, "b"), reading(1, 2, 1, "c"), reading(2, 3, 1, "a")])) == 1
    assert newest_of(Columns.of([reading(0, 1, 1, "day-10"), reading(1, 2, 1, "day-9")])) == 0


def test_a_day_is_exact_where_its_readings_are() -> None:
    counted = [reading(0, 12, 90), reading(12, 24, 45)]
    about = Reading(START + 43_200, END, START + 43_200, END, 0, "b", "C", 45.0, 50.0, 55.0)
    assert folded(counted).trust.exact
    assert not folded([counted[0], about]).trust.exact
    assert not folded(counted[:1]).trust.exact  # a lower bound of the day


def test_a_reading_over_midnight_has_its_share_of_each_day() -> None:
    """From 22:00 to 04:00 there are six hours: two on this day, four on the next."""
    night = reading(22, 28, 60)
    this, following = clipped(night, START, END), clipped(night, *day_span(DAY + 1))
    assert (this.local_start, this.local_end, this.best) == (END - 7_200, END, 20)
    assert (following.start, following.end, following.low, following.high) == (END, END + 14_400, 40, 40)


def test_a_reading_within_the_day_is_not_clipped() -> None:
    whole = reading(0, 24, 60)
    assert clipped(whole, START, END) is whole


def test_a_withdrawn_reading_that_is_clipped_stays_withdrawn() -> None:
    assert clipped(reading(22, 28, None), START, END).best is None


@pytest.mark.parametrize(("day", "hours"), [("2022-03-27", 23), ("2022-09-21", 24), ("2022-10-30", 25)])
def test_a_day_on_which_clocks_change_is_covered_by_all_the_hours_it_has(day: str, hours: int) -> None:
    """In Warsaw: 23 hours when clocks go forward, 25 when they go back; without the last one the day is open."""
    offset = {23: 1, 24: 2, 25: 2}[hours]
    midnight = f"{day}T00:00+0{offset}:00"
    readings = [
        reading_of(
            claim(
                10,
                f"{later(midnight, hour)}/PT1H",
                flow="RU:EU",
                source="warsaw",
                id=f"r{hour}",
                qualifier="count",
                published="2022-12-01T00:00:00Z",
            )
        )
        for hour in range(hours)
    ]
    whole = fold("warsaw", ordinal(day), Columns.of(readings))
    assert (whole.best, whole.kind) == (hours * 10, Kind.EQUAL)
    assert fold("warsaw", ordinal(day), Columns.of(readings[:-1])).kind is Kind.AT_LEAST


def later(moment: str, hours: int) -> str:
    """A moment so many hours of elapsed time later, in UTC."""
    return (datetime.fromisoformat(moment).astimezone(UTC) + timedelta(hours=hours)).isoformat()


def test_figures_are_rounded_once_in_whatever_order_they_come() -> None:
    figures = [1e16, 1.0, -1e16, 1.0]
    assert {added(order) for order in permutations(figures)} == {2.0}
