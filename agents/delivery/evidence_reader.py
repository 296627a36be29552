"""Reads the evidence in Redis and traces a figure through it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from bordertally.agents.delivery.redis_keys import FLOWS, flow_key, statements_key, tallies_key
from bordertally.streams.evidence.records import Evidence
from bordertally.streams.evidence.trace import DAYS, MOST_FLOWS, Kept, trace, window_of
from bordertally.streams.totals.records import FlowState

_state = msgspec.json.Decoder(FlowState).decode


async def evidence_of(
    redis: Any, names: Mapping[str, str], flow: str, first: int | None = None, end: int | None = None
) -> Evidence:
    """The evidence for the people on a flow from the ordinal day `first` to `end`, exclusive.

    `redis`: a client that returns bytes. `names`: the names of sources by id. Raises RedisError.
    """
    known = sorted(name.decode() for name in await redis.smembers(FLOWS))
    flows = [name for name in known if name == flow or name.startswith(f"{flow}:")]
    evidence = trace(flow, await _read(redis, flows[:MOST_FLOWS], flow, first, end), names, first, end)
    return msgspec.structs.replace(evidence, truncated=True) if len(flows) > MOST_FLOWS else evidence


async def _read(redis: Any, flows: Sequence[str], flow: str, first: int | None, end: int | None) -> dict[str, Kept]:
    states: dict[str, FlowState] = {}
    for name, raw in zip(flows, await _all(redis, "hget", [(flow_key(name), "state") for name in flows]), strict=True):
        if raw is not None:
            states[name] = _state(raw)
    days = range(*(window_of(states.get(flow), first, end) or (0, 0)))
    statements = await _all(redis, "hgetall", [(statements_key(one),) for one in states])
    if len(days) > DAYS:
        counted = await _all(redis, "hgetall", [(tallies_key(name),) for name in states])
    else:
        rows = (
            await _all(redis, "hmget", [(tallies_key(name), list(days)) for name in states])
            if days
            else [()] * len(states)
        )
        counted = [dict(zip(days, row, strict=True)) for row in rows]
    oldest = await _all(redis, "hkeys", [(tallies_key(name),) for name in states])
    return {
        name: Kept.of(
            state, blocks, {day: raw for day, raw in tallied.items() if raw is not None}, [int(day) for day in kept]
        )
        for (name, state), blocks, tallied, kept in zip(states.items(), statements, counted, oldest, strict=True)
    }


async def _all(redis: Any, command: str, arguments: Sequence[tuple[Any, ...]]) -> list[Any]:
    """The replies to one command with each of these arguments, in one round trip."""
    async with redis.pipeline(transaction=False) as pipe:
        for each in arguments:
            getattr(pipe, command)(*each)
        answers: list[Any] = await pipe.execute()
    return answers
