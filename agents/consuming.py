"""Faust's consumer without the gaps through which records are lost around a rebalance (faust-streaming 0.15.3).

1. It drops records it has fetched when their partition has been paused or its flow stopped meanwhile, and a fetch lasts
   up to a second, so it can span a whole rebalance and drop what was fetched after the seek. Here whatever is dropped
   is fetched again: a position only ever moves back.
2. It resumes fetching before it seeks to the committed offsets, takes earlier records that come after the seek for read
   already, and empties the agents' queues after that. Here stream partitions are resumed when all this is done, and no
   record counts as read already.
3. It does not seek partitions without a committed offset. Here they go back to their beginning.
4. Where offsets are missing (compacted away), it takes the record after the hole as acknowledged before it has been
   worked through. Here only the hole is.
5. It goes on with a partition it was not fetching because of a full queue while a rebalance holds that partition back.
   Here a rebalance ends the wait for the queue, which it empties.

Records may come twice by this; no hop minds.

And it reads a changelog back a record at a time, at some 100 microseconds each. Here the records of one fetch go
straight to the table, and Faust sees the last of them, which tells it how far recovery is.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from aiokafka.errors import IllegalStateError
from faust.transport.drivers.aiokafka import Consumer
from faust.types import TP

if TYPE_CHECKING:
    Base = Consumer
else:
    Base = object


class Gapless(Base):
    """What closes the gaps; comes before Faust's consumer among the bases."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self.waiting: set[TP] = set()  # stream partitions to be fetched from once all is ready for them
        super().__init__(*arguments, **options)

    def _is_stream(self, tp: TP) -> bool:
        return tp.topic not in self.app.tables.changelog_topics

    def resume_partitions(self, tps: Iterable[TP]) -> None:
        """Fetch from changelogs at once, from streams when the flow goes on."""
        streams = {tp for tp in tps if self._is_stream(tp)}
        self.waiting.update(streams)
        super().resume_partitions(set(tps) - streams)

    def pause_partitions(self, tps: Iterable[TP]) -> None:
        """Fetch from them no more."""
        tps = set(tps)
        self.waiting -= tps
        self._buffered_partitions -= tps
        super().pause_partitions(tps)

    def resume_flow(self) -> None:
        """Go on; Faust does so last, after the seek and after emptying the agents' queues."""
        super().resume_flow()
        if self.waiting:
            super().resume_partitions(self.waiting)
            self.waiting = set()

    async def seek_to_committed(self) -> Mapping[TP, int]:
        """Go to the committed offsets; where there is none, to the beginning."""
        committed: Mapping[TP, int] = await super().seek_to_committed()
        fresh = [TP(*tp) for tp, offset in committed.items() if not offset and self._is_stream(tp)]
        if fresh:
            for tp, beginning in (await self.earliest_offsets(*fresh)).items():
                await self.seek(TP(*tp), beginning)
        return committed

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, Any]]:  # noqa: ASYNC109 - Faust's signature
        """Records as they come; those that nobody may have now are fetched again."""
        records, active = await self._wait_next_records(timeout)
        generation = self.app.consumer_generation_id
        if records is None or self.should_stop:
            return
        dropped: dict[TP, int] = {}

        def wanted(tp: TP) -> bool:
            mine = active is None or tp in active or tp in self._buffered_partitions
            return mine and self.flow_active and self.app.consumer_generation_id == generation

        passed = {
            tp: held if self._is_stream(tp) or not wanted(tp) else self._read_back(tp, held)
            for tp, held in records.items()
        }
        for tp, record in self.scheduler.iterate(passed):
            if not wanted(tp):
                dropped.setdefault(tp, record.offset)
                continue
            self._unread(tp, record.offset)
            yield tp, self._to_message(tp, record)
        for tp, offset in dropped.items():
            await self._go_back(tp, offset)

    def _read_back(self, tp: TP, records: list[Any]) -> list[Any]:
        for table in self.app.tables.values():
            if table.changelog_topic_name == tp.topic:
                table.read_back(records)
        return records[-1:]

    def _unread(self, tp: TP, offset: int) -> None:
        """No record from this one on counts as read."""
        read = self._read_offset[tp]
        if read is not None and offset < read:
            self._read_offset[tp] = offset

    async def _go_back(self, tp: TP, offset: int) -> None:
        try:
            position = await self.position(tp)
            if position is not None and position > offset:
                await self._seek(tp, offset)
        except (IllegalStateError, TypeError):  # no longer ours, or about to be sought: no position to move
            return
        self._unread(tp, offset)

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        await super()._add_gap(tp, offset_from, offset_to - 1)


class GaplessConsumer(Gapless, Consumer):
    """Faust's consumer, its gaps closed."""
