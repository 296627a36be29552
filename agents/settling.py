"""A hop that is a Faust agent: takes what is here, settles it together, and acknowledges it last."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import faust
from aiokafka.structs import TopicPartition
from faust.agents import Agent
from faust.types import EventT

from agents.consuming import Bundle
from agents.context import Context
from agents.crashing import crash_at


class SettlingHop:
    """Takes bundles of records one at a time, in order, and settles all that are here at once.

    Nothing is awaited between getting a bundle and taking it, so what is taken is of a partition this worker has. A
    bundle is acknowledged only when everything it led to is acknowledged by the broker; until then it comes again, and
    must change nothing then.
    """

    name: str

    def __init__(self, app: faust.App, context: Context, topic: str) -> None:
        self.app, self.context = app, context
        self.events: list[EventT[bytes]] = []
        self.settled = asyncio.Event()
        self.settled.set()
        self.stream: faust.StreamT[bytes] | None = None
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
        """Others go on with these partitions: what is not acknowledged is delivered again."""
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
        queue = cast("Any", stream.channel).queue
        async for event in stream.events():
            try:
                self.take(cast("Bundle", event.message))
                self.events.append(event)
                crash_at(f"{self.name}.taken")
                if queue.empty() or self.full:
                    await self._settle(stream)
            except Exception as error:  # noqa: BLE001 - whatever it is, the event must come again
                self.context.die(f"the {self.name} hop failed", error)

    async def _settle(self, stream: faust.StreamT[bytes]) -> None:
        events, self.events = self.events, []
        self.settled.clear()
        await self.settle()
        crash_at(f"{self.name}.settled")
        await self._acknowledge(stream, events)
        self.settled.set()
        crash_at(f"{self.name}.acknowledged")

    async def finish(self) -> None:
        """Settle what has been taken; nothing more may be handed over meanwhile."""
        if self.events and self.stream is not None:
            await self._settle(self.stream)

    async def _acknowledge(self, stream: faust.StreamT[bytes], events: list[EventT[bytes]]) -> None:
        for event in events:
            message = event.message
            await stream.ack(event)
            self.context.progress[self.name, message.topic, message.partition] = message.offset + 1
