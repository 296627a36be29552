"""A Faust table whose writes can be waited for until the broker has them."""

from __future__ import annotations

import asyncio
from typing import Any

import faust
from faust.types import FutureMessage


class DurableTable(faust.Table):  # type: ignore[misc]
    """Faust queues changelog records and may commit an event's offset before they are acknowledged.

    `acknowledged` closes that gap: call it before acknowledging the event. Keys and values are bytes.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._unacknowledged: list[FutureMessage[Any]] = []

    def send_changelog(self, *args: Any, **kwargs: Any) -> FutureMessage[Any]:
        """Remember what was sent."""
        sent: FutureMessage[Any] = super().send_changelog(*args, **kwargs)
        self._unacknowledged.append(sent)
        return sent

    async def acknowledged(self, timeout_s: float) -> None:
        """Wait for the broker's acknowledgement of every write so far. Raises KafkaError or TimeoutError."""
        sent, self._unacknowledged = self._unacknowledged, []
        if sent:
            async with asyncio.timeout(timeout_s):
                await asyncio.gather(*sent)


def durable_table(app: faust.App, name: str, partitions: int, changelog: str) -> DurableTable:
    """A table of bytes with its changelog on a topic that exists already (`bordertally topics --create`)."""
    table: DurableTable = app.Table(name, partitions=partitions, key_type=bytes, value_type=bytes)
    table.changelog_topic = app.topic(
        changelog,
        key_type=bytes,
        value_type=bytes,
        partitions=partitions,
        compacting=True,
        acks=False,
        internal=True,
        allow_empty=True,
        maxsize=131_072,
    )
    return table
