"""Lag: the number of records not yet processed, measured against the end offsets of the broker.

Faust's own figure compares with the records fetched, and changes only when records arrive: it hides a stall.
"""

from __future__ import annotations

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError
from mode import Service

from bordertally.agents.kafka.clients import kafka_options
from bordertally.agents.runtime.context import Context, log
from bordertally.streams.errors import ConfigError

EVERY_S = 5.0


class LagMeter(Service):
    """Asks the broker for end offsets every `every_s` seconds and sets the gauge of the lag."""

    def __init__(self, context: Context, every_s: float = EVERY_S) -> None:
        self.context, self.every_s = context, every_s
        self.shown: set[tuple[str, str, int]] = set()
        super().__init__()

    @Service.task
    async def _run(self) -> None:
        while not self.should_stop:
            try:
                consumer = AIOKafkaConsumer(**kafka_options(self.context.settings), enable_auto_commit=False)
            except ConfigError as error:  # a certificate or password is being replaced
                log.warning("lag cannot be measured now: %s", error)
                await self.sleep(self.every_s)
                continue
            try:
                await consumer.start()
                while not self.should_stop:
                    await self.measure(consumer)
                    await self.sleep(self.every_s)
            except KafkaError as error:
                log.warning("lag cannot be measured now: %s", error)
                await self.sleep(self.every_s)
            finally:
                await consumer.stop()

    async def measure(self, consumer: AIOKafkaConsumer) -> None:
        """Measure once; partitions that moved to another worker are removed from the gauge."""
        progress = dict(self.context.progress)
        gauge = self.context.metrics["consumer_lag_records"]
        if progress:
            try:
                ends = await consumer.end_offsets(
                    {TopicPartition(topic, partition) for _, topic, partition in progress}
                )
            except (KafkaError, TimeoutError) as error:
                log.warning("lag cannot be measured now: %s", error)
                return
            for (hop, topic, partition), following in progress.items():
                end = ends[TopicPartition(topic, partition)]
                behind = end - following if following <= end else end  # the topic was made anew: nothing of it is read
                gauge.labels(hop, topic, str(partition)).set(behind)
        for hop, topic, partition in self.shown - progress.keys():
            gauge.remove(hop, topic, str(partition))
        self.shown = set(progress)
