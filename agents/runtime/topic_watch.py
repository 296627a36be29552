"""Whether the topics are the same: one that is deleted, made anew, or gets more partitions is told at once.

Consumers notice a missing topic by themselves, and then simply have nothing to read. Without this watch a worker would
be ready, with no lag, while reports are published to nowhere. A topic that is deleted, made anew and filled again
between two looks is known by its id: to a consumer, it has only more records.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from uuid import UUID

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from mode import Service

from bordertally.agents.kafka.clients import kafka_options
from bordertally.agents.kafka.topic_ids import TopicSeen, topics_seen
from bordertally.agents.runtime.context import Context, log
from bordertally.streams.errors import ConfigError

EVERY_S = 2.0

FAULT, ANEW = "docs/runbooks/BordertallyTopicFault.md", "docs/runbooks/BordertallyTopicMadeAnew.md"


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
        self.ids: defaultdict[str, set[UUID]] = defaultdict(set)  # by topic; brokers may lag behind each other
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
                    self.look(await topics_seen(admin, self.names))
                    await self.sleep(self.every_s)
            except (KafkaError, OSError, TimeoutError) as error:
                log.debug("the topics cannot be looked at now: %s", error)
                await self.sleep(self.every_s)
            finally:
                await admin.close()

    def look(self, topics: Mapping[str, TopicSeen]) -> None:
        """Compare topics with the setting and with the look before; log what is new, and what is mended."""
        counts = {name: topic.partitions for name, topic in topics.items()}
        before, now = self.context.topic_faults, topic_faults(counts, self.context.settings.partitions)
        for fault in now:
            if fault not in before:
                log.error("%s; see %s", fault, FAULT)
        for name, topic in topics.items():
            if topic.partitions:
                self._compare(name, topic)
        self.missing = {name for name, count in counts.items() if not count}
        self.context.topic_faults = now
        self.context.metrics["topic_faults"].set(len(now))

    def _compare(self, name: str, topic: TopicSeen) -> None:
        """Tell whether a topic that exists is another one than before."""
        known, missed = self.ids[name], name in self.missing
        if topic.topic_id in known:
            if missed:
                log.warning("topic %s exists again, with its records", name)
        elif missed:
            log.warning("topic %s exists again; it is read from its beginning; see %s", name, ANEW)
            self.context.made_anew[name] += 1
        elif known and topic.topic_id is not None:
            log.error("topic %s was deleted and made anew; it is read from its beginning; see %s", name, ANEW)
            self.context.made_anew[name] += 1
        if topic.topic_id is not None:
            known.add(topic.topic_id)
