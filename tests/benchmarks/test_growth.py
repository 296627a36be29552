"""What a batch costs does not grow with how long the stream has run, nor with flows it does not touch.

Cost is counted in lines of the core executed, not in seconds: the same on every machine.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from benchmarks.counted import lines
from bordertally.streams.replay.ledgers import ReplayLedgers
from bordertally.streams.reports.claims import Claim
from bordertally.streams.rules.config import Rules
from unit.kit import REGISTRY, claim

FIRST = date(2021, 1, 1)


def lines_of(desk: ReplayLedgers, claims: list[Claim]) -> int:
    """How many lines of the core a batch takes."""
    return lines(lambda: take(desk, claims))


def take(desk: ReplayLedgers, claims: Iterable[Claim]) -> None:
    for _ in desk.apply(claims):
        pass


def day_of(number: int, posts: int, hours: int = 6) -> list[Claim]:
    """The counts of one day: so many posts, so many hours; a surge at first, which opens alerts and closes them."""
    day = FIRST + timedelta(days=number)
    people = 900 if number in {12, 13} else 100 + number % 7
    return [
        claim(
            people,
            f"{day}T{hour * 24 // hours:02}:00/PT{24 // hours}H",
            flow=f"RU:KZ:post-{post}",
            qualifier="count",
            id=f"{number}-{post}-{hour}",
            published=f"{day + timedelta(days=1)}T12:00:00Z",
        )
        for post in range(posts)
        for hour in range(hours)
    ]


def test_a_day_costs_the_same_after_ten_times_as_many_days() -> None:
    desk = ReplayLedgers(REGISTRY, Rules())
    cost = {}
    for number in range(400):
        batch = day_of(number, 2)
        if number in {40, 400 - 1}:
            cost[number] = lines_of(desk, batch)
        else:
            take(desk, batch)
    assert any(alert.state.value == "resolved" for alert in desk.log)
    assert cost[399] < 1.25 * cost[40]


def test_a_statement_on_a_country_touches_only_what_is_above_it() -> None:
    cost = {}
    for posts in (5, 50):
        desk = ReplayLedgers(REGISTRY, Rules())
        take(desk, [claim for number in range(3) for claim in day_of(number, posts, hours=1)])
        states = dict(desk.states)
        cost[posts] = lines_of(
            desk, [claim(90_000, f"{FIRST}/P3D", flow="RU:KZ", source="a", published="2021-01-06T00:00:00Z")]
        )
        assert {flow for flow, state in desk.states.items() if states[flow] is not state} == {"RU", "RU:KZ"}
    assert cost[50] < 6 * cost[5]


def test_cost_is_linear_in_reports() -> None:
    cost = {}
    for days in (10, 40):
        desk = ReplayLedgers(REGISTRY, Rules())
        for number in range(40):  # until windows and baselines are full
            take(desk, day_of(number, 2))
        cost[days] = sum(lines_of(desk, day_of(number, 2)) for number in range(40, 40 + days))
    assert cost[40] < 4.1 * cost[10]
