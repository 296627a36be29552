"""The ledger hop: claims in, the table of all claims, and the state of every flow they touch on `totals`."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection, Iterable, Sequence

import faust
import msgspec

from bordertally.agents.hops.batch_headers import arrived_s, more_wait
from bordertally.agents.hops.durable_table import make_table
from bordertally.agents.hops.faust_hop import FlushingHop
from bordertally.agents.kafka.crash_points import crash_at
from bordertally.agents.kafka.faust_consumer import Bundle
from bordertally.agents.kafka.producer import Record
from bordertally.agents.runtime.context import Context, log
from bordertally.agents.runtime.tracing import Headers
from bordertally.streams.delivery.cloudevents import of_state
from bordertally.streams.detection.flow_state import flow_state, written_state
from bordertally.streams.detection.silence import to_tell
from bordertally.streams.ledger.causes import CAUSES_HEADER, encode_causes
from bordertally.streams.ledger.ledger import Applied, Ledger
from bordertally.streams.ledger.rows import Row
from bordertally.streams.reports.claims import Claims
from bordertally.streams.topics import partition_of

FEWEST_WAITING = 2_000
"""Fewer claims than this are flushed without waiting for more."""

LATE_SHARE = 0.25
PATIENCE_S = 2.0
"""Under a backlog, claims wait for more claims: for this share of the delay that they already have, at most this long.

