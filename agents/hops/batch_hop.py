"""A hop that works in batches: read, handle, and commit only when everything handled is acknowledged."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any, ClassVar

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError
from mode import Service

from bordertally.agents.kafka.clients import FETCH_BYTES, FETCH_WAIT_MS, kafka_options
from bordertally.agents.kafka.crash_points import crash_at
from bordertally.agents.kafka.decompression import limit_decompression, raw_records
from bordertally.agents.kafka.received import Received
from bordertally.agents.runtime.context import Context, log

COMMIT_S = 1.0
"""Seconds between commits while batches keep coming: what is committed late is at worst delivered again."""


Batch = dict[TopicPartition, Sequence[Received]]
Done = dict[TopicPartition, int]
"""The offset of the next record to do, by partition."""


class BatchHop(Service, ConsumerRebalanceListener):
    """Consumes topics as a group of its own and hands whole batches to `handle`.

    At least once: offsets are committed some time after `handle` returns, so it must be harmless to see
    records again. Records of one partition come in order. An error in `handle` ends the process (see Context.die);
    the batch comes again.
    """

    abstract = True
    hop: str
    chunk = 10_000
    """Records to take at once at most."""

    from_the_start: ClassVar[bool] = True
    """Whether a hop that runs for the first time is given the records of the past, too."""

    consumer: AIOKafkaConsumer

    def __init__(self, context: Context) -> None:
        limit_decompression()
        self.context = context
        self._done: Done = {}
        self._committed_at = 0.0
        self._ended = asyncio.Event()
        self._ended.set()
        super().__init__()

    def topics(self) -> tuple[str, ...]:
        """The topics to consume."""
        raise NotImplementedError

    async def handle(self, batch: Batch) -> Done:
        """Work a batch through and return how far: only over records whose results are acknowledged."""
        raise NotImplementedError

    async def on_stop(self) -> None:
        """Let what is in hand be finished and committed."""
        await self._ended.wait()

    async def begin(self) -> None:
        """The group is joined, and nothing has been read yet."""

    async def idle(self) -> None:
        """Nothing came for a while: a chance to look after what this hop keeps elsewhere."""

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        """Commit what is done, and forget the progress on partitions that others go on with."""
        await self._commit()
        for tp in revoked:
            self.context.progress.pop((self.hop, tp.topic, tp.partition), None)

    def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:  # noqa: ARG002 - aiokafka's interface
        """This worker has its share of the partitions: the hop is ready."""
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
            isolation_level="read_committed",  # what a producer took back was never published
            auto_offset_reset="earliest" if self.from_the_start else "latest",
            session_timeout_ms=int(settings.session_timeout_s * 1000),
            heartbeat_interval_ms=int(settings.heartbeat_s * 1000),
            fetch_max_wait_ms=FETCH_WAIT_MS,
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
            consumer.subscribe(self.topics(), listener=self)
            await self.begin()
            while not self.should_stop:
                batch = await self.fetched(self.context.settings.batch_wait_s)
                if batch:
                    crash_at(f"{self.hop}.read")
                    self._mark(await self.handle(batch))
                    crash_at(f"{self.hop}.done")
                else:
                    await self.idle()
                if time.monotonic() > self._committed_at + COMMIT_S:
                    await self._commit()
            await self._commit()
        except asyncio.CancelledError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the batch must come again
            self.context.die(f"the {self.hop} hop failed", error)
        finally:
            await consumer.stop()
            self._ended.set()

    async def fetched(self, wait_s: float, most: int | None = None, of: Sequence[TopicPartition] = ()) -> Batch:
        """Records that are here, or come within so many seconds, `of` any partition or of some.

        They come again unless `handle` returns them.
        """
        batch: Batch = await self.consumer.getmany(*of, timeout_ms=int(wait_s * 1000), max_records=most or self.chunk)
        return batch

    @property
    def _fetched(self) -> Mapping[TopicPartition, Any]:
        """What aiokafka has fetched and not yet handed out, by partition."""
        fetched: Mapping[TopicPartition, Any] = self.consumer._fetcher._records  # noqa: SLF001 - there is no public way
        return fetched

    @property
    def waiting(self) -> list[TopicPartition]:
        """The partitions of which records are here."""
        return list(self._fetched)

    async def behind(self, partitions: Iterable[TopicPartition]) -> bool:
        """Whether the broker has more of one of these than was handed out, by what it said last."""
        for tp in partitions:
            with suppress(IllegalStateError):  # it has been given away meanwhile
                position = await self.consumer.position(tp)
                mine = tp in self.consumer.assignment()
                if mine and (self.consumer.last_stable_offset(tp) or 0) > position:
                    return True
        return False

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
        except (CommitFailedError, IllegalStateError) as error:  # rebalanced meanwhile: others see the batch again
            log.info("%s: a commit came after a rebalance, the batch is delivered again: %s", self.hop, error)
        except KafkaError as error:
            log.warning("%s: commit failed, the next one covers it: %s", self.hop, error)
