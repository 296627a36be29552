"""A hop that is a Faust agent: takes what is here, settles it together, and acknowledges it last.

To settle is most of the work, and costs little more for much than for little. So a hop may ask for patience: what was
taken waits for company then, by a timer, since nothing more may come.
"""

from __future__ import annotations

import asyncio
import math
import time
from typing import Any, cast

import faust
from aiokafka.structs import TopicPartition
from faust.agents import Agent
from faust.types import EventT

from bordertally.agents.kafka.crash_points import crash_at
from bordertally.agents.kafka.faust_consumer import Bundle
from bordertally.agents.runtime.context import Context


class SettlingHop:
    """Takes bundles of records one at a time, in order, and settles all that are here at once.

    What is taken is of a partition this worker has: a bundle that waited while partitions were given away is left. It
    is acknowledged only when everything it led to is acknowledged by the broker; until then it comes again, and must
    change nothing then.
    """

    name: str

    def __init__(self, app: faust.App, context: Context, topic: str) -> None:
        self.app, self.context = app, context
        self.events: list[EventT[bytes]] = []
        self.stream: faust.StreamT[bytes] | None = None
        self.revocations = 0  # how often partitions were given anew
        self._turn = asyncio.Lock()  # the agent, the timer, and whoever ends what they do take turns
        self._settled_at = -math.inf  # none yet: the first is due at once, also where the clock has only begun
        self._timer: asyncio.Task[None] | None = None
        count = context.settings.partitions
        channel = app.topic(topic, key_type=bytes, value_type=bytes, partitions=count)
        self.agent = Agent(  # not by Faust's decorator, which looks through all modules for where it stands
            self.run, name=self.name, app=app, channel=channel, concurrency=1, on_error=self.failed
        )
        app.agents[self.name] = self.agent
        app.on_partitions_revoked.connect(cast("Any", self.revoked))

    def take(self, bundle: Bundle) -> None:
        """Take records into memory."""
        raise NotImplementedError

    @property
    def full(self) -> bool:
        """Whether so much has been taken that it is to be settled, whatever else is here."""
        raise NotImplementedError

    def patience_s(self) -> float:
        """Seconds from one settling to the next at least, unless so much has been taken that the hop is full."""
        return 0.0

    async def settle(self) -> None:
        """Store and say what came of all that was taken; returns when the broker has it."""
        raise NotImplementedError

    def forget(self) -> None:
        """Partitions went to other workers: forget what was taken, and whatever others may change now."""
        raise NotImplementedError

    async def recovered(self) -> None:
        """Tables are read back, and nothing flows yet. What takes long lets others go on: signs of life are due."""
        raise NotImplementedError

    async def revoked(self, _app: object, revoked: set[TopicPartition], *_: object, **__: object) -> None:
        """Others go on with these partitions: what is not acknowledged is delivered again.

        They do when this returns. So what is being written is written before, or it would follow what they write; and
        nothing more is taken.
        """
        self.revocations += 1
        async with self._turn:
            self.events.clear()
            self.forget()
        for tp in revoked:
            self.context.progress.pop((self.name, tp.topic, tp.partition), None)

    async def failed(self, agent: object, error: BaseException) -> None:
        """Faust could not hand an event over, or the agent raised: do not acknowledge it, nor start the agent again."""
        if not isinstance(error, asyncio.CancelledError):
            self.context.die(f"{agent} failed", error)

    async def run(self, stream: faust.StreamT[bytes]) -> None:
        """The agent. An event is never acknowledged by Faust, which would do so even when this raised."""
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
                if revocations != self.revocations:  # while it waited: it is delivered again, here or elsewhere
                    return
                self.take(cast("Bundle", event.message))
                self.events.append(event)
                crash_at(f"{self.name}.taken")
                last = cast("Any", stream.channel).queue.empty()
                if self.full or (last and self._wait_s() <= 0):
                    await self._settle(stream)
                elif last and self._timer is None:
                    self._timer = asyncio.create_task(self._settle_in_time(stream))
        except Exception as error:  # noqa: BLE001 - whatever it is, the event must come again
            self.context.die(f"the {self.name} hop failed", error)

    def _wait_s(self) -> float:
        """Seconds for which what was taken is still to wait for company; none or fewer when it is due."""
        return self._settled_at + self.patience_s() - time.monotonic()

    async def _settle_in_time(self, stream: faust.StreamT[bytes]) -> None:
        """Settle what was taken when it has waited long enough, should nothing have come that led to it."""
        try:
            left_s = self._wait_s()
            while left_s > 0:
                await asyncio.sleep(left_s)
                left_s = self._wait_s()  # all that waited may have been settled meanwhile, and more have come
            async with self._turn:
                if self.events:
                    await self._settle(stream)
        except Exception as error:  # noqa: BLE001 - as in the agent
            self.context.die(f"the {self.name} hop failed", error)
        finally:
            self._timer = None

    async def _settle(self, stream: faust.StreamT[bytes]) -> None:
        events, self.events = self.events, []
        await self.settle()
        crash_at(f"{self.name}.settled")
        await self._acknowledge(stream, events)
        self._settled_at = time.monotonic()
        crash_at(f"{self.name}.acknowledged")

    async def finish(self) -> None:
        """Settle what has been taken; nothing more may be handed over meanwhile."""
        async with self._turn:
            if self.events and self.stream is not None:
                await self._settle(self.stream)

    async def _acknowledge(self, stream: faust.StreamT[bytes], events: list[EventT[bytes]]) -> None:
        for event in events:
            message = event.message
            await stream.ack(event)
            self.context.progress[self.name, message.topic, message.partition] = message.offset + 1
