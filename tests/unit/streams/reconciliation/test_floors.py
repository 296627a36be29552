"""The least people of a day by what is below a flow, for each grade: answers worked out by hand."""

from __future__ import annotations

import pytest

from bordertally.streams.ledger.rows import PEOPLE
from bordertally.streams.reconciliation.constraints import Bin, Floor, GradedBin
from bordertally.streams.reconciliation.floors import floors_of
from bordertally.streams.reports.claims import Claim
from unit.kit import Told, claim, ordinal, told

DAY = ordinal("2022-09-21")
AKSAI, MASHTAKOVO, SYRYM = "RU:KZ:aksai", "RU:KZ:mashtakovo", "RU:KZ:syrym"


def counted(people: float, flow: str, source: str, **more: str) -> Claim:
    return claim(people, flow=flow, source=source, qualifier="count", id=f"{flow}-{source}", **more)


def floors(one: Told, flow: str = "RU:KZ") -> list[tuple[float, float]]:
    """The weight and the best figure of each floor of a flow on the day."""
    node = one.node(flow)
    return [(floor.weight, floor.best) for floor in node.floors(PEOPLE, DAY)]


def test_there_is_a_floor_for_each_grade_that_adds_something() -> None:
    one = told(counted(100, AKSAI, "a"), counted(20, MASHTAKOVO, "b"), counted(3, SYRYM, "c"))
    assert floors(one) == [(4.0, 100), (2.0, 120), (1.0, 123)]
    assert floors(told(counted(20, AKSAI, "b"), counted(30, MASHTAKOVO, "b"))) == [(2.0, 50)]


def test_a_day_of_a_child_has_the_grade_of_its_most_trusted_claim() -> None:
    assert floors(told(counted(100, AKSAI, "a"), counted(70, AKSAI, "c"))) == [(4.0, 100)]


def test_a_child_without_claims_of_its_own_passes_on_the_floor_of_each_grade() -> None:
    one = told(counted(100, AKSAI, "a"), counted(20, MASHTAKOVO, "c"))
    assert floors(one, "RU") == [(4.0, 100), (1.0, 120)]


def test_a_child_with_a_claim_passes_on_more_of_the_better_grades_below_only() -> None:
    """RU:KZ says 500 by B; 100 of them, at aksai, are known by A."""
    one = told(counted(100, AKSAI, "a"), counted(20, MASHTAKOVO, "c"), counted(500, "RU:KZ", "b"))
    assert floors(one, "RU") == [(4.0, 100), (2.0, 500)]


def test_of_each_grade_the_larger_of_children_and_parts_counts() -> None:
    one = told(
        counted(100, AKSAI, "b"),
        counted(70, "RU:KZ", "a", population="citizens:RU"),
        counted(60, "RU:KZ", "b", population="citizens:ZZ"),
        counted(90, "RU:KZ", "a", population="men"),
    )
    # A: men 90, citizens 70; B: children 100, citizens 70 + 60
    assert floors(one) == [(4.0, 90), (2.0, 130)]


@pytest.mark.parametrize(
    ("own", "people", "conflict"),
    [
        ("a", 80, (None, "children", 20, "a/RU:KZ-a")),  # the children give way to a better grade
        ("b", 100, ("b/RU:KZ-b", None, 20, None)),
        ("c", 100, ("c/RU:KZ-c", None, 20, None)),
    ],
)
def test_a_parent_is_below_its_children_where_its_claim_is_of_a_better_grade(
    own: str, people: int, conflict: tuple[str | None, str | None, int, str | None]
) -> None:
    one = told(counted(100, AKSAI, "b"), counted(80, "RU:KZ", own))
    assert one.best() == [people]
    (shown,) = one.conflicts()
    (rival,) = shown.with_
    assert (shown.report, shown.bound, shown.gap, rival.report) == conflict
    assert (shown.percent, rival.gap) == (20.0, 20)


def test_the_children_of_two_countries_bound_the_whole_by_the_grade_of_each() -> None:
    """RU by A: 150. Kazakhstan 100 by A and Georgia 90 by B are 190: B's part of them gives way, A's does not."""
    one = told(counted(100, "RU:KZ", "a"), counted(90, "RU:GE", "b"), counted(150, "RU", "a"))
    assert one.best("RU") == [150]
    assert [(shown.bound, shown.gap) for shown in one.conflicts("RU")] == [("children", 40)]
    less = told(counted(100, "RU:KZ", "a"), counted(90, "RU:GE", "b"), counted(80, "RU", "a"))
    assert less.best("RU") == [190]  # what Kazakhstan refutes stands in nobody's way
    assert [(shown.report, shown.bound, shown.gap) for shown in less.conflicts("RU")] == [("a/RU-a", None, 20)]


def test_without_anything_below_there_is_no_floor() -> None:
    assert floors_of([], [], []) == ()
    men = (GradedBin(2.0, Bin(5, 6, None, True, 2.0)),)
    assert floors_of([], [], [men]) == (Floor(2.0, 5, 6, 6, True, "parts"),)
