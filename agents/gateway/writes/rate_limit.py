"""A rate limit shared by all gateways, stored in Redis; while Redis is unavailable each gateway limits by itself."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from redis.exceptions import RedisError

from bordertally.agents.delivery.redis.keys import rate_key
from bordertally.agents.runtime.context import log
from bordertally.streams.delivery.rate_limit import RateLimit

ANSWER_S = 0.25
"""Seconds to wait for Redis; a report is not delayed longer."""

AWAY_S = 2.0
"""Seconds without a request to Redis after one failed."""

# The algorithm of streams/delivery/rate_limit.py, by the clock of Redis: the clocks of gateways may differ.
_ACQUIRE = """
local now = redis.call('TIME')
local at = tonumber(now[1]) + tonumber(now[2]) / 1000000
local step, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local full_at = math.max(tonumber(redis.call('GET', KEYS[1]) or 0), at)
local wait = full_at + step - at - burst * step
if wait > 0.000001 then return string.format('%.6f', wait) end
local next = full_at + tonumber(ARGV[3]) * step
redis.call('SET', KEYS[1], string.format('%.6f', next), 'PX', math.ceil((next - at) * 1000) + 1)
return '0'
"""


class SharedLimit:
    """Allows `per_s` requests a second for each key over all gateways, and `burst` at once."""

    def __init__(self, redis: Any, per_s: float, burst: int) -> None:
        """`redis`: a client that returns bytes."""
        self.own = RateLimit(per_s, burst)
        self._script = redis.register_script(_ACQUIRE)
        self._step, self._burst = 1 / per_s, burst
        self._away_until = 0.0

    async def acquire(self, key: str, tokens: int = 1) -> float:
        """Take tokens and return 0; without a token left, return the seconds to wait (see RateLimit)."""
        now = time.monotonic()
        if now >= self._away_until:
            try:
                async with asyncio.timeout(ANSWER_S):
                    return float(await self._script(keys=[rate_key(key)], args=[repr(self._step), self._burst, tokens]))
            except (RedisError, OSError, TimeoutError) as error:
                log.warning("gateway: Redis does not respond, rate limits apply to this gateway alone: %s", error)
                self._away_until = time.monotonic() + AWAY_S
        return self.own.acquire(key, now, tokens)
