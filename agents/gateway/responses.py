"""What the gateway answers: the shapes of its JSON, from which its OpenAPI document is made."""

from __future__ import annotations

from msgspec import Struct

from bordertally.streams.alerts.records import Alert
from bordertally.streams.alerts.silences import Muted, Silence
from bordertally.streams.evidence.records import Evidence
from bordertally.streams.totals.records import Baseline, DayFigure, Total


class FlowRow(Struct, frozen=True):
    """A flow at a glance.

    `published`: time of the newest report on it or below it. `totals` by window (say, 7d). `rate`: people on
    `rate_day`, the latest covered day; `threshold`: above which an alert opens. `alert`: id of the newest open one.
    `comparable`: whether all report who usually carry the people of that day; else `rate` is a lower bound, and a rate
    that is not above the threshold says nothing beside the normal level.
    """

    flow: str
    parent: str | None
    published: str
    as_of: str | None
    totals: dict[str, Total]
    rate: float | None
    rate_day: str | None
    comparable: bool
    baseline: Baseline | None
    threshold: float | None
    alert: str | None


class FlowList(Struct, frozen=True):
    """Every flow asked for, by path."""

    flows: list[FlowRow]


class TotalList(Struct, frozen=True):
    """Totals by flow and window."""

    totals: list[Total]


class DayList(Struct, frozen=True):
    """Days of the flows asked for, by flow and day; `flow` is null when it is more than one."""

    flow: str | None
    days: list[DayFigure]


class AlertList(Struct, frozen=True):
    """Alerts, the newest record of each, in order of `published`, newest first; `next` asks for those after them.

    `quiet`: by id, those of the open ones that nobody is told of now.
    """

    alerts: list[Alert]
    next: str | None
    quiet: dict[str, Muted]


class AlertDetail(Struct, frozen=True):
    """One alert: its newest record, all that was said about it in order of `seq`, and what stands behind its days.

    `quiet`: why nobody is told of it now; null if somebody is, or if it is over.
    """

    alert: Alert
    history: list[Alert]
    evidence: Evidence
    quiet: Muted | None


class SourceRow(Struct, frozen=True):
    """A source of the registry. `last_published`: of its newest report that counts; null when none is known.

    `overdue`: silent for longer than `every` in the registry; null where that says nothing.
    """

    source: str
    name: str
    tz: str
    grade: str
    flows: list[str]
    topic: str
    last_published: str | None
    overdue: bool | None


class SourceList(Struct, frozen=True):
    """The source registry."""

    sources: list[SourceRow]


class SilenceList(Struct, frozen=True):
    """Silences, the one that ends first first."""

    silences: list[Silence]


class Accepted(Struct, frozen=True):
    """Where on Kafka a report is stored. A producer may keep it: a refusal on `reports.rejected` names the same."""

    topic: str
    partition: int
    offset: int
