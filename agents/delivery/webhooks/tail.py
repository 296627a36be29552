"""Records of `alerts` by partition and offset: the newest from memory, older ones from Kafka."""

from __future__ import annotations

import asyncio
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Iterable, Sequence

from aiokafka import AIOKafkaConsumer, TopicPartition

from bordertally.agents.kafka.clients import Received, kafka_options
from bordertally.streams.settings import Settings

KEPT = 200
"""The least number of records of each partition in memory; the most is twice as many."""

OLDER = 2_000
"""The most older records in memory, of all partitions together, for the next reader."""

PATIENCE_S = 5.0


class Tail:
    """The latest records of `alerts` in memory, and a consumer that reads older ones back."""

    def __init__(self, settings: Settings, topic: str) -> None:
        self.settings, self.topic = settings, topic
        self.newest: dict[int, list[Received]] = {}
        self.older: OrderedDict[tuple[int, int], Received] = OrderedDict()
        self._reader: AIOKafkaConsumer | None = None
        self._turn = asyncio.Lock()

    async def start(self) -> None:
        """Connect the consumer."""
        self._reader = AIOKafkaConsumer(
            **kafka_options(self.settings),
            enable_auto_commit=False,
            isolation_level="read_committed",
            auto_offset_reset="earliest",
        )
        await self._reader.start()

    async def stop(self) -> None:
        """Disconnect the consumer."""
        if self._reader is not None:
            await self._reader.stop()

    async def ends(self, partitions: Iterable[int]) -> dict[int, int]:
        """The offset after the last record, by partition."""
        assert self._reader is not None
        async with self._turn:
            ends = await self._reader.end_offsets([TopicPartition(self.topic, partition) for partition in partitions])
        return {tp.partition: end for tp, end in ends.items()}

    def add(self, partition: int, records: Sequence[Received]) -> None:
        """Keep new records. If they are older than the kept ones, as after a rebalance, start over."""
        kept = self.newest.setdefault(partition, [])
        if kept and records[0].offset <= kept[-1].offset:
            kept.clear()
        kept.extend(records)
        if len(kept) > 2 * KEPT:
            del kept[:-KEPT]

    def forget(self, partition: int) -> None:
        """Drop the records of a partition that another worker has now."""
        self.newest.pop(partition, None)
        for key in [key for key in self.older if key[0] == partition]:
            del self.older[key]

    def at_hand(self, partition: int, offset: int) -> bool:
        """Whether the records from an offset on are in memory."""
        kept = self.newest.get(partition, [])
        return bool(kept) and kept[0].offset <= offset

    async def read(self, partition: int, offset: int, most: int) -> Sequence[Received]:
        """At most `most` records from an offset on; none at the end of the partition."""
        if self.at_hand(partition, offset):
            kept = self.newest[partition]
            at = bisect_left(kept, offset, key=lambda record: record.offset)
            return kept[at : at + most]
        return await self._read_back(partition, offset, most)

    async def at(self, partition: int, offset: int) -> Received | None:
        """The record at an offset; None if it cannot be read now. Raises LookupError if it is deleted."""
        record = None if self.at_hand(partition, offset) else self.older.pop((partition, offset), None)
        if record is not None:
            self.older[partition, offset] = record
            return record
        records = await self.read(partition, offset, 1)
        if not records:
            if offset >= (await self.ends([partition]))[partition]:
                raise LookupError(offset)
            return None
        if records[0].offset != offset:
            raise LookupError(offset)
        return records[0]

    async def _read_back(self, partition: int, offset: int, most: int) -> Sequence[Received]:
        assert self._reader is not None
        tp = TopicPartition(self.topic, partition)
        async with self._turn:
            if offset >= (await self._reader.end_offsets([tp]))[tp]:
                return []
            self._reader.assign([tp])
            self._reader.seek(tp, offset)
            batch = await self._reader.getmany(tp, timeout_ms=int(PATIENCE_S * 1000), max_records=most)
            records: Sequence[Received] = batch.get(tp, [])
        self.older.update(((partition, record.offset), record) for record in records)
        while len(self.older) > OLDER:
            self.older.popitem(last=False)
        return records
