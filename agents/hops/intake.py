"""The intake hop: reports become claims or dead letters. It has no state and scales with the partitions."""

from __future__ import annotations

import asyncio
import logging
import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import accumulate

import msgspec
from aiokafka import TopicPartition

from bordertally.agents.hops.batch_headers import make_headers
from bordertally.agents.hops.batch_hop import Batch, BatchHop, Done
from bordertally.agents.hops.dead_letters import write_dead_letters
from bordertally.agents.hops.fuses import Fuses
from bordertally.agents.hops.statements import Statements
from bordertally.agents.kafka.clients import Received
from bordertally.agents.kafka.crash_points import crash_at
from bordertally.agents.kafka.decompression import unreadable_reason
from bordertally.agents.kafka.pacing import pace_fetches
from bordertally.agents.kafka.producer import Record
from bordertally.agents.kafka.turns import Turns
from bordertally.agents.runtime.context import Context, log
from bordertally.streams.delivery.metrics import NOBODY
from bordertally.streams.errors import Reason, RefusedError
from bordertally.streams.reports.batching import Sorter
from bordertally.streams.reports.claims import Claims
from bordertally.streams.reports.dead_letters import LetterPosition, make_letter
from bordertally.streams.reports.records import Report
from bordertally.streams.reports.sources import source_of
from bordertally.streams.settings import Hop

PACE_S = 0.025
"""The shortest time between two fetches; the first fetch after a lull is sent at once."""

BATCH_BYTES = 32 * 1024 * 1024
"""A batch takes no more reports when its reports, or its dead letters, have this many bytes: they wait in memory."""

PIECE_BYTES = 256 * 1024
"""The hop checks reports of so many bytes in one go; the slowest reports, of many small claims, take 0.3 us a byte."""

FIRST_REPORTS = 5_000
"""The most reports of the first batch; each may be twice the batch before, so first totals come soon in a backlog."""

BESIDE = frozenset({Hop.LEDGER, Hop.ALERTS, Hop.WEBHOOKS})
BESIDE_S = 3.0
"""The longest time that the intake waits for these hops of the same worker at the start."""

LOOK_S = 0.01
"""Seconds between two checks whether they are ready."""


