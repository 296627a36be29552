"""Creating the topics, and checking that existing topics have the number of partitions that the pipeline needs."""

from __future__ import annotations

from typing import NamedTuple

import stamina
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from bordertally.agents.kafka.clients import connect, kafka_options
from bordertally.streams.errors import BordertallyError
from bordertally.streams.settings import Settings
from bordertally.streams.topics import Topics

_EXISTS = 36

PATIENCE_S = 60.0
"""The longest wait for the broker to create the topics, and again to list them: a busy broker is slow."""


class _NotYetKnownError(Exception):
    pass


class Created(NamedTuple):
    """The outcome for one topic: `made`, or `there` where it existed."""

    name: str
    outcome: str


async def create_topics(settings: Settings) -> list[Created]:
    """Create the topics that are missing.

    Raises BordertallyError when the broker refuses a topic or does not list it, or when a topic has another number of
    partitions than the settings.
    """
    admin = AIOKafkaAdminClient(**kafka_options(settings), request_timeout_ms=int(PATIENCE_S * 1000))
    try:
        await connect(admin, settings)
        specs = Topics(settings.topic_prefix).specs(settings.partitions, settings.replication)
        wanted = [NewTopic(spec.name, spec.partitions, spec.replication, topic_configs=spec.config) for spec in specs]
        answer = await admin.create_topics(wanted)
        created = []
        for name, code, *why in answer.topic_errors:
            if code not in (0, _EXISTS):
                raise BordertallyError(f"topic {name}: the broker refused it: error {code} {why[0] if why else ''}")
            created.append(Created(name, "there" if code == _EXISTS else "made"))
        counts = await once_known(admin, [spec.name for spec in specs])
        for name, count in counts.items():
            if count != settings.partitions:
                raise BordertallyError(
                    f"topic {name}: it has {count} partitions, BORDERTALLY_PARTITIONS={settings.partitions}; "
                    "all topics need the same number"
                )
        return created
    finally:
        await admin.close()


def creation(settings: Settings) -> str:
    """The command that creates the missing topics on these brokers."""
    return f"bordertally topics --create --to {settings.brokers}"


async def partition_counts(admin: AIOKafkaAdminClient, names: list[str]) -> dict[str, int]:
    """The number of partitions by topic; 0 for a topic that does not exist."""
    return {topic["topic"]: len(topic["partitions"]) for topic in await admin.describe_topics(names)}


async def once_known(admin: AIOKafkaAdminClient, names: list[str]) -> dict[str, int]:
    """The same for topics just created, once the broker lists all of them. Raises BordertallyError after PATIENCE_S."""
    counts: dict[str, int] = {}
    try:
        async for attempt in stamina.retry_context(
            on=_NotYetKnownError, attempts=None, timeout=PATIENCE_S, wait_initial=0.05, wait_max=1.0
        ):
            with attempt:
                counts = await partition_counts(admin, names)
                if not all(counts.values()):
                    raise _NotYetKnownError
    except _NotYetKnownError:
        unknown = ", ".join(name for name, count in counts.items() if not count)
        raise BordertallyError(
            f"topics made, but the broker does not tell of them yet ({PATIENCE_S:.0f} s): {unknown}; try again"
        ) from None
    return counts
