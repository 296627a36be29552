"""The lane of a webhook subscription: which events wait, when each is tried, and what a reply changes.

A lane is the delivery state of one subscription on one partition of `alerts`. Events wait by alert: the events of an
alert are sent in order, and an alert that fails delays no other alert. A lane holds the positions of events, not the
events, and at most `MOST_WAITING`: a full lane reads no further, and Kafka keeps the rest. The lane is one record on
the topic `webhooks`, so a restart loses nothing.
"""

from __future__ import annotations

import enum
import hashlib
from collections.abc import Callable, Collection
from email.utils import parsedate_to_datetime
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from bordertally.streams.delivery.subscriptions import AlertHead, Policy, Subscription

MOST_WAITING = 100
"""The most events that wait in a lane."""

MOST_QUIET = 1_000
"""The most muted alerts that a lane remembers."""

MOST_TOLD = 1_000
"""The most alerts that a lane remembers as sent."""

DOWN = 3
"""An endpoint is down after this many failed attempts in a row; when it responds again, all events are due at once."""

LONGEST_HOLD_S = 86_400.0
"""The longest `Retry-After` that is respected: a day."""

JITTER = 0.25
"""A wait is longer than scheduled by up to this share, so that events that failed together are not tried together."""


class EventPosition(msgspec.Struct, array_like=True, frozen=True):
    """The offset of an event on its partition of `alerts`, and when it was written, in seconds since 1970 UTC."""

    offset: int
    written: float


class Waiting(msgspec.Struct, array_like=True, frozen=True):
    """The waiting events of one alert, in order; the first was tried `attempts` times and is due at `due`."""

    alert: str
    events: tuple[EventPosition, ...]
    attempts: int = 0
    due: float = 0.0

    @property
    def head(self) -> EventPosition:
        """The event to send next."""
        return self.events[0]


class HeldAlert(msgspec.Struct, array_like=True, frozen=True):
    """A muted alert and its latest event. `untold`: it opened while muted, so the subscriber does not know it."""

    alert: AlertHead
    event: EventPosition
    untold: bool


class Lane(msgspec.Struct, frozen=True, kw_only=True):
    """The delivery state of one subscription on one partition; the record on `webhooks`, keyed by subscription.

    `next`: the next offset to read; every event before it is delivered, given up, not wanted, or waits. `joined`: when
    the lane began. `quiet`: muted alerts. `told`: the alerts sent, the latest last, kept where severity decides.
    `fails`: failed attempts since the last success. `not_before`: the endpoint asked for no request before this time.
    `delivered`, `failed`: when an attempt last succeeded and failed; 0 for never. Times are seconds since 1970 UTC.
    """

    next: int
    joined: float
    waiting: tuple[Waiting, ...] = ()
    quiet: tuple[HeldAlert, ...] = ()
    told: tuple[str, ...] = ()
    fails: int = 0
    not_before: float = 0.0
    delivered: float = 0.0
    failed: float = 0.0

    @property
    def count(self) -> int:
        """The number of waiting events."""
        return sum(len(alert.events) for alert in self.waiting)

    @property
    def room(self) -> int:
        """The number of further events that the lane has room for."""
        return 0 if len(self.quiet) >= MOST_QUIET else max(0, MOST_WAITING - self.count)


class Disabled(msgspec.Struct, frozen=True):
    """A disabled subscription: its endpoint asked for no more requests. Keyed `<subscription>:disabled` on `webhooks`.

    `url`: the fingerprint of the address; with another address, the subscription is enabled again.
    """

    since: float
    status: int
    url: str


class Reply(NamedTuple):
    """The reply to an attempt: the HTTP status, or None and the error; the seconds of `Retry-After`, if any."""

    status: int | None
    error: str = ""
    retry_after: float | None = None


