"""Reading the source registry again while running: on SIGHUP, and when the file has changed.

What is wrong with the new one is said in a sentence, and the old one stays in force.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from mode import Service

from agents.context import Context, load_registry
from agents.metrics import Metrics
from streams.changes import changes, check_change
from streams.errors import ConfigError
from streams.sources import Registry

log = logging.getLogger("bordertally")

SETTLE_S = 0.5
"""Seconds for which a changed file must hold still: half of a registry may be a valid one."""

SOURCES = "sources"
"""The registry, as metrics call the file."""


def mark_of(path: Path) -> str:
    """What tells one content of a file from another; an error on reading it is a content, too."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        return f"{type(error).__name__}: {error}"


class Reload:
    """Watches the file of a registry. `take` puts a new one into use; it is called between two steps of the loop."""

    def __init__(
        self, path: Path, registry: Registry, take: Callable[[Registry], None], metrics: Metrics, every_s: float
    ) -> None:
        """`every_s`: seconds between two looks at the file; 0 for none, then only `ask` has it read."""
        self.path, self.registry, self.take = path, registry, take
        self.metrics, self.every_s = metrics, every_s
        self._asked = asyncio.Event()
        self._seen = ""  # so the first look reads it: it may have changed since it was read at start

    def ask(self) -> None:
        """Have it read again now."""
        self._asked.set()

    async def run(self) -> None:
        """Until cancelled. From here on SIGHUP asks."""
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGHUP, self.ask)
        try:
            while True:
                await self.look(asked=await self._turn())
        finally:
            loop.remove_signal_handler(signal.SIGHUP)

    async def _turn(self) -> bool:
        """Wait for the next look; whether somebody asked for it."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self.every_s or None):
                await self._asked.wait()
            self._asked.clear()
            return True
        return False

    async def look(self, *, asked: bool = False) -> None:
        """Read the file if it holds what it did not when it was last read, or if that was asked for."""
        mark = await asyncio.to_thread(mark_of, self.path)
        if not asked:
            if mark == self._seen:
                return
            await asyncio.sleep(min(SETTLE_S, self.every_s))
            if mark != await asyncio.to_thread(mark_of, self.path):
                return  # still being written: the next look sees the rest
        first, self._seen = not self._seen, mark
        try:
            registry = await asyncio.to_thread(load_registry, self.path)
            check_change(self.registry, registry)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with a file, the line goes on
            self.metrics.show_reload(SOURCES, well=False)
            said = error if isinstance(error, ConfigError) else f"{type(error).__name__}: {error}"
            log.error("source registry %s was not taken, the one before stays in force: %s", self.path, said)  # noqa: TRY400
            return
        self.metrics.show_reload(SOURCES, well=True)
        found = changes(self.registry, registry)
        if found:
            self.registry = registry
            self.take(registry)
        if found or asked or not first:
            log.info("source registry %s was read again: %s", self.path, found or "nothing has changed")


class Reloading(Service):
    """The reload of a worker. Without a file of its own there is nothing to read again, and SIGHUP ends it as ever."""

    def __init__(self, context: Context) -> None:
        self.context = context
        super().__init__()

    @Service.task
    async def _run(self) -> None:
        settings = self.context.settings
        if settings.sources is not None:
            context = self.context
            await Reload(settings.sources, context.registry, context.renew, context.metrics, settings.reload_s).run()
