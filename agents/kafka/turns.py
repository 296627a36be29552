"""Turns of the event loop: a hop with much to do lets heartbeats, other hops and /healthz run in between."""

from __future__ import annotations

import asyncio
import time

TURN_S = 0.05
"""Seconds of work after which other tasks get a turn."""


class Turns:
    """Gives other tasks a turn when this task has worked for TURN_S seconds since the last one."""

    def __init__(self) -> None:
        self._until = time.monotonic() + TURN_S

    async def give(self) -> None:
        """Let other tasks run if a turn is due. Call this between two pieces of work that take far less than TURN_S."""
        if time.monotonic() >= self._until:
            await asyncio.sleep(0)
            self._until = time.monotonic() + TURN_S
