"""Bounds over several days beside what the flow above says of single days: answers worked out by hand."""

from __future__ import annotations

import pytest

from bordertally.streams.ledger.groups import constraint_of
from bordertally.streams.ledger.rows import PEOPLE
from bordertally.streams.reconciliation.room import is_movable, moved
from bordertally.streams.reports.claims import Claim
from unit.kit import Told, claim, told

WEEK = "2022-09-21/2022-09-28"
INFINITE = float("inf")


def days(one: Told, flow: str = "RU") -> list[float]:
    """The best figures of the days of a flow."""
    bins = one.node(flow).series[PEOPLE].bins
    return [round(bins[day].best, 3) for day in sorted(bins)]


def at_least(people: float, period: str = WEEK, flow: str = "RU:KZ", **more: str) -> Claim:
    return claim(people, period, flow, qualifier="at_least", id=f"{flow}-{period}", **more)


def counted(people: float, day: int, flow: str = "RU") -> Claim:
    return claim(people, f"2022-09-{day}", flow, qualifier="count", id=f"{flow}-{day}")


def test_people_move_to_days_with_room_in_proportion() -> None:
    assert moved({1: 10, 2: 20, 3: 30}, {1: INFINITE, 2: INFINITE, 3: 0}) == pytest.approx({1: 20, 2: 40, 3: 0})
    assert moved({1: 10, 2: 20, 3: 30}, {1: 15, 2: INFINITE, 3: 0}) == pytest.approx({1: 15, 2: 45, 3: 0})
    assert moved({1: 0, 2: 0, 3: 30}, {1: INFINITE, 2: INFINITE, 3: 10}) == pytest.approx({1: 10, 2: 10, 3: 10})
    assert moved({1: 10, 2: 20}, {1: 10, 2: 25}) == {1: 10, 2: 20}


def test_without_room_for_all_the_rest_is_added_in_proportion() -> None:
    assert moved({1: 10, 2: 30}, {1: 10, 2: 10}) == pytest.approx({1: 15, 2: 25})


@pytest.mark.parametrize(
    ("period", "qualifier", "movable"),
    [
        (WEEK, "at_least", True),
        (WEEK, "more_than", False),  # an interval with both ends
        (WEEK, "count", False),
        ("2022-09-21", "at_least", False),
        ("2022-09-21T12:00Z/PT48H", "at_least", False),
        ("2022-07-01/2022-09-01", "at_least", True),  # 62 days
        ("2022-07-01/2022-09-02", "at_least", False),
    ],
)
def test_only_lower_bounds_over_several_whole_days_move(period: str, qualifier: str, movable: bool) -> None:
    assert is_movable(constraint_of(claim(700, period, qualifier=qualifier))) is movable


def test_a_bound_bounds_the_sum_of_its_period_in_the_flow_above_and_not_each_day() -> None:
    """50 counted on the first day leave 650 for the six others: 108.333 a day."""
    one = told(at_least(700), counted(50, 21))
    assert days(one) == [50, *[108.333] * 6]
    assert one.conflicts("RU") == []


def test_a_bound_that_the_days_above_satisfy_moves_nothing() -> None:
    one = told(at_least(700), counted(50, 21), [counted(200, day) for day in range(22, 28)])
    assert days(one) == [50, *[200] * 6]
    assert one.conflicts("RU") == []


def test_a_bound_that_the_days_above_cannot_hold_is_in_conflict_with_each() -> None:
    one = told(at_least(700), [counted(90, day) for day in range(21, 28)])
    assert days(one) == [100] * 7
    assert [(conflict.gap, conflict.with_[0].bound) for conflict in one.conflicts("RU")] == [(10, "children")] * 7


def test_children_with_bounds_share_the_room() -> None:
    """Each of the two moves 25 of its 50."""
    one = told(at_least(350), at_least(350, flow="RU:GE"), counted(50, 21))
    assert days(one) == [50, *[108.333] * 6]


def test_people_that_cannot_move_come_first() -> None:
    """30 counted in Georgia leave room for 20 of Kazakhstan's 700; the other 680 are on six days."""
    one = told(at_least(700), counted(30, 21, "RU:GE"), counted(50, 21))
    assert days(one) == [50, *[113.333] * 6]
    assert one.conflicts("RU") == []


def test_a_part_of_the_people_is_a_bound_too() -> None:
    one = told(at_least(700, flow="RU", population="men"), counted(50, 21))
    assert days(one) == [50, *[108.333] * 6]


def test_people_move_among_the_days_of_the_same_bounds_only() -> None:
    """400 in four days, of which 50 on the first: 116.667 on three; the rest of the week has 300 as before."""
    one = told(at_least(700), at_least(400, "2022-09-21/2022-09-25"), counted(50, 21))
    assert days(one) == [50, *[116.667] * 3, *[100] * 3]


def test_a_day_with_a_figure_of_its_own_moves_nothing() -> None:
    """Kazakhstan counted 30 on the 24th: 670 on six days; 50 on the first leave 620 for five."""
    one = told(at_least(700), counted(30, 24, "RU:KZ"), counted(50, 21))
    assert days(one) == [50, 124, 124, 30, 124, 124, 124]


def test_what_came_first_does_not_matter() -> None:
    said = [at_least(700), counted(50, 21), counted(30, 24, "RU:KZ"), at_least(400, "2022-09-21/2022-09-25")]
    assert days(told(*said)) == days(told(*said[::-1])) == days(told(said))


def test_a_bound_that_changes_no_day_of_its_flow_still_ties_its_days_above() -> None:
    """The 400 hold already at 100 a day. Then only the three days beside the first can take its 50."""
    one = told(at_least(700), counted(50, 21), at_least(400, "2022-09-21/2022-09-25"))
    assert days(one) == [50, *[116.667] * 3, *[100] * 3]


def test_people_of_a_longer_bound_stay_on_their_days_and_the_conflict_shows() -> None:
    """6,300 in 63 days, 100 on each."""
    one = told(at_least(6_300, "2022-09-21/2022-11-23", published="2022-12-01T00:00:00Z"), counted(50, 21))
    assert days(one) == [100] * 63
    (conflict,) = one.conflicts("RU")
    assert (conflict.gap, conflict.with_[0].bound) == (50, "children")


def test_a_correction_of_a_day_above_moves_the_days_beside_it() -> None:
    correction = claim(120, "2022-09-21", "RU", qualifier="count", id="later", published="2022-10-21T00:00:00Z")
    assert days(told(at_least(700), counted(50, 21), correction)) == [120, *[100] * 6]
