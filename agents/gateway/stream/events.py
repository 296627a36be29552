"""Events of the stream: a record of `totals` or `alerts`, encoded once for all who want it."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from bordertally.agents.gateway.view import below
from bordertally.agents.kafka.received import Received
from bordertally.agents.runtime.context import log
from bordertally.streams.delivery.stream_position import KINDS
from bordertally.streams.rules.config import SEVERITIES

QUIET = "quiet"
"""The kind that is no topic: which open alerts nobody is told of (see quieting)."""

NAMES = {"alerts": "alert", "totals": "total"}
RANK = {severity: rank for rank, severity in enumerate(SEVERITIES)}


class Event(NamedTuple):
    """One record: where it stands, what it is about, and its bytes. `rank`: severity of an alert, -1 for totals.

    `body`: the lines of the event but for its id.
    """

    slot: int
    offset: int
    kind: str
    flow: str
    rank: int
    body: bytes


class Filter(NamedTuple):
    """What a client wants; clients with equal filters get the same bytes."""

    kinds: tuple[str, ...] = KINDS
    flow: str | None = None
    rank: int = 0

    def wants(self, event: Event) -> bool:
        """Whether an event passes."""
        return (
            event.kind in self.kinds
            and (event.rank < 0 or event.rank >= self.rank)
            and (self.flow is None or below(event.flow, self.flow))
        )


class _Severity(msgspec.Struct):
    severity: str


_severity = msgspec.json.Decoder(_Severity).decode


def event_of(slot: int, kind: str, record: Received) -> Event | None:
    """The event of a record; None for what is none: anybody may write to a topic."""
    if record.key is None or record.value is None:
        return None
    try:
        rank = RANK[_severity(record.value).severity] if kind == "alerts" else -1
    except (msgspec.MsgspecError, KeyError):
        log.warning("gateway: record %d of slot %d on %s is no alert, and left out", record.offset, slot, kind)
        return None
    value = record.value  # JSON as the hops write it is one line; any other is cut into several
    data = b"\ndata: ".join(value.splitlines()) if b"\n" in value or b"\r" in value else value
    body = b"event: %b\ndata: %b\n\n" % (NAMES[kind].encode(), data)
    return Event(slot, record.offset, kind, record.key.decode(errors="replace"), rank, body)


def frame(place: str, body: bytes) -> bytes:
    """An event as it is sent: after it, its place is what the client comes back with."""
    return b"id: %b\n%b" % (place.encode(), body)


def beat(place: str) -> bytes:
    """A heartbeat: a comment for whoever watches the connection, and the place to come back to. It is no event."""
    return b": \nid: %b\n\n" % place.encode()
