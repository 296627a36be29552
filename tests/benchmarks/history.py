"""What one more report costs a flow with a long past: CPU of ledger, flow states and alerts, without Kafka.

A step is what a worker does for one report that comes alone: the claim is added, the figures of its flow and of the
flows above are brought up to date, their states are written as JSON and their alerts compared.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from statistics import median
from typing import Any, NamedTuple

import msgspec

from bordertally.streams.alerts.lifecycle import Known, advance, last_day
from bordertally.streams.detection.flow_state import written_state
from bordertally.streams.flows import Flow
from bordertally.streams.ledger.ledger import Ledger
from bordertally.streams.reports.claims import Claim
from bordertally.streams.reports.sources import parse_registry
from bordertally.streams.reports.validation import read_report
from bordertally.streams.rules.config import Rules
from bordertally.streams.totals.records import Episode

FIRST = date(2014, 1, 1)
YEAR = 365
MONTH = 30
MORE = 21
"""Reports whose cost is measured, one by one; the median counts."""

REGISTRY = parse_registry('[sources.desk]\nname = "Desk"\nflows = ["BR"]\ngrade = "B"\n', "registry")


class Worker:
    """A ledger hop and an alerts hop without Kafka."""

    def __init__(self) -> None:
        self.ledger = Ledger()
        self.rules = Rules()
        self.known: dict[Flow, list[Known]] = {}
        self.episodes: dict[Flow, list[Episode]] = {}

    def step(self, claims: list[Claim]) -> None:
        """Add claims, and bring everything up to date."""
        applied = self.ledger.apply(claims)
        days = self.ledger.days_told(applied)
        for flow in applied.flows:
            state, _ = written_state(self.ledger.nodes[flow], self.rules, days.get(flow, ()))
            causes, known = applied.causes.get(flow, ()), self.known.get(flow, [])
            if state.episodes != self.episodes.get(flow) or any(cause.first <= last_day(known) for cause in causes):
                self.episodes[flow] = state.episodes
                self.known[flow], _ = advance(known, state, {}, causes)


def claim(flow: str, period: str, people: float, published: datetime, **more: Any) -> Claim:
    """A claim of the desk."""
    head = {"id": f"{flow}-{period}", "source": "desk", "published": published.isoformat()}
    report = {**head, "flow": flow, "period": period, "people": people, **more}
    (checked,) = read_report(msgspec.json.encode(report), REGISTRY, published.timestamp() + 60)
    return checked


def people_on(day: int) -> int:
    """People on a day, by its number: about a thousand, fewer at weekends, and a surge now and then."""
    usual = 900 + day * 37 % 200 - (300 if day % 7 in {5, 6} else 0)
    return 2 * usual if day % 150 in {97, 98} else usual


def _morning_after(day: int, minutes: int = 0) -> datetime:
    return datetime(FIRST.year, 1, 1, 9, tzinfo=UTC) + timedelta(days=day + 1, minutes=minutes)


def _iso(day: int) -> str:
    return str(FIRST + timedelta(days=day))


def daily(day: int) -> Claim:
    """The people of a day."""
    return claim("BR:UY", _iso(day), people_on(day), _morning_after(day))


def rolling(day: int) -> Claim:
    """The people of the seven days that end with a day."""
    people = sum(people_on(day - back) for back in range(7))
    return claim("BR:UY", f"P7D/{_iso(day + 1)}", people, _morning_after(day))


def noon_to_noon(day: int) -> Claim:
    """The people of the 24 hours that end at noon of the next day."""
    period = f"{_iso(day)}T12:00Z/PT24H"
    return claim("BR:UY", period, (people_on(day) + people_on(day + 1)) // 2, _morning_after(day, 240))


def since_january(day: int) -> Claim:
    """The people since the first day of the year."""
    first = (date((FIRST + timedelta(days=day)).year, 1, 1) - FIRST).days
    people = sum(people_on(each) for each in range(first, day + 1))
    return claim("BR:UY", f"{_iso(first)}/{_iso(day + 1)}", people, _morning_after(day))


def minutes(day: int) -> Iterator[Claim]:
    """The readings of a gate below the flow, minute by minute from midnight on."""
    for minute in range(MORE):
        start = datetime(FIRST.year, 1, 1, tzinfo=UTC) + timedelta(days=day, minutes=minute)
        period = f"{start:%Y-%m-%dT%H:%MZ}/PT1M"
        yield claim("BR:UY:gate", period, 1, start + timedelta(seconds=90), qualifier="count")


class Cost(NamedTuple):
    """CPU of one more report after a number of days, in milliseconds: the median and the most of MORE reports."""

    case: str
    days: int
    median_ms: float
    most_ms: float


class Case(NamedTuple):
    """What is measured: the reports of the past, one a day; after how many days; and whether `below` the flow.

    Where it is not below, the report measured is one more of the same kind; else a minute's reading of a gate below.
    """

    report: Callable[[int], Claim]
    days: tuple[int, ...]
    below: bool = False


CASES = {
    "a daily report": Case(daily, (YEAR, 3 * YEAR, 9 * YEAR)),
    "one more rolling week": Case(rolling, (2 * MONTH, YEAR, 2 * YEAR)),
    "one more noon to noon": Case(noon_to_noon, (2 * MONTH, YEAR, 2 * YEAR)),
    "one more since 1 January": Case(since_january, (2 * MONTH, YEAR - MORE, 2 * YEAR - MORE)),
    "a minute below daily reports": Case(daily, (YEAR, 3 * YEAR, 9 * YEAR), below=True),
    "a minute below rolling weeks": Case(rolling, (2 * MONTH, YEAR, 2 * YEAR), below=True),
    "a minute below noon to noon": Case(noon_to_noon, (2 * MONTH, YEAR, 2 * YEAR), below=True),
}


def cost(name: str, days: int) -> Cost:
    """The cost of one more report of a case after `days` days."""
    report, _, below = CASES[name]
    worker = Worker()
    for first in range(7, days, 30):  # in batches, as a backlog is worked off
        worker.step([report(day) for day in range(first, min(first + 30, days))])
    costs = []
    for one in minutes(days - 1) if below else map(report, range(days, days + MORE)):
        begun = time.process_time()
        worker.step([one])
        costs.append(1000 * (time.process_time() - begun))
    return Cost(name, days, median(costs), max(costs))
