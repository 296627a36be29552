"""The broker as the benchmark uses it: a run's topics, filled fast, read whole, looked at from afar."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from typing import Any, Self

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.partitioner import murmur2
from aiokafka.structs import ConsumerRecord

from benchmarks.feed import flow_of
from benchmarks.stream import Message

PARTITIONS = 4
BATCH_BYTES = 400_000
IN_FLIGHT = 16


def partition_of(flow: str) -> int:
    """Where Kafka's default partitioner puts a key."""
    return int((murmur2(flow.encode()) & 0x7FFFFFFF) % PARTITIONS)


async def create(address: str, topics: dict[str, dict[str, str]]) -> None:
    """Create topics, by name with their settings. RuntimeError when the broker refuses one."""
    admin = AIOKafkaAdminClient(bootstrap_servers=address)
    await admin.start()
    try:
        wanted = [NewTopic(name, PARTITIONS, 1, topic_configs=config) for name, config in topics.items()]
        answer = await admin.create_topics(wanted)
        for name, code, *why in answer.topic_errors:
            if code:
                raise RuntimeError(f"topic {name}: error {code} {why}")
    finally:
        await admin.close()


async def delete(address: str, prefix: str) -> None:
    """Delete all topics whose names contain a run's name."""
    admin = AIOKafkaAdminClient(bootstrap_servers=address)
    await admin.start()
    try:
        names = [name for name in await admin.list_topics() if prefix in name]
        if names:
            await admin.delete_topics(names)
    finally:
        await admin.close()


async def warm(address: str, seconds: float) -> None:
    """Single records, written, fetched by a group and committed, for so long.

    A broker in its first half minute is busy compiling itself, and whoever waits for it would measure that.
    """
    topic, deadline = "warming", time.monotonic() + seconds
    await create(address, {topic: {}})
    producer = AIOKafkaProducer(bootstrap_servers=address, linger_ms=0, acks="all")
    consumer = AIOKafkaConsumer(
        topic, bootstrap_servers=address, group_id=topic, enable_auto_commit=False, isolation_level="read_committed"
    )
    await producer.start()
    await consumer.start()
    try:
        while time.monotonic() < deadline:
            sends = [await producer.send(topic, b"x" * 300, partition=each) for each in range(PARTITIONS)]
            await asyncio.gather(*sends)
            if await consumer.getmany(timeout_ms=20):
                await consumer.commit()
    finally:
        await consumer.stop()
        await producer.stop()
        await delete(address, topic)


async def lag(address: str, group: str, topic: str) -> int:
    """How many records of a topic a group has not committed; 0 where it never committed any of the topic."""
    admin = AIOKafkaAdminClient(bootstrap_servers=address)
    await admin.start()
    try:
        offsets = await admin.list_consumer_group_offsets(group)
    finally:
        await admin.close()
    done = {part: position.offset for part, position in offsets.items() if part.topic == topic}
    async with Watch(address, topic) as watch:
        ends = await watch.ends()
    return sum(ends[part] - offset for part, offset in done.items())


async def fill(address: str, topic: str, raws: Iterable[bytes]) -> int:
    """Write messages keyed by flow, in ready-made batches: nothing is held but what is on its way. Returns how many."""
    producer = AIOKafkaProducer(bootstrap_servers=address, max_batch_size=BATCH_BYTES, acks="all")
    await producer.start()
    try:
        places: dict[str, tuple[int, bytes]] = {}
        batches: dict[int, Any] = {}
        on_their_way: list[Any] = []
        count = 0
        for raw in raws:
            flow = flow_of(raw)
            place = places.get(flow)
            if place is None:
                place = places[flow] = partition_of(flow), flow.encode()
            partition, key = place
            batch = batches.get(partition)
            if batch is None:
                batch = batches[partition] = producer.create_batch()
            if batch.append(key=key, value=raw, timestamp=None) is None:
                on_their_way.append(await producer.send_batch(batch, topic, partition=partition))
                if len(on_their_way) > IN_FLIGHT:
                    await on_their_way.pop(0)
                batch = batches[partition] = producer.create_batch()
                batch.append(key=key, value=raw, timestamp=None)
            count += 1
        for partition, batch in batches.items():
            on_their_way.append(await producer.send_batch(batch, topic, partition=partition))
        await asyncio.gather(*on_their_way)
        return count
    finally:
        await producer.stop()


async def publish_one(producer: AIOKafkaProducer, topic: str, message: Message) -> Any:
    """Hand one message to a producer, as a producer of reports does."""
    return await producer.send(topic, message.value, key=message.flow.encode(), partition=partition_of(message.flow))


class Watch:
    """Looks at the end of a topic without reading it."""

    def __init__(self, address: str, topic: str) -> None:
        self.parts = [TopicPartition(topic, number) for number in range(PARTITIONS)]
        self.consumer = AIOKafkaConsumer(
            bootstrap_servers=address,
            enable_auto_commit=False,
            isolation_level="read_uncommitted",
            fetch_max_wait_ms=20,
        )

    async def __aenter__(self) -> Self:
        await self.consumer.start()
        self.consumer.assign(self.parts)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.consumer.stop()

    async def ends(self) -> dict[TopicPartition, int]:
        """The end offset of each partition."""
        ends: dict[TopicPartition, int] = await self.consumer.end_offsets(self.parts)
        return ends

    async def newest(self) -> list[bytes]:
        """The last record of each partition that has one and can be had soon (a transaction's marker cannot)."""
        collected = []
        for part, end in (await self.ends()).items():
            if end > 0:
                self.consumer.seek(part, max(0, end - 2))
                records = (await self.consumer.getmany(part, timeout_ms=300)).get(part, [])
                collected += [records[-1].value] if records else []
        return collected


async def records(address: str, topic: str) -> AsyncIterator[ConsumerRecord]:
    """All records of a topic up to its end now, each partition in order."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=address,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        max_poll_records=5_000,
        max_partition_fetch_bytes=16_777_216,
        fetch_max_bytes=33_554_432,
        check_crcs=False,
    )
    await consumer.start()
    try:
        parts = [TopicPartition(topic, number) for number in range(PARTITIONS)]
        consumer.assign(parts)
        ends = await consumer.end_offsets(parts)
        while any([await consumer.position(part) < ends[part] for part in parts]):
            for records in (await consumer.getmany(timeout_ms=500)).values():
                for record in records:
                    yield record
    finally:
        await consumer.stop()
