"""Creating the topics, and checking that those that exist are as the pipeline needs them."""

from __future__ import annotations

import asyncio
from typing import NamedTuple

from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from agents.security import connect, kafka_options
from streams.errors import BordertallyError
from streams.settings import Settings
from streams.topics import Topics

_EXISTS = 36


class Created(NamedTuple):
    """What became of one topic: `made` or `there`."""

    name: str
    outcome: str


async def create_topics(settings: Settings) -> list[Created]:
    """Create what is missing. Raises BordertallyError when the broker refuses, or a topic has other partitions."""
    admin = AIOKafkaAdminClient(**kafka_options(settings), request_timeout_ms=20_000)
    try:
        await connect(admin, settings)
        specs = Topics(settings.topic_prefix).specs(settings.partitions, settings.replication)
        wanted = [NewTopic(one.name, one.partitions, one.replication, topic_configs=one.config) for one in specs]
        answer = await admin.create_topics(wanted)
        created = []
        for name, code, *why in answer.topic_errors:
            if code not in (0, _EXISTS):
                raise BordertallyError(f"topic {name}: the broker refused it: error {code} {why[0] if why else ''}")
            created.append(Created(name, "there" if code == _EXISTS else "made"))
        counts = await _once_known(admin, [one.name for one in specs])
        for name, count in counts.items():
            if count != settings.partitions:
                raise BordertallyError(
                    f"topic {name}: it has {count} partitions, BORDERTALLY_PARTITIONS={settings.partitions}; "
                    "all topics need the same number"
                )
        return created
    finally:
        await admin.close()


async def partition_counts(admin: AIOKafkaAdminClient, names: list[str]) -> dict[str, int]:
    """How many partitions topics have; 0 for those that do not exist."""
    return {topic["topic"]: len(topic["partitions"]) for topic in await admin.describe_topics(names)}


async def _once_known(admin: AIOKafkaAdminClient, names: list[str]) -> dict[str, int]:
    """The same for topics just made, which take a moment to be known everywhere."""
    counts: dict[str, int] = {}
    for _ in range(100):
        counts = await partition_counts(admin, names)
        if all(counts.values()):
            break
        await asyncio.sleep(0.05)
    return counts
