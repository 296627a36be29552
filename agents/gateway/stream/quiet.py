"""Which open alerts nobody is told of, for those clients of the stream that ask: whole, whenever it changes.

It is a state and no record: a silence also ends by itself, and nothing on Kafka says so. So it has no place in the
stream, and who comes back is told anew.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple

import msgspec
from redis.exceptions import RedisError

from bordertally.agents.gateway.stream.client import Chunks, Client
from bordertally.agents.gateway.stream.events import QUIET, RANK, Filter
from bordertally.agents.gateway.stream.hub import Hub
from bordertally.agents.gateway.view import below
from bordertally.agents.runtime.context import log
from bordertally.streams.alerts.records import Alert
from bordertally.streams.alerts.silences import Muted

EVERY_S = 1.0
"""Seconds between two looks, while somebody wants to know."""


class QuietAlert(NamedTuple):
    """An alert that is quiet, and what decides whether a client wants to know of it."""

    id: str
    flow: str
    rank: int
    quiet: Muted


class Quieting:
    """What clients that ask for `quiet` are told."""

    def __init__(self, hub: Hub, find: Callable[[], Awaitable[Sequence[tuple[Alert, Muted]]]]) -> None:
        self.hub, self.find = hub, find
        self.held: list[QuietAlert] | None = None  # None: not known yet
        self._looked = float("-inf")
        self._turn = asyncio.Lock()

    async def run(self) -> None:
        """Look again and again until cancelled."""
        while True:
            await asyncio.sleep(EVERY_S)
            if any(QUIET in wanted.kinds for wanted in self.hub.clients):
                await self.look()

    async def refresh(self) -> None:
        """Look for somebody who is about to join, unless it was just done: a thousand who come back at once are one."""
        async with self._turn:
            if time.monotonic() - self._looked > EVERY_S:
                await self.look()

    async def look(self) -> None:
        """Look once, and tell everybody if it is not as it was. While Redis is away, it is taken to be as it was."""
        self._looked = time.monotonic()
        try:
            found = [
                QuietAlert(alert.id, alert.flow, RANK[alert.severity], quiet) for alert, quiet in await self.find()
            ]
        except (RedisError, OSError, TimeoutError) as error:
            log.debug("gateway: it is not known which alerts are quiet: %s", error)
            return
        if found != self.held:
            self.held = found
            for wanted, clients in list(self.hub.clients.items()):
                if QUIET in wanted.kinds:
                    self.hub.push(clients, Chunks(said(found, wanted)))

    def greet(self, client: Client) -> None:
        """Tell a client that has just joined."""
        if QUIET in client.filter.kinds and self.held is not None:
            self.hub.push({client}, Chunks(said(self.held, client.filter)))


def said(marks: Sequence[QuietAlert], wanted: Filter) -> bytes:
    """The event for clients with a filter. It has no id: their place is where it was."""
    mine = [one for one in marks if one.rank >= wanted.rank and (wanted.flow is None or below(one.flow, wanted.flow))]
    return b"event: quiet\ndata: %b\n\n" % msgspec.json.encode({one.id: one.quiet for one in mine})
