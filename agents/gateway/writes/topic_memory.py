"""A small topic kept in the memory of a gateway: read from its beginning, and on as records are added."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaConnectionError, KafkaError

from bordertally.agents.gateway.problems import RETRY_S
from bordertally.agents.kafka.clients import kafka_options
from bordertally.agents.runtime.context import log
from bordertally.agents.runtime.problems import ProblemError
from bordertally.streams.errors import ConfigError
from bordertally.streams.settings import Settings
from bordertally.streams.topics import BIGGEST

POLL_MS = 200
PAUSE_S = 2.0
"""Seconds before Kafka is tried again."""

PATIENCE_S = 10.0
"""Seconds within which a request that must know every record gives up."""


class TopicMemory:
    """Hands every record of a topic to `apply`, then calls `changed` once for the records of one poll."""

    def __init__(
        self, settings: Settings, topic: str, apply: Callable[[Any], None], changed: Callable[[], None] = lambda: None
    ) -> None:
        self.settings, self.topic, self.apply, self.changed = settings, topic, apply, changed
        self.partitions = [TopicPartition(topic, number) for number in range(settings.partitions)]
        self.positions: dict[TopicPartition, int] = {}
        self._moved, self._connected = asyncio.Condition(), asyncio.Event()
        self._consumer: AIOKafkaConsumer | None = None
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
        consumer = AIOKafkaConsumer(
            **kafka_options(self.settings),
            enable_auto_commit=False,
            isolation_level="read_committed",
            auto_offset_reset="earliest",
            max_partition_fetch_bytes=BIGGEST,
            fetch_max_wait_ms=POLL_MS,
        )
        try:
            await consumer.start()
            consumer.assign(self.partitions)
            beginnings = await consumer.beginning_offsets(self.partitions)
            for tp in self.partitions:
                consumer.seek(tp, max(self.positions.get(tp, 0), beginnings[tp]))
            self._consumer, self._why = consumer, None
            self._connected.set()
            while True:
                batch = await consumer.getmany(timeout_ms=POLL_MS)
                for records in batch.values():
                    for record in records:
                        self.apply(record)
                async with self._moved:
                    self.positions = {tp: await consumer.position(tp) for tp in self.partitions}
                    self._moved.notify_all()
                if batch:
                    self.changed()
        finally:
            self._connected.clear()
            self._consumer = None
            await consumer.stop()

    async def caught_up(self) -> None:
        """Return when every record that is on the topic now has been applied. Raises ProblemError (503) without it."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                await self._connected.wait()
                assert self._consumer is not None
                ends = await self._consumer.end_offsets(self.partitions)
                async with self._moved:
                    await self._moved.wait_for(
                        lambda: all(self.positions.get(tp, -1) >= ends[tp] for tp in self.partitions)
                    )
        except (KafkaError, TimeoutError, OSError):
            detail = f"the gateway cannot read the topic {self.topic} now; try again"
            raise ProblemError(503, detail, headers={"Retry-After": str(RETRY_S)}) from None
