"""The committed positions of the consumer groups, compared with the records that the broker still has."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

import stamina
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import (
    GroupCoordinatorNotAvailableError,
    GroupLoadInProgressError,
    NotCoordinatorForGroupError,
    for_code,
)
from aiokafka.protocol.admin import DescribeGroupsRequest
from aiokafka.protocol.commit import OffsetFetchRequest

from bordertally.agents.kafka.clients import kafka_options
from bordertally.agents.kafka.topics import creation
from bordertally.streams.errors import BordertallyError
from bordertally.streams.settings import Hop, Settings
from bordertally.streams.topics import Topics

COORDINATOR_S = 30.0
"""The longest wait for the coordinator of a consumer group: a broker that has just started makes or loads it first."""

STARTING = (GroupCoordinatorNotAvailableError, GroupLoadInProgressError, NotCoordinatorForGroupError)
"""The errors of a broker whose coordinator is not there yet."""

Answer = TypeVar("Answer")


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
    """The committed positions of all groups on existing topics. Raises KafkaError, and as `asked` does."""
    committed = {
        (group, tp): offset
        for group in groups_of(settings)
        for tp, offset in (await committed_offsets(admin, group)).items()
    }
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

    Raises BordertallyError while a worker runs the intake: its commits would win; and as `asked` does.
    """
    group, topics = f"{settings.app_id}-{Hop.INTAKE}", Topics(settings.topic_prefix).every_report
    admin = AIOKafkaAdminClient(**kafka_options(settings))
    await admin.start()
    try:
        if members := await _members(admin, group):
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


async def asked(group: str, ask: Callable[[], Awaitable[Answer]]) -> Answer:
    """The answer of the coordinator of a consumer group, asked again while the broker is still starting.

    Raises BordertallyError if the coordinator is not there within COORDINATOR_S seconds.
    """
    try:
        async for attempt in stamina.retry_context(
            on=STARTING, attempts=None, timeout=COORDINATOR_S, wait_initial=0.1, wait_max=1.0
        ):
            with attempt:
                return await ask()
    except STARTING:
        pass
    raise BordertallyError(
        f"Kafka: the broker answers, but not yet for consumer group {group} ({COORDINATOR_S:.0f} s); "
        "it may still be starting: try again in a minute"
    )


async def committed_offsets(admin: AIOKafkaAdminClient, group: str) -> dict[TopicPartition, int]:
    """The committed offsets of a group. Raises KafkaError."""

    async def ask() -> dict[TopicPartition, int]:
        response = await _of_coordinator(admin, group, OffsetFetchRequest(group, None))
        rows = [(TopicPartition(topic, row[0]), row) for topic, rows in response.topics for row in rows]
        _check([response.error_code, *(error for _, (*_, error) in rows)], group)
        return {tp: offset for tp, (_, offset, *_) in rows if offset >= 0}

    return await asked(group, ask)


async def _members(admin: AIOKafkaAdminClient, group: str) -> int:
    """The number of members of a group. Raises KafkaError."""

    async def ask() -> int:
        rows = (await _of_coordinator(admin, group, DescribeGroupsRequest([group]))).groups
        _check([row[0] for row in rows], group)
        return sum(len(row[5]) for row in rows)

    return await asked(group, ask)


async def _of_coordinator(admin: AIOKafkaAdminClient, group: str, request: object) -> Any:
    """The response to a request. aiokafka's own functions overlook its errors: no offsets, no members."""
    return await admin._send_request(request, await admin.find_coordinator(group))  # noqa: SLF001 - as said


def _check(codes: Iterable[int], group: str) -> None:
    for code in codes:
        if code:
            raise for_code(code)(f"consumer group {group}")
