"""The list of muted open alerts, for clients of the stream that ask for it; sent whole whenever the list changes.

The list is a state, not a record: a silence expires without a record on Kafka. So the event has no position, and a
reconnecting client gets the list again.
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
from bordertally.agents.runtime.context import log
from bordertally.streams.alerts.records import Alert
from bordertally.streams.alerts.silences import Muted
from bordertally.streams.flows import includes

EVERY_S = 1.0
"""Seconds between two reads of the list, while any client asks for it."""


class QuietAlert(NamedTuple):
    """A muted alert, with the fields that filters look at."""

    id: str
    flow: str
    rank: int
    quiet: Muted


class Quieting:
    """Keeps the list of muted alerts and sends it to clients that ask for `quiet`. `find` reads the list."""

    def __init__(self, hub: Hub, find: Callable[[], Awaitable[Sequence[tuple[Alert, Muted]]]]) -> None:
        self.hub, self.find = hub, find
        self.alerts: list[QuietAlert] | None = None  # None: not read yet
        self._read_at = float("-inf")
        self._turn = asyncio.Lock()

    async def run(self) -> None:
        """Read the list again and again until cancelled."""
        while True:
            await asyncio.sleep(EVERY_S)
            if any(QUIET in wanted.kinds for wanted in self.hub.clients):
                await self.read()

    async def refresh(self) -> None:
        """Read the list for a client about to join, unless it was just read: many clients may reconnect at once."""
        async with self._turn:
            if time.monotonic() - self._read_at > EVERY_S:
                await self.read()

    async def read(self) -> None:
        """Read the list and send it if it changed. While Redis is unavailable, the list stays as it was."""
        self._read_at = time.monotonic()
        try:
            alerts = [
                QuietAlert(alert.id, alert.flow, RANK[alert.severity], quiet) for alert, quiet in await self.find()
            ]
        except (RedisError, OSError, TimeoutError) as error:
            log.debug("gateway: cannot read which alerts are muted: %s", error)
            return
        if alerts != self.alerts:
            self.alerts = alerts
            for wanted, clients in list(self.hub.clients.items()):
                if QUIET in wanted.kinds:
                    self.hub.push(clients, Chunks(quiet_event(alerts, wanted)))

    def send(self, client: Client) -> None:
        """Send the list to a client that has just joined."""
        if QUIET in client.filter.kinds and self.alerts is not None:
            self.hub.push({client}, Chunks(quiet_event(self.alerts, client.filter)))


def quiet_event(alerts: Sequence[QuietAlert], wanted: Filter) -> bytes:
    """Return the event for clients with the filter `wanted`; it has no id, so their position stays."""
    muted = {
        alert.id: alert.quiet
        for alert in alerts
        if alert.rank >= wanted.rank and (wanted.flow is None or includes(wanted.flow, alert.flow))
    }
    return b"event: quiet\ndata: %b\n\n" % msgspec.json.encode(muted)
