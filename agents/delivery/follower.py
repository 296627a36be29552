"""A service of a worker that reads a topic from its beginning, and on as records are added."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Any

from mode import Service

from bordertally.agents.kafka.pacing import wait_longer_when_idle
from bordertally.agents.kafka.topic_reader import TopicReader
from bordertally.agents.runtime.context import Context


class Follower(Service):
    """Hands every record of a topic to `take`. It has no consumer group: each worker reads all partitions.

    An error ends the process (see Context.die).
    """

    def __init__(self, context: Context, topic: str, take: Callable[[Any], None]) -> None:
        self.context, self.topic = context, topic
        self._reader = TopicReader(context.settings, topic, take, wait_longer_when_idle)
        super().__init__()

    async def on_start(self) -> None:
        """Connect, and go to the beginning of the topic."""
        await self._reader.connect()

    async def on_stop(self) -> None:
        """Disconnect."""
        await self._reader.disconnect()

    @Service.task
    async def _follow(self) -> None:
        made_anew = self.context.made_anew
        known = made_anew[self.topic]
        try:
            while not self.should_stop:
                if made_anew[self.topic] != known:
                    known = made_anew[self.topic]
                    await self._reader.rewind()
                await self._reader.poll()
        except asyncio.CancelledError:
            raise
        except Exception as error:  # noqa: BLE001 - without these records nothing may be sent
            if not self.should_stop:
                self.context.die(f"following {self.topic} failed", error)

    async def caught_up(self, partitions: Iterable[int] | None = None) -> None:
        """Return when every record that is on these partitions (default: all) now has been handed on."""
        await self._reader.caught_up(partitions)
