"""A Faust table whose writes can be waited for until the broker has them."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import faust
from faust.types import FutureMessage

from agents.context import Context


class DurableTable(faust.Table[bytes, bytes]):
    """Faust queues changelog records and may commit an event's offset before they are acknowledged.

    `acknowledged` closes that gap: call it before acknowledging the event. Keys and values are bytes.
    The changelog topic is `<name>-changelog`, whatever the app is called: a hop that moves to a worker of its own finds
    its state. It exists already (`bordertally topics --create`).
    """

    def _changelog_topic_name(self) -> str:
        context: Context = cast("Any", self.app).context
        return context.topics.changelog(self.name)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._unacknowledged: list[FutureMessage] = []

    def send_changelog(self, *args: Any, **kwargs: Any) -> FutureMessage:
        """Remember what was sent."""
        sent: FutureMessage = super().send_changelog(*args, **kwargs)
        self._unacknowledged.append(sent)
        return sent

    async def acknowledged(self, timeout_s: float) -> None:
        """Wait for the broker's acknowledgement of every write so far. Raises KafkaError or TimeoutError."""
        sent, self._unacknowledged = self._unacknowledged, []
        if sent:
            async with asyncio.timeout(timeout_s):
                await asyncio.gather(*sent)


def make_table(app: faust.App, name: str, partitions: int) -> DurableTable:
    """A table of bytes; the app's `Table` setting makes it a durable one."""
    table = app.Table(name, partitions=partitions, key_type=bytes, value_type=bytes)
    return cast("DurableTable", table)
