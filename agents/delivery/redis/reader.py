"""Reads the view in Redis: silences, flow states, open alerts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from bordertally.agents.delivery.redis.keys import FLOWS, OPEN_ALERTS, SILENCES, flow_key
from bordertally.agents.runtime.unreadable import readable
from bordertally.streams.alerts.records import Alert
from bordertally.streams.alerts.silences import Silences
from bordertally.streams.totals.records import FlowState

_decode_state = msgspec.json.Decoder(FlowState).decode
_decode_alert = msgspec.json.Decoder(Alert).decode


def silences_of(stored: Mapping[bytes, bytes]) -> Silences:
    """All silences of the hash in the view."""
    silences = Silences()
    for name, raw in stored.items():
        silences.apply(name, raw)
    return silences


async def silences_in(redis: Any) -> Silences:
    """All silences in the view now. Raises RedisError."""
    return silences_of(await redis.hgetall(SILENCES))


async def states_in(redis: Any) -> list[FlowState]:
    """The newest state of every flow, by path; a state that cannot be read is left out. Raises RedisError."""
    flows = sorted(flow.decode("utf-8", "replace") for flow in await redis.smembers(FLOWS))
    async with redis.pipeline(transaction=False) as pipe:
        for flow in flows:
            pipe.hget(flow_key(flow), "state")
        raws = await pipe.execute()
    stored = {flow: raw for flow, raw in zip(flows, raws, strict=True) if raw is not None}
    return list(readable(_decode_state, stored, "the state of").values())


async def open_alerts_in(redis: Any) -> list[Alert]:
    """The open alerts, by flow and id. Raises RedisError."""
    alerts = readable(_decode_alert, await redis.hgetall(OPEN_ALERTS), OPEN_ALERTS).values()
    return sorted(alerts, key=lambda alert: (alert.flow, alert.id))
