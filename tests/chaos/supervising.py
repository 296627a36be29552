"""Workers as a supervisor runs them: whatever ends a worker, it is started again, until it is no longer wanted."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Mapping
from contextlib import suppress

from bordertally.agents.servers.errors import ServerError
from bordertally.agents.servers.ports import free_port
from bordertally.agents.servers.process import Server
from forking import ForkedServer
from live import Live

RESTART_S = 0.3


class Supervised:
    """One worker. `codes`: how its processes ended; `point`: where the next one is to die, empty for nowhere."""

    def __init__(self, live: Live, name: str, environment: Mapping[str, str] | None = None) -> None:
        self.live, self.name = live, name
        self.environment = environment or {}
        """What is different from the environment of the others."""
        self.wanted, self.point = False, ""
        self.codes: list[int | None] = []
        self.server: Server | None = None
        self._numbers = itertools.count(1)
        self.clock = live.directory / f"{name}.clock"
        """The file that says by how many seconds its clock is ahead."""

    async def watch(self) -> None:
        """Keep it running while it is wanted; to be cancelled at the end."""
        while True:
            if self.wanted and (self.server is None or not self.server.running):
                if self.server is not None:
                    self.codes.append(self.server.exit_code)
                with suppress(ServerError):
                    await asyncio.to_thread(self._start)
            await asyncio.sleep(RESTART_S)

    def _start(self) -> None:
        port, directory = free_port(), self.live.directory / f"{self.name}-{next(self._numbers)}"
        variables = self.live.environment | {"BORDERTALLY_HTTP_PORT": str(port), "BORDERTALLY_CRASH_AT": self.point}
        variables |= {"FAKE_CLOCK": str(self.clock), **self.environment}
        self.point = ""
        self.server = ForkedServer(["worker"], variables, port=port, directory=directory)
        self.live.workers.append(self.server.start())

    @property
    def running(self) -> Server | None:
        """Its process, if there is one now."""
        return self.server if self.server is not None and self.server.running else None

    async def leave(self) -> None:
        """Ask it to stop, for good."""
        self.wanted = False
        if self.server is not None:
            await asyncio.to_thread(self.server.stop)
