"""Reading a topic from its beginning: to its present end, for the commands; and on, as records are added."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.structs import ConsumerRecord

from bordertally.agents.kafka.clients import connect, kafka_options
from bordertally.agents.kafka.topics import creation, partition_counts
from bordertally.streams.errors import BordertallyError
from bordertally.streams.settings import Settings
from bordertally.streams.topics import BIGGEST

WAIT_MS = 500
"""The longest wait for records that the broker has."""

POLL_MS = 200
"""The longest wait for records that are yet to come."""


def _consumer(settings: Settings, **options: Any) -> AIOKafkaConsumer:
    """A consumer without a group: it reads all partitions, and commits no offset."""
    return AIOKafkaConsumer(
        **kafka_options(settings),
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        isolation_level="read_committed",
        max_partition_fetch_bytes=BIGGEST,
        **options,
    )


class TopicReader:
    """Hands every record of a topic to `apply`: those that the topic has, then each that is added.

    A reader that connects again goes on where it was. `pace`: changes when the started consumer fetches.
    """

    def __init__(
        self,
        settings: Settings,
        topic: str,
        apply: Callable[[ConsumerRecord], None],
        pace: Callable[[AIOKafkaConsumer], None] = lambda _: None,
    ) -> None:
        self.settings, self.topic, self.apply, self.pace = settings, topic, apply, pace
        self.partitions = [TopicPartition(topic, number) for number in range(settings.partitions)]
        self.positions: dict[TopicPartition, int] = {}
        self._moved, self._connected = asyncio.Condition(), asyncio.Event()
        self._consumer: AIOKafkaConsumer | None = None

    async def connect(self) -> None:
        """Connect to Kafka. Raises KafkaError or OSError."""
        self._consumer = consumer = _consumer(self.settings, fetch_max_wait_ms=POLL_MS)
        await consumer.start()
        self.pace(consumer)
        consumer.assign(self.partitions)
        beginnings = await consumer.beginning_offsets(self.partitions)
        for tp in self.partitions:
            consumer.seek(tp, max(self.positions.get(tp, 0), beginnings[tp]))
        self._connected.set()

    async def disconnect(self) -> None:
        """Close the connection, if there is one."""
        self._connected.clear()
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            await consumer.stop()

    async def rewind(self) -> None:
        """Read from the beginning again: the topic was made anew."""
        assert self._consumer is not None
        await self._consumer.seek_to_beginning()

    async def poll(self) -> bool:
        """Wait a moment for records, and apply those that come; returns whether any came. Raises KafkaError."""
        assert self._consumer is not None
        batch = await self._consumer.getmany(timeout_ms=POLL_MS)
        for records in batch.values():
            for record in records:
                self.apply(record)
        async with self._moved:
            for tp in self.partitions:
                self.positions[tp] = await self._consumer.position(tp)
            self._moved.notify_all()
        return bool(batch)

    async def caught_up(self, partitions: Iterable[int] | None = None) -> None:
        """Return when every record that is on these partitions (default: all) now has been applied.

        Waits for the connection where there is none. Raises KafkaError or OSError.
        """
        await self._connected.wait()
        assert self._consumer is not None
        wanted = self.partitions if partitions is None else [self.partitions[number] for number in partitions]
        ends = await self._consumer.end_offsets(wanted)
        async with self._moved:
            await self._moved.wait_for(lambda: all(self.positions.get(tp, 0) >= ends[tp] for tp in wanted))


async def each_record(settings: Settings, topic: str) -> AsyncIterator[ConsumerRecord]:
    """Every committed record that the topic has now, in order within each partition.

    Raises BordertallyError when the topic does not exist.
    """
    count = await partitions_of(settings, topic)
    if not count:
        raise BordertallyError(f"topic {topic} does not exist; make it with: {creation(settings)}")
    consumer = _consumer(settings)
    try:
        await consumer.start()
        places = [TopicPartition(topic, partition) for partition in range(count)]
        consumer.assign(places)
        # Tansu's end is that of the first record of the last batch; the batch is read as a whole.
        ends = await consumer.end_offsets(places)
        while any([await consumer.position(place) < end for place, end in ends.items()]):
            batch: dict[Any, list[ConsumerRecord]] = await consumer.getmany(timeout_ms=WAIT_MS)
            for records in batch.values():
                for record in records:
                    yield record
    finally:
        await consumer.stop()


async def read_topic(settings: Settings, topic: str) -> list[ConsumerRecord]:
    """Every committed record of a small topic, by timestamp. Raises BordertallyError when the topic does not exist."""
    records = [record async for record in each_record(settings, topic)]
    return sorted(records, key=lambda record: (record.timestamp, record.partition, record.offset))


async def partitions_of(settings: Settings, topic: str) -> int:
    """The number of partitions of a topic; 0 when it does not exist."""
    return (await _counts(settings, [topic])).get(topic, 0)


async def places_in(settings: Settings, topics: Sequence[str]) -> dict[str, list[TopicPartition]]:
    """The partitions of topics, by topic. Raises BordertallyError when a topic does not exist."""
    counts = await _counts(settings, topics)
    for topic in topics:
        if not counts.get(topic):
            raise BordertallyError(f"topic {topic} does not exist; make it with: {creation(settings)}")
    return {topic: [TopicPartition(topic, number) for number in range(counts[topic])] for topic in topics}


async def _counts(settings: Settings, topics: Sequence[str]) -> dict[str, int]:
    admin = AIOKafkaAdminClient(**kafka_options(settings), request_timeout_ms=20_000)
    try:
        await connect(admin, settings)
        return await partition_counts(admin, list(topics))
    finally:
        await admin.close()
