"""The serving view in Redis: latest totals by flow, open alerts, the alert log as a stream, news by pub/sub.

docs/redis.md says what each key holds.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

import msgspec
from aiokafka import TopicPartition
from mode import Service
from redis.asyncio.client import Pipeline

from bordertally.agents.delivery.evidence_view import EvidenceView
from bordertally.agents.delivery.quiet_view import QuietView
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
)
from bordertally.agents.delivery.redis_writer import RedisWriter
from bordertally.agents.kafka.received import Received
from bordertally.agents.runtime.unreadable import pass_over
from bordertally.streams.alerts.records import Alert
from bordertally.streams.alerts.silences import Silence
from bordertally.streams.moments import microseconds_in
from bordertally.streams.totals.records import FlowState
from bordertally.streams.totals.windows import window_name

NEWS_S = 60
"""Seconds after which a record is written without being published, as when a view is filled again."""

_decode_state = msgspec.json.Decoder(FlowState).decode
_decode_alert = msgspec.json.Decoder(Alert).decode
_decode_silence = msgspec.json.Decoder(Silence).decode


# Adds an alert record unless the same or a later record of the alert is there: redelivery changes nothing.
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


class RedisView(RedisWriter):
    """Writes totals, alerts and silences. The evidence and the list of muted alerts run beside it."""

    hop = "delivery"

    def topics(self) -> tuple[str, ...]:
        """The topics to consume: `totals`, `alerts` and `silences`."""
        return self.context.topics.totals, self.context.topics.alerts, self.context.topics.silences

    def companions(self) -> Sequence[Service]:
        """The evidence, which has its own pace, and the list of muted alerts."""
        return EvidenceView(self.context), QuietView(self.context)

    async def put(self, pipe: Pipeline, tp: TopicPartition, records: Sequence[Received]) -> None:
        """Add the records of a partition to a transaction."""
        oldest = (time.time() - NEWS_S) * 1000
        for record in records:
            fresh, value = record.timestamp >= oldest, record.value or b""
            try:
                if tp.topic == self.context.topics.totals:
                    self._put_state(pipe, _decode_state(value), value, fresh=fresh)
                elif tp.topic == self.context.topics.silences:
                    self._put_silence(pipe, record.key or b"", value)
                else:
                    self._put_alert(pipe, _decode_alert(value), value, fresh=fresh)
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
