"""Reloading files while a process runs: on SIGHUP, and when a file has changed.

A faulty file is reported in one log line and a metric, and the version before stays in force.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import shlex
import signal
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from bordertally.agents.runtime.context import Context, load_registry, load_rules
from bordertally.agents.runtime.metrics import Metrics
from bordertally.streams.errors import ConfigError, os_words
from bordertally.streams.reports.sources import Registry
from bordertally.streams.reports.sources_diff import changes, check_change

log = logging.getLogger("bordertally")

SETTLE_S = 0.5
"""Seconds for which a changed file must stay unchanged: half a registry may be a valid registry."""

SOURCES = "sources"
"""The name of the source registry in metrics."""

RULES = "rules"


def mark_of(path: Path) -> str:
    """A digest of the content of a file; for a file that cannot be read, the error."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        return os_words(error)


class Watch:
    """Watches a file. `renew` reads the file and puts it into use, between two steps of the event loop."""

    name: str
    """The name of the file in metrics."""

    title: str
    """The name of the file in the log."""

    def __init__(self, path: Path, metrics: Metrics, every_s: float) -> None:
        """`every_s`: seconds between two checks of the file; with 0 the file is read only on `ask`."""
        self.path, self.metrics, self.every_s = path, metrics, every_s
        self._asked = asyncio.Event()
        self._seen = ""  # so the first check reads the file: it may have changed since the start

    async def renew(self) -> str:
        """Read the file and put it into use; returns the changes in words, empty without any. Raises ConfigError."""
        raise NotImplementedError

    def files(self) -> Iterable[Path]:
        """The files that are checked: the file itself, and files it refers to."""
        return (self.path,)

    def ask(self) -> None:
        """Have the file read again now."""
        self._asked.set()

    async def run(self) -> None:
        """Watch the file until cancelled, and read it on SIGHUP."""
        await run_all([self])

    async def follow(self) -> None:
        """Check the file every `every_s` seconds and on `ask`, until cancelled."""
        while True:
            await self.look(asked=await self._turn())

    async def _turn(self) -> bool:
        """Wait for the next check; True if it was asked for."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self.every_s or None):
                await self._asked.wait()
            self._asked.clear()
            return True
        return False

    def _mark(self) -> str:
        return " ".join(mark_of(path) for path in self.files())

    async def look(self, *, asked: bool = False) -> None:
        """Read the file if its content has changed since it was last read, or if asked to."""
        mark = await asyncio.to_thread(self._mark)
        if not asked:
            if mark == self._seen:
                return
            await asyncio.sleep(min(SETTLE_S, self.every_s))
            if mark != await asyncio.to_thread(self._mark):
                return  # the file is still being written: the next check reads it
        first, self._seen = not self._seen, mark
        try:
            changed = await self.renew()
        except Exception as error:  # noqa: BLE001 - whatever is wrong with a file, the pipeline goes on
            self.metrics.show_reload(self.name, well=False)
            fault = error if isinstance(error, ConfigError) else f"{type(error).__name__}: {error}"
            log.error("%s %s was not taken, the one before stays in force: %s", self.title, self.path, fault)  # noqa: TRY400
            return
        self.metrics.show_reload(self.name, well=True)
        if changed or asked or not first:
            log.info("%s %s was read again: %s", self.title, self.path, changed or "nothing has changed")


async def run_all(watches: Iterable[Watch]) -> None:
    """Watch files until cancelled; SIGHUP has all of them read."""
    watches, loop = list(watches), asyncio.get_running_loop()

    def ask() -> None:
        for watch in watches:
            watch.ask()

    loop.add_signal_handler(signal.SIGHUP, ask)
    try:
        await asyncio.gather(*(watch.follow() for watch in watches))
    finally:
        loop.remove_signal_handler(signal.SIGHUP)


class Reload(Watch):
    """Reloads the source registry. `use` puts a new registry into use."""

    name, title = SOURCES, "source registry"

    def __init__(
        self, path: Path, registry: Registry, use: Callable[[Registry], None], metrics: Metrics, every_s: float
    ) -> None:
        super().__init__(path, metrics, every_s)
        self.registry, self.use = registry, use

    async def renew(self) -> str:
        """Use the registry in the file; returns the sources that changed, with their fields. Raises ConfigError."""
        registry = await asyncio.to_thread(load_registry, self.path)
        check_change(self.registry, registry)
        changed = changes(self.registry, registry)
        if changed:
            self.registry = registry
            self.use(registry)
        return changed


class RulesNotice(Watch):
    """Reports a rules file that differs from the rules in force; rules are not reloaded (see docs/decisions/0033)."""

    name, title = RULES, "rules"

    def __init__(self, path: Path, context: Context) -> None:
        super().__init__(path, context.metrics, context.settings.reload_s)
        self.context = context

    async def renew(self) -> str:
        """Compare the file with the rules in force. Raises ConfigError for a fault in the file, or for a difference."""
        rules = await asyncio.to_thread(load_rules, self.path, self.context.registry)
        if rules != self.context.rules:
            raise ConfigError(
                "rules hold for all days of a flow, so they are read at start only: "
                f"restart the workers after: bordertally rules check {shlex.quote(str(self.path))}"
            )
        return ""
