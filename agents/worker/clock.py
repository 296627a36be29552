"""The clock of this machine beside the broker's: a worker whose clock is off does not join, and says by how much."""

from __future__ import annotations

import socket
import time

from aiokafka.errors import KafkaError
from mode import Service

from bordertally.agents.kafka.producer import Writer
from bordertally.agents.runtime.context import Context, log
from bordertally.streams.errors import BordertallyError
from bordertally.streams.settings import Settings
from bordertally.streams.topics import Topics

EVERY_S = 5.0
"""Seconds between two comparisons in a running worker."""

RUNBOOK = "docs/runbooks/BordertallyClockOff.md"


class ClockOffError(BordertallyError):
    """The clock differs from the broker's by more than the limit."""


def ahead_s(before: float, stamped: float, after: float) -> float:
    """Seconds by which this clock is surely ahead of the broker's (behind: negative).

    `before`, `after`: this clock when a record was sent and when it was acknowledged; `stamped`: the broker's between.
    """
    if stamped < before:
        return before - stamped
    return min(0.0, after - stamped)


async def measure(writer: Writer, settings: Settings) -> float | None:
    """Seconds by which this clock is ahead of the broker's; None if the broker does not tell its time.

    Raises KafkaError or TimeoutError.
    """
    name = settings.instance or socket.gethostname()
    before = time.time()
    stamped = await writer.stamp(Topics(settings.topic_prefix).clock, name.encode())
    return None if stamped is None else ahead_s(before, stamped, time.time())


def clock_fault(ahead: float | None, limit_s: float) -> str | None:
    """What is wrong with the clock; None if it is within the limit, or not known."""
    if ahead is None or abs(ahead) <= limit_s:
        return None
    which = "ahead of" if ahead > 0 else "behind"
    return f"clock: this machine's clock is {abs(ahead):,.0f} s {which} the broker's; one of the two is wrong"


class ClockWatch(Service):
    """Compares the clocks while the worker runs. Beyond the limit, the worker ends; restarted, it waits.

    With a wrong clock, a broker refuses what the worker writes, and times in alerts and metrics are wrong.
    """

    def __init__(self, context: Context, every_s: float = EVERY_S) -> None:
        self.context, self.every_s = context, every_s
        super().__init__()

    @Service.task
    async def _run(self) -> None:
        while not self.should_stop:
            try:
                await self.look()
            except (KafkaError, TimeoutError) as error:
                log.debug("the clock cannot be compared with the broker's now: %s", error)
            await self.sleep(self.every_s)

    async def look(self) -> None:
        """Compare once. Raises KafkaError or TimeoutError."""
        settings = self.context.settings
        ahead = await measure(self.context.writer, settings)
        self.context.metrics["clock_ahead_seconds"].set(ahead or 0.0)
        if fault := clock_fault(ahead, settings.clock_limit_s):
            self.context.die("the worker waits until the clock is right", ClockOffError(f"{fault}; see {RUNBOOK}"))
