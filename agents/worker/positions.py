"""The committed positions of the consumer groups, compared with the records that the broker still has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import stamina
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import GroupCoordinatorNotAvailableError

from bordertally.agents.kafka.clients import kafka_options
from bordertally.agents.kafka.topics import creation
from bordertally.streams.errors import BordertallyError
from bordertally.streams.settings import Hop, Settings
from bordertally.streams.topics import Topics

COORDINATOR_S = 10.0
"""The longest wait for a broker that has had no consumer groups so far."""


class Position(NamedTuple):
    """The offset of the next record that a group reads, beside the first offset and the end offset of the partition."""

    group: str
    tp: TopicPartition
    committed: int
    first: int
    end: int

    @property
    def fault(self) -> str | None:
        """What the group has lost, or will find when it goes on; None for a position that the broker has."""
        where = f"{self.group} on {self.tp.topic}/{self.tp.partition}"
        if self.committed < self.first:
            return f"{where}: offsets {self.committed} to {self.first - 1} were removed before they were read"
        if self.committed > self.end:
            return f"{where}: the position {self.committed} is beyond the end {self.end}: the topic was made anew"
        return None


def groups_of(settings: Settings) -> list[str]:
    """The consumer groups of the pipeline, however its hops are divided among workers."""
    return [settings.app_id, *(f"{settings.app_id}-{hop}" for hop in Hop)]


async def positions(admin: AIOKafkaAdminClient, settings: Settings) -> list[Position]:
    """The committed positions of all groups on existing topics. Raises KafkaError."""
    committed: dict[tuple[str, TopicPartition], int] = {}
    async for attempt in stamina.retry_context(on=GroupCoordinatorNotAvailableError, timeout=COORDINATOR_S):
        with attempt:  # a new broker first has to make its topic of positions
            await admin.list_consumer_group_offsets(settings.app_id)
    for group in groups_of(settings):
        for tp, offset in (await admin.list_consumer_group_offsets(group)).items():
            if offset.offset >= 0:
                committed[group, tp] = offset.offset
    names = {tp.topic for _, tp in committed}
    there = {topic["topic"] for topic in await admin.describe_topics(sorted(names)) if topic["partitions"]}
    places = sorted({tp for _, tp in committed if tp.topic in there})
    first, ends = await _bounds(settings, places) if places else ({}, {})
    return [
        Position(group, tp, offset, first[tp], ends[tp])
        for (group, tp), offset in sorted(committed.items())
        if tp.topic in there
    ]


async def _bounds(
    settings: Settings, places: Sequence[TopicPartition]
) -> tuple[Mapping[TopicPartition, int], Mapping[TopicPartition, int]]:
    consumer = AIOKafkaConsumer(**kafka_options(settings), enable_auto_commit=False)
    await consumer.start()
    try:
        return await consumer.beginning_offsets(places), await consumer.end_offsets(places)
    finally:
        await consumer.stop()


async def read_again(settings: Settings) -> int:
    """Set the intake back to the first report that the broker has; returns how many reports it will read again.

    Raises BordertallyError while a worker runs the intake: its commits would win.
    """
    group, topics = f"{settings.app_id}-{Hop.INTAKE}", Topics(settings.topic_prefix).every_report
    admin = AIOKafkaAdminClient(**kafka_options(settings))
    await admin.start()
    try:
        members = _members(await admin.describe_consumer_groups([group]))
        if members:
            raise BordertallyError(f"consumer group {group} has {members} members: stop all workers with the intake")
        described = {topic["topic"]: len(topic["partitions"]) for topic in await admin.describe_topics(list(topics))}
    finally:
        await admin.close()
    if missing := [topic for topic in topics if not described.get(topic)]:
        raise BordertallyError(f"topic {missing[0]} does not exist; make it with: {creation(settings)}")
    places = [TopicPartition(topic, number) for topic in topics for number in range(described[topic])]
    first, ends = await _bounds(settings, places)
    consumer = AIOKafkaConsumer(**kafka_options(settings), group_id=group, enable_auto_commit=False)
    await consumer.start()
    try:
        consumer.assign(places)
        await consumer.commit(dict(first))
    finally:
        await consumer.stop()
    return sum(ends[tp] - first[tp] for tp in places)


def _members(answers: Iterable[object]) -> int:
    """The number of members in the answers to a DescribeGroups request for one group."""
    rows = [row for answer in answers for row in getattr(answer, "groups", ())]
    return sum(len(row[5]) for row in rows)
