"""The alerts hop: reads flow states and publishes the changes of their alerts on `alerts`."""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime

import faust
import msgspec
from aiokafka.structs import ConsumerRecord

from bordertally.agents.hops.durable_table import make_table
from bordertally.agents.hops.faust_hop import FlushingHop
from bordertally.agents.kafka.crash_points import crash_at
from bordertally.agents.kafka.faust_consumer import Bundle
from bordertally.agents.kafka.fencing import EPOCH_HEADER, fences
from bordertally.agents.kafka.producer import Record, partition_of_key
from bordertally.agents.runtime.context import Context, log
from bordertally.agents.runtime.unreadable import must_read, unreadable_row
from bordertally.streams.alerts.lifecycle import Known, advance, last_day
from bordertally.streams.alerts.records import Alert
from bordertally.streams.delivery.cloudevents import of_alert
from bordertally.streams.flows import Flow
from bordertally.streams.ledger.causes import CAUSES_HEADER, Cause, decode_causes
from bordertally.streams.ledger.corridors.records import LedgerMessage
from bordertally.streams.topics import header, partition_of
from bordertally.streams.totals.records import FlowState

_decode_state = msgspec.json.Decoder(FlowState).decode


class FlowAlerts(msgspec.Struct, array_like=True):
    """The alerts known of a flow, and the record on `totals` that led to them (offset, and time of writing)."""

    known: list[Known] = []
    offset: int = -1
    written: float = 0.0

    def covers(self, record: ConsumerRecord) -> bool:
        """Whether a record is no newer than the state behind these alerts: an old state read again changes nothing.

        The time is compared beside the offset, because offsets start at 0 again on a topic that was created again.
        """
        return bool(record.offset <= self.offset and record.timestamp / 1000 <= self.written)


NO_EPISODES = b"[]"

FLUSH_STATES = 500
"""Most flow states in one flush."""


class EpisodesHead(msgspec.Struct):
    """The part of a flow state on which alerts depend; the rest, which is most of the state, is not decoded."""

    episodes: msgspec.Raw


EPOCHS = b"epochs|"
"""The beginning of the key of a row of the table that is not about a flow: the newest epochs seen in a partition."""

_decode_epochs = msgspec.msgpack.Decoder(dict[int, bytes]).decode

_decode_head = msgspec.json.Decoder(EpisodesHead).decode
_decode_alerts = msgspec.msgpack.Decoder(FlowAlerts).decode


