"""Statements on their way through the intake: words become claims, and what is not certain goes to the review."""

from __future__ import annotations

import asyncio
import logging
from functools import cached_property
from typing import TYPE_CHECKING

import msgspec
from aiokafka import TopicPartition

from bordertally.agents.kafka.producer import Record
from bordertally.agents.kafka.received import Received
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
    """Reads the reports in words, on the topics where there are any."""

    def __init__(self, context: Context, registry: Registry) -> None:
        self.context, self.registry = context, registry
        self._topics = {context.topics.reports(kind) for kind in Topic if kind.in_words}
        self._items: list[Item] = []

    @cached_property
    def words(self) -> WordReader:
        """The reader, made when the first statement comes: its modules and tables take a moment."""
        from bordertally.agents.runtime.languages import load_extractor, word_reader  # noqa: PLC0415 - only then

        return word_reader(self.registry, load_extractor(self.context.settings.extractor))

    async def read(self, tp: TopicPartition, record: Received, report: Report) -> list[Claim]:
        """The claims of a report in words; what is not certain waits for `drain`.

        On a topic where words are not read, they are rejected for want of figures. Raises RefusedError.
        """
        if tp.topic not in self._topics:
            return claims_of(report, self.registry, record.timestamp / 1000, self.context.limits)
        # In a thread: the first text waits for the tables of its language, an extractor for a model; heartbeats go on.
        words = await asyncio.to_thread(self._read, tp, record, report)
        self._items += words.items
        found = self.context.metrics["statement_claims_total"]
        found.labels("certain").inc(len(words.claims))
        found.labels("review").inc(len(words.items))
        if log.isEnabledFor(logging.DEBUG):
            names = [*(one.report for one in words.claims), *(one.report for one in words.items)]
            what = {
                "report": names[0] if names else None,
                "certain": len(words.claims),
                "review": [one.id for one in words.items],
            }
            log.debug("intake: statement read", extra=what)
        return words.claims

    def _read(self, tp: TopicPartition, record: Received, report: Report) -> Words:
        gate = self.registry.gate(self.context.topics.kind(tp.topic), record.value or b"", record.headers)
        return self.words.read(report, record.timestamp / 1000, self.context.limits, gate)

    def drain(self) -> list[Record]:
        """The records for the review since the last time."""
        items, self._items = self._items, []
        return [review_record(one, self.context.topics) for one in items]


def review_record(item: Item, topics: Topics) -> Record:
    """An item as a record on the review's topic."""
    return Record(topics.review, item.id.encode(), msgspec.json.encode(item))
