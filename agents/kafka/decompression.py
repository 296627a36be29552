"""A limit on decompression: a batch that decompresses past the limit is skipped and reported.

aiokafka decompresses every batch in memory and as a whole: 20 kilobytes of zstd can be gigabytes of zeros, and the
worker that reads them is killed, again after every restart. Here a batch decompresses to at most `BATCH_BYTES`. A batch
that would exceed the limit, or cannot be read at all (the name of a header is not UTF-8), yields one record without a
value that states the reason (see `unreadable_reason`); the partition continues after the batch. The decompressed bytes
of one response of the broker are limited too: the rest of the response is fetched again.

`limit_decompression()` replaces aiokafka's classes for the whole process.
"""

from __future__ import annotations

import mmap
import sys
import threading
import zlib
from collections.abc import Callable, Iterator
from itertools import chain, islice
from types import ModuleType
from typing import Any, NamedTuple

import cramjam
from aiokafka.consumer import fetcher
from aiokafka.errors import CorruptRecordException
from aiokafka.record import default_records, legacy_records

from bordertally.streams.reports.dead_letters import UNOPENED
from bordertally.streams.topics import BIGGEST, header

BATCH_BYTES = 2 * BIGGEST
"""The most bytes of a decompressed batch. A producer's batch is about a megabyte, a message at most BIGGEST."""

_local = threading.local()
_XERIAL = b"\x82SNAPPY\x00"


class TooMuchError(Exception):
    """A batch would decompress to more than `BATCH_BYTES`."""


class UnreadableBatch(NamedTuple):
    """A record without a value, in place of a batch, or the rest of a batch, that could not be read."""

    offset: int
    timestamp: int
    timestamp_type: int
    headers: list[tuple[str, bytes]]
    key: bytes | None = None
    value: bytes | None = None
    checksum: int | None = None


def raw_records(value: bytes | None) -> bytes | None:
    """The value deserializer of a consumer that wants aiokafka's raw records, not a ConsumerRecord for each."""
    return value


def unreadable_reason(record: Any) -> str | None:
    """Why the batch that a record stands for could not be read; None for a record of a producer."""
    why = header(record.headers, UNOPENED)
    return None if why is None else why.decode("utf-8", "replace")


def _gzip(payload: Any) -> bytes:
    opened, rest = b"", bytes(payload)
    while rest:
        member = zlib.decompressobj(wbits=31)
        opened += member.decompress(rest, BATCH_BYTES + 1 - len(opened))
        if len(opened) > BATCH_BYTES:
            raise TooMuchError
        if not member.eof:
            raise ValueError("the gzip stream ends early")
        rest = member.unused_data
    return opened


def _framed(codec: Any) -> Callable[[Any], bytes]:
    """Decompress LZ4 or zstd into a buffer of fixed size; pages that are never touched take no memory."""

    def opened(payload: Any) -> bytes:
        room = getattr(_local, "room", None)
        if room is None:
            room = _local.room = mmap.mmap(-1, BATCH_BYTES)
        try:
            size = codec.decompress_into(payload, room)
        except cramjam.DecompressionError as error:
            if "whole buffer" in str(error):
                raise TooMuchError from None
            raise
        return room[:size]

    return opened


def _snappy(payload: Any) -> bytes:
    """Decompress Snappy, whose blocks state their decompressed length.

    Java clients write a header first, and before each block its length.
    """
    whole = memoryview(payload)
    blocks, at = [whole], 16
    if bytes(whole[:8]) == _XERIAL:
        blocks = []
        while at < len(whole):
            size = int.from_bytes(whole[at : at + 4], "big")
            blocks.append(whole[at + 4 : at + 4 + size])
            at += 4 + size
    if sum(cramjam.snappy.decompress_raw_len(block) for block in blocks) > BATCH_BYTES:
        raise TooMuchError
    return b"".join(bytes(cramjam.snappy.decompress_raw(block)) for block in blocks)


def _measured(codec: Callable[[Any], bytes]) -> Callable[[Any], bytes]:
    def opened(payload: Any) -> bytes:
        out = codec(payload)
        _local.opened = _opened() + len(out)
        return out

    return opened


def _opened() -> int:
    """The decompressed bytes in this thread so far."""
    count: int = getattr(_local, "opened", 0)
    return count


