"""Which floors hold beside claims of a better grade: answers worked out by hand. Weights: A 4, B 2, C 1."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from bordertally.streams.periods import DAY, midnight
from bordertally.streams.reconciliation.bounding import bounds_of
from bordertally.streams.reconciliation.constraints import Bin, Constraint, Floor, Floors, Kind, Misfit, Trust
from bordertally.streams.reconciliation.reconcile import reconcile

FIRST = 738_000


def said(first: int, days: int, people: float, weight: float, kind: Kind = Kind.EQUAL) -> Constraint:
    """A claim on `days` days from the day `first`."""
    start, end = midnight(FIRST + first), midnight(FIRST + first + days)
    low, high = (0.0 if kind is Kind.AT_MOST else people), (None if kind is Kind.AT_LEAST else people)
    trust = Trust(weight, False, 0, f"{first}-{days}", "s", start, end)
    return Constraint(start, end, low, people, high, kind, trust, weight, (f"s/{first}-{days}",))


def floor(people: float, weight: float, high: float | None = None) -> Floor:
    return Floor(weight, people, people, people if high is None else high, full=True)


def come_to(
    claims: list[Constraint], floors: Mapping[int, Floors], days: int = 1
) -> tuple[list[float], list[tuple[str, float]]]:
    """The best figures of the days, and each misfit: its report or what bounds, with its gap."""
    bins, misfits = reconcile(claims, {FIRST + day: of_day for day, of_day in floors.items()}, FIRST, FIRST + days - 1)
    return [round(bins[day].best, 6) for day in sorted(bins)], [(_name(one), round(one.gap, 6)) for one in misfits]


def _name(misfit: Misfit) -> str:
    return misfit.constraint.bound or misfit.constraint.trust.report


def test_a_floor_overrules_claims_of_its_own_grade_and_of_lower_ones() -> None:
    for weight in (2.0, 1.0):
        assert come_to([said(0, 1, 400, weight)], {0: (floor(1_000, 2.0),)}) == ([1_000], [("0-1", 600)])


def test_a_floor_gives_way_to_a_claim_of_a_better_grade_and_that_is_a_conflict() -> None:
    assert come_to([said(0, 1, 400, 4.0)], {0: (floor(1_000, 2.0),)}) == ([400], [("children", 600)])
    assert come_to([said(0, 1, 1_400, 4.0)], {0: (floor(1_000, 2.0),)}) == ([1_400], [])


def test_the_floor_of_the_better_grade_stays_where_that_of_a_lower_one_gives_way() -> None:
    """A's children hold 300, B's 500 more; a claim of grade B says 400: it gives way to the floor of its own grade."""
    floors = {0: (floor(300, 4.0), floor(800, 2.0))}
    assert come_to([said(0, 1, 400, 2.0)], floors) == ([800], [("0-1", 400)])
    assert come_to([said(0, 1, 400, 4.0)], floors) == ([400], [("children", 400)])
    assert come_to([said(0, 1, 200, 4.0)], floors) == ([800], [("0-1", 600)])  # a claim that is refuted refutes nothing


def test_a_floor_that_holds_at_its_low_end_only_takes_nothing_from_a_better_one() -> None:
    """Two days of 1,150 to 1,250 by A, with parts of 550 a day by A. Children by C: 540 to 660, best 600, then 700.

    600 and 700 are too many. The first day has the 550 of the parts, not the 540 that the children are sure of.
    """
    days = said(0, 2, 1_200, 4.0)._replace(low=1_150, high=1_250)
    parts = floor(550, 4.0)
    floors = {0: (parts, Floor(1.0, 540, 600, 660, full=True)), 1: (parts, floor(700, 1.0))}
    assert come_to([days], floors, 2) == ([550, 700], [])


def test_floors_that_a_week_leaves_no_room_for_give_way_together() -> None:
    """A week of 700 by A, and floors of 60, 60 and 600 by B on three of its days: 720."""
    floors = {0: (floor(60, 2.0),), 1: (floor(60, 2.0),), 2: (floor(600, 2.0),)}
    best, misfits = come_to([said(0, 7, 700, 4.0)], floors, 7)
    assert sum(best) == 700
    assert [name for name, _ in misfits] == ["children"]  # 60 is less than the 100 a day that the week comes to
    held, none = come_to([said(0, 7, 720, 4.0)], floors, 7)
    assert (held[2], sum(held), none) == (600, 720, [])


def test_a_better_claim_never_gives_way_so_that_a_floor_can_hold() -> None:
    """B's floors and A's day err to the same side of A's week: only the floors give way."""
    claims = [said(0, 7, 2_000, 4.0), said(3, 1, 1_000, 4.0)]
    floors = {day: (floor(600, 2.0),) for day in (0, 1, 2)}
    best, misfits = come_to(claims, floors, 7)
    assert (best[3], sum(best)) == pytest.approx((1_000, 2_000))
    assert {name for name, _ in misfits} == {"children"}


def test_a_floor_whose_low_end_a_better_claim_leaves_room_for_holds_at_that_end() -> None:
    """A counts 410; the children are 400 to 430."""
    of_day = (Floor(2.0, 400, 430, 440, full=True),)
    assert come_to([said(0, 1, 410, 4.0)], {0: of_day}) == ([410], [])


def test_a_floor_is_cut_at_its_high_end_where_only_that_leaves_no_room() -> None:
    at_most = said(0, 1, 1_000, 4.0, Kind.AT_MOST)
    lengths, days = [float(DAY)], {FIRST: (0, 1)}
    bins, misfits = reconcile([at_most], {FIRST: (floor(900, 2.0, high=1_200),)}, FIRST, FIRST)
    assert (bins[FIRST].best, bins[FIRST].high, misfits) == (1_000, 1_000, [])
    facts, yielding = bounds_of({FIRST: (floor(900, 2.0, high=1_200),)}, [], days, lengths)
    assert (facts, yielding) == ({FIRST: Bin(900, 900, 1_200, True)}, [])


def test_the_weight_of_a_day_is_that_of_its_most_trusted_claim() -> None:
    claims = [said(0, 2, 100, 1.0), said(1, 1, 60, 2.0), said(2, 1, 90, 4.0, Kind.AT_MOST)]
    bins, _ = reconcile(claims, {FIRST + 3: (floor(5, 4.0),)}, FIRST, FIRST + 3)
    assert [bins[day].weight for day in sorted(bins)] == [1.0, 2.0, 4.0, 0.0]
