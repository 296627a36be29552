"""Whether what this worker writes is acknowledged: it is not ready while that is in doubt.

While it writes, the acknowledgements themselves say so. While there is nothing to write, a broker is asked whether the
topics have leaders: that costs a request every few seconds, and needs no record that means nothing.
"""

from __future__ import annotations

import time

from mode import Service

from bordertally.agents.runtime.context import Context, log
from bordertally.streams.settings import Hop

EVERY_S = 1.0

IDLE_S = 3.0
"""Seconds without an acknowledgement after which a broker is asked, and within which it has to answer."""

PATIENCE_S = 5.0
"""Seconds that a write may wait for its acknowledgement: a broker that elects leaders needs some."""


class Producing(Service):
    """Keeps `context.producing`. A worker whose hops write nothing to Kafka is always well."""

    def __init__(self, context: Context) -> None:
        self.context = context
        topics = context.topics
        written = {
            Hop.INTAKE: (topics.claims, topics.rejected, topics.review),
            Hop.LEDGER: (topics.claims, topics.totals, topics.changelog("ledger")),
            Hop.ALERTS: (topics.alerts, topics.changelog("alerts")),
            Hop.WEBHOOKS: (topics.webhooks, topics.webhooks_log) if context.settings.webhooks is not None else (),
        }
        self.topics = sorted({one for hop in context.settings.hops for one in written.get(hop, ())})
        self._written, self._known_at = 0, 0.0
        super().__init__()

    @Service.task
    async def _run(self) -> None:
        while not self.should_stop:
            was, self.context.producing = self.context.producing, await self.look()
            if was and not self.context.producing:
                log.warning("the broker does not acknowledge what is written")
            await self.sleep(EVERY_S)

    async def look(self) -> bool:
        """Whether the broker takes what is written, as far as can be told now."""
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
