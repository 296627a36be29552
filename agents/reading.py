"""Reading a small topic whole, as commands do that show what stands on it."""

from __future__ import annotations

from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from agents.topics import partition_counts
from streams.errors import BordertallyError
from streams.topics import BIGGEST

QUIET_S = 1.5
"""So long without a record is the end of the topic: an end offset is not to be had from every broker."""


async def read_topic(brokers: str, topic: str, quiet_s: float = QUIET_S) -> list[Any]:
    """Every record of a topic from the beginning, in order of time. Raises BordertallyError when there is none."""
    count = await partitions_of(brokers, topic)
    if not count:
        raise BordertallyError(f"topic {topic} does not exist; bordertally topics --create makes it")
    consumer = AIOKafkaConsumer(
        bootstrap_servers=brokers,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        isolation_level="read_committed",
        max_partition_fetch_bytes=BIGGEST,
    )
    await consumer.start()
    try:
        consumer.assign([TopicPartition(topic, partition) for partition in range(count)])
        found: list[Any] = []
        while batch := await consumer.getmany(timeout_ms=int(quiet_s * 1000)):
            found += [record for records in batch.values() for record in records]
    finally:
        await consumer.stop()
    return sorted(found, key=lambda record: (record.timestamp, record.partition, record.offset))


async def partitions_of(brokers: str, topic: str) -> int:
    """How many partitions a topic has; 0 when there is no such topic."""
    admin = AIOKafkaAdminClient(bootstrap_servers=brokers, request_timeout_ms=20_000)
    try:
        await admin.start()
        return (await partition_counts(admin, [topic])).get(topic, 0)
    finally:
        await admin.close()
