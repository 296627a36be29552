"""Batches as producers make them, opened with care."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

import pytest
from aiokafka import TopicPartition, codec
from aiokafka.errors import CorruptRecordException
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.memory_records import MemoryRecords
from hypothesis import given
from hypothesis import strategies as st

from bordertally.agents.kafka import decompression
from bordertally.agents.kafka.decompression import (
    BATCH_BYTES,
    LimitedRecords,
    LimitedResult,
    TooMuchError,
    limit_decompression,
    raw_records,
    unreadable_reason,
)

KINDS = {"gzip": 1, "snappy": 2, "lz4": 3, "zstd": 4}
TP = TopicPartition("t", 0)
(PartitionRecords,), (FetchResult,) = LimitedRecords.__bases__, LimitedResult.__bases__  # aiokafka's own
limit_decompression()


def batch(
    values: Sequence[bytes],
    kind: int = 0,
    base: int = 0,
    *,
    headers: Sequence[tuple[str, bytes]] = (),
    key: bytes | None = None,
    producer: int | None = None,
) -> bytes:
    """A batch as a producer makes it; in a transaction of its own if the producer has a number."""
    builder = DefaultRecordBatchBuilder(
        magic=2,
        compression_type=kind,
        is_transactional=int(producer is not None),
        producer_id=-1 if producer is None else producer,
        producer_epoch=-1,
        base_sequence=-1,
        batch_size=1 << 30,
    )
    for offset, value in enumerate(values):
        builder.append(offset, timestamp=5, key=key, value=value, headers=list(headers))
    made = bytearray(builder.build())
    made[:8] = base.to_bytes(8, "big")  # as a broker does; the checksum does not cover it
    return bytes(made)


def marker(producer: int, kind: int, base: int) -> bytes:
    """What a broker writes at the end of a transaction that is taken back (0) or committed (1)."""
    made = bytearray(batch([b""], base=base, key=bytes((0, 0, 0, kind)), producer=producer))
    made[22] |= 0x20
    return bytes(made)


def compacted(whole: bytes, removed: int) -> bytes:
    """A batch whose last records are gone: it still says how far it went."""
    last = int.from_bytes(whole[23:27], "big") + removed
    return whole[:23] + last.to_bytes(4, "big") + whole[27:]


def answer(*batches: bytes | bytearray, kind: type = LimitedRecords, start: int = 0, **options: Any) -> Any:
    """What a broker's answer becomes."""
    how = {"aborted": [], "values": None, "check_crcs": False, "isolation_level": 1, **options}
    return kind(TP, MemoryRecords(b"".join(batches)), how.pop("aborted"), start, None, how.pop("values"), **how)


def read(*batches: bytes) -> tuple[list[Any], int]:
    """The records, and the offset that follows them."""
    made = answer(*batches)
    return list(made), made.next_fetch_offset


def codecs(kind: str) -> Any:
    return decompression._modules()[0].__dict__[f"{kind}_decode"]


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
    assert unreadable_reason(records[0]) == (
        f"offsets 0 to 2, of one batch, cannot be read: they open to more than {BATCH_BYTES} bytes"
    )
    assert unreadable_reason(records[1]) is None
    assert following == 4


@pytest.mark.parametrize("kind", KINDS)
def test_up_to_the_bound_it_opens(kind: str) -> None:
    payload = b"\0" * BATCH_BYTES
    encoded = getattr(codec, f"{kind}_encode")(payload)
    assert codecs(kind)(memoryview(encoded)) == payload
    with pytest.raises(TooMuchError):
        codecs(kind)(memoryview(getattr(codec, f"{kind}_encode")(payload + b"\0")))


@pytest.mark.parametrize("kind", KINDS)
def test_what_repeats_itself_from_far_back_opens(kind: str) -> None:
    """Producers of gzip refer to up to 32 KB back, which is as far as the format goes."""
    once = Random(1).randbytes(30_000)
    (record,), _ = read(batch([once + once], KINDS[kind]))
    assert record.value == once + once


def test_snappy_without_blocks_and_gzip_in_several_members_open() -> None:
    assert codecs("snappy")(memoryview(codec.snappy_encode(b"abc" * 99, xerial_compatible=False))) == b"abc" * 99
    assert codecs("gzip")(memoryview(codec.gzip_encode(b"abc") + codec.gzip_encode(b"def"))) == b"abcdef"


@pytest.mark.parametrize("kind", KINDS)
def test_what_does_not_open_is_passed_over(kind: str) -> None:
    whole = batch([b"x" * 500], KINDS[kind])
    broken = whole[:-12] + bytes(byte ^ 255 for byte in whole[-12:])
    records, following = read(broken, batch([b"after"], base=1))
    assert unreadable_reason(records[0])
    assert [record.value for record in records] == [None, b"after"]
    assert following == 2


