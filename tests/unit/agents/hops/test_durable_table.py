"""A table whose rows count once the broker has them: in memory after it, never before."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.errors import KafkaError

from bordertally.agents.hops.durable_table import DurableTable
from bordertally.agents.kafka.fencing import FENCE_KEY
from bordertally.agents.kafka.producer import Record
from bordertally.agents.worker.worker import create_app
from bordertally.streams.ledger.rows import row_mark
from bordertally.streams.settings import load_settings
from unit.agents.hops.kit import Broker, Deaths, DiedError

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
    assert broker.records == [
        Record(CHANGELOG, b"RU:KZ", b"one", 1, [("row", row_mark(b"RU:KZ", b"one"))]),
        Record(CHANGELOG, b"RU:GE", b"two", 3, [("row", row_mark(b"RU:GE", b"two"))]),
        beside,
    ]
    assert broker.writes == 1
    assert dict(table.data) == {b"RU:KZ": b"one", b"RU:GE": b"two"}


async def test_rows_that_the_broker_does_not_take_are_not_in_the_table() -> None:
    table = table_on(Broker(takes=0))
    with pytest.raises(KafkaError):
        await table.store(ROWS)
    assert dict(table.data) == {}


def row(offset: int, key: bytes, value: bytes | None, mark: bytes | None = None, partition: int = 1) -> Any:
    headers = () if mark is None else (("row", mark),)
    return SimpleNamespace(topic=CHANGELOG, partition=partition, offset=offset, key=key, value=value, headers=headers)


def marked(offset: int, key: bytes, value: bytes) -> Any:
    return row(offset, key, value, row_mark(key, value))


def test_the_changelog_is_read_back_in_order_and_rows_of_older_versions_come_first() -> None:
    table = table_on(Broker())
    table.read_back([row(0, b"a", b"1"), marked(1, b"b", b"2"), marked(2, b"a", b"3")])
    assert dict(table.data) == {b"a": b"3", b"b": b"2"}


@pytest.mark.parametrize(
    ("false", "why"),
    [
        (row(7, b"a", b"2"), "it has no header that says whose row it is, so another program wrote it"),
        (row(7, b"a", None), "it has no header that says whose row it is, so another program wrote it"),
        (row(7, b"a", b"2", row_mark(b"b", b"2")), "it is the row of another key"),
        (row(7, b"a", b"3", row_mark(b"a", b"2")), "it is the row of another key"),
        (row(7, b"a", None, row_mark(b"a", b"2")), "it is the row of another key"),
    ],
)
def test_a_record_that_is_no_row_of_its_key_is_named_and_ends_the_worker(false: Any, why: str) -> None:
    table = table_on(Broker())
    deaths = Deaths(table._context)
    with pytest.raises(DiedError):
        table.read_back([marked(6, b"a", b"1"), false])
    (reason,) = deaths.reasons
    assert f"the record {CHANGELOG}/1/7, key b'a', cannot be read ({why})" in reason
    assert f"set BORDERTALLY_SKIP_RECORDS={CHANGELOG}/1/7;" in reason


def test_a_value_is_bound_to_its_key() -> None:
    assert row_mark(b"123456789", b"") == bytes.fromhex("cbf43926")  # the check value of CRC-32
    assert row_mark(b"1234", b"56789") == row_mark(b"123456789", b"")
    assert row_mark(b"a", b"value") != row_mark(b"b", b"value")


def test_the_record_that_fences_a_partition_is_no_row() -> None:
    table = table_on(Broker())
    table.read_back([row(0, b"a", b"1"), row(1, FENCE_KEY, b""), marked(2, b"b", b"2"), row(3, FENCE_KEY, b"")])
    assert dict(table.data) == {b"a": b"1", b"b": b"2"}
