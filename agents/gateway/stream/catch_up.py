"""Catch-up of a reconnecting client: every event from its position on, then the hub's events without a gap."""

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
"""The most clients served from Kafka at once; others wait."""

AHEAD_S = 30.0
"""The most seconds a client waits when its previous gateway had read further than this gateway."""

TURNS = 5
"""Rounds of catch-up from Kafka after which a client counts as too slow."""


class TooSlowError(Exception):
    """The client is too slow: its next events have left the memory."""


class CatchUp:
    """Brings clients from their position to the hub's."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def is_known(self, offsets: Sequence[int]) -> bool:
        """Whether offsets lie within the topics; offsets beyond the end come from topics deleted since."""
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

    async def serve(self, position: PlaceText, wanted: Filter, write: Write) -> None:
        """Write every event from `position` up to the hub's position at return, and advance `position`.

        Every event carries the client's own position as its id. Raises TooSlowError.
        """
        for _ in range(TURNS):
            behind = [slot for slot, offset in enumerate(position.offsets) if offset < self.hub.floor[slot]]
            if behind:
                async with self._turns:
                    await self._from_kafka(behind, position, wanted, write)
            if await self.from_memory(self.hub.first, position, wanted, write):
                return
        raise TooSlowError

    async def _from_kafka(self, behind: Sequence[int], position: PlaceText, wanted: Filter, write: Write) -> None:
        """Write the events of the slots `behind` that have left the memory."""
        hub = self.hub
        goal = {slot: hub.place.offsets[slot] for slot in behind}
        slot_of = {hub.partitions[slot]: slot for slot in behind}
        consumer = hub.consumer()
        try:
            await consumer.start()
            consumer.assign(list(slot_of))
            for tp, slot in slot_of.items():
                consumer.seek(tp, position.offsets[slot])
            while any(position.offsets[slot] < goal[slot] for slot in behind):
                batch = await consumer.getmany(timeout_ms=250, max_records=CHUNK)
                events = []
                for tp, records in batch.items():
                    slot = slot_of[tp]
                    decoded = (event_of(slot, hub.slots[slot].kind, record) for record in records)
                    events += [event for event in decoded if event is not None]
                await self._write(events, position, wanted, write)
                for tp, slot in slot_of.items():  # pass offsets that compaction removed at the end of the log
                    position.reach(slot, await consumer.position(tp))
        finally:
            await consumer.stop()

    async def from_memory(self, number: int, position: PlaceText, wanted: Filter, write: Write) -> bool:
        """Write the hub's events from `number` on until none is left; False when the hub dropped some meanwhile.

        Raises TooSlowError when the hub stays behind `position` for `AHEAD_S` seconds.
        """
        hub, deadline = self.hub, time.monotonic() + AHEAD_S
        while number >= hub.first and all(at >= low for at, low in zip(position.offsets, hub.floor, strict=True)):
            start = number - hub.first
            events = hub.events[start : start + CHUNK]
            if events:
                await self._write(events, position, wanted, write)
                number += len(events)
            elif all(at <= here for at, here in zip(position.offsets, hub.place.offsets, strict=True)):
                return True
            elif time.monotonic() > deadline:
                raise TooSlowError
            else:
                await asyncio.sleep(0.02)
        return False

    async def _write(self, events: Sequence[Event], position: PlaceText, wanted: Filter, write: Write) -> None:
        parts, sent = [], Counter[str]()
        for event in events:
            if event.offset >= position.offsets[event.slot]:
                position.reach(event.slot, event.offset + 1)
                if wanted.wants(event):
                    parts.append(frame(position.text, event.body))
                    sent[event.kind] += 1
        if parts:
            await write(b"".join(parts))
            self.hub.sent.update(sent)
