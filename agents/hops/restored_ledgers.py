"""Ledgers built from a table, in a thread, and kept until claims change them.

To build the ledgers of a worker's partitions may take longer than its session lasts, where the processor is busy. Its
partitions are then revoked and assigned again, with the same rows. What is built by then is kept, or the worker would
begin again for ever.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Coroutine, Mapping, Sequence
from typing import Any, TypeVar

from bordertally.agents.kafka.turns import Turns
from bordertally.agents.runtime.context import log
from bordertally.agents.runtime.unreadable import unreadable_row
from bordertally.streams.flows import Flow
from bordertally.streams.ledger.ledger import Ledger
from bordertally.streams.ledger.rows import is_readable

T = TypeVar("T")
Rows = Sequence[tuple[bytes, bytes]]
"""Keys and values of the rows of a partition, in the order in which the table was read, which may differ each time."""


class RestoredLedgers:
    """By partition, the ledger that was built last and the rows behind it, while no claim has changed it."""

    def __init__(self) -> None:
        self._unchanged: dict[int, tuple[dict[bytes, bytes], Ledger]] = {}
        self._turn = asyncio.Lock()  # two threads would only wait for each other
        self._tasks: set[asyncio.Future[Any]] = set()

    async def ledger(self, partition: int, rows: Rows, aliases: Mapping[Flow, Flow]) -> Ledger:
        """The ledger of these rows: the one that is kept, if it is of the same rows and aliases.

        Raises UnreadableRecordError for a row that cannot be read. Goes on when it is cancelled, as Faust does when
        partitions are revoked, so that the ledger is there the next time.
        """
        return await asyncio.shield(self._task(self._built(partition, rows, aliases)))

    async def _built(self, partition: int, rows: Rows, aliases: Mapping[Flow, Flow]) -> Ledger:
        async with self._turn:
            kept = self._unchanged.get(partition)
            if kept is not None and kept[0] == dict(rows) and kept[1].aliases == aliases:
                return kept[1]
            if kept is not None:
                self.drop(partition, self._unchanged.pop(partition)[1])
            ledger = await asyncio.to_thread(restored, partition, rows, aliases)
            self._unchanged[partition] = dict(rows), ledger
            return ledger

    def keep_only(self, partitions: Collection[int]) -> None:
        """Drop the ledgers of other partitions: they are other workers' now."""
        for partition in self._unchanged.keys() - set(partitions):
            self.drop(partition, self._unchanged.pop(partition)[1])

    def changes(self, partition: int) -> None:
        """Note that the ledger of a partition is about to change: it is no longer that of the rows."""
        self._unchanged.pop(partition, None)

    def drop(self, partition: int, ledger: Ledger) -> None:
        """Free the memory of a ledger that is no longer used, in turns with other work, unless it is kept."""
        kept = self._unchanged.get(partition)
        if kept is None or kept[1] is not ledger:
            self._task(_free(ledger))

    def _task(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = asyncio.create_task(work)
        self._tasks.add(task)  # asyncio itself keeps none
        task.add_done_callback(self._tasks.discard)
        return task


def restored(partition: int, rows: Rows, aliases: Mapping[Flow, Flow]) -> Ledger:
    """A ledger built from rows. Raises UnreadableRecordError for a row that cannot be read."""
    try:
        ledger = Ledger.restored(rows, aliases)
    except Exception as error:
        if unreadable := [key for key, value in rows if not is_readable(key, value)]:
            raise unreadable_row("ledger-changelog", unreadable[0]) from error
        raise
    if rows:
        log.info("ledger: partition %d restored from %d rows", partition, len(rows))
    return ledger


async def _free(ledger: Ledger) -> None:
    turns = Turns()
    for _ in ledger.dissolving():
        await turns.give()
