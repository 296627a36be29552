"""Reading a topic from its beginning, and on as records are added."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from mode import Service

from bordertally.agents.kafka.clients import FETCH_WAIT_MS, kafka_options
from bordertally.agents.kafka.pacing import wait_longer_when_idle
from bordertally.agents.runtime.context import Context

POLL_MS = 200


class Follower(Service):
    """Hands every record of a topic to `take`. It has no consumer group: each worker reads all partitions.

    An error ends the process (see Context.die).
    """

    def __init__(self, context: Context, topic: str, take: Callable[[Any], None]) -> None:
        self.context, self.topic, self.take = context, topic, take
        self.positions: dict[int, int] = {}
        self._moved = asyncio.Condition()
        self._consumer: AIOKafkaConsumer | None = None
        super().__init__()

    @property
    def partitions(self) -> range:
        """The partitions of the topic; every topic of the pipeline has the same number."""
        return range(self.context.settings.partitions)

    async def on_start(self) -> None:
        """Connect, and go to the beginning of the topic."""
        self._consumer = consumer = AIOKafkaConsumer(
            **kafka_options(self.context.settings),
            enable_auto_commit=False,
            isolation_level="read_committed",
            auto_offset_reset="earliest",
            fetch_max_wait_ms=FETCH_WAIT_MS,
        )
        await consumer.start()
        wait_longer_when_idle(consumer)
        consumer.assign([TopicPartition(self.topic, partition) for partition in self.partitions])
        await consumer.seek_to_beginning()

    async def on_stop(self) -> None:
        """Disconnect."""
        if self._consumer is not None:
            await self._consumer.stop()

    @Service.task
    async def _follow(self) -> None:
        assert self._consumer is not None
        made_anew = self.context.made_anew
        known = made_anew[self.topic]
        try:
            while not self.should_stop:
                if made_anew[self.topic] != known:
                    known = made_anew[self.topic]
                    await self._consumer.seek_to_beginning()
                batch = await self._consumer.getmany(timeout_ms=POLL_MS)
                for records in batch.values():
                    for record in records:
                        self.take(record)
                await self._note()
        except asyncio.CancelledError:
            raise
        except Exception as error:  # noqa: BLE001 - without these records nothing may be sent
            if not self.should_stop:
                self.context.die(f"following {self.topic} failed", error)

    async def _note(self) -> None:
        assert self._consumer is not None
        async with self._moved:
            for tp in self._consumer.assignment():
                self.positions[tp.partition] = await self._consumer.position(tp)
            self._moved.notify_all()

    async def caught_up(self, partitions: Iterable[int] | None = None) -> None:
        """Return when every record that is on these partitions (default: all) now has been handed on."""
        assert self._consumer is not None
        wanted = [
            TopicPartition(self.topic, partition)
            for partition in (self.partitions if partitions is None else partitions)
        ]
        ends = await self._consumer.end_offsets(wanted)
        async with self._moved:
            await self._moved.wait_for(lambda: all(self.positions.get(tp.partition, 0) >= ends[tp] for tp in wanted))
