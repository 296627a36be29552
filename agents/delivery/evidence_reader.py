"""Reads the evidence in Redis and traces a figure through it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from bordertally.agents.delivery.redis_keys import FLOWS, flow_key, statements_key, tallies_key
from bordertally.streams.evidence.records import Evidence
from bordertally.streams.evidence.trace import DAYS, MOST_FLOWS, Kept, trace, window_of
from bordertally.streams.flows import Flow
from bordertally.streams.ledger.aliases import names_of
from bordertally.streams.reports.sources import Registry
from bordertally.streams.totals.records import FlowState

_state = msgspec.json.Decoder(FlowState).decode


async def evidence_of(
    redis: Any, registry: Registry, flow: str, first: int | None = None, end: int | None = None
) -> Evidence:
    """The evidence for the people on a flow from the ordinal day `first` to `end`, exclusive.

    `redis`: a client that returns bytes. `flow` may be an alias in the registry. Raises RedisError.
    """
    flow = registry.place(flow)
    known = sorted(name.decode() for name in await redis.smembers(FLOWS))
    flows = [name for name in known if name == flow or name.startswith(f"{flow}:")]
    kept = await _read(redis, flows[:MOST_FLOWS], registry, flow, (first, end))
    evidence = trace(flow, kept, registry.names, first, end)
    return msgspec.structs.replace(evidence, truncated=True) if len(flows) > MOST_FLOWS else evidence


async def _read(
    redis: Any, flows: Sequence[str], registry: Registry, flow: str, asked: tuple[int | None, int | None]
) -> dict[str, Kept]:
    states: dict[str, FlowState] = {}
    for name, raw in zip(flows, await _all(redis, "hget", [(flow_key(name), "state") for name in flows]), strict=True):
        if raw is not None:
            states[name] = _state(raw)
    others = names_of(registry.aliases)
    names = [(place, name) for place in states for name in (place, *others.get(Flow(place), ()))]
    days = range(*(window_of(states.get(flow), *asked) or (0, 0)))
    statements = await _all(redis, "hgetall", [(statements_key(name),) for _, name in names])
    if len(days) > DAYS:
        counted = await _all(redis, "hgetall", [(tallies_key(name),) for _, name in names])
    else:
        rows = (
            await _all(redis, "hmget", [(tallies_key(name), list(days)) for _, name in names])
            if days
            else [()] * len(names)
        )
        counted = [dict(zip(days, row, strict=True)) for row in rows]
    oldest = await _all(redis, "hkeys", [(tallies_key(name),) for _, name in names])
    evidence: dict[str, Kept] = {}
    for (place, _), blocks, tallied, stored in zip(names, statements, counted, oldest, strict=True):
        tallies = {day: raw for day, raw in tallied.items() if raw is not None}
        kept = Kept.of(states[place], blocks, tallies, [int(day) for day in stored])
        evidence[place] = evidence[place].plus(kept) if place in evidence else kept
    return evidence


async def _all(redis: Any, command: str, arguments: Sequence[tuple[Any, ...]]) -> list[Any]:
    """The replies to one command with each of these arguments, in one round trip."""
    async with redis.pipeline(transaction=False) as pipe:
        for each in arguments:
            getattr(pipe, command)(*each)
        answers: list[Any] = await pipe.execute()
    return answers
