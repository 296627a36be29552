"""What a running pipeline tells of a flow: its evidence in Redis, and `bordertally why` in the terminal."""

from __future__ import annotations

import asyncio
from typing import Any

from redis.asyncio import Redis

from bordertally.agents.delivery.evidence_reader import evidence_of
from bordertally.streams.evidence.records import Evidence
from forking import run
from live import Live


async def held(live: Live, flow: str, first: int | None = None, end: int | None = None) -> Evidence:
    redis: Any = Redis.from_url(f"redis://{live.redis.address}/0")
    try:
        return await evidence_of(redis, live.registry, flow, first, end)
    finally:
        await redis.aclose()


async def why(live: Live, flow: str) -> str:
    """What the terminal says."""
    return (await asyncio.to_thread(run, "why", flow, environment=live.environment)).stdout
