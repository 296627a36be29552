"""A worker that was frozen for long (SIGSTOP, a suspended machine) must not go on: others may have its partitions.

What it was about to write would overwrite what they have written since. It leaves in the handler of SIGCONT, which runs
before anything else does: what is in hand then is delivered again, to whoever has the partitions.
"""

from __future__ import annotations

import os
import signal
import time
from types import FrameType

from mode import Service

from agents.context import Context, log

BEAT_S = 0.1
EXIT_CODE = 70


class Wakefulness(Service):
    """Notes that this process runs; when it is continued after half a session timeout or more, it ends."""

    def __init__(self, context: Context) -> None:
        self.limit_s = context.settings.session_timeout_s / 2
        self.seen = time.monotonic()
        super().__init__()

    async def on_start(self) -> None:
        """Watch for SIGCONT."""
        signal.signal(signal.SIGCONT, self.continued)

    @Service.task
    async def _beat(self) -> None:
        while not self.should_stop:
            self.seen = time.monotonic()
            await self.sleep(BEAT_S)

    def continued(self, _signal: int, _frame: FrameType | None) -> None:
        """Go on only if nobody can have taken over meanwhile."""
        frozen = time.monotonic() - self.seen
        if frozen > self.limit_s:
            log.critical("bordertally stops: it was frozen for %.1f s, others may have its partitions", frozen)
            os._exit(EXIT_CODE)
