"""What the tests of the core share: a registry, reports as dicts, and short ways to a claim and to a desk."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

from bordertally.streams.alerts.lifecycle import Known
from bordertally.streams.alerts.records import Alert, AlertState
from bordertally.streams.errors import RefusedError
from bordertally.streams.flows import Flow
from bordertally.streams.ledger.rows import PEOPLE, Key
from bordertally.streams.ledger.tree import Node
from bordertally.streams.replay.ledgers import ReplayLedgers
from bordertally.streams.reports.batching import Sorter
from bordertally.streams.reports.claims import Claim
from bordertally.streams.reports.sources import Registry, parse_registry
from bordertally.streams.reports.validation import Limits, claims_of, read_report
from bordertally.streams.rules.config import Detection, Rules
from bordertally.streams.statements.reports import WordReader
from bordertally.streams.totals.records import Conflict, DayFigure, FlowState, Quote, Total

NOW = datetime(2030, 1, 1, tzinfo=UTC).timestamp()
LIMITS = Limits()

REGISTRY = parse_registry(
    """
    blocs = ["EU"]
    [sources.a]
    name = "Agency A"
    flows = ["RU", "KZ"]
    grade = "A"
    [sources.b]
    name = "Bureau B"
    flows = ["RU", "KZ"]
    grade = "B"
    [sources.c]
    name = "Counter C"
    flows = ["RU", "KZ"]
    grade = "C"
    topic = "checkpoint"
    [sources.d]
    name = "Daily D"
    flows = ["RU"]
    grade = "D"
    [sources.warsaw]
    name = "Frontex"
    flows = ["*:EU"]
    grade = "A"
    tz = "Europe/Warsaw"
    [sources.almaty]
    name = "Ministry in Astana"
    flows = ["RU:KZ"]
    grade = "B"
    tz = "Asia/Almaty"
    """,
    "registry",
)


@dataclass
class Sent:
    """A report as it comes from its topic."""

    value: bytes | None
    timestamp: int
    headers: Sequence[tuple[str, bytes]] = ()


PROMPT = Rules(Detection(keep_firing_for="0d", week_ratio=0.0, sigmas=3.0, sigma_floor_share=1 / 6))
"""Rules whose alerts are easy to derive by hand: only the day is tested, and an alert is over with its exceedance."""


def take(
    sorter: Sorter,
    raw: bytes,
    now: float,
    *headers: tuple[str, bytes],
    words: WordReader | None = None,
    limits: Limits = LIMITS,
) -> None:
    """Let a sorter take one report that arrived at `now` (seconds since 1970 UTC), as the intake does.

    Raises RefusedError. Without `words`, as on a topic where words are not read.
    """
    for _, outcome in sorter.add_all([Sent(raw, int(now * 1000), headers)]):
        if isinstance(outcome, RefusedError):
            raise outcome
        sorter.add(
            words.read(outcome, now, limits).claims if words else claims_of(outcome, sorter._registry, now, limits)
        )


def report(people: object, period: str = "2022-09-21", flow: str = "RU:KZ", source: str = "b", **more: Any) -> bytes:
    """A report with one claim, as a producer sends it."""
    fields = {"id": "r1", "source": source, "published": "2022-10-20T00:00:00Z", "flow": flow, "period": period}
    return json.dumps({**fields, "people": people, **more}).encode()


def claims(
    people: object, period: str = "2022-09-21", flow: str = "RU:KZ", source: str = "b", **more: Any
) -> list[Claim]:
    """The claims of such a report."""
    return read_report(report(people, period, flow, source, **more), REGISTRY, NOW)


def claim(people: object, period: str = "2022-09-21", flow: str = "RU:KZ", source: str = "b", **more: Any) -> Claim:
    """The one claim of such a report."""
    (only,) = claims(people, period, flow, source, **more)
    return only


def ordinal(day: str) -> int:
    """A date as an ordinal."""
    return date.fromisoformat(day).toordinal()


class Told(NamedTuple):
    """A desk that has taken reports, with short ways to what it came to."""

    desk: ReplayLedgers

    def node(self, flow: str = "RU:KZ") -> Node:
        return self.desk.ledger.nodes[Flow(flow)]

    def state(self, flow: str = "RU:KZ") -> FlowState:
        return self.desk.states[Flow(flow)]

    def window(self, days: int, flow: str = "RU:KZ") -> Total:
        return next(total for total in self.state(flow).totals if total.window_days == days)

    def days(self, flow: str = "RU:KZ") -> dict[str, tuple[int, int, int | None]]:
        return {figure.day: (figure.low, figure.best, figure.high) for figure in self.day_figures(flow)}

    def best(self, flow: str = "RU:KZ") -> list[int]:
        return [figure.best for figure in self.day_figures(flow)]

    def day_figures(self, flow: str = "RU:KZ") -> list[DayFigure]:
        return self.state(flow).days

    def conflicts(self, flow: str = "RU:KZ") -> list[Conflict]:
        return self.state(flow).conflicts

    def parts(self, population: str, unit: str = "people", flow: str = "RU:KZ") -> list[Total]:
        return [part for part in self.state(flow).parts if Key(part.population, part.unit) == (population, unit)]

    def take(self, *batch: Claim) -> list[Alert]:
        return list(self.desk.apply(batch))


def told(*batches: Iterable[Claim] | Claim, rules: Rules | None = None, registry: Registry = REGISTRY) -> Told:
    """A desk after some batches (a bare claim is a batch of its own)."""
    desk = ReplayLedgers(registry, rules or PROMPT)
    for batch in batches:
        list(desk.apply([batch] if isinstance(batch, Claim) else batch))
    return Told(desk)


def daily(counts: Sequence[float | None], first: str = "2022-09-01", **more: Any) -> list[Claim]:
    """One whole-day claim for each figure, from a first day on; None leaves a day out."""
    start = ordinal(first)
    return [
        claim(people, date.fromordinal(start + index).isoformat(), **{"id": f"day-{index}", **more})
        for index, people in enumerate(counts)
        if people is not None
    ]


class LastSaid(NamedTuple):
    """What the newest record of an alert says, as far as it follows from the set of reports unless it is withdrawn."""

    flow: str
    rule: str
    since: str
    until: str | None
    severity: str
    day: str
    rate: int
    expected: int
    threshold: int
    ratio: float
    baseline: str
    population: str
    peak_day: str
    peak_rate: int
    peak_severity: str
    reports: tuple[str, ...]
    report_count: int
    about: str | None
    quotes: tuple[Quote, ...]


def last_said(record: Alert) -> LastSaid:
    """What a record says."""
    values: dict[str, Any] = {name: getattr(record, name) for name in LastSaid._fields}
    return LastSaid(**values | {"reports": tuple(record.reports), "quotes": tuple(record.quotes)})


def come_down(known: Iterable[Known]) -> list[LastSaid]:
    """What alerts come to, their figures and the reports they cite; withdrawn ones left out."""
    records = [alert.record for alert in known if alert.record.state is not AlertState.WITHDRAWN]
    return sorted([last_said(record) for record in records], key=lambda alert: alert[:4])


def alerts_of(desk: ReplayLedgers) -> list[LastSaid]:
    """What all alerts of a desk come to."""
    return come_down(alert for known in desk.known.values() for alert in known)


def alert_record(
    flow: str = "RU:GE", seq: int = 1, *, severity: str = "warning", state: str = "firing", alert: str = ""
) -> Alert:
    """A record on `alerts`."""
    return Alert(
        id=alert or f"alert-{flow}",
        seq=seq,
        flow=flow,
        rule="daily-rate",
        state=AlertState(state),
        severity=severity,
        since="2022-09-26",
        day="2022-09-27",
        until=None,
        rate=10_000,
        expected=5_500,
        threshold=6_875,
        ratio=1.818,
        baseline="stated",
        population="people",
        peak_day="2022-09-26",
        peak_rate=10_000,
        peak_severity=severity,
        reports=["ge-1", "no-2"],
        report_count=2,
        published="2022-09-28T08:00:00Z",
        explanation="explained",
    )


__all__ = [
    "PEOPLE",
    "Told",
    "alert_record",
    "alerts_of",
    "claim",
    "claims",
    "come_down",
    "daily",
    "last_said",
    "ordinal",
    "report",
    "told",
]