A batch produces one state for every flow that it touches, so half as many batches produce half as many states.
"""

_decode = msgspec.msgpack.Decoder(Claims).decode


class LedgerHop(FlushingHop):
    """Keeps a ledger for each partition in memory, backed by a durable table.

    Claims that are delivered again change nothing and lead to the same totals.
    """

    name = "ledger"

    def __init__(self, app: faust.App, context: Context) -> None:
        super().__init__(app, context, context.topics.claims)
        self.table = make_table(app, self.name, context.settings.partitions)
        self.ledgers: dict[int, Ledger] = {}
        self.last_offsets: dict[int, int] = {}  # by partition, the offset of the last message in memory
        self.claims = 0
        self.arrived: list[float] = []
        self.more = False  # whether reports waited behind those of the last message
        self.traces = context.traces.hop()

    def forget(self) -> None:
        """Drop the ledgers in memory: other workers may write to these partitions before this worker has them again."""
        self.ledgers.clear()
        self.traces.forget()
        self._begin()
        self.context.metrics.forget_flows()

    def _begin(self) -> tuple[dict[int, int], list[float]]:
        begun = self.last_offsets, self.arrived
        self.last_offsets, self.arrived, self.claims = {}, [], 0
        return begun

    async def recovered(self) -> None:
        """Restore the ledgers of this worker's partitions and show their flows.

        Both steps can take seconds: ledgers are built in a thread, and other tasks run between two flows.
        """
        topic, revocations = self.context.topics.claims, self.revocations
        mine = {tp.partition for tp in self.app.consumer.assignment() if tp.topic == topic}
        for partition, rows in self._rows(mine - self.ledgers.keys()).items():
            ledger = await asyncio.to_thread(_restored, partition, rows)
            if revocations != self.revocations:  # partitions were reassigned meanwhile
                return
            self.ledgers[partition] = ledger
        for ledger in [self.ledgers[partition] for partition in mine]:
            for node in list(ledger.nodes.values()):
                self.context.metrics.show_flow(flow_state(node, self.context.rules))
                await asyncio.sleep(0)
                if revocations != self.revocations:
                    return
            self.context.metrics.show_heard(ledger.heard)
        self._count_held()

    @property
    def full(self) -> bool:
        """Whether the claims in memory make a whole batch."""
        return self.claims >= self.context.settings.batch_reports

    def patience_s(self) -> float:
        """Seconds to wait for more claims: 0 without a backlog, so that a backlog is processed in few large batches."""
        if not self.more or self.claims < FEWEST_WAITING:
            return 0.0
        return min(PATIENCE_S, LATE_SHARE * (time.time() - min(self.arrived)))

    def add(self, bundle: Bundle) -> None:
        """Add the claims of one partition to its ledger, in memory."""
        self.last_offsets[bundle.partition] = bundle.records[-1].offset
        ledger = self.ledger(bundle.partition)
        self.traces.hear(bundle.records)
        for record in bundle.records:
            claims = _decode(record.value)
            ledger.add(claims.claims, claims.readings)
            self.claims += claims.count
            self.arrived.append(arrived_s(record))
        self.more = more_wait(bundle.records[-1])

    async def flush(self) -> None:
        """Compute figures from the claims in memory, store the changed rows, and publish the states of the flows."""
        claims = self.claims
        last_offsets, arrived = self._begin()
        rows: dict[int, dict[Row, bytes]] = {}
        states: list[Record] = []
        flushed: list[Applied] = []
        ledgers = {partition: self.ledger(partition) for partition in sorted(last_offsets)}
        with self.traces.span("ledger", claims) as trace:
            for partition, ledger in ledgers.items():
                await asyncio.sleep(0)  # a large batch takes a second: let other tasks run
                applied = ledger.flush()
                rows[partition] = {row: ledger.row(row) for row in applied.rows}
                states += self.states(ledger, applied, last_offsets[partition], trace)
                flushed.append(applied)
            crash_at("ledger.computed")
            stored = {at: {row.key: value for row, value in values.items()} for at, values in rows.items()}
            await self.table.store(stored, states)
        for partition, ledger in ledgers.items():
            ledger.stored(rows[partition])
        self.count(flushed, len(states))
        metrics, now = self.context.metrics, time.time()
        for ledger in ledgers.values():
            metrics.show_heard(ledger.heard)
        metrics["batch_claims"].observe(claims)
        log.debug("ledger: batch", extra={"claims": claims, "states": len(states), "partitions": len(ledgers)})
        for at in arrived:
            metrics["totals_seconds"].observe(max(0.0, now - at))

    def ledger(self, partition: int) -> Ledger:
        """The ledger of a partition, restored from the table if the partition is new to this worker."""
        if partition not in self.ledgers:
            self.ledgers[partition] = _restored(partition, self._rows({partition})[partition])
        return self.ledgers[partition]

    def _rows(self, partitions: Collection[int]) -> dict[int, list[tuple[bytes, bytes]]]:
        """The rows of some partitions, found in one pass over the table."""
        rows: dict[int, list[tuple[bytes, bytes]]] = {partition: [] for partition in sorted(partitions)}
        if rows:
            for key, value in self.table.items():
                at = partition_of(key.split(b"|")[1].decode(), self.context.settings.partitions)
                if at in rows:
                    rows[at].append((key, value))
        return rows

    def states(self, ledger: Ledger, applied: Applied, cause: int, trace: Headers) -> list[Record]:
        """The states of the touched flows, as records for `totals`. `cause`: the offset of the last claim."""
        metrics, rules, topic = self.context.metrics, self.context.rules, self.context.topics.totals
        records, days = [], ledger.days_told(applied)
        for flow in to_tell(ledger, applied.flows, rules):
            node, causes = ledger.nodes[flow], applied.causes.get(flow, ())
            state, written = written_state(node, rules, days.get(flow, ()))
            metrics.show_flow(state)
            headers = [*of_state(topic, state, cause), *trace]
            if causes:
                headers.append((CAUSES_HEADER, encode_causes(causes)))
            records.append(Record(topic, flow.encode(), written, headers=headers))
        return records

    def count(self, flushed: Iterable[Applied], states: int) -> None:
        """Update the metrics after a flush."""
        metrics = self.context.metrics
        metrics["states_sent_total"].inc(states)
        for applied in flushed:
            for (_, outcome), number in applied.outcomes.items():
                metrics["claims_total"].labels(outcome.value).inc(number)
        self._count_held()

    def _count_held(self) -> None:
        metrics = self.context.metrics
        metrics["ledger_flows"].set(sum(len(ledger.nodes) for ledger in self.ledgers.values()))
        metrics["table_rows"].labels(self.name).set(len(self.table.data))


def _restored(partition: int, rows: Sequence[tuple[bytes, bytes]]) -> Ledger:
    ledger = Ledger.restored(rows)
    if rows:
        log.info("ledger: partition %d restored from %d rows", partition, len(rows))
    return ledger
