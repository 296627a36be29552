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
from collections.abc import Callable
from types import ModuleType
from typing import Any, NamedTuple

import cramjam
from aiokafka.consumer import fetcher
from aiokafka.errors import CorruptRecordException
from aiokafka.record import default_records, legacy_records

from streams.headers import header
from streams.rejected import UNOPENED
from streams.topics import BIGGEST

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


class _Answer:
    """The batches of one partition in one answer of a broker: no more after `BATCH_BYTES` of what was compressed."""

    def __init__(self, records: Any) -> None:
        self._records, self._before, self.batch = records, _opened(), None

    def has_next(self) -> bool:
        return _opened() - self._before <= BATCH_BYTES and bool(self._records.has_next())

    def next_batch(self) -> Any:
        self.batch = self._records.next_batch()
        return self.batch


class CarefulRecords(fetcher.PartitionRecords):
    """aiokafka's records of one partition in one answer; of a batch it cannot read it says so and goes on behind it."""

    _records_iterator: Any
    next_fetch_offset: int

    def __init__(self, tp: Any, records: Any, *others: Any, **named: Any) -> None:
        self._answer = _Answer(records)
        super().__init__(tp, self._answer, *others, **named)

    def __next__(self) -> Any:
        try:
            return next(self._records_iterator)
        except (StopIteration, CorruptRecordException):  # the latter: damaged on its way, or on the broker's disk
            self._records_iterator = None
            raise
        except Exception as error:  # noqa: BLE001 - whatever is in it, the partition goes on behind it
            self._records_iterator = self._unpack_records()
            return self._consumer_record(self._tp, self._passed_over(self._answer.batch, error))

    def _passed_over(self, batch: Any, error: Exception) -> Unopened:
        """What stands for the rest of a batch that cannot be read."""
        first, self.next_fetch_offset = self.next_fetch_offset, batch.next_offset
        fault = f"they open to more than {BATCH_BYTES} bytes" if isinstance(error, TooMuchError) else str(error)
        why = f"offsets {first} to {batch.next_offset - 1}, of one batch, cannot be read: {fault}"
        headers = [(UNOPENED, why.encode("utf-8", "backslashreplace"))]
        return Unopened(batch.next_offset - 1, batch.max_timestamp, batch.timestamp_type, headers)


def careful() -> None:
    """Open batches with care from now on, in every consumer of this process."""
    fetcher.PartitionRecords = CarefulRecords
    opened = {"gzip": _gzip, "lz4": _framed(cramjam.lz4), "zstd": _framed(cramjam.zstd), "snappy": _snappy}
    for module in _modules():
        for kind, codec in opened.items():
            if hasattr(module, f"{kind}_decode"):
                setattr(module, f"{kind}_decode", _measured(codec))


def _modules() -> list[ModuleType]:
    """Where aiokafka looks its codecs up: the modules of its batches, compiled or not."""
    kinds = (default_records.DefaultRecordBatch, legacy_records.LegacyRecordBatch)
    return [sys.modules[kind.__module__] for kind in kinds]
