from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.errors import MessageSizeTooLargeError

from bordertally.agents.kafka import producer as module
from bordertally.agents.kafka.fencing import Epoch, Fenced, UnfencedError
from bordertally.agents.kafka.producer import Connection, Record, Writer
from bordertally.streams.settings import load_settings


class Producer:
    """Takes batches of two records, and notes where they go; the broker says of each what it is told to say."""

    client: Any

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


async def test_where_a_broker_keeps_no_epochs_batches_carry_none(monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(*_: object) -> Any:
        raise UnfencedError

    monkeypatch.setattr(module, "new_epoch", refuse)
    writer, producer = writing(monkeypatch)
    producer.client = None
    assert await writer.fence([Fenced("alerts-changelog", 1, ["alerts"])]) == {}
    await writer.write([Record("alerts", b"RU:KZ", b"a", 1)])  # a batch of this producer takes no epoch
    assert producer.taken == [("alerts", 1, [b"a"])]


async def test_a_worker_that_was_frozen_while_it_asked_for_an_epoch_does_not_fence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def give(*_: object) -> Epoch:
        return Epoch(7, 1)

    def end() -> None:
        raise SystemExit(70)

    monkeypatch.setattr(module, "new_epoch", give)
    writer, producer = writing(monkeypatch)
    producer.client, writer.before = None, end
    with pytest.raises(SystemExit):
        await writer.fence([Fenced("alerts-changelog", 1)])
    assert producer.taken == []


async def test_a_record_that_no_batch_can_hold_is_refused_with_its_size(monkeypatch: pytest.MonkeyPatch) -> None:
    writer, producer = writing(monkeypatch)
    monkeypatch.setattr(producer, "create_batch", lambda: SimpleNamespace(append=lambda **_: None))
    with pytest.raises(MessageSizeTooLargeError, match="5 bytes for claims"):
        await writer.write([Record("claims", None, b"large", 0)])
    assert producer.taken == []


async def test_a_batch_of_a_fenced_partition_carries_its_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    writer, producer = writing(monkeypatch)
    stamped: list[Any] = []
    writer._fences = {("rows", 1): SimpleNamespace(stamp=stamped.append)}  # type: ignore[dict-item]
    await writer.write(Record("rows", None, value, at) for at in (0, 1) for value in (b"a", b"b", b"c"))
    assert [batch.values for batch in stamped] == [[b"a", b"b"], [b"c"]]
    assert len(producer.taken) == 4
