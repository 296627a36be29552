"""Reads the evidence in Redis and traces a figure through it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from bordertally.agents.delivery.redis.keys import FLOWS, flow_key, statements_key, tallies_key
from bordertally.agents.runtime.unreadable import readable
from bordertally.streams.evidence.records import Evidence
from bordertally.streams.evidence.tallies import Tally
from bordertally.streams.evidence.trace import DAYS, MOST_FLOWS, Kept, trace, window_of
from bordertally.streams.flows import Flow, includes
from bordertally.streams.ledger.aliases import names_of
from bordertally.streams.ledger.rows import decode_claims
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
    known = sorted(readable(bytes.decode, {name: name for name in await redis.smembers(FLOWS)}, FLOWS).values())
    flows = [name for name in known if includes(flow, name)]
    kept = await _read(redis, flows[:MOST_FLOWS], registry, flow, (first, end))
    evidence = trace(flow, kept, registry.names, first, end)
    return msgspec.structs.replace(evidence, truncated=True) if len(flows) > MOST_FLOWS else evidence


async def _read(
    redis: Any, flows: Sequence[str], registry: Registry, flow: str, asked: tuple[int | None, int | None]
) -> dict[str, Kept]:
    raws = await _all(redis, "hget", [(flow_key(name), "state") for name in flows])
    states = readable(_state, dict(zip(flows, raws, strict=True)), "the state of")
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
    for (place, _), blocks, tallied, stored_days in zip(names, statements, counted, oldest, strict=True):
        kept = _kept(states[place], blocks, {day: raw for day, raw in tallied.items() if raw is not None}, stored_days)
        evidence[place] = evidence[place].plus(kept) if place in evidence else kept
    return evidence


def _kept(state: FlowState, blocks: Mapping[Any, bytes], tallies: Mapping[Any, bytes], days: Sequence[bytes]) -> Kept:
    """What is kept of a flow, without rows that cannot be read."""
    numbers = list(readable(int, dict(zip(days, days, strict=True)), "evidence of").values())
    try:
        return Kept.of(state, blocks, tallies, numbers)
    except (ValueError, msgspec.MsgspecError):
        blocks = {
            name: blocks[name] for name in readable(_claims_row, {n: (n, raw) for n, raw in blocks.items()}, _ROW)
        }
        tallies = {
            name: tallies[name] for name in readable(_tallies_row, {n: (n, raw) for n, raw in tallies.items()}, _ROW)
        }
        return Kept.of(state, blocks, tallies, numbers)


_ROW = "an evidence row"
_decode_tallies = msgspec.json.Decoder(list[Tally]).decode


def _claims_row(row: tuple[Any, bytes]) -> None:
    int(row[0])
    decode_claims(row[1])


def _tallies_row(row: tuple[Any, bytes]) -> None:
    int(row[0])
    _decode_tallies(row[1])


async def _all(redis: Any, command: str, arguments: Sequence[tuple[Any, ...]]) -> list[Any]:
    """The replies to one command with each of these arguments, in one round trip."""
    async with redis.pipeline(transaction=False) as pipe:
        for each in arguments:
            getattr(pipe, command)(*each)
        answers: list[Any] = await pipe.execute()
    return answers
