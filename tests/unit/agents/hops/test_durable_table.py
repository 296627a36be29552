"""A table whose rows count once the broker has them: in memory after it, never before."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.errors import KafkaError

from bordertally.agents.hops.durable_table import DurableTable
from bordertally.agents.kafka.producer import Record
from bordertally.agents.worker.worker import create_app
from bordertally.streams.settings import load_settings
from unit.agents.hops.kit import Broker

CHANGELOG = "pre.alerts-changelog"
ROWS = {1: {b"RU:KZ": b"one"}, 3: {b"RU:GE": b"two"}}


def table_on(broker: Broker) -> DurableTable:
    (hop,) = create_app(load_settings(hops="alerts", topic_prefix="pre.")).hops
    broker.serve(hop.context)
    table: DurableTable = hop.table  # type: ignore[attr-defined] # of the alerts hop
    return table


async def test_rows_go_to_the_changelog_each_to_its_partition_with_what_follows_from_them() -> None:
    broker = Broker()
    table = table_on(broker)
    beside = Record("totals", b"RU:KZ", b"state")
    await table.store(ROWS, [beside])
    assert broker.records == [Record(CHANGELOG, b"RU:KZ", b"one", 1), Record(CHANGELOG, b"RU:GE", b"two", 3), beside]
    assert broker.writes == 1
    assert dict(table.data) == {b"RU:KZ": b"one", b"RU:GE": b"two"}


async def test_rows_that_the_broker_does_not_take_are_not_in_the_table() -> None:
    table = table_on(Broker(takes=0))
    with pytest.raises(KafkaError):
        await table.store(ROWS)
    assert dict(table.data) == {}


def test_the_changelog_is_read_back_in_order_and_a_tombstone_takes_a_row_away() -> None:
    table = table_on(Broker())
    changes: list[Any] = [(b"a", b"1"), (b"b", b"2"), (b"a", b"3"), (b"b", None), (b"c", None)]
    table.read_back([SimpleNamespace(key=key, value=value) for key, value in changes])
    assert dict(table.data) == {b"a": b"3"}
