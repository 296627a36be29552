"""The ledger hop: claims in, the table of all claims, and the state of every flow they touch on `totals`."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection, Iterable, Sequence

import faust
import msgspec

from bordertally.agents.hops.batch_headers import arrived_s, more_wait
from bordertally.agents.hops.durable_table import make_table
from bordertally.agents.hops.faust_hop import SettlingHop
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

COMPANY_CLAIMS = 2_000
"""Claims, fewer than which are settled at once."""

LATE_SHARE = 0.25
PATIENCE_S = 2.0
"""More wait for company, if more is to come: for this share of how late they are already, and not longer than this.

What a batch leads to is a state of every flow it touches, so half as many batches are half as many states, and who
catches up with hours of reports does not mind a second.
"""

_decode = msgspec.msgpack.Decoder(Claims).decode


class LedgerHop(SettlingHop):
    """Ledgers by partition, in memory, on top of a table that survives.

    Delivered again, claims change nothing and lead to the same totals again.
    """

    name = "ledger"

    def __init__(self, app: faust.App, context: Context) -> None:
        super().__init__(app, context, context.topics.claims)
        self.table = make_table(app, self.name, context.settings.partitions)
        self.ledgers: dict[int, Ledger] = {}
        self.unsettled: dict[int, int] = {}  # by partition, the offset of the last message taken
        self.claims = 0
        self.arrived: list[float] = []
        self.more = False  # whether reports waited behind those of the last message taken
        self.traces = context.traces.hop()

    def forget(self) -> None:
        """Drop ledgers in memory: others may write to their partitions before they come back."""
        self.ledgers.clear()
        self.traces.forget()
        self._begin()
        self.context.metrics.forget_flows()

    def _begin(self) -> tuple[dict[int, int], list[float]]:
        begun = self.unsettled, self.arrived
        self.unsettled, self.arrived, self.claims = {}, [], 0
        return begun

    async def recovered(self) -> None:
        """Restore the ledgers of this worker's partitions and show their flows.

        Ledgers are made in a thread, and between two flows others have their turn: either can take seconds.
        """
        topic, revocations = self.context.topics.claims, self.revocations
        mine = {tp.partition for tp in self.app.consumer.assignment() if tp.topic == topic}
        for partition, rows in self._rows(mine - self.ledgers.keys()).items():
            ledger = await asyncio.to_thread(_restored, partition, rows)
            if revocations != self.revocations:  # partitions have been given anew meanwhile
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
        """Whether a whole batch waits."""
        return self.claims >= self.context.settings.batch_reports

    def patience_s(self) -> float:
        """What comes late anyway waits for more, so that a backlog is worked off in few large batches."""
        if not self.more or self.claims < COMPANY_CLAIMS:
            return 0.0
        return min(PATIENCE_S, LATE_SHARE * (time.time() - min(self.arrived)))

    def take(self, bundle: Bundle) -> None:
        """Messages of claims of one partition: into memory."""
        self.unsettled[bundle.partition] = bundle.records[-1].offset
        ledger = self.ledger(bundle.partition)
        self.traces.hear(bundle.records)
        for record in bundle.records:
            claims = _decode(record.value)
            ledger.add(claims.claims, claims.readings)
            self.claims += claims.count
            self.arrived.append(arrived_s(record))
        self.more = more_wait(bundle.records[-1])

    async def settle(self) -> None:
        """Bring the figures of what was taken up to date; store the rows, say the states."""
        claims = self.claims
        unsettled, arrived = self._begin()
        rows: dict[int, dict[Row, bytes]] = {}
        states: list[Record] = []
        settled: list[Applied] = []
        ledgers = {partition: self.ledger(partition) for partition in sorted(unsettled)}
        with self.traces.span("ledger", claims) as trace:
            for partition, ledger in ledgers.items():
                await asyncio.sleep(0)  # a large batch takes a second: others have their turn
                applied = ledger.flush()
                rows[partition] = {row: ledger.row(row) for row in applied.rows}
                states += self.states(ledger, applied, unsettled[partition], trace)
                settled.append(applied)
            crash_at("ledger.figured")
            stored = {at: {row.key: value for row, value in held.items()} for at, held in rows.items()}
            await self.table.store(stored, states)
        for partition, ledger in ledgers.items():
            ledger.stored(rows[partition])
        self.count(settled, len(states))
        metrics, now = self.context.metrics, time.time()
        for ledger in ledgers.values():
            metrics.show_heard(ledger.heard)
        metrics["batch_claims"].observe(claims)
        log.debug("ledger: batch", extra={"claims": claims, "states": len(states), "partitions": len(ledgers)})
        for at in arrived:
            metrics["totals_seconds"].observe(max(0.0, now - at))

    def ledger(self, partition: int) -> Ledger:
        """The ledger of a partition, restored from the table when this worker has just been given it."""
        if partition not in self.ledgers:
            self.ledgers[partition] = _restored(partition, self._rows({partition})[partition])
        return self.ledgers[partition]

    def _rows(self, partitions: Collection[int]) -> dict[int, list[tuple[bytes, bytes]]]:
        """The rows of some partitions; the table, which holds those of all, is gone through once."""
        rows: dict[int, list[tuple[bytes, bytes]]] = {partition: [] for partition in sorted(partitions)}
        if rows:
            for key, value in self.table.items():
                at = partition_of(key.split(b"|")[1].decode(), self.context.settings.partitions)
                if at in rows:
                    rows[at].append((key, value))
        return rows

    def states(self, ledger: Ledger, applied: Applied, cause: int, trace: Headers) -> list[Record]:
        """The state of every flow touched, as records on `totals`. `cause`: the offset of the last of the claims."""
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

    def count(self, settled: Iterable[Applied], states: int) -> None:
        """Show what was done."""
        metrics = self.context.metrics
        metrics["states_sent_total"].inc(states)
        for applied in settled:
            for (_, outcome), number in applied.outcomes.items():
                metrics["claims_total"].labels(outcome.value).inc(number)
        self._count_held()

    def _count_held(self) -> None:
        metrics = self.context.metrics
        metrics["ledger_flows"].set(sum(len(one.nodes) for one in self.ledgers.values()))
        metrics["table_rows"].labels(self.name).set(len(self.table.data))


def _restored(partition: int, rows: Sequence[tuple[bytes, bytes]]) -> Ledger:
    ledger = Ledger.restored(rows)
    if rows:
        log.info("ledger: partition %d restored from %d rows", partition, len(rows))
    return ledger
