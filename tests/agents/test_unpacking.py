"""Batches as producers make them, opened with care."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from aiokafka import TopicPartition, codec
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.memory_records import MemoryRecords

from agents import unpacking
from agents.unpacking import BATCH_BYTES, CarefulRecords, TooMuchError, careful, unopened

KINDS = {"gzip": 1, "snappy": 2, "lz4": 3, "zstd": 4}
TP = TopicPartition("t", 0)
careful()


def batch(values: Sequence[bytes], kind: int = 0, base: int = 0, headers: Sequence[tuple[str, bytes]] = ()) -> bytes:
    builder = DefaultRecordBatchBuilder(
        magic=2,
        compression_type=kind,
        is_transactional=0,
        producer_id=-1,
        producer_epoch=-1,
        base_sequence=-1,
        batch_size=1 << 30,
    )
    for offset, value in enumerate(values):
        builder.append(offset, timestamp=5, key=None, value=value, headers=list(headers))
    made = bytearray(builder.build())
    made[:8] = base.to_bytes(8, "big")  # as a broker does; the checksum does not cover it
    return bytes(made)


def read(*batches: bytes) -> tuple[list[Any], int]:
    """The records, and the offset that follows them."""
    made = CarefulRecords(TP, MemoryRecords(b"".join(batches)), [], 0, None, None, check_crcs=False, isolation_level=0)
    return list(made), made.next_fetch_offset


def codecs(kind: str) -> Any:
    return unpacking._modules()[0].__dict__[f"{kind}_decode"]


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_compressed_opens(kind: str) -> None:
    values = [b"one", b"two" * 1000, b""]
    records, following = read(batch(values, KINDS[kind]), batch([b"more"], base=3))
    assert [record.value for record in records] == [*values, b"more"]
    assert following == 4


@pytest.mark.parametrize("kind", KINDS)
def test_a_bomb_is_passed_over_and_what_stands_behind_it_is_read(kind: str) -> None:
    bomb = batch([b"a", b"\0" * (BATCH_BYTES + 1), b"b"], KINDS[kind])
    records, following = read(bomb, batch([b"after"], base=3))
    assert [(record.offset, record.value) for record in records] == [(2, None), (3, b"after")]
    assert unopened(records[0]) == (
        f"offsets 0 to 2, of one batch, cannot be read: they open to more than {BATCH_BYTES} bytes"
    )
    assert unopened(records[1]) is None
    assert following == 4


@pytest.mark.parametrize("kind", KINDS)
def test_up_to_the_bound_it_opens(kind: str) -> None:
    payload = b"\0" * BATCH_BYTES
    encoded = getattr(codec, f"{kind}_encode")(payload)
    assert codecs(kind)(memoryview(encoded)) == payload
    with pytest.raises(TooMuchError):
        codecs(kind)(memoryview(getattr(codec, f"{kind}_encode")(payload + b"\0")))


def test_snappy_without_blocks_and_gzip_in_several_members_open() -> None:
    assert codecs("snappy")(memoryview(codec.snappy_encode(b"abc" * 99, xerial_compatible=False))) == b"abc" * 99
    assert codecs("gzip")(memoryview(codec.gzip_encode(b"abc") + codec.gzip_encode(b"def"))) == b"abcdef"


@pytest.mark.parametrize("kind", KINDS)
def test_what_does_not_open_is_passed_over(kind: str) -> None:
    whole = batch([b"x" * 500], KINDS[kind])
    broken = whole[:-12] + bytes(byte ^ 255 for byte in whole[-12:])
    records, following = read(broken, batch([b"after"], base=1))
    assert unopened(records[0])
    assert [record.value for record in records] == [None, b"after"]
    assert following == 2


def test_a_header_whose_name_is_no_text_stops_nothing() -> None:
    odd = batch([b"a", b"b"], headers=[("name", b"x")]).replace(b"name", b"n\xff\xfee")
    records, following = read(odd, batch([b"after"], base=2))
    assert [record.value for record in records] == [None, b"after"]
    assert "offsets 0 to 1, of one batch, cannot be read: 'utf-8'" in str(unopened(records[0]))
    assert following == 3


def test_many_batches_that_open_to_much_are_taken_a_few_at_a_time() -> None:
    large = [batch([b"\0" * (BATCH_BYTES // 2)], 4, base) for base in range(6)]
    records, following = read(*large)
    assert len(records) == following == 2  # the rest is fetched again
