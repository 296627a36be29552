"""A small topic kept in the memory of a gateway: read from its beginning, and on as records are added."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from aiokafka.errors import KafkaConnectionError, KafkaError

from bordertally.agents.gateway.problems import RETRY_S
from bordertally.agents.kafka.topic_reader import TopicReader
from bordertally.agents.runtime.context import log
from bordertally.agents.runtime.problems import ProblemError
from bordertally.streams.errors import ConfigError
from bordertally.streams.settings import Settings

PAUSE_S = 2.0
"""Seconds before Kafka is tried again."""

PATIENCE_S = 10.0
"""Seconds within which a request that must know every record gives up."""


class TopicMemory:
    """Hands every record of a topic to `apply`, then calls `changed` once for the records of one poll."""

    def __init__(
        self, settings: Settings, topic: str, apply: Callable[[Any], None], changed: Callable[[], None] = lambda: None
    ) -> None:
        self.topic, self.changed = topic, changed
        self._reader = TopicReader(settings, topic, apply)
        self._why: str | None = None

    async def run(self) -> None:
        """Read until cancelled; while Kafka is unavailable or the topic is missing, try again."""
        while True:
            try:
                await self._read()
            except (KafkaError, OSError, ConfigError) as error:
                if str(error) != self._why and not isinstance(error, KafkaConnectionError):  # of which the stream warns
                    log.warning("gateway: %s cannot be read, and is tried again: %s", self.topic, error)
                self._why = str(error)
            await asyncio.sleep(PAUSE_S)

    async def _read(self) -> None:
        try:
            await self._reader.connect()
            self._why = None
            while True:
                if await self._reader.poll():
                    self.changed()
        finally:
            await self._reader.disconnect()

    async def caught_up(self) -> None:
        """Return when every record that is on the topic now has been applied. Raises ProblemError (503) without it."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                await self._reader.caught_up()
        except (KafkaError, TimeoutError, OSError):
            detail = f"the gateway cannot read the topic {self.topic} now; try again"
            raise ProblemError(503, detail, headers={"Retry-After": str(RETRY_S)}) from None
