"""Detecting suspension: a worker that was frozen for long ends, because other workers may have its partitions.

A frozen worker (SIGSTOP, a suspended machine) would overwrite what the new owners of its partitions have written. After
SIGSTOP the worker ends in the handler of SIGCONT, which runs before anything else. A suspended machine, or a container
paused by its cgroup, gets no signal: there the worker reads the clock, before every write and every half second. Its
unfinished records are delivered again, to the owners of the partitions.

A worker that waits for a processor (a crowded machine, a CPU quota) is not frozen: the kernel counts that time apart.
Otherwise it would end for a batch that takes long, and again for the same batch when it is delivered again.
"""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from types import FrameType

from mode import Service

from bordertally.agents.runtime.context import Context, log

BEATS = 10
"""Beats within the time after which a freeze ends the worker: a freeze is measured a tenth too long at most."""

STARVED_S = 5.0
"""The shortest freeze that the clock alone decides on, in seconds: on a crowded machine a process may have to wait."""

EXIT_CODE = 70


def now_s() -> float:
    """Seconds on a clock that goes on while the machine is suspended."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


def waited_s(path: Path = Path("/proc/self/schedstat")) -> float:
    """Seconds that the main thread has been ready and waited for a processor, so far; 0 where no kernel counts them."""
    try:
        return int(path.read_bytes().split()[1]) / 1e9
    except (OSError, ValueError, IndexError):
        return 0.0


class Wakefulness(Service):
    """Ends the process when it continues after a freeze of half a session timeout or longer.

    Without a signal, by the clock alone, the freeze must last at least STARVED_S. A process that is only busy uses CPU
    time or waits for a processor, and is not frozen.
    """

    def __init__(self, context: Context) -> None:
        self.context = context
        self.limit_s = context.settings.session_timeout_s / 2
        self.beat_s = self.limit_s / BEATS
        self.beat()
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
            await self.sleep(self.beat_s)

    def beat(self) -> None:
        """Note that the process runs now."""
        self.seen, self.used, self.waited = now_s(), time.process_time(), waited_s()

    def frozen_s(self) -> float:
        """Seconds since the last beat in which the process used no CPU time, nor waited for a processor."""
        return (now_s() - self.seen) - (time.process_time() - self.used) - (waited_s() - self.waited)

    def continued(self, _signal: int, _frame: FrameType | None) -> None:
        """Handle SIGCONT: end the process if other workers may have its partitions."""
        self.end_after(self.limit_s)

    def check(self) -> None:
        """End the process if, by the clock, it was frozen for so long that other workers may have its partitions."""
        self.end_after(max(self.limit_s, STARVED_S))

    def end_after(self, limit_s: float) -> None:
        """End the process if it was frozen for longer than `limit_s` seconds."""
        if now_s() - self.seen <= limit_s:
            return  # reading the CPU time costs more, and this runs before every write
        frozen = self.frozen_s()
        if frozen > limit_s:
            log.critical("bordertally stops: it was frozen for %.1f s, others may have its partitions", frozen)
            os._exit(EXIT_CODE)
