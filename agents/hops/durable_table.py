"""A Faust table whose writes can be waited for until the broker has them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

import faust
from aiokafka.structs import ConsumerRecord
from faust.tables.manager import TableManager

from bordertally.agents.kafka.crash_points import crash_at
from bordertally.agents.kafka.producer import Record
from bordertally.agents.runtime.context import Context


class PromptTables(TableManager):
    """Faust's tables without the second it waits before it looks at them: ours are all known when the app starts."""

    async def on_start(self) -> None:
        """Look at the tables and begin to recover them."""
        await self._update_channels()
        await self.recovery.start()


class DurableTable(faust.Table[bytes, bytes]):
    """Faust queues changelog records and may commit an event's offset before they are acknowledged. `store` waits.

    Call it before acknowledging the event. Keys and values are bytes; Faust reads the changelog back when partitions
    are assigned. The changelog topic is `<name>-changelog`, whatever the app is called: a hop that moves to a worker
    of its own finds its state. It exists already (`bordertally topics --create`).
    """

    @property
    def _context(self) -> Context:
        context: Context = cast("Any", self.app).context
        return context

    def _changelog_topic_name(self) -> str:
        return self._context.topics.changelog(self.name)

    def read_back(self, records: Iterable[ConsumerRecord]) -> None:
        """Take records of the changelog, in order; the consumer calls this for all that it passes on."""
        data = self.data
        for record in records:
            if record.value is None:
                data.pop(record.key, None)
            else:
                data[record.key] = record.value

    def apply_changelog_batch(self, batch: object) -> None:
        """Faust's way to do the same, a record at a time: all of them are here already."""

    async def store(self, rows: Mapping[int, Mapping[bytes, bytes]], beside: Sequence[Record] = ()) -> None:
        """Set rows, by partition, and send records that follow from them.

        Returns when the broker has all of it. Raises KafkaError or TimeoutError.
        """
        topic = self.changelog_topic_name
        changes = [Record(topic, key, value, at) for at, held in rows.items() for key, value in held.items()]
        await self._context.writer.write([*changes, *beside])
        if changes:
            crash_at("table.stored")
        data = self.data
        for held in rows.values():
            for key, value in held.items():
                data[key] = value


def make_table(app: faust.App, name: str, partitions: int) -> DurableTable:
    """A table of bytes; the app's `Table` setting makes it a durable one."""
    table = app.Table(name, partitions=partitions, key_type=bytes, value_type=bytes)
    return cast("DurableTable", table)
