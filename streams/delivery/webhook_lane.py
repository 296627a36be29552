"""Delivering alert events to one subscription: what is tried when, and what a reply leads to. Pure.

A lane is one subscription on one partition of `alerts`. It reads on from `next` and lets events wait by alert, so that
those of one alert go out in order while another alert that fails holds up nothing but itself. A lane holds places of
events, never the events, and no more than `MOST_WAITING` of them: when it is full it reads no further, and Kafka keeps
the rest. The whole lane is one record on the topic `webhooks`, so a restart changes nothing but the time of day.
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
"""Events that wait in a lane at most."""

MOST_QUIET = 1_000
"""Alerts that a lane keeps quiet about at most."""

MOST_TOLD = 1_000
"""Alerts a lane remembers having told of at most."""

DOWN = 3
"""So many tries in a row that fail are an endpoint that is down; when it answers again, all goes out at once."""

LONGEST_HOLD_S = 86_400.0
"""A `Retry-After` is heeded up to a day."""

JITTER = 0.25
"""A wait is up to so much longer than in the schedule, so that what failed together is not tried together."""


class EventPosition(msgspec.Struct, array_like=True, frozen=True):
    """Where an event stands on its partition of `alerts`, and when it was written, seconds since 1970 UTC."""

    offset: int
    written: float


class Waiting(msgspec.Struct, array_like=True, frozen=True):
    """Events of one alert in order; the first has been tried `attempts` times and is due at `due`."""

    alert: str
    events: tuple[EventPosition, ...]
    attempts: int = 0
    due: float = 0.0

    @property
    def head(self) -> EventPosition:
        """The one to send next."""
        return self.events[0]


class HeldAlert(msgspec.Struct, array_like=True, frozen=True):
    """An alert that is silenced or inhibited, and its latest event. `untold`: it opened since, nobody knows of it."""

    alert: AlertHead
    event: EventPosition
    untold: bool


class Lane(msgspec.Struct, frozen=True, kw_only=True):
    """What one subscription has been sent of one partition; the record on `webhooks`, keyed by subscription.

    `next`: the offset to read on from; every event before it is delivered, given up, of no concern, or waits.
    `joined`: when the lane began. `quiet`: alerts that are not to be told of just now. `told`: alerts it has been told
    of, the latest last, kept where severity decides. `fails`: tries that failed since one succeeded. `not_before`:
    when the endpoint asked to be left alone until. `delivered`, `failed`: when a try last succeeded and failed; 0
    never. Times are seconds since 1970 UTC.
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
        """Events that wait."""
        return sum(len(one.events) for one in self.waiting)

    @property
    def room(self) -> int:
        """How many more events there is room for."""
        return 0 if len(self.quiet) >= MOST_QUIET else max(0, MOST_WAITING - self.count)


class Disabled(msgspec.Struct, frozen=True):
    """A subscription that is sent nothing: the endpoint said so. Keyed `<subscription>:disabled` on `webhooks`.

    `url`: a fingerprint of its address then; at another address it is sent to again.
    """

    since: float
    status: int
    url: str


class Reply(NamedTuple):
    """What came of a try: the HTTP status, or None and why there is none; seconds in `Retry-After`, if it said any."""

    status: int | None
    error: str = ""
    retry_after: float | None = None


