"""A hop that works in batches: read, handle, and commit only when everything handled is acknowledged."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError
from mode import Service

from agents.context import Context, log
from streams.topics import BIGGEST

if TYPE_CHECKING:
    from aiokafka.structs import ConsumerRecord

FETCH_WAIT_MS = 100
"""A broker answers as soon as it has something; one that only answers after the wait (Tansu) is not left idle long."""

Batch = dict[TopicPartition, list["ConsumerRecord"]]


class BatchHop(Service, ConsumerRebalanceListener):
    """Consumes topics as a group of its own and hands whole batches to `handle`.

    At least once: offsets are committed after `handle` returns, so it must be harmless to see records again. Records
    of one partition come in order. An error in `handle` ends the process (see Context.die); the batch comes again.
    """

    abstract = True
    hop: str
    consumer: AIOKafkaConsumer

    def __init__(self, context: Context) -> None:
        self.context = context
        super().__init__()

    def topics(self) -> tuple[str, ...]:
        """The topics to consume."""
        raise NotImplementedError

    async def handle(self, batch: Batch) -> Batch:
        """Work a batch through and return what is done of it: only that whose results are acknowledged."""
        raise NotImplementedError

    async def idle(self) -> None:
        """Nothing came for a while: a chance to look after what this hop keeps elsewhere."""

    def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        """Forget the progress on partitions that others go on with."""
        for tp in revoked:
            self.context.progress.pop((self.hop, tp.topic, tp.partition), None)

    def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:  # noqa: ARG002 - aiokafka's interface
        """This worker has its share of the partitions: the hop is ready."""
        self.context.ready.add(self.hop)

    @property
    def group(self) -> str:
        """The consumer group of this hop."""
        return f"{self.context.settings.app_id}-{self.hop}"

    def _consumer(self) -> AIOKafkaConsumer:
        settings = self.context.settings
        session = int(settings.session_timeout_s * 1000)
        return AIOKafkaConsumer(
            bootstrap_servers=settings.brokers,
            group_id=self.group,
            group_instance_id=f"{settings.instance}-{self.hop}" if settings.instance else None,
            enable_auto_commit=False,
            isolation_level="read_committed",  # what a producer took back was never published
            auto_offset_reset="earliest",
            session_timeout_ms=session,
            heartbeat_interval_ms=max(session // 3 - 1, 100),
            max_poll_records=settings.batch_reports,
            fetch_max_wait_ms=FETCH_WAIT_MS,
            max_partition_fetch_bytes=BIGGEST,
            fetch_max_bytes=2 * BIGGEST,
        )

    @Service.task
    async def _run(self) -> None:
        consumer = self.consumer = self._consumer()
        try:
            await consumer.start()
            consumer.subscribe(self.topics(), listener=self)
            while not self.should_stop:
                batch = await consumer.getmany(
                    timeout_ms=int(self.context.settings.batch_wait_s * 1000),
                    max_records=self.context.settings.batch_reports,
                )
                if batch:
                    await self._commit(consumer, await self.handle(batch))
                else:
                    await self.idle()
        except asyncio.CancelledError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the batch must come again
            self.context.die(f"the {self.hop} hop failed", error)
        finally:
            await consumer.stop()

    async def _commit(self, consumer: AIOKafkaConsumer, batch: Batch) -> None:
        if not batch:
            return
        offsets = {tp: records[-1].offset + 1 for tp, records in batch.items()}
        try:
            await consumer.commit(offsets)
        except (CommitFailedError, IllegalStateError) as error:  # rebalanced meanwhile: others see the batch again
            log.info("%s: a commit came after a rebalance, the batch is delivered again: %s", self.hop, error)
        except KafkaError as error:
            log.warning("%s: commit failed, the next one covers it: %s", self.hop, error)
        for tp, offset in offsets.items():
            self.context.progress[self.hop, tp.topic, tp.partition] = offset