class Verdict(enum.StrEnum):
    """The outcome of an attempt."""

    DELIVERED = "delivered"
    FAILED = "failed"
    GIVEN_UP = "given_up"
    GONE = "gone"


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """An attempt, as recorded on `webhooks.log`, without the address and without the text of the reply.

    `at`: when it ended, in seconds since 1970 UTC. `ms`: how long it took. `due`: when the next attempt is, or null.
    """

    at: float
    subscription: str
    webhook_id: str
    alert: str
    seq: int
    flow: str
    attempt: int
    verdict: Verdict
    status: int | None
    error: str
    ms: float
    due: float | None


def webhook_id(alert: str, seq: int) -> str:
    """The id of an event: the same in every attempt, also when its record is delivered to the hop twice."""
    return f"{alert}-{seq}"


def fingerprint(url: str) -> str:
    """A short hash of an address, which does not reveal the address."""
    return hashlib.sha256(url.encode()).hexdigest()[:16]


def admit(
    lane: Lane, event: EventPosition, alert: AlertHead | None, subscription: Subscription, *, quiet: bool = False
) -> Lane:
    """The lane after reading one record: the event waits if the subscription wants it.

    A subscriber that was sent an alert is sent its further events, whatever their severity. Minor records are never
    sent, and a backfill only to a subscription that asks for it. `alert`: None for a record that is no alert. `quiet`:
    the alert is muted; then only its latest event is kept, until `release`.
    """
    following = replace(lane, next=event.offset + 1)
    if alert is None or not subscription.follows(alert.flow):
        return following
    if alert.minor or (alert.backfill and not subscription.backfill):
        return following
    muted = next((earlier for earlier in lane.quiet if earlier.alert.id == alert.id), None)
    known = muted is not None or alert.id in lane.told
    if not known and not subscription.wants(alert.flow, (alert.severity, alert.peak_severity)):
        return following
    if quiet or muted is not None:
        untold = alert.seq == 1 if muted is None else muted.untold
        others = tuple(other for other in lane.quiet if other is not muted)
        return replace(following, quiet=(*others, HeldAlert(alert, event, untold)))
    return _enqueue(following, event, alert.id, subscription)


def release(lane: Lane, subscription: Subscription, quiet: Callable[[AlertHead], bool]) -> Lane:
    """The lane with the events of alerts that are no longer muted waiting for delivery, as far as there is room.

    `quiet`: whether an alert is muted. An alert that opened and closed while it was muted is not sent.
    """
    for muted in lane.quiet:
        if not quiet(muted.alert):
            wanted = muted.alert.state.is_open or not muted.untold
            if wanted and not lane.count < MOST_WAITING:
                break
            lane = replace(lane, quiet=tuple(other for other in lane.quiet if other is not muted))
            if wanted:
                lane = _enqueue(lane, muted.event, muted.alert.id, subscription)
    return lane


def _enqueue(lane: Lane, event: EventPosition, alert: str, subscription: Subscription) -> Lane:
    waiting = list(lane.waiting)
    for index, other in enumerate(waiting):
        if other.alert == alert:
            waiting[index] = replace(other, events=(*other.events, event))
            break
    else:
        waiting.append(Waiting(alert, (event,)))
    told = lane.told
    if not subscription.wants_all and told[-1:] != (alert,):
        told = (*(other for other in told if other != alert), alert)[-MOST_TOLD:]
    return replace(lane, waiting=tuple(waiting), told=told)


def ready(lane: Lane, now: float, busy: Collection[str]) -> list[Waiting]:
    """The alerts whose first event is due now, in order. `busy`: the alerts that are being sent."""
    if now < lane.not_before:
        return []
    return [alert for alert in lane.waiting if alert.alert not in busy and alert.due <= now]


def next_due(lane: Lane, busy: Collection[str]) -> float | None:
    """When the next event of the waiting alerts is due; None if none waits."""
    dues = [alert.due for alert in lane.waiting if alert.alert not in busy]
    return max(min(dues), lane.not_before) if dues else None


