"""By how many people two claims miss each other: answers worked out by hand."""

from __future__ import annotations

import pytest

from bordertally.streams.ledger.groups import constraint_of
from bordertally.streams.reconciliation.constraints import Misfit
from bordertally.streams.reconciliation.contradictions import contradictions_of, gap_between, per_cent
from unit.kit import claim

DAY, WEEK, LATER = "2022-09-21", "2022-09-21/2022-09-28", "2022-09-24/2022-10-01"


@pytest.mark.parametrize(
    ("one", "other", "gap"),
    [
        (claim(120_000, WEEK), claim(98_000, WEEK), 22_000),
        (claim(98_400, WEEK, qualifier="count"), claim(98_000, WEEK), 0),  # within 97,500 to 98,500
        (claim(99_000, WEEK, qualifier="count"), claim(98_000, WEEK), 1_000),
        (claim(1_500, qualifier="at_least"), claim(1_000, qualifier="count"), 500),
        (claim(900, qualifier="at_least"), claim(1_000, qualifier="count"), 0),
        (claim(900, qualifier="at_most"), claim(1_000, qualifier="count"), 100),
        (claim(900, qualifier="at_most"), claim(1_000, qualifier="at_least"), 100),
        (claim(8_000, DAY, qualifier="count"), claim(7_000, WEEK, qualifier="count"), 1_000),  # more than its week
        (claim(6_000, DAY, qualifier="count"), claim(7_000, WEEK, qualifier="count"), 0),
        (claim(6_000, DAY, qualifier="at_most"), claim(5_000, WEEK, qualifier="count"), 0),
        (claim(9_000, LATER, qualifier="count"), claim(7_000, WEEK, qualifier="count"), 0),  # days of its own
    ],
)
def test_two_claims_miss_each_other_by_what_no_day_can_hold(one: object, other: object, gap: float) -> None:
    first, second = constraint_of(one), constraint_of(other)  # type: ignore[arg-type] # claims
    assert gap_between(first, second) == gap
    assert gap_between(second, first) == gap


def test_each_rival_has_a_gap_of_its_own_and_those_that_agree_are_none() -> None:
    said, near, far, agreeing = (
        constraint_of(claim(people, qualifier="count", id=str(people))) for people in (1_000, 1_100, 1_600, 1_000)
    )
    found = contradictions_of(Misfit(said, (near, far, agreeing), 600))
    assert [(rival.trust.report, gap) for rival, gap in found] == [("1100", 100), ("1600", 600)]


def test_where_no_rival_alone_is_contradicted_all_are_together() -> None:
    """Two days of 2,000 and one of 4,000 are more than 7,000 in the three: 1,000 too many, by no two of them."""
    days = [constraint_of(claim(2_000, f"2022-09-{day}", qualifier="count", id=day)) for day in ("21", "22")]
    whole = constraint_of(claim(7_000, "2022-09-21/2022-09-24", qualifier="count", id="whole"))
    last = constraint_of(claim(4_000, "2022-09-23", qualifier="count"))
    found = contradictions_of(Misfit(last, (*days, whole), 1_000))
    assert [(rival.trust.report, gap) for rival, gap in found] == [("21", 1_000), ("22", 1_000), ("whole", 1_000)]


def test_a_report_is_an_opponent_of_itself_only_where_it_alone_contradicts_itself() -> None:
    """4,000 in two days and 4,000 on the third are more than 7,000 in the three, whoever says so."""
    week = constraint_of(claim(7_000, "2022-09-21/2022-09-24", qualifier="count"))
    own = constraint_of(claim(4_000, "2022-09-21/2022-09-23", qualifier="count"))
    last, of_another = (constraint_of(claim(4_000, "2022-09-23", qualifier="count", id=each)) for each in ("r1", "r2"))
    assert [gap.rival for gap in contradictions_of(Misfit(week, (own, of_another), 1_000))] == [of_another]
    assert [gap.rival for gap in contradictions_of(Misfit(week, (own, last), 1_000))] == [own, last]


def test_per_cent_are_of_the_larger_figure() -> None:
    assert per_cent(22_000, 120_000, 98_000) == 18.3
    assert per_cent(5, 0, 5) == 100.0
    assert per_cent(0, 0, 0) == 0.0
