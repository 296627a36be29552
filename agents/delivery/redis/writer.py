"""Writing topics into Redis, in step with their offsets.

The offset of a partition is written in one transaction with its data. So a Redis that was emptied, or replaced by an
older copy, is noticed and filled again from the compacted topics.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from aiokafka import TopicPartition
from aiokafka.errors import IllegalStateError, KafkaError
from redis.asyncio import Redis
from redis.asyncio.client import Pipeline
from redis.exceptions import RedisError, ResponseError

from bordertally.agents.delivery.channel import LONGEST_S, SHORTEST_S, Channel
from bordertally.agents.delivery.redis.access import check_redis
from bordertally.agents.delivery.redis.keys import ALIVE, offset_key
from bordertally.agents.delivery.redis.sweep import wrong_types
from bordertally.agents.hops.batch_hop import Batch, Done
from bordertally.agents.kafka.clients import Received, redis_options
from bordertally.agents.kafka.crash_points import crash_at
from bordertally.agents.runtime.context import Context, log
from bordertally.streams.settings import Settings

LOOK_S = 1.0
"""Seconds between two looks at Redis while nothing arrives: whether it was emptied, and whether it can be written.

A Redis that answers may still refuse to be written.
"""


class RedisWriter(Channel):
    """Writes topics into Redis with `put`. While Redis is away it tries again, and no other hop waits."""

    abstract = True
    from_the_start = True
    mutes = False  # all alerts are written; muted ones are listed separately

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.redis: Any = Redis.from_url(  # redis-py types its answers for every encoding at once
            **redis_options(context.settings), socket_timeout=5, socket_connect_timeout=5
        )
        self.positions: dict[TopicPartition, int | None] = {}
        self._looked_at = -math.inf

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
            except (RedisError, OSError, TimeoutError) as error:
                await self._failed(error)
                await asyncio.sleep(delay)
                delay = min(delay * 2, LONGEST_S)
            else:
                delay = SHORTEST_S
                del todo[tp]
        return done

    async def idle(self) -> None:
        """Notice an emptied Redis, and one that refuses to be written, even if no record arrives."""
        if time.monotonic() < self._looked_at + LOOK_S:
            return
        self._looked_at = time.monotonic()
        try:
            behind = await self._look()
            for tp in behind:
                await self._in_step(tp)
            self._written()
            if not behind:
                self.context.metrics["view_timestamp_seconds"].set(time.time())
        except (RedisError, OSError, TimeoutError) as error:
            await self._failed(error)
            await asyncio.sleep(SHORTEST_S)

    def idle_s(self) -> float:
        """Seconds until the next look at Redis."""
        return self._looked_at + LOOK_S - time.monotonic()

    def _written(self) -> None:
        self.context.metrics["redis_up"].set(1)

    async def _failed(self, error: Exception) -> None:
        """Tell that Redis cannot be written; delete keys of a wrong type, which would be refused for ever."""
        if self.should_stop:
            return
        self.context.metrics["redis_up"].set(0)
        log.warning("Redis cannot be written; totals and alerts continue without it: %s", error)
        if isinstance(error, ResponseError) and "WRONGTYPE" in str(error):
            with suppress(RedisError, OSError, TimeoutError):
                await self.delete_wrong_types()

    async def delete_wrong_types(self) -> None:
        """Delete the keys of the view that hold another type than the view writes. Raises RedisError."""
        for key in await wrong_types(self.redis):
            self.tell_repair(f"{key.decode('utf-8', 'replace')} holds another type")
            await self.redis.delete(key)

    def tell_repair(self, what: str, values: int = 1) -> None:
        """Log and count values in Redis that are put right."""
        log.error("Redis: %s; put right; see docs/runbooks/BordertallyViewRepaired.md", what)
        self.context.metrics["view_repairs_total"].inc(values)

    async def _look(self) -> list[TopicPartition]:
        """Write that the worker is alive; returns the partitions whose offset in Redis is not the one written last."""
        partitions = list(self.consumer.assignment())
        async with self.redis.pipeline(transaction=False) as pipe:
            pipe.set(ALIVE, int(time.time()))
            if partitions:
                pipe.mget([offset_key(tp.topic, tp.partition) for tp in partitions])
            _, *stored = await pipe.execute()
        offsets = [offset_in(value) for values in stored for value in values]
        return [
            tp
            for tp, offset in zip(partitions, offsets, strict=True)
            if tp not in self.positions or self.positions[tp] != offset
        ]

    async def _in_step(self, tp: TopicPartition) -> bool:
        """Whether the offset in Redis is the one written last; if not, go to the offset in Redis."""
        offset = offset_in(await self.redis.get(offset_key(tp.topic, tp.partition)))
        if tp in self.positions and self.positions[tp] == offset:
            return True
        if offset is not None and not await self._reaches(tp, offset):
            await self.redis.delete(offset_key(tp.topic, tp.partition))
            offset = None
        try:
            start = self.read_from(tp, offset)
            if start is None:
                await self.consumer.seek_to_beginning(tp)
            else:
                self.consumer.seek(tp, start)
        except IllegalStateError:  # the partition went to another worker
            self.positions.pop(tp, None)
        else:
            self.positions[tp] = offset
        return False

    async def _reaches(self, tp: TopicPartition, offset: int) -> bool:
        """Whether the partition has that many records; if not, Redis was written from another topic, or by others."""
        try:
            end: int = (await self.consumer.end_offsets([tp]))[tp]
        except (KafkaError, TimeoutError):  # the broker is away: nothing can be read anyway
            return True
        return offset <= end

    def read_from(self, tp: TopicPartition, offset: int | None) -> int | None:  # noqa: ARG002 - for the views that need it
        """Where to read a partition from if Redis is written up to `offset` (None: not at all); None: its beginning."""
        return offset

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
        self._written()
        self.context.metrics["view_timestamp_seconds"].set(records[-1].timestamp / 1000)
        self.count(tp, len(records))

    def count(self, tp: TopicPartition, records: int) -> None:
        """Count the records of a partition that are written."""
        self.context.metrics["delivered_total"].labels(tp.topic).inc(records)

    async def put(self, pipe: Pipeline, tp: TopicPartition, records: Sequence[Received]) -> None:
        """Add the records of a partition to a transaction."""
        raise NotImplementedError


def offset_in(stored: bytes | None) -> int | None:
    """The offset that Redis holds for a partition; None where it holds none, or something else."""
    return int(stored) if stored is not None and stored.isdigit() else None
