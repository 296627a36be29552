"""Faust's consumer without the gaps through which records are lost around a rebalance (faust-streaming 0.15.3).

1. It drops records it has fetched when their partition has been paused or its flow stopped meanwhile, and a fetch lasts
   up to a second, so it can span a whole rebalance and drop what was fetched after the seek. Here whatever is dropped
   is fetched again: a position only ever moves back.
2. It resumes fetching before it seeks to the committed offsets, takes earlier records that come after the seek for read
   already, and empties the agents' queues after that. Here stream partitions are resumed when all this is done, and no
   record counts as read already.
3. It does not seek partitions without a committed offset. Here they go back to their beginning.
4. Where offsets are missing (compacted away), it takes the record after the hole as acknowledged before it has been
   worked through. Here a hole is acknowledged with the record after it.
5. It goes on with a partition it was not fetching because of a full queue while a rebalance holds that partition back.
   Here a rebalance ends the wait for the queue, which it empties.

Records may come twice by this; no hop minds.

It also lets the broker keep a fetch for 1.5 s. aiokafka asks a broker one thing at a time, so partitions that are added
meanwhile, or whose records have been taken since, wait for the answer: at every start, rebalance and lull. Here a fetch
takes a tenth of a second at most, and with nothing to fetch from it is looked again at once, not after a second.

And a record costs it some 80 microseconds, on a stream as well as on a changelog. Here the records of one fetch and
partition come as one message, a `Bundle`; those of a changelog go straight to the table, and Faust sees the last of
them, which tells it how far recovery is. What a fetch brings is handed over at once, so that a hop finds all of it and
settles once; Faust makes four tasks for each message. And it all runs in the loop of the hops: Faust has a thread for
its client, and every answer of the broker would wait for the interpreter twice, while a hop is at work.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from aiokafka.errors import ConsumerStoppedError, IllegalStateError
from aiokafka.structs import ConsumerRecord
from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread, Consumer
from faust.types import TP
from faust.types.tuples import ConsumerMessage, ack_lock
from mode import Service
from mode.utils.futures import maybe_async
from mode.utils.queues import ThrowableQueue

from bordertally.agents.kafka.clients import FETCH_WAIT_MS
from bordertally.agents.kafka.crash_points import crash_at

if TYPE_CHECKING:
    Base = Consumer
else:
    Base = object

LULL_S = 0.02
"""Seconds until it is looked again whether there is a partition to fetch from."""

BUNDLE_BYTES = 262_144
"""Bytes of records in one bundle at most; a single record that is larger comes alone."""


class Bundle(ConsumerMessage):
    """Records of one partition as one message of Faust's; it is acknowledged as a whole.

    Its own offset, key and value are those of the last record. `begin`: the offset after the record before.
    """

    __slots__ = ("begin", "records")
    records: Sequence[ConsumerRecord]
    begin: int

    @classmethod
    def of(cls, records: Sequence[ConsumerRecord], begin: int, tp: TP, generation: int) -> Bundle:
        """The message that stands for these records."""
        last = records[-1]
        bundle = cls(
            last.topic,
            last.partition,
            last.offset,
            last.timestamp / 1000,
            last.timestamp_type,
            None,
            last.key,
            last.value,
            None,
            tp=tp,
            generation_id=generation,
        )
        bundle.records, bundle.begin = records, begin
        return bundle

    def on_final_ack(self, consumer: Any) -> bool:
        """All its offsets may be committed, and those of a hole before it."""
        with ack_lock:
            consumer.acknowledge(self.tp, range(self.begin, self.offset))
            return super().on_final_ack(consumer)


def bundled(records: Iterable[ConsumerRecord]) -> Iterator[list[ConsumerRecord]]:
    """Records of one partition in order, cut where they get too many bytes."""
    held, size = list[ConsumerRecord](), 0
    for record in records:
        more = len(record.value or b"")
        if held and size + more > BUNDLE_BYTES:
            yield held
            held, size = [], 0
        held.append(record)
        size += more
    if held:
        yield held


class Gapless(Base):
    """What closes the gaps; comes before Faust's consumer among the bases."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self.waiting: set[TP] = set()  # stream partitions to be fetched from once all is ready for them
        self._passed: dict[TP, int] = {}  # by stream partition, the offset after what was passed on
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
        self._passed.clear()
        committed: Mapping[TP, int] = await super().seek_to_committed()
        fresh = [TP(*tp) for tp, offset in committed.items() if not offset and self._is_stream(tp)]
        if fresh:
            for tp, beginning in (await self.earliest_offsets(*fresh)).items():
                await self.seek(TP(*tp), beginning)
        return committed

    async def _wait_next_records(self, timeout: float) -> tuple[Any, set[TP] | None]:  # noqa: ASYNC109 - as below
        if not self.flow_active:
            await self.wait(self.can_resume_flow)  # type: ignore[arg-type] # as Faust does
        if not self._get_active_partitions():
            await self.sleep(LULL_S)
            return {}, set()
        return await super()._wait_next_records(timeout)

    async def _drain_messages(self, fetcher: Any) -> None:
        """Hand over what is fetched, for as long as the consumer and its fetcher run."""
        try:
            while not self.should_stop and not fetcher.should_stop:
                async for _, message in self.getmany(timeout=1.0):
                    if self.app.flow_control.is_active():
                        await self.callback(message)  # waits for nothing: see `Roomy`
                    else:
                        await self.wait_first(self.callback(message), self.suspend_flow.wait())
                await asyncio.sleep(0)
        except (asyncio.CancelledError, ConsumerStoppedError):
            if not self.app.should_stop:
                raise

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, Any]]:  # noqa: ASYNC109 - Faust's signature
        """Records as they come, in bundles; those that nobody may have now are fetched again."""
        records, active = await self._wait_next_records(timeout)
        generation = self.app.consumer_generation_id
        if records is None or self.should_stop:
            return
        dropped: dict[TP, int] = {}

        def wanted(tp: TP) -> bool:
            mine = active is None or tp in active or tp in self._buffered_partitions
            return mine and self.flow_active and self.app.consumer_generation_id == generation

        passed = {
            tp: list(bundled(held)) if self._is_stream(tp) or not wanted(tp) else [self._read_back(tp, held)]
            for tp, held in records.items()
        }
        for tp, bundle in self.scheduler.iterate(passed):
            if not wanted(tp):
                dropped.setdefault(tp, bundle[0].offset)
                continue
            message = Bundle.of(bundle, self._begin(tp, bundle[0].offset), tp, generation)
            self._passed[tp] = message.offset + 1
            yield tp, message
        for tp, offset in dropped.items():
            await self._go_back(tp, offset)

    async def _commit(self, offsets: Mapping[TP, int]) -> bool:
        crash_at("faust.committing")
        committed: bool = await super()._commit(offsets)
        crash_at("faust.committed")
        return committed

    def _begin(self, tp: TP, first: int) -> int:
        """The first offset that a bundle beginning with this record stands for: that of a hole before it, if any."""
        before = self._passed.get(tp, self._committed_offset[tp])
        return first if before is None or before > first else before

    def acknowledge(self, tp: TP, offsets: range) -> None:
        """These offsets may be committed too, with what comes after them."""
        committed, known, acked = self._committed_offset[tp] or 0, self._acked_index[tp], self._acked[tp]
        fresh = [offset for offset in offsets if offset >= committed and offset not in known]
        known.update(fresh)
        acked.extend(fresh)

    def _read_back(self, tp: TP, records: list[Any]) -> list[Any]:
        for table in self.app.tables.values():
            if table.changelog_topic_name == tp.topic:
                table.read_back(records)
                crash_at("tables.read_back")
        return records[-1:]

    async def _go_back(self, tp: TP, offset: int) -> None:
        with suppress(IllegalStateError, TypeError):  # no longer ours, or about to be sought: no position to move
            position = await self.position(tp)
            if position is not None and position > offset:
                await self._seek(tp, offset)


