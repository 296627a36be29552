"""Writing the result of a replay into new topics, beside those of the running pipeline."""

from __future__ import annotations

from typing import NamedTuple

import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition

from bordertally.agents.kafka.clients import kafka_options
from bordertally.agents.kafka.producer import Record, Writer
from bordertally.agents.kafka.topics import create_topics
from bordertally.streams.errors import ConfigError, shown
from bordertally.streams.replay.ledgers import ReplayLedgers
from bordertally.streams.settings import Settings, load_settings
from bordertally.streams.topics import Topics


class RecordsWritten(NamedTuple):
    """How many records were written."""

    states: int
    alerts: int


async def write_topics(settings: Settings, prefix: str, ledgers: ReplayLedgers) -> RecordsWritten:
    """Write every alert record and the newest state of each flow; returns when the broker has them.

    Creates all topics of a pipeline, so that a worker with the hop delivery can serve them. Raises ConfigError if they
    are not empty or are those of the pipeline itself, and KafkaError.
    """
    topics = Topics(load_settings(topic_prefix=prefix).topic_prefix)
    if topics.prefix == settings.topic_prefix:
        raise ConfigError(
            f"--to-prefix {shown(prefix)}: the pipeline writes to these topics itself; choose another prefix"
        )
    await create_topics(settings.model_copy(update={"topic_prefix": prefix}))
    await _empty(settings, (topics.totals, topics.alerts))
    alerts = [Record(topics.alerts, alert.flow.encode(), msgspec.json.encode(alert)) for alert in ledgers.log]
    states = [
        Record(topics.totals, flow.encode(), msgspec.json.encode(state))
        for flow, state in sorted(ledgers.states.items())
    ]
    writer = Writer(settings)
    try:
        await writer.write([*alerts, *states])
    finally:
        await writer.stop()
    return RecordsWritten(len(states), len(alerts))


async def _empty(settings: Settings, names: tuple[str, ...]) -> None:
    """Raise ConfigError unless these topics are empty."""
    every = [TopicPartition(name, number) for name in names for number in range(settings.partitions)]
    consumer = AIOKafkaConsumer(**kafka_options(settings), enable_auto_commit=False)
    try:
        await consumer.start()
        ends = await consumer.end_offsets(every)
    finally:
        await consumer.stop()
    for tp, end in ends.items():
        if end:
            raise ConfigError(f"topic {tp.topic}: not empty; choose a prefix that is new")
