"""Asking a running pipeline for the evidence of a flow: in Redis, and with `bordertally why`."""

from __future__ import annotations

import asyncio
from typing import Any

from redis.asyncio import Redis

from bordertally.agents.delivery.redis.evidence_reader import evidence_of
from bordertally.streams.evidence.records import Evidence
from forking import run
from live import Live


async def evidence_in_redis(live: Live, flow: str, first: int | None = None, end: int | None = None) -> Evidence:
    """The evidence of a flow in Redis, for the days from `first` to `end` (ordinals, exclusive)."""
    redis: Any = Redis.from_url(f"redis://{live.redis.address}/0")
    try:
        return await evidence_of(redis, live.registry, flow, first, end)
    finally:
        await redis.aclose()


async def why(live: Live, flow: str) -> str:
    """The output of `bordertally why` for a flow."""
    return (await asyncio.to_thread(run, "why", flow, environment=live.environment)).stdout
