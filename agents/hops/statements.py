"""Statements in the intake: reports in words become claims, and uncertain claims go to the review."""

from __future__ import annotations

import asyncio
import logging
from functools import cached_property
from typing import TYPE_CHECKING

import msgspec
from aiokafka import TopicPartition

from bordertally.agents.kafka.clients import Received
from bordertally.agents.kafka.producer import Record
from bordertally.agents.runtime.context import Context, log
from bordertally.streams.reports.claims import Claim
from bordertally.streams.reports.records import Report
from bordertally.streams.reports.sources import Registry
from bordertally.streams.reports.validation import claims_of
from bordertally.streams.topics import Topic, Topics

if TYPE_CHECKING:
    from bordertally.streams.statements.reports import WordReader, Words
    from bordertally.streams.statements.review import Item


class Statements:
    """Reads the reports in words on the topics that may have them (see Topic.in_words)."""

    def __init__(self, context: Context, registry: Registry) -> None:
        self.context, self.registry = context, registry
        self._topics = {context.topics.reports(kind) for kind in Topic if kind.in_words}
        self._items: list[Item] = []

    @cached_property
    def words(self) -> WordReader:
        """The reader, made for the first statement, because loading its modules and tables is slow."""
        from bordertally.agents.runtime.languages import load_extractor, word_reader  # noqa: PLC0415 - as above

        return word_reader(self.registry, load_extractor(self.context.settings.extractor))

    async def read(self, tp: TopicPartition, record: Received, report: Report) -> list[Claim]:
        """The certain claims of a report in words; the uncertain ones wait for `drain`.

        Raises RefusedError, also on a topic where words are not read: there the report lacks its figures.
        """
        if tp.topic not in self._topics:
            return claims_of(report, self.registry, record.timestamp / 1000, self.context.limits)
        # In a thread, so that heartbeats go on: the first text loads tables, and an extractor may wait for a model.
        words = await asyncio.to_thread(self._read, tp, record, report)
        self._items += words.items
        metric = self.context.metrics["statement_claims_total"]
        metric.labels("certain").inc(len(words.claims))
        metric.labels("review").inc(len(words.items))
        if log.isEnabledFor(logging.DEBUG):
            reports = [*(claim.report for claim in words.claims), *(item.report for item in words.items)]
            fields = {
                "report": reports[0] if reports else None,
                "certain": len(words.claims),
                "review": [item.id for item in words.items],
            }
            log.debug("intake: statement read", extra=fields)
        return words.claims

    def _read(self, tp: TopicPartition, record: Received, report: Report) -> Words:
        gate = self.registry.gate(self.context.topics.kind(tp.topic), record.value or b"", record.headers)
        return self.words.read(report, record.timestamp / 1000, self.context.limits, gate)

    def drain(self) -> list[Record]:
        """The records for the review since the last call."""
        items, self._items = self._items, []
        return [review_record(item, self.context.topics) for item in items]


def review_record(item: Item, topics: Topics) -> Record:
    """The record of an item on the topic of the review."""
    return Record(topics.review, item.id.encode(), msgspec.json.encode(item))
