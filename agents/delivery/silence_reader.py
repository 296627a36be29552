"""Reads the silences in Redis."""

from __future__ import annotations

from typing import Any

from bordertally.agents.delivery.redis_keys import SILENCES
from bordertally.streams.alerts.silences import Silences


async def silences_in(redis: Any) -> Silences:
    """All silences in the view now. Raises RedisError."""
    silences = Silences()
    for name, raw in (await redis.hgetall(SILENCES)).items():
        silences.apply(name, raw)
    return silences
