"""The record on `alerts`, which subscribers receive."""

from __future__ import annotations

import enum

from msgspec import Struct

from bordertally.streams.totals.records import Quote


class AlertState(enum.StrEnum):
    """The state of an alert after a record."""

    FIRING = "firing"
    UPDATED = "updated"
    RESOLVED = "resolved"
    WITHDRAWN = "withdrawn"

    @property
    def is_open(self) -> bool:
        """Whether an alert in this state is open."""
        return self in (AlertState.FIRING, AlertState.UPDATED)


class Alert(Struct, frozen=True, kw_only=True):
    """The record on `alerts`, keyed by flow. (`id`, `seq`) is unique and never changes its meaning.

    `since`, `day`, `until`, `peak_day`: dates (`until` exclusive, null while open). `rate`, `expected`, `threshold`,
    `peak_rate`: people a day. `ratio`: rate over expected, null where nothing was expected. `published`: the time of
    the newest report behind the record. `previous`: the id of the alert of the same flow and rule before this alert, as
    known when the record was made; null for the first. `reports`: at most 100 of `report_count`, each as `source/id`.
    `about`: of a `silence` the source, of a `conflict` the report (`source/id`), of a `checkpoint-share` the child
    flow. `quotes`: quotes from the newest statements among `reports`, at most three,
    newest first.

    `minor`: only the evidence changed, or the figures of a day that is not the peak. A minor record is kept, so the
    newest record always says what the reports come to, but nobody is notified of it. `told`: the `published` of the
    newest record of the alert that is not minor. `backfill`: when the alert was first recorded, its newest day was more
    than `notify_within` before the newest report of the flow, or all its claims were historic; nobody is notified.
    """

    id: str
    seq: int
    flow: str
    rule: str
    state: AlertState
    severity: str
    since: str
    day: str
    until: str | None
    rate: int
    expected: int
    threshold: int
    ratio: float | None
    baseline: str
    population: str
    peak_day: str
    peak_rate: int
    peak_severity: str
    reports: list[str]
    report_count: int
    published: str
    explanation: str
    merged_into: str | None = None
    previous: str | None = None
    about: str | None = None
    quotes: list[Quote] = []
    minor: bool = False
    told: str = ""
    backfill: bool = False

    @property
    def rings(self) -> bool:
        """Whether subscribers are notified of the record."""
        return not (self.minor or self.backfill)
