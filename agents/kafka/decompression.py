"""Compressed batches, opened with care: one that swells beyond all measure is passed over, and said to be.

aiokafka opens whatever a broker stores, in memory and whole: 20 kilobytes of zstd can be gigabytes of zeros, and the
worker that reads them is killed, again and again. Here a batch opens to at most `BATCH_BYTES`. One that would be more,
or that cannot be read at all (a header's name is no UTF-8), yields a single record without a value, which says so
(`unopened`), and the partition goes on behind it. What came out of one answer of the broker is bounded too: the rest
of it is fetched again.

`careful()` puts this in the place of aiokafka's own; it holds for the whole process.
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
"""Bytes that a compressed batch may open to. A producer's batch holds a megabyte or so, a message at most BIGGEST."""

_local = threading.local()
_XERIAL = b"\x82SNAPPY\x00"


class TooMuchError(Exception):
    """A batch would open to more than `BATCH_BYTES`."""


class Unopened(NamedTuple):
    """Stands for a batch that could not be read, or the rest of one: a record as aiokafka has it, without a value."""

    offset: int
    timestamp: int
    timestamp_type: int
    headers: list[tuple[str, bytes]]
    key: bytes | None = None
    value: bytes | None = None
    checksum: int | None = None


def bare(value: bytes | None) -> bytes | None:
    """As the deserializer of a consumer's values: it gets records as they are, no object of eleven fields for each."""
    return value


def unopened(record: Any) -> str | None:
    """Why a record without a value stands for a batch that was not opened; None for a record of a producer."""
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
    """LZ4 and zstd: into a buffer that does not grow; what is not touched of it takes no memory."""

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
    """Snappy says beforehand what a block opens to. Java's blocks stand behind a header, each behind its length."""
    whole = memoryview(payload)
    blocks, at = [whole], 16
    if bytes(whole[:8]) == _XERIAL:
        blocks = []
        while at < len(whole):
            size = int.from_bytes(whole[at : at + 4], "big")
            blocks.append(whole[at + 4 : at + 4 + size])
            at += 4 + size
    if sum(cramjam.snappy.decompress_raw_len(one) for one in blocks) > BATCH_BYTES:
        raise TooMuchError
    return b"".join(bytes(cramjam.snappy.decompress_raw(one)) for one in blocks)


def _measured(codec: Callable[[Any], bytes]) -> Callable[[Any], bytes]:
    def opened(payload: Any) -> bytes:
        out = codec(payload)
        _local.opened = _opened() + len(out)
        return out

    return opened


def _opened() -> int:
    """Bytes that came out of compressed batches in this thread so far."""
    count: int = getattr(_local, "opened", 0)
    return count


