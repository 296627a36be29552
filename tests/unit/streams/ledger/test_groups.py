from __future__ import annotations

from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from bordertally.streams.ledger.groups import Groups, constraint_of
from bordertally.streams.periods import days_of
from bordertally.streams.reconciliation.constraints import Kind
from bordertally.streams.reports.claims import Claim
from unit.kit import claim, ordinal, told

DAY = ordinal("2022-09-01")


def on(first: int, days: int, source: str = "b") -> Claim:
    """A claim on some days of September, by their number from 0."""
    return claim(10, f"2022-09-{first + 1:02}/P{days}D", source=source, id=f"{source}-{first}-{days}")


CLAIMS = [on(first, days, source) for first in range(12) for days in (1, 2, 5) for source in "bc"]


def grouped(claims: Iterable[Claim]) -> list[tuple[int, int, list[str]]]:
    """What groups claims make, added one by one."""
    groups = Groups()
    for one in claims:
        groups.add(one)
    return shown(groups)


def shown(groups: Groups) -> list[tuple[int, int, list[str]]]:
    """First day, last day and reports of each group."""
    return [
        (group.first - DAY, group.last - DAY, [constraint.trust.report for constraint in group.constraints])
        for group in groups
    ]


def test_claims_that_share_a_day_are_one_group() -> None:
    # |----- b-0-3 -----|  days 0 to 2
    #             |---- b-2-2 ----|  days 2 and 3
    assert grouped([on(4, 1), on(2, 2), on(0, 3)]) == [(0, 3, ["b-0-3", "b-2-2"]), (4, 4, ["b-4-1"])]


def test_a_claim_between_two_groups_joins_them_and_parts_them_when_it_goes() -> None:
    groups = Groups()
    for one in (on(0, 2), on(5, 1), on(1, 5)):
        groups.add(one)
    assert shown(groups) == [(0, 5, ["b-0-2", "b-1-5", "b-5-1"])]
    groups.remove(on(1, 5))
    assert shown(groups) == [(0, 1, ["b-0-2"]), (5, 5, ["b-5-1"])]
    assert (len(groups), groups.last) == (2, DAY + 5)


def test_the_group_of_a_day_is_the_one_that_covers_it() -> None:
    groups = Groups()
    groups.add(on(3, 2))
    found = groups.of(DAY + 4)
    assert found is not None
    assert (found.first - DAY, found.last - DAY) == (3, 4)
    assert [groups.of(DAY + day) for day in (0, 2, 5, 9)] == [None] * 4
    assert Groups().of(DAY) is None
    assert Groups().last is None


@given(st.lists(st.sampled_from(CLAIMS), unique_by=lambda one: one.report), st.data())
def test_groups_follow_from_the_claims_whatever_came_and_went_before(claims: list[Claim], data: st.DataObject) -> None:
    groups = Groups()
    for one in claims:
        groups.add(one)
    gone = data.draw(st.lists(st.sampled_from(claims), unique_by=lambda one: one.report)) if claims else []
    for one in gone:
        groups.remove(one)
    left = [one for one in claims if one not in gone]
    assert shown(groups) == grouped(left) == grouped(reversed(left))
    covered = {day for one in left for day in days_of(one.local_start, one.local_end)}
    assert {day for group in groups for day in range(group.first, group.last + 1)} == covered


def test_a_qualifier_says_how_a_claim_acts() -> None:
    kinds = [constraint_of(claim(10, qualifier=qualifier)).kind for qualifier in ("at_least", "at_most", "about")]
    assert kinds == [Kind.AT_LEAST, Kind.AT_MOST, Kind.EQUAL]


def test_an_exact_figure_of_ten_days_beats_a_round_rate_of_each_of_them() -> None:
    """Of one source and grade, and the rates are the later and of shorter periods: 61,357 stay 61,357."""
    rates = [
        claim(5_500, f"2022-09-{day:02}", qualifier="about", id=f"rate-{day}", published="2022-10-21T00:00:00Z")
        for day in range(1, 11)
    ]
    one = told([claim(61_357, "2022-09-01/2022-09-11", id="sum"), *rates])
    assert one.window(30).best == 61_357
    assert {found.report for found in one.conflicts()} <= {rate.citation for rate in rates}
    assert one.conflicts() != []
