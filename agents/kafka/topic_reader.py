"""Reading a topic from its beginning to its present end, for the commands."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
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


async def each_record(settings: Settings, topic: str) -> AsyncIterator[ConsumerRecord]:
    """Every committed record that the topic has now, in order within each partition.

    Raises BordertallyError when the topic does not exist.
    """
    count = await partitions_of(settings, topic)
    if not count:
        raise BordertallyError(f"topic {topic} does not exist; make it with: {creation(settings)}")
    consumer = AIOKafkaConsumer(
        **kafka_options(settings),
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        isolation_level="read_committed",
        max_partition_fetch_bytes=BIGGEST,
    )
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
