"""Sending records and waiting until the broker has them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, NamedTuple

from aiokafka import AIOKafkaProducer

from streams.topics import BIGGEST


class Record(NamedTuple):
    """A record to send; `partition` None lets Kafka's partitioner choose by key."""

    topic: str
    key: bytes | None
    value: bytes
    partition: int | None = None
    headers: list[tuple[str, bytes]] | None = None


def make_producer(brokers: str, linger_s: float, **options: Any) -> AIOKafkaProducer:
    """A producer whose acknowledgement means that every in-sync replica has the record."""
    return AIOKafkaProducer(
        bootstrap_servers=brokers,
        acks="all",
        linger_ms=int(linger_s * 1000),
        max_request_size=BIGGEST + 65_536,
        max_batch_size=262_144,
        **options,
    )


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

    Faust's own costs several times as much a record, and does not say when a record is stored.
    """

    def __init__(self, brokers: str, linger_s: float, timeout_s: float) -> None:
        self.brokers, self.linger_s, self.timeout_s = brokers, linger_s, timeout_s
        self._producer: AIOKafkaProducer | None = None
        self._connecting = asyncio.Lock()

    async def write(self, records: Iterable[Record]) -> None:
        """Send records in order; returns when the broker has all of them. Raises KafkaError or TimeoutError."""
        async with self._connecting:
            if self._producer is None:
                producer = make_producer(self.brokers, self.linger_s)
                await producer.start()
                self._producer = producer
        await send_all(by_kafka(self._producer), records, self.timeout_s)

    async def stop(self) -> None:
        """Close the connections."""
        if self._producer is not None:
            await self._producer.stop()
