"""What an Alertmanager is told of open alerts, and what has to be said again. Pure.

An Alertmanager forgets an alert it does not hear of: each is sent again and again, with an end that lies a little
ahead, until it is over. It knows an alert by its labels alone, so an alert whose severity changes is another one to it,
and the one before is ended.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import NamedTuple

import msgspec

from bordertally.streams.alerts.records import Alert, AlertState
from bordertally.streams.alerts.silences import Notice
from bordertally.streams.errors import ConfigError, shown
from bordertally.streams.flows import origin
from bordertally.streams.moments import text_at
from bordertally.streams.url_policy import site

KEEP_S = 900.0
"""Seconds for which it is said again that an alert is over, as Prometheus does."""

EXPIRES = 4
"""An open alert ends by itself after so many sendings were missed."""

ALERTNAME = "Border"

Labels = tuple[tuple[str, str], ...]


class Posted(msgspec.Struct, omit_defaults=True, frozen=True):
    """An alert as the API v2 of Alertmanager takes it (`postableAlert`)."""

    labels: dict[str, str]
    annotations: dict[str, str]
    startsAt: str  # noqa: N815 - the names of its API
    endsAt: str  # noqa: N815
    generatorURL: str = ""  # noqa: N815


class Entry(NamedTuple):
    """The newest record of an alert: where it stands on `alerts`, and when it was written (seconds since 1970 UTC)."""

    alert: Alert
    partition: int
    offset: int
    written: float


class Over(NamedTuple):
    """Labels under which an alert is over: since when, and why if not because it was resolved."""

    entry: Entry
    why: str


def targets(text: str) -> tuple[str, ...]:
    """The addresses of Alertmanagers, separated by commas, without a slash at the end.

    Raises ConfigError, without the path and password there may be in one.
    """
    found = tuple(part.strip().rstrip("/") for part in text.split(",") if part.strip())
    for one in found:
        scheme, mark, rest = one.partition("://")
        if not mark or scheme not in ("http", "https") or not rest.rpartition("@")[2].partition("/")[0]:
            raise ConfigError(
                f"BORDERTALLY_ALERTMANAGER_URL: {shown(site(one))} is no address such as http://host:9093"
            )
    return found


def labels(alert: Notice) -> Labels:
    """The labels of an alert: `alertname`, `flow`, `origin`, `rule` and `severity`, in this order."""
    name = ALERTNAME + "".join(part.capitalize() for part in alert.rule.split("-"))
    return (
        ("alertname", name),
        ("flow", alert.flow),
        ("origin", origin(alert.flow)),
        ("rule", alert.rule),
        ("severity", alert.severity),
    )


class Roster:
    """The alerts that are open, and those of which it must still be said that they are over."""

    def __init__(self) -> None:
        self.open: dict[str, Entry] = {}
        self.over: dict[Labels, Over] = {}
        self.told: set[Labels] = set()

    def apply(self, entry: Entry, now: float) -> bool:
        """Apply the next record of an alert; returns whether there is something to send. Records may come again."""
        alert = entry.alert
        if alert.backfill:
            return False
        before = self.open.get(alert.id)
        if before is not None and before.alert.seq > alert.seq:
            return False
        key = labels(alert)
        if alert.state.is_open:
            self.open[alert.id] = entry
            self.over.pop(key, None)
            if before is not None and labels(before.alert) != key:
                self._end(labels(before.alert), Over(before._replace(written=entry.written), f"now {alert.severity}"))
            return True
        self.open.pop(alert.id, None)
        if now - entry.written > KEEP_S:  # read again after a restart: it has run out there by itself
            return False
        keys = {key} if before is None else {key, labels(before.alert)}
        for one in keys:
            self._end(one, Over(entry, "withdrawn" if alert.state is AlertState.WITHDRAWN else ""))
        return True

    def _end(self, key: Labels, over: Over) -> None:
        if not any(labels(one.alert) == key for one in self.open.values()):
            self.over[key] = over

    def forget(self, partitions: set[int]) -> None:
        """Others speak for these partitions now."""
        self.open = {name: one for name, one in self.open.items() if one.partition not in partitions}
        self.over = {key: one for key, one in self.over.items() if one.entry.partition not in partitions}

    def floor(self, partition: int) -> int | None:
        """The offset of the oldest record of a partition that would be missed after a restart; None for none."""
        entries = [*self.open.values(), *(one.entry for one in self.over.values())]
        return min((one.offset for one in entries if one.partition == partition), default=None)

    def say(self, now: float, resend: float, quiet: Callable[[Notice], bool], url: str = "") -> dict[Labels, Posted]:
        """All that has to be said now, by labels; `resend`: seconds between sayings, `url`: where a person can look.

        An alert that is silenced or inhibited is not told of, unless it has been: it would seem to be over.
        """
        self.over = {key: one for key, one in self.over.items() if now - one.entry.written <= KEEP_S}
        said: dict[Labels, Posted] = {}
        for one in sorted(self.open.values(), key=lambda one: (one.alert.since, one.alert.id)):
            key = labels(one.alert)
            if key not in said and (key in self.told or not quiet(one.alert)):
                said[key] = _posted(key, one, now + EXPIRES * resend, "", url)
        for key, over in self.over.items():
            if key not in said:
                said[key] = _posted(key, over.entry, _end_of(over), over.why, url)
        return said

    def acknowledge(self, said: dict[Labels, Posted]) -> None:
        """Note that an Alertmanager has accepted these."""
        self.told = (self.told | said.keys()) - self.over.keys()
        if len(self.told) > 2 * len(self.open) + 1_000:
            self.told &= {labels(one.alert) for one in self.open.values()}


def _posted(key: Labels, entry: Entry, ends: float, why: str, url: str) -> Posted:
    alert = entry.alert
    annotations = {
        "summary": alert.explanation,
        "reports": ", ".join(alert.reports),
        "alert": alert.id,
        "since": alert.since,
        "rate": str(alert.rate),
        "expected": str(alert.expected),
    }
    if alert.quotes:
        annotations["quotes"] = "\n".join(f"“{one.text}” ({one.source}, {one.report})" for one in alert.quotes)
    if why:
        annotations["ended"] = why
    starts = min(_day(alert.since), entry.written)
    link = f"{url}/v1/alerts/{alert.id}" if url else ""
    return Posted(dict(key), annotations, text_at(starts), text_at(max(ends, starts + 1)), link)


def _end_of(over: Over) -> float:
    """When it was over: the day it says, but never later than it was said."""
    until = over.entry.alert.until
    return over.entry.written if until is None or over.why else min(_day(until), over.entry.written)


def _day(day: str) -> float:
    return datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp()
