"""Records of `alerts` by their place: the newest from memory, older ones from Kafka."""

from __future__ import annotations

import asyncio
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Iterable, Sequence

from aiokafka import AIOKafkaConsumer, TopicPartition

from bordertally.agents.kafka.clients import kafka_options
from bordertally.agents.kafka.received import Received
from bordertally.streams.settings import Settings

KEPT = 200
"""Records of each partition kept in memory, at least; twice as many at most."""

OLDER = 2_000
"""Records from further back that are kept for whoever reads them next, of all partitions."""

PATIENCE_S = 5.0


class Tail:
    """The end of `alerts` as it comes, and a reader of its own for what lies further back."""

    def __init__(self, settings: Settings, topic: str) -> None:
        self.settings, self.topic = settings, topic
        self.newest: dict[int, list[Received]] = {}
        self.older: OrderedDict[tuple[int, int], Received] = OrderedDict()
        self._reader: AIOKafkaConsumer | None = None
        self._turn = asyncio.Lock()

    async def start(self) -> None:
        """Connect the reader."""
        self._reader = AIOKafkaConsumer(
            **kafka_options(self.settings),
            enable_auto_commit=False,
            isolation_level="read_committed",
            auto_offset_reset="earliest",
        )
        await self._reader.start()

    async def stop(self) -> None:
        """Disconnect it."""
        if self._reader is not None:
            await self._reader.stop()

    async def ends(self, partitions: Iterable[int]) -> dict[int, int]:
        """The offset after the last record, by partition."""
        assert self._reader is not None
        async with self._turn:
            ends = await self._reader.end_offsets([TopicPartition(self.topic, one) for one in partitions])
        return {tp.partition: end for tp, end in ends.items()}

    def add(self, partition: int, records: Sequence[Received]) -> None:
        """Keep what has just come; what came again, after a rebalance, begins anew."""
        held = self.newest.setdefault(partition, [])
        if held and records[0].offset <= held[-1].offset:
            held.clear()
        held.extend(records)
        if len(held) > 2 * KEPT:
            del held[:-KEPT]

    def forget(self, partition: int) -> None:
        """Another worker has this partition now."""
        self.newest.pop(partition, None)
        for key in [key for key in self.older if key[0] == partition]:
            del self.older[key]

    def at_hand(self, partition: int, offset: int) -> bool:
        """Whether records from an offset on are in memory."""
        held = self.newest.get(partition, [])
        return bool(held) and held[0].offset <= offset

    async def read(self, partition: int, offset: int, most: int) -> Sequence[Received]:
        """Up to so many records from an offset on; none at the end."""
        if self.at_hand(partition, offset):
            held = self.newest[partition]
            at = bisect_left(held, offset, key=lambda record: record.offset)
            return held[at : at + most]
        return await self._read_back(partition, offset, most)

    async def at(self, partition: int, offset: int) -> Received | None:
        """The record at an offset; None when it cannot be read just now. Raises LookupError when it is gone."""
        held = None if self.at_hand(partition, offset) else self.older.pop((partition, offset), None)
        if held is not None:
            self.older[partition, offset] = held
            return held
        found = await self.read(partition, offset, 1)
        if not found:
            if offset >= (await self.ends([partition]))[partition]:
                raise LookupError(offset)
            return None
        if found[0].offset != offset:
            raise LookupError(offset)
        return found[0]

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
