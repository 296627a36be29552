"""A patched Faust consumer that loses no records in a rebalance, waits less and costs less (faust-streaming 0.15.3).

Faust's own consumer loses records around a rebalance in five ways:

1. It drops fetched records whose partition was paused, or whose flow was stopped, in the meantime. A fetch takes up to
   a second, so it can span a whole rebalance and drop records fetched after the seek. Here dropped records are fetched
   again: the position only moves back.
2. It resumes fetching before it seeks to the committed offsets, treats earlier records that arrive after the seek as
   already read, and then empties the agents' queues. Here stream partitions are resumed after all of that, and no
   record counts as already read.
3. It does not seek partitions without a committed offset. Here these start at their beginning.
4. Where offsets are missing (compacted away), it treats the record after the gap as acknowledged before the record has
   been processed. Here a gap is acknowledged together with the record after it.
5. A partition that it did not fetch because of a full queue is fetched again while a rebalance holds it back. Here a
   rebalance ends the wait for the queue, which the rebalance empties.

As a result, records may be delivered twice; every hop is idempotent.

Waiting: Faust lets the broker hold a fetch for 1.5 s. aiokafka sends one request at a time to a broker, so partitions
that are added in the meantime wait for the response, at every start, rebalance and lull. Here a fetch takes at most a
tenth of a second, and without partitions to fetch from, the consumer looks again after 20 ms instead of a second.

Cost: Faust spends about 80 microseconds a record, on a stream and on a changelog. Here the records of one fetch and
partition are one message, a `Bundle`. The records of a changelog go straight to the table; Faust sees only the last
one, which tells it how far recovery is. All that a fetch brings is handed over at once, so that a hop flushes once for
it; Faust makes four tasks for each message. The Kafka client runs in the event loop of the hops: Faust runs it in a
thread, where every response of the broker would wait twice for the interpreter lock while a hop computes.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, cast

from aiokafka.errors import ConsumerStoppedError, IllegalStateError
from aiokafka.structs import ConsumerRecord, TopicPartition
from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread, Consumer
from faust.types import TP
from faust.types.tuples import ConsumerMessage, ack_lock
from mode import Service
from mode.utils.futures import maybe_async
from mode.utils.queues import ThrowableQueue

from bordertally.agents.kafka.clients import FETCH_WAIT_MS
from bordertally.agents.kafka.crash_points import crash_at
from bordertally.agents.kafka.pacing import wait_longer_when_idle
from bordertally.agents.kafka.resets import Reset, watch_resets

if TYPE_CHECKING:
    Base = Consumer
else:
    Base = object

LULL_S = 0.02
"""Seconds until the consumer looks again for a partition to fetch from."""

BUNDLE_BYTES = 262_144
"""The most bytes of records in one bundle; a single record that is larger is a bundle of its own."""


class Bundle(ConsumerMessage):
    """Records of one partition as one Faust message, which is acknowledged as a whole.

    Offset, key and value of the message are those of the last record. `begin`: the offset after the last record before
    the bundle, or that of the bundle's first record.
    """

    __slots__ = ("begin", "records")
    records: Sequence[ConsumerRecord]
    begin: int

    @classmethod
    def of(cls, records: Sequence[ConsumerRecord], begin: int, tp: TP, generation: int) -> Bundle:
        """The bundle of these records, at least one."""
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
        """Allow all offsets of the bundle to be committed, and those of a gap before it."""
        with ack_lock:
            consumer.acknowledge(self.tp, range(self.begin, self.offset))
            return super().on_final_ack(consumer)


def bundled(records: Iterable[ConsumerRecord]) -> Iterator[list[ConsumerRecord]]:
    """Records of one partition in order, in lists of at most BUNDLE_BYTES."""
    bundle, size = list[ConsumerRecord](), 0
    for record in records:
        more = len(record.value or b"")
        if bundle and size + more > BUNDLE_BYTES:
            yield bundle
            bundle, size = [], 0
        bundle.append(record)
        size += more
    if bundle:
        yield bundle


class Gapless(Base):
    """The patches as a mixin, which comes before Faust's consumer among the bases."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self.waiting: set[TP] = set()  # stream partitions to resume when the flow is resumed
        self._passed: dict[TP, int] = {}  # by stream partition, the offset after the last bundle handed over
        self.rests: dict[str, float] = {}  # by topic, seconds after records in which nothing of the topic is fetched
        super().__init__(*arguments, **options)

    def _is_stream(self, tp: TP) -> bool:
        return tp.topic not in self.app.tables.changelog_topics

    def resume_partitions(self, tps: Iterable[TP]) -> None:
        """Resume changelogs at once, and streams when the flow is resumed."""
        streams = {tp for tp in tps if self._is_stream(tp)}
        self.waiting.update(streams)
        super().resume_partitions(set(tps) - streams)

    def pause_partitions(self, tps: Iterable[TP]) -> None:
        """Stop fetching from these partitions."""
        tps = set(tps)
        self.waiting -= tps
        self._buffered_partitions -= tps
        super().pause_partitions(tps)

    def resume_flow(self) -> None:
        """Resume the flow and the streams that wait for it; Faust calls this last, after seek and emptied queues."""
        super().resume_flow()
        if self.waiting:
            super().resume_partitions(self.waiting)
            self.waiting = set()

    async def seek_to_committed(self) -> Mapping[TP, int]:
        """Seek to the committed offsets, and to the beginning where there is no offset."""
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
        """Hand over what is fetched, as long as the consumer and its fetcher run."""
        try:
            while not self.should_stop and not fetcher.should_stop:
                async for _, message in self.getmany(timeout=1.0):
                    if self.app.flow_control.is_active():
                        await self.callback(message)  # never waits: see UnboundedQueue
                    else:
                        await self.wait_first(self.callback(message), self.suspend_flow.wait())
                await asyncio.sleep(0)
        except (asyncio.CancelledError, ConsumerStoppedError):
            if not self.app.should_stop:
                raise

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, Any]]:  # noqa: ASYNC109 - Faust's signature
        """Bundles of the records fetched; records that may not be handed over now are fetched again."""
        records, active = await self._wait_next_records(timeout)
        generation = self.app.consumer_generation_id
        if records is None or self.should_stop:
            return
        self._rest(records.keys())
        dropped: dict[TP, int] = {}

        def wanted(tp: TP) -> bool:
            mine = active is None or tp in active or tp in self._buffered_partitions
            return mine and self.flow_active and self.app.consumer_generation_id == generation

        bundles = {
            tp: list(bundled(fetched)) if self._is_stream(tp) or not wanted(tp) else [self._restore(tp, fetched)]
            for tp, fetched in records.items()
        }
        for tp, bundle in self.scheduler.iterate(bundles):
            if not wanted(tp):
                dropped.setdefault(tp, bundle[0].offset)
                continue
            message = Bundle.of(bundle, self._begin(tp, bundle[0].offset), tp, generation)
            self._passed[tp] = message.offset + 1
            yield tp, message
        for tp, offset in dropped.items():
            await self._go_back(tp, offset)

    def _rest(self, fetched: Iterable[TP]) -> None:
        """After records of a topic in `rests`, fetch nothing of the topic for a while, unless more of it is waiting.

        The partitions of a topic rest together, so that after the rest one fetch brings records of all of them.
        """
        for topic in {tp.topic for tp in fetched} & self.rests.keys():
            consumer = cast("Any", self)._thread._consumer  # noqa: SLF001 - Faust's consumer hides that of aiokafka
            if any(tp.topic == topic for tp in consumer._fetcher._records):  # noqa: SLF001 - there is no public way
                continue
            partitions = [TopicPartition(*tp) for tp in self.assignment() if tp.topic == topic]
            _change(consumer.pause, partitions)
            self.loop.call_later(self.rests[topic], _change, consumer.resume, partitions)

    async def _commit(self, offsets: Mapping[TP, int]) -> bool:
        crash_at("faust.committing")
        committed: bool = await super()._commit(offsets)
        crash_at("faust.committed")
        return committed

    async def verify_all_partitions_active(self) -> None:
        """Look whether partitions stand still, every few seconds as Faust does, without a pause for each partition."""
        now = time.monotonic()
        for tp in self.assignment():
            self.verify_event_path(now, tp)

    def _begin(self, tp: TP, first: int) -> int:
        """The first offset of a bundle whose first record has offset `first`: that of a gap before it, if any."""
        before = self._passed.get(tp, self._committed_offset[tp])
        return first if before is None or before > first else before

    def was_reset(self, reset: Reset) -> None:
        """Begin to count at the position where the consumer goes on, and tell the app."""
        self._count_from(TP(*reset.tp), reset.onward)
        cast("Any", self.app).tell_reset(reset)

    async def read_from_the_beginning(self, topic: str) -> None:
        """Go to the first record of a topic made anew: the position of the old topic may lie within the new one."""
        places = [tp for tp in self.assignment() if tp.topic == topic]
        if places:
            for tp, beginning in (await self.earliest_offsets(*places)).items():
                self._count_from(TP(*tp), beginning)
                await self.seek(TP(*tp), beginning)

    def _count_from(self, tp: TP, offset: int) -> None:
        self._acked_index[tp].clear()
        self._acked[tp].clear()
        self._committed_offset[tp] = self._passed[tp] = offset

    def acknowledge(self, tp: TP, offsets: range) -> None:
        """Allow these offsets to be committed, together with the offsets after them."""
        committed, known, acked = self._committed_offset[tp] or 0, self._acked_index[tp], self._acked[tp]
        fresh = [offset for offset in offsets if offset >= committed and offset not in known]
        known.update(fresh)
        acked.extend(fresh)

    def _restore(self, tp: TP, records: list[Any]) -> list[Any]:
        """Put records of a changelog into its table; returns the last record, for Faust."""
        for table in self.app.tables.values():
            if table.changelog_topic_name == tp.topic:
                table.read_back(records)
                crash_at("tables.read_back")
        return records[-1:]

    async def _go_back(self, tp: TP, offset: int) -> None:
        with suppress(IllegalStateError, TypeError):  # revoked, or not yet sought: there is no position to move
            position = await self.position(tp)
            if position is not None and position > offset:
                await self._seek(tp, offset)


