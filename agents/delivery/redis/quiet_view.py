"""The list of muted alerts in Redis, for readers of the open alerts there.

It is computed from the view itself, so it is right as soon as the view is. One worker at a time updates it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec
from mode import Service
from redis.asyncio import Redis
from redis.exceptions import RedisError

from bordertally.agents.delivery.redis.keys import OPEN_ALERTS, QUIET_ALERTS, QUIET_CHANNEL, QUIET_TURN, SILENCES
from bordertally.agents.delivery.redis.reader import silences_of
from bordertally.agents.kafka.clients import redis_options
from bordertally.agents.runtime.context import Context, log
from bordertally.agents.runtime.unreadable import readable
from bordertally.streams.alerts.inhibition import OpenAlerts
from bordertally.streams.alerts.silences import Muted, Silences, muted_alerts
from bordertally.streams.delivery.subscriptions import AlertHead

EVERY_S = 1.0
"""Seconds between two updates, by any worker."""

_glance = msgspec.json.Decoder(AlertHead).decode


class QuietView(Service):
    """Updates the list every second: a silence that expires leaves no record."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.redis: Any = Redis.from_url(  # redis-py types its answers for every encoding at once
            **redis_options(context.settings), socket_timeout=5, socket_connect_timeout=5
        )
        super().__init__()

    async def on_stop(self) -> None:
        """Close the connections."""
        await self.redis.aclose()

    @Service.task
    async def _run(self) -> None:
        while not self.should_stop:
            try:
                if await self.redis.set(QUIET_TURN, 1, nx=True, px=int(EVERY_S * 900)):
                    await self.look(datetime.now(UTC))
            except (RedisError, OSError, TimeoutError) as error:
                log.debug("muted alerts cannot be written: %s", error)  # the view warns that Redis is away
            await self.sleep(EVERY_S)

    async def look(self, now: datetime) -> None:
        """Write the alerts that are muted at a time, if the list has changed."""
        async with self.redis.pipeline(transaction=False) as pipe:
            for key in (SILENCES, OPEN_ALERTS, QUIET_ALERTS):
                pipe.hgetall(key)
            silences, opened, stored = await pipe.execute()
        muted_now = self._muted(now, silences_of(silences), opened)
        wanted = {name: msgspec.json.encode(muted) for name, muted in muted_now.items()}
        if {name.encode(): value for name, value in wanted.items()} == stored:
            return
        async with self.redis.pipeline(transaction=True) as pipe:
            pipe.delete(QUIET_ALERTS)
            if wanted:
                pipe.hset(QUIET_ALERTS, mapping=dict(wanted.items()))
            pipe.publish(
                QUIET_CHANNEL, msgspec.json.encode({name: msgspec.Raw(value) for name, value in wanted.items()})
            )
            await pipe.execute()

    def _muted(self, now: datetime, silences: Silences, opened: Mapping[bytes, bytes]) -> dict[str, Muted]:
        alerts = list(readable(_glance, opened, OPEN_ALERTS).values())
        return muted_alerts(alerts, silences.by_id.values(), now, OpenAlerts(alerts), self.context.rules)
