"""The ledger hop: claims in, the table of all claims, and the state of every flow they touch on `totals`.

The ledger of an origin sends the figures of its corridors (`RU:KZ`) back to `claims`, to the partition of the
destination (`*:KZ`), where they are added up.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import defaultdict, deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import faust
import msgspec

from bordertally.agents.hops.batch_headers import arrived_s, make_headers, more_wait
from bordertally.agents.hops.durable_table import make_table
from bordertally.agents.hops.faust_hop import FlushingHop
from bordertally.agents.hops.restored_ledgers import RestoredLedgers, restored
from bordertally.agents.kafka.crash_points import crash_at
from bordertally.agents.kafka.faust_consumer import Bundle
from bordertally.agents.kafka.fencing import EPOCH_HEADER
from bordertally.agents.kafka.producer import Record
from bordertally.agents.kafka.turns import Turns
from bordertally.agents.runtime.context import Context, log
from bordertally.agents.runtime.tracing import Headers
from bordertally.agents.runtime.unreadable import must_read
from bordertally.streams.delivery.cloudevents import of_state
from bordertally.streams.delivery.metrics import NOBODY
from bordertally.streams.detection.corridors.figures import corridor_figures, whole_figures
from bordertally.streams.detection.flow_state import figures_state, gone_state, written_state
from bordertally.streams.detection.silence import to_tell
from bordertally.streams.flows import Flow, ancestors, depth, destination_of
from bordertally.streams.ledger.aliases import moved
from bordertally.streams.ledger.causes import CAUSES_HEADER, Cause, capped, encode_causes
from bordertally.streams.ledger.corridors.records import (
    CorridorFigures,
    decode_message,
    destination_of_corridor,
    messages_of,
)
from bordertally.streams.ledger.ledger import Applied, Ledger
from bordertally.streams.ledger.rows import WITHOUT_CLAIMS, Row, alias_row, root_of
from bordertally.streams.topics import partition_of

FEWEST_WAITING = 2_000
"""Fewer claims than this are flushed without waiting for more."""

LATE_SHARE = 0.25
PATIENCE_S = 2.0
"""Under a backlog, claims wait for more claims: for this share of the delay that they already have, at most this long.

A batch produces one state for every flow that it touches, so half as many batches produce half as many states.
"""

MANY_STATEMENTS = 100
"""From so many claims on that are no readings, figures are computed in a thread.

Claims that overlap in a long chain are reconciled together, which may take a second for a single flow.
"""

PARENTS_S = 0.1
"""The shortest time between two states of a flow that has flows below it, in seconds.

In a live feed, the batches of this time touch many checkpoints, and nearly all of them the same country.
"""

CORRIDORS_S = 0.25
"""The shortest time between two figures of a corridor, in seconds.

