"""The serving view in Redis: latest totals by flow, open alerts, the alert log as a stream, news by pub/sub.

docs/redis.md says what each key holds.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import suppress

import msgspec
from aiokafka import TopicPartition
from aiokafka.errors import IllegalStateError
from mode import Service
from redis.asyncio.client import Pipeline
from redis.exceptions import RedisError, WatchError

from bordertally.agents.delivery.redis.evidence_view import EvidenceView
from bordertally.agents.delivery.redis.keys import (
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
from bordertally.agents.delivery.redis.quiet_view import QuietView
from bordertally.agents.delivery.redis.sweep import AlertStored, Contents, ViewSweep, WrongValue
from bordertally.agents.delivery.redis.writer import RedisWriter, offset_in
from bordertally.agents.hops.batch_hop import Batch, Done
from bordertally.agents.kafka.clients import Received
from bordertally.agents.kafka.resets import Reset
from bordertally.agents.runtime.context import Context
from bordertally.agents.runtime.unreadable import pass_over
from bordertally.streams.alerts.records import Alert
from bordertally.streams.alerts.silences import Silence
from bordertally.streams.moments import microseconds_in
from bordertally.streams.totals.records import FlowState
from bordertally.streams.totals.windows import window_name

SWEEP_S = 5.0
"""Seconds from the beginning of one comparison of the view with the records to the next."""

LOG_SWEEP_S = 60.0
"""Seconds between two comparisons of the alert log, which is long."""

MOST_TOLD = 10
"""The most values of one step that are named in the log; the others are counted."""

STEPS_S = 0.01
"""Seconds of comparing after which records get their turn, and the sweep waits."""

SHARE = 0.1
"""The share of the time of a worker that comparing may take."""

NEWS_S = 60
"""Seconds after which a record is written without being published, as when a view is filled again."""

_decode_state = msgspec.json.Decoder(FlowState).decode
_decode_alert = msgspec.json.Decoder(Alert).decode
_decode_silence = msgspec.json.Decoder(Silence).decode


# Adds an alert record unless the same or a later record of the alert is there: redelivery changes nothing.
_ADD_ALERT = """
local held = redis.call('HGET', KEYS[1], ARGV[1])
local readable, record = pcall(cjson.decode, held or '{}')
local seq = readable and type(record) == 'table' and tonumber(record.seq)
if seq and seq >= tonumber(ARGV[2]) then return 0 end
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
    """The fields of the hash of a flow: its state (`raw`, JSON), and the most wanted figures one by one."""
    fields: dict[str, bytes | float] = {"state": raw, "published": state.published}
    for total in state.totals:
        fields[window_name(total.window_days)] = msgspec.json.encode(total)
    if state.rate is not None:
        fields["rate"] = state.rate
    if state.baseline is not None:
        fields["baseline"] = state.baseline.expected
        fields["threshold"] = state.baseline.threshold
    return fields


class _StateMark(msgspec.Struct):
    flow: str
    gone: bool = False


_decode_mark = msgspec.json.Decoder(_StateMark).decode


