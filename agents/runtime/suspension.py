"""A worker that was frozen for long must not go on: others may have its partitions (SIGSTOP, a suspended machine).

What it was about to write would overwrite what they have written since. After SIGSTOP it leaves in the handler of
SIGCONT, which runs before anything else does. A machine that was suspended, or a container that was paused by its
cgroup, is told nothing: there the clock says so, which is looked at before every write and ten times a second. What is
in hand is delivered again, to whoever has the partitions.
"""

from __future__ import annotations

import os
import signal
import time
from types import FrameType

from mode import Service

from bordertally.agents.runtime.context import Context, log

BEAT_S = 0.1

STARVED_S = 5.0
"""Seconds without a turn at least that the clock takes for a freeze: a crowded machine may leave a process waiting."""

EXIT_CODE = 70


def now_s() -> float:
    """Seconds that have passed, those of a suspended machine counted too."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class Wakefulness(Service):
    """Notes that this process runs; when it goes on after half a session timeout or more in which it did not, it ends.

    By the clock alone it does so after STARVED_S at least. A process that is merely busy uses the processor meanwhile,
    and goes on.
    """

    def __init__(self, context: Context) -> None:
        self.context = context
        self.limit_s = context.settings.session_timeout_s / 2
        self.seen, self.used = now_s(), time.process_time()
        context.writer.before = self.check
        super().__init__()

    async def on_start(self) -> None:
        """Watch for SIGCONT."""
        self.beat()
        signal.signal(signal.SIGCONT, self.continued)

    @Service.task
    async def _beat(self) -> None:
        while not self.should_stop:
            self.check()
            self.beat()
            await self.sleep(BEAT_S)

    def beat(self) -> None:
        """This process runs, now."""
        self.seen, self.used = now_s(), time.process_time()

    def frozen_s(self) -> float:
        """Seconds since the last beat in which this process did nothing at all."""
        return (now_s() - self.seen) - (time.process_time() - self.used)

    def continued(self, _signal: int, _frame: FrameType | None) -> None:
        """Go on only if nobody can have taken over meanwhile."""
        self.end_after(self.limit_s)

    def check(self) -> None:
        """End the process if it was frozen, by the clock, for so long that others may have its partitions."""
        self.end_after(max(self.limit_s, STARVED_S))

    def end_after(self, limit_s: float) -> None:
        """End the process if it did nothing for longer."""
        if now_s() - self.seen <= limit_s:
            return  # the processor's clock costs more to read, and this is asked before every write
        frozen = self.frozen_s()
        if frozen > limit_s:
            log.critical("bordertally stops: it was frozen for %.1f s, others may have its partitions", frozen)
            os._exit(EXIT_CODE)
