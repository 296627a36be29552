"""Writes the record of a request to Kafka and waits for the acknowledgement."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from aiokafka.errors import KafkaError

from bordertally.agents.gateway.problems import RETRY_S
from bordertally.agents.gateway.responses import Accepted
from bordertally.agents.kafka.producer import Connection, Record, by_kafka, send_all
from bordertally.agents.runtime.context import log
from bordertally.agents.runtime.problems import ProblemError
from bordertally.streams.errors import ConfigError
from bordertally.streams.settings import Settings

FAILURES = (KafkaError, TimeoutError, OSError, ConfigError)
"""What a write raises without an acknowledgement."""


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
        except FAILURES as error:
            raise self._unacknowledged(error, "it", "a report stored twice counts once") from None
        return Accepted(stored.topic, stored.partition, stored.offset)

    async def write_all(self, records: Sequence[Record]) -> None:
        """Write records, in order. Raises ProblemError (503) unless all are acknowledged; some may be stored then."""
        try:
            await send_all(by_kafka(await self._connection.producer()), records, self.settings.acknowledge_s)
        except FAILURES as error:
            raise self._unacknowledged(error, "them", "reports stored twice count once") from None

    def _unacknowledged(self, error: Exception, what: str, harmless: str) -> ProblemError:
        log.warning("gateway: Kafka did not acknowledge %s: %s", what, error)
        detail = f"Kafka did not acknowledge {what}; send {what} again: {harmless}"
        return ProblemError(503, detail, headers={"Retry-After": str(RETRY_S)})

    async def close(self) -> None:
        """Close the connections."""
        await self._connection.stop()
