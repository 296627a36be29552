"""Silences, and which alerts are muted, so that nobody is notified of them. Records on `alerts` stay as they are.

As in Alertmanager, an operator sets a silence for a flow and the flows below it, until a time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from bordertally.streams.alerts.inhibition import N, Notice, OpenAlerts, inhibited
from bordertally.streams.detection.registry import RULES
from bordertally.streams.errors import BordertallyError, RefusedError, shown
from bordertally.streams.flows import check_pattern, covers
from bordertally.streams.rules.config import Rules


class Silence(Struct, frozen=True, kw_only=True):
    """The record on `silences`, keyed by id: alerts that match are muted from `since` to `until`, exclusive.

    `flow`: a pattern as in the source registry: a flow and all flows below, `*` for any one part. `rule`: only alerts
    of that rule; null for all rules. A later record with the same id replaces the silence, for example to end it.
    """

    id: Annotated[str, Meta(min_length=1, max_length=200)]
    flow: str
    since: Annotated[datetime, Meta(tz=True)]
    until: Annotated[datetime, Meta(tz=True)]
    author: str
    comment: str
    rule: str | None = None

    def active(self, now: datetime) -> bool:
        """Whether the silence is in force at a time."""
        return self.since <= now < self.until

    def matches(self, alert: Notice) -> bool:
        """Whether the silence covers an alert while it is in force."""
        return covers(self.flow, alert.flow) and self.rule in (None, alert.rule)


def silenced(alert: Notice, silences: Iterable[Silence], now: datetime) -> Silence | None:
    """The silence that mutes an alert at a time: of several the one that ends last, then the first by id."""
    muting = [silence for silence in silences if silence.active(now) and silence.matches(alert)]
    return min(muting, key=lambda silence: (-silence.until.timestamp(), silence.id), default=None)


class Muted(Struct, frozen=True):
    """Why an alert is muted: the id of the silence that covers it, and of the alert that inhibits it."""

    silenced_by: str | None
    inhibited_by: str | None


def muted_alerts(
    alerts: Iterable[Notice], silences: Iterable[Silence], now: datetime, open_alerts: OpenAlerts[N], rules: Rules
) -> dict[str, Muted]:
    """The open ones of some alerts that are muted at a time, by id, and why.

    `open_alerts`: all alerts that may inhibit them.
    """
    active = [silence for silence in silences if silence.active(now)]

    def is_silenced(alert: Notice) -> bool:
        return any(silence.matches(alert) for silence in active)

    muted = {}
    for alert in alerts:
        if not alert.state.is_open:
            continue
        silence = silenced(alert, active, now)
        inhibiting = inhibited(alert, open_alerts, rules, is_silenced)
        if silence is not None or inhibiting is not None:
            muted[alert.id] = Muted(None if silence is None else silence.id, inhibiting)
    return muted


def make_silence(  # noqa: PLR0913 - the fields of a record
    flow: str, *, until: datetime, author: str, comment: str, now: datetime, rule: str | None = None
) -> Silence:
    """A new silence; its id is a hash of its fields. Raises BordertallyError naming field and value."""
    try:
        pattern = check_pattern(flow)
    except RefusedError as error:
        raise BordertallyError(f"flow: {error.why} (got {error.value})") from None
    if until <= now:
        raise BordertallyError(f"until: {until.isoformat()} is not after {now.isoformat(timespec='seconds')}")
    for name, value in (("author", author), ("comment", comment)):
        if not value.strip():
            raise BordertallyError(f"{name}: say something; it is what others see of the silence")
    if rule is not None and rule not in RULES:
        raise BordertallyError(f"rule: {shown(rule)} is none of {', '.join(RULES)}")
    fields = f"{pattern}|{rule}|{now.isoformat()}|{until.isoformat()}|{author}|{comment}"
    identity = hashlib.sha256(fields.encode()).hexdigest()[:12]
    return Silence(id=identity, flow=pattern, since=now, until=until, author=author, comment=comment, rule=rule)


class Silences:
    """All silences by id, from the records on `silences`: a later record with an id replaces the earlier one."""

    def __init__(self) -> None:
        self.by_id: dict[str, Silence] = {}

    def apply(self, key: bytes | None, value: bytes | None) -> Silence | None:
        """Apply a record of the topic: a tombstone removes a silence, an unreadable value is skipped.

        Returns the silence that the record holds, None for none.
        """
        if not value:
            self.by_id.pop((key or b"").decode("utf-8", "replace"), None)
            return None
        try:
            silence = msgspec.json.decode(value, type=Silence)
        except msgspec.MsgspecError:
            return None
        self.by_id[silence.id] = silence
        return silence

    def active(self, now: datetime) -> list[Silence]:
        """The silences in force at a time, by their end."""
        active = (silence for silence in self.by_id.values() if silence.active(now))
        return sorted(active, key=lambda silence: (silence.until, silence.id))

    def named(self, name: str) -> Silence:
        """The silence whose id begins with `name`. Raises BordertallyError if no silence, or more than one, matches."""
        matches = [silence for identity, silence in sorted(self.by_id.items()) if identity.startswith(name)]
        if not matches:
            raise BordertallyError(f"no silence id begins with {shown(name)}")
        if len(matches) > 1:
            raise BordertallyError(f"{len(matches)} silence ids begin with {shown(name)}; write more of the id")
        return matches[0]


def expired(silence: Silence, now: datetime) -> Silence:
    """The silence, ended now. Raises BordertallyError when it is over already."""
    if silence.until <= now:
        raise BordertallyError(f"silence {silence.id} is over since {silence.until.isoformat(timespec='seconds')}")
    return msgspec.structs.replace(silence, until=max(now, silence.since))
