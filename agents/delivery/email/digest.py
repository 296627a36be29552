"""Digests: sent at the time of each subscriber, once over all workers, from the view in Redis."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from mode import Service
from redis.asyncio import Redis
from redis.exceptions import RedisError

from bordertally.agents.delivery.channel import UnreachableError
from bordertally.agents.delivery.email.smtp import AddressedMail
from bordertally.agents.delivery.redis.keys import digest_key
from bordertally.agents.delivery.redis.reader import open_alerts_in, states_in
from bordertally.agents.kafka.clients import redis_options
from bordertally.agents.runtime.context import Context, log
from bordertally.streams.alerts.records import Alert
from bordertally.streams.delivery.email_subscribers import Subscriber
from bordertally.streams.totals.records import FlowState

EVERY_S = 20.0
KEPT_S = 8 * 86_400
"""Seconds for which Redis knows that a digest was sent."""

View = tuple[Sequence[FlowState], Sequence[Alert]]
"""The flow states and the open alerts in Redis."""

Write = Callable[[Subscriber, Sequence[FlowState], Sequence[Alert], str], AddressedMail]


class Digests(Service):
    """Looks for digests that are due. Redis tells the workers apart: the first to note a digest there sends it.

    While Redis or the SMTP server is away, the digest waits; see LATE for how long.
    """

    def __init__(
        self,
        context: Context,
        subscribers: Callable[[], Sequence[Subscriber]],
        write: Write,
        send: Callable[[str, Sequence[AddressedMail]], Awaitable[None]],
    ) -> None:
        """`subscribers`: who may want a digest; `write` makes it, and `send` sends it or raises UnreachableError."""
        self.subscribers, self.write, self.send = subscribers, write, send
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
                await self.look(datetime.now(UTC))
            except (RedisError, OSError, TimeoutError) as error:
                log.debug("digests wait for Redis: %s", error)  # the view warns that Redis is away
            await self.sleep(EVERY_S)

    async def look(self, now: datetime) -> None:
        """Send the digests that are due at a time and that no worker has sent. Raises RedisError."""
        view: View | None = None
        for subscriber in self.subscribers():
            slot = None if subscriber.digest is None else subscriber.digest.due(now)
            if slot is not None and await self.redis.set(digest_key(subscriber.key, slot), 1, nx=True, ex=KEPT_S):
                view = await self._send(subscriber, slot, view)

    async def _send(self, subscriber: Subscriber, slot: str, view: View | None) -> View | None:
        """Send a digest of the view, which is read first where it is None; returns the view."""
        sent = False
        try:
            if view is None:
                view = await states_in(self.redis), await open_alerts_in(self.redis)
            await self.send("digest", [self.write(subscriber, *view, slot)])
            sent = True
        except UnreachableError as error:
            log.warning("email: the digest of %s for %s waits: %s", subscriber.name, slot, error)
        finally:
            if not sent:
                await self.redis.delete(digest_key(subscriber.key, slot))
        return view