class LimitedRecords(fetcher.PartitionRecords):
    """aiokafka's records of one partition in one response, without the batches that cannot be read.

    `take` returns many records at once; aiokafka's iterator costs twice as much a record.
    """

    next_fetch_offset: int

    def __init__(self, tp: Any, records: Any, *others: Any, **named: Any) -> None:
        super().__init__(tp, records, *others, **named)
        self._records_iterator = None  # aiokafka's own is not used; its reference cycle would keep the response alive
        self._bound = _opened() + BATCH_BYTES  # no further batch is decompressed beyond this count
        self._batch: Any = None
        self._rest: Iterator[Any] | None = None  # the records of the batch that have not been taken

    def __next__(self) -> Any:
        for record in self.take(1):
            return record
        raise StopIteration

    def take(self, most: int) -> list[Any]:
        """The next records, at most `most`; moves the position after them. Fewer records: the response has no more."""
        taken: list[Any] = []
        while len(taken) < most:
            try:
                if self._rest is None and not self._open():
                    break
                taken.extend(islice(self._rest, most - len(taken)))  # type: ignore[arg-type] # it is open
            except CorruptRecordException:  # damaged in transit, or on the broker's disk
                self._end()
                raise
            except Exception as error:  # noqa: BLE001 - whatever the batch contains, the partition continues after it
                self._move_after(taken)
                taken.append(self._unreadable(error))
                self._leave()
            else:
                if len(taken) < most:
                    self._leave()
        self._move_after(taken)
        if self._value_deserializer is raw_records:
            return taken
        return [self._consumer_record(self._tp, record) for record in taken]

    def _open(self) -> bool:
        """Move to the next batch with records for consumers; False when there is none."""
        while self._records.has_next() and _opened() <= self._bound:
            batch = self._batch = self._records.next_batch()
            if self._check_crcs and not batch.validate_crc():
                raise CorruptRecordException(f"{self._tp}: the checksum is wrong")
            if not (batch.is_control_batch or batch.is_transactional) or not self._hidden(batch):
                first = self.next_fetch_offset
                early = batch.base_offset < first  # the broker returns the whole batch that contains the position
                self._rest = (record for record in batch if record.offset >= first) if early else chain(batch)
                return True
            self.next_fetch_offset = batch.next_offset
        return False

    def _end(self) -> None:
        """Stop here: the position stays, and what follows is fetched again."""
        self._rest, self._bound = None, -1

    def _leave(self) -> None:
        """Move the position after the batch, also after records at its end that were compacted away."""
        self._rest, self.next_fetch_offset = None, self._batch.next_offset

    def _move_after(self, taken: list[Any]) -> None:
        if taken:
            self.next_fetch_offset = max(self.next_fetch_offset, taken[-1].offset + 1)

    def _hidden(self, batch: Any) -> bool:
        """Whether a batch is a control marker or of an aborted transaction, as aiokafka's `_unpack_records` decides."""
        if self._isolation_level == fetcher.READ_COMMITTED and batch.producer_id is not None:
            self._consume_aborted_up_to(batch.base_offset)
            if batch.is_control_batch and self._contains_abort_marker(batch):
                self._aborted_producers.discard(batch.producer_id)
            if batch.is_transactional and batch.producer_id in self._aborted_producers:
                return True
        return bool(batch.is_control_batch)

    def _unreadable(self, error: Exception) -> UnreadableBatch:
        """The record in place of the rest of a batch that cannot be read."""
        first, batch = self.next_fetch_offset, self._batch
        fault = f"they open to more than {BATCH_BYTES} bytes" if isinstance(error, TooMuchError) else str(error)
        why = f"offsets {first} to {batch.next_offset - 1}, of one batch, cannot be read: {fault}"
        headers = [(UNOPENED, why.encode("utf-8", "backslashreplace"))]
        return UnreadableBatch(batch.next_offset - 1, batch.max_timestamp, batch.timestamp_type, headers)


class LimitedResult(fetcher.FetchResult):
    """aiokafka's result of a fetch for one partition, which returns many records at once."""

    _partition_records: LimitedRecords | None

    def getall(self, max_records: int | None = None) -> list[Any]:
        """The next records, at most `max_records`; moves the position after them."""
        if not self.check_assignment(self._topic_partition) or self._partition_records is None:
            return []
        most = sys.maxsize if max_records is None else max_records
        taken = self._partition_records.take(most)
        self._update_position()
        if len(taken) < most:
            self._partition_records = None  # the result is used up
        return taken


def limit_decompression() -> None:
    """Limit decompression in every consumer of this process from now on."""
    fetcher.PartitionRecords, fetcher.FetchResult = LimitedRecords, LimitedResult
    opened = {"gzip": _gzip, "lz4": _framed(cramjam.lz4), "zstd": _framed(cramjam.zstd), "snappy": _snappy}
    for module in _modules():
        for kind, codec in opened.items():
            if hasattr(module, f"{kind}_decode"):
                setattr(module, f"{kind}_decode", _measured(codec))


def _modules() -> list[ModuleType]:
    """The modules in which aiokafka looks its codecs up: those of its batch classes, compiled or not."""
    kinds = (default_records.DefaultRecordBatch, legacy_records.LegacyRecordBatch)
    return [sys.modules[kind.__module__] for kind in kinds]
