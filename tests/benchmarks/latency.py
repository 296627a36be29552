"""The live phase: a steady feed, and a reader downstream that notes when each record comes."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from benchmarks import broker
from benchmarks.feed import Live

Heard = list[tuple[float, bytes]]


async def publish(address: str, topic: str, counts: Sequence[Live], rate: float) -> list[float]:
    """Publish at a steady rate, without lingering; the moments when each was handed over, all acknowledged."""
    producer = AIOKafkaProducer(bootstrap_servers=address, linger_ms=0, acks="all")
    await producer.start()
    try:
        began = time.time()
        moments, acknowledged = [], []
        for number, count in enumerate(counts):
            wait = began + number / rate - time.time()
            if wait > 0:
                await asyncio.sleep(wait)
            moments.append(time.time())
            acknowledged.append(await broker.publish_one(producer, topic, count.message))
        await asyncio.gather(*acknowledged)
        return moments
    finally:
        await producer.stop()


@asynccontextmanager
async def listening(address: str, topic: str) -> AsyncIterator[Heard]:
    """What comes on a topic from now on, and when a reader has it."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=address, enable_auto_commit=False, isolation_level="read_committed", fetch_max_wait_ms=50
    )
    heard: Heard = []

    async def listen() -> None:
        while True:
            for records in (await consumer.getmany(timeout_ms=100)).values():
                now = time.time()
                heard.extend((now, record.value) for record in records)

    await consumer.start()
    parts = [TopicPartition(topic, number) for number in range(broker.PARTITIONS)]
    consumer.assign(parts)
    await consumer.seek_to_end(*parts)
    for part in parts:
        await consumer.position(part)
    task = asyncio.create_task(listen())
    try:
        yield heard
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        await consumer.stop()


def delays(
    counts: Iterable[Live],
    moments: Iterable[float],
    heard: Heard,
    read: Callable[[bytes], Iterable[tuple[str, str, int]]],
) -> list[float | None]:
    """Milliseconds from each count to the first record whose figure includes it; None where none came.

    `read` gives (flow, day, people of that day so far): sums only grow, so a sum as large includes the count.
    """
    waiting: dict[tuple[str, str], list[tuple[int, int, float]]] = {}
    for index, (count, moment) in enumerate(zip(counts, moments, strict=True)):
        waiting.setdefault((count.message.flow, count.day), []).append((count.total, index, moment))
    delays: dict[int, float | None] = {index: None for waiters in waiting.values() for _, index, _ in waiters}
    for now, value in heard:
        for flow, day, people in read(value):
            at_hand = waiting.get((flow, day), [])
            while at_hand and at_hand[0][0] <= people:
                _, index, moment = at_hand.pop(0)
                delays[index] = (now - moment) * 1000
    return [delays[index] for index in sorted(delays)]


def quantile(values: Sequence[float | None], share: float) -> float | None:
    """The value below which that share lies; those that never came count as endless, which is shown as None."""
    if not values:
        return None
    ordered = sorted(float("inf") if value is None else value for value in values)
    value = ordered[min(len(ordered) - 1, int(len(ordered) * share))]
    return None if value == float("inf") else round(value, 1)
