"""Events of the stream: records of `totals` and `alerts`, encoded once for all clients."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from bordertally.agents.kafka.clients import Received
from bordertally.agents.runtime.context import log
from bordertally.streams.delivery.stream_position import KINDS
from bordertally.streams.flows import includes
from bordertally.streams.rules.config import SEVERITIES

QUIET = "quiet"
"""The kind without a topic: the open alerts that are muted (see quiet.py)."""

DESK = "desk"
"""The kind without a topic: acknowledgements, and how many claims wait for review (see desk.py)."""

NAMES = {"alerts": "alert", "totals": "total"}
RANK = {severity: rank for rank, severity in enumerate(SEVERITIES)}


class Event(NamedTuple):
    """One record: its slot (partition) and offset, kind and flow. `rank`: severity of an alert, -1 for totals.

    `body`: the lines of the event without its id.
    """

    slot: int
    offset: int
    kind: str
    flow: str
    rank: int
    body: bytes


class Filter(NamedTuple):
    """The events a client asked for; clients with equal filters get the same bytes."""

    kinds: tuple[str, ...] = KINDS
    flow: str | None = None
    rank: int = 0

    def wants(self, event: Event) -> bool:
        """Whether an event passes the filter."""
        return (
            event.kind in self.kinds
            and (event.rank < 0 or event.rank >= self.rank)
            and (self.flow is None or includes(self.flow, event.flow))
        )


class _Severity(msgspec.Struct):
    severity: str


_severity = msgspec.json.Decoder(_Severity).decode


def event_of(slot: int, kind: str, record: Received) -> Event | None:
    """Return the event of a record; None for a tombstone or a record that is not an alert (others may write too)."""
    if record.key is None or record.value is None:
        return None
    try:
        rank = RANK[_severity(record.value).severity] if kind == "alerts" else -1
    except (msgspec.MsgspecError, KeyError):
        log.warning("gateway: skipped offset %d of slot %d on %s: not an alert", record.offset, slot, kind)
        return None
    value = record.value  # the hops write JSON on one line; other JSON needs one data: per line
    data = b"\ndata: ".join(value.splitlines()) if b"\n" in value or b"\r" in value else value
    body = b"event: %b\ndata: %b\n\n" % (NAMES[kind].encode(), data)
    return Event(slot, record.offset, kind, record.key.decode(errors="replace"), rank, body)


def frame(place: str, body: bytes) -> bytes:
    """Return an event as sent; its id is the position from which a client resumes after it."""
    return b"id: %b\n%b" % (place.encode(), body)


def heartbeat(place: str) -> bytes:
    """Return a heartbeat: a comment that keeps the connection alive, and the position to resume from; not an event."""
    return b": \nid: %b\n\n" % place.encode()
