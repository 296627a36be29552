"""The base of hops that process batches with an aiokafka consumer: fetch, handle, commit after the acknowledgements."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any, ClassVar

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError
from mode import Service

from bordertally.agents.kafka.clients import FETCH_BYTES, FETCH_WAIT_MS, METADATA_MS, Received, kafka_options
from bordertally.agents.kafka.crash_points import crash_at
from bordertally.agents.kafka.decompression import limit_decompression, raw_records
from bordertally.agents.kafka.pacing import wait_longer_when_idle
from bordertally.agents.kafka.resets import Reset, watch_resets
from bordertally.agents.runtime.context import Context, log

IDLE_FETCH_S = 3.0
"""The longest wait for records after a fetch that brought none; records end the wait at once, and so does a stop."""

COMMIT_S = 1.0
"""Seconds between commits while batches keep coming; after a crash, at most that much is delivered again."""


Batch = dict[TopicPartition, Sequence[Received]]
Done = dict[TopicPartition, int]
"""By partition, the offset of the next record to process."""


class BatchHop(Service, ConsumerRebalanceListener):
    """Consumes topics in a consumer group of its own and hands whole batches to `handle`.

    Delivery is at least once: offsets are committed some time after `handle` returns, so `handle` must be idempotent.
    The records of a partition come in order. An error in `handle` ends the process (see Context.die), and the batch is
    delivered again.
    """

    abstract = True
    hop: str
    chunk = 10_000
    """The most records of one batch."""

    from_the_start: ClassVar[bool] = True
    """Whether a hop without committed offsets starts at the beginning of its topics; otherwise at their end."""

    consumer: AIOKafkaConsumer

    def __init__(self, context: Context) -> None:
        limit_decompression()
        self.context = context
        self._done: Done = {}
        self._made_anew = context.made_anew.copy()  # the topics of which the hop knows that they were made anew
        self._committed_at = 0.0
        self._ended = asyncio.Event()
        self._ended.set()
        super().__init__()

    def topics(self) -> tuple[str, ...]:
        """The topics to consume."""
        raise NotImplementedError

    async def handle(self, batch: Batch) -> Done:
        """Process a batch; returns the records done, by offset: only those whose results are acknowledged."""
        raise NotImplementedError

    async def on_stop(self) -> None:
        """Wait until the batch in hand is processed and committed."""
        await self._ended.wait()

    async def begin(self) -> None:
        """Prepare; called when the consumer has started, before the first fetch."""

    async def idle(self) -> None:
        """Do what is due apart from records; called when a fetch brings none."""

    def idle_s(self) -> float:
        """Seconds until `idle` has something to do; it is called after IDLE_FETCH_S seconds at the latest."""
        return IDLE_FETCH_S

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        """Commit what is done, and forget the progress on partitions that other workers may be given."""
        await self._commit()
        for tp in revoked:
            self.context.progress.pop((self.hop, tp.topic, tp.partition), None)

    def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:  # noqa: ARG002 - aiokafka's interface
        """Mark the hop as ready: it has its partitions."""
        self.context.ready.add(self.hop)
        self.context.metrics["rebalances_total"].labels(self.hop).inc()

    @property
    def group(self) -> str:
        """The consumer group of this hop."""
        return f"{self.context.settings.app_id}-{self.hop}"

    def _consumer(self) -> AIOKafkaConsumer:
        settings = self.context.settings
        return AIOKafkaConsumer(
            **kafka_options(settings),
            group_id=self.group,
            group_instance_id=f"{settings.instance}-{self.hop}" if settings.instance else None,
            enable_auto_commit=False,
            isolation_level="read_committed",  # a report in an aborted transaction was never published
            auto_offset_reset="earliest" if self.from_the_start else "latest",
            session_timeout_ms=int(settings.session_timeout_s * 1000),
            heartbeat_interval_ms=int(settings.heartbeat_s * 1000),
            fetch_max_wait_ms=FETCH_WAIT_MS,
            metadata_max_age_ms=METADATA_MS,
            max_partition_fetch_bytes=FETCH_BYTES,
            fetch_max_bytes=2 * FETCH_BYTES,
            value_deserializer=raw_records,
        )

    @Service.task
    async def _run(self) -> None:
        consumer = self.consumer = self._consumer()
        self._ended.clear()
        try:
            await consumer.start()
            self.context.reads(self.hop, self.topics())
            wait_longer_when_idle(consumer)
            watch_resets(consumer, self.was_reset)
            consumer.subscribe(self.topics(), listener=self)
            await self.begin()
            idle = False  # whether nothing came, and nothing waits to be committed
            while not self.should_stop:
                if self._made_anew != self.context.made_anew:
                    await self._read_from_the_beginning()
                batch = await self._fetch_when_idle() if idle else await self.fetch(self.context.settings.batch_wait_s)
                if batch:
                    crash_at(f"{self.hop}.read")
                    self._mark(await self.handle(batch))
                    crash_at(f"{self.hop}.done")
                else:
                    await self.idle()
                if time.monotonic() > self._committed_at + COMMIT_S:
                    await self._commit()
                idle = not batch and not self._done
            await self._commit()
        except asyncio.CancelledError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the batch must be delivered again
            self.context.die(f"the {self.hop} hop failed", error)
        finally:
            await consumer.stop()
            self._ended.set()

    async def fetch(self, wait_s: float, most: int | None = None, of: Sequence[TopicPartition] = ()) -> Batch:
        """The next records, at most `most`, `of` some partitions or of all; waits up to `wait_s` seconds for the first.

        After a restart, records are delivered again unless `handle` has returned their offsets.
        """
        batch: Batch = await self.consumer.getmany(*of, timeout_ms=int(wait_s * 1000), max_records=most or self.chunk)
        return batch

    async def _fetch_when_idle(self) -> Batch:
        """The next records, waiting for longer: until `idle` is due, or the hop stops."""
        answer = await self.wait(self.fetch(max(0.0, min(self.idle_s(), IDLE_FETCH_S))))
        batch: Batch = {} if answer.stopped else answer.result
        return batch

    @property
    def _fetched(self) -> Mapping[TopicPartition, Any]:
        """By partition, the records that aiokafka has fetched and not yet returned."""
        fetched: Mapping[TopicPartition, Any] = self.consumer._fetcher._records  # noqa: SLF001 - there is no public way
        return fetched

    @property
    def waiting(self) -> list[TopicPartition]:
        """The partitions with fetched records."""
        return list(self._fetched)

    async def behind(self, partitions: Iterable[TopicPartition]) -> bool:
        """Whether the broker has records of one of these partitions after the position, by its last response."""
        for tp in partitions:
            with suppress(IllegalStateError):  # the partition has been revoked
                position = await self.consumer.position(tp)
                assigned = tp in self.consumer.assignment()
                if assigned and (self.consumer.last_stable_offset(tp) or 0) > position:
                    return True
        return False

    def was_reset(self, reset: Reset) -> None:
        """Tell that the broker no longer has the position of a partition, and where the hop goes on."""
        self.context.tell_reset(self.hop, reset)

    async def _read_from_the_beginning(self) -> None:
        """Go to the first record of topics made anew: the position of the old topic may lie within the new one."""
        anew = {topic for topic, times in self.context.made_anew.items() if times != self._made_anew[topic]}
        self._made_anew = self.context.made_anew.copy()
        self._done = {tp: offset for tp, offset in self._done.items() if tp.topic not in anew}
        for topic in anew & set(self.topics()):
            self.context.forget_progress(self.hop, topic)
        if places := [tp for tp in self.consumer.assignment() if tp.topic in anew]:
            self.forget(places)
            await self.consumer.seek_to_beginning(*places)

    def forget(self, places: Iterable[TopicPartition]) -> None:
        """Forget what is known of the records of these partitions: the topic was made anew."""

    def _mark(self, done: Done) -> None:
        self._done |= done
        for tp, offset in done.items():
            self.context.progress[self.hop, tp.topic, tp.partition] = offset

    async def _commit(self) -> None:
        done, self._done = self._done, {}
        self._committed_at = time.monotonic()
        if not done:
            return
        try:
            await self.consumer.commit(done)
            crash_at(f"{self.hop}.committed")
        except (CommitFailedError, IllegalStateError) as error:  # rebalanced: other workers get the batch again
            log.info("%s: a commit came after a rebalance, the batch is delivered again: %s", self.hop, error)
        except KafkaError as error:
            log.warning("%s: commit failed, the next one covers it: %s", self.hop, error)