class AlertsHop(FlushingHop):
    """Keeps the alerts of each flow in a table and compares them with each new state of the flow.

    Alert records are published before the table is written, so a crash in between repeats an (id, seq) and loses none.

    Several workers write to each partition of `totals`, so Kafka cannot refuse a state that a former ledger of the flow
    sent before others took over, and that arrives late. The hop recognises such a state by its epoch, does not compare
    it, and asks the present ledger to publish the flow again, so that the newest state of the flow is the last one.
    """

    name = "alerts"

    def __init__(self, app: faust.App, context: Context) -> None:
        super().__init__(app, context, context.topics.totals)
        self.table = make_table(app, self.name, context.settings.partitions)
        self.open: dict[bytes, Counter[str]] = {}
        self.seen: dict[bytes, bytes] = {}  # by flow, the episodes last compared with its alerts
        self.last: dict[bytes, int] = {}  # by flow, the last day of these alerts
        self.total: Counter[str] = Counter()
        self.alerts: list[tuple[bytes, Alert]] = []
        self.rows: dict[int, dict[bytes, bytes]] = {}
        self.states = 0
        self.epochs_seen: dict[int, dict[int, bytes]] = {}  # by partition, the newest epoch of each ledger's partition
        self.late: set[Flow] = set()  # the flows of which a late state was read since the last flush
        self.traces = context.traces.hop()

    def forget(self) -> None:
        """Drop everything known of the flows: other workers have their partitions now."""
        self.open.clear()
        self.seen.clear()
        self.last.clear()
        self.total.clear()
        self.epochs_seen.clear()
        self.traces.forget()
        self._begin()

    def _begin(self) -> tuple[list[tuple[bytes, Alert]], dict[int, dict[bytes, bytes]], int, set[Flow]]:
        begun = self.alerts, self.rows, self.states, self.late
        self.alerts, self.rows, self.states, self.late = [], {}, 0, set()
        return begun

    async def recovered(self) -> None:
        """Count the alerts that are open on this worker's flows."""
        count, topic = self.context.settings.partitions, self.context.topics.totals
        mine = {tp.partition for tp in self.app.consumer.assignment() if tp.topic == topic}
        for key, stored in self.table.items():
            if not key.startswith(EPOCHS) and partition_of_key(key, count) in mine:
                self.count(key, self._decoded(key, stored).known)
        self.context.metrics["table_rows"].labels(self.name).set(len(self.table.data))

    @property
    def full(self) -> bool:
        """Whether the states in memory make a whole flush."""
        return self.states >= FLUSH_STATES

    def adding(self, bundle: Bundle) -> Iterator[None]:
        """Compare each flow state of one partition with the alerts known of its flow."""
        self.states += len(bundle.records)
        self.traces.hear(bundle.records)
        rows = self.rows.setdefault(bundle.partition, {})
        for record in bundle.records:
            if self.is_late(record, rows):
                self.late.add(Flow(record.key.decode()))
            else:
                self.compare(record, rows)
            yield

    def is_late(self, record: ConsumerRecord, rows: dict[bytes, bytes]) -> bool:
        """Whether a state is of a former ledger of its flow, behind a state of its successor; notes newer epochs."""
        epoch = header(record.headers, EPOCH_HEADER)
        if epoch is None:
            return False
        ledger = partition_of(record.key.decode(), self.context.settings.partitions)
        key = EPOCHS + b"%d" % record.partition
        seen = self.epochs_seen.get(record.partition)
        if seen is None:
            seen = self.epochs_seen[record.partition] = _decode_epochs(self.table.get(key) or b"\x80")
        newest = seen.get(ledger)
        if epoch == newest:
            return False
        if newest is not None and fences(newest, epoch):
            return True
        seen[ledger] = epoch
        rows[key] = msgspec.msgpack.encode(seen)
        return False

    @staticmethod
    def _decoded(key: bytes, stored: bytes) -> FlowAlerts:
        try:
            return _decode_alerts(stored)
        except msgspec.MsgspecError as error:
            raise unreadable_row("alerts-changelog", key) from error

    def compare(self, record: ConsumerRecord, rows: dict[bytes, bytes]) -> None:
        """Add the alert records that a flow state leads to, and the changed row of the table to `rows`."""
        key = record.key
        head = must_read(self.context, self.name, (self.topic, record.partition), record, _decode_head)
        if head is None:
            return
        episodes = bytes(head.episodes)
        causes = causes_of(record)
        if self.seen.get(key) == episodes and all(cause.first > self.last[key] for cause in causes):
            return
        stored = rows.get(key) or self.table.get(key)
        if not stored and episodes == NO_EPISODES:
            return
        before = self._decoded(key, stored) if stored else FlowAlerts()
        if before.covers(record):  # not `seen`: this state is not newer than the alerts
            return
        state = _decode_state(record.value)
        notify_days = self.context.rules.of(state.flow).detection.notify_days
        known, alerts = advance(before.known, state, self.context.registry.names, causes, notify_days)
        self.alerts += [(key, alert) for alert in alerts]
        if known != before.known:
            rows[key] = msgspec.msgpack.encode(FlowAlerts(known, record.offset, record.timestamp / 1000))
        self.seen[key], self.last[key] = episodes, last_day(known)
        self.count(key, known)

    async def flush(self) -> None:
        """Publish the alert records, then store the changed rows."""
        alerts, rows, states, late = self._begin()
        metrics, topic = self.context.metrics, self.context.topics.alerts
        with self.traces.span("alerts", states) as trace:
            records = [
                Record(topic, key, msgspec.json.encode(alert), headers=[*of_alert(topic, alert), *trace])
                for key, alert in alerts
            ]
            await self.context.writer.write([*records, *self._asked_again(late)])
        if alerts:
            crash_at("alerts.sent")
        await self.table.store(rows)
        now = datetime.now(UTC)
        news = [alert for _, alert in alerts if alert.rings]
        for _, alert in alerts:
            metrics["alerts_total"].labels(alert.state.value).inc()
        for alert in news:
            waited = (now - datetime.fromisoformat(alert.published)).total_seconds()
            metrics["published_to_alert_seconds"].observe(max(0.0, waited))
        metrics["states_read_total"].inc(states)
        if news:
            _log_alerts(news)
        metrics["table_rows"].labels(self.name).set(len(self.table.data))

    def _asked_again(self, flows: Iterable[Flow]) -> list[Record]:
        """Messages to the ledgers of flows that ask them to publish the flows again."""
        by_partition: dict[int, list[Flow]] = defaultdict(list)
        for flow in sorted(flows):
            by_partition[partition_of(flow, self.context.settings.partitions)].append(flow)
            log.warning(
                "alerts: a state of %s arrived late, from a replaced worker; the ledger publishes the newest again",
                flow,
            )
        return [
            Record(
                self.context.topics.claims, None, msgspec.msgpack.encode(LedgerMessage([], [], [], again)), partition
            )
            for partition, again in by_partition.items()
        ]

    def written_alone(self) -> Sequence[str]:
        """The topic of alert records: a flow has its alerts on the partition of its states."""
        return (self.context.topics.alerts,)

    def count(self, key: bytes, known: list[Known]) -> None:
        """Update the gauge of open alerts by severity."""
        now = Counter(alert.record.severity for alert in known if alert.record.state.is_open)
        self.total.subtract(self.open.get(key, Counter()))
        self.total.update(now)
        self.open[key] = now
        self.context.metrics.show_open(self.total)


def causes_of(record: ConsumerRecord) -> list[Cause]:
    """The causes of a state, from the header of its record."""
    value = header(record.headers, CAUSES_HEADER)
    return [] if value is None else decode_causes(value)


def _log_alerts(alerts: Sequence[Alert]) -> None:
    """Log one line for all alert records; at debug also a line for each, with the reports behind it."""
    states = Counter(alert.state.value for alert in alerts)
    log.info("alerts: %s", ", ".join(f"{number} {state}" for state, number in states.items()))
    if log.isEnabledFor(logging.DEBUG):
        for record in alerts:
            fields = {"alert": record.id, "seq": record.seq, "flow": record.flow, "state": record.state.value}
            log.debug(
                "alerts: %s",
                record.explanation,
                extra=fields | {"severity": record.severity, "reports": record.reports},
            )
