"""Intake: reports become claims, or rejects with their reason. Stateless; scales with the partitions."""

from __future__ import annotations

from collections import Counter

import msgspec
from aiokafka import TopicPartition

from agents.batches import Batch, BatchHop, Received
from agents.context import Context
from agents.publishing import Record
from streams.errors import RefusedError
from streams.intake import Sorter
from streams.topics import Topics


class Intake(BatchHop):
    """Reads the producers' topics; every report leads to claims or to exactly one record on `reports.rejected`."""

    hop = "intake"

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.sorter = Sorter(context.registry, context.limits, context.settings.partitions)

    def topics(self) -> tuple[str, ...]:
        """The producers' topics."""
        return self.context.topics.every_report

    async def handle(self, batch: Batch) -> Batch:
        """Check every report of the batch, pass on what came of it, and wait for the acknowledgements."""
        metrics, topics = self.context.metrics, self.context.topics
        rejects: list[Record] = []
        accepted: Counter[str] = Counter()
        refused: Counter[str] = Counter()
        take = self.sorter.take
        for tp, records in batch.items():
            before = len(rejects)
            for record in records:
                try:
                    take(record.value or b"", record.timestamp / 1000)
                except RefusedError as error:
                    rejects.append(rejected(tp, record, error, topics))
                    metrics["rejects_total"].labels(error.reason.value).inc()
            refused[tp.topic] += len(rejects) - before
            accepted[tp.topic] += len(records) - (len(rejects) - before)
        messages = self.sorter.messages()
        sent = [Record(topics.claims, None, msgspec.msgpack.encode(one), partition) for partition, one in messages]
        await self.context.writer.write([*sent, *rejects])
        for outcome, numbers in (("accepted", accepted), ("rejected", refused)):
            for topic, number in numbers.items():
                if number:
                    metrics["reports_total"].labels(topic, outcome).inc(number)
        metrics["claims_sent_total"].inc(sum(one.count for _, one in messages))
        metrics["batch_reports"].observe(accepted.total() + refused.total())
        return batch


def rejected(tp: TopicPartition, record: Received, error: RefusedError, topics: Topics) -> Record:
    """A dead letter: the original bytes as the value, untouched, and all that is known about them as headers."""
    said = {
        "reason": error.reason.value,
        "field": error.field,
        "value": error.value,
        "why": error.why,
        "report": error.report or "",
        "topic": tp.topic,
        "partition": str(tp.partition),
        "offset": str(record.offset),
    }
    headers = [(name, text.encode("utf-8", "backslashreplace")) for name, text in said.items()]
    return Record(topics.rejected, record.key, record.value or b"", headers=headers)