def after(lane: Lane, alert: str, reply: Reply, now: float, policy: Policy) -> tuple[Lane, Verdict]:
    """The lane after an attempt at the first event of an alert, and the outcome of the attempt.

    A status of 2xx means delivered. 410 means that the endpoint is gone; the event keeps waiting. Anything else, also a
    redirect, is tried again by the schedule until the event is as old as `give_up`.
    """
    index = next(place for place, waiting in enumerate(lane.waiting) if waiting.alert == alert)
    tried = lane.waiting[index]
    if reply.status is not None and 200 <= reply.status < 300:
        back = lane.fails >= DOWN
        waiting = _without_head(lane.waiting, index)
        if back:
            waiting = tuple(replace(other, due=0.0) for other in waiting)
        return replace(lane, waiting=waiting, fails=0, not_before=0.0, delivered=now), Verdict.DELIVERED
    failed = replace(lane, fails=lane.fails + 1, failed=now)
    if reply.status == 410:
        return failed, Verdict.GONE
    attempts = tried.attempts + 1
    hold_s = min(max(reply.retry_after or 0.0, 0.0), LONGEST_HOLD_S)
    if hold_s and reply.status in (429, 503):
        failed = replace(failed, not_before=max(failed.not_before, now + hold_s))
    due = now + max(delay(policy, attempts, f"{alert} {tried.head.offset}"), hold_s)
    if now >= max(tried.head.written, lane.joined) + policy.give_up:
        return replace(failed, waiting=_without_head(lane.waiting, index)), Verdict.GIVEN_UP
    waiting = (*lane.waiting[:index], replace(tried, attempts=attempts, due=due), *lane.waiting[index + 1 :])
    return replace(failed, waiting=waiting), Verdict.FAILED


def hold(lane: Lane, until: float) -> Lane:
    """The lane when its endpoint asked another lane of the subscription to wait until a time."""
    return replace(lane, not_before=max(lane.not_before, until))


def revive(lane: Lane) -> Lane:
    """The lane with all events due now: its subscription was enabled, or its endpoint responded on another lane."""
    return replace(lane, waiting=tuple(replace(alert, due=0.0) for alert in lane.waiting), fails=0, not_before=0.0)


def lost(lane: Lane, alert: str) -> Lane:
    """The lane without the first event of an alert, which is no longer on the topic."""
    index = next(place for place, waiting in enumerate(lane.waiting) if waiting.alert == alert)
    return replace(lane, waiting=_without_head(lane.waiting, index))


def _without_head(waiting: tuple[Waiting, ...], index: int) -> tuple[Waiting, ...]:
    rest = waiting[index].events[1:]
    left = (replace(waiting[index], events=rest, attempts=0, due=0.0),) if rest else ()
    return (*waiting[:index], *left, *waiting[index + 1 :])


def delay(policy: Policy, attempts: int, what: str) -> float:
    """Seconds until the next attempt after `attempts`: those of the schedule, and up to a quarter more.

    The addition is a hash of `what` is tried and of `attempts`, so it is the same after a restart.
    """
    base = policy.schedule[min(attempts, len(policy.schedule)) - 1]
    drawn = int.from_bytes(hashlib.sha256(f"{what} {attempts}".encode()).digest()[:6]) / 2**48
    return base * (1 + JITTER * drawn)


def retry_after(text: str | None, now: float) -> float | None:
    """The seconds that a `Retry-After` header asks for, as a number or a date (RFC 9110, 10.2.3); None for neither."""
    if text is None:
        return None
    text = text.strip()
    if text.isascii() and text.isdigit():
        return min(float(text), LONGEST_HOLD_S)
    try:
        moment = parsedate_to_datetime(text).timestamp()
    except (ValueError, OverflowError):
        return None
    return min(max(moment - now, 0.0), LONGEST_HOLD_S)


class _Payload(msgspec.Struct):
    type: str
    timestamp: str
    data: msgspec.Raw


def body(kind: str, timestamp: str, data: bytes) -> bytes:
    """The body of a request after the Standard Webhooks specification: type, timestamp and data.

    The bytes are the same in every attempt. `kind`: such as `alert.firing`. `timestamp`: when the record was written,
    in ISO 8601. `data`: the record as JSON.
    """
    return msgspec.json.encode(_Payload(kind, timestamp, msgspec.Raw(data)))
