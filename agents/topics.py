"""Creating the topics, and checking that those that exist are as the pipeline needs them."""

from __future__ import annotations

from typing import NamedTuple

from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from streams.errors import BordertallyError
from streams.topics import topic_specs

_EXISTS = 36


class Created(NamedTuple):
    """What became of one topic: `made` or `there`."""

    name: str
    outcome: str


async def create_topics(brokers: str, partitions: int, replication: int) -> list[Created]:
    """Create what is missing. Raises BordertallyError when the broker refuses, or a topic has other partitions."""
    admin = AIOKafkaAdminClient(bootstrap_servers=brokers, request_timeout_ms=20_000)
    await admin.start()
    try:
        specs = topic_specs(partitions, replication)
        wanted = [NewTopic(one.name, one.partitions, one.replication, topic_configs=one.config) for one in specs]
        answer = await admin.create_topics(wanted)
        created = []
        for name, code, *why in answer.topic_errors:
            if code not in (0, _EXISTS):
                raise BordertallyError(f"topic {name}: the broker refused it: error {code} {why[0] if why else ''}")
            created.append(Created(name, "there" if code == _EXISTS else "made"))
        for topic in await admin.describe_topics([one.name for one in specs]):
            count = len(topic["partitions"])
            if count != partitions:
                raise BordertallyError(
                    f"topic {topic['topic']}: it has {count} partitions, BORDERTALLY_PARTITIONS={partitions}; "
                    "all topics need the same number"
                )
        return created
    finally:
        await admin.close()
