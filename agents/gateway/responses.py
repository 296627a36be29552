"""The JSON responses of the gateway as types; the OpenAPI document is generated from them."""

from __future__ import annotations

from msgspec import Struct

from bordertally.agents.runtime.problems import Problem
from bordertally.streams.alerts.acknowledgements import Acknowledgement
from bordertally.streams.alerts.records import Alert
from bordertally.streams.alerts.silences import Muted, Silence
from bordertally.streams.evidence.records import Evidence
from bordertally.streams.imports.summary import Summary
from bordertally.streams.statements.review import Decision, Item
from bordertally.streams.totals.records import Baseline, DayFigure, PeriodTotal, Total, Unlikely


class FlowRow(Struct, frozen=True):
    """Summary of a flow.

    `published`: time of the newest report on the flow or below it. `totals`: by window (7d, say). `rate`: people on
    `rate_day`, the latest covered day. `comparable`: whether every flow that usually carries these people has reported
    that day; if not, `rate` is a lower bound and only a rate above the threshold can be judged. `threshold`: an alert
    opens above it. `alert`: id of the newest open alert. `unlikely`: the newest unlikely claims on the flow. `aliases`:
    other names of the place in the source registry; a request may use them in place of `flow`.
    `calendar`: its newest calendar weeks, months and years.
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
    unlikely: list[Unlikely] = []
    aliases: list[str] = []
    calendar: list[PeriodTotal] = []


class FlowList(Struct, frozen=True):
    """A page of the requested flows, ordered by path; `next`: pass it as `after` for the next page."""

    flows: list[FlowRow]
    next: str | None


class TotalList(Struct, frozen=True):
    """Totals of a page of flows, ordered by flow and window; `next`: pass it as `after` for the next page."""

    totals: list[Total]
    next: str | None


class DayList(Struct, frozen=True):
    """Days of the requested flows, ordered by flow and day; `flow` is null for several flows."""

    flow: str | None
    days: list[DayFigure]


class PeriodList(Struct, frozen=True):
    """Totals of periods, ordered by flow and time; from `from` to `to`, with days that add up to the total."""

    periods: list[PeriodTotal]


class AlertList(Struct, frozen=True):
    """The newest record of each alert, by `published`, newest first; `next`: pass it as `after` for the next page.

    `quiet`: the open alerts that are muted now, by alert id. `acknowledged`: the newest acknowledgement of each.
    """

    alerts: list[Alert]
    next: str | None
    quiet: dict[str, Muted]
    acknowledged: dict[str, Acknowledgement] = {}


class AlertDetail(Struct, frozen=True):
    """One alert: its newest record, all its records in order of `seq`, and the evidence of its days.

    `quiet`: why the alert is muted now; null when it is not muted, or is closed. `acknowledged`: who has seen it.
    """

    alert: Alert
    history: list[Alert]
    evidence: Evidence
    quiet: Muted | None
    acknowledged: list[Acknowledgement] = []


class SourceRow(Struct, frozen=True):
    """A source of the registry. `last_published`: time of its newest counted report; null when there is none.

    `exactness`: the share of exact figures among its newest claims of a day or more; null without any. `relays`: the
    source whose figures it passes on. `url`: where it publishes; `contact`: whom to ask; null where the registry does
    not say. `overdue`: whether the last report is older than `every` in the registry; null
    when `every` is not set.
    """

    source: str
    name: str
    tz: str
    grade: str
    flows: list[str]
    topic: str
    last_published: str | None
    overdue: bool | None
    relays: str | None = None
    exactness: float | None = None
    url: str | None = None
    contact: str | None = None


class SourceList(Struct, frozen=True):
    """The source registry."""

    sources: list[SourceRow]


class Place(Struct, frozen=True):
    """A place of the gazetteer: a checkpoint (`place` is its slug) or a capital (`place` is its country).

    `countries`: those that a checkpoint connects. `at`: degrees north and east, to a tenth; null where not known.
    """

    place: str
    countries: list[str]
    names: list[str]
    at: tuple[float, float] | None


class PlaceList(Struct, frozen=True):
    """The gazetteer, checkpoints before capitals."""

    places: list[Place]


class About(Struct, frozen=True):
    """The version of the gateway and the default alert thresholds as ratios to a normal level.

    `ratio`: an alert opens above it, where a normal level is stated or set. `warning`, `critical`: from these on.
    `own_rules`: whether some flows have settings of their own.
    """

    version: str
    ratio: float
    warning: float
    critical: float
    own_rules: bool


class SilenceList(Struct, frozen=True):
    """Silences, ordered by their end."""

    silences: list[Silence]


class SilencePreview(Struct, frozen=True):
    """What a silence would cover now: open alerts, and all flows that match its pattern."""

    alerts: list[Alert]
    flows: list[str]


class ReviewRow(Struct, frozen=True):
    """An item of the review, and the decision on it; null while it waits."""

    item: Item
    decision: Decision | None


class ReviewList(Struct, frozen=True):
    """Items of the review, and how many wait and are decided in all.

    `source`: that of the token, in whose name decisions are published; null for a token of none, which may choose among
    `sources`: those of the registry that do not sign their reports.
    """

    items: list[ReviewRow]
    waiting: int
    decided: int
    source: str | None
    sources: list[str]


class Accepted(Struct, frozen=True, omit_defaults=True):
    """Where Kafka stores a report. A later rejection on `reports.rejected` quotes this topic, partition and offset.

    `warnings`: what the sender should look at, such as unknown fields; absent where there is nothing.
    """

    topic: str
    partition: int
    offset: int
    warnings: list[str] = []


class BatchFault(Struct, frozen=True, omit_defaults=True):
    """Why a line of a batch, counted from 1, is refused; the fields are those of a problem."""

    line: int
    detail: str
    reason: str | None = None
    field: str | None = None
    value: str | None = None
    report: str | None = None

    @classmethod
    def of(cls, line: int, problem: Problem) -> BatchFault:
        """The fault of a line that would be refused with this problem if it were sent alone."""
        return cls(line, problem.detail, problem.reason, problem.field, problem.value, problem.report)


class BatchWarning(Struct, frozen=True):
    """What the sender should look at in a line of a batch, such as an unknown field."""

    line: int
    warning: str


class Batch(Struct, frozen=True):
    """How many reports of a batch Kafka has stored, and what is wrong with the lines that are refused."""

    stored: int
    faults: list[BatchFault]
    warnings: list[BatchWarning]


class ImportResult(Struct, frozen=True):
    """What an import took and left, and which of its reports are refused; `line` is then the number of the report."""

    summary: Summary
    faults: list[BatchFault]