class Verdict(enum.StrEnum):
    """What a try comes to."""

    DELIVERED = "delivered"
    FAILED = "failed"
    GIVEN_UP = "given_up"
    GONE = "gone"


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """One try, as it stands on `webhooks.log`. Neither the address nor the answer's text is in it.

    `at`: seconds since 1970 UTC when it ended; `ms`: how long it took; `due`: when the next is, null if there is none.
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
    """The id of an event: the same at every try, and when its record was delivered twice to us."""
    return f"{alert}-{seq}"


def fingerprint(url: str) -> str:
    """A name for an address that does not give it away."""
    return hashlib.sha256(url.encode()).hexdigest()[:16]


def admit(
    lane: Lane, event: EventPosition, alert: AlertHead | None, subscription: Subscription, *, quiet: bool = False
) -> Lane:
    """Read one record: it waits if the subscription wants it, and is passed over otherwise; `None` is no alert.

    Nobody is notified of a minor record, and of a backfill only whoever asks for it.

    Whoever was told of an alert is told how it goes on, whatever its severity has become. With `quiet` only the latest
    event of the alert is kept, until `release`.
    """
    following = replace(lane, next=event.offset + 1)
    if alert is None or not subscription.follows(alert.flow):
        return following
    if alert.minor or (alert.backfill and not subscription.backfill):
        return following
    held = next((one for one in lane.quiet if one.alert.id == alert.id), None)
    known = held is not None or alert.id in lane.told
    if not known and not subscription.wants(alert.flow, (alert.severity, alert.peak_severity)):
        return following
    if quiet or held is not None:
        untold = alert.seq == 1 if held is None else held.untold
        others = tuple(one for one in lane.quiet if one is not held)
        return replace(following, quiet=(*others, HeldAlert(alert, event, untold)))
    return _enqueue(following, event, alert.id, subscription)


def release(lane: Lane, subscription: Subscription, quiet: Callable[[AlertHead], bool]) -> Lane:
    """Let what is no longer silenced or inhibited wait for delivery, as far as there is room.

    Of an alert that opened and closed meanwhile nobody needs to know.
    """
    for one in lane.quiet:
        if not quiet(one.alert):
            news = one.alert.state.is_open or not one.untold
            if news and not lane.count < MOST_WAITING:
                break
            lane = replace(lane, quiet=tuple(other for other in lane.quiet if other is not one))
            if news:
                lane = _enqueue(lane, one.event, one.alert.id, subscription)
    return lane


def _enqueue(lane: Lane, event: EventPosition, alert: str, subscription: Subscription) -> Lane:
    waiting = list(lane.waiting)
    for index, one in enumerate(waiting):
        if one.alert == alert:
            waiting[index] = replace(one, events=(*one.events, event))
            break
    else:
        waiting.append(Waiting(alert, (event,)))
    told = lane.told
    if not subscription.wants_all and told[-1:] != (alert,):
        told = (*(one for one in told if one != alert), alert)[-MOST_TOLD:]
    return replace(lane, waiting=tuple(waiting), told=told)


def ready(lane: Lane, now: float, busy: Collection[str]) -> list[Waiting]:
    """What to send now, in order: of each alert that is not being sent at the moment the first event, when due."""
    if now < lane.not_before:
        return []
    return [one for one in lane.waiting if one.alert not in busy and one.due <= now]


def next_due(lane: Lane, busy: Collection[str]) -> float | None:
    """When something will be ready, if nothing else happens; None for never."""
    dues = [one.due for one in lane.waiting if one.alert not in busy]
    return max(min(dues), lane.not_before) if dues else None


def after(lane: Lane, alert: str, reply: Reply, now: float, policy: Policy) -> tuple[Lane, Verdict]:
    """The lane after a try of the first event of an alert, and what the try came to.

    2xx is delivered; 410 says that nobody is there any more, and the event keeps waiting; anything else, a redirect
    too, is tried again by the schedule until the event is as old as `give_up`.
    """
    index = next(place for place, one in enumerate(lane.waiting) if one.alert == alert)
    one = lane.waiting[index]
    if reply.status is not None and 200 <= reply.status < 300:
        back = lane.fails >= DOWN
        waiting = _without_head(lane.waiting, index)
        if back:
            waiting = tuple(replace(other, due=0.0) for other in waiting)
        return replace(lane, waiting=waiting, fails=0, not_before=0.0, delivered=now), Verdict.DELIVERED
    failed = replace(lane, fails=lane.fails + 1, failed=now)
    if reply.status == 410:
        return failed, Verdict.GONE
    attempts = one.attempts + 1
    held = min(max(reply.retry_after or 0.0, 0.0), LONGEST_HOLD_S)
    if held and reply.status in (429, 503):
        failed = replace(failed, not_before=max(failed.not_before, now + held))
    due = now + max(delay(policy, attempts, f"{alert} {one.head.offset}"), held)
    if now >= max(one.head.written, lane.joined) + policy.give_up:
        return replace(failed, waiting=_without_head(lane.waiting, index)), Verdict.GIVEN_UP
    waiting = (*lane.waiting[:index], replace(one, attempts=attempts, due=due), *lane.waiting[index + 1 :])
    return replace(failed, waiting=waiting), Verdict.FAILED


def hold(lane: Lane, until: float) -> Lane:
    """The lane when another of its subscription was asked to wait until then."""
    return replace(lane, not_before=max(lane.not_before, until))


def revive(lane: Lane) -> Lane:
    """The lane when its subscription was switched on again, or answered again on another lane: all is due now."""
    return replace(lane, waiting=tuple(replace(one, due=0.0) for one in lane.waiting), fails=0, not_before=0.0)


def lost(lane: Lane, alert: str) -> Lane:
    """The lane without the first event of an alert, which is on the topic no more."""
    index = next(place for place, one in enumerate(lane.waiting) if one.alert == alert)
    return replace(lane, waiting=_without_head(lane.waiting, index))


def _without_head(waiting: tuple[Waiting, ...], index: int) -> tuple[Waiting, ...]:
    rest = waiting[index].events[1:]
    left = (replace(waiting[index], events=rest, attempts=0, due=0.0),) if rest else ()
    return (*waiting[:index], *left, *waiting[index + 1 :])


def delay(policy: Policy, attempts: int, what: str) -> float:
    """Seconds until the next try after so many: those of the schedule and up to a quarter more, by `what` it is.

    A function of what is tried and how often: a restart does not draw another one.
    """
    base = policy.schedule[min(attempts, len(policy.schedule)) - 1]
    drawn = int.from_bytes(hashlib.sha256(f"{what} {attempts}".encode()).digest()[:6]) / 2**48
    return base * (1 + JITTER * drawn)


def retry_after(text: str | None, now: float) -> float | None:
    """Seconds a `Retry-After` header asks for (RFC 9110, 10.2.3): a number or a date; None for neither."""
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
    """What is sent, after the Standard Webhooks specification: type, timestamp and data, the same bytes at every try.

    `kind` such as `alert.firing`, `timestamp` when it was said (ISO 8601), `data` JSON.
    """
    return msgspec.json.encode(_Payload(kind, timestamp, msgspec.Raw(data)))
