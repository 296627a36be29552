"""Serving a client that comes back: everything from its place on, then on to the hub without a gap."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence

from bordertally.agents.gateway.stream.events import Event, Filter, event_of, frame
from bordertally.agents.gateway.stream.hub import Hub
from bordertally.streams.delivery.stream_position import PlaceText

Write = Callable[[bytes], Awaitable[None]]
CHUNK = 200
AT_ONCE = 4
"""Clients at most that are served from Kafka at once; the others wait."""

AHEAD_S = 30.0
"""Seconds that a client waits at most whose last gateway has read further than this one."""

TURNS = 5
"""A client that has to be served from Kafka more often than this cannot keep up."""


class TooSlowError(Exception):
    """What the client has yet to get is not in memory any more."""


class CatchUp:
    """Takes clients from their place to the hub's."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self._few = asyncio.Semaphore(AT_ONCE)

    async def known(self, offsets: Sequence[int]) -> bool:
        """Whether a place is one of these topics: not beyond their ends, as after they were made anew."""
        if all(given <= here for given, here in zip(offsets, self.hub.place.offsets, strict=True)):
            return True
        consumer = self.hub.consumer()
        try:
            await consumer.start()
            ends = await consumer.end_offsets(self.hub.partitions)
        finally:
            await consumer.stop()
        here = zip(offsets, self.hub.partitions, self.hub.place.offsets, strict=True)
        return all(given <= max(ends[tp], at) for given, tp, at in here)

    async def serve(self, mine: PlaceText, wanted: Filter, write: Write) -> None:
        """Write everything from `mine` on; on return nothing is missing up to the hub's place of that moment.

        Every event carries the client's own place, which is never before what it has got. Raises TooSlowError.
        """
        for _ in range(TURNS):
            behind = [slot for slot, offset in enumerate(mine.offsets) if offset < self.hub.floor[slot]]
            if behind:
                async with self._few:
                    await self._from_kafka(behind, mine, wanted, write)
            if await self.from_memory(self.hub.first, mine, wanted, write):
                return
        raise TooSlowError

    async def _from_kafka(self, behind: Sequence[int], mine: PlaceText, wanted: Filter, write: Write) -> None:
        """What is not in memory any more."""
        hub = self.hub
        goal = {slot: hub.place.offsets[slot] for slot in behind}
        slot_of = {hub.partitions[slot]: slot for slot in behind}
        consumer = hub.consumer()
        try:
            await consumer.start()
            consumer.assign(list(slot_of))
            for tp, slot in slot_of.items():
                consumer.seek(tp, mine.offsets[slot])
            while any(mine.offsets[slot] < goal[slot] for slot in behind):
                batch = await consumer.getmany(timeout_ms=250, max_records=CHUNK)
                events = []
                for tp, records in batch.items():
                    slot = slot_of[tp]
                    made = (event_of(slot, hub.slots[slot].kind, record) for record in records)
                    events += [event for event in made if event is not None]
                await self._write(events, mine, wanted, write)
                for tp, slot in slot_of.items():  # over what was compacted away at the end of what there is
                    mine.reach(slot, await consumer.position(tp))
        finally:
            await consumer.stop()

    async def from_memory(self, number: int, mine: PlaceText, wanted: Filter, write: Write) -> bool:
        """What the hub holds from an event on, until nothing is left; False when some went while it was written."""
        hub, deadline = self.hub, time.monotonic() + AHEAD_S
        while number >= hub.first and all(at >= low for at, low in zip(mine.offsets, hub.floor, strict=True)):
            start = number - hub.first
            events = hub.events[start : start + CHUNK]
            if events:
                await self._write(events, mine, wanted, write)
                number += len(events)
            elif all(at <= here for at, here in zip(mine.offsets, hub.place.offsets, strict=True)):
                return True
            elif time.monotonic() > deadline:
                raise TooSlowError
            else:
                await asyncio.sleep(0.02)
        return False

    async def _write(self, events: Sequence[Event], mine: PlaceText, wanted: Filter, write: Write) -> None:
        parts, sent = [], Counter[str]()
        for event in events:
            if event.offset >= mine.offsets[event.slot]:
                mine.reach(event.slot, event.offset + 1)
                if wanted.wants(event):
                    parts.append(frame(mine.text, event.body))
                    sent[event.kind] += 1
        if parts:
            await write(b"".join(parts))
            self.hub.sent.update(sent)