class Roomy(ThrowableQueue[Any]):
    """An agent's queue that takes all that was fetched: it is in memory already, and putting it waits for nothing.

    A partition is not handed over any further while much waits here, as in Faust.
    """

    def full(self) -> bool:
        """There is room."""
        return False


class NoThread(AIOKafkaConsumerThread):
    """What Faust has a thread for, in the loop of all else; and with a shorter wait for the broker."""

    wait_for_shutdown = False

    def __init__(self, consumer: Any, *, loop: asyncio.AbstractEventLoop, **options: Any) -> None:
        super().__init__(consumer, loop=loop, thread_loop=loop, **options)

    async def start(self) -> None:
        """Start as a service like any other."""
        self._thread_started.set()
        await Service.start(self)

    async def stop(self) -> None:
        """Stop as one."""
        await Service.stop(self)

    async def on_stop(self) -> None:
        """Close the client."""
        await self.on_thread_stop()

    _stopped_set, _stop_children = Service._stopped_set, Service._stop_children  # noqa: SLF001 - not those of a thread
    _stop_futures, _stop_exit_stacks = Service._stop_futures, Service._stop_exit_stacks  # noqa: SLF001 - as above

    async def call_thread(self, fun: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Call it here."""
        return await maybe_async(fun(*args, **kwargs))

    def _create_worker_consumer(self, transport: Any) -> Any:
        consumer: Any = super()._create_worker_consumer(transport)
        consumer._fetch_max_wait_ms = FETCH_WAIT_MS  # noqa: SLF001 - Faust has no setting for it
        return consumer


class GaplessConsumer(Gapless, Consumer):
    """Faust's consumer, its gaps closed."""

    def _new_consumer_thread(self) -> NoThread:
        return NoThread(self, loop=self.loop, beacon=self.beacon)
