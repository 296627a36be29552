"""Whether the topics still exist: a topic that is deleted, or gets more partitions, while workers run is told at once.

Consumers notice a missing topic by themselves, and then simply have nothing to read. Without this watch a worker would
be ready, with no lag, while reports are published to nowhere.
"""

from __future__ import annotations

from collections.abc import Mapping

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from mode import Service

from bordertally.agents.kafka.clients import kafka_options
from bordertally.agents.kafka.topics import partition_counts
from bordertally.agents.runtime.context import Context, log
from bordertally.streams.errors import ConfigError

EVERY_S = 2.0


def topic_faults(counts: Mapping[str, int], partitions: int) -> list[str]:
    """One sentence for each topic that does not exist or has another number of partitions. `counts`: by topic."""
    faults = []
    for topic, count in counts.items():
        if not count:
            faults.append(f"topic {topic} does not exist: bordertally topics --create")
        elif count != partitions:
            faults.append(f"topic {topic} has {count} partitions, BORDERTALLY_PARTITIONS={partitions}")
    return faults


class TopicWatch(Service):
    """Asks the broker every `every_s` seconds; `Context.topic_faults` has the answer, which /readyz shows."""

    def __init__(self, context: Context, every_s: float = EVERY_S) -> None:
        self.context, self.every_s = context, every_s
        self.missing: set[str] = set()
        settings = context.settings
        self.names = [spec.name for spec in context.topics.specs(settings.partitions, settings.replication)]
        super().__init__()

    @Service.task
    async def _run(self) -> None:
        while not self.should_stop:
            try:
                admin = AIOKafkaAdminClient(**kafka_options(self.context.settings))
                await admin.start()
            except (ConfigError, KafkaError, OSError) as error:  # OSError: no broker answers
                log.debug("the topics cannot be looked at now: %s", error)
                await self.sleep(self.every_s)
                continue
            try:
                while not self.should_stop:
                    self.look(await partition_counts(admin, self.names))
                    await self.sleep(self.every_s)
            except (KafkaError, OSError, TimeoutError) as error:
                log.debug("the topics cannot be looked at now: %s", error)
                await self.sleep(self.every_s)
            finally:
                await admin.close()

    def look(self, counts: Mapping[str, int]) -> None:
        """Compare the number of partitions by topic with the setting; log what is new, and what is mended."""
        before, now = self.context.topic_faults, topic_faults(counts, self.context.settings.partitions)
        for fault in now:
            if fault not in before:
                log.error("%s; see docs/runbooks/BordertallyTopicFault.md", fault)
        for topic in [topic for topic in self.missing if counts[topic]]:
            log.warning("topic %s exists again; it is read from its beginning", topic)
            self.context.made_anew[topic] += 1
        self.missing = {topic for topic, count in counts.items() if not count}
        self.context.topic_faults = now
        self.context.metrics["topic_faults"].set(len(now))