class Intake(BatchHop):
    """Reads the producers' topics; every report becomes claims or exactly one dead letter on `reports.rejected`."""

    hop = "intake"
    chunk = 2_000

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.size = 0
        self.fuses = Fuses(context)
        self.refused: Counter[str] = Counter()
        self.reviewed: Counter[str] = Counter()  # by source, accepted reports without a certain claim
        self.traces = context.traces.hop()
        self.renew()

    def renew(self) -> None:
        """Use the registry of the context. Called only between two batches, when sorter and statements are empty."""
        self.registry = self.context.registry
        self.sorter = Sorter(self.registry, self.context.limits, self.context.settings.partitions)
        self.statements = Statements(self.context, self.registry)

    def topics(self) -> tuple[str, ...]:
        """The producers' topics."""
        return self.context.topics.every_report

    async def begin(self) -> None:
        """Wait until the other hops of this worker are ready.

        Reading a backlog would slow their start, and a new webhook subscription begins with the records written after
        its hop is ready.
        """
        pace_fetches(self.consumer, PACE_S)
        beside = {hop.value for hop in BESIDE & set(self.context.settings.hops)}
        with suppress(TimeoutError):
            async with asyncio.timeout(BESIDE_S):
                while not beside <= self.context.ready:  # noqa: ASYNC110 - a set has no event, and the wait is short
                    await asyncio.sleep(LOOK_S)

    async def handle(self, batch: Batch) -> Done:
        """Check reports, write their claims and dead letters, and wait for the acknowledgements.

        Reports that have been fetched already join the batch. So batches are small at low traffic and large in a
        backlog: at most twice the batch before, and at most the setting `batch_reports`.
        """
        if self.registry is not self.context.registry:
            self.renew()  # all reports of a batch are checked against one registry
        done: Done = {}
        reached: dict[TopicPartition, int] = {}
        rejects: list[Record] = []
        oldest: dict[TopicPartition, int] = {}
        room = min(self.context.settings.batch_reports, max(FIRST_REPORTS, 2 * self.size))
        counted: Counter[tuple[str, str]] = Counter()
        size = 0
        while batch:
            for tp, records in batch.items():
                size += sum([len(record.value or b"") for record in records])
                self.traces.hear(records)
                refused = await self.sort(tp, records)
                rejects += refused
                oldest.setdefault(tp, records[0].timestamp)
                done[tp], reached[tp] = records[-1].offset + 1, records[-1].timestamp
                counted[tp.topic, "accepted"] += len(records) - len(refused)
                counted[tp.topic, "rejected"] += len(refused)
            await asyncio.sleep(0)  # let other tasks run
            full = max(size, sum(len(reject.value) for reject in rejects)) > BATCH_BYTES
            batch = {} if full else await self.more(reached, room - counted.total())
        self.size = counted.total()
        messages = self.sorter.messages()
        topic, sent, turns = self.context.topics.claims, list[Record](), Turns()
        with self.traces.span("intake", self.size) as trace:
            more = bool(self.waiting) or await self.behind(done)
            headers = [*make_headers(min(oldest.values()), more=more), *trace]
            for at, message in messages:
                sent.append(Record(topic, None, msgspec.msgpack.encode(message), at, headers))
                await turns.give()
            crash_at("intake.sorted")
            await self.context.writer.write([*sent, *self.statements.drain()])
            await write_dead_letters(self.context.writer, rejects)
        self.count(counted, [message for _, message in messages], oldest.values())
        if log.isEnabledFor(logging.DEBUG):
            _log_claims(counted, [message for _, message in messages])
        return done

    def count(self, counted: Counter[tuple[str, str]], messages: Sequence[Claims], oldest: Iterable[int]) -> None:
        """Count a batch in the metrics.

        `counted`: reports by (topic, outcome). `oldest`: for each partition, when its first report arrived, in
        milliseconds since 1970 UTC.
        """
        metrics, now = self.context.metrics, time.time()
        for labels, number in counted.items():
            metrics["reports_total"].labels(*labels).inc(number)
        self.count_sources("accepted", self.sorter.reports())
        self.count_sources("accepted", self.reviewed)
        self.count_sources("rejected", self.refused)
        for (source, kind), number in self.sorter.notices().items():
            label = source if source in self.registry.sources else NOBODY
            metrics["source_notices_total"].labels(label, kind.value).inc(number)
        metrics["claims_sent_total"].inc(sum(message.count for message in messages))
        metrics["batch_reports"].observe(counted.total())
        for arrived in oldest:
            metrics["intake_seconds"].observe(max(0.0, now - arrived / 1000))
        self.fuses.count(messages, self.refused)
        self.refused.clear()
        self.reviewed.clear()

    def count_sources(self, outcome: str, reports: Counter[str]) -> None:
        """Count reports by source; all sources that are not in the registry share one label."""
        known = self.registry.sources
        for source, number in reports.items():
            label = source if source in known else NOBODY
            self.context.metrics["source_reports_total"].labels(label, outcome).inc(number)

    async def idle(self) -> None:
        """Update the fuses: refusals outside their window no longer count."""
        self.fuses.show(time.monotonic())

    async def more(self, reached: dict[TopicPartition, int], room: int) -> Batch:
        """Fetched reports of the partition that is furthest behind, at most `room`, so that flows keep pace.

        `reached`: by partition, the timestamp of the last report in the batch.
        """
        for tp in sorted(self.waiting, key=lambda tp: reached.get(tp, 0)):
            if room > 0 and (batch := await self.fetch(0, min(room, self.chunk), [tp])):
                return batch
        return {}

    async def sort(self, tp: TopicPartition, records: Sequence[Received]) -> list[Record]:
        """Check reports and keep their claims for the next message; returns the dead letters."""
        rejects = []
        self.sorter.turn_to(self.context.topics.kind(tp.topic))
        turns = Turns()
        for piece in pieces(records):
            for record, outcome in self.sorter.add_all(piece):
                try:
                    if isinstance(outcome, RefusedError):
                        raise _unreadable(record) or outcome
                    await self.read_words(tp, record, outcome)
                except RefusedError as error:
                    rejects.append(self.rejected(tp, record, error))
            await turns.give()
        return rejects

    async def read_words(self, tp: TopicPartition, record: Received, report: Report) -> None:
        """Keep the claims of a report in words for the next message. Raises RefusedError."""
        claims = await self.statements.read(tp, record, report)
        self.sorter.add(claims)
        if not claims:
            self.reviewed[report.source] += 1

    def rejected(self, tp: TopicPartition, record: Received, error: RefusedError) -> Record:
        """The dead letter of a refused report: original bytes, key and headers, and the reason as further headers."""
        source = source_of(record.value or b"", self.context.limits.bytes)
        self.refused[source] += 1
        self.context.metrics["rejects_total"].labels(error.reason.value).inc()
        place = LetterPosition(tp.topic, tp.partition, record.offset)
        if log.isEnabledFor(logging.DEBUG):
            fields = {"report": error.report, "source": source, "reason": error.reason.value, "place": str(place)}
            log.debug("intake: report refused: %s", error, extra=fields)
        key, value, headers = make_letter(place, error, source, (record.key, record.value, record.headers))
        return Record(self.context.topics.rejected, key, value, headers=headers)


def pieces(records: Sequence[Received]) -> Iterator[Sequence[Received]]:
    """The records in order, in pieces that end with the record that brings a piece to PIECE_BYTES."""
    ends = list(accumulate([len(record.value or b"") for record in records]))
    first = done = 0
    while first < len(records):
        end = bisect_left(ends, done + PIECE_BYTES, first) + 1
        yield records[first:end]
        first, done = end, ends[min(end, len(ends)) - 1]


def _unreadable(record: Received) -> RefusedError | None:
    """The refusal of a record that stands for an unreadable batch; None for a record of a producer."""
    why = unreadable_reason(record) if record.value is None else None
    return None if why is None else RefusedError(Reason.TOO_LARGE, "$", "", why)


def _log_claims(counted: Counter[tuple[str, str]], messages: Sequence[Claims]) -> None:
    """Log each claim with its report, and the batch; the readings of counters are only counted, as they are many."""
    for claim in (claim for message in messages for claim in message.claims):
        fields = {"report": claim.report, "source": claim.source, "flow": claim.flow, "people": claim.best}
        log.debug("intake: claim taken", extra=fields)
    reports = {f"{topic} {outcome}": number for (topic, outcome), number in sorted(counted.items()) if number}
    log.debug("intake: batch", extra={"reports": reports, "claims": sum(message.count for message in messages)})
