"""The base of hops that are Faust agents: they add records to memory, flush them together and acknowledge last.

A flush is most of the work, and its cost depends little on the number of records. So a hop may delay its flush, by a
timer, to flush more records at once (see docs/decisions/0081).
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, cast

import faust
from aiokafka.structs import TopicPartition
from faust.agents import Agent
from faust.types import EventT

from bordertally.agents.kafka.crash_points import crash_at
from bordertally.agents.kafka.faust_consumer import Bundle
from bordertally.agents.kafka.fencing import Epoch, Fenced, LateWriteError
from bordertally.agents.kafka.turns import Turns
from bordertally.agents.runtime.context import Context, log

FENCE_AGAIN_S = 24 * 3600.0
"""Seconds after which a hop fences its partitions again: Kafka forgets an epoch that nobody has asked for in 7 days."""

REPLACED_SESSIONS = 3
"""Session timeouts after which a worker whose writes are refused ends, if its group has not told it to rejoin."""


class FlushingHop:
    """Adds bundles of records in order, one at a time, and flushes all waiting bundles together.

    A bundle is skipped if its partition was revoked while it waited. A bundle is acknowledged only when the broker has
    acknowledged everything that follows from it; until then it may be delivered again, so `add` must be idempotent.

    A worker that was cut off or starved for longer than its session learns of it by a refused write. It then adds and
    flushes nothing until its group revokes its partitions, which empties the memory.
    """

    name: str

    def __init__(self, app: faust.App, context: Context, topic: str) -> None:
        self.app, self.context, self.topic = app, context, topic
        self.events: list[EventT[bytes]] = []  # in memory, not flushed
        self.flushed: list[EventT[bytes]] = []  # to be acknowledged with the results that the flushes held back
        self.stream: faust.StreamT[bytes] | None = None
        self.revocations = 0  # how often partitions were revoked
        self._turn = asyncio.Lock()  # the agent, the timer, a revocation and the end of the worker take turns
        self._flushed_at = -math.inf  # the first flush is due at once, also when the clock is near 0
        self._timer: asyncio.Task[None] | None = None
        self.epochs: dict[int, Epoch] = {}  # of the partitions of the table, since they were fenced last
        self._fenced: Sequence[int] = ()
        self._fenced_at = math.inf
        self._replaced: asyncio.Task[None] | None = None  # from a refused write to the revocation of the partitions
        context.reads(self.name, [topic])
        count = context.settings.partitions
        channel = app.topic(topic, key_type=bytes, value_type=bytes, partitions=count)
        self.agent = Agent(  # without Faust's decorator, which searches all modules for its caller
            self.run, name=self.name, app=app, channel=channel, concurrency=1, on_error=self.failed
        )
        app.agents[self.name] = self.agent
        app.on_partitions_revoked.connect(cast("Any", self.revoked))

    def adding(self, bundle: Bundle) -> Iterator[None]:
        """Add the records of a bundle to memory, a piece a step."""
        raise NotImplementedError

    def add(self, bundle: Bundle) -> None:
        """Add the records of a bundle to memory at once."""
        deque(self.adding(bundle), 0)

    @property
    def full(self) -> bool:
        """Whether so many records are in memory that a flush is due, even if more records wait."""
        raise NotImplementedError

    def patience_s(self) -> float:
        """The shortest time from one flush to the next, in seconds, unless the hop is full."""
        return 0.0

    async def flush(self) -> None:
        """Store and publish the results of the records in memory; returns when the broker has acknowledged them.

        Results that are not yet due may be held back (see `held_s`).
        """
        raise NotImplementedError

    def held_s(self) -> float | None:
        """Seconds until results that flushes have held back are due: the next flush publishes them. None without any.

        The records that they follow from are acknowledged only then.
        """
        return None

    def hasten(self) -> None:
        """Make results that were held back due now."""

    def forget(self) -> None:
        """Forget the records in memory, and all state that other workers may change now; called after a revocation."""
        raise NotImplementedError

    def written_alone(self) -> Sequence[str]:
        """The topics beside the changelog of whose partitions each has one writer, the worker with this partition."""
        return ()

    async def fence(self, partitions: Iterable[int]) -> None:
        """Let brokers refuse what the former workers of these partitions still write; ends the process if this fails.

        Called before the table of the partitions is read.
        """
        self._fenced, self._fenced_at, self.epochs = sorted(partitions), time.monotonic(), {}
        if not self._fenced:
            return
        changelog, beside = self.context.topics.changelog(self.name), self.written_alone()
        try:
            self.epochs = await self.context.writer.fence(
                [Fenced(changelog, partition, beside) for partition in self._fenced]
            )
        except Exception as error:  # noqa: BLE001 - whatever it is, late writes of other workers would count
            self.context.die(f"the partitions of the {self.name} hop cannot be fenced", error)
        if not self.epochs:
            log.info("%s: this broker keeps no producer epochs, so late writes of other workers count", self.name)

    async def recovered(self) -> None:
        """Build state from the restored tables; called before records flow. Long work must yield, for heartbeats."""
        raise NotImplementedError

    async def revoked(self, _app: object, revoked: set[TopicPartition], *_: object, **__: object) -> None:
        """Finish the flush in progress and forget the rest, which is delivered again to the partitions' new workers.

        They begin when this returns. A write that was still in progress then would come after theirs.
        """
        self.revocations += 1
        async with self._turn:
            replaced, self._replaced = self._replaced, None
            if replaced is not None:
                replaced.cancel()
            self.events.clear()
            self.flushed.clear()
            self.forget()
        for tp in revoked:
            self.context.progress.pop((self.name, tp.topic, tp.partition), None)

    async def failed(self, agent: object, error: BaseException) -> None:
        """End the process, without acknowledging: Faust could not hand over an event, or the agent raised."""
        if not isinstance(error, asyncio.CancelledError):
            self.context.die(f"{agent} failed", error)

    async def run(self, stream: faust.StreamT[bytes]) -> None:
        """Run the agent. Faust's own acknowledgements are off: Faust acknowledges events even after an error."""
        stream.enable_acks = False
        self.stream = stream
        try:
            async for event in stream.events():
                await self._got(event, stream)
        finally:
            timer, self._timer = self._timer, None
            if timer is not None:
                timer.cancel()

    async def _got(self, event: EventT[bytes], stream: faust.StreamT[bytes]) -> None:
        revocations = self.revocations
        try:
            async with self._turn:
                if revocations != self.revocations or self._replaced is not None:
                    return  # revoked while it waited, or about to be: the bundle is delivered again
                turns = Turns()  # a bundle of thousands of new flows takes a while
                for _ in self.adding(cast("Bundle", event.message)):
                    await turns.give()
                self.events.append(event)
                crash_at(f"{self.name}.added")
                last = cast("Any", stream.channel).queue.empty()
                if self.full or (last and self._wait_s() <= 0):
                    await self._flush(stream)
                elif last:
                    self._start_timer(stream)
        except Exception as error:  # noqa: BLE001 - whatever it is, the event must be delivered again
            self.context.die(f"the {self.name} hop failed", error)

    def _wait_s(self) -> float:
        """Seconds until a flush is due; 0 or less when it is due, or when there is nothing to flush."""
        if not self.events:
            return self.held_s() or 0.0
        return self._flushed_at + self.patience_s() - time.monotonic()

    def _start_timer(self, stream: faust.StreamT[bytes]) -> None:
        if self._timer is None:
            self._timer = asyncio.create_task(self._flush_in_time(stream))

    async def _flush_in_time(self, stream: faust.StreamT[bytes]) -> None:
        """Flush when the wait is over, in case no further bundle causes a flush before."""
        try:
            left_s = self._wait_s()
            while left_s > 0:
                await asyncio.sleep(left_s)
                left_s = self._wait_s()  # another flush may have happened, and more records may have come
            async with self._turn:
                self._timer = None  # the flush may start another
                if self.events or self.held_s() is not None:
                    await self._flush(stream)
        except Exception as error:  # noqa: BLE001 - as in the agent
            self.context.die(f"the {self.name} hop failed", error)
        finally:
            if self._timer is asyncio.current_task():
                self._timer = None

    async def _flush(self, stream: faust.StreamT[bytes]) -> None:
        if self._replaced is not None:
            return
        if time.monotonic() > self._fenced_at + FENCE_AGAIN_S:
            await self.fence(self._fenced)
        events, self.events = self.events, []
        try:
            await self.flush()
        except LateWriteError as error:
            log.warning("%s: %s; it waits until its partitions are reassigned", self.name, error)
            self._replaced = asyncio.create_task(self._expect_revocation(error))
            return
        self.flushed += events
        crash_at(f"{self.name}.flushed")
        if self.held_s() is None:
            await self._acknowledge(stream)
        else:
            self._start_timer(stream)
        self._flushed_at = time.monotonic()
        crash_at(f"{self.name}.acknowledged")

    async def _expect_revocation(self, error: LateWriteError) -> None:
        """End the process unless the partitions are revoked soon: then only this worker's group does not know."""
        await asyncio.sleep(REPLACED_SESSIONS * self.context.settings.session_timeout_s)
        self.context.die(f"the {self.name} hop failed", error)

    async def finish(self) -> None:
        """Flush the records in memory, and what was held back; no bundle may be handed over meanwhile."""
        async with self._turn:
            await self._finish()

    async def _finish(self) -> None:
        self.hasten()
        if (self.events or self.held_s() is not None) and self.stream is not None:
            await self._flush(self.stream)

    async def _acknowledge(self, stream: faust.StreamT[bytes]) -> None:
        events, self.flushed = self.flushed, []
        for event in events:
            message = event.message
            await stream.ack(event)
            self.context.progress[self.name, message.topic, message.partition] = message.offset + 1
