"""Reading the topics of producers from their beginning, for a replay."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiokafka
from aiokafka import AIOKafkaConsumer, TopicPartition

from bordertally.agents.kafka.clients import FETCH_BYTES, connect, kafka_options
from bordertally.agents.kafka.topic_reader import places_in
from bordertally.streams.replay.reports_by_hour import ReplayedReport
from bordertally.streams.settings import Settings
from bordertally.streams.topics import Topic, Topics

WAIT_MS = 500

IDLE_MS = 10
"""How long the broker may hold back a fetch at the end of a partition: the next request waits behind it."""


async def report_log(
    settings: Settings, until: float | None = None, read: dict[TopicPartition, range] | None = None
) -> AsyncIterator[list[ReplayedReport]]:
    """The reports on the producers' topics, some at a time, in order of topic, partition and offset.

    Reads up to the ends that the topics have at first. `until` (seconds since 1970 UTC): only reports that had arrived
    at the broker by then. `read`: by partition, the offsets read before, which are left out, and those read now are
    added.
    Raises KafkaError, and BordertallyError if a topic is missing.
    """
    read = {} if read is None else read
    topics = Topics(settings.topic_prefix)
    every = await places_in(settings, [topics.reports(kind) for kind in Topic])
    consumer = AIOKafkaConsumer(
        **kafka_options(settings),
        enable_auto_commit=False,
        isolation_level="read_committed",
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=FETCH_BYTES,
        fetch_max_bytes=2 * FETCH_BYTES,
        fetch_max_wait_ms=IDLE_MS,
    )
    try:
        await connect(consumer, settings)
        places = [tp for partitions in every.values() for tp in partitions]
        begins, ends = await consumer.beginning_offsets(places), await consumer.end_offsets(places)
        for kind in Topic:
            for tp in every[topics.reports(kind)]:
                begin, after = (read[tp].start, read[tp].stop) if tp in read else (begins[tp], begins[tp])
                read[tp] = range(begin, max(after, ends[tp]))
                async for records in _records(consumer, tp, range(after, ends[tp]), until):
                    yield [
                        ReplayedReport(record.value or b"", record.timestamp, kind.in_words, kind, record.headers)
                        for record in records
                    ]
    finally:
        await consumer.stop()


async def report_count(settings: Settings, until: float) -> int:
    """How many records the producers' topics hold that had arrived by `until` (seconds since 1970 UTC).

    Raises KafkaError, and BordertallyError if a topic is missing.
    """
    topics = Topics(settings.topic_prefix)
    every = await places_in(settings, [topics.reports(kind) for kind in Topic])
    places = [tp for some in every.values() for tp in some]
    consumer = AIOKafkaConsumer(**kafka_options(settings), enable_auto_commit=False)
    try:
        await connect(consumer, settings)
        begins, ends = await consumer.beginning_offsets(places), await consumer.end_offsets(places)
        later = await consumer.offsets_for_times(dict.fromkeys(places, int(until * 1000) + 1))
    finally:
        await consumer.stop()
    return sum((ends[tp] if later[tp] is None else later[tp].offset) - begins[tp] for tp in places)


async def _records(
    consumer: AIOKafkaConsumer, tp: TopicPartition, offsets: range, until: float | None
) -> AsyncIterator[list[aiokafka.ConsumerRecord]]:
    """The records of one partition at these offsets. One partition at a time, so the order never varies."""
    if not offsets:
        return
    consumer.assign([tp])
    consumer.seek(tp, offsets.start)
    while await consumer.position(tp) < offsets.stop:
        batch = await consumer.getmany(tp, timeout_ms=WAIT_MS)
        yield [
            record
            for record in batch.get(tp, ())
            if record.offset < offsets.stop and (until is None or record.timestamp <= until * 1000)
        ]
