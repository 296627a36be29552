"""Holding a worker back before it joins its consumer groups, so that it takes no partitions from healthy workers.

A worker waits while its clock is off, and after it has ended several times in the same way. Meanwhile it answers on its
port: /healthz with 200, /readyz with 503 and the reason.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import signal
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import msgspec
from aiokafka.errors import KafkaError

from bordertally.agents.kafka.producer import Writer
from bordertally.agents.runtime.context import Context, log
from bordertally.agents.runtime.health import Http
from bordertally.agents.worker.clock import RUNBOOK, clock_fault, measure
from bordertally.streams.settings import Settings

LOOK_S = 2.0
"""Seconds between two looks at a clock that is off."""

FIRST_S, LONGEST_S = 2.0, 60.0
"""The wait after the second end of the same kind, doubled with each further one up to the longest."""

LONG_S = 120.0
"""Seconds after which a run counts as a success: the next end is a first one again."""


class Failure(msgspec.Struct):
    """How a worker ended: a digest of the reason, how often in a row, and when (seconds since 1970 UTC)."""

    reason: str
    times: int
    at: float

    @property
    def wait_s(self) -> float:
        """Seconds to wait before the next start; none after a first end."""
        return 0.0 if self.times < 2 else min(FIRST_S * 2 ** (self.times - 2), LONGEST_S)

    def left_s(self, now: float) -> float:
        """Seconds that are left of the wait. A clock that was put right meanwhile makes it no longer."""
        return min(self.wait_s, max(0.0, self.at + self.wait_s - now))


class Failures:
    """The last end of this worker, in a file that survives a restart of the process."""

    def __init__(self, path: Path) -> None:
        self.path, self._began = path, time.monotonic()

    @classmethod
    def of(cls, settings: Settings) -> Failures:
        """Those of the worker with these settings on this machine."""
        name = settings.instance or f"{settings.http_host}:{settings.http_port}"
        worker = f"{settings.brokers} {settings.app_id} {settings.topic_prefix} {name}"
        digest = hashlib.sha256(worker.encode()).hexdigest()[:16]
        return cls(Path(tempfile.gettempdir()) / f"bordertally-{os.getuid()}-{digest}.json")

    def last(self) -> Failure | None:
        """How the worker ended itself last; None if it never did, or if the file cannot be read."""
        try:
            return msgspec.json.decode(self.path.read_bytes(), type=Failure)
        except (OSError, msgspec.MsgspecError):
            return None

    def note(self, why: str) -> None:
        """Note that the process ends itself. Where nothing can be written, nothing is remembered."""
        reason, last = hashlib.sha256(why.encode()).hexdigest()[:16], self.last()
        again = last is not None and last.reason == reason and time.monotonic() < self._began + LONG_S
        failure = Failure(reason, last.times + 1 if again and last is not None else 1, time.time())
        with suppress(OSError):
            flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
            with open(os.open(self.path, flags, 0o600), "wb") as file:  # noqa: PTH123 - of a descriptor
                file.write(msgspec.json.encode(failure))

    def forget(self) -> None:
        """Forget the last end: the worker was asked to stop."""
        with suppress(OSError):
            self.path.unlink(missing_ok=True)


async def hold_back(context: Context, failures: Failures) -> bool:
    """Return when the worker may join: True, or False if it was asked to stop meanwhile."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    writer, http = Writer(context.settings), Http(context)
    for sign in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sign, stop.set)
    try:
        while (held := await _reason(context, writer, failures)) is not None:
            why, wait_s = held
            if context.held_back is None:
                await http.start()
            if why != context.held_back:
                log.error("%s", why)
            context.held_back = why
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), wait_s)
                return False
        if context.held_back is not None:
            log.warning("the worker joins now")
            context.held_back = None
        return True
    finally:
        await http.stop()
        await writer.stop()
        for sign in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(sign)


async def _reason(context: Context, writer: Writer, failures: Failures) -> tuple[str, float] | None:
    """Why the worker may not join now, and for how many seconds that is sure."""
    try:
        ahead = await measure(writer, context.settings)
    except (KafkaError, TimeoutError) as error:
        log.debug("the clock cannot be compared with the broker's now: %s", error)
        ahead = None
    context.metrics["clock_ahead_seconds"].set(ahead or 0.0)
    if fault := clock_fault(ahead, context.settings.clock_limit_s):
        return f"{fault}; the worker waits until it is right; see {RUNBOOK}", LOOK_S
    last = failures.last()
    if last is not None and (left_s := last.left_s(time.time())) > 0:
        return f"the worker ended {last.times} times in a row for the same reason; it waits {last.wait_s:.0f} s", left_s
    return None
