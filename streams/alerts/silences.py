"""Silences and inhibition: which alerts nobody need be told of just now. The record on `alerts` stays what it is.

As in Alertmanager: a silence is set by a person, for a flow and what lies below it, until a time; an alert is inhibited
while an open alert of the same rule, at least as severe, stands on a flow above it. Both mark an alert; only what
notifies people heeds them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Generic, Protocol, TypeVar

import msgspec
from msgspec import Meta, Struct

from bordertally.streams.alerts.records import AlertState
from bordertally.streams.detection.registry import RULES
from bordertally.streams.errors import BordertallyError, RefusedError, shown
from bordertally.streams.flows import check_pattern, covers
from bordertally.streams.rules.config import SEVERITIES, Rules


class Notice(Protocol):
    """Of an alert, what decides whether anybody is told of it."""

    @property
    def id(self) -> str: ...  # noqa: D102
    @property
    def flow(self) -> str: ...  # noqa: D102
    @property
    def rule(self) -> str: ...  # noqa: D102
    @property
    def state(self) -> AlertState: ...  # noqa: D102
    @property
    def severity(self) -> str: ...  # noqa: D102


class Silence(Struct, frozen=True, kw_only=True):
    """The record on `silences`, keyed by id: whoever it covers is not told of until `until`, exclusive.

    `flow`: a pattern, as in the source registry: a flow and all below it, `*` for any one part. `rule`: only that rule,
    all of them if null. A later record of the same id replaces it; one that is expired ends when it was expired.
    """

    id: Annotated[str, Meta(min_length=1, max_length=200)]
    flow: str
    since: Annotated[datetime, Meta(tz=True)]
    until: Annotated[datetime, Meta(tz=True)]
    author: str
    comment: str
    rule: str | None = None

    def active(self, now: datetime) -> bool:
        """Whether it holds at a time."""
        return self.since <= now < self.until

    def matches(self, alert: Notice) -> bool:
        """Whether it is about an alert, whenever it holds."""
        return covers(self.flow, alert.flow) and self.rule in (None, alert.rule)


def silenced(alert: Notice, silences: Iterable[Silence], now: datetime) -> Silence | None:
    """The silence that keeps an alert quiet at a time: of several the one that holds longest, then the first by id."""
    found = [one for one in silences if one.active(now) and one.matches(alert)]
    return min(found, key=lambda one: (-one.until.timestamp(), one.id), default=None)


def inhibited(alert: Notice, open_alerts: Iterable[Notice], rules: Rules | None = None) -> str | None:
    """The id of the alert above that makes an alert no news of its own: the nearest, then the first by id.

    It stands on a flow above, is open, of the same rule, and at least as severe. `rules`: only where `inhibit` is on
    for the flow of the alert; without them, wherever.
    """
    if rules is not None and not rules.of(alert.flow).detection.inhibit:
        return None
    rank = SEVERITIES.index(alert.severity)
    above = [
        one
        for one in open_alerts
        if one.rule == alert.rule
        and one.state.is_open
        and alert.flow.startswith(f"{one.flow}:")
        and SEVERITIES.index(one.severity) >= rank
    ]
    return min(above, key=lambda one: (-len(one.flow), one.id)).id if above else None


N = TypeVar("N", bound=Notice)


class OpenAlerts(Generic[N]):
    """The open alerts by id, as their topic says: the later record of an alert replaces the earlier one."""

    def __init__(self) -> None:
        self.by_id: dict[str, N] = {}

    def apply(self, alert: N) -> None:
        """Apply a record of the topic."""
        if alert.state.is_open:
            self.by_id[alert.id] = alert
        else:
            self.by_id.pop(alert.id, None)


class Muted(Struct, frozen=True):
    """Why nobody is told of an alert now: the id of the silence that covers it, and of the alert that inhibits it."""

    silenced_by: str | None
    inhibited_by: str | None


def quieted(
    alerts: Iterable[Notice], silences: Iterable[Silence], now: datetime, above: Iterable[Notice] = (), *, rules: Rules
) -> dict[str, Muted]:
    """By id, those of some alerts that are open and that nobody is told of at a time, and why.

    `above`: the open alerts, of which one may inhibit another where the rules say so.
    """
    known, over = list(silences), list(above)
    found = {}
    for one in alerts:
        if not one.state.is_open:
            continue
        silence = silenced(one, known, now)
        inhibiting = inhibited(one, over, rules) if over and rules.inhibits else None
        if silence is not None or inhibiting is not None:
            found[one.id] = Muted(None if silence is None else silence.id, inhibiting)
    return found


def make_silence(  # noqa: PLR0913 - the fields of a record
    flow: str, *, until: datetime, author: str, comment: str, now: datetime, rule: str | None = None
) -> Silence:
    """A new silence, its id made of what it says. Raises BordertallyError naming the field that is wrong."""
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
    said = f"{pattern}|{rule}|{now.isoformat()}|{until.isoformat()}|{author}|{comment}"
    identity = hashlib.sha256(said.encode()).hexdigest()[:12]
    return Silence(id=identity, flow=pattern, since=now, until=until, author=author, comment=comment, rule=rule)


class Silences:
    """All silences by id, as their topic says: the later record of an id replaces the earlier one."""

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
        """Those that hold at a time, the one that ends first first."""
        return sorted((one for one in self.by_id.values() if one.active(now)), key=lambda one: (one.until, one.id))

    def named(self, name: str) -> Silence:
        """The silence whose id begins so. Raises BordertallyError when there is none, or more than one."""
        found = [one for identity, one in sorted(self.by_id.items()) if identity.startswith(name)]
        if len(found) != 1:
            raise BordertallyError(
                f"{shown(name)} is the beginning of {len(found) or 'no'} silence{'s' if len(found) > 1 else ''}"
            )
        return found[0]


def expired(silence: Silence, now: datetime) -> Silence:
    """A silence that ends now. Raises BordertallyError when it is over already."""
    if silence.until <= now:
        raise BordertallyError(f"silence {silence.id} is over since {silence.until.isoformat(timespec='seconds')}")
    return msgspec.structs.replace(silence, until=max(now, silence.since))
