from __future__ import annotations

import pytest

from bordertally.streams.evidence.roles import FlowEvidence, Role, contradicted, days_in, part_of, span
from bordertally.streams.reports.claims import Claim
from bordertally.streams.totals.records import Conflict, Opponent
from unit.kit import claim, ordinal

DAY = ordinal("2022-09-21")
WEEK = "2022-09-21/2022-09-28"


def of(flow: str, *claims: Claim, people: int | None = None, conflicts: tuple[Conflict, ...] = ()) -> FlowEvidence:
    """The evidence of a flow that has so many people on each day of the week."""
    days = {} if people is None else {DAY + later: people for later in range(7)}
    return FlowEvidence(flow, claims, {}, days, conflicts)


@pytest.mark.parametrize(
    ("first", "end", "text"),
    [
        ("2022-09-21", "2022-09-22", "21 Sep 2022"),
        ("2022-09-21", "2022-09-28", "21-27 Sep 2022"),
        ("2022-09-28", "2022-10-03", "28 Sep - 2 Oct 2022"),
        ("2022-12-30", "2023-01-03", "30 Dec 2022 - 2 Jan 2023"),
    ],
)
def test_days_as_a_person_writes_them(first: str, end: str, text: str) -> None:
    assert span(ordinal(first), ordinal(end)) == text


def test_the_days_of_a_claim_are_those_that_it_touches() -> None:
    assert list(days_in(claim(5, "2022-09-21T22:00Z/PT4H", source="c", qualifier="count"))) == [DAY, DAY + 1]


@pytest.mark.parametrize(
    ("claim", "role", "why"),
    [
        (claim(None), Role.WITHDRAWN, "took it back"),
        (claim(9, source="d"), Role.NOTED, "grade D is listed and not counted"),
        (claim(9, unit="vehicles"), Role.NOTED, "counted in vehicles"),
        (claim(9, measure="queue"), Role.NOTED, "a figure of a queue"),
        (claim(1_000), Role.COUNTED, "sets what this day holds"),
        (claim(7_000, WEEK), Role.COUNTED, "sets what these days hold"),
        (claim(800), Role.COUNTED, "this day holds 1,000 by what else is known"),
        (claim(90, qualifier="at_least"), Role.COUNTED, "holds 1,000 by what else is known: it changes nothing"),
        (claim(2_000, qualifier="at_least"), Role.COUNTED, "holds at least so many"),
        (claim(2_000, qualifier="at_most"), Role.COUNTED, "holds no more than so many"),
        (claim(900, population="men"), Role.COUNTED, "men are some of the people: this day holds at least as many"),
        (claim(1_100, population="men"), Role.COUNTED, "of the people: this day holds 1,000 by what is trusted more"),
    ],
)
def test_the_role_of_a_claim_on_the_flow_itself(claim: Claim, role: Role, why: str) -> None:
    part = part_of(claim, {"RU:KZ": of("RU:KZ", claim, people=1_000)}, "RU:KZ", None)
    assert part.role is role
    assert why in part.why


def test_a_claim_inside_a_longer_one_is_counted_once() -> None:
    day, week = claim(100, id="day"), claim(700, WEEK, id="week")
    part = part_of(day, {"RU:KZ": of("RU:KZ", day, week, people=100)}, "RU:KZ", None)
    assert (part.role, part.inside) == (Role.COUNTED, "b/week")


def test_a_claim_below_one_of_the_whole_adds_nothing_on_top() -> None:
    below, whole = claim(20, flow="RU:KZ:aksai", id="below"), claim(100, id="whole")
    tree = {"RU:KZ": of("RU:KZ", whole, people=100), "RU:KZ:aksai": of("RU:KZ:aksai", below, people=20)}
    part = part_of(below, tree, "RU:KZ", None)
    assert part.inside == "b/whole"
    assert "where this day holds 100: it adds nothing on top" in part.why


def test_a_claim_below_adds_where_nobody_speaks_of_the_whole() -> None:
    below = claim(20, flow="RU:KZ:aksai", id="below")
    tree = {"RU:KZ": of("RU:KZ", people=20), "RU:KZ:aksai": of("RU:KZ:aksai", below, people=20)}
    part = part_of(below, tree, "RU:KZ", None)
    why = "adds to Russia to Kazakhstan: no source that counts speaks of it as a whole on this day"
    assert (part.inside, part.why) == (None, why)


def test_a_conflict_belongs_to_the_claim_of_its_report_days_and_people() -> None:
    day, week = claim(500, id="r1"), claim(2_000, WEEK, id="r1")
    men = claim(2_000, WEEK, id="r1", population="men")
    conflict = Conflict(
        flow="RU:KZ",
        report="b/r1",
        with_=[Opponent("a/r9", 1_290, 64.5), Opponent(None, 40, 2.0, "children")],
        gap=1_290,
        percent=64.5,
        first_day="2022-09-21",
        last_day="2022-09-27",
    )
    assert contradicted(of("RU:KZ", day, men, week, people=100, conflicts=(conflict,))) == {2: conflict}
    part = part_of(week, {"RU:KZ": of("RU:KZ", day, week, people=100)}, "RU:KZ", conflict)
    assert (part.role, part.gap, part.percent) == (Role.CONFLICT, 1_290, 64.5)
    assert part.why == (
        "cannot hold beside a/r9, trusted more: 1,290 apart (64.5 %); the flows below, added up: 40 apart (2 %)"
    )
