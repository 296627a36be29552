"""Sending records and waiting until the broker has them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

from aiokafka import AIOKafkaProducer

from streams.topics import BIGGEST

if TYPE_CHECKING:
    import faust  # takes a second to import, and producers need none of it


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


def by_faust(app: faust.App) -> Send:
    """Send through the producer of a Faust app."""

    async def send(one: Record) -> Awaitable[Any]:
        sent: Awaitable[Any] = await app.producer.send(one.topic, one.key, one.value, one.partition, None, one.headers)
        return sent

    return send


async def send_all(send: Send, records: Iterable[Record], timeout_s: float) -> None:
    """Send records in order and wait for all acknowledgements. Raises KafkaError or TimeoutError if one is missing."""
    async with asyncio.timeout(timeout_s):
        waiting = [await send(one) for one in records]
        if waiting:
            await asyncio.gather(*waiting)
