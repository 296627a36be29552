"""Sending records and waiting for the acknowledgements of the broker."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError, ProducerFenced
from aiokafka.partitioner import murmur2

from bordertally.agents.kafka import crash_points
from bordertally.agents.kafka.clients import kafka_options
from bordertally.agents.kafka.fencing import FENCE_KEY, Epoch, Fence, Fenced, LateWriteError, UnfencedError, new_epoch
from bordertally.agents.kafka.turns import Turns
from bordertally.streams.settings import Settings
from bordertally.streams.topics import BIGGEST


class Record(NamedTuple):
    """A record to send. `partition`: None lets Kafka's partitioner choose by key."""

    topic: str
    key: bytes | None
    value: bytes
    partition: int | None = None
    headers: list[tuple[str, bytes]] | None = None


def make_producer(settings: Settings, linger_s: float, **options: Any) -> AIOKafkaProducer:
    """A producer whose acknowledgement means that every in-sync replica has the record; not yet connected."""
    return AIOKafkaProducer(
        **kafka_options(settings),
        acks="all",
        linger_ms=int(linger_s * 1000),
        max_request_size=BIGGEST + 65_536,
        max_batch_size=262_144,
        **options,
    )


class Connection:
    """A producer that connects when it is first needed; callers at the same time share one connection."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._producer: AIOKafkaProducer | None = None
        self._connecting = asyncio.Lock()

    async def producer(self) -> AIOKafkaProducer:
        """The connected producer. Raises KafkaError when no broker responds."""
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
        """Close the connection, if there is one."""
        if self._producer is not None:
            await self._producer.stop()


Send = Callable[[Record], Awaitable[Awaitable[Any]]]
"""Hands a record to a producer; the awaitable it returns is done when the broker has acknowledged the record."""


def by_kafka(producer: AIOKafkaProducer) -> Send:
    """The function that sends a record through this producer."""

    async def send(record: Record) -> Awaitable[Any]:
        acknowledgement: Awaitable[Any] = await producer.send(
            record.topic, record.value, key=record.key, partition=record.partition, headers=record.headers or []
        )
        return acknowledgement

    return send


async def send_all(send: Send, records: Iterable[Record], timeout_s: float) -> None:
    """Send records in order and wait for all acknowledgements. Raises KafkaError or TimeoutError if one is missing."""
    async with asyncio.timeout(timeout_s):
        acknowledgements = [await send(record) for record in records]
        if acknowledgements:
            await asyncio.gather(*acknowledgements)


class Writer:
    """The producer of a worker, shared by its hops; it connects when it is first needed.

    The writer itself makes the batches, one or more a partition. A batch costs one future and one acknowledgement, and
    is sent without linger. Faust's own producer costs several times as much a record, and does not tell when a record
    is stored.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings, self.partitions, self.timeout_s = settings, settings.partitions, settings.acknowledge_s
        self._connection = Connection(settings)
        self._turn = itertools.count()
        self._begun: dict[object, float] = {}  # when each unacknowledged write began, the oldest first
        self._fences: dict[tuple[str, int], Fence] = {}  # by topic and partition, of those that only this worker writes
        self.written = 0  # acknowledged writes
        self.before: Callable[[], None] = lambda: None  # called before each write; ends a process that must not write

    async def write(self, records: Iterable[Record]) -> None:
        """Send records in order; returns when all are acknowledged.

        Raises LateWriteError where another worker has fenced a partition, else KafkaError or TimeoutError.
        """
        write = object()
        self._begun[write] = time.monotonic()
        try:
            producer = await self._connection.producer()
            batches = await self._batches(producer, records)
            async with asyncio.timeout(self.timeout_s):
                if crash_points.armed():
                    await self._crash_after_part(producer, batches)
                self.before()
                await self._send(producer, batches)
            self.written += 1
        except ProducerFenced:
            raise LateWriteError("Kafka refuses a late write: another worker has taken over the partition") from None
        finally:
            del self._begun[write]

    async def fence(self, wanted: Sequence[Fenced]) -> dict[int, Epoch]:
        """Let brokers refuse what other workers still write to these partitions; returns the epoch of each partition.

        Returns nothing where the broker keeps no epochs. Raises ConfigError, KafkaError or TimeoutError.
        """
        producer = await self._connection.producer()
        for place in itertools.chain(*(fenced.places for fenced in wanted)):
            self._fences.pop(place, None)
        records = [Record(fenced.changelog, FENCE_KEY, b"", fenced.partition) for fenced in wanted]
        async with asyncio.timeout(self.timeout_s):
            try:
                epochs = await asyncio.gather(*(new_epoch(producer.client, fenced) for fenced in wanted))
            except UnfencedError:
                return {}
            for fenced, epoch in zip(wanted, epochs, strict=True):
                self._fences |= {place: Fence(epoch) for place in fenced.places}
            self.before()
            await self._send(producer, await self._batches(producer, records))
        return {fenced.partition: epoch for fenced, epoch in zip(wanted, epochs, strict=True)}

    def waited_s(self, now: float) -> float:
        """Seconds for which the oldest write has waited for its acknowledgement; 0 while no write waits."""
        return now - next(iter(self._begun.values()), now)

    async def stamp(self, topic: str, key: bytes) -> float | None:
        """Store an empty record on a topic that the broker stamps; returns the broker's time in seconds since 1970 UTC.

        None from a broker that does not tell it. Raises KafkaError or TimeoutError.
        """
        producer = await self._connection.producer()
        async with asyncio.timeout(self.timeout_s):
            stored = await producer.send_and_wait(topic, b"", key=key)
        return stored.timestamp / 1000 if stored.timestamp_type == 1 and stored.timestamp > 0 else None

    async def reaches(self, topics: Iterable[str], timeout_s: float) -> bool:
        """Whether a broker responds within `timeout_s` seconds, and every partition of these topics has a leader."""
        try:
            async with asyncio.timeout(timeout_s):
                client = (await self._connection.producer()).client
                for topic in topics:
                    await client.add_topic(topic)
                if not await client.force_metadata_update():
                    return False
        except (KafkaError, TimeoutError):
            return False
        cluster = client.cluster
        return all(len(cluster.available_partitions_for_topic(topic) or ()) >= self.partitions for topic in topics)

    async def _batches(self, producer: AIOKafkaProducer, records: Iterable[Record]) -> dict[tuple[str, int], list[Any]]:
        batches: dict[tuple[str, int], list[Any]] = {}
        now, turns = int(time.time() * 1000), Turns()
        for topic, key, value, partition, headers in records:
            at = topic, self._partition(key) if partition is None else partition
            builders = batches.get(at)
            if builders is None:
                builders = batches[at] = [producer.create_batch()]
            if builders[-1].append(timestamp=now, key=key, value=value, headers=headers) is None:  # the batch is full
                builders.append(producer.create_batch())
                if builders[-1].append(timestamp=now, key=key, value=value, headers=headers) is None:
                    raise MessageSizeTooLargeError(f"{len(value)} bytes for {topic}")
            await turns.give()
        return batches

    async def _crash_after_part(self, producer: AIOKafkaProducer, batches: dict[tuple[str, int], list[Any]]) -> None:
        """In tests: store the batches of one partition, and crash."""
        for at, builders in batches.items():
            if at[0].endswith(crash_points.armed().removeprefix("written.")) and crash_points.due(crash_points.armed()):
                await self._send(producer, {at: builders})
                crash_points.crash()

    async def _send(self, producer: AIOKafkaProducer, batches: dict[tuple[str, int], list[Any]]) -> None:
        """Hand over the first batch of every partition, then every second batch, and so on; wait for all of them.

        Only a second batch of a partition has to wait for room. Acknowledgements come many at once, so waiting for each
        in turn wakes this coroutine about once, without a task or a callback for each batch.
        """
        acknowledgements = []
        for turn in itertools.zip_longest(*batches.values()):
            for (topic, partition), batch in zip(batches, turn, strict=True):
                if batch is not None:
                    batch.close()
                    fence = self._fences.get((topic, partition))
                    if fence is not None:
                        fence.stamp(batch)
                    acknowledgements.append(await producer.send_batch(batch, topic, partition=partition))
        for acknowledgement in acknowledgements:
            await acknowledgement

    def _partition(self, key: bytes | None) -> int:
        return next(self._turn) % self.partitions if key is None else partition_of_key(key, self.partitions)

    async def stop(self) -> None:
        """Close the connection."""
        await self._connection.stop()


@lru_cache(maxsize=65_536)
def partition_of_key(key: bytes, partitions: int) -> int:
    """The partition that Kafka's default partitioner chooses for a key."""
    return int(murmur2(key) & 0x7FFFFFFF) % partitions
