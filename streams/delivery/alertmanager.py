"""The alerts to post to Alertmanager: which alerts are open, which have ended, and when each is posted again.

Alertmanager drops an alert that is not posted again before its end time. So each open alert is posted again and again,
with an end a little ahead, until it is over. Alertmanager identifies an alert by its labels: when the severity changes,
the alert with the old labels is ended and one with the new labels begins.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import NamedTuple

import msgspec

from bordertally.streams.alerts.inhibition import Notice
from bordertally.streams.alerts.records import Alert, AlertState
from bordertally.streams.errors import ConfigError, shown
from bordertally.streams.flows import origin
from bordertally.streams.moments import text_at
from bordertally.streams.url_policy import site

KEEP_S = 900.0
"""Seconds for which an ended alert is posted again, as Prometheus does."""

EXPIRES = 4
"""An open alert ends in Alertmanager when this many posts in a row are missed."""

ALERTNAME = "Border"

Labels = tuple[tuple[str, str], ...]


class Posted(msgspec.Struct, omit_defaults=True, frozen=True):
    """An alert as Alertmanager's API v2 accepts it (`postableAlert`)."""

    labels: dict[str, str]
    annotations: dict[str, str]
    startsAt: str  # noqa: N815 - the names in Alertmanager's API
    endsAt: str  # noqa: N815
    generatorURL: str = ""  # noqa: N815


class Entry(NamedTuple):
    """The newest record of an alert, its position on `alerts`, and when it was written (seconds since 1970 UTC)."""

    alert: Alert
    partition: int
    offset: int
    written: float


class Over(NamedTuple):
    """The end of an alert under its labels: the record that ended it, and why; empty where it was resolved."""

    entry: Entry
    why: str


def targets(text: str) -> tuple[str, ...]:
    """The addresses of the Alertmanagers in a list separated by commas, without a slash at the end.

    Raises ConfigError, which does not quote a path or a password.
    """
    addresses = tuple(part.strip().rstrip("/") for part in text.split(",") if part.strip())
    for address in addresses:
        scheme, mark, rest = address.partition("://")
        if not mark or scheme not in ("http", "https") or not rest.rpartition("@")[2].partition("/")[0]:
            raise ConfigError(
                f"BORDERTALLY_ALERTMANAGER_URL: {shown(site(address))} is no address such as http://host:9093"
            )
    return addresses


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
    """The open alerts by id, the ended alerts by labels that are still posted, and the labels already posted."""

    def __init__(self) -> None:
        self.open: dict[str, Entry] = {}
        self.over: dict[Labels, Over] = {}
        self.posted: set[Labels] = set()

    def apply(self, entry: Entry, now: float) -> bool:
        """Apply the next record of an alert; returns whether there is something to post. Records may come again."""
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
        if now - entry.written > KEEP_S:  # read again after a restart: the alert has expired in Alertmanager
            return False
        keys = {key} if before is None else {key, labels(before.alert)}
        for ended in keys:
            self._end(ended, Over(entry, "withdrawn" if alert.state is AlertState.WITHDRAWN else ""))
        return True

    def _end(self, key: Labels, over: Over) -> None:
        if not any(labels(entry.alert) == key for entry in self.open.values()):
            self.over[key] = over

    def forget(self, partitions: set[int]) -> None:
        """Forget the alerts of these partitions, which other workers may post now."""
        self.open = {name: entry for name, entry in self.open.items() if entry.partition not in partitions}
        self.over = {key: over for key, over in self.over.items() if over.entry.partition not in partitions}

    def floor(self, partition: int) -> int | None:
        """The offset of the oldest record of a partition that is needed after a restart; None if none is."""
        entries = [*self.open.values(), *(over.entry for over in self.over.values())]
        return min((entry.offset for entry in entries if entry.partition == partition), default=None)

    def due(self, now: float, resend: float, muted: Callable[[Alert], bool], url: str = "") -> dict[Labels, Posted]:
        """The alerts to post now, by labels. `resend`: seconds between posts; `url`: the address of the gateway.

        A muted alert is left out, unless it has been posted already: it would seem to be over.
        """
        self.over = {key: over for key, over in self.over.items() if now - over.entry.written <= KEEP_S}
        posts: dict[Labels, Posted] = {}
        for entry in sorted(self.open.values(), key=lambda entry: (entry.alert.since, entry.alert.id)):
            key = labels(entry.alert)
            if key not in posts and (key in self.posted or not muted(entry.alert)):
                posts[key] = _posted(key, entry, now + EXPIRES * resend, "", url)
        for key, over in self.over.items():
            if key not in posts:
                posts[key] = _posted(key, over.entry, _end_of(over), over.why, url)
        return posts

    def acknowledge(self, posts: dict[Labels, Posted]) -> None:
        """Note that an Alertmanager has accepted these alerts."""
        self.posted = (self.posted | posts.keys()) - self.over.keys()
        if len(self.posted) > 2 * len(self.open) + 1_000:
            self.posted &= {labels(entry.alert) for entry in self.open.values()}


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
        annotations["quotes"] = "\n".join(f"“{quote.text}” ({quote.source}, {quote.report})" for quote in alert.quotes)
    if why:
        annotations["ended"] = why
    starts = min(_day(alert.since), entry.written)
    link = f"{url}/v1/alerts/{alert.id}" if url else ""
    return Posted(dict(key), annotations, text_at(starts), text_at(max(ends, starts + 1)), link)


def _end_of(over: Over) -> float:
    """When an alert ended: on its day `until`, but no later than the record was written."""
    until = over.entry.alert.until
    return over.entry.written if until is None or over.why else min(_day(until), over.entry.written)


def _day(day: str) -> float:
    return datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp()
