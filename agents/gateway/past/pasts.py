"""The past moments that a gateway has at hand: few, one in the making at a time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime

import msgspec
from msgspec import Struct

from bordertally.agents.gateway.past.past import Past
from bordertally.agents.gateway.problems import RETRY_S, bad
from bordertally.agents.gateway.routes import Routes
from bordertally.agents.gateway.view import ServingView
from bordertally.agents.runtime.problems import ProblemError
from bordertally.streams.settings import Settings

MOST = 2
"""Past moments at hand; each is a process that holds the claims of its reports in memory."""

IDLE_S = 600.0
"""Seconds after which a past moment that nobody asks for is dropped."""


class InTheMaking(Struct, frozen=True):
    """The answer while a past moment is replayed: reports read and claims applied so far, of how many. Ask again."""

    at: str
    read: int
    reports: int
    applied: int
    claims: int


class Pasts:
    """Finds or makes the routes of a past moment."""

    def __init__(self, settings: Settings, view: ServingView, make: Callable[[Past], Routes]) -> None:
        """`make` builds the routes that read from a past moment."""
        self.settings, self.view, self.make = settings, view, make
        self.known: dict[datetime, tuple[Past, Routes]] = {}
        self._tasks: dict[datetime, asyncio.Task[None]] = {}

    async def routes(self, at: datetime) -> Routes | InTheMaking:
        """Return the routes of a moment, or how far it is. Raises ProblemError: 400 for a future moment, 422, 429."""
        at = at.astimezone(UTC)
        await self.sweep()
        if at not in self.known:
            await self._start(at)
        past, routes = self.known[at]
        past.used = time.monotonic()
        if past.failed is not None:
            del self.known[at]
            raise ProblemError(422, f"at: {past.failed}", field="at", value=at.isoformat())
        if past.ready.is_set():
            return routes
        working = past.working
        return InTheMaking(at.isoformat(), working.read, working.reports, working.applied, working.claims)

    async def _start(self, at: datetime) -> None:
        if at > datetime.now(UTC):
            raise bad("at", at.isoformat(), "is in the future")
        if not self.settings.gateway_past_reports:
            raise ProblemError(422, "at: this gateway shows the present only (BORDERTALLY_GATEWAY_PAST_REPORTS=0)")
        if any(not past.ready.is_set() and past.failed is None for past, _ in self.known.values()):
            detail = "another past moment is being replayed; try again"
            raise ProblemError(429, detail, field="at", value=at.isoformat(), headers={"Retry-After": str(RETRY_S)})
        while len(self.known) >= MOST:
            await self._drop(min(self.known, key=lambda moment: self.known[moment][0].used))
        past = Past(at, self.settings.gateway_past_reports, self.view)
        self.known[at] = past, self.make(past)
        self._tasks[at] = asyncio.create_task(past.replay())

    async def _drop(self, at: datetime) -> None:
        past, _ = self.known.pop(at)
        if (task := self._tasks.pop(at, None)) is not None:
            task.cancel()
        await past.close()

    async def run(self) -> None:
        """Drop idle moments until cancelled."""
        while True:
            await asyncio.sleep(IDLE_S / 10)
            await self.sweep()

    async def sweep(self) -> None:
        """Drop the moments that nobody has asked for lately."""
        now = time.monotonic()
        for at in [at for at, (past, _) in self.known.items() if past.used < now - IDLE_S]:
            await self._drop(at)

    async def close(self) -> None:
        """End all processes."""
        for at in list(self.known):
            await self._drop(at)


def encoded(making: InTheMaking) -> bytes:
    """The body of the answer while a moment is in the making."""
    return msgspec.json.encode(making)
