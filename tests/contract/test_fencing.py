"""A write that a network holds back until another worker has the partition: it counts without a fence, not with one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiokafka.client
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.structs import ConsumerRecord

from bordertally.agents.kafka.fencing import FENCE_KEY, Fenced, LateWriteError
from bordertally.agents.kafka.producer import Record, Writer, make_producer
from bordertally.agents.servers.ports import free_port
from bordertally.agents.servers.process import Server
from bordertally.streams.settings import Settings, load_settings
from chaos.detour import Detour
from live import Live, until

pytestmark = pytest.mark.kafka

PARTITION = 1
FAR = "far"
"""The client id of the worker behind the detour."""


@asynccontextmanager
async def writer_of(settings: Settings, client_id: str) -> AsyncIterator[Writer]:
    writer = Writer(settings)
    producer = make_producer(settings, 0.0, client_id=client_id)
    await producer.start()
    writer._connection._producer = producer
    try:
        yield writer
    finally:
        await writer.stop()


@asynccontextmanager
async def detour_to(kafka: Server, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Detour]:
    """A way that can be cut, between the client FAR and the broker."""
    connect = aiokafka.client.create_conn
    async with Detour(free_port(), kafka.port) as detour:

        async def connected(host: str, port: int, *, client_id: str, **options: Any) -> Any:
            return await connect(host, detour.port if client_id == FAR else port, client_id=client_id, **options)

        monkeypatch.setattr(aiokafka.client, "create_conn", connected)
        yield detour


async def rows(settings: Settings, topic: str, most: int) -> list[bytes]:
    """The values of so many rows of the partition, the first ones."""
    place = TopicPartition(topic, PARTITION)
    consumer = AIOKafkaConsumer(bootstrap_servers=settings.brokers, auto_offset_reset="earliest")
    await consumer.start()
    try:
        consumer.assign([place])
        found: list[ConsumerRecord] = []

        async def complete() -> bool:
            for records in (await consumer.getmany(timeout_ms=200)).values():
                found.extend(record for record in records if record.key != FENCE_KEY)
            return len(found) >= most

        await until(complete, f"{most} rows are on {topic}", 10)
        return [record.value for record in found]
    finally:
        await consumer.stop()


async def late_write(settings: Settings, topic: str, detour: Detour, *, fenced: bool) -> list[bytes]:
    """Write through the detour, cut it during the second write, and write past it; returns the rows in the end."""

    def row(value: bytes) -> list[Record]:
        return [Record(topic, b"key", value, PARTITION)]

    async with writer_of(settings, FAR) as first, writer_of(settings, "near") as second:
        if fenced:
            await first.fence([Fenced(topic, PARTITION)])
        await first.write(row(b"first"))
        detour.cut()
        late = asyncio.create_task(first.write(row(b"late")))
        await asyncio.sleep(0.2)  # it is on its way
        if fenced:
            await second.fence([Fenced(topic, PARTITION)])
        await second.write(row(b"newer"))
        detour.mend()
        if fenced:
            with pytest.raises(LateWriteError, match="another worker has taken over the partition"):
                await late
            await second.write(row(b"newest"))
        else:
            await late
    return await rows(settings, topic, 3)


@pytest.mark.parametrize(
    ("fenced", "stored"),
    [
        (False, [b"first", b"newer", b"late"]),  # the fault: after a restart, the older row would win
        (True, [b"first", b"newer", b"newest"]),
    ],
)
async def test_a_late_write_counts_only_without_a_fence(
    fenced: bool,
    stored: list[bytes],
    kafka: Server,
    live_on_kafka: Live,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await asyncio.to_thread(live_on_kafka.create_topics)
    topic = live_on_kafka.topics.changelog("ledger")
    async with detour_to(kafka, monkeypatch) as detour:
        assert await late_write(load_settings(brokers=kafka.address), topic, detour, fenced=fenced) == stored


async def test_the_owner_writes_on_after_it_fences_its_own_partition_again(kafka: Server, live_on_kafka: Live) -> None:
    await asyncio.to_thread(live_on_kafka.create_topics)
    topic = live_on_kafka.topics.changelog("alerts")
    async with writer_of(load_settings(brokers=kafka.address), "near") as writer:
        epochs = []
        for number in range(3):
            epochs.append((await writer.fence([Fenced(topic, PARTITION)]))[PARTITION])
            await writer.write([Record(topic, b"key", b"%d" % number, PARTITION)])
    assert await rows(load_settings(brokers=kafka.address), topic, 3) == [b"0", b"1", b"2"]
    assert epochs[0].producer_id == epochs[2].producer_id
    assert [epoch.number for epoch in epochs] == [0, 1, 2]
