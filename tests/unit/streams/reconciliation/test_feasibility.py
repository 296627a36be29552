"""Which claims can hold together, on a few days of one atom each."""

from __future__ import annotations

import pytest

from bordertally.streams.reconciliation.constraints import Kind
from bordertally.streams.reconciliation.feasibility import Feasibility, implied
from bordertally.streams.reconciliation.margins import INFINITE, Margin, atoms_with

SLACK = 1e-6


def equal(first: int, last: int, people: float) -> Margin:
    return Margin(first, last, people, people, people, Kind.EQUAL)


def least(first: int, last: int, people: float) -> Margin:
    return Margin(first, last, people, people, INFINITE, Kind.AT_LEAST)


def most(first: int, last: int, people: float) -> Margin:
    return Margin(first, last, people, 0.0, people, Kind.AT_MOST)


def sums(margins: list[Margin], days: int, floors: dict[tuple[int, int], float] | None = None) -> list[Margin]:
    return implied(margins, atoms_with([1.0] * days, floors or {}), SLACK)


def gone(margins: list[Margin], days: int, floors: dict[tuple[int, int], float] | None = None) -> set[int]:
    """The ranks of those that give way, begun from the floors and nobody else on any day."""
    people = [0.0] * days
    for (first, last), floor in (floors or {}).items():
        people[first:last] = [floor / (last - first)] * (last - first)
    found = Feasibility(margins, atoms_with([1.0] * days, floors or {}), SLACK)
    found.seek(people)
    return found.gone


def test_a_week_and_its_first_six_days_imply_the_seventh() -> None:
    assert sums([equal(0, 7, 98), equal(0, 6, 81)], 7) == [equal(0, 6, 81), equal(6, 7, 17)]


def test_claims_that_share_no_edge_imply_nothing_about_each_other() -> None:
    """0 | 1 | 2 | 3: what day 1 holds is left open."""
    assert sums([equal(0, 2, 30), equal(1, 3, 50)], 3) == [equal(0, 2, 30), equal(1, 3, 50)]


def test_a_chain_of_claims_says_what_lies_between() -> None:
    """60 on three days and 50 on the last two leave 10 for the first; of the 50, 20 are the second day's."""
    assert sums([equal(0, 3, 60), equal(1, 3, 50), equal(1, 2, 20)], 3) == [
        equal(0, 1, 10),
        equal(1, 2, 20),
        equal(2, 3, 30),
    ]


@pytest.mark.parametrize(
    "margins",
    [
        [equal(0, 2, 10), equal(0, 1, 4), equal(1, 2, 7)],  # 4 + 7 are 11
        [equal(0, 2, 10), equal(0, 1, 12)],  # 2 less than nobody on the second day
    ],
)
def test_claims_that_contradict_each_other_imply_nothing(margins: list[Margin]) -> None:
    assert sums(margins, 2) == []


def test_claims_that_leave_less_than_a_floor_imply_nothing() -> None:
    margins = [equal(0, 2, 10), equal(0, 1, 4)]  # 6 on the second day
    assert sums(margins, 2, {(1, 2): 7.0}) == []
    assert sums(margins, 2, {(1, 2): 6.0}) == [equal(0, 1, 4), equal(1, 2, 6)]


def test_a_remainder_within_the_slack_is_zero() -> None:
    assert sums([equal(0, 2, 10.0), equal(0, 1, 10.0 + SLACK / 2)], 2)[1] == equal(1, 2, 0.0)


def test_claims_that_can_hold_all_stay() -> None:
    assert gone([equal(0, 3, 60), equal(0, 2, 30), equal(1, 3, 50), least(1, 2, 15)], 3) == set()


def test_of_two_figures_of_one_day_the_less_trusted_gives_way() -> None:
    assert gone([equal(0, 1, 130), equal(0, 1, 100)], 1) == {0}


def test_a_claim_that_the_others_leave_no_room_for_gives_way_alone() -> None:
    """The days hold at most 30 + 50, and 200 are claimed of all three."""
    assert gone([equal(0, 3, 200), equal(0, 2, 30), equal(1, 3, 50)], 3) == {0}


def test_days_that_fall_short_of_their_week_give_way_together() -> None:
    assert gone([equal(0, 1, 10), equal(1, 2, 10), equal(0, 2, 40)], 2) == {0, 1}


def test_nobody_gives_way_to_a_claim_that_gave_way_itself() -> None:
    """The second contradicts the third, the first only the second: with that gone, the first can hold."""
    assert gone([equal(0, 2, 50), equal(0, 1, 80), equal(0, 1, 20)], 2) == {1}


def test_floors_give_way_to_nobody() -> None:
    assert gone([equal(0, 1, 10)], 1, {(0, 1): 15.0}) == {0}
    assert gone([most(0, 2, 10)], 2, {(0, 2): 15.0}) == {0}
    assert gone([equal(0, 1, 20)], 1, {(0, 1): 15.0}) == set()


def test_a_lower_bound_and_an_upper_bound_that_leave_room_both_hold() -> None:
    assert gone([least(0, 2, 10), most(0, 2, 12)], 2) == set()
    assert gone([least(0, 2, 12), most(0, 2, 10)], 2) == {0}


def test_what_is_left_is_halfway_between_the_nearest_from_both_sides() -> None:
    """Running totals 0, 0, 0, and 10 at least on day 0: lowered -10, 0, 0, raised 0, 10, 10, halfway -5, 5, 5."""
    margins = [most(0, 2, 12), least(0, 1, 10)]
    assert Feasibility(margins, atoms_with([1.0, 1.0], {}), 0.0).close([0.0, 0.0]) == [10.0, 0.0]


def test_what_holds_already_is_left_as_it_is() -> None:
    margins = [equal(0, 2, 12), least(0, 1, 3)]
    assert Feasibility(margins, atoms_with([1.0, 1.0], {}), 0.0).close([4.0, 8.0]) == [4.0, 8.0]
