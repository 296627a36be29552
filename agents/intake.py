"""Intake: reports become claims, or rejects with their reason. Stateless; scales with the partitions."""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from functools import cached_property

import msgspec
from aiokafka.structs import ConsumerRecord

from agents.batches import Batch, BatchHop
from agents.publishing import Record
from agents.statements import Statements
from streams.errors import RefusedError
from streams.records import Claim, Claims
from streams.reports import read_report
from streams.topics import Topics, partition_of

log = logging.getLogger("bordertally")
MESSAGE_CLAIMS = 20_000
"""Claims in one message on `claims` at most, so that it stays well below the biggest message a topic takes."""


class Intake(BatchHop):
    """Reads the producers' topics; every report leads to claims or to exactly one record on `reports.rejected`."""

    hop = "intake"

    @cached_property
    def statements(self) -> Statements:
        """What reads reports in words."""
        return Statements(self.context)

    def topics(self) -> tuple[str, ...]:
        """The producers' topics."""
        return self.context.topics.every_report

    async def handle(self, batch: Batch) -> Batch:
        """Check every report of the batch, pass on what came of it, and wait for the acknowledgements."""
        by_partition: dict[int, list[Claim]] = defaultdict(list)
        rejects: list[Record] = []
        outcomes: Counter[tuple[str, str]] = Counter()
        settings, registry, limits = self.context.settings, self.context.registry, self.context.limits
        topics = self.context.topics
        for tp, records in batch.items():
            for record in records:
                try:
                    try:
                        claims = read_report(record.value or b"", registry, record.timestamp / 1000, limits)
                    except RefusedError as error:
                        claims = await self.statements.take(record, error)
                except RefusedError as error:
                    rejects.append(rejected(record, error, topics))
                    outcomes[tp.topic, "rejected"] += 1
                    self.context.metrics["rejects_total"].labels(error.reason.value).inc()
                else:
                    outcomes[tp.topic, "accepted"] += 1
                    for claim in claims:
                        by_partition[partition_of(claim.flow, settings.partitions)].append(claim)
        await self.context.writer.write([*claim_messages(by_partition, topics), *rejects, *self.statements.drain()])
        for (topic, outcome), number in outcomes.items():
            self.context.metrics["reports_total"].labels(topic, outcome).inc(number)
        self.context.metrics["claims_sent_total"].inc(sum(len(claims) for claims in by_partition.values()))
        self.context.metrics["batch_reports"].observe(outcomes.total())
        return batch


def claim_messages(by_partition: dict[int, list[Claim]], topics: Topics) -> list[Record]:
    """One message a partition (more only for very many claims), in order of arrival."""
    return [
        Record(topics.claims, None, msgspec.msgpack.encode(Claims(claims[start : start + MESSAGE_CLAIMS])), partition)
        for partition, claims in sorted(by_partition.items())
        for start in range(0, len(claims), MESSAGE_CLAIMS)
    ]


def rejected(record: ConsumerRecord, error: RefusedError, topics: Topics) -> Record:
    """A dead letter: the original bytes as the value, untouched, and all that is known about them as headers."""
    said = {
        "reason": error.reason.value,
        "field": error.field,
        "value": error.value,
        "why": error.why,
        "report": error.report or "",
        "topic": record.topic,
        "partition": str(record.partition),
        "offset": str(record.offset),
    }
    headers = [(name, text.encode("utf-8", "backslashreplace")) for name, text in said.items()]
    return Record(topics.rejected, record.key, record.value or b"", headers=headers)
