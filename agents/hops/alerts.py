"""The alerts hop: states of flows in, what changed about their alerts out, on `alerts`."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime

import faust
import msgspec
from aiokafka.structs import ConsumerRecord

from bordertally.agents.hops.durable_table import make_table
from bordertally.agents.hops.faust_hop import SettlingHop
from bordertally.agents.kafka.crash_points import crash_at
from bordertally.agents.kafka.faust_consumer import Bundle
from bordertally.agents.kafka.producer import Record, partition_of_key
from bordertally.agents.runtime.context import Context, log
from bordertally.streams.alerts.lifecycle import Known, advance
from bordertally.streams.alerts.records import Alert
from bordertally.streams.delivery.cloudevents import of_alert
from bordertally.streams.ledger.causes import CAUSES_HEADER, Cause, decode_causes
from bordertally.streams.topics import header
from bordertally.streams.totals.records import FlowState

_decode_state = msgspec.json.Decoder(FlowState).decode


class FlowAlerts(msgspec.Struct, array_like=True):
    """What was said about a flow, and the record on `totals` that led to it (offset, and when it was written)."""

    known: list[Known] = []
    offset: int = -1
    written: float = 0.0

    def covers(self, record: ConsumerRecord) -> bool:
        """Whether a record came before the one this is about: states of the past change nothing when they come again.

        Time counts beside the offset so that a topic that was made anew is not taken for the past.
        """
        return bool(record.offset <= self.offset and record.timestamp / 1000 <= self.written)


NO_EPISODES = b"[]"

SETTLE_STATES = 500
"""States whose outcome is sent and remembered at once at most."""


class EpisodesHead(msgspec.Struct):
    """Of a state, what alerts depend on: the rest is passed over unread, and that is most of it."""

    episodes: msgspec.Raw


_decode_glance = msgspec.json.Decoder(EpisodesHead).decode
_decode_said = msgspec.msgpack.Decoder(FlowAlerts).decode


class AlertsHop(SettlingHop):
    """What was said about each flow, in a table, compared with each new state of it.

    Records go out first and are remembered after, so a crash in between says the same (id, seq) again, never less.
    """

    name = "alerts"

    def __init__(self, app: faust.App, context: Context) -> None:
        super().__init__(app, context, context.topics.totals)
        self.table = make_table(app, self.name, context.settings.partitions)
        self.open: dict[bytes, Counter[str]] = {}
        self.seen: dict[bytes, bytes] = {}  # by flow, the episodes last compared with what was said
        self.total: Counter[str] = Counter()
        self.said: list[tuple[bytes, Alert]] = []
        self.rows: dict[int, dict[bytes, bytes]] = {}
        self.states = 0
        self.traces = context.traces.hop()

    def forget(self) -> None:
        """Others speak for these flows now."""
        self.open.clear()
        self.seen.clear()
        self.total.clear()
        self.traces.forget()
        self._begin()

    def _begin(self) -> tuple[list[tuple[bytes, Alert]], dict[int, dict[bytes, bytes]], int]:
        begun = self.said, self.rows, self.states
        self.said, self.rows, self.states = [], {}, 0
        return begun

    async def recovered(self) -> None:
        """Count the alerts that are open on this worker's flows."""
        count, topic = self.context.settings.partitions, self.context.topics.totals
        mine = {tp.partition for tp in self.app.consumer.assignment() if tp.topic == topic}
        for key, stored in self.table.items():
            if partition_of_key(key, count) in mine:
                self.count(key, _decode_said(stored).known)
        self.context.metrics["table_rows"].labels(self.name).set(len(self.table.data))

    @property
    def full(self) -> bool:
        """Whether enough states wait."""
        return self.states >= SETTLE_STATES

    def take(self, bundle: Bundle) -> None:
        """States of flows of one partition: compare each with what was said about its flow."""
        self.states += len(bundle.records)
        self.traces.hear(bundle.records)
        rows = self.rows.setdefault(bundle.partition, {})
        for record in bundle.records:
            self.compare(record, rows)

    def compare(self, record: ConsumerRecord, rows: dict[bytes, bytes]) -> None:
        """Work out what is to be said about one state; to `rows` comes what is to be remembered."""
        key = record.key
        episodes = bytes(_decode_glance(record.value).episodes)
        causes = causes_of(record)
        if self.seen.get(key) == episodes and not causes:
            return
        stored = rows.get(key) or self.table.get(key)
        if not stored and episodes == NO_EPISODES:
            return
        before = _decode_said(stored) if stored else FlowAlerts()
        if before.covers(record):  # not `seen`: this is no newer than what is known
            return
        state = _decode_state(record.value)
        notify_days = self.context.rules.of(state.flow).detection.notify_days
        known, said = advance(before.known, state, self.context.registry.names, causes, notify_days)
        self.said += [(key, alert) for alert in said]
        if known != before.known:
            rows[key] = msgspec.msgpack.encode(FlowAlerts(known, record.offset, record.timestamp / 1000))
        self.seen[key] = episodes
        self.count(key, known)

    async def settle(self) -> None:
        """Send what there is to say, and remember it."""
        said, rows, states = self._begin()
        metrics, topic = self.context.metrics, self.context.topics.alerts
        with self.traces.span("alerts", states) as trace:
            records = [
                Record(topic, key, msgspec.json.encode(alert), headers=[*of_alert(topic, alert), *trace])
                for key, alert in said
            ]
            await self.context.writer.write(records)
        if said:
            crash_at("alerts.said")
        await self.table.store(rows)
        now = datetime.now(UTC)
        news = [alert for _, alert in said if alert.rings]
        for _, alert in said:
            metrics["alerts_total"].labels(alert.state.value).inc()
        for alert in news:
            waited = (now - datetime.fromisoformat(alert.published)).total_seconds()
            metrics["published_to_alert_seconds"].observe(max(0.0, waited))
        metrics["states_read_total"].inc(states)
        if news:
            _tell(news)
        metrics["table_rows"].labels(self.name).set(len(self.table.data))

    def count(self, key: bytes, known: list[Known]) -> None:
        """Keep the gauge of open alerts by severity."""
        now = Counter(one.record.severity for one in known if one.record.state.is_open)
        self.total.subtract(self.open.get(key, Counter()))
        self.total.update(now)
        self.open[key] = now
        self.context.metrics.show_open(self.total)


def causes_of(record: ConsumerRecord) -> list[Cause]:
    """What led to a state, as its record says."""
    value = header(record.headers, CAUSES_HEADER)
    return [] if value is None else decode_causes(value)


def _tell(said: Sequence[Alert]) -> None:
    """One line on what was said; at debug one on each alert, with the reports behind it."""
    states = Counter(alert.state.value for alert in said)
    log.info("alerts: %s", ", ".join(f"{number} {state}" for state, number in states.items()))
    if log.isEnabledFor(logging.DEBUG):
        for one in said:
            what = {"alert": one.id, "seq": one.seq, "flow": one.flow, "state": one.state.value}
            log.debug("alerts: %s", one.explanation, extra=what | {"severity": one.severity, "reports": one.reports})