class RedisView(RedisWriter):
    """Writes totals, alerts and silences. The evidence and the list of muted alerts run beside it.

    It reads its partitions from their beginning: records that Redis has already are only remembered, so that the view
    can be compared with all records. Where Redis differs, it sets the offset in Redis back and writes from there.
    """

    hop = "delivery"

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.sweep = ViewSweep(self.redis, context.topics, context.settings)
        self._anew: set[TopicPartition] = set()  # forgotten, and not yet read to their end again
        self._until: dict[TopicPartition, int] = {}  # records before these offsets are in Redis
        self._steps: AsyncIterator[list[tuple[TopicPartition, WrongValue]]] | None = None
        self._step_at = self._pass_at = self._log_at = 0.0

    def topics(self) -> tuple[str, ...]:
        """The topics to consume: `totals`, `alerts` and `silences`."""
        return self.context.topics.totals, self.context.topics.alerts, self.context.topics.silences

    def companions(self) -> Sequence[Service]:
        """The evidence, which has its own pace, and the list of muted alerts."""
        return EvidenceView(self.context), QuietView(self.context)

    # --- writing -----------------------------------------------------------------------------------------------------

    def read_from(self, tp: TopicPartition, offset: int | None) -> int | None:
        """Read from the first record that is not remembered, or from `offset` if that is earlier."""
        self._until[tp] = offset or 0
        return None if offset is None else min(self.sweep.of(tp).following, offset)

    def forget(self, places: Iterable[TopicPartition]) -> None:
        """Forget the records of these partitions."""
        for tp in places:
            self._until.pop(tp, None)
            self.sweep.contents.pop(tp, None)
            self._anew.add(tp)

    def was_reset(self, reset: Reset) -> None:
        """Forget the records of a partition that was made anew; the records after the position are to be written."""
        super().was_reset(reset)
        if reset.skipped:
            self._until.pop(reset.tp, None)
        else:
            self.forget([reset.tp])

    async def _write(self, tp: TopicPartition, records: Sequence[Received]) -> None:
        until = self._until.get(tp, 0)
        for record in records:
            if record.offset < until:
                self._remember(tp, record)
        if new := [record for record in records if record.offset >= until]:
            await super()._write(tp, new)
        contents = self.sweep.of(tp)
        contents.following = max(contents.following, records[-1].offset + 1)

    def _remember(self, tp: TopicPartition, record: Received) -> None:
        contents, value = self.sweep.of(tp), record.value or b""
        try:
            if tp.topic == self.context.topics.totals:
                mark = _decode_mark(value)
                contents.set(mark.flow, record.offset, None if mark.gone else value)
            elif tp.topic == self.context.topics.silences:
                self._remember_silence(contents, record)
            else:
                alert = _decode_alert(value)
                contents.alerts.setdefault(alert.id, AlertStored()).add(alert, record.offset, value)
        except msgspec.MsgspecError:
            return  # it was told when it was to be written

    @staticmethod
    def _remember_silence(contents: Contents, record: Received) -> bool:
        if record.value:
            return contents.set(_decode_silence(record.value).id, record.offset, record.value)
        return contents.set((record.key or b"").decode("utf-8", "replace"), record.offset, None)

    async def put(self, pipe: Pipeline, tp: TopicPartition, records: Sequence[Received]) -> None:
        """Add the records of a partition to a transaction, without those that a later record has replaced."""
        oldest, contents = (time.time() - NEWS_S) * 1000, self.sweep.of(tp)
        for record in records:
            fresh, value = record.timestamp >= oldest, record.value or b""
            try:
                if tp.topic == self.context.topics.totals:
                    state = _decode_state(value)
                    if contents.set(state.flow, record.offset, None if state.gone else value):
                        self._put_state(pipe, state, value, fresh=fresh)
                elif tp.topic == self.context.topics.silences:
                    if self._remember_silence(contents, record):
                        self._put_silence(pipe, record.key or b"", value)
                else:
                    alert = _decode_alert(value)
                    contents.alerts.setdefault(alert.id, AlertStored()).add(alert, record.offset, value)
                    self._put_alert(pipe, alert, value, fresh=fresh)
            except msgspec.MsgspecError as error:
                pass_over(self.context, self.hop, tp, record, error)

    def _put_state(self, pipe: Pipeline, state: FlowState, raw: bytes, *, fresh: bool) -> None:
        key = flow_key(state.flow)
        pipe.delete(key)
        if state.gone:
            pipe.srem(FLOWS, state.flow)
        else:
            pipe.hset(key, mapping=fields_of(state, raw))  # type: ignore[arg-type]
            pipe.sadd(FLOWS, state.flow)
        if fresh:
            pipe.publish(TOTALS_CHANNEL, raw)

    def _put_alert(self, pipe: Pipeline, alert: Alert, raw: bytes, *, fresh: bool) -> None:
        opened = alert.state.is_open
        keys = [ALERTS, OPEN_ALERTS, ALERT_LOG, ALERTS_CHANNEL, ALERT_INDEX, alert_key(alert.id)]
        arguments: list[str | bytes | int] = [alert.id, alert.seq, alert.flow, alert.state.value, raw]
        how = [
            int(opened),
            self.context.settings.alert_log,
            int(fresh),
            microseconds_in(alert.published),
        ]
        pipe.eval(_ADD_ALERT, len(keys), *keys, *arguments, *how)

    def _put_silence(self, pipe: Pipeline, key: bytes, raw: bytes) -> None:
        if raw:
            pipe.hset(SILENCES, _decode_silence(raw).id, raw.decode())
        else:
            pipe.hdel(SILENCES, key.decode("utf-8", "replace"))

    # --- comparing ---------------------------------------------------------------------------------------------------

    async def handle(self, batch: Batch) -> Done:
        """Write a batch, then compare a part of the view with the records."""
        done = await super().handle(batch)
        await self._compare()
        return done

    async def idle(self) -> None:
        """Compare a part of the view with the records."""
        await super().idle()
        await self._compare()

    def idle_s(self) -> float:
        """Seconds until the next look at Redis, or the next step of the sweep."""
        return min(super().idle_s(), self._step_at - time.monotonic())

    async def _compare(self) -> None:
        """Take the next steps of the sweep if they are due, and put right what differs."""
        began = time.monotonic()
        if began < self._step_at or self.should_stop:
            return
        try:
            while time.monotonic() < began + STEPS_S:
                if self._steps is None:
                    self._steps = await self._new_pass(began)
                differences = await anext(self._steps, None)
                if differences is None:
                    self._steps, self._step_at = None, self._pass_at + SWEEP_S
                    return
                for tp in dict.fromkeys(tp for tp, _ in differences):
                    if not await self._is_complete(tp):  # it may have moved or been forgotten since the pass began
                        continue
                    await self._mend(tp, [difference for place, difference in differences if place == tp])
        except (RedisError, OSError, TimeoutError) as error:
            self._steps = None
            await self._failed(error)
        ended = time.monotonic()
        self._step_at = ended + (ended - began) * (1 / SHARE - 1)

    async def _new_pass(self, now: float) -> AsyncIterator[list[tuple[TopicPartition, WrongValue]]]:
        places = [tp for tp in sorted(self.consumer.assignment()) if await self._is_complete(tp)]
        log_is_due = now > self._log_at + LOG_SWEEP_S
        self._pass_at = now
        if log_is_due:
            self._log_at = now
        return self.sweep.differences(places, self._hash_of, log=log_is_due)

    async def _is_complete(self, tp: TopicPartition) -> bool:
        """Whether Redis is written up to exactly the records of a partition that are remembered."""
        if tp not in self.positions:
            return False
        if tp in self._anew:
            if await self.behind([tp]):
                return False
            self._anew.discard(tp)
        contents, written = self.sweep.of(tp), self.positions[tp]
        if contents.following < (written or 0):
            with suppress(IllegalStateError):  # the last records before the position may be compacted away
                contents.following = min(written or 0, await self.consumer.position(tp))
        stored = offset_in(await self.redis.get(offset_key(tp.topic, tp.partition)))
        return contents.following == (written or 0) and stored == written

    def _hash_of(self, raw: bytes) -> dict[bytes, bytes]:
        encode = self.redis.connection_pool.get_encoder().encode
        return {name.encode(): bytes(encode(value)) for name, value in fields_of(_decode_state(raw), raw).items()}

    async def _mend(self, tp: TopicPartition, differences: Sequence[WrongValue]) -> None:
        """Remove wrong values and set the offset back to the first record to write again.

        Only while Redis is written up to where this worker has written: otherwise another worker has the partition.
        """
        key = offset_key(tp.topic, tp.partition)
        async with self.redis.pipeline(transaction=True) as pipe:
            await pipe.watch(key)
            if tp not in self.positions or offset_in(await pipe.get(key)) != self.positions[tp]:
                return
            pipe.multi()
            for difference in differences:
                difference.remove(pipe)
            if again := [difference.offset for difference in differences if difference.offset is not None]:
                pipe.set(key, min(again))
            try:
                await pipe.execute()
            except WatchError:
                return
        for difference in differences[:MOST_TOLD]:
            self.tell_repair(difference.what)
        if (more := len(differences) - MOST_TOLD) > 0:
            self.tell_repair(f"{more} more values of {tp.topic}/{tp.partition} differ", more)
