"""Running a worker as a process."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
import sys
import threading

import faust

from bordertally.agents.delivery.channel_registry import check_channels
from bordertally.agents.kafka import crash_points
from bordertally.agents.runtime.context import Context, log
from bordertally.agents.runtime.logs import configure_logs, warn_of_misspelt
from bordertally.agents.runtime.memory import keep_memory
from bordertally.agents.worker.holding import Failures, hold_back
from bordertally.agents.worker.preflight import check_broker, check_port
from bordertally.agents.worker.worker import create_app
from bordertally.streams.settings import Settings

SWITCH_S = 0.0005
"""Seconds after which the thread that reads statements must let the other threads run."""

GRACE_S = 9.0
"""Seconds that a worker may take to end; most supervisors kill it after ten."""

TASKS_S = 1.0
"""The longest wait for tasks to end that were cancelled."""

CLOSE_S = 0.02
"""Seconds that the connections have to close at the end."""

LATE = 70
HURRIED = 128 + signal.SIGTERM


class Runner(faust.Worker):
    """Ends in time: the first signal lets the hops finish, the second ends the process at once, like kill -9."""

    _stopping = False

    def _schedule_shutdown(self, signal: signal.Signals) -> None:
        if self._stopping:
            _leave("a second signal arrived", HURRIED)
        self._stopping = True
        late = threading.Timer(GRACE_S, _leave, ("the work in hand cannot be finished in time", LATE))
        late.daemon = True
        late.start()
        super()._schedule_shutdown(signal)

    def _gather_all(self) -> None:
        """Cancel the tasks that still run when all services have stopped; mode waits a second for them first."""
        if tasks := asyncio.all_tasks(self.loop):
            for task in tasks:
                task.cancel()
            self.loop.run_until_complete(asyncio.wait(tasks, timeout=TASKS_S))

    async def _sentinel_task(self) -> None:
        """Let connections close; mode waits a second."""
        await asyncio.sleep(CLOSE_S)


def _leave(why: str, code: int) -> None:
    """End the process without a commit; records that are not acknowledged are delivered again."""
    log.warning("bordertally stops at once: %s", why)
    logging.shutdown()
    os._exit(code)


def run_worker(settings: Settings) -> int:
    """Run until SIGTERM or SIGINT; returns the exit code. Raises ConfigError for a wrong setting or file."""
    configure_logs(settings)
    warn_of_misspelt()
    keep_memory()
    if point := crash_points.armed():
        log.warning("this worker is to die at %s, for a test", point)
    context = Context.load(settings)
    check_port(settings)
    asyncio.run(check_broker(settings))
    asyncio.run(check_channels(settings))
    failures = Failures.of(settings)
    context.dying = failures.note
    if not asyncio.run(hold_back(context, failures)):
        return 0
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    app = create_app(settings, context)
    gc.freeze()  # objects that exist now stay: the collector skips them, and runs seldom
    gc.set_threshold(200_000, 5, 50)
    gc.enable()
    sys.setswitchinterval(SWITCH_S)
    log.info(
        "worker of %s: hops %s, http://%s:%d/metrics",
        settings.brokers,
        ",".join(settings.hops),
        settings.http_host,
        settings.http_port,
    )
    runner = Runner(app, loop=loop, override_logging=False, redirect_stdouts=False, quiet=True)
    runner.spinner = None  # it would write control characters into the log
    try:
        runner.execute_from_commandline()
    except SystemExit as done:
        if done.code:
            return done.code if isinstance(done.code, int) else 1
    failures.forget()
    return 0
