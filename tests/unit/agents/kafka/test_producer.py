from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from bordertally.agents.kafka.producer import Connection, Record, Writer
from bordertally.streams.settings import load_settings


class Producer:
    """Takes batches of two records, and notes where they go; the broker says of each what it is told to say."""

    def __init__(self, fails: str = "") -> None:
        self.taken: list[tuple[str, int, list[bytes]]] = []
        self.fails = fails

    def create_batch(self) -> Any:
        values = list[bytes]()

        def append(value: bytes, **_: object) -> object:
            if len(values) == 2:
                return None  # it is full
            values.append(value)
            return batch

        batch = SimpleNamespace(append=append, close=lambda: None, values=values)
        return batch

    async def send_batch(self, batch: Any, topic: str, *, partition: int) -> asyncio.Future[None]:
        self.taken.append((topic, partition, batch.values))
        stored = asyncio.get_running_loop().create_future()
        if topic == self.fails:
            stored.set_exception(RuntimeError(topic))
        else:
            stored.set_result(None)
        return stored


def writing(monkeypatch: pytest.MonkeyPatch, fails: str = "") -> tuple[Writer, Producer]:
    producer = Producer(fails)

    async def connected(_: Connection) -> Producer:
        return producer

    monkeypatch.setattr(Connection, "producer", connected)
    return Writer(load_settings()), producer


async def test_the_first_batch_of_every_partition_goes_before_any_second_one(monkeypatch: pytest.MonkeyPatch) -> None:
    writer, producer = writing(monkeypatch)
    await writer.write(Record("claims", None, value, at) for at in (0, 1) for value in (b"a", b"b", b"c"))
    assert producer.taken == [
        ("claims", 0, [b"a", b"b"]),
        ("claims", 1, [b"a", b"b"]),
        ("claims", 0, [b"c"]),
        ("claims", 1, [b"c"]),
    ]
    assert writer.written == 1


async def test_a_write_fails_where_one_of_its_batches_is_not_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    writer, _ = writing(monkeypatch, fails="totals")
    with pytest.raises(RuntimeError, match="totals"):
        await writer.write([Record("claims", None, b"a", 0), Record("totals", None, b"b", 0)])
    assert writer.written == 0
