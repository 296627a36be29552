"""Rows of the ledger's table: their keys and bytes are what a worker restarts from."""

from __future__ import annotations

import msgspec
import pytest

from bordertally.streams.flows import Flow
from bordertally.streams.ledger.ledger import Ledger
from bordertally.streams.ledger.rows import (
    PEOPLE,
    Key,
    Row,
    alias_row,
    decode_claims,
    decode_row,
    encode_row,
    is_readable,
)
from bordertally.streams.reports.readings import Columns, Reading
from unit.kit import claim, ordinal

FLOW = Flow("RU:KZ:mashtakovo")


@pytest.mark.parametrize(
    ("row", "key"),
    [
        (Row("r", FLOW, 738_419), b"r|RU:KZ:mashtakovo|738419"),
        (Row("c", Flow("RU"), 23_075), b"c|RU|23075"),
    ],
)
def test_a_row_is_found_by_kind_flow_and_number(row: Row, key: bytes) -> None:
    assert row.key == key
    assert Row.of(key) == row


@pytest.mark.parametrize("key", [b"", b"r|RU", b"r|RU|x", b"r|RU|1|2", b"\xff|RU|1"])
def test_what_is_no_key_of_a_row_is_refused(key: bytes) -> None:
    with pytest.raises(ValueError, match=r"unpack|invalid literal|can't decode"):
        Row.of(key)


def test_readings_come_back_from_their_row_by_series_and_source() -> None:
    start = (ordinal("2022-09-21") - ordinal("1970-01-01")) * 86_400
    readings = Columns.of(
        [
            Reading(start + at, start + at + 3_600, start + at, start + at + 3_600, 7, "r", "C", 1, 1, 1)
            for at in (0, 3_600)
        ]
    )
    stored = [(PEOPLE, "c", readings), (Key("people", "vehicles"), "c", readings)]
    assert decode_row(encode_row(stored)) == stored


def test_a_reading_is_stored_in_the_order_of_its_fields() -> None:
    """The bytes are an interface between versions: key, source, and a column each."""
    one = Columns.of([Reading(10, 20, 30, 40, 5, "r", "C", 1.0, 1.0, 1.0)])
    assert msgspec.msgpack.decode(encode_row([(PEOPLE, "c", one)])) == [
        [["people", "people"], "c", [[10], [20], [30], [40], [5], ["r"], [1.0], "C", None, None, None]]
    ]


def test_statements_come_back_from_their_row() -> None:
    claims = [claim(98_000, "2022-09-21/2022-09-28", qualifier="stated"), claim(5, measure="queue", id="q")]
    assert decode_claims(encode_row(claims)) == claims


@pytest.mark.parametrize("raw", [b"", b"\x91\x01", b"{}"])
def test_what_is_no_row_is_refused(raw: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        decode_row(raw)


def test_rows_that_a_ledger_writes_are_readable_and_others_are_not() -> None:
    ledger = Ledger()
    ahead = msgspec.structs.replace(claim(5, "2022-09-22", id="ahead"), dated=2_000_000_000_000_000)
    hour = claim(1, "2022-09-23T10:00/PT1H", qualifier="count")
    versions = [claim(6, published="2022-10-02T00:00:00Z", id="later"), claim(5, published="2022-10-01T00:00:00Z")]
    rows = ledger.apply([ahead, hour, *versions]).rows
    assert {row.kind for row in rows} == set("cfrv")
    for row in rows:
        assert is_readable(row.key, ledger.row(row))
        assert not is_readable(row.key, b"\x93\x01")
    assert is_readable(alias_row(Flow("RU:KZ")).key, b"RU:GE")
    assert not is_readable(b"c|RU:KZ", b"\x90")
