"""The ledger hop: claims in, the table of all claims, and the state of every flow they touch on `totals`."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any, NamedTuple, cast

import faust
import msgspec
from aiokafka.structs import TopicPartition
from faust.types import EventT

from agents.context import Context, log
from agents.publishing import Record
from agents.tables import make_table
from streams.ledger import Applied, Ledger
from streams.picture import flow_state
from streams.records import Claims
from streams.topics import partition_of


class Taken(NamedTuple):
    """An event whose claims are in memory, and how many there are."""

    event: EventT[bytes]
    claims: int

    @property
    def partition(self) -> int:
        """Of which partition it is."""
        return int(self.event.message.partition)


_decode = msgspec.msgpack.Decoder(Claims).decode


class LedgerHop:
    """Ledgers by partition, in memory, on top of a table that survives.

    An event is acknowledged only when its rows and the totals it led to are acknowledged; those that wait in the queue
    together are settled together. Delivered again, an event changes nothing and leads to the same totals again.
    """

    def __init__(self, app: faust.App, context: Context) -> None:
        settings = context.settings
        self.app, self.context = app, context
        self.table = make_table(app, "ledger", settings.partitions)
        self.ledgers: dict[int, Ledger] = {}
        self.taken: list[Taken] = []
        topic = app.topic(context.topics.claims, key_type=bytes, value_type=bytes, partitions=settings.partitions)
        self.agent = app.agent(topic, name="ledger", concurrency=1)(self.run)
        app.on_partitions_revoked.connect(cast("Any", self.revoked))

    async def revoked(self, _app: object, revoked: set[TopicPartition], *_: object, **__: object) -> None:
        """Drop ledgers in memory: others may write to their partitions before they come back.

        Events taken and not yet settled are not acknowledged: they are delivered again.
        """
        self.ledgers.clear()
        self.taken.clear()
        self.context.metrics.forget_flows()
        for tp in revoked:
            self.context.progress.pop(("ledger", tp.topic, tp.partition), None)

    def recovered(self) -> None:
        """Tables are read back: restore the ledgers of this worker's partitions and show their flows."""
        for tp in self.app.consumer.assignment():
            if tp.topic == self.context.topics.claims:
                for node in self.ledger(tp.partition).nodes.values():
                    self.context.metrics.show_flow(flow_state(node, self.context.rules))

    async def run(self, stream: faust.StreamT[bytes]) -> None:
        """Take events one at a time, in order; settle all that are here at once."""
        stream.enable_acks = False
        queue = cast("Any", stream.channel).queue
        async for event in stream.events():
            try:
                self.take(event)
                if queue.empty() or self.claims_taken() >= self.context.settings.batch_reports // 2:
                    await self.settle(stream)
            except Exception as error:  # noqa: BLE001 - whatever it is, the event must come again
                self.context.die("the ledger hop failed", error)

    def take(self, event: EventT[bytes]) -> None:
        """One message of claims: into memory."""
        claims = _decode(event.value)
        self.ledger(event.message.partition).take(claims.claims, claims.readings)
        self.taken.append(Taken(event, claims.count))

    def claims_taken(self) -> int:
        """Claims that wait to be settled."""
        return sum([claims for _, claims in self.taken])

    async def settle(self, stream: faust.StreamT[bytes]) -> None:
        """Bring the figures of what was taken up to date, store, say, and acknowledge when the broker has it."""
        taken, self.taken = self.taken, []
        rows: dict[int, dict[bytes, bytes]] = {}
        states: list[Record] = []
        settled: list[Applied] = []
        ledgers = {partition: self.ledger(partition) for partition in sorted({one.partition for one in taken})}
        for partition, ledger in ledgers.items():
            applied = ledger.settle()
            rows[partition] = {row: ledger.row(row) for row in applied.rows}
            states += self.states(ledger, applied)
            settled.append(applied)
        await self.table.store(rows, states)
        for partition, ledger in ledgers.items():
            ledger.stored(rows[partition])
        self.count(settled, len(states))
        for event, _ in taken:
            message = event.message
            await stream.ack(event)
            self.context.progress["ledger", message.topic, message.partition] = message.offset + 1
            self.context.metrics["totals_seconds"].observe(max(0.0, time.time() - message.timestamp))

    def ledger(self, partition: int) -> Ledger:
        """The ledger of a partition, restored from the table when this worker has just been given it."""
        ledger = self.ledgers.get(partition)
        if ledger is None:
            count = self.context.settings.partitions
            rows = [
                (key, value)
                for key, value in self.table.items()
                if partition_of(key.split(b"|")[1].decode(), count) == partition
            ]
            ledger = self.ledgers[partition] = Ledger.restored(rows)
            if rows:
                log.info("ledger: partition %d restored from %d rows", partition, len(rows))
        return ledger

    def states(self, ledger: Ledger, applied: Applied) -> list[Record]:
        """The state of every flow touched, as records on `totals`."""
        metrics, rules = self.context.metrics, self.context.rules
        records = []
        for flow in applied.flows:
            state = flow_state(ledger.nodes[flow], rules)
            metrics.show_flow(state)
            records.append(Record(self.context.topics.totals, flow.encode(), msgspec.json.encode(state)))
        return records

    def count(self, settled: Iterable[Applied], states: int) -> None:
        """Show what was done."""
        metrics = self.context.metrics
        metrics["states_sent_total"].inc(states)
        for applied in settled:
            for (_, outcome), number in applied.outcomes.items():
                metrics["claims_total"].labels(outcome.value).inc(number)
        metrics["ledger_flows"].set(sum(len(one.nodes) for one in self.ledgers.values()))