A live feed changes every corridor all the time, and each figure leads to rows and a state of its destination.
"""


class News(NamedTuple):
    """Why a flow is published: the days whose figures may have changed, and the reports that may have changed them."""

    days: Collection[int] = ()
    causes: Sequence[Cause] = ()

    def beside(self, earlier: News) -> News:
        """This news together with earlier news of the same flow."""
        return News({*earlier.days, *self.days}, capped([*earlier.causes, *self.causes]))


class LedgerHop(FlushingHop):
    """Keeps a ledger for each partition in memory, backed by a durable table.

    Claims that are delivered again change nothing and lead to the same totals. In a live feed, the state of a flow with
    flows below it is held back for up to PARENTS_S, and the figures of a corridor for up to CORRIDORS_S; the claims
    behind them are acknowledged when both are sent.
    """

    name = "ledger"

    def __init__(self, app: faust.App, context: Context) -> None:
        super().__init__(app, context, context.topics.claims)
        self.table = make_table(app, self.name, context.settings.partitions)
        self.ledgers: dict[int, Ledger] = {}
        self.restored = RestoredLedgers()
        self.last_offsets: dict[int, int] = {}  # by partition, the offset of the last message in memory
        self._flushed_to: dict[int, int] = {}  # by partition, the offset of the last message flushed
        self.claims = 0
        self.statements = 0  # the claims that are no readings
        self.arrived: list[float] = []
        self.more = False  # whether reports waited behind those of the last message
        self.held: dict[int, dict[Flow, News]] = {}  # by partition, the flows whose states are held back
        self._parents_due = -math.inf  # when they are due
        self.unsent: dict[int, dict[Flow, News]] = {}  # by partition, the corridors whose figures are held back
        self._corridors_due = -math.inf  # when they are due
        self.again: dict[int, set[Flow]] = {}  # by partition, the flows whose states are to be published again
        self.traces = context.traces.hop()
        self.aliases = context.registry.aliases  # as the ledgers in memory use them
        self._moving: asyncio.Task[None] | None = None
        self._showing: asyncio.Task[None] | None = None
        context.renewed.append(self.renewed)

    def forget(self) -> None:
        """Drop the ledgers in memory: other workers may write to these partitions before this worker has them again."""
        for partition, ledger in self.ledgers.items():
            self.restored.drop(partition, ledger)
        self.ledgers.clear()
        self.held.clear()
        self.unsent.clear()
        self.again.clear()
        self._flushed_to.clear()
        self.traces.forget()
        self._begin()
        self.context.metrics.forget_flows()

    def _begin(self) -> tuple[dict[int, int], list[float]]:
        begun = self.last_offsets, self.arrived
        self.last_offsets, self.arrived, self.claims, self.statements = {}, [], 0, 0
        return begun

    async def recovered(self) -> None:
        """Restore the ledgers of this worker's partitions; the metrics of their flows follow while records flow.

        Ledgers are built in a thread, because that can take seconds.
        """
        topic, revocations = self.context.topics.claims, self.revocations
        mine = {tp.partition for tp in self.app.consumer.assignment() if tp.topic == topic}
        new = self._rows(mine - self.ledgers.keys())
        self.restored.keep_only(mine)
        for partition, rows in new.items():
            ledger = await self.restored.ledger(partition, rows, self.aliases)
            if revocations != self.revocations:  # partitions were reassigned meanwhile
                return
            self.ledgers[partition] = ledger
        for partition in mine:
            self.context.metrics.show_heard(self.ledgers[partition].heard)
        self._count_held()
        for partition, rows in new.items():
            if revocations == self.revocations:
                await self._move(partition, rows)
            if revocations == self.revocations:
                await self._send_unsent(partition)
        if revocations == self.revocations:
            flows = [(partition, flow) for partition in sorted(mine) for flow in self.ledgers[partition].nodes]
            self._showing = asyncio.create_task(self._show(flows, revocations))

    async def _show(self, flows: Iterable[tuple[int, Flow]], revocations: int) -> None:
        """Show the figures of flows in the metrics, in turns with the batches that arrive meanwhile.

        Ends when partitions are revoked: `revocations` is their number at the start.
        """
        for partition, flow in flows:
            async with self._turn:
                if revocations != self.revocations:
                    return
                node = self.ledgers[partition].nodes.get(flow)  # none where an alias has moved the flow meanwhile
                if node is not None and node.shown:
                    self.context.metrics.show_flow(figures_state(node, self.context.rules))
            await asyncio.sleep(0)

    async def _send_unsent(self, partition: int) -> None:
        """Send the corridors of a partition that were never sent: those of a table that an earlier version wrote."""
        ledger = self.ledger(partition)
        unsent = [flow for flow in ledger.nodes if destination_of(flow) is not None and flow not in ledger.sent]
        await self._send_whole(partition, unsent)

    async def _send_whole(self, partition: int, flows: Iterable[Flow]) -> None:
        """Send all days of corridors, then store that they are sent."""
        ledger, rules = self.ledger(partition), self.context.rules
        corridors = [
            whole_figures(ledger, flow, rules, 0) for flow in sorted(flows) if destination_of(flow) is not None
        ]
        if corridors:
            self.restored.changes(partition)
            await self.context.writer.write(list(self._messages(corridors, time.time(), [])))
            rows = [Row("t", corridor.flow, 0) for corridor in corridors]
            await self.table.store({partition: {row.key: ledger.row(row) for row in rows}})

    def renewed(self) -> None:
        """Another registry is in use: if it has other aliases, move the stored claims between two batches."""
        if self.context.registry.aliases != self.aliases and self._moving is None:
            self._moving = asyncio.create_task(self._move_all())

    async def _move_all(self) -> None:
        try:
            async with self._turn:
                await self._finish()
                self.aliases, self._moving = self.context.registry.aliases, None
                for partition, rows in self._rows(self.ledgers.keys()).items():
                    await self._move(partition, rows)
        except Exception as error:  # noqa: BLE001 - the figures would differ from those of a restarted worker
            self.context.die(f"the {self.name} hop failed", error)

    async def _move(self, partition: int, rows: Sequence[tuple[bytes, bytes]]) -> None:
        """Publish the flows of a partition whose claims other aliases have moved since they were last published.

        The rows that say so are stored last: after a crash, the same states are published again.
        """
        revocations = self.revocations
        stored = {Row.of(key): value for key, value in rows}
        before = {row.flow: Flow(value.decode()) for row, value in stored.items() if row.kind == "a" and value}
        after = {name: place for name, place in self.aliases.items() if self._partition_of(name) == partition}
        ledger = self.ledger(partition)
        if ledger.aliases != self.aliases:
            self.restored.changes(partition)  # it stays in use until the other is restored
            outdated, ledger = ledger, await self.restored.ledger(partition, rows, self.aliases)
            if revocations != self.revocations:
                return
            self.ledgers[partition] = ledger
            self.restored.drop(partition, outdated)
        if before == after:
            return
        self.restored.changes(partition)
        flows = moved({row.flow for row in stored if row.kind not in WITHOUT_CLAIMS}, before, after)
        offset = self.context.progress.get((self.name, self.context.topics.claims, partition), 0)
        states = list(self.states(ledger, self.news(ledger, ledger.published_anew(flows)), offset, []))
        states += self._gone(flows - ledger.nodes.keys(), ledger, offset)
        await self.context.writer.write(states)
        await self._send_whole(partition, flows)
        changed = {name: after.get(name, Flow("")) for name in before.keys() | after.keys()}
        await self.table.store({partition: {alias_row(name).key: place.encode() for name, place in changed.items()}})
        if flows:
            log.info("ledger: other aliases moved the figures of %d flows of partition %d", len(flows), partition)

    def _gone(self, flows: Iterable[Flow], ledger: Ledger, offset: int) -> list[Record]:
        """The last states of flows that have no claims any more, as records on `totals`, lowest first."""
        topic, records = self.context.topics.totals, []
        for flow in sorted(flows, key=lambda flow: (-depth(flow), flow)):
            place = ledger.aliases.get(flow)
            published = max([node.published for node in ledger.nodes.values()], default=0)
            state = gone_state(flow, place, published if place is None else ledger.nodes[place].published)
            self.context.metrics.show_flow(state)
            headers = [*of_state(topic, state, offset), *self._epoch_of(flow)]
            records.append(Record(topic, flow.encode(), msgspec.json.encode(state), headers=headers))
        return records

    @property
    def full(self) -> bool:
        """Whether the claims in memory make a whole batch."""
        return self.claims >= self.context.settings.batch_reports

    def patience_s(self) -> float:
        """Seconds to wait for more claims: 0 without a backlog, so that a backlog is processed in few large batches."""
        if not self.more or self.claims < FEWEST_WAITING:
            return 0.0
        return min(PATIENCE_S, LATE_SHARE * (time.time() - min(self.arrived, default=math.inf)))

    def held_s(self) -> float | None:
        """Seconds until the states or the corridors that are held back are due."""
        waiting = ((self._parents_due, self.held), (self._corridors_due, self.unsent))
        due = min([moment for moment, held in waiting if held], default=None)
        return None if due is None else due - time.monotonic()

    def hasten(self) -> None:
        """Make the states and the corridors that are held back due now."""
        self._parents_due = self._corridors_due = -math.inf

    def adding(self, bundle: Bundle) -> Iterator[None]:
        """Add the claims of one partition to its ledger, in memory."""
        self.restored.changes(bundle.partition)
        self.last_offsets[bundle.partition] = bundle.records[-1].offset
        ledger = self.ledger(bundle.partition)
        self.traces.hear(bundle.records)
        for record in bundle.records:
            message = must_read(self.context, self.name, (self.topic, bundle.partition), record, decode_message)
            if message is None:
                continue
            yield from ledger.adding(message.claims, message.readings, message.corridors)
            self.claims += message.count
            self.statements += len(message.claims)
            if message.again:
                self.again.setdefault(bundle.partition, set()).update(message.again)
            elif not message.corridors:  # both tell nothing of the reports that arrived or wait
                self.arrived.append(arrived_s(record))
                self.more = more_wait(record)

    async def flush(self) -> None:
        """Compute figures from the claims in memory, store the changed rows, and publish the states of the flows."""
        claims, many = self.claims, self.statements >= MANY_STATEMENTS
        last_offsets, arrived = self._begin()
        rows: dict[int, dict[Row, bytes]] = {}
        states: list[Record] = []
        corridors: list[CorridorFigures] = []
        flushed: list[Applied] = []
        turns = Turns()  # a large batch takes seconds
        moment = time.monotonic()
        send = self._corridors_due <= moment
        due = self._parents_due <= moment or (send and bool(self.unsent))  # together: then claims are acknowledged
        self._flushed_to |= last_offsets
        touched = last_offsets.keys() | (self.held.keys() if due else set()) | (self.unsent.keys() if send else set())
        ledgers = {partition: self.ledger(partition) for partition in sorted(touched)}
        with self.traces.span("ledger", claims) as trace:
            for partition, ledger in ledgers.items():
                if many:  # nothing else uses the ledger meanwhile: whoever changes it waits for its turn
                    await asyncio.to_thread(deque, ledger.flushing(), 0)
                for _ in ledger.flushing():
                    await turns.give()
                applied = ledger.flush()
                of_partition = rows[partition] = {}
                for row in applied.rows:
                    of_partition[row] = ledger.row(row)
                    await turns.give()
                news, gone = self._again(partition, ledger, self.news(ledger, applied))
                states += gone
                unsent = self._unsent(partition, news, send=send)
                news = self._due(partition, news, due=due)
                for state in self.states(ledger, news, self._flushed_to[partition], trace):
                    states.append(state)
                    await turns.give()
                for corridor in self.corridors(ledger, unsent, self._flushed_to[partition]):
                    corridors.append(corridor)
                    sent = Row("t", corridor.flow, 0)
                    of_partition[sent] = ledger.row(sent)
                    await turns.give()
                flushed.append(applied)
            crash_at("ledger.computed")
            messages = list(self._messages(corridors, min(arrived, default=time.time()), trace))
            stored = {at: {row.key: value for row, value in values.items()} for at, values in rows.items()}
            await self.table.store(stored, [*states, *messages])
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
            self.ledgers[partition] = restored(partition, self._rows({partition})[partition], self.aliases)
        return self.ledgers[partition]

    def _rows(self, partitions: Collection[int]) -> dict[int, list[tuple[bytes, bytes]]]:
        """The rows of some partitions, found in one pass over the table."""
        rows: dict[int, list[tuple[bytes, bytes]]] = {partition: [] for partition in sorted(partitions)}
        if rows:
            for key, value in self.table.items():
                at = self._partition_of(root_of(key.rpartition(b"|")[0]))
                if at in rows:
                    rows[at].append((key, value))
        return rows

    def _partition_of(self, flow: str) -> int:
        return partition_of(flow, self.context.settings.partitions)

    def news(self, ledger: Ledger, applied: Applied) -> dict[Flow, News]:
        """By flow, why it is published; lowest first. Call this before adding anything else to the ledger."""
        days, causes = ledger.days_told(applied), applied.causes
        flows = to_tell(ledger, applied.flows, self.context.rules)
        return {flow: News(days.get(flow, ()), causes.get(flow, ())) for flow in flows}

    def _again(self, partition: int, ledger: Ledger, news: dict[Flow, News]) -> tuple[dict[Flow, News], list[Record]]:
        """The news with the flows to publish again, lowest first; and the states of those that have no claims."""
        again = self.again.pop(partition, None)
        if again is None:
            return news, []
        with_those_above = again.union(Flow(above) for flow in again for above in ancestors(flow))
        for flow, whole in self.news(ledger, ledger.published_anew(with_those_above)).items():
            news[flow] = whole.beside(news[flow]) if flow in news else whole
        gone = self._gone(again - ledger.nodes.keys(), ledger, self._flushed_to[partition])
        return dict(sorted(news.items(), key=lambda entry: (-depth(entry[0]), entry[0]))), gone

    def _due(self, partition: int, news: dict[Flow, News], *, due: bool) -> dict[Flow, News]:
        """The news to publish now, lowest first, with what was held back when that is `due`; holds back the rest."""
        nodes, held = self.ledgers[partition].nodes, self.held.pop(partition, {})
        for flow in [flow for flow in news if nodes[flow].children]:
            news_of_flow = news.pop(flow)
            held[flow] = news_of_flow.beside(held[flow]) if flow in held else news_of_flow
        if not due:
            if held:
                self.held[partition] = held
            return news
        if held:
            self._parents_due = time.monotonic() + PARENTS_S
        return dict(sorted((news | held).items(), key=lambda entry: (-depth(entry[0]), entry[0])))

    def _unsent(self, partition: int, news: Mapping[Flow, News], *, send: bool) -> dict[Flow, News]:
        """The news of corridors to send now, with what was held back when `send`; holds back the rest."""
        unsent = self.unsent.pop(partition, {})
        for flow, news_of_flow in news.items():
            if destination_of(flow) is not None:
                unsent[flow] = news_of_flow.beside(unsent[flow]) if flow in unsent else news_of_flow
        if not unsent:
            return {}
        if not send:
            self.unsent[partition] = unsent
            return {}
        self._corridors_due = time.monotonic() + CORRIDORS_S
        return unsent

    def states(self, ledger: Ledger, news: Mapping[Flow, News], cause: int, trace: Headers) -> Iterator[Record]:
        """The states of flows, as records for `totals`. `cause`: the offset of the last claim."""
        metrics, rules, topic = self.context.metrics, self.context.rules, self.context.topics.totals
        for flow, (days, causes) in news.items():
            state, written = written_state(ledger.nodes[flow], rules, days)
            metrics.show_flow(state)
            headers = [*of_state(topic, state, cause), *self._epoch_of(flow), *trace]
            if causes:
                headers.append((CAUSES_HEADER, encode_causes(causes)))
            yield Record(topic, flow.encode(), written, headers=headers)

    def _epoch_of(self, flow: Flow) -> Headers:
        """The header with the epoch under which this worker publishes a flow: readers recognise late states by it."""
        epoch = self.epochs.get(self._partition_of(flow))
        return [] if epoch is None else [(EPOCH_HEADER, bytes(epoch))]

    def corridors(self, ledger: Ledger, news: Mapping[Flow, News], offset: int) -> Iterator[CorridorFigures]:
        """The figures of corridors, for their destinations. `offset`: of the last claim."""
        for flow, (days, causes) in news.items():
            version = ledger.next_version(flow, offset)
            yield corridor_figures(ledger.nodes[flow], self.context.rules, days, causes, version)

    def _messages(self, corridors: Iterable[CorridorFigures], arrived: float, trace: Headers) -> Iterator[Record]:
        """Figures of corridors as records for `claims`. `arrived`: when the oldest report behind them did (seconds)."""
        by_partition: dict[int, list[CorridorFigures]] = defaultdict(list)
        for corridor in corridors:
            by_partition[self._partition_of(destination_of_corridor(corridor.flow))].append(corridor)
        headers = [*make_headers(int(arrived * 1000), more=False), *trace]
        for partition, of_partition in by_partition.items():
            for message in messages_of(of_partition):
                yield Record(self.topic, None, msgspec.msgpack.encode(message), partition, headers)

    def count(self, flushed: Iterable[Applied], states: int) -> None:
        """Update the metrics after a flush."""
        metrics = self.context.metrics
        metrics["states_sent_total"].inc(states)
        for applied in flushed:
            for (_, outcome), number in applied.outcomes.items():
                metrics["claims_total"].labels(outcome.value).inc(number)
            for (source, notice), number in applied.notices.items():
                label = source if source in self.context.registry.sources else NOBODY
                metrics["source_notices_total"].labels(label, notice.kind.value).inc(number)
        self._count_held()

    def _count_held(self) -> None:
        metrics = self.context.metrics
        metrics["ledger_flows"].set(sum(len(ledger.nodes) for ledger in self.ledgers.values()))
        metrics["table_rows"].labels(self.name).set(len(self.table.data))
        metrics["ledger_doubled_periods"].set(sum(ledger.doubled for ledger in self.ledgers.values()))
