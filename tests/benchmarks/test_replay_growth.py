"""A replay is linear in reports: the second half of a stream takes as much work as the first.

Work is counted in lines of the core executed and in states of flows worked out, never in seconds.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, NamedTuple

import pytest

from benchmarks.counted import lines
from bordertally.streams.replay.ledgers import ReplayLedgers
from bordertally.streams.replay.reports_by_hour import ReplayedReport, ReportsByHour
from bordertally.streams.reports.claims import Claim
from bordertally.streams.rules.config import Rules
from unit.kit import NOW, REGISTRY, claim

FIRST = datetime(2021, 1, 1, tzinfo=UTC)
WARM = 30
"""Days after which windows and learned levels are full."""


def report(flow: str, period: str, people: float, published: datetime, **more: Any) -> bytes:
    head = {"id": f"{flow}-{period}", "source": "b", "published": published.isoformat()}
    return json.dumps({**head, "flow": flow, "period": period, "people": people, "qualifier": "count", **more}).encode()


def readings(days: int, minutes: int = 180) -> Iterator[bytes]:
    """One gate that counts every so many minutes, published half a minute after the end."""
    length = timedelta(minutes=minutes)
    for number in range(days * 24 * 60 // minutes):
        start = FIRST + number * length
        published = start + length + timedelta(seconds=30)
        yield report("RU:KZ:gate", f"{start:%Y-%m-%dT%H:%MZ}/PT{minutes}M", number % 9, published)


def places(days: int, **more: Any) -> Iterator[bytes]:
    """Two places in both directions, a figure a day, published at different hours; a surge now and then."""
    for number in range(days):
        published = FIRST + timedelta(days=number + 1, hours=8)
        day = str(FIRST.date() + timedelta(days=number))
        people = 900 if number % 40 in {37, 38} else 100 + number % 7
        for place in range(2):
            for flow in (f"RU:KZ:p{place}", f"KZ:RU:p{place}"):
                yield report(flow, day, people, published + timedelta(hours=place), **more)


def with_levels(days: int) -> Iterator[bytes]:
    """The same, each figure with the normal level; the surges are above it."""
    return places(days, normal={"daily": 100})


def above_for_good(days: int) -> Iterator[bytes]:
    """The same, with a normal level that every figure exceeds: one alert that never ends."""
    return places(days, normal={"daily": 50})


class Work(NamedTuple):
    """What a replay took: lines of the core, states of flows worked out, days of figures it came to."""

    lines: int
    states: int
    days: int


def work(reports: Iterator[bytes]) -> Work:
    by_hour, ledgers = ReportsByHour(REGISTRY), ReplayLedgers(REGISTRY, Rules())

    def replay() -> None:
        by_hour.add(ReplayedReport(raw, int(NOW * 1000)) for raw in reports)
        for hour in by_hour.drain():
            for _ in ledgers.apply(hour.claims, hour.readings):
                pass

    taken = lines(replay)
    result = ledgers.outcome(by_hour.rejected)
    assert result.rejected == []
    return Work(taken, ledgers.worked_out, len(result.days))


@pytest.mark.parametrize("stream", [readings, places, with_levels, above_for_good])
def test_twice_as_many_reports_take_twice_the_work(stream: Callable[[int], Iterator[bytes]]) -> None:
    work(stream(WARM))  # what is worked out once in a process
    once, twice, four_times = (work(stream(days)) for days in (WARM, 2 * WARM, 4 * WARM))
    assert twice.days - once.days == (four_times.days - twice.days) / 2 > 0
    assert four_times.lines - twice.lines < 2.3 * (twice.lines - once.lines)  # 4 where work is quadratic
    assert once.states == twice.states == four_times.states  # at the end, one of each flow


def test_a_reading_a_minute_costs_little_more_than_reading_it() -> None:
    work(readings(WARM))
    minutely = work(readings(3, minutes=1))
    assert minutely.states == 3  # at the end: of the gate, and of the two flows above it
    assert minutely.lines < 130 * (3 * 24 * 60)  # a third of them for the figures of hours, the destination's included


def rolling(number: int) -> Claim:
    """People in the seven days up to a day, as told the morning after."""
    end = FIRST.date() + timedelta(days=number)
    people = sum(900 + day * 37 % 200 for day in range(number - 7, number))
    return claim(people, f"P7D/{end}", id=f"r{number}", published=f"{end}T09:00:00Z")


def test_one_more_claim_of_a_long_chain_costs_what_it_costs_in_a_short_one() -> None:
    cost = {}
    for days in (60, 400):
        ledgers = ReplayLedgers(REGISTRY, Rules())
        list(ledgers.apply([rolling(number) for number in range(7, days)]))
        list(ledgers.apply([rolling(days)]))
        cost[days] = lines(partial(list, ledgers.apply([rolling(days + 1)])))
    assert cost[400] < 1.2 * cost[60]


def test_a_reading_below_a_long_chain_costs_what_it_costs_below_a_short_one() -> None:
    cost = {}
    for days in (60, 400):
        ledgers = ReplayLedgers(REGISTRY, Rules())
        list(ledgers.apply([rolling(number) for number in range(7, days)]))
        day = FIRST.date() + timedelta(days=days - 2)
        some = [
            claim(9, f"{day}T{hour:02}:00Z/PT1H", "RU:KZ:gate", id=f"g{hour}", published=f"{day}T23:00:00Z")
            for hour in range(3)
        ]
        list(ledgers.apply(some[:2]))
        cost[days] = lines(partial(list, ledgers.apply(some[2:])))
    assert cost[400] < 1.2 * cost[60]
