"""Intake: reports become claims, or rejects with their reason. Stateless; scales with the partitions."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress

import msgspec
from aiokafka import TopicPartition

from bordertally.agents.hops.batch_headers import marks
from bordertally.agents.hops.batch_hop import Batch, BatchHop, Done
from bordertally.agents.hops.dead_letters import write_letters
from bordertally.agents.hops.fuses import Fuses
from bordertally.agents.hops.statements import Statements
from bordertally.agents.kafka.crash_points import crash_at
from bordertally.agents.kafka.decompression import unreadable_reason
from bordertally.agents.kafka.pacing import pace_fetches
from bordertally.agents.kafka.producer import Record
from bordertally.agents.kafka.received import Received
from bordertally.agents.runtime.context import Context, log
from bordertally.streams.delivery.metrics import NOBODY
from bordertally.streams.errors import Reason, RefusedError
from bordertally.streams.reports.batching import Sorter
from bordertally.streams.reports.claims import Claims
from bordertally.streams.reports.dead_letters import LetterPosition, make_letter
from bordertally.streams.reports.records import Report
from bordertally.streams.reports.sources import source_of
from bordertally.streams.settings import Hop

PACE_S = 0.008
"""Seconds between two looks for reports at least: the first goes at once, those that follow wait for company."""

REFUSED_BYTES = 32 * 1024 * 1024
"""Bytes of refused reports that a batch may hold before it is closed: they are kept until they are stored."""

FIRST_REPORTS = 5_000
"""Reports of a first batch at most; each may be twice the one before, so a backlog's first totals come soon."""

BESIDE = frozenset({Hop.LEDGER, Hop.ALERTS, Hop.WEBHOOKS})
BESIDE_S = 3.0
"""Seconds that the intake waits at most for these hops beside it, when the worker starts."""

LOOK_S = 0.01
"""Seconds between two looks whether they are ready."""


