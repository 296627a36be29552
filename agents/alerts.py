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
from streams.records import AlertState, FlowState

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
        self.total: Counter[str] = Counter()
        topic = app.topic(context.topics.totals, key_type=bytes, value_type=bytes, partitions=settings.partitions)
        self.agent = app.agent(topic, name="alerts", concurrency=1)(self.run)
        app.on_partitions_revoked.connect(cast("Any", self.revoked))

    async def revoked(self, _app: object, revoked: set[TopicPartition], *_: object, **__: object) -> None:
        """Others speak for these flows now."""
        self.open.clear()
        self.total.clear()
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
        """Work events through one at a time, in order."""
        stream.enable_acks = False
        async for event in stream.events():
            try:
                await self.handle(event)
            except Exception as error:  # noqa: BLE001 - whatever it is, the event must come again
                self.context.die("the alerts hop failed", error)
            await stream.ack(event)
            self.context.progress["alerts", self.context.topics.totals, event.message.partition] = (
                event.message.offset + 1
            )

    async def handle(self, event: EventT[bytes]) -> None:
        """One state of one flow."""
        key = cast("bytes", event.key)
        self.context.metrics["states_read_total"].inc()
        stored = self.table.get(key)
        before = _decode_said(stored) if stored else Said()
        if before.covers(event.message):
            return
        known, said = advance(before.known, _decode_state(event.value), self.context.names)
        records = [Record(self.context.topics.alerts, key, msgspec.json.encode(alert)) for alert in said]
        await self.context.writer.write(records)
        if known != before.known:
            row = msgspec.msgpack.encode(Said(known, event.message.offset, event.message.timestamp))
            await self.table.store({event.message.partition: {key: row}})
        for alert in said:
            self.context.metrics["alerts_total"].labels(alert.state.value).inc()
        self.count(key, known)

    def count(self, key: bytes, known: list[Known]) -> None:
        """Keep the gauge of open alerts by severity."""
        closed = (AlertState.RESOLVED, AlertState.WITHDRAWN)
        now = Counter(one.record.severity for one in known if one.record.state not in closed)
        self.total.subtract(self.open.get(key, Counter()))
        self.total.update(now)
        self.open[key] = now
        self.context.metrics.show_open(self.total)