def _change(change: Callable[[TopicPartition], None], partitions: Iterable[TopicPartition]) -> None:
    """Pause or resume partitions; those that were revoked meanwhile begin unpaused when they are assigned again."""
    for partition in partitions:
        with suppress(IllegalStateError):
            change(partition)


class UnboundedQueue(ThrowableQueue[Any]):
    """The queue of an agent, without a limit: fetched records are in memory already, so putting them never waits.

    As in Faust, a partition is not fetched further while many records wait in the queue.
    """

    def full(self) -> bool:
        """Never full."""
        return False


class NoThread(AIOKafkaConsumerThread):
    """Faust's consumer thread, run in the event loop of the hops instead of a thread, with a shorter fetch wait."""

    wait_for_shutdown = False

    def __init__(self, consumer: Any, *, loop: asyncio.AbstractEventLoop, **options: Any) -> None:
        super().__init__(consumer, loop=loop, thread_loop=loop, **options)

    async def start(self) -> None:
        """Start as a service in this event loop."""
        self._thread_started.set()
        await Service.start(self)

    async def on_start(self) -> None:
        """Start the client."""
        await super().on_start()
        wait_longer_when_idle(cast("Any", self._consumer))
        watch_resets(self._consumer, cast("Any", self.consumer).was_reset)

    @Service.task
    async def _thread_keepalive(self) -> None:
        """Wake nothing: there is no loop of a thread that could sleep through a call."""

    async def stop(self) -> None:
        """Stop as a service in this event loop."""
        await Service.stop(self)

    async def on_stop(self) -> None:
        """Close the client."""
        await self.on_thread_stop()

    _stopped_set, _stop_children = Service._stopped_set, Service._stop_children  # noqa: SLF001 - not those of a thread
    _stop_futures, _stop_exit_stacks = Service._stop_futures, Service._stop_exit_stacks  # noqa: SLF001 - as above

    async def call_thread(self, fun: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Call the function in this event loop."""
        return await maybe_async(fun(*args, **kwargs))

    def _create_worker_consumer(self, transport: Any) -> Any:
        consumer: Any = super()._create_worker_consumer(transport)
        consumer._fetch_max_wait_ms = FETCH_WAIT_MS  # noqa: SLF001 - Faust has no setting for it
        return consumer


class GaplessConsumer(Gapless, Consumer):
    """Faust's consumer with the patches."""

    def _new_consumer_thread(self) -> NoThread:
        return NoThread(self, loop=self.loop, beacon=self.beacon)