class Intake(BatchHop):
    """Reads the producers' topics; every report leads to claims or to exactly one record on `reports.rejected`."""

    hop = "intake"
    chunk = 2_000

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.size = 0
        self.fuses = Fuses(context)
        self.refused: Counter[str] = Counter()
        self.reviewed: Counter[str] = Counter()  # taken, and no claim of them certain
        self.traces = context.traces.hop()
        self.renew()

    def renew(self) -> None:
        """Go by the registry as it is now. Between two batches only: nothing waits in what is replaced then."""
        self.registry = self.context.registry
        self.sorter = Sorter(self.registry, self.context.limits, self.context.settings.partitions)
        self.statements = Statements(self.context, self.registry)

    def topics(self) -> tuple[str, ...]:
        """The producers' topics."""
        return self.context.topics.every_report

    async def begin(self) -> None:
        """Let the hops beside it get ready first.

        Reading a backlog would take the time they need for it, and a new subscription begins with what is said once
        its hop is ready.
        """
        pace_fetches(self.consumer, PACE_S)
        beside = {hop.value for hop in BESIDE & set(self.context.settings.hops)}
        with suppress(TimeoutError):
            async with asyncio.timeout(BESIDE_S):
                while not beside <= self.context.ready:  # noqa: ASYNC110 - a set has no event, and it is seldom long
                    await asyncio.sleep(LOOK_S)

    async def handle(self, batch: Batch) -> Done:
        """Check reports, pass on what came of them, and wait for the acknowledgements.

        While more reports are here already, they join the batch: it is small when traffic is low, and in a backlog
        large: up to twice the one before, and the setting `batch_reports`.
        """
        if self.registry is not self.context.registry:
            self.renew()  # a batch is judged by one registry, from its first report to its last
        done: Done = {}
        reached: dict[TopicPartition, int] = {}
        rejects: list[Record] = []
        oldest: dict[TopicPartition, int] = {}
        room = min(self.context.settings.batch_reports, max(FIRST_REPORTS, 2 * self.size))
        counted: Counter[tuple[str, str]] = Counter()
        while batch:
            for tp, records in batch.items():
                self.traces.hear(records)
                refused = await self.sort(tp, records)
                rejects += refused
                oldest.setdefault(tp, records[0].timestamp)
                done[tp], reached[tp] = records[-1].offset + 1, records[-1].timestamp
                counted[tp.topic, "accepted"] += len(records) - len(refused)
                counted[tp.topic, "rejected"] += len(refused)
            await asyncio.sleep(0)  # others may go on
            full = sum(len(one.value) for one in rejects) > REFUSED_BYTES
            batch = {} if full else await self.more(reached, room - counted.total())
        self.size = counted.total()
        messages = self.sorter.messages()
        topic = self.context.topics.claims
        with self.traces.span("intake", self.size) as trace:
            more = bool(self.waiting) or await self.behind(done)
            headers = [*marks(min(oldest.values()), more=more), *trace]
            sent = [Record(topic, None, msgspec.msgpack.encode(one), at, headers) for at, one in messages]
            crash_at("intake.sorted")
            await self.context.writer.write([*sent, *self.statements.drain()])
            await write_letters(self.context.writer, rejects)
        self.count(counted, [one for _, one in messages], oldest.values())
        if log.isEnabledFor(logging.DEBUG):
            _tell(counted, [one for _, one in messages])
        return done

    def count(self, counted: Counter[tuple[str, str]], messages: Sequence[Claims], oldest: Iterable[int]) -> None:
        """Show what was done. `oldest`: by partition, when the first report of the batch arrived, in milliseconds."""
        metrics, now = self.context.metrics, time.time()
        for labels, number in counted.items():
            metrics["reports_total"].labels(*labels).inc(number)
        self.count_sources("accepted", self.sorter.reports())
        self.count_sources("accepted", self.reviewed)
        self.count_sources("rejected", self.refused)
        metrics["claims_sent_total"].inc(sum(one.count for one in messages))
        metrics["batch_reports"].observe(counted.total())
        for arrived in oldest:
            metrics["intake_seconds"].observe(max(0.0, now - arrived / 1000))
        self.fuses.count(messages, self.refused)
        self.refused.clear()
        self.reviewed.clear()

    def count_sources(self, outcome: str, reports: Counter[str]) -> None:
        """Count reports by source; all that are not in the registry are one."""
        known = self.registry.sources
        for source, number in reports.items():
            label = source if source in known else NOBODY
            self.context.metrics["source_reports_total"].labels(label, outcome).inc(number)

    async def idle(self) -> None:
        """Nothing came: what was refused some time ago counts no longer."""
        self.fuses.show(time.monotonic())

    async def more(self, reached: dict[TopicPartition, int], room: int) -> Batch:
        """More reports that are here, of the partition that lies the furthest back: flows keep pace with each other.

        `reached`: by partition, the time of the last report taken.
        """
        for tp in sorted(self.waiting, key=lambda tp: reached.get(tp, 0)):
            if room > 0 and (batch := await self.fetched(0, min(room, self.chunk), [tp])):
                return batch
        return {}

    async def sort(self, tp: TopicPartition, records: Sequence[Received]) -> list[Record]:
        """Check reports and keep their claims for the next message; returns the dead letters."""
        rejects = []
        self.sorter.turn_to(self.context.topics.kind(tp.topic))
        for record, outcome in self.sorter.add_all(records):
            try:
                if isinstance(outcome, RefusedError):
                    raise _unopened(record) or outcome
                await self.read_words(tp, record, outcome)
            except RefusedError as error:
                rejects.append(self.rejected(tp, record, error))
        return rejects

    async def read_words(self, tp: TopicPartition, record: Received, report: Report) -> None:
        """Keep the claims of a report in words for the next message. Raises RefusedError."""
        claims = await self.statements.read(tp, record, report)
        self.sorter.add(claims)
        if not claims:
            self.reviewed[report.source] += 1

    def rejected(self, tp: TopicPartition, record: Received, error: RefusedError) -> Record:
        """A dead letter: the original bytes, key and headers, untouched, and what is known about them as headers."""
        source = source_of(record.value or b"", self.context.limits.bytes)
        self.refused[source] += 1
        self.context.metrics["rejects_total"].labels(error.reason.value).inc()
        place = LetterPosition(tp.topic, tp.partition, record.offset)
        if log.isEnabledFor(logging.DEBUG):
            what = {"report": error.report, "source": source, "reason": error.reason.value, "place": str(place)}
            log.debug("intake: report refused: %s", error, extra=what)
        key, value, headers = make_letter(place, error, source, (record.key, record.value, record.headers))
        return Record(self.context.topics.rejected, key, value, headers=headers)


def _unopened(record: Received) -> RefusedError | None:
    """Why a record is rejected that stands for a batch that was not opened; None for a record of a producer."""
    why = unreadable_reason(record) if record.value is None else None
    return None if why is None else RefusedError(Reason.TOO_LARGE, "$", "", why)


def _tell(counted: Counter[tuple[str, str]], messages: Sequence[Claims]) -> None:
    """Say of each claim which report it is of; readings of counters, which come by the thousand, are only counted."""
    for claim in (claim for one in messages for claim in one.claims):
        what = {"report": claim.report, "source": claim.source, "flow": claim.flow, "people": claim.best}
        log.debug("intake: claim taken", extra=what)
    said = {f"{topic} {outcome}": number for (topic, outcome), number in sorted(counted.items()) if number}
    log.debug("intake: batch", extra={"reports": said, "claims": sum(one.count for one in messages)})
