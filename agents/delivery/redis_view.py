"""The serving view in Redis: latest totals by flow, open alerts, the alert log as a stream, news by pub/sub.

docs/redis.md says what each key holds. The offset of a partition is written in one transaction with its data: a Redis
that was emptied or replaced by an older copy is noticed, and filled again from the compacted topics.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

import msgspec
from aiokafka import TopicPartition
from aiokafka.errors import IllegalStateError
from redis.asyncio import Redis
from redis.asyncio.client import Pipeline
from redis.exceptions import RedisError

from bordertally.agents.delivery.redis_keys import (
    ALERT_INDEX,
    ALERT_LOG,
    ALERTS,
    ALERTS_CHANNEL,
    FLOWS,
    OPEN_ALERTS,
    SILENCES,
    TOTALS_CHANNEL,
    alert_key,
    flow_key,
    offset_key,
)
from bordertally.agents.hops.batch_hop import Batch, BatchHop, Done
from bordertally.agents.kafka.clients import redis_options
from bordertally.agents.kafka.crash_points import crash_at
from bordertally.agents.kafka.received import Received
from bordertally.agents.runtime.context import Context, log
from bordertally.streams.alerts.records import Alert
from bordertally.streams.alerts.silences import Silence
from bordertally.streams.moments import microseconds_in
from bordertally.streams.totals.records import FlowState
from bordertally.streams.totals.windows import window_name

NEWS_S = 60
"""A record older than this is no news: it is written, not published, when a view is filled again."""

SHORTEST_S, LONGEST_S = 0.2, 5.0
"""How long to wait before Redis is tried again: doubled from the shortest to the longest."""

_decode_state = msgspec.json.Decoder(FlowState).decode
_decode_alert = msgspec.json.Decoder(Alert).decode
_decode_silence = msgspec.json.Decoder(Silence).decode


# An alert record counts once, and never after a later one of its alert, however often it is delivered.
_ADD_ALERT = """
local held = redis.call('HGET', KEYS[1], ARGV[1])
if held and tonumber(cjson.decode(held).seq) >= tonumber(ARGV[2]) then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[5])
if ARGV[6] == '1' then redis.call('HSET', KEYS[2], ARGV[1], ARGV[5]) else redis.call('HDEL', KEYS[2], ARGV[1]) end
redis.call('ZADD', KEYS[5], ARGV[9], ARGV[1])
redis.call('HSET', KEYS[6], ARGV[2], ARGV[5])
redis.call('XADD', KEYS[3], 'MAXLEN', '~', ARGV[7], '*',
           'id', ARGV[1], 'seq', ARGV[2], 'flow', ARGV[3], 'state', ARGV[4], 'alert', ARGV[5])
if ARGV[8] == '1' then redis.call('PUBLISH', KEYS[4], ARGV[5]) end
return 1
"""


def fields_of(state: FlowState, raw: bytes) -> dict[str, bytes | float]:
    """The fields of the hash of a flow: its state, `raw` in JSON, and what is asked for most by itself."""
    fields: dict[str, bytes | float] = {"state": raw, "published": state.published}
    for total in state.totals:
        fields[window_name(total.window_days)] = msgspec.json.encode(total)
    if state.rate is not None:
        fields["rate"] = state.rate
    if state.baseline is not None:
        fields["baseline"] = state.baseline.expected
        fields["threshold"] = state.baseline.threshold
    return fields


class RedisView(BatchHop):
    """Writes the view; when Redis is away it waits and retries, and nothing else in the worker notices."""

    hop = "delivery"

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.redis = Redis.from_url(**redis_options(context.settings), socket_timeout=5, socket_connect_timeout=5)
        self.positions: dict[TopicPartition, int | None] = {}

    def topics(self) -> tuple[str, ...]:
        """What is shown."""
        return self.context.topics.totals, self.context.topics.alerts, self.context.topics.silences

    async def on_stop(self) -> None:
        """Close the connections."""
        await super().on_stop()
        await self.redis.aclose()

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        """Others write these partitions now."""
        await super().on_partitions_revoked(revoked)
        for tp in revoked:
            self.positions.pop(tp, None)

    async def handle(self, batch: Batch) -> Done:
        """Write a batch, trying until Redis has it; records that Redis is not ready for are read again."""
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
        """Notice an emptied Redis also when nothing new arrives."""
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
        log.warning("Redis cannot be written, totals and alerts go on without it: %s", error)

    async def _in_step(self, tp: TopicPartition) -> bool:
        """Whether Redis holds what was written up to here; if not, go back to where it stands."""
        stored = await self.redis.get(offset_key(tp.topic, tp.partition))
        held = None if stored is None else int(stored)
        if tp in self.positions and self.positions[tp] == held:
            return True
        try:
            if held is None:
                await self.consumer.seek_to_beginning(tp)
            else:
                self.consumer.seek(tp, held)
        except IllegalStateError:  # the partition went to another worker meanwhile
            self.positions.pop(tp, None)
        else:
            self.positions[tp] = held
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
        """So many records of a partition are in Redis."""
        self.context.metrics["delivered_total"].labels(tp.topic).inc(records)

    async def put(self, pipe: Pipeline, tp: TopicPartition, records: Sequence[Received]) -> None:
        """Add what records of a partition say to a transaction."""
        oldest = (time.time() - NEWS_S) * 1000
        for record in records:
            fresh, value = record.timestamp >= oldest, record.value or b""
            if tp.topic == self.context.topics.totals:
                self._put_state(pipe, _decode_state(value), value, fresh=fresh)
            elif tp.topic == self.context.topics.silences:
                self._put_silence(pipe, record.key or b"", value)
            else:
                self._put_alert(pipe, _decode_alert(value), value, fresh=fresh)

    def _put_state(self, pipe: Pipeline, state: FlowState, raw: bytes, *, fresh: bool) -> None:
        key = flow_key(state.flow)
        pipe.delete(key)
        pipe.hset(key, mapping=fields_of(state, raw))  # type: ignore[arg-type]
        pipe.sadd(FLOWS, state.flow)
        if fresh:
            pipe.publish(TOTALS_CHANNEL, raw)

    def _put_alert(self, pipe: Pipeline, alert: Alert, raw: bytes, *, fresh: bool) -> None:
        opened = alert.state.is_open
        keys = [ALERTS, OPEN_ALERTS, ALERT_LOG, ALERTS_CHANNEL, ALERT_INDEX, alert_key(alert.id)]
        said: list[str | bytes | int] = [alert.id, alert.seq, alert.flow, alert.state.value, raw]
        how = [
            int(opened),
            self.context.settings.alert_log,
            int(fresh),
            microseconds_in(alert.published),
        ]
        pipe.eval(_ADD_ALERT, len(keys), *keys, *said, *how)

    def _put_silence(self, pipe: Pipeline, key: bytes, raw: bytes) -> None:
        """Anybody may write to this topic: what is no silence is left out."""
        try:
            if raw:
                pipe.hset(SILENCES, _decode_silence(raw).id, raw.decode())
            else:
                pipe.hdel(SILENCES, key.decode("utf-8", "replace"))
        except msgspec.MsgspecError as error:
            log.warning("a record on %s is no silence: %s", self.context.topics.silences, error)
