"""The alerts hop: states of flows in, what changed about their alerts out, on `alerts`."""

from __future__ import annotations

from collections import Counter
from typing import Any, cast

import faust
import msgspec
from aiokafka.structs import TopicPartition
from faust.types import EventT, Message

from agents.context import Context
from agents.publishing import Record, partition_of_key
from agents.tables import make_table
from streams.alerts import Known, advance
from streams.records import Alert, AlertState, FlowState

_decode_state = msgspec.json.Decoder(FlowState).decode


class Said(msgspec.Struct, array_like=True):
    """What was said about a flow, and the record on `totals` that led to it (offset, and when it was written)."""

    known: list[Known] = []
    offset: int = -1
    written: float = 0.0

    def covers(self, message: Message) -> bool:
        """Whether a record came before the one this is about: states of the past change nothing when they come again.

        Time counts beside the offset so that a topic that was made anew is not taken for the past.
        """
        return message.offset <= self.offset and message.timestamp <= self.written


SETTLE_STATES = 500
"""States whose outcome is sent and remembered at once at most."""


class Glance(msgspec.Struct):
    """Of a state, what alerts depend on: the rest is passed over unread, and that is most of it."""

    episodes: msgspec.Raw


_decode_glance = msgspec.json.Decoder(Glance).decode
_decode_said = msgspec.msgpack.Decoder(Said).decode


class AlertsHop:
    """What was said about each flow, in a table, compared with each new state of it.

    Records go out first and are remembered after, so a crash in between says the same (id, seq) again, never less.
    """

    def __init__(self, app: faust.App, context: Context) -> None:
        settings = context.settings
        self.app, self.context = app, context
        self.table = make_table(app, "alerts", settings.partitions)
        self.open: dict[bytes, Counter[str]] = {}
        self.seen: dict[bytes, bytes] = {}  # by flow, the episodes last compared with what was said
        self.taken: list[EventT[bytes]] = []
        self.said: list[tuple[bytes, Alert]] = []
        self.rows: dict[int, dict[bytes, bytes]] = {}
        self.total: Counter[str] = Counter()
        topic = app.topic(context.topics.totals, key_type=bytes, value_type=bytes, partitions=settings.partitions)
        self.agent = app.agent(topic, name="alerts", concurrency=1)(self.run)
        app.on_partitions_revoked.connect(cast("Any", self.revoked))

    async def revoked(self, _app: object, revoked: set[TopicPartition], *_: object, **__: object) -> None:
        """Others speak for these flows now."""
        self.open.clear()
        self.seen.clear()
        self.total.clear()
        self.taken.clear()
        self.said.clear()
        self.rows.clear()
        for tp in revoked:
            self.context.progress.pop(("alerts", tp.topic, tp.partition), None)

    def recovered(self) -> None:
        """Tables are read back: count the alerts that are open on this worker's flows."""
        count, topic = self.context.settings.partitions, self.context.topics.totals
        mine = {tp.partition for tp in self.app.consumer.assignment() if tp.topic == topic}
        for key, stored in self.table.items():
            if partition_of_key(key, count) in mine:
                self.count(key, _decode_said(stored).known)

    async def run(self, stream: faust.StreamT[bytes]) -> None:
        """Take states one at a time, in order; say and remember what came of all that are here at once."""
        stream.enable_acks = False
        queue = cast("Any", stream.channel).queue
        async for event in stream.events():
            try:
                self.take(event)
                if queue.empty() or len(self.taken) >= SETTLE_STATES:
                    await self.settle(stream)
            except Exception as error:  # noqa: BLE001 - whatever it is, the event must come again
                self.context.die("the alerts hop failed", error)

    def take(self, event: EventT[bytes]) -> None:
        """Compare one state of one flow with what was said about it."""
        key, message = cast("bytes", event.key), event.message
        self.taken.append(event)
        episodes = bytes(_decode_glance(event.value).episodes)
        if self.seen.get(key) == episodes:
            return
        rows = self.rows.setdefault(message.partition, {})
        stored = rows.get(key) or self.table.get(key)
        before = _decode_said(stored) if stored else Said()
        if before.covers(message):  # not `seen`: this is no newer than what is known
            return
        known, said = advance(before.known, _decode_state(event.value), self.context.names)
        self.said += [(key, alert) for alert in said]
        if known != before.known:
            rows[key] = msgspec.msgpack.encode(Said(known, message.offset, message.timestamp))
        self.seen[key] = episodes
        self.count(key, known)

    async def settle(self, stream: faust.StreamT[bytes]) -> None:
        """Send what there is to say, remember it, and acknowledge the states that led to it."""
        taken, said, rows = self.taken, self.said, self.rows
        self.taken, self.said, self.rows = [], [], {}
        metrics, topic = self.context.metrics, self.context.topics.alerts
        await self.context.writer.write([Record(topic, key, msgspec.json.encode(alert)) for key, alert in said])
        await self.table.store(rows)
        for _, alert in said:
            metrics["alerts_total"].labels(alert.state.value).inc()
        metrics["states_read_total"].inc(len(taken))
        for event in taken:
            message = event.message
            await stream.ack(event)
            self.context.progress["alerts", message.topic, message.partition] = message.offset + 1

    def count(self, key: bytes, known: list[Known]) -> None:
        """Keep the gauge of open alerts by severity."""
        closed = (AlertState.RESOLVED, AlertState.WITHDRAWN)
        now = Counter(one.record.severity for one in known if one.record.state not in closed)
        self.total.subtract(self.open.get(key, Counter()))
        self.total.update(now)
        self.open[key] = now
        self.context.metrics.show_open(self.total)
