"""Writing topics into Redis, in step with their offsets.

The offset of a partition is written in one transaction with its data. So a Redis that was emptied, or replaced by an
older copy, is noticed and filled again from the compacted topics.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from aiokafka import TopicPartition
from aiokafka.errors import IllegalStateError
from redis.asyncio import Redis
from redis.asyncio.client import Pipeline
from redis.exceptions import RedisError

from bordertally.agents.delivery.channel import LONGEST_S, SHORTEST_S, Channel
from bordertally.agents.delivery.redis_access import check_redis
from bordertally.agents.delivery.redis_keys import offset_key
from bordertally.agents.hops.batch_hop import Batch, Done
from bordertally.agents.kafka.clients import redis_options
from bordertally.agents.kafka.crash_points import crash_at
from bordertally.agents.kafka.received import Received
from bordertally.agents.runtime.context import Context, log
from bordertally.streams.settings import Settings


class RedisWriter(Channel):
    """Writes topics into Redis with `put`. While Redis is away it tries again, and no other hop waits."""

    abstract = True
    from_the_start = True
    mutes = False  # all alerts are written; muted ones are listed separately

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.redis = Redis.from_url(**redis_options(context.settings), socket_timeout=5, socket_connect_timeout=5)
        self.positions: dict[TopicPartition, int | None] = {}

    @classmethod
    async def check(cls, settings: Settings) -> None:
        """Raise ConfigError if Redis refuses access. If Redis is away, the worker starts without it."""
        await check_redis(settings)

    async def close(self) -> None:
        """Close the connections."""
        await self.redis.aclose()

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        """Other workers write these partitions now."""
        await super().on_partitions_revoked(revoked)
        for tp in revoked:
            self.positions.pop(tp, None)

    async def handle(self, batch: Batch) -> Done:
        """Write a batch; try again until Redis has it. If Redis is behind, records since its offset are read again."""
        delay, todo = SHORTEST_S, dict(batch)
        done: Done = {}
        while todo and not self.should_stop:
            tp, records = next(iter(todo.items()))
            try:
                if await self._in_step(tp):
                    await self._write(tp, records)
                    done[tp] = records[-1].offset + 1
                    self.context.metrics["view_timestamp_seconds"].set(records[-1].timestamp / 1000)
                self.context.metrics["redis_up"].set(1)
            except (RedisError, OSError, TimeoutError) as error:
                self._away(error)
                await asyncio.sleep(delay)
                delay = min(delay * 2, LONGEST_S)
            else:
                delay = SHORTEST_S
                del todo[tp]
        return done

    async def idle(self) -> None:
        """Notice an emptied Redis even if no record arrives."""
        try:
            in_step = [await self._in_step(tp) for tp in self.consumer.assignment()]
            self.context.metrics["redis_up"].set(1)
            if all(in_step):
                self.context.metrics["view_timestamp_seconds"].set(time.time())
        except (RedisError, OSError, TimeoutError) as error:
            self._away(error)
            await asyncio.sleep(SHORTEST_S)

    def _away(self, error: Exception) -> None:
        if self.should_stop:
            return
        self.context.metrics["redis_up"].set(0)
        log.warning("Redis cannot be written; totals and alerts continue without it: %s", error)

    async def _in_step(self, tp: TopicPartition) -> bool:
        """Whether the offset in Redis is the one written last; if not, go to the offset in Redis."""
        stored = await self.redis.get(offset_key(tp.topic, tp.partition))
        offset = None if stored is None else int(stored)
        if tp in self.positions and self.positions[tp] == offset:
            return True
        try:
            if offset is None:
                await self.consumer.seek_to_beginning(tp)
            else:
                self.consumer.seek(tp, offset)
        except IllegalStateError:  # the partition went to another worker
            self.positions.pop(tp, None)
        else:
            self.positions[tp] = offset
        return False

    async def _write(self, tp: TopicPartition, records: Sequence[Received]) -> None:
        async with self.redis.pipeline(transaction=True) as pipe:
            await self.put(pipe, tp, records)
            following = records[-1].offset + 1
            pipe.set(offset_key(tp.topic, tp.partition), following)
            await pipe.execute()
        crash_at("delivery.written")
        if (
            tp in self.positions
        ):  # not if it was revoked meanwhile, even if it is ours again: then nothing is known of it
            self.positions[tp] = following
        self.count(tp, len(records))

    def count(self, tp: TopicPartition, records: int) -> None:
        """Count the records of a partition that are written."""
        self.context.metrics["delivered_total"].labels(tp.topic).inc(records)

    async def put(self, pipe: Pipeline, tp: TopicPartition, records: Sequence[Received]) -> None:
        """Add the records of a partition to a transaction."""
        raise NotImplementedError
