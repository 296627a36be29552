"""A Faust table that can wait until the broker has acknowledged its writes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, NoReturn, cast

import faust
from aiokafka.structs import ConsumerRecord
from faust.tables.manager import TableManager

from bordertally.agents.kafka.crash_points import crash_at
from bordertally.agents.kafka.fencing import FENCE_KEY
from bordertally.agents.kafka.producer import Record
from bordertally.agents.runtime.context import Context, log
from bordertally.agents.runtime.unreadable import place_of, unreadable_record
from bordertally.streams.ledger.rows import ROW_HEADER, row_mark
from bordertally.streams.topics import header


class PromptTables(TableManager):
    """Faust's table manager without its initial wait of a second: all tables are known when the app starts."""

    async def on_start(self) -> None:
        """Find the tables and begin to recover them."""
        await self._update_channels()
        await self.recovery.start()


class DurableTable(faust.Table[bytes, bytes]):
    """A table of bytes whose `store` returns when the changelog records are acknowledged.

    Faust only queues changelog records, and may commit an event's offset before they are acknowledged; so call `store`
    before acknowledging the event. Faust restores the table from the changelog when partitions are assigned. The
    changelog topic is `<name>-changelog` whatever the app is called, so a hop that moves to a worker of its own finds
    its state. The topic exists already (`bordertally topics --create`).
    """

    @property
    def _context(self) -> Context:
        context: Context = cast("Any", self.app).context
        return context

    def _changelog_topic_name(self) -> str:
        return self._context.topics.changelog(self.name)

    def read_back(self, records: Iterable[ConsumerRecord]) -> None:
        """Apply records of the changelog, in order; the consumer calls this for every fetch of the changelog.

        A record that is no row of its key ends the process: its header says whose value it is. Rows of versions before
        0.2 have no header; they come before all others of their partition.
        """
        data, skipped, marked = self.data, self._context.settings.skip_records, self._marked
        for record in records:
            if skipped and place_of((record.topic, record.partition), record) in skipped:
                log.error("%s: the record %s is skipped", self.name, place_of((record.topic, record.partition), record))
                continue
            key, value = record.key or b"", record.value
            if key == FENCE_KEY:
                continue
            mark = header(record.headers, ROW_HEADER)
            if mark is None:
                if record.partition in marked or value is None:
                    self._refuse(record, "it has no header that says whose row it is, so another program wrote it")
            elif value is None or mark != row_mark(key, value):
                self._refuse(record, "it is the row of another key")
            else:
                marked.add(record.partition)
            data[key] = value

    def _refuse(self, record: ConsumerRecord, why: str) -> NoReturn:
        error = unreadable_record((record.topic, record.partition), record, why)
        self._context.die(f"the table of the {self.name} hop cannot be restored", error)

    @cached_property
    def _marked(self) -> set[int]:
        """The partitions of which a record with the header was read."""
        return set()

    def apply_changelog_batch(self, batch: object) -> None:
        """Do nothing: Faust's own way to apply records comes after `read_back` has applied them."""

    async def store(self, rows: Mapping[int, Mapping[bytes, bytes]], beside: Sequence[Record] = ()) -> None:
        """Set rows, by partition, and send the records `beside` them in the same write.

        Returns when the broker has acknowledged all records. Raises as `Writer.write`.
        """
        topic = self.changelog_topic_name
        changes = [
            Record(topic, key, value, at, [(ROW_HEADER, row_mark(key, value))])
            for at, changed in rows.items()
            for key, value in changed.items()
        ]
        await self._context.writer.write([*changes, *beside])
        if changes:
            crash_at("table.stored")
        data = self.data
        for changed in rows.values():
            for key, value in changed.items():
                data[key] = value


def make_table(app: faust.App, name: str, partitions: int) -> DurableTable:
    """A durable table of the app, whose setting `Table` is DurableTable."""
    table = app.Table(name, partitions=partitions, key_type=bytes, value_type=bytes)
    return cast("DurableTable", table)
