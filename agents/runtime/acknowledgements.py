"""Watching the acknowledgements of the broker: a worker is not ready while its writes may be lost.

While the worker writes, the acknowledgements themselves show that writing works. While there is nothing to write, the
broker is asked every few seconds whether the topics have leaders, so no test record is needed.
"""

from __future__ import annotations

import time

from mode import Service

from bordertally.agents.runtime.context import Context, log
from bordertally.streams.settings import Hop

EVERY_S = 1.0

IDLE_S = 3.0
"""Seconds without an acknowledgement after which the broker is asked, and within which it must respond."""

PATIENCE_S = 5.0
"""Seconds that a write may wait for its acknowledgement; electing a leader takes a few."""


class Producing(Service):
    """Keeps `context.producing` current: whether the broker acknowledges writes; True if no hop writes to Kafka."""

    def __init__(self, context: Context) -> None:
        self.context = context
        topics = context.topics
        written = {
            Hop.INTAKE: (topics.claims, topics.rejected, topics.review),
            Hop.LEDGER: (topics.claims, topics.totals, topics.changelog("ledger")),
            Hop.ALERTS: (topics.alerts, topics.changelog("alerts")),
            Hop.WEBHOOKS: (topics.webhooks, topics.webhooks_log) if context.settings.webhooks is not None else (),
        }
        self.topics = sorted({topic for hop in context.settings.hops for topic in written.get(hop, ())})
        self._written, self._known_at = 0, 0.0
        super().__init__()

    @Service.task
    async def _run(self) -> None:
        while not self.should_stop:
            before, self.context.producing = self.context.producing, await self.look()
            if before and not self.context.producing:
                log.warning("the broker does not acknowledge what is written")
            await self.sleep(EVERY_S)

    async def look(self) -> bool:
        """Whether the broker acknowledges writes, as far as is known now."""
        writer, now = self.context.writer, time.monotonic()
        if not self.topics:
            return True
        if writer.waited_s(now) > PATIENCE_S:
            return False
        if writer.written != self._written:
            self._written, self._known_at = writer.written, now
        elif now > self._known_at + IDLE_S or not self.context.producing:
            if not await writer.reaches(self.topics, IDLE_S):
                return False
            self._known_at = now
        return True