class CarefulRecords(fetcher.PartitionRecords):
    """aiokafka's records of one partition in one answer; of a batch it cannot read it says so and goes on behind it.

    They are taken many at once: aiokafka's own way, one after the other, costs twice as much.
    """

    next_fetch_offset: int

    def __init__(self, tp: Any, records: Any, *others: Any, **named: Any) -> None:
        super().__init__(tp, records, *others, **named)
        self._records_iterator = None  # aiokafka's, not used here: it refers back to this, which would keep the answer
        self._bound = _opened() + BATCH_BYTES  # no more after so much of what was compressed
        self._batch: Any = None
        self._rest: Iterator[Any] | None = None  # what is still to be taken out of the batch

    def __next__(self) -> Any:
        for record in self.take(1):
            return record
        raise StopIteration

    def take(self, most: int) -> list[Any]:
        """The next records; fewer when there are no more. The position is behind them then."""
        taken: list[Any] = []
        while len(taken) < most:
            try:
                if self._rest is None and not self._open():
                    break
                taken.extend(islice(self._rest, most - len(taken)))  # type: ignore[arg-type] # it is open
            except CorruptRecordException:  # damaged on its way, or on the broker's disk
                self._end()
                raise
            except Exception as error:  # noqa: BLE001 - whatever is in it, the partition goes on behind it
                self._come_to(taken)
                taken.append(self._passed_over(error))
                self._leave()
            else:
                if len(taken) < most:
                    self._leave()
        self._come_to(taken)
        return taken if self._value_deserializer is bare else [self._consumer_record(self._tp, one) for one in taken]

    def _open(self) -> bool:
        """Go on to the next batch that has something for consumers; False when there is none."""
        while self._records.has_next() and _opened() <= self._bound:
            batch = self._batch = self._records.next_batch()
            if self._check_crcs and not batch.validate_crc():
                raise CorruptRecordException(f"{self._tp}: the checksum is wrong")
            if not (batch.is_control_batch or batch.is_transactional) or not self._hidden(batch):
                first = self.next_fetch_offset
                early = batch.base_offset < first  # a broker answers with the whole batch in which the position lies
                self._rest = (one for one in batch if one.offset >= first) if early else chain(batch)
                return True
            self.next_fetch_offset = batch.next_offset
        return False

    def _end(self) -> None:
        """What is behind here comes with another answer: the position stays."""
        self._rest, self._bound = None, -1

    def _leave(self) -> None:
        """The batch is done with; where its last records were compacted away, the position is behind those too."""
        self._rest, self.next_fetch_offset = None, self._batch.next_offset

    def _come_to(self, taken: list[Any]) -> None:
        if taken:
            self.next_fetch_offset = max(self.next_fetch_offset, taken[-1].offset + 1)

    def _hidden(self, batch: Any) -> bool:
        """Whether a batch is a marker, or was taken back by its producer; what aiokafka says in `_unpack_records`."""
        if self._isolation_level == fetcher.READ_COMMITTED and batch.producer_id is not None:
            self._consume_aborted_up_to(batch.base_offset)
            if batch.is_control_batch and self._contains_abort_marker(batch):
                self._aborted_producers.discard(batch.producer_id)
            if batch.is_transactional and batch.producer_id in self._aborted_producers:
                return True
        return bool(batch.is_control_batch)

    def _passed_over(self, error: Exception) -> Unopened:
        """What stands for the rest of a batch that cannot be read."""
        first, batch = self.next_fetch_offset, self._batch
        fault = f"they open to more than {BATCH_BYTES} bytes" if isinstance(error, TooMuchError) else str(error)
        why = f"offsets {first} to {batch.next_offset - 1}, of one batch, cannot be read: {fault}"
        headers = [(UNOPENED, why.encode("utf-8", "backslashreplace"))]
        return Unopened(batch.next_offset - 1, batch.max_timestamp, batch.timestamp_type, headers)


class CarefulResult(fetcher.FetchResult):
    """What aiokafka has fetched of one partition, handed out many at once."""

    _partition_records: CarefulRecords | None

    def getall(self, max_records: int | None = None) -> list[Any]:
        """So many records at most; the position moves behind them."""
        if not self.check_assignment(self._topic_partition) or self._partition_records is None:
            return []
        most = sys.maxsize if max_records is None else max_records
        taken = self._partition_records.take(most)
        self._update_position()
        if len(taken) < most:
            self._partition_records = None  # that was all
        return taken


def careful() -> None:
    """Open batches with care from now on, in every consumer of this process."""
    fetcher.PartitionRecords, fetcher.FetchResult = CarefulRecords, CarefulResult
    opened = {"gzip": _gzip, "lz4": _framed(cramjam.lz4), "zstd": _framed(cramjam.zstd), "snappy": _snappy}
    for module in _modules():
        for kind, codec in opened.items():
            if hasattr(module, f"{kind}_decode"):
                setattr(module, f"{kind}_decode", _measured(codec))


def _modules() -> list[ModuleType]:
    """Where aiokafka looks its codecs up: the modules of its batches, compiled or not."""
    kinds = (default_records.DefaultRecordBatch, legacy_records.LegacyRecordBatch)
    return [sys.modules[kind.__module__] for kind in kinds]
