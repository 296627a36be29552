"""Reading files again while running: on SIGHUP, and when one has changed.

What is wrong with the new one is said in a sentence, and the old one stays in force.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import signal
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from bordertally.agents.runtime.context import Context, load_registry, load_rules
from bordertally.agents.runtime.metrics import Metrics
from bordertally.streams.errors import ConfigError
from bordertally.streams.reports.sources import Registry
from bordertally.streams.reports.sources_diff import changes, check_change

log = logging.getLogger("bordertally")

SETTLE_S = 0.5
"""Seconds for which a changed file must hold still: half of a registry may be a valid one."""

SOURCES = "sources"
"""The registry, as metrics call the file."""

RULES = "rules"


def mark_of(path: Path) -> str:
    """What tells one content of a file from another; an error on reading it is a content, too."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        return f"{type(error).__name__}: {error}"


class Watch:
    """Watches a file. `renew` reads it and puts it into use; it is called between two steps of the loop."""

    name: str
    """What metrics call the file."""

    title: str
    """What the log calls it."""

    def __init__(self, path: Path, metrics: Metrics, every_s: float) -> None:
        """`every_s`: seconds between two looks at the file; 0 for none, then only `ask` has it read."""
        self.path, self.metrics, self.every_s = path, metrics, every_s
        self._asked = asyncio.Event()
        self._seen = ""  # so the first look reads it: it may have changed since it was read at start

    async def renew(self) -> str:
        """Read the file and put it into use; returns what has changed, empty for nothing. Raises ConfigError."""
        raise NotImplementedError

    def files(self) -> Iterable[Path]:
        """What is looked at: the file, and those it refers to."""
        return (self.path,)

    def ask(self) -> None:
        """Have it read again now."""
        self._asked.set()

    async def run(self) -> None:
        """Until cancelled. From here on SIGHUP asks."""
        await run_all([self])

    async def follow(self) -> None:
        """Look at it time and again, until cancelled."""
        while True:
            await self.look(asked=await self._turn())

    async def _turn(self) -> bool:
        """Wait for the next look; whether somebody asked for it."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self.every_s or None):
                await self._asked.wait()
            self._asked.clear()
            return True
        return False

    def _mark(self) -> str:
        return " ".join(mark_of(path) for path in self.files())

    async def look(self, *, asked: bool = False) -> None:
        """Read the file if it holds what it did not when it was last read, or if that was asked for."""
        mark = await asyncio.to_thread(self._mark)
        if not asked:
            if mark == self._seen:
                return
            await asyncio.sleep(min(SETTLE_S, self.every_s))
            if mark != await asyncio.to_thread(self._mark):
                return  # still being written: the next look sees the rest
        first, self._seen = not self._seen, mark
        try:
            found = await self.renew()
        except Exception as error:  # noqa: BLE001 - whatever is wrong with a file, the line goes on
            self.metrics.show_reload(self.name, well=False)
            said = error if isinstance(error, ConfigError) else f"{type(error).__name__}: {error}"
            log.error("%s %s was not taken, the one before stays in force: %s", self.title, self.path, said)  # noqa: TRY400
            return
        self.metrics.show_reload(self.name, well=True)
        if found or asked or not first:
            log.info("%s %s was read again: %s", self.title, self.path, found or "nothing has changed")


async def run_all(watches: Iterable[Watch]) -> None:
    """Follow files until cancelled; SIGHUP has all of them read."""
    watches, loop = list(watches), asyncio.get_running_loop()

    def ask() -> None:
        for one in watches:
            one.ask()

    loop.add_signal_handler(signal.SIGHUP, ask)
    try:
        await asyncio.gather(*(one.follow() for one in watches))
    finally:
        loop.remove_signal_handler(signal.SIGHUP)


class Reload(Watch):
    """The file of a registry. `take` puts a new one into use."""

    name, title = SOURCES, "source registry"

    def __init__(
        self, path: Path, registry: Registry, take: Callable[[Registry], None], metrics: Metrics, every_s: float
    ) -> None:
        super().__init__(path, metrics, every_s)
        self.registry, self.take = registry, take

    async def renew(self) -> str:
        """Sources by name, and which of their fields have changed."""
        registry = await asyncio.to_thread(load_registry, self.path)
        check_change(self.registry, registry)
        found = changes(self.registry, registry)
        if found:
            self.registry = registry
            self.take(registry)
        return found


class RulesNotice(Watch):
    """The file of the rules. It is not read again while running (see docs/decisions), but that it differs is said."""

    name, title = RULES, "rules"

    def __init__(self, path: Path, context: Context) -> None:
        super().__init__(path, context.metrics, context.settings.reload_s)
        self.context = context

    async def renew(self) -> str:
        """Nothing, or a ConfigError: of a fault in it, or of a difference from those in force."""
        rules = await asyncio.to_thread(load_rules, self.path, self.context.registry)
        if rules != self.context.rules:
            raise ConfigError(
                "rules hold for all days of a flow, so they are read at start only: "
                "`bordertally rules check` the file and restart the workers"
            )
        return ""
