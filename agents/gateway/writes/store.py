"""Writes the record of a request to Kafka and waits for the acknowledgement."""

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
    """One Kafka producer for all requests; it connects on the first write."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._connection = Connection(settings)

    async def write(self, record: Record) -> Accepted:
        """Write a record; return where it is stored. Raises ProblemError (503) without an acknowledgement."""
        try:
            async with asyncio.timeout(self.settings.acknowledge_s):
                acknowledgement = await by_kafka(await self._connection.producer())(record)
                stored = await acknowledgement
        except (KafkaError, TimeoutError, OSError, ConfigError) as error:
            log.warning("gateway: Kafka did not acknowledge a record on %s: %s", record.topic, error)
            detail = "Kafka did not acknowledge it; send it again: a report stored twice counts once"
            raise ProblemError(503, detail, headers={"Retry-After": str(RETRY_S)}) from None
        return Accepted(stored.topic, stored.partition, stored.offset)

    async def close(self) -> None:
        """Close the connections."""
        await self._connection.stop()
