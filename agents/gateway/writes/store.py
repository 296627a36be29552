"""Writing to Kafka out of a request: answered once the broker has it."""

from __future__ import annotations

import asyncio

from aiokafka.errors import KafkaError

from bordertally.agents.gateway.problems import RETRY_S, ProblemError
from bordertally.agents.gateway.responses import Accepted
from bordertally.agents.kafka.producer import Connection, Record, by_kafka
from bordertally.agents.runtime.context import log
from bordertally.streams.errors import ConfigError
from bordertally.streams.settings import Settings


class Store:
    """One producer for all requests, which connects when first needed."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._connection = Connection(settings)

    async def write(self, record: Record) -> Accepted:
        """Write a record; where it is stored. Raises ProblemError (503) when the broker does not acknowledge it."""
        try:
            async with asyncio.timeout(self.settings.acknowledge_s):
                sent = await by_kafka(await self._connection.producer())(record)
                stored = await sent
        except (KafkaError, TimeoutError, OSError, ConfigError) as error:
            log.warning("gateway: Kafka did not acknowledge what was sent to %s: %s", record.topic, error)
            detail = "Kafka did not acknowledge it; send it again: what is stored twice counts once"
            raise ProblemError(503, detail, headers={"Retry-After": str(RETRY_S)}) from None
        return Accepted(stored.topic, stored.partition, stored.offset)

    async def close(self) -> None:
        """Close the connections."""
        await self._connection.stop()
