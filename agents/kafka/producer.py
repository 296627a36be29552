"""Sending records and waiting until the broker has them."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable, Iterable
from functools import lru_cache
from typing import Any, NamedTuple

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError
from aiokafka.partitioner import murmur2

from bordertally.agents.kafka import crash_points
from bordertally.agents.kafka.clients import kafka_options
from bordertally.streams.settings import Settings
from bordertally.streams.topics import BIGGEST


class Record(NamedTuple):
    """A record to send; `partition` None lets Kafka's partitioner choose by key."""

    topic: str
    key: bytes | None
    value: bytes
    partition: int | None = None
    headers: list[tuple[str, bytes]] | None = None


def make_producer(settings: Settings, linger_s: float, **options: Any) -> AIOKafkaProducer:
    """A producer whose acknowledgement means that every in-sync replica has the record."""
    return AIOKafkaProducer(
        **kafka_options(settings),
        acks="all",
        linger_ms=int(linger_s * 1000),
        max_request_size=BIGGEST + 65_536,
        max_batch_size=262_144,
        **options,
    )


class Connection:
    """A producer that connects when first needed, and not twice at once."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._producer: AIOKafkaProducer | None = None
        self._connecting = asyncio.Lock()

    async def producer(self) -> AIOKafkaProducer:
        """The producer, connected. Raises KafkaError when no broker answers."""
        async with self._connecting:
            if self._producer is None:
                producer = make_producer(self._settings, 0.0)
                try:
                    await producer.start()
                except BaseException:
                    await producer.stop()
                    raise
                self._producer = producer
            return self._producer

    async def stop(self) -> None:
        """Close it."""
        if self._producer is not None:
            await self._producer.stop()


Send = Callable[[Record], Awaitable[Awaitable[Any]]]
"""Hands a record to a producer; what it returns is done when the broker has acknowledged the record."""


def by_kafka(producer: AIOKafkaProducer) -> Send:
    """Send through a producer of our own."""

    async def send(one: Record) -> Awaitable[Any]:
        sent: Awaitable[Any] = await producer.send(
            one.topic, one.value, key=one.key, partition=one.partition, headers=one.headers or []
        )
        return sent

    return send


async def send_all(send: Send, records: Iterable[Record], timeout_s: float) -> None:
    """Send records in order and wait for all acknowledgements. Raises KafkaError or TimeoutError if one is missing."""
    async with asyncio.timeout(timeout_s):
        waiting = [await send(one) for one in records]
        if waiting:
            await asyncio.gather(*waiting)


class Writer:
    """What a worker writes through: one producer for all its hops, which connects when first needed.

    Records go out in batches made here, a partition each: a batch costs one future and one acknowledgement, a record
    next to nothing, and nothing lingers. Faust's own producer costs several times as much a record, and does not say
    when one is stored.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings, self.partitions, self.timeout_s = settings, settings.partitions, settings.acknowledge_s
        self._connection = Connection(settings)
        self._turn = itertools.count()
        self._begun: dict[object, float] = {}  # when each write began that is not acknowledged, the oldest first
        self.written = 0  # writes acknowledged
        self.before: Callable[[], None] = lambda: None  # whether this process may still write: it ends if not

    async def write(self, records: Iterable[Record]) -> None:
        """Send records in order; returns when the broker has all of them. Raises KafkaError or TimeoutError."""
        mine = object()
        self._begun[mine] = time.monotonic()
        try:
            producer = await self._connection.producer()
            batches = self._batches(producer, records)
            async with asyncio.timeout(self.timeout_s):
                if crash_points.armed():
                    await self._crash_after_part(producer, batches)
                self.before()
                await self._send(producer, batches)
            self.written += 1
        finally:
            del self._begun[mine]

    def waited_s(self, now: float) -> float:
        """Seconds for which the oldest write has waited for its acknowledgement; 0 while none waits."""
        return now - next(iter(self._begun.values()), now)

    async def reaches(self, topics: Iterable[str], timeout_s: float) -> bool:
        """Whether a broker answers within so many seconds, and every partition of these topics has a leader."""
        try:
            async with asyncio.timeout(timeout_s):
                client = (await self._connection.producer()).client
                for topic in topics:
                    await client.add_topic(topic)
                if not await client.force_metadata_update():
                    return False
        except (KafkaError, TimeoutError):
            return False
        return all(len(client.cluster.available_partitions_for_topic(one) or ()) >= self.partitions for one in topics)

    def _batches(self, producer: AIOKafkaProducer, records: Iterable[Record]) -> dict[tuple[str, int], list[Any]]:
        batches: dict[tuple[str, int], list[Any]] = {}
        now = int(time.time() * 1000)
        for topic, key, value, partition, headers in records:
            at = topic, self._partition(key) if partition is None else partition
            builders = batches.get(at)
            if builders is None:
                builders = batches[at] = [producer.create_batch()]
            if builders[-1].append(timestamp=now, key=key, value=value, headers=headers) is None:  # it is full
                builders.append(producer.create_batch())
                if builders[-1].append(timestamp=now, key=key, value=value, headers=headers) is None:
                    raise MessageSizeTooLargeError(f"{len(value)} bytes for {topic}")
        return batches

    async def _crash_after_part(self, producer: AIOKafkaProducer, batches: dict[tuple[str, int], list[Any]]) -> None:
        """In tests: store a part of what there is to write, and nothing else, and die."""
        for at, builders in batches.items():
            if at[0].endswith(crash_points.armed().removeprefix("written.")) and crash_points.due(crash_points.armed()):
                await self._send(producer, {at: builders})
                crash_points.crash()

    @staticmethod
    async def _send(producer: AIOKafkaProducer, batches: dict[tuple[str, int], list[Any]]) -> None:
        """Hand over the first batch of every partition, then every second one, and so on; wait for all of them.

        Only a second batch has to wait for room. Acknowledgements come many at once, so to wait for one after the
        other wakes this up once, and no task nor callback a batch is needed.
        """
        waiting = []
        for turn in itertools.zip_longest(*batches.values()):
            for (topic, partition), one in zip(batches, turn, strict=True):
                if one is not None:
                    one.close()
                    waiting.append(await producer.send_batch(one, topic, partition=partition))
        for acknowledged in waiting:
            await acknowledged

    def _partition(self, key: bytes | None) -> int:
        return next(self._turn) % self.partitions if key is None else partition_of_key(key, self.partitions)

    async def stop(self) -> None:
        """Close the connections."""
        await self._connection.stop()


@lru_cache(maxsize=65_536)
def partition_of_key(key: bytes, partitions: int) -> int:
    """Where Kafka's default partitioner puts a key."""
    return int(murmur2(key) & 0x7FFFFFFF) % partitions