def test_a_header_whose_name_is_no_text_stops_nothing() -> None:
    odd = batch([b"a", b"b"], headers=[("name", b"x")]).replace(b"name", b"n\xff\xfee")
    records, following = read(odd, batch([b"after"], base=2))
    assert [record.value for record in records] == [None, b"after"]
    assert "offsets 0 to 1, of one batch, cannot be read: 'utf-8'" in str(unreadable_reason(records[0]))
    assert following == 3


def test_many_batches_that_open_to_much_are_taken_a_few_at_a_time() -> None:
    large = [batch([b"\0" * (BATCH_BYTES // 2)], 4, base) for base in range(6)]
    records, following = read(*large)
    assert len(records) == following == 2  # the rest is fetched again


def test_what_stands_in_a_batch_before_its_fault_is_read() -> None:
    odd = batch([b"a", b"b" * 70], headers=[("name", b"x")])
    at = odd.rindex(b"name")
    records, following = read(odd[:at] + b"n\xff\xfee" + odd[at + 4 :], batch([b"after"], base=2))
    assert [record.value for record in records] == [b"a", None, b"after"]
    assert "offsets 1 to 1, of one batch, cannot be read: 'utf-8'" in str(unreadable_reason(records[1]))
    assert following == 3


def test_a_damaged_batch_and_what_is_behind_it_are_fetched_again() -> None:
    whole, damaged = batch([b"a", b"b"]), bytearray(batch([b"c", b"d"], base=2))
    damaged[-3] ^= 1
    made = answer(whole, damaged, batch([b"e"], base=4), check_crcs=True)
    assert [record.value for record in made.take(2)] == [b"a", b"b"]
    for _ in range(2):
        with pytest.raises(CorruptRecordException):
            made.take(9)
        assert made.take(9) == []
        assert made.next_fetch_offset == 2
        made = answer(damaged, batch([b"e"], base=4), start=2, check_crcs=True)


@pytest.mark.parametrize("start", [0, 1])
def test_a_batch_with_a_damaged_record_is_fetched_again(start: int) -> None:
    damaged = bytearray(batch([b"a", b"b", b"c"]))
    damaged[-8] ^= 2  # how long the last record is
    made = answer(damaged, batch([b"e"], base=3), start=start)
    assert [record.value for record in made.take(1)] == [[b"a"], [b"b"]][start]
    with pytest.raises(CorruptRecordException):
        made.take(9)
    assert (made.take(9), made.next_fetch_offset) == ([], start + 1)


class Assignment:
    """A partition that is assigned, as far as what was fetched of it asks."""

    def __init__(self, position: int) -> None:
        self.active, self.paused, self.position = True, False, position

    def state_value(self, _: TopicPartition) -> Assignment:
        """The state of the partition."""
        return self

    def consumed_to(self, position: int) -> None:
        """So far records have been handed out."""
        self.position = position


@st.composite
def answers(draw: st.DrawFn) -> tuple[list[bytes], list[tuple[int, int]], int]:
    """Batches of producers with and without transactions, which of those were taken back, and where it ends."""
    batches, aborted, open_, base = list[bytes](), list[tuple[int, int]](), dict[int, int](), 0
    for _ in range(draw(st.integers(0, 9))):
        producer = draw(st.none() | st.integers(1, 2))
        if producer in open_ and draw(st.booleans()):
            kind = draw(st.integers(0, 1))
            if kind == 0:
                aborted.append((producer, open_[producer]))
            del open_[producer]
            batches.append(marker(producer, kind, base))
            base += 1
        else:
            if producer is not None:
                open_.setdefault(producer, base)
            values = [bytes((base, number)) * 9 for number in range(draw(st.integers(1, 4)))]
            removed = draw(st.integers(0, 2))
            made = batch(values, draw(st.sampled_from((0, *KINDS.values()))), base, producer=producer)
            batches.append(compacted(made, removed))
            base += len(values) + removed
        base += draw(st.integers(0, 1))
    return batches, aborted, base


@given(answers(), st.integers(0, 1), st.booleans(), st.data())
def test_records_come_many_at_once_as_they_come_from_aiokafka_one_by_one(
    made: tuple[list[bytes], list[tuple[int, int]], int], level: int, plain: bool, data: st.DataObject
) -> None:
    batches, aborted, end = made
    how: dict[str, Any] = {"start": data.draw(st.integers(0, end)), "aborted": aborted, "isolation_level": level}
    theirs_at, ours_at = Assignment(how["start"]), Assignment(how["start"])
    records = answer(*batches, kind=PartitionRecords, **how)
    theirs = FetchResult(TP, assignment=theirs_at, partition_records=records, backoff=0)
    records = answer(*batches, values=raw_records if plain else None, **how)
    ours = LimitedResult(TP, assignment=ours_at, partition_records=records, backoff=0)
    while theirs.has_more():
        most = data.draw(st.none() | st.integers(1, 5))
        wanted, got = theirs.getall(most), ours.getall(most)
        if plain:
            assert [(record.offset, record.value) for record in got] == [
                (record.offset, record.value) for record in wanted
            ]
        else:
            assert got == wanted
        assert (ours.has_more(), ours_at.position) == (theirs.has_more(), theirs_at.position)
    assert not ours.has_more()
