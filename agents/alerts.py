"""The alerts hop: states of flows in, what changed about their alerts out, on `alerts`."""

from __future__ import annotations

from collections import Counter

import faust
import msgspec
from aiokafka.structs import TopicPartition

from agents.context import Context
from agents.publishing import Record, by_faust, send_all
from agents.tables import durable_table
from streams.alerts import Known, advance
from streams.records import AlertState, FlowState
from streams.topics import ALERTS, ALERTS_CHANGELOG, TOTALS

_decode_state = msgspec.json.Decoder(FlowState).decode
_decode_known = msgspec.msgpack.Decoder(list[Known]).decode


class AlertsHop:
    """What was said about each flow, in a table, compared with each new state of it.

    Records go out first and are remembered after, so a crash in between says the same (id, seq) again, never less.
    """

    def __init__(self, app: faust.App, context: Context) -> None:
        settings = context.settings
        self.app, self.context = app, context
        self.table = durable_table(app, "alerts", settings.partitions, ALERTS_CHANGELOG)
        self.open: dict[bytes, Counter[str]] = {}
        self.total: Counter[str] = Counter()
        topic = app.topic(TOTALS, key_type=bytes, value_type=bytes, partitions=settings.partitions)
        self.agent = app.agent(topic, name="alerts", concurrency=1)(self.run)
        app.on_partitions_revoked.connect(self.revoked)

    async def revoked(self, _app: object, revoked: set[TopicPartition], **_: object) -> None:
        """Others speak for these flows now."""
        self.open.clear()
        self.total.clear()
        for tp in revoked:
            self.context.progress.pop((tp.topic, tp.partition), None)

    async def run(self, stream: faust.Stream[bytes]) -> None:
        """Work events through one at a time, in order."""
        stream.enable_acks = False
        async for event in stream.events():
            try:
                await self.handle(event)
            except Exception as error:
                self.context.die("the alerts hop failed", error)
            await stream.ack(event)
            self.context.progress[TOTALS, event.message.partition] = event.message.offset + 1

    async def handle(self, event: faust.Event) -> None:
        """One state of one flow."""
        settings = self.context.settings
        key: bytes = event.key
        stored = self.table.get(key)
        before = _decode_known(stored) if stored else []
        known, said = advance(before, _decode_state(event.value), self.context.names)
        records = [Record(ALERTS, key, msgspec.json.encode(alert)) for alert in said]
        await send_all(by_faust(self.app), records, settings.acknowledge_s)
        if known != before:
            self.table[key] = msgspec.msgpack.encode(known)
            await self.table.acknowledged(settings.acknowledge_s)
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
        for severity in ("notice", "warning", "critical"):
            self.context.metrics["open_alerts"].labels(severity).set(self.total[severity])
